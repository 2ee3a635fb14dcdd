// SPDX-License-Identifier: MIT
// One invocation an element, in a grid of any width. Include after the local
// size is declared: before, gl_WorkGroupSize is 1.
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
