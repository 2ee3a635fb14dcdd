// SPDX-License-Identifier: MIT
/* Pooling and its gradients. */
#include "vulkan.h"

static accel_status pool(struct vk_record *r, const struct step *s)
{
	struct compute_view index, in, out = vk_view(r, &s->out[0]);
	bool back = s->op == OP_MAX_UNPOOL || s->op == OP_AVG_UNPOOL;
	struct compute_pool p = { 0 };
	accel_status err;
	int i;

	p.average = s->op == OP_AVG_POOL || s->op == OP_AVG_UNPOOL;
	for (i = 0; i < 2; i++) {
		p.kernel[i] = (uint32_t)s->attr.kernel[i];
		p.stride[i] = (uint32_t)s->attr.stride[i];
		p.pad[i] = (uint32_t)s->attr.pad[i];
		p.dilation[i] = 1;
	}
	err = vk_contiguous(r, &s->in[s->op == OP_MAX_UNPOOL], &in);
	p.in = back ? out : in;
	p.out = back ? in : out;
	if (s->op == OP_MAX_POOL_INDEX) {
		struct layout l = s->out[0].l;

		l.dtype = s->in[0].l.dtype;
		p.out = vk_temporary(r, &l);
		p.index = &out;
	} else if (s->op == OP_MAX_UNPOOL) {
		err = err ? err : vk_contiguous(r, &s->in[0], &index);
		p.index = &index;
	}
	if (err)
		return err;
	return back ? compute_pool_grad(r->rec, &p) : compute_pool(r->rec, &p);
}

/* The index may be any integer. */
static bool float_result(const struct step *s)
{
	return dtype_is_float(s->out[0].l.dtype);
}

VK_OP(MAX_POOL, vk_any, pool)
VK_OP(MAX_POOL_INDEX, vk_any, pool)
VK_OP(MAX_UNPOOL, float_result, pool)
VK_OP(AVG_POOL, vk_floats, pool)
VK_OP(AVG_UNPOOL, vk_floats, pool)
