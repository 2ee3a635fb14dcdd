// SPDX-License-Identifier: MIT
/* Concatenation and padding. */
#include "vulkan.h"

static accel_status copy_to(struct vk_record *r, const struct operand *from,
			    const struct operand *to)
{
	struct compute_view in, out;

	in = vk_view(r, from);
	out = vk_view(r, to);
	out.exact = true; /* the border around it, the next part */
	return compute_copy(r->rec, &in, &out);
}

static accel_status concat(struct vk_record *r, const struct step *s)
{
	struct operand at = s->out[0];
	accel_status err = ACCEL_OK;
	int axis = s->attr.axis;
	uint32_t i;

	for (i = 0; i < s->n_base && !err; i++) {
		at.l.shape[axis] = s->in[i].l.shape[axis];
		err = copy_to(r, &s->in[i], &at);
		at.l.offset += at.l.shape[axis] * at.l.stride[axis];
	}
	return err;
}

static accel_status pad(struct vk_record *r, const struct step *s)
{
	struct compute_view out = vk_view(r, &s->out[0]);
	accel_status err = compute_fill(r->rec, &out, s->attr.value);
	struct operand at = s->out[0];
	int d;

	for (d = 0; d < at.l.ndim; d++) {
		at.l.shape[d] = s->in[0].l.shape[d];
		at.l.offset += s->attr.lo[d] * at.l.stride[d];
		at.l.stride[d] *= s->attr.step[d];
	}
	return err ? err : copy_to(r, &s->in[0], &at);
}

VK_OP(CONCAT, vk_any, concat)
VK_OP(PAD, vk_any, pad)
