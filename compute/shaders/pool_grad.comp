#version 450
// SPDX-License-Identifier: MIT
// By the input: an invocation an input element, over the windows that hold it.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint FLAGS = 0u; // 1 average, 2 count pad, 8 dilated
const bool DILATED = (FLAGS & 8u) != 0u;
layout(constant_id = 2) const uint TYPES = 0u; // in (written), out (read)
layout(push_constant) uniform P {
	uint total, h, w, oh, ow, kh, kw, sh, sw, pt, pl, dh, dw;
	uint start_o, start_a, start_i;
	uint rows, columns; // of windows that can reach an element
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
	// the last window that may begin before it, and how far one reaches
	uint last_y = (y + pt) / sh, last_x = (x + pl) / sw;
	uint tall = (kh - 1u) * dh, wide = (kw - 1u) * dw;
	float sum = 0.0;
	for (uint i = 0u; i < rows; i++) {
		uint oy = last_y - i, t = y + pt - oy * sh;
		if (oy >= oh || t > tall || (DILATED && t % dh != 0u))
			continue; // oy may have wrapped below 0
		for (uint j = 0u; j < columns; j++) {
			uint ox = last_x - j, u = x + pl - ox * sw;
			if (ox >= ow || u > wide || (DILATED && u % dw != 0u))
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
