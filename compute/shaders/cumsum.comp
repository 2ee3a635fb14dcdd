#version 450
// SPDX-License-Identifier: MIT
// Running sums along one axis: an invocation a line.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint FLAGS = 0u; // 1 exclusive, 2 reverse, 4 i32
layout(push_constant) uniform P {
	uint lines, n, inner, start_o, start_a;
};
layout(std430, set = 0, binding = 0) writeonly buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer A_ { uint a[]; };

uint add(uint x, uint y)
{
	if ((FLAGS & 4u) != 0u)
		return x + y;
	return floatBitsToUint(uintBitsToFloat(x) + uintBitsToFloat(y));
}

void main()
{
	uint line = flat_id();
	if (line >= lines)
		return;
	uint q = line / inner, base = q * n * inner + line - q * inner;
	uint sum = 0u;
	for (uint j = 0u; j < n; j++) {
		uint at = base + ((FLAGS & 2u) != 0u ? n - 1u - j : j) * inner;
		uint x = a[start_a + at], next = add(sum, x);
		o[start_o + at] = (FLAGS & 1u) != 0u ? sum : next;
		sum = next;
	}
}
