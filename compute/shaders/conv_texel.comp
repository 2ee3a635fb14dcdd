#version 450
// SPDX-License-Identifier: MIT
// Convolution as matmul_texel does it: 8 H output pixels by V quads of channels
// a lane. The input is [n][hp][wp][channel quads], so that a pixel's channels
// are a row of A; the weights are [o / 32][tap][channel][32].
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"

// m_size: output channels, n_size: output pixels of an image
layout(push_constant) uniform P {
	uint m_size, n_size, quads; // of input channels
	float alpha;
	uint start_c, start_bias, start_res;
	uint hp, wp, ow, kh, kw, sh, sw, dh, dw;
};
#define ACROSS_A false
#define ACROSS_B false
#include "texel.glsl"

// Where output pixel p's window starts.
int window(uint p)
{
	p = min(p, n_size - 1u);
	uint y = p / ow, x = p - y * ow;
	return int(((gl_WorkGroupID.z * hp + y * sh) * wp + x * sw) * quads);
}

ivec4 windows(uint p)
{
	return ivec4(window(p), window(p + 1u), window(p + 2u),
		     window(p + 3u));
}

// Four channels of eight pixels, turned into rows of pixels.
void put(uint p, uint channel, vec4 s[8])
{
	if (p >= n_size)
		return;
	[[unroll]] for (int j = 0; j < 4; j++) {
		uint ch = channel + uint(j);
		if (ch >= m_size)
			return;
		uint at = (gl_WorkGroupID.z * m_size + ch) * n_size + p;
		vec4 bias = bias4(ch, p);
		emit4(at, p, vec4(s[0][j], s[1][j], s[2][j], s[3][j]), bias);
		if (p + 4u < n_size)
			emit4(at + 4u, p + 4u,
			      vec4(s[4][j], s[5][j], s[6][j], s[7][j]), bias);
	}
}

void main()
{
	uint lane = gl_LocalInvocationID.x;
	uint m = gl_WorkGroupID.x * 8u * H, m2 = m + 8u;
	uint block = gl_WorkGroupID.y * V, blocks = (m_size + 31u) >> 5;
	int mine = window(m + lane), mine2 = window(m2 + lane);
	ivec4 low = windows(m), high = windows(m + 4u);
	ivec4 low2 = windows(m2), high2 = windows(m2 + 4u);
	uint size = kh * kw * quads * 32u; // texels of a block of weights
	const ivec4 rows = ivec4(0, 8, 16, 24);
	ivec4 p = int(block * size + lane) + rows;
	ivec4 p2 = int(min(block + 1u, blocks - 1u) * size + lane) + rows;
	SUMS
	for (uint ky = 0u; ky < kh; ky++) {
		for (uint kx = 0u; kx < kw; kx++) {
			int q = int((ky * dh * wp + kx * dw) * quads);
			int end = q + int(quads);
			for (; q < end; q++) {
				STEP_K(mine + q, low + q, high + q, mine2 + q,
				       low2 + q, high2 + q, p, p2)
				p += 32;
				p2 += 32;
			}
		}
	}
	uint ch = block * 32u + lane * 4u;
	put(m, ch, s);
	if (V == 2u)
		put(m, ch + 32u, t);
	if (H == 2u) {
		put(m2, ch, s2);
		if (V == 2u)
			put(m2, ch + 32u, t2);
	}
}
