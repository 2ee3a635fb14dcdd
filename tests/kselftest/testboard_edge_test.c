// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test board's interrupts: every edge raises one, whatever makes it and
 * however many come; and the chip's removal under those who wait for them.
 */
#include <pthread.h>
#include <time.h>

#include "testboard_test.h"

#ifdef HAVE_TESTBOARD
/* ---- edges ---- */

FIXTURE(edges) {
	int tb;
	int chip;
	int req;
};

FIXTURE_VARIANT(edges) {
	__u64 flags;
};

FIXTURE_VARIANT_ADD(edges, rising) { .flags = RISING };
FIXTURE_VARIANT_ADD(edges, falling) { .flags = FALLING };
FIXTURE_VARIANT_ADD(edges, both) { .flags = RISING | FALLING };

FIXTURE_SETUP(edges)
{
	self->tb = tb_open();
	ASSERT_LE(0, self->tb);
	ASSERT_EQ(0, tb_chip(self->tb, 1));
	ASSERT_EQ(0, tb_reset(self->tb));
	self->chip = open_chip();
	if (self->chip < 0)
		SKIP(return, "the board's GPIO chip: %s", strerror(errno));
	self->req = request_line(self->chip, 17, INPUT | variant->flags, 0);
	if (self->req < 0)
		SKIP(return, "edges of line 17: %s", strerror(errno));
}

FIXTURE_TEARDOWN(edges)
{
	if (self->req > 0)
		close(self->req);
	tb_reset(self->tb);
	close(self->chip);
	close(self->tb);
}

TEST_F(edges, chip_knows_the_type)
{
	struct tb_state s;

	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(!!(variant->flags & RISING), bit(s.irq_rising, 17));
	EXPECT_EQ(!!(variant->flags & FALLING), bit(s.irq_falling, 17));
	EXPECT_EQ(0, bit(s.irq_masked, 17));
	close(self->req);
	self->req = -1;
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(0U, s.irq_rising | s.irq_falling);
	EXPECT_EQ(1, bit(s.irq_masked, 17));
}

TEST_F_TIMEOUT(edges, each_driven_edge_arrives_before_the_next, 120)
{
	struct gpio_v2_line_event ev;
	unsigned int want = 0;
	int i, up, both = variant->flags == (RISING | FALLING);

	for (i = 0; i < 500; i++) {
		__u64 before = tb_now();

		up = !(i & 1);
		ASSERT_EQ(0, tb_drive(self->tb, 17, up));
		if (!(variant->flags & (up ? RISING : FALLING)))
			continue;
		want++;
		ASSERT_EQ(1, next_event(self->req, 10000, &ev));
		EXPECT_EQ(up ? 1U : 2U, ev.id);
		EXPECT_EQ(17U, ev.offset);
		EXPECT_EQ(want, ev.line_seqno);
		EXPECT_LE(before, ev.timestamp_ns);
		EXPECT_GE(tb_now(), ev.timestamp_ns);
	}
	EXPECT_EQ(both ? 500U : 250U, want);
	EXPECT_EQ(0, next_event(self->req, 0, &ev));
}

TEST_F(edges, same_level_again_is_no_edge)
{
	struct tb_line l;

	ASSERT_EQ(0, tb_drive(self->tb, 17, 0));
	ASSERT_EQ(0, tb_drive(self->tb, 17, 0));
	ASSERT_EQ(0, tb_release(self->tb, 17));
	ASSERT_EQ(0, tb_line(self->tb, 17, &l));
	EXPECT_EQ(0U, l.rising + l.falling + l.edges + l.irqs);
}

/* How often the kernel has called this test's interrupt handler. */
static unsigned long handled(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	unsigned long sum = 0, n;
	char text[4096], *p, *end;

	while (f && fgets(text, sizeof(text), f)) {
		if (!strstr(text, "testboard_test"))
			continue;
		for (p = strchr(text, ':') + 1;; p = end) {
			n = strtoul(p, &end, 10);
			if (end == p)
				break;
			sum += n;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

/*
 * The handler runs once an edge, whatever the machine's load. How many of them
 * come out as events is up to the character device: its thread makes one event
 * of all the interrupts that came before it ran.
 */
TEST_F_TIMEOUT(edges, waveform_of_1000_edges_is_counted_exactly, 120)
{
	unsigned int want = variant->flags == (RISING | FALLING) ? 1000 : 500;
	struct timespec nap = { .tv_nsec = MS };
	struct tb_step steps[1000];
	struct gpio_v2_line_event ev;
	unsigned int i, got = 0;
	unsigned long before;
	struct tb_line l;

	for (i = 0; i < 1000; i++)
		steps[i] = tb_step(200 * US, 17, !(i & 1));
	before = handled();
	ASSERT_EQ(0, tb_play(self->tb, 0, steps, 1000, 0));
	ASSERT_EQ(0, tb_wait(self->tb, 0, 0, 100 * SEC));
	/* the last interrupt may still be under way on another CPU */
	for (i = 0; i < 1000 && handled() - before < want; i++)
		nanosleep(&nap, NULL);
	EXPECT_EQ(want, handled() - before);
	ASSERT_EQ(0, tb_line(self->tb, 17, &l));
	EXPECT_EQ(500U, l.rising);
	EXPECT_EQ(500U, l.falling);
	EXPECT_EQ(want, l.edges);
	EXPECT_EQ(want, l.irqs);
	while (next_event(self->req, 100, &ev) == 1)
		got++;
	EXPECT_LT(0U, got);
	EXPECT_GE(want, got);
	TH_LOG("%u events of %u edges", got, want);
}

/* More than can be told apart by time: still one interrupt each. */
TEST_F_TIMEOUT(edges, burst_loses_no_interrupt, 60)
{
	unsigned int want = variant->flags == (RISING | FALLING) ? 4000 : 2000;
	struct tb_step *steps = calloc(4000, sizeof(*steps));
	struct timespec nap = { .tv_nsec = MS };
	struct tb_state s;
	struct tb_line l;
	int i, tries = 1000;

	ASSERT_NE(NULL, steps);
	for (i = 0; i < 4000; i++)
		steps[i] = tb_step(0, 17, !(i & 1));
	ASSERT_EQ(0, tb_play(self->tb, 0, steps, 4000, 0));
	free(steps);
	ASSERT_EQ(0, tb_wait(self->tb, 0, 0, 30 * SEC));
	/* the last interrupt may still be under way on another CPU */
	do {
		ASSERT_EQ(0, tb_line(self->tb, 17, &l));
	} while (l.irqs < want && tries-- && !nanosleep(&nap, NULL));
	EXPECT_EQ(want, l.edges);
	EXPECT_EQ(want, l.irqs);
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(0U, s.edges_lost);
}

TEST_F(board, edges_of_before_the_request_are_not_seen)
{
	struct gpio_v2_line_event ev;
	int req;

	req = request_line(self->chip, 17, INPUT | RISING, 0);
	ASSERT_LE(0, req);
	close(req);
	ASSERT_EQ(0, tb_drive(self->tb, 17, 1));
	ASSERT_EQ(0, tb_drive(self->tb, 17, 0));
	req = request_line(self->chip, 17, INPUT | RISING, 0);
	ASSERT_LE(0, req);
	EXPECT_EQ(0, next_event(req, 20, &ev));
	close(req);
}

/* ---- both sides at once ---- */

struct worker {
	int tb, req, stop;
	unsigned long turns;
};

static void *world_worker(void *arg)
{
	struct worker *w = arg;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		tb_drive(w->tb, 17, w->turns++ & 1);
		tb_release(w->tb, 18);
	}
	return NULL;
}

static void *chip_worker(void *arg)
{
	struct worker *w = arg;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
		set_lines(w->req, 3, w->turns++);
	return NULL;
}

TEST_F_TIMEOUT(board, both_sides_change_at_once_and_no_edge_is_lost, 60)
{
	struct worker a = { .tb = self->tb }, b = { .tb = self->tb };
	int in = request_lines(self->chip, 16, 3, INPUT | RISING | FALLING, 0);
	struct tb_step steps[] = {
		tb_step(70 * US, 18, 1), tb_step_release(70 * US, 18)
	};
	struct tb_play play = { .steps = (uintptr_t)steps, .nsteps = 2 };
	struct timespec nap = { .tv_nsec = 1000000 };
	struct tb_state s;
	struct tb_line l;
	pthread_t t[2];
	int n;

	b.req = request_lines(self->chip, 20, 2, OUTPUT, 0);
	ASSERT_LE(0, in);
	ASSERT_LE(0, b.req);
	ASSERT_EQ(0, tb_follow(self->tb, 16, 20, 0, 0));
	ASSERT_EQ(0, tb_play_args(self->tb, &play));
	ASSERT_EQ(0, pthread_create(&t[0], NULL, world_worker, &a));
	ASSERT_EQ(0, pthread_create(&t[1], NULL, chip_worker, &b));
	ASSERT_EQ(0, tb_wait(self->tb, 0, 3000, 50 * SEC));
	a.stop = 1;
	b.stop = 1;
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	ASSERT_EQ(0, tb_stop(self->tb, 0));
	for (n = 16; n < 19; n++) {
		int tries = 1000;

		/* the last interrupt may still be under way */
		do {
			ASSERT_EQ(0, tb_line(self->tb, n, &l));
		} while (l.irqs != l.edges && tries-- &&
			 !nanosleep(&nap, NULL));
		EXPECT_EQ(l.edges, l.irqs);
		EXPECT_EQ(l.rising + l.falling, l.edges);
		EXPECT_EQ((__u64)tb_level(self->tb, n), l.rising - l.falling);
		EXPECT_LT(0U, l.edges);
	}
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(0U, s.edges_lost);
	close(in);
	close(b.req);
}

/* ---- the chip goes ---- */

/*
 * gpiolib frees the interrupts of a chip that goes, and their user frees them
 * again. Where irq descriptors are an array, as in user-mode Linux, the kernel
 * warns of that, whatever the chip.
 */
static bool kernel_warns_of_it(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char text[256];
	bool uml = false;

	while (f && fgets(text, sizeof(text), f))
		uml |= !!strstr(text, "User Mode Linux");
	if (f)
		fclose(f);
	return uml;
}

TEST_F(board, chip_goes_under_its_users_and_comes_back)
{
	struct gpio_v2_line_values v = { .mask = 1 };
	struct gpio_v2_line_event ev;
	struct tb_info info;
	int in, out, in2, i;

	if (kernel_warns_of_it())
		SKIP(return, "interrupts in use when the chip goes");
	for (i = 0; i < 3; i++) {
		in = request_line(self->chip, 17, INPUT | RISING | FALLING, 0);
		out = request_line(self->chip, 20, OUTPUT, 1);
		ASSERT_LE(0, in);
		ASSERT_LE(0, out);
		ASSERT_EQ(0, tb_chip(self->tb, 0));
		ASSERT_EQ(0, tb_chip(self->tb, 0));
		ASSERT_EQ(0, ioctl(self->tb, TB_IOC_INFO, &info));
		EXPECT_EQ(0U, info.present);
		EXPECT_EQ(-1, ioctl(in, GPIO_V2_LINE_GET_VALUES_IOCTL, &v));
		EXPECT_EQ(ENODEV, errno);
		EXPECT_EQ(-1, set_lines(out, 1, 0));
		EXPECT_EQ(ENODEV, errno);
		/* the world goes on, and the pins stay as they were */
		EXPECT_EQ(1, tb_level(self->tb, 20));
		ASSERT_EQ(0, tb_drive(self->tb, 17, !(i & 1)));
		ASSERT_EQ(0, tb_chip(self->tb, 1));
		close(self->chip);
		self->chip = open_chip();
		ASSERT_LE(0, self->chip);
		/* a new user beside the one that lost its chip */
		in2 = request_line(self->chip, 17, INPUT | RISING | FALLING,
				   0);
		ASSERT_LE(0, in2);
		EXPECT_EQ(~i & 1U, get_lines(in2, 1));
		close(in);
		close(out);
		ASSERT_EQ(0, tb_drive(self->tb, 17, i & 1));
		EXPECT_EQ(1, next_event(in2, 10000, &ev));
		close(in2);
	}
	/* no one holds it, and so a reset ends what it drives */
	EXPECT_EQ(1, tb_output(self->tb, 20));
	ASSERT_EQ(0, tb_reset(self->tb));
	EXPECT_EQ(2, tb_output(self->tb, 20));
}

TEST_F(board, chip_goes_while_edges_come)
{
	struct tb_step steps[] = {
		tb_step(50 * US, 17, 1), tb_step(50 * US, 17, 0)
	};
	struct tb_play play = { .steps = (uintptr_t)steps, .nsteps = 2 };
	struct tb_player p;
	int in, i;

	if (kernel_warns_of_it())
		SKIP(return, "interrupts in use when the chip goes");
	ASSERT_EQ(0, tb_play_args(self->tb, &play));
	for (i = 0; i < 5; i++) {
		in = request_line(self->chip, 17, INPUT | RISING | FALLING, 0);
		ASSERT_LE(0, in);
		ASSERT_EQ(0, tb_player(self->tb, 0, &p));
		ASSERT_EQ(0, tb_wait(self->tb, 0, p.rounds + 20, 20 * SEC));
		ASSERT_EQ(0, tb_chip(self->tb, 0));
		ASSERT_EQ(0, tb_player(self->tb, 0, &p));
		ASSERT_EQ(0, tb_wait(self->tb, 0, p.rounds + 20, 20 * SEC));
		close(in);
		ASSERT_EQ(0, tb_chip(self->tb, 1));
		close(self->chip);
		self->chip = open_chip();
		ASSERT_LE(0, self->chip);
	}
}

#endif /* HAVE_TESTBOARD */
