#version 450
// SPDX-License-Identifier: MIT
// Captured pin samples: bit b of sample s to element [s, b].
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint TYPE = 0u;
layout(push_constant) uniform P {
	uint total, bits, sample_bytes, start_o, start_a;
};
layout(std430, set = 0, binding = 0) buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer A_ { uint a[]; };
DEFINE_LOAD(load_a, a)
DEFINE_STORE(store_o, o)

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	uint s = e / bits, b = e - s * bits;
	uint x = load_a(U8, start_a + s * sample_bytes + (b >> 3));
	store_o_f(TYPE, start_o + e, float((x >> (b & 7u)) & 1u));
}
