#version 450
// SPDX-License-Identifier: MIT
// For CPU rasterizers, where a buffer load is done lane by lane and a texel
// fetch is not: 8 rows by V vec4s a lane, one fetch of A for a whole subgroup
// of 8, handed round by broadcasts.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#include "common.glsl"

layout(local_size_x = 8) in;
layout(constant_id = 2) const uint V = 1u; // 1 or 2 vec4s a lane

layout(push_constant) uniform P {
	uint m_size, n_size, k_size; // k in quads
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res; // a, b in quads
	uint lda, ldb, a_batch, b_batch; // in quads
};
#define C_BINDING 0
#include "epilogue.glsl"

layout(set = 0, binding = 3) uniform samplerBuffer ta;
layout(set = 0, binding = 4) uniform samplerBuffer tb;

// Row i's four values of A, times four rows of B.
#define ROW(to, i)                                                            \
	{                                                                     \
		vec4 y = subgroupBroadcast(x, i);                             \
		to[i] += y.x * b0;                                            \
		to[i] += y.y * b1;                                            \
		to[i] += y.z * b2;                                            \
		to[i] += y.w * b3;                                            \
	}
#define EIGHT(to)                                                             \
	ROW(to, 0) ROW(to, 1) ROW(to, 2) ROW(to, 3)                           \
	ROW(to, 4) ROW(to, 5) ROW(to, 6) ROW(to, 7)

void main()
{
	uint lane = gl_LocalInvocationID.x, z = gl_WorkGroupID.z;
	uint m = gl_WorkGroupID.y * 8u;
	uint quads = (n_size + 3u) >> 2;
	uint q0 = gl_WorkGroupID.x * 8u * V + lane, q1 = q0 + 8u;
	int ia = int(start_a + z * a_batch + min(m + lane, m_size - 1u) * lda);
	int ib0 = int(start_b + z * b_batch + min(q0, quads - 1u));
	int ib1 = int(start_b + z * b_batch + min(q1, quads - 1u));
	int ld = int(ldb);
	vec4 s[8], t[8];
	[[unroll]] for (int i = 0; i < 8; i++) {
		s[i] = vec4(0);
		t[i] = vec4(0);
	}
	for (uint k = 0u; k < k_size; k++) {
		vec4 x = texelFetch(ta, ia);
		ia++;
		vec4 b0 = texelFetch(tb, ib0), b1 = texelFetch(tb, ib0 + ld);
		vec4 b2 = texelFetch(tb, ib0 + 2 * ld);
		vec4 b3 = texelFetch(tb, ib0 + 3 * ld);
		ib0 += 4 * ld;
		EIGHT(s)
		if (V == 2u) {
			b0 = texelFetch(tb, ib1);
			b1 = texelFetch(tb, ib1 + ld);
			b2 = texelFetch(tb, ib1 + 2 * ld);
			b3 = texelFetch(tb, ib1 + 3 * ld);
			ib1 += 4 * ld;
			EIGHT(t)
		}
	}
	[[unroll]] for (uint i = 0u; i < 8u; i++) {
		if (m + i >= m_size)
			return;
		uint row = (z * m_size + m + i) * n_size;
		if (q0 < quads)
			emit4(row + 4u * q0, 4u * q0, s[i],
			      bias4(m + i, 4u * q0));
		if (V == 2u && q1 < quads)
			emit4(row + 4u * q1, 4u * q1, t[i],
			      bias4(m + i, 4u * q1));
	}
}
