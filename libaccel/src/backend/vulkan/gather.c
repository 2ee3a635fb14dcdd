// SPDX-License-Identifier: MIT
/* Indexing. */
#include "vulkan.h"

/* True if the index is the same along all but the axis: rows are meant. */
static bool by_rows(const struct operand *index, int axis)
{
	int i;

	for (i = 0; i < index->l.ndim; i++)
		if (index->l.shape[i] != 1 && index->l.stride[i] != (i == axis))
			return false;
	return true;
}

static accel_status take_index(struct vk_record *r, const struct step *s,
			       struct compute_view *index, bool *rows)
{
	*rows = by_rows(&s->in[1], s->attr.axis);
	if (!*rows)
		return vk_contiguous(r, &s->in[1], index);
	*index = vk_row(r, &s->in[1], s->attr.axis);
	return ACCEL_OK;
}

static accel_status gather(struct vk_record *r, const struct step *s)
{
	struct compute_view in, index, out = vk_view(r, &s->out[0]);
	uint32_t axis = (uint32_t)s->attr.axis;
	accel_status err;
	bool rows;

	err = vk_contiguous(r, &s->in[0], &in);
	if (!err)
		err = take_index(r, s, &index, &rows);
	if (err)
		return err;
	return rows ? compute_gather(r->rec, &in, axis, &index, &out)
		    : compute_gather_along(r->rec, &in, axis, &index, &out);
}

static accel_status scatter_add(struct vk_record *r, const struct step *s)
{
	struct compute_view base = vk_view(r, &s->in[0]), src, index;
	struct compute_view out = vk_wide_out(r, &s->out[0]);
	uint32_t axis = (uint32_t)s->attr.axis;
	accel_status err;
	bool rows;

	err = vk_wide(r, &s->in[2], &src);
	if (!err)
		err = take_index(r, s, &index, &rows);
	if (!err)
		err = compute_copy(r->rec, &base, &out);
	if (err)
		return err;
	err = rows ? compute_scatter_add(r->rec, &src, axis, &index, &out)
		   : compute_scatter_add_along(r->rec, &src, axis, &index,
					       &out);
	return err ? err : vk_narrow(r, &s->out[0], &out);
}

VK_OP(GATHER, vk_any, gather)
VK_OP(SCATTER_ADD, vk_any, scatter_add)
