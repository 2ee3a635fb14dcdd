// SPDX-License-Identifier: MIT
/* A graph evaluated in double precision, op by op. */
#include "reference.h"

#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../ops/op.h"
#include "walk.h"

struct evaluation {
	struct accel_context *ctx;
	double **value; /* of each node's storage, dense */
	int n_over;
	accel_tensor *const *over;
	const double *const *values;
};

static double *copy_of(const double *v, int64_t n)
{
	double *d = mem_alloc((size_t)n * sizeof(*d));

	if (d)
		memcpy(d, v, (size_t)n * sizeof(*d));
	return d;
}

static double *load(struct evaluation *e, accel_tensor *t)
{
	struct device *dev = e->ctx->dev;
	int64_t i, n = layout_count(&t->l);
	double *d = mem_alloc((size_t)n * sizeof(*d));
	const void *p;

	if (!d)
		return NULL;
	if (t->op == OP_SCALAR && !node_ready(t)) {
		for (i = 0; i < n; i++)
			d[i] = dtype_load(t->l.dtype, t->attr.lo, i);
		return d;
	}
	p = dev->ops->access_begin(dev, t->buf, false);
	for (i = 0; p && i < n; i++)
		d[i] = dtype_load(t->l.dtype, p, i);
	if (p)
		dev->ops->access_end(dev, t->buf, false);
	return d;
}

/* What a reader of t sees, dense; the caller frees it. */
static double *see(struct evaluation *e, accel_tensor *t)
{
	const double *from = e->value[node_storage(t)->index];
	double *d = mem_alloc((size_t)layout_count(&t->l) * sizeof(*d));
	struct layout_iter it;
	int64_t i = 0;

	if (!d)
		return NULL;
	layout_start(&it, &t->l);
	while (i < layout_count(&t->l)) {
		d[i++] = from[it.at];
		layout_next(&it);
	}
	return d;
}

static double *apply(struct evaluation *e, accel_tensor *t)
{
	int64_t i, n = layout_count(&t->l);
	const struct layout *in[64];
	struct ref_call c = { .op = t->op,
			      .n_in = t->n_in,
			      .attr = &t->attr,
			      .out = &t->l,
			      .in = in };
	double *x[64] = { NULL }, *y;
	bool ok = true;
	uint32_t k;

	y = mem_alloc((size_t)n * 3 * sizeof(*y));
	for (k = 0; k < t->n_in; k++) {
		x[k] = see(e, t->in[k]);
		in[k] = &t->in[k]->l;
		ok = ok && x[k];
	}
	c.x = (const double *const *)x;
	c.y = y;
	c.work = y ? y + n : NULL;
	ok = ok && y && (!n || op_table[t->op].ref(&c));
	for (k = 0; k < t->n_in; k++)
		mem_free(x[k]);
	if (!ok) {
		mem_free(y);
		return NULL;
	}
	for (i = 0; i < n; i++)
		y[i] = dtype_wrap(t->l.dtype, y[i]);
	return y;
}

static accel_status evaluate(struct evaluation *e, accel_tensor *t)
{
	int k;

	for (k = 0; k < e->n_over; k++) {
		if (e->over[k] != t)
			continue;
		e->value[t->index] = copy_of(e->values[k], layout_count(&t->l));
		return e->value[t->index] ? ACCEL_OK : ACCEL_ERR_NOMEM;
	}
	if (!node_ready(t) && op_table[t->op].class == CLASS_VIEW)
		return ACCEL_OK;
	e->value[t->index] = node_ready(t) || t->op == OP_SCALAR ? load(e, t)
								 : apply(e, t);
	return e->value[t->index] ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

accel_status reference_eval(accel_tensor *t, int n_over,
			    accel_tensor *const *over,
			    const double *const *values, double *out)
{
	struct evaluation e = { .n_over = n_over,
				.over = over,
				.values = values };
	struct graph_scratch *s;
	accel_status err;
	uint32_t i;
	double *d;

	if (!t)
		return ACCEL_ERR_INVALID;
	e.ctx = t->ctx;
	err = graph_reach(t->ctx, t);
	if (err)
		return err;
	s = t->ctx->scratch;
	e.value = mem_zalloc(s->n_nodes * sizeof(*e.value));
	if (!e.value)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < s->n_nodes && !err; i++)
		err = evaluate(&e, s->nodes[i]);
	d = err ? NULL : see(&e, t);
	if (d)
		memcpy(out, d, (size_t)layout_count(&t->l) * sizeof(*d));
	mem_free(d);
	for (i = 0; i < s->n_nodes; i++)
		mem_free(e.value[i]);
	mem_free(e.value);
	return err ? err : d ? ACCEL_OK : ACCEL_ERR_NOMEM;
}
