#version 450
// SPDX-License-Identifier: MIT
// Copies matrices into the layout a matmul kernel reads, padded with zeros; f16
// stays f16 or becomes f32, integers become f32. Four elements an invocation.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
// ROWS: [batch][rows_p][cols_p]. PANEL: [batch][rows_p / 12][cols][12].
// COLUMNS: [batch][cols_p / 32][rows_p][32].
layout(constant_id = 1) const uint MODE = 0u;
layout(constant_id = 2) const uint TYPES = 0u; // from, to: 3 bits each
layout(constant_id = 3) const uint BATCH = 0u; // batch dimensions, 0..4
const uint FROM = TYPES & 7u;
const uint TO = TYPES >> 3;
#define ROWS 0u
#define PANEL 1u
#define COLUMNS 2u

layout(push_constant) uniform P {
	uint rows, cols, rows_p, cols_p;
	uint start, row_stride, col_stride;
	uint total; // fours to write
	uint size[4], batch[4];
};

layout(std430, set = 0, binding = 0) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 1) writeonly buffer O_ { uvec4 o[]; };
layout(std430, set = 0, binding = 1) writeonly buffer OH_ { uvec2 oh[]; };
DEFINE_LOAD(load_a, a)

// Its bits: an f16's own where it stays one.
uint element(uint at, uint r, uint c)
{
	if (r >= rows || c >= cols)
		return 0u;
	at += r * row_stride + c * col_stride;
	if (TO == F16)
		return bitfieldExtract(a[at >> 1], int(at & 1u) * 16, 16);
	return floatBitsToUint(load_a_f(FROM, at));
}

void put(uint i, uint x, uint y, uint z, uint w)
{
	if (TO == F16)
		oh[i] = uvec2(x | y << 16, z | w << 16);
	else
		o[i] = uvec4(x, y, z, w);
}

uint batch_start(uint z)
{
	uint at = start;
	[[unroll]] for (int d = 3; d >= 0; d--) {
		if (uint(d) < BATCH) {
			uint q = z / size[d];
			at += (z - q * size[d]) * batch[d];
			z = q;
		}
	}
	return at;
}

void main()
{
	uint i = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) *
			 gl_WorkGroupSize.x +
		 gl_LocalInvocationID.x;
	if (i >= total)
		return;
	if (MODE == ROWS) {
		uint quads = cols_p >> 2, row = i / quads;
		uint col = (i - row * quads) * 4u, z = row / rows_p;
		uint r = row - z * rows_p, at = batch_start(z);
		put(i, element(at, r, col), element(at, r, col + 1u),
			    element(at, r, col + 2u), element(at, r, col + 3u));
		return;
	}
	if (MODE == COLUMNS) {
		uint row = i >> 3, block = row / rows_p, r = row - block * rows_p;
		uint per = cols_p >> 5, z = block / per;
		uint col = (block - z * per) * 32u + (i & 7u) * 4u;
		uint at = batch_start(z);
		put(i, element(at, r, col), element(at, r, col + 1u),
			    element(at, r, col + 2u), element(at, r, col + 3u));
		return;
	}
	uint line = i / 3u, r = (i - line * 3u) * 4u;
	uint panel = line / cols, col = line - panel * cols;
	uint per = rows_p / 12u, z = panel / per;
	r += (panel - z * per) * 12u;
	uint at = batch_start(z);
	put(i, element(at, r, col), element(at, r + 1u, col),
		    element(at, r + 2u, col), element(at, r + 3u, col));
}
