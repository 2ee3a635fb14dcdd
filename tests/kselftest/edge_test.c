// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edges by read() on a line descriptor: every one, once, in order, with its
 * level; what is lost is counted. Waiting for them is in wait_test.c.
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
	const char *why = rig_up(&self->dev, &self->b, variant->label,
				 PIACCEL_FEATURE_EDGE);

	if (why)
		SKIP(return, "%s: %s", variant->label, why);
}

FIXTURE_TEARDOWN(edge)
{
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
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

/*
 * An interrupt bears it, as a folder in /proc/irq: what no folder can be called
 * there makes the kernel warn, which the console's scanner would see.
 */
TEST_F(edge, any_printable_consumer_name_will_do)
{
	const char *names[] = { "a/b", "/", ".", "..", "smp_affinity", "spurious",
				"%s%n", "~ ", "/proc/../x//", "" };
	struct piaccel_event e;
	int fd;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct piaccel_line_request r = edges(&self->b, 9, 1);

		memset(r.consumer, 0, sizeof(r.consumer));
		memcpy(r.consumer, names[i], strlen(names[i]));
		fd = line_request(self->dev, &r);
		ASSERT_GE(fd, 0) TH_LOG("\"%s\": %s", names[i], strerror(errno));
		self->made = 0;
		ASSERT_TRUE(toggle(self, fd, 9, 2));
		EXPECT_EQ(1, read_events(fd, &e, 1));
		close(fd);
	}
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
	for (int i = 0; i < 40; i++) {
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

TEST_HARNESS_MAIN
