// SPDX-License-Identifier: MIT
// The inner product of the kernels for CPU rasterizers. Those do a buffer load
// lane by lane, but a texel fetch as one 128-bit load a lane and a transpose. 8
// H rows by V vec4s a lane. A loop's sums live in the first level cache, each
// loaded once for 4 multiply-adds. A vec4's parts are apart there, so that
// transposing costs nothing. Include after defining ACROSS_A and ACROSS_B: what
// lies in memory is the transpose.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require

layout(local_size_x = 8) in;
layout(constant_id = 2) const uint V = 1u; // 1 or 2
layout(constant_id = 3) const uint H = 1u; // 1 or 2
// How all lanes come to have a value of A: by a fetch at one address, or by a
// subgroup broadcast of what each fetched (needs subgroups of 8).
layout(constant_id = 4) const uint SHARE = 0u;

#ifndef TEXELS_AT
#define TEXELS_AT 3
#endif
layout(set = 0, binding = TEXELS_AT) uniform samplerBuffer ta;
layout(set = 0, binding = TEXELS_AT + 1) uniform samplerBuffer tb;
layout(set = 0, binding = TEXELS_AT + 2) uniform samplerBuffer tr;
#define C_BINDING 0
#define RESIDUAL_QUAD(at) texelFetch(tr, int(at))
#include "epilogue.glsl"

// Columns are the four values of a row of A each, or a row of B.
mat4 turned(const bool across, vec4 x, vec4 y, vec4 z, vec4 w)
{
	mat4 m = mat4(x, y, z, w);
	if (across)
		return transpose(m);
	return m;
}

#ifndef FETCH_B
#define FETCH_B(p)                                                            \
	turned(ACROSS_B, texelFetch(tb, p.x), texelFetch(tb, p.y),            \
	       texelFetch(tb, p.z), texelFetch(tb, p.w))
#endif
#ifndef QUAD_A
#define QUAD_A(at) texelFetch(ta, at)
#endif
#define FOUR_SHARED(a, i)                                                     \
	turned(ACROSS_A, subgroupBroadcast(a, i),                             \
	       subgroupBroadcast(a, i + 1u), subgroupBroadcast(a, i + 2u),    \
	       subgroupBroadcast(a, i + 3u))
#define FOUR_FETCHED(at)                                                      \
	turned(ACROSS_A, texelFetch(ta, (at).x), texelFetch(ta, (at).y),      \
	       texelFetch(ta, (at).z), texelFetch(ta, (at).w))
// Rows 0..3 and 4..7 of A, from quads at `mine` by lane, at low and high for
// all.
#define FETCH_A(y, z, mine, low, high)                                        \
	if (SHARE != 0u) {                                                    \
		vec4 a = QUAD_A(mine);                                        \
		y = FOUR_SHARED(a, 0u);                                       \
		z = FOUR_SHARED(a, 4u);                                       \
	} else {                                                              \
		y = FOUR_FETCHED(low);                                        \
		z = FOUR_FETCHED(high);                                       \
	}

#define ROW(s, of, b)                                                         \
	s += of.x * b[0];                                                     \
	s += of.y * b[1];                                                     \
	s += of.z * b[2];                                                     \
	s += of.w * b[3];
#define EIGHT(s, y, z, b)                                                     \
	ROW(s[0], y[0], b) ROW(s[1], y[1], b)                                 \
	ROW(s[2], y[2], b) ROW(s[3], y[3], b)                                 \
	ROW(s[4], z[0], b) ROW(s[5], z[1], b)                                 \
	ROW(s[6], z[2], b) ROW(s[7], z[3], b)

// The sums: s and t side by side, s2 and t2 below them.
#define SUMS                                                                  \
	vec4 s[8], t[8], s2[8], t2[8];                                        \
	[[unroll]] for (int i = 0; i < 8; i++) {                              \
		s[i] = t[i] = vec4(0);                                        \
		s2[i] = t2[i] = vec4(0);                                      \
	}
// One step of 4 along k: quads of A as for FETCH_A(), of B at p and p2.
#define STEP_K(mine, low, high, mine2, low2, high2, p, p2)                    \
	{                                                                     \
		mat4 b = FETCH_B(p), y, z, y2, z2;                            \
		FETCH_A(y, z, mine, low, high)                                \
		if (H == 2u)                                                  \
			FETCH_A(y2, z2, mine2, low2, high2)                   \
		EIGHT(s, y, z, b)                                             \
		if (H == 2u) {                                                \
			EIGHT(s2, y2, z2, b)                                  \
		}                                                             \
		if (V == 2u) {                                                \
			b = FETCH_B(p2);                                      \
			EIGHT(t, y, z, b)                                     \
			if (H == 2u) {                                        \
				EIGHT(t2, y2, z2, b)                          \
			}                                                     \
		}                                                             \
	}
