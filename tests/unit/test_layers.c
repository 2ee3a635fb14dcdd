// SPDX-License-Identifier: MIT
/*
 * Layers: the shape they promise, values against the double reference and
 * formulas written out, gradients by every weight against central differences
 * in double precision, initializers, text form, and what is refused.
 */
#include "conform.h"

#include <accel/model.h>

#define MAX_WRT 12

static accel_tensor *weighted_sum(accel_tensor *y)
{
	return y ? accel_sum(accel_mul(y, make(ACCEL_F32, accel_tensor_ndim(y),
					       accel_tensor_shape(y), -1, 1)),
			     ACCEL_ALL_AXES, false)
		 : NULL;
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

/* The gradient's graph against (f(x+h) - f(x-h)) / 2h at a few elements. */
static double difference(accel_tensor *loss, accel_tensor *x, accel_tensor *g)
{
	int64_t n = accel_tensor_count(x), i, step = n / 7 + 1;
	double *v = calloc((size_t)n, sizeof(*v));
	double *want = calloc((size_t)n, sizeof(*want));
	double worst = 0, largest = 1e-3, h = 1e-5;
	bool ok = v && want && !reference_eval(x, 0, NULL, NULL, v) &&
		  !reference_eval(g, 0, NULL, NULL, want);

	for (i = 0; ok && i < n; i += step) {
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

/* Gradients of a model by its weights and inputs. */
static void check_gradients(const char *name, accel_model *m, accel_tensor *x,
			    accel_tensor *y)
{
	accel_tensor *wrt[MAX_WRT], *g[MAX_WRT], *loss = weighted_sum(y);
	int n = accel_model_weights(m, true, wrt), i;
	double worst = 0;

	wrt[n++] = x;
	if (accel_grad(loss, n, wrt, g)) {
		CHECK(false, "%s: gradient of %s", label, name);
		printf("# %s\n", accel_last_error());
		return;
	}
	for (i = 0; i < n; i++) {
		double d = difference(loss, wrt[i], g[i]);

		if (!(d <= worst))
			worst = d;
	}
	CHECK(worst < 1e-6, "%s: gradients of %s by %d tensors", label, name,
	      n);
	if (!(worst < 1e-6))
		printf("# off by %g\n", worst);
	check(g[0], CHAIN, "computed gradient of %s", name);
}

/* A model of one layer over [2, shape...]: `want` is its output's shape. */
static void layer(const char *name, accel_layer *l, int ndim,
		  const int64_t *shape, const char *want, bool training)
{
	int64_t batch[ACCEL_MAX_DIMS] = { 2 };
	accel_tensor *x, *y, *w[MAX_WRT];
	accel_node *in;
	accel_model *m;
	int i, n;

	noise_state = 5;
	accel_scope_begin(ctx);
	in = accel_input(ctx, ndim, shape);
	m = accel_model_create(in, accel_apply(l, in));
	if (!CHECK(m, "%s: %s", label, name)) {
		printf("# %s\n", accel_last_error());
		accel_scope_end(ctx);
		return;
	}
	n = accel_model_weights(m, true, w);
	for (i = 0; i < n; i++) { /* biases, too, are not zero here */
		accel_tensor *v = make(ACCEL_F32, accel_tensor_ndim(w[i]),
				       accel_tensor_shape(w[i]), -0.7, 0.7);

		accel_assign(w[i], v);
		accel_sync(ctx);
	}
	memcpy(batch + 1, shape, (size_t)ndim * sizeof(*shape));
	x = make(ACCEL_F32, ndim + 1, batch, -1, 1);
	y = accel_model_call(m, x, training);
	CHECK(y && !strcmp(shape_text(accel_tensor_ndim(y),
				      accel_tensor_shape(y)),
			   want),
	      "%s: %s gives %s", label, name, want);
	check_gradients(name, m, x, y);
	check(accel_model_call(m, x, training), CHAIN, "%s", name);
	accel_sync(ctx);
	accel_scope_end(ctx);
	accel_model_destroy(m);
}

#define L(make_, shape_, want_) layer(#make_, make_, shape_, want_, true)
#define S(...) ACCEL_SHAPE(__VA_ARGS__)

static void kinds(void)
{
	L(accel_dense(3, .activation = ACCEL_TANH), S(4), "[2, 3]");
	L(accel_dense(3, .no_bias = true), S(5, 4), "[2, 5, 3]");
	L(accel_convolution2d(3, 3, .activation = ACCEL_GELU), S(2, 6, 5),
	  "[2, 3, 4, 3]");
	L(accel_convolution2d(3, 3, .same = true, .stride = 2), S(2, 5, 6),
	  "[2, 3, 3, 3]");
	L(accel_convolution2d(2, 2, .size_w = 3, .dilation = 2), S(1, 5, 7),
	  "[2, 2, 3, 3]");
	L(accel_convolution1d(3, 2, .activation = ACCEL_SILU), S(6, 4),
	  "[2, 5, 3]");
	L(accel_convolution1d(3, 3, .same = true, .stride = 2), S(7, 2),
	  "[2, 4, 3]");
	L(accel_depthwise_convolution2d(3, .units = 2), S(3, 5, 5),
	  "[2, 6, 3, 3]");
	L(accel_transposed_convolution2d(2, 3, .same = true, .stride = 2),
	  S(3, 3, 4), "[2, 2, 6, 8]");
	L(accel_transposed_convolution2d(2, 2, .stride = 3), S(1, 2, 2),
	  "[2, 2, 6, 6]");
	L(accel_max_pooling2d(2), S(2, 5, 4), "[2, 2, 2, 2]");
	L(accel_average_pooling2d(3, .same = true, .stride = 2), S(1, 5, 5),
	  "[2, 1, 3, 3]");
	L(accel_max_pooling1d(2), S(6, 3), "[2, 3, 3]");
	L(accel_average_pooling1d(2), S(6, 3), "[2, 3, 3]");
	L(accel_global_max_pooling(), S(3, 4, 4), "[2, 3]");
	L(accel_global_average_pooling(), S(5, 3), "[2, 3]");
	L(accel_flatten(), S(2, 3, 2), "[2, 12]");
	L(accel_unflatten(1, 3, 4), S(6, 2), "[2, 1, 3, 4]");
	L(accel_activate(ACCEL_SOFTMAX), S(5), "[2, 5]");
	L(accel_batch_normalization(), S(4), "[2, 4]");
	L(accel_batch_normalization(.epsilon = 1e-2), S(3, 2, 2),
	  "[2, 3, 2, 2]");
	L(accel_batch_normalization(), S(5, 3), "[2, 5, 3]");
	layer("batch_normalization in use", accel_batch_normalization(),
	      S(3, 2, 2), "[2, 3, 2, 2]", false);
	L(accel_layer_normalization(), S(3, 4), "[2, 3, 4]");
	L(accel_gru(3), S(4, 2), "[2, 3]");
	L(accel_gru(2, .sequences = true, .no_bias = true), S(3, 2),
	  "[2, 3, 2]");
	L(accel_lstm(3), S(4, 2), "[2, 3]");
	L(accel_lstm(2, .sequences = true), S(3, 2), "[2, 3, 2]");
	L(accel_gru(1, .sequences = true), S(65, 1), "[2, 65, 1]");
	L(accel_multi_head_attention(2, 3), S(4, 5), "[2, 4, 5]");
	L(accel_dropout(0.4), S(3, 5), "[2, 3, 5]");
}

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* One unit over three steps of one feature, by the formulas. */
static void recurrent(void)
{
	const float x[3] = { 0.5f, -1, 2 };
	const float k[4] = { 0.3f, -0.2f, 0.7f, 0.4f };
	const float u[4] = { -0.5f, 0.6f, 0.1f, 0.2f };
	const float b[6] = { 0.1f, 0.2f, -0.3f, 0.05f, -0.1f, 0.15f };
	double h = 0, c = 0;
	accel_tensor *in, *out;
	accel_model *m;
	float got;
	int t;

	accel_scope_begin(ctx);
	in = accel_tensor_create(ctx, ACCEL_F32, S(1, 3, 1), x);
	m = accel_sequential(ctx, accel_gru(1));
	accel_model_build(m, S(3, 1));
	accel_write(accel_model_weight(m, "gru/kernel"), k, 12);
	accel_write(accel_model_weight(m, "gru/recurrent_kernel"), u, 12);
	accel_write(accel_model_weight(m, "gru/bias"), b, 24);
	out = accel_model_call(m, in, false);
	accel_read(out, &got, sizeof(got));
	for (t = 0; t < 3; t++) {
		double z = sigmoid(x[t] * k[0] + b[0] + h * u[0] + b[3]);
		double r = sigmoid(x[t] * k[1] + b[1] + h * u[1] + b[4]);
		double a = tanh(x[t] * k[2] + b[2] + r * (h * u[2] + b[5]));

		h = z * h + (1 - z) * a;
	}
	CHECK(fabs(got - h) < 1e-6, "%s: a GRU by its formula", label);
	accel_model_destroy(m);
	m = accel_sequential(ctx, accel_lstm(1));
	accel_model_build(m, S(3, 1));
	accel_read(accel_model_weight(m, "lstm/bias"), (float[4]){ 0 }, 16);
	accel_write(accel_model_weight(m, "lstm/kernel"), k, 16);
	accel_write(accel_model_weight(m, "lstm/recurrent_kernel"), u, 16);
	accel_write(accel_model_weight(m, "lstm/bias"), b, 16);
	out = accel_model_call(m, in, false);
	accel_read(out, &got, sizeof(got));
	for (h = 0, t = 0; t < 3; t++) {
		double g[4];
		int i;

		for (i = 0; i < 4; i++)
			g[i] = x[t] * k[i] + h * u[i] + b[i];
		c = sigmoid(g[1]) * c + sigmoid(g[0]) * tanh(g[2]);
		h = sigmoid(g[3]) * tanh(c);
	}
	CHECK(fabs(got - h) < 1e-6, "%s: an LSTM by its formula", label);
	accel_model_destroy(m);
	accel_scope_end(ctx);
}

static void batch_statistics(void)
{
	const float x[8] = { 1, 10, 2, 20, 3, 30, 6, 60 }; /* [4, 2] */
	accel_tensor *in, *y;
	accel_model *m;
	float mean[2], var[2], out[8];

	accel_scope_begin(ctx);
	m = accel_sequential(ctx, accel_batch_normalization(.momentum = 0.5));
	in = accel_tensor_create(ctx, ACCEL_F32, S(4, 2), x);
	y = accel_model_call(m, in, true);
	accel_read(y, out, sizeof(out));
	accel_read(accel_model_weight(m, "batch_normalization/moving_mean"),
		   mean, sizeof(mean));
	accel_read(accel_model_weight(m, "batch_normalization/moving_variance"),
		   var, sizeof(var));
	CHECK(fabsf(out[0] + 2 / sqrtf(3.5f + 1e-3f)) < 1e-5f,
	      "%s: a batch is normalised by its own statistics", label);
	CHECK(fabsf(mean[0] - 1.5f) < 1e-6f && fabsf(mean[1] - 15) < 1e-5f &&
		      fabsf(var[0] - 2.25f) < 1e-5f,
	      "%s: averages follow with their momentum", label);
	y = accel_model_call(m, in, false);
	accel_read(y, out, sizeof(out));
	CHECK(fabsf(out[0] + 0.5f / sqrtf(2.25f + 1e-3f)) < 1e-5f,
	      "%s: in use the averages count", label);
	accel_scope_end(ctx);
	accel_model_destroy(m);
}

static void initial(void)
{
	static float w[64 * 64], v[64 * 64];
	double sum = 0, square = 0, worst = 0, limit = sqrt(6.0 / 128);
	accel_model *m, *n;
	int i, j, k, outside = 0;

	m = accel_sequential(ctx, accel_dense(64), accel_dense(64));
	n = accel_sequential(ctx, accel_dense(64), accel_dense(64));
	accel_model_build(m, S(64));
	accel_model_build(n, S(64));
	accel_read(accel_model_weight(m, "dense/kernel"), w, sizeof(w));
	accel_read(accel_model_weight(n, "dense/kernel"), v, sizeof(v));
	for (i = 0; i < 64 * 64; i++) {
		sum += w[i];
		square += (double)w[i] * w[i];
		outside += fabs(w[i]) > limit;
	}
	CHECK(!outside && fabs(sum / 4096) < 0.01 &&
		      fabs(square / 4096 / (2.0 / 128) - 1) < 0.05,
	      "%s: glorot_uniform has its limit and variance", label);
	CHECK(!memcmp(v, w, sizeof(v)), "%s: one seed, the same weights",
	      label);
	accel_read(accel_model_weight(m, "dense_1/kernel"), v, sizeof(v));
	CHECK(memcmp(v, w, sizeof(v)), "%s: another layer, others", label);
	accel_model_destroy(m);
	accel_model_destroy(n);
	m = accel_sequential(
		ctx, accel_dense(64, .kernel_init = ACCEL_INIT_ORTHOGONAL));
	accel_model_build(m, S(16));
	accel_read(accel_model_weight(m, "dense/kernel"), w, 16 * 64 * 4);
	for (i = 0; i < 16; i++) {
		for (j = 0; j < 16; j++) {
			double dot = 0;

			for (k = 0; k < 64; k++)
				dot += w[i * 64 + k] * w[j * 64 + k];
			if (fabs(dot - (i == j)) > worst)
				worst = fabs(dot - (i == j));
		}
	}
	CHECK(worst < 1e-5, "%s: orthogonal rows are orthonormal", label);
	accel_model_destroy(m);
}

static void refused_text(const char *text, const char *what)
{
	accel_layer *l[8];
	int n;

	CHECK(accel_layers_parse(text, 8, l, &n) != ACCEL_OK && !n &&
		      strstr(accel_last_error(), what),
	      "%s: '%s' is refused: %s", label, text, accel_last_error());
}

static void texts(void)
{
	accel_layer *l[8];
	accel_model *m;
	char table[2048];
	FILE *f = tmpfile();
	size_t got;
	int n;

	CHECK(!accel_layers_parse("unflatten:1:8:8,conv2d:4:3:relu:same,"
				  "max_pooling2d:2,flatten,dropout:0.25,"
				  "dense:10",
				  8, l, &n) &&
		      n == 6,
	      "%s: an architecture from text", label);
	m = accel_sequential_with(ctx, n, l);
	CHECK(m && !accel_model_build(m, S(8, 8)) &&
		      accel_model_parameters(m) == 40 + 650,
	      "%s: which has the parameters it should", label);
	accel_model_summary(m, f);
	rewind(f);
	got = fread(table, 1, sizeof(table) - 1, f);
	table[got] = 0;
	fclose(f);
	CHECK(strstr(table, "[N, 4, 8, 8]") && strstr(table, "690") &&
		      strstr(table, "max_pooling2d"),
	      "%s: the summary shows layers, shapes and parameters", label);
	accel_model_destroy(m);
	refused_text("dense", "units");
	refused_text("dense:10:rely", "rely");
	refused_text("dense:1.5", "1.5");
	refused_text("dense:1:2", "too many");
	refused_text("dens:10", "dens");
	refused_text("dense:10,,dense:1", "''");
	refused_text("add", "two inputs");
	refused_text("dropout:1", "rate");
}

static void refused(void)
{
	accel_node *x = accel_input(ctx, S(4)), *y;
	accel_model *m;

	CHECK(!accel_model_create(x, accel_apply(accel_convolution2d(2, 3), x)),
	      "%s: an image layer refuses a vector", label);
	CHECK(strstr(accel_last_error(), "[4]") &&
		      strstr(accel_last_error(), "[C, H, W]"),
	      "%s: the error has both: %s", label, accel_last_error());
	m = accel_sequential(ctx, accel_dense(0), accel_dense(3));
	CHECK(!m && strstr(accel_last_error(), "units is 0"),
	      "%s: a layer of nothing makes no model", label);
	x = accel_input(ctx, S(4));
	y = accel_apply(accel_dense(3), x);
	CHECK(!accel_model_create(x, accel_merge(accel_add_layer(), x, y)) &&
		      strstr(accel_last_error(), "[4] and [3]"),
	      "%s: a sum of unequal shapes", label);
	m = accel_sequential(ctx, accel_dense(3));
	accel_model_build(m, S(4));
	CHECK(accel_model_build(m, S(5)) == ACCEL_ERR_SHAPE,
	      "%s: a model keeps its input shape", label);
	accel_model_destroy(m);
	m = accel_sequential(ctx, accel_dense(3, .name = "a"),
			     accel_dense(3, .name = "a"));
	CHECK(!m, "%s: a name twice", label);
}

static void functional(void)
{
	accel_node *x = accel_input(ctx, S(6)), *h, *both;
	accel_tensor *in;
	accel_model *m;

	h = accel_apply(accel_dense(6, .activation = ACCEL_TANH), x);
	both = accel_merge(accel_add_layer(), x, h);
	both = accel_merge(accel_concatenate_layer(), both, h);
	both = accel_merge(accel_multiply_layer(), both,
			   accel_apply(accel_dense(12), both));
	m = accel_model_create(x, both);
	CHECK(m, "%s: residual, concatenation and product of nodes", label);
	accel_scope_begin(ctx);
	in = make(ACCEL_F32, S(2, 6), -1, 1);
	check_gradients("a functional model", m, in,
			accel_model_call(m, in, true));
	accel_scope_end(ctx);
	accel_model_destroy(m);
}

static void words(void)
{
	const int32_t index[4] = { 2, 0, 2, 1 };
	accel_tensor *x, *w, *y, *loss, *g;
	float table[3][2], out[4][2], d[3][2];
	accel_model *m;
	int i;

	accel_scope_begin(ctx);
	m = accel_sequential(ctx, accel_embedding(3, 2));
	x = accel_tensor_create(ctx, ACCEL_I32, S(2, 2), index);
	y = accel_model_call(m, x, true);
	w = accel_model_weight(m, "embedding/embeddings");
	loss = accel_sum(y, ACCEL_ALL_AXES, false);
	accel_grad(loss, 1, &w, &g);
	accel_read(w, table, sizeof(table));
	accel_read(g, d, sizeof(d));
	accel_read(y, out, sizeof(out));
	for (i = 0; i < 4; i++)
		if (memcmp(out[i], table[index[i]], sizeof(out[i])))
			break;
	CHECK(i == 4, "%s: an embedding looks rows up", label);
	CHECK(d[0][0] == 1 && d[1][1] == 1 && d[2][0] == 2,
	      "%s: its gradient counts them", label);
	accel_model_destroy(m);
	accel_scope_end(ctx);
}

static void suite(void)
{
	kinds();
	words();
	recurrent();
	batch_statistics();
	initial();
	texts();
	refused();
	functional();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
