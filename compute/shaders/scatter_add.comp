#version 450
// SPDX-License-Identifier: MIT
// out[o, index, i] += in[o, j, i]; the index is [j], or [o, j, i] when ALONG. An invocation owns all of out[o, .., i],
// so that equal indices add up in order.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint TYPE = 0u;
layout(constant_id = 2) const uint ALONG = 0u;
layout(push_constant) uniform P {
	uint total, n, m, inner, start_o, start_a, start_i;
};
layout(std430, set = 0, binding = 0) buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 2) readonly buffer I_ { int ix[]; };

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	uint q = e / inner, i = e - q * inner;
	uint src = q * m * inner + i;
	for (uint j = 0u; j < m; j++) {
		int k = ix[start_i + (ALONG != 0u ? src : j)];
		if (k < 0)
			k += int(n);
		uint x = a[start_a + src];
		src += inner;
		if (k < 0 || k >= int(n))
			continue;
		uint at = start_o + (q * n + uint(k)) * inner + i;
		o[at] = TYPE == I32
				? o[at] + x
				: floatBitsToUint(uintBitsToFloat(o[at]) +
						  uintBitsToFloat(x));
	}
}
