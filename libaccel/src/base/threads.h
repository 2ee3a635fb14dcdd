/* SPDX-License-Identifier: MIT */
/* Loops spread over threads. */
#ifndef ACCEL_BASE_THREADS_H
#define ACCEL_BASE_THREADS_H

#include <stdint.h>

/*
 * A fixed set of worker threads that share one loop at a time. Which thread
 * runs which range must not change a result: ranges are independent. Workers
 * flush denormals (see denormal.h); so should who calls threads_for().
 */
struct threads;

typedef void threads_fn(void *arg, int64_t begin, int64_t end);

/* n counts the caller: 1 makes no thread. NULL when out of memory. */
struct threads *threads_create(uint32_t n);
void threads_destroy(struct threads *t);
uint32_t threads_count(const struct threads *t);

/*
 * Calls fn over [0, n) cut into ranges of at least `grain`, and returns when
 * all are done. One caller at a time.
 */
void threads_for(struct threads *t, int64_t n, int64_t grain, threads_fn *fn,
		 void *arg);

#endif /* ACCEL_BASE_THREADS_H */
