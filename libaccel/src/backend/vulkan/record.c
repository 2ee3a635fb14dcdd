// SPDX-License-Identifier: MIT
/* Steps to launches: the table of ops, and whether a step runs here. */
#include <stdio.h>
#include <string.h>

#include "../../base/error.h"
#include "vulkan.h"

/* What every launch and reduction has beside its code: see VK_OP. */
#define ROW(NAME) [OP_##NAME] = &vk_op_##NAME,
#define ROW_LEAF(NAME)
#define ROW_VIEW(NAME)
#define ROW_UNARY(NAME)
#define ROW_BINARY(NAME)
#define ROW_SELECT(NAME)
#define ROW_REDUCE ROW
#define ROW_KERNEL ROW
static const struct vk_op *const vk_ops[OP_COUNT] = { ROW(CONST)
#define X(NAME, name, class, attr, ref, grad) ROW_##class(NAME)
#include "../../ops/ops.def"
};

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

bool vk_any(const struct step *s)
{
	(void)s;
	return true;
}

accel_status vk_wide(struct vk_record *r, const struct operand *o,
		     struct compute_view *v)
{
	struct compute_view from = vk_view(r, o);
	struct layout l = o->l;

	if (accel_dtype_size(l.dtype) == 4)
		return vk_contiguous(r, o, v);
	l.dtype = dtype_is_float(l.dtype) ? ACCEL_F32 : ACCEL_I32;
	*v = vk_temporary(r, &l);
	return compute_copy(r->rec, &from, v);
}

struct compute_view vk_wide_out(struct vk_record *r, const struct operand *o)
{
	struct layout l = o->l;

	if (accel_dtype_size(l.dtype) == 4)
		return vk_view(r, o);
	l.dtype = dtype_is_float(l.dtype) ? ACCEL_F32 : ACCEL_I32;
	return vk_temporary(r, &l);
}

accel_status vk_narrow(struct vk_record *r, const struct operand *o,
		       const struct compute_view *v)
{
	struct compute_view out = vk_view(r, o);

	return out.dtype == v->dtype ? ACCEL_OK : compute_copy(r->rec, v, &out);
}

static bool takes(const struct step *s)
{
	return s->op == OP_FUSED || (vk_ops[s->op] && vk_ops[s->op]->takes(s));
}

/* What a step that was measured has been decided to do, for people. */
static void explain(const struct vulkan *v, struct step *s, accel_status err)
{
	const struct compute_cost *cost = compute_record_cost(v->measure);

	if (!s->on_host) {
		snprintf(s->kernel, sizeof(s->kernel), "%s", cost->kernel);
		if (cost->tuned)
			snprintf(s->why, sizeof(s->why), "tuned");
	} else if (err) {
		snprintf(s->why, sizeof(s->why), "%s", accel_last_error());
	} else {
		compute_cost_text(v->device, cost, s->why, sizeof(s->why));
	}
}

accel_status vk_place(struct vulkan *v, struct step *s, uint64_t *scratch)
{
	struct vk_record r = { .v = v, .rec = v->measure, .scratch = v->any };
	struct compute_elementwise e;
	accel_status err;

	s->on_host = true;
	*scratch = 0;
	if (!takes(s) || (s->ew && !program(&r, s, &e))) {
		snprintf(s->why, sizeof(s->why), "no kernel for %s of %s",
			 op_table[s->op].name, accel_dtype_name(step_dtype(s)));
		return ACCEL_OK;
	}
	compute_record_cost_reset(r.rec);
	err = vk_step(&r, s);
	if (err == ACCEL_ERR_NOMEM || err == ACCEL_ERR_LOST)
		return err;
	s->on_host = err ||
		     !compute_cost_fits(v->device, compute_record_cost(r.rec));
	explain(v, s, err);
	*scratch = s->on_host ? 0 : r.most;
	return ACCEL_OK;
}

accel_status vk_step(struct vk_record *r, const struct step *s)
{
	accel_status err;

	r->used = 0;
	if (s->op == OP_FUSED)
		return run_program(r, s);
	r->tail = s->ew;
	err = vk_ops[s->op]->emit(r, s);
	return err || !r->tail ? err : run_program(r, s);
}
