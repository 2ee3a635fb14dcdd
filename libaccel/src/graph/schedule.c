// SPDX-License-Identifier: MIT
/*
 * The order of kernels, and which assignments are done in place: the kernel
 * that makes the new value writes it over the old one, after every other reader
 * of the old one has run. Where that order does not exist, the value is made
 * aside and copied at the end.
 */
#include "../base/alloc.h"
#include "ir.h"

struct edge {
	uint32_t before, after; /* groups */
};

struct order {
	struct ir *ir;
	struct edge *edge; /* beyond those of data */
	uint32_t n_edges, cap_edges;
};

/* Does group g run after `first`, directly or not? */
static bool runs_after(const struct order *o, uint32_t g, uint32_t first)
{
	struct ir *ir = o->ir;
	uint32_t n = 0, i, j;

	ir->stamp++;
	ir_visit(ir, g, &n);
	while (n) {
		g = ir->stack[--n];
		if (g == first)
			return true;
		for (i = ir->group[g].first; i != IR_NONE;
		     i = ir->next_member[i])
			for (j = 0; j < ir->node[i].n_in; j++)
				ir_visit(ir,
					 ir->node[ir->node[i].in[j].node].group,
					 &n);
		for (i = 0; i < o->n_edges; i++)
			if (o->edge[i].after == g)
				ir_visit(ir, o->edge[i].before, &n);
	}
	return false;
}

/* Reads of `leaf` by node i that an update in the same kernel would disturb. */
static bool reads_badly(const struct ir *ir, uint32_t i, uint32_t leaf)
{
	const struct ir_node *n = &ir->node[i];
	bool has_base = ir->group[n->group].base != IR_NONE;
	uint32_t j;

	for (j = 0; j < n->n_in; j++) {
		if (n->in[j].node != leaf)
			continue;
		if (has_base || !ir_aligned(ir, &n->in[j], &n->l))
			return true;
	}
	return false;
}

static bool reads(const struct ir_node *n, uint32_t node)
{
	uint32_t j;

	for (j = 0; j < n->n_in; j++)
		if (n->in[j].node == node)
			return true;
	return false;
}

/* 1: in place from now on; 0: not possible; -1: out of memory. */
static int in_place(struct order *o, uint32_t node, uint32_t leaf)
{
	struct ir *ir = o->ir;
	uint32_t g = ir->node[node].group, i, had = o->n_edges;

	for (i = 0; i < ir->n; i++) {
		struct ir_node *n = &ir->node[i];

		if (!n->live || !reads(n, leaf))
			continue;
		if (n->group == g) {
			if (reads_badly(ir, i, leaf))
				goto no;
			continue;
		}
		if (runs_after(o, n->group, g))
			goto no;
		if (mem_grow(&o->edge, &o->cap_edges, o->n_edges + 1,
			     sizeof(*o->edge)))
			return -1;
		o->edge[o->n_edges++] = (struct edge){ n->group, g };
	}
	return 1;
no:
	o->n_edges = had;
	return 0;
}

/* A constant needs storage only where no program takes it as an immediate. */
static bool runs(const struct ir *ir, uint32_t g)
{
	const struct ir_node *n = &ir->node[g];
	uint32_t i;

	if (!n->live || n->group != g || n->op == OP_DATA || n->op == OP_SCALAR)
		return false;
	if (n->op != OP_CONST)
		return true;
	for (i = g + 1; i < ir->n; i++)
		if (ir->node[i].live && !ir_elementwise(&ir->node[i]) &&
		    reads(&ir->node[i], g))
			return true;
	return false;
}

/* Emits g after all it needs: depth first, so a value is used soon after it is
 * made. */
static void emit(struct order *o, uint32_t g)
{
	struct ir *ir = o->ir;
	uint32_t n = 0, i, j;

	ir->stack[n++] = g;
	while (n) {
		bool ready = true;
		uint32_t need;

		g = ir->stack[n - 1];
		if (ir->mark[g] == ir->stamp) {
			n--;
			continue;
		}
		for (i = ir->group[g].first; ready && i != IR_NONE;
		     i = ir->next_member[i]) {
			for (j = 0; ready && j < ir->node[i].n_in; j++) {
				need = ir->node[ir->node[i].in[j].node].group;
				if (need == g || ir->mark[need] == ir->stamp)
					continue;
				ir->stack[n++] = need;
				ready = false;
			}
		}
		for (i = 0; ready && i < o->n_edges; i++) {
			if (o->edge[i].after != g ||
			    ir->mark[o->edge[i].before] == ir->stamp)
				continue;
			ir->stack[n++] = o->edge[i].before;
			ready = false;
		}
		if (!ready)
			continue;
		ir->mark[g] = ir->stamp;
		n--;
		if (runs(ir, g))
			ir->order[ir->n_order++] = g;
	}
}

accel_status ir_schedule(struct ir *ir)
{
	struct order o = { .ir = ir };
	uint32_t i;
	int ok;

	for (i = 0; i < ir->n_assigns; i++) {
		ok = in_place(&o, ir->assign[i], ir->assign_leaf[i]);
		if (ok < 0) {
			mem_free(o.edge);
			return ACCEL_ERR_NOMEM;
		}
		if (ok)
			continue;
		ir->node[ir->assign[i]].home = HOME_TEMP;
		ir->copy[ir->n_copies++] =
			(struct ir_copy){ ir->assign[i], ir->assign_leaf[i] };
	}
	ir->stamp++;
	for (i = 0; i < ir->n; i++)
		if (ir->node[i].live &&
		    ir->mark[ir->node[i].group] != ir->stamp)
			emit(&o, ir->node[i].group);
	mem_free(o.edge);
	return ACCEL_OK;
}
