// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chips that are slow, or do not answer: they delay nobody else's trip, and no
 * refusal of theirs is taken for a success.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define PARAM(name)	"/sys/module/testboard/parameters/" name
#define RELAYS	0x3ULL
#define SLOW_MS	1500ULL

FIXTURE(silent) {
	struct board b, sim;
	int dev, line, other;
	struct piaccel_line_request req;
};

FIXTURE_SETUP(silent)
{
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	self->dev = self->line = self->other = -1;
	self->sim.outside = -1;
	if (!why && tb_deaf(self->b.outside, 0))
		why = "no chip of this kernel can refuse a value";
	if (!why)
		why = board_open(&self->sim, SIM_LABEL);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, write_text(PARAM("sleeps"), "Y"));
	ASSERT_EQ(0, write_text(PARAM("drives"), "N"));
	ASSERT_EQ(0, board_replug(&self->b));
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	board_reset(&self->b);
	board_reset(&self->sim);
	self->req = outputs(&self->b, OUT, 2, RELAYS);
	self->req.safe_mask = RELAYS;
}

FIXTURE_TEARDOWN(silent)
{
	if (self->line >= 0)
		close(self->line);
	if (self->other >= 0)
		close(self->other);
	if (self->dev >= 0)
		close(self->dev);
	write_text(PARAM("slow_ms"), "0");
	write_text(PARAM("sleeps"), "N");
	write_text(PARAM("drives"), "Y");
	if (self->b.outside < 0)
		return;
	tb_deaf(self->b.outside, 0);
	board_replug(&self->b);
	board_reset(&self->b);
	board_close(&self->b);
	board_close(&self->sim);
}

TEST_F(silent, a_slow_chip_delays_no_others_trip)
{
	struct piaccel_line_request r = outputs(&self->sim, OUT, 2, RELAYS);
	struct piaccel_line_status slow, fast;
	uint64_t deadline;

	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	r.safe_mask = RELAYS;
	r.keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
	self->other = xioctl(self->dev, PIACCEL_LINE_REQUEST, &r);
	ASSERT_LE(0, self->other);
	/* both miss the same deadline */
	close(self->line);
	self->req.keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(0, write_text(PARAM("slow_ms"), "1500"));
	deadline = now_ns() + 200 * MSEC;
	ASSERT_EQ(0, line_keepalive(self->line, deadline));
	ASSERT_EQ(0, line_keepalive(self->other, deadline + MSEC));
	EXPECT_TRUE(line_tripped(self->other));
	EXPECT_TRUE(line_tripped(self->line));
	slow = line_status(self->line);
	fast = line_status(self->other);
	EXPECT_LE(SLOW_MS * MSEC, slow.safe_ns - slow.trip_ns);
	EXPECT_GT(SLOW_MS * MSEC / 2, fast.safe_ns - fast.trip_ns);
	printf("# safe after %.1f ms, beside a chip that took %.1f ms\n",
	       (fast.safe_ns - fast.trip_ns) / 1e6,
	       (slow.safe_ns - slow.trip_ns) / 1e6);
}

TEST_F(silent, an_open_drain_that_refuses_is_not_safe)
{
	/* logical 1 lets go of the line: pulled up, it is high */
	self->req.config.open_drain_mask = RELAYS;
	self->req.config.values = 0;
	self->req.safe_values = RELAYS;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(RELAYS << OUT,
		  board_state(&self->b).output & SPAN(OUT, 2));
	ASSERT_EQ(0, tb_deaf(self->b.outside, SPAN(OUT, 2)));
	EXPECT_EQ(-EIO, line_set(self->line, RELAYS, RELAYS));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(wait_events(self->line, POLLPRI) & POLLPRI);
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_SAFE));
	ASSERT_EQ(0, tb_deaf(self->b.outside, 0));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(0, board_state(&self->b).output & SPAN(OUT, 2));
}

TEST_HARNESS_MAIN
