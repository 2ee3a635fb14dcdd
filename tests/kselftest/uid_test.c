// SPDX-License-Identifier: GPL-2.0-only
/*
 * Held lines belong to the uid that requested them: it and CAP_SYS_ADMIN adopt
 * and so release them, others do not, and a uid holds only so many.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define LIMIT	"/sys/module/piaccel/parameters/held_limit_uid"
#define NOBODY	65534
#define ANOTHER	65533

FIXTURE(uid) {
	struct board b;
	int dev;
	struct piaccel_line_request req;
	char limit[32];
};

FIXTURE_SETUP(uid)
{
	const char *why = rig_up(&self->dev, &self->b, TESTBOARD_LABEL,
				 PIACCEL_FEATURE_HOLD);

	self->limit[0] = 0;
	if (!why && geteuid())
		why = "only root can be others";
	if (why)
		SKIP(return, "%s", why);
	ASSERT_LT(0, read_text(LIMIT, self->limit, sizeof(self->limit)));
	self->req = outputs(&self->b, OUT, 4, 0);
	self->req.safe_mask = LINES(4);
	self->req.flags = PIACCEL_LINE_HOLD;
}

FIXTURE_TEARDOWN(uid)
{
	if (self->limit[0])
		write_text(LIMIT, self->limit);
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

/* Run in a child of that uid: what it returns, 0 to 127, or 255. */
static int as(uid_t uid, FIXTURE_DATA(uid) *self,
	      int (*fn)(FIXTURE_DATA(uid) *self))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(setuid(uid) ? 255 : fn(self));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Take the lines, on, and end: 0, or the error. */
static int take(FIXTURE_DATA(uid) *self)
{
	int line = line_request(self->dev, &self->req);

	if (line < 0)
		return -line;
	return -line_set(line, LINES(4), LINES(4));
}

/* Take over what is held and let it go: 0, or the error. */
static int release(FIXTURE_DATA(uid) *self)
{
	struct piaccel_line_request r = self->req;

	r.flags = PIACCEL_LINE_ADOPT;
	r.safe_mask = r.safe_values = 0;
	r.config.values = 0;
	return line_request(self->dev, &r) < 0 ? errno : 0;
}

TEST_F(uid, of_another_does_not_adopt_held_lines)
{
	ASSERT_EQ(0, as(0, self, take));
	ASSERT_TRUE(wait_for(lines_used(&self->b) == 4));
	EXPECT_EQ(EPERM, as(NOBODY, self, release));
	self->req.flags = PIACCEL_LINE_HOLD | PIACCEL_LINE_ADOPT;
	EXPECT_EQ(EPERM, as(NOBODY, self, take));
	EXPECT_EQ(4U, lines_used(&self->b));
	EXPECT_EQ(0, board_levels(&self->b, OUT, 4));
	EXPECT_EQ(0, as(0, self, release));
	EXPECT_TRUE(wait_for(!lines_used(&self->b)));
}

TEST_F(uid, that_held_lines_adopts_and_releases_them)
{
	ASSERT_EQ(0, as(NOBODY, self, take));
	EXPECT_EQ(EPERM, as(ANOTHER, self, release));
	self->req.flags |= PIACCEL_LINE_ADOPT;
	EXPECT_EQ(0, as(NOBODY, self, take));
	EXPECT_EQ(0, as(NOBODY, self, release));
	EXPECT_TRUE(wait_for(!lines_used(&self->b)));
}

TEST_F(uid, with_cap_sys_admin_releases_anybodys)
{
	ASSERT_EQ(0, as(NOBODY, self, take));
	EXPECT_EQ(0, as(0, self, release));
	EXPECT_TRUE(wait_for(!lines_used(&self->b)));
}

/* One line more than the four that are held already: 0, or the error. */
static int one_more(FIXTURE_DATA(uid) *self)
{
	struct piaccel_line_request r = outputs(&self->b, OUT + 4, 1, 0);

	r.safe_mask = 1;
	r.flags = self->req.flags;
	return line_request(self->dev, &r) < 0 ? errno : 0;
}

static int release_one(FIXTURE_DATA(uid) *self)
{
	struct piaccel_line_request r = outputs(&self->b, OUT + 4, 1, 0);

	r.flags = PIACCEL_LINE_ADOPT;
	return line_request(self->dev, &r) < 0 ? errno : 0;
}

TEST_F(uid, holds_so_many_lines_and_no_more)
{
	ASSERT_EQ(0, write_text(LIMIT, "4"));
	ASSERT_EQ(0, as(NOBODY, self, take));
	EXPECT_EQ(EDQUOT, as(NOBODY, self, one_more));
	EXPECT_EQ(4U, lines_used(&self->b));
	/* what is not to be held does not count, and others have their own */
	self->req.flags = 0;
	EXPECT_EQ(0, as(NOBODY, self, one_more));
	self->req.flags = PIACCEL_LINE_HOLD;
	EXPECT_EQ(0, as(ANOTHER, self, one_more));
	EXPECT_EQ(0, as(ANOTHER, self, release_one));
	EXPECT_EQ(0, as(0, self, one_more));
	EXPECT_EQ(0, as(0, self, release_one));
	/* its own it takes over and holds again; let go, they are given back */
	self->req.flags |= PIACCEL_LINE_ADOPT;
	EXPECT_EQ(0, as(NOBODY, self, take));
	EXPECT_EQ(0, as(NOBODY, self, release));
	self->req.flags = PIACCEL_LINE_HOLD;
	EXPECT_TRUE(wait_for(!as(NOBODY, self, one_more)));
	EXPECT_EQ(0, as(NOBODY, self, release_one));
	EXPECT_TRUE(wait_for(!lines_used(&self->b)));
}

TEST_HARNESS_MAIN
