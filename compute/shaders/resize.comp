#version 450
// SPDX-License-Identifier: MIT
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint BILINEAR = 0u;
layout(constant_id = 2) const uint CORNERS = 0u;
layout(constant_id = 3) const uint TYPES = 0u; // read, written
// The gradient: each pixel of the small planes sums up what draws from it.
layout(constant_id = 4) const uint GRAD = 0u;
layout(push_constant) uniform P {
	uint total, h, w, oh, ow, start_o, start_a; // oh, ow: of the resized
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

// The weight of input i in output o, of n and on.
float weight(uint o, uint i, float r, uint n, uint on)
{
	if (BILINEAR == 0u)
		return min(o * n / on, n - 1u) == i ? 1.0 : 0.0;
	float f = source(o, r, n);
	uint x0 = uint(f), x1 = min(x0 + 1u, n - 1u);
	f -= float(x0);
	return (x0 == i ? 1.0 - f : 0.0) + (x1 == i ? f : 0.0);
}

// Outputs that may draw from input i: from x up to, not with, y. A pixel more
// on each side, for what the division rounds.
uvec2 reach(uint i, float r, uint n, uint on)
{
	float shift = 0.5;
	if (CORNERS != 0u)
		shift = 0.0;
	float x = float(i) + shift;
	if (r <= 0.0)
		return uvec2(0u, on);
	uint lo = uint(max((x - 1.0) / r - shift - 1.0, 0.0));
	uint hi = uint(max((x + 1.0) / r - shift + 2.0, 0.0));
	return uvec2(i == 0u ? 0u : min(lo, on),
		     i + 1u == n ? on : min(hi, on));
}

void gradient(uint e)
{
	uint row = e / w, x = e - row * w, plane = row / h;
	uint y = row - plane * h, base = start_a + plane * oh * ow;
	uvec2 ys = reach(y, ry, h, oh), xs = reach(x, rx, w, ow);
	float sum = 0.0;
	for (uint i = ys.x; i < ys.y; i++) {
		float wy = weight(i, y, ry, h, oh), line = 0.0;
		if (wy == 0.0)
			continue;
		for (uint j = xs.x; j < xs.y; j++) {
			float wx = weight(j, x, rx, w, ow);
			if (wx != 0.0)
				line += wx * load_a_f(TYPES & 7u,
						      base + i * ow + j);
		}
		sum += wy * line;
	}
	store_o_f(TYPES >> 3, start_o + e, sum);
}

void main()
{
	uint e = flat_id();
	if (e >= total)
		return;
	if (GRAD != 0u) {
		gradient(e);
		return;
	}
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
