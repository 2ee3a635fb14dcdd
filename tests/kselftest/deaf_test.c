// SPDX-License-Identifier: GPL-2.0-only
/*
 * A chip that does not take its safe values when a trip comes, as a port
 * expander on a disturbed bus: it gets them as soon as it does. On a chip that
 * never sleeps and on one that does.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define PERSIST	"/sys/module/testboard/parameters/persist"
#define NOBODY	65534
#define RELAYS	0x0fULL
#define RUN	0x05ULL
#define SAFE	0x0aULL

FIXTURE(deaf) {
	struct board b;
	int dev, line;
	struct piaccel_line_request req;
	char persist[8];
};

FIXTURE_VARIANT(deaf) {
	bool sleeps;
};

FIXTURE_VARIANT_ADD(deaf, fast) { .sleeps = false };
FIXTURE_VARIANT_ADD(deaf, sleeping) { .sleeps = true };

FIXTURE_SETUP(deaf)
{
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	self->dev = self->line = -1;
	self->persist[0] = 0;
	if (why)
		SKIP(return, "%s", why);
	if (tb_deaf(self->b.outside, 0))
		SKIP(return, "no chip of this kernel can refuse a value");
	if (variant->sleeps && board_sleeps(&self->b, true))
		SKIP(return, "the test board cannot say that it sleeps");
	board_reset(&self->b);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	self->req = outputs(&self->b, OUT, 4, RUN);
	self->req.safe_mask = RELAYS;
	self->req.safe_values = SAFE;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(variant->sleeps, line_is(self->line, PIACCEL_STATUS_SLEEPS));
}

FIXTURE_TEARDOWN(deaf)
{
	if (self->line >= 0)
		close(self->line);
	if (self->dev >= 0)
		close(self->dev);
	if (self->b.outside < 0)
		return;
	board_reset(&self->b);
	if (self->persist[0])
		write_text(PERSIST, self->persist);
	if (variant->sleeps)
		board_sleeps(&self->b, false);
	board_close(&self->b);
}

static uint64_t relays(FIXTURE_DATA(deaf) *self)
{
	return board_levels(&self->b, OUT, 4);
}

/* From now on none of the relays' lines takes a value, or all do again. */
static int deaf(FIXTURE_DATA(deaf) *self, bool on)
{
	return tb_deaf(self->b.outside, on ? SPAN(OUT, 4) : 0);
}

TEST_F(deaf, a_value_that_is_not_taken_is_an_error)
{
	ASSERT_EQ(0, deaf(self, true));
	EXPECT_EQ(-EIO, line_set(self->line, SAFE, RELAYS));
	EXPECT_EQ(-EIO, line_set(self->line, 0, 1));
	EXPECT_EQ(RUN, line_status(self->line).values);
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_EQ(0, line_set(self->line, SAFE, RELAYS));
	EXPECT_EQ(SAFE, relays(self));
}

TEST_F(deaf, a_trip_is_driven_as_soon_as_the_chip_takes_it)
{
	struct piaccel_line_status s;

	ASSERT_EQ(0, deaf(self, true));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(wait_events(self->line, POLLPRI) & POLLPRI);
	s = line_status(self->line);
	EXPECT_TRUE(s.flags & PIACCEL_STATUS_TRIPPED);
	EXPECT_FALSE(s.flags & PIACCEL_STATUS_SAFE);
	EXPECT_EQ(0, s.safe_ns);
	EXPECT_EQ(RUN, s.values);
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(line_tripped(self->line));
	s = line_status(self->line);
	EXPECT_EQ(SAFE, s.values);
	EXPECT_LT(s.trip_ns, s.safe_ns);
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(1, s.trip_seq);
}

TEST_F(deaf, so_is_a_missed_deadline)
{
	close(self->line);
	self->req.keepalive_ns = 600 * SEC;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(0, deaf(self, true));
	ASSERT_EQ(0, line_keepalive(self->line, now_ns() + 50 * MSEC));
	ASSERT_TRUE(wait_for(line_is(self->line, PIACCEL_STATUS_TRIPPED)));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_SAFE));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, relays(self));
}

TEST_F(deaf, what_is_rearmed_is_not_driven_any_more)
{
	ASSERT_EQ(0, deaf(self, true));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_TRUE(wait_for(line_is(self->line, PIACCEL_STATUS_TRIPPED)));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	ASSERT_EQ(0, deaf(self, false));
	ASSERT_EQ(0, line_set(self->line, RUN, RELAYS));
	/* five times as long as the driver waits before it tries again */
	nap_ns(50 * MSEC);
	EXPECT_EQ(RUN, relays(self));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
}

/* Close it with PIACCEL_LINE_HOLD, the relays still running. */
static int leave(FIXTURE_DATA(deaf) *self)
{
	close(self->line);
	self->req.flags = PIACCEL_LINE_HOLD;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	if (self->line < 0 || deaf(self, true))
		return -1;
	close(self->line);
	self->line = -1;
	return 0;
}

TEST_F(deaf, lines_that_are_held_are_driven_when_their_owner_is_gone)
{
	ASSERT_EQ(0, leave(self));
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(wait_for(relays(self) == SAFE));
	self->req.flags = PIACCEL_LINE_ADOPT;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	EXPECT_EQ(0, line_set(self->line, RUN, RELAYS));
}

TEST_F(deaf, who_takes_over_what_is_not_safe_yet_is_tripped)
{
	ASSERT_EQ(0, leave(self));
	self->req.flags = PIACCEL_LINE_ADOPT;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	EXPECT_EQ(PIACCEL_TRIP_CLOSE, line_status(self->line).trip_cause);
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, relays(self));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	EXPECT_EQ(0, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(RUN, relays(self));
}

TEST_F(deaf, who_takes_over_what_is_owed_owes_it)
{
	ASSERT_EQ(0, leave(self));
	self->req.flags = PIACCEL_LINE_ADOPT;
	self->req.safe_values = 0;
	EXPECT_EQ(-EBUSY, line_request(self->dev, &self->req));
	self->req.safe_mask = 0x7;
	self->req.safe_values = SAFE & 0x7;
	EXPECT_EQ(-EBUSY, line_request(self->dev, &self->req));
	self->req.safe_mask = self->req.safe_values = 0;
	self->line = line_request(self->dev, &self->req);
	ASSERT_LE(0, self->line);
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(RUN, relays(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, relays(self));
}

/* What lines that are given back drive can be seen from now on. */
static int freed_lines_stay(FIXTURE_DATA(deaf) *self)
{
	if (read_text(PERSIST, self->persist, sizeof(self->persist)) <= 0)
		return -1;
	return write_text(PERSIST, "Y");
}

static int adopt_as_nobody(FIXTURE_DATA(deaf) *self)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(setuid(NOBODY) ? 255 :
		      line_request(self->dev, &self->req) < 0 ? errno : 0);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST_F(deaf, lines_are_kept_until_the_safe_values_that_they_owe_stand)
{
	struct piaccel_line_request r = self->req;

	ASSERT_EQ(0, freed_lines_stay(self));
	ASSERT_EQ(0, deaf(self, true));
	close(self->line);
	self->line = -1;
	EXPECT_EQ(4U, lines_used(&self->b));
	EXPECT_EQ(RUN, relays(self));
	EXPECT_EQ(-EBUSY, line_request(self->dev, &r));
	self->req.flags = PIACCEL_LINE_ADOPT;
	EXPECT_EQ(EPERM, adopt_as_nobody(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(wait_for(!lines_used(&self->b)));
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(-ENOENT, line_request(self->dev, &self->req));
}

TEST_F(deaf, lines_that_are_kept_are_their_owners_to_take_over)
{
	ASSERT_EQ(0, freed_lines_stay(self));
	ASSERT_EQ(0, deaf(self, true));
	close(self->line);
	self->req.flags = PIACCEL_LINE_ADOPT;
	self->line = line_request(self->dev, &self->req);
	ASSERT_LE(0, self->line);
	EXPECT_TRUE(line_is(self->line, PIACCEL_STATUS_TRIPPED));
	close(self->line);
	self->line = -1;
	EXPECT_EQ(4U, lines_used(&self->b));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_TRUE(wait_for(!lines_used(&self->b)));
	EXPECT_EQ(SAFE, relays(self));
}

TEST_F(deaf, lines_that_are_kept_let_the_module_go)
{
	const char *ko = getenv("PIACCEL_MODULE");

	if (!ko)
		SKIP(return, "PIACCEL_MODULE does not name the module");
	ASSERT_EQ(0, deaf(self, true));
	close(self->line);
	self->line = -1;
	close(self->dev);
	self->dev = -1;
	ASSERT_EQ(4U, lines_used(&self->b));
	EXPECT_TRUE(wait_for(!syscall(SYS_delete_module, "piaccel",
				      O_NONBLOCK)));
	EXPECT_EQ(0U, lines_used(&self->b));
	EXPECT_EQ(0, piaccel_load(ko));
}

/* Has the chip ever driven one of these lines high? */
static bool driven_high(FIXTURE_DATA(deaf) *self)
{
	struct tb_record rec[64];
	int n = board_records(&self->b, rec, LEN(rec));

	for (int i = 0; i < n; i++)
		if (rec[i].kind == TB_KIND_OUTPUT && rec[i].value)
			return true;
	return n < 0;
}

/* Two lines, of which the second cannot be an output. */
static int one_of_two(FIXTURE_DATA(deaf) *self)
{
	close(self->line);
	self->line = -1;
	if (!wait_for(!lines_used(&self->b)) ||
	    tb_deaf(self->b.outside, BIT64(OUT + 1)))
		return -1;
	return tb_record_start(self->b.outside, SPAN(OUT, 2), TB_KINDS);
}

TEST_F(deaf, a_line_that_cannot_be_an_output_leaves_the_others_alone)
{
	struct piaccel_line_request r = outputs(&self->b, OUT, 2, 0x3);

	ASSERT_EQ(0, one_of_two(self));
	EXPECT_EQ(-EIO, line_request(self->dev, &r));
	EXPECT_EQ(0, board_state(&self->b).output & SPAN(OUT, 2));
	r.safe_mask = 0x3;
	EXPECT_EQ(-EIO, line_request(self->dev, &r));
	EXPECT_EQ(0, board_state(&self->b).output & SPAN(OUT, 2));
	EXPECT_FALSE(driven_high(self));
	EXPECT_EQ(0U, lines_used(&self->b));
	ASSERT_EQ(0, deaf(self, false));
	self->line = line_request(self->dev, &r);
	ASSERT_LE(0, self->line);
	EXPECT_EQ(0x3, board_levels(&self->b, OUT, 2));
}

TEST_F(deaf, a_line_that_cannot_become_an_output_leaves_the_others_alone)
{
	struct piaccel_line_request r = inputs(&self->b, OUT, 2);

	close(self->line);
	self->line = line_request(self->dev, &r);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(0, tb_deaf(self->b.outside, BIT64(OUT + 1)));
	ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(OUT, 2), TB_KINDS));
	r.config.output_mask = r.config.values = 0x3;
	EXPECT_EQ(-EIO, xioctl(self->line, PIACCEL_LINE_RECONFIG, &r.config));
	EXPECT_EQ(0, board_state(&self->b).output & SPAN(OUT, 2));
	EXPECT_FALSE(driven_high(self));
	ASSERT_EQ(0, deaf(self, false));
	EXPECT_EQ(0, xioctl(self->line, PIACCEL_LINE_RECONFIG, &r.config));
	EXPECT_EQ(0x3, board_levels(&self->b, OUT, 2));
}

TEST_F(deaf, a_chip_that_never_answers_goes_in_peace)
{
	ASSERT_EQ(0, deaf(self, true));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_UNBOUND));
	EXPECT_TRUE(wait_for(line_is(self->line, PIACCEL_STATUS_GONE)));
	EXPECT_FALSE(line_is(self->line, PIACCEL_STATUS_SAFE));
	close(self->line);
	self->line = -1;
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_THERE));
	/* and one that is held, from under nobody */
	ASSERT_EQ(0, deaf(self, false));
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(0, leave(self));
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_UNBOUND));
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_THERE));
	/* or kept, for what it owes */
	ASSERT_EQ(0, deaf(self, false));
	self->req.flags = 0;
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(0, deaf(self, true));
	close(self->line);
	self->line = -1;
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_UNBOUND));
	ASSERT_EQ(0, tb_chip(self->b.outside, TB_CHIP_THERE));
	ASSERT_EQ(0, deaf(self, false));
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	ASSERT_LE(0, self->line);
}

TEST_HARNESS_MAIN
