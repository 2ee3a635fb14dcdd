// SPDX-License-Identifier: MIT
/*
 * Conformance of element-wise ops, casts and views: every op, every type it
 * takes, layouts that are no multiple of anything, against the reference.
 */
#include "conform.h"

static const accel_dtype dtypes[] = { ACCEL_F32, ACCEL_F16, ACCEL_I8, ACCEL_U8,
				      ACCEL_I32 };

/* The same shape, [3, 5, 7], laid out in several ways. */
enum form { DENSE, TRANSPOSED, SLICED, BROADCAST, FORMS };
static const char *const form_name[] = { "dense", "transposed", "sliced",
					 "broadcast" };

static accel_tensor *formed(enum form f, accel_dtype d, double low, double high)
{
	accel_tensor *x;

	switch (f) {
	case TRANSPOSED:
		x = make(d, ACCEL_SHAPE(7, 3, 5), low, high);
		return accel_permute(x, (int[]){ 1, 2, 0 });
	case SLICED:
		x = make(d, ACCEL_SHAPE(4, 11, 8), low, high);
		x = accel_slice(x, 0, 1, INT64_MAX, 1);
		x = accel_slice(x, 1, 0, 10, 2);
		return accel_slice(x, 2, 1, INT64_MAX, 1);
	case BROADCAST:
		x = make(d, ACCEL_SHAPE(5, 1), low, high);
		return accel_broadcast(x, ACCEL_SHAPE(3, 5, 7));
	default:
		return make(d, ACCEL_SHAPE(3, 5, 7), low, high);
	}
}

typedef accel_tensor *unary_fn(accel_tensor *x);
typedef accel_tensor *binary_fn(accel_tensor *a, accel_tensor *b);

static const struct {
	const char *name;
	unary_fn *fn;
	double low, high;
	enum tolerance tol;
} unary[] = {
	{ "copy", accel_copy, -8, 8, EXACT },
	{ "neg", accel_neg, -8, 8, EXACT },
	{ "abs", accel_abs, -8, 8, EXACT },
	{ "sign", accel_sign, -3, 3, EXACT },
	{ "floor", accel_floor, -8, 8, EXACT },
	{ "ceil", accel_ceil, -8, 8, EXACT },
	{ "round", accel_round, -8, 8, EXACT },
	{ "relu", accel_relu, -4, 4, EXACT },
	{ "exp", accel_exp, -6, 6, FUNC },
	{ "log", accel_log, 1, 20, FUNC },
	{ "sqrt", accel_sqrt, 0, 20, FUNC },
	{ "rsqrt", accel_rsqrt, 1, 20, FUNC },
	{ "tanh", accel_tanh, -5, 5, FUNC },
	{ "sigmoid", accel_sigmoid, -8, 8, FUNC },
	{ "gelu", accel_gelu, -5, 5, FUNC },
	{ "silu", accel_silu, -5, 5, FUNC },
	{ "sin", accel_sin, -6, 6, FUNC },
	{ "cos", accel_cos, -6, 6, FUNC },
	{ "erf", accel_erf, -3, 3, FUNC },
};

static const struct {
	const char *name;
	binary_fn *fn;
	enum tolerance tol;
} binary[] = {
	{ "add", accel_add, ROUND },
	{ "sub", accel_sub, ROUND },
	{ "mul", accel_mul, ROUND },
	{ "div", accel_div, ROUND },
	{ "minimum", accel_minimum, EXACT },
	{ "maximum", accel_maximum, EXACT },
	{ "equal", accel_equal, EXACT },
	{ "not_equal", accel_not_equal, EXACT },
	{ "less", accel_less, EXACT },
	{ "less_equal", accel_less_equal, EXACT },
	{ "greater", accel_greater, EXACT },
	{ "greater_equal", accel_greater_equal, EXACT },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Each combination is a pipeline of its own on a GPU, and lavapipe takes a
 * fifth of a second to compile one: there every op and type is met in one of
 * its four layouts, and every layout in many ops.
 */
static bool left_out(int n)
{
	return on_vulkan && n % 4;
}

static void unary_ops(void)
{
	size_t i, d;
	int f;

	for (i = 0; i < COUNT(unary); i++) {
		for (d = 0; d < COUNT(dtypes); d++) {
			double low = unary[i].low;

			if (dtypes[d] == ACCEL_U8 && low < 0)
				low = 0;
			for (f = 0; f < FORMS; f++) {
				if (left_out((int)(i + d) + f))
					continue;
				accel_scope_begin(ctx);
				check(unary[i].fn(formed(f, dtypes[d], low,
							 unary[i].high)),
				      unary[i].tol, "%s %s %s", unary[i].name,
				      accel_dtype_name(dtypes[d]),
				      form_name[f]);
				accel_scope_end(ctx);
			}
		}
	}
}

static accel_tensor *zero_like(accel_tensor *x)
{
	return accel_full(ctx, accel_tensor_dtype(x), ACCEL_SCALAR, 0);
}

static void binary_ops(void)
{
	/* numpy's broadcasting, both ways */
	static const struct {
		int na;
		int64_t a[4];
		int nb;
		int64_t b[4];
	} pair[] = {
		{ 3, { 3, 5, 7 }, 3, { 3, 5, 7 } },
		{ 3, { 3, 1, 7 }, 2, { 5, 1 } },
		{ 0, { 0 }, 2, { 9, 13 } },
		{ 4, { 2, 3, 1, 5 }, 1, { 1 } },
	};
	size_t i, d, p;

	for (i = 0; i < COUNT(binary); i++) {
		for (d = 0; d < COUNT(dtypes); d++) {
			for (p = 0; p < COUNT(pair); p++) {
				accel_tensor *a, *b;

				if (left_out((int)(i + d + p)))
					continue;
				accel_scope_begin(ctx);
				a = values(dtypes[d], pair[p].na, pair[p].a);
				b = values(dtypes[d], pair[p].nb, pair[p].b);
				if (p == 0) /* some equal elements */
					b = accel_where(
						accel_less(b, zero_like(b)), a,
						b);
				check(binary[i].fn(a, b), binary[i].tol,
				      "%s %s %s, %s", binary[i].name,
				      accel_dtype_name(dtypes[d]),
				      shape_text(pair[p].na, pair[p].a),
				      shape_text(pair[p].nb, pair[p].b));
				accel_scope_end(ctx);
			}
		}
	}
}

static void promotion(void)
{
	static const accel_dtype want[5][5] = {
		{ ACCEL_F32, ACCEL_F32, ACCEL_F32, ACCEL_F32, ACCEL_F32 },
		{ ACCEL_F32, ACCEL_F16, ACCEL_F16, ACCEL_F16, ACCEL_F32 },
		{ ACCEL_F32, ACCEL_F16, ACCEL_I8, ACCEL_I32, ACCEL_I32 },
		{ ACCEL_F32, ACCEL_F16, ACCEL_I32, ACCEL_U8, ACCEL_I32 },
		{ ACCEL_F32, ACCEL_F32, ACCEL_I32, ACCEL_I32, ACCEL_I32 },
	};
	int a, b;

	for (a = 0; a < 5; a++) {
		for (b = 0; b < 5; b++) {
			accel_tensor *y;

			accel_scope_begin(ctx);
			y = accel_add(values(dtypes[a], ACCEL_SHAPE(9, 5)),
				      values(dtypes[b], ACCEL_SHAPE(5)));
			CHECK(accel_tensor_dtype(y) == want[a][b],
			      "%s: %s and %s promote to %s", label,
			      accel_dtype_name(dtypes[a]),
			      accel_dtype_name(dtypes[b]),
			      accel_dtype_name(want[a][b]));
			check(y, ROUND, "add %s to %s",
			      accel_dtype_name(dtypes[a]),
			      accel_dtype_name(dtypes[b]));
			accel_scope_end(ctx);
		}
	}
}

static void casts(void)
{
	int a, b, f;

	for (a = 0; a < 5; a++) {
		for (b = 0; b < 5; b++) {
			for (f = 0; f < FORMS; f += 2) {
				double low = dtypes[a] == ACCEL_U8 ? 0 : -300;

				if (on_vulkan && f == 2 * ((a + b) % 2))
					continue;
				if (dtypes[a] == ACCEL_I8)
					low = -128;
				accel_scope_begin(ctx);
				check(accel_cast(formed(f, dtypes[a], low, 120),
						 dtypes[b]),
				      EXACT, "cast %s to %s %s",
				      accel_dtype_name(dtypes[a]),
				      accel_dtype_name(dtypes[b]),
				      form_name[f]);
				accel_scope_end(ctx);
			}
		}
	}
}

static void specials(void)
{
	const float odd[] = { NAN,    INFINITY, -INFINITY, 0.0f, -0.0f,
			      1e-40f, -3.5f,    2.5f,      0.5f, 1e30f,
			      3e9f,   -3e9f,    300.0f };
	const int64_t n = COUNT(odd);
	accel_tensor *x, *r;
	size_t i;

	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F32, 1, &n, odd);
	r = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(COUNT(odd), 1),
				odd);
	for (i = 0; i < COUNT(unary); i++) {
		/* sin and cos of 1e30, and what a device does to 1e-40 in a
		 * logarithm, are the device's business */
		bool skip = unary[i].fn == accel_sin ||
			    unary[i].fn == accel_cos ||
			    unary[i].fn == accel_log ||
			    unary[i].fn == accel_rsqrt ||
			    unary[i].fn == accel_sign ||
			    (on_vulkan && unary[i].fn == accel_ceil);

		if (!skip)
			check(unary[i].fn(x),
			      unary[i].tol == EXACT ? ROUND : unary[i].tol,
			      "%s of NaN, infinities, zeros", unary[i].name);
	}
	check(accel_minimum(x, r), ROUND, "minimum propagates NaN");
	check(accel_maximum(x, r), ROUND, "maximum propagates NaN");
	check(accel_equal(x, r), EXACT, "NaN equals nothing");
	check(accel_not_equal(x, r), EXACT, "NaN differs from all");
	check(accel_less(x, r), EXACT, "NaN is not less");
	check(accel_less_equal(x, r), EXACT, "NaN is not less or equal");
	check(accel_cast(x, ACCEL_I32), EXACT, "float to i32 saturates");
	check(accel_cast(x, ACCEL_F16), EXACT, "float to f16 of specials");
	accel_scope_end(ctx);
}

static void selects_and_powers(void)
{
	size_t d;

	for (d = 0; d < COUNT(dtypes); d++) {
		accel_tensor *a, *b, *c;

		accel_scope_begin(ctx);
		a = values(dtypes[d], ACCEL_SHAPE(3, 1, 7));
		b = values(dtypes[d], ACCEL_SHAPE(5, 1));
		c = make(ACCEL_U8, ACCEL_SHAPE(5, 7), 0, 2);
		check(accel_where(c, a, b), EXACT, "where %s",
		      accel_dtype_name(dtypes[d]));
		c = values(dtypes[d], ACCEL_SHAPE(7));
		check(accel_where(c, a, b), EXACT, "where on %s",
		      accel_dtype_name(dtypes[d]));
		a = make(dtypes[d], ACCEL_SHAPE(4, 9), 1, 4);
		b = make(dtypes[d], ACCEL_SHAPE(9), 0, 3);
		check(accel_pow(a, b), FUNC, "pow %s",
		      accel_dtype_name(dtypes[d]));
		check(accel_pow_scalar(a, 2), FUNC, "square %s",
		      accel_dtype_name(dtypes[d]));
		check(accel_pow_scalar(a, 0.5), FUNC, "square root as power %s",
		      accel_dtype_name(dtypes[d]));
		check(accel_pow_scalar(a, 3), FUNC, "cube %s",
		      accel_dtype_name(dtypes[d]));
		check(accel_add_scalar(a, 3), ROUND, "add a number %s",
		      accel_dtype_name(dtypes[d]));
		check(accel_mul_scalar(a, 0.5), ROUND, "mul a number %s",
		      accel_dtype_name(dtypes[d]));
		check(accel_add(a, accel_scalar(ctx, dtypes[d], 2)), ROUND,
		      "add a scalar %s", accel_dtype_name(dtypes[d]));
		check(accel_full(ctx, dtypes[d], ACCEL_SHAPE(3, 5), 4), EXACT,
		      "full %s", accel_dtype_name(dtypes[d]));
		check(accel_arange(ctx, dtypes[d], 17), EXACT, "arange %s",
		      accel_dtype_name(dtypes[d]));
		accel_scope_end(ctx);
	}
}

static void wrapping(void)
{
	size_t d;

	for (d = 2; d < COUNT(dtypes); d++) {
		double big = dtypes[d] == ACCEL_I8   ? 127
			     : dtypes[d] == ACCEL_U8 ? 255
						     : 2147483647;
		accel_tensor *x;

		accel_scope_begin(ctx);
		x = accel_tensor_create(ctx, dtypes[d], ACCEL_SHAPE(3), NULL);
		x = accel_add(x, accel_full(ctx, dtypes[d], ACCEL_SCALAR, big));
		check(accel_add_scalar(x, 1), EXACT, "%s wraps when added",
		      accel_dtype_name(dtypes[d]));
		check(accel_mul(x, x), EXACT, "%s wraps when multiplied",
		      accel_dtype_name(dtypes[d]));
		check(accel_neg(accel_neg(accel_add_scalar(x, 1))), EXACT,
		      "%s wraps when negated", accel_dtype_name(dtypes[d]));
		check(accel_cast(accel_add(x, x), ACCEL_F32), EXACT,
		      "%s wraps inside a fused chain",
		      accel_dtype_name(dtypes[d]));
		accel_scope_end(ctx);
	}
}

static void chains(void)
{
	accel_tensor *x, *y, *z;
	int f;

	for (f = 0; f < FORMS; f++) {
		if (on_vulkan && f > TRANSPOSED)
			continue;
		accel_scope_begin(ctx);
		x = formed(f, ACCEL_F32, -2, 2);
		y = accel_mul(accel_tanh(x), accel_sigmoid(x));
		z = accel_add(y, accel_exp(accel_neg(accel_abs(x))));
		check(accel_sub(z, accel_mul(y, y)), FUNC, "fused chain %s",
		      form_name[f]);
		x = formed(f, ACCEL_F16, -2, 2);
		y = accel_cast(accel_mul_scalar(x, 3), ACCEL_I8);
		check(accel_add(accel_cast(y, ACCEL_F32), x), ROUND,
		      "chain of mixed types %s", form_name[f]);
		/* deeper than one kernel holds */
		x = formed(f, ACCEL_F32, -1, 1);
		for (int i = 0; i < 40; i++)
			x = accel_add_scalar(accel_mul_scalar(x, 0.9),
					     0.01 * i);
		check(x, FUNC, "chain of 80 ops %s", form_name[f]);
		/* more inputs than one kernel takes */
		x = formed(f, ACCEL_F32, -1, 1);
		for (int i = 0; i < 12; i++)
			x = accel_add(x, make(ACCEL_F32, ACCEL_SHAPE(3, 5, 7),
					      -1, 1));
		check(x, FUNC, "sum of 13 tensors %s", form_name[f]);
		accel_scope_end(ctx);
	}
}

static void views(void)
{
	int64_t four[] = { 2, 3, 4, 5 };
	size_t d;

	for (d = 0; d < COUNT(dtypes); d++) {
		const char *name = accel_dtype_name(dtypes[d]);
		accel_tensor *x, *y, *parts[3];

		accel_scope_begin(ctx);
		x = values(dtypes[d], 4, four);
		check(accel_reshape(x, ACCEL_SHAPE(6, -1)), EXACT, "reshape %s",
		      name);
		y = accel_permute(x, (int[]){ 3, 1, 0, 2 });
		check(y, EXACT, "permute %s", name);
		check(accel_reshape(y, ACCEL_SHAPE(15, 8)), EXACT,
		      "reshape of permuted %s", name);
		check(accel_reshape(accel_transpose(x, 0, 1),
				    ACCEL_SHAPE(6, 20)),
		      EXACT, "reshape of transposed %s", name);
		check(accel_slice(x, -1, 1, -1, 2), EXACT, "slice %s", name);
		check(accel_neg(accel_slice(accel_slice(x, 1, 1, 3, 1), 2, 0,
					    INT64_MAX, 3)),
		      EXACT, "slice of slice %s", name);
		check(accel_flatten_from(x, 1), EXACT, "flatten %s", name);
		check(accel_expand(x, 2), EXACT, "expand %s", name);
		y = accel_broadcast(accel_slice(x, 0, 0, 1, 1), 4, four);
		check(accel_add(y, x), EXACT, "broadcast of slice %s", name);
		accel_split(x, 1, 3, parts);
		check(accel_add(parts[0], accel_mul(parts[1], parts[2])), SUM,
		      "split %s", name);
		y = accel_reshape(accel_neg(x), ACCEL_SHAPE(24, 5));
		check(accel_transpose(y, 0, 1), EXACT, "view of computed %s",
		      name);
		x = values(dtypes[d], ACCEL_SHAPE(2, 3, 2, 2, 1, 3));
		check(accel_permute(x, (int[]){ 5, 4, 3, 2, 1, 0 }), EXACT,
		      "six dimensions reversed %s", name);
		check(accel_add(accel_permute(x, (int[]){ 0, 1, 3, 2, 4, 5 }),
				x),
		      ROUND, "six dimensions added %s", name);
		accel_scope_end(ctx);
	}
}

/* More dimensions than a shader steps through, but for what joins: such a step
 * runs on the host, and is right. */
static void eight_dimensions(void)
{
	const int64_t shape[] = { 2, 3, 2, 2, 3, 2, 2, 2 };
	accel_counters before, after;
	accel_tensor *x, *y;
	int d;

	accel_counters_get(ctx, &before);
	for (d = 0; d < 5; d++) {
		const char *name = accel_dtype_name(dtypes[d]);

		accel_scope_begin(ctx);
		x = values(dtypes[d], 8, shape);
		y = accel_permute(x, (int[]){ 7, 6, 5, 4, 3, 2, 1, 0 });
		check(y, EXACT, "eight dimensions reversed %s", name);
		check(accel_add(accel_neg(x), x), ROUND,
		      "eight dimensions added %s", name);
		check(accel_sum(y, ACCEL_AXES(0, 2, 4, 6), false), SUM,
		      "eight dimensions summed over every other %s", name);
		check(accel_max(x, ACCEL_AXES(1, 2, 3), true), EXACT,
		      "the largest of three of eight %s", name);
		y = accel_matmul(
			x, accel_permute(x, (int[]){ 5, 4, 3, 2, 1, 0, 7, 6 }));
		if (dtypes[d] != ACCEL_I8 && dtypes[d] != ACCEL_U8)
			y = accel_matmul(y, x);
		check(y, SUM, "products in six batch dimensions %s", name);
		accel_scope_end(ctx);
	}
	accel_counters_get(ctx, &after);
	meant_for_host = after.host_steps - before.host_steps;
	x = values(ACCEL_F32, 8, shape);
	accel_scope_begin(ctx);
	y = accel_exp(accel_mul(x, accel_sum(x, ACCEL_AXES(7), true)));
	check(y, CHAIN, "eight dimensions that join are the device's");
	accel_scope_end(ctx);
	accel_tensor_destroy(x);
}

static void suite(void)
{
	eight_dimensions();
	unary_ops();
	binary_ops();
	promotion();
	casts();
	specials();
	selects_and_powers();
	wrapping();
	chains();
	views();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
