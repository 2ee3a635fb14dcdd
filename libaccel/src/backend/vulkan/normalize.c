// SPDX-License-Identifier: MIT
/* Normalization and softmax: over any axes. */
#include <string.h>

#include "vulkan.h"

/* The axes as [outer, group, inner]; false where they are not so. */
static bool norm_shape(const struct step *s, struct compute_norm *n)
{
	const struct layout *l = &s->in[0].l;
	uint32_t axes = s->attr.axes;
	int i = 0;

	n->outer = n->group = n->inner = 1;
	n->batch = axes & 1;
	if (!n->batch) { /* those kept, then those normalized over */
		for (; i < l->ndim && !(axes & 1u << i); i++)
			n->outer *= (uint32_t)l->shape[i];
		for (; i < l->ndim && axes & 1u << i; i++)
			n->inner *= (uint32_t)l->shape[i];
		return i == l->ndim;
	}
	for (; i < l->ndim && axes & 1u << i; i++)
		n->outer *= (uint32_t)l->shape[i];
	for (; i < l->ndim && !(axes & 1u << i); i++)
		n->group *= (uint32_t)l->shape[i];
	for (; i < l->ndim && axes & 1u << i; i++)
		n->inner *= (uint32_t)l->shape[i];
	return i == l->ndim;
}

/* v with its dimensions in another order: first those that are kept. */
static struct compute_view kept_first(const struct compute_view *v,
				      uint32_t axes)
{
	struct compute_view t = *v;
	uint32_t n = 0;

	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t d = 0; d < v->rank; d++) {
			if ((axes >> d & 1) != pass)
				continue;
			t.size[n] = v->size[d];
			t.stride[n++] = v->stride[d];
		}
	return t;
}

/* Axes that do not lie together are brought together, and back. */
static accel_status normalize_apart(struct vk_record *r, const struct step *s,
				    struct compute_norm *n)
{
	struct compute_view in = vk_view(r, &s->in[0]), from;
	struct compute_view out = vk_view(r, &s->out[0]), to;
	uint32_t axes = s->attr.axes;
	int32_t stride = 1;
	accel_status err;

	n->in = vk_temporary(r, &s->in[0].l);
	n->out = vk_temporary(r, &s->out[0].l);
	from = kept_first(&in, axes);
	to = kept_first(&out, axes);
	memcpy(n->in.size, from.size, sizeof(from.size));
	memcpy(n->out.size, from.size, sizeof(from.size));
	n->batch = false;
	n->outer = n->group = n->inner = 1;
	for (uint32_t d = from.rank; d-- > 0;) {
		n->in.stride[d] = n->out.stride[d] = stride;
		stride *= (int32_t)from.size[d];
		*(axes >> d & 1 ? &n->inner : &n->outer) *= in.size[d];
	}
	err = compute_copy(r->rec, &from, &n->in);
	if (!err)
		err = compute_norm(r->rec, n);
	return err ? err : compute_copy(r->rec, &n->out, &to);
}

static accel_status normalize(struct vk_record *r, const struct step *s)
{
	struct compute_norm n = { .eps = (float)s->attr.value };
	accel_status err;

	if (!norm_shape(s, &n))
		return normalize_apart(r, s, &n);
	err = vk_contiguous(r, &s->in[0], &n.in);
	n.out = vk_view(r, &s->out[0]);
	return err ? err : compute_norm(r->rec, &n);
}

static accel_status softmax(struct vk_record *r, const struct step *s)
{
	struct compute_view in, out = vk_view(r, &s->out[0]);
	accel_status err = vk_contiguous(r, &s->in[0], &in);

	if (err)
		return err;
	return compute_softmax(r->rec, &in, (uint32_t)s->attr.axis,
			       s->op == OP_LOG_SOFTMAX, &out);
}

VK_OP(NORMALIZE, vk_floats, normalize)
VK_OP(SOFTMAX, vk_floats, softmax)
VK_OP(LOG_SOFTMAX, vk_floats, softmax)
