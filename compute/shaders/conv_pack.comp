#version 450
// SPDX-License-Identifier: MIT
// Copies a convolution's operands, as f32 padded with zeros, into the layout a
// blocked kernel reads. One vec4 an invocation.
//
// PIXELS: in [n][c][h][w] to [n][hp][wp][quads of channels]
// PLANES: in to [n][c][hp][wp], wp a multiple of four
// COLUMNS: w [o][c][taps] to [o / 32][tap][channel, padded to four][32]
// PANEL: w to [o / 8][c][tap][8]
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint MODE = 0u;
layout(constant_id = 2) const uint TYPE = 0u;
// 1, the gradient by the input: w is [c][o][taps], the last tap first.
// 2, by the weights: in is [c][n][h][w], w is [c][o][taps].
layout(constant_id = 3) const uint GRADIENT = 0u;
#define PIXELS 0u
#define PLANES 1u
#define COLUMNS 2u
#define PANEL 3u

layout(push_constant) uniform P {
	uint total, start, c, h, w, hp, wp, pt, pl; // in
	uint o, taps; // w
	uint images;
};
layout(std430, set = 0, binding = 0) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 1) writeonly buffer O_ { vec4 q[]; };
DEFINE_LOAD(load_a, a)

float pixel(uint n, uint ch, uint y, uint x)
{
	y -= pt; // wraps below 0
	x -= pl;
	if (ch >= c || y >= h || x >= w)
		return 0.0;
	uint plane = GRADIENT == 2u ? ch * images + n : n * c + ch;
	return load_a_f(TYPE, start + (plane * h + y) * w + x);
}

float weight(uint out_ch, uint ch, uint tap)
{
	if (out_ch >= o || ch >= c)
		return 0.0;
	uint row = GRADIENT != 0u ? ch * o + out_ch : out_ch * c + ch;
	return load_a_f(TYPE, start + row * taps +
				      (GRADIENT == 1u ? taps - 1u - tap : tap));
}

void main()
{
	uint i = flat_id();
	if (MODE == PIXELS) {
		// a row of the padded image a line of the grid: no division
		// but one, which a CPU does lane by lane
		uint quads = (c + 3u) >> 2, y = gl_WorkGroupID.y;
		uint n = gl_WorkGroupID.z;
		i = gl_GlobalInvocationID.x;
		uint x = i / quads, k = i - x * quads;
		if (x < wp)
			q[(n * hp + y) * wp * quads + i] =
				vec4(pixel(n, k * 4u, y, x),
				     pixel(n, k * 4u + 1u, y, x),
				     pixel(n, k * 4u + 2u, y, x),
				     pixel(n, k * 4u + 3u, y, x));
		return;
	}
	if (i >= total)
		return;
	vec4 v;
	if (MODE == PLANES) {
		uint quads = wp >> 2, row = i / quads, x = (i - row * quads) * 4u;
		uint plane = row / hp, y = row - plane * hp, n = plane / c;
		for (uint j = 0u; j < 4u; j++)
			v[j] = pixel(n, plane - n * c, y, x + j);
	} else if (MODE == COLUMNS) {
		uint row = i >> 3, out_ch = (i & 7u) * 4u;
		uint cp = (c + 3u) & ~3u, r = row / cp, ch = row - r * cp;
		uint block = r / taps, tap = r - block * taps;
		for (uint j = 0u; j < 4u; j++)
			v[j] = weight(block * 32u + out_ch + j, ch, tap);
	} else {
		uint row = i >> 1, out_ch = (i & 1u) * 4u;
		uint r = row / taps, tap = row - r * taps;
		uint panel = r / c, ch = r - panel * c;
		for (uint j = 0u; j < 4u; j++)
			v[j] = weight(panel * 8u + out_ch + j, ch, tap);
	}
	q[i] = v;
}
