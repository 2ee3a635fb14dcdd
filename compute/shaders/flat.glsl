// SPDX-License-Identifier: MIT
// The local size is constant 0. It must be declared before it is used.
layout(local_size_x_id = 0) in;

// One invocation an element, in a grid of any width.
uint flat_id()
{
	return (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) *
		       gl_WorkGroupSize.x +
	       gl_LocalInvocationID.x;
}

// One workgroup a row.
uint row_id()
{
	return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}
