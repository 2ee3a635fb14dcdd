#version 450
// SPDX-License-Identifier: MIT
// For CPU rasterizers. They do a buffer load lane by lane, but a texel fetch
// as one 128-bit load and a transpose; a fetch at one address for all lanes is
// the cheapest broadcast they have (a subgroup broadcast searches for an active
// lane first). 8 rows by V vec4s a lane. The loop's 64 sums live in the first
// level cache, each loaded once for 4 multiply-adds.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"

layout(local_size_x = 8) in;
layout(constant_id = 2) const uint V = 1u; // 1 or 2

// start_a, start_b, lda, ldb, a_batch, b_batch, b_panel and k_size are in quads
layout(push_constant) uniform P {
	uint m_size, n_size, k_size;
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res;
	uint lda, ldb, a_batch, b_batch, b_panel;
};
#define C_BINDING 0
#include "epilogue.glsl"

layout(set = 0, binding = 3) uniform samplerBuffer ta;
layout(set = 0, binding = 4) uniform samplerBuffer tb;

// Four values of a row of A, times four rows of B.
#define ROW(s, i)                                                             \
	s[i] += y##i.x * b0;                                                  \
	s[i] += y##i.y * b1;                                                  \
	s[i] += y##i.z * b2;                                                  \
	s[i] += y##i.w * b3;

#define EIGHT(s, at)                                                          \
	{                                                                     \
		vec4 b0 = texelFetch(tb, at);                                 \
		vec4 b1 = texelFetch(tb, at + ld);                            \
		vec4 b2 = texelFetch(tb, at + 2 * ld);                        \
		vec4 b3 = texelFetch(tb, at + 3 * ld);                        \
		ROW(s, 0) ROW(s, 1) ROW(s, 2) ROW(s, 3)                       \
		ROW(s, 4) ROW(s, 5) ROW(s, 6) ROW(s, 7)                       \
	}

void main()
{
	uint lane = gl_LocalInvocationID.x, z = gl_WorkGroupID.z;
	uint m = gl_WorkGroupID.x * 8u, last = m_size - 1u;
	uint quads = (n_size + 3u) >> 2;
	uint q0 = gl_WorkGroupID.y * 8u * V + lane, q1 = q0 + 8u;
	uint c0 = min(q0, quads - 1u), c1 = min(q1, quads - 1u);
	uint sb = start_b + z * b_batch, sa = start_a + z * a_batch;
	int p0 = int(sb + (c0 >> 3) * b_panel + (c0 & 7u));
	int p1 = int(sb + (c1 >> 3) * b_panel + (c1 & 7u));
	int r0 = int(sa + m * lda), r1 = int(sa + min(m + 1u, last) * lda);
	int r2 = int(sa + min(m + 2u, last) * lda);
	int r3 = int(sa + min(m + 3u, last) * lda);
	int r4 = int(sa + min(m + 4u, last) * lda);
	int r5 = int(sa + min(m + 5u, last) * lda);
	int r6 = int(sa + min(m + 6u, last) * lda);
	int r7 = int(sa + min(m + 7u, last) * lda);
	int ld = int(ldb), n = int(k_size);
	vec4 s[8], t[8];
	[[unroll]] for (int i = 0; i < 8; i++) {
		s[i] = vec4(0);
		t[i] = vec4(0);
	}
	for (int k = 0; k < n; k++) {
		vec4 y0 = texelFetch(ta, r0 + k), y1 = texelFetch(ta, r1 + k);
		vec4 y2 = texelFetch(ta, r2 + k), y3 = texelFetch(ta, r3 + k);
		vec4 y4 = texelFetch(ta, r4 + k), y5 = texelFetch(ta, r5 + k);
		vec4 y6 = texelFetch(ta, r6 + k), y7 = texelFetch(ta, r7 + k);
		EIGHT(s, p0)
		p0 += 4 * ld;
		if (V == 2u) {
			EIGHT(t, p1)
			p1 += 4 * ld;
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
