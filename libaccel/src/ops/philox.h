/* SPDX-License-Identifier: MIT */
/* Random numbers by counter: Philox 4x32-10 (Salmon et al. 2011). */
#ifndef ACCEL_OPS_PHILOX_H
#define ACCEL_OPS_PHILOX_H

#include <stdint.h>

/* Philox 4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC'11, section 3.3; constants of its reference implementation. */
static inline void philox(const uint32_t counter[4], const uint32_t key[2],
			  uint32_t out[4])
{
	uint32_t k0 = key[0], k1 = key[1], i;

	for (i = 0; i < 4; i++)
		out[i] = counter[i];
	for (i = 0; i < 10; i++) {
		uint64_t a = (uint64_t)0xd2511f53 * out[0];
		uint64_t b = (uint64_t)0xcd9e8d57 * out[2];
		uint32_t o1 = out[1], o3 = out[3];

		out[0] = (uint32_t)(b >> 32) ^ o1 ^ k0;
		out[1] = (uint32_t)b;
		out[2] = (uint32_t)(a >> 32) ^ o3 ^ k1;
		out[3] = (uint32_t)a;
		k0 += 0x9e3779b9;
		k1 += 0xbb67ae85;
	}
}

#endif /* ACCEL_OPS_PHILOX_H */
