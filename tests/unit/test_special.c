// SPDX-License-Identifier: MIT
/*
 * Numbers at the edges: NaN, infinities, zeros of both signs, subnormals, the
 * ends of every type, and integers that wrap. The same on every backend.
 */
#include "conform.h"

static accel_tensor *floats(accel_dtype d, int n, const double *v)
{
	uint8_t bytes[256];
	int i;

	for (i = 0; i < n; i++)
		dtype_store(d, bytes, i, v[i]);
	return accel_tensor_create(ctx, d, ACCEL_SHAPE(n), bytes);
}

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const double edges[] = {
	NAN,           INFINITY, -INFINITY,  0,
	-0.0,          1,        -1,         0.5,
	-0.5,          1.5,      2.5,        -2.5,
	3.7,           -3.7,     127.4,      128,
	-128.9,        -129,     255.9,      256,
	300,           -300,     32767,      65504,
	65519,         65520,    -65520,     1e-5,
	6e-8,          2e-8,     1e5,        -1e5,
	8e5,           1e9,      2147483520, 2147483648.0,
	-2147483648.0, 4e9,      -4e9,       1e20,
};

static void casts(accel_dtype d)
{
	const char *from = accel_dtype_name(d);
	accel_tensor *x;
	int to;

	x = floats(d, COUNT(edges), edges);
	for (to = ACCEL_F16; to <= ACCEL_I32; to++)
		if (to != (int)d)
			check(accel_cast(x, (accel_dtype)to),
			      to == ACCEL_F16 ? ROUND : EXACT,
			      "edges of %s as %s", from,
			      accel_dtype_name((accel_dtype)to));
	/* in one kernel with what comes before and after */
	check(accel_add_scalar(accel_cast(accel_neg(x), ACCEL_I8), 1), EXACT,
	      "%s to i8 in a chain", from);
	check(accel_mul(accel_cast(accel_neg(x), ACCEL_U8),
			accel_cast(x, ACCEL_U8)),
	      EXACT, "%s to u8 in a chain", from);
	check(accel_cast(accel_cast(x, ACCEL_I32), ACCEL_F32), ROUND,
	      "%s to i32 and back", from);
}

static void comparisons(accel_dtype d)
{
	static const double few[] = {
		NAN, INFINITY, -INFINITY, 0, -0.0, 1, -1
	};
	const char *name = accel_dtype_name(d);
	accel_tensor *a = floats(d, COUNT(few), few), *b, *i;
	int n = COUNT(few), at;

	b = accel_broadcast(accel_expand(a, 1), ACCEL_SHAPE(n, n));
	check(accel_maximum(a, b), EXACT, "maximum of edges, %s", name);
	check(accel_minimum(a, b), EXACT, "minimum of edges, %s", name);
	check(accel_equal(a, b), EXACT, "equal, %s", name);
	check(accel_not_equal(a, b), EXACT, "not equal, %s", name);
	check(accel_less(a, b), EXACT, "less, %s", name);
	check(accel_less_equal(a, b), EXACT, "less or equal, %s", name);
	check(accel_greater(a, b), EXACT, "greater, %s", name);
	check(accel_greater_equal(a, b), EXACT, "greater or equal, %s", name);
	check(accel_where(a, b, accel_neg(b)), EXACT, "where by edges, %s",
	      name);
	check(accel_add(a, b), EXACT, "sums of edges, %s", name);
	check(accel_mul(a, b), EXACT, "products of edges, %s", name);
	check(accel_div(a, b), EXACT, "quotients of edges, %s", name);
	check(accel_relu(a), EXACT, "relu of edges, %s", name);
	check(accel_abs(a), EXACT, "abs of edges, %s", name);
	check(accel_sign(a), EXACT, "sign of edges, %s", name);
	check(accel_relu(accel_sub(accel_abs(a), accel_sign(b))), EXACT,
	      "a chain of them, %s", name);
	/* one of them among others, at every place */
	b = make(d, ACCEL_SHAPE(n, 70), -1, 1);
	for (at = 0; at < 70; at += 23) {
		accel_tensor *part[3] = { accel_slice(b, 1, 0, at + 1, 1),
					  accel_expand(a, 1),
					  accel_slice(b, 1, at, 70, 1) };
		accel_tensor *x = accel_concat(3, part, 1), *values;

		check(accel_max(x, ACCEL_AXES(1), false), EXACT,
		      "max with an edge at %d, %s", at, name);
		check(accel_min(x, ACCEL_AXES(1), false), EXACT,
		      "min with an edge at %d, %s", at, name);
		check(accel_max(accel_transpose(x, 0, 1), ACCEL_AXES(0), false),
		      EXACT, "max down, %s", name);
		check(accel_argmax(x, 1, false), EXACT,
		      "argmax with an edge at %d, %s", at, name);
		check(accel_argmin(x, 1, false), EXACT,
		      "argmin with an edge at %d, %s", at, name);
		accel_topk(x, 5, &values, &i);
		check(values, EXACT, "top-k with an edge at %d, %s", at, name);
		check(i, EXACT, "and where, %s", name);
		check(accel_sum(x, ACCEL_AXES(1), false), SUM,
		      "sum with an edge at %d, %s", at, name);
		check(accel_softmax(x, 1), FUNC,
		      "softmax with an edge at %d, %s", at, name);
		check(accel_log_softmax(x, 1), CHAIN,
		      "log-softmax with an edge at %d, %s", at, name);
		check(accel_max_pool2d(accel_reshape(x,
						     ACCEL_SHAPE(1, 1, n, 72)),
				       .size = { 2, 3 }, .stride = { 1, 1 }),
		      EXACT, "max pool with an edge at %d, %s", at, name);
	}
	b = accel_full(ctx, d, ACCEL_SHAPE(2, 6), -INFINITY);
	check(accel_softmax(b, 1), FUNC, "softmax of nothing but -inf, %s",
	      name);
	check(accel_argmax(accel_copy(b), 1, false), EXACT,
	      "argmax of nothing but -inf, %s", name);
	check(accel_max(accel_copy(b), ACCEL_AXES(1), false), EXACT,
	      "max of nothing but -inf, %s", name);
	check(accel_argmax(accel_full(ctx, d, ACCEL_SHAPE(2, 6), NAN), 1,
			   false),
	      EXACT, "argmax of nothing but NaN, %s", name);
}

static void functions(accel_dtype d)
{
	static const double few[] = { NAN,   INFINITY, -INFINITY, 0,
				      -0.0,  1,        -1,        100,
				      -100,  1000,     -1000,     1e-6,
				      60000, -60000,   20,        -20 };
	const char *name = accel_dtype_name(d);
	accel_tensor *x = floats(d, COUNT(few), few);

	check(accel_exp(x), FUNC, "exp of edges, %s", name);
	check(accel_log(x), FUNC, "log of edges, %s", name);
	check(accel_sqrt(x), FUNC, "sqrt of edges, %s", name);
	check(accel_rsqrt(x), FUNC, "rsqrt of edges, %s", name);
	check(accel_tanh(x), FUNC, "tanh of edges, %s", name);
	check(accel_sigmoid(x), FUNC, "sigmoid of edges, %s", name);
	check(accel_gelu(x), FUNC, "gelu of edges, %s", name);
	check(accel_silu(x), FUNC, "silu of edges, %s", name);
	check(accel_erf(x), FUNC, "erf of edges, %s", name);
	check(accel_sin(x), FUNC, "sin of edges, %s", name);
	check(accel_cos(x), FUNC, "cos of edges, %s", name);
	check(accel_floor(x), EXACT, "floor of edges, %s", name);
	check(accel_ceil(x), EXACT, "ceil of edges, %s", name);
	check(accel_round(floats(d, COUNT(edges), edges)), EXACT,
	      "round of edges, %s", name);
	check(accel_cumsum(x, 0), SUM, "cumsum of edges, %s", name);
	check(accel_pow_scalar(x, 2), FUNC, "squares of edges, %s", name);
	check(accel_pow_scalar(x, 3), FUNC, "cubes of edges, %s", name);
	check(accel_pow_scalar(x, -1), FUNC, "reciprocals of edges, %s", name);
	check(accel_pow_scalar(x, 0), FUNC, "0th powers of edges, %s", name);
	check(accel_pow_scalar(x, 0.5), FUNC, "powers 1/2 of edges, %s", name);
	check(accel_pow_scalar(x, -0.5), FUNC, "powers -1/2 of edges, %s",
	      name);
	check(accel_pow_scalar(x, 1.5), FUNC, "powers 3/2 of edges, %s", name);
	check(accel_pow_scalar(accel_abs(x), 0.5), FUNC,
	      "powers 1/2 of what has no sign, %s", name);
}

/* The activations that a product's kernel ends with. */
static void after_a_product(accel_dtype d)
{
	static const double few[] = { NAN, INFINITY, -INFINITY, 1, -1, 100 };
	const char *name = accel_dtype_name(d);
	accel_tensor *x = accel_expand(floats(d, COUNT(few), few), 1);
	accel_tensor *w = accel_full(ctx, d, ACCEL_SHAPE(1, 8), 1);

	check(accel_sigmoid(accel_matmul(x, w)), FUNC,
	      "sigmoid of a product of edges, %s", name);
	check(accel_tanh(accel_matmul(x, w)), FUNC,
	      "tanh of a product of edges, %s", name);
	check(accel_relu(accel_matmul(x, w)), SUM,
	      "relu of a product of edges, %s", name);
	check(accel_gelu(accel_matmul(x, w)), FUNC,
	      "gelu of a product of edges, %s", name);
	check(accel_silu(accel_matmul(x, w)), FUNC,
	      "silu of a product of edges, %s", name);
}

/* A driver may take what is subnormal for zero, but not where it compares. */
static void subnormals(void)
{
	static const double few[] = { 0,     -0.0,  1e-40,    -1e-40, 2e-40,
				      1e-38, 2e-38, -1.1e-38, 1,      NAN };
	accel_tensor *a = floats(ACCEL_F32, COUNT(few), few);
	accel_tensor *b = accel_expand(a, 1);

	check(accel_equal(a, b), EXACT, "equal, of subnormals");
	check(accel_not_equal(a, b), EXACT, "not equal, of subnormals");
	check(accel_less(a, b), EXACT, "less, of subnormals");
	check(accel_less_equal(a, b), EXACT, "less or equal, of subnormals");
	check(accel_greater(a, b), EXACT, "greater, of subnormals");
	check(accel_greater_equal(a, b), EXACT,
	      "greater or equal, of subnormals");
	check(accel_maximum(a, b), ROUND, "maximum of subnormals");
	check(accel_minimum(a, b), ROUND, "minimum of subnormals");
	check(accel_sin(a), ROUND, "sin of subnormals");
	check(accel_erf(a), ROUND, "erf of subnormals");
}

static bool within_one(accel_tensor *t)
{
	float v[8];
	int i;

	if (accel_read(t, v, (size_t)accel_tensor_count(t) * 4))
		return false;
	for (i = 0; i < (int)accel_tensor_count(t); i++)
		if (!(fabsf(v[i]) <= 1))
			return false;
	return true;
}

static void large_angles(void)
{
	static const double angle[] = { 1e3,     -1e3,     12345.678, -99999.9,
					1e6,     -1e6,     3141592.7, 6433.98,
					9999999, -9999999, 1e7,       -1e7 };
	static const double beyond[] = { 1e8, -1e9, 1e15, 1e30, -3e38 };
	accel_tensor *x = floats(ACCEL_F32, COUNT(angle), angle);

	check(accel_sin(x), FUNC, "sin of up to 1e7");
	check(accel_cos(x), FUNC, "cos of up to 1e7");
	x = floats(ACCEL_F32, COUNT(beyond), beyond);
	CHECK(within_one(accel_sin(x)), "%s: sin beyond is from -1 to 1",
	      label);
	CHECK(within_one(accel_cos(x)), "%s: cos beyond is from -1 to 1",
	      label);
}

static void integers(void)
{
	static const int32_t v[] = {
		0,     1,      -1,        127,       128,           -128,
		255,   256,    INT32_MAX, INT32_MIN, INT32_MIN + 1, 46341,
		65536, -65536, 1 << 24,   16777217
	};
	static const int8_t i8[] = { -128, -127, -1, 0, 1, 100, 127 };
	static const uint8_t u8[] = { 0, 1, 127, 128, 200, 254, 255 };
	accel_tensor *all[] = {
		accel_tensor_create(ctx, ACCEL_I32, ACCEL_SHAPE(COUNT(v)), v),
		accel_tensor_create(ctx, ACCEL_I8, ACCEL_SHAPE(7), i8),
		accel_tensor_create(ctx, ACCEL_U8, ACCEL_SHAPE(7), u8),
	};
	int k, to;

	for (k = 0; k < 3; k++) {
		accel_tensor *a = all[k], *b, *m;
		const char *name = accel_dtype_name(accel_tensor_dtype(a));
		int n = (int)accel_tensor_count(a);

		b = accel_expand(a, 1);
		check(accel_add(a, b), EXACT, "sums wrap, %s", name);
		check(accel_sub(a, b), EXACT, "differences wrap, %s", name);
		check(accel_mul(a, b), EXACT, "products wrap, %s", name);
		check(accel_neg(a), EXACT, "negatives wrap, %s", name);
		check(accel_abs(a), EXACT, "abs wraps, %s", name);
		check(accel_sign(a), EXACT, "signs, %s", name);
		check(accel_relu(a), EXACT, "relu, %s", name);
		check(accel_maximum(a, b), EXACT, "maximum, %s", name);
		check(accel_minimum(a, b), EXACT, "minimum, %s", name);
		check(accel_less(a, b), EXACT, "less, %s", name);
		check(accel_div(a, b), ROUND, "quotients are f32, %s", name);
		check(accel_mul(accel_add(a, b), accel_sub(a, b)), EXACT,
		      "a chain wraps at each step, %s", name);
		check(accel_less(accel_add(a, b), a), EXACT,
		      "a wrapped sum is compared, %s", name);
		check(accel_cumsum(a, 0), EXACT, "running sums wrap, %s", name);
		check(accel_sum(a, ACCEL_ALL_AXES, false), EXACT,
		      "a total wraps, %s", name);
		check(accel_max(a, ACCEL_ALL_AXES, false), EXACT, "max, %s",
		      name);
		check(accel_argmin(a, 0, false), EXACT, "argmin, %s", name);
		check(accel_prod(accel_slice(a, 0, n - 5, n - 1, 1),
				 ACCEL_ALL_AXES, false),
		      EXACT, "a product wraps, %s", name);
		for (to = 0; to <= ACCEL_I32; to++)
			check(accel_cast(a, (accel_dtype)to), ROUND, "%s as %s",
			      name, accel_dtype_name((accel_dtype)to));
		m = accel_reshape(accel_slice(a, 0, 0, n / 2 * 2, 1),
				  ACCEL_SHAPE(2, -1));
		check(accel_matmul(m, m, .transpose_b = true), EXACT,
		      "a product of matrices, %s", name);
		check(accel_max_pool2d(accel_reshape(a,
						     ACCEL_SHAPE(1, 1, 1, -1)),
				       .size = { 1, 2 }),
		      EXACT, "max pool, %s", name);
		check(accel_pad(a, (int64_t[]){ 1 }, (int64_t[]){ 2 }, -70000),
		      EXACT, "pads of a number that it cannot hold, %s", name);
	}
	check(accel_sum(accel_full(ctx, ACCEL_I32, ACCEL_SHAPE(8192, 1024),
				   INT32_MAX),
			ACCEL_ALL_AXES, false),
	      EXACT, "a sum of more than 53 bits");
	check(accel_add(all[1], all[2]), EXACT, "i8 and u8 are i32");
	check(accel_arange(ctx, ACCEL_I8, 300), EXACT, "arange wraps, i8");
	check(accel_arange(ctx, ACCEL_U8, 300), EXACT, "arange wraps, u8");
	check(accel_full(ctx, ACCEL_U8, ACCEL_SHAPE(5), -3), EXACT,
	      "a constant wraps");
	check(accel_neg(accel_scalar(ctx, ACCEL_I8, 200)), EXACT,
	      "so does a scalar");
}

static void halves(void)
{
	double v[64];
	accel_tensor *x, *y;
	int i;

	/* subnormals, and what rounds to infinity */
	for (i = 0; i < 32; i++)
		v[i] = ldexp(1 + i % 3 * 0.25, -25 + i % 14);
	for (i = 32; i < 64; i++)
		v[i] = (i % 2 ? -1 : 1) * (65000.0 + 32 * i);
	x = floats(ACCEL_F16, 64, v);
	check(accel_copy(x), EXACT, "f16 subnormals and infinities");
	check(accel_mul_scalar(x, 0.5), EXACT, "halves of f16 subnormals");
	check(accel_mul_scalar(x, 2), EXACT, "f16 that overflow");
	y = accel_cast(x, ACCEL_F32);
	check(y, EXACT, "f16 subnormals as f32");
	check(accel_cast(accel_mul_scalar(y, 3), ACCEL_F16), ROUND,
	      "f32 as f16 subnormals");
	check(accel_sum(accel_slice(x, 0, 0, 32, 1), ACCEL_ALL_AXES, false),
	      SUM, "a sum of f16 subnormals");
	/* 64 times 40000 is no f16, its mean is */
	x = accel_copy(accel_full(ctx, ACCEL_F16, ACCEL_SHAPE(64), 40000));
	check(accel_mean(x, ACCEL_ALL_AXES, false), ROUND,
	      "a mean of large f16");
	check(accel_sum(x, ACCEL_ALL_AXES, false), ROUND,
	      "a sum of f16 overflows");
	check(accel_normalize(accel_reshape(x, ACCEL_SHAPE(8, 8)),
			      ACCEL_AXES(1), 1e-3),
	      CHAIN, "large f16 normalized");
}

static void suite(void)
{
	accel_dtype d;

	accel_scope_begin(ctx);
	for (d = ACCEL_F32; d <= ACCEL_F16; d++) {
		casts(d);
		comparisons(d);
		functions(d);
		after_a_product(d);
	}
	subnormals();
	large_angles();
	integers();
	halves();
	accel_scope_end(ctx);
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
