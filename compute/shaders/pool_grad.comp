#version 450
// SPDX-License-Identifier: MIT
// By the input: an invocation an input element, over the windows that hold it.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint FLAGS = 0u; // 1 average, 2 count pad
layout(constant_id = 2) const uint TYPES = 0u; // in (written), out (read)
layout(push_constant) uniform P {
	uint total, h, w, oh, ow, kh, kw, sh, sw, pt, pl, dh, dw;
	uint start_o, start_a, start_i;
};
layout(std430, set = 0, binding = 0) buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 1) readonly buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 2) readonly buffer I_ { uint ix[]; };
DEFINE_LOAD(load_o, o)
DEFINE_STORE(store_a, a)

// How many taps of a window at `at` lie inside [0, n).
uint inside(uint at, uint k, uint d, uint pad, uint n)
{
	uint c = 0u;
	for (uint i = 0u; i < k; i++)
		c += at + i * d - pad < n ? 1u : 0u;
	return c;
}

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	uint row = e / w, x = e - row * w, plane = row / h;
	uint y = row - plane * h, base = plane * oh * ow;
	float sum = 0.0;
	for (uint ky = 0u; ky < kh; ky++) {
		uint t = y + pt - ky * dh, oy = t / sh;
		if (int(t) < 0 || oy * sh != t || oy >= oh)
			continue;
		for (uint kx = 0u; kx < kw; kx++) {
			uint u = x + pl - kx * dw, ox = u / sw;
			if (int(u) < 0 || ox * sw != u || ox >= ow)
				continue;
			uint at = base + oy * ow + ox;
			float d = load_o_f(TYPES >> 3, start_o + at);
			if ((FLAGS & 1u) == 0u) {
				sum += ix[start_i + at] == y * w + x ? d : 0.0;
				continue;
			}
			uint c = kh * kw;
			if ((FLAGS & 2u) == 0u)
				c = inside(oy * sh, kh, dh, pt, h) *
				    inside(ox * sw, kw, dw, pl, w);
			sum += d / float(c);
		}
	}
	store_a_f(TYPES & 7u, start_a + e, sum);
}
