/* SPDX-License-Identifier: MIT */
/* The shared-memory tiles of shaders/tile.glsl. */
#ifndef COMPUTE_TILE_H
#define COMPUTE_TILE_H

#include "vk.h"

#define TILE_DEEP 16

/* Of a tile of 32 by 32, 64 by 64 or 128 by 128 sums: SIDE and LARGE. */
static inline uint32_t tile_side(uint32_t size)
{
	return size == 32 ? 8 : 16;
}

static inline uint32_t tile_large(uint32_t size)
{
	return size == 128;
}

/* Turns of an invocation's loops over `k` terms of a sum, and to store a block of
 * sums element by element. */
static inline uint64_t tile_turns(uint32_t size, uint64_t k)
{
	const uint32_t steps = size == 128 ? 1 : 4;

	return (k + TILE_DEEP - 1) / TILE_DEEP * (1 + TILE_DEEP / steps);
}
#define TILE_STORES 128

/* 256 invocations and 16 KiB are what small GPUs stop at; their shared memory is
 * no faster than any other. */
static inline bool has_tiles(const struct compute_device *dev)
{
	return dev->limits.max_invocations > 256 &&
	       dev->limits.shared_bytes > 16 << 10;
}

static inline bool tile_fits(const struct compute_device *dev, uint32_t size)
{
	return has_tiles(dev) &&
	       2 * TILE_DEEP * (size + 4) * 4 <= dev->limits.shared_bytes;
}

/* The smaller one where half of each tile or more would lie beside the product. */
static inline uint32_t tile_trim(uint32_t size, uint64_t m, uint64_t n)
{
	while (size > 32 && (m <= size / 2 || n <= size / 2))
		size /= 2;
	return size;
}

#endif /* COMPUTE_TILE_H */
