// SPDX-License-Identifier: MIT
/*
 * Fusion: element-wise nodes of one shape become one program; a program that is
 * the only reader of a kernel's result becomes that kernel's tail, so that
 * bias, activation and residual cost no pass of their own.
 */
#include <string.h>

#include "order.h"

/* What a program of these nodes would need. */
struct need {
	uint32_t inputs, imms, ops, outs;
	const struct ir_input *input[EW_MAX_IN];
};

bool ir_escapes(const struct ir *ir, uint32_t node)
{
	const struct ir_node *n = &ir->node[node];
	uint32_t i, j;

	if (n->home != HOME_TEMP)
		return true;
	/* but for members of its own group that read it in place */
	for (i = ir->first_reader[node]; i < ir->first_reader[node + 1]; i++) {
		const struct ir_node *m = &ir->node[ir->reader[i]];

		if (m->group != n->group || !ir_elementwise(m))
			return true;
		for (j = 0; j < m->n_in; j++)
			if (m->in[j].node == node &&
			    !ir_aligned(ir, &m->in[j], &n->l))
				return true;
	}
	return false;
}

static bool same_input(const struct ir_input *a, const struct ir_input *b)
{
	return a->node == b->node && a->l.offset == b->l.offset &&
	       !memcmp(a->l.stride, b->l.stride, sizeof(a->l.stride)) &&
	       layout_same_shape(&a->l, &b->l);
}

static bool same_imm(const struct ir_node *a, const struct ir_node *b)
{
	return a->l.dtype == b->l.dtype && ir_same_number(a->value, b->value);
}

/* Counts what group g needs; `base` is a member whose value comes for free. */
static void count(const struct ir *ir, uint32_t g, struct need *need)
{
	const struct ir_node *imm[EW_MAX_IMM];
	uint32_t i, j, k;

	memset(need, 0, sizeof(*need));
	for (i = ir->group[g].first; i != IR_NONE; i = ir->next_member[i]) {
		const struct ir_node *m = &ir->node[i];

		if (ir_elementwise(m)) {
			if (m->op != OP_COPY)
				need->ops++;
			/* narrow integers wrap after each op, integers become
			 * f32 before f16, their relu is max(x, x - x) */
			if (m->l.dtype == ACCEL_I8 || m->l.dtype == ACCEL_U8)
				need->ops++;
			if ((m->op == OP_CAST && m->l.dtype == ACCEL_F16) ||
			    (m->op == OP_RELU && !dtype_is_float(m->l.dtype)))
				need->ops++;
		}
		if (i != ir->group[g].base && ir_escapes(ir, i))
			need->outs++;
		for (j = 0; ir_elementwise(m) && j < m->n_in; j++) {
			const struct ir_input *in = &m->in[j];
			const struct ir_node *from = &ir->node[in->node];

			if (from->group == g && ir_aligned(ir, in, &m->l))
				continue;
			if (from->op == OP_CONST) {
				for (k = 0; k < need->imms && k < EW_MAX_IMM;
				     k++)
					if (same_imm(imm[k], from))
						break;
				if (k == EW_MAX_IMM)
					need->imms = EW_MAX_IMM + 1;
				else if (k == need->imms)
					imm[need->imms++] = from;
				continue;
			}
			for (k = 0; k < need->inputs && k < EW_MAX_IN; k++)
				if (same_input(need->input[k], in))
					break;
			if (k == need->inputs && k < EW_MAX_IN)
				need->input[need->inputs++] = in;
			else if (k == EW_MAX_IN)
				need->inputs = EW_MAX_IN + 1;
		}
	}
}

static bool fits(const struct ir *ir, uint32_t g)
{
	const struct layout *shape = &ir->node[ir->group[g].first].l;
	const struct layout *in[EW_MAX_IN];
	struct device *dev = ir->ctx->dev;
	uint32_t inputs, i;
	struct need need;

	count(ir, g, &need);
	inputs = need.inputs + (ir->group[g].base != IR_NONE);
	if (inputs > (uint32_t)dev->ew_inputs ||
	    inputs + need.outs > (uint32_t)dev->ew_operands ||
	    need.ops > (uint32_t)dev->ew_ops || need.imms > EW_MAX_IMM ||
	    need.outs > (uint32_t)dev->ew_outputs)
		return false;
	for (i = 0; i < need.inputs; i++)
		in[i] = &need.input[i]->l;
	return !dev->ops->ew_fits ||
	       dev->ops->ew_fits(dev, shape, in, need.inputs, need.imms);
}

/* Members of two groups in index order. */
static void splice(struct ir *ir, uint32_t a, uint32_t b, uint32_t into)
{
	uint32_t i = ir->group[a].first, j = ir->group[b].first, first, *link;
	uint32_t last;

	link = &first;
	while (i != IR_NONE || j != IR_NONE) {
		uint32_t *from = j == IR_NONE || (i != IR_NONE && i < j) ? &i
									 : &j;

		last = *from;
		*link = last;
		link = &ir->next_member[last];
		*from = *link;
		ir->node[last].group = into;
	}
	*link = IR_NONE;
	ir->group[into].first = first;
	ir->group[into].n = ir->group[a].n + ir->group[b].n;
}

/* Takes the members of `into` that were a's back out. */
static void split(struct ir *ir, uint32_t into, const struct ir_group *a,
		  uint32_t ga, const struct ir_group *b, uint32_t gb,
		  const uint32_t *in_b, uint32_t n_b)
{
	uint32_t i = ir->group[into].first, next, k = 0;
	uint32_t *la = &ir->group[ga].first, *lb = &ir->group[gb].first;

	ir->group[ga] = *a;
	ir->group[gb] = *b;
	for (; i != IR_NONE; i = next) {
		next = ir->next_member[i];
		if (k < n_b && in_b[k] == i) {
			k++;
			ir->node[i].group = gb;
			*lb = i;
			lb = &ir->next_member[i];
		} else {
			ir->node[i].group = ga;
			*la = i;
			la = &ir->next_member[i];
		}
	}
	*la = IR_NONE;
	*lb = IR_NONE;
}

#define MOST_MEMBERS 64

/* Makes one group of a (earlier) and b, unless it would not fit or not run. */
static bool join(struct ir *ir, uint32_t a, uint32_t b)
{
	struct ir_group ga = ir->group[a], gb = ir->group[b];
	uint32_t in_b[MOST_MEMBERS], n_b = 0, i;

	if (a == b || ga.n + gb.n > MOST_MEMBERS || order_tangled(ir, a, b))
		return false;
	for (i = gb.first; i != IR_NONE; i = ir->next_member[i])
		in_b[n_b++] = i;
	splice(ir, a, b, b);
	ir->group[b].base = ga.base != IR_NONE ? ga.base : gb.base;
	if (fits(ir, b)) {
		order_join(ir, a, b);
		return true;
	}
	split(ir, b, &ga, a, &gb, b, in_b, n_b);
	return false;
}

/* Joins node i's kernel with the element-wise kernels it reads in place. */
static void fuse_inputs(struct ir *ir, uint32_t i)
{
	struct ir_node *n = &ir->node[i];
	uint32_t j;

	for (j = 0; j < n->n_in; j++) {
		const struct ir_node *from = &ir->node[n->in[j].node];

		if (!ir_elementwise(from) || !ir_aligned(ir, &n->in[j], &n->l))
			continue;
		if (join(ir, from->group, n->group))
			ir->n_fused++;
	}
}

/* Kernels whose result may pass through a program before it is stored. */
static bool takes_tail(enum op op)
{
	return op == OP_MATMUL || op == OP_CONV || op == OP_CONV_INPUT ||
	       op == OP_NORMALIZE || op == OP_SOFTMAX || op == OP_LOG_SOFTMAX ||
	       op == OP_REDUCE_SUM || op == OP_AVG_POOL || op == OP_MAX_POOL;
}

/* Does the program of group g update a leaf it reads? As a tail it would
 * overwrite it before reading. */
static bool updates_in_place(const struct ir *ir, uint32_t g)
{
	uint32_t i, j, k;

	for (i = ir->group[g].first; i != IR_NONE; i = ir->next_member[i]) {
		if (ir->node[i].home != HOME_LEAF)
			continue;
		for (k = ir->group[g].first; k != IR_NONE;
		     k = ir->next_member[k]) {
			for (j = 0; j < ir->node[k].n_in; j++) {
				const struct ir_node *from =
					&ir->node[ir->node[k].in[j].node];

				if (from->op == OP_DATA &&
				    from->slot == ir->node[i].home_index)
					return true;
			}
		}
	}
	return false;
}

/* The group's only output, or IR_NONE. */
static uint32_t only_output(const struct ir *ir, uint32_t g)
{
	uint32_t i, found = IR_NONE;

	for (i = ir->group[g].first; i != IR_NONE; i = ir->next_member[i]) {
		if (!ir_escapes(ir, i))
			continue;
		if (found != IR_NONE)
			return IR_NONE;
		found = i;
	}
	return found;
}

static void fuse_tail(struct ir *ir, uint32_t i)
{
	struct ir_node *n = &ir->node[i];
	uint32_t j, k, g = n->group, out;

	if (!ir_elementwise(n) || ir->group[g].base != IR_NONE ||
	    !ir->ctx->dev->fuse_epilogue)
		return;
	for (j = 0; j < n->n_in; j++) {
		struct ir_node *from = &ir->node[n->in[j].node];
		uint32_t uses = 0;

		if (!takes_tail(from->op) || from->home != HOME_TEMP ||
		    ir->group[from->group].n != 1 ||
		    !ir_aligned(ir, &n->in[j], &n->l))
			continue;
		/* all its readers are in this group */
		for (k = ir->group[g].first; k != IR_NONE;
		     k = ir->next_member[k])
			for (uint32_t q = 0; q < ir->node[k].n_in; q++)
				uses += ir->node[k].in[q].node ==
						n->in[j].node &&
					ir_aligned(ir, &ir->node[k].in[q],
						   &n->l);
		out = only_output(ir, g);
		if (uses != from->uses || out == IR_NONE ||
		    ir->node[out].l.dtype != from->l.dtype ||
		    updates_in_place(ir, g))
			continue;
		if (join(ir, from->group, g)) {
			ir->n_fused++;
			return;
		}
	}
}

accel_status ir_fuse(struct ir *ir)
{
	uint32_t i;

	for (i = 0; i < ir->n; i++) {
		ir->node[i].group = i;
		ir->next_member[i] = IR_NONE;
		ir->group[i] = (struct ir_group){ i, IR_NONE, 1 };
		if (ir->node[i].live && !ir_elementwise(&ir->node[i]))
			ir->group[i].base = i;
	}
	/* from the end: what one late kernel alone needs, such as a mask of its
	 * gradient, is made there and not kept from the forward pass on */
	for (i = ir->n; i-- > 0;) {
		if (ir_stopped(ir))
			return ACCEL_ERR_BUSY;
		if (ir->node[i].live && ir_elementwise(&ir->node[i]))
			fuse_inputs(ir, i);
	}
	/* two finished halves may fit where a half and a piece did not */
	for (i = 0; i < ir->n; i++) {
		if (ir_stopped(ir))
			return ACCEL_ERR_BUSY;
		if (ir->node[i].live && ir_elementwise(&ir->node[i]))
			fuse_inputs(ir, i);
	}
	for (i = 0; i < ir->n; i++)
		if (ir->node[i].live)
			fuse_tail(ir, i);
	return ACCEL_OK;
}
