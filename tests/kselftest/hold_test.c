// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose the relays are: descriptors that are forked, kept across exec or
 * passed on, lines that HOLD keeps and ADOPT takes over, and what happens when
 * the chip or the module goes.
 */
#include "relays.h"

/* HOLD keeps the relays at their safe values: they can be looked at. */
static bool ended_safe(FIXTURE_DATA(failsafe) *self)
{
	return relays(self) == SAFE;
}

/* HOLD keeps the lines; this gives them back. */
static int let_go(FIXTURE_DATA(failsafe) *self)
{
	struct piaccel_line_request r = self->req;
	int line;

	r.flags = PIACCEL_LINE_ADOPT;
	line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &r);
	if (line < 0)
		return -1;
	return xioctl(line, PIACCEL_LINE_DISARM) | close(line);
}

/* ---- the owner ---- */

TEST_F(failsafe, close_without_disarm_drives_the_safe_values)
{
	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	EXPECT_EQ(RUN, relays(self));
	close(self->line);
	self->line = -1;
	EXPECT_TRUE(wait_for(ended_safe(self)));
	EXPECT_EQ(0, let_go(self));
}

TEST_F(failsafe, disarm_with_hold_drives_the_safe_values_all_the_same)
{
	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	EXPECT_EQ(RUN, relays(self));
	close(self->line);
	self->line = -1;
	EXPECT_TRUE(wait_for(ended_safe(self)));
	EXPECT_EQ(0, let_go(self));
}

TEST_F(failsafe, a_forked_copy_keeps_the_request_alive)
{
	int go[2];
	pid_t pid;

	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		char c;

		close(go[1]);
		_exit(read(go[0], &c, 1) == 1 &&
		      !line_set(self->line, 0x6, RELAYS) &&
		      read(go[0], &c, 1) == 0 ? 0 : 1);
	}
	close(go[0]);
	close(self->line);
	self->line = -1;
	/* the child's copy works: nobody has died */
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(1, write(go[1], "x", 1));
	EXPECT_TRUE(wait_for(relays(self) == 0x6));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(wait_for(ended_safe(self)));
	close(go[1]);
	EXPECT_EQ(0, let_go(self));
}

TEST_F(failsafe, exec_closes_the_descriptor_and_so_trips)
{
	int go[2];
	pid_t pid;

	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(go[1]);
		if (request(self) < 0)
			_exit(1);
		/* lives on, without the lines: ends when go[1] closes */
		dup2(go[0], 0);
		execlp("cat", "cat", NULL);
		_exit(1);
	}
	close(go[0]);
	EXPECT_TRUE(wait_for(ended_safe(self)));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	close(go[1]);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0, let_go(self));
}

TEST_F(failsafe, a_descriptor_kept_across_exec_keeps_the_request)
{
	int go[2];
	pid_t pid;

	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(FD_CLOEXEC, fcntl(self->line, F_GETFD));
	ASSERT_EQ(0, fcntl(self->line, F_SETFD, 0));
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		dup2(go[0], 0);
		execlp("cat", "cat", NULL);
		_exit(1);
	}
	close(go[0]);
	close(self->line);
	self->line = -1;
	/* held by another program that knows nothing of it */
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(wait_for(ended_safe(self)));
	close(go[1]);
	EXPECT_EQ(0, let_go(self));
}

TEST_F(failsafe, a_passed_descriptor_carries_the_request)
{
	int sock[2], line;

	self->req.flags = PIACCEL_LINE_HOLD;
	self->req.keepalive_ns = 600 * SEC;
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sock));
	ASSERT_EQ(0, send_fd(sock[0], self->line));
	close(self->line);
	self->line = -1;
	/* under way in the socket it is still somebody's */
	EXPECT_EQ(RUN, relays(self));
	line = recv_fd(sock[1]);
	ASSERT_LE(0, line);
	EXPECT_EQ(0, line_keepalive(line, 0));
	EXPECT_EQ(0, line_set(line, 0x6, RELAYS));
	EXPECT_EQ(0, line_status(line).trip_seq);

	/* lost in the socket, it is nobody's */
	ASSERT_EQ(0, send_fd(sock[0], line));
	close(line);
	EXPECT_EQ(0x6, relays(self));
	close(sock[0]);
	close(sock[1]);
	EXPECT_TRUE(wait_for(ended_safe(self)));
	EXPECT_EQ(0, let_go(self));
}

/* ---- HOLD and ADOPT ---- */

TEST_F(failsafe, held_lines_are_nobody_elses)
{
	struct piaccel_line_request r;

	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	close(self->line);
	self->line = -1;
	EXPECT_TRUE(wait_for(ended_safe(self)));

	r = self->req;
	EXPECT_EQ(-EBUSY, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	r.flags = 0;
	EXPECT_EQ(-EBUSY, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	r.num_lines = 1;
	memset(&r.offsets[1], 0, sizeof(r.offsets) - sizeof(r.offsets[0]));
	r.config.output_mask = r.safe_mask = 1;
	r.config.values = 1;
	r.safe_values = 0;
	EXPECT_EQ(-EBUSY, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	EXPECT_TRUE(ended_safe(self));
	EXPECT_EQ(0, let_go(self));
	/* and now they are free */
	self->req.flags = 0;
	ASSERT_LE(0, request(self));
	EXPECT_EQ(RUN, relays(self));
}

TEST_F(failsafe, hold_wants_a_safe_value_for_every_output)
{
	struct piaccel_line_config cfg;

	self->req.flags = PIACCEL_LINE_HOLD;
	self->req.safe_mask = RELAYS >> 1;
	self->req.safe_values = SAFE & (RELAYS >> 1);
	EXPECT_EQ(-EINVAL, line_request(self->dev, &self->req));
	EXPECT_FALSE(line_used(self->b, OUT));
	/* nor does one come later */
	self->req.safe_mask = RELAYS;
	self->req.safe_values = SAFE;
	ASSERT_LE(0, request(self));
	cfg = self->req.config;
	cfg.output_mask |= BIT64(4);
	EXPECT_EQ(-EPERM, xioctl(self->line, PIACCEL_LINE_RECONFIG, &cfg));
	close(self->line);
	ASSERT_TRUE(wait_for(ended_safe(self)));
	EXPECT_EQ(0, let_go(self));
	self->req.safe_mask = RELAYS >> 1;
	self->req.safe_values = SAFE & (RELAYS >> 1);
	/* what is not held may have outputs that are nobody's to make safe */
	self->req.flags = 0;
	ASSERT_LE(0, request(self));
	EXPECT_EQ(RUN, relays(self));
}

/* An interlock that is pulled the other way would not notice a cut wire. */
TEST_F(failsafe, an_interlock_keeps_its_pull)
{
	struct piaccel_line_config cfg;

	with_interlocks(&self->req);
	/* it stands high: a simulated chip reads the pull */
	self->req.config.pull_up_mask = BIT64(4);
	ASSERT_LE(0, request(self)) TH_LOG("%s", strerror(errno));
	cfg = self->req.config;
	cfg.pull_up_mask = 0;
	EXPECT_EQ(-EPERM, xioctl(self->line, PIACCEL_LINE_RECONFIG, &cfg));
	cfg.pull_down_mask = BIT64(4);
	EXPECT_EQ(-EPERM, xioctl(self->line, PIACCEL_LINE_RECONFIG, &cfg));
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_RECONFIG,
			     &self->req.config));
	EXPECT_EQ(0, line_status(self->line).trip_seq);
}

TEST_F(failsafe, adopt_takes_over_without_a_change)
{
	struct tb_record rec[16];

	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	close(self->line);
	self->line = -1;
	ASSERT_TRUE(wait_for(ended_safe(self)));
	if (!self->b->sleeps) {
		ASSERT_EQ(0, tb_record_start(self->b->outside, SPAN(OUT, 4), TB_KINDS));
	}

	self->req.flags |= PIACCEL_LINE_ADOPT;
	self->req.keepalive_ns = 600 * SEC;
	ASSERT_LE(0, request(self)) TH_LOG("%s", strerror(errno));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_ADOPTED |
			     PIACCEL_STATUS_ARMED));
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(SAFE, line_status(self->line).values & RELAYS);
	EXPECT_EQ(SAFE, line_get(self->line, RELAYS));
	EXPECT_EQ(0, line_keepalive(self->line, 0));
	/* no change of value, level or direction, however short */
	if (!self->b->sleeps) {
		EXPECT_EQ(0, board_records(self->b, rec, LEN(rec)));
	}

	ASSERT_EQ(0, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(RUN, relays(self));
	close(self->line);
	self->line = -1;
	EXPECT_TRUE(wait_for(ended_safe(self)));
	EXPECT_EQ(0, let_go(self));
}

TEST_F(failsafe, adopt_wants_the_same_lines_in_the_same_way)
{
	const struct piaccel_line_request *ok = &self->req;
	struct piaccel_line_request r;

	/* nothing is held yet */
	self->req.flags = PIACCEL_LINE_ADOPT;
	EXPECT_EQ(-ENOENT, xioctl(self->dev, PIACCEL_LINE_REQUEST, ok));
	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	/* in use is not held */
	r = *ok;
	r.flags = PIACCEL_LINE_ADOPT;
	EXPECT_NE(0, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r) < 0);
	close(self->line);
	self->line = -1;
	ASSERT_TRUE(wait_for(ended_safe(self)));

	self->req.flags = PIACCEL_LINE_ADOPT;
	r = *ok;
	r.offsets[0] = ok->offsets[1];
	r.offsets[1] = ok->offsets[0];
	EXPECT_EQ(-ENOENT, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	r = *ok;
	r.num_lines = 5;
	r.offsets[5] = 0;
	EXPECT_EQ(-ENOENT, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	r = *ok;
	r.config.output_mask = r.safe_mask = 0x7;
	r.config.values = RUN & 0x7;
	r.safe_values = SAFE & 0x7;
	EXPECT_EQ(-EINVAL, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	r = *ok;
	r.config.active_low_mask = 1;
	EXPECT_EQ(-EINVAL, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	r = *ok;
	r.config.pull_up_mask = BIT64(4);
	EXPECT_EQ(-EINVAL, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	r = *ok;
	r.config.open_drain_mask = 1;
	EXPECT_EQ(-EINVAL, xioctl(self->dev, PIACCEL_LINE_REQUEST, &r));
	/* the refused calls changed nothing and lost nothing */
	EXPECT_TRUE(ended_safe(self));
	EXPECT_EQ(0, let_go(self));
	EXPECT_EQ(-ENOENT, xioctl(self->dev, PIACCEL_LINE_REQUEST, ok));
}

TEST_F(failsafe, adopt_with_an_open_interlock_is_tripped)
{
	with_interlocks(&self->req);
	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	close(self->line);
	self->line = -1;
	ASSERT_TRUE(wait_for(ended_safe(self)));
	ASSERT_EQ(0, board_drive(self->b, IN, 0));
	self->req.flags = PIACCEL_LINE_ADOPT;
	ASSERT_LE(0, request(self));
	expect_trip(_metadata, self, PIACCEL_TRIP_INTERLOCK,
		    line_status(self->line).trip_seq);
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_ADOPTED));
}

/* ---- the chip goes ---- */

TEST_F(failsafe, unbinding_the_chip_trips_first)
{
	struct piaccel_line_status s;
	struct tb_record rec[64];
	struct pollfd p;
	uint64_t out;
	int n;

	self->req.keepalive_ns = 600 * SEC;
	ASSERT_LE(0, request(self));
	if (!self->b->sleeps) {
		ASSERT_EQ(0, tb_record_start(self->b->outside, SPAN(OUT, 4), TB_KINDS));
	}
	ASSERT_EQ(0, board_chip(self->b, false));

	p = (struct pollfd){ .fd = self->line, .events = POLLIN | POLLPRI };
	EXPECT_EQ(1, poll(&p, 1, 20000));
	EXPECT_EQ(POLLERR | POLLHUP, p.revents & (POLLERR | POLLHUP));
	EXPECT_TRUE(wait_for(line_is(self->line, PIACCEL_STATUS_GONE)));
	s = line_status(self->line);
	EXPECT_EQ(PIACCEL_TRIP_CHIP, s.trip_cause);
	EXPECT_EQ(1, s.trip_seq);
	EXPECT_EQ(PIACCEL_STATUS_TRIPPED | PIACCEL_STATUS_SAFE,
		  s.flags & (PIACCEL_STATUS_TRIPPED | PIACCEL_STATUS_SAFE |
			     PIACCEL_STATUS_ARMED));
	EXPECT_EQ(-ENODEV, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(-ENODEV, line_get(self->line, RELAYS));
	EXPECT_EQ(-ENODEV, xioctl(self->line, PIACCEL_LINE_RECONFIG,
				   &self->req.config));

	/* the safe values came before the lines were let go */
	if (!self->b->sleeps) {
		n = board_records(self->b, rec, LEN(rec));
		ASSERT_LT(0, n);
		out = board_state(self->b).value;
		for (int i = 0; i < 4; i++) {
			EXPECT_EQ(SAFE >> i & 1, out >> (OUT + i) & 1);
		}
	}
	close(self->line);
	self->line = -1;
	ASSERT_EQ(0, board_chip(self->b, true));
	/* it came back and works as before */
	board_reset(self->b);
	ASSERT_LE(0, request(self)) TH_LOG("%s", strerror(errno));
	EXPECT_EQ(RUN, relays(self));
}

TEST_F(failsafe, held_lines_survive_the_chip_in_peace)
{
	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	close(self->line);
	self->line = -1;
	ASSERT_TRUE(wait_for(ended_safe(self)));
	ASSERT_EQ(0, board_chip(self->b, false));
	self->req.flags = PIACCEL_LINE_ADOPT;
	EXPECT_EQ(-ENODEV, request(self));
	ASSERT_EQ(0, board_chip(self->b, true));
	board_reset(self->b);
	/* what was held went with the chip */
	EXPECT_EQ(-ENOENT, xioctl(self->dev, PIACCEL_LINE_REQUEST,
				   &self->req));
	self->req.flags = 0;
	ASSERT_LE(0, request(self)) TH_LOG("%s", strerror(errno));
	EXPECT_EQ(RUN, relays(self));
}

/* ---- the module goes ---- */

TEST_F(failsafe, unloading_the_module_releases_held_lines)
{
	const char *ko = getenv("PIACCEL_MODULE");

	if (!ko)
		SKIP(return, "PIACCEL_MODULE does not name the module");
	self->req.flags = PIACCEL_LINE_HOLD;
	ASSERT_LE(0, request(self));
	/* in use: not now */
	close(self->dev);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "piaccel", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	close(self->line);
	self->line = -1;
	ASSERT_TRUE(wait_for(ended_safe(self)));
	/* held lines have no descriptor and do not pin the module */
	EXPECT_TRUE(wait_for(!syscall(SYS_delete_module, "piaccel", O_NONBLOCK)));
	if (!self->b->sleeps) {
		EXPECT_EQ(0, board_state(self->b).output & BIT64(OUT + 1));
	}

	ASSERT_EQ(0, piaccel_load(ko));
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	self->req.flags = 0;
	ASSERT_LE(0, request(self)) TH_LOG("%s", strerror(errno));
	EXPECT_EQ(RUN, relays(self));
}

TEST_HARNESS_MAIN
