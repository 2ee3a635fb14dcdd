// SPDX-License-Identifier: MIT
/* The table of ops, and the checks that all of them share. */
#include "op.h"

#include <string.h>

#include "../base/error.h"
#include "rules.h"

const struct op_desc op_table[OP_COUNT] = {
#define X(NAME, name, class, attr, ref, grad)                                  \
	[OP_##NAME] = { #name, CLASS_##class, ATTR_##attr, ref, grad },
#include "ops.def"
};

bool op_args(const char *who, uint32_t n, accel_tensor *const *x)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!x[i])
			return false;
	for (i = 1; i < n; i++) {
		if (x[i]->ctx != x[0]->ctx) {
			accel_error(ACCEL_ERR_INVALID,
				    "%s: tensors of two contexts (%s and %s)",
				    who, x[0]->ctx->dev->name,
				    x[i]->ctx->dev->name);
			return false;
		}
	}
	return true;
}

void op_end(struct op_whole *w, uint32_t n, accel_tensor *const *result)
{
	uint32_t i;

	for (i = 0; w->ctx && i < n; i++)
		if (result[i])
			node_unscope(result[i]);
	if (w->ctx)
		accel_scope_end(w->ctx);
}

void *op_no_options(const char *who)
{
	return accel_error_null(ACCEL_ERR_INVALID, "%s: no options", who);
}

/* What an op makes of no elements at all. */
static accel_tensor *of_nothing(enum op op, accel_tensor *x,
				const struct layout *l,
				const struct op_attr *attr)
{
	double value = 0;

	switch (op) {
	case OP_REDUCE_SUM:
	case OP_MATMUL:
	case OP_CONV_WEIGHT:
		break;
	case OP_REDUCE_PROD:
		value = 1;
		break;
	case OP_PAD:
		value = attr->value;
		break;
	default:
		return accel_error_null(ACCEL_ERR_SHAPE,
					"%s: %s has no elements, %s has",
					op_table[op].name, layout_text(&x->l),
					layout_text(l));
	}
	return accel_full(x->ctx, (accel_dtype)l->dtype, l->ndim, l->shape,
			  value);
}

accel_tensor *op_record(enum op op, uint32_t n_in, accel_tensor *const *in,
			const struct layout *l, const struct op_attr *attr)
{
	accel_tensor *t;
	uint32_t i;

	for (i = 0; i < n_in; i++)
		if (!in[i])
			return NULL;
	for (i = 0; i < n_in && layout_count(l); i++)
		if (!layout_count(&in[i]->l))
			return of_nothing(op, in[i], l, attr);
	t = node_create(in[0]->ctx, op, n_in, in, l);
	if (!t)
		return NULL;
	if (attr)
		t->attr = *attr;
	for (i = 0; i < n_in; i++) {
		if (!in[i]->pending || t->ctx->differentiating)
			continue;
		t->in[i] = in[i]->pending;
		node_ref(t->in[i]);
		node_unref(in[i]);
	}
	return t;
}

accel_tensor *op_record1(enum op op, accel_tensor *x, const struct layout *l,
			 const struct op_attr *attr)
{
	return op_record(op, 1, &x, l, attr);
}

accel_tensor *op_as(accel_tensor *x, accel_dtype dtype)
{
	return !x || x->l.dtype == dtype ? x : accel_cast(x, dtype);
}

accel_tensor *op_as_float(accel_tensor *x)
{
	return !x || dtype_is_float(x->l.dtype) ? x : accel_cast(x, ACCEL_F32);
}

accel_tensor *op_expand_as(accel_tensor *x, const struct layout *l)
{
	return !x || layout_same_shape(&x->l, l)
		       ? x
		       : accel_broadcast(x, l->ndim, l->shape);
}

accel_tensor *op_full_like(accel_tensor *x, double value)
{
	return x ? accel_full(x->ctx, x->l.dtype, x->l.ndim, x->l.shape, value)
		 : NULL;
}

accel_tensor *op_number(accel_tensor *x, double value)
{
	return x ? accel_full(x->ctx, x->l.dtype, ACCEL_SCALAR, value) : NULL;
}

bool op_axes(const char *who, const struct layout *l, accel_axes axes,
	     uint32_t *set)
{
	int i, axis;

	*set = 0;
	if (axes.n < 0 || axes.n > ACCEL_MAX_DIMS) {
		accel_error(ACCEL_ERR_RANGE, "%s: %d axes, the limit is %d",
			    who, axes.n, ACCEL_MAX_DIMS);
		return false;
	}
	for (i = 0; i < axes.n; i++) {
		axis = layout_axis(l, axes.axis[i]);
		if (axis < 0) {
			accel_error(ACCEL_ERR_RANGE, "%s: axis %d is not in %s",
				    who, axes.axis[i], layout_text(l));
			return false;
		}
		*set |= 1u << axis;
	}
	if (!axes.n)
		*set = (1u << l->ndim) - 1;
	return true;
}

struct axis_split axis_split(const struct layout *l, int axis)
{
	struct axis_split s = { 1, l->ndim ? l->shape[axis] : 1, 1 };
	int i;

	for (i = 0; i < axis; i++)
		s.outer *= l->shape[i];
	for (i = axis + 1; i < l->ndim; i++)
		s.inner *= l->shape[i];
	return s;
}
