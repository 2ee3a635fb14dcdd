#version 450
// SPDX-License-Identifier: MIT
// 64 by 64 tiles through shared memory, 4 by 4 sums an invocation: for GPUs
// with real shared memory and many registers. Any strides.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"

layout(local_size_x = 16, local_size_y = 16) in;
layout(constant_id = 2) const uint TYPES = 0u; // a, b: 3 bits each
// which index of a tile runs along memory: 0 k, 1 m (or n)
layout(constant_id = 3) const uint ALONG = 0u;
layout(constant_id = 4) const uint BATCH = 0u; // batch dimensions, 0..4

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

#define T 64u
#define K 16u
shared float sa[K][T + 4];
shared float sb[K][T + 4];

void main()
{
	uint tx = gl_LocalInvocationID.x, ty = gl_LocalInvocationID.y;
	uint id = ty * 16u + tx, z = gl_WorkGroupID.z, zz = z;
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
	vec4 s[4];
	[[unroll]] for (int i = 0; i < 4; i++)
		s[i] = vec4(0);
	for (uint k0 = 0u; k0 < k_size; k0 += K) {
		[[unroll]] for (uint j = 0u; j < 4u; j++) {
			uint e = id + j * 256u;
			uint k = (ALONG & 1u) != 0u ? e / T : e % K;
			uint m = (ALONG & 1u) != 0u ? e % T : e / K;
			bool in_a = m0 + m < m_size && k0 + k < k_size;
			sa[k][m] = in_a ? load_a_f(TYPES & 7u,
						   ia + (m0 + m) * a_m +
							   (k0 + k) * a_k)
					: 0.0;
			k = (ALONG & 2u) != 0u ? e / T : e % K;
			m = (ALONG & 2u) != 0u ? e % T : e / K;
			bool in_b = n0 + m < n_size && k0 + k < k_size;
			sb[k][m] = in_b ? load_b_f(TYPES >> 3,
						   ib + (n0 + m) * b_n +
							   (k0 + k) * b_k)
					: 0.0;
		}
		barrier();
		[[unroll]] for (uint k = 0u; k < K; k++) {
			vec4 x = vec4(sb[k][tx * 4u], sb[k][tx * 4u + 1u],
				      sb[k][tx * 4u + 2u], sb[k][tx * 4u + 3u]);
			[[unroll]] for (uint i = 0u; i < 4u; i++)
				s[i] += sa[k][ty * 4u + i] * x;
		}
		barrier();
	}
	uint n = n0 + tx * 4u;
	if (n >= n_size)
		return;
	[[unroll]] for (uint i = 0u; i < 4u; i++) {
		uint m = m0 + ty * 4u + i;
		if (m < m_size)
			emit4((z * m_size + m) * n_size + n, n, s[i],
			      bias4(m, n));
	}
}
