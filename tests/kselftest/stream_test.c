// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams: what they write and play, their records, how they end and what ends
 * them. Nothing here depends on how fast the machine is; samples at exact
 * times are for stream_timing_test.
 */
#include "stream.h"

#include "../kselftest_harness.h"

/* Lines 0-7 of the request are outputs, 8-15 inputs. */
#define OUTPUTS	0x00ffULL
#define INPUTS	0xff00ULL
#define SAFE	0x5aULL

#define PERIOD	(1 * MSEC)
#define BLOCK	16U

FIXTURE(stream) {
	struct board b;
	int dev, line, stream;
	struct buffer buf;
	struct piaccel_line_request lines;
	struct piaccel_stream_request req;
	struct piaccel_block blocks[64];
};

FIXTURE_SETUP(stream)
{
	struct piaccel_line_request *l = &self->lines;
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	self->stream = self->buf.fd = self->buf.memfd = -1;
	if (why)
		SKIP(return, "%s", why);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	board_reset(&self->b);
	*l = outputs(&self->b, OUT, 8, 0);
	l->num_lines = 16;
	for (int i = 0; i < 8; i++)
		l->offsets[8 + i] = IN + i;
	l->safe_mask = OUTPUTS;
	l->safe_values = SAFE;
	self->line = line_request(self->dev, l);
	ASSERT_LE(0, self->line) TH_LOG("%s", strerror(-self->line));
	ASSERT_TRUE(buffer_make(&self->buf, self->dev, OURS_CACHED, 65536));
	buffer_fill(&self->buf, 0xee);

	self->req = (struct piaccel_stream_request) {
		.mask = INPUTS, .size = 4 * BLOCK, .period_ns = PERIOD,
		.dmabuf_fd = self->buf.fd, .block_samples = BLOCK,
	};
}

FIXTURE_TEARDOWN(stream)
{
	if (self->stream >= 0)
		close(self->stream);
	if (self->line >= 0)
		close(self->line);
	buffer_free(&self->buf);
	close(self->dev);
	board_close(&self->b);
}

static int start(FIXTURE_DATA(stream) *self, bool play)
{
	self->stream = stream_start(self->line, play, &self->req);
	return self->stream;
}

static int drive_inputs(FIXTURE_DATA(stream) *self, uint64_t values)
{
	return tb_drive_mask(self->b.outside, SPAN(IN, 8), values << IN);
}

/* @n bytes of the buffer are all @byte. */
static bool all_bytes(const struct buffer *b, size_t from, size_t n,
		      uint8_t byte)
{
	for (size_t i = 0; i < n; i++)
		if (b->map[from + i] != byte)
			return false;
	return true;
}

/* The records of a stream that ran whole, or ended early with @flags. */
static void expect_blocks(struct __test_metadata *_metadata,
			  FIXTURE_DATA(stream) *self, int n, uint32_t flags,
			  size_t bytes)
{
	const struct piaccel_block *b = self->blocks;
	uint64_t ring = self->req.size / bytes;

	for (int i = 0; i < n; i++) {
		EXPECT_EQ(i, b[i].seq);
		EXPECT_EQ(self->req.offset + i % ring * bytes, b[i].offset);
		EXPECT_EQ(0, b[i].lost);
		EXPECT_LE(b[i].overruns, b[i].samples);
		EXPECT_EQ(i == n - 1 ? flags | PIACCEL_BLOCK_LAST : 0,
			  b[i].flags);
		if (i < n - 1 || !flags) {
			EXPECT_EQ(self->req.block_samples, b[i].samples);
		} else {
			EXPECT_GE(self->req.block_samples, b[i].samples);
		}
		if (!b[i].samples)
			continue;
		EXPECT_LE(b[i].first_ns, b[i].last_ns);
		if (i) {
			EXPECT_LE(b[i - 1].last_ns, b[i].first_ns);
		}
	}
}

/* ---- capture ---- */

static const struct {
	uint32_t format;
	uint64_t mask;
	unsigned int lines;
	const char *name;
} samples[] = {
	{ PIACCEL_FORMAT_BITS, 0x0100, 1, "bits, 1 line" },
	{ PIACCEL_FORMAT_BITS, 0xff00, 8, "bits, 8 lines" },
	{ PIACCEL_FORMAT_BITS, 0xff80, 9, "bits, 9 lines" },
	{ PIACCEL_FORMAT_BITS, 0xffff, 16, "bits, 16 lines" },
	{ PIACCEL_FORMAT_BITS, 0xa500, 4, "bits, 4 lines apart" },
	{ PIACCEL_FORMAT_U8, 0xff00, 8, "u8, 8 lines" },
	{ PIACCEL_FORMAT_U8, 0x8100, 2, "u8, 2 lines apart" },
	{ PIACCEL_FORMAT_F32, 0xff00, 8, "f32, 8 lines" },
	{ PIACCEL_FORMAT_F32, 0x5500, 4, "f32, 4 lines apart" },
};

/* Bits of @values that @mask selects, packed, lowest first. */
static uint64_t select_bits(uint64_t values, uint64_t mask)
{
	uint64_t bits = 0;
	int n = 0;

	for (int i = 0; i < 64; i++)
		if (mask >> i & 1)
			bits |= (values >> i & 1) << n++;
	return bits;
}

TEST_F_TIMEOUT(stream, capture_writes_each_format, 120)
{
	uint64_t levels = 0xb2;
	uint8_t want[64];

	ASSERT_EQ(0, drive_inputs(self, levels));
	for (size_t i = 0; i < LEN(samples); i++) {
		uint32_t format = samples[i].format;
		size_t size = sample_size(format, samples[i].lines);
		size_t end;

		buffer_fill(&self->buf, 0xee);
		self->req.format = format;
		self->req.mask = samples[i].mask;
		self->req.offset = 4096 + 2 * size;
		self->req.size = 4 * BLOCK * size;
		end = self->req.offset + self->req.size;
		ASSERT_LE(0, start(self, false)) TH_LOG("%s", samples[i].name);
		ASSERT_EQ(4, read_blocks(self->stream, self->blocks, 64));
		expect_blocks(_metadata, self, 4, 0, BLOCK * size);
		EXPECT_EQ(size, stream_status(self->stream).sample_size);
		sample_pack(want, format, samples[i].lines,
			    select_bits(levels << 8, samples[i].mask));
		buffer_sync(&self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
		for (size_t s = 0; s < 4 * BLOCK; s++) {
			ASSERT_EQ(0, memcmp(want, self->buf.map +
					    self->req.offset + s * size, size))
				TH_LOG("%s, sample %zu", samples[i].name, s);
		}
		/* and not a byte beside them */
		EXPECT_TRUE(all_bytes(&self->buf, 0, self->req.offset, 0xee));
		EXPECT_TRUE(all_bytes(&self->buf, end, self->buf.size - end,
				      0xee));
		buffer_sync(&self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
		close(self->stream);
		self->stream = -1;
	}
}

TEST_F(stream, capture_of_many_lines)
{
	struct piaccel_line_request r = inputs(&self->b, 0, 54);
	int line;

	ASSERT_EQ(0, close(self->line));
	self->line = -1;
	line = line_request(self->dev, &r);
	ASSERT_LE(0, line);
	ASSERT_EQ(0, tb_drive_mask(self->b.outside, LINES(54), noise(7)));
	self->req.mask = LINES(54);
	self->req.size = BLOCK * 8;
	self->req.period_ns = PERIOD;
	self->stream = stream_start(line, false, &self->req);
	ASSERT_LE(0, self->stream) TH_LOG("%s", strerror(-self->stream));
	ASSERT_EQ(1, read_blocks(self->stream, self->blocks, 64));
	EXPECT_EQ(8, stream_status(self->stream).sample_size);
	for (size_t i = 0; i < BLOCK; i++) {
		EXPECT_EQ(noise(7) & LINES(54),
			  ((uint64_t *)self->buf.map)[i]);
	}
	/* 17 lines need an integer of four bytes */
	close(self->stream);
	self->req.mask = LINES(17) << 30;
	self->req.size = BLOCK * 4;
	self->stream = stream_start(line, false, &self->req);
	ASSERT_LE(0, self->stream);
	ASSERT_EQ(1, read_blocks(self->stream, self->blocks, 64));
	for (size_t i = 0; i < BLOCK; i++) {
		EXPECT_EQ(noise(7) >> 30 & LINES(17),
			  ((uint32_t *)self->buf.map)[i]);
	}
	close(line);
}

TEST_F(stream, capture_sees_logical_values)
{
	struct piaccel_line_config c = self->lines.config;

	c.active_low_mask = 0x0f00;
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_RECONFIG, &c));
	ASSERT_EQ(0, drive_inputs(self, 0x33));
	ASSERT_LE(0, start(self, false));
	ASSERT_EQ(4, read_blocks(self->stream, self->blocks, 64));
	EXPECT_TRUE(all_bytes(&self->buf, 0, self->req.size, 0x33 ^ 0x0f));
}

TEST_F(stream, a_one_shot_says_when_it_is_complete)
{
	struct piaccel_stream_status s;
	uint64_t late = 0, t0 = now_ns();
	struct piaccel_block b;

	ASSERT_LE(0, start(self, false));
	EXPECT_EQ(O_RDONLY, fcntl(self->stream, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->stream, F_GETFD));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_CAPTURE));
	ASSERT_EQ(4, read_blocks(self->stream, self->blocks, 64));
	expect_blocks(_metadata, self, 4, 0, BLOCK);
	EXPECT_EQ(POLLIN | POLLHUP,
		  wait_events(self->stream, POLLIN) & (POLLIN | POLLHUP));
	EXPECT_EQ(0, read(self->stream, &b, sizeof(b)));
	EXPECT_EQ(0, read(self->stream, &b, sizeof(b)));

	s = stream_status(self->stream);
	EXPECT_EQ(PIACCEL_STREAM_DONE, s.state);
	EXPECT_EQ(0, s.flags);
	EXPECT_EQ(4 * BLOCK, s.samples);
	EXPECT_EQ(4, s.blocks);
	EXPECT_EQ(0, s.blocks_lost);
	EXPECT_EQ(1, s.sample_size);
	EXPECT_LE(t0, s.start_ns);
	EXPECT_LE(s.start_ns, self->blocks[0].first_ns);
	for (int i = 0; i < 4; i++) {
		EXPECT_GE(s.max_late_ns, self->blocks[i].max_late_ns);
		late += self->blocks[i].overruns;
	}
	EXPECT_EQ(s.overruns, late);
	/* each wake-up of the timer is in one bucket */
	late = 0;
	for (int i = 0; i < PIACCEL_LATE_BUCKETS; i++)
		late += s.late[i];
	EXPECT_LE(s.samples - s.overruns, late);
	EXPECT_GE(s.samples, late);
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_CAPTURE));
	/* it makes room for the next */
	close(self->stream);
	EXPECT_LE(0, start(self, false));
}

TEST_F(stream, read_waits_gives_whole_records_and_refuses_less)
{
	char small[sizeof(struct piaccel_block) - 1];
	struct piaccel_block b[2];

	self->req.size = 64 * BLOCK;
	ASSERT_LE(0, start(self, false));
	EXPECT_EQ(-1, read(self->stream, small, sizeof(small)));
	EXPECT_EQ(EINVAL, errno);
	/* waits for the first one; what does not fit whole stays */
	ASSERT_EQ(sizeof(b[0]), read(self->stream, b, sizeof(b) - 1));
	EXPECT_EQ(0, b[0].seq);
	ASSERT_EQ(sizeof(b[0]), read(self->stream, b, sizeof(b[0])));
	EXPECT_EQ(1, b[0].seq);
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
}

TEST_F(stream, read_does_not_wait_with_o_nonblock)
{
	struct piaccel_block b;

	self->req.start_ns = now_ns() + 600 * SEC;
	ASSERT_LE(0, start(self, false));
	ASSERT_EQ(0, fcntl(self->stream, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(0, events_now(self->stream, POLLIN));
	EXPECT_EQ(-1, read(self->stream, &b, sizeof(b)));
	EXPECT_EQ(EAGAIN, errno);
}

/*
 * The board is told one value after the other, each for at least two samples:
 * the capture holds them all, in their order, and nothing else.
 */
TEST_F_TIMEOUT(stream, capture_holds_what_the_board_was_told_to_drive, 120)
{
	unsigned int n = 40, seen = 0;
	uint64_t before;
	uint32_t size;

	self->req.size = 2048;
	self->req.block_samples = 128;
	ASSERT_EQ(0, drive_inputs(self, noise(0) & 0xff));
	ASSERT_LE(0, start(self, false));
	for (unsigned int i = 1; i < n; i++) {
		before = stream_status(self->stream).samples;
		ASSERT_TRUE(wait_for(stream_status(self->stream).samples >
				     before + 2));
		ASSERT_EQ(0, drive_inputs(self, noise(i) & 0xff));
	}
	before = stream_status(self->stream).samples;
	ASSERT_TRUE(wait_for(stream_status(self->stream).samples > before + 2 ||
			     stream_ended(self->stream)));
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	size = stream_status(self->stream).samples;
	ASSERT_LT(2 * n, size);
	ASSERT_EQ(noise(0) & 0xff, self->buf.map[0]);
	for (uint32_t i = 1; i < size && seen < n; i++) {
		if (self->buf.map[i] == (noise(seen) & 0xff))
			continue;
		seen++;
		ASSERT_EQ(noise(seen) & 0xff, self->buf.map[i])
			TH_LOG("sample %u, value %u", i, seen);
	}
	if (size < self->req.size) {
		EXPECT_EQ(n - 1, seen);
	}
}

TEST_F(stream, a_ring_begins_again_and_ends_by_stop)
{
	struct piaccel_stream_status s;
	struct piaccel_block b;
	int n = 0, last;

	self->req.flags = PIACCEL_STREAM_RING;
	ASSERT_EQ(0, drive_inputs(self, 0x77));
	ASSERT_LE(0, start(self, false));
	while (n < 10) {
		ASSERT_EQ(sizeof(b), read(self->stream, &self->blocks[n++],
					  sizeof(b)));
	}
	EXPECT_EQ(PIACCEL_STREAM_RUNNING, stream_status(self->stream).state);
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	s = stream_status(self->stream);
	EXPECT_EQ(PIACCEL_STREAM_ENDED, s.state);
	EXPECT_EQ(PIACCEL_BLOCK_STOPPED, s.flags);
	last = read_blocks(self->stream, self->blocks + n, 64 - n);
	ASSERT_LT(0, last);
	expect_blocks(_metadata, self, n + last, PIACCEL_BLOCK_STOPPED, BLOCK);
	EXPECT_EQ(s.samples, (n + last - 1) * BLOCK +
		  self->blocks[n + last - 1].samples);
	EXPECT_TRUE(all_bytes(&self->buf, 0, self->req.size, 0x77));
	EXPECT_TRUE(all_bytes(&self->buf, self->req.size, 4096, 0xee));
	EXPECT_EQ(0, read(self->stream, &b, sizeof(b)));
	EXPECT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	/* nothing moves any more */
	EXPECT_EQ(s.samples, stream_status(self->stream).samples);
}

TEST_F(stream, a_reader_that_sleeps_loses_records_and_is_told)
{
	struct piaccel_stream_status s;
	uint64_t lost = 0, seq = 0;
	int n;

	self->req.flags = PIACCEL_STREAM_RING;
	self->req.size = 2 * BLOCK;
	ASSERT_LE(0, start(self, false));
	ASSERT_TRUE(wait_for(stream_status(self->stream).blocks > 8));
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	n = read_blocks(self->stream, self->blocks, 64);
	ASSERT_LT(0, n);
	s = stream_status(self->stream);
	for (int i = 0; i < n; i++) {
		lost += self->blocks[i].lost;
		EXPECT_EQ(seq + self->blocks[i].lost, self->blocks[i].seq);
		seq = self->blocks[i].seq + 1;
	}
	EXPECT_LT(0, lost);
	EXPECT_EQ(s.blocks_lost, lost);
}

TEST_F(stream, stop_ends_it_and_leaves_the_rest_of_the_buffer_alone)
{
	struct piaccel_stream_status s;
	int n;

	self->req.size = 16384;
	self->req.block_samples = 1024;
	ASSERT_EQ(0, drive_inputs(self, 0x11));
	ASSERT_LE(0, start(self, false));
	ASSERT_TRUE(wait_for(stream_status(self->stream).samples > 3));
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	s = stream_status(self->stream);
	n = read_blocks(self->stream, self->blocks, 64);
	ASSERT_LT(0, n);
	expect_blocks(_metadata, self, n, PIACCEL_BLOCK_STOPPED, 1024);
	EXPECT_EQ(s.samples, (n - 1) * 1024U + self->blocks[n - 1].samples);
	EXPECT_TRUE(all_bytes(&self->buf, 0, s.samples, 0x11));
	EXPECT_TRUE(all_bytes(&self->buf, s.samples, 16384 - s.samples, 0xee));
}

TEST_F(stream, stop_before_the_first_sample_takes_none)
{
	self->req.start_ns = now_ns() + 600 * SEC;
	ASSERT_LE(0, start(self, false));
	EXPECT_EQ(PIACCEL_STREAM_WAITING, stream_status(self->stream).state);
	EXPECT_EQ(self->req.start_ns, stream_status(self->stream).start_ns);
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	ASSERT_EQ(1, read_blocks(self->stream, self->blocks, 64));
	EXPECT_EQ(0, self->blocks[0].samples);
	EXPECT_EQ(PIACCEL_BLOCK_STOPPED | PIACCEL_BLOCK_LAST,
		  self->blocks[0].flags);
	EXPECT_TRUE(all_bytes(&self->buf, 0, self->buf.size, 0xee));
}

TEST_F(stream, start_is_absolute)
{
	uint64_t due = now_ns() + 50 * MSEC;

	self->req.start_ns = due;
	ASSERT_LE(0, start(self, false));
	EXPECT_EQ(due, stream_status(self->stream).start_ns);
	ASSERT_EQ(4, read_blocks(self->stream, self->blocks, 64));
	EXPECT_LE(due, self->blocks[0].first_ns);
	close(self->stream);

	self->req.start_ns = now_ns() - SEC;
	EXPECT_EQ(-ETIME, start(self, false));
	self->req.start_ns = now_ns() + PIACCEL_START_MAX_NS + 60 * SEC;
	EXPECT_EQ(-ERANGE, start(self, false));
}

TEST_F(stream, one_of_each_and_what_else_is_refused_meanwhile)
{
	int capture, play;

	self->req.start_ns = now_ns() + 600 * SEC;
	capture = stream_start(self->line, false, &self->req);
	ASSERT_LE(0, capture);
	EXPECT_EQ(-EBUSY, stream_start(self->line, false, &self->req));
	/* a capture leaves SET alone */
	EXPECT_EQ(0, line_set(self->line, 0x3, OUTPUTS));
	EXPECT_EQ(-EBUSY, xioctl(self->line, PIACCEL_LINE_RECONFIG,
				 &self->lines.config));
	self->req.mask = OUTPUTS;
	play = stream_start(self->line, true, &self->req);
	ASSERT_LE(0, play);
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_CAPTURE |
			    PIACCEL_STATUS_PLAYBACK));
	EXPECT_EQ(-EBUSY, stream_start(self->line, true, &self->req));
	EXPECT_EQ(-EBUSY, line_set(self->line, 0x1, OUTPUTS));
	EXPECT_EQ(-EBUSY, xioctl(self->line, PIACCEL_LINE_RECONFIG,
				 &self->lines.config));
	ASSERT_EQ(0, xioctl(play, PIACCEL_STREAM_STOP));
	EXPECT_EQ(0, line_set(self->line, 0x1, OUTPUTS));
	EXPECT_EQ(0x1, board_levels(&self->b, OUT, 8));
	close(play);
	close(capture);
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_CAPTURE));
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_RECONFIG,
			    &self->lines.config));
}

/* What all streams may take together, and none of them ever takes a sample. */
#define STREAMS	48

struct many {
	int line[STREAMS + 1], stream[STREAMS], n, ret;
	uint64_t floor;
};

/*
 * Start captures until one is refused: at their requests' floors first, then
 * slower ones, until there is no room to speak of.
 */
static void many_start(FIXTURE_DATA(stream) *self, struct many *m)
{
	unsigned int slower = 1;

	self->req.mask = 1;
	self->req.start_ns = now_ns() + 600 * SEC;
	self->req.block_samples = 4096;
	self->req.size = 8192;
	m->line[0] = -1;
	for (m->n = 0; m->n < STREAMS; m->line[++m->n] = -1) {
		struct piaccel_line_request r = inputs(&self->b, m->n, 1);
		int line = m->ret = m->line[m->n] = line_request(self->dev, &r);

		if (line < 0)
			return;
		m->floor = line_status(line).period_floor_ns;
		for (;; slower *= 2) {
			self->req.period_ns = slower * m->floor;
			m->ret = stream_start(line, false, &self->req);
			if (m->ret != -ENOSPC || slower == 128)
				break;
		}
		if (m->ret < 0)
			break;
		m->stream[m->n] = m->ret;
	}
	self->req.period_ns = m->floor;
}

static void many_close(struct many *m)
{
	for (int i = 0; i < m->n; i++) {
		close(m->stream[i]);
		close(m->line[i]);
	}
	close(m->line[m->n]);
}

TEST_F(stream, all_running_streams_share_one_cpu)
{
	struct many m;
	int fd;

	close(self->line);
	self->line = -1;
	many_start(self, &m);
	ASSERT_EQ(-ENOSPC, m.ret);
	/* two fit, whatever a sample costs */
	EXPECT_LE(2, m.n);
	/* those refused take no part of it, be it for this or for another reason */
	for (int i = 0; i < 20; i++) {
		EXPECT_EQ(-ENOSPC, stream_start(m.line[m.n], false, &self->req));
		EXPECT_EQ(-EBUSY, stream_start(m.line[0], false, &self->req));
	}
	/* what one gives back, another takes; a slower one takes less */
	close(m.stream[0]);
	self->req.period_ns = 100 * m.floor;
	m.stream[0] = stream_start(m.line[0], false, &self->req);
	EXPECT_LE(0, m.stream[0]);
	fd = stream_start(m.line[m.n], false, &self->req);
	EXPECT_LE(0, fd) TH_LOG("%s", strerror(-fd));
	close(fd);
	many_close(&m);
}

/* An end gives the time back, exactly once: by itself, by STOP, by a close. */
TEST_F_TIMEOUT(stream, a_finished_stream_left_open_takes_nothing, 60)
{
	int left[STREAMS], first;
	struct many m;

	for (int i = 0; i < STREAMS; i++) {
		struct piaccel_stream_request r = self->req;

		r.period_ns = line_status(self->line).period_floor_ns;
		r.block_samples = 64;
		r.size = 128;
		if (r.period_ns * 64 < PIACCEL_BLOCK_MIN_NS)
			r.period_ns = PIACCEL_BLOCK_MIN_NS / 64 + 1;
		left[i] = stream_start(self->line, false, &r);
		ASSERT_LE(0, left[i]) TH_LOG("%d: %s", i, strerror(-left[i]));
		if (i % 2)
			ASSERT_EQ(0, xioctl(left[i], PIACCEL_STREAM_STOP));
		ASSERT_TRUE(wait_for(stream_ended(left[i])));
	}
	close(self->line);
	self->line = -1;
	many_start(self, &m);
	EXPECT_EQ(-ENOSPC, m.ret);
	first = m.n;
	many_close(&m);
	/* and their close does not give it back again */
	for (int i = 0; i < STREAMS; i++)
		close(left[i]);
	many_start(self, &m);
	EXPECT_EQ(-ENOSPC, m.ret);
	/* the measured cost varies a little */
	EXPECT_LE(2, m.n);
	EXPECT_LE(m.n, 2 * first);
	many_close(&m);
}

TEST_F(stream, a_chip_that_sleeps_has_none)
{
	struct piaccel_line_request r;
	struct board sim;
	int line;

	if (board_open(&sim, SIM_LABEL))
		SKIP(return, "no gpio-sim");
	r = outputs(&sim, OUT, 8, 0);
	line = line_request(self->dev, &r);
	ASSERT_LE(0, line);
	self->req.mask = 0xff;
	EXPECT_EQ(-EOPNOTSUPP, stream_start(line, false, &self->req));
	EXPECT_EQ(-EOPNOTSUPP, stream_start(line, true, &self->req));
	close(line);
	board_close(&sim);
}

/* ---- playback ---- */

static void fill_playback(FIXTURE_DATA(stream) *self, size_t n)
{
	buffer_sync(&self->buf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	for (size_t i = 0; i < n; i++)
		self->buf.map[i] = noise(i);
	buffer_sync(&self->buf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	self->req.mask = OUTPUTS;
	self->req.size = n;
}

TEST_F_TIMEOUT(stream, the_board_sees_what_was_played, 60)
{
	struct piaccel_stream_status s;
	struct tb_record rec[2048];
	uint64_t level = 0;
	ssize_t n, i = 0;
	size_t at = 0;

	fill_playback(self, 128);
	ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 8),
				     1 << TB_KIND_OUTPUT));
	ASSERT_LE(0, start(self, true));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_PLAYBACK));
	ASSERT_EQ(8, read_blocks(self->stream, self->blocks, 64));
	expect_blocks(_metadata, self, 8, 0, BLOCK);
	s = stream_status(self->stream);
	EXPECT_EQ(128, s.samples);

	/* changes at one time are one sample; those skipped are overruns */
	n = board_records(&self->b, rec, LEN(rec));
	ASSERT_LT(0, n);
	while (i < n) {
		uint64_t when = rec[i].time_ns;

		for (; i < n && rec[i].time_ns == when; i++) {
			level &= ~TB_BIT(rec[i].line - OUT);
			level |= (uint64_t)rec[i].value << (rec[i].line - OUT);
		}
		while (at < 128 && self->buf.map[at] != level)
			at++;
		ASSERT_LT(at, 128) TH_LOG("level %02llx was never a sample",
					  (unsigned long long)level);
		if (!s.overruns) {
			EXPECT_LE(s.start_ns + at * PERIOD, when);
		}
	}
	EXPECT_EQ(noise(127) & 0xff, level);
	/* the last values stand, after the stream too */
	EXPECT_EQ(noise(127) & 0xff, board_levels(&self->b, OUT, 8));
	EXPECT_EQ(noise(127) & 0xff,
		  line_status(self->line).values & OUTPUTS);
	close(self->stream);
	self->stream = -1;
	EXPECT_EQ(noise(127) & 0xff, board_levels(&self->b, OUT, 8));
	EXPECT_EQ(noise(127) & 0xff, (uint64_t)line_get(self->line, OUTPUTS));
}

TEST_F(stream, playback_reads_u8)
{
	static const uint8_t bytes[8] = { 0, 1, 2, 255, 128, 0, 0, 7 };

	memcpy(self->buf.map, bytes, sizeof(bytes));
	self->req.mask = OUTPUTS;
	self->req.format = PIACCEL_FORMAT_U8;
	self->req.block_samples = 1;
	self->req.size = 8;
	ASSERT_LE(0, start(self, true));
	ASSERT_EQ(1, read_blocks(self->stream, self->blocks, 64));
	EXPECT_EQ(0x9e, board_levels(&self->b, OUT, 8));
}

TEST_F(stream, playback_reads_f32)
{
	/* by bit pattern: half, the next above, and what is no number */
	static const struct {
		uint32_t bits;
		bool high;
	} f[] = {
		{ 0x00000000, false },	/* 0 */
		{ 0x3f000000, false },	/* 0.5 */
		{ 0x3f000001, true },	/* a little more */
		{ 0x3effffff, false },	/* a little less */
		{ 0x3f800000, true },	/* 1 */
		{ 0x80000000, false },	/* -0 */
		{ 0xbf800000, false },	/* -1 */
		{ 0x7f800000, true },	/* infinity */
		{ 0xff800000, false },	/* -infinity */
		{ 0x7fc00000, false },	/* not a number */
		{ 0x7f800001, false },	/* another one */
		{ 0xffc00000, false },	/* and a third */
		{ 0x00000001, false },	/* the smallest */
		{ 0x7f7fffff, true },	/* the largest */
		{ 0x42280000, true },	/* 42 */
		{ 0xc2280000, false },	/* -42 */
	};
	uint64_t want = 0;

	self->req.mask = OUTPUTS;
	self->req.format = PIACCEL_FORMAT_F32;
	self->req.block_samples = 1;
	self->req.size = 32;
	for (size_t part = 0; part < 2; part++) {
		want = 0;
		for (size_t i = 0; i < 8; i++) {
			memcpy(self->buf.map + 4 * i, &f[8 * part + i].bits, 4);
			want |= (uint64_t)f[8 * part + i].high << i;
		}
		ASSERT_LE(0, start(self, true));
		ASSERT_EQ(1, read_blocks(self->stream, self->blocks, 64));
		EXPECT_EQ(want, board_levels(&self->b, OUT, 8));
		close(self->stream);
		self->stream = -1;
	}
}

TEST_F(stream, playback_of_some_lines_leaves_the_others)
{
	ASSERT_EQ(0, line_set(self->line, 0xaa, OUTPUTS));
	self->buf.map[0] = 0x5;
	self->req.mask = 0x0f;
	self->req.block_samples = 1;
	self->req.size = 1;
	ASSERT_LE(0, start(self, true));
	ASSERT_EQ(1, read_blocks(self->stream, self->blocks, 64));
	EXPECT_EQ(0xa5, board_levels(&self->b, OUT, 8));
}

TEST_F(stream, a_ring_plays_what_is_written_to_it_meanwhile)
{
	fill_playback(self, 4 * BLOCK);
	self->req.flags = PIACCEL_STREAM_RING;
	ASSERT_LE(0, start(self, true));
	ASSERT_TRUE(wait_for(stream_status(self->stream).blocks > 5));
	buffer_fill(&self->buf, 0x3c);
	ASSERT_TRUE(wait_for(board_levels(&self->b, OUT, 8) == 0x3c));
	/* two rounds later it can be nothing else */
	uint64_t n = stream_status(self->stream).blocks;

	ASSERT_TRUE(wait_for(stream_status(self->stream).blocks > n + 8));
	EXPECT_EQ(0x3c, board_levels(&self->b, OUT, 8));
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	EXPECT_EQ(0x3c, board_levels(&self->b, OUT, 8));
}

/* ---- trips ---- */

TEST_F(stream, a_trip_ends_playback_and_nothing_moves_after_it)
{
	struct tb_record rec[4096];
	uint64_t safe_ns;
	ssize_t n;
	int got;

	fill_playback(self, 8 * BLOCK);
	self->req.flags = PIACCEL_STREAM_RING;
	ASSERT_LE(0, start(self, true));
	ASSERT_TRUE(wait_for(stream_status(self->stream).samples > 4));
	ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 8),
				     1 << TB_KIND_OUTPUT));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(line_tripped(self->line));
	safe_ns = line_status(self->line).safe_ns;
	EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 8));
	EXPECT_TRUE(wait_for(stream_ended(self->stream)));
	EXPECT_EQ(PIACCEL_STREAM_ENDED, stream_status(self->stream).state);
	EXPECT_EQ(PIACCEL_BLOCK_TRIPPED, stream_status(self->stream).flags);
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_PLAYBACK));
	while ((got = read_blocks(self->stream, self->blocks, 64)) == 64)
		;
	ASSERT_LT(0, got);
	EXPECT_EQ(PIACCEL_BLOCK_TRIPPED | PIACCEL_BLOCK_LAST,
		  self->blocks[got - 1].flags);
	/* well past the next samples' times */
	nap_ns(20 * PERIOD);
	EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 8));
	n = board_records(&self->b, rec, LEN(rec));
	ASSERT_LE(0, n);
	for (ssize_t i = 0; i < n; i++) {
		EXPECT_LE(rec[i].time_ns, safe_ns);
	}

	close(self->stream);
	self->stream = -1;
	EXPECT_EQ(-ESHUTDOWN, start(self, true));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	EXPECT_LE(0, start(self, true));
}

TEST_F(stream, a_trip_leaves_a_capture_running)
{
	uint64_t n;

	self->req.flags = PIACCEL_STREAM_RING;
	ASSERT_LE(0, start(self, false));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(line_tripped(self->line));
	n = stream_status(self->stream).samples;
	EXPECT_TRUE(wait_for(stream_status(self->stream).samples > n + 4));
	EXPECT_EQ(PIACCEL_STREAM_RUNNING, stream_status(self->stream).state);
}

TEST_F(stream, closing_the_owner_during_playback_is_safe)
{
	fill_playback(self, 8 * BLOCK);
	self->req.flags = PIACCEL_STREAM_RING;
	self->lines.flags = PIACCEL_LINE_HOLD;
	close(self->line);
	self->line = line_request(self->dev, &self->lines);
	ASSERT_LE(0, self->line);
	ASSERT_LE(0, start(self, true));
	ASSERT_TRUE(wait_for(stream_status(self->stream).samples > 4));
	close(self->line);
	EXPECT_TRUE(wait_for(board_levels(&self->b, OUT, 8) == SAFE));
	EXPECT_TRUE(wait_for(stream_ended(self->stream)));
	nap_ns(20 * PERIOD);
	EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 8));
	self->lines.flags = PIACCEL_LINE_ADOPT;
	self->line = line_request(self->dev, &self->lines);
	ASSERT_LE(0, self->line);
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
}

/* ---- ends ---- */

TEST_F(stream, closing_the_stream_ends_it)
{
	self->req.flags = PIACCEL_STREAM_RING;
	ASSERT_LE(0, start(self, false));
	ASSERT_TRUE(wait_for(stream_status(self->stream).samples > 4));
	close(self->stream);
	self->stream = -1;
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_CAPTURE));
	buffer_fill(&self->buf, 0xee);
	nap_ns(10 * PERIOD);
	EXPECT_TRUE(all_bytes(&self->buf, 0, self->buf.size, 0xee));
}

TEST_F(stream, closing_the_line_ends_the_stream)
{
	struct piaccel_block b;
	int n;

	self->req.flags = PIACCEL_STREAM_RING;
	ASSERT_LE(0, start(self, false));
	ASSERT_TRUE(wait_for(stream_status(self->stream).samples > 4));
	close(self->line);
	self->line = -1;
	n = read_blocks(self->stream, self->blocks, 64);
	ASSERT_LT(0, n);
	EXPECT_EQ(PIACCEL_BLOCK_GONE | PIACCEL_BLOCK_LAST,
		  self->blocks[n - 1].flags);
	EXPECT_EQ(0, read(self->stream, &b, sizeof(b)));
	EXPECT_EQ(PIACCEL_STREAM_ENDED, stream_status(self->stream).state);
	EXPECT_EQ(PIACCEL_BLOCK_GONE, stream_status(self->stream).flags);
	EXPECT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	/* the lines are free while the stream's file is still open */
	self->line = line_request(self->dev, &self->lines);
	EXPECT_LE(0, self->line);
}

TEST_F(stream, the_buffer_lives_as_long_as_the_stream)
{
	uint64_t used = piaccel_info(self->dev).buf_used;

	ASSERT_EQ(0, drive_inputs(self, 0x42));
	ASSERT_LE(0, start(self, false));
	/* the mapping stays; the descriptor goes */
	close(self->buf.fd);
	self->buf.fd = -1;
	ASSERT_EQ(4, read_blocks(self->stream, self->blocks, 64));
	EXPECT_TRUE(all_bytes(&self->buf, 0, self->req.size, 0x42));
	/* and without any of ours */
	munmap(self->buf.map, self->buf.size);
	self->buf.map = NULL;
	close(self->stream);
	self->stream = -1;
	EXPECT_TRUE(wait_for(piaccel_info(self->dev).buf_used ==
			     used - self->buf.size));
}

TEST_F(stream, a_buffer_with_no_other_user_is_captured_into)
{
	self->req.flags = PIACCEL_STREAM_RING;
	ASSERT_LE(0, start(self, false));
	buffer_free(&self->buf);
	ASSERT_TRUE(wait_for(stream_status(self->stream).blocks > 8));
	close(self->stream);
	self->stream = -1;
	EXPECT_TRUE(wait_for(piaccel_info(self->dev).buf_used == 0));
}

TEST_F(stream, the_chip_may_go_during_both_streams)
{
	int capture, play, n;

	self->req.flags = PIACCEL_STREAM_RING;
	capture = stream_start(self->line, false, &self->req);
	ASSERT_LE(0, capture);
	self->req.offset = 4096;
	self->req.mask = OUTPUTS;
	play = stream_start(self->line, true, &self->req);
	ASSERT_LE(0, play);
	ASSERT_TRUE(wait_for(stream_status(capture).samples > 4 &&
			     stream_status(play).samples > 4));
	ASSERT_EQ(0, board_chip(&self->b, false));
	EXPECT_TRUE(wait_for(stream_ended(capture) && stream_ended(play)));
	EXPECT_EQ(PIACCEL_BLOCK_GONE, stream_status(capture).flags);
	EXPECT_NE(0, stream_status(play).flags &
		  (PIACCEL_BLOCK_GONE | PIACCEL_BLOCK_TRIPPED));
	n = read_blocks(capture, self->blocks, 64);
	ASSERT_LT(0, n);
	EXPECT_EQ(PIACCEL_BLOCK_GONE | PIACCEL_BLOCK_LAST,
		  self->blocks[n - 1].flags);
	EXPECT_EQ(POLLHUP, wait_events(capture, POLLIN) & POLLHUP);
	EXPECT_EQ(-ENODEV, stream_start(self->line, false, &self->req));
	close(play);
	close(capture);
	ASSERT_EQ(0, board_chip(&self->b, true));
	close(self->line);
	board_reset(&self->b);
	self->line = line_request(self->dev, &self->lines);
	ASSERT_LE(0, self->line);
	EXPECT_LE(0, start(self, true));
}

/* ---- fences ---- */

TEST_F(stream, a_fence_signals_when_a_one_shot_is_complete)
{
	struct sync_file_info i;
	int fence;

	self->req.start_ns = now_ns() + 100 * MSEC;
	ASSERT_LE(0, start(self, false));
	fence = xioctl(self->stream, PIACCEL_STREAM_FENCE);
	ASSERT_LE(0, fence) TH_LOG("%s", strerror(-fence));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fence, F_GETFD));
	if (!stream_ended(self->stream)) {
		EXPECT_TRUE(fence_info(fence).status == 0 ||
			    stream_ended(self->stream));
	}
	EXPECT_EQ(POLLIN, wait_events(fence, POLLIN));
	i = fence_info(fence);
	EXPECT_EQ(1, i.status);
	EXPECT_EQ(1, i.num_fences);
	EXPECT_EQ(PIACCEL_STREAM_DONE, stream_status(self->stream).state);
	/* its data is there with it */
	EXPECT_TRUE(all_bytes(&self->buf, 0, self->req.size, 0));
	close(fence);
}

TEST_F(stream, a_fence_carries_the_error_of_an_early_end)
{
	int fence;

	self->req.start_ns = now_ns() + 5 * SEC;
	ASSERT_LE(0, start(self, false));
	fence = xioctl(self->stream, PIACCEL_STREAM_FENCE);
	ASSERT_LE(0, fence);
	EXPECT_EQ(0, events_now(fence, POLLIN));
	EXPECT_EQ(0, fence_info(fence).status);
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	EXPECT_EQ(POLLIN, wait_events(fence, POLLIN) & POLLIN);
	EXPECT_EQ(-ECANCELED, fence_info(fence).status);
	close(fence);
}

TEST_F(stream, a_fence_outlives_the_stream_the_lines_and_the_device)
{
	int fence;

	self->req.start_ns = now_ns() + 5 * SEC;
	ASSERT_LE(0, start(self, false));
	fence = xioctl(self->stream, PIACCEL_STREAM_FENCE);
	ASSERT_LE(0, fence);
	close(self->stream);
	close(self->line);
	self->stream = self->line = -1;
	EXPECT_EQ(POLLIN, wait_events(fence, POLLIN) & POLLIN);
	EXPECT_EQ(-ECANCELED, fence_info(fence).status);
	close(fence);
}

TEST_F(stream, a_fence_of_a_trip_is_an_error)
{
	int fence;

	fill_playback(self, 4 * BLOCK);
	self->req.start_ns = now_ns() + 5 * SEC;
	ASSERT_LE(0, start(self, true));
	fence = xioctl(self->stream, PIACCEL_STREAM_FENCE);
	ASSERT_LE(0, fence);
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_EQ(POLLIN, wait_events(fence, POLLIN) & POLLIN);
	EXPECT_EQ(-ECANCELED, fence_info(fence).status);
	close(fence);
}

/* Of every exporter: poll() of the buffer waits as a device would. */
TEST_F_TIMEOUT(stream, a_fence_stands_in_the_buffers_reservation, 60)
{
	for (int e = OURS_CACHED; e <= SYSTEM_HEAP; e++) {
		struct buffer b;
		int fence;

		if (exporter_missing(e))
			continue;
		ASSERT_TRUE(buffer_make(&b, self->dev, e, 65536));
		for (int play = 0; play < 2; play++) {
			long long refs = module_refs_at_rest();

			EXPECT_EQ(POLLIN | POLLOUT,
				  events_now(b.fd, POLLIN | POLLOUT));
			self->req.dmabuf_fd = b.fd;
			self->req.mask = play ? OUTPUTS : INPUTS;
			self->req.start_ns = now_ns() + 5 * SEC;
			ASSERT_LE(0, start(self, play));
			/* nobody has asked for one, so nobody waits */
			EXPECT_EQ(POLLIN | POLLOUT,
				  events_now(b.fd, POLLIN | POLLOUT));
			fence = xioctl(self->stream, PIACCEL_STREAM_FENCE);
			ASSERT_LE(0, fence);
			/* who reads waits for a capture, who writes for both */
			EXPECT_EQ(play ? POLLIN : 0, events_now(b.fd, POLLIN));
			EXPECT_EQ(0, events_now(b.fd, POLLOUT));
			ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
			EXPECT_EQ(POLLOUT, wait_events(b.fd, POLLOUT));
			EXPECT_EQ(POLLIN, wait_events(b.fd, POLLIN));
			EXPECT_EQ(POLLIN, wait_events(fence, POLLIN) & POLLIN);
			EXPECT_EQ(-ECANCELED, fence_info(fence).status);
			close(fence);
			close(self->stream);
			self->stream = -1;
			/* nor does the buffer keep it, and the module with it */
			EXPECT_TRUE(wait_for(module_refs() == refs))
				TH_LOG("exporter %d: %lld of %lld", e,
				       module_refs(), refs);
		}
		buffer_free(&b);
	}
}

TEST_F(stream, a_fence_that_is_asked_for_again_is_the_same)
{
	int fence[3];

	self->req.start_ns = now_ns() + 5 * SEC;
	ASSERT_LE(0, start(self, false));
	for (int i = 0; i < 2; i++) {
		fence[i] = xioctl(self->stream, PIACCEL_STREAM_FENCE);
		ASSERT_LE(0, fence[i]);
	}
	ASSERT_EQ(0, xioctl(self->stream, PIACCEL_STREAM_STOP));
	fence[2] = xioctl(self->stream, PIACCEL_STREAM_FENCE);
	ASSERT_LE(0, fence[2]);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(POLLIN, wait_events(fence[i], POLLIN) & POLLIN);
		EXPECT_EQ(-ECANCELED, fence_info(fence[i]).status);
		close(fence[i]);
	}
}

/* The number of the fence in a buffer's reservation; -1 for none. */
static long long fence_seq(void)
{
	static char text[65536];
	char *p;

	read_text("/sys/kernel/debug/dma_buf/bufinfo", text, sizeof(text));
	p = strstr(text, "fence:piaccel stream seq ");
	return p ? atoll(p + strlen("fence:piaccel stream seq ")) : -1;
}

TEST_F(stream, fences_of_a_request_are_one_timeline)
{
	long long first, second, other;
	int fence;

	if (access("/sys/kernel/debug/dma_buf/bufinfo", R_OK))
		SKIP(return, "no bufinfo in debugfs");
	self->req.start_ns = now_ns() + 5 * SEC;
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			self->req.mask = OUTPUTS;
		ASSERT_LE(0, start(self, i == 2));
		fence = xioctl(self->stream, PIACCEL_STREAM_FENCE);
		ASSERT_LE(0, fence);
		*(i == 2 ? &other : i ? &second : &first) = fence_seq();
		close(fence);
		close(self->stream);
		self->stream = -1;
		EXPECT_EQ(-1, fence_seq());
	}
	EXPECT_EQ(first + 1, second);
	EXPECT_EQ(1, other);
}

TEST_F(stream, a_fence_is_bounded_in_time)
{
	self->req.flags = PIACCEL_STREAM_RING;
	ASSERT_LE(0, start(self, false));
	EXPECT_EQ(-EINVAL, xioctl(self->stream, PIACCEL_STREAM_FENCE));
	close(self->stream);
	self->req.flags = 0;
	self->req.start_ns = now_ns() + PIACCEL_FENCE_MAX_NS + 60 * SEC;
	ASSERT_LE(0, start(self, false));
	EXPECT_EQ(-ERANGE, xioctl(self->stream, PIACCEL_STREAM_FENCE));
}

TEST_HARNESS_MAIN
