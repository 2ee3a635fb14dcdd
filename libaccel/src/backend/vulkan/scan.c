// SPDX-License-Identifier: MIT
/* Running sums, and the largest of a row. */
#include "vulkan.h"

static accel_status cumsum(struct vk_record *r, const struct step *s)
{
	struct compute_view in, out = vk_wide_out(r, &s->out[0]);
	accel_status err = vk_wide(r, &s->in[0], &in);

	if (err)
		return err;
	err = compute_cumsum(r->rec, &in, (uint32_t)s->attr.axis, false,
			     s->attr.mode, &out);
	return err ? err : vk_narrow(r, &s->out[0], &out);
}

static accel_status topk(struct vk_record *r, const struct step *s)
{
	struct compute_view in, values, out = vk_view(r, &s->out[0]);
	accel_status err = vk_contiguous(r, &s->in[0], &in);
	struct layout l = s->out[0].l;

	l.dtype = s->in[0].l.dtype;
	values = vk_temporary(r, &l);
	return err ? err : compute_topk(r->rec, &in, false, &values, &out);
}

VK_OP(CUMSUM, vk_any, cumsum)
VK_OP(TOPK, vk_any, topk)
