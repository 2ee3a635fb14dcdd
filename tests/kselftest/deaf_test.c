// SPDX-License-Identifier: GPL-2.0-only
/*
 * A chip that does not take its safe values when a trip comes, as a port
 * expander on a disturbed bus: it gets them as soon as it does. On a chip that
 * never sleeps and on one that does.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define SLEEPS	"/sys/module/testboard/parameters/sleeps"
#define RELAYS	0x0fULL
#define RUN	0x05ULL
#define SAFE	0x0aULL

FIXTURE(deaf) {
	struct board b;
	int dev, line;
	struct piaccel_line_request req;
};

FIXTURE_VARIANT(deaf) {
	bool sleeps;
};

FIXTURE_VARIANT_ADD(deaf, fast) { .sleeps = false };
FIXTURE_VARIANT_ADD(deaf, sleeping) { .sleeps = true };

/* The chip comes anew, and says whether it can sleep. */
static int plug(struct board *b, bool sleeps)
{
	if (write_text(SLEEPS, sleeps ? "Y" : "N") ||
	    tb_chip(b->outside, TB_CHIP_UNBOUND) ||
	    tb_chip(b->outside, TB_CHIP_THERE))
		return -1;
	board_close(b);
	return board_open(b, TESTBOARD_LABEL) ? -1 : 0;
}

FIXTURE_SETUP(deaf)
{
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	self->dev = self->line = -1;
	if (why)
		SKIP(return, "%s", why);
	if (tb_deaf(self->b.outside, 0))
		SKIP(return, "no chip of this kernel can refuse a value");
	if (variant->sleeps && plug(&self->b, true))
		SKIP(return, "the test board cannot say that it sleeps");
	board_reset(&self->b);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	self->req = outputs(&self->b, OUT, 4, RUN);
	self->req.safe_mask = RELAYS;
	self->req.safe_values = SAFE;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(variant->sleeps, line_is(self->line, PIACCEL_STATUS_SLEEPS));
}

FIXTURE_TEARDOWN(deaf)
{
	if (self->line >= 0)
		close(self->line);
	if (self->dev >= 0)
		close(self->dev);
	if (self->b.outside < 0)
		return;
	board_reset(&self->b);
	if (variant->sleeps)
		plug(&self->b, false);
	board_close(&self->b);
}

static uint64_t relays(FIXTURE_DATA(deaf) *self)
{
	return board_levels(&self->b, OUT, 4);
}

/* From now on none of the relays' lines takes a value, or all do again. */
static int deaf(FIXTURE_DATA(deaf) *self, bool on)
{
	return tb_deaf(self->b.outside, on ? SPAN(OUT, 4) : 0);
}

TEST_F(deaf, a_value_that_is_not_taken_is_an_error)
{
	ASSERT_EQ(0, deaf(self, true));
	EXPECT_EQ(-EIO, line_set(self->line, SAFE, RELAYS));
	EXPECT_EQ(-EIO, line_set(self->line, 0, 1));
	EXPECT_EQ(RUN, line_status(self->line).values);
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_EQ(0, line_set(self->line, SAFE, RELAYS));
	EXPECT_EQ(SAFE, relays(self));
}

TEST_F(deaf, a_trip_is_driven_as_soon_as_the_chip_takes_it)
{
	struct piaccel_line_status s;

	ASSERT_EQ(0, deaf(self, true));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(wait_events(self->line, POLLPRI) & POLLPRI);
	s = line_status(self->line);
	EXPECT_TRUE(s.flags & PIACCEL_STATUS_TRIPPED);
	EXPECT_FALSE(s.flags & PIACCEL_STATUS_SAFE);
	EXPECT_EQ(0, s.safe_ns);
	EXPECT_EQ(RUN, s.values);
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(line_tripped(self->line));
	s = line_status(self->line);
	EXPECT_EQ(SAFE, s.values);
	EXPECT_LT(s.trip_ns, s.safe_ns);
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(1, s.trip_seq);
}

TEST_F(deaf, so_is_a_missed_deadline)
{
	close(self->line);
	self->req.keepalive_ns = 20 * MSEC;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(0, deaf(self, true));
	ASSERT_TRUE(wait_for(line_is(self->line, PIACCEL_STATUS_TRIPPED)));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_SAFE));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, relays(self));
}

TEST_F(deaf, what_is_rearmed_is_not_driven_any_more)
{
	ASSERT_EQ(0, deaf(self, true));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(wait_for(line_is(self->line, PIACCEL_STATUS_TRIPPED)));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	ASSERT_EQ(0, deaf(self, false));
	ASSERT_EQ(0, line_set(self->line, RUN, RELAYS));
	/* five times as long as the driver waits before it tries again */
	nap_ns(50 * MSEC);
	EXPECT_EQ(RUN, relays(self));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
}

/* Close it with PIACCEL_LINE_HOLD, the relays still running. */
static int leave(FIXTURE_DATA(deaf) *self)
{
	close(self->line);
	self->req.flags = PIACCEL_LINE_HOLD;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	if (self->line < 0 || deaf(self, true))
		return -1;
	close(self->line);
	self->line = -1;
	return 0;
}

TEST_F(deaf, lines_that_are_held_are_driven_when_their_owner_is_gone)
{
	ASSERT_EQ(0, leave(self));
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(wait_for(relays(self) == SAFE));
	self->req.flags = PIACCEL_LINE_ADOPT;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	EXPECT_EQ(0, line_set(self->line, RUN, RELAYS));
}

TEST_F(deaf, who_takes_over_what_is_not_safe_yet_is_tripped)
{
	ASSERT_EQ(0, leave(self));
	self->req.flags = PIACCEL_LINE_ADOPT;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	EXPECT_EQ(PIACCEL_TRIP_CLOSE, line_status(self->line).trip_cause);
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, relays(self));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	EXPECT_EQ(0, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(RUN, relays(self));
}

TEST_F(deaf, a_chip_that_never_answers_goes_in_peace)
{
	ASSERT_EQ(0, deaf(self, true));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_UNBOUND));
	EXPECT_TRUE(wait_for(line_is(self->line, PIACCEL_STATUS_GONE)));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_SAFE));
	close(self->line);
	self->line = -1;
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_THERE));
	/* and one that is held, from under nobody */
	ASSERT_EQ(0, deaf(self, false));
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(0, leave(self));
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_UNBOUND));
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_THERE));
}

TEST_HARNESS_MAIN
