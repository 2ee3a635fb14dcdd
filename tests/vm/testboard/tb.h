/* SPDX-License-Identifier: MIT */
/*
 * The test board from C: one call for each thing that testboard.h offers.
 *
 * Every function returns what its comment says, or -1 with errno set. Plain
 * functions over a file descriptor, no state of their own; C11, no library.
 */
#ifndef TB_H
#define TB_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "testboard.h"

#define TB_BIT(line)	((__u64)1 << (line))

/* The board's file, or -1; ENOENT when the module is not loaded. */
static inline int tb_open(void)
{
	return open("/dev/testboard", O_RDWR | O_CLOEXEC);
}

static inline __u64 tb_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000000000u + (__u64)t.tv_nsec;
}

static inline int tb_reset(int fd)
{
	return ioctl(fd, TB_IOC_RESET);
}

/* Drive @lines to their bits in @values at one instant. */
static inline int tb_drive_mask(int fd, __u64 lines, __u64 values)
{
	struct tb_drive d = { .lines = lines, .values = values & lines };

	return ioctl(fd, TB_IOC_DRIVE, &d);
}

static inline int tb_drive(int fd, unsigned int line, int value)
{
	return tb_drive_mask(fd, TB_BIT(line), value ? TB_BIT(line) : 0);
}

/* Let @lines go to their pulls. */
static inline int tb_release_mask(int fd, __u64 lines)
{
	struct tb_drive d = { .lines = lines, .release = lines };

	return ioctl(fd, TB_IOC_DRIVE, &d);
}

static inline int tb_release(int fd, unsigned int line)
{
	return tb_release_mask(fd, TB_BIT(line));
}

/* Fit a resistor: @pull > 0 up, < 0 down, 0 takes it off. */
static inline int tb_pull(int fd, unsigned int line, int pull)
{
	struct tb_pull p = {
		.lines = TB_BIT(line),
		.up = pull > 0 ? TB_BIT(line) : 0,
		.down = pull < 0 ? TB_BIT(line) : 0,
	};

	return ioctl(fd, TB_IOC_PULL, &p);
}

static inline int tb_state(int fd, struct tb_state *state)
{
	return ioctl(fd, TB_IOC_STATE, state);
}

/* Level seen on the pin: 0 or 1. */
static inline int tb_level(int fd, unsigned int line)
{
	struct tb_state s;

	return tb_state(fd, &s) ? -1 : !!(s.level & TB_BIT(line));
}

/* What the chip does with the line: 0 or 1 as an output, 2 as an input. */
static inline int tb_output(int fd, unsigned int line)
{
	struct tb_state s;

	if (tb_state(fd, &s))
		return -1;
	return s.output & TB_BIT(line) ? !!(s.value & TB_BIT(line)) : 2;
}

static inline int tb_line(int fd, unsigned int line, struct tb_line *counters)
{
	memset(counters, 0, sizeof(*counters));
	counters->line = line;
	return ioctl(fd, TB_IOC_LINE, counters);
}

/* Wire @line to @source; @flags 0 or TB_FOLLOW_INVERT. */
static inline int tb_follow(int fd, unsigned int line, unsigned int source,
			    unsigned int flags, __u64 delay_ns)
{
	struct tb_follow f = {
		.line = line,
		.source = source,
		.flags = flags,
		.delay_ns = delay_ns,
	};

	return ioctl(fd, TB_IOC_FOLLOW, &f);
}

static inline int tb_unfollow(int fd, unsigned int line)
{
	return tb_follow(fd, line, 0, TB_FOLLOW_OFF, 0);
}

static inline struct tb_step tb_step(__u64 delay_ns, unsigned int line,
				     int value)
{
	struct tb_step s = {
		.lines = TB_BIT(line),
		.values = value ? TB_BIT(line) : 0,
		.delay_ns = delay_ns,
	};

	return s;
}

static inline struct tb_step tb_step_release(__u64 delay_ns,
					     unsigned int line)
{
	struct tb_step s = {
		.lines = TB_BIT(line),
		.release = TB_BIT(line),
		.delay_ns = delay_ns,
	};

	return s;
}

/* Start a player with anything that struct tb_play offers. */
static inline int tb_play_args(int fd, const struct tb_play *play)
{
	return ioctl(fd, TB_IOC_PLAY, play);
}

/* Play @steps once, at @start_ns or now (0). */
static inline int tb_play(int fd, unsigned int player,
			  const struct tb_step *steps, unsigned int nsteps,
			  __u64 start_ns)
{
	struct tb_play p = {
		.player = player,
		.steps = (uintptr_t)steps,
		.nsteps = nsteps,
		.rounds = 1,
		.start_ns = start_ns,
	};

	return tb_play_args(fd, &p);
}

/*
 * Answer: play @steps, @after_ns after each edge (TB_EDGE_*) that the chip's
 * side makes on @line, until stopped; @min_ns as in struct tb_play.
 */
static inline int tb_answer(int fd, unsigned int player,
			    const struct tb_step *steps, unsigned int nsteps,
			    unsigned int line, unsigned int edges,
			    __u64 min_ns, __u64 after_ns)
{
	struct tb_play p = {
		.player = player,
		.steps = (uintptr_t)steps,
		.nsteps = nsteps,
		.rounds = 1,
		.start_ns = after_ns,
		.trig_line = line,
		.trig_edges = edges,
		.trig_min_ns = min_ns,
	};

	return tb_play_args(fd, &p);
}

static inline int tb_stop(int fd, unsigned int player)
{
	__u32 arg = player;

	return ioctl(fd, TB_IOC_STOP, &arg);
}

static inline int tb_player(int fd, unsigned int player, struct tb_player *p)
{
	memset(p, 0, sizeof(*p));
	p->player = player;
	return ioctl(fd, TB_IOC_PLAYER, p);
}

/* Wait until @rounds have ended, or (0) the player is done. */
static inline int tb_wait(int fd, unsigned int player, __u64 rounds,
			  __u64 timeout_ns)
{
	struct tb_wait w = {
		.player = player,
		.rounds = rounds,
		.timeout_ns = timeout_ns,
	};

	return ioctl(fd, TB_IOC_WAIT, &w);
}

/* Record @kinds (1 << TB_KIND_*) of @lines from now on; forget the rest. */
static inline int tb_record_start(int fd, __u64 lines, unsigned int kinds)
{
	struct tb_recorder r = { .lines = lines, .kinds = kinds };

	return ioctl(fd, TB_IOC_RECORDER, &r);
}

/* How many of up to @n records were read; waits for the first one unless
 * the file is O_NONBLOCK.
 */
static inline ssize_t tb_record_read(int fd, struct tb_record *records,
				     size_t n)
{
	ssize_t got = read(fd, records, n * sizeof(*records));

	return got < 0 ? -1 : got / (ssize_t)sizeof(*records);
}

/* How many of up to @n records were there; never waits. */
static inline ssize_t tb_record_drain(int fd, struct tb_record *records,
				      size_t n)
{
	struct tb_rec_status s;

	if (ioctl(fd, TB_IOC_REC_STATUS, &s))
		return -1;
	if (!s.waiting)
		return 0;
	return tb_record_read(fd, records, s.waiting < n ? s.waiting : n);
}

/* Take the chip away from under its users, or bring it back: TB_CHIP_*. */
static inline int tb_chip(int fd, int how)
{
	__u32 arg = (__u32)how;

	return ioctl(fd, TB_IOC_CHIP, &arg);
}

/* These outputs take no values, as if their chip did not answer; 0: all do. */
static inline int tb_deaf(int fd, __u64 lines)
{
	return ioctl(fd, TB_IOC_DEAF, &lines);
}

/* A node of the device tree comes; one without lines: the last one goes. */
static inline int tb_node(int fd, const struct tb_node *node)
{
	return ioctl(fd, TB_IOC_NODE, node);
}

/* There are @n banks from now on; see testboard.h. */
static inline int tb_banks(int fd, unsigned int n)
{
	__u32 arg = n;

	return ioctl(fd, TB_IOC_BANKS, &arg);
}

static inline int tb_stall(int fd, int stall)
{
	__u32 arg = !!stall;

	return ioctl(fd, TB_IOC_BANK_STALL, &arg);
}

/* How a bank stands; all ones when there is none of that number. */
static inline struct tb_bank tb_bank(int fd, unsigned int bank)
{
	struct tb_bank b = { .bank = bank };

	if (ioctl(fd, TB_IOC_BANK, &b)) {
		b.waiting = ~0U;
		b.output = ~0U;
		b.value = ~0U;
	}
	return b;
}

/* The number N of the board's /dev/gpiochipN, or -1. */
static inline int tb_gpiochip(void)
{
	char path[64], link[256];
	ssize_t len;
	int n;

	/* the chip's parent is the platform device */
	for (n = 0; n < 64; n++) {
		char *p = path;
		const char *head = "/sys/bus/gpio/devices/gpiochip";

		memcpy(p, head, strlen(head));
		p += strlen(head);
		if (n >= 10)
			*p++ = (char)('0' + n / 10);
		*p++ = (char)('0' + n % 10);
		*p = 0;
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = 0;
		if (strstr(link, "/testboard/"))
			return n;
	}
	errno = ENODEV;
	return -1;
}

#endif /* TB_H */
