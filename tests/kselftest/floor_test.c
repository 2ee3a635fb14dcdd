// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of a device-tree node: its safe states and interlocks are a floor
 * beneath whatever a program asks for, and the lines are held whenever their
 * chip is there. On a chip that never sleeps and on one that does.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define SLEEPS	"/sys/module/testboard/parameters/sleeps"
#define LATE	"floor-late"
#define NOBODY	65534
#define RELAYS	0x3ULL
#define LOCK	0x4ULL

FIXTURE(floor) {
	struct board b;
	struct tb_node node;
	struct piaccel_line_request req;
	int dev, line;
};

FIXTURE_VARIANT(floor) {
	bool sleeps;
};

FIXTURE_VARIANT_ADD(floor, fast) { .sleeps = false };
FIXTURE_VARIANT_ADD(floor, sleeping) { .sleeps = true };

/* The chip comes anew, under another number. */
static int replug(struct board *b)
{
	if (tb_chip(b->outside, TB_CHIP_UNBOUND) ||
	    tb_chip(b->outside, TB_CHIP_THERE))
		return -1;
	board_close(b);
	return board_open(b, TESTBOARD_LABEL) ? -1 : 0;
}

static int plug(struct board *b, bool sleeps)
{
	return write_text(SLEEPS, sleeps ? "Y" : "N") ? -1 : replug(b);
}

/* Two relays, safe low, an interlock that stands at 1, an input. */
FIXTURE_SETUP(floor)
{
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	self->dev = self->line = -1;
	if (why)
		SKIP(return, "%s", why);
	if (variant->sleeps && plug(&self->b, true))
		SKIP(return, "the test board cannot say that it sleeps");
	board_reset(&self->b);
	ASSERT_EQ(0, board_drive(&self->b, IN, 1));
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	self->node = (struct tb_node) {
		.relays = SPAN(OUT, 2), .locks = BIT64(IN),
		.inputs = BIT64(IN + 1),
	};
	ASSERT_EQ(0, tb_node(self->b.outside, &self->node));
	ASSERT_EQ(4U, lines_used(&self->b));
	self->req = outputs(&self->b, OUT, 2, 0);
	self->req.num_lines = 4;
	self->req.offsets[2] = IN;
	self->req.offsets[3] = IN + 1;
	self->req.flags = PIACCEL_LINE_ADOPT;
}

FIXTURE_TEARDOWN(floor)
{
	struct tb_node none = { 0 };

	if (self->line >= 0)
		close(self->line);
	if (self->b.outside < 0)
		return;
	board_reset(&self->b);
	EXPECT_EQ(0, tb_node(self->b.outside, &none));
	EXPECT_TRUE(wait_for(!lines_used(&self->b)));
	sim_destroy(LATE);
	if (variant->sleeps)
		plug(&self->b, false);
	board_close(&self->b);
	close(self->dev);
}

static uint64_t relays(FIXTURE_DATA(floor) *self)
{
	return board_levels(&self->b, OUT, 2);
}

static int adopt(FIXTURE_DATA(floor) *self)
{
	self->line = line_request(self->dev, &self->req);
	return self->line;
}

/* Adopt them, switch both on, die: the chip drives both to their states. */
static void on_and_gone(struct __test_metadata *_metadata,
			FIXTURE_DATA(floor) *self)
{
	ASSERT_LE(0, adopt(self)) TH_LOG("%s", strerror(-self->line));
	ASSERT_EQ(0, line_set(self->line, RELAYS, RELAYS));
	ASSERT_EQ(RELAYS, relays(self));
	close(self->line);
	self->line = -1;
	EXPECT_TRUE(wait_for(!relays(self)));
	EXPECT_EQ(SPAN(OUT, 2), board_state(&self->b).output & SPAN(OUT, 2));
	EXPECT_EQ(4U, lines_used(&self->b));
}

TEST_F(floor, is_driven_whatever_the_adopter_named)
{
	self->req.safe_mask = 0x1;
	on_and_gone(_metadata, self);
	/* nor is that mask left to the next */
	self->req.safe_mask = 0;
	on_and_gone(_metadata, self);
	self->req.safe_mask = RELAYS;
	self->req.flags |= PIACCEL_LINE_HOLD;
	on_and_gone(_metadata, self);
}

TEST_F(floor, is_not_contradicted)
{
	struct piaccel_line_request r = self->req;

	r.safe_mask = RELAYS;
	r.safe_values = RELAYS;
	EXPECT_EQ(-EPERM, line_request(self->dev, &r));
	r.safe_mask = r.safe_values = 0x2;
	EXPECT_EQ(-EPERM, line_request(self->dev, &r));
	r = self->req;
	r.safe_mask = RELAYS;
	r.interlock_mask = LOCK;
	EXPECT_EQ(-EPERM, line_request(self->dev, &r));
	r = self->req;
	r.config.debounce_mask = LOCK;
	r.config.debounce_us = 1000;
	EXPECT_EQ(-EPERM, line_request(self->dev, &r));
	/* refused, and nothing has changed */
	EXPECT_EQ(0, relays(self));
	self->req.safe_mask = RELAYS;
	self->req.interlock_mask = self->req.interlock_values = LOCK;
	on_and_gone(_metadata, self);
}

TEST_F(floor, has_its_interlocks_for_whoever_has_the_lines)
{
	ASSERT_LE(0, adopt(self));
	ASSERT_EQ(0, line_set(self->line, RELAYS, RELAYS));
	ASSERT_EQ(0, board_drive(&self->b, IN, 0));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(PIACCEL_TRIP_INTERLOCK, line_status(self->line).trip_cause);
	EXPECT_EQ(LOCK, line_status(self->line).interlock_open);
	EXPECT_EQ(0, relays(self));
	EXPECT_EQ(-EBUSY, line_rearm(self->line, 1));
	ASSERT_EQ(0, board_drive(&self->b, IN, 1));
	EXPECT_EQ(0, line_rearm(self->line, 1));
	EXPECT_EQ(0, line_set(self->line, RELAYS, RELAYS));
}

TEST_F(floor, with_an_open_interlock_trips_who_adopts)
{
	ASSERT_EQ(0, board_drive(&self->b, IN, 0));
	ASSERT_LE(0, adopt(self));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RELAYS, RELAYS));
	EXPECT_EQ(0, relays(self));
}

TEST_F(floor, lets_anybody_have_the_lines)
{
	int status = -1;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		if (setuid(NOBODY) || adopt(self) < 0 ||
		    line_set(self->line, RELAYS, RELAYS))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_TRUE(wait_for(!relays(self)));
	/* and they are everybody's again */
	on_and_gone(_metadata, self);
}

TEST_F(floor, owes_its_values_through_an_adopter_without_a_mask)
{
	if (tb_deaf(self->b.outside, 0))
		SKIP(return, "no chip of this kernel can refuse a value");
	ASSERT_LE(0, adopt(self));
	ASSERT_EQ(0, line_set(self->line, RELAYS, RELAYS));
	ASSERT_EQ(0, tb_deaf(self->b.outside, SPAN(OUT, 2)));
	close(self->line);
	ASSERT_LE(0, adopt(self));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	EXPECT_EQ(RELAYS, relays(self));
	ASSERT_EQ(0, tb_deaf(self->b.outside, 0));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(0, relays(self));
}

TEST_F(floor, is_back_when_the_chip_is)
{
	ASSERT_EQ(0, replug(&self->b));
	ASSERT_TRUE(wait_for(lines_used(&self->b) == 4));
	/* the lines are ours a moment before they are outputs */
	EXPECT_TRUE(wait_for((board_state(&self->b).output & SPAN(OUT, 2)) ==
			     SPAN(OUT, 2)));
	on_and_gone(_metadata, self);

	/* from under a program, too */
	ASSERT_LE(0, adopt(self));
	ASSERT_EQ(0, replug(&self->b));
	ASSERT_TRUE(wait_for(lines_used(&self->b) == 4));
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_GONE));
	close(self->line);
	on_and_gone(_metadata, self);
}

TEST_F(floor, does_not_wait_for_a_chip_that_is_missing)
{
	struct board late;

	snprintf(self->node.other, sizeof(self->node.other), LATE);
	ASSERT_EQ(0, tb_node(self->b.outside, &self->node));
	EXPECT_EQ(4U, lines_used(&self->b));
	on_and_gone(_metadata, self);
	/* which gets its line held when it comes */
	if (sim_create(LATE, 2))
		SKIP(return, "no gpio-sim");
	ASSERT_EQ(NULL, board_open(&late, LATE));
	EXPECT_TRUE(wait_for(line_has(&late, 0, GPIO_V2_LINE_FLAG_OUTPUT)));
	EXPECT_TRUE(line_used(&late, 0));
	board_close(&late);
	EXPECT_EQ(4U, lines_used(&self->b));
}

TEST_HARNESS_MAIN
