#version 450
// SPDX-License-Identifier: MIT
// Tiles through shared memory: for GPUs with real shared memory and many
// registers. Any strides.
#extension GL_GOOGLE_include_directive : require
#include "tile.glsl"
#include "common.glsl"

layout(constant_id = 3) const uint TYPES = 0u; // a, b: 3 bits each
// which index of a tile runs along memory: 0 k, 1 m (or n)
layout(constant_id = 4) const uint ALONG = 0u;
layout(constant_id = 5) const uint BATCH = 0u; // batch dimensions, 0..4

layout(push_constant) uniform P {
	uint m_size, n_size, k_size;
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res;
	uint a_m, a_k, b_k, b_n;
	uint size[4], a_batch[4], b_batch[4];
};
#define C_BINDING 2
#include "epilogue.glsl"

layout(std430, set = 0, binding = 0) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 1) readonly buffer B_ { uint b[]; };
DEFINE_LOAD(load_a, a)
DEFINE_LOAD(load_b, b)

void main()
{
	uint id = gl_LocalInvocationIndex, z = gl_WorkGroupID.z, zz = z;
	uint m0 = gl_WorkGroupID.y * T, n0 = gl_WorkGroupID.x * T;
	uint ia = start_a, ib = start_b;
	[[unroll]] for (int d = 3; d >= 0; d--) {
		if (uint(d) < BATCH) {
			uint q = zz / size[d], r = zz - q * size[d];
			ia += r * a_batch[d];
			ib += r * b_batch[d];
			zz = q;
		}
	}
	tile_clear();
	for (uint k0 = 0u; k0 < k_size; k0 += K) {
		[[unroll]] for (uint j = 0u; j < K * T; j += SIDE * SIDE) {
			uint e = id + j;
			uint k = (ALONG & 1u) != 0u ? e / T : e % K;
			uint m = (ALONG & 1u) != 0u ? e % T : e / K;
			bool in_a = m0 + m < m_size && k0 + k < k_size;
			sa[k * ROW + m] = in_a ? load_a_f(TYPES & 7u,
							  ia + (m0 + m) * a_m +
								  (k0 + k) * a_k)
					       : 0.0;
			k = (ALONG & 2u) != 0u ? e / T : e % K;
			m = (ALONG & 2u) != 0u ? e % T : e / K;
			bool in_b = n0 + m < n_size && k0 + k < k_size;
			sb[k * ROW + m] = in_b ? load_b_f(TYPES >> 3,
							  ib + (n0 + m) * b_n +
								  (k0 + k) * b_k)
					       : 0.0;
		}
		tile_add();
	}
	[[unroll]] for (uint q = 0u; q < QUADS; q++) {
		[[unroll]] for (uint p = 0u; p < QUADS; p++) {
			uint n = n0 + TILE_COLUMN(q), m = m0 + TILE_ROW(p, 0u);
			uint rows = n < n_size ? min(m_size, m + 4u) : m;
			for (uint i = m; i < rows; i++)
				emit4((z * m_size + i) * n_size + n, n,
				      tile_sum(p, i - m, q), bias4(i, n));
		}
	}
}
