// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edges by read() on a line descriptor: every one, once, in order, with its
 * level; what is lost is counted. Waiting in read() and poll(), and a chip that
 * goes away under its users.
 */
#include "piaccel_test.h"

#include <pthread.h>

#include "../kselftest_harness.h"

FIXTURE(edge) {
	int dev;
	struct board b;
	uint64_t made;		/* events that must have been queued so far */
};

FIXTURE_VARIANT(edge) {
	const char *label;
};

FIXTURE_VARIANT_ADD(edge, testboard) { .label = TESTBOARD_LABEL };
FIXTURE_VARIANT_ADD(edge, gpio_sim) { .label = SIM_LABEL };

FIXTURE_SETUP(edge)
{
	const char *why;

	self->b.cdev = self->b.outside = -1;
	self->dev = piaccel_open();
	if (self->dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	if (!(piaccel_info(self->dev).features & PIACCEL_FEATURE_EDGE))
		SKIP(return, "a module without edges");
	why = board_open(&self->b, variant->label);
	if (why)
		SKIP(return, "%s: %s", variant->label, why);
	board_reset(&self->b);
}

FIXTURE_TEARDOWN(edge)
{
	if (self->b.cdev >= 0) {
		EXPECT_EQ(0U, lines_used(&self->b));
		board_reset(&self->b);
		board_close(&self->b);
	}
	if (self->dev >= 0)
		close(self->dev);
}

/*
 * Drive a line and let its events be queued. On a chip that sleeps a thread
 * does that, and of edges faster than it one event may come.
 */
static bool drive(FIXTURE_DATA(edge) *self, int fd, unsigned int line,
		  int level, int events)
{
	struct piaccel_line_status s;

	if (board_drive(&self->b, line, level))
		return false;
	self->made += events;
	return wait_for((s = line_status(fd),
			 s.events_queued + s.events_lost >= self->made));
}

/* n edges on one line, the first one rising. */
static bool toggle(FIXTURE_DATA(edge) *self, int fd, unsigned int line, int n)
{
	for (int i = 0; i < n; i++)
		if (!drive(self, fd, line, !(i & 1), 1))
			return false;
	return true;
}

static struct piaccel_line_request edges(const struct board *b,
					 unsigned int first, unsigned int n)
{
	struct piaccel_line_request r = inputs(b, first, n);

	r.config.rising_mask = LINES(n);
	r.config.falling_mask = LINES(n);
	return r;
}

TEST_F(edge, both_edges_come_exactly_once)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e[32];
	uint64_t before = now_ns(), last = 0;
	int fd;

	r.event_buffer = 32;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(toggle(self, fd, 9, 20));
	ASSERT_EQ(20, read_events(fd, e, 20));
	for (int i = 0; i < 20; i++) {
		int up = !(i & 1);

		EXPECT_EQ(i + 1U, e[i].seq);
		EXPECT_EQ(i + 1U, e[i].line_seq);
		EXPECT_EQ(0U, e[i].lost);
		EXPECT_EQ(0, e[i].line);
		EXPECT_EQ(up ? PIACCEL_EDGE_RISING : PIACCEL_EDGE_FALLING,
			  e[i].edge);
		EXPECT_EQ(up, e[i].level);
		EXPECT_EQ(self->b.sleeps ? PIACCEL_EVENT_LATE_LEVEL : 0U,
			  (uint32_t)e[i].flags);
		EXPECT_LE(last, e[i].time_ns);
		last = e[i].time_ns;
	}
	EXPECT_LE(before, e[0].time_ns);
	EXPECT_GE(now_ns(), e[19].time_ns);
	EXPECT_EQ(0, events_now(fd, POLLIN));
	EXPECT_EQ(0U, line_status(fd).events_queued);
	close(fd);
}

TEST_F(edge, one_kind_only_if_asked)
{
	struct piaccel_line_request r = inputs(&self->b, 9, 2);
	struct piaccel_event e[8];
	int fd;

	r.config.rising_mask = 0x1;
	r.config.falling_mask = 0x2;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	for (int i = 0; i < 4; i++) {
		ASSERT_TRUE(drive(self, fd, 9, 1, 1));
		ASSERT_TRUE(drive(self, fd, 10, 1, 0));
		ASSERT_TRUE(drive(self, fd, 9, 0, 0));
		ASSERT_TRUE(drive(self, fd, 10, 0, 1));
	}
	ASSERT_EQ(8, read_events(fd, e, 8));
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(i + 1U, e[i].seq);
		EXPECT_EQ(i / 2 + 1U, e[i].line_seq);
		EXPECT_EQ(i & 1, e[i].line);
		EXPECT_EQ(i & 1 ? PIACCEL_EDGE_FALLING : PIACCEL_EDGE_RISING,
			  e[i].edge);
	}
	EXPECT_EQ(0, events_now(fd, POLLIN));
	close(fd);
}

TEST_F(edge, active_low_edges_are_logical)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e[2];
	int fd;

	r.config.active_low_mask = 1;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(drive(self, fd, 9, 1, 1));
	ASSERT_TRUE(drive(self, fd, 9, 0, 1));
	ASSERT_EQ(2, read_events(fd, e, 2));
	EXPECT_EQ(PIACCEL_EDGE_FALLING, e[0].edge);
	EXPECT_EQ(0, e[0].level);
	EXPECT_EQ(PIACCEL_EDGE_RISING, e[1].edge);
	EXPECT_EQ(1, e[1].level);
	close(fd);

	/* and so is the choice of one of them */
	self->made = 0;
	r.config.falling_mask = 0;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(drive(self, fd, 9, 1, 0));
	ASSERT_TRUE(drive(self, fd, 9, 0, 1));
	ASSERT_EQ(1, read_events(fd, e, 1));
	EXPECT_EQ(PIACCEL_EDGE_RISING, e[0].edge);
	EXPECT_EQ(1U, e[0].seq);
	close(fd);
}

TEST_F(edge, each_line_counts_its_own)
{
	struct piaccel_line_request r = edges(&self->b, 9, 3);
	struct piaccel_event e[12];
	uint32_t count[3] = { 0 };
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(toggle(self, fd, 11, 6));
	ASSERT_TRUE(toggle(self, fd, 9, 4));
	ASSERT_TRUE(toggle(self, fd, 10, 2));
	ASSERT_EQ(12, read_events(fd, e, 12));
	for (int i = 0; i < 12; i++) {
		EXPECT_EQ(i + 1U, e[i].seq);
		ASSERT_GT(3, e[i].line);
		EXPECT_EQ(++count[e[i].line], e[i].line_seq);
	}
	EXPECT_EQ(4U, count[0]);
	EXPECT_EQ(2U, count[1]);
	EXPECT_EQ(6U, count[2]);
	close(fd);
}

TEST_F(edge, a_full_queue_drops_the_oldest_and_counts)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_line_status s;
	struct piaccel_event e[16];
	int fd;

	r.event_buffer = 16;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(toggle(self, fd, 9, 40));
	s = line_status(fd);
	EXPECT_EQ(16U, s.events_queued);
	EXPECT_EQ(24U, s.events_lost);
	ASSERT_EQ(16, read_events(fd, e, 16));
	for (int i = 0; i < 16; i++) {
		EXPECT_EQ(i + 25U, e[i].seq);
		EXPECT_EQ(i + 25U, e[i].line_seq);
		EXPECT_EQ(i ? 0U : 24U, e[i].lost);
	}
	/* a reader that keeps up again loses nothing more */
	self->made = 24;
	ASSERT_TRUE(toggle(self, fd, 9, 2));
	ASSERT_EQ(2, read_events(fd, e, 2));
	EXPECT_EQ(41U, e[0].seq);
	EXPECT_EQ(0U, e[0].lost);
	EXPECT_EQ(24U, line_status(fd).events_lost);
	close(fd);
}

TEST_F(edge, losses_are_told_where_they_happened)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e[16];
	int fd;

	r.event_buffer = 16;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(toggle(self, fd, 9, 18));	/* two lost */
	ASSERT_EQ(4, read_events(fd, e, 4));	/* 3 to 6 */
	EXPECT_EQ(2U, e[0].lost);
	self->made -= 4;
	ASSERT_TRUE(toggle(self, fd, 9, 6));	/* two more: 7 and 8 */
	ASSERT_EQ(16, read_events(fd, e, 16));
	EXPECT_EQ(9U, e[0].seq);
	EXPECT_EQ(2U, e[0].lost);
	EXPECT_EQ(0U, e[1].lost);
	EXPECT_EQ(24U, e[15].seq);
	EXPECT_EQ(4U, line_status(fd).events_lost);
	close(fd);
}

TEST_F(edge, queue_length_rounds_up_to_a_power_of_two)
{
	const struct {
		unsigned int lines, ask, get;
	} t[] = {
		{ 1, 0, 16 }, { 2, 0, 32 }, { 3, 0, 64 }, { 1, 1, 1 },
		{ 1, 2, 2 }, { 1, 3, 4 }, { 1, 17, 32 }, { 2, 5, 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct piaccel_line_request r = edges(&self->b, 9, t[i].lines);
		int fd;

		board_drive(&self->b, 9, 0);
		r.event_buffer = t[i].ask;
		fd = line_request(self->dev, &r);
		ASSERT_GE(fd, 0);
		self->made = 0;
		ASSERT_TRUE(toggle(self, fd, 9, t[i].get + 2));
		EXPECT_EQ(t[i].get, line_status(fd).events_queued)
			TH_LOG("case %zu", i);
		EXPECT_EQ(2U, line_status(fd).events_lost);
		close(fd);
	}
}

TEST_F(edge, the_longest_queue_can_be_had)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e[4];
	int fd;

	r.event_buffer = PIACCEL_EVENTS_MAX;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	ASSERT_TRUE(toggle(self, fd, 9, 4));
	EXPECT_EQ(4, read_events(fd, e, 4));
	close(fd);
}

TEST_F(edge, read_gives_whole_events_that_fit)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e[8];
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(toggle(self, fd, 9, 6));
	EXPECT_EQ(-1, read(fd, e, sizeof(*e) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(fd, e, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(2 * (ssize_t)sizeof(*e), read(fd, e, 3 * sizeof(*e) - 1));
	EXPECT_EQ(1U, e[0].seq);
	EXPECT_EQ(2U, e[1].seq);
	/* no more than there are */
	EXPECT_EQ(4 * (ssize_t)sizeof(*e), read(fd, e, sizeof(e)));
	EXPECT_EQ(3U, e[0].seq);
	EXPECT_EQ(6U, e[3].seq);
	close(fd);
}

TEST_F(edge, a_bad_buffer_is_efault)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e;
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(toggle(self, fd, 9, 2));
	EXPECT_EQ(-1, read(fd, (void *)-4096L, sizeof(e)));
	EXPECT_EQ(EFAULT, errno);
	close(fd);
}

TEST_F(edge, o_nonblock_is_eagain_until_there_is_one)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e;
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(fd, &e, sizeof(e)));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_TRUE(toggle(self, fd, 9, 1));
	EXPECT_EQ((ssize_t)sizeof(e), read(fd, &e, sizeof(e)));
	EXPECT_EQ(-1, read(fd, &e, sizeof(e)));
	EXPECT_EQ(EAGAIN, errno);
	close(fd);
}

TEST_F(edge, queued_ones_survive_reconfig)
{
	struct piaccel_line_request r = edges(&self->b, 9, 2);
	struct piaccel_event e[8];
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(toggle(self, fd, 9, 2));
	/* line 0 goes quiet, line 1 becomes an output */
	r.config.rising_mask = r.config.falling_mask = 0;
	r.config.output_mask = 0x2;
	ASSERT_EQ(0, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	ASSERT_TRUE(drive(self, fd, 9, 1, 0));
	ASSERT_TRUE(drive(self, fd, 9, 0, 0));
	ASSERT_EQ(2, read_events(fd, e, 2));
	EXPECT_EQ(2U, e[1].seq);
	EXPECT_EQ(0, events_now(fd, POLLIN));
	/* and back: counting goes on */
	r.config.output_mask = 0;
	r.config.rising_mask = 0x3;
	ASSERT_EQ(0, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	self->made = 0;
	ASSERT_TRUE(drive(self, fd, 9, 1, 1));
	ASSERT_EQ(1, read_events(fd, e, 1));
	EXPECT_EQ(3U, e[0].seq);
	EXPECT_EQ(3U, e[0].line_seq);
	close(fd);
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

TEST_F(edge, wakes_a_read_that_waits)
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

TEST_F(edge, wakes_a_poll_that_waits)
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

TEST_F(edge, wakes_every_poller)
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

TEST_F(edge, a_signal_ends_a_read_that_waits)
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

TEST_F(edge, close_during_a_read_frees_the_line_after_it)
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

TEST_F(edge, a_killed_reader_frees_the_line)
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

TEST_F(edge, two_readers_share_without_doubles)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	int fd = line_request(self->dev, &r), copy;
	struct piaccel_event a[8], b[8];

	ASSERT_GE(fd, 0);
	copy = dup(fd);
	ASSERT_TRUE(toggle(self, fd, 9, 6));
	ASSERT_EQ(3, read_events(fd, a, 3));
	ASSERT_EQ(3, read_events(copy, b, 3));
	EXPECT_EQ(3U, a[2].seq);
	EXPECT_EQ(4U, b[0].seq);
	EXPECT_EQ(0U, b[0].lost);
	close(fd);
	close(copy);
}

/* Requests come and go while edges rain on their line. */
static void *rain(void *arg)
{
	const struct board *b = arg;

	for (int i = 0; i < 2000; i++)
		board_drive(b, 9, i & 1);
	return NULL;
}

TEST_F(edge, requests_may_come_and_go_in_the_rain)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	pthread_t t;
	int bad = 0;

	ASSERT_EQ(0, pthread_create(&t, NULL, rain, &self->b));
	for (int i = 0; i < 100; i++) {
		struct piaccel_event e[16];
		int fd = line_request(self->dev, &r);
		ssize_t got;
		uint32_t seq = 0;

		if (fd < 0) {
			bad = fd;
			continue;
		}
		fcntl(fd, F_SETFL, O_NONBLOCK);
		while ((got = read(fd, e, sizeof(e))) > 0) {
			for (size_t j = 0; j < got / sizeof(*e); j++) {
				/* seq and lost agree at any rate */
				if (e[j].seq != seq + e[j].lost + 1)
					bad = 1;
				seq = e[j].seq;
			}
		}
		close(fd);
	}
	pthread_join(t, NULL);
	EXPECT_EQ(0, bad);
}

/* ---- debounce --------------------------------------------------------------- */

/*
 * The period is so long that the burst fits inside whatever the machine does
 * meanwhile; if it did not, the round proves nothing and is made again.
 */
#define STILL_US 400000U

static bool burst(const struct board *b, int n, int last)
{
	uint64_t start = now_ns();

	for (int i = 0; i < n; i++)
		board_drive(b, 9, i & 1);
	board_drive(b, 9, last);
	return now_ns() - start < STILL_US * 1000ULL;
}

TEST_F(edge, a_bouncing_line_is_one_debounced_event)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e;
	uint32_t seq = 0;
	bool ok = false;
	int fd;

	if (!(piaccel_info(self->dev).features & PIACCEL_FEATURE_DEBOUNCE))
		SKIP(return, "a module without debounce");
	r.config.debounce_mask = 1;
	r.config.debounce_us = STILL_US;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	for (int round = 0; round < 6 && !ok; round++) {
		int level = !(round & 1);
		uint64_t before = now_ns();

		ok = burst(&self->b, 12, level);
		/* GET reads the line as it is, at once */
		EXPECT_EQ(level, line_get(fd, 1));
		do {
			ASSERT_EQ(1, read_events(fd, &e, 1));
			seq++;
			EXPECT_EQ(seq, e.seq);
		} while (!ok && e.level != level);
		if (!ok)
			continue;
		EXPECT_EQ(level, e.level);
		EXPECT_EQ(level ? PIACCEL_EDGE_RISING : PIACCEL_EDGE_FALLING,
			  e.edge);
		EXPECT_NE(0U, e.flags & PIACCEL_EVENT_DEBOUNCED);
		/* the time of the last change, not of the decision */
		EXPECT_LE(before, e.time_ns);
		EXPECT_LE(e.time_ns + STILL_US * 1000ULL, now_ns());
	}
	if (!ok)
		SKIP(close(fd); return, "this machine is too slow to bounce");
	EXPECT_EQ(0, events_now(fd, POLLIN));
	close(fd);
}

TEST_F(edge, a_glitch_is_no_event)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);
	struct piaccel_event e;
	bool ok;
	int fd;

	if (!(piaccel_info(self->dev).features & PIACCEL_FEATURE_DEBOUNCE))
		SKIP(return, "a module without debounce");
	r.config.debounce_mask = 1;
	r.config.debounce_us = STILL_US;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	/* up and down again; then a real change, which must be the first event */
	ok = burst(&self->b, 6, 0);
	board_drive(&self->b, 9, 1);
	ASSERT_EQ(1, read_events(fd, &e, 1));
	if (ok) {
		EXPECT_EQ(1U, e.seq);
		EXPECT_EQ(1, e.level);
	}
	close(fd);
}

TEST_F(edge, closing_while_a_debounce_runs_is_safe)
{
	struct piaccel_line_request r = edges(&self->b, 9, 1);

	r.config.debounce_mask = 1;
	r.config.debounce_us = 1000;
	for (int i = 0; i < 50; i++) {
		int fd = line_request(self->dev, &r);

		ASSERT_GE(fd, 0);
		board_drive(&self->b, 9, !(i & 1));
		close(fd);
	}
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
