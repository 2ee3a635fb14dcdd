// SPDX-License-Identifier: MIT
/* Operands as views, and the temporary memory of a step. */
#include "vulkan.h"

struct compute_view vk_view(const struct vk_record *r, const struct operand *o)
{
	struct buffer *const *bind = r->bind;
	struct compute_view v = { 0 };
	int i;

	v.buffer = bind ? ((struct vk_buffer *)bind[o->slot]->mem)->buf
			: r->v->any;
	v.offset = (uint64_t)o->l.offset * accel_dtype_size(o->l.dtype);
	v.exact = bind && bind[o->slot]->foreign; /* others' bytes */
	v.dtype = o->l.dtype;
	v.rank = o->l.ndim;
	for (i = 0; i < o->l.ndim; i++) {
		v.size[i] = (uint32_t)o->l.shape[i];
		v.stride[i] = (int32_t)o->l.stride[i];
	}
	return v;
}

uint64_t vk_take(struct vk_record *r, uint64_t bytes)
{
	uint64_t at = r->used;

	r->used += (bytes + 255) / 256 * 256;
	if (r->used > r->most)
		r->most = r->used;
	return at;
}

/* A view of new scratch memory, contiguous. */
struct compute_view vk_temporary(struct vk_record *r, const struct layout *l)
{
	struct operand o = { 0, *l };
	struct compute_view v;
	struct layout dense;

	if (!layout_init(&dense, "vulkan", l->dtype, l->ndim, l->shape))
		o.l = dense;
	v = vk_view(&(struct vk_record){ .v = r->v }, &o);
	v.buffer = r->scratch;
	v.offset = vk_take(r, layout_bytes(&o.l));
	return v;
}

/* The operand's view, of a contiguous copy where it is not contiguous. */
accel_status vk_contiguous(struct vk_record *r, const struct operand *o,
			   struct compute_view *v)
{
	struct compute_view from = vk_view(r, o);

	*v = from;
	if (layout_dense(&o->l))
		return ACCEL_OK;
	*v = vk_temporary(r, &o->l);
	return compute_copy(r->rec, &from, v);
}

/* A bias is one row of what the program sees. */
struct compute_view vk_row(const struct vk_record *r, const struct operand *o,
			   int axis)
{
	struct compute_view v = vk_view(r, o);

	v.size[0] = (uint32_t)o->l.shape[axis];
	v.stride[0] = 1;
	v.rank = 1;
	return v;
}

bool vk_floats(const struct step *s)
{
	uint32_t i;

	for (i = 0; i < s->n_base; i++)
		if (!dtype_is_float(s->in[i].l.dtype))
			return false;
	return dtype_is_float(s->out[0].l.dtype);
}
