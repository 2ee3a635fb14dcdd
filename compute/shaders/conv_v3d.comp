#version 450
// SPDX-License-Identifier: MIT
// Convolution as matmul_v3d does it: 8 output channels by 4 output pixels in
// registers (12 by 4 spill: there are more addresses). The input is padded
// planes [n][c][hp][wp], the weights panels [o / 8][c][tap][8], padded to whole
// workgroups.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x = 16, local_size_y = 4) in;

// m_size: output channels, n_size: output pixels of an image
layout(push_constant) uniform P {
	uint m_size, n_size, channels;
	float alpha;
	uint start_c, start_bias, start_res;
	uint hp, wp, ow, kh, kw, sh, sw, dw;
	uint next_row, next_plane; // dh wp - kw dw, hp wp - kh dh wp
};
#define C_BINDING 2
#include "epilogue.glsl"

layout(std430, set = 0, binding = 0) restrict readonly buffer A_ { vec4 a[]; };
layout(std430, set = 0, binding = 1) restrict readonly buffer B_ { float b[]; };

// The sums start at the bias: after the loop it would be more live values.
#define START(i) bias4(min(panel * 8u + i, m_size - 1u), n)

uint window(uint p)
{
	p = min(p, n_size - 1u);
	uint y = p / ow;
	return y * sh * wp + (p - y * ow) * sw;
}

void main()
{
	uint n = gl_GlobalInvocationID.x * 4u;
	uint panel = gl_GlobalInvocationID.y, z = gl_GlobalInvocationID.z;
	vec4 s0 = START(0u), s1 = START(1u), s2 = START(2u), s3 = START(3u);
	vec4 s4 = START(4u), s5 = START(5u), s6 = START(6u), s7 = START(7u);
	uint ia = panel * channels * kh * kw * 2u;
	uint base = z * channels * hp * wp;
	uint i0 = base + window(n), i1 = base + window(n + 1u);
	uint i2 = base + window(n + 2u), i3 = base + window(n + 3u);
	uint k = 0u;
	for (uint c = 0u; c < channels; c++) {
		for (uint ky = 0u; ky < kh; ky++) {
			for (uint kx = 0u; kx < kw; kx++) {
				vec4 x = vec4(b[i0 + k], b[i1 + k], b[i2 + k],
					      b[i3 + k]);
				k += dw;
				vec4 a0 = a[ia], a1 = a[ia + 1u];
				ia += 2u;
				s0 += a0.x * x;
				s1 += a0.y * x;
				s2 += a0.z * x;
				s3 += a0.w * x;
				s4 += a1.x * x;
				s5 += a1.y * x;
				s6 += a1.z * x;
				s7 += a1.w * x;
			}
			k += next_row;
		}
		k += next_plane;
	}
	uint m = panel * 8u;
	if (n >= n_size)
		return;
	uint at = (z * m_size + m) * n_size + n;
#define PUT(i)                                                                \
	if (m + uint(i) < m_size) {                                           \
		emit4(at, n, s##i, vec4(0));                    \
		at += n_size;                                                 \
	}
	PUT(0) PUT(1) PUT(2) PUT(3) PUT(4) PUT(5)
	PUT(6) PUT(7)
}
