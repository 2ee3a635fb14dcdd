#version 450
// SPDX-License-Identifier: MIT
// The matrix product of CPU rasterizers.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"

// How operands lie in memory: 1 the transpose of A, 2 that of B; 4 A by any
// strides (with SHARE only), 8 B by any.
layout(constant_id = 5) const uint LIE = 0u;
const bool ACROSS_A = (LIE & 1u) != 0u, ACROSS_B = (LIE & 2u) != 0u;
const bool LOOSE_A = (LIE & 4u) != 0u, LOOSE_B = (LIE & 8u) != 0u;

// start_a, start_b, lda, ldb, a_batch, b_batch and b_panel are in quads, of a
// loose operand in elements. csa, csb: to its next column
layout(push_constant) uniform P {
	uint m_size, n_size, k_size;
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res;
	uint lda, ldb, a_batch, b_batch, b_panel, csa, csb;
};

layout(std430, set = 0, binding = 3) readonly buffer A_ { float wa[]; };
layout(std430, set = 0, binding = 4) readonly buffer B_ { float wb[]; };

mat4 fetch_b(ivec4 p);
vec4 quad_a(int at);
#define FETCH_B(p) fetch_b(p)
#define QUAD_A(at) quad_a(at)
#define TEXELS_AT 5
#include "texel.glsl"

// The step's first column of A, row of B.
uint k_now = 0u;

// Columns k_now.. of the row of A that begins at `at`; zeros beyond the last.
vec4 loose_a(int at)
{
	uvec4 k = k_now + uvec4(0, 1, 2, 3);
	ivec4 i = at + ivec4(min(k, uvec4(k_size - 1u)) * csa);
	return mix(vec4(0), vec4(wa[i.x], wa[i.y], wa[i.z], wa[i.w]),
		   lessThan(k, uvec4(k_size)));
}

// Rows k_now.. of B, zeros beyond the last; its columns begin at p.
mat4 loose_b(ivec4 p)
{
	mat4 m;
	[[unroll]] for (uint i = 0u; i < 4u; i++) {
		uint k = k_now + i;
		ivec4 at = p + int(min(k, k_size - 1u) * ldb);
		m[i] = mix(vec4(0),
			   vec4(wb[at.x], wb[at.y], wb[at.z], wb[at.w]),
			   bvec4(k < k_size));
	}
	return m;
}

vec4 quad_a(int at)
{
	if (LOOSE_A)
		return loose_a(at);
	return texelFetch(ta, at);
}

mat4 fetch_b(ivec4 p)
{
	if (LOOSE_B)
		return loose_b(p);
	return turned(ACROSS_B, texelFetch(tb, p.x), texelFetch(tb, p.y),
		      texelFetch(tb, p.z), texelFetch(tb, p.w));
}

// The i-th of the eight quads that hold rows m..m+7, columns 0..3 of A.
int place_a(uint m, uint i)
{
	uint start = start_a + gl_WorkGroupID.z * a_batch, last = m_size - 1u;
	if (ACROSS_A)
		return int(start + (i & 3u) * lda +
			   min((m >> 2) + (i >> 2), last >> 2));
	return int(start + min(m + i, last) * lda);
}

ivec4 places_a(uint m, uint i)
{
	return ivec4(place_a(m, i), place_a(m, i + 1u), place_a(m, i + 2u),
		     place_a(m, i + 3u));
}

// The four that hold rows 0..3, columns 4c..4c+3 of B.
ivec4 places_b(uint c)
{
	uint start = start_b + gl_WorkGroupID.z * b_batch;
	const uvec4 j = uvec4(0, 1, 2, 3);
	if (LOOSE_B)
		return ivec4(start + min(4u * c + j, uvec4(n_size - 1u)) * csb);
	if (ACROSS_B)
		return ivec4(start + min(4u * c + j, uvec4(n_size - 1u)) * ldb);
	return ivec4(start + (c >> 3) * b_panel + (c & 7u) + j * ldb);
}

void put(uint m, uint c, vec4 s[8])
{
	if (c >= (n_size + 3u) >> 2)
		return;
	// a column's bias is that of all rows
	vec4 bias = bias4(0u, 4u * c);
	[[unroll]] for (uint i = 0u; i < 8u; i++) {
		if (m + i >= m_size)
			return;
		if (BIAS == 2u)
			bias = bias4(m + i, 0u);
		emit4((gl_WorkGroupID.z * m_size + m + i) * n_size + 4u * c,
		      4u * c, s[i], bias);
	}
}

void main()
{
	uint lane = gl_LocalInvocationID.x, last = ((n_size + 3u) >> 2) - 1u;
	uint m = gl_WorkGroupID.x * 8u * H, m2 = m + 8u;
	uint c = gl_WorkGroupID.y * 8u * V + lane, c2 = c + 8u;
	ivec4 p = places_b(min(c, last)), p2 = places_b(min(c2, last));
	int step_a = LOOSE_A ? 0 : ACROSS_A ? 4 * int(lda) : 1, q = 0;
	int step_b = LOOSE_B ? 0 : ACROSS_B ? 1 : 4 * int(ldb);
	int mine = place_a(m, lane), mine2 = place_a(m2, lane);
	ivec4 low = places_a(m, 0u), high = places_a(m, 4u);
	ivec4 low2 = places_a(m2, 0u), high2 = places_a(m2, 4u);
	SUMS
	for (k_now = 0u; k_now < k_size; k_now += 4u) {
		STEP_K(mine + q, low + q, high + q, mine2 + q, low2 + q,
		       high2 + q, p, p2)
		p += step_b;
		p2 += step_b;
		q += step_a;
	}
	put(m, c, s);
	if (V == 2u)
		put(m, c2, t);
	if (H == 2u) {
		put(m2, c, s2);
		if (V == 2u)
			put(m2, c2, t2);
	}
}
