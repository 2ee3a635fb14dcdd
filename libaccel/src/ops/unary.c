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

#define VALUE(NAME, expr)                                                      \
	static double value_##NAME(double x)                                   \
	{                                                                      \
		return expr;                                                   \
	}
VALUE(COPY, x)
VALUE(CAST, x) /* the caller converts */
VALUE(NEG, -x)
VALUE(ABS, fabs(x))
VALUE(SIGN, x > 0 ? 1 : x < 0 ? -1 : x)
VALUE(FLOOR, floor(x))
VALUE(CEIL, ceil(x))
VALUE(ROUND, nearbyint(x))
VALUE(RELU, x > 0 || x != x ? x : 0)
VALUE(EXP, exp(x))
VALUE(LOG, log(x))
VALUE(SQRT, sqrt(x))
VALUE(RSQRT, 1 / sqrt(x))
VALUE(TANH, tanh(x))
VALUE(SIGMOID, sigmoid(x))
VALUE(GELU, x * 0.5 * (1 + erf(x * SQRT1_2)))
VALUE(SILU, x *sigmoid(x))
VALUE(SIN, sin(x))
VALUE(COS, cos(x))
VALUE(ERF, erf(x))

double unary_value(enum op op, double x)
{
	static double (*const value[OP_COUNT])(double) = {
#define UNARY(NAME, name, takes, act, slope) [OP_##NAME] = value_##NAME,
#include "ops.def"
	};

	return value[op](x);
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

/*
 * The derivatives by x, at x and y = f(x). What a rule does not use is there all
 * the same; a node that nobody reads costs nothing.
 */
#define SLOPE(NAME)                                                            \
	static accel_tensor *slope_##NAME(                                     \
		__attribute__((unused)) accel_tensor *x,                       \
		__attribute__((unused)) accel_tensor *y)

static accel_tensor *one(accel_tensor *x)
{
	return op_full_like(x, 1);
}

SLOPE(COPY)
{
	return one(x);
}

SLOPE(CAST)
{
	return one(x);
}

SLOPE(NEG)
{
	return op_full_like(x, -1);
}

SLOPE(ABS)
{
	return accel_sign(x);
}

SLOPE(RELU)
{
	/* of y, so that x need not be kept */
	return op_as(accel_greater(y, op_number(x, 0)), x->l.dtype);
}

SLOPE(EXP)
{
	return y;
}

SLOPE(LOG)
{
	return accel_div(one(x), x);
}

SLOPE(SQRT)
{
	return accel_div(op_full_like(x, 0.5), y);
}

SLOPE(RSQRT)
{
	return accel_mul_scalar(accel_div(y, x), -0.5);
}

SLOPE(TANH)
{
	return accel_sub(one(x), accel_mul(y, y));
}

SLOPE(SIGMOID)
{
	return accel_mul(y, accel_sub(one(x), y));
}

SLOPE(GELU) /* Phi(x) + x phi(x) */
{
	accel_tensor *density, *phi;

	density = accel_exp(accel_mul_scalar(accel_mul(x, x), -0.5));
	density = accel_mul(x, accel_mul_scalar(density, RSQRT_2PI));
	phi = accel_erf(accel_mul_scalar(x, SQRT1_2));
	phi = accel_mul_scalar(accel_add(phi, one(x)), 0.5);
	return accel_add(phi, density);
}

SLOPE(SILU) /* s + y (1 - s) */
{
	accel_tensor *s = accel_sigmoid(x);

	return accel_add(s, accel_mul(y, accel_sub(one(x), s)));
}

SLOPE(SIN)
{
	return accel_cos(x);
}

SLOPE(COS)
{
	return accel_neg(accel_sin(x));
}

SLOPE(ERF)
{
	accel_tensor *s = accel_exp(accel_neg(accel_mul(x, x)));

	return accel_mul_scalar(s, TWO_RSQRT_PI);
}

static accel_tensor *slope(enum op op, accel_tensor *x, accel_tensor *y)
{
#define SLOPE_DIFFERENTIABLE(NAME) [OP_##NAME] = slope_##NAME,
#define SLOPE_FLAT(NAME)
	static accel_tensor *(*const rule[OP_COUNT])(accel_tensor *,
						     accel_tensor *) = {
#define UNARY(NAME, name, takes, act, slope) SLOPE_##slope(NAME)
#include "ops.def"
	};

	return rule[op](x, y);
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
#define DEFINE_ANY(NAME, name)                                                 \
	accel_tensor *accel_##name(accel_tensor *x)                            \
	{                                                                      \
		return record(OP_##NAME, x);                                   \
	}
/* Nothing to do for integers. */
#define DEFINE_WHOLE(NAME, name)                                               \
	accel_tensor *accel_##name(accel_tensor *x)                            \
	{                                                                      \
		return record(x && dtype_is_float(x->l.dtype) ? OP_##NAME      \
							      : OP_COPY,       \
			      x);                                              \
	}
/* Integers become f32. */
#define DEFINE_FLOATS(NAME, name)                                              \
	accel_tensor *accel_##name(accel_tensor *x)                            \
	{                                                                      \
		return OP_WHOLE(op_context(x),                                 \
				record(OP_##NAME, op_as_float(x)));            \
	}
#define DEFINE_OWN(NAME, name)
#define UNARY(NAME, name, takes, act, slope) DEFINE_##takes(NAME, name)
#include "ops.def"
