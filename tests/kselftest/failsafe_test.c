// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fail-safe: the causes of a trip, the latch, what feeds the deadline and what
 * does not, and how a trip is seen. On a chip that never sleeps and on one
 * that does.
 */
#include <linux/netlink.h>

#include "relays.h"

TEST_F(failsafe, a_fresh_request_is_armed_and_says_so)
{
	struct piaccel_line_status s;

	ASSERT_LE(0, request(self)) TH_LOG("%s", strerror(errno));
	EXPECT_EQ(RUN, relays(self));
	s = line_status(self->line);
	EXPECT_EQ(PIACCEL_STATUS_FAILSAFE | PIACCEL_STATUS_ARMED |
		  (self->b->sleeps ? PIACCEL_STATUS_SLEEPS |
				     PIACCEL_STATUS_DEFERS : 0), s.flags);
	EXPECT_EQ(PIACCEL_TRIP_NONE, s.trip_cause);
	EXPECT_EQ(0, s.trip_seq);
	EXPECT_EQ(0, s.trip_ns);
	EXPECT_EQ(0, s.safe_ns);
	EXPECT_EQ(0, s.interlock_open);
	EXPECT_EQ(0, s.deadline_ns);
	EXPECT_EQ(0, s.keepalives);
	EXPECT_EQ(RUN, s.values);
	EXPECT_EQ(6, s.num_lines);
	EXPECT_EQ(self->b->sleeps, s.read_cost_ns == 0);
	EXPECT_EQ(self->b->sleeps, s.period_floor_ns == 0);
}

TEST_F(failsafe, trip_drives_the_safe_values_and_latches)
{
	uint64_t before = now_ns();

	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	expect_trip(_metadata, self, PIACCEL_TRIP_USER, 1);
	EXPECT_LE(before, line_status(self->line).trip_ns);
	/* a second one changes nothing */
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_EQ(1, line_status(self->line).trip_seq);
	EXPECT_EQ(-ESHUTDOWN, xioctl(self->line, PIACCEL_LINE_RECONFIG,
				      &self->req.config));
	EXPECT_EQ(SAFE, line_get(self->line, RELAYS));
}

TEST_F(failsafe, rearm_wants_the_present_trip_seq)
{
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	expect_trip(_metadata, self, PIACCEL_TRIP_USER, 1);
	EXPECT_EQ(-ESTALE, line_rearm(self->line, 0));
	EXPECT_EQ(-ESTALE, line_rearm(self->line, 2));
	EXPECT_EQ(-ESTALE, line_rearm(self->line, ~0ULL));
	expect_trip(_metadata, self, PIACCEL_TRIP_USER, 1);

	ASSERT_EQ(0, line_rearm(self->line, 1));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_ARMED));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_SAFE));
	/* the last trip stays readable, and the relays where it left them */
	EXPECT_EQ(PIACCEL_TRIP_USER, line_status(self->line).trip_cause);
	EXPECT_EQ(SAFE, relays(self));
	ASSERT_EQ(0, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(RUN, relays(self));

	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	expect_trip(_metadata, self, PIACCEL_TRIP_USER, 2);
	EXPECT_EQ(-ESTALE, line_rearm(self->line, 1));
	EXPECT_EQ(0, line_rearm(self->line, 2));
}

TEST_F(failsafe, rearm_of_an_armed_request_leaves_its_deadline_alone)
{
	uint64_t due;

	self->req.keepalive_ns = 600 * SEC;
	ASSERT_LE(0, request(self));
	due = line_status(self->line).deadline_ns;
	EXPECT_EQ(0, line_rearm(self->line, 0));
	EXPECT_EQ(due, line_status(self->line).deadline_ns);
	EXPECT_EQ(-ESTALE, line_rearm(self->line, 1));
}

TEST_F(failsafe, a_trip_drives_only_the_lines_of_safe_mask)
{
	self->req.safe_mask = 0x3;
	self->req.safe_values = 0x2;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, line_set(self->line, 0x8, 0xc));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ(0xa, relays(self));
	EXPECT_EQ(0xa, line_status(self->line).values & RELAYS);
	/* the latch holds for all outputs of the request */
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, 0x4, 0x4));
	EXPECT_EQ(0xa, relays(self));
}

TEST_F(failsafe, safe_values_are_logical)
{
	self->req.config.active_low_mask = 0x3;
	ASSERT_LE(0, request(self));
	EXPECT_EQ(RUN ^ 0x3, relays(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE ^ 0x3, relays(self));
	EXPECT_EQ(SAFE, line_get(self->line, RELAYS));
}

TEST_F(failsafe, calls_of_the_fail_safe_need_a_safe_mask)
{
	self->req.safe_mask = 0;
	self->req.safe_values = 0;
	ASSERT_LE(0, request(self));
	EXPECT_EQ(0, line_status(self->line).flags &
		  (PIACCEL_STATUS_FAILSAFE | PIACCEL_STATUS_ARMED));
	EXPECT_EQ(-EINVAL, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_EQ(-EINVAL, xioctl(self->line, PIACCEL_LINE_DISARM));
	EXPECT_EQ(-EINVAL, line_rearm(self->line, 0));
	EXPECT_EQ(-EINVAL, line_keepalive(self->line, 0));
	EXPECT_EQ(RUN, relays(self));
}

/* ---- the deadline ---- */

TEST_F(failsafe, a_missed_deadline_trips)
{
	uint64_t due;

	self->req.keepalive_ns = 100 * MSEC;
	ASSERT_LE(0, request(self));
	due = line_status(self->line).deadline_ns;
	EXPECT_NE(0, due);
	expect_trip(_metadata, self, PIACCEL_TRIP_DEADLINE, 1);
	EXPECT_EQ(due, line_status(self->line).trip_ns);
	EXPECT_EQ(-ESHUTDOWN, line_keepalive(self->line, 0));
}

TEST_F(failsafe, only_keepalive_feeds_the_deadline)
{
	struct piaccel_line_values v;
	struct piaccel_event e;
	uint64_t due;
	unsigned int calls = 0;
	int fd;

	self->req.keepalive_ns = 300 * MSEC;
	self->req.config.rising_mask = 0x30;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, fcntl(self->line, F_SETFL, O_NONBLOCK));
	due = line_status(self->line).deadline_ns;
	while (!line_is(self->line, PIACCEL_STATUS_TRIPPED) &&
	       now_ns() < due + 20 * SEC) {
		v = (struct piaccel_line_values){ .bits = RUN, .mask = RELAYS };
		xioctl(self->line, PIACCEL_LINE_SET, &v);
		xioctl(self->line, PIACCEL_LINE_GET, &v);
		line_rearm(self->line, 0);
		xioctl(self->line, PIACCEL_LINE_RECONFIG, &self->req.config);
		if (read(self->line, &e, sizeof(e)) < 0 && errno != EAGAIN)
			break;
		board_drive(self->b, IN + 1, calls++ & 1);
		fd = dup(self->line);
		close(fd);
	}
	EXPECT_LT(0, calls);
	expect_trip(_metadata, self, PIACCEL_TRIP_DEADLINE, 1);
	EXPECT_EQ(due, line_status(self->line).trip_ns);
}

TEST_F(failsafe, keepalive_moves_the_deadline_and_is_counted)
{
	struct piaccel_line_status s;
	uint64_t t0, t1, due;

	self->req.keepalive_ns = 600 * SEC;
	t0 = now_ns();
	ASSERT_LE(0, request(self));
	t1 = now_ns();
	s = line_status(self->line);
	EXPECT_LE(t0 + 600 * SEC, s.deadline_ns);
	EXPECT_GE(t1 + 600 * SEC, s.deadline_ns);

	t0 = now_ns();
	ASSERT_EQ(0, line_keepalive(self->line, 0));
	t1 = now_ns();
	s = line_status(self->line);
	EXPECT_LE(t0 + 600 * SEC, s.deadline_ns);
	EXPECT_GE(t1 + 600 * SEC, s.deadline_ns);
	EXPECT_EQ(1, s.keepalives);

	/* a deadline of one's own, nearer than keepalive_ns */
	due = now_ns() + 300 * SEC;
	ASSERT_EQ(0, line_keepalive(self->line, due));
	s = line_status(self->line);
	EXPECT_EQ(due, s.deadline_ns);
	EXPECT_EQ(2, s.keepalives);

	EXPECT_EQ(-ERANGE, line_keepalive(self->line, now_ns() - 1));
	EXPECT_EQ(-ERANGE, line_keepalive(self->line, 1));
	EXPECT_EQ(-ERANGE, line_keepalive(self->line, now_ns() + 660 * SEC));
	EXPECT_EQ(-ERANGE, line_keepalive(self->line, ~0ULL));
	s = line_status(self->line);
	EXPECT_EQ(due, s.deadline_ns);
	EXPECT_EQ(2, s.keepalives);
	EXPECT_TRUE(s.flags & PIACCEL_STATUS_ARMED);
}

TEST_F(failsafe, keepalive_needs_a_deadline)
{
	ASSERT_LE(0, request(self));
	EXPECT_EQ(-EINVAL, line_keepalive(self->line, 0));
	EXPECT_EQ(-EINVAL, line_keepalive(self->line, now_ns() + SEC));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_ARMED));
}

TEST_F(failsafe, a_late_keepalive_trips)
{
	uint64_t due = 0;
	int ret = -1;

	self->req.keepalive_ns = 600 * SEC;
	ASSERT_LE(0, request(self));
	/* under emulation even the call may come too late: try again */
	wait_for((due = now_ns() + 200 * USEC,
	       ret = line_keepalive(self->line, due)) == 0 ||
	      line_is(self->line, PIACCEL_STATUS_TRIPPED));
	ASSERT_EQ(0, ret);
	while (now_ns() <= due)
		;
	EXPECT_EQ(-ESHUTDOWN, line_keepalive(self->line, 0));
	expect_trip(_metadata, self, PIACCEL_TRIP_DEADLINE, 1);
	EXPECT_EQ(due, line_status(self->line).trip_ns);
}

TEST_F(failsafe, rearm_starts_the_deadline_anew)
{
	struct piaccel_line_status s;
	uint64_t t0;

	self->req.keepalive_ns = 600 * SEC;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	expect_trip(_metadata, self, PIACCEL_TRIP_USER, 1);
	t0 = now_ns();
	ASSERT_EQ(0, line_rearm(self->line, 1));
	s = line_status(self->line);
	EXPECT_LE(t0 + 600 * SEC, s.deadline_ns);
	EXPECT_GE(now_ns() + 600 * SEC, s.deadline_ns);
	EXPECT_EQ(0, line_keepalive(self->line, 0));
}

/* ---- DISARM ---- */

TEST_F(failsafe, disarm_ends_the_deadline)
{
	struct piaccel_line_status s;
	uint64_t due;

	self->req.keepalive_ns = 200 * MSEC;
	ASSERT_LE(0, request(self));
	due = line_status(self->line).deadline_ns;
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	s = line_status(self->line);
	EXPECT_EQ(PIACCEL_STATUS_FAILSAFE, s.flags & (PIACCEL_STATUS_FAILSAFE |
		  PIACCEL_STATUS_ARMED | PIACCEL_STATUS_TRIPPED));
	EXPECT_EQ(0, s.deadline_ns);
	EXPECT_EQ(-EINVAL, line_keepalive(self->line, 0));
	/* the time has passed and nothing came */
	EXPECT_TRUE(wait_for(now_ns() > due + 50 * MSEC));
	EXPECT_EQ(0, line_status(self->line).trip_seq);
	EXPECT_EQ(RUN, relays(self));
	/* a disarmed request still drives */
	EXPECT_EQ(0, line_set(self->line, 0x6, RELAYS));
	EXPECT_EQ(0x6, relays(self));
}

TEST_F(failsafe, rearm_undoes_disarm)
{
	self->req.keepalive_ns = 200 * MSEC;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	EXPECT_EQ(-ESTALE, line_rearm(self->line, 1));
	ASSERT_EQ(0, line_rearm(self->line, 0));
	expect_trip(_metadata, self, PIACCEL_TRIP_DEADLINE, 1);
}

TEST_F(failsafe, disarm_leaves_a_trip_latched)
{
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	expect_trip(_metadata, self, PIACCEL_TRIP_USER, 1);
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(SAFE, relays(self));
}

TEST_F(failsafe, disarm_leaves_the_interlocks_in_force)
{
	with_interlocks(&self->req);
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	ASSERT_EQ(0, board_drive(self->b, IN, 0));
	expect_trip(_metadata, self, PIACCEL_TRIP_INTERLOCK, 1);
}

TEST_F(failsafe, a_disarmed_request_can_be_tripped_by_its_owner)
{
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	expect_trip(_metadata, self, PIACCEL_TRIP_USER, 1);
}

/* ---- interlocks ---- */

TEST_F(failsafe, an_interlock_trips_and_bars_rearm_while_open)
{
	struct piaccel_line_status s;
	uint64_t t0;

	with_interlocks(&self->req);
	ASSERT_LE(0, request(self));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_ARMED));
	t0 = now_ns();
	ASSERT_EQ(0, board_drive(self->b, IN, 0));
	expect_trip(_metadata, self, PIACCEL_TRIP_INTERLOCK, 1);
	s = line_status(self->line);
	EXPECT_LE(t0, s.trip_ns);
	EXPECT_TRUE(s.flags & PIACCEL_STATUS_OPEN);
	EXPECT_EQ(BIT64(4), s.interlock_open);
	EXPECT_EQ(-EBUSY, line_rearm(self->line, 1));

	/* the other one, too: both must be closed again */
	ASSERT_EQ(0, board_drive(self->b, IN + 1, 1));
	EXPECT_TRUE(wait_for(line_status(self->line).interlock_open == LOCKS));
	ASSERT_EQ(0, board_drive(self->b, IN, 1));
	EXPECT_TRUE(wait_for(line_status(self->line).interlock_open == BIT64(5)));
	EXPECT_EQ(-EBUSY, line_rearm(self->line, 1));
	ASSERT_EQ(0, board_drive(self->b, IN + 1, 0));
	EXPECT_TRUE(wait_for(!line_status(self->line).interlock_open));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_OPEN));
	/* closed, but latched all the same */
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(-ESTALE, line_rearm(self->line, 0));
	/* where the chip sleeps, an edge from before may still trip it again */
	EXPECT_TRUE(wait_for(!line_rearm(self->line, line_status(self->line).trip_seq) &&
			     !line_set(self->line, RUN, RELAYS) &&
			     relays(self) == RUN));

	ASSERT_EQ(0, board_drive(self->b, IN + 1, 1));
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ(BIT64(5), line_status(self->line).interlock_open);
	EXPECT_EQ(SAFE, relays(self));
}

TEST_F(failsafe, an_interlock_reads_logical_values)
{
	with_interlocks(&self->req);
	self->req.config.active_low_mask = LOCKS;
	self->req.interlock_values = CLOSED ^ LOCKS;
	ASSERT_LE(0, request(self));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_ARMED));
	ASSERT_EQ(0, board_drive(self->b, IN + 1, 1));
	expect_trip(_metadata, self, PIACCEL_TRIP_INTERLOCK, 1);
	EXPECT_EQ(BIT64(5), line_status(self->line).interlock_open);
}

TEST_F(failsafe, a_short_pulse_on_an_interlock_is_enough)
{
	with_interlocks(&self->req);
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, board_drive(self->b, IN, 0));
	ASSERT_EQ(0, board_drive(self->b, IN, 1));
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ(PIACCEL_TRIP_INTERLOCK, line_status(self->line).trip_cause);
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
}

TEST_F(failsafe, an_open_interlock_trips_the_request_at_once)
{
	struct tb_record rec[64];
	int n;

	with_interlocks(&self->req);
	ASSERT_EQ(0, board_drive(self->b, IN, 0));
	if (!self->b->sleeps) {
		ASSERT_EQ(0, tb_record_start(self->b->outside, BIT64(OUT) |
					    BIT64(OUT + 2), TB_KINDS));
	}
	ASSERT_LE(0, request(self));
	expect_trip(_metadata, self, PIACCEL_TRIP_INTERLOCK, 1);
	EXPECT_EQ(-EBUSY, line_rearm(self->line, 1));
	if (self->b->sleeps)
		return;
	/* lines 0 and 2 run high and are safe low: they never rose */
	n = board_records(self->b, rec, LEN(rec));
	ASSERT_LT(0, n);
	for (int i = 0; i < n; i++) {
		EXPECT_EQ(0, rec[i].level);
	}
}

TEST_F(failsafe, an_interlock_may_be_an_edge_input_too)
{
	struct piaccel_event e;

	with_interlocks(&self->req);
	self->req.config.falling_mask = BIT64(4);
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, board_drive(self->b, IN, 0));
	expect_trip(_metadata, self, PIACCEL_TRIP_INTERLOCK, 1);
	ASSERT_TRUE(wait_events(self->line, POLLIN) & POLLIN);
	ASSERT_EQ(sizeof(e), read(self->line, &e, sizeof(e)));
	EXPECT_EQ(4, e.line);
	EXPECT_EQ(PIACCEL_EDGE_FALLING, e.edge);
	EXPECT_EQ(line_status(self->line).trip_ns, e.time_ns);
}

TEST_F(failsafe, an_interlock_is_no_edge_event_unasked)
{
	struct piaccel_event e;

	with_interlocks(&self->req);
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, board_drive(self->b, IN, 0));
	expect_trip(_metadata, self, PIACCEL_TRIP_INTERLOCK, 1);
	EXPECT_EQ(-1, read(self->line, &e, sizeof(e)));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(failsafe, reconfig_may_not_disarm_what_is_safe)
{
	struct piaccel_line_config c;

	with_interlocks(&self->req);
	ASSERT_LE(0, request(self));
	c = self->req.config;
	c.output_mask &= ~1ULL;
	c.values &= ~1ULL;
	EXPECT_EQ(-EPERM, xioctl(self->line, PIACCEL_LINE_RECONFIG, &c));
	c = self->req.config;
	c.output_mask |= BIT64(4);
	EXPECT_EQ(-EPERM, xioctl(self->line, PIACCEL_LINE_RECONFIG, &c));
	c = self->req.config;
	c.active_low_mask = BIT64(1);
	EXPECT_EQ(-EPERM, xioctl(self->line, PIACCEL_LINE_RECONFIG, &c));
	c = self->req.config;
	c.active_low_mask = BIT64(5);
	EXPECT_EQ(-EPERM, xioctl(self->line, PIACCEL_LINE_RECONFIG, &c));
	c = self->req.config;
	c.debounce_mask = BIT64(4);
	c.debounce_us = 100;
	c.rising_mask = BIT64(4);
	EXPECT_EQ(-EPERM, xioctl(self->line, PIACCEL_LINE_RECONFIG, &c));
	/* none of them took the interlock out of force */
	EXPECT_EQ(RUN, relays(self));
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_RECONFIG,
			   &self->req.config));
	ASSERT_EQ(0, board_drive(self->b, IN, 0));
	expect_trip(_metadata, self, PIACCEL_TRIP_INTERLOCK, 1);
}

/* ---- who sees it ---- */

TEST_F(failsafe, poll_shows_pollpri_while_tripped)
{
	struct pollfd p;

	ASSERT_LE(0, request(self));
	p = (struct pollfd){ .fd = self->line, .events = POLLPRI };
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_EQ(1, poll(&p, 1, 20000));
	EXPECT_EQ(POLLPRI, p.revents);
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ(1, poll(&p, 1, 0));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	EXPECT_EQ(0, poll(&p, 1, 0));
}

TEST_F(failsafe, a_trip_wakes_a_sleeping_poll)
{
	pid_t pid;
	int status;

	with_interlocks(&self->req);
	ASSERT_LE(0, request(self));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(wait_events(self->line, POLLPRI) == POLLPRI ? 0 : 1);
	ASSERT_EQ(0, board_drive(self->b, IN + 1, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(failsafe, requests_trip_each_on_their_own)
{
	struct piaccel_line_request other = self->req;
	int line;

	self->req.num_lines = 2;
	self->req.offsets[2] = self->req.offsets[3] = 0;
	self->req.offsets[4] = self->req.offsets[5] = 0;
	self->req.config.output_mask = self->req.safe_mask = 0x3;
	self->req.config.values = RUN & 0x3;
	self->req.safe_values = SAFE & 0x3;
	ASSERT_LE(0, request(self));

	other.num_lines = 2;
	other.offsets[0] = other.offsets[2];
	other.offsets[1] = other.offsets[3];
	memset(&other.offsets[2], 0, 4 * sizeof(other.offsets[0]));
	other.config.output_mask = other.safe_mask = 0x3;
	other.config.values = RUN >> 2;
	other.safe_values = SAFE >> 2;
	line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &other);
	ASSERT_LE(0, line);

	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(line_tripped(self->line));
	EXPECT_EQ((SAFE & 0x3) | (RUN & 0xc), relays(self));
	EXPECT_EQ(0, line_status(line).trip_seq);
	EXPECT_EQ(0, line_set(line, 0x2, 0x3));
	EXPECT_EQ((SAFE & 0x3) | 0x8, relays(self));
	close(line);
}

/* ---- monitoring ---- */

#define TRACING "/sys/kernel/tracing/"
#define TRIPS "/sys/class/misc/piaccel/trips"

static bool file_says(const char *path, const char *text)
{
	static char buf[65536];

	return read_text(path, buf, sizeof(buf)) > 0 && strstr(buf, text);
}

TEST_F(failsafe, a_trip_leaves_a_trace)
{
	char want[128];

	if (access(TRACING "events/piaccel", F_OK))
		SKIP(return, "no tracefs");
	ASSERT_LE(0, request(self));
	/* opening it to truncate clears it */
	close(open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC));
	ASSERT_EQ(0, write_text(TRACING "events/piaccel/piaccel_trip/enable",
				"1"));
	EXPECT_FALSE(file_says(TRACING "trace", "piaccel_trip:"));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(line_tripped(self->line));
	snprintf(want, sizeof(want),
		 "piaccel_trip: %s piaccel-test cause=%u seq=1 trip=%llu ",
		 self->b->label, PIACCEL_TRIP_USER,
		 (unsigned long long)line_status(self->line).trip_ns);
	EXPECT_TRUE(file_says(TRACING "trace", want)) TH_LOG("%s", want);
	EXPECT_EQ(0, write_text(TRACING "events/piaccel/piaccel_trip/enable",
				"0"));
}

/* Read a uevent of ours; whether it holds all of @want, one after the other. */
static bool uevent_says(int sock, const char *const *want)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	char buf[4096];
	ssize_t n;

	while (poll(&p, 1, 1500) == 1) {
		n = recv(sock, buf, sizeof(buf), 0);
		if (n <= 0 || !memmem(buf, n, "/piaccel", 8))
			continue;
		for (; *want; want++)
			if (!memmem(buf, n, *want, strlen(*want) + 1))
				return false;
		return true;
	}
	return false;
}

TEST_F(failsafe, a_trip_is_a_uevent)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	char chip[96];
	const char *want[] = {
		"ACTION=change", "PIACCEL_TRIP=user", chip,
		"PIACCEL_CONSUMER=piaccel-test", NULL,
	};
	bool said = false;
	int sock;

	snprintf(chip, sizeof(chip), "PIACCEL_CHIP=%s", self->b->label);
	sock = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
		      NETLINK_KOBJECT_UEVENT);
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, bind(sock, (struct sockaddr *)&nl, sizeof(nl)));
	ASSERT_LE(0, request(self));
	/* they are limited in rate: trips before us may have used it up */
	for (int i = 0; i < 5 && !said; i++) {
		ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
		ASSERT_TRUE(line_tripped(self->line));
		said = uevent_says(sock, want);
		ASSERT_EQ(0, line_rearm(self->line, i + 1));
	}
	EXPECT_TRUE(said);
	close(sock);
}

TEST_F(failsafe, sysfs_counts_trips_and_wakes_a_monitor)
{
	struct pollfd p = { .events = POLLPRI };
	long long before = read_number(TRIPS);
	char c;

	ASSERT_LE(0, before) TH_LOG(TRIPS ": no number");
	ASSERT_LE(0, request(self));
	EXPECT_EQ(before, read_number(TRIPS));
	p.fd = open(TRIPS, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, p.fd);
	/* sysfs wakes those who have read */
	ASSERT_EQ(1, read(p.fd, &c, 1));
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_EQ(1, poll(&p, 1, DEADLINE_MS));
	EXPECT_TRUE(p.revents & POLLPRI);
	EXPECT_EQ(before + 1, read_number(TRIPS));
	close(p.fd);
}

TEST_HARNESS_MAIN
