// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines: LINE_REQUEST, GET, SET, RECONFIG and STATUS on a chip that sleeps and
 * on one that does not, against what the outside world and the kernel's own
 * interface see. Edges are in edge_test.c, who holds lines in line_share_test.c.
 */
#include "piaccel_test.h"

#include "../kselftest_harness.h"

#define SUMMARY "/sys/kernel/debug/piaccel/summary"

FIXTURE(line) {
	int dev;
	struct board b;
};

FIXTURE_VARIANT(line) {
	const char *label;
};

FIXTURE_VARIANT_ADD(line, testboard) { .label = TESTBOARD_LABEL };
FIXTURE_VARIANT_ADD(line, gpio_sim) { .label = SIM_LABEL };

FIXTURE_SETUP(line)
{
	const char *why = rig_up(&self->dev, &self->b, variant->label,
				 PIACCEL_FEATURE_LINE);

	if (why)
		SKIP(return, "%s: %s", variant->label, why);
}

FIXTURE_TEARDOWN(line)
{
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

TEST_F(line, input_reads_what_is_driven)
{
	struct piaccel_line_request r = inputs(&self->b, 4, 3);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	for (int v = 0; v < 8; v++) {
		for (int i = 0; i < 3; i++)
			ASSERT_EQ(0, board_drive(&self->b, 4 + i, v >> i & 1));
		EXPECT_EQ(v, line_get(fd, 7));
	}
	close(fd);
}

TEST_F(line, output_starts_at_its_first_value)
{
	for (uint64_t v = 0; v < 16; v++) {
		struct piaccel_line_request r = outputs(&self->b, 8, 4, v);
		int fd = line_request(self->dev, &r);

		ASSERT_GE(fd, 0);
		EXPECT_EQ(v, board_levels(&self->b, 8, 4));
		EXPECT_EQ((int64_t)v, line_get(fd, 15));
		EXPECT_EQ(v, line_status(fd).values);
		close(fd);
	}
}

TEST_F(line, set_drives_the_masked_lines_only)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 4, 0x5);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, line_set(fd, 0xa, 0xa));
	EXPECT_EQ(0xfU, board_levels(&self->b, 8, 4));
	EXPECT_EQ(0, line_set(fd, 0x0, 0x3));
	EXPECT_EQ(0xcU, board_levels(&self->b, 8, 4));
	EXPECT_EQ(0, line_set(fd, 0x1, 0x9));
	EXPECT_EQ(0x5U, board_levels(&self->b, 8, 4));
	EXPECT_EQ(0x5U, line_status(fd).values);
	close(fd);
}

TEST_F(line, get_answers_inside_the_mask_only)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 4, 0xf);
	struct piaccel_line_values v = { .bits = ~0ULL, .mask = 0x6 };
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	/* bits are ignored on input */
	ASSERT_EQ(0, ioctl(fd, PIACCEL_LINE_GET, &v));
	EXPECT_EQ(0x6U, v.bits);
	EXPECT_EQ(0x6U, v.mask);
	close(fd);
}

TEST_F(line, active_low_turns_values_around)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 4, 0x1);
	int fd;

	r.config.output_mask = 0x3;
	r.config.active_low_mask = 0x6;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	/* outputs 0 (plain, 1) and 1 (active low, 0): both high */
	EXPECT_EQ(0x3U, board_levels(&self->b, 8, 2));
	EXPECT_EQ(0, line_set(fd, 0x2, 0x3));
	EXPECT_EQ(0x0U, board_levels(&self->b, 8, 2));
	EXPECT_EQ(0x2U, line_status(fd).values);
	/* inputs 2 (active low) and 3 (plain) */
	board_drive(&self->b, 10, 0);
	board_drive(&self->b, 11, 0);
	EXPECT_EQ(0x4, line_get(fd, 0xc));
	board_drive(&self->b, 10, 1);
	board_drive(&self->b, 11, 1);
	EXPECT_EQ(0x8, line_get(fd, 0xc));
	close(fd);
}

TEST_F(line, order_of_offsets_is_the_order_of_bits)
{
	const uint32_t offs[] = { 17, 3, 30, 4 };
	struct piaccel_line_request r = outputs(&self->b, 0, 4, 0);
	int fd;

	memcpy(r.offsets, offs, sizeof(offs));
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, line_set(fd, BIT64(i), 0xf));
		for (int j = 0; j < 4; j++)
			EXPECT_EQ(i == j, board_level(&self->b, offs[j]));
	}
	close(fd);
}

TEST_F(line, one_request_takes_every_line_of_the_chip)
{
	unsigned int n = self->b.lines;
	struct piaccel_line_request r = outputs(&self->b, 0, n, 0);
	uint64_t pattern = 0x5a5a5a5a5a5a5a5aULL & LINES(n);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(n, lines_used(&self->b));
	EXPECT_EQ(n, line_status(fd).num_lines);
	EXPECT_EQ(0, line_set(fd, pattern, LINES(n)));
	EXPECT_EQ(pattern, board_levels(&self->b, 0, n));
	EXPECT_EQ(0, line_set(fd, ~pattern & LINES(n), LINES(n)));
	EXPECT_EQ(~pattern & LINES(n), board_levels(&self->b, 0, n));
	EXPECT_EQ((int64_t)(~pattern & LINES(n)), line_get(fd, LINES(n)));
	close(fd);
}

TEST_F(line, a_line_in_use_is_ebusy)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 2, 0x3);
	struct piaccel_line_request again = outputs(&self->b, 6, 4, 0);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EBUSY, line_request(self->dev, &r));
	/* 6 and 7 are free, 8 is not: all or nothing, and no glitch on 8 */
	EXPECT_EQ(-EBUSY, line_request(self->dev, &again));
	EXPECT_FALSE(line_used(&self->b, 6));
	EXPECT_FALSE(line_used(&self->b, 7));
	EXPECT_EQ(0x3U, board_levels(&self->b, 8, 2));
	again = inputs(&self->b, 9, 1);
	EXPECT_EQ(-EBUSY, line_request(self->dev, &again));
	EXPECT_EQ(2U, lines_used(&self->b));
	close(fd);
	fd = line_request(self->dev, &again);
	EXPECT_GE(fd, 0);
	close(fd);
}

TEST_F(line, others_are_kept_out_until_close)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 1);
	int fd = line_request(self->dev, &r), other;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EBUSY, cdev_request(&self->b, 8, GPIO_V2_LINE_FLAG_INPUT));
	close(fd);
	other = cdev_request(&self->b, 8, GPIO_V2_LINE_FLAG_INPUT);
	ASSERT_GE(other, 0);
	EXPECT_EQ(-EBUSY, line_request(self->dev, &r));
	close(other);
	fd = line_request(self->dev, &r);
	EXPECT_GE(fd, 0);
	close(fd);
}

TEST_F(line, its_consumer_is_shown)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 1);
	int fd;

	memset(r.consumer, 'x', sizeof(r.consumer) - 1);
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	EXPECT_TRUE(line_used(&self->b, 8));
	EXPECT_STREQ(r.consumer, line_info(&self->b, 8).consumer);
	close(fd);

	memset(r.consumer, 0, sizeof(r.consumer));
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	EXPECT_STREQ("piaccel", line_info(&self->b, 8).consumer);
	close(fd);
	EXPECT_STREQ("", line_info(&self->b, 8).consumer);
}

#define INFO_MASK (GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_OUTPUT | \
		   GPIO_V2_LINE_FLAG_ACTIVE_LOW | \
		   GPIO_V2_LINE_FLAG_OPEN_DRAIN | \
		   GPIO_V2_LINE_FLAG_OPEN_SOURCE)

TEST_F(line, the_kernel_shows_its_configuration)
{
	struct piaccel_line_request r = inputs(&self->b, 10, 5);
	const uint64_t want[] = {
		GPIO_V2_LINE_FLAG_INPUT,
		GPIO_V2_LINE_FLAG_OUTPUT,
		GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_ACTIVE_LOW,
		GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_OPEN_DRAIN,
		GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_OPEN_SOURCE,
	};
	int fd;

	r.config.output_mask = 0x1a;
	r.config.active_low_mask = 0x4;
	r.config.open_drain_mask = 0x8;
	r.config.open_source_mask = 0x10;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(want[i], line_info(&self->b, 10 + i).flags & INFO_MASK)
			TH_LOG("line %d", i);
	}
	close(fd);
	/* nothing of it is left for the next user */
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(0U, line_info(&self->b, 10 + i).flags &
			  (GPIO_V2_LINE_FLAG_USED | GPIO_V2_LINE_FLAG_ACTIVE_LOW |
			   GPIO_V2_LINE_FLAG_OPEN_DRAIN |
			   GPIO_V2_LINE_FLAG_OPEN_SOURCE)) TH_LOG("line %d", i);
	}
}

TEST_F(line, pulls_decide_a_floating_input)
{
	struct piaccel_line_request r = inputs(&self->b, 10, 2);
	int fd;

	r.config.pull_up_mask = 0x1;
	r.config.pull_down_mask = 0x2;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0x1, line_get(fd, 0x3));
	r.config.pull_up_mask = 0x2;
	r.config.pull_down_mask = 0x1;
	ASSERT_EQ(0, ioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	EXPECT_EQ(0x2, line_get(fd, 0x3));
	close(fd);
}

TEST_F(line, bias_off_needs_a_chip_that_can)
{
	struct piaccel_line_request r = inputs(&self->b, 10, 2);
	int fd;

	r.config.pull_none_mask = 0x2;
	fd = line_request(self->dev, &r);
	if (self->b.sleeps) {
		/* gpio-sim knows up and down only */
		EXPECT_EQ(-EOPNOTSUPP, fd);
		EXPECT_EQ(0U, lines_used(&self->b));
		return;
	}
	ASSERT_GE(fd, 0);
#if HAVE_TESTBOARD
	struct tb_state s;

	ASSERT_EQ(0, ioctl(self->b.outside, TB_IOC_STATE, &s));
	EXPECT_EQ(0U, (s.bias_up | s.bias_down) & BIT64(11));
	EXPECT_NE(0U, (s.bias_up | s.bias_down) & BIT64(10));
#endif
	close(fd);
}

TEST_F(line, open_drain_lets_go_of_a_one)
{
	struct piaccel_line_request r = outputs(&self->b, 12, 1, 1);
	int fd;

	if (self->b.sleeps)
		SKIP(return, "gpio-sim drives what it is told");
	r.config.open_drain_mask = 0x1;
	r.config.pull_up_mask = 0x1;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	/* somebody else on the wire pulls it low and lets go again */
	EXPECT_EQ(1, board_level(&self->b, 12));
	board_drive(&self->b, 12, 0);
	EXPECT_EQ(0, board_level(&self->b, 12));
	EXPECT_EQ(0, line_get(fd, 1));
	board_release(&self->b, 12);
	EXPECT_EQ(1, board_level(&self->b, 12));
	EXPECT_EQ(0, line_set(fd, 0, 1));
	EXPECT_EQ(0, board_level(&self->b, 12));
	EXPECT_EQ(0, line_set(fd, 1, 1));
	EXPECT_EQ(1, board_level(&self->b, 12));
	close(fd);
}

TEST_F(line, open_source_lets_go_of_a_zero)
{
	struct piaccel_line_request r = outputs(&self->b, 12, 1, 0);
	int fd;

	if (self->b.sleeps)
		SKIP(return, "gpio-sim drives what it is told");
	r.config.open_source_mask = 0x1;
	r.config.pull_down_mask = 0x1;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, board_level(&self->b, 12));
	board_drive(&self->b, 12, 1);
	EXPECT_EQ(1, line_get(fd, 1));
	board_release(&self->b, 12);
	EXPECT_EQ(0, line_get(fd, 1));
	EXPECT_EQ(0, line_set(fd, 1, 1));
	EXPECT_EQ(1, board_level(&self->b, 12));
	close(fd);
}

TEST_F(line, set_of_an_input_is_eperm_and_drives_nothing)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 4, 0x1);
	int fd;

	r.config.output_mask = 0x3;
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EPERM, line_set(fd, 0x4, 0x4));
	EXPECT_EQ(-EPERM, line_set(fd, 0x2, 0xf));
	EXPECT_EQ(0x1U, board_levels(&self->b, 8, 2));
	EXPECT_EQ(0x1U, line_status(fd).values);
	close(fd);
}

TEST_F(line, an_input_becomes_an_output_and_back)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 3);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	r.config.output_mask = 0x3;
	r.config.values = 0x2;
	ASSERT_EQ(0, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	EXPECT_EQ(0x2U, board_levels(&self->b, 8, 2));
	EXPECT_EQ(0x2U, line_status(fd).values & 0x3);
	EXPECT_TRUE(line_has(&self->b, 8, GPIO_V2_LINE_FLAG_OUTPUT));

	/* one that is an output already keeps its value */
	ASSERT_EQ(0, line_set(fd, 0x1, 0x3));
	r.config.output_mask = 0x7;
	r.config.values = 0x6;
	ASSERT_EQ(0, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	EXPECT_EQ(0x5U, board_levels(&self->b, 8, 3));

	r.config.output_mask = 0x4;
	r.config.values = 0;
	ASSERT_EQ(0, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	EXPECT_TRUE(line_has(&self->b, 8, GPIO_V2_LINE_FLAG_INPUT));
	board_drive(&self->b, 8, 1);
	board_drive(&self->b, 9, 0);
	EXPECT_EQ(0x5, line_get(fd, 0x7));
	EXPECT_EQ(-EPERM, line_set(fd, 0, 0x1));
	close(fd);
}

TEST_F(line, reconfig_changes_active_low)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 1);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	board_drive(&self->b, 8, 1);
	EXPECT_EQ(1, line_get(fd, 1));
	r.config.active_low_mask = 1;
	ASSERT_EQ(0, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	EXPECT_EQ(0, line_get(fd, 1));
	EXPECT_TRUE(line_has(&self->b, 8, GPIO_V2_LINE_FLAG_ACTIVE_LOW));
	close(fd);
}

TEST_F(line, reconfig_cannot_change_an_outputs_drive)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 1, 0);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	r.config.open_drain_mask = 1;
	EXPECT_EQ(-EOPNOTSUPP, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	r.config.open_drain_mask = 0;
	r.config.open_source_mask = 1;
	EXPECT_EQ(-EOPNOTSUPP, xioctl(fd, PIACCEL_LINE_RECONFIG, &r.config));
	EXPECT_EQ(0, line_set(fd, 1, 1));
	EXPECT_EQ(1, board_level(&self->b, 8));
	close(fd);
}

TEST_F(line, no_such_chip_is_enodev)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 1);

	snprintf(r.chip, sizeof(r.chip), "no-such-chip");
	EXPECT_EQ(-ENODEV, line_request(self->dev, &r));
	/* a label is whole: neither its start nor more than it */
	snprintf(r.chip, sizeof(r.chip), "%.4s", self->b.label);
	EXPECT_EQ(-ENODEV, line_request(self->dev, &r));
	snprintf(r.chip, sizeof(r.chip), "%s2", self->b.label);
	EXPECT_EQ(-ENODEV, line_request(self->dev, &r));
	memset(r.chip, 'c', sizeof(r.chip) - 1);
	r.chip[sizeof(r.chip) - 1] = 0;
	EXPECT_EQ(-ENODEV, line_request(self->dev, &r));
}

TEST_F(line, status_describes_the_request)
{
	struct piaccel_line_request r = outputs(&self->b, 8, 3, 0x4);
	struct piaccel_line_status s;
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	s = line_status(fd);
	EXPECT_EQ(self->b.sleeps ? PIACCEL_STATUS_SLEEPS |
				   PIACCEL_STATUS_DEFERS : 0U, s.flags);
	EXPECT_EQ(0U, s.trip_cause);
	EXPECT_EQ(0U, s.trip_seq);
	EXPECT_EQ(0U, s.trip_ns);
	EXPECT_EQ(0U, s.safe_ns);
	EXPECT_EQ(0U, s.interlock_open);
	EXPECT_EQ(0U, s.deadline_ns);
	EXPECT_EQ(0U, s.keepalives);
	EXPECT_EQ(4U, s.values);
	EXPECT_EQ(0U, s.events_lost);
	EXPECT_EQ(0U, s.events_queued);
	EXPECT_EQ(3U, s.num_lines);
	if (self->b.sleeps) {
		EXPECT_EQ(0U, s.read_cost_ns);
		EXPECT_EQ(0U, s.period_floor_ns);
	} else {
		EXPECT_LT(0U, s.read_cost_ns);
		EXPECT_LE(piaccel_info(self->dev).stream_floor_ns,
			  s.period_floor_ns);
		EXPECT_LE(s.read_cost_ns, s.period_floor_ns);
	}
	close(fd);
}

TEST_F(line, without_edges_there_is_nothing_to_read)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 1);
	struct piaccel_event e;
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-1, read(fd, &e, sizeof(e)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, events_now(fd, POLLIN | POLLPRI));
	EXPECT_EQ(-1, write(fd, &e, sizeof(e)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(ENODEV, errno);
	close(fd);
}

TEST_F(line, its_descriptor_closes_on_exec)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 1);
	int fd = line_request(self->dev, &r);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
}

TEST_F(line, debugfs_names_the_request)
{
	struct piaccel_line_request r = inputs(&self->b, 8, 1);
	static char text[65536];
	int fd;

	if (access("/sys/kernel/debug/dma_buf", F_OK))
		SKIP(return, "debugfs is not mounted");
	snprintf(r.consumer, sizeof(r.consumer), "seen-in-debugfs");
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	ASSERT_GT(read_text(SUMMARY, text, sizeof(text)), 0);
	EXPECT_NE(NULL, strstr(text, "seen-in-debugfs")) TH_LOG("%s", text);
	EXPECT_NE(NULL, strstr(text, self->b.label));
	close(fd);
	read_text(SUMMARY, text, sizeof(text));
	EXPECT_EQ(NULL, strstr(text, "seen-in-debugfs"));
}

/* ---- more lines than a board has ------------------------------------------ */

TEST(sixty_four_lines_make_one_request)
{
	struct board b = { .cdev = -1, .outside = -1 };
	int dev = piaccel_open(), fd = -1;
	struct piaccel_line_request r;
	uint64_t v = 0x8000000000000001ULL;
	const char *why;

	if (dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	if (sim_create("piaccel-wide", 70))
		SKIP(goto out, "no gpio-sim in configfs");
	why = board_open(&b, "piaccel-wide");
	if (why)
		SKIP(goto out, "piaccel-wide: %s", why);
	r = outputs(&b, 0, 64, v);
	/* the last ones lie beyond the first word of the chip */
	for (int i = 0; i < 64; i++)
		r.offsets[i] = i + 6;
	fd = line_request(dev, &r);
	EXPECT_GE(fd, 0);
	EXPECT_EQ(v, board_levels(&b, 6, 64));
	EXPECT_EQ((int64_t)v, line_get(fd, ~0ULL));
	v = 0x123456789abcdef0ULL;
	EXPECT_EQ(0, line_set(fd, v, ~0ULL));
	EXPECT_EQ(v, board_levels(&b, 6, 64));
	EXPECT_EQ(v, line_status(fd).values);
	EXPECT_FALSE(line_used(&b, 5));
	EXPECT_TRUE(line_used(&b, 69));
	close(fd);
out:
	board_close(&b);
	sim_destroy("piaccel-wide");
	close(dev);
}

TEST_HARNESS_MAIN
