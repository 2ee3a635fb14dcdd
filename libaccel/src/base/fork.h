/* SPDX-License-Identifier: MIT */
/* What was made before fork() is known in the child by its era. */
#ifndef ACCEL_BASE_FORK_H
#define ACCEL_BASE_FORK_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * After fork() a child has the memory, but none of the threads and nothing that a
 * driver knows of the process. What depends on either keeps the number that was
 * here when it was made: it is another one in the child.
 */
extern _Atomic uint32_t fork_era_now;

static inline uint32_t fork_era(void)
{
	return atomic_load_explicit(&fork_era_now, memory_order_relaxed);
}

/* To be called once before the number is kept: counts forks from now on. */
void fork_watch(void);

#endif /* ACCEL_BASE_FORK_H */
