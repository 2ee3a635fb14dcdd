// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine sleeps: what is armed trips before, or keeps it awake. Sleep is
 * tried as far as the frozen tasks, which the kernel's own test mode does.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define POWER	"/sys/power/"
#define RELAYS	0x3ULL
#define RUN	0x3ULL
#define SAFE	0x0ULL

FIXTURE(suspend) {
	struct board b;
	int dev, line;
	struct piaccel_line_request req;
};

FIXTURE_VARIANT(suspend) {
	const char *label;
};

FIXTURE_VARIANT_ADD(suspend, fast) { .label = TESTBOARD_LABEL };
FIXTURE_VARIANT_ADD(suspend, sleeping) { .label = SIM_LABEL };

FIXTURE_SETUP(suspend)
{
	const char *why = board_open(&self->b, variant->label);

	self->dev = self->line = -1;
	if (why)
		SKIP(return, "%s: %s", variant->label, why);
	if (write_text(POWER "pm_test", "freezer"))
		SKIP(return, "this kernel cannot try to sleep");
	write_text("/sys/module/suspend/parameters/pm_test_delay", "0");
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	board_reset(&self->b);
	self->req = outputs(&self->b, OUT, 2, RUN);
	self->req.safe_mask = RELAYS;
	self->req.safe_values = SAFE;
}

FIXTURE_TEARDOWN(suspend)
{
	if (self->line >= 0)
		close(self->line);
	if (self->dev >= 0)
		close(self->dev);
	write_text(POWER "pm_test", "none");
	board_reset(&self->b);
	board_close(&self->b);
}

static uint64_t relays(FIXTURE_DATA(suspend) *self)
{
	return board_levels(&self->b, OUT, 2);
}

static int request(FIXTURE_DATA(suspend) *self)
{
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	return self->line;
}

/* 0, or the error of who asks the machine to sleep. */
static int doze(void)
{
	return write_text(POWER "state", "freeze") ? -errno : 0;
}

TEST_F(suspend, trips_what_is_armed_before_the_machine_sleeps)
{
	ASSERT_LE(0, request(self));
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, doze());
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(PIACCEL_TRIP_SUSPEND, line_status(self->line).trip_cause);
	EXPECT_EQ(SAFE, relays(self));
	/* it wakes up to an owner that has to look first */
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	EXPECT_EQ(0, line_set(self->line, RUN, RELAYS));
}

TEST_F(suspend, is_refused_for_who_says_so)
{
	self->req.flags = PIACCEL_LINE_NO_SUSPEND;
	ASSERT_LE(0, request(self));
	EXPECT_EQ(-EBUSY, doze());
	EXPECT_EQ(RUN, relays(self));
	EXPECT_EQ(0, line_status(self->line).trip_seq);
	/* who has tripped or is disarmed has no say */
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	EXPECT_EQ(0, doze());
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_EQ(0, doze());
}

TEST_F(suspend, leaves_alone_what_is_not_armed)
{
	self->req.safe_mask = 0;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, doze());
	EXPECT_EQ(RUN, relays(self));
}

TEST_HARNESS_MAIN
