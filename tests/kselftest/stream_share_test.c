// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples land in memory that others map: buffers of ours, of udmabuf, of the
 * system heap and of a DRM driver, read by another user of the same pages
 * while the stream runs. Nothing is copied: a marker written on one side is
 * there on the other, and so is each sample.
 */
#include "stream.h"
#include "vgem.h"

#include "../kselftest_harness.h"

#define PERIOD	(1 * MSEC)
#define BLOCK	16U
#define SIZE	65536U

FIXTURE(share) {
	struct board b;
	int dev, line, drm;
	struct buffer buf;
	struct piaccel_stream_request req;
};

FIXTURE_VARIANT(share) {
	enum exporter exporter;
};

FIXTURE_VARIANT_ADD(share, ours_cached) { .exporter = OURS_CACHED };
FIXTURE_VARIANT_ADD(share, ours_write_combined) {
	.exporter = OURS_WRITE_COMBINED
};
FIXTURE_VARIANT_ADD(share, ours_contiguous) { .exporter = OURS_CONTIGUOUS };
FIXTURE_VARIANT_ADD(share, udmabuf) { .exporter = UDMABUF };
FIXTURE_VARIANT_ADD(share, system_heap) { .exporter = SYSTEM_HEAP };

FIXTURE_SETUP(share)
{
	struct piaccel_line_request l;
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	self->buf.fd = self->buf.memfd = self->drm = -1;
	if (!why)
		why = exporter_missing(variant->exporter);
	if (why)
		SKIP(return, "%s", why);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	board_reset(&self->b);
	l = outputs(&self->b, OUT, 8, 0);
	l.num_lines = 16;
	for (int i = 0; i < 8; i++)
		l.offsets[8 + i] = IN + i;
	self->line = line_request(self->dev, &l);
	ASSERT_LE(0, self->line);
	ASSERT_TRUE(buffer_make(&self->buf, self->dev, variant->exporter, SIZE))
		TH_LOG("%s", strerror(errno));
	self->req = (struct piaccel_stream_request) {
		.mask = 0xff00, .size = 4 * BLOCK, .period_ns = PERIOD,
		.dmabuf_fd = self->buf.fd, .block_samples = BLOCK,
	};
}

FIXTURE_TEARDOWN(share)
{
	buffer_free(&self->buf);
	close(self->drm);
	close(self->line);
	close(self->dev);
	board_close(&self->b);
}

static int drive_inputs(FIXTURE_DATA(share) *self, uint64_t values)
{
	return tb_drive_mask(self->b.outside, SPAN(IN, 8), values << IN);
}

TEST_F(share, captures_into_it)
{
	struct piaccel_block blocks[8];
	int stream;

	buffer_fill(&self->buf, 0xee);
	ASSERT_EQ(0, drive_inputs(self, 0x5c));
	self->req.offset = 8192 + 64;
	stream = stream_start(self->line, false, &self->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	ASSERT_EQ(4, read_blocks(stream, blocks, 8));
	buffer_sync(&self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	for (size_t i = 0; i < SIZE; i++) {
		bool in = i >= self->req.offset &&
			  i < self->req.offset + self->req.size;

		ASSERT_EQ(in ? 0x5c : 0xee, self->buf.map[i])
			TH_LOG("byte %zu", i);
	}
	buffer_sync(&self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	close(stream);
}

TEST_F(share, plays_from_it)
{
	struct piaccel_block blocks[8];
	int stream;

	buffer_fill(&self->buf, 0x00);
	buffer_sync(&self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	for (size_t i = 0; i < self->req.size; i++)
		self->buf.map[i] = noise(i);
	buffer_sync(&self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	self->req.mask = 0xff;
	stream = stream_start(self->line, true, &self->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	ASSERT_EQ(4, read_blocks(stream, blocks, 8));
	EXPECT_EQ(noise(self->req.size - 1) & 0xff,
		  board_levels(&self->b, OUT, 8));
	close(stream);
}

/*
 * Capture a ring while the board is told one value after the other, and find
 * each in its block through @other, another user's mapping of the same memory.
 */
static void ring_is_seen_by(struct __test_metadata *_metadata,
			    FIXTURE_DATA(share) *self, uint8_t *other)
{
	struct piaccel_block b;
	uint8_t seen[BLOCK];
	uint64_t want;
	int stream;

	/* a marker each way: the same pages */
	buffer_sync(&self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	for (size_t i = 0; i < SIZE; i += 512) {
		if (i & 512)
			self->buf.map[i] = noise(i);
		else
			other[i] = noise(i);
	}
	for (size_t i = 0; i < SIZE; i += 512) {
		ASSERT_EQ(noise(i) & 0xff, self->buf.map[i]);
		ASSERT_EQ(noise(i) & 0xff, other[i]);
	}
	buffer_sync(&self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);

	self->req.flags = PIACCEL_STREAM_RING;
	self->req.offset = 4096;
	stream = stream_start(self->line, false, &self->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	for (unsigned int round = 0; round < 12; round++) {
		uint64_t n;

		want = noise(1000 + round) & 0xff;
		ASSERT_EQ(0, drive_inputs(self, want));
		/* the block that begins after that is all @want ... */
		n = stream_status(stream).blocks + 1;
		do {
			ASSERT_EQ(sizeof(b), read(stream, &b, sizeof(b)));
			ASSERT_EQ(0, b.flags);
		} while (b.seq < n);
		/* ... and one later it is still in place */
		memcpy(seen, other + b.offset, BLOCK);
		for (unsigned int i = 0; i < BLOCK; i++) {
			ASSERT_EQ(want, seen[i])
				TH_LOG("round %u, sample %u", round, i);
		}
		EXPECT_EQ(0, memcmp(other + b.offset, self->buf.map + b.offset,
				    BLOCK));
	}
	ASSERT_EQ(0, xioctl(stream, PIACCEL_STREAM_STOP));
	EXPECT_EQ(0, memcmp(other, self->buf.map, SIZE));
	close(stream);
}

TEST_F(share, a_ring_is_read_through_a_drm_importer)
{
	uint8_t *theirs;
	int handle, again;

	self->drm = vgem_open();
	if (self->drm < 0)
		SKIP(return, "no vgem device");
	handle = vgem_import(self->drm, self->buf.fd);
	ASSERT_LE(0, handle) TH_LOG("%s", strerror(-handle));
	again = vgem_export(self->drm, handle);
	ASSERT_LE(0, again);
	/* the importer's alone from here on, as after passing it to a GPU */
	theirs = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0);
	ASSERT_NE(MAP_FAILED, theirs);
	ring_is_seen_by(_metadata, self, theirs);
	munmap(theirs, SIZE);
	close(again);
}

TEST_F(share, a_ring_is_read_through_the_memory_behind_a_udmabuf)
{
	uint8_t *theirs;

	if (self->buf.memfd < 0)
		SKIP(return, "no udmabuf");
	theirs = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      self->buf.memfd, 0);
	ASSERT_NE(MAP_FAILED, theirs);
	ring_is_seen_by(_metadata, self, theirs);
	munmap(theirs, SIZE);
}

/* Memory of a DRM driver, which maps it by itself: no DMA-BUF mapping at all. */
TEST_F(share, a_ring_lands_in_memory_of_a_drm_driver)
{
	uint32_t handle;
	uint8_t *theirs;

	if (variant->exporter != OURS_CACHED)
		SKIP(return, "the buffer is the DRM driver's here");
	self->drm = vgem_open();
	if (self->drm < 0)
		SKIP(return, "no vgem device");
	buffer_free(&self->buf);
	theirs = vgem_alloc(self->drm, SIZE, &handle);
	ASSERT_NE(MAP_FAILED, theirs) TH_LOG("%s", strerror(errno));
	self->buf.size = SIZE;
	self->buf.fd = vgem_export(self->drm, handle);
	ASSERT_LE(0, self->buf.fd);
	self->buf.map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			     self->buf.fd, 0);
	ASSERT_NE(MAP_FAILED, self->buf.map);
	self->req.dmabuf_fd = self->buf.fd;
	ring_is_seen_by(_metadata, self, theirs);
	munmap(theirs, SIZE);
}

TEST_HARNESS_MAIN
