#version 450
// SPDX-License-Identifier: MIT
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint TYPES = 0u; // index, out
layout(push_constant) uniform P {
	uint total, classes, start_o, start_i;
};
layout(std430, set = 0, binding = 0) buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer I_ { uint ix[]; };
DEFINE_LOAD(load_i, ix)
DEFINE_STORE(store_o, o)

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	uint q = e / classes, c = e - q * classes;
	store_o_f(TYPES >> 3, start_o + e,
		  load_i(TYPES & 7u, start_i + q) == c ? 1.0 : 0.0);
}
