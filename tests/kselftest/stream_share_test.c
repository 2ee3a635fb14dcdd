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

/* Eight inputs of the testboard as lines 8-15, eight outputs as 0-7. */
struct rig {
	struct board b;
	int dev, line, drm;
	struct buffer buf;
	struct piaccel_stream_request req;
};

/* NULL, or why it cannot be made. */
static const char *rig_open(struct rig *rig)
{
	struct piaccel_line_request l;
	const char *why = board_open(&rig->b, TESTBOARD_LABEL);

	rig->dev = rig->line = rig->drm = rig->buf.fd = rig->buf.memfd = -1;
	if (why)
		return why;
	rig->dev = piaccel_open();
	if (rig->dev < 0)
		return "no " PIACCEL_DEV;
	board_reset(&rig->b);
	l = outputs(&rig->b, OUT, 8, 0);
	l.num_lines = 16;
	for (int i = 0; i < 8; i++)
		l.offsets[8 + i] = IN + i;
	rig->line = line_request(rig->dev, &l);
	if (rig->line < 0)
		return strerror(-rig->line);
	rig->req = (struct piaccel_stream_request) {
		.mask = 0xff00, .size = 4 * BLOCK, .period_ns = PERIOD,
		.block_samples = BLOCK,
	};
	return NULL;
}

static void rig_close(struct rig *rig)
{
	buffer_free(&rig->buf);
	close(rig->drm);
	close(rig->line);
	close(rig->dev);
	board_close(&rig->b);
}

FIXTURE(share) {
	struct rig rig;
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
	struct rig *rig = &self->rig;
	const char *why = rig_open(rig);

	if (!why)
		why = exporter_missing(variant->exporter);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_TRUE(buffer_make(&rig->buf, rig->dev, variant->exporter, SIZE))
		TH_LOG("%s", strerror(errno));
	rig->req.dmabuf_fd = rig->buf.fd;
}

FIXTURE_TEARDOWN(share)
{
	rig_close(&self->rig);
}

/* The buffer is another's from the start. */
FIXTURE(theirs) {
	struct rig rig;
};

FIXTURE_SETUP(theirs)
{
	const char *why = rig_open(&self->rig);

	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(theirs)
{
	rig_close(&self->rig);
}

static int drive_inputs(struct rig *rig, uint64_t values)
{
	return tb_drive_mask(rig->b.outside, SPAN(IN, 8), values << IN);
}

TEST_F(share, captures_into_it)
{
	struct rig *rig = &self->rig;
	struct piaccel_block blocks[8];
	int stream;

	buffer_fill(&rig->buf, 0xee);
	ASSERT_EQ(0, drive_inputs(rig, 0x5c));
	rig->req.offset = 8192 + 64;
	stream = stream_start(rig->line, false, &rig->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	ASSERT_EQ(4, read_blocks(stream, blocks, 8));
	buffer_sync(&rig->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	for (size_t i = 0; i < SIZE; i++) {
		bool in = i >= rig->req.offset &&
			  i < rig->req.offset + rig->req.size;

		ASSERT_EQ(in ? 0x5c : 0xee, rig->buf.map[i])
			TH_LOG("byte %zu", i);
	}
	buffer_sync(&rig->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	close(stream);
}

TEST_F(share, plays_from_it)
{
	struct rig *rig = &self->rig;
	struct piaccel_block blocks[8];
	int stream;

	buffer_fill(&rig->buf, 0x00);
	buffer_sync(&rig->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	for (size_t i = 0; i < rig->req.size; i++)
		rig->buf.map[i] = noise(i);
	buffer_sync(&rig->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	rig->req.mask = 0xff;
	stream = stream_start(rig->line, true, &rig->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	ASSERT_EQ(4, read_blocks(stream, blocks, 8));
	EXPECT_EQ(noise(rig->req.size - 1) & 0xff,
		  board_levels(&rig->b, OUT, 8));
	close(stream);
}

/*
 * Capture a ring while the board is told one value after the other, and find
 * each in its block through @other, another user's mapping of the same memory.
 */
static void ring_is_seen_by(struct __test_metadata *_metadata,
			    struct rig *rig, uint8_t *other)
{
	struct piaccel_block b;
	uint8_t seen[BLOCK];
	uint64_t want;
	int stream;

	/* a marker each way: the same pages */
	buffer_sync(&rig->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	for (size_t i = 0; i < SIZE; i += 512) {
		if (i & 512)
			rig->buf.map[i] = noise(i);
		else
			other[i] = noise(i);
	}
	for (size_t i = 0; i < SIZE; i += 512) {
		ASSERT_EQ(noise(i) & 0xff, rig->buf.map[i]);
		ASSERT_EQ(noise(i) & 0xff, other[i]);
	}
	buffer_sync(&rig->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);

	rig->req.flags = PIACCEL_STREAM_RING;
	rig->req.offset = 4096;
	stream = stream_start(rig->line, false, &rig->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	for (unsigned int round = 0; round < 12; round++) {
		uint64_t n;

		want = noise(1000 + round) & 0xff;
		ASSERT_EQ(0, drive_inputs(rig, want));
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
		EXPECT_EQ(0, memcmp(other + b.offset, rig->buf.map + b.offset,
				    BLOCK));
	}
	ASSERT_EQ(0, xioctl(stream, PIACCEL_STREAM_STOP));
	EXPECT_EQ(0, memcmp(other, rig->buf.map, SIZE));
	close(stream);
}

TEST_F(share, a_ring_is_read_through_a_drm_importer)
{
	struct rig *rig = &self->rig;
	uint8_t *theirs;
	int handle, again;

	rig->drm = vgem_open();
	if (rig->drm < 0)
		SKIP(return, "no vgem device");
	handle = vgem_import(rig->drm, rig->buf.fd);
	ASSERT_LE(0, handle) TH_LOG("%s", strerror(-handle));
	again = vgem_export(rig->drm, handle);
	ASSERT_LE(0, again);
	/* the importer's alone from here on, as after passing it to a GPU */
	theirs = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0);
	ASSERT_NE(MAP_FAILED, theirs);
	ring_is_seen_by(_metadata, rig, theirs);
	munmap(theirs, SIZE);
	close(again);
}

/* Shared memory of an ordinary process, which a udmabuf lends to us. */
TEST_F(theirs, a_ring_is_read_through_the_memory_behind_a_udmabuf)
{
	struct rig *rig = &self->rig;
	uint8_t *theirs;

	if (exporter_missing(UDMABUF))
		SKIP(return, "%s", exporter_missing(UDMABUF));
	ASSERT_TRUE(buffer_make(&rig->buf, rig->dev, UDMABUF, SIZE));
	rig->req.dmabuf_fd = rig->buf.fd;
	theirs = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      rig->buf.memfd, 0);
	ASSERT_NE(MAP_FAILED, theirs);
	ring_is_seen_by(_metadata, rig, theirs);
	munmap(theirs, SIZE);
}

/* Memory of a DRM driver, which maps it by itself. */
TEST_F(theirs, a_ring_lands_in_memory_of_a_drm_driver)
{
	struct rig *rig = &self->rig;
	uint32_t handle;
	uint8_t *theirs;

	rig->drm = vgem_open();
	if (rig->drm < 0)
		SKIP(return, "no vgem device");
	theirs = vgem_alloc(rig->drm, SIZE, &handle);
	ASSERT_NE(MAP_FAILED, theirs) TH_LOG("%s", strerror(errno));
	rig->buf.size = SIZE;
	rig->buf.fd = vgem_export(rig->drm, handle);
	ASSERT_LE(0, rig->buf.fd);
	rig->buf.map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			    rig->buf.fd, 0);
	ASSERT_NE(MAP_FAILED, rig->buf.map);
	rig->req.dmabuf_fd = rig->buf.fd;
	ring_is_seen_by(_metadata, rig, theirs);
	munmap(theirs, SIZE);
}

/* A buffer that may only be read can be played and not be captured into. */
TEST_F(theirs, a_read_only_buffer_is_only_played)
{
	struct dma_heap_allocation_data a = { .len = SIZE,
					      .fd_flags = O_RDONLY | O_CLOEXEC };
	struct piaccel_block blocks[8];
	struct rig *rig = &self->rig;
	int heap, stream;

	heap = open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC);
	if (heap < 0)
		SKIP(return, "no /dev/dma_heap/system");
	ASSERT_EQ(0, ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &a));
	close(heap);
	rig->req.dmabuf_fd = a.fd;
	EXPECT_EQ(-EACCES, stream_start(rig->line, false, &rig->req));
	EXPECT_FALSE(line_is(rig->line, PIACCEL_STATUS_CAPTURE));
	ASSERT_EQ(0, line_set(rig->line, 0x55, 0xff));
	rig->req.mask = 0xff;
	stream = stream_start(rig->line, true, &rig->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	ASSERT_EQ(4, read_blocks(stream, blocks, 8));
	EXPECT_EQ(0, board_levels(&rig->b, OUT, 8));
	close(stream);
	close(a.fd);
}

TEST_HARNESS_MAIN
