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
	uint32_t i, n = 0;

	for (i = 0; i < s->n_out; i++)
		out[i] = vk_view(r, &s->out[i]);
	if (s->op != OP_FUSED)
		in[n++] = out[0];
	for (i = s->op == OP_FUSED ? 0 : s->n_base; i < s->n_in; i++)
		in[n++] = vk_view(r, &s->in[i]);
	return vk_program(s->ew, in, out, e);
}

static accel_status run_program(struct vk_record *r, const struct step *s)
{
	struct compute_elementwise e;

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

	out = vk_view(r, o);
	return compute_fill(r->rec, &out, value);
}

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
	struct compute_reduce c = {
		.op = reduce_op(s->op),
		.in = vk_view(r, &s->in[0]),
		.out = vk_view(r, &s->out[0]),
		.axes = s->attr.axes,
		.scratch = r->scratch,
	};

	c.scratch_offset = vk_take(r, compute_reduce_scratch(r->v->device, &c));
	return compute_reduce(r->rec, &c);
}

static accel_status matmul(struct vk_record *r, const struct step *s,
			   bool *tail)
{
	int nd = s->out[0].l.ndim;
	struct compute_view bias, residual;
	struct vk_epilogue e;
	struct compute_matmul m = {
		.a = vk_view(r, &s->in[0]),
		.b = vk_view(r, &s->in[1]),
		.out = vk_view(r, &s->out[0]),
	};

	*tail = s->ew && (!vk_floats(s) || !vk_epilogue(s, nd - 1, nd - 2, &e));
	if (s->ew && !*tail) {
		m.act = e.act;
		if (e.bias) {
			bias = vk_row(r, e.bias, e.bias_rows ? nd - 2 : nd - 1);
			m.bias = &bias;
			m.bias_rows = e.bias_rows;
		}
		if (e.residual) {
			residual = vk_view(r, e.residual);
			m.residual = &residual;
		}
	}
	m.scratch = r->scratch;
	m.scratch_offset = vk_take(r, compute_matmul_scratch(r->v->device, &m));
	return compute_matmul(r->rec, &m);
}

/* The ops that have launches here; those of integers, too: floats, or what the
 * op has promoted. */
static bool launches(const struct step *s)
{
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
	case OP_MATMUL:
		return true;
	default:
		return vk_launches(s);
	}
}

accel_status vk_fits(struct vulkan *v, const struct step *s, bool *fits,
		     uint64_t *scratch)
{
	struct vk_record r = { .v = v, .rec = v->measure, .scratch = v->any };
	struct compute_elementwise e;
	accel_status err;

	*fits = false;
	*scratch = 0;
	if (!launches(s) || (s->ew && !program(&r, s, &e)))
		return ACCEL_OK;
	compute_record_cost_reset(r.rec);
	err = vk_step(&r, s);
	if (err == ACCEL_ERR_NOMEM || err == ACCEL_ERR_LOST)
		return err;
	*fits = !err &&
		compute_cost_fits(v->device, compute_record_cost(r.rec));
	*scratch = r.most;
	return ACCEL_OK;
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
