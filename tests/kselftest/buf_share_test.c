// SPDX-License-Identifier: GPL-2.0-only
/*
 * BUF_ALLOC: who holds a buffer and who pays for it. Descriptors that are
 * duplicated, inherited and passed on, a second driver that imports it, the
 * memory cgroup, a caller that is killed.
 */
#include "piaccel_test.h"

#include <linux/dma-buf.h>

#include "../kselftest_harness.h"

#define MIB (1024ULL * 1024)
#define CGROUP "/sys/fs/cgroup"
#define GROUP CGROUP "/piaccel-test"

FIXTURE(share) {
	int dev;
	uint64_t used;
};

FIXTURE_SETUP(share)
{
	struct piaccel_info info;

	self->dev = piaccel_open();
	if (self->dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	info = piaccel_info(self->dev);
	self->used = info.buf_used;
	if (!(info.features & PIACCEL_FEATURE_BUF))
		SKIP(return, "a module without buffers");
}

FIXTURE_TEARDOWN(share)
{
	if (self->dev >= 0) {
		EXPECT_TRUE(wait_for(self->used == buf_used(self->dev)));
		close(self->dev);
	}
}

static uint32_t *map(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* A buffer of 1 MiB with a marker in its first word. */
static int marked(int dev, uint32_t marker)
{
	int fd = buf_alloc(dev, MIB, PIACCEL_BUF_CACHED);
	uint32_t *p;

	if (fd < 0)
		return fd;
	p = map(fd, MIB);
	if (p == MAP_FAILED) {
		close(fd);
		return -errno;
	}
	*p = marker;
	munmap(p, MIB);
	return fd;
}

static uint32_t marker_of(int fd)
{
	uint32_t *p = map(fd, MIB), m;

	if (p == MAP_FAILED)
		return 0;
	m = *p;
	munmap(p, MIB);
	return m;
}

TEST_F(share, lives_until_the_last_duplicate)
{
	int fd = marked(self->dev, 0x11111111U), copy;

	ASSERT_GE(fd, 0);
	copy = dup(fd);
	ASSERT_GE(copy, 0);
	close(fd);
	EXPECT_EQ(self->used + MIB, buf_used(self->dev));
	EXPECT_EQ(0x11111111U, marker_of(copy));
	close(copy);
	EXPECT_EQ(self->used, buf_used(self->dev));
}

TEST_F(share, lives_without_the_device_file)
{
	int fd = marked(self->dev, 0x22222222U);
	long long refs = module_refs_at_rest();

	ASSERT_GE(fd, 0);
	close(self->dev);
	EXPECT_EQ(0x22222222U, marker_of(fd));
	/* and keeps the module's code */
	ASSERT_LT(0, module_refs());
	EXPECT_EQ(-1, syscall(SYS_delete_module, "piaccel", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(refs - 1, module_refs());
	close(fd);
	self->dev = piaccel_open();
	ASSERT_GE(self->dev, 0);
}

TEST_F(share, a_child_shares_bytes_and_lifetime)
{
	int fd = marked(self->dev, 1), go[2], status;
	uint32_t *p;
	pid_t pid;
	char c;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, pipe(go));
	p = map(fd, MIB);
	ASSERT_NE(MAP_FAILED, p);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(go[1]);
		/* writes through the inherited mapping, then waits */
		p[1] = *p + 1;
		if (read(go[0], &c, 1))
			_exit(1);
		_exit(marker_of(fd) == 3 ? 0 : 2);
	}
	close(go[0]);
	EXPECT_TRUE(wait_for(__atomic_load_n(p + 1, __ATOMIC_RELAXED) == 2));
	*p = 3;
	munmap(p, MIB);
	close(fd);
	EXPECT_EQ(self->used + MIB, buf_used(self->dev));
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(self->used, buf_used(self->dev));
}

TEST_F(share, a_killed_owner_leaves_nothing)
{
	int up[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(up));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		int fd = marked(self->dev, 1);

		if (fd < 0 || map(fd, MIB) == MAP_FAILED)
			_exit(1);
		c = 1;
		if (write(up[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(up[1]);
	ASSERT_EQ(1, read(up[0], &c, 1));
	EXPECT_EQ(self->used + MIB, buf_used(self->dev));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(self->used, buf_used(self->dev));
	close(up[0]);
}

TEST_F(share, survives_in_a_socket_and_arrives)
{
	int fd = marked(self->dev, 0x33333333U), sock[2], got;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, send_fd(sock[0], fd));
	close(fd);
	/* no process has it open now */
	EXPECT_EQ(self->used + MIB, buf_used(self->dev));
	got = recv_fd(sock[1]);
	ASSERT_GE(got, 0);
	EXPECT_EQ(0x33333333U, marker_of(got));
	close(got);
	EXPECT_EQ(self->used, buf_used(self->dev));
	close(sock[0]);
	close(sock[1]);
}

TEST_F(share, a_socket_that_closes_drops_it)
{
	int fd = marked(self->dev, 1), sock[2];

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, send_fd(sock[0], fd));
	close(fd);
	close(sock[0]);
	close(sock[1]);
	EXPECT_TRUE(wait_for(self->used == buf_used(self->dev)));
}

TEST_F(share, another_process_reads_what_it_is_passed)
{
	int sock[2], fd, status;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		fd = recv_fd(sock[1]);
		_exit(fd >= 0 && marker_of(fd) == 0x44444444U ? 0 : 1);
	}
	fd = marked(self->dev, 0x44444444U);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, send_fd(sock[0], fd));
	close(fd);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(sock[0]);
	close(sock[1]);
}

/* ---- a second driver ------------------------------------------------------ */

/* What the test needs of drm.h, which not every machine has. */
struct prime_handle {
	uint32_t handle;
	uint32_t flags;
	int32_t fd;
};

struct gem_close {
	uint32_t handle;
	uint32_t pad;
};

struct drm_version {
	int major, minor, patch;
	size_t name_len;
	char *name;
	size_t date_len;
	char *date;
	size_t desc_len;
	char *desc;
};

#define VERSION		_IOWR('d', 0x00, struct drm_version)
#define GEM_CLOSE	_IOW('d', 0x09, struct gem_close)
#define HANDLE_TO_FD	_IOWR('d', 0x2d, struct prime_handle)
#define FD_TO_HANDLE	_IOWR('d', 0x2e, struct prime_handle)

/* A virtual GEM device: imports with attach and map, as a GPU does. */
static int vgem_open(void)
{
	for (int i = 0; i < 8; i++) {
		char path[32], name[16] = "";
		struct drm_version v = {
			.name = name, .name_len = sizeof(name) - 1,
		};
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!ioctl(fd, VERSION, &v) && !strcmp(name, "vgem"))
			return fd;
		close(fd);
	}
	return -1;
}

FIXTURE(importer) {
	int dev, drm;
	uint64_t used;
};

FIXTURE_VARIANT(importer) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(importer, write_combined) { .flags = 0 };
FIXTURE_VARIANT_ADD(importer, cached) { .flags = PIACCEL_BUF_CACHED };
FIXTURE_VARIANT_ADD(importer, contiguous) { .flags = PIACCEL_BUF_CONTIGUOUS };
FIXTURE_VARIANT_ADD(importer, cached_contiguous) {
	.flags = PIACCEL_BUF_CACHED | PIACCEL_BUF_CONTIGUOUS,
};

FIXTURE_SETUP(importer)
{
	self->drm = -1;
	self->dev = piaccel_open();
	if (self->dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	if (!(piaccel_info(self->dev).features & PIACCEL_FEATURE_BUF))
		SKIP(return, "a module without buffers");
	self->used = buf_used(self->dev);
	self->drm = vgem_open();
	if (self->drm < 0)
		SKIP(return, "no vgem device");
}

FIXTURE_TEARDOWN(importer)
{
	if (self->drm < 0)
		return;
	close(self->drm);
	/* the importer lets go a moment after its file closes */
	EXPECT_TRUE(wait_for(self->used == buf_used(self->dev)));
	close(self->dev);
}

static int import(int drm, int fd, uint32_t *handle)
{
	struct prime_handle h = { .fd = fd };
	int ret = xioctl(drm, FD_TO_HANDLE, &h);

	*handle = h.handle;
	return ret;
}

TEST_F(importer, shares_pages_with_the_exporter)
{
	struct prime_handle back = { .flags = O_CLOEXEC | O_RDWR, .fd = -1 };
	int fd = buf_alloc(self->dev, MIB, variant->flags);
	uint32_t *ours, *theirs, handle;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, import(self->drm, fd, &handle));
	back.handle = handle;
	ASSERT_EQ(0, ioctl(self->drm, HANDLE_TO_FD, &back));
	ours = map(fd, MIB);
	theirs = map(back.fd, MIB);
	ASSERT_NE(MAP_FAILED, ours);
	ASSERT_NE(MAP_FAILED, theirs);
	for (size_t i = 0; i < MIB / 4; i += 1024)
		ours[i] = i + 1;
	for (size_t i = 0; i < MIB / 4; i += 1024) {
		ASSERT_EQ(i + 1, theirs[i]);
	}
	munmap(ours, MIB);
	munmap(theirs, MIB);
	close(back.fd);
	close(fd);
}

TEST_F(importer, keeps_the_buffer_after_our_close)
{
	int fd = buf_alloc(self->dev, MIB, variant->flags);
	struct gem_close c = { 0 };

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, import(self->drm, fd, &c.handle));
	close(fd);
	EXPECT_EQ(self->used + MIB, buf_used(self->dev));
	ASSERT_EQ(0, ioctl(self->drm, GEM_CLOSE, &c));
	EXPECT_TRUE(wait_for(self->used == buf_used(self->dev)));
}

TEST_F(importer, cpu_access_syncs_what_is_attached)
{
	struct dma_buf_sync s = {
		.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW,
	};
	int fd = buf_alloc(self->dev, MIB, variant->flags);
	uint32_t handle;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, import(self->drm, fd, &handle));
	for (int i = 0; i < 10; i++) {
		s.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW;
		EXPECT_EQ(0, xioctl(fd, DMA_BUF_IOCTL_SYNC, &s));
		s.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
		EXPECT_EQ(0, xioctl(fd, DMA_BUF_IOCTL_SYNC, &s));
	}
	close(fd);
}

/* ---- who pays --------------------------------------------------------------- */

FIXTURE(cgroup) {
	int dev;
	bool made;
	uint64_t used;
};

FIXTURE_SETUP(cgroup)
{
	self->dev = piaccel_open();
	if (self->dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	if (!(piaccel_info(self->dev).features & PIACCEL_FEATURE_BUF))
		SKIP(return, "a module without buffers");
	self->used = buf_used(self->dev);
	write_text(CGROUP "/cgroup.subtree_control", "+memory");
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		SKIP(return, "no cgroup2 at " CGROUP);
	self->made = true;
	if (access(GROUP "/memory.max", W_OK))
		SKIP(return, "no memory controller in cgroup2");
}

FIXTURE_TEARDOWN(cgroup)
{
	if (self->made)
		EXPECT_TRUE(wait_for(!rmdir(GROUP)));
	if (self->dev >= 0)
		close(self->dev);
}

/* Run in a child inside the group; its exit status. */
static int in_group(struct __test_metadata *_metadata,
		    int (*fn)(int dev, uint32_t flags), int dev, uint32_t flags)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		if (write_text(GROUP "/cgroup.procs", "0"))
			_exit(99);
		_exit(fn(dev, flags));
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		TH_LOG("killed by signal %d", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int pays(int dev, uint32_t flags)
{
	const char *current = GROUP "/memory.current";
	long long before = read_number(current);
	int fd = buf_alloc(dev, 16 * MIB, flags);

	if (fd < 0)
		return 1;
	/* charges are taken in batches of pages: allow for some */
	if (read_number(current) - before < (long long)(16 * MIB - MIB))
		return 2;
	close(fd);
	if (!wait_for(read_number(current) - before < (long long)(2 * MIB)))
		return 3;
	return 0;
}

TEST_F(cgroup, of_the_caller_pays_for_pages)
{
	EXPECT_EQ(0, in_group(_metadata, pays, self->dev, 0));
	EXPECT_EQ(0, in_group(_metadata, pays, self->dev, PIACCEL_BUF_CACHED));
}

/* Bytes free in the CMA area; 0 without one. */
static long long cma_free(void)
{
	char text[8192], *p;

	read_text("/proc/meminfo", text, sizeof(text));
	p = strstr(text, "CmaFree:");
	return p ? atoll(p + 8) * 1024 : 0;
}

/* Of @n buffers, what is charged to the group and what came from CMA. */
static int who_pays(int dev, int n, uint64_t size, long long *charged,
		    long long *cma)
{
	const char *current = GROUP "/memory.current";
	uint64_t used = buf_used(dev);
	int ret = 0;

	*charged = -read_number(current);
	*cma = cma_free();
	for (int i = 0; i < n && !ret; i++)
		if (buf_alloc(dev, size, PIACCEL_BUF_CONTIGUOUS) < 0)
			ret = 1;
	*charged += read_number(current);
	*cma -= cma_free();
	printf("# %d x %llu bytes contiguous: charged %lld, from CMA %lld\n",
	       n, (unsigned long long)size, *charged, *cma);
	fflush(stdout);
	/* the module's own cap knows all of them */
	return ret ?: buf_used(dev) - used == n * size ? 0 : 2;
}

static int pays_for_contiguous(int dev, uint32_t flags)
{
	long long charged, cma;
	int ret = who_pays(dev, 8, 2 * MIB, &charged, &cma);

	if (ret)
		return ret;
	return charged + (cma > 0 ? cma : 0) < (long long)(15 * MIB) ? 3 : 0;
}

TEST_F(cgroup, of_the_caller_pays_for_contiguous_pages_that_are_no_cma)
{
	EXPECT_EQ(0, in_group(_metadata, pays_for_contiguous, self->dev, 0));
	EXPECT_TRUE(wait_for(buf_used(self->dev) == self->used));
}

/* More than the page allocator has in one piece. */
static int cma_is_free(int dev, uint32_t flags)
{
	long long charged, cma;
	int ret = who_pays(dev, 1, 48 * MIB, &charged, &cma);

	if (ret)
		return ret;
	/* charges come in batches of 64 pages, and the table is charged */
	if (charged > (long long)(4 * MIB))
		return 4;
	return cma < (long long)(47 * MIB) ? 3 : 0;
}

TEST_F(cgroup, is_not_charged_for_cma_which_the_cap_counts)
{
	if (cma_free() < (long long)(56 * MIB))
		SKIP(return, "no CMA area of 56 MiB");
	EXPECT_EQ(0, in_group(_metadata, cma_is_free, self->dev, 0));
	EXPECT_TRUE(wait_for(buf_used(self->dev) == self->used));
	ASSERT_EQ(0, write_text("/sys/module/piaccel/parameters/buf_limit_mb",
				"47"));
	EXPECT_EQ(-EDQUOT, buf_alloc(self->dev, 48 * MIB,
				     PIACCEL_BUF_CONTIGUOUS));
	ASSERT_EQ(0, write_text("/sys/module/piaccel/parameters/buf_limit_mb",
				"0"));
}

static int is_limited(int dev, uint32_t flags)
{
	uint64_t used = buf_used(dev);
	int fd = buf_alloc(dev, 64 * MIB, flags);

	if (fd != -ENOMEM)
		return 1;
	if (buf_used(dev) != used)
		return 2;
	/* what fits is still given */
	fd = buf_alloc(dev, 2 * MIB, flags);
	if (fd < 0)
		return 3;
	return 0;
}

TEST_F(cgroup, limit_is_enomem_and_kills_nobody)
{
	char events[512];

	if (piaccel_info(self->dev).buf_limit < self->used + 64 * MIB)
		SKIP(return, "the cap is below 64 MiB here");
	ASSERT_EQ(0, write_text(GROUP "/memory.max", "16777216"));
	EXPECT_EQ(0, in_group(_metadata, is_limited, self->dev, 0));
	EXPECT_EQ(0, in_group(_metadata, is_limited, self->dev,
			      PIACCEL_BUF_CACHED));
	ASSERT_GT(read_text(GROUP "/memory.events", events, sizeof(events)), 0);
	EXPECT_NE(NULL, strstr(events, "oom_kill 0\n")) TH_LOG("%s", events);
	EXPECT_EQ(self->used, buf_used(self->dev));
}

/* ---- fatal signals --------------------------------------------------------- */

TEST_F(share, a_fatal_signal_ends_a_big_allocation)
{
	uint64_t size = (piaccel_info(self->dev).buf_limit - self->used) / 2;
	int dev = self->dev;

	if (size > 256 * MIB)
		size = 256 * MIB;
	for (int round = 0; round < 8; round++) {
		int status, up[2];
		pid_t pid;
		char c = 0;

		ASSERT_EQ(0, pipe(up));
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			if (write(up[1], &c, 1) != 1)
				_exit(1);
			/* over and over, so that the signal comes into one */
			for (;;)
				close(buf_alloc(dev, size, PIACCEL_BUF_CACHED));
		}
		close(up[1]);
		ASSERT_EQ(1, read(up[0], &c, 1));
		close(up[0]);
		/* one that is under way has been counted */
		EXPECT_TRUE(wait_for(buf_used(dev) > self->used));
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(self->used, buf_used(dev));
	}
}

TEST_HARNESS_MAIN
