#version 450
// SPDX-License-Identifier: MIT
// 12 rows by 4 columns in registers: V3D's 64 registers hold 48 sums and what
// feeds them, and 4 vec4 loads feed 48 multiply-adds. Unrolling k, prefetching
// or shared memory all lose there: shared memory is plain memory, more live
// values spill.
//
// One matrix a launch: a batch index held over the loop makes it spill.
//
// A is packed [panel of 12 rows][k][12]; B is rows. Both in fours: of f32, or of
// f16, to be converted once: a conversion folds into any multiply, and the
// compiler folds it into all twelve, each of which then pairs with less.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x = 16, local_size_y = 4) in;
layout(constant_id = 2) const uint TYPES = 0u; // a, b: 3 bits each

layout(push_constant) uniform P {
	uint m_size, n_size, k_size;
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res;
	uint ldb; // in fours, as is start_a
	float one; // 1, which the compiler cannot know: see floats()
};
#define C_BINDING 2
#include "epilogue.glsl"

layout(std430, set = 0, binding = 0) restrict readonly buffer A_ { vec4 a[]; };
layout(std430, set = 0, binding = 0) restrict readonly buffer AH_ { uvec2 ah[]; };
layout(std430, set = 0, binding = 1) restrict readonly buffer B_ { vec4 b[]; };
layout(std430, set = 0, binding = 1) restrict readonly buffer BH_ { uvec2 bh[]; };

// A column's bias is where its sums start: after the loop it would be one value
// too many. A row's is added there: before, twelve of them are too many.
#define START(i) (BIAS == 1u ? bias4(i, q * 4u) : vec4(0))
#define AFTER(i) (BIAS == 2u ? bias4(i, n) : vec4(0))

vec4 floats(uvec2 h)
{
	return vec4(unpackHalf2x16(h.x), unpackHalf2x16(h.y)) * one;
}

void main()
{
	// No early return: the loop must stay in uniform control flow. A is
	// padded to whole workgroups; lanes right of B read its last quad.
	uint q = gl_GlobalInvocationID.x, panel = gl_GlobalInvocationID.y;
	vec4 s0 = START(0u), s1 = START(1u), s2 = START(2u), s3 = START(3u);
	vec4 s4 = START(4u), s5 = START(5u), s6 = START(6u), s7 = START(7u);
	vec4 s8 = START(8u), s9 = START(9u), s10 = START(10u);
	vec4 s11 = START(11u);
	uint ia = start_a + panel * k_size * 3u;
	uint ib = (start_b >> 2) + min(q, (n_size - 1u) >> 2);
	for (uint k = 0u; k < k_size; k++) {
		vec4 x, a0, a1, a2;
		if (TYPES >> 3 == F16)
			x = floats(bh[ib]);
		else
			x = b[ib];
		ib += ldb;
		if ((TYPES & 7u) == F16) {
			a0 = floats(ah[ia]);
			a1 = floats(ah[ia + 1u]);
			a2 = floats(ah[ia + 2u]);
		} else {
			a0 = a[ia];
			a1 = a[ia + 1u];
			a2 = a[ia + 2u];
		}
		ia += 3u;
		s0 += a0.x * x;
		s1 += a0.y * x;
		s2 += a0.z * x;
		s3 += a0.w * x;
		s4 += a1.x * x;
		s5 += a1.y * x;
		s6 += a1.z * x;
		s7 += a1.w * x;
		s8 += a2.x * x;
		s9 += a2.y * x;
		s10 += a2.z * x;
		s11 += a2.w * x;
	}
	uint m = panel * 12u, n = q * 4u;
	if (n >= n_size)
		return;
	uint at = m * n_size + n;
#define ROW(i)                                                                \
	if (m + uint(i) < m_size) {                                           \
		emit4(at, n, s##i, AFTER(m + uint(i)));                    \
		at += n_size;                                                 \
	}
	ROW(0) ROW(1) ROW(2) ROW(3) ROW(4) ROW(5)
	ROW(6) ROW(7) ROW(8) ROW(9) ROW(10) ROW(11)
}
