// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines: who holds them, and for how long. Descriptors that are duplicated,
 * inherited and passed on, owners that die, callers that race.
 */
#include "piaccel_test.h"

#include <pthread.h>
#include <sys/resource.h>

#include "../kselftest_harness.h"

FIXTURE(share) {
	int dev;
	struct board b;
};

FIXTURE_VARIANT(share) {
	const char *label;
};

FIXTURE_VARIANT_ADD(share, testboard) { .label = TESTBOARD_LABEL };
FIXTURE_VARIANT_ADD(share, gpio_sim) { .label = SIM_LABEL };

FIXTURE_SETUP(share)
{
	const char *why = rig_up(&self->dev, &self->b, variant->label,
				 PIACCEL_FEATURE_LINE);

	if (why)
		SKIP(return, "%s: %s", variant->label, why);
}

FIXTURE_TEARDOWN(share)
{
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

TEST_F(share, running_out_of_descriptors_leaves_lines_free)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 2, 0x3);
	struct rlimit old, few;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	few = old;
	few.rlim_cur = dup(self->dev);
	close(few.rlim_cur);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_EQ(-EMFILE, line_request(self->dev, &r));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(0U, lines_used(&self->b));
}

TEST_F(share, a_duplicate_keeps_it)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 1, 1);
	int fd = line_request(self->dev, &r), copy;

	ASSERT_GE(fd, 0);
	copy = dup(fd);
	ASSERT_GE(copy, 0);
	close(fd);
	EXPECT_TRUE(line_used(&self->b, 8));
	EXPECT_EQ(0, line_set(copy, 0, 1));
	EXPECT_EQ(0, board_level(&self->b, 8));
	close(copy);
	EXPECT_FALSE(line_used(&self->b, 8));
}

TEST_F(share, a_child_keeps_it)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 1, 1);
	int fd = line_request(self->dev, &r), go[2], status;
	pid_t pid;
	char c;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(go[1]);
		if (read(go[0], &c, 1))
			_exit(1);
		_exit(line_set(fd, 0, 1) ? 2 : 0);
	}
	close(go[0]);
	close(fd);
	EXPECT_TRUE(line_used(&self->b, 8));
	EXPECT_EQ(1, board_level(&self->b, 8));
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(line_used(&self->b, 8));
}

TEST_F(share, a_socket_carries_it)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 1, 1);
	int fd = line_request(self->dev, &r), sock[2], got;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, send_fd(sock[0], fd));
	close(fd);
	EXPECT_TRUE(line_used(&self->b, 8));
	got = recv_fd(sock[1]);
	ASSERT_GE(got, 0);
	EXPECT_EQ(0, line_set(got, 0, 1));
	EXPECT_EQ(0, board_level(&self->b, 8));
	close(got);
	EXPECT_FALSE(line_used(&self->b, 8));
	close(sock[0]);
	close(sock[1]);
}

TEST_F(share, a_killed_owner_frees_it)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 2, 1);
	int up[2];
	pid_t pid;
	char c = 0;

	ASSERT_EQ(0, pipe(up));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (line_request(self->dev, &r) < 0 || write(up[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(up[1]);
	ASSERT_EQ(1, read(up[0], &c, 1));
	EXPECT_EQ(2U, lines_used(&self->b));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0U, lines_used(&self->b));
	close(up[0]);
}

TEST_F(share, keeps_the_module_loaded)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 1);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	close(self->dev);
	ASSERT_LT(0, module_refs());
	EXPECT_EQ(-1, syscall(SYS_delete_module, "piaccel", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_LE(0, line_get(fd, 1));
	close(fd);
	self->dev = piaccel_open();
	ASSERT_GE(self->dev, 0);
}

struct racer {
	int dev, fd, seed, bad;
	struct piaccel_line_request r;
};

/* Every call that a request has, in no order; none may fail but as it says. */
static void *race_calls(void *arg)
{
	struct racer *me = arg;
	unsigned int x = me->seed;

	for (int i = 0; i < 100; i++) {
		struct piaccel_line_config c = me->r.config;
		int ret = 0;

		x = x * 1103515245 + 12345;
		switch (x >> 16 & 3) {
		case 0:
			ret = line_set(me->fd, x >> 20 & 3, 3);
			break;
		case 1:
			ret = line_get(me->fd, 0xf) < 0 ? -EIO : 0;
			break;
		case 2:
			/* lines 2 and 3 turn around */
			c.output_mask |= x >> 20 & 0xc;
			ret = xioctl(me->fd, PIACCEL_LINE_RECONFIG, &c);
			break;
		case 3:
			ret = line_status(me->fd).num_lines == 4 ? 0 : -EIO;
			break;
		}
		if (ret)
			me->bad = ret;
	}
	return NULL;
}

TEST_F(share, threads_may_race_on_one_request)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 4, 0);
	struct racer me[4];
	pthread_t t[4];
	int fd;

	r.config.output_mask = 0x3;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	for (int i = 0; i < 4; i++) {
		me[i] = (struct racer){ .fd = fd, .seed = i + 1, .r = r };
		ASSERT_EQ(0, pthread_create(&t[i], NULL, race_calls, &me[i]));
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		EXPECT_EQ(0, me[i].bad) TH_LOG("thread %d", i);
	}
	close(fd);
}

static void *race_requests(void *arg)
{
	struct racer *me = arg;

	for (int i = 0; i < 20; i++) {
		int fd = line_request(me->dev, &me->r);

		if (fd >= 0)
			close(fd);
		else if (fd != -EBUSY)
			me->bad = fd;
	}
	return NULL;
}

TEST_F(share, threads_may_race_for_the_same_line)
{
	struct racer me[4];
	pthread_t t[4];
	int fd;

	for (int i = 0; i < 4; i++) {
		/* each overlaps the next by one line */
		me[i] = (struct racer){ .dev = self->dev,
					.r = outputs(&self->b, 8 + i, 2, i) };
		ASSERT_EQ(0, pthread_create(&t[i], NULL, race_requests, &me[i]));
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		EXPECT_EQ(0, me[i].bad) TH_LOG("thread %d", i);
	}
	EXPECT_EQ(0U, lines_used(&self->b));
	fd = line_request(self->dev, &me[0].r);
	EXPECT_GE(fd, 0);
	close(fd);
}

TEST_HARNESS_MAIN
