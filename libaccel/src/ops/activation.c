// SPDX-License-Identifier: MIT
/* Activations that are made of other ops; a chain of them is one kernel. */
#include "op.h"

#include <accel/ops.h>

#include "../base/error.h"

static accel_tensor *number(accel_tensor *x, double v)
{
	return x ? accel_full(x->ctx, x->l.dtype, ACCEL_SCALAR, v) : NULL;
}

static bool is_float(const char *who, accel_tensor *x)
{
	if (!x)
		return false;
	if (dtype_is_float(x->l.dtype))
		return true;
	accel_error(ACCEL_ERR_DTYPE, "%s: %s is no float", who,
		    accel_dtype_name(x->l.dtype));
	return false;
}

static accel_tensor *leaky_relu_parts(accel_tensor *x, double slope)
{
	if (!is_float("leaky_relu", x))
		return NULL;
	return accel_where(accel_less(number(x, 0), x), x,
			   accel_mul_scalar(x, slope));
}

accel_tensor *accel_leaky_relu(accel_tensor *x, double slope)
{
	return OP_WHOLE(op_context(x), leaky_relu_parts(x, slope));
}

static accel_tensor *elu_parts(accel_tensor *x, double alpha)
{
	accel_tensor *below;

	if (!is_float("elu", x))
		return NULL;
	/* of what is above 0 the exponential is not asked: it overflows */
	below = accel_exp(accel_minimum(x, number(x, 0)));
	below = accel_mul_scalar(accel_add_scalar(below, -1), alpha);
	return accel_where(accel_less(number(x, 0), x), x, below);
}

accel_tensor *accel_elu(accel_tensor *x, double alpha)
{
	return OP_WHOLE(op_context(x), elu_parts(x, alpha));
}

/* log(1 + e^-|x|) + |x| / 2 + x / 2: the derivative at 0 is that of no side */
static accel_tensor *softplus_parts(accel_tensor *x)
{
	accel_tensor *a, *y;

	if (!is_float("softplus", x))
		return NULL;
	a = accel_abs(x);
	y = accel_log(accel_add_scalar(accel_exp(accel_neg(a)), 1));
	return accel_add(y, accel_mul_scalar(accel_add(a, x), 0.5));
}

accel_tensor *accel_softplus(accel_tensor *x)
{
	return OP_WHOLE(op_context(x), softplus_parts(x));
}

static accel_tensor *hard_swish_parts(accel_tensor *x)
{
	accel_tensor *gate;

	if (!is_float("hard_swish", x))
		return NULL;
	gate = accel_add_scalar(accel_mul_scalar(x, 1.0 / 6), 0.5);
	gate = accel_minimum(accel_maximum(gate, number(x, 0)), number(x, 1));
	return accel_mul(x, gate);
}

accel_tensor *accel_hard_swish(accel_tensor *x)
{
	return OP_WHOLE(op_context(x), hard_swish_parts(x));
}
