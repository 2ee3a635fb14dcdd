#version 450
// SPDX-License-Identifier: MIT
// Convolution, one output element an invocation: groups, depthwise, and what
// the blocked kernels do not take.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 2) const uint TYPES = 0u; // in, w: 3 bits each

// m_size: output channels, n_size: output pixels; cg, og: channels a group
layout(push_constant) uniform P {
	uint m_size, n_size, total;
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res;
	uint c_in, cg, og, h, w, ow, kh, kw, sh, sw, pt, pl, dh, dw;
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
	uint image = row / m_size, o = row - image * m_size;
	uint y = pixel / ow, x = pixel - y * ow;
	uint ib = start_b + o * cg * kh * kw;
	uint plane = start_a + (image * c_in + o / og * cg) * h * w;
	float sum = 0.0;
	for (uint i = 0u; i < cg; i++) {
		for (uint ky = 0u; ky < kh; ky++) {
			uint iy = y * sh + ky * dh - pt; // wraps below 0
			for (uint kx = 0u; kx < kw; kx++) {
				uint ix = x * sw + kx * dw - pl;
				if (iy < h && ix < w)
					sum += load_a_f(TYPES & 7u,
							plane + iy * w + ix) *
					       load_b_f(TYPES >> 3, ib);
				ib++;
			}
		}
		plane += h * w;
	}
	emit1(e, o, pixel, sum);
}
