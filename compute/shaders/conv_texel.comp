#version 450
// SPDX-License-Identifier: MIT
// Convolution as matmul_texel does it: 8 output pixels by V quads of channels a
// lane. The input is [n][hp][wp][channel quads], so that a pixel's channels are
// a row of A; the weights are [o / 32][tap][channel][32].
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"

layout(local_size_x = 8) in;
layout(constant_id = 2) const uint V = 1u; // 1 or 2

// m_size: output channels, n_size: output pixels of an image
layout(push_constant) uniform P {
	uint m_size, n_size, quads; // of input channels
	float alpha;
	uint start_c, start_bias, start_res;
	uint hp, wp, ow, kh, kw, sh, sw, dh, dw;
};
#define C_BINDING 0
#include "epilogue.glsl"

layout(set = 0, binding = 3) uniform samplerBuffer ta;
layout(set = 0, binding = 4) uniform samplerBuffer tb;

#define ROW(s, i)                                                             \
	s[i] += y##i.x * b0;                                                  \
	s[i] += y##i.y * b1;                                                  \
	s[i] += y##i.z * b2;                                                  \
	s[i] += y##i.w * b3;

#define EIGHT(s, at)                                                          \
	{                                                                     \
		vec4 b0 = texelFetch(tb, at), b1 = texelFetch(tb, at + 8);    \
		vec4 b2 = texelFetch(tb, at + 16);                            \
		vec4 b3 = texelFetch(tb, at + 24);                            \
		ROW(s, 0) ROW(s, 1) ROW(s, 2) ROW(s, 3)                       \
		ROW(s, 4) ROW(s, 5) ROW(s, 6) ROW(s, 7)                       \
	}

// Where output pixel p's window starts.
int window(uint p)
{
	p = min(p, n_size - 1u);
	uint y = p / ow, x = p - y * ow;
	return int(((gl_WorkGroupID.z * hp + y * sh) * wp + x * sw) * quads);
}

// Four channels of eight pixels, turned into rows of pixels.
void put(uint channel, vec4 s[8])
{
	uint p = gl_WorkGroupID.x * 8u;
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
	uint p = gl_WorkGroupID.x * 8u, lane = gl_LocalInvocationID.x;
	uint block = gl_WorkGroupID.y * V, blocks = (m_size + 31u) >> 5;
	int r0 = window(p), r1 = window(p + 1u), r2 = window(p + 2u);
	int r3 = window(p + 3u), r4 = window(p + 4u), r5 = window(p + 5u);
	int r6 = window(p + 6u), r7 = window(p + 7u);
	uint size = kh * kw * quads * 32u; // texels of a block of weights
	int p0 = int(block * size + lane);
	int p1 = int(min(block + 1u, blocks - 1u) * size + lane);
	vec4 s[8], t[8];
	[[unroll]] for (int i = 0; i < 8; i++) {
		s[i] = vec4(0);
		t[i] = vec4(0);
	}
	for (uint ky = 0u; ky < kh; ky++) {
		for (uint kx = 0u; kx < kw; kx++) {
			int k = int((ky * dh * wp + kx * dw) * quads);
			int end = k + int(quads);
			for (; k < end; k++) {
				vec4 y0 = texelFetch(ta, r0 + k);
				vec4 y1 = texelFetch(ta, r1 + k);
				vec4 y2 = texelFetch(ta, r2 + k);
				vec4 y3 = texelFetch(ta, r3 + k);
				vec4 y4 = texelFetch(ta, r4 + k);
				vec4 y5 = texelFetch(ta, r5 + k);
				vec4 y6 = texelFetch(ta, r6 + k);
				vec4 y7 = texelFetch(ta, r7 + k);
				EIGHT(s, p0)
				p0 += 32;
				if (V == 2u) {
					EIGHT(t, p1)
					p1 += 32;
				}
			}
		}
	}
	put(block * 32u + lane * 4u, s);
	if (V == 2u)
		put(block * 32u + 32u + lane * 4u, t);
}
