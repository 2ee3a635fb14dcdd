// SPDX-License-Identifier: MIT
/*
 * Kernels to steps: programs, operands, slots; and the arena, in which
 * temporaries whose lives do not overlap share memory.
 */
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "arena.h"
#include "ir.h"

struct lower {
	struct ir *ir;
	struct plan *plan;
	struct temp *temp;
	uint32_t n_temps;
	uint32_t *temp_of; /* by node */
	uint32_t *when; /* step of each group */
};

static bool escapes(const struct ir *ir, uint32_t node)
{
	return ir->node[node].copied || ir_escapes(ir, node);
}

/* ---- the arena ---- */

static void live_until(struct lower *w, uint32_t node, uint32_t step)
{
	struct temp *t;

	if (w->temp_of[node] == IR_NONE)
		return;
	t = &w->temp[w->temp_of[node]];
	if (step > t->last)
		t->last = step;
}

static void add_temp(struct lower *w, uint32_t node, uint32_t step)
{
	struct ir_node *n = &w->ir->node[node];
	size_t bytes = n->op == OP_CONST ? accel_dtype_size(n->l.dtype)
					 : layout_bytes(&n->l);

	w->temp_of[node] = w->n_temps;
	w->temp[w->n_temps++] = (struct temp){
		node, step,
		step, (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN,
		0,
	};
	w->plan->temp_bytes += w->temp[w->n_temps - 1].bytes;
}

static void find_temps(struct lower *w)
{
	struct ir *ir = w->ir;
	uint32_t s, i, j;

	for (s = 0; s < ir->n_order; s++) {
		uint32_t g = ir->order[s];

		w->when[g] = s;
		for (i = ir->group[g].first; i != IR_NONE;
		     i = ir->next_member[i])
			if (ir->node[i].home == HOME_TEMP && escapes(ir, i))
				add_temp(w, i, s);
		for (i = ir->group[g].first; i != IR_NONE;
		     i = ir->next_member[i])
			for (j = 0; j < ir->node[i].n_in; j++)
				live_until(w, ir->node[i].in[j].node, s);
	}
	for (i = 0; i < ir->n_copies; i++)
		live_until(w, ir->copy[i].node, ir->n_order + i);
}

static accel_status place_temps(struct lower *w)
{
	uint32_t i;
	accel_status err =
		arena_place(w->temp, w->n_temps, &w->plan->arena_bytes);

	for (i = 0; i < w->n_temps; i++)
		w->temp_of[w->temp[i].node] = i;
	return err;
}

/* ---- slots ---- */

static accel_status make_slots(struct lower *w)
{
	struct plan *p = w->plan;
	struct ir *ir = w->ir;
	uint32_t n = 0, i;

	p->n_slots = p->n_leaves + p->n_results + 2;
	p->slots = mem_zalloc(p->n_slots * sizeof(*p->slots));
	if (!p->slots)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < p->n_leaves; i++)
		p->slots[n++] = (struct slot){ SLOT_LEAF, i, 0 };
	for (i = 0; i < p->n_results; i++) {
		size_t bytes = layout_bytes(&ir->node[ir->result[i]].l);

		p->slots[n++] = (struct slot){ SLOT_RESULT, i, bytes };
		p->result_bytes += bytes;
	}
	p->params_slot = n;
	p->slots[n++] = (struct slot){ SLOT_PARAMS, 0, p->n_params * 16 };
	p->arena_slot = n;
	p->slots[n++] = (struct slot){ SLOT_ARENA, 0, p->arena_bytes };
	return ACCEL_OK;
}

static struct operand operand(const struct lower *w, uint32_t node,
			      const struct layout *l)
{
	const struct ir_node *n = &w->ir->node[node];
	struct operand o = { 0, *l };
	size_t bytes = 0;

	if (n->op == OP_DATA) {
		o.slot = n->slot;
	} else if (n->op == OP_SCALAR) {
		o.slot = w->plan->params_slot;
		bytes = n->slot * 16;
	} else if (n->home == HOME_LEAF) {
		o.slot = n->home_index;
	} else if (n->home == HOME_RESULT) {
		o.slot = w->plan->n_leaves + n->home_index;
	} else {
		o.slot = w->plan->arena_slot;
		bytes = w->temp[w->temp_of[node]].offset;
	}
	o.l.offset += (int64_t)(bytes / accel_dtype_size(l->dtype));
	return o;
}

/* ---- programs ---- */

struct program {
	struct ew ew;
	struct operand in[EW_MAX_IN];
	struct operand out[EW_MAX_OUT];
	uint32_t n_extra; /* inputs that are operands */
	uint32_t member[EW_MAX_INS * 3];
	uint8_t value[EW_MAX_INS * 3]; /* of each member */
	uint32_t n_members;
	bool overflow;
};

static int find_member(const struct program *p, uint32_t node)
{
	uint32_t i;

	for (i = 0; i < p->n_members; i++)
		if (p->member[i] == node)
			return (int)i;
	return -1;
}

static bool same_operand(const struct operand *a, const struct operand *b)
{
	/* not all bytes of a layout mean something */
	return a->slot == b->slot && a->l.offset == b->l.offset &&
	       a->l.dtype == b->l.dtype && layout_same_shape(&a->l, &b->l) &&
	       !memcmp(a->l.stride, b->l.stride,
		       a->l.ndim * sizeof(a->l.stride[0]));
}

/* Numbers an outside input or an immediate; `first` is the value of input 0. */
static uint8_t outside(const struct lower *w, struct program *p,
		       const struct ir_input *in, uint32_t base)
{
	const struct ir_node *from = &w->ir->node[in->node];
	struct operand o;
	uint32_t i;

	if (from->op == OP_CONST) {
		for (i = 0; i < p->ew.n_imm; i++)
			if (ir_same_number(p->ew.imm[i], from->value) &&
			    p->ew.dtype[EW_MAX_IN + i] == from->l.dtype)
				return (uint8_t)(EW_MAX_IN + i);
		if (i == EW_MAX_IMM) {
			p->overflow = true;
			return 0;
		}
		p->ew.imm[p->ew.n_imm++] = from->value;
		p->ew.dtype[EW_MAX_IN + i] = from->l.dtype;
		return (uint8_t)(EW_MAX_IN + i);
	}
	o = operand(w, in->node, &in->l);
	for (i = 0; i < p->n_extra; i++)
		if (same_operand(&p->in[i], &o))
			return (uint8_t)(base + i);
	if (base + p->n_extra == EW_MAX_IN) {
		p->overflow = true;
		return 0;
	}
	p->in[p->n_extra++] = o;
	p->ew.dtype[base + i] = o.l.dtype;
	return (uint8_t)(base + i);
}

/*
 * Emits the members of a group. While it runs, inputs are numbered from 0,
 * immediates from EW_MAX_IN and results from EW_MAX_IN + EW_MAX_IMM; compact()
 * closes the gaps.
 */
static void emit(const struct lower *w, uint32_t g, struct program *p)
{
	struct ir *ir = w->ir;
	uint32_t base = ir->group[g].base, i, j, first = base != IR_NONE;
	const uint8_t results = EW_MAX_IN + EW_MAX_IMM;

	memset(p, 0, sizeof(*p));
	for (i = ir->group[g].first; i != IR_NONE; i = ir->next_member[i]) {
		const struct ir_node *n = &ir->node[i];
		uint8_t arg[3] = { 0 }, value;

		if (i == base) {
			value = 0;
			p->ew.dtype[0] = n->l.dtype;
		} else {
			for (j = 0; j < n->n_in; j++) {
				const struct ir_input *in = &n->in[j];
				int m = find_member(p, in->node);

				if (m >= 0 && ir_aligned(ir, in, &n->l))
					arg[j] = p->value[m];
				else
					arg[j] = outside(w, p, in, first);
			}
			if (n->op == OP_COPY) {
				value = arg[0];
			} else if (p->ew.n_ins == EW_MAX_INS) {
				p->overflow = true;
				return;
			} else {
				value = (uint8_t)(results + p->ew.n_ins);
				p->ew.dtype[value] = n->l.dtype;
				p->ew.ins[p->ew.n_ins++] = (struct ew_ins){
					(uint8_t)n->op, n->l.dtype, arg[0],
					arg[1],         arg[2],
				};
			}
		}
		if (p->n_members == EW_MAX_INS * 3) {
			p->overflow = true;
			return;
		}
		p->member[p->n_members] = i;
		p->value[p->n_members++] = value;
		if (i == base && ir->group[g].n > 1)
			continue;
		if (!escapes(ir, i) && ir->group[g].n > 1)
			continue;
		if (p->ew.n_out == EW_MAX_OUT) {
			p->overflow = true;
			return;
		}
		p->out[p->ew.n_out] = operand(w, i, &n->l);
		p->ew.out[p->ew.n_out++] = value;
	}
	p->ew.n_in = (uint8_t)(first + p->n_extra);
}

static void renumber(const struct ew *ew, uint8_t *v)
{
	if (*v >= EW_MAX_IN + EW_MAX_IMM)
		*v = (uint8_t)(*v - (EW_MAX_IN - ew->n_in) -
			       (EW_MAX_IMM - ew->n_imm));
	else if (*v >= EW_MAX_IN)
		*v = (uint8_t)(*v - (EW_MAX_IN - ew->n_in));
}

static void compact(struct ew *ew)
{
	uint32_t i;

	for (i = 0; i < ew->n_ins; i++) {
		renumber(ew, &ew->ins[i].a);
		renumber(ew, &ew->ins[i].b);
		renumber(ew, &ew->ins[i].c);
	}
	for (i = 0; i < ew->n_out; i++)
		renumber(ew, &ew->out[i]);
	memmove(ew->dtype + ew->n_in, ew->dtype + EW_MAX_IN, ew->n_imm);
	memmove(ew->dtype + ew->n_in + ew->n_imm,
		ew->dtype + EW_MAX_IN + EW_MAX_IMM, ew->n_ins);
}

/* ---- steps ---- */

static accel_status make_step(struct lower *w, uint32_t g, struct step *s)
{
	struct ir *ir = w->ir;
	uint32_t base = ir->group[g].base, i, n = 0;
	const struct ir_node *b = base == IR_NONE ? NULL : &ir->node[base];
	struct program p;

	memset(s, 0, sizeof(*s));
	emit(w, g, &p);
	if (p.overflow)
		return accel_error(ACCEL_ERR_RANGE,
				   "plan: a fused kernel of %u nodes is too "
				   "large",
				   ir->group[g].n);
	s->op = b ? b->op : OP_FUSED;
	s->n_base = b ? b->n_in : 0;
	s->n_in = s->n_base + p.n_extra;
	s->in = mem_zalloc(s->n_in * sizeof(*s->in));
	if (!s->in)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < s->n_base; i++)
		s->in[n++] = operand(w, b->in[i].node, &b->in[i].l);
	for (i = 0; i < p.n_extra; i++)
		s->in[n++] = p.in[i];
	s->n_out = p.ew.n_out;
	memcpy(s->out, p.out, sizeof(s->out));
	if (b)
		s->attr = *ir_attr(b);
	if (b && b->op == OP_CONST) { /* one element */
		s->out[0].l.ndim = 0;
		s->attr.value = b->value;
	}
	if (ir->group[g].n > 1 || !b) {
		s->ew = mem_alloc(sizeof(*s->ew));
		if (!s->ew)
			return ACCEL_ERR_NOMEM;
		compact(&p.ew);
		*s->ew = p.ew;
	}
	return ACCEL_OK;
}

static accel_status make_copy(struct lower *w, const struct ir_copy *c,
			      struct step *s)
{
	const struct ir_node *n = &w->ir->node[c->node];

	memset(s, 0, sizeof(*s));
	s->op = OP_FUSED;
	s->n_in = s->n_out = 1;
	s->in = mem_zalloc(sizeof(*s->in));
	s->ew = mem_zalloc(sizeof(*s->ew));
	if (!s->in || !s->ew)
		return ACCEL_ERR_NOMEM;
	s->in[0] = operand(w, c->node, &n->l);
	s->out[0] = operand(w, c->leaf, &n->l);
	s->ew->n_in = s->ew->n_out = 1;
	s->ew->dtype[0] = n->l.dtype;
	return ACCEL_OK;
}

static uint64_t touched(const struct layout *l)
{
	uint64_t n = accel_dtype_size(l->dtype);
	int i;

	for (i = 0; i < l->ndim; i++)
		if (l->stride[i])
			n *= (uint64_t)l->shape[i];
	return n;
}

static void account(struct step *s)
{
	uint32_t i;

	s->flops = step_flops(s);
	for (i = 0; i < s->n_in; i++)
		s->bytes += touched(&s->in[i].l);
	for (i = 0; i < s->n_out; i++)
		s->bytes += touched(&s->out[i].l);
}

/* Whether a group of the order, or the copy behind it, has elements: nothing is
 * done for others, and what reads one has none itself. */
static bool work(const struct ir *ir, uint32_t i)
{
	return layout_count(
		i < ir->n_order ? &ir->node[ir->group[ir->order[i]].first].l
				: &ir->node[ir->copy[i - ir->n_order].node].l);
}

static accel_status lower(struct lower *w)
{
	struct plan *p = w->plan;
	struct ir *ir = w->ir;
	accel_status err;
	uint32_t i;

	find_temps(w);
	err = place_temps(w);
	if (!err)
		err = make_slots(w);
	if (err)
		return err;
	p->steps = mem_zalloc((ir->n_order + ir->n_copies) * sizeof(*p->steps));
	if (!p->steps)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < ir->n_order + ir->n_copies && !err; i++) {
		struct step *s = &p->steps[p->n_steps];

		if (!work(ir, i))
			continue;
		p->n_steps++;
		err = i < ir->n_order
			      ? make_step(w, ir->order[i], s)
			      : make_copy(w, &ir->copy[i - ir->n_order], s);
		if (!err)
			account(s);
		if (!err && ir_stopped(ir))
			err = ACCEL_ERR_BUSY;
	}
	return err;
}

accel_status ir_lower(struct ir *ir, struct plan *plan)
{
	struct lower w = { .ir = ir, .plan = plan };
	accel_status err = ACCEL_ERR_NOMEM;
	uint32_t i;

	w.temp = mem_zalloc(ir->n * sizeof(*w.temp));
	w.temp_of = mem_alloc(ir->n * sizeof(*w.temp_of));
	w.when = mem_zalloc(ir->n * sizeof(*w.when));
	for (i = 0; w.temp_of && i < ir->n; i++)
		w.temp_of[i] = IR_NONE;
	if (w.temp && w.temp_of && w.when)
		err = lower(&w);
	mem_free(w.temp);
	mem_free(w.temp_of);
	mem_free(w.when);
	plan->n_folded = ir->n_folded;
	plan->n_merged = ir->n_merged;
	plan->n_fused = ir->n_fused;
	plan->n_edges = ir->n_edges;
	return err;
}
