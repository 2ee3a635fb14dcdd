// SPDX-License-Identifier: MIT
/*
 * control_peer CHIP IN OUT: the rule "OUT follows IN" by hand on the kernel's
 * own GPIO character device, which is what libgpiod is a thin shell around:
 * wait for an edge, read it, drive the output. What accel run is measured by.
 */
#include <fcntl.h>
#include <linux/gpio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int request(int chip, unsigned int line, __u64 flags)
{
	struct gpio_v2_line_request r = {
		.offsets = { line },
		.num_lines = 1,
		.consumer = "peer",
		.config.flags = flags,
	};

	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &r)) {
		perror("line");
		exit(1);
	}
	return r.fd;
}

int main(int argc, char **argv)
{
	struct gpio_v2_line_values v = { .mask = 1 };
	struct gpio_v2_line_event e;
	struct pollfd p = { .events = POLLIN };
	int chip, out;

	if (argc != 4)
		return 2;
	chip = open(argv[1], O_RDWR | O_CLOEXEC);
	if (chip < 0) {
		perror(argv[1]);
		return 1;
	}
	p.fd = request(chip, (unsigned int)atoi(argv[2]),
		       GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
			       GPIO_V2_LINE_FLAG_EDGE_FALLING);
	out = request(chip, (unsigned int)atoi(argv[3]),
		      GPIO_V2_LINE_FLAG_OUTPUT);
	while (poll(&p, 1, -1) == 1 && read(p.fd, &e, sizeof(e)) == sizeof(e)) {
		v.bits = e.id == GPIO_V2_LINE_EVENT_RISING_EDGE;
		if (ioctl(out, GPIO_V2_LINE_SET_VALUES_IOCTL, &v))
			break;
	}
	perror("peer");
	return 1;
}
