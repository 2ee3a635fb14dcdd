// SPDX-License-Identifier: MIT
/*
 * The order of kernels, and which assignments are done in place: the kernel
 * that makes the new value writes it over the old one, after every other reader
 * of the old one has run. Where that order does not exist, the value is made
 * aside and copied at the end.
 */
#include "../base/alloc.h"
#include "order.h"

/* How far emit() has come with what a group needs. */
struct cursor {
	uint32_t member, input, edge;
};

struct order {
	struct ir *ir;
	struct order_edges edges;
	struct cursor *at; /* by group */
};

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

static accel_status add_edge(struct order_edges *e, uint32_t before,
			     uint32_t after)
{
	uint32_t i = e->n;

	if (mem_grow(&e->edge, &e->cap, i + 1, sizeof(*e->edge)))
		return ACCEL_ERR_NOMEM;
	e->edge[e->n++] =
		(struct order_edge){ before, after, e->out[before], IR_NONE };
	e->out[before] = i;
	if (e->in[after] == IR_NONE)
		e->in[after] = i;
	else
		e->edge[e->last_in[after]].next_in = i;
	e->last_in[after] = i;
	return ACCEL_OK;
}

/* 1: in place from now on; 0: not possible; -1: out of memory. */
static int in_place(struct order *o, uint32_t node, uint32_t leaf)
{
	struct ir *ir = o->ir;
	uint32_t end = ir->first_reader[leaf + 1], g = ir->node[node].group, i;

	for (i = ir->first_reader[leaf]; i < end; i++)
		if (ir->node[ir->reader[i]].group == g &&
		    reads_badly(ir, ir->reader[i], leaf))
			return 0;
	if (!order_last(ir, &o->edges, g, leaf))
		return 0;
	for (i = ir->first_reader[leaf]; i < end; i++) {
		uint32_t reader = ir->node[ir->reader[i]].group;

		if (reader != g && add_edge(&o->edges, reader, g))
			return -1;
	}
	return 1;
}

/* A constant needs storage only where no program takes it as an immediate. */
static bool runs(struct ir *ir, uint32_t g)
{
	const struct ir_node *n = &ir->node[g];
	uint32_t i;

	if (!n->live || n->group != g || n->op == OP_DATA || n->op == OP_SCALAR)
		return false;
	if (n->op != OP_CONST)
		return true;
	for (i = ir->first_reader[g]; i < ir->first_reader[g + 1]; i++) {
		ir->n_edges++;
		if (!ir_elementwise(&ir->node[ir->reader[i]]))
			return true;
	}
	return false;
}

/* A group that g needs and that was not emitted, or IR_NONE: each edge is
 * looked at once. */
static uint32_t needs(struct order *o, uint32_t g)
{
	struct cursor *at = &o->at[g];
	struct ir *ir = o->ir;
	uint32_t need;

	while (at->member != IR_NONE) {
		const struct ir_node *n = &ir->node[at->member];

		if (at->input == n->n_in) {
			at->member = ir->next_member[at->member];
			at->input = 0;
			continue;
		}
		ir->n_edges++;
		need = ir->node[n->in[at->input++].node].group;
		if (need != g && ir->mark[need] != ir->stamp)
			return need;
	}
	while (at->edge != IR_NONE) {
		const struct order_edge *e = &o->edges.edge[at->edge];

		ir->n_edges++;
		at->edge = e->next_in;
		if (ir->mark[e->before] != ir->stamp)
			return e->before;
	}
	return IR_NONE;
}

/* Emits g after all it needs: depth first, so a value is used soon after it is
 * made. */
static void emit(struct order *o, uint32_t g)
{
	struct ir *ir = o->ir;
	uint32_t n = 0, need;

	ir->stack[n++] = g;
	while (n) {
		g = ir->stack[n - 1];
		need = ir->mark[g] == ir->stamp ? IR_NONE : needs(o, g);
		if (need != IR_NONE) {
			ir->stack[n++] = need;
			continue;
		}
		n--;
		if (ir->mark[g] == ir->stamp)
			continue;
		ir->mark[g] = ir->stamp;
		if (runs(ir, g))
			ir->order[ir->n_order++] = g;
	}
}

static void order_free(struct order *o)
{
	mem_free(o->edges.edge);
	mem_free(o->edges.out);
	mem_free(o->edges.in);
	mem_free(o->edges.last_in);
	mem_free(o->at);
}

static accel_status order_reserve(struct order *o)
{
	struct order_edges *e = &o->edges;
	uint32_t n = o->ir->n, i;

	e->out = mem_alloc(n * sizeof(*e->out));
	e->in = mem_alloc(n * sizeof(*e->in));
	e->last_in = mem_alloc(n * sizeof(*e->last_in));
	o->at = mem_alloc(n * sizeof(*o->at));
	if (!e->out || !e->in || !e->last_in || !o->at)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < n; i++)
		e->out[i] = e->in[i] = IR_NONE;
	return ACCEL_OK;
}

static accel_status updates(struct order *o)
{
	struct ir *ir = o->ir;
	uint32_t i;
	int ok;

	for (i = 0; i < ir->n_assigns; i++) {
		ok = in_place(o, ir->assign[i], ir->assign_leaf[i]);
		if (ok < 0)
			return ACCEL_ERR_NOMEM;
		if (ok)
			continue;
		ir->node[ir->assign[i]].home = HOME_TEMP;
		ir->node[ir->assign[i]].copied = true;
		ir->copy[ir->n_copies++] =
			(struct ir_copy){ ir->assign[i], ir->assign_leaf[i] };
	}
	return ACCEL_OK;
}

accel_status ir_schedule(struct ir *ir)
{
	struct order o = { .ir = ir };
	accel_status err = order_reserve(&o);
	uint32_t i;

	if (!err)
		err = updates(&o);
	for (i = 0; !err && i < ir->n; i++)
		o.at[i] =
			(struct cursor){ ir->group[i].first, 0, o.edges.in[i] };
	ir->stamp++;
	for (i = 0; !err && i < ir->n; i++)
		if (ir->node[i].live &&
		    ir->mark[ir->node[i].group] != ir->stamp)
			emit(&o, ir->node[i].group);
	order_free(&o);
	return err;
}
