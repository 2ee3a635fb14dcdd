// SPDX-License-Identifier: GPL-2.0-only
/*
 * The relays of the device tree overlay stand in their safe states as soon as
 * the module is loaded, by the pin controller's own registers; a program takes
 * them over without a change on the lines, and they are safe when it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/gpio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/piaccel.h>

#include "kselftest.h"

#define BEFORE "/tmp/pins-before"
#define RELAYS 0x7 /* the first three lines below */
#define STOP 0x8
#define PUMP 0x1
#define FAN 0x4
#define PULLED (GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_PULL_UP)

/* As in dts/piaccel-overlay.dtsi. All are active low: off is high. */
static const struct {
	unsigned int line;
	const char *name;
	unsigned long long flags;
	const char *pin;
} lines[] = {
	{ 26, "pump", GPIO_V2_LINE_FLAG_OUTPUT, "function gpio_out in hi" },
	{ 20, "heater", GPIO_V2_LINE_FLAG_OUTPUT, "function gpio_out in hi" },
	{ 21, "fan", GPIO_V2_LINE_FLAG_OUTPUT, "function gpio_out in lo" },
	{ 19, "emergency-stop", PULLED, "function gpio_in" },
	{ 17, "door", PULLED, "function gpio_in" },
};

/* The controller's registers for a pin, as debugfs shows them. */
static const char *registers(const char *path, unsigned int line)
{
	static char text[256];
	char want[32];
	FILE *f = fopen(path, "r");

	if (!f)
		return strerror(errno);
	snprintf(want, sizeof(want), "pin %u (gpio%u)", line, line);
	while (fgets(text, sizeof(text), f)) {
		if (!strncmp(text, want, strlen(want))) {
			fclose(f);
			text[strcspn(text, "\n")] = 0;
			return text;
		}
	}
	fclose(f);
	return "no such pin";
}

static void check(int chip, const char *pins, int i)
{
	struct gpio_v2_line_request req = {
		.offsets = { lines[i].line },
		.num_lines = 1,
	};
	struct gpio_v2_line_info info = { .offset = lines[i].line };
	unsigned long long want = lines[i].flags | GPIO_V2_LINE_FLAG_USED |
				  GPIO_V2_LINE_FLAG_ACTIVE_LOW;
	const char *text;
	int ret;

	ret = ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &info);
	ksft_test_result(!ret && !strcmp(info.consumer, lines[i].name) &&
			 (info.flags & want) == want,
			 "line %u is taken as %s (%s, flags %#llx)\n",
			 lines[i].line, lines[i].name, info.consumer,
			 (unsigned long long)info.flags);
	ret = ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &req);
	ksft_test_result(ret && errno == EBUSY, "%s is nobody else's (%s)\n",
			 lines[i].name, ret ? strerror(errno) : "granted");
	text = registers(BEFORE, lines[i].line);
	ksft_test_result(!!strstr(text, "function gpio_in"),
			 "%s before the module: %s\n", lines[i].name, text);
	text = registers(pins, lines[i].line);
	ksft_test_result(!!strstr(text, lines[i].pin), "%s: %s (want %s)\n",
			 lines[i].name, text, lines[i].pin);
}

/* Do the relays' pins show their safe states? */
static int all_safe(const char *pins)
{
	int i, safe = 0;

	for (i = 0; (1 << i) & RELAYS; i++)
		safe += !!strstr(registers(pins, lines[i].line), lines[i].pin);
	return safe == i;
}

/* What the device tree keeps is kept again, whether the program asks or not. */
static void adopt(int chip, const char *pins, __u32 flags)
{
	struct piaccel_line_request req = {
		.chip = "pinctrl-bcm2711",
		.consumer = "controller",
		.num_lines = ARRAY_SIZE(lines),
		.flags = PIACCEL_LINE_ADOPT | flags,
		.config = {
			.output_mask = RELAYS,
			.values = PUMP,
			.active_low_mask = (1 << ARRAY_SIZE(lines)) - 1,
		},
		.safe_mask = RELAYS,
		.safe_values = FAN,
		.interlock_mask = STOP,
		.interlock_values = STOP,
	};
	struct piaccel_line_values on = { .bits = PUMP, .mask = PUMP };
	struct gpio_v2_line_info info = { .offset = lines[0].line };
	int dev, fd, ret, i;

	for (i = 0; i < (int)ARRAY_SIZE(lines); i++)
		req.offsets[i] = lines[i].line;
	dev = open("/dev/piaccel", O_RDWR | O_CLOEXEC);
	fd = ioctl(dev, PIACCEL_LINE_REQUEST, &req);
	ksft_test_result(fd >= 0, "a program takes them over (%s)\n",
			 fd < 0 ? strerror(errno) : "adopted");
	ksft_test_result(all_safe(pins), "nothing changes on the lines\n");
	ret = ioctl(fd, PIACCEL_LINE_SET, &on);
	ksft_test_result(!ret && strstr(registers(pins, lines[0].line),
					"gpio_out in lo"),
			 "it switches the pump on (%s)\n",
			 ret ? strerror(errno) : "lo");
	close(fd);
	close(dev);
	ksft_test_result(all_safe(pins), "it ends: they are safe\n");
	ret = ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &info);
	ksft_test_result(!ret && info.flags & GPIO_V2_LINE_FLAG_USED,
			 "and still taken (%s)\n", info.consumer);
}

int main(void)
{
	glob_t found;
	int chip, i;

	ksft_print_header();
	if (access("/proc/device-tree/piaccel", F_OK))
		ksft_exit_skip("the device tree has no piaccel node\n");
	if (glob("/sys/kernel/debug/pinctrl/*bcm2711*/pins", 0, NULL, &found))
		ksft_exit_fail_msg("no pinctrl-bcm2711 in debugfs\n");
	chip = open("/dev/gpiochip0", O_RDWR | O_CLOEXEC);
	if (chip < 0)
		ksft_exit_fail_msg("/dev/gpiochip0: %s\n", strerror(errno));

	ksft_set_plan(4 * ARRAY_SIZE(lines) + 10);
	for (i = 0; i < (int)ARRAY_SIZE(lines); i++)
		check(chip, found.gl_pathv[0], i);
	adopt(chip, found.gl_pathv[0], PIACCEL_LINE_HOLD);
	adopt(chip, found.gl_pathv[0], 0);
	ksft_finished();
}
