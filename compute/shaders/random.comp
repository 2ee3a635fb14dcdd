#version 450
// SPDX-License-Identifier: MIT
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy
// as 1, 2, 3. SC'11): four numbers an invocation.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "math.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint KIND = 0u; // enum compute_random_kind
layout(constant_id = 2) const uint TYPE = 0u;
layout(push_constant) uniform P {
	uint total, stream, start_o, start_s;
	float lo, hi;
};
layout(std430, set = 0, binding = 0) buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer S_ { uint state[]; };
DEFINE_STORE(store_o, o)

uvec4 philox(uvec4 c, uvec2 key)
{
	for (int i = 0; i < 10; i++) {
		uint h0, l0, h1, l1;
		umulExtended(0xD2511F53u, c.x, h0, l0);
		umulExtended(0xCD9E8D57u, c.z, h1, l1);
		c = uvec4(h1 ^ c.y ^ key.x, l1, h0 ^ c.w ^ key.y, l0);
		key += uvec2(0x9E3779B9u, 0xBB67AE85u);
	}
	return c;
}

void main()
{
	uint e = flat_id();
	if (e * 4u >= total)
		return;
	uvec4 r = philox(uvec4(e, state[start_s + 2u], stream, 0u),
			 uvec2(state[start_s], state[start_s + 1u]));
	// 24 bits: every value is exact, and below 1
	vec4 u = vec4(r >> 8) * (1.0 / 16777216.0), x;
	if (KIND == 0u)
		x = lo + (hi - lo) * u;
	if (KIND == 1u) {
		// (0, 1] for the logarithm
		vec2 m = sqrt(-2.0 * log((vec2(r.xz >> 8) + 1.0) *
					 (1.0 / 16777216.0)));
		vec2 t = 6.283185307179586 * u.yw;
		vec2 c = cos4(t.xyxy).xy, s = sin4(t.xyxy).xy;
		x = lo + hi * vec4(m.x * c.x, m.x * s.x, m.y * c.y, m.y * s.y);
	}
	if (KIND == 2u)
		x = mix(vec4(0), vec4(hi), lessThan(u, vec4(lo)));
	for (uint j = 0u; j < 4u; j++) {
		uint at = e * 4u + j;
		if (at >= total)
			return;
		if (KIND == 3u)
			store_o(TYPE, start_o + at, r[j]);
		else
			store_o_f(TYPE, start_o + at, x[j]);
	}
}
