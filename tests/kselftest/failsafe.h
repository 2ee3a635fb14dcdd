/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of fail-safe and streams: the pins they use, the testboard's
 * recorder and players, and the calls that piaccel_test.h lacks.
 */
#ifndef PIACCEL_FAILSAFE_H
#define PIACCEL_FAILSAFE_H

#include "tb.h"

#include "piaccel_test.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

#define USEC 1000ULL
#define MSEC 1000000ULL
#define SEC 1000000000ULL

/* The same on both chips; all idle low. */
#define IN	9U	/* first of eight lines used as inputs */
#define OUT	20U	/* first of eight lines used as outputs */

/* @n lines of a chip from @first as a mask of its offsets. */
#define SPAN(first, n) (LINES(n) << (first))

static inline void nap_ns(uint64_t ns)
{
	struct timespec t = { ns / SEC, ns % SEC };

	nanosleep(&t, NULL);
}

/* ---- the testboard ---- */

static inline struct tb_state board_state(const struct board *b)
{
	struct tb_state s = { 0 };

	if (tb_state(b->outside, &s))
		perror("the testboard's state");
	return s;
}

/* What was recorded since the last call: how many; -1 if some were lost. */
static inline ssize_t board_records(const struct board *b,
				    struct tb_record *rec, size_t max)
{
	struct tb_rec_status s = { 0 };

	if (ioctl(b->outside, TB_IOC_REC_STATUS, &s) || s.lost)
		return -1;
	return tb_record_drain(b->outside, rec, max);
}

/* Take the chip away from under its users, or bring it back. */
static inline int board_chip(struct board *b, bool present)
{
	const char *label = b->label;
	int ret;

	if (b->sleeps)
		ret = sim_live("sim", present);
	else
		ret = tb_chip(b->outside, present);
	if (ret || !present)
		return ret;
	/* it came back under another number */
	board_close(b);
	return board_open(b, label) ? -ENODEV : 0;
}

/* The testboard's chip comes anew, as the module's parameters say. */
static inline int board_replug(struct board *b)
{
	if (tb_chip(b->outside, TB_CHIP_UNBOUND) ||
	    tb_chip(b->outside, TB_CHIP_THERE))
		return -1;
	board_close(b);
	return board_open(b, TESTBOARD_LABEL) ? -1 : 0;
}

/* The same, and it says whether it can sleep. */
static inline int board_sleeps(struct board *b, bool sleeps)
{
	return write_text("/sys/module/testboard/parameters/sleeps",
			  sleeps ? "Y" : "N") ? -1 : board_replug(b);
}

/* ---- calls of the driver ---- */

static inline int line_keepalive(int line, uint64_t deadline_ns)
{
	struct piaccel_keepalive k = { .deadline_ns = deadline_ns };

	return xioctl(line, PIACCEL_LINE_KEEPALIVE, &k);
}

static inline int line_rearm(int line, uint64_t trip_seq)
{
	struct piaccel_rearm r = { .trip_seq = trip_seq };

	return xioctl(line, PIACCEL_LINE_REARM, &r);
}

static inline bool line_is(int line, uint32_t flags)
{
	return (line_status(line).flags & flags) == flags;
}

/* Wait for a trip to be complete: noticed, and driven. */
static inline bool line_tripped(int line)
{
	return (wait_events(line, POLLPRI) & POLLPRI) &&
	       wait_for(line_is(line, PIACCEL_STATUS_SAFE));
}

/* ---- distributions ---- */

static inline int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sort @v and print where it lies, in microseconds. */
static inline void print_spread(const char *what, uint64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_u64);
	if (n)
		printf("# %s: n %zu, min %.1f, median %.1f, p99 %.1f, worst %.1f us\n",
		       what, n, v[0] / 1e3, v[n / 2] / 1e3,
		       v[n * 99 / 100] / 1e3, v[n - 1] / 1e3);
	fflush(stdout);
}

#endif /* PIACCEL_FAILSAFE_H */
