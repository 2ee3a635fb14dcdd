// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams by the clock, in simulated time: samples at exact times, compared one
 * by one with what the board was told to drive or with what it recorded.
 */
#include "stream.h"

#include "../kselftest_harness.h"

/* Lines 0-7 of the request are outputs, 8-15 inputs. */
#define OUTPUTS	0x00ffULL
#define INPUTS	0xff00ULL

#define PERIOD	(100 * USEC)		/* 10 kHz */
#define BLOCK	100U
#define SAMPLES	5000U
#define LATE_US	10

FIXTURE(clock) {
	struct board b;
	int dev, line;
	pid_t noisy;
	struct buffer buf;
	struct piaccel_stream_request req;
	struct piaccel_block blocks[256];
	struct tb_step steps[SAMPLES];
	struct tb_record rec[65536];
};

FIXTURE_SETUP(clock)
{
	struct piaccel_line_request l;
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	self->buf.fd = self->buf.memfd = -1;
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
	ASSERT_TRUE(buffer_make(&self->buf, self->dev, OURS_CACHED, 1 << 20));
	buffer_fill(&self->buf, 0xee);
	self->req = (struct piaccel_stream_request) {
		.mask = INPUTS, .size = SAMPLES, .period_ns = PERIOD,
		.dmabuf_fd = self->buf.fd, .block_samples = BLOCK,
	};
}

FIXTURE_TEARDOWN(clock)
{
	if (self->noisy > 0) {
		kill(self->noisy, SIGKILL);
		waitpid(self->noisy, NULL, 0);
	}
	buffer_free(&self->buf);
	close(self->line);
	close(self->dev);
	board_close(&self->b);
}

/* Have the board drive noise(i) half a period before sample i of @start. */
static int drive_noise(FIXTURE_DATA(clock) *self, uint64_t start)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		self->steps[i] = (struct tb_step) {
			.lines = SPAN(IN, 8),
			.values = (noise(i) & 0xff) << IN,
			.delay_ns = i ? PERIOD : 0,
		};
	}
	return tb_play(self->b.outside, 0, self->steps, SAMPLES,
		       start - PERIOD / 2);
}

/* No overrun, and 99 of 100 samples within LATE_US. */
static void expect_prompt(struct __test_metadata *_metadata, int stream,
			  const char *what)
{
	struct piaccel_stream_status s = stream_status(stream);
	uint64_t n = 0, prompt = 0;
	unsigned int half = 0, p99 = 0;

	for (unsigned int i = 0; i < PIACCEL_LATE_BUCKETS; i++) {
		n += s.late[i];
		if (i < LATE_US)
			prompt += s.late[i];
		if (n * 2 < s.samples)
			half = i + 1;
		if (n * 100 < s.samples * 99)
			p99 = i + 1;
	}
	printf("# %s: %llu samples, %llu overruns, lateness median < %u, p99 < %u, worst %.1f us (simulated)\n",
	       what, (unsigned long long)s.samples,
	       (unsigned long long)s.overruns, half + 1, p99 + 1,
	       s.max_late_ns / 1e3);
	fflush(stdout);
	EXPECT_EQ(0, s.overruns);
	EXPECT_EQ(s.samples, n);
	EXPECT_LE(s.samples * 99, prompt * 100);
}

/* Each block's times are its samples' times and lateness is what it says. */
static void expect_times(struct __test_metadata *_metadata,
			 FIXTURE_DATA(clock) *self, int n, uint64_t start,
			 uint64_t period)
{
	const struct piaccel_block *b = self->blocks;

	for (int i = 0; i < n; i++) {
		uint64_t first = start + b[i].seq * BLOCK * period;
		uint64_t last = first + (b[i].samples - 1) * period;

		EXPECT_LE(first, b[i].first_ns);
		EXPECT_GE(first + b[i].max_late_ns, b[i].first_ns);
		EXPECT_LE(last, b[i].last_ns);
		EXPECT_GE(last + b[i].max_late_ns, b[i].last_ns);
		EXPECT_EQ(0, b[i].overruns);
		EXPECT_EQ(0, b[i].lost);
	}
}

static void capture_noise(struct __test_metadata *_metadata,
			  FIXTURE_DATA(clock) *self, uint32_t format,
			  const char *what)
{
	size_t size = sample_size(format, 8), wrong = 0;
	int stream, n;

	buffer_fill(&self->buf, 0xee);
	self->req.format = format;
	self->req.size = SAMPLES * size;
	self->req.start_ns = now_ns() + 20 * MSEC;
	stream = stream_start(self->line, false, &self->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	ASSERT_EQ(0, drive_noise(self, self->req.start_ns));
	n = read_blocks(stream, self->blocks, LEN(self->blocks));
	ASSERT_EQ(SAMPLES / BLOCK, n);
	EXPECT_EQ(self->req.start_ns, stream_status(stream).start_ns);
	expect_times(_metadata, self, n, self->req.start_ns, PERIOD);
	expect_prompt(_metadata, stream, what);
	for (size_t i = 0; i < SAMPLES; i++)
		wrong += sample_unpack(self->buf.map + i * size, format, 8) !=
			 (noise(i) & 0xff);
	EXPECT_EQ(0, wrong);
	close(stream);
}

TEST_F_TIMEOUT(clock, capture_at_10_khz_is_what_the_board_drove, 120)
{
	capture_noise(_metadata, self, PIACCEL_FORMAT_BITS,
		      "capture 10 kHz, 8 lines, bits");
}

TEST_F_TIMEOUT(clock, capture_as_u8_is_what_the_board_drove, 120)
{
	capture_noise(_metadata, self, PIACCEL_FORMAT_U8,
		      "capture 10 kHz, 8 lines, u8");
}

TEST_F_TIMEOUT(clock, capture_as_f32_is_what_the_board_drove, 120)
{
	capture_noise(_metadata, self, PIACCEL_FORMAT_F32,
		      "capture 10 kHz, 8 lines, f32");
}

TEST_F_TIMEOUT(clock, capture_keeps_its_times_on_a_busy_cpu, 120)
{
	self->noisy = fork();
	ASSERT_LE(0, self->noisy);
	if (!self->noisy) {
		for (;;) {
			char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			for (int i = 0; i < 65536; i += 4096)
				p[i] = 1;
			munmap(p, 65536);
		}
	}
	capture_noise(_metadata, self, PIACCEL_FORMAT_BITS,
		      "capture 10 kHz, 8 lines, CPU busy");
}

/* The reader copies each block out of the mapping as its record comes. */
TEST_F_TIMEOUT(clock, a_ring_read_block_by_block_loses_nothing, 120)
{
	struct piaccel_block b;
	size_t done = 0, wrong = 0;
	int stream;

	self->req.flags = PIACCEL_STREAM_RING;
	self->req.size = 8 * BLOCK;
	self->req.start_ns = now_ns() + 20 * MSEC;
	stream = stream_start(self->line, false, &self->req);
	ASSERT_LE(0, stream);
	ASSERT_EQ(0, drive_noise(self, self->req.start_ns));
	while (done < SAMPLES) {
		ASSERT_EQ(sizeof(b), read(stream, &b, sizeof(b)));
		ASSERT_EQ(0, b.lost);
		ASSERT_EQ(done / BLOCK, b.seq);
		ASSERT_EQ(b.seq % 8 * BLOCK, b.offset);
		ASSERT_EQ(BLOCK, b.samples);
		for (size_t i = 0; i < BLOCK; i++, done++)
			wrong += self->buf.map[b.offset + i] !=
				 (noise(done) & 0xff);
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, stream_status(stream).overruns);
	close(stream);
}

TEST_F_TIMEOUT(clock, playback_is_recorded_sample_for_sample_at_its_time, 120)
{
	uint64_t start, level = 0, late, worst = 0;
	ssize_t n, r = 0;
	int stream;

	for (size_t i = 0; i < SAMPLES; i++)
		self->buf.map[i] = noise(i);
	self->req.mask = OUTPUTS;
	self->req.start_ns = start = now_ns() + 20 * MSEC;
	ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 8),
				     1 << TB_KIND_OUTPUT));
	stream = stream_start(self->line, true, &self->req);
	ASSERT_LE(0, stream);
	n = read_blocks(stream, self->blocks, LEN(self->blocks));
	ASSERT_EQ(SAMPLES / BLOCK, n);
	expect_times(_metadata, self, n, start, PERIOD);
	expect_prompt(_metadata, stream, "playback 10 kHz, 8 lines");

	n = board_records(&self->b, self->rec, LEN(self->rec));
	ASSERT_LT(0, n);
	for (size_t i = 0; i < SAMPLES; i++) {
		uint64_t due = start + i * PERIOD;

		/* all changes up to the next sample's time */
		while (r < n && self->rec[r].time_ns < due + PERIOD) {
			ASSERT_LE(due, self->rec[r].time_ns)
				TH_LOG("sample %zu", i);
			late = self->rec[r].time_ns - due;
			worst = late > worst ? late : worst;
			level &= ~TB_BIT(self->rec[r].line - OUT);
			level |= (uint64_t)self->rec[r].value <<
				 (self->rec[r].line - OUT);
			r++;
		}
		ASSERT_EQ(noise(i) & 0xff, level) TH_LOG("sample %zu", i);
	}
	EXPECT_EQ(n, r);
	printf("# playback: pins change %.1f us late at worst (simulated)\n",
	       worst / 1e3);
	close(stream);
}

TEST_F_TIMEOUT(clock, a_playback_wired_back_is_captured_sample_for_sample, 120)
{
	struct piaccel_stream_request c = self->req;
	int play, capture, n;
	size_t wrong = 0;

	for (int i = 0; i < 8; i++) {
		ASSERT_EQ(0, tb_follow(self->b.outside, IN + i, OUT + i, 0, 0));
	}
	for (size_t i = 0; i < SAMPLES; i++)
		self->buf.map[i] = noise(i);
	self->req.mask = OUTPUTS;
	self->req.start_ns = now_ns() + 20 * MSEC;
	c.start_ns = self->req.start_ns + PERIOD / 2;
	c.offset = 1 << 19;
	play = stream_start(self->line, true, &self->req);
	ASSERT_LE(0, play);
	capture = stream_start(self->line, false, &c);
	ASSERT_LE(0, capture);
	n = read_blocks(capture, self->blocks, LEN(self->blocks));
	ASSERT_EQ(SAMPLES / BLOCK, n);
	for (size_t i = 0; i < SAMPLES; i++)
		wrong += self->buf.map[c.offset + i] != (noise(i) & 0xff);
	EXPECT_EQ(0, wrong);
	expect_prompt(_metadata, play, "loop, playback 10 kHz");
	expect_prompt(_metadata, capture, "loop, capture 10 kHz");
	close(capture);
	close(play);
}

/*
 * The board keeps the CPU in hard-irq context for many periods on end: samples
 * come too late. They are counted, and those that are driven stand at the
 * places of their times.
 */
TEST_F_TIMEOUT(clock, overruns_are_counted_and_shift_nothing, 120)
{
	struct piaccel_stream_status s;
	uint64_t period = line_status(self->line).period_floor_ns;
	uint64_t sum = 0, taken = 0, at, start;
	struct tb_record *r = self->rec;
	size_t wrong = 0;
	ssize_t k;
	int stream, n;

	self->req.size = 300;
	for (at = 0; at < 300; at++)
		self->buf.map[at] = at / 5 & 1;
	self->req.mask = 0x1;
	self->req.period_ns = period;
	self->req.start_ns = start = now_ns() + 20 * MSEC;
	for (at = 0; at < 1000; at++) {
		self->steps[at] = (struct tb_step) {
			.lines = SPAN(IN, 8),
			.values = at & 1 ? SPAN(IN, 8) : 0,
		};
	}
	ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 1),
				     1 << TB_KIND_OUTPUT));
	ASSERT_EQ(0, tb_play(self->b.outside, 0, self->steps, 1000,
			     start + 100 * period));
	stream = stream_start(self->line, true, &self->req);
	ASSERT_LE(0, stream) TH_LOG("%s", strerror(-stream));
	n = read_blocks(stream, self->blocks, LEN(self->blocks));
	ASSERT_EQ(3, n);
	s = stream_status(stream);
	EXPECT_EQ(300, s.samples);
	EXPECT_LT(0, s.overruns);
	for (int b = 0; b < n; b++) {
		sum += self->blocks[b].overruns;
		EXPECT_EQ(BLOCK, self->blocks[b].samples);
	}
	EXPECT_EQ(s.overruns, sum);
	for (int b = 0; b < PIACCEL_LATE_BUCKETS; b++)
		taken += s.late[b];
	EXPECT_LE(s.samples - s.overruns, taken);
	EXPECT_GE(s.samples, taken);
	/* what was driven when is what the buffer says for that time */
	k = board_records(&self->b, r, LEN(self->rec));
	ASSERT_LT(0, k);
	for (ssize_t i = 0; i < k; i++) {
		at = (r[i].time_ns - start) / period;
		/* the write itself may pass into the next period */
		wrong += r[i].value != self->buf.map[at < 300 ? at : 299] &&
			 r[i].value != self->buf.map[at ? at - 1 : 0];
	}
	EXPECT_EQ(0, wrong);
	printf("# a CPU kept busy by interrupts: %llu of 300 samples overrun\n",
	       (unsigned long long)s.overruns);
	close(stream);
}

TEST_F_TIMEOUT(clock, every_period_down_to_the_floor_is_kept_or_refused, 120)
{
	uint64_t floor = line_status(self->line).period_floor_ns;
	uint64_t period[] = { MSEC, 200 * USEC, 50 * USEC, floor };
	int stream, n;

	ASSERT_LT(0, floor);
	self->req.size = 1000;
	for (size_t i = 0; i < LEN(period); i++) {
		self->req.period_ns = period[i] < floor ? floor : period[i];
		self->req.start_ns = 0;
		stream = stream_start(self->line, false, &self->req);
		ASSERT_LE(0, stream) TH_LOG("period %llu: %s",
					    (unsigned long long)period[i],
					    strerror(-stream));
		n = read_blocks(stream, self->blocks, LEN(self->blocks));
		ASSERT_EQ(10, n);
		EXPECT_EQ(1000, stream_status(stream).samples);
		printf("# period %llu ns: %llu overruns\n",
		       (unsigned long long)self->req.period_ns,
		       (unsigned long long)stream_status(stream).overruns);
		close(stream);
	}
	self->req.period_ns = floor - 1;
	EXPECT_EQ(-ERANGE, stream_start(self->line, false, &self->req));
}

TEST_HARNESS_MAIN
