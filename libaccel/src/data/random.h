/* SPDX-License-Identifier: MIT */
/* The random numbers of data: SplitMix64, the same on every machine. */
#ifndef ACCEL_DATA_RANDOM_H
#define ACCEL_DATA_RANDOM_H

#include <math.h>
#include <stdint.h>

#include "../ops/philox.h"

/* A stream of random numbers: (seed, stream) names it, so that the k-th sample
 * of a generator does not depend on those before it. */
struct rng {
	uint32_t key[2], counter[4], out[4];
	int left;
};

static inline void rng_init(struct rng *r, uint64_t seed, uint64_t stream)
{
	*r = (struct rng){
		.key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
		.counter = { 0, 0, (uint32_t)stream, (uint32_t)(stream >> 32) },
	};
}

static inline uint32_t rng_u32(struct rng *r)
{
	if (!r->left) {
		philox(r->counter, r->key, r->out);
		r->counter[0]++;
		r->left = 4;
	}
	return r->out[--r->left];
}

/* [low, high) */
static inline double rng_uniform(struct rng *r, double low, double high)
{
	return low + (high - low) * (rng_u32(r) * 0x1p-32);
}

/* Mean 0, standard deviation 1 (Box and Muller 1958). */
static inline double rng_normal(struct rng *r)
{
	double u = (rng_u32(r) + 1.0) * 0x1p-32, v = rng_u32(r) * 0x1p-32;

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* 0 to n - 1, n below 2^32. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((uint64_t)rng_u32(r) * n >> 32);
}

#endif /* ACCEL_DATA_RANDOM_H */
