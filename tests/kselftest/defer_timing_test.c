// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long the safe values take, in simulated time, where a thread drives them:
 * the chip's driver is not known to be atomic, and the lines are open drains.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define RUNS		200
#define RELAYS		0x3ULL
#define RUN		0x1ULL
#define SAFE		0x2ULL
#define DRIVERS		"/sys/module/piaccel/parameters/atomic_drivers"

/* The thread is woken, and preempts whoever is no SCHED_FIFO thread. */
#define DEFER_BOUND	(1 * MSEC)

FIXTURE(defer_timing) {
	struct board b;
	struct piaccel_line_request req;
	int dev;
	pid_t noisy;
	char drivers[256];
	uint64_t delay[RUNS];
};

FIXTURE_VARIANT(defer_timing) {
	bool busy;
};

FIXTURE_VARIANT_ADD(defer_timing, idle) { .busy = false };
FIXTURE_VARIANT_ADD(defer_timing, busy) { .busy = true };

static void be_noisy(void)
{
	for (;;) {
		char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; i < 65536; i += 4096)
			p[i] = 1;
		munmap(p, 65536);
	}
}

FIXTURE_SETUP(defer_timing)
{
	const char *why = rig_up(&self->dev, &self->b, TESTBOARD_LABEL,
				 PIACCEL_FEATURE_FAILSAFE);

	self->drivers[0] = 0;
	self->noisy = -1;
	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, read_text(DRIVERS, self->drivers, sizeof(self->drivers)));
	ASSERT_EQ(0, write_text(DRIVERS, "none"));
	self->req = outputs(&self->b, OUT, 2, RUN);
	self->req.config.open_drain_mask = RELAYS;
	self->req.config.pull_up_mask = RELAYS;
	self->req.safe_mask = RELAYS;
	self->req.safe_values = SAFE;
	/* the deadline is missed while we are asleep */
	self->req.keepalive_ns = 4 * MSEC;
	if (!variant->busy)
		return;
	self->noisy = fork();
	ASSERT_LE(0, self->noisy);
	if (!self->noisy)
		be_noisy();
}

FIXTURE_TEARDOWN(defer_timing)
{
	if (self->noisy > 0) {
		kill(self->noisy, SIGKILL);
		waitpid(self->noisy, NULL, 0);
	}
	if (self->drivers[0])
		write_text(DRIVERS, self->drivers);
	rig_down(&self->dev, &self->b);
}

TEST_F_TIMEOUT(defer_timing, a_thread_is_in_time_for_a_missed_deadline, 120)
{
	struct piaccel_line_status s;

	for (int i = 0; i < RUNS; i++) {
		int line = line_request(self->dev, &self->req);

		ASSERT_LE(0, line);
		nap_ns(8 * MSEC);
		ASSERT_TRUE(line_tripped(line));
		s = line_status(line);
		EXPECT_EQ(PIACCEL_TRIP_DEADLINE, s.trip_cause);
		EXPECT_TRUE(s.flags & PIACCEL_STATUS_DEFERS);
		EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 2));
		ASSERT_LE(s.trip_ns, s.safe_ns);
		self->delay[i] = s.safe_ns - s.trip_ns;
		EXPECT_GE(DEFER_BOUND, self->delay[i]) TH_LOG("run %d", i);
		close(line);
	}
	print_spread(variant->busy ?
		     "missed deadline to safe values by a thread, CPU busy (simulated)" :
		     "missed deadline to safe values by a thread, CPU idle (simulated)",
		     self->delay, RUNS);
}

TEST_HARNESS_MAIN
