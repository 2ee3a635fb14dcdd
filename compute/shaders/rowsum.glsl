// SPDX-License-Identifier: MIT
// Reductions over a workgroup, in an order that its size fixes.
shared float row_part[gl_WorkGroupSize.x];

float row_sum(float x)
{
	uint lane = gl_LocalInvocationID.x;
	barrier(); // the last one's readers are done
	row_part[lane] = x;
	barrier();
	for (uint s = gl_WorkGroupSize.x >> 1; s > 0u; s >>= 1) {
		if (lane < s)
			row_part[lane] += row_part[lane + s];
		barrier();
	}
	return row_part[0];
}

// NaN wins.
float row_max(float x)
{
	uint lane = gl_LocalInvocationID.x;
	barrier();
	row_part[lane] = x;
	barrier();
	for (uint s = gl_WorkGroupSize.x >> 1; s > 0u; s >>= 1) {
		if (lane < s) {
			float y = row_part[lane + s];
			if (y > row_part[lane] || nan_bits(floatBitsToUint(y)))
				row_part[lane] = y;
		}
		barrier();
	}
	return row_part[0];
}
