// SPDX-License-Identifier: MIT
/*
 * All memory of the library comes from here: counted, and made to fail by
 * tests.
 */
#include "alloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

static _Atomic uint64_t count;
static _Atomic uint64_t fail_at;

static int refused(size_t size)
{
	uint64_t n = atomic_fetch_add(&count, 1) + 1;
	uint64_t at = atomic_load(&fail_at);

	if (!at || n < at)
		return 0;
	accel_error(ACCEL_ERR_NOMEM, "out of memory: %zu bytes", size);
	return 1;
}

static void *checked(void *p, size_t size)
{
	if (!p)
		accel_error(ACCEL_ERR_NOMEM, "out of memory: %zu bytes", size);
	return p;
}

void *mem_alloc(size_t size)
{
	return refused(size) ? NULL : checked(malloc(size ? size : 1), size);
}

void *mem_zalloc(size_t size)
{
	return refused(size) ? NULL : checked(calloc(1, size ? size : 1), size);
}

void *mem_realloc(void *p, size_t size)
{
	return refused(size) ? NULL : checked(realloc(p, size), size);
}

void *mem_aligned(size_t size)
{
	size_t rounded = (size + 63) & ~(size_t)63;

	if (rounded < size)
		return checked(NULL, size);
	return refused(size) ? NULL : checked(aligned_alloc(64, rounded), size);
}

void mem_free(void *p)
{
	free(p);
}

void mem_trim(void)
{
#ifdef __GLIBC__ /* others keep nothing, or tell nobody how */
	malloc_trim(0);
#endif
}

uint64_t mem_count(void)
{
	return atomic_load(&count);
}

void mem_fail_after(uint64_t n)
{
	atomic_store(&fail_at, n ? atomic_load(&count) + n : 0);
}

int mem_grow(void *p, uint32_t *cap, uint32_t need, size_t size)
{
	void *old, *grown;
	uint64_t n = *cap ? *cap : 16;

	if (need <= *cap)
		return 0;
	while (n < need)
		n *= 2;
	if (n > UINT32_MAX)
		n = UINT32_MAX;
	if (n > SIZE_MAX / size) {
		checked(NULL, SIZE_MAX);
		return -1;
	}
	memcpy(&old, p, sizeof(old));
	grown = mem_realloc(old, (size_t)n * size);
	if (!grown)
		return -1;
	memcpy(p, &grown, sizeof(grown));
	*cap = (uint32_t)n;
	return 0;
}
