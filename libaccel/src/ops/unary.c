// SPDX-License-Identifier: MIT
/* Element-wise ops of one argument. */
#include <math.h>

#include "../base/error.h"
#include "rules.h"

#define SQRT1_2 0.70710678118654752440 /* 1 / sqrt 2 */
#define RSQRT_2PI 0.39894228040143267794 /* 1 / sqrt(2 pi) */
#define TWO_RSQRT_PI 1.12837916709551257390 /* 2 / sqrt pi */

static double sigmoid(double x)
{
	return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

double unary_value(enum op op, double x)
{
	switch (op) {
	case OP_NEG:
		return -x;
	case OP_ABS:
		return fabs(x);
	case OP_SIGN:
		return x > 0 ? 1 : x < 0 ? -1 : x;
	case OP_FLOOR:
		return floor(x);
	case OP_CEIL:
		return ceil(x);
	case OP_ROUND:
		return nearbyint(x);
	case OP_RELU:
		return x > 0 || x != x ? x : 0;
	case OP_EXP:
		return exp(x);
	case OP_LOG:
		return log(x);
	case OP_SQRT:
		return sqrt(x);
	case OP_RSQRT:
		return 1 / sqrt(x);
	case OP_TANH:
		return tanh(x);
	case OP_SIGMOID:
		return sigmoid(x);
	case OP_GELU:
		return x * 0.5 * (1 + erf(x * SQRT1_2));
	case OP_SILU:
		return x * sigmoid(x);
	case OP_SIN:
		return sin(x);
	case OP_COS:
		return cos(x);
	case OP_ERF:
		return erf(x);
	default: /* COPY, CAST: the caller converts */
		return x;
	}
}

/* Toward zero, limited to the range of i32; NaN is 0. */
static double to_i32(double x)
{
	if (isnan(x))
		return 0;
	return trunc(fmin(fmax(x, INT32_MIN), INT32_MAX));
}

bool ref_unary(const struct ref_call *c)
{
	int64_t i, n = layout_count(c->out);

	for (i = 0; i < n; i++)
		c->y[i] = unary_value(c->op, c->x[0][i]);
	if (c->op == OP_CAST && !dtype_is_float(c->out->dtype))
		for (i = 0; i < n; i++)
			c->y[i] = to_i32(c->y[i]);
	return true;
}

/* The derivative by x, at x and y = f(x). */
static accel_tensor *slope(enum op op, accel_tensor *x, accel_tensor *y)
{
	accel_tensor *one = op_full_like(x, 1), *s;

	switch (op) {
	case OP_NEG:
		return op_full_like(x, -1);
	case OP_ABS:
		return accel_sign(x);
	case OP_RELU:
		/* of y, so that x need not be kept */
		return op_as(accel_greater(y, op_number(x, 0)), x->l.dtype);
	case OP_EXP:
		return y;
	case OP_LOG:
		return accel_div(one, x);
	case OP_SQRT:
		return accel_div(op_full_like(x, 0.5), y);
	case OP_RSQRT:
		return accel_mul_scalar(accel_div(y, x), -0.5);
	case OP_TANH:
		return accel_sub(one, accel_mul(y, y));
	case OP_SIGMOID:
		return accel_mul(y, accel_sub(one, y));
	case OP_GELU: /* Phi(x) + x phi(x) */
		s = accel_mul_scalar(accel_mul(x, x), -0.5);
		s = accel_mul(x, accel_mul_scalar(accel_exp(s), RSQRT_2PI));
		x = accel_erf(accel_mul_scalar(x, SQRT1_2));
		return accel_add(accel_mul_scalar(accel_add(x, one), 0.5), s);
	case OP_SILU: /* s + y (1 - s) */
		s = accel_sigmoid(x);
		return accel_add(s, accel_mul(y, accel_sub(one, s)));
	case OP_SIN:
		return accel_cos(x);
	case OP_COS:
		return accel_neg(accel_sin(x));
	case OP_ERF:
		s = accel_exp(accel_neg(accel_mul(x, x)));
		return accel_mul_scalar(s, TWO_RSQRT_PI);
	default:
		return one;
	}
}

bool grad_unary(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *x = y->in[0];

	if (!dtype_is_float(x->l.dtype))
		return true;
	if (y->op == OP_COPY || y->op == OP_CAST)
		gx[0] = op_as(g, x->l.dtype);
	else
		gx[0] = accel_mul(g, slope(y->op, x, y));
	return gx[0];
}

static accel_tensor *record(enum op op, accel_tensor *x)
{
	struct layout l;

	if (!x || layout_init(&l, op_table[op].name, x->l.dtype, x->l.ndim,
			      x->l.shape))
		return NULL;
	return op_record1(op, x, &l, NULL);
}

accel_tensor *accel_cast(accel_tensor *x, accel_dtype dtype)
{
	struct layout l;

	if (!x || layout_init(&l, "cast", dtype, x->l.ndim, x->l.shape))
		return NULL;
	return op_record1(OP_CAST, x, &l, NULL);
}

accel_tensor *accel_copy(accel_tensor *x)
{
	return record(OP_COPY, x);
}

/* Any type; u8 has no sign to change. */
#define ANY(name, OP)                                                          \
	accel_tensor *accel_##name(accel_tensor *x)                            \
	{                                                                      \
		return record(OP, x);                                          \
	}
ANY(neg, OP_NEG)
ANY(abs, OP_ABS)
ANY(sign, OP_SIGN)
ANY(relu, OP_RELU)

/* Nothing to do for integers. */
#define ROUNDING(name, OP)                                                     \
	accel_tensor *accel_##name(accel_tensor *x)                            \
	{                                                                      \
		return record(x && dtype_is_float(x->l.dtype) ? OP : OP_COPY,  \
			      x);                                              \
	}
ROUNDING(floor, OP_FLOOR)
ROUNDING(ceil, OP_CEIL)
ROUNDING(round, OP_ROUND)

/* Integers become f32. */
#define FLOAT(name, OP)                                                        \
	accel_tensor *accel_##name(accel_tensor *x)                            \
	{                                                                      \
		return OP_WHOLE(op_context(x), record(OP, op_as_float(x)));    \
	}
FLOAT(exp, OP_EXP)
FLOAT(log, OP_LOG)
FLOAT(sqrt, OP_SQRT)
FLOAT(rsqrt, OP_RSQRT)
FLOAT(tanh, OP_TANH)
FLOAT(sigmoid, OP_SIGMOID)
FLOAT(gelu, OP_GELU)
FLOAT(silu, OP_SILU)
FLOAT(sin, OP_SIN)
FLOAT(cos, OP_COS)
FLOAT(erf, OP_ERF)
