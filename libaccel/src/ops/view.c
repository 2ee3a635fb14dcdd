// SPDX-License-Identifier: MIT
/*
 * Views: reshape, permute, slice, broadcast. They record a node for the
 * gradient's sake; its layout points into the source's storage.
 */
#include <string.h>

#include "../base/error.h"
#include "rules.h"

accel_tensor *accel_reshape(accel_tensor *x, int ndim, const int64_t *shape)
{
	int64_t want[ACCEL_MAX_DIMS], known = 1;
	struct layout l, view;
	int i, infer = -1;

	if (!x)
		return NULL;
	if (ndim < 0 || ndim > ACCEL_MAX_DIMS || (ndim && !shape))
		return accel_error_null(ACCEL_ERR_SHAPE,
					"reshape: %d dimensions, the limit is "
					"%d",
					ndim, ACCEL_MAX_DIMS);
	for (i = 0; i < ndim; i++) {
		want[i] = shape[i];
		if (want[i] == -1 && infer < 0)
			infer = i;
		else if (!want[i] ||
			 (want[i] > 0 && known && want[i] <= MAX_COUNT / known))
			known *= want[i];
	}
	if (infer >= 0)
		want[infer] = known ? layout_count(&x->l) / known : -1;
	if (infer >= 0 && want[infer] * known != layout_count(&x->l))
		return accel_error_null(ACCEL_ERR_SHAPE,
					"reshape: %s does not divide into %s",
					layout_text(&x->l),
					shape_text(ndim, shape));
	if (layout_init(&l, "reshape", x->l.dtype, ndim, want))
		return NULL;
	if (layout_count(&l) != layout_count(&x->l))
		return accel_error_null(ACCEL_ERR_SHAPE,
					"reshape: %s has %lld elements, %s has "
					"%lld",
					layout_text(&x->l),
					(long long)layout_count(&x->l),
					layout_text(&l),
					(long long)layout_count(&l));
	if (layout_same_shape(&l, &x->l))
		return op_record1(OP_RESHAPE, x, &x->l, NULL);
	if (!layout_reshape(&x->l, &l, &view)) {
		x = accel_copy(x);
		view = l;
	}
	return op_record1(OP_RESHAPE, x, &view, NULL);
}

bool grad_reshape(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	gx[0] = accel_reshape(g, y->in[0]->l.ndim, y->in[0]->l.shape);
	return gx[0];
}

accel_tensor *accel_flatten_from(accel_tensor *x, int axis)
{
	int64_t shape[ACCEL_MAX_DIMS];
	int i, j;

	if (!x)
		return NULL;
	i = layout_axis(&x->l, axis);
	if (i < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"flatten: axis %d is not in %s", axis,
					layout_text(&x->l));
	memcpy(shape, x->l.shape, sizeof(shape));
	for (j = i + 1; j < x->l.ndim; j++)
		shape[i] *= shape[j];
	return accel_reshape(x, i + 1, shape);
}

accel_tensor *accel_expand(accel_tensor *x, int axis)
{
	int64_t shape[ACCEL_MAX_DIMS];
	int i, n;

	if (!x)
		return NULL;
	n = x->l.ndim + 1;
	i = axis < 0 ? axis + n : axis;
	if (i < 0 || i >= n || n > ACCEL_MAX_DIMS)
		return accel_error_null(ACCEL_ERR_RANGE,
					"expand: no place %d in %s", axis,
					layout_text(&x->l));
	memcpy(shape, x->l.shape, (size_t)i * sizeof(shape[0]));
	shape[i] = 1;
	memcpy(shape + i + 1, x->l.shape + i,
	       (size_t)(x->l.ndim - i) * sizeof(shape[0]));
	return accel_reshape(x, n, shape);
}

accel_tensor *accel_permute(accel_tensor *x, const int *order)
{
	struct op_attr attr = { 0 };
	uint32_t seen = 0;
	struct layout l;
	int i;

	if (!x)
		return NULL;
	l = x->l;
	if (l.ndim && !order)
		return accel_error_null(ACCEL_ERR_INVALID,
					"permute: no order for %s",
					layout_text(&l));
	for (i = 0; i < l.ndim; i++) {
		int from = layout_axis(&x->l, order[i]);

		if (from < 0 || (seen & 1u << from))
			return accel_error_null(
				ACCEL_ERR_RANGE,
				"permute: axis %d is %s for %s", order[i],
				from < 0 ? "out of range" : "named twice",
				layout_text(&x->l));
		seen |= 1u << from;
		attr.lo[i] = from;
		l.shape[i] = x->l.shape[from];
		l.stride[i] = x->l.stride[from];
	}
	return op_record1(OP_PERMUTE, x, &l, &attr);
}

bool grad_permute(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	int back[ACCEL_MAX_DIMS], i;

	for (i = 0; i < y->l.ndim; i++)
		back[y->attr.lo[i]] = i;
	gx[0] = accel_permute(g, back);
	return gx[0];
}

accel_tensor *accel_transpose(accel_tensor *x, int axis_a, int axis_b)
{
	int order[ACCEL_MAX_DIMS], i, a, b;

	if (!x)
		return NULL;
	a = layout_axis(&x->l, axis_a);
	b = layout_axis(&x->l, axis_b);
	if (a < 0 || b < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"transpose: axis %d or %d is not in %s",
					axis_a, axis_b, layout_text(&x->l));
	for (i = 0; i < x->l.ndim; i++)
		order[i] = i == a ? b : i == b ? a : i;
	return accel_permute(x, order);
}

accel_tensor *accel_slice(accel_tensor *x, int axis, int64_t start,
			  int64_t stop, int64_t step)
{
	struct op_attr attr = { 0 };
	struct layout l;
	int64_t n, from, to;
	int i;

	if (!x)
		return NULL;
	i = layout_axis(&x->l, axis);
	if (i < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"slice: axis %d is not in %s", axis,
					layout_text(&x->l));
	l = x->l;
	n = l.shape[i];
	from = start < 0 ? start + n : start;
	to = stop < 0 ? stop + n : stop > n ? n : stop;
	if (from < 0 || from > to || step < 1)
		return accel_error_null(ACCEL_ERR_RANGE,
					"slice: nothing in %lld:%lld:%lld of "
					"axis %d of %s",
					(long long)start, (long long)stop,
					(long long)step, i, layout_text(&x->l));
	attr.axis = i;
	attr.lo[0] = from;
	attr.step[0] = step;
	l.offset += from * l.stride[i];
	l.shape[i] = to > from ? (to - from - 1) / step + 1 : 0;
	l.stride[i] *= l.shape[i] > 1 ? step : 1;
	return op_record1(OP_SLICE, x, &l, &attr);
}

bool grad_slice(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	const struct layout *in = &y->in[0]->l;
	struct op_attr attr = { 0 };
	int i, axis = y->attr.axis;
	struct layout l;

	if (!layout_count(&y->l)) {
		gx[0] = op_full_like(y->in[0], 0);
		return gx[0];
	}
	for (i = 0; i < in->ndim; i++)
		attr.step[i] = 1;
	attr.lo[axis] = y->attr.lo[0];
	attr.step[axis] = y->attr.step[0];
	attr.hi[axis] = in->shape[axis] - attr.lo[axis] - 1 -
			(y->l.shape[axis] - 1) * attr.step[axis];
	if (layout_init(&l, "slice", g->l.dtype, in->ndim, in->shape))
		return false;
	gx[0] = op_record1(OP_PAD, g, &l, &attr);
	return gx[0];
}

accel_tensor *accel_broadcast(accel_tensor *x, int ndim, const int64_t *shape)
{
	struct layout l, view;

	if (!x || layout_init(&l, "broadcast", x->l.dtype, ndim, shape))
		return NULL;
	if (!layout_expand(&x->l, ndim, shape, &view))
		return accel_error_null(ACCEL_ERR_SHAPE,
					"broadcast: %s does not fit %s",
					layout_text(&x->l), layout_text(&l));
	return op_record1(OP_BROADCAST, x, &view, NULL);
}

bool grad_broadcast(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	const struct layout *in = &y->in[0]->l;
	int i, lead = y->l.ndim - in->ndim;
	accel_axes axes = { 0 };

	for (i = 0; i < y->l.ndim; i++)
		if (i < lead || in->shape[i - lead] != y->l.shape[i])
			axes.axis[axes.n++] = i;
	if (axes.n)
		g = accel_sum(g, axes, true);
	gx[0] = accel_reshape(g, in->ndim, in->shape);
	return gx[0];
}

accel_status accel_split(accel_tensor *x, int axis, int n, accel_tensor **parts)
{
	int64_t size;
	int i, a;

	if (!x)
		return ACCEL_ERR_INVALID;
	a = layout_axis(&x->l, axis);
	if (a < 0 || n < 1 || x->l.shape[a] % n || !parts)
		return accel_error(ACCEL_ERR_SHAPE,
				   "split: axis %d of %s in %d parts", axis,
				   layout_text(&x->l), n);
	size = x->l.shape[a] / n;
	for (i = 0; i < n; i++) {
		parts[i] = accel_slice(x, a, i * size, (i + 1) * size, 1);
		if (!parts[i])
			return ACCEL_ERR_NOMEM;
	}
	return ACCEL_OK;
}
