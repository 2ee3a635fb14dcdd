// SPDX-License-Identifier: MIT
/*
 * The gradient of every differentiable op agrees with central differences taken
 * in double precision, the second derivative too, and what the device computes
 * agrees with the reference.
 */
#include "conform.h"

#include "../../libaccel/src/graph/walk.h"
#include "../../libaccel/src/ops/op.h"

#define MOST_INPUTS 4

/* Which ops the functions differentiated so far are made of. */
static bool met[OP_COUNT];

static void meet(accel_tensor *t)
{
	uint32_t i;

	if (graph_reach(ctx, t))
		return;
	for (i = 0; i < ctx->scratch->n_nodes; i++)
		met[ctx->scratch->nodes[i]->op] = true;
}

/* A function of up to four tensors; its result is made a scalar here. */
typedef accel_tensor *function(accel_tensor *const *x);

static accel_tensor *weights_like(accel_tensor *y)
{
	return make(ACCEL_F32, accel_tensor_ndim(y), accel_tensor_shape(y), -1,
		    1);
}

static accel_tensor *weighted_sum(accel_tensor *y)
{
	return accel_sum(accel_mul(y, y ? weights_like(y) : NULL),
			 ACCEL_ALL_AXES, false);
}

static double at_point(accel_tensor *loss, accel_tensor *x, double *v,
		       int64_t i, double d)
{
	const double *values = v;
	double keep = v[i], y = NAN;

	v[i] += d;
	if (reference_eval(loss, 1, &x, &values, &y))
		y = NAN;
	v[i] = keep;
	return y;
}

/* Largest difference between the gradient's graph and (f(x+h) - f(x-h)) / 2h,
 * both in double; relative to the largest derivative. */
static double difference(accel_tensor *loss, accel_tensor *x, accel_tensor *g)
{
	int64_t n = accel_tensor_count(x), i;
	double *v = calloc((size_t)n, sizeof(*v));
	double *want = calloc((size_t)n, sizeof(*want));
	double worst = 0, largest = 1e-3, h = 1e-5;
	bool ok = v && want && !reference_eval(x, 0, NULL, NULL, v) &&
		  !reference_eval(g, 0, NULL, NULL, want);

	for (i = 0; ok && i < n; i++) {
		double d = (at_point(loss, x, v, i, h) -
			    at_point(loss, x, v, i, -h)) /
			   (2 * h);

		if (!(fabs(d - want[i]) <= worst))
			worst = fabs(d - want[i]);
		if (fabs(d) > largest)
			largest = fabs(d);
	}
	free(v);
	free(want);
	return ok ? worst / largest : NAN;
}

#define ALLOWED 1e-6

/* By central differences: the gradient g, and that of its square. */
static void derivatives(const char *name, function *fn, int n,
			accel_tensor *const *x, accel_tensor **g)
{
	accel_tensor *gg[MOST_INPUTS], *y = fn(x);
	accel_tensor *loss = weighted_sum(y), *second;
	int i;

	if (accel_grad(loss, n, x, g)) {
		CHECK(false, "%s: gradient of %s", label, name);
		printf("# %s\n", accel_last_error());
		return;
	}
	for (i = 0; i < n; i++) {
		double worst = difference(loss, x[i], g[i]);

		if (!CHECK(worst < ALLOWED, "%s: gradient of %s by input %d",
			   label, name, i))
			printf("# off by %g\n", worst);
	}
	/* second derivative: of a weighted sum of the squared gradients */
	second = NULL;
	for (i = 0; i < n; i++) {
		accel_tensor *s = weighted_sum(accel_mul(g[i], g[i]));

		second = second ? accel_add(second, s) : s;
	}
	if (accel_grad(second, n, x, gg)) {
		CHECK(false, "%s: second derivative of %s", label, name);
		printf("# %s\n", accel_last_error());
		return;
	}
	for (i = 0; i < n; i++) {
		double worst = difference(second, x[i], gg[i]);

		if (!CHECK(worst < 10 * ALLOWED,
			   "%s: second derivative of %s by input %d", label,
			   name, i))
			printf("# off by %g\n", worst);
	}
	/* what was differentiated: the function, and its gradient */
	meet(loss);
	meet(second);
}

/* And what the device makes of it. */
static void grad_of(const char *name, function *fn, int n,
		    accel_tensor *const *x)
{
	accel_tensor *g[MOST_INPUTS] = { NULL };
	int i;

	derivatives(name, fn, n, x, g);
	for (i = 0; i < n; i++)
		check(g[i], CHAIN, "computed gradient of %s by input %d", name,
		      i);
}

#define F(name, expr)                                                          \
	static accel_tensor *f_##name(accel_tensor *const *x)                  \
	{                                                                      \
		return expr;                                                   \
	}

F(copy, accel_copy(x[0]))
F(neg, accel_neg(x[0]))
F(abs, accel_abs(x[0]))
F(relu, accel_relu(x[0]))
F(exp, accel_exp(x[0]))
F(log, accel_log(x[0]))
F(sqrt, accel_sqrt(x[0]))
F(rsqrt, accel_rsqrt(x[0]))
F(tanh, accel_tanh(x[0]))
F(sigmoid, accel_sigmoid(x[0]))
F(gelu, accel_gelu(x[0]))
F(silu, accel_silu(x[0]))
F(sin, accel_sin(x[0]))
F(cos, accel_cos(x[0]))
F(erf, accel_erf(x[0]))
F(square, accel_pow_scalar(x[0], 2))
F(cube, accel_pow_scalar(x[0], 3))
F(cast, accel_sin(accel_cast(accel_cast(x[0], ACCEL_F16), ACCEL_F32)))
F(add, accel_add(x[0], x[1]))
F(sub, accel_sub(x[0], x[1]))
F(mul, accel_mul(x[0], x[1]))
F(div, accel_div(x[0], x[1]))
F(pow, accel_pow(x[0], x[1]))
F(minimum, accel_minimum(x[0], x[1]))
F(maximum, accel_maximum(x[0], x[1]))
F(where, accel_where(accel_less(x[0], x[1]), accel_mul(x[0], x[0]), x[1]))
F(sum, accel_sum(accel_mul(x[0], x[0]), ACCEL_AXES(1), false))
F(mean, accel_mean(accel_mul(x[0], x[0]), ACCEL_AXES(0, 2), true))
F(var, accel_var(x[0], ACCEL_AXES(-1), false))
F(prod, accel_prod(x[0], ACCEL_AXES(0, 2), false))
F(max, accel_max(x[0], ACCEL_AXES(1), false))
F(min, accel_min(x[0], ACCEL_ALL_AXES, false))
F(cumsum, accel_cumsum(accel_mul(x[0], x[0]), 1))
F(softmax, accel_softmax(x[0], -1))
F(log_softmax, accel_log_softmax(x[0], 1))
F(normalize, accel_normalize(x[0], ACCEL_AXES(0, 2), 1e-3))
F(reshape, accel_mul(accel_reshape(x[0], ACCEL_SHAPE(20, 3)),
		     accel_reshape(x[0], ACCEL_SHAPE(20, 3))))
F(permute, accel_sin(accel_permute(x[0], (int[]){ 2, 0, 1 })))
F(slice, accel_exp(accel_slice(x[0], 1, 1, 4, 2)))
F(broadcast, accel_sin(accel_broadcast(x[0], ACCEL_SHAPE(2, 3, 4, 5))))
F(concat, accel_tanh(accel_concat(2, x, 1)))
F(pad, accel_cos(accel_pad(x[0], (int64_t[]){ 1, 0, 2 }, (int64_t[]){ 0, 1, 1 },
			   0.5)))
F(matmul, accel_matmul(x[0], x[1]))
F(matmul_t, accel_matmul(x[0], x[1], .transpose_a = true, .transpose_b = true))
F(conv, accel_conv2d(x[0], x[1], .stride = { 2, 1 }, .pad = { 1, 0 }))
F(conv_groups, accel_conv2d(x[0], x[1], .groups = 2, .dilation = { 1, 2 }))
F(conv_t, accel_conv_transpose2d(x[0], x[1], .stride = { 2, 2 },
				 .pad = { 1, 1 }, .output_pad = { 1, 1 }))
F(max_pool, accel_max_pool2d(accel_mul(x[0], x[0]), .size = { 3, 3 },
			     .stride = { 2, 2 }, .pad = { 1, 1 }))
F(avg_pool, accel_avg_pool2d(accel_mul(x[0], x[0]), .size = { 3, 2 },
			     .stride = { 2, 2 }, .same = true))
F(nearest, accel_resize(accel_mul(x[0], x[0]), 9, 4, ACCEL_NEAREST))
F(bilinear, accel_resize(accel_mul(x[0], x[0]), 9, 4, ACCEL_BILINEAR))
F(layer_norm, accel_layer_norm(x[0], x[1], x[2], 1e-3))
F(batch_norm, accel_batch_norm(x[0], x[1], x[2], NULL, NULL, 1e-3))

static accel_tensor *index_for(int64_t n)
{
	return make(ACCEL_I32, ACCEL_SHAPE(3, 4, 7), 0, (double)n);
}

static accel_tensor *the_index;

F(gather, accel_sin(accel_gather(x[0], 2, the_index)))
F(scatter, accel_sin(accel_scatter_add(x[0], 2, the_index, x[1])))
F(embedding, accel_sin(accel_embedding_lookup(x[0], the_index)))

static accel_tensor *mlp(accel_tensor *const *x)
{
	accel_tensor *h = accel_tanh(accel_add(accel_matmul(x[0], x[1]), x[2]));

	return accel_log_softmax(accel_matmul(h, x[3]), 1);
}

static accel_tensor *attention(accel_tensor *const *x)
{
	accel_tensor *s = accel_matmul(x[0], x[1], .transpose_b = true);

	return accel_matmul(accel_softmax(accel_mul_scalar(s, 0.5), -1), x[2]);
}

/* Values apart from each other, so that a maximum does not change hands within
 * a difference's step. */
static accel_tensor *apart(double low, double high)
{
	const int64_t shape[] = { 3, 4, 5 };
	double step = (high - low) / 60;
	float v[60];
	int i;

	for (i = 0; i < 60; i++)
		v[i] = (float)(low + step * (i * 37 % 60 + 0.5));
	return accel_tensor_create(ctx, ACCEL_F32, 3, shape, v);
}

#define UNARY(fn, low, high)                                                   \
	do {                                                                   \
		accel_scope_begin(ctx);                                        \
		x[0] = apart(low, high);                                       \
		grad_of(#fn, f_##fn, 1, x);                                    \
		accel_scope_end(ctx);                                          \
	} while (0)

static void unary(void)
{
	accel_tensor *x[MOST_INPUTS];

	UNARY(copy, -2, 2);
	UNARY(neg, -2, 2);
	UNARY(abs, -2, 2);
	UNARY(relu, -2, 2);
	UNARY(exp, -2, 2);
	UNARY(log, 0.3, 3);
	UNARY(sqrt, 0.3, 3);
	UNARY(rsqrt, 0.3, 3);
	UNARY(tanh, -2, 2);
	UNARY(sigmoid, -2, 2);
	UNARY(gelu, -2, 2);
	UNARY(silu, -2, 2);
	UNARY(sin, -2, 2);
	UNARY(cos, -2, 2);
	UNARY(erf, -2, 2);
	UNARY(square, -2, 2);
	UNARY(cube, -2, 2);
	UNARY(sum, -2, 2);
	UNARY(mean, -2, 2);
	UNARY(var, -2, 2);
	UNARY(prod, 0.7, 1.3);
	UNARY(max, -2, 2);
	UNARY(min, -2, 2);
	UNARY(cumsum, -2, 2);
	UNARY(softmax, -2, 2);
	UNARY(log_softmax, -2, 2);
	UNARY(normalize, -2, 2);
	UNARY(reshape, -2, 2);
	UNARY(permute, -2, 2);
	UNARY(slice, -2, 2);
	UNARY(broadcast, -2, 2);
	UNARY(pad, -2, 2);
}

static void binary(void)
{
	static const struct {
		const char *name;
		function *fn;
	} op[] = { { "add", f_add },         { "sub", f_sub },
		   { "mul", f_mul },         { "div", f_div },
		   { "pow", f_pow },         { "minimum", f_minimum },
		   { "maximum", f_maximum }, { "where", f_where } };
	accel_tensor *x[MOST_INPUTS];
	size_t i;

	for (i = 0; i < sizeof(op) / sizeof(op[0]); i++) {
		accel_scope_begin(ctx);
		x[0] = make(ACCEL_F32, ACCEL_SHAPE(3, 1, 5), 0.5, 2);
		x[1] = make(ACCEL_F32, ACCEL_SHAPE(4, 1), 0.6, 2.1);
		grad_of(op[i].name, op[i].fn, 2, x);
		accel_scope_end(ctx);
	}
	accel_scope_begin(ctx);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(2, 3, 2), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(2, 4, 2), -1, 1);
	grad_of("concat", f_concat, 2, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(3, 4, 5), -1, 1);
	the_index = index_for(5);
	grad_of("gather", f_gather, 1, x);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(3, 4, 7), -1, 1);
	grad_of("scatter_add", f_scatter, 2, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(9, 2), -1, 1);
	the_index = make(ACCEL_I32, ACCEL_SHAPE(3, 2), 0, 9);
	grad_of("embedding", f_embedding, 1, x);
	accel_scope_end(ctx);
}

static void products(void)
{
	accel_tensor *x[MOST_INPUTS];

	accel_scope_begin(ctx);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(3, 4), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(4, 5), -1, 1);
	grad_of("matmul", f_matmul, 2, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(2, 3, 4), -1, 1);
	grad_of("matmul of many rows", f_matmul, 2, x);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(2, 2, 4, 3), -1, 1);
	grad_of("batched matmul", f_matmul, 2, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(4, 3), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(2, 5, 4), -1, 1);
	grad_of("transposed matmul", f_matmul_t, 2, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(2, 2, 5, 4), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(3, 2, 3, 2), -1, 1);
	grad_of("conv", f_conv, 2, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(1, 4, 4, 5), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(4, 2, 2, 2), -1, 1);
	grad_of("grouped conv", f_conv_groups, 2, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(1, 2, 3, 3), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(2, 2, 3, 3), -1, 1);
	grad_of("transposed conv", f_conv_t, 2, x);
	accel_scope_end(ctx);
	accel_scope_begin(ctx);
	x[0] = accel_reshape(apart(0.5, 2), ACCEL_SHAPE(1, 2, 6, 5));
	x[0] = accel_copy(x[0]);
	accel_keep(x[0]);
	accel_sync(ctx);
	grad_of("max pool", f_max_pool, 1, x);
	grad_of("avg pool", f_avg_pool, 1, x);
	grad_of("nearest resize", f_nearest, 1, x);
	grad_of("bilinear resize", f_bilinear, 1, x);
	accel_tensor_destroy(x[0]);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(3, 2, 4), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(4), -1, 1);
	x[2] = make(ACCEL_F32, ACCEL_SHAPE(4), -1, 1);
	grad_of("layer_norm", f_layer_norm, 3, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(3, 2, 4), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(2), -1, 1);
	x[2] = make(ACCEL_F32, ACCEL_SHAPE(2), -1, 1);
	grad_of("batch_norm", f_batch_norm, 3, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(3, 4), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(4, 5), -1, 1);
	x[2] = make(ACCEL_F32, ACCEL_SHAPE(5), -1, 1);
	x[3] = make(ACCEL_F32, ACCEL_SHAPE(5, 3), -1, 1);
	grad_of("a perceptron", mlp, 4, x);
	x[0] = make(ACCEL_F32, ACCEL_SHAPE(2, 3, 4), -1, 1);
	x[1] = make(ACCEL_F32, ACCEL_SHAPE(2, 3, 4), -1, 1);
	x[2] = make(ACCEL_F32, ACCEL_SHAPE(2, 3, 4), -1, 1);
	grad_of("attention", attention, 3, x);
	accel_scope_end(ctx);
}

static void rules(void)
{
	accel_tensor *x, *y, *g[2], *wrt[2];
	float v = 1;

	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(3), -1, 1);
	y = make(ACCEL_F32, ACCEL_SHAPE(3), -1, 1);
	wrt[0] = x;
	wrt[1] = y;
	CHECK(!accel_grad(accel_sum(x, ACCEL_ALL_AXES, false), 2, wrt, g),
	      "%s: a gradient by what does not matter", label);
	check(g[1], EXACT, "which is zeros");
	CHECK(accel_grad(x, 1, wrt, g) == ACCEL_ERR_SHAPE,
	      "%s: the loss has one element", label);
	CHECK(!!strstr(accel_last_error(), "[3]"),
	      "%s: the error names its shape", label);
	CHECK(accel_grad(accel_sum(accel_cast(x, ACCEL_I32), ACCEL_ALL_AXES,
				   false),
			 1, wrt, g) == ACCEL_ERR_DTYPE,
	      "%s: the loss is a float", label);
	CHECK(accel_grad(NULL, 1, wrt, g) == ACCEL_ERR_INVALID && !g[0],
	      "%s: NULL gives no gradient", label);
	y = accel_sum(accel_mul(x, accel_floor(x)), ACCEL_ALL_AXES, false);
	CHECK(!accel_grad(y, 1, wrt, g), "%s: floor is a constant", label);
	check(g[0], ROUND, "and its factor's gradient is it");
	y = accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, 2);
	CHECK(!accel_grad(accel_mul(y, y), 1, &y, g) &&
		      !accel_read(g[0], &v, 4) && v == 4,
	      "%s: by a constant", label);
	accel_scope_end(ctx);
}

/* Two steps before the first is carried out: w = 3 w, then by the new w. */
static void between_updates(void)
{
	const float one[2] = { 1, -2 };
	accel_tensor *w, *h, *loss, *g;
	float v[2];

	accel_scope_begin(ctx);
	w = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2), one);
	accel_assign(w, accel_mul_scalar(w, 3));
	loss = accel_sum(accel_mul(w, w), ACCEL_ALL_AXES, false);
	CHECK(!accel_grad(loss, 1, &w, &g) && !accel_read(g, v, sizeof(v)) &&
		      v[0] == 6 && v[1] == -12,
	      "%s: by a weight whose update is pending", label);
	accel_write(w, one, sizeof(one));
	h = accel_mul(w, w);
	accel_assign(w, accel_mul_scalar(w, 3));
	loss = accel_sum(h, ACCEL_ALL_AXES, false);
	CHECK(!accel_grad(loss, 1, &w, &g) && !accel_read(g, v, sizeof(v)) &&
		      v[0] == 2 && v[1] == -4,
	      "%s: by a weight as it was before an update", label);
	accel_scope_end(ctx);
}

/* x^0 is 1 wherever x is. */
static void power_of_zero(void)
{
	const float zero[2] = { 0, 2 };
	accel_tensor *x, *g;
	float v[2];

	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2), zero);
	CHECK(!accel_grad(accel_sum(accel_pow_scalar(x, 0), ACCEL_ALL_AXES,
				    false),
			  1, &x, &g) &&
		      !accel_read(g, v, sizeof(v)) && v[0] == 0 && v[1] == 0,
	      "%s: the gradient of x^0 is 0, at 0 too", label);
	accel_scope_end(ctx);
}

/* Of a sum, both have the same gradient, and each its owner. */
static void owners(void)
{
	const float one[2] = { 1, -2 };
	accel_tensor *w[2], *loss, *g[2];
	float v[2] = { 0 };
	int i;

	accel_scope_begin(ctx);
	for (i = 0; i < 2; i++)
		w[i] = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2), one);
	loss = accel_sum(accel_add(w[0], w[1]), ACCEL_ALL_AXES, false);
	accel_grad(loss, 2, w, g);
	accel_keep(g[0]);
	accel_keep(g[1]);
	accel_scope_end(ctx);
	accel_tensor_destroy(g[0]);
	CHECK(g[0] != g[1] && !accel_read(g[1], v, sizeof(v)) && v[0] == 1 &&
		      v[1] == 1,
	      "%s: a gradient outlives one that is the same", label);
	accel_tensor_destroy(g[1]);
}

/* f16 in between: the device rounds, the double reference does not. */
static void casts(void)
{
	accel_tensor *x, *g;

	accel_scope_begin(ctx);
	x = apart(-2, 2);
	derivatives("cast", f_cast, 1, &x, &g);
	accel_scope_end(ctx);
}

static void every_op(void)
{
	int op, rules = 0, tested = 0;

	for (op = 0; op < OP_COUNT; op++) {
		rules += !!op_table[op].grad;
		tested += op_table[op].grad && met[op];
		if (op_table[op].grad && !met[op])
			printf("# not differentiated: %s\n", op_table[op].name);
	}
	CHECK(rules == tested,
	      "%s: no op with a gradient is left out (%d of them)", label,
	      rules);
}

static void suite(void)
{
	unary();
	binary();
	products();
	casts();
	between_updates();
	owners();
	power_of_zero();
	every_op();
	rules();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
