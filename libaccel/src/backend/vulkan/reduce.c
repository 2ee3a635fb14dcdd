// SPDX-License-Identifier: MIT
/* Reductions. */
#include "vulkan.h"

static accel_status reduce(struct vk_record *r, const struct step *s,
			   enum compute_reduce_op op)
{
	struct compute_reduce c = {
		.op = op,
		.in = vk_view(r, &s->in[0]),
		.out = vk_view(r, &s->out[0]),
		.axes = s->attr.axes,
		.scratch = r->scratch,
	};

	c.scratch_offset = vk_take(r, compute_reduce_scratch(r->v->device, &c));
	return compute_reduce(r->rec, &c);
}

#define REDUCE(NAME, CODE)                                                     \
	static accel_status reduce_##NAME(struct vk_record *r,                 \
					  const struct step *s)                \
	{                                                                      \
		return reduce(r, s, COMPUTE_REDUCE_##CODE);                    \
	}                                                                      \
	VK_OP(NAME, vk_any, reduce_##NAME)
REDUCE(REDUCE_SUM, SUM)
REDUCE(REDUCE_PROD, PROD)
REDUCE(REDUCE_MAX, MAX)
REDUCE(REDUCE_MIN, MIN)
REDUCE(ARGMAX, ARGMAX)
REDUCE(ARGMIN, ARGMIN)
