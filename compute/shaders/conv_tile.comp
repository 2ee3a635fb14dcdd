#version 450
// SPDX-License-Identifier: MIT
// Convolution and both its gradients as products in tiles through shared
// memory. Nothing is packed: where an element of B lies in the image follows
// from its row and column while a piece is read.
//
//   C[m, n] = sum over k of A[m, k] B[k, n]
//
// A row k is three indices (plane, y, x) of k_h by k_w planes, a column n of n_h
// by n_w planes. A and C have strides; B[k, n] is the pixel
//   y = n.y s_n.y + k.y s_k.y - pad.y, x likewise
// of the plane that both choose, 0 outside of it.
//
//               m               n                 k
//   forward     output channel  image, pixel      input channel, tap
//   by input    input channel   image, pixel      output channel, tap
//   by weights  output channel  in. channel, tap  image, output pixel
//
// The gradient by the input is a convolution with steps backwards (s_k of
// -dilation). With strides it is one for each remainder of an input pixel by
// them (a phase), over those taps alone that meet such pixels.
#extension GL_GOOGLE_include_directive : require
#include "tile.glsl"
#include "common.glsl"
#include "flat.glsl"

layout(constant_id = 3) const uint TYPES = 0u; // a, b: 3 bits each
// Of the gradient by the input: s_n is the stride, s_k the dilation, n_h, n_w
// are the image's and k_h, k_w the kernel's.
layout(constant_id = 4) const bool PHASES = false;

layout(push_constant) uniform P {
	uint m_size, n_size, k_size; // of a group
	float alpha;
	uint start_a, start_b, start_c, start_bias, start_res;
	uint n_h, n_w, k_h, k_w;
	uint h, w; // of B's planes
	uint a_group, a_m, a_plane, a_y;
	uint b_group, b_n, b_k; // to the next plane
	uint sn_y, sn_x, sk_y, sk_x, pad_y, pad_x;
	uint c_m, c_plane;
	uint k_part, groups; // workgroups' z: part of the sum, group, phase
};
#define C_BINDING 2
#include "epilogue.glsl"

layout(std430, set = 0, binding = 0) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 1) readonly buffer B_ { uint b[]; };
DEFINE_LOAD(load_a, a)
DEFINE_LOAD(load_b, b)

// (plane, y, x) of planes of `size`.
uvec3 split(uint i, uvec2 size)
{
	uint row = i / size.y, plane = row / size.x;
	return uvec3(plane, row - plane * size.x, i - row * size.y);
}

// The sum of two such.
uvec3 advance(uvec3 i, uvec3 by, uvec2 size)
{
	i += by;
	if (i.z >= size.y) {
		i.z -= size.y;
		i.y++;
	}
	if (i.y >= size.x) {
		i.y -= size.x;
		i.x++;
	}
	return i;
}

// A phase along one axis: taps first, first + step, ... of `taps`, and the
// output pixel that the first of them meets.
struct axis {
	uint first, step, taps;
	int at;
};

axis phase_of(uint phase, uint stride, uint dilation, uint pad, uint taps)
{
	axis r = axis(0u, 1u, 0u, 0);
	int t = int(phase + pad);
	while (r.step * dilation % stride != 0u)
		r.step++;
	// taps further on only repeat the remainders
	while (r.first < r.step && t / int(stride) * int(stride) != t) {
		r.first++;
		t -= int(dilation);
	}
	if (r.first < min(r.step, taps))
		r.taps = (taps - r.first + r.step - 1u) / r.step;
	r.at = t / int(stride);
	return r;
}

// Where column n lies in a row of C.
uint place(uint n, uvec2 size, uvec2 phase)
{
	uvec3 i = split(n, size);
	if (PHASES) // n_w and sn_x are the image's
		return i.x * c_plane + (i.y * sn_y + phase.x) * n_w +
		       i.z * sn_x + phase.y;
	return i.x * c_plane + n - i.x * n_h * n_w;
}

void put(uint at, uint m, uint n, vec4 x, uint e)
{
	if (WIDE)
		emit4(at, n, x, bias4(m, n));
	else
		emit1(at, m, n, x[e]);
}

void main()
{
	uint id = gl_LocalInvocationIndex, z = gl_WorkGroupID.z;
	uvec2 n_dims = uvec2(n_h, n_w), k_dims = uvec2(k_h, k_w);
	uvec2 sn = uvec2(sn_y, sn_x), sk = uvec2(sk_y, sk_x), phase = uvec2(0);
	uvec2 pad = uvec2(pad_y, pad_x), a_step = uvec2(a_y, 1u);
	uint ia = start_a, columns = n_size, k_all = k_size;
	if (PHASES) {
		uint p = z % (sn.x * sn.y);
		z /= sn.x * sn.y;
		phase = uvec2(p / sn.y, p % sn.y);
		axis y = phase_of(phase.x, sn.x, sk.x, pad.x, k_h);
		axis x = phase_of(phase.y, sn.y, sk.y, pad.y, k_w);
		n_dims = (n_dims - min(phase, n_dims) + sn - 1u) / sn;
		columns = n_size / (n_h * n_w) * n_dims.x * n_dims.y;
		k_dims = max(uvec2(y.taps, x.taps), uvec2(1));
		k_all = k_size / (k_h * k_w) * y.taps * x.taps;
		ia += y.first * a_y + x.first;
		a_step *= uvec2(y.step, x.step);
		pad = uvec2(-y.at, -x.at);
		sk = -(sk * uvec2(y.step, x.step) / sn);
		sn = uvec2(1);
	}
	uint group = z % groups;
	uint k_first = z / groups * k_part;
	uint k_end = min(k_first + k_part, k_all);
	// rows first: their workgroups share what they read of the image
	uint down = (m_size + T - 1u) / T, tile = row_id();
	uint m0 = tile % down * T, n0 = tile / down * T;
	if (n0 >= columns)
		return;

	// A: a row k, and rows m; B: a column n, and rows k
	uint m = m0 + id / K, ka = k_first + id % K;
	ia += group * a_group + m * a_m;
	uvec3 at_a = split(ka, k_dims), next_a = split(K, k_dims);
	uint n = n0 + id % T, kb = k_first + id / T;
	uvec3 at_n = split(n, n_dims);
	uvec3 at_b = split(kb, k_dims);
	const uint deep = SIDE / (4u * QUADS); // rows k that are read at once
	uvec3 next_b = split(deep, k_dims);
	uint ib = start_b + group * b_group + at_n.x * b_n;
	uvec2 origin = at_n.yz * sn - pad; // may be below 0, and wraps
	tile_clear();
	for (uint k0 = k_first; k0 < k_end; k0 += K) {
		uint ja = ia + at_a.x * a_plane + at_a.y * a_step.x +
			  at_a.z * a_step.y;
		[[unroll]] for (uint j = 0u; j < T; j += SIDE * SIDE / K)
			sa[id % K * ROW + id / K + j] =
				ka < k_end && m + j < m_size
					? load_a_f(TYPES & 7u, ja + j * a_m)
					: 0.0;
		[[unroll]] for (uint j = 0u; j < K; j += deep) {
			uvec2 i = origin + at_b.yz * sk;
			bool inside = i.x < h && i.y < w && n < columns &&
				      kb < k_end;
			sb[(id / T + j) * ROW + id % T] =
				inside ? load_b_f(TYPES >> 3,
						  ib + at_b.x * b_k + i.x * w +
							  i.y)
				       : 0.0;
			at_b = advance(at_b, next_b, k_dims);
			kb += deep;
		}
		at_a = advance(at_a, next_a, k_dims);
		ka += K;
		tile_add();
	}

	uint row = group * m_size; // of the bias
	uint ic = z * m_size * c_m;
	[[unroll]] for (uint q = 0u; q < QUADS; q++) {
		[[unroll]] for (uint p = 0u; p < QUADS; p++) {
			m = m0 + TILE_ROW(p, 0u);
			n = n0 + TILE_COLUMN(q);
			// four columns of a plane at once, or one by one
			uint end = min(columns, n + (WIDE ? 1u : 4u));
			for (uint e = n; e < end; e++) {
				uint at = ic + place(e, n_dims, phase);
				for (uint i = m; i < min(m_size, m + 4u); i++)
					put(at + i * c_m, row + i, e,
					    tile_sum(p, i - m, q), e - n);
			}
		}
	}
}
