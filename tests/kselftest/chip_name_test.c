// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a chip may be called: its label, gpiochipN, or the path of its firmware
 * node; and two chips of one label, of which neither is reached by mistake. On
 * two simulated chips.
 */
#include "failsafe.h"

#include <limits.h>

#include "../kselftest_harness.h"

#define TWINS	"piaccel-twins"
#define NODES	"/sys/kernel/software_nodes/"
#define SIMS	2
#define NLINES	4

FIXTURE(chip_name) {
	int dev;
	char name[SIMS][32];	/* gpiochipN */
	char node[SIMS][64];	/* path of the firmware node */
};

/* A simulated chip of its own, with a label that others may have. */
static int twin(const char *sim, char name[32])
{
	char path[256];

	if (sim_create_as(sim, TWINS, NLINES))
		return -1;
	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s/bank0/chip_name", sim);
	if (read_text(path, name, 32) <= 0)
		return -1;
	name[strcspn(name, "\n")] = 0;
	return 0;
}

/* The path of its node, as the kernel prints it; "" if there is none. */
static void find_node(const char *name, char node[64])
{
	char path[128], real[PATH_MAX];

	node[0] = 0;
	snprintf(path, sizeof(path), "/sys/bus/gpio/devices/%s/software_node",
		 name);
	if (realpath(path, real) && !strncmp(real, NODES, strlen(NODES)))
		snprintf(node, 64, "%.63s", real + strlen(NODES));
}

static const char * const sims[SIMS] = { "piaccel-twin0", "piaccel-twin1" };

FIXTURE_SETUP(chip_name)
{
	self->dev = piaccel_open();
	if (self->dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	if (access(SIM_CONFIGFS, W_OK))
		SKIP(return, "no gpio-sim here");
	for (int i = 0; i < SIMS; i++) {
		ASSERT_EQ(0, twin(sims[i], self->name[i]));
		find_node(self->name[i], self->node[i]);
	}
}

FIXTURE_TEARDOWN(chip_name)
{
	for (int i = 0; i < SIMS; i++)
		sim_destroy(sims[i]);
	if (self->dev >= 0)
		close(self->dev);
}

static int request(FIXTURE_DATA(chip_name) *self, const char *chip)
{
	struct piaccel_line_request r = {
		.num_lines = 2, .offsets = { 0, 3 },
		.config = { .output_mask = 3, .values = 1 },
		.safe_mask = 3, .safe_values = 2,
		.consumer = "twin",
	};

	snprintf(r.chip, sizeof(r.chip), "%s", chip);
	return line_request(self->dev, &r);
}

static struct piaccel_line_info ask(FIXTURE_DATA(chip_name) *self,
				    const char *chip)
{
	struct piaccel_line_info i = { .offset = 3 };
	int ret;

	snprintf(i.chip, sizeof(i.chip), "%s", chip);
	ret = xioctl(self->dev, PIACCEL_LINE_INFO, &i);
	i.index = ret ? -ret : (int)i.index;
	return i;
}

TEST_F(chip_name, of_two_chips_is_refused)
{
	EXPECT_EQ(-ENOTUNIQ, request(self, TWINS));
	EXPECT_EQ(ENOTUNIQ, ask(self, TWINS).index);
	EXPECT_EQ(-ENODEV, request(self, "gpiochip9999"));
	EXPECT_EQ(-ENODEV, request(self, "no/such/node"));
}

TEST_F(chip_name, of_the_kernel_tells_them_apart)
{
	int line[SIMS];

	for (int i = 0; i < SIMS; i++) {
		line[i] = request(self, self->name[i]);
		ASSERT_LE(0, line[i]);
		EXPECT_TRUE(ask(self, self->name[i]).flags &
			    PIACCEL_INFO_PIACCEL);
		EXPECT_EQ(-EBUSY, request(self, self->name[i]));
		if (!i)
			EXPECT_EQ(0U, ask(self, self->name[1]).flags);
	}
	/* they are two: one trips without the other */
	ASSERT_EQ(0, xioctl(line[1], PIACCEL_LINE_TRIP));
	EXPECT_TRUE(line_tripped(line[1]));
	EXPECT_EQ(2, line_get(line[1], 3));
	EXPECT_EQ(1, line_get(line[0], 3));
	close(line[0]);
	EXPECT_EQ(0U, ask(self, self->name[0]).flags);
	EXPECT_TRUE(ask(self, self->name[1]).flags & PIACCEL_INFO_PIACCEL);
	close(line[1]);
	EXPECT_EQ(0U, ask(self, self->name[1]).flags);
}

TEST_F(chip_name, of_a_firmware_node_tells_them_apart)
{
	int line;

	if (!self->node[0][0])
		SKIP(return, "the simulated chips have no firmware node");
	ASSERT_STRNE(self->node[0], self->node[1]);
	line = request(self, self->node[1]);
	ASSERT_LE(0, line);
	EXPECT_TRUE(ask(self, self->name[1]).flags & PIACCEL_INFO_PIACCEL);
	EXPECT_EQ(0U, ask(self, self->name[0]).flags);
	EXPECT_EQ(0U, ask(self, self->node[0]).flags);
	close(line);
}

/* A chip goes while its lines are ours, and no reference to it is left. */
TEST_F(chip_name, is_free_when_its_chip_is_gone)
{
	long long refs = read_number("/sys/module/gpio_sim/refcnt");
	int line;

	for (int i = 0; i < 20; i++) {
		line = request(self, self->name[i % SIMS]);
		ASSERT_LE(0, line);
		close(line);
	}
	EXPECT_EQ(refs, read_number("/sys/module/gpio_sim/refcnt"));
	line = request(self, self->name[1]);
	ASSERT_LE(0, line);
	ASSERT_EQ(0, sim_live(sims[1], false));
	EXPECT_TRUE(wait_for(line_is(line, PIACCEL_STATUS_GONE)));
	EXPECT_EQ(ENODEV, ask(self, self->name[1]).index);
	close(line);
	/* the label is one chip's again */
	line = request(self, TWINS);
	ASSERT_LE(0, line);
	EXPECT_TRUE(ask(self, self->name[0]).flags & PIACCEL_INFO_PIACCEL);
	EXPECT_EQ(-EBUSY, request(self, self->name[0]));
	close(line);
}

/* A held line is its uid's by whichever name its chip is called. */
TEST_F(chip_name, by_which_lines_were_held_need_not_be_that_of_who_adopts)
{
	struct piaccel_line_request r = {
		.num_lines = 1, .offsets = { 2 },
		.config = { .output_mask = 1 }, .safe_mask = 1,
		.flags = PIACCEL_LINE_HOLD,
	};
	int line;

	ASSERT_EQ(0, sim_live(sims[1], false));
	snprintf(r.chip, sizeof(r.chip), "%s", self->name[0]);
	line = line_request(self->dev, &r);
	ASSERT_LE(0, line);
	close(line);
	r.flags = PIACCEL_LINE_ADOPT;
	snprintf(r.chip, sizeof(r.chip), TWINS);
	line = line_request(self->dev, &r);
	EXPECT_LE(0, line);
	close(line);
}

TEST_HARNESS_MAIN
