// SPDX-License-Identifier: GPL-2.0-only
/*
 * last_words HOW: take four relays of the testboard, drive them as a running
 * controller does, and let the machine end under it: panic, reboot, poweroff.
 * What the relays do then is read from the board's lines on the console.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include <linux/piaccel.h>

#define RUN	0x5
#define SAFE	0xa

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

static int take(int dev, const char *chip)
{
	struct piaccel_line_request r = {
		.consumer = "last-words",
		.num_lines = 4,
		.offsets = { 20, 21, 22, 23 },
		.config = { .output_mask = 0xf, .values = 0 },
		.safe_mask = 0xf,
		.safe_values = SAFE,
	};
	struct piaccel_line_values v = { .bits = RUN, .mask = 0xf };
	int line;

	snprintf(r.chip, sizeof(r.chip), "%s", chip);
	line = ioctl(dev, PIACCEL_LINE_REQUEST, &r);
	if (line < 0 || ioctl(line, PIACCEL_LINE_SET, &v))
		fail(chip);
	return line;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int dev = open("/dev/piaccel", O_RDWR | O_CLOEXEC);

	if (dev < 0)
		fail("/dev/piaccel");
	take(dev, "pinctrl-bcm2711");
	if (strcmp(how, "panic"))
		take(dev, "sim-board");
	put("/dev/kmsg", "<0>last_words: the relays run\n");
	if (!strcmp(how, "panic"))
		put("/proc/sysrq-trigger", "c");
	else if (!strcmp(how, "reboot"))
		reboot(RB_AUTOBOOT);
	else if (!strcmp(how, "poweroff"))
		reboot(RB_POWER_OFF);
	put("/dev/kmsg", "<0>last_words: still here\n");
	return 1;
}
