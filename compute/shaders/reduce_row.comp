#version 450
// SPDX-License-Identifier: MIT
// Reduction, one workgroup an output: every lane takes each 64th element, then
// a tree over shared memory. The order is fixed by the local size.
#extension GL_GOOGLE_include_directive : require
#include "reduce.glsl"

shared uint sv[gl_WorkGroupSize.x];
shared uint si[gl_WorkGroupSize.x];

void main()
{
	uint i = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
	uint lane = gl_LocalInvocationID.x;
	if (i >= n_out)
		return;
	uint at = kept_offset(i);
	Acc x = identity();
	for (uint r = lane; r < n_red; r += gl_WorkGroupSize.x)
		x = combine(x, element(at + gone_offset(r), r));
	sv[lane] = x.v;
	if (WITH_INDEX)
		si[lane] = x.i;
	barrier();
	for (uint s = gl_WorkGroupSize.x >> 1; s > 0u; s >>= 1) {
		if (lane < s) {
			Acc p = Acc(sv[lane], WITH_INDEX ? si[lane] : 0u);
			Acc q = Acc(sv[lane + s],
				    WITH_INDEX ? si[lane + s] : 0u);
			p = combine(p, q);
			sv[lane] = p.v;
			if (WITH_INDEX)
				si[lane] = p.i;
		}
		barrier();
	}
	if (lane == 0u)
		finish(i, Acc(sv[0], WITH_INDEX ? si[0] : 0u));
}
