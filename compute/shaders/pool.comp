#version 450
// SPDX-License-Identifier: MIT
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint FLAGS = 0u; // 1 average, 2 count pad, 4 index
layout(constant_id = 2) const uint TYPES = 0u; // in, out
layout(push_constant) uniform P {
	uint total, h, w, oh, ow, kh, kw, sh, sw, pt, pl, dh, dw;
	uint start_o, start_a, start_i;
};
layout(std430, set = 0, binding = 0) buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 2) writeonly buffer I_ { uint ix[]; };
DEFINE_LOAD(load_a, a)
DEFINE_STORE(store_o, o)

// As its type compares; NaN is above all.
bool above(uint x, uint y)
{
	if (!is_float(TYPES & 7u))
		return int(x) > int(y);
	if (nan_bits(x) || nan_bits(y))
		return nan_bits(x) && !nan_bits(y);
	return uintBitsToFloat(x) > uintBitsToFloat(y);
}

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	uint row = e / ow, x = e - row * ow, plane = row / oh;
	uint y = row - plane * oh, base = start_a + plane * h * w;
	bool average = (FLAGS & 1u) != 0u;
	float v = 0.0;
	uint top = 0u, at = 0u, count = 0u;
	for (uint ky = 0u; ky < kh; ky++) {
		uint iy = y * sh + ky * dh - pt; // wraps below 0
		if (iy >= h)
			continue;
		for (uint kx = 0u; kx < kw; kx++) {
			uint i = x * sw + kx * dw - pl;
			if (i >= w)
				continue;
			uint z = load_a(TYPES & 7u, base + iy * w + i);
			if (average) {
				v += uintBitsToFloat(z);
			} else if (count == 0u || above(z, top)) {
				top = z;
				at = iy * w + i;
			}
			count++;
		}
	}
	if (average)
		top = floatBitsToUint(v / float((FLAGS & 2u) != 0u
							? kh * kw
							: max(count, 1u)));
	else if (count == 0u)
		top = is_float(TYPES & 7u) ? 0xff800000u : 0x80000000u;
	store_o(TYPES >> 3, start_o + e, top);
	if ((FLAGS & 4u) != 0u)
		ix[start_i + e] = at;
}
