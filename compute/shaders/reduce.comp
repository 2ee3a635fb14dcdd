#version 450
// SPDX-License-Identifier: MIT
// Reduction, one invocation an output: for short or many reductions.
#extension GL_GOOGLE_include_directive : require
#include "reduce.glsl"

void main()
{
	uint i = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) *
			 gl_WorkGroupSize.x +
		 gl_LocalInvocationID.x;
	if (i >= n_out)
		return;
	uint at = kept_offset(i);
	Acc total = identity();
	// blocks of 64, so that a long sum keeps its precision
	for (uint r = 0u; r < n_red; r += 64u) {
		Acc part = identity();
		uint end = min(r + 64u, n_red);
		if (GONE == 1u) {
			uint k = at + r * stride[KEPT];
			for (uint j = r; j < end; j++) {
				part = combine(part, element(k, j));
				k += stride[KEPT];
			}
		} else {
			for (uint j = r; j < end; j++)
				part = combine(part,
					       element(at + gone_offset(j), j));
		}
		total = combine(total, part);
	}
	finish(i, total);
}
