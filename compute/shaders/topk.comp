#version 450
// SPDX-License-Identifier: MIT
// The k best of each row, one after the other: a workgroup a row. Values are
// mapped to unsigned keys that sort as they do.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint TYPE = 0u;
layout(constant_id = 2) const uint SMALLEST = 0u;
layout(push_constant) uniform P {
	uint rows, n, k, start_v, start_i, start_a;
};
layout(std430, set = 0, binding = 0) buffer V_ { uint v[]; };
layout(std430, set = 0, binding = 1) writeonly buffer I_ { uint ix[]; };
layout(std430, set = 0, binding = 2) readonly buffer A_ { uint a[]; };
DEFINE_LOAD(load_a, a)
DEFINE_STORE(store_v, v)

shared uint keys[gl_WorkGroupSize.x];
shared uint places[gl_WorkGroupSize.x];

uint key(uint bits)
{
	uint r = bits ^ 0x80000000u;
	if (is_float(TYPE)) {
		if ((bits & 0x7fffffffu) > 0x7f800000u)
			r = 0xffffffffu;
		else if ((bits & 0x7fffffffu) == 0u)
			r = 0x80000000u;
		else if ((bits & 0x80000000u) != 0u)
			r = ~bits;
	}
	return SMALLEST != 0u ? ~r : r;
}

bool before(uint k0, uint p0, uint k1, uint p1)
{
	return k0 > k1 || (k0 == k1 && p0 < p1);
}

void main()
{
	uint row = row_id(), lane = gl_LocalInvocationID.x;
	if (row >= rows)
		return;
	uint last_key = 0xffffffffu, last = 0xffffffffu;
	bool first = true;
	for (uint r = 0u; r < k; r++) {
		uint best = 0u, at = 0xffffffffu;
		for (uint j = lane; j < n; j += gl_WorkGroupSize.x) {
			uint x = key(load_a(TYPE, start_a + row * n + j));
			bool open = first || before(last_key, last, x, j);
			if (open && (at == 0xffffffffu ||
				     before(x, j, best, at))) {
				best = x;
				at = j;
			}
		}
		keys[lane] = best;
		places[lane] = at;
		barrier();
		for (uint s = gl_WorkGroupSize.x >> 1; s > 0u; s >>= 1) {
			if (lane < s &&
			    places[lane + s] != 0xffffffffu &&
			    (places[lane] == 0xffffffffu ||
			     before(keys[lane + s], places[lane + s],
				    keys[lane], places[lane]))) {
				keys[lane] = keys[lane + s];
				places[lane] = places[lane + s];
			}
			barrier();
		}
		last_key = keys[0];
		last = places[0];
		first = false;
		barrier();
		if (lane == 0u) {
			store_v(TYPE, start_v + row * k + r,
				load_a(TYPE, start_a + row * n + last));
			ix[start_i + row * k + r] = last;
		}
	}
}
