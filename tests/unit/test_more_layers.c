// SPDX-License-Identifier: MIT
/* Activations made of ops, layers that read both ways, and penalties for large
 * weights, each beside its definition in double. */
#include "conform.h"
#include "files.h"

#include <accel/layer.h>
#include <accel/model.h>

#define T(dtype, data, ...)                                                    \
	accel_tensor_create(ctx, ACCEL_##dtype, ACCEL_SHAPE(__VA_ARGS__), data)

/* ---- activations ---- */

struct curve {
	const char *name;
	accel_activation a;
	double (*value)(double), (*slope)(double);
};

static double leaky(double x)
{
	return x > 0 ? x : 0.2 * x;
}

static double leaky_slope(double x)
{
	return x > 0 ? 1 : 0.2;
}

static double elu(double x)
{
	return x > 0 ? x : expm1(x);
}

static double elu_slope(double x)
{
	return x > 0 ? 1 : exp(x);
}

static double softplus(double x)
{
	return x > 30 ? x : log1p(exp(x));
}

static double softplus_slope(double x)
{
	return 1 / (1 + exp(-x));
}

static double hard_swish(double x)
{
	return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
}

static double hard_swish_slope(double x)
{
	return x < -3 ? 0 : x > 3 ? 1 : x / 3 + 0.5;
}

static const struct curve curves[] = {
	{ "leaky_relu", ACCEL_LEAKY_RELU, leaky, leaky_slope },
	{ "elu", ACCEL_ELU, elu, elu_slope },
	{ "softplus", ACCEL_SOFTPLUS, softplus, softplus_slope },
	{ "hard_swish", ACCEL_HARD_SWISH, hard_swish, hard_swish_slope },
};

static accel_tensor *apply(const struct curve *c, accel_tensor *x)
{
	switch (c->a) {
	case ACCEL_LEAKY_RELU:
		return accel_leaky_relu(x, 0.2);
	case ACCEL_ELU:
		return accel_elu(x, 1);
	case ACCEL_SOFTPLUS:
		return accel_softplus(x);
	default:
		return accel_hard_swish(x);
	}
}

static void curve(const struct curve *c)
{
	static const float in[10] = { -100, -88.5f, -4,    -2.5f, -0.25f,
				      0.5f, 1.5f,   2.75f, 5,     100 };
	float y[10] = { 0 }, d[10] = { 0 }, z[10] = { 0 };
	accel_layer *layers[2];
	accel_tensor *x, *g = NULL;
	char text[64];
	double worst = 0;
	accel_model *m;
	bool fine;
	int i, n = 0;

	accel_scope_begin(ctx);
	x = accel_keep(T(F32, in, 10));
	fine = !accel_grad(accel_sum(apply(c, x), ACCEL_ALL_AXES, false), 1, &x,
			   &g) &&
	       !accel_read(apply(c, x), y, sizeof(y)) &&
	       !accel_read(g, d, sizeof(d));
	for (i = 0; i < 10; i++)
		worst = fmax(worst, fmax(fabs(y[i] - c->value(in[i])) /
						 (1 + fabs((double)in[i])),
					 fabs(d[i] - c->slope(in[i]))));
	CHECK(fine && worst < 2e-5, "%s: %s and its slope: %g off", label,
	      c->name, worst);
	CHECK(!apply(c, accel_full(ctx, ACCEL_I32, ACCEL_SCALAR, 1)) &&
		      strstr(accel_last_error(), "i32 is no float"),
	      "%s: %s of whole numbers is refused", label, c->name);
	accel_scope_end(ctx);
	accel_tensor_destroy(x);

	snprintf(text, sizeof(text), "activation:%s", c->name);
	accel_layers_parse(text, 2, layers, &n);
	m = n ? accel_sequential_with(ctx, n, layers) : NULL;
	accel_model_build(m, 1, (int64_t[]){ 10 });
	accel_scope_begin(ctx);
	if (m)
		accel_read(accel_model_call(m, T(F32, in, 1, 10), false), z,
			   sizeof(z));
	accel_scope_end(ctx);
	for (worst = 0, i = 0; i < 10; i++)
		worst = fmax(worst, fabs((double)z[i] - (double)y[i]));
	CHECK(m && worst < 1e-5, "%s: \"%s\" is a layer", label, text);
	accel_model_destroy(m);
}

/* ---- both ways ---- */

#define STEPS 4
#define F 2
#define U 3

/* Sets the weights of a bidirectional layer and those of two of one direction to
 * the same numbers. */
static void share(accel_model *both, accel_model *on, accel_model *back)
{
	accel_tensor *b[6], *one[3], *two[3];
	static float value[256];
	int n = accel_model_weights(both, false, NULL), i;

	accel_model_weights(both, false, b);
	accel_model_weights(on, false, one);
	accel_model_weights(back, false, two);
	for (i = 0; i < n; i++) {
		size_t bytes = (size_t)accel_tensor_count(b[i]) * 4;

		accel_read(b[i], value, bytes);
		accel_write(i < n / 2 ? one[i] : two[i - n / 2], value, bytes);
	}
}

static void both_ways(bool lstm, bool sequences, bool no_bias)
{
	accel_layer_options o = { .units = U,
				  .sequences = sequences,
				  .bias_init = ACCEL_INIT_UNIFORM,
				  .no_bias = no_bias };
	accel_layer_kind kind = lstm ? ACCEL_LAYER_LSTM : ACCEL_LAYER_GRU;
	int steps = sequences ? STEPS : 1, t, k, i;
	float x[STEPS * F], r[STEPS * F], y[STEPS * 2 * U] = { 0 };
	float a[STEPS * U] = { 0 }, b[STEPS * U] = { 0 };
	accel_model *m[3];
	double worst = 0;
	accel_layer *l;

	for (i = 0; i < STEPS * F; i++)
		x[i] = (float)((i * 5) % 7) / 4 - 0.7f;
	for (t = 0; t < STEPS; t++)
		for (k = 0; k < F; k++)
			r[t * F + k] = x[(STEPS - 1 - t) * F + k];
	for (i = 0; i < 3; i++) {
		o.bidirectional = i == 0;
		l = accel_layer_create(kind, &o);
		m[i] = accel_sequential_with(ctx, 1, &l);
		accel_model_build(m[i], 2, (int64_t[]){ STEPS, F });
	}
	share(m[0], m[1], m[2]);
	accel_scope_begin(ctx);
	accel_read(accel_model_call(m[0], T(F32, x, 1, STEPS, F), false), y,
		   (size_t)(steps * 2 * U) * 4);
	accel_read(accel_model_call(m[1], T(F32, x, 1, STEPS, F), false), a,
		   (size_t)(steps * U) * 4);
	accel_read(accel_model_call(m[2], T(F32, r, 1, STEPS, F), false), b,
		   (size_t)(steps * U) * 4);
	accel_scope_end(ctx);
	for (t = 0; t < steps; t++) {
		for (k = 0; k < U; k++) {
			double on = a[t * U + k];
			double back = b[(steps - 1 - t) * U + k];

			worst = fmax(worst, fabs(y[t * 2 * U + k] - on));
			worst = fmax(worst, fabs(y[t * 2 * U + U + k] - back));
		}
	}
	CHECK(worst < 1e-5 && fabs((double)y[0]) > 1e-4,
	      "%s: %s%s%s both ways: %g off", label, lstm ? "lstm" : "gru",
	      sequences ? ", every step" : "", no_bias ? ", no bias" : "",
	      worst);
	for (i = 0; i < 3; i++)
		accel_model_destroy(m[i]);
}

static void both_in_a_file(void)
{
	accel_model *m, *loaded;
	float x[STEPS * F] = { 1, 2, 3, 4, 5, 6, 7, 8 }, y[4] = { 0 };
	float z[4] = { 1 };
	accel_layer *layers[3];
	int n = 0;

	accel_layers_parse("gru:3:bidirectional,dense:4:elu", 3, layers, &n);
	m = accel_sequential_with(ctx, n, layers);
	accel_model_build(m, 2, (int64_t[]){ STEPS, F });
	accel_model_save(m, file_path("both"));
	loaded = accel_model_load(ctx, file_path("both"));
	accel_scope_begin(ctx);
	accel_read(accel_model_call(m, T(F32, x, 1, STEPS, F), false), y, 16);
	if (loaded)
		accel_read(accel_model_call(loaded, T(F32, x, 1, STEPS, F),
					    false),
			   z, 16);
	accel_scope_end(ctx);
	CHECK(loaded && !memcmp(y, z, 16), "%s: a file keeps both ways", label);
	accel_model_destroy(loaded);
	accel_model_destroy(m);
	CHECK(!accel_dense(3, .bidirectional = true) &&
		      strstr(accel_last_error(), "no option 'bidirectional'"),
	      "%s: dense has no other way", label);
}

/* ---- penalties ---- */

/* One step of gradient descent on data that say nothing: x = 0. What is left is
 * the penalty, of which the bias is free. */
static void penalties(void)
{
	static const float x[4][2], y[4];
	const double l1 = 0.01, l2 = 0.1, lr = 0.5;
	accel_samples *s = accel_samples_create(
		x, .x_dtype = ACCEL_F32, .x_ndim = 2,
		.x_shape = (int64_t[]){ 4, 2 }, .y = y, .y_dtype = ACCEL_F32,
		.y_ndim = 1, .y_shape = (int64_t[]){ 4 });
	const float start[2] = { 0.5f, -2 };
	accel_model *m =
		accel_sequential(ctx, accel_dense(1, .l1 = l1, .l2 = l2));
	accel_tensor *w[2];
	accel_scores scores = { 0 };
	float now[2] = { 0 };
	bool fine = true;
	int i;

	accel_model_build(m, 1, (int64_t[]){ 2 });
	accel_compile(m, .optimizer = accel_sgd(.lr = lr), .loss = ACCEL_MSE);
	accel_model_weights(m, false, w);
	accel_write(w[0], start, sizeof(start));
	accel_evaluate(m, s, &scores);
	CHECK(fabs(scores.loss - (l1 * 2.5 + l2 * 4.25)) < 1e-5,
	      "%s: the loss has the penalty of weights: %g", label,
	      scores.loss);
	accel_fit(m, s, .verbose = -1);
	accel_read(w[0], now, sizeof(now));
	for (i = 0; i < 2; i++) {
		double v = start[i];

		v -= lr * (l1 * (v > 0 ? 1 : -1) + 2 * l2 * v);
		fine &= fabs(now[i] - v) < 1e-5;
	}
	CHECK(fine, "%s: and training follows it: %g %g", label, (double)now[0],
	      (double)now[1]);
	accel_model_destroy(m);
	m = accel_sequential(ctx, accel_dense(1, .l2 = l2, .untrained = true));
	accel_model_build(m, 1, (int64_t[]){ 2 });
	accel_compile(m, .loss = ACCEL_MSE);
	accel_evaluate(m, s, &scores);
	CHECK(!(fabs(scores.loss) > 0), "%s: what is not trained is free",
	      label);
	accel_model_destroy(m);
	accel_samples_destroy(s);
	CHECK(!accel_dense(1, .l2 = -1) &&
		      strstr(accel_last_error(), "l1 0, l2 -1"),
	      "%s: a penalty below 0", label);
	CHECK(!accel_dropout(0.5, .l2 = 1) &&
		      strstr(accel_last_error(), "no option 'l2'"),
	      "%s: a layer without a kernel", label);
}

static void suite(void)
{
	size_t i;

	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		curve(&curves[i]);
	for (i = 0; i < 8; i++)
		both_ways(i & 1, i & 2, i & 4);
	both_in_a_file();
	penalties();
}

int main(int argc, char **argv)
{
	int status;

	files_begin();
	status = conform_main(argc, argv, suite);
	files_end();
	return status;
}
