/* SPDX-License-Identifier: MIT */
/* Denormals as zeros while a step runs, as GPUs have them. */
#ifndef ACCEL_BASE_DENORMAL_H
#define ACCEL_BASE_DENORMAL_H

#include <stdint.h>

/*
 * On x86, results below 1.2e-38 become zeros, for the calling thread: numbers
 * that small make a product take a hundred times as long, and averages that
 * decay towards 0 are made of nothing else. Other processors take them in
 * their stride. Returns what to give to denormals_restore().
 */
static inline uint32_t denormals_flush(void)
{
#if defined(__x86_64__)
	uint32_t old = __builtin_ia32_stmxcsr();

	__builtin_ia32_ldmxcsr(old | 0x8000); /* FTZ */
	return old;
#else
	return 0;
#endif
}

static inline void denormals_restore(uint32_t old)
{
#if defined(__x86_64__)
	__builtin_ia32_ldmxcsr(old);
#else
	(void)old;
#endif
}

#endif /* ACCEL_BASE_DENORMAL_H */
