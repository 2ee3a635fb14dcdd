// SPDX-License-Identifier: MIT
/* Element-wise ops of two arguments, and where. */
#include <math.h>

#include "../base/error.h"
#include "rules.h"

#define VALUE(NAME, expr)                                                      \
	static double value_##NAME(double a, double b)                         \
	{                                                                      \
		return expr;                                                   \
	}
VALUE(ADD, a + b)
VALUE(SUB, a - b)
VALUE(MUL, a *b)
VALUE(DIV, a / b)
VALUE(POW, pow(a, b))
VALUE(MIN, a < b || a != a ? a : b)
VALUE(MAX, a > b || a != a ? a : b)
VALUE(EQ, a == b)
VALUE(NE, a != b)
VALUE(LT, a < b)
VALUE(LE, a <= b)

double binary_value(enum op op, double a, double b)
{
	static double (*const value[OP_COUNT])(double, double) = {
#define BINARY(NAME, name, takes, slope) [OP_##NAME] = value_##NAME,
#include "ops.def"
	};

	return value[op](a, b);
}

double int_mul(double a, double b)
{
	return (int32_t)((uint32_t)(int32_t)a * (uint32_t)(int32_t)b);
}

bool ref_binary(const struct ref_call *c)
{
	bool wrap = c->op == OP_MUL && c->out->dtype == ACCEL_I32;
	int64_t i, n = layout_count(c->out);

	for (i = 0; i < n; i++)
		c->y[i] = wrap ? int_mul(c->x[0][i], c->x[1][i])
			       : binary_value(c->op, c->x[0][i], c->x[1][i]);
	return true;
}

bool ref_where(const struct ref_call *c)
{
	int64_t i, n = layout_count(c->out);

	for (i = 0; i < n; i++)
		c->y[i] = c->x[0][i] != 0 ? c->x[1][i] : c->x[2][i];
	return true;
}

/* 1 where a wins, 1/2 where both are equal: the usual subgradient. */
static accel_tensor *share(accel_tensor *win, accel_tensor *a, accel_tensor *b)
{
	accel_dtype d = a->l.dtype;
	accel_tensor *tie = op_as(accel_equal(a, b), d);

	return accel_add(op_as(win, d), accel_mul_scalar(tie, 0.5));
}

/* From g, the derivative by y = f(a, b), those by a and by b. */
#define SLOPE(NAME)                                                            \
	static void slope_##NAME(__attribute__((unused)) accel_tensor *a,      \
				 __attribute__((unused)) accel_tensor *b,      \
				 __attribute__((unused)) accel_tensor *y,      \
				 accel_tensor *g, accel_tensor **gx)

SLOPE(ADD)
{
	gx[0] = g;
	gx[1] = g;
}

SLOPE(SUB)
{
	gx[0] = g;
	gx[1] = accel_neg(g);
}

SLOPE(MUL)
{
	gx[0] = accel_mul(g, b);
	gx[1] = accel_mul(g, a);
}

SLOPE(DIV)
{
	gx[0] = accel_div(g, b);
	gx[1] = accel_neg(accel_mul(gx[0], y));
}

SLOPE(POW) /* b a^(b-1), 0 where b is; a^b log a, 0 where a <= 0 */
{
	accel_tensor *zero, *s = accel_pow(a, accel_add_scalar(b, -1));

	zero = op_full_like(a, 0);
	s = accel_where(accel_equal(b, zero), zero, accel_mul(b, s));
	gx[0] = accel_mul(g, s);
	s = accel_greater(a, zero);
	s = accel_where(s, accel_log(accel_where(s, a, op_full_like(a, 1))),
			zero);
	gx[1] = accel_mul(g, accel_mul(y, s));
}

SLOPE(MIN)
{
	gx[0] = accel_mul(g, share(accel_less(a, b), a, b));
	gx[1] = accel_mul(g, share(accel_less(b, a), a, b));
}

SLOPE(MAX)
{
	gx[0] = accel_mul(g, share(accel_less(b, a), a, b));
	gx[1] = accel_mul(g, share(accel_less(a, b), a, b));
}

bool grad_binary(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
#define SLOPE_DIFFERENTIABLE(NAME) [OP_##NAME] = slope_##NAME,
#define SLOPE_FLAT(NAME)
	static void (*const rule[OP_COUNT])(accel_tensor *, accel_tensor *,
					    accel_tensor *, accel_tensor *,
					    accel_tensor **) = {
#define BINARY(NAME, name, takes, slope) SLOPE_##slope(NAME)
#include "ops.def"
	};

	if (!dtype_is_float(y->l.dtype))
		return true;
	rule[y->op](y->in[0], y->in[1], y, g, gx);
	return gx[0] && gx[1];
}

bool grad_where(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *zero = op_full_like(g, 0);

	if (!dtype_is_float(y->l.dtype))
		return true;
	gx[1] = accel_where(y->in[0], g, zero);
	gx[2] = accel_where(y->in[0], zero, g);
	return gx[1] && gx[2];
}

/* `out` < 0: the operands' common type. */
static accel_tensor *record_parts(enum op op, accel_tensor *a, accel_tensor *b,
				  bool to_float, int out)
{
	accel_tensor *in[2] = { a, b };
	int64_t shape[ACCEL_MAX_DIMS];
	accel_dtype d;
	struct layout l;
	int ndim;

	if (!op_args(op_table[op].name, 2, in) ||
	    layout_broadcast(op_table[op].name, &a->l, &b->l, &ndim, shape))
		return NULL;
	d = accel_dtype_promote(a->l.dtype, b->l.dtype);
	if (to_float && !dtype_is_float(d))
		d = ACCEL_F32;
	if (layout_init(&l, op_table[op].name, out < 0 ? d : (accel_dtype)out,
			ndim, shape))
		return NULL;
	in[0] = op_expand_as(op_as(a, d), &l);
	in[1] = op_expand_as(op_as(b, d), &l);
	return op_record(op, 2, in, &l, NULL);
}

static accel_tensor *record(enum op op, accel_tensor *a, accel_tensor *b,
			    bool to_float, int out)
{
	return OP_WHOLE(op_context(a), record_parts(op, a, b, to_float, out));
}

#define DEFINE_ANY(NAME, name)                                                 \
	accel_tensor *accel_##name(accel_tensor *a, accel_tensor *b)           \
	{                                                                      \
		return record(OP_##NAME, a, b, false, -1);                     \
	}
#define DEFINE_FLOATS(NAME, name)                                              \
	accel_tensor *accel_##name(accel_tensor *a, accel_tensor *b)           \
	{                                                                      \
		return record(OP_##NAME, a, b, true, -1);                      \
	}
#define DEFINE_COMPARE(NAME, name)                                             \
	accel_tensor *accel_##name(accel_tensor *a, accel_tensor *b)           \
	{                                                                      \
		return record(OP_##NAME, a, b, false, ACCEL_U8);               \
	}
#define BINARY(NAME, name, takes, slope) DEFINE_##takes(NAME, name)
#include "ops.def"

accel_tensor *accel_greater(accel_tensor *a, accel_tensor *b)
{
	return accel_less(b, a);
}

accel_tensor *accel_greater_equal(accel_tensor *a, accel_tensor *b)
{
	return accel_less_equal(b, a);
}

/* A number beside an integer tensor is an integer when it is whole. */
static accel_tensor *number_for(accel_tensor *a, double b)
{
	accel_dtype d;

	if (!a)
		return NULL;
	d = a->l.dtype;
	if (!dtype_is_float(d) && dtype_wrap(d, b) != b)
		d = b == trunc(b) && fabs(b) < 0x1p31 ? ACCEL_I32 : ACCEL_F32;
	return accel_full(a->ctx, d, ACCEL_SCALAR, b);
}

static accel_tensor *add_scalar_parts(accel_tensor *a, double b)
{
	return accel_add(a, number_for(a, b));
}

accel_tensor *accel_add_scalar(accel_tensor *a, double b)
{
	return OP_WHOLE(op_context(a), add_scalar_parts(a, b));
}

static accel_tensor *mul_scalar_parts(accel_tensor *a, double b)
{
	return accel_mul(a, number_for(a, b));
}

accel_tensor *accel_mul_scalar(accel_tensor *a, double b)
{
	return OP_WHOLE(op_context(a), mul_scalar_parts(a, b));
}

static accel_tensor *pow_scalar_parts(accel_tensor *a, double b)
{
	return accel_pow(a, number_for(a, b));
}

accel_tensor *accel_pow_scalar(accel_tensor *a, double b)
{
	return OP_WHOLE(op_context(a), pow_scalar_parts(a, b));
}

static accel_tensor *where_parts(accel_tensor *cond, accel_tensor *a,
				 accel_tensor *b)
{
	accel_tensor *in[3] = { cond, a, b };
	int64_t shape[ACCEL_MAX_DIMS];
	struct layout l;
	accel_dtype d;
	int ndim;

	if (!op_args("where", 3, in) ||
	    layout_broadcast("where", &a->l, &b->l, &ndim, shape))
		return NULL;
	d = accel_dtype_promote(a->l.dtype, b->l.dtype);
	if (layout_init(&l, "where", d, ndim, shape) ||
	    layout_broadcast("where: condition", &cond->l, &l, &ndim, shape) ||
	    layout_init(&l, "where", d, ndim, shape))
		return NULL;
	if (dtype_is_float(cond->l.dtype))
		cond = accel_not_equal(cond, op_number(cond, 0));
	in[0] = op_expand_as(cond, &l);
	in[1] = op_expand_as(op_as(a, d), &l);
	in[2] = op_expand_as(op_as(b, d), &l);
	return op_record(OP_WHERE, 3, in, &l, NULL);
}

accel_tensor *accel_where(accel_tensor *cond, accel_tensor *a, accel_tensor *b)
{
	return OP_WHOLE(op_context(cond), where_parts(cond, a, b));
}
