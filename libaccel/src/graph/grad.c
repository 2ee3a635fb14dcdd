// SPDX-License-Identifier: MIT
/* Reverse-mode differentiation: the graph walked backwards, rule by rule. */
#include <string.h>

#include <accel/graph.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../ops/op.h"
#include "walk.h"

struct backward {
	accel_tensor **node; /* inputs first */
	accel_tensor **grad; /* of each node, or NULL */
	bool *wanted; /* it depends on one of wrt */
	uint32_t n;
	bool assigned; /* a node is a value that was assigned */
};

/* What stands for t in the loss: one recorded after an assignment to t reads
 * the value assigned, of several the last one that it saw. */
static accel_tensor *read_as(const struct backward *b, accel_tensor *t)
{
	accel_tensor *as = NULL;
	uint32_t i;

	for (i = 0; b->assigned && i < b->n; i++)
		if (b->node[i]->value_of == t->seq &&
		    (!as || b->node[i]->seq > as->seq))
			as = b->node[i];
	return as ? as : t;
}

/* Marks wrt and all that depends on it. */
static accel_status mark_wanted(struct backward *b, int n,
				accel_tensor *const *wrt)
{
	accel_tensor *x, *past = NULL;
	bool any = !n;
	uint32_t i, j;
	int k;

	for (i = 0; i < b->n; i++) {
		b->assigned = b->assigned || b->node[i]->value_of;
		if (b->node[i]->forgotten && op_table[b->node[i]->op].grad)
			past = b->node[i];
	}
	for (k = 0; k < n; k++) {
		x = read_as(b, wrt[k]);
		if (!graph_met(x))
			continue;
		b->wanted[x->index] = true;
		any = true;
	}
	if (!any && past)
		return accel_error(ACCEL_ERR_INVALID,
				   "grad: the loss depends on none of the %d "
				   "tensors, but on %s %s, which was computed "
				   "before: what it was made from is known in "
				   "a tape only",
				   n, op_table[past->op].name,
				   layout_text(&past->l));
	for (i = 0; i < b->n; i++)
		for (j = 0; j < b->node[i]->n_in; j++)
			if (b->wanted[b->node[i]->in[j]->index])
				b->wanted[i] = true;
	return ACCEL_OK;
}

static accel_status step_back(struct backward *b, uint32_t i)
{
	accel_tensor *y = b->node[i], *gx[64] = { NULL };
	uint32_t j;

	if (!b->grad[i] || !b->wanted[i] || !y->n_in || !op_table[y->op].grad)
		return ACCEL_OK;
	if (!op_table[y->op].grad(y, b->grad[i], gx))
		return ACCEL_ERR_NOMEM;
	for (j = 0; j < y->n_in; j++) {
		uint32_t k = y->in[j]->index;

		if (!gx[j] || !b->wanted[k])
			continue;
		b->grad[k] = b->grad[k] ? accel_add(b->grad[k], gx[j]) : gx[j];
		if (!b->grad[k])
			return ACCEL_ERR_NOMEM;
	}
	return ACCEL_OK;
}

/* A handle of its own, where the caller has g already: to keep and destroy. */
static accel_tensor *own(accel_tensor *g, int n, accel_tensor *const *grads)
{
	int k;

	for (k = 0; g && k < n; k++)
		if (grads[k] == g)
			return accel_reshape(g, g->l.ndim, g->l.shape);
	return g;
}

static accel_status backward(struct backward *b, accel_tensor *loss, int n,
			     accel_tensor *const *wrt, accel_tensor **grads)
{
	accel_status err = mark_wanted(b, n, wrt);
	uint32_t i;
	int k;

	if (err)
		return err;
	b->grad[loss->index] = op_full_like(loss, 1);
	if (!b->grad[loss->index])
		return ACCEL_ERR_NOMEM;
	for (i = b->n; i-- && !err;)
		err = step_back(b, i);
	for (k = 0; k < n && !err; k++) {
		accel_tensor *x = read_as(b, wrt[k]), *g = NULL;

		if (graph_met(x))
			g = b->grad[x->index];
		if (!g)
			g = op_full_like(wrt[k], 0);
		grads[k] = own(op_as(g, wrt[k]->l.dtype), k, grads);
		if (!grads[k])
			err = ACCEL_ERR_NOMEM;
	}
	return err;
}

accel_status accel_grad(accel_tensor *loss, int n, accel_tensor *const *wrt,
			accel_tensor **grads)
{
	struct backward b = { 0 };
	struct graph_scratch *s;
	struct op_whole whole;
	accel_status err;
	int k;

	if (n < 0 || (n && (!wrt || !grads)))
		return accel_error(ACCEL_ERR_INVALID, "grad: %d tensors, %s", n,
				   wrt ? "no place for their gradients"
				       : "which are not given");
	for (k = 0; k < n; k++)
		grads[k] = NULL;
	if (!loss)
		return ACCEL_ERR_INVALID;
	for (k = 0; k < n; k++) {
		accel_tensor *pair[2] = { loss, wrt[k] };

		if (!op_args("grad", 2, pair))
			return ACCEL_ERR_INVALID;
	}
	if (layout_count(&loss->l) != 1)
		return accel_error(ACCEL_ERR_SHAPE,
				   "grad: the loss is %s, not one element",
				   layout_text(&loss->l));
	if (!dtype_is_float(loss->l.dtype))
		return accel_error(ACCEL_ERR_DTYPE, "grad: the loss is %s",
				   accel_dtype_name(loss->l.dtype));
	err = graph_reach(loss->ctx, loss);
	if (err)
		return err;
	s = loss->ctx->scratch;
	b.n = s->n_nodes;
	b.node = s->nodes;
	if (mem_grow(&s->grad, &s->cap_grad, b.n, sizeof(*s->grad)) ||
	    mem_grow(&s->wanted, &s->cap_wanted, b.n, sizeof(*s->wanted)))
		return ACCEL_ERR_NOMEM;
	b.grad = s->grad;
	b.wanted = s->wanted;
	memset(b.grad, 0, b.n * sizeof(*b.grad));
	memset(b.wanted, 0, b.n * sizeof(*b.wanted));
	/* what the loss read, whatever was assigned since */
	if (!op_begin(loss->ctx, &whole))
		return ACCEL_ERR_NOMEM;
	loss->ctx->differentiating = true;
	err = backward(&b, loss, n, wrt, grads);
	loss->ctx->differentiating = false;
	op_end(&whole, err ? 0 : (uint32_t)n, grads);
	for (k = 0; err && k < n; k++)
		grads[k] = NULL;
	return err;
}
