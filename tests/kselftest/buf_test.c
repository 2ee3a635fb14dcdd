// SPDX-License-Identifier: GPL-2.0-only
/*
 * BUF_ALLOC: what a buffer is. Its size, its bytes, its mappings, the cap on
 * all of them together, and where it can be seen. Who may hold it, and for how
 * long, is in buf_share_test.c.
 */
#include "piaccel_test.h"

#include <pthread.h>
#include <sys/resource.h>

#include <linux/dma-buf.h>

#include "../kselftest_harness.h"

#define MIB (1024ULL * 1024)
#define LIMIT_PARAM "/sys/module/piaccel/parameters/buf_limit_mb"
#define SUMMARY "/sys/kernel/debug/piaccel/summary"

/* The device as a test found it. */
struct start {
	int dev;
	uint64_t page, used;
};

/* NULL, or why this cannot be tested here. */
static const char *start(struct start *s)
{
	struct piaccel_info info;

	s->dev = piaccel_open();
	if (s->dev < 0)
		return "cannot open " PIACCEL_DEV;
	info = piaccel_info(s->dev);
	s->page = info.page_size;
	s->used = info.buf_used;
	return info.features & PIACCEL_FEATURE_BUF ? NULL :
		"a module without buffers";
}

/* Bytes more in use than at the start; whatever a test made goes with it. */
static int64_t finish(struct start *s)
{
	int64_t more = 0;

	if (s->dev >= 0) {
		more = buf_used(s->dev) - s->used;
		close(s->dev);
	}
	return more;
}

FIXTURE(buf) {
	struct start s;
};

FIXTURE_SETUP(buf)
{
	const char *why = start(&self->s);

	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(buf)
{
	EXPECT_EQ(0, finish(&self->s));
}

/* The four kinds of buffers. */
FIXTURE(kind) {
	struct start s;
};

FIXTURE_VARIANT(kind) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(kind, write_combined) { .flags = 0 };
FIXTURE_VARIANT_ADD(kind, cached) { .flags = PIACCEL_BUF_CACHED };
FIXTURE_VARIANT_ADD(kind, contiguous) { .flags = PIACCEL_BUF_CONTIGUOUS };
FIXTURE_VARIANT_ADD(kind, cached_contiguous) {
	.flags = PIACCEL_BUF_CACHED | PIACCEL_BUF_CONTIGUOUS,
};

FIXTURE_SETUP(kind)
{
	const char *why = start(&self->s);

	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(kind)
{
	EXPECT_EQ(0, finish(&self->s));
}

static void *map(int fd, size_t size, int prot)
{
	return mmap(NULL, size, prot, MAP_SHARED, fd, 0);
}

static uint64_t size_of(int fd)
{
	return lseek(fd, 0, SEEK_END);
}

static int sync_buf(int fd, uint64_t flags)
{
	struct dma_buf_sync s = { .flags = flags };

	return xioctl(fd, DMA_BUF_IOCTL_SYNC, &s);
}

/* Index of the first byte that is not c, or size. */
static size_t differs(const unsigned char *p, size_t size, unsigned char c)
{
	size_t i = 0;

	/* compare a buffer with itself, one byte on: a libc memcmp is fast */
	if (size && p[0] == c && !memcmp(p, p + 1, size - 1))
		return size;
	while (i < size && p[i] == c)
		i++;
	return i;
}

TEST_F(kind, sizes_round_up_to_whole_pages)
{
	const struct {
		uint64_t ask, get;
	} t[] = {
		{ 1, self->s.page },
		{ self->s.page - 1, self->s.page },
		{ self->s.page, self->s.page },
		{ self->s.page + 1, 2 * self->s.page },
		{ 5 * self->s.page, 5 * self->s.page },
		{ MIB + 1, MIB + self->s.page },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int fd = buf_alloc(self->s.dev, t[i].ask, variant->flags);

		ASSERT_GE(fd, 0) TH_LOG("%llu bytes", (long long)t[i].ask);
		EXPECT_EQ(t[i].get, size_of(fd));
		EXPECT_EQ(self->s.used + t[i].get, buf_used(self->s.dev));
		close(fd);
		EXPECT_EQ(self->s.used, buf_used(self->s.dev));
	}
}

/* Bytes of bounce buffers in use at most since that was last set to 0. */
#define BOUNCED "/sys/kernel/debug/swiotlb/io_tlb_used_hiwater"

/* On a machine with memory beyond 4 GiB, too, where pages come from first. */
TEST_F(kind, has_all_sizes_and_none_is_bounced)
{
	bool count = !write_text(BOUNCED, "0");

	for (size_t size = self->s.page; size <= 16 * MIB; size *= 4) {
		int fd = buf_alloc(self->s.dev, size, variant->flags);

		if (fd == -ENOMEM && variant->flags & PIACCEL_BUF_CONTIGUOUS)
			break;
		ASSERT_LE(0, fd) TH_LOG("%zu bytes: %s", size, strerror(-fd));
		close(fd);
	}
	if (count)
		EXPECT_EQ(0, read_number(BOUNCED));
}

TEST_F(kind, is_zero_even_where_another_was)
{
	size_t size = 64 * self->s.page;

	/* pages come back from the allocator: dirty them, take them again */
	for (int round = 0; round < 4; round++) {
		int fd = buf_alloc(self->s.dev, size, variant->flags);
		unsigned char *p;

		ASSERT_GE(fd, 0);
		p = map(fd, size, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, p);
		ASSERT_EQ(0, sync_buf(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
		EXPECT_EQ(size, differs(p, size, 0));
		memset(p, 0xa5, size);
		EXPECT_EQ(size, differs(p, size, 0xa5));
		ASSERT_EQ(0, sync_buf(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW));
		munmap(p, size);
		close(fd);
	}
}

TEST_F(kind, two_mappings_show_the_same_bytes)
{
	int fd = buf_alloc(self->s.dev, 3 * self->s.page, variant->flags);
	unsigned char *a, *b, *last;

	ASSERT_GE(fd, 0);
	a = map(fd, 3 * self->s.page, PROT_READ | PROT_WRITE);
	b = map(fd, 3 * self->s.page, PROT_READ);
	last = mmap(NULL, self->s.page, PROT_READ, MAP_SHARED, fd, 2 * self->s.page);
	ASSERT_NE(MAP_FAILED, a);
	ASSERT_NE(MAP_FAILED, b);
	ASSERT_NE(MAP_FAILED, last);
	for (size_t i = 0; i < 3 * self->s.page; i++)
		a[i] = i * 7 + i / 251;
	EXPECT_EQ(0, memcmp(a, b, 3 * self->s.page));
	EXPECT_EQ(0, memcmp(a + 2 * self->s.page, last, self->s.page));
	munmap(a, 3 * self->s.page);
	munmap(b, 3 * self->s.page);
	munmap(last, self->s.page);
	close(fd);
}

TEST_F(kind, a_mapping_outlives_the_descriptor)
{
	int fd = buf_alloc(self->s.dev, 2 * self->s.page, variant->flags);
	unsigned char *p;

	ASSERT_GE(fd, 0);
	p = map(fd, 2 * self->s.page, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, p);
	p[0] = 1;
	close(fd);
	EXPECT_EQ(self->s.used + 2 * self->s.page, buf_used(self->s.dev));
	p[2 * self->s.page - 1] = 2;
	EXPECT_EQ(1, p[0]);
	EXPECT_EQ(2, p[2 * self->s.page - 1]);
	munmap(p, self->s.page);
	/* half a mapping is still a mapping */
	EXPECT_EQ(self->s.used + 2 * self->s.page, buf_used(self->s.dev));
	EXPECT_EQ(2, p[2 * self->s.page - 1]);
	munmap(p + self->s.page, self->s.page);
	EXPECT_EQ(self->s.used, buf_used(self->s.dev));
}

TEST_F(kind, sync_brackets_every_access)
{
	const uint64_t dir[] = {
		DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW,
	};
	int fd = buf_alloc(self->s.dev, self->s.page, variant->flags);

	ASSERT_GE(fd, 0);
	for (size_t i = 0; i < ARRAY_SIZE(dir); i++) {
		EXPECT_EQ(0, sync_buf(fd, DMA_BUF_SYNC_START | dir[i]));
		EXPECT_EQ(0, sync_buf(fd, DMA_BUF_SYNC_END | dir[i]));
	}
	EXPECT_EQ(-EINVAL, sync_buf(fd, DMA_BUF_SYNC_START));
	EXPECT_EQ(-EINVAL, sync_buf(fd, ~0ULL));
	close(fd);
}

TEST_F(kind, can_feed_read_and_write)
{
	int fd = buf_alloc(self->s.dev, self->s.page, variant->flags), pipes[2];
	unsigned char *p, back[256];

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, pipe(pipes));
	p = map(fd, self->s.page, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, p);
	for (int i = 0; i < 256; i++)
		p[i] = i;
	ASSERT_EQ(256, write(pipes[1], p, 256));
	ASSERT_EQ(256, read(pipes[0], p + 512, 256));
	EXPECT_EQ(0, memcmp(p, p + 512, 256));
	ASSERT_EQ(256, write(pipes[1], p + 512, 256));
	ASSERT_EQ(256, read(pipes[0], back, 256));
	EXPECT_EQ(255, back[255]);
	munmap(p, self->s.page);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

TEST_F(buf, holds_64_mib)
{
	size_t size = 64 * MIB;
	unsigned char *p;
	int fd;

	if (piaccel_info(self->s.dev).buf_limit < self->s.used + size)
		SKIP(return, "the cap is below 64 MiB here");
	fd = buf_alloc(self->s.dev, size, PIACCEL_BUF_CACHED);
	if (fd == -ENOMEM)
		SKIP(return, "this machine has no 64 MiB free");
	ASSERT_GE(fd, 0);
	EXPECT_EQ(size, size_of(fd));
	EXPECT_EQ(self->s.used + size, buf_used(self->s.dev));
	p = map(fd, size, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(size, differs(p, size, 0));
	/* every page is a page of its own */
	for (size_t i = 0; i < size; i += self->s.page)
		*(uint32_t *)(p + i) = i / self->s.page + 1;
	for (size_t i = 0; i < size; i += self->s.page) {
		ASSERT_EQ(i / self->s.page + 1, *(uint32_t *)(p + i));
	}
	munmap(p, size);
	close(fd);
}

TEST_F(buf, nothing_is_not_a_size)
{
	for (uint32_t flags = 0; flags < 4; flags++) {
		EXPECT_EQ(-EINVAL, buf_alloc(self->s.dev, 0, flags));
	}
	EXPECT_EQ(self->s.used, buf_used(self->s.dev));
}

TEST_F(buf, sizes_beyond_the_cap_are_edquot)
{
	uint64_t limit = piaccel_info(self->s.dev).buf_limit;
	const uint64_t size[] = {
		limit - self->s.used + 1,
		limit + self->s.page,
		1ULL << 40,
		1ULL << 63,
		(1ULL << 63) - 1,
		UINT64_MAX - self->s.page,
		UINT64_MAX - self->s.page + 1,	/* the last that rounds */
		UINT64_MAX - self->s.page + 2,	/* rounding overflows */
		UINT64_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(size) * 4; i++) {
		EXPECT_EQ(-EDQUOT, buf_alloc(self->s.dev, size[i / 4], i % 4))
			TH_LOG("size %zu flags %zu", i / 4, i % 4);
	}
	EXPECT_EQ(self->s.used, buf_used(self->s.dev));
}

TEST_F(buf, the_descriptor_closes_on_exec)
{
	int fd = buf_alloc(self->s.dev, 1, 0);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(fd, F_GETFL) & O_ACCMODE);
	close(fd);
}

TEST_F(buf, lseek_tells_its_size_and_no_more)
{
	int fd = buf_alloc(self->s.dev, 3 * self->s.page, 0);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(3 * self->s.page, size_of(fd));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(-1, lseek(fd, 1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

TEST_F(buf, cannot_be_mapped_beyond_its_end)
{
	int fd = buf_alloc(self->s.dev, 2 * self->s.page, 0);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(MAP_FAILED, map(fd, 3 * self->s.page, PROT_READ));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->s.page, PROT_READ, MAP_SHARED, fd,
				   2 * self->s.page));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * self->s.page, PROT_READ, MAP_SHARED,
				   fd, self->s.page));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

TEST_F(buf, a_mapping_cannot_grow)
{
	int fd = buf_alloc(self->s.dev, 2 * self->s.page, PIACCEL_BUF_CACHED);
	void *p;

	ASSERT_GE(fd, 0);
	p = map(fd, 2 * self->s.page, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(MAP_FAILED, mremap(p, 2 * self->s.page, 4 * self->s.page,
				     MREMAP_MAYMOVE));
	munmap(p, 2 * self->s.page);
	close(fd);
}

TEST_F(buf, read_and_write_are_refused)
{
	int fd = buf_alloc(self->s.dev, self->s.page, 0);
	char c = 0;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-1, read(fd, &c, 1));
	EXPECT_EQ(-1, write(fd, &c, 1));
	close(fd);
}

TEST_F(buf, a_free_buffer_is_ready_for_poll)
{
	int fd = buf_alloc(self->s.dev, self->s.page, 0);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(POLLIN | POLLOUT, events_now(fd, POLLIN | POLLOUT));
	close(fd);
}

TEST_F(buf, fdinfo_shows_size_and_exporter)
{
	int fd = buf_alloc(self->s.dev, 3 * self->s.page, 0);
	char path[64], text[4096], want[64];

	ASSERT_GE(fd, 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ASSERT_GT(read_text(path, text, sizeof(text)), 0);
	snprintf(want, sizeof(want), "size:\t%zu\n", 3 * self->s.page);
	EXPECT_NE(NULL, strstr(text, want)) TH_LOG("%s", text);
	EXPECT_NE(NULL, strstr(text, "exp_name:\tpiaccel"));
	close(fd);
}

/* Does a line of text hold both words? */
static bool line_with(const char *text, const char *a, const char *b)
{
	char line[512];

	while (*text) {
		size_t n = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		if (strstr(line, a) && strstr(line, b))
			return true;
		text += n + !!text[n];
	}
	return false;
}

TEST_F(buf, fdinfo_and_debugfs_name_the_owner)
{
	size_t size = 37 * self->s.page;
	char path[64], pid[16], bytes[24];
	int fd = buf_alloc(self->s.dev, size, PIACCEL_BUF_CACHED);
	static char text[65536];

	ASSERT_GE(fd, 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(bytes, sizeof(bytes), "%zu", size);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ASSERT_GT(read_text(path, text, sizeof(text)), 0);
	EXPECT_NE(NULL, strstr(text, pid)) TH_LOG("%s", text);

	if (access("/sys/kernel/debug/dma_buf", F_OK))
		SKIP(close(fd); return, "debugfs is not mounted");
	ASSERT_GT(read_text(SUMMARY, text, sizeof(text)), 0);
	EXPECT_TRUE(line_with(text, bytes, pid)) TH_LOG("%s", text);
	close(fd);
	ASSERT_GE(read_text(SUMMARY, text, sizeof(text)), 0);
	EXPECT_FALSE(line_with(text, bytes, pid)) TH_LOG("%s", text);
}

TEST_F(buf, running_out_of_descriptors_leaves_nothing)
{
	struct rlimit old, few = { 0 };
	int fd;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	few.rlim_cur = dup(self->s.dev);
	few.rlim_max = old.rlim_max;
	close(few.rlim_cur);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_EQ(-EMFILE, buf_alloc(self->s.dev, self->s.page, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(self->s.used, buf_used(self->s.dev));
	fd = buf_alloc(self->s.dev, self->s.page, 0);
	EXPECT_GE(fd, 0);
	close(fd);
}

/* The cap, lowered for a test and put back. */
FIXTURE(cap) {
	int dev;
	uint64_t used;
	char old[32];
};

FIXTURE_SETUP(cap)
{
	char text[32];

	self->dev = piaccel_open();
	if (self->dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	self->used = buf_used(self->dev);
	if (read_text(LIMIT_PARAM, self->old, sizeof(self->old)) <= 0)
		SKIP(return, "no " LIMIT_PARAM);
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)(self->used / MIB + 4));
	if (write_text(LIMIT_PARAM, text))
		SKIP(self->old[0] = 0; return, "the cap is fixed at load");
}

FIXTURE_TEARDOWN(cap)
{
	if (self->dev < 0)
		return;
	if (self->old[0])
		write_text(LIMIT_PARAM, self->old);
	EXPECT_EQ(self->used, buf_used(self->dev));
	close(self->dev);
}

TEST_F(cap, is_shared_by_all_and_given_back)
{
	uint64_t limit = piaccel_info(self->dev).buf_limit;
	int fds[8], n = 0, other = piaccel_open();

	EXPECT_EQ((self->used / MIB + 4) * MIB, limit);
	ASSERT_GE(other, 0);
	/* two device descriptors, one cap */
	while (n < 7) {
		fds[n] = buf_alloc(n % 2 ? other : self->dev, MIB, 0);
		if (fds[n] < 0)
			break;
		n++;
	}
	EXPECT_EQ((limit - self->used) / MIB, (uint64_t)n);
	EXPECT_EQ(-EDQUOT, fds[n]);
	EXPECT_EQ(self->used + n * MIB, buf_used(other));
	ASSERT_GT(n, 1);
	close(fds[--n]);
	fds[n] = buf_alloc(other, MIB, PIACCEL_BUF_CACHED);
	EXPECT_GE(fds[n], 0);
	for (; n >= 0; n--)
		close(fds[n]);
	close(other);
}

TEST_F(cap, the_last_byte_fits)
{
	uint64_t left = piaccel_info(self->dev).buf_limit - self->used;
	int fd = buf_alloc(self->dev, left, 0);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EDQUOT, buf_alloc(self->dev, 1, 0));
	close(fd);
	EXPECT_EQ(-EDQUOT, buf_alloc(self->dev, left + 1, 0));
}

struct hammer {
	int dev, worst, failed;
	pthread_mutex_t lock;
	int held;
};

static void *hammer(void *arg)
{
	struct hammer *h = arg;

	for (int i = 0; i < 200; i++) {
		int fd = buf_alloc(h->dev, MIB, PIACCEL_BUF_CACHED);

		pthread_mutex_lock(&h->lock);
		if (fd < 0 && fd != -EDQUOT)
			h->failed = fd;
		if (fd >= 0 && ++h->held > h->worst)
			h->worst = h->held;
		pthread_mutex_unlock(&h->lock);
		if (fd < 0)
			continue;
		/* counted off before it is really gone, never after */
		pthread_mutex_lock(&h->lock);
		h->held--;
		pthread_mutex_unlock(&h->lock);
		close(fd);
	}
	return NULL;
}

TEST_F(cap, is_never_passed_by_threads_that_race)
{
	struct hammer h = {
		.dev = self->dev, .lock = PTHREAD_MUTEX_INITIALIZER,
	};
	int n = (piaccel_info(self->dev).buf_limit - self->used) / MIB;
	pthread_t t[8];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, hammer, &h));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	EXPECT_EQ(0, h.failed);
	EXPECT_GE(h.worst, 1);
	EXPECT_LE(h.worst, n);
}

TEST_HARNESS_MAIN
