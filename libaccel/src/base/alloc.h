/* SPDX-License-Identifier: MIT */
/* Memory that is counted, and whose failure tests inject. */
#ifndef ACCEL_BASE_ALLOC_H
#define ACCEL_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

/*
 * Every allocation of the library goes through here, so that tests can count
 * them and make the n-th one fail. Failure is NULL with the last error set.
 */
void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *p, size_t size);
/* 64-byte aligned, for tensor storage. */
void *mem_aligned(size_t size);
/* Of any of the above. NULL is allowed. */
void mem_free(void *p);
/* What was freed goes back to the system, where the C library kept it. */
void mem_trim(void);

/* Allocations by all threads so far. */
uint64_t mem_count(void);

/* Makes the n-th allocation from now fail, and all after it; 0 turns that off.
 * For tests. */
void mem_fail_after(uint64_t n);

/*
 * Grows `*p`, an array of `*cap` elements of `size` bytes, to hold `need`.
 * Returns 0, or -1 with the array as it was.
 */
int mem_grow(void *p, uint32_t *cap, uint32_t need, size_t size);

#endif /* ACCEL_BASE_ALLOC_H */
