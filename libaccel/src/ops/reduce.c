// SPDX-License-Identifier: MIT
/*
 * Reductions. attr.axes: the set reduced, kept with size 1 in the node's shape;
 * argmax and argmin: attr.axis, one of them.
 */
#include <math.h>
#include <string.h>

#include "../base/error.h"
#include "rules.h"

static bool better(bool smallest, double v, double best)
{
	if (best != best)
		return false;
	return v != v || (smallest ? v < best : v > best);
}

bool ref_reduce(const struct ref_call *c)
{
	bool wrap = !dtype_is_float(c->out->dtype);
	int64_t i = 0, n = layout_count(c->out);
	double first = c->op == OP_REDUCE_PROD  ? 1
		       : c->op == OP_REDUCE_MAX ? -INFINITY
		       : c->op == OP_REDUCE_MIN ? INFINITY
						: 0;
	struct layout_iter it;
	struct layout y, at;

	/* walk the input; `at` says which sum an element belongs to */
	if (layout_init(&y, "reduce", ACCEL_F32, c->out->ndim, c->out->shape))
		return false;
	if (!layout_expand(&y, c->in[0]->ndim, c->in[0]->shape, &at))
		return false;
	for (i = 0; i < n; i++)
		c->y[i] = first;
	i = 0;
	layout_start(&it, &at);
	do {
		double v = c->x[0][i++], *sum = &c->y[it.at];

		switch (c->op) {
		case OP_REDUCE_SUM:
			*sum += v;
			if (wrap && fabs(*sum) >= 0x1p52)
				*sum = dtype_wrap(ACCEL_I32, *sum);
			break;
		case OP_REDUCE_PROD:
			*sum = wrap ? int_mul(*sum, v) : *sum * v;
			break;
		default:
			if (better(c->op == OP_REDUCE_MIN, v, *sum))
				*sum = v;
		}
	} while (layout_next(&it));
	return true;
}

bool ref_argreduce(const struct ref_call *c)
{
	struct axis_split s = axis_split(c->in[0], c->attr->axis);
	int64_t o, i, j;

	for (o = 0; o < s.outer; o++) {
		for (i = 0; i < s.inner; i++) {
			const double *x = c->x[0] + o * s.n * s.inner + i;
			int64_t best = 0;

			for (j = 1; j < s.n; j++)
				if (better(c->op == OP_ARGMIN, x[j * s.inner],
					   x[best * s.inner]))
					best = j;
			c->y[o * s.inner + i] = (double)best;
		}
	}
	return true;
}

/* Product of the others: a matrix with ones on its diagonal, multiplied along
 * its rows. Exact with zeros among the factors, unlike y / x. */
static accel_tensor *prod_of_others(accel_tensor *x, uint32_t axes)
{
	int order[ACCEL_MAX_DIMS], back[ACCEL_MAX_DIMS], n = 0, i;
	int64_t shape[ACCEL_MAX_DIMS], rows, size = 1;
	accel_tensor *p, *eye, *at;

	for (i = 0; i < x->l.ndim; i++)
		if (!(axes & 1u << i))
			order[n++] = i;
	for (i = 0; i < x->l.ndim; i++) {
		if (axes & 1u << i) {
			order[n++] = i;
			size *= x->l.shape[i];
		}
	}
	for (i = 0; i < n; i++) {
		back[order[i]] = i;
		shape[i] = x->l.shape[order[i]];
	}
	rows = layout_count(&x->l) / size;
	p = accel_reshape(accel_permute(x, order), ACCEL_SHAPE(rows, 1, size));
	p = accel_broadcast(p, ACCEL_SHAPE(rows, size, size));
	at = accel_arange(x->ctx, ACCEL_I32, size);
	eye = accel_equal(accel_reshape(at, ACCEL_SHAPE(size, 1)), at);
	p = accel_where(eye, op_number(x, 1), p);
	p = accel_prod(p, ACCEL_AXES(2), false);
	p = accel_reshape(p, n, shape);
	return accel_permute(p, back);
}

bool grad_reduce(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *x = y->in[0], *hit;
	accel_axes axes = { 0 };
	int i;

	if (!dtype_is_float(x->l.dtype))
		return true;
	g = op_expand_as(g, &x->l);
	switch (y->op) {
	case OP_REDUCE_SUM:
		gx[0] = g;
		break;
	case OP_REDUCE_PROD:
		gx[0] = layout_count(&x->l)
				? accel_mul(g, prod_of_others(x, y->attr.axes))
				: g;
		break;
	default: /* shared evenly between equals */
		for (i = 0; i < x->l.ndim; i++)
			if (y->attr.axes & 1u << i)
				axes.axis[axes.n++] = i;
		hit = op_as(accel_equal(x, y), x->l.dtype);
		hit = accel_div(hit, axes.n ? accel_sum(hit, axes, true) : hit);
		gx[0] = accel_mul(g, hit);
	}
	return gx[0];
}

/* Drops the reduced dimensions of size 1. */
static accel_tensor *drop(accel_tensor *y, uint32_t set, bool keep)
{
	int64_t shape[ACCEL_MAX_DIMS];
	int i, n = 0;

	if (!y || keep)
		return y;
	for (i = 0; i < y->l.ndim; i++)
		if (!(set & 1u << i))
			shape[n++] = y->l.shape[i];
	return accel_reshape(y, n, shape);
}

static accel_tensor *record(enum op op, accel_tensor *x, uint32_t set,
			    accel_dtype dtype, bool keep)
{
	int64_t shape[ACCEL_MAX_DIMS];
	struct op_attr attr = { 0 };
	struct layout l;
	int i;

	if (!x)
		return NULL;
	memcpy(shape, x->l.shape, sizeof(shape));
	for (i = 0; i < x->l.ndim; i++) {
		if (set & 1u << i) {
			shape[i] = 1;
			attr.axis = i;
		}
	}
	attr.axes = set;
	if (layout_init(&l, op_table[op].name, dtype, x->l.ndim, shape))
		return NULL;
	return drop(op_record1(op, x, &l, &attr), set, keep);
}

static accel_tensor *reduce_parts(enum op op, accel_tensor *x, accel_axes axes,
				  bool keep)
{
	uint32_t set;

	if (!x || !op_axes(op_table[op].name, &x->l, axes, &set))
		return NULL;
	if ((op == OP_REDUCE_SUM || op == OP_REDUCE_PROD) &&
	    !dtype_is_float(x->l.dtype))
		x = op_as(x, ACCEL_I32);
	return x ? record(op, x, set, x->l.dtype, keep) : NULL;
}

static accel_tensor *reduce(enum op op, accel_tensor *x, accel_axes axes,
			    bool keep)
{
	return OP_WHOLE(op_context(x), reduce_parts(op, x, axes, keep));
}

accel_tensor *accel_sum(accel_tensor *x, accel_axes axes, bool keep)
{
	return reduce(OP_REDUCE_SUM, x, axes, keep);
}

accel_tensor *accel_prod(accel_tensor *x, accel_axes axes, bool keep)
{
	return reduce(OP_REDUCE_PROD, x, axes, keep);
}

accel_tensor *accel_max(accel_tensor *x, accel_axes axes, bool keep)
{
	return reduce(OP_REDUCE_MAX, x, axes, keep);
}

accel_tensor *accel_min(accel_tensor *x, accel_axes axes, bool keep)
{
	return reduce(OP_REDUCE_MIN, x, axes, keep);
}

static accel_tensor *mean_parts(accel_tensor *x, accel_axes axes, bool keep)
{
	accel_dtype d;
	accel_tensor *y;

	x = op_as_float(x);
	if (!x)
		return NULL;
	/* a sum of f16 may overflow where its mean does not */
	d = x->l.dtype;
	y = accel_sum(op_as(x, ACCEL_F32), axes, keep);
	if (!y)
		return NULL;
	y = accel_mul_scalar(y, (double)layout_count(&y->l) /
					(double)layout_count(&x->l));
	return op_as(y, d);
}

accel_tensor *accel_mean(accel_tensor *x, accel_axes axes, bool keep)
{
	return OP_WHOLE(op_context(x), mean_parts(x, axes, keep));
}

static accel_tensor *var_parts(accel_tensor *x, accel_axes axes, bool keep)
{
	x = op_as_float(x);
	if (!x)
		return NULL;
	x = accel_sub(x, accel_mean(x, axes, true));
	return accel_mean(accel_mul(x, x), axes, keep);
}

accel_tensor *accel_var(accel_tensor *x, accel_axes axes, bool keep)
{
	return OP_WHOLE(op_context(x), var_parts(x, axes, keep));
}

static accel_tensor *argreduce_parts(enum op op, accel_tensor *x, int axis,
				     bool keep)
{
	int i;

	if (!x)
		return NULL;
	i = layout_axis(&x->l, axis);
	if (i < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"%s: axis %d is not in %s",
					op_table[op].name, axis,
					layout_text(&x->l));
	return record(op, x, 1u << i, ACCEL_I32, keep);
}

static accel_tensor *argreduce(enum op op, accel_tensor *x, int axis, bool keep)
{
	return OP_WHOLE(op_context(x), argreduce_parts(op, x, axis, keep));
}

accel_tensor *accel_argmax(accel_tensor *x, int axis, bool keep)
{
	return argreduce(OP_ARGMAX, x, axis, keep);
}

accel_tensor *accel_argmin(accel_tensor *x, int axis, bool keep)
{
	return argreduce(OP_ARGMIN, x, axis, keep);
}
