// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines, fail-safe and streams on the Raspberry Pi 4's own pin controller:
 * request, set, read back, play a pattern on eight lines and capture it again
 * sample for sample. Outputs of that chip read back as what they drive.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/piaccel.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"

#define LINES	8
#define ALL	0xffULL
#define SAFE	0x69ULL
#define SAMPLES	128U
#define BLOCK	16U
#define MSEC	1000000ULL

/* Free on a bare board, and not named in the overlay. */
static const uint32_t offsets[LINES] = { 5, 6, 12, 13, 16, 22, 23, 24 };

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int request(int dev)
{
	struct piaccel_line_request r = {
		.chip = "pinctrl-bcm2711",
		.consumer = "pi4-test",
		.num_lines = LINES,
		.config = { .output_mask = ALL, .values = 0x0f },
		.safe_mask = ALL,
		.safe_values = SAFE,
	};

	memcpy(r.offsets, offsets, sizeof(offsets));
	return ioctl(dev, PIACCEL_LINE_REQUEST, &r);
}

static int set(int line, uint64_t bits)
{
	struct piaccel_line_values v = { .bits = bits, .mask = ALL };

	return ioctl(line, PIACCEL_LINE_SET, &v);
}

/* Levels by the controller's registers; ~0 on error. */
static uint64_t get(int line)
{
	struct piaccel_line_values v = { .mask = ALL };

	return ioctl(line, PIACCEL_LINE_GET, &v) ? ~0ULL : v.bits;
}

static int walks(int line)
{
	for (int i = 0; i < 256; i++)
		if (set(line, i) || get(line) != (uint64_t)i)
			return 0;
	return 1;
}

/* The pattern: no two samples in a row are alike. */
static uint8_t pattern(unsigned int i)
{
	return i * 37 + (i >> 3) * 91 + 5;
}

static int start(int line, unsigned long cmd, int buf, uint64_t offset,
		 uint64_t period, uint64_t when)
{
	struct piaccel_stream_request r = {
		.mask = ALL, .offset = offset, .size = SAMPLES,
		.period_ns = period, .start_ns = when, .dmabuf_fd = buf,
		.format = PIACCEL_FORMAT_BITS, .block_samples = BLOCK,
	};

	return ioctl(line, cmd, &r);
}

/* Wait for the last record; the number of samples in all of them. */
static unsigned int finish(int stream)
{
	struct pollfd p = { .fd = stream, .events = POLLIN };
	struct piaccel_block b;
	unsigned int n = 0;

	while (poll(&p, 1, 30000) == 1 && read(stream, &b, sizeof(b)) > 0) {
		n += b.samples;
		if (b.flags & PIACCEL_BLOCK_LAST)
			return b.flags == PIACCEL_BLOCK_LAST ? n : 0;
	}
	return 0;
}

static struct piaccel_stream_status status(int stream)
{
	struct piaccel_stream_status s = { .max_late_ns = ~0ULL };

	ioctl(stream, PIACCEL_STREAM_STATUS, &s);
	return s;
}

/*
 * Play and capture once, each sample taken half a period after it was driven.
 * 1: as equal as can be; 0: not; -1: this machine was too slow for the period.
 */
static int play_and_capture(int line, int buf, uint8_t *map, uint64_t period)
{
	uint64_t when = now_ns() + 50 * MSEC;
	struct piaccel_stream_status p, c;
	unsigned int i, wrong = 0;
	int play, capture, slow;

	memset(map + 4096, 0xee, SAMPLES);
	for (i = 0; i < SAMPLES; i++)
		map[i] = pattern(i);
	play = start(line, PIACCEL_LINE_PLAYBACK, buf, 0, period, when);
	capture = start(line, PIACCEL_LINE_CAPTURE, buf, 4096, period,
			when + period / 2);
	if (play < 0 || capture < 0) {
		slow = errno == ETIME;
		ksft_print_msg("streams: %s\n", strerror(errno));
		close(play);
		close(capture);
		return slow ? -1 : 0;
	}
	if (finish(capture) != SAMPLES || finish(play) != SAMPLES) {
		ksft_print_msg("a stream did not come to its end\n");
		close(play);
		close(capture);
		return 0;
	}
	p = status(play);
	c = status(capture);
	close(capture);
	close(play);
	slow = p.max_late_ns >= period / 2 || c.max_late_ns >= period / 2;
	for (i = 0; i < SAMPLES; i++)
		wrong += map[4096 + i] != pattern(i);
	ksft_print_msg("period %llu us: late %llu and %llu us at worst, %u of %u samples differ\n",
		       (unsigned long long)period / 1000,
		       (unsigned long long)p.max_late_ns / 1000,
		       (unsigned long long)c.max_late_ns / 1000, wrong,
		       SAMPLES);
	return slow ? -1 : !wrong;
}

int main(void)
{
	struct piaccel_buf_alloc a = { .size = 8192,
				       .flags = PIACCEL_BUF_CACHED };
	struct piaccel_line_status s = { 0 };
	struct piaccel_rearm r = { .trip_seq = 1 };
	uint64_t period = 4 * MSEC;
	int tries = 10;
	int dev, line, buf, equal;
	uint8_t *map;

	ksft_print_header();
	ksft_set_plan(10);
	dev = open("/dev/piaccel", O_RDWR | O_CLOEXEC);
	line = request(dev);
	ksft_test_result(line >= 0, "eight lines of pinctrl-bcm2711 (%s)\n",
			 line < 0 ? strerror(errno) : "taken");
	ksft_test_result(get(line) == 0x0f, "they stand at their first values\n");
	ksft_test_result(walks(line), "all 256 values read back as set\n");
	ksft_test_result(!ioctl(line, PIACCEL_LINE_STATUS, &s) &&
			 !(s.flags & PIACCEL_STATUS_SLEEPS) && s.read_cost_ns,
			 "the chip does not sleep; read cost %llu ns, floor %llu ns\n",
			 (unsigned long long)s.read_cost_ns,
			 (unsigned long long)s.period_floor_ns);

	buf = ioctl(dev, PIACCEL_BUF_ALLOC, &a);
	map = mmap(NULL, a.size, PROT_READ | PROT_WRITE, MAP_SHARED, buf, 0);
	ksft_test_result(buf >= 0 && map != MAP_FAILED, "a buffer\n");
	if (map == MAP_FAILED)
		ksft_exit_fail_msg("no buffer: %s\n", strerror(errno));
	/* an emulated Pi keeps no given time: the period that it keeps will do */
	do {
		equal = play_and_capture(line, buf, map, period);
		if (period < 128 * MSEC)
			period *= 2;
	} while (equal < 0 && --tries);
	ksft_test_result(equal == 1, "a pattern played is captured sample for sample\n");
	ksft_test_result(get(line) == pattern(SAMPLES - 1),
			 "its last values stand\n");

	ksft_test_result(!ioctl(line, PIACCEL_LINE_TRIP) && get(line) == SAFE,
			 "a trip drives the safe values\n");
	ksft_test_result(set(line, 0) == -1 && errno == ESHUTDOWN &&
			 get(line) == SAFE, "and latches\n");
	ksft_test_result(!ioctl(line, PIACCEL_LINE_REARM, &r) &&
			 get(line) == SAFE && !set(line, 0x96) &&
			 get(line) == 0x96, "until REARM\n");
	ksft_finished();
}
