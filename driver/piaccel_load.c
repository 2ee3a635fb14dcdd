// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the CPU time that all running streams together may take.
 *
 * Their samples are taken in hard-irq context, where nothing else can be
 * scheduled in their place, so they are bounded before they start.
 */
#include <linux/irqflags.h>
#include <linux/ktime.h>

#include "piaccel_stream.h"

/* In millionths of one CPU. */
#define PIACCEL_LOAD_ALL	1000000U
#define PIACCEL_LOAD_MAX	(PIACCEL_LOAD_ALL / 2)

/* To enter and leave the timer's interrupt, and to set the timer again. */
#define PIACCEL_TIMER_NS	1500

/* Rounds in which a cost is measured; the best one counts. */
#define PIACCEL_LOAD_ROUNDS	8

static atomic_t piaccel_load;

/*
 * What one sample's bytes cost. A playback reads its own, for memory that is
 * not cached is slow to read; a capture may not write there yet.
 */
static u64 piaccel_bytes_cost(struct piaccel_stream *s)
{
	u64 scratch[PIACCEL_LINES_MAX * sizeof(u32) / sizeof(u64)];
	u64 start, cost, best = U64_MAX;
	u8 *base = s->base;
	unsigned long flags;
	unsigned int i;

	if (s->slot == PIACCEL_CAPTURE_SLOT)
		s->base = (u8 *)scratch;
	for (i = 0; i < PIACCEL_LOAD_ROUNDS; i++) {
		local_irq_save(flags);
		start = ktime_get_ns();
		if (s->slot == PIACCEL_CAPTURE_SLOT)
			piaccel_store(s, 0, s->mask);
		else
			piaccel_load_sample(s, 0);
		cost = ktime_get_ns() - start;
		local_irq_restore(flags);
		best = min(best, cost);
	}
	s->base = base;
	return best;
}

/**
 * piaccel_load_measure() - what one sample of a stream costs
 * @s: the stream, not seen by others yet
 */
void piaccel_load_measure(struct piaccel_stream *s)
{
	/* Lines cost about as much to drive as to read. */
	s->cost = s->req->read_cost_ns + piaccel_bytes_cost(s) +
		  PIACCEL_TIMER_NS;
}

/**
 * piaccel_load_take() - let a stream run, if there is time for it
 * @s: the stream
 *
 * No stream counts for more than half a CPU, so two always fit. Return: 0 or
 * -ENOSPC.
 */
int piaccel_load_take(struct piaccel_stream *s)
{
	u64 load = div64_u64(s->cost * PIACCEL_LOAD_ALL, s->period) + 1;
	int all = atomic_read(&piaccel_load);
	u32 mine = min_t(u64, load, PIACCEL_LOAD_MAX);

	do {
		if (mine > PIACCEL_LOAD_ALL - all)
			return -ENOSPC;
	} while (!atomic_try_cmpxchg(&piaccel_load, &all, all + mine));
	s->load = mine;
	return 0;
}

/* It has ended, or was never let. In any context; once is enough. */
void piaccel_load_give(struct piaccel_stream *s)
{
	atomic_sub(s->load, &piaccel_load);
	s->load = 0;
}
