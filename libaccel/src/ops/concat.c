// SPDX-License-Identifier: MIT
/*
 * Concat along attr.axis, and pad: attr.lo and attr.hi elements of attr.value
 * around, attr.step - 1 between elements (the adjoint of a strided slice).
 */
#include <string.h>

#include "../base/error.h"
#include "rules.h"

bool ref_concat(const struct ref_call *c)
{
	struct axis_split s = axis_split(c->out, c->attr->axis);
	int64_t at = 0, o;
	uint32_t i;

	for (i = 0; i < c->n_in; i++) {
		int64_t n = c->in[i]->shape[c->attr->axis] * s.inner;

		for (o = 0; o < s.outer; o++)
			memcpy(c->y + o * s.n * s.inner + at, c->x[i] + o * n,
			       (size_t)n * sizeof(double));
		at += n;
	}
	return true;
}

bool grad_concat(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	int axis = y->attr.axis;
	int64_t at = 0;
	uint32_t i;

	for (i = 0; i < y->n_in; i++) {
		int64_t n = y->in[i]->l.shape[axis];

		gx[i] = accel_slice(g, axis, at, at + n, 1);
		if (!gx[i])
			return false;
		at += n;
	}
	return true;
}

static accel_tensor *concat_parts(int n, accel_tensor *const *parts, int axis)
{
	accel_tensor *in[64];
	int64_t shape[ACCEL_MAX_DIMS];
	struct op_attr attr = { 0 };
	accel_dtype dtype;
	struct layout l;
	int i, d;

	if (n < 1 || n > 64 || !parts)
		return accel_error_null(ACCEL_ERR_RANGE,
					"concat: %d parts%s, the limit is 64",
					n, parts ? "" : " at no place");
	if (!op_args("concat", (uint32_t)n, parts))
		return NULL;
	l = parts[0]->l;
	attr.axis = layout_axis(&l, axis);
	if (attr.axis < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"concat: axis %d is not in %s", axis,
					layout_text(&l));
	memcpy(shape, l.shape, sizeof(shape));
	dtype = l.dtype;
	for (i = 1; i < n; i++) {
		bool same = parts[i]->l.ndim == l.ndim;

		for (d = 0; same && d < l.ndim; d++)
			same = d == attr.axis ||
			       parts[i]->l.shape[d] == l.shape[d];
		if (!same)
			return accel_error_null(
				ACCEL_ERR_SHAPE,
				"concat: axis %d, part 0 %s, part %d %s", axis,
				layout_text(&l), i, layout_text(&parts[i]->l));
		shape[attr.axis] += parts[i]->l.shape[attr.axis];
		dtype = accel_dtype_promote(dtype, parts[i]->l.dtype);
	}
	if (layout_init(&l, "concat", dtype, l.ndim, shape))
		return NULL;
	/* parts without elements add none */
	for (i = 0, d = 0; i < n; i++)
		if (layout_count(&parts[i]->l) || !layout_count(&l))
			in[d++] = op_as(parts[i], dtype);
	return op_record(OP_CONCAT, (uint32_t)d, in, &l, &attr);
}

accel_tensor *accel_concat(int n, accel_tensor *const *parts, int axis)
{
	return OP_WHOLE(n > 0 && parts ? op_context(parts[0]) : NULL,
			concat_parts(n, parts, axis));
}

bool ref_pad(const struct ref_call *c)
{
	const struct op_attr *a = c->attr;
	int64_t i, n = layout_count(c->out), at;
	struct layout_iter it;
	int d;

	for (i = 0; i < n; i++)
		c->y[i] = a->value;
	i = 0;
	layout_start(&it, c->in[0]);
	do {
		at = 0;
		for (d = 0; d < c->out->ndim; d++)
			at = at * c->out->shape[d] + a->lo[d] +
			     it.index[d] * a->step[d];
		c->y[at] = c->x[0][i++];
	} while (layout_next(&it));
	return true;
}

bool grad_pad(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	const struct layout *in = &y->in[0]->l;
	int i;

	if (!dtype_is_float(y->l.dtype))
		return true;
	for (i = 0; i < in->ndim; i++) {
		int64_t from = y->attr.lo[i], step = y->attr.step[i];

		g = accel_slice(g, i, from,
				from + (in->shape[i] - 1) * step + 1, step);
	}
	gx[0] = g;
	return g;
}

accel_tensor *accel_pad(accel_tensor *x, const int64_t *before,
			const int64_t *after, double value)
{
	struct op_attr attr = { 0 };
	int64_t shape[ACCEL_MAX_DIMS];
	struct layout l;
	int i;

	if (!x)
		return NULL;
	if (x->l.ndim && (!before || !after))
		return accel_error_null(ACCEL_ERR_INVALID,
					"pad: how much of %s is missing",
					layout_text(&x->l));
	attr.value = dtype_wrap(x->l.dtype, value);
	for (i = 0; i < x->l.ndim; i++) {
		if (before[i] < 0 || after[i] < 0 || before[i] > MAX_COUNT ||
		    after[i] > MAX_COUNT)
			return accel_error_null(ACCEL_ERR_RANGE,
						"pad: %lld before and %lld "
						"after axis %d of %s",
						(long long)before[i],
						(long long)after[i], i,
						layout_text(&x->l));
		attr.lo[i] = before[i];
		attr.hi[i] = after[i];
		attr.step[i] = 1;
		shape[i] = x->l.shape[i] + before[i] + after[i];
	}
	if (layout_init(&l, "pad", x->l.dtype, x->l.ndim, shape))
		return NULL;
	return op_record1(OP_PAD, x, &l, &attr);
}
