// SPDX-License-Identifier: MIT
/* Steps to launches. */
#include <string.h>

#include "../../base/error.h"
#include "vulkan.h"

/* The program of a step over views: input 0 of a tail is the output itself. */
static bool program(struct vk_record *r, const struct step *s,
		    struct compute_elementwise *e)
{
	struct compute_view in[EW_MAX_IN], out[EW_MAX_OUT];
	struct buffer *const *bind = r->bind;
	uint32_t i, n = 0;

	for (i = 0; i < s->n_out; i++)
		out[i] = vk_view(&s->out[i], bind);
	if (s->op != OP_FUSED)
		in[n++] = out[0];
	for (i = s->op == OP_FUSED ? 0 : s->n_base; i < s->n_in; i++)
		in[n++] = vk_view(&s->in[i], bind);
	/* a question of sizes only, but a view has a buffer */
	for (i = 0; !bind && i < n; i++)
		in[i].buffer = r->v->any;
	for (i = 0; !bind && i < s->n_out; i++)
		out[i].buffer = r->v->any;
	return vk_program(s->ew, in, out, e);
}

static accel_status run_program(struct vk_record *r, const struct step *s)
{
	struct compute_elementwise e;

	if (!r->rec)
		return ACCEL_OK;
	if (!program(r, s, &e))
		return accel_error(ACCEL_ERR_RANGE,
				   "vulkan: a program of %u ops does not fit",
				   s->ew->n_ins);
	return compute_elementwise(r->rec, &e);
}

/* ---- the ops ---- */

static accel_status fill(struct vk_record *r, const struct operand *o,
			 double value)
{
	struct compute_view out;

	if (!r->rec)
		return ACCEL_OK;
	out = vk_view(o, r->bind);
	return compute_fill(r->rec, &out, value);
}

static accel_status copy_to(struct vk_record *r, const struct operand *from,
			    const struct operand *to)
{
	struct compute_view in, out;

	if (!r->rec)
		return ACCEL_OK;
	in = vk_view(from, r->bind);
	out = vk_view(to, r->bind);
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
	struct operand at = s->out[0];
	accel_status err;
	int d;

	err = fill(r, &s->out[0], s->attr.value);
	for (d = 0; d < at.l.ndim; d++) {
		at.l.shape[d] = s->in[0].l.shape[d];
		at.l.offset += s->attr.lo[d] * at.l.stride[d];
		at.l.stride[d] *= s->attr.step[d];
	}
	return err ? err : copy_to(r, &s->in[0], &at);
}

static enum compute_reduce_op reduce_op(enum op op)
{
	switch (op) {
	case OP_REDUCE_SUM:
		return COMPUTE_REDUCE_SUM;
	case OP_REDUCE_PROD:
		return COMPUTE_REDUCE_PROD;
	case OP_REDUCE_MAX:
		return COMPUTE_REDUCE_MAX;
	case OP_REDUCE_MIN:
		return COMPUTE_REDUCE_MIN;
	case OP_ARGMAX:
		return COMPUTE_REDUCE_ARGMAX;
	default:
		return COMPUTE_REDUCE_ARGMIN;
	}
}

static accel_status reduce(struct vk_record *r, const struct step *s)
{
	struct compute_view in, out;

	if (!r->rec)
		return ACCEL_OK;
	in = vk_view(&s->in[0], r->bind);
	out = vk_view(&s->out[0], r->bind);
	return compute_reduce(r->rec, reduce_op(s->op), &in, s->attr.axes,
			      &out);
}

static accel_status matmul(struct vk_record *r, const struct step *s,
			   bool *tail)
{
	struct buffer *const *bind = r->bind;
	int nd = s->out[0].l.ndim;
	struct compute_view bias, residual;
	struct vk_epilogue e;
	struct compute_matmul m = {
		.a = vk_view(&s->in[0], bind),
		.b = vk_view(&s->in[1], bind),
		.out = vk_view(&s->out[0], bind),
	};

	*tail = s->ew && (!vk_floats(s) || !vk_epilogue(s, nd - 1, nd - 2, &e));
	if (s->ew && !*tail) {
		m.act = e.act;
		if (e.bias) {
			bias = vk_row(e.bias, e.bias_rows ? nd - 2 : nd - 1,
				      bind);
			m.bias = &bias;
			m.bias_rows = e.bias_rows;
		}
		if (e.residual) {
			residual = vk_view(e.residual, bind);
			m.residual = &residual;
		}
	}
	m.scratch = r->scratch;
	m.scratch_offset = vk_take(r, compute_matmul_scratch(r->v->device, &m));
	return r->rec ? compute_matmul(r->rec, &m) : ACCEL_OK;
}

/* How often the loops of one invocation turn, at most: not less than with the
 * fewest lanes that share them. */
static int64_t turns(const struct step *s)
{
	const struct layout *a = &s->in[0].l, *b = &s->in[s->n_base > 1].l;
	const struct layout *y = &s->out[0].l;
	const struct op_attr *at = &s->attr;
	int64_t each, n;
	int i;

	if (!s->n_base)
		return 0;
	each = layout_count(a) / layout_count(y);
	switch (s->op) {
	case OP_REDUCE_PROD:
	case OP_REDUCE_MAX:
	case OP_REDUCE_MIN:
	case OP_ARGMAX:
	case OP_ARGMIN:
		return layout_count(y) < 8 ? each / 8 : each;
	case OP_TOPK:
		n = a->shape[a->ndim - 1];
		return n / 32 * y->shape[y->ndim - 1];
	case OP_SOFTMAX: /* the largest, the sum, the quotients */
	case OP_LOG_SOFTMAX:
		n = 3 * a->shape[at->axis];
		return at->axis == a->ndim - 1 ? n / 16 : n;
	case OP_NORMALIZE:
		for (n = 3, i = 0; i < a->ndim; i++)
			n *= at->axes & 1u << i ? a->shape[i] : 1;
		return n / 16;
	case OP_CUMSUM:
		return a->shape[at->axis];
	case OP_SCATTER_ADD:
		return b->shape[at->axis];
	case OP_MATMUL:
		return a->shape[a->ndim - 1];
	case OP_CONV:
		return b->shape[1] * (b->shape[2] + 1) * (b->shape[3] + 1);
	case OP_CONV_INPUT:
		return b->shape[0] / at->groups * (b->shape[2] + 1) *
		       (b->shape[3] + 1);
	case OP_MAX_POOL:
	case OP_MAX_POOL_INDEX:
	case OP_AVG_POOL:
	case OP_MAX_UNPOOL:
	case OP_AVG_UNPOOL:
		return (int64_t)at->kernel[0] * (at->kernel[1] + 1);
	case OP_RESIZE_ADJOINT: /* the outputs that draw from one input */
		return (2 * a->shape[2] / y->shape[2] + 3) *
		       (2 * a->shape[3] / y->shape[3] + 4);
	default:
		return 0;
	}
}

/*
 * Mesa's llvmpipe leaves a shader's loops after 65535 turns, all loops of an
 * invocation together, and says nothing (LP_MAX_TGSI_LOOP_ITERATIONS): on a
 * rasterizer what may turn more often runs on the host.
 */
#define MOST_TURNS 60000

static bool too_long(const struct vulkan *v, const struct step *s)
{
	return compute_device_info(v->device)->type == COMPUTE_DEVICE_CPU &&
	       turns(s) > MOST_TURNS;
}

bool vk_supports(struct vulkan *v, const struct step *s)
{
	struct vk_record r = { .v = v };
	struct compute_elementwise e;

	if ((s->ew && !program(&r, s, &e)) || too_long(v, s))
		return false;
	switch (s->op) {
	case OP_FUSED:
	case OP_CONST:
	case OP_CONCAT:
	case OP_PAD:
	case OP_REDUCE_SUM:
	case OP_REDUCE_PROD:
	case OP_REDUCE_MAX:
	case OP_REDUCE_MIN:
	case OP_ARGMAX:
	case OP_ARGMIN:
	case OP_MATMUL: /* floats, or integers: the op has promoted them */
		return true;
	default:
		return vk_launches(s);
	}
}

accel_status vk_step(struct vk_record *r, const struct step *s)
{
	accel_status err;
	bool tail = s->op != OP_FUSED && s->ew;

	r->used = 0;
	switch (s->op) {
	case OP_FUSED:
		return run_program(r, s);
	case OP_CONST:
		err = fill(r, &s->out[0], s->attr.value);
		break;
	case OP_CONCAT:
		err = concat(r, s);
		break;
	case OP_PAD:
		err = pad(r, s);
		break;
	case OP_MATMUL:
		err = matmul(r, s, &tail);
		break;
	case OP_REDUCE_SUM:
	case OP_REDUCE_PROD:
	case OP_REDUCE_MAX:
	case OP_REDUCE_MIN:
	case OP_ARGMAX:
	case OP_ARGMIN:
		err = reduce(r, s);
		break;
	default:
		err = vk_launch(r, s, &tail);
	}
	if (err || !tail)
		return err;
	return run_program(r, s);
}
