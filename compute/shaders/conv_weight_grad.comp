#version 450
// SPDX-License-Identifier: MIT
// The weights' gradient: a workgroup a weight, over images and output pixels in
// a fixed order.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint TYPES = 0u; // w, in, out's gradient
layout(push_constant) uniform P {
	uint total, n, start_w, start_a, start_g;
	uint c_in, c_out, cg, og, h, w, oh, ow, kh, kw;
	uint sh, sw, pt, pl, dh, dw;
};
layout(std430, set = 0, binding = 0) buffer W_ { uint wt[]; };
layout(std430, set = 0, binding = 1) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 2) readonly buffer G_ { uint g[]; };
DEFINE_LOAD(load_a, a)
DEFINE_LOAD(load_g, g)
DEFINE_STORE(store_w, wt)
#include "rowsum.glsl"

void main()
{
	uint e = row_id();
	if (e >= total)
		return;
	uint q = e / kw, kx = e - q * kw, r = q / kh, ky = q - r * kh;
	uint o = r / cg, i = r - o * cg, c = o / og * cg + i;
	float sum = 0.0;
	for (uint z = 0u; z < n; z++) {
		uint ia = start_a + (z * c_in + c) * h * w;
		uint ig = start_g + (z * c_out + o) * oh * ow;
		for (uint p = gl_LocalInvocationID.x; p < oh * ow;
		     p += gl_WorkGroupSize.x) {
			uint y = p / ow, x = p - y * ow;
			uint iy = y * sh + ky * dh - pt;
			uint ix = x * sw + kx * dw - pl;
			if (iy < h && ix < w)
				sum += load_a_f((TYPES >> 3) & 7u,
						ia + iy * w + ix) *
				       load_g_f(TYPES >> 6, ig + p);
		}
	}
	sum = row_sum(sum);
	if (gl_LocalInvocationID.x == 0u)
		store_w_f(TYPES & 7u, start_w + e, sum);
}
