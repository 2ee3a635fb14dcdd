// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for edges in read() and poll(), and a chip that goes away under those
 * who wait for it and those who use it.
 */
#include "piaccel_test.h"

#include <pthread.h>

#include "../kselftest_harness.h"

FIXTURE(wait) {
	int dev;
	struct board b;
};

FIXTURE_VARIANT(wait) {
	const char *label;
};

FIXTURE_VARIANT_ADD(wait, testboard) { .label = TESTBOARD_LABEL };
FIXTURE_VARIANT_ADD(wait, gpio_sim) { .label = SIM_LABEL };

FIXTURE_SETUP(wait)
{
	const char *why = rig_up(&self->dev, &self->b, variant->label,
				 PIACCEL_FEATURE_EDGE);

	if (why)
		SKIP(return, "%s: %s", variant->label, why);
}

FIXTURE_TEARDOWN(wait)
{
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

/* ---- waiting --------------------------------------------------------------- */

struct waiter {
	pthread_t thread;
	pid_t tid;
	int fd;
	bool polls;
	ssize_t ret;
	int err;
	short revents;
	struct piaccel_event e;
};

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;
	struct pollfd p = { .fd = w->fd, .events = POLLIN | POLLPRI };

	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	errno = 0;
	if (w->polls) {
		w->ret = poll(&p, 1, -1);
		w->revents = p.revents;
	} else {
		w->ret = read(w->fd, &w->e, sizeof(w->e));
	}
	w->err = errno;
	return NULL;
}

/* Start a reader (or poller) and see it go to sleep. */
static bool waiter_start(struct waiter *w, int fd, bool polls)
{
	*w = (struct waiter){ .fd = fd, .polls = polls };
	if (pthread_create(&w->thread, NULL, wait_thread, w))
		return false;
	return wait_for(__atomic_load_n(&w->tid, __ATOMIC_ACQUIRE) &&
			task_waits(w->tid, polls ? SYS_poll : SYS_read));
}

static void waiter_join(struct waiter *w)
{
	pthread_join(w->thread, NULL);
}

TEST_F(wait, wakes_a_read_that_waits)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	int fd = line_request(self->dev, &r);
	struct waiter w;

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(waiter_start(&w, fd, false));
	board_drive(&self->b, 9, 1);
	waiter_join(&w);
	EXPECT_EQ((ssize_t)sizeof(w.e), w.ret);
	EXPECT_EQ(1U, w.e.seq);
	EXPECT_EQ(1, w.e.level);
	close(fd);
}

TEST_F(wait, wakes_a_poll_that_waits)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	int fd = line_request(self->dev, &r);
	struct waiter w;

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(waiter_start(&w, fd, true));
	board_drive(&self->b, 9, 1);
	waiter_join(&w);
	EXPECT_EQ(1, w.ret);
	EXPECT_EQ(POLLIN, w.revents);
	close(fd);
}

TEST_F(wait, wakes_every_poller)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	int fd = line_request(self->dev, &r);
	struct waiter w[4];

	ASSERT_GE(fd, 0);
	for (int i = 0; i < 4; i++)
		ASSERT_TRUE(waiter_start(&w[i], fd, true));
	board_drive(&self->b, 9, 1);
	for (int i = 0; i < 4; i++) {
		waiter_join(&w[i]);
		EXPECT_EQ(POLLIN, w[i].revents);
	}
	close(fd);
}

static void on_signal(int sig)
{
}

TEST_F(wait, a_signal_ends_a_read_that_waits)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct sigaction sa = { .sa_handler = on_signal };
	int fd = line_request(self->dev, &r);
	struct waiter w;

	ASSERT_GE(fd, 0);
	sigaction(SIGUSR1, &sa, NULL);
	ASSERT_TRUE(waiter_start(&w, fd, false));
	pthread_kill(w.thread, SIGUSR1);
	waiter_join(&w);
	EXPECT_EQ(-1, w.ret);
	EXPECT_EQ(EINTR, w.err);
	close(fd);
}

TEST_F(wait, close_during_a_read_frees_the_line_after_it)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	int fd = line_request(self->dev, &r);
	struct waiter w;

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(waiter_start(&w, fd, false));
	close(fd);
	/* the call that is under way keeps the file */
	EXPECT_TRUE(line_used(&self->b, 9));
	board_drive(&self->b, 9, 1);
	waiter_join(&w);
	EXPECT_EQ((ssize_t)sizeof(w.e), w.ret);
	EXPECT_TRUE(wait_for(!line_used(&self->b, 9)));
}

TEST_F(wait, a_killed_reader_frees_the_line)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	int fd = line_request(self->dev, &r);
	struct piaccel_event e;
	pid_t pid;

	ASSERT_GE(fd, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(read(fd, &e, sizeof(e)) != sizeof(e));
	close(fd);
	EXPECT_TRUE(wait_for(task_waits(pid, SYS_read)));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_FALSE(line_used(&self->b, 9));
}

/* ---- a chip that goes away --------------------------------------------------- */

#define GONE_SIM "piaccel-gone"

FIXTURE(gone) {
	int dev;
	struct board b;
};

FIXTURE_VARIANT(gone) {
	bool sim;
};

FIXTURE_VARIANT_ADD(gone, testboard) { .sim = false };
FIXTURE_VARIANT_ADD(gone, gpio_sim) { .sim = true };

static int chip_present(const struct board *b, bool there)
{
	if (!strcmp(b->label, GONE_SIM))
		return sim_live(GONE_SIM, there);
#if HAVE_TESTBOARD
	return xioctl(b->outside, TB_IOC_CHIP, &(uint32_t){ there });
#else
	return -ENODEV;
#endif
}

FIXTURE_SETUP(gone)
{
	const char *why;

	self->b.cdev = self->b.outside = -1;
	self->dev = piaccel_open();
	if (self->dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	if (!(piaccel_info(self->dev).features & PIACCEL_FEATURE_EDGE))
		SKIP(return, "a module without edges");
	if (variant->sim && sim_create(GONE_SIM, 16))
		SKIP(return, "no gpio-sim in configfs");
	why = board_open(&self->b, variant->sim ? GONE_SIM : TESTBOARD_LABEL);
	if (why)
		SKIP(return, "%s: %s", self->b.label, why);
	board_reset(&self->b);
}

FIXTURE_TEARDOWN(gone)
{
	if (self->b.label) {
		chip_present(&self->b, true);
		board_close(&self->b);
	}
	if (variant->sim)
		sim_destroy(GONE_SIM);
	if (self->dev >= 0)
		close(self->dev);
}

TEST_F(gone, calls_are_enodev_and_status_says_so)
{
	struct piaccel_line_request r = edges(&self->b, 10, 2);
	struct piaccel_line_status s;
	struct piaccel_event e[4];
	int fd;

	r.config.output_mask = 0x2;
	r.config.rising_mask = r.config.falling_mask = 0x1;
	r.config.values = 0x2;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	board_drive(&self->b, 10, 1);
	EXPECT_TRUE(wait_for(line_status(fd).events_queued == 1));
	ASSERT_EQ(0, chip_present(&self->b, false));

	EXPECT_EQ(-ENODEV, line_get(fd, 1));
	EXPECT_EQ(-ENODEV, line_set(fd, 0, 2));
	EXPECT_EQ(-ENODEV, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	s = line_status(fd);
	EXPECT_NE(0U, s.flags & PIACCEL_STATUS_GONE);
	EXPECT_EQ(2U, s.num_lines);
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP,
		  events_now(fd, POLLIN) & (POLLIN | POLLERR | POLLHUP));
	/* what was queued is still there, then the end */
	EXPECT_EQ((ssize_t)sizeof(*e), read(fd, e, sizeof(e)));
	EXPECT_EQ(1U, e[0].seq);
	EXPECT_EQ(-1, read(fd, e, sizeof(e)));
	EXPECT_EQ(ENODEV, errno);
	/* nor can it be asked for again */
	EXPECT_EQ(-ENODEV, line_request(self->dev, &r));
	close(fd);
}

TEST_F(gone, wakes_who_waits)
{
	struct piaccel_line_request r = edges(&self->b, 10, 1);
	int fd = line_request(self->dev, &r);
	struct waiter reader, poller;

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(waiter_start(&reader, fd, false));
	ASSERT_TRUE(waiter_start(&poller, fd, true));
	ASSERT_EQ(0, chip_present(&self->b, false));
	waiter_join(&reader);
	waiter_join(&poller);
	EXPECT_EQ(-1, reader.ret);
	EXPECT_EQ(ENODEV, reader.err);
	EXPECT_EQ(POLLERR | POLLHUP, poller.revents & (POLLERR | POLLHUP));
	close(fd);
}

TEST_F(gone, an_old_request_does_not_hold_the_new_chip)
{
	struct piaccel_line_request r = outputs(&self->b, 10, 2, 0x3);
	int old = line_request(self->dev, &r), fd;

	ASSERT_GE(old, 0);
	ASSERT_EQ(0, chip_present(&self->b, false));
	ASSERT_EQ(0, chip_present(&self->b, true));
	EXPECT_EQ(-ENODEV, line_get(old, 3));
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(3, line_get(fd, 3));
	/* closing the old one takes nothing from the new one */
	close(old);
	EXPECT_EQ(0, line_set(fd, 0, 3));
	EXPECT_EQ(0, line_get(fd, 3));
	close(fd);
}

TEST_F(gone, a_debounce_that_runs_is_stopped)
{
	struct piaccel_line_request r = edges(&self->b, 10, 1);
	int fd;

	r.config.debounce_mask = 1;
	r.config.debounce_us = 2000;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	board_drive(&self->b, 10, 1);
	ASSERT_EQ(0, chip_present(&self->b, false));
	EXPECT_EQ(-ENODEV, line_get(fd, 1));
	close(fd);
}

struct pounder {
	int dev, stop, bad;
	struct piaccel_line_request r;
};

static void *pound(void *arg)
{
	struct pounder *me = arg;

	while (!__atomic_load_n(&me->stop, __ATOMIC_RELAXED)) {
		int fd = line_request(me->dev, &me->r), ret;

		if (fd == -ENODEV)
			continue;
		if (fd < 0) {
			me->bad = fd;
			break;
		}
		ret = line_set(fd, 1, 1);
		if (ret && ret != -ENODEV)
			me->bad = ret;
		ret = line_get(fd, 3) < 0;
		close(fd);
	}
	return NULL;
}

TEST_F(gone, may_happen_under_any_call)
{
	struct pounder p = { .dev = self->dev, .r = edges(&self->b, 10, 2) };
	pthread_t t;

	p.r.config.output_mask = 0x1;
	p.r.config.rising_mask = p.r.config.falling_mask = 0x2;
	ASSERT_EQ(0, pthread_create(&t, NULL, pound, &p));
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(0, chip_present(&self->b, false));
		EXPECT_EQ(0, chip_present(&self->b, true));
	}
	__atomic_store_n(&p.stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	EXPECT_EQ(0, p.bad);
}

TEST_HARNESS_MAIN
