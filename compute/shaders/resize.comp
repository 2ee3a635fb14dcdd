#version 450
// SPDX-License-Identifier: MIT
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint BILINEAR = 0u;
layout(constant_id = 2) const uint CORNERS = 0u;
layout(constant_id = 3) const uint TYPES = 0u; // in, out
layout(push_constant) uniform P {
	uint total, h, w, oh, ow, start_o, start_a;
	float ry, rx; // input pixels an output pixel
};
layout(std430, set = 0, binding = 0) buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer A_ { uint a[]; };
DEFINE_LOAD(load_a, a)
DEFINE_STORE(store_o, o)

float source(uint i, float r, uint n)
{
	float x = CORNERS != 0u ? float(i) * r : (float(i) + 0.5) * r - 0.5;
	return clamp(x, 0.0, float(n - 1u));
}

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	uint row = e / ow, x = e - row * ow, plane = row / oh;
	uint y = row - plane * oh, base = start_a + plane * h * w;
	uint t = TYPES & 7u;
	float v;
	if (BILINEAR == 0u) {
		// exact in integers where a float ratio could slip
		uint sy = min(y * h / oh, h - 1u), sx = min(x * w / ow, w - 1u);
		v = load_a_f(t, base + sy * w + sx);
	} else {
		float fy = source(y, ry, h), fx = source(x, rx, w);
		uint y0 = uint(fy), x0 = uint(fx);
		uint y1 = min(y0 + 1u, h - 1u), x1 = min(x0 + 1u, w - 1u);
		fy -= float(y0);
		fx -= float(x0);
		float p = mix(load_a_f(t, base + y0 * w + x0),
			      load_a_f(t, base + y0 * w + x1), fx);
		float q = mix(load_a_f(t, base + y1 * w + x0),
			      load_a_f(t, base + y1 * w + x1), fx);
		v = mix(p, q, fy);
	}
	store_o_f(TYPES >> 3, start_o + e, v);
}
