// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines that must not be driven where nothing may sleep: open drains of a driver
 * that is not known to let go of them atomically, on every kernel, and all lines
 * of a driver that is not known to take raw spinlocks only, on PREEMPT_RT. A
 * thread drives them, and the chip is never written to from anywhere else.
 *
 * The test board is such a driver's chip: its lock is a plain spinlock, and it
 * counts the writes that came where that could not sleep.
 */
#include <sys/utsname.h>

#include "failsafe.h"

#include "../kselftest_harness.h"

#define BOARD(name)	"/sys/module/testboard/parameters/" name
#define DRIVERS		"/sys/module/piaccel/parameters/atomic_drivers"
#define RELAYS		0x3ULL
#define RUN		0x1ULL
#define SAFE		0x2ULL
#define LOCK		0x4ULL

FIXTURE(defer) {
	struct board b;
	int dev, line;
	struct piaccel_line_request req;
	char drivers[256];
	bool rt;
};

FIXTURE_VARIANT(defer) {
	bool drain;
};

FIXTURE_VARIANT_ADD(defer, open_drain) { .drain = true };
FIXTURE_VARIANT_ADD(defer, push_pull) { .drain = false };

static bool realtime_kernel(void)
{
	struct utsname u;

	return !uname(&u) && strstr(u.version, "PREEMPT_RT");
}

FIXTURE_SETUP(defer)
{
	struct piaccel_line_config *cfg = &self->req.config;
	const char *why;

	self->line = -1;
	self->drivers[0] = 0;
	self->rt = realtime_kernel();
	why = rig_up(&self->dev, &self->b, TESTBOARD_LABEL,
		     PIACCEL_FEATURE_FAILSAFE);
	if (why)
		SKIP(return, "%s", why);
	if (!variant->drain && !self->rt)
		SKIP(return, "no spinlock of this kernel sleeps");
	ASSERT_LE(0, read_text(DRIVERS, self->drivers, sizeof(self->drivers)));
	ASSERT_EQ(0, write_text(DRIVERS, "none"));
	ASSERT_EQ(0, write_text(BOARD("drives"), "N"));
	ASSERT_EQ(0, write_text(BOARD("plain"), "Y"));
	ASSERT_EQ(0, write_text(BOARD("atomic_writes"), "0"));
	ASSERT_EQ(0, board_drive(&self->b, IN, 1));

	self->req = outputs(&self->b, OUT, 2, RUN);
	self->req.num_lines = 3;
	self->req.offsets[2] = IN;
	self->req.safe_mask = RELAYS;
	self->req.safe_values = SAFE;
	cfg->pull_up_mask = RELAYS;
	if (variant->drain)
		cfg->open_drain_mask = RELAYS;
}

FIXTURE_TEARDOWN(defer)
{
	if (self->line >= 0)
		close(self->line);
	write_text(BOARD("plain"), "N");
	write_text(BOARD("drives"), "Y");
	if (self->drivers[0])
		write_text(DRIVERS, self->drivers);
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

static int request(FIXTURE_DATA(defer) *self)
{
	self->line = line_request(self->dev, &self->req);
	return self->line;
}

/* The relays' levels; they are pulled up where nobody drives them. */
static uint64_t relays(FIXTURE_DATA(defer) *self)
{
	return board_levels(&self->b, OUT, 2);
}

static long long atomic_writes(void)
{
	return read_number(BOARD("atomic_writes"));
}

TEST_F(defer, status_and_line_info_say_so)
{
	struct piaccel_line_info i = { .offset = OUT };

	ASSERT_LE(0, request(self));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_DEFERS));
	/* its inputs are read at once, unless get() may sleep, too */
	EXPECT_EQ(self->rt, line_is(self->line, PIACCEL_STATUS_SLEEPS));
	strcpy(i.chip, TESTBOARD_LABEL);
	ASSERT_EQ(0, xioctl(self->dev, PIACCEL_LINE_INFO, &i));
	EXPECT_TRUE(i.flags & PIACCEL_INFO_WORKER);
}

TEST_F(defer, a_missed_deadline_is_driven_where_it_may_sleep)
{
	struct piaccel_line_status s;

	self->req.keepalive_ns = 20 * MSEC;
	ASSERT_LE(0, request(self));
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(0, atomic_writes());
	s = line_status(self->line);
	EXPECT_EQ(PIACCEL_TRIP_DEADLINE, s.trip_cause);
	printf("# safe %.1f us after the deadline\n",
	       (s.safe_ns - s.trip_ns) / 1e3);
}

TEST_F(defer, an_interlock_in_hard_irq_context_is_driven_where_it_may_sleep)
{
	self->req.interlock_mask = LOCK;
	self->req.interlock_values = LOCK;
	ASSERT_LE(0, request(self));
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, board_drive(&self->b, IN, 0));
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(0, atomic_writes());
	EXPECT_EQ(PIACCEL_TRIP_INTERLOCK, line_status(self->line).trip_cause);
}

TEST_F(defer, what_a_program_calls_is_driven_where_it_may_sleep)
{
	ASSERT_LE(0, request(self));
	EXPECT_EQ(RUN, relays(self));
	EXPECT_EQ(0, line_set(self->line, RELAYS, RELAYS));
	EXPECT_EQ(RELAYS, relays(self));
	EXPECT_EQ(0, line_set(self->line, 0, 0x1));
	EXPECT_EQ(0x2, relays(self));
	EXPECT_EQ(0, line_set(self->line, RUN, RELAYS));
	/* it returns when they stand */
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_SAFE));
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(0, line_rearm(self->line, 1));
	EXPECT_EQ(0, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(RUN, relays(self));
	EXPECT_EQ(0, atomic_writes());
}

TEST_F(defer, lines_that_are_held_are_driven_so_by_their_next_owner)
{
	self->req.flags = PIACCEL_LINE_HOLD;
	self->req.config.output_mask = RELAYS;
	ASSERT_LE(0, request(self));
	close(self->line);
	EXPECT_EQ(SAFE, relays(self));
	/* how they are driven was decided when they were requested */
	ASSERT_EQ(0, write_text(DRIVERS, "testboard"));
	self->req.flags = PIACCEL_LINE_ADOPT;
	ASSERT_LE(0, request(self));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_DEFERS));
	EXPECT_EQ(0, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(0, atomic_writes());
}

TEST_F(defer, a_playback_is_refused)
{
	struct piaccel_stream_request r = {
		.mask = RELAYS, .size = 64, .period_ns = 10 * MSEC,
		.block_samples = 64,
	};

	r.dmabuf_fd = buf_alloc(self->dev, 4096, PIACCEL_BUF_CACHED);
	ASSERT_LE(0, r.dmabuf_fd);
	ASSERT_LE(0, request(self));
	EXPECT_EQ(-EOPNOTSUPP, xioctl(self->line, PIACCEL_LINE_PLAYBACK, &r));
	close(r.dmabuf_fd);
}

TEST_F(defer, a_driver_that_is_named_is_driven_at_once)
{
	ASSERT_EQ(0, write_text(BOARD("plain"), "N"));
	ASSERT_EQ(0, write_text(DRIVERS, "some-other,testboard"));
	ASSERT_LE(0, request(self));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_DEFERS));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_SLEEPS));
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_SAFE));
	EXPECT_EQ(SAFE, relays(self));
	close(self->line);
	/* a part of its name is none */
	ASSERT_EQ(0, write_text(DRIVERS, "test,testboards"));
	ASSERT_LE(0, request(self));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_DEFERS));
}

TEST_HARNESS_MAIN
