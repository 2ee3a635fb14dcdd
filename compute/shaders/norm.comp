#version 450
// SPDX-License-Identifier: MIT
// Layer and batch normalization: a workgroup a normalized set.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint FLAGS = 0u;
layout(constant_id = 2) const uint TYPES = 0u; // x, o, gamma, beta
const bool BATCH = (FLAGS & 1u) != 0u, GAMMA = (FLAGS & 2u) != 0u;
const bool BETA = (FLAGS & 4u) != 0u, MEAN = (FLAGS & 8u) != 0u;
const bool RSTD = (FLAGS & 16u) != 0u;

layout(push_constant) uniform P {
	uint outer, group, inner;
	float eps;
	uint start_o, start_x, start_g, start_b, start_m, start_r;
};
layout(std430, set = 0, binding = 0) buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer X_ { uint x[]; };
layout(std430, set = 0, binding = 2) readonly buffer G_ { uint g[]; };
layout(std430, set = 0, binding = 3) readonly buffer B_ { uint b[]; };
layout(std430, set = 0, binding = 4) writeonly buffer M_ { float me[]; };
layout(std430, set = 0, binding = 5) writeonly buffer R_ { float rs[]; };
DEFINE_LOAD(load_x, x)
DEFINE_LOAD(load_g, g)
DEFINE_LOAD(load_b, b)
DEFINE_STORE(store_o, o)
#include "rowsum.glsl"

uint place(uint set, uint j)
{
	if (!BATCH)
		return set * group * inner + j;
	uint q = j / inner;
	return (q * group + set) * inner + j - q * inner;
}

#define EACH for (uint j = lane; j < n; j += gl_WorkGroupSize.x)

void main()
{
	uint set = row_id(), lane = gl_LocalInvocationID.x;
	uint n = BATCH ? outer * inner : group * inner;
	if (set >= (BATCH ? group : outer))
		return;
	float s = 0.0, v = 0.0;
	EACH s += load_x_f(TYPES & 7u, start_x + place(set, j));
	float mean = row_sum(s) / float(n);
	EACH {
		float d = load_x_f(TYPES & 7u, start_x + place(set, j)) - mean;
		v += d * d;
	}
	float rstd = inversesqrt(row_sum(v) / float(n) + eps);
	if (lane == 0u) {
		if (MEAN)
			me[start_m + set] = mean;
		if (RSTD)
			rs[start_r + set] = rstd;
	}
	EACH {
		uint at = place(set, j), k = BATCH ? set : j;
		float y = (load_x_f(TYPES & 7u, start_x + at) - mean) * rstd;
		if (GAMMA)
			y *= load_g_f((TYPES >> 6) & 7u, start_g + k);
		if (BETA)
			y += load_b_f((TYPES >> 9) & 7u, start_b + k);
		store_o_f((TYPES >> 3) & 7u, start_o + at, y);
	}
}
