// SPDX-License-Identifier: MIT
/* Programs that a product's or convolution's kernel can do while it stores. */
#include <string.h>

#include "vulkan.h"

static const uint8_t act_of[OP_COUNT] = {
#define UNARY(NAME, name, takes, act, slope) [OP_##NAME] = COMPUTE_ACT_##act,
#include "../../ops/ops.def"
};

/* True if the operand varies along `axis` only, element by element. */
static bool along(const struct operand *o, int axis)
{
	int i;

	for (i = 0; i < o->l.ndim; i++)
		if (o->l.shape[i] != 1 && o->l.stride[i] != (i == axis))
			return false;
	return axis >= 0;
}

static bool add(const struct step *s, const struct operand *o, int bias_axis,
		int other_axis, struct vk_epilogue *e)
{
	if (o->l.dtype != s->out[0].l.dtype)
		return false;
	if (!e->bias && !e->residual && along(o, bias_axis)) {
		e->bias = o;
		return true;
	}
	if (!e->bias && !e->residual && along(o, other_axis)) {
		e->bias = o;
		e->bias_rows = true;
		return true;
	}
	if (e->residual || !layout_dense(&o->l))
		return false;
	e->residual = o;
	return true;
}

/* product * cast(0 < r): the gradient of a ReLU whose result r is. */
static bool relu_grad(const struct step *s, struct vk_epilogue *e)
{
	const struct ew *ew = s->ew;
	const struct ew_ins *x = ew->ins;
	uint8_t zero = ew->n_in, less = zero + 1;

	if (ew->n_in != 2 || ew->n_imm != 1 || ew->imm[0] != 0 ||
	    ew->n_ins != 3 || x[0].op != OP_LT || x[0].a != zero ||
	    x[0].b != 1 || x[1].op != OP_CAST || x[1].a != less ||
	    x[2].op != OP_MUL || x[2].a + x[2].b != less + 1 ||
	    (x[2].a && x[2].b) || ew->out[0] != less + 2)
		return false;
	e->act = COMPUTE_ACT_RELU_GRAD;
	e->residual = &s->in[s->n_base];
	return e->residual->l.dtype == s->out[0].l.dtype &&
	       layout_dense(&e->residual->l);
}

bool vk_epilogue(const struct step *s, int bias_axis, int other_axis,
		 struct vk_epilogue *e)
{
	const struct ew *ew = s->ew;
	uint32_t i, now = 0; /* the value that is the product's so far */

	memset(e, 0, sizeof(*e));
	if (!ew)
		return true;
	if (ew->n_imm)
		return relu_grad(s, e);
	for (i = 0; i < ew->n_ins; i++) {
		const struct ew_ins *x = &ew->ins[i];
		uint8_t other = x->a == now ? x->b : x->a;

		if (x->op == OP_ADD && (x->a == now || x->b == now) &&
		    x->a != x->b && other > 0 && other < ew->n_in) {
			if (!add(s, &s->in[s->n_base + other - 1], bias_axis,
				 other_axis, e))
				return false;
		} else if (x->a != now || i + 1 != ew->n_ins ||
			   !act_of[x->op]) {
			return false;
		} else {
			e->act = act_of[x->op];
		}
		now = ew->n_in + i;
	}
	return ew->out[0] == now;
}
