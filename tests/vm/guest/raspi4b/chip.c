// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own Raspberry Pi 4 pin controller stands at gpiochip0 and works:
 * what later tests drive through the module is that, and no stand-in.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kselftest.h"

#define LINE 27 /* pin 13: free on a bare board */

/* Drive the line and read it back; -1 if the kernel refuses. */
static int drive(int fd, int value)
{
	struct gpio_v2_line_values v = { .bits = value, .mask = 1 };

	if (ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &v))
		return -1;
	v.bits = !value;
	if (ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &v))
		return -1;
	return v.bits & 1;
}

int main(void)
{
	struct gpio_v2_line_request req = {
		.offsets = { LINE },
		.num_lines = 1,
		.consumer = "chip-test",
		.config.flags = GPIO_V2_LINE_FLAG_OUTPUT,
	};
	struct gpiochip_info chip = { 0 };
	int fd;

	ksft_print_header();
	ksft_set_plan(6);

	fd = open("/dev/gpiochip0", O_RDWR | O_CLOEXEC);
	ksft_test_result(fd >= 0 && !ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &chip),
			 "/dev/gpiochip0 answers\n");
	ksft_test_result(!strcmp(chip.label, "pinctrl-bcm2711"),
			 "its label is pinctrl-bcm2711 (%s)\n", chip.label);
	ksft_test_result(chip.lines == 58, "it has 58 lines (%u)\n",
			 chip.lines);
	ksft_test_result(!ioctl(fd, GPIO_V2_GET_LINE_IOCTL, &req),
			 "line %d can be had as an output\n", LINE);
	ksft_test_result(drive(req.fd, 1) == 1, "driven high it reads high\n");
	ksft_test_result(drive(req.fd, 0) == 0, "driven low it reads low\n");
	ksft_finished();
}
