// SPDX-License-Identifier: MIT
/*
 * The kernel's own Raspberry Pi 4 pin controller stands at gpiochip0 and works:
 * what later tests drive through the module is that, and no stand-in.
 */
#include <fcntl.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../tap.h"

#define LINE 27 /* GPIO27, pin 13: free on a bare board */

/* Drive LINE and read it back; -1 if the kernel refuses. */
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

	fd = open("/dev/gpiochip0", O_RDWR | O_CLOEXEC);
	if (!tap_ok(fd >= 0 && !ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &chip),
		    "/dev/gpiochip0 answers"))
		tap_end();
	tap_ok(!strcmp(chip.label, "pinctrl-bcm2711"),
	       "its label is pinctrl-bcm2711 (%s)", chip.label);
	tap_ok(chip.lines == 58, "it has 58 lines (%u)",
	       (unsigned int)chip.lines);
	if (!tap_ok(!ioctl(fd, GPIO_V2_GET_LINE_IOCTL, &req),
		    "line %d can be had as an output", LINE))
		tap_end();
	tap_ok(drive(req.fd, 1) == 1, "driven high it reads high");
	tap_ok(drive(req.fd, 0) == 0, "driven low it reads low");
	tap_end();
}
