#version 450
// SPDX-License-Identifier: MIT
// out[o, j, i] = in[o, index, i]; the index is [j], or [o, j, i] when ALONG.
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
DEFINE_LOAD(load_a, a)
DEFINE_STORE(store_o, o)

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	uint row = e / inner, i = e - row * inner;
	uint q = row / m, j = row - q * m;
	int k = ix[start_i + (ALONG != 0u ? e : j)];
	if (k < 0)
		k += int(n);
	uint x = is_float(TYPE) ? 0x7fc00000u : 0u; // out of range: NaN
	if (k >= 0 && k < int(n))
		x = load_a(TYPE, start_a + (q * n + uint(k)) * inner + i);
	store_o(TYPE, start_o + e, x);
}
