// SPDX-License-Identifier: GPL-2.0-only
/*
 * Syncs reach every device that has a buffer mapped: all of it when the CPU's
 * access is bracketed, and a stream's block, rounded to pages and nothing
 * else, before its record can be read.
 *
 * The devices are attachments of tests/vm/importer, which work on a memory of
 * their own: what was not synced, they do not see, and neither do we.
 */
#include "stream.h"

#if __has_include("importer.h")
#include "importer.h"
#endif

#include "../kselftest_harness.h"

#ifdef IMPORTER_ATTACH

#define DEVICES	2
#define PAGES	8U

FIXTURE(sync) {
	struct board b;
	int dev, line;
	size_t page, size;
	int device[DEVICES];
	struct buffer buf;
	uint8_t *seen;
};

FIXTURE_VARIANT(sync) {
	enum exporter exporter;
};

FIXTURE_VARIANT_ADD(sync, cached) { .exporter = OURS_CACHED };
FIXTURE_VARIANT_ADD(sync, write_combined) { .exporter = OURS_WRITE_COMBINED };
FIXTURE_VARIANT_ADD(sync, contiguous) { .exporter = OURS_CONTIGUOUS };

FIXTURE_SETUP(sync)
{
	const char *why = rig_up(&self->dev, &self->b, TESTBOARD_LABEL,
				 PIACCEL_FEATURE_CAPTURE);
	struct piaccel_line_request l;

	self->line = -1;
	self->buf = (struct buffer){ .fd = -1, .memfd = -1 };
	for (int i = 0; i < DEVICES; i++)
		self->device[i] = open("/dev/importer", O_RDWR | O_CLOEXEC);
	if (!why && self->device[0] < 0)
		why = "no /dev/importer";
	if (why)
		SKIP(return, "%s", why);
	self->page = sysconf(_SC_PAGESIZE);
	self->size = PAGES * self->page;
	self->seen = malloc(self->size);
	ASSERT_NE(NULL, self->seen);
	/* eight outputs, and eight inputs above them */
	l = outputs(&self->b, OUT, 8, 0);
	l.num_lines = 16;
	for (int i = 0; i < 8; i++)
		l.offsets[8 + i] = IN + i;
	self->line = line_request(self->dev, &l);
	ASSERT_LE(0, self->line) TH_LOG("%s", strerror(-self->line));
	ASSERT_TRUE(buffer_make(&self->buf, self->dev, variant->exporter,
				self->size));
	buffer_fill(&self->buf, 0xee);
	for (int i = 0; i < DEVICES; i++) {
		ASSERT_EQ(0, xioctl(self->device[i], IMPORTER_ATTACH,
				    &self->buf.fd));
	}
}

FIXTURE_TEARDOWN(sync)
{
	for (int i = 0; i < DEVICES; i++)
		close(self->device[i]);
	close(self->line);
	buffer_free(&self->buf);
	free(self->seen);
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

/* Are the bytes from @at all @c, as a device sees them? */
static bool device_has(FIXTURE_DATA(sync) *self, int device, size_t at,
		       size_t n, uint8_t c)
{
	if (pread(device, self->seen, n, at) != (ssize_t)n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (self->seen[i] != c)
			return false;
	return true;
}

static bool cpu_has(FIXTURE_DATA(sync) *self, size_t at, size_t n, uint8_t c)
{
	for (size_t i = at; i < at + n; i++)
		if (((volatile uint8_t *)self->buf.map)[i] != c)
			return false;
	return true;
}

static bool device_writes(FIXTURE_DATA(sync) *self, int device, size_t at,
			  size_t n, uint8_t c)
{
	memset(self->seen, c, n);
	return pwrite(device, self->seen, n, at) == (ssize_t)n;
}

static struct importer_syncs syncs(int device)
{
	struct importer_syncs s = { 0 };

	if (ioctl(device, IMPORTER_SYNCS, &s))
		perror("IMPORTER_SYNCS");
	return s;
}

TEST_F(sync, the_end_of_an_access_reaches_every_device)
{
	ASSERT_EQ(0, buffer_sync(&self->buf, DMA_BUF_SYNC_START |
				 DMA_BUF_SYNC_WRITE));
	memset(self->buf.map, 0x31, self->size);
	/* the devices are what they claim to be */
	for (int i = 0; i < DEVICES; i++) {
		EXPECT_TRUE(device_has(self, self->device[i], 0, self->size,
				       0xee));
	}
	ASSERT_EQ(0, buffer_sync(&self->buf, DMA_BUF_SYNC_END |
				 DMA_BUF_SYNC_WRITE));
	for (int i = 0; i < DEVICES; i++) {
		EXPECT_TRUE(device_has(self, self->device[i], 0, self->size,
				       0x31)) TH_LOG("device %d", i);
	}
}

TEST_F(sync, the_start_of_an_access_asks_every_device)
{
	for (int i = 0; i < DEVICES; i++) {
		int other = self->device[!i];

		ASSERT_TRUE(device_writes(self, self->device[i], 100,
					  self->page, 0x40 + i));
		EXPECT_FALSE(cpu_has(self, 100, self->page, 0x40 + i));
		/* both write what they have; make it the same */
		ASSERT_TRUE(device_writes(self, other, 100, self->page,
					  0x40 + i));
		ASSERT_EQ(0, buffer_sync(&self->buf, DMA_BUF_SYNC_START |
					 DMA_BUF_SYNC_READ));
		EXPECT_TRUE(cpu_has(self, 100, self->page, 0x40 + i));
		ASSERT_EQ(0, buffer_sync(&self->buf, DMA_BUF_SYNC_END |
					 DMA_BUF_SYNC_READ));
		EXPECT_EQ((i + 1) * self->size,
			  syncs(self->device[0]).bytes_to_cpu);
		EXPECT_EQ((i + 1) * self->size,
			  syncs(self->device[1]).bytes_to_cpu);
	}
}

TEST_F(sync, a_device_that_left_is_asked_no_more)
{
	struct importer_syncs before = syncs(self->device[1]);

	close(self->device[0]);
	self->device[0] = open("/dev/importer", O_RDWR | O_CLOEXEC);
	buffer_fill(&self->buf, 0x32);
	EXPECT_TRUE(device_has(self, self->device[1], 0, self->size, 0x32));
	EXPECT_EQ(before.bytes_to_device + self->size,
		  syncs(self->device[1]).bytes_to_device);
	/* one that comes later sees what is there */
	ASSERT_EQ(0, xioctl(self->device[0], IMPORTER_ATTACH, &self->buf.fd));
	EXPECT_TRUE(device_has(self, self->device[0], 0, self->size, 0x32));
}

/* A ring of blocks that begin and end amid a page. */
static struct piaccel_stream_request ring(FIXTURE_DATA(sync) *self, int blocks)
{
	size_t block = self->page / 2 + 64;

	return (struct piaccel_stream_request) {
		.mask = 0xff00, .offset = 2 * self->page + 192,
		.size = blocks * block, .block_samples = block,
		.period_ns = 50 * USEC, .flags = PIACCEL_STREAM_RING,
		.dmabuf_fd = self->buf.fd,
	};
}

TEST_F(sync, a_captured_block_reaches_every_device_and_no_other_byte_does)
{
	struct piaccel_stream_request r = ring(self, 3);
	size_t end = r.offset + r.size, after = self->size - end;
	struct importer_syncs s[DEVICES];
	struct piaccel_block b;
	int stream;

	ASSERT_EQ(0, tb_drive_mask(self->b.outside, SPAN(IN, 8), 0x5cULL << IN));
	stream = stream_start(self->line, false, &r);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	/* on each side something that no sync of a block may carry across */
	memset(self->buf.map, 0x77, r.offset);
	memset(self->buf.map + end, 0x77, after);
	for (int i = 0; i < DEVICES; i++) {
		ASSERT_TRUE(device_writes(self, self->device[i], 0, r.offset,
					  0x88));
		ASSERT_TRUE(device_writes(self, self->device[i], end, after,
					  0x88));
		s[i] = syncs(self->device[i]);
	}
	for (unsigned int k = 0; k < 7; k++) {
		ASSERT_EQ(sizeof(b), read(stream, &b, sizeof(b)));
		ASSERT_EQ(k, b.seq);
		/* the record is here, and so is the block, on every device */
		for (int i = 0; i < DEVICES; i++) {
			EXPECT_TRUE(device_has(self, self->device[i], b.offset,
					       r.block_samples, 0x5c))
				TH_LOG("block %u, device %d", k, i);
		}
	}
	ASSERT_EQ(0, xioctl(stream, PIACCEL_STREAM_STOP));
	while (read(stream, &b, sizeof(b)) == sizeof(b))
		;
	for (int i = 0; i < DEVICES; i++) {
		EXPECT_TRUE(device_has(self, self->device[i], 0, r.offset,
				       0x88));
		EXPECT_TRUE(device_has(self, self->device[i], end, after,
				       0x88));
		EXPECT_EQ(s[i].bytes_to_cpu,
			  syncs(self->device[i]).bytes_to_cpu);
	}
	EXPECT_TRUE(cpu_has(self, 0, r.offset, 0x77));
	EXPECT_TRUE(cpu_has(self, end, after, 0x77));
	/* its close ends the CPU's access, and that is to all of it */
	close(stream);
	for (int i = 0; i < DEVICES; i++) {
		EXPECT_TRUE(device_has(self, self->device[i], end, after,
				       0x77));
	}
}

/* All that a one-shot capture of 0x5c is to fill: blocks amid pages. */
static struct piaccel_stream_request one_shot(FIXTURE_DATA(sync) *self)
{
	struct piaccel_stream_request r = ring(self, 2);

	r.flags = 0;
	r.block_samples = 512;
	r.size = 4 * self->page - 512;
	r.size -= r.size % r.block_samples;
	return r;
}

/* The first sample that is not what was captured, or how many there are. */
static size_t wrong_sample(FIXTURE_DATA(sync) *self,
			   const struct piaccel_stream_request *r, size_t n)
{
	size_t i = 0;

	while (i < n && ((volatile uint8_t *)self->buf.map)[r->offset + i] ==
	       0x5c)
		i++;
	return i;
}

/* A new device attaches, and leaves: its mapping ends amid the capture. */
static bool device_comes_and_goes(FIXTURE_DATA(sync) *self)
{
	int device = open("/dev/importer", O_RDWR | O_CLOEXEC);
	bool ok = device >= 0 &&
		  !xioctl(device, IMPORTER_ATTACH, &self->buf.fd);

	close(device);
	return ok;
}

static bool bracket(FIXTURE_DATA(sync) *self)
{
	return !buffer_sync(&self->buf, DMA_BUF_SYNC_START |
			    DMA_BUF_SYNC_READ) &&
	       !buffer_sync(&self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

/* Run @meanwhile over and over while a capture runs: it spoils no sample. */
static void spoils_nothing(struct __test_metadata *_metadata,
			   FIXTURE_DATA(sync) *self,
			   bool (*meanwhile)(FIXTURE_DATA(sync) *self))
{
	struct piaccel_stream_request r = one_shot(self);
	unsigned int rounds = 0;
	struct piaccel_block b;
	size_t done = 0;
	int stream;

	ASSERT_EQ(0, tb_drive_mask(self->b.outside, SPAN(IN, 8), 0x5cULL << IN));
	stream = stream_start(self->line, false, &r);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	ASSERT_EQ(0, fcntl(stream, F_SETFL, O_NONBLOCK));
	while (done < r.size / r.block_samples) {
		ASSERT_TRUE(meanwhile(self));
		rounds++;
		if (read(stream, &b, sizeof(b)) != sizeof(b))
			continue;
		done++;
		ASSERT_EQ(done * r.block_samples,
			  wrong_sample(self, &r, done * r.block_samples))
			TH_LOG("block %zu, round %u", done - 1, rounds);
	}
	EXPECT_LT(done, rounds);
	/* and once it is over, all of it is a device's again */
	ASSERT_TRUE(bracket(self));
	EXPECT_EQ(r.size, wrong_sample(self, &r, r.size));
	for (int i = 0; i < DEVICES; i++) {
		EXPECT_TRUE(device_has(self, self->device[i], r.offset, r.size,
				       0x5c));
	}
	EXPECT_TRUE(cpu_has(self, 0, r.offset, 0xee));
	close(stream);
}

TEST_F(sync, a_bracketed_access_spoils_no_sample_of_a_running_capture)
{
	spoils_nothing(_metadata, self, bracket);
}

TEST_F(sync, a_device_that_leaves_spoils_no_sample_of_a_running_capture)
{
	spoils_nothing(_metadata, self, device_comes_and_goes);
}

TEST_F(sync, a_bracketed_access_asks_for_what_lies_around_a_capture)
{
	struct piaccel_stream_request r = ring(self, 3), second;
	size_t end = r.offset + r.size, after = self->size - end;
	int one, two, line;
	struct piaccel_line_request l = inputs(&self->b, IN + 8, 1);

	/* one device: two would write over each other's */
	close(self->device[1]);
	self->device[1] = -1;
	line = line_request(self->dev, &l);
	ASSERT_LE(0, line);
	one = stream_start(self->line, false, &r);
	ASSERT_LE(0, one);
	/* a second capture into a part of the same bytes changes nothing */
	second = r;
	second.mask = 1;
	second.offset += 64;
	second.size = second.block_samples;
	second.start_ns = now_ns() + 600 * SEC;
	two = stream_start(line, false, &second);
	ASSERT_LE(0, two);
	ASSERT_TRUE(device_writes(self, self->device[0], 0, r.offset, 0x88));
	ASSERT_TRUE(device_writes(self, self->device[0], end, after, 0x88));
	ASSERT_TRUE(bracket(self));
	EXPECT_TRUE(cpu_has(self, 0, r.offset, 0x88));
	EXPECT_TRUE(cpu_has(self, end, after, 0x88));
	/* the bytes of a capture that has ended are asked for again */
	ASSERT_EQ(0, xioctl(one, PIACCEL_STREAM_STOP));
	close(one);
	close(two);
	close(line);
	ASSERT_TRUE(device_writes(self, self->device[0], 0, self->size, 0x99));
	ASSERT_TRUE(bracket(self));
	EXPECT_TRUE(cpu_has(self, 0, self->size, 0x99));
}

/*
 * What a device has written one block before its turn is the CPU's when that
 * turn comes: it is there as soon as the block before that one is told of.
 */
TEST_F(sync, a_block_is_asked_of_the_device_one_block_before_its_turn)
{
	struct piaccel_stream_request r = ring(self, 4);
	size_t end = r.offset + r.size, at, n = r.block_samples;
	struct piaccel_block b;
	unsigned int done = 0;
	int stream;

	/* one device: two would write over each other's */
	close(self->device[1]);
	self->device[1] = -1;
	r.mask = 0xff;
	stream = stream_start(self->line, true, &r);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	/* and its neighbours, which are not played */
	ASSERT_TRUE(device_writes(self, self->device[0], 0, r.offset, 0x88));
	ASSERT_TRUE(device_writes(self, self->device[0], end, self->size - end,
				  0x88));
	for (unsigned int k = 0; done < 4 && k < 1000; k++) {
		ASSERT_EQ(sizeof(b), read(stream, &b, sizeof(b)));
		/* block seq + 1 plays, seq + 2 is next, seq + 3 may be written */
		at = r.offset + (b.seq + 3) % 4 * n;
		ASSERT_TRUE(device_writes(self, self->device[0], at, n,
					  0x20 + done));
		if (stream_status(stream).blocks != b.seq + 1)
			continue;	/* this came too late for the test */
		ASSERT_EQ(sizeof(b), read(stream, &b, sizeof(b)));
		EXPECT_TRUE(cpu_has(self, at, n, 0x20 + done));
		done++;
	}
	EXPECT_EQ(4, done);
	EXPECT_TRUE(cpu_has(self, 0, r.offset, 0xee));
	EXPECT_TRUE(cpu_has(self, end, self->size - end, 0xee));
	EXPECT_EQ(0, syncs(self->device[0]).to_device);
	close(stream);
}

TEST_F(sync, what_a_device_writes_is_played)
{
	struct piaccel_stream_request r = ring(self, 2);
	int stream;

	close(self->device[1]);
	self->device[1] = -1;
	r.mask = 0xff;
	stream = stream_start(self->line, true, &r);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	EXPECT_TRUE(wait_for(board_levels(&self->b, OUT, 8) == 0xee));
	ASSERT_TRUE(device_writes(self, self->device[0], r.offset, r.size,
				  0x2d));
	EXPECT_TRUE(wait_for(board_levels(&self->b, OUT, 8) == 0x2d));
	close(stream);
}

TEST_HARNESS_MAIN
#else
int main(void)
{
	ksft_print_header();
	ksft_exit_skip("built without the importer's header\n");
}
#endif
