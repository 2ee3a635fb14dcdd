// SPDX-License-Identifier: GPL-2.0-only
/*
 * LINE_INFO: who has a line and how it stands, for everybody who may open the
 * device, and poll() for when that changes. On a chip that never sleeps and on
 * one that does.
 */
#include "failsafe.h"

#include "../kselftest_harness.h"

#define NOBODY	65534
#define ON	(PIACCEL_INFO_USED | PIACCEL_INFO_PIACCEL)

FIXTURE(line_info) {
	struct board b;
	int dev, line;
	struct piaccel_line_request req;
};

FIXTURE_VARIANT(line_info) {
	const char *label;
	uint32_t worker;
};

FIXTURE_VARIANT_ADD(line_info, fast) {
	.label = TESTBOARD_LABEL,
};

FIXTURE_VARIANT_ADD(line_info, sleeping) {
	.label = SIM_LABEL, .worker = PIACCEL_INFO_WORKER,
};

FIXTURE_SETUP(line_info)
{
	const char *why = rig_up(&self->dev, &self->b, variant->label,
				 PIACCEL_FEATURE_LINE_INFO);

	self->line = -1;
	if (why)
		SKIP(return, "%s: %s", variant->label, why);
	self->req = outputs(&self->b, OUT, 2, 0x1);
	self->req.num_lines = 3;
	self->req.offsets[2] = IN;
	self->req.safe_mask = 0x3;
	self->req.safe_values = 0x2;
	strcpy(self->req.consumer, "boiler");
}

FIXTURE_TEARDOWN(line_info)
{
	if (self->line >= 0)
		close(self->line);
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

static struct piaccel_line_info ask(int dev, const char *chip,
				    unsigned int offset)
{
	struct piaccel_line_info i = { .offset = offset };
	int ret;

	snprintf(i.chip, sizeof(i.chip), "%s", chip);
	ret = xioctl(dev, PIACCEL_LINE_INFO, &i);
	/* no test expects these flags of a refused call */
	if (ret)
		i.flags = ~0U;
	return i;
}

static int ask_error(int dev, const char *chip, unsigned int offset)
{
	struct piaccel_line_info i = { .offset = offset };

	snprintf(i.chip, sizeof(i.chip), "%s", chip);
	return xioctl(dev, PIACCEL_LINE_INFO, &i);
}

static int request(FIXTURE_DATA(line_info) *self)
{
	self->line = line_request(self->dev, &self->req);
	return self->line;
}

/* Has anything changed since the last time? */
static bool changed(int dev)
{
	bool yes = events_now(dev, POLLPRI) & POLLPRI;

	piaccel_info(dev);
	return yes;
}

TEST_F(line_info, of_a_line_that_nobody_has_is_empty)
{
	struct piaccel_line_info i = ask(self->dev, variant->label, OUT);

	EXPECT_EQ(0U, i.flags);
	EXPECT_EQ(0U, i.pid);
	EXPECT_EQ(PIACCEL_UID_NONE, i.uid);
	EXPECT_STREQ("", i.consumer);
}

TEST_F(line_info, tells_owner_direction_level_and_safe_value)
{
	const uint32_t armed = ON | variant->worker | PIACCEL_INFO_ARMED;
	struct piaccel_line_info i;

	self->req.keepalive_ns = 600 * SEC;
	ASSERT_LE(0, request(self));
	i = ask(self->dev, variant->label, OUT);
	EXPECT_EQ(armed | PIACCEL_INFO_OUTPUT | PIACCEL_INFO_LEVEL |
		  PIACCEL_INFO_HIGH | PIACCEL_INFO_SAFE, i.flags);
	EXPECT_EQ((uint32_t)getpid(), i.pid);
	EXPECT_EQ(getuid(), i.uid);
	EXPECT_STREQ("boiler", i.consumer);
	EXPECT_EQ(0U, i.index);
	EXPECT_EQ(600 * SEC, i.keepalive_ns);
	EXPECT_EQ(line_status(self->line).deadline_ns, i.deadline_ns);
	i = ask(self->dev, variant->label, OUT + 1);
	EXPECT_EQ(armed | PIACCEL_INFO_OUTPUT | PIACCEL_INFO_LEVEL |
		  PIACCEL_INFO_SAFE | PIACCEL_INFO_SAFE_HIGH, i.flags);
	EXPECT_EQ(1U, i.index);
	ASSERT_EQ(0, board_drive(&self->b, IN, 1));
	i = ask(self->dev, variant->label, IN);
	EXPECT_EQ(armed | PIACCEL_INFO_LEVEL | PIACCEL_INFO_HIGH, i.flags);
	EXPECT_EQ(2U, i.index);
	EXPECT_EQ(0U, ask(self->dev, variant->label, OUT + 2).flags);
}

TEST_F(line_info, is_logical)
{
	struct piaccel_line_info i;

	self->req.config.active_low_mask = 0x1;
	ASSERT_LE(0, request(self));
	i = ask(self->dev, variant->label, OUT);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_ACTIVE_LOW);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_HIGH);
	EXPECT_EQ(0, board_level(&self->b, OUT));
}

TEST_F(line_info, tells_interlocks_trips_and_disarming)
{
	struct piaccel_line_info i;

	self->req.interlock_mask = 0x4;
	ASSERT_EQ(0, board_drive(&self->b, IN, 0));
	ASSERT_LE(0, request(self));
	EXPECT_TRUE(ask(self->dev, variant->label, IN).flags &
		    PIACCEL_INFO_INTERLOCK);
	ASSERT_EQ(0, board_drive(&self->b, IN, 1));
	ASSERT_TRUE(line_tripped(self->line));
	i = ask(self->dev, variant->label, OUT);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_TRIPPED);
	EXPECT_FALSE(i.flags & (PIACCEL_INFO_ARMED | PIACCEL_INFO_OWED |
				PIACCEL_INFO_HIGH));
	EXPECT_EQ((uint32_t)PIACCEL_TRIP_INTERLOCK, i.trip_cause);
	EXPECT_EQ(1U, i.trip_seq);
	ASSERT_EQ(0, board_drive(&self->b, IN, 0));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	EXPECT_TRUE(ask(self->dev, variant->label, OUT).flags &
		    PIACCEL_INFO_ARMED);
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	EXPECT_FALSE(ask(self->dev, variant->label, OUT).flags &
		     (PIACCEL_INFO_ARMED | PIACCEL_INFO_TRIPPED));
}

TEST_F(line_info, tells_who_has_a_line_without_us)
{
	struct piaccel_line_info i;
	int fd = cdev_request(&self->b, OUT, GPIO_V2_LINE_FLAG_INPUT);

	ASSERT_LE(0, fd);
	i = ask(self->dev, variant->label, OUT);
	EXPECT_EQ(PIACCEL_INFO_USED, i.flags & ON);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_LEVEL);
	EXPECT_EQ(0U, i.pid);
	EXPECT_EQ(PIACCEL_UID_NONE, i.uid);
	close(fd);
	EXPECT_TRUE(wait_for(!ask(self->dev, variant->label, OUT).flags));
}

/* What a child of another uid sees of OUT, and leaves held. */
static int as_nobody(FIXTURE_DATA(line_info) *self, const char *label,
		     bool hold)
{
	struct piaccel_line_info i;
	int status = -1;
	pid_t pid = fork();

	if (pid) {
		waitpid(pid, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	}
	if (setuid(NOBODY))
		_exit(255);
	if (hold) {
		self->req.flags = PIACCEL_LINE_HOLD;
		_exit(request(self) < 0);
	}
	i = ask(self->dev, label, OUT);
	_exit(i.pid != (uint32_t)getppid() || i.uid || !(i.flags & ON));
}

TEST_F(line_info, is_for_every_uid)
{
	if (geteuid())
		SKIP(return, "only root can be others");
	ASSERT_LE(0, request(self));
	EXPECT_EQ(0, as_nobody(self, variant->label, false));
}

TEST_F(line_info, of_a_held_line_tells_its_uid_and_no_process)
{
	struct piaccel_line_info i;

	if (geteuid())
		SKIP(return, "only root can be others");
	ASSERT_EQ(0, as_nobody(self, variant->label, true));
	ASSERT_TRUE(wait_for(ask(self->dev, variant->label, OUT).flags &
			     PIACCEL_INFO_HELD));
	i = ask(self->dev, variant->label, OUT);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_HOLD);
	EXPECT_FALSE(i.flags & (PIACCEL_INFO_KEPT | PIACCEL_INFO_NODE |
				PIACCEL_INFO_OWED | PIACCEL_INFO_HIGH));
	EXPECT_EQ(0U, i.pid);
	EXPECT_EQ(NOBODY, i.uid);
	/* it is taken over, and nobody else's in between */
	self->req.flags = PIACCEL_LINE_ADOPT;
	ASSERT_LE(0, request(self));
	i = ask(self->dev, variant->label, OUT);
	EXPECT_FALSE(i.flags & (PIACCEL_INFO_HOLD | PIACCEL_INFO_HELD));
	EXPECT_EQ((uint32_t)getpid(), i.pid);
	EXPECT_EQ(0U, i.uid);
}

TEST_F(line_info, of_a_line_that_is_kept_tells_what_it_owes)
{
	struct piaccel_line_info i;

	if (variant->worker)
		SKIP(return, "only the test board can be deaf");
	if (tb_deaf(self->b.outside, 0))
		SKIP(return, "no chip of this kernel can refuse a value");
	ASSERT_LE(0, request(self));
	ASSERT_EQ(0, tb_deaf(self->b.outside, SPAN(OUT, 2)));
	close(self->line);
	self->line = -1;
	i = ask(self->dev, variant->label, OUT);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_OWED);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_HELD);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_KEPT);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_TRIPPED);
	EXPECT_TRUE(i.flags & PIACCEL_INFO_HIGH);
	EXPECT_FALSE(i.flags & PIACCEL_INFO_HOLD);
	piaccel_info(self->dev);
	ASSERT_EQ(0, tb_deaf(self->b.outside, 0));
	EXPECT_TRUE(wait_events(self->dev, POLLPRI) & POLLPRI);
	EXPECT_TRUE(wait_for(!ask(self->dev, variant->label, OUT).flags));
}

TEST_F(line_info, change_wakes_who_waits_for_it)
{
	int other = piaccel_open();

	ASSERT_LE(0, other);
	EXPECT_FALSE(changed(other));
	ASSERT_LE(0, request(self));
	EXPECT_TRUE(changed(other));
	EXPECT_FALSE(changed(other));
	/* what is no change */
	ASSERT_EQ(0, line_set(self->line, 0, 0x3));
	line_status(self->line);
	ask(self->dev, variant->label, OUT);
	EXPECT_FALSE(changed(other));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_TRIP));
	EXPECT_TRUE(wait_events(other, POLLPRI) & POLLPRI);
	ASSERT_TRUE(line_tripped(self->line));
	ASSERT_TRUE(wait_for(!changed(other)));
	ASSERT_EQ(0, line_rearm(self->line, 1));
	EXPECT_TRUE(changed(other));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_DISARM));
	EXPECT_TRUE(changed(other));
	ASSERT_EQ(0, xioctl(self->line, PIACCEL_LINE_RECONFIG,
			    &self->req.config));
	EXPECT_TRUE(changed(other));
	close(self->line);
	self->line = -1;
	EXPECT_TRUE(changed(other));
	EXPECT_TRUE(events_now(self->dev, POLLPRI) & POLLPRI);
	close(other);
}

TEST_F(line_info, change_is_counted)
{
	uint64_t before = ask(self->dev, variant->label, OUT).changes;

	EXPECT_EQ(before, ask(self->dev, variant->label, OUT).changes);
	ASSERT_LE(0, request(self));
	EXPECT_LT(before, ask(self->dev, variant->label, OUT).changes);
}

TEST_F(line_info, refuses_what_is_no_line)
{
	struct piaccel_line_info i = { .offset = OUT, .uid = 1 };

	EXPECT_EQ(-EINVAL, ask_error(self->dev, "", OUT));
	EXPECT_EQ(-ENODEV, ask_error(self->dev, "no-such-chip", OUT));
	EXPECT_EQ(-EINVAL, ask_error(self->dev, variant->label, self->b.lines));
	EXPECT_EQ(-EINVAL, ask_error(self->dev, variant->label, ~0U));
	strcpy(i.chip, variant->label);
	EXPECT_EQ(-EINVAL, xioctl(self->dev, PIACCEL_LINE_INFO, &i));
}

TEST_HARNESS_MAIN
