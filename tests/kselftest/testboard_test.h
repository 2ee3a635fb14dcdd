/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the test board share: the consumer's side of its lines, by
 * the GPIO character device, and the board as a fixture. Include it once, then
 * write tests; it brings main().
 */
#ifndef TESTBOARD_TEST_H
#define TESTBOARD_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/gpio.h>

#include "../kselftest_harness.h"

/* Not there when the folder was dropped into a kernel. */
#if __has_include("tb.h")
#include "tb.h"
#define HAVE_TESTBOARD

#define SEC		1000000000ULL
#define MS		1000000ULL
#define US		1000ULL
#define INPUT		GPIO_V2_LINE_FLAG_INPUT
#define OUTPUT		GPIO_V2_LINE_FLAG_OUTPUT
#define RISING		GPIO_V2_LINE_FLAG_EDGE_RISING
#define FALLING		GPIO_V2_LINE_FLAG_EDGE_FALLING
#define OPEN_DRAIN	GPIO_V2_LINE_FLAG_OPEN_DRAIN
#define OPEN_SOURCE	GPIO_V2_LINE_FLAG_OPEN_SOURCE
#define PULL_UP		GPIO_V2_LINE_FLAG_BIAS_PULL_UP
#define PULL_DOWN	GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN
#define BIAS_OFF	GPIO_V2_LINE_FLAG_BIAS_DISABLED
#define LEVELS		TB_REC_LEVEL
#define OUTPUTS		TB_REC_OUTPUT
#define DIRECTIONS	TB_REC_DIRECTION

/* ---- the consumer's side ---- */

/* Lines @first to @first + @n - 1 as one request: a file, or -1. */
static inline int request_lines(int chip, unsigned int first,
				unsigned int n, __u64 flags, __u64 values)
{
	struct gpio_v2_line_request r = {
		.num_lines = n,
		.consumer = "testboard_test",
		.event_buffer_size = 4096,
		.config.flags = flags,
	};
	unsigned int i;

	for (i = 0; i < n; i++)
		r.offsets[i] = first + i;
	if (flags & OUTPUT) {
		r.config.num_attrs = 1;
		r.config.attrs[0].attr.id =
			GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES;
		r.config.attrs[0].attr.values = values;
		r.config.attrs[0].mask = n == 64 ? ~0ULL : TB_BIT(n) - 1;
	}
	return ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &r) ? -1 : r.fd;
}

static inline int request_line(int chip, unsigned int line, __u64 flags, int value)
{
	return request_lines(chip, line, 1, flags, (__u64)value);
}

/* Bits of a request's first @n lines, or all ones on an error. */
static inline __u64 get_lines(int req, unsigned int n)
{
	struct gpio_v2_line_values v = { .mask = TB_BIT(n) - 1 };

	return ioctl(req, GPIO_V2_LINE_GET_VALUES_IOCTL, &v) ? ~0ULL : v.bits;
}

static inline int set_lines(int req, __u64 mask, __u64 bits)
{
	struct gpio_v2_line_values v = { .mask = mask, .bits = bits };

	return ioctl(req, GPIO_V2_LINE_SET_VALUES_IOCTL, &v);
}

/* One event within @ms: 1; none: 0; -1 on an error. */
static inline int next_event(int req, int ms, struct gpio_v2_line_event *ev)
{
	struct pollfd p = { .fd = req, .events = POLLIN };
	int n = poll(&p, 1, ms);

	if (n <= 0)
		return n;
	return read(req, ev, sizeof(*ev)) == sizeof(*ev) ? 1 : -1;
}

static inline int bit(__u64 word, int n)
{
	return (word >> n) & 1;
}

/* ---- the fixture ---- */

FIXTURE(board) {
	int tb;
	int chip;
};

static inline int open_chip(void)
{
	char path[32];
	int n = tb_gpiochip();

	if (n < 0)
		return -1;
	snprintf(path, sizeof(path), "/dev/gpiochip%d", n);
	return open(path, O_RDWR | O_CLOEXEC);
}

FIXTURE_SETUP(board)
{
	self->tb = tb_open();
	ASSERT_LE(0, self->tb);
	ASSERT_EQ(0, tb_chip(self->tb, 1));
	ASSERT_EQ(0, tb_reset(self->tb));
	self->chip = open_chip();
	if (self->chip < 0)
		SKIP(return, "the board's GPIO chip: %s", strerror(errno));
}

FIXTURE_TEARDOWN(board)
{
	tb_reset(self->tb);
	close(self->chip);
	close(self->tb);
}

int main(int argc, char **argv)
{
	struct tb_info info;
	int fd = tb_open();

	if (fd < 0) {
		ksft_print_header();
		ksft_exit_skip("/dev/testboard: %s; load testboard.ko\n",
			       strerror(errno));
	}
	if (ioctl(fd, TB_IOC_INFO, &info) || info.lines != 54) {
		ksft_print_header();
		ksft_exit_skip("the board has not the 54 lines of a Pi\n");
	}
	close(fd);
	return test_harness_run(argc, argv);
}
#else
int main(void)
{
	ksft_print_header();
	ksft_exit_skip("built without the test board's header\n");
}
#endif

#endif /* TESTBOARD_TEST_H */
