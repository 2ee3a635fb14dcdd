/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Four relays and two interlocks on either chip: what the tests of fail-safe
 * start from.
 */
#ifndef PIACCEL_RELAYS_H
#define PIACCEL_RELAYS_H

#include "failsafe.h"

#include "../kselftest_harness.h"

/* Lines 0-3 are relays, 4 and 5 their interlocks. */
#define RELAYS	0x0fULL
#define RUN	0x05ULL		/* what a controller drives */
#define SAFE	0x0aULL		/* what must stand after a trip */
#define LOCKS	0x30ULL
#define CLOSED	0x10ULL		/* line 4 high, line 5 low */

FIXTURE(failsafe) {
	struct board board;
	struct board *b;
	int dev, line;
	struct piaccel_line_request req;
};

FIXTURE_VARIANT(failsafe) {
	const char *label;
};

FIXTURE_VARIANT_ADD(failsafe, fast) {
	.label = TESTBOARD_LABEL,
};

FIXTURE_VARIANT_ADD(failsafe, sleeping) {
	.label = SIM_LABEL,
};

FIXTURE_SETUP(failsafe)
{
	struct piaccel_line_request *r = &self->req;
	const char *why;

	self->b = &self->board;
	self->line = -1;
	why = board_open(self->b, variant->label);
	if (why)
		SKIP(return, "%s: %s", variant->label, why);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	board_reset(self->b);
	ASSERT_EQ(0, board_drive(self->b, IN, 1));

	*r = outputs(self->b, OUT, 4, RUN);
	r->num_lines = 6;
	r->offsets[4] = IN;
	r->offsets[5] = IN + 1;
	r->safe_mask = RELAYS;
	r->safe_values = SAFE;
}

FIXTURE_TEARDOWN(failsafe)
{
	if (self->line >= 0)
		close(self->line);
	if (self->dev >= 0)
		close(self->dev);
}

static int request(FIXTURE_DATA(failsafe) *self)
{
	self->line = xioctl(self->dev, PIACCEL_LINE_REQUEST, &self->req);
	return self->line;
}

static void with_interlocks(struct piaccel_line_request *r)
{
	r->interlock_mask = LOCKS;
	r->interlock_values = CLOSED;
}

static uint64_t relays(FIXTURE_DATA(failsafe) *self)
{
	return board_levels(self->b, OUT, 4);
}

/* The request is tripped as it should be, and so are the relays. */
static void expect_trip(struct __test_metadata *_metadata,
			FIXTURE_DATA(failsafe) *self, int cause, uint64_t seq)
{
	struct piaccel_line_status s;

	ASSERT_TRUE(line_tripped(self->line));
	s = line_status(self->line);
	EXPECT_EQ(cause, s.trip_cause);
	EXPECT_EQ(seq, s.trip_seq);
	EXPECT_TRUE(s.flags & PIACCEL_STATUS_TRIPPED);
	EXPECT_FALSE(s.flags & PIACCEL_STATUS_ARMED);
	EXPECT_NE(0, s.trip_ns);
	EXPECT_LE(s.trip_ns, s.safe_ns);
	EXPECT_LE(s.safe_ns, now_ns());
	EXPECT_EQ(0, s.deadline_ns);
	EXPECT_EQ(SAFE, s.values & RELAYS);
	EXPECT_EQ(SAFE, relays(self));
	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, 0, RELAYS));
	EXPECT_EQ(SAFE, relays(self));
}

#endif /* PIACCEL_RELAYS_H */
