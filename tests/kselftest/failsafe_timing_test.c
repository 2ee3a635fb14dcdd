// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast the safe values stand, in simulated time, on the chip that does not
 * sleep. Times come from the board's own recorder, so no user space is part of
 * what is measured: it is stopped, or busy with something else.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define RUNS		200
#define RELAYS		0x3ULL
#define RUN		0x1ULL
#define SAFE		0x2ULL

#define DEADLINE_BOUND	(100 * USEC)
#define INTERLOCK_BOUND	(20 * USEC)
#define EVERY_BOUND	(20 * USEC)

FIXTURE(timing) {
	struct board b;
	struct piaccel_line_request req;
	int dev;
	pid_t noisy;
	uint64_t delay[RUNS];
};

FIXTURE_VARIANT(timing) {
	bool busy;
};

FIXTURE_VARIANT_ADD(timing, idle) { .busy = false };
FIXTURE_VARIANT_ADD(timing, busy) { .busy = true };

FIXTURE_SETUP(timing)
{
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	if (why)
		SKIP(return, "%s", why);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	board_reset(&self->b);
	self->req = outputs(&self->b, OUT, 2, RUN);
	self->req.safe_mask = RELAYS;
	self->req.safe_values = SAFE;
	if (!variant->busy)
		return;
	/* somebody else's work: system calls and page faults all the time */
	self->noisy = fork();
	ASSERT_LE(0, self->noisy);
	if (self->noisy)
		return;
	for (;;) {
		char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; i < 65536; i += 4096)
			p[i] = 1;
		munmap(p, 65536);
	}
}

FIXTURE_TEARDOWN(timing)
{
	if (self->noisy > 0) {
		kill(self->noisy, SIGKILL);
		waitpid(self->noisy, NULL, 0);
	}
	close(self->dev);
	board_close(&self->b);
}

/* When both relays stood at their safe values, by the recorder; 0: never. */
static uint64_t safe_at(const struct board *b)
{
	uint64_t value = RUN, when = 0;
	struct tb_record rec[64];
	ssize_t n = board_records(b, rec, LEN(rec));

	for (ssize_t i = 0; i < n; i++) {
		if (rec[i].kind != TB_KIND_OUTPUT)
			continue;
		value &= ~TB_BIT(rec[i].line - OUT);
		value |= (uint64_t)rec[i].value << (rec[i].line - OUT);
		if (value == SAFE)
			when = rec[i].time_ns;
	}
	return value == SAFE ? when : 0;
}

TEST_F_TIMEOUT(timing, safe_within_100_us_of_a_missed_deadline, 120)
{
	struct piaccel_line_status s;
	uint64_t when;
	int line, status;
	pid_t owner;

	/* long enough for the owner to get its first turn on a busy CPU */
	self->req.keepalive_ns = 40 * MSEC;
	for (int i = 0; i < RUNS; i++) {
		line = line_request(self->dev, &self->req);
		ASSERT_LE(0, line);
		ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 2),
					     1 << TB_KIND_OUTPUT));
		owner = fork();
		ASSERT_LE(0, owner);
		if (!owner) {
			for (;;) {
				line_keepalive(line, 0);
				nap_ns(MSEC);
			}
		}
		ASSERT_TRUE(wait_for(line_status(line).keepalives > 1));
		ASSERT_EQ(0, kill(owner, SIGSTOP));
		ASSERT_EQ(owner, waitpid(owner, &status, WUNTRACED));
		/* asleep ourselves until well past the deadline */
		nap_ns(48 * MSEC);
		s = line_status(line);
		when = safe_at(&self->b);
		ASSERT_EQ(PIACCEL_TRIP_DEADLINE, s.trip_cause);
		ASSERT_LE(s.trip_ns, when) TH_LOG("run %d", i);
		self->delay[i] = when - s.trip_ns;
		EXPECT_GE(DEADLINE_BOUND, self->delay[i]) TH_LOG("run %d", i);
		/* what STATUS says is what the board saw, or a little later */
		EXPECT_LE(when, s.safe_ns);
		EXPECT_GE(when + DEADLINE_BOUND, s.safe_ns);
		ASSERT_EQ(0, kill(owner, SIGKILL));
		ASSERT_EQ(owner, waitpid(owner, NULL, 0));
		close(line);
	}
	print_spread(variant->busy ?
		     "missed deadline to safe values, CPU busy (simulated)" :
		     "missed deadline to safe values, CPU idle (simulated)",
		     self->delay, RUNS);
}

/* All of the chip's, each of which has to change. */
TEST_F_TIMEOUT(timing, every_line_is_safe_within_20_us_of_a_missed_deadline,
	       120)
{
	uint64_t all = LINES(self->b.lines), safe = all & 0xaaaaaaaaaaaaaaaaULL;
	struct piaccel_line_status s;
	int line;

	self->req = outputs(&self->b, 0, self->b.lines, all & ~safe);
	self->req.safe_mask = all;
	self->req.safe_values = safe;
	self->req.keepalive_ns = 20 * MSEC;
	line = line_request(self->dev, &self->req);
	ASSERT_LE(0, line);
	for (int i = 0; i < RUNS; i++) {
		/* asleep until well past the deadline */
		nap_ns(25 * MSEC);
		s = line_status(line);
		ASSERT_EQ(PIACCEL_TRIP_DEADLINE, s.trip_cause);
		ASSERT_EQ(safe, board_state(&self->b).value & all);
		ASSERT_LE(s.trip_ns, s.safe_ns);
		self->delay[i] = s.safe_ns - s.trip_ns;
		EXPECT_GE(EVERY_BOUND, self->delay[i]) TH_LOG("run %d", i);
		ASSERT_EQ(0, line_rearm(line, i + 1));
		ASSERT_EQ(0, line_set(line, all & ~safe, all));
	}
	print_spread(variant->busy ?
		     "missed deadline to all safe values, CPU busy (simulated)" :
		     "missed deadline to all safe values, CPU idle (simulated)",
		     self->delay, RUNS);
	close(line);
}

TEST_F_TIMEOUT(timing, safe_within_20_us_of_an_interlocks_edge, 120)
{
	struct tb_step open = tb_step(2 * MSEC, IN, 0);
	struct piaccel_line_status s;
	struct tb_line counters;
	uint64_t when, noticed[RUNS];
	int line;

	self->req.num_lines = 3;
	self->req.offsets[2] = IN;
	self->req.interlock_mask = self->req.interlock_values = 0x4;
	ASSERT_EQ(0, tb_drive(self->b.outside, IN, 1));
	line = line_request(self->dev, &self->req);
	ASSERT_LE(0, line);
	for (int i = 0; i < RUNS; i++) {
		ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 2),
					     1 << TB_KIND_OUTPUT));
		/* the board opens it by its own clock; we sleep past it */
		ASSERT_EQ(0, tb_play(self->b.outside, 0, &open, 1, 0));
		nap_ns(4 * MSEC);
		s = line_status(line);
		when = safe_at(&self->b);
		ASSERT_EQ(PIACCEL_TRIP_INTERLOCK, s.trip_cause);
		ASSERT_EQ(i + 1, s.trip_seq);
		ASSERT_EQ(0, tb_line(self->b.outside, IN, &counters));
		ASSERT_LE(counters.changed_ns, s.trip_ns);
		ASSERT_LE(counters.changed_ns, when) TH_LOG("run %d", i);
		self->delay[i] = when - counters.changed_ns;
		noticed[i] = s.trip_ns - counters.changed_ns;
		EXPECT_GE(INTERLOCK_BOUND, self->delay[i]) TH_LOG("run %d", i);

		ASSERT_EQ(0, tb_drive(self->b.outside, IN, 1));
		ASSERT_EQ(0, line_rearm(line, i + 1));
		ASSERT_EQ(0, line_set(line, RUN, RELAYS));
	}
	print_spread(variant->busy ?
		     "interlock edge to safe values, CPU busy (simulated)" :
		     "interlock edge to safe values, CPU idle (simulated)",
		     self->delay, RUNS);
	print_spread("  of which edge to interrupt handler", noticed, RUNS);
	close(line);
}

/* The shortest deadline that may be asked for is kept as well. */
TEST_F(timing, a_deadline_of_100_us_is_kept)
{
	struct piaccel_line_status s;
	uint64_t when;
	int line;

	self->req.keepalive_ns = PIACCEL_KEEPALIVE_MIN_NS;
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 2),
					     1 << TB_KIND_OUTPUT));
		line = line_request(self->dev, &self->req);
		ASSERT_LE(0, line);
		nap_ns(2 * MSEC);
		s = line_status(line);
		when = safe_at(&self->b);
		ASSERT_EQ(PIACCEL_TRIP_DEADLINE, s.trip_cause);
		ASSERT_LE(s.trip_ns, when);
		EXPECT_GE(s.trip_ns + DEADLINE_BOUND, when);
		close(line);
	}
}

TEST_HARNESS_MAIN
