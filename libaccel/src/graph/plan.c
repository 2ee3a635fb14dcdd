// SPDX-License-Identifier: MIT
/* What a plan costs, and its end. */
#include "plan.h"

#include "../base/alloc.h"
#include "ir.h"

void plan_free(struct accel_context *ctx, struct plan *p)
{
	uint32_t i;

	if (!p)
		return;
	if (p->exe)
		ctx->dev->ops->release(ctx->dev, p);
	for (i = 0; i < p->n_steps; i++) {
		mem_free(p->steps[i].in);
		mem_free(p->steps[i].ew);
	}
	mem_free(p->steps);
	mem_free(p->slots);
	mem_free(p->key);
	mem_free(p);
}

static double base_flops(const struct step *s)
{
	const struct layout *out = &s->out[0].l, *in = &s->in[0].l;
	double n = (double)layout_count(out);

	switch (s->op) {
	case OP_MATMUL:
		return 2 * n * (double)in->shape[in->ndim - 1];
	case OP_CONV: /* in[1] is w [O, C/g, KH, KW] */
	case OP_CONV_INPUT:
		in = s->op == OP_CONV ? out : in;
		return 2 * (double)layout_count(in) *
		       (double)layout_count(&s->in[1].l) /
		       (double)s->in[1].l.shape[0];
	case OP_CONV_WEIGHT:
		return 2 * (double)layout_count(&s->in[1].l) * n /
		       (double)out->shape[0];
	case OP_SOFTMAX:
	case OP_LOG_SOFTMAX:
	case OP_NORMALIZE:
		return 5 * n;
	case OP_MAX_POOL:
	case OP_AVG_POOL:
		return n * s->attr.kernel[0] * s->attr.kernel[1];
	case OP_FUSED:
		return 0;
	default:
		return s->n_base ? (double)layout_count(in) : 0;
	}
}

double step_flops(const struct step *s)
{
	double f = base_flops(s);

	if (s->ew)
		f += (double)layout_count(&s->out[0].l) * s->ew->n_ins;
	return f;
}
