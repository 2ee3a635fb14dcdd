// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owner dies, hangs or leaves, 200 times each, and every time the relays
 * fall to their safe values. Relay 0 runs high and is safe low, relay 1 the
 * other way round, so that a line merely let go is noticed.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define RUNS 200
#define RELAYS 0x3ULL
#define RUN 0x1ULL
#define SAFE 0x2ULL

FIXTURE(owner) {
	struct board b;
	struct piaccel_line_request req;
	int dev;
	uint64_t delay[RUNS];
};

FIXTURE_VARIANT(owner) {
	const char *label;
};

FIXTURE_VARIANT_ADD(owner, fast) {
	.label = TESTBOARD_LABEL,
};

FIXTURE_VARIANT_ADD(owner, sleeping) {
	.label = SIM_LABEL,
};

FIXTURE_SETUP(owner)
{
	const char *why = board_open(&self->b, variant->label);

	if (why)
		SKIP(return, "%s: %s", variant->label, why);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	board_reset(&self->b);
	self->req = outputs(&self->b, OUT, 2, RUN);
	self->req.safe_mask = RELAYS;
	self->req.safe_values = SAFE;
	self->req.flags = PIACCEL_LINE_HOLD;
}

FIXTURE_TEARDOWN(owner)
{
	close(self->dev);
	board_close(&self->b);
}

static uint64_t relays(FIXTURE_DATA(owner) *self)
{
	return board_levels(&self->b, OUT, 2);
}

/*
 * From @cause to the safe values: by the board's own recorder where there is
 * one, else until they were seen, which is later. ~0 if they never came.
 */
static uint64_t delay_since(FIXTURE_DATA(owner) *self, uint64_t cause)
{
	struct tb_record rec[64];
	uint64_t last = 0;
	int n;

	if (!wait_for(relays(self) == SAFE))
		return ~0ULL;
	if (self->b.sleeps)
		return now_ns() - cause;
	n = board_records(&self->b, rec, LEN(rec));
	for (int i = 0; i < n; i++)
		if (rec[i].time_ns >= cause)
			last = rec[i].time_ns;
	return last ? last - cause : ~0ULL;
}

/* A controller: takes the relays, drives them, says so, and waits. */
static pid_t start_owner(FIXTURE_DATA(owner) *self, bool adopt, int *leave)
{
	int ready[2], go[2];
	char c = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		int line;

		close(go[1]);
		self->req.flags = PIACCEL_LINE_HOLD |
				  (adopt ? PIACCEL_LINE_ADOPT : 0);
		line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
		if (line < 0 || line_set(line, RUN, RELAYS))
			_exit(1);
		if (write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(go[0]);
	close(ready[1]);
	/* a child that failed closes the pipe instead */
	if (pid > 0 && read(ready[0], &c, 1) != 1)
		pid = -1;
	close(ready[0]);
	*leave = go[1];
	return pid;
}

static void end_hold(struct __test_metadata *_metadata,
		     FIXTURE_DATA(owner) *self)
{
	int line;

	self->req.flags = PIACCEL_LINE_ADOPT;
	line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, line);
	EXPECT_EQ(0, xioctl(line, PIACCEL_LINE_DISARM));
	close(line);
}

static void owners_go(struct __test_metadata *_metadata,
		      FIXTURE_DATA(owner) *self, bool kill_it,
		      const char *what)
{
	int safe = 0, leave, status;
	uint64_t cause;
	pid_t pid;

	for (int i = 0; i < RUNS; i++) {
		pid = start_owner(self, i > 0, &leave);
		ASSERT_LT(0, pid) TH_LOG("run %d", i);
		ASSERT_EQ(RUN, relays(self)) TH_LOG("run %d", i);
		if (!self->b.sleeps) {
			ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 2),
						    1 << TB_KIND_OUTPUT));
		}
		cause = now_ns();
		if (kill_it) {
			ASSERT_EQ(0, kill(pid, SIGKILL));
		}
		close(leave);
		self->delay[i] = delay_since(self, cause);
		safe += self->delay[i] != ~0ULL;
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(kill_it, WIFSIGNALED(status));
		/* and safe they stay */
		EXPECT_EQ(SAFE, relays(self));
	}
	EXPECT_EQ(RUNS, safe);
	TH_LOG("%s, %s: safe in %d of %d runs", self->b.label, what, safe, RUNS);
	print_spread(what, self->delay, RUNS);
	end_hold(_metadata, self);
}

TEST_F_TIMEOUT(owner, killed_200_times_is_safe_200_times, 300)
{
	owners_go(_metadata, self, true, "SIGKILL to safe values");
}

TEST_F_TIMEOUT(owner, exits_without_disarm_200_times_is_safe_200_times, 300)
{
	owners_go(_metadata, self, false, "exit to safe values");
}

TEST_F_TIMEOUT(owner, stopped_past_its_deadline_200_times_is_safe_200_times, 300)
{
	struct piaccel_line_status s;
	int line, safe = 0, status;
	uint64_t late;
	pid_t pid;

	self->req.keepalive_ns = 30 * MSEC;
	self->req.flags = 0;
	for (int i = 0; i < RUNS; i++) {
		int ready[2];
		char c;

		ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
		if (!self->b.sleeps) {
			ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 2),
						    1 << TB_KIND_OUTPUT));
		}
		line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
		ASSERT_LE(0, line);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			line_keepalive(line, 0);
			c = write(ready[1], &c, 1);
			for (;;)
				line_keepalive(line, 0);
		}
		close(ready[1]);
		ASSERT_EQ(1, read(ready[0], &c, 1));
		close(ready[0]);
		ASSERT_EQ(0, kill(pid, SIGSTOP));
		ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status));

		/* alive, holding the lines, and silent */
		ASSERT_TRUE(line_tripped(line));
		s = line_status(line);
		EXPECT_EQ(PIACCEL_TRIP_DEADLINE, s.trip_cause);
		late = delay_since(self, s.trip_ns);
		if (self->b.sleeps && late != ~0ULL)
			late = s.safe_ns - s.trip_ns;
		self->delay[i] = late;
		safe += late != ~0ULL;

		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		close(line);
	}
	EXPECT_EQ(RUNS, safe);
	TH_LOG("%s, stopped: safe in %d of %d runs", self->b.label, safe, RUNS);
	print_spread("missed deadline to safe values", self->delay, RUNS);
}

TEST_HARNESS_MAIN
