// SPDX-License-Identifier: MIT
/*
 * Gather and scatter-add along attr.axis, each the other's derivative;
 * embedding and one-hot are made of views and these.
 */
#include <math.h>
#include <string.h>

#include "../base/error.h"
#include "rules.h"

static double from_end(double k, int64_t n)
{
	return k < 0 ? k + (double)n : k;
}

bool ref_gather(const struct ref_call *c)
{
	struct axis_split s = axis_split(c->in[0], c->attr->axis);
	int64_t n = c->out->shape[c->attr->axis], o, j, i;
	double none = dtype_is_float(c->out->dtype) ? NAN : 0;

	for (o = 0; o < s.outer; o++) {
		for (j = 0; j < n; j++) {
			for (i = 0; i < s.inner; i++) {
				int64_t at = (o * n + j) * s.inner + i;
				double k = from_end(c->x[1][at], s.n);
				bool in = k >= 0 && k < (double)s.n;

				c->y[at] = in ? c->x[0][(o * s.n + (int64_t)k) *
								s.inner +
							i]
					      : none;
			}
		}
	}
	return true;
}

/* in: x, index, src. */
bool ref_scatter_add(const struct ref_call *c)
{
	struct axis_split s = axis_split(c->out, c->attr->axis);
	int64_t n = c->in[1]->shape[c->attr->axis], o, j, i;

	memcpy(c->y, c->x[0], (size_t)layout_count(c->out) * sizeof(double));
	for (o = 0; o < s.outer; o++) {
		for (j = 0; j < n; j++) {
			for (i = 0; i < s.inner; i++) {
				int64_t at = (o * n + j) * s.inner + i;
				double k = from_end(c->x[1][at], s.n);

				if (k >= 0 && k < (double)s.n)
					c->y[(o * s.n + (int64_t)k) * s.inner +
					     i] += c->x[2][at];
			}
		}
	}
	return true;
}

bool grad_gather(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	if (!dtype_is_float(y->l.dtype))
		return true;
	gx[0] = accel_scatter_add(op_full_like(y->in[0], 0), y->attr.axis,
				  y->in[1], g);
	return gx[0];
}

bool grad_scatter_add(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	if (!dtype_is_float(y->l.dtype))
		return true;
	gx[0] = g;
	gx[2] = accel_gather(g, y->attr.axis, y->in[1]);
	return gx[2];
}

/* The axis, if index fits beside x everywhere else. */
static int fit(const char *who, accel_tensor *x, int axis, accel_tensor *index)
{
	int a = layout_axis(&x->l, axis), i;
	bool ok = a >= 0 && x->l.ndim == index->l.ndim;

	for (i = 0; ok && i < x->l.ndim; i++)
		ok = i == a || x->l.shape[i] == index->l.shape[i];
	if (dtype_is_float(index->l.dtype)) {
		accel_error(ACCEL_ERR_DTYPE, "%s: index is %s, not an integer",
			    who, accel_dtype_name(index->l.dtype));
		return -1;
	}
	if (!ok) {
		accel_error(ACCEL_ERR_SHAPE, "%s: axis %d, x %s, index %s", who,
			    axis, layout_text(&x->l), layout_text(&index->l));
		return -1;
	}
	return a;
}

static accel_tensor *gather_parts(accel_tensor *x, int axis,
				  accel_tensor *index)
{
	accel_tensor *in[2] = { x, index };
	struct op_attr attr = { 0 };
	struct layout l;

	if (!op_args("gather", 2, in))
		return NULL;
	attr.axis = fit("gather", x, axis, index);
	if (attr.axis < 0 || layout_init(&l, "gather", x->l.dtype,
					 index->l.ndim, index->l.shape))
		return NULL;
	in[1] = op_as(index, ACCEL_I32);
	return op_record(OP_GATHER, 2, in, &l, &attr);
}

accel_tensor *accel_gather(accel_tensor *x, int axis, accel_tensor *index)
{
	return OP_WHOLE(op_context(x), gather_parts(x, axis, index));
}

static accel_tensor *scatter_add_parts(accel_tensor *x, int axis,
				       accel_tensor *index, accel_tensor *src)
{
	accel_tensor *in[3] = { x, index, src };
	struct op_attr attr = { 0 };
	struct layout l;

	if (!op_args("scatter_add", 3, in))
		return NULL;
	attr.axis = fit("scatter_add", x, axis, index);
	if (attr.axis < 0)
		return NULL;
	if (!layout_same_shape(&index->l, &src->l))
		return accel_error_null(ACCEL_ERR_SHAPE,
					"scatter_add: index %s, src %s",
					layout_text(&index->l),
					layout_text(&src->l));
	if (layout_init(&l, "scatter_add", x->l.dtype, x->l.ndim, x->l.shape))
		return NULL;
	if (!layout_count(&index->l))
		return accel_copy(x);
	in[1] = op_as(index, ACCEL_I32);
	in[2] = op_as(src, x->l.dtype);
	return op_record(OP_SCATTER_ADD, 3, in, &l, &attr);
}

accel_tensor *accel_scatter_add(accel_tensor *x, int axis, accel_tensor *index,
				accel_tensor *src)
{
	return OP_WHOLE(op_context(x), scatter_add_parts(x, axis, index, src));
}

/* An index below 0 counts from no end here: it is outside, as n is. */
static accel_tensor *no_negative(accel_tensor *index, int64_t n)
{
	accel_context *ctx = op_context(index);
	accel_tensor *zero = accel_full(ctx, ACCEL_I32, ACCEL_SCALAR, 0);

	return accel_where(accel_less(index, zero),
			   accel_full(ctx, ACCEL_I32, ACCEL_SCALAR, (double)n),
			   index);
}

static accel_tensor *embedding_lookup_parts(accel_tensor *table,
					    accel_tensor *index)
{
	accel_tensor *in[2] = { table, index }, *y;
	int64_t shape[ACCEL_MAX_DIMS], n, dim;
	int nd;

	if (!op_args("embedding", 2, in))
		return NULL;
	nd = index->l.ndim;
	if (table->l.ndim != 2 || nd >= ACCEL_MAX_DIMS)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"embedding: table %s, index %s",
					layout_text(&table->l),
					layout_text(&index->l));
	dim = table->l.shape[1];
	n = layout_count(&index->l);
	memcpy(shape, index->l.shape, sizeof(shape));
	shape[nd] = dim;
	index = op_as(accel_reshape(index, ACCEL_SHAPE(n, 1)), ACCEL_I32);
	index = no_negative(index, table->l.shape[0]);
	index = accel_broadcast(index, ACCEL_SHAPE(n, dim));
	y = accel_gather(table, 0, index);
	return accel_reshape(y, nd + 1, shape);
}

accel_tensor *accel_embedding_lookup(accel_tensor *table, accel_tensor *index)
{
	return OP_WHOLE(op_context(table),
			embedding_lookup_parts(table, index));
}

static accel_tensor *one_hot_parts(accel_tensor *index, int64_t n,
				   accel_dtype dtype)
{
	if (!index)
		return NULL;
	if (dtype_is_float(index->l.dtype))
		return accel_error_null(ACCEL_ERR_DTYPE,
					"one_hot: index is %s, not an integer",
					accel_dtype_name(index->l.dtype));
	return op_as(accel_equal(accel_expand(op_as(index, ACCEL_I32), -1),
				 accel_arange(index->ctx, ACCEL_I32, n)),
		     dtype);
}

accel_tensor *accel_one_hot(accel_tensor *index, int64_t n, accel_dtype dtype)
{
	return OP_WHOLE(op_context(index), one_hot_parts(index, n, dtype));
}
