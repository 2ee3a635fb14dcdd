#version 450
// SPDX-License-Identifier: MIT
// Transposed convolution, one element of the input's gradient an invocation.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 2) const uint TYPES = 0u; // out's gradient, w

// m_size: input channels, n_size: input pixels; cg, og: channels a group
layout(push_constant) uniform P {
	uint m_size, n_size, total;
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res;
	uint c_out, cg, og, oh, ow, w, kh, kw, sh, sw, pt, pl, dh, dw;
};
#define C_BINDING 2
#include "epilogue.glsl"

layout(std430, set = 0, binding = 0) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 1) readonly buffer B_ { uint b[]; };
DEFINE_LOAD(load_a, a)
DEFINE_LOAD(load_b, b)

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	uint row = e / n_size, pixel = e - row * n_size;
	uint image = row / m_size, c = row - image * m_size;
	uint y = pixel / w, x = pixel - y * w, g = c / cg, i = c - g * cg;
	float sum = 0.0;
	for (uint ky = 0u; ky < kh; ky++) {
		uint t = y + pt - ky * dh, oy = t / sh;
		if (int(t) < 0 || oy * sh != t || oy >= oh)
			continue;
		for (uint kx = 0u; kx < kw; kx++) {
			uint u = x + pl - kx * dw, ox = u / sw;
			if (int(u) < 0 || ox * sw != u || ox >= ow)
				continue;
			uint ia = start_a +
				  ((image * c_out + g * og) * oh + oy) * ow + ox;
			uint ib = start_b + ((g * og * cg + i) * kh + ky) * kw +
				  kx;
			for (uint o = 0u; o < og; o++) {
				sum += load_a_f(TYPES & 7u, ia) *
				       load_b_f(TYPES >> 3, ib);
				ia += oh * ow;
				ib += cg * kh * kw;
			}
		}
	}
	emit1(e, c, pixel, sum);
}
