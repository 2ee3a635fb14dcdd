// SPDX-License-Identifier: MIT
/*
 * From recorded nodes to the planner's: views become strided inputs (so a
 * transpose is absorbed by whatever reads it), constants fold, equal nodes
 * merge, identities vanish, dead nodes are left out.
 */
#include <math.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "order.h"

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n--)
		h = (h ^ *b++) * 0x100000001b3;
	return h;
}

static bool is_const(const struct ir *ir, const struct ir_input *in, double *v)
{
	*v = ir->node[in->node].value;
	return ir->node[in->node].op == OP_CONST;
}

/* The value of an element-wise op of constants. */
static bool fold_elementwise(const struct ir *ir, const struct ir_node *n,
			     double *y)
{
	const struct layout *lay[3];
	const double *x[3];
	double v[3];
	struct layout one = n->l;
	struct ref_call c = {
		n->op, n->n_in, ir_attr(n), &one, lay, x, y, NULL
	};
	uint32_t i;

	one.ndim = 0;
	for (i = 0; i < n->n_in; i++) {
		if (!is_const(ir, &n->in[i], &v[i]))
			return false;
		x[i] = &v[i];
		lay[i] = &one;
	}
	return op_table[n->op].ref(&c);
}

/* Makes the node a constant where its inputs are. */
static bool fold(const struct ir *ir, struct ir_node *n)
{
	double y, times;

	if (n->op == OP_REDUCE_SUM && is_const(ir, &n->in[0], &y)) {
		times = (double)layout_count(&n->in[0].l) /
			(double)layout_count(&n->l);
		y = dtype_is_float(n->l.dtype) ? y * times : int_mul(y, times);
	} else if (!ir_elementwise(n) || !fold_elementwise(ir, n, &y)) {
		return false;
	}
	n->value = dtype_wrap(n->l.dtype, y);
	n->op = OP_CONST;
	n->n_in = 0;
	n->attr = NULL;
	memset(&n->own, 0, sizeof(n->own));
	n->own.value = n->value;
	return true;
}

static bool same_elements(const struct ir_input *x, const struct ir_input *y)
{
	return x->node == y->node && x->l.offset == y->l.offset &&
	       layout_same_shape(&x->l, &y->l) &&
	       !memcmp(x->l.stride, y->l.stride, sizeof(x->l.stride));
}

/* Whether an operand is all of its node, in order, if maybe by another shape:
 * what is stored is the same. */
static bool is_whole(const struct ir *ir, const struct ir_input *at)
{
	return !at->l.offset && layout_dense(&at->l) &&
	       layout_count(&at->l) == layout_count(&ir->node[at->node].l);
}

/* The input that a node merely repeats, or NULL: x + 0, x * 1, ... */
static struct ir_input *identity(const struct ir *ir, struct ir_node *n)
{
	bool ca, cb;
	double a = 0, b = 0;
	int k = -1;

	if (!ir_elementwise(n))
		return NULL;
	ca = n->n_in > 0 && is_const(ir, &n->in[0], &a);
	cb = n->n_in > 1 && is_const(ir, &n->in[1], &b);
	switch (n->op) {
	case OP_COPY:
	case OP_CAST:
		k = 0;
		break;
	case OP_ADD: /* not -0 + 0, whose sign a reader could see */
		k = ca && a == 0 && signbit(a)   ? 1
		    : cb && b == 0 && signbit(b) ? 0
						 : -1;
		break;
	case OP_SUB:
		k = cb && b == 0 && !signbit(b) ? 0 : -1;
		break;
	case OP_MUL:
		k = ca && a == 1 ? 1 : cb && b == 1 ? 0 : -1;
		break;
	case OP_DIV:
	case OP_POW:
		k = cb && b == 1 ? 0 : -1;
		break;
	case OP_WHERE:
		k = !ca ? -1 : a != 0 ? 1 : 2;
		break;
	default:
		break;
	}
	if (k < 0 || ir->node[n->in[k].node].l.dtype != n->l.dtype ||
	    ir->node[n->in[k].node].op == OP_SCALAR)
		return NULL;
	return is_whole(ir, &n->in[k]) && layout_same_shape(&n->in[k].l, &n->l)
		       ? &n->in[k]
		       : NULL;
}

/* Whether an operand has no sign bit, or is a NaN: not -0 either. */
static bool positive(const struct ir *ir, const struct ir_input *in)
{
	const struct ir_node *n = &ir->node[in->node];

	switch (n->op) {
	case OP_EXP:
	case OP_ABS:
	case OP_SIGMOID:
		return true;
	case OP_MUL: /* a square: the same elements twice */
		return same_elements(&n->in[0], &n->in[1]);
	default:
		return false;
	}
}

/* Cheaper forms of a power by a constant. */
static void strength(const struct ir *ir, struct ir_node *n)
{
	double e;

	if (n->op != OP_POW || !is_const(ir, &n->in[1], &e))
		return;
	if (e == 2) {
		n->op = OP_MUL;
		n->in[1] = n->in[0];
	} else if (!positive(ir, &n->in[0])) {
		return; /* pow(-0, 0.5) is 0 and pow(-inf, 0.5) inf */
	} else if (e == 0.5) {
		n->op = OP_SQRT;
		n->n_in = 1;
	} else if (e == -0.5) {
		n->op = OP_RSQRT;
		n->n_in = 1;
	}
}

static uint64_t hash_of(const struct ir_node *n)
{
	uint64_t h = 0xcbf29ce484222325;
	uint32_t i;

	h = mix(h, &n->op, sizeof(n->op));
	h = mix(h, &n->l.dtype, 2);
	h = mix(h, n->l.shape, sizeof(n->l.shape));
	h = mix(h, ir_attr(n), op_table[n->op].attr_bytes);
	for (i = 0; i < n->n_in; i++)
		h = mix(h, &n->in[i].node, sizeof(uint32_t));
	return h;
}

static bool same(const struct ir_node *a, const struct ir_node *b)
{
	uint32_t i;

	if (a->hash != b->hash || a->op != b->op || a->n_in != b->n_in ||
	    a->l.dtype != b->l.dtype || !layout_same_shape(&a->l, &b->l) ||
	    memcmp(ir_attr(a), ir_attr(b), op_table[a->op].attr_bytes))
		return false;
	for (i = 0; i < a->n_in; i++)
		if (!same_elements(&a->in[i], &b->in[i]))
			return false;
	return true;
}

/* Leaves are what they are; of all else there is one. */
static bool has_same(const struct ir_node *n)
{
	return op_table[n->op].class != CLASS_LEAF || n->op == OP_CONST;
}

static uint32_t *same_chain(const struct ir *ir, const struct ir_node *n)
{
	return &ir->same[(n->hash ^ n->hash >> 32) & ir->same_mask];
}

static uint32_t find_same(const struct ir *ir, const struct ir_node *n)
{
	uint32_t i;

	if (!has_same(n))
		return IR_NONE;
	for (i = *same_chain(ir, n); i != IR_NONE; i = ir->next_same[i])
		if (same(&ir->node[i], n))
			return i;
	return IR_NONE;
}

static uint32_t append(struct ir *ir, const struct ir_node *n)
{
	ir->node[ir->n] = *n;
	if (has_same(n)) {
		uint32_t *chain = same_chain(ir, n);

		ir->next_same[ir->n] = *chain;
		*chain = ir->n;
	}
	return ir->n++;
}

static void dense(struct layout *l)
{
	struct layout d;

	if (!layout_init(&d, "plan", l->dtype, l->ndim, l->shape))
		*l = d;
}

/* A view's place: its source's node with its own layout. */
static void place_view(struct ir *ir, const struct accel_tensor *t)
{
	struct ir_input *at = &ir->operand[t->index];

	*at = ir->operand[t->in[0]->index];
	at->l = t->l;
	if (ir->node[at->node].op == OP_CONST) {
		at->l.offset = 0;
		memset(at->l.stride, 0, sizeof(at->l.stride));
	}
}

static uint32_t add(struct ir *ir, struct ir_node *n)
{
	struct ir_input *one;
	uint32_t found;

	strength(ir, n);
	if (fold(ir, n))
		ir->n_folded++;
	one = identity(ir, n);
	if (one) {
		ir->n_folded++;
		return one->node;
	}
	n->hash = hash_of(n);
	found = find_same(ir, n);
	if (found != IR_NONE) {
		ir->n_merged++;
		return found;
	}
	return append(ir, n);
}

static struct ir_node start(struct ir *ir, enum op op, const struct layout *l,
			    uint32_t n_in)
{
	struct ir_node n;

	memset(&n, 0, sizeof(n));
	n.op = op;
	n.l = *l;
	dense(&n.l);
	n.group = IR_NONE;
	n.in = ir->inputs + ir->n_inputs;
	n.n_in = n_in;
	ir->n_inputs += n_in;
	return n;
}

static void place(struct ir *ir, const struct accel_tensor *t, uint32_t *leaf,
		  uint32_t *param)
{
	struct ir_input *at = &ir->operand[t->index];
	bool ready = node_ready(t);
	struct ir_node n;
	uint32_t i;

	if (!ready && op_table[t->op].class == CLASS_VIEW) {
		place_view(ir, t);
		return;
	}
	n = start(ir, ready ? OP_DATA : t->op, &t->l, ready ? 0 : t->n_in);
	n.attr = ready ? NULL : &t->attr;
	if (ready)
		n.slot = (*leaf)++;
	else if (t->op == OP_SCALAR)
		n.slot = (*param)++;
	else if (t->op == OP_CONST)
		n.value = t->attr.value;
	for (i = 0; i < n.n_in; i++)
		n.in[i] = ir->operand[t->in[i]->index];
	at->node = add(ir, &n);
	at->l = n.l;
	if (ir->node[at->node].op == OP_CONST)
		memset(at->l.stride, 0, sizeof(at->l.stride));
}

/* A node of its own that holds the operand's value densely, as `dtype`. */
static uint32_t own_copy(struct ir *ir, const struct ir_input *from)
{
	struct ir_node n = start(ir, OP_COPY, &from->l, 1);

	n.in[0] = *from;
	ir->node[ir->n] = n;
	return ir->n++;
}

/* Whether the operand is a whole computed node that nobody claimed yet, maybe
 * by another shape. */
static bool claimable(const struct ir *ir, const struct ir_input *at)
{
	const struct ir_node *n = &ir->node[at->node];

	return op_table[n->op].class != CLASS_LEAF && n->home == HOME_TEMP &&
	       is_whole(ir, at);
}

static void mark_live(struct ir *ir)
{
	uint32_t i, j;

	for (i = 0; i < ir->n_results; i++)
		ir->node[ir->result[i]].live = true;
	for (i = 0; i < ir->n_assigns; i++)
		ir->node[ir->assign[i]].live = true;
	for (i = ir->n; i--;) {
		struct ir_node *n = &ir->node[i];

		for (j = 0; n->live && j < n->n_in; j++) {
			ir->node[n->in[j].node].live = true;
			ir->node[n->in[j].node].uses++;
		}
	}
}

static accel_status reserve(struct ir *ir, const struct graph_scratch *s)
{
	uint32_t inputs = s->n_roots + s->n_assigns, i;
	uint32_t most = s->n_nodes + s->n_roots + s->n_assigns, chains;

	for (i = 0; i < s->n_nodes; i++)
		inputs += s->nodes[i]->n_in;
	for (chains = 64; chains < most; chains *= 2)
		;
	ir->node = mem_zalloc(most * sizeof(*ir->node));
	ir->operand = mem_zalloc(s->n_nodes * sizeof(*ir->operand));
	ir->inputs = mem_zalloc(inputs * sizeof(*ir->inputs));
	ir->result = mem_zalloc(s->n_roots * sizeof(*ir->result));
	ir->assign = mem_zalloc(s->n_assigns * sizeof(*ir->assign));
	ir->assign_leaf = mem_zalloc(s->n_assigns * sizeof(*ir->assign_leaf));
	ir->group = mem_zalloc(most * sizeof(*ir->group));
	ir->next_member = mem_zalloc(most * sizeof(*ir->next_member));
	ir->order = mem_zalloc(most * sizeof(*ir->order));
	ir->copy = mem_zalloc(s->n_assigns * sizeof(*ir->copy));
	ir->mark = mem_zalloc(most * sizeof(*ir->mark));
	ir->stack = mem_zalloc(most * sizeof(*ir->stack));
	ir->stack_back = mem_zalloc(most * sizeof(*ir->stack_back));
	ir->reader = mem_zalloc(inputs * sizeof(*ir->reader));
	ir->first_reader = mem_zalloc((most + 1) * sizeof(*ir->first_reader));
	ir->same = mem_alloc(chains * sizeof(*ir->same));
	ir->next_same = mem_zalloc(most * sizeof(*ir->next_same));
	ir->place = mem_zalloc(most * sizeof(*ir->place));
	ir->tree = mem_zalloc(most * sizeof(*ir->tree));
	ir->tree_n = mem_zalloc(most * sizeof(*ir->tree_n));
	if (!ir->node || !ir->operand || !ir->inputs || !ir->result ||
	    !ir->assign || !ir->assign_leaf || !ir->group || !ir->next_member ||
	    !ir->order || !ir->copy || !ir->mark || !ir->stack ||
	    !ir->stack_back || !ir->reader || !ir->first_reader || !ir->same ||
	    !ir->next_same || !ir->place || !ir->tree || !ir->tree_n)
		return ACCEL_ERR_NOMEM;
	ir->same_mask = chains - 1;
	for (i = 0; i < chains; i++)
		ir->same[i] = IR_NONE;
	return ACCEL_OK;
}

accel_status ir_build(struct accel_context *ctx, struct ir *ir)
{
	const struct graph_scratch *s = ctx->scratch;
	uint32_t i, leaf = 0, param = 0;

	memset(ir, 0, sizeof(*ir));
	ir->ctx = ctx;
	if (reserve(ir, s))
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < s->n_nodes; i++)
		place(ir, s->nodes[i], &leaf, &param);
	ir->n_results = s->n_roots;
	for (i = 0; i < s->n_roots; i++) {
		struct ir_input *at = &ir->operand[s->roots[i]->index];

		ir->result[i] = claimable(ir, at) ? at->node : own_copy(ir, at);
		ir->node[ir->result[i]].home = HOME_RESULT;
		ir->node[ir->result[i]].home_index = i;
	}
	ir->n_assigns = s->n_assigns;
	for (i = 0; i < s->n_assigns; i++) {
		const struct accel_tensor *dst = ctx->assigns[i];
		struct ir_input *at = &ir->operand[dst->pending->index];

		ir->assign[i] = claimable(ir, at) ? at->node : own_copy(ir, at);
		ir->assign_leaf[i] = ir->operand[dst->index].node;
		/* until the schedule says it can be in place */
		ir->node[ir->assign[i]].home = HOME_LEAF;
		ir->node[ir->assign[i]].home_index =
			ir->node[ir->assign_leaf[i]].slot;
	}
	mark_live(ir);
	order_start(ir);
	return ACCEL_OK;
}

bool ir_stopped(const struct ir *ir)
{
	const atomic_bool *stop = ir->ctx->stop;

	if (!stop || !atomic_load_explicit(stop, memory_order_relaxed))
		return false;
	ir->ctx->stopped = true;
	accel_error(ACCEL_ERR_BUSY, "plan: given up, as was asked for");
	return true;
}

void ir_finish(struct ir *ir)
{
	mem_free(ir->node);
	mem_free(ir->operand);
	mem_free(ir->inputs);
	mem_free(ir->result);
	mem_free(ir->assign);
	mem_free(ir->assign_leaf);
	mem_free(ir->group);
	mem_free(ir->next_member);
	mem_free(ir->order);
	mem_free(ir->copy);
	mem_free(ir->mark);
	mem_free(ir->stack);
	mem_free(ir->stack_back);
	mem_free(ir->reader);
	mem_free(ir->first_reader);
	mem_free(ir->same);
	mem_free(ir->next_same);
	mem_free(ir->place);
	mem_free(ir->tree);
	mem_free(ir->tree_n);
	memset(ir, 0, sizeof(*ir));
}
