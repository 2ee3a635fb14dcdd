#version 450
// SPDX-License-Identifier: MIT
// One element of C an invocation, any strides: small or thin products, and those
// of integers.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 2) const uint TYPES = 0u; // a, b: 3 bits each
layout(constant_id = 3) const uint BATCH = 0u; // batch dimensions, 0..4

layout(push_constant) uniform P {
	uint m_size, n_size, k_size;
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res;
	uint a_m, a_k, b_k, b_n; // strides
	uint total; // elements of C
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
	uint i = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) *
			 gl_WorkGroupSize.x +
		 gl_LocalInvocationID.x;
	if (i >= total)
		return;
	uint row = i / n_size, n = i - row * n_size;
	uint z = row / m_size, m = row - z * m_size;
	uint ia = start_a + m * a_m, ib = start_b + n * b_n;
	[[unroll]] for (int d = 3; d >= 0; d--) {
		if (uint(d) < BATCH) {
			uint q = z / size[d], r = z - q * size[d];
			ia += r * a_batch[d];
			ib += r * b_batch[d];
			z = q;
		}
	}
	if (!is_float(TYPES & 7u)) {
		uint whole = 0u;
		for (uint k = 0u; k < k_size; k++) {
			whole += load_a(TYPES & 7u, ia) * load_b(TYPES >> 3, ib);
			ia += a_k;
			ib += b_k;
		}
		store_c(C_TYPE, start_c + i, whole);
		return;
	}
	float sum = 0.0;
	for (uint k = 0u; k < k_size; k++) {
		sum += load_a_f(TYPES & 7u, ia) * load_b_f(TYPES >> 3, ib);
		ia += a_k;
		ib += b_k;
	}
	emit1(i, m, n, sum);
}
