// SPDX-License-Identifier: MIT
/* Leaves: constants, scalars that change from step to step, arange. */
#include <string.h>

#include "../base/error.h"
#include "rules.h"

bool ref_const(const struct ref_call *c)
{
	c->y[0] = c->attr->value;
	return true;
}

bool ref_arange(const struct ref_call *c)
{
	int64_t i;

	for (i = 0; i < c->out->shape[0]; i++)
		c->y[i] = (double)i;
	return true;
}

static accel_tensor *full_parts(accel_context *ctx, accel_dtype dtype, int ndim,
				const int64_t *shape, double value)
{
	struct layout l, one;
	accel_tensor *t;

	if (!ctx || layout_init(&l, "full", dtype, ndim, shape) ||
	    layout_init(&one, "full", dtype, 0, NULL))
		return NULL;
	t = node_create(ctx, OP_CONST, 0, NULL, &one);
	if (!t)
		return NULL;
	/* what the type can hold: the plan's key has this value */
	t->attr.value = dtype_wrap(dtype, value);
	return op_expand_as(t, &l);
}

accel_tensor *accel_full(accel_context *ctx, accel_dtype dtype, int ndim,
			 const int64_t *shape, double value)
{
	return OP_WHOLE(ctx, full_parts(ctx, dtype, ndim, shape, value));
}

accel_tensor *accel_scalar(accel_context *ctx, accel_dtype dtype, double value)
{
	struct layout l;
	accel_tensor *t;

	if (!ctx || layout_init(&l, "scalar", dtype, 0, NULL))
		return NULL;
	t = node_create(ctx, OP_SCALAR, 0, NULL, &l);
	if (t)
		dtype_store(dtype, t->attr.lo, 0, value);
	return t;
}

accel_tensor *accel_arange(accel_context *ctx, accel_dtype dtype, int64_t n)
{
	struct layout l;

	if (!ctx || layout_init(&l, "arange", dtype, 1, &n))
		return NULL;
	return node_create(ctx, OP_ARANGE, 0, NULL, &l);
}
