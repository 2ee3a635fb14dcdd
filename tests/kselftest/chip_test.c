// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chip goes under everything that a request can have: lines, edges,
 * interlocks, debounce timers that run, streams, held lines. Its driver is
 * unbound, which we hear of before; or it deletes its chip and stays bound,
 * which gpiolib tells us of when the lines are out of reach and their
 * interrupts freed, or even given to others.
 */
#include "stream.h"

#include <pthread.h>

#include "../kselftest_harness.h"

/* Lines of the request: relays, what plays, an interlock, edges, debounced. */
#define RELAYS		0x0fULL
#define SAFE		0x0aULL
#define RUN		0x05ULL
#define PLAYED		0x30ULL
#define LOCK		0x40ULL
#define EDGES		0x180ULL
#define DEBOUNCED	0x200ULL

FIXTURE(chip) {
	struct board b;
	int dev, line;
	struct piaccel_line_request req;
	struct buffer buf;
	struct piaccel_stream_request stream;
};

FIXTURE_VARIANT(chip) {
	int how;
};

FIXTURE_VARIANT_ADD(chip, unbound) { .how = TB_CHIP_UNBOUND };
FIXTURE_VARIANT_ADD(chip, deleted) { .how = TB_CHIP_DELETED };
FIXTURE_VARIANT_ADD(chip, deleted_early) { .how = TB_CHIP_DELETED_EARLY };

FIXTURE_SETUP(chip)
{
	struct piaccel_line_request *r = &self->req;
	const char *why = rig_up(&self->dev, &self->b, TESTBOARD_LABEL,
				 PIACCEL_FEATURE_CAPTURE);

	self->line = -1;
	self->buf = (struct buffer){ .fd = -1, .memfd = -1 };
	if (why)
		SKIP(return, "%s", why);
	*r = outputs(&self->b, OUT, 6, RUN);
	r->num_lines = 10;
	for (int i = 0; i < 4; i++)
		r->offsets[6 + i] = IN + i;
	r->safe_mask = RELAYS;
	r->safe_values = SAFE;
	r->interlock_mask = LOCK;
	r->keepalive_ns = 600 * SEC;
	r->config.rising_mask = EDGES | DEBOUNCED;
	r->config.falling_mask = EDGES | DEBOUNCED;
	r->config.debounce_mask = DEBOUNCED;
	r->config.debounce_us = PIACCEL_DEBOUNCE_MAX_US;
	ASSERT_TRUE(buffer_make(&self->buf, self->dev, OURS_CACHED, 65536));
	self->stream = (struct piaccel_stream_request) {
		.mask = EDGES, .size = 4096, .period_ns = 200 * USEC,
		.block_samples = 64, .flags = PIACCEL_STREAM_RING,
		.dmabuf_fd = self->buf.fd,
	};
}

/* Whatever a test did with it: it comes back, under another number. */
static bool chip_back(struct board *b)
{
	int ret = tb_chip(b->outside, TB_CHIP_THERE);

	board_close(b);
	return !ret && !board_open(b, TESTBOARD_LABEL);
}

FIXTURE_TEARDOWN(chip)
{
	close(self->line);
	buffer_free(&self->buf);
	if (self->b.outside < 0)
		return;
	EXPECT_TRUE(chip_back(&self->b));
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

/* Read a stream to its end: why it ended. */
static uint32_t ended_by(int stream)
{
	struct piaccel_block b[256];
	int n = read_blocks(stream, b, LEN(b));

	close(stream);
	return n > 0 ? b[n - 1].flags & ~PIACCEL_BLOCK_LAST : ~0U;
}

/* What a request without its chip says to each call. */
static void expect_gone(struct __test_metadata *_metadata, int line, int how,
			const struct piaccel_line_request *r)
{
	struct piaccel_line_status s;

	EXPECT_EQ(POLLERR | POLLHUP,
		  wait_events(line, 0) & (POLLERR | POLLHUP));
	ASSERT_TRUE(wait_for(line_is(line, PIACCEL_STATUS_GONE)));
	s = line_status(line);
	EXPECT_EQ(PIACCEL_TRIP_CHIP, s.trip_cause);
	EXPECT_EQ(1, s.trip_seq);
	EXPECT_EQ(0, s.deadline_ns);
	/* nothing is claimed that was not done */
	EXPECT_EQ(PIACCEL_STATUS_TRIPPED |
		  (how == TB_CHIP_UNBOUND ? PIACCEL_STATUS_SAFE : 0),
		  s.flags & (PIACCEL_STATUS_TRIPPED | PIACCEL_STATUS_SAFE |
			     PIACCEL_STATUS_ARMED));
	EXPECT_EQ(how == TB_CHIP_UNBOUND, s.safe_ns != 0);
	EXPECT_EQ((how == TB_CHIP_UNBOUND ? SAFE : RUN), s.values & RELAYS);
	EXPECT_EQ(-ENODEV, line_get(line, 1));
	EXPECT_EQ(-ENODEV, line_set(line, 0, 1));
	EXPECT_EQ(-ENODEV, line_keepalive(line, 0));
	EXPECT_EQ(-ENODEV, line_rearm(line, 1));
	EXPECT_EQ(-ENODEV, xioctl(line, PIACCEL_LINE_TRIP));
	EXPECT_EQ(-ENODEV, xioctl(line, PIACCEL_LINE_DISARM));
	EXPECT_EQ(-ENODEV, xioctl(line, PIACCEL_LINE_RECONFIG, &r->config));
}

TEST_F(chip, goes_under_everything)
{
	struct piaccel_line_request held = outputs(&self->b, OUT + 6, 1, 1);
	struct piaccel_stream_request play = self->stream;
	struct piaccel_event e[8];
	int capture, playback, fd;

	held.flags = PIACCEL_LINE_HOLD;
	held.safe_mask = 1;
	fd = line_request(self->dev, &held);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_TRUE(line_used(&self->b, OUT + 6));
	self->line = line_request(self->dev, &self->req);
	ASSERT_LE(0, self->line) TH_LOG("%s", strerror(-self->line));
	capture = stream_start(self->line, false, &self->stream);
	ASSERT_LE(0, capture) TH_LOG("%s", strerror(-capture));
	play.mask = PLAYED;
	play.offset = 8192;
	playback = stream_start(self->line, true, &play);
	ASSERT_LE(0, playback) TH_LOG("%s", strerror(-playback));
	ASSERT_TRUE(wait_for(stream_status(capture).samples &&
			     stream_status(playback).samples));
	/* one edge waits to be read, one for a second to pass */
	ASSERT_EQ(0, board_drive(&self->b, IN + 1, 1));
	ASSERT_EQ(0, board_drive(&self->b, IN + 3, 1));
	ASSERT_TRUE(wait_for(line_status(self->line).events_queued == 1));

	ASSERT_EQ(0, tb_chip(self->b.outside, variant->how));
	expect_gone(_metadata, self->line, variant->how, &self->req);
	EXPECT_EQ(sizeof(e[0]), read(self->line, e, sizeof(e)));
	EXPECT_EQ(7, e[0].line);
	EXPECT_EQ(-1, read(self->line, e, sizeof(e)));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(PIACCEL_BLOCK_GONE, ended_by(capture));
	/* the trip comes first where there is time for it */
	EXPECT_NE(0, ended_by(playback) &
		  (PIACCEL_BLOCK_GONE | PIACCEL_BLOCK_TRIPPED));
	held.flags |= PIACCEL_LINE_ADOPT;
	EXPECT_EQ(-ENODEV, line_request(self->dev, &held));
	close(self->line);

	/* what was held went with it, and all lines are free */
	ASSERT_TRUE(chip_back(&self->b));
	EXPECT_EQ(0U, lines_used(&self->b));
	EXPECT_EQ(-ENOENT, line_request(self->dev, &held));
	board_reset(&self->b);
	self->line = line_request(self->dev, &self->req);
	ASSERT_LE(0, self->line) TH_LOG("%s", strerror(-self->line));
	EXPECT_EQ(RUN, board_levels(&self->b, OUT, 4));
	ASSERT_EQ(0, board_drive(&self->b, IN, 1));
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 4));
}

/* Who keeps the file of a chip that is gone harms nobody, for as long as that. */
TEST_F(chip, old_files_do_not_touch_the_chip_that_came_back)
{
	struct piaccel_line_request r = self->req;
	struct piaccel_event e;
	int old;

	old = line_request(self->dev, &r);
	ASSERT_LE(0, old) TH_LOG("%s", strerror(-old));
	ASSERT_EQ(0, tb_chip(self->b.outside, variant->how));
	ASSERT_TRUE(chip_back(&self->b));
	board_reset(&self->b);
	self->line = line_request(self->dev, &r);
	ASSERT_LE(0, self->line) TH_LOG("%s", strerror(-self->line));
	expect_gone(_metadata, old, variant->how, &r);
	close(old);
	EXPECT_EQ(10U, lines_used(&self->b));
	EXPECT_EQ(RUN, board_levels(&self->b, OUT, 4));
	ASSERT_EQ(0, board_drive(&self->b, IN + 1, 1));
	ASSERT_EQ(1, read_events(self->line, &e, 1));
	EXPECT_EQ(7, e.line);
	EXPECT_EQ(0, line_set(self->line, SAFE, RELAYS));
	EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 4));
}

TEST_F(chip, goes_while_its_edges_come)
{
	struct tb_step steps[] = {
		tb_step(100 * USEC, IN + 1, 1), tb_step(100 * USEC, IN + 1, 0)
	};
	struct tb_play play = { .steps = (uintptr_t)steps, .nsteps = 2 };
	struct piaccel_event e;

	ASSERT_EQ(0, tb_play_args(self->b.outside, &play));
	for (int i = 0; i < 5; i++) {
		int line = line_request(self->dev, &self->req);

		ASSERT_LE(0, line) TH_LOG("%s", strerror(-line));
		ASSERT_EQ(1, read_events(line, &e, 1));
		ASSERT_EQ(0, tb_chip(self->b.outside, variant->how));
		EXPECT_TRUE(wait_for(line_is(line, PIACCEL_STATUS_GONE)));
		close(line);
		ASSERT_TRUE(chip_back(&self->b));
	}
	ASSERT_EQ(0, tb_stop(self->b.outside, 0));
}

struct racer {
	int dev, line, bad;
	bool stop;
	struct piaccel_line_request req;
	struct piaccel_stream_request stream;
};

static bool stopped(struct racer *me)
{
	return __atomic_load_n(&me->stop, __ATOMIC_RELAXED);
}

static void join(struct racer *me, pthread_t *t, int n)
{
	__atomic_store_n(&me->stop, true, __ATOMIC_RELAXED);
	while (n--)
		pthread_join(t[n], NULL);
}

/* The calls of a request whose chip may go at any moment. */
static void *race_calls(void *arg)
{
	struct racer *me = arg;
	int64_t ret;

	while (!stopped(me)) {
		int stream = stream_start(me->line, false, &me->stream);

		if (stream < 0 && stream != -ENODEV && stream != -EBUSY)
			me->bad = stream;
		ret = line_set(me->line, SAFE, RELAYS);
		if (ret && ret != -ENODEV && ret != -ESHUTDOWN)
			me->bad = ret;
		ret = line_get(me->line, LOCK | EDGES);
		if (ret < 0 && ret != -ENODEV)
			me->bad = ret;
		ret = line_keepalive(me->line, 0);
		if (ret && ret != -ENODEV && ret != -ESHUTDOWN)
			me->bad = ret;
		if (line_status(me->line).num_lines != 10)
			me->bad = -EPROTO;
		if (stream >= 0)
			close(stream);
	}
	return NULL;
}

TEST_F(chip, goes_under_calls)
{
	struct racer me = { .req = self->req, .stream = self->stream };
	pthread_t t[2];

	for (int i = 0; i < 10; i++) {
		me.stop = false;
		me.line = line_request(self->dev, &self->req);
		ASSERT_LE(0, me.line) TH_LOG("%s", strerror(-me.line));
		for (int k = 0; k < 2; k++) {
			ASSERT_EQ(0, pthread_create(&t[k], NULL, race_calls,
						    &me));
		}
		ASSERT_TRUE(wait_for(line_status(me.line).keepalives > 3));
		ASSERT_EQ(0, tb_chip(self->b.outside, variant->how));
		EXPECT_TRUE(wait_for(line_is(me.line, PIACCEL_STATUS_GONE)));
		join(&me, t, 2);
		close(me.line);
		EXPECT_EQ(0, me.bad) TH_LOG("%s", strerror(-me.bad));
		ASSERT_TRUE(chip_back(&self->b));
	}
}

/* Requests, edges, a stream, and all given back, whether the chip is there. */
static void *race_requests(void *arg)
{
	struct racer *me = arg;

	while (!stopped(me)) {
		int line = line_request(me->dev, &me->req), stream;

		if (line < 0) {
			if (line != -ENODEV)
				me->bad = line;
			continue;
		}
		stream = stream_start(line, false, &me->stream);
		if (stream < 0 && stream != -ENODEV)
			me->bad = stream;
		close(line);
		if (stream >= 0)
			close(stream);
	}
	return NULL;
}

/*
 * Unbinding waits for a request that is being made or given back. A driver that
 * deletes its chip waits for nobody: an interrupt that is requested or freed at
 * that very moment makes the kernel complain, whoever does it.
 */
TEST_F(chip, comes_and_goes_beside_requests)
{
	struct racer me = { .dev = self->dev, .req = self->req,
			    .stream = self->stream };
	pthread_t t;

	if (variant->how != TB_CHIP_UNBOUND)
		SKIP(return, "gpiolib has no lock for it");
	ASSERT_EQ(0, pthread_create(&t, NULL, race_requests, &me));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, tb_chip(self->b.outside, variant->how));
		ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_THERE));
	}
	join(&me, &t, 1);
	EXPECT_EQ(0, me.bad) TH_LOG("%s", strerror(-me.bad));
	ASSERT_TRUE(chip_back(&self->b));
	EXPECT_EQ(0U, lines_used(&self->b));
}

TEST_HARNESS_MAIN
