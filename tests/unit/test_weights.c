// SPDX-License-Identifier: MIT
/* Weights of samples and classes: the loss by hand, fit beside a regression
 * written out, and a rare class that is found. */
#include "conform.h"
#include "files.h"

#include <accel/model.h>
#include <accel/table.h>

#define N 40
#define QUIET .verbose = -1

#define T(dtype, data, ...)                                                    \
	accel_tensor_create(ctx, ACCEL_##dtype, ACCEL_SHAPE(__VA_ARGS__), data)

static bool told(accel_status err, accel_status want, const char *text)
{
	bool fine = err == want && strstr(accel_last_error(), text);

	if (!fine)
		printf("# status %d: %s\n", err, accel_last_error());
	return fine;
}

/* ---- by hand ---- */

static void weighted_is(accel_loss loss, accel_tensor *t, accel_tensor *x,
			accel_tensor *w, double want)
{
	float value = NAN;
	accel_tensor *y = accel_loss_weighted(loss, t, x, w);

	if (y)
		accel_read(y, &value, sizeof(value));
	CHECK(fabs((double)value - want) < 2e-5 * (1 + fabs(want)),
	      "%s: %s weighted is %g: %g", label, accel_loss_name(loss), want,
	      (double)value);
}

static void losses(void)
{
	const float w[3] = { 0, 2, 0.5f };
	const float x[6] = { 1, -1, 0.5f, 0.25f, -0.75f, 0.125f };
	const float t[6] = { 0, 0, 1, 0, 0.5f, 0.25f };
	const float p[6] = { 0.5f, 0.5f, 0.25f, 0.75f, 0.125f, 0.875f };
	const int32_t class[3] = { 0, 1, 1 };
	double mse = 0, mae = 0, bce = 0;
	int i;

	for (i = 0; i < 6; i++) {
		double d = (double)x[i] - (double)t[i], weight = w[i / 2];
		double q = 1 / (1 + exp(-(double)x[i]));

		mse += weight * d * d / 6;
		mae += weight * fabs(d) / 6;
		bce -= weight * (t[i] * log(q) + (1 - t[i]) * log(1 - q)) / 6;
	}
	accel_scope_begin(ctx);
	weighted_is(ACCEL_MSE, T(F32, t, 3, 2), T(F32, x, 3, 2), T(F32, w, 3),
		    mse);
	weighted_is(ACCEL_MAE, T(F32, t, 3, 2), T(F32, x, 3, 2), T(F32, w, 3),
		    mae);
	weighted_is(ACCEL_BINARY_CROSS_ENTROPY_LOGITS, T(F32, t, 3, 2),
		    T(F32, x, 3, 2), T(F32, w, 3), bce);
	weighted_is(ACCEL_SPARSE_CROSS_ENTROPY, T(I32, class, 3),
		    T(F32, p, 3, 2), T(F32, w, 3),
		    -(2 * log(0.75) + 0.5 * log(0.875)) / 3);
	weighted_is(ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, T(I32, class, 3),
		    T(F32, x, 3, 2), T(F32, w, 3),
		    (2 * log1p(exp(0.25)) + 0.5 * log1p(exp(-0.875))) / 3);
	weighted_is(ACCEL_CROSS_ENTROPY, T(F32, p, 3, 2), T(F32, p, 3, 2),
		    T(F32, w, 3),
		    -(2 * (0.25 * log(0.25) + 0.75 * log(0.75)) +
		      0.5 * (0.125 * log(0.125) + 0.875 * log(0.875))) /
			    3);
	CHECK(!accel_loss_weighted(ACCEL_MSE, T(F32, t, 3, 2), T(F32, x, 3, 2),
				   T(F32, t, 2)) &&
		      told(ACCEL_ERR_SHAPE, ACCEL_ERR_SHAPE,
			   "weight f32 [2], one f32 for each sample of [3, 2]"),
	      "%s: a weight for each sample, or none at all", label);
	accel_scope_end(ctx);
}

/* ---- fit beside a logistic regression written out ---- */

static float x_of[N][2], y_of[N], w_of[N];
static int32_t class_of[N];

static void make_data(void)
{
	int i;

	for (i = 0; i < N; i++) {
		x_of[i][0] = (float)((i * 7) % 11) / 5 - 1;
		x_of[i][1] = (float)((i * 5) % 13) / 6 - 1;
		class_of[i] = x_of[i][0] + x_of[i][1] > 0.9f;
		y_of[i] = (float)class_of[i];
		w_of[i] = (float)(i % 4) / 2;
	}
}

static accel_samples *samples(bool classes, const float *weight)
{
	return accel_samples_create(
		x_of, .x_dtype = ACCEL_F32, .x_ndim = 2,
		.x_shape = (int64_t[]){ N, 2 },
		.y = classes ? (const void *)class_of : y_of,
		.y_dtype = classes ? ACCEL_I32 : ACCEL_F32, .y_ndim = 1,
		.y_shape = (int64_t[]){ N }, .weight = weight, .name = "forty");
}

/* Gradient descent on sum(weight * loss) / N in batches of 10; returns the
 * loss at the end. */
static double by_hand(const double *weight, int epochs, double *w)
{
	double loss = 0, g[3];
	int e, i, k, b;

	memset(w, 0, 3 * sizeof(*w));
	for (e = 0; e < epochs; e++) {
		for (b = 0; b < N; b += 10) {
			memset(g, 0, sizeof(g));
			for (i = b; i < b + 10; i++) {
				double z = w[0] * x_of[i][0] +
					   w[1] * x_of[i][1] + w[2];
				double d = 1 / (1 + exp(-z)) - y_of[i];

				g[0] += weight[i] * d * x_of[i][0] / 10;
				g[1] += weight[i] * d * x_of[i][1] / 10;
				g[2] += weight[i] * d / 10;
			}
			for (k = 0; k < 3; k++)
				w[k] -= 0.5 * g[k];
		}
	}
	for (i = 0; i < N; i++) {
		double z = w[0] * x_of[i][0] + w[1] * x_of[i][1] + w[2];

		loss += weight[i] * (log1p(exp(z)) - y_of[i] * z) / N;
	}
	return loss;
}

struct how {
	const char *text;
	bool samples, balanced;
	double class_weight[2]; /* 0, 0: none */
};

static void fit_is(const struct how *h)
{
	bool list = h->class_weight[0] > 0 || h->class_weight[1] > 0;
	accel_samples *s = samples(true, h->samples ? w_of : NULL);
	double weight[N], w[3], want;
	int64_t positive = 0;
	accel_scores scores = { .loss = NAN };
	accel_tensor *of[2];
	float kernel[2] = { 0 }, bias = 0;
	accel_model *m;
	int i;

	for (i = 0; i < N; i++)
		positive += class_of[i];
	for (i = 0; i < N; i++) {
		weight[i] = h->samples ? (double)w_of[i] : 1;
		if (h->balanced)
			weight[i] *=
				(double)N / 2 /
				(double)(class_of[i] ? positive : N - positive);
		else if (list)
			weight[i] *= h->class_weight[class_of[i]];
	}
	want = by_hand(weight, 5, w);
	m = accel_sequential(ctx,
			     accel_dense(1, .kernel_init = ACCEL_INIT_ZEROS));
	accel_compile(m, .optimizer = accel_sgd(.lr = 0.5),
		      .loss = ACCEL_BINARY_CROSS_ENTROPY_LOGITS);
	if (accel_fit(m, s, .epochs = 5, .batch_size = 10, .no_shuffle = true,
		      .balanced = h->balanced, .n_class_weights = list ? 2 : 0,
		      .class_weight = list ? h->class_weight : NULL, QUIET) ||
	    accel_evaluate_by(m, s, .scores = &scores, .balanced = h->balanced,
			      .n_class_weights = list ? 2 : 0,
			      .class_weight = list ? h->class_weight : NULL))
		printf("# %s\n", accel_last_error());
	accel_model_weights(m, true, of);
	accel_read(of[0], kernel, sizeof(kernel));
	accel_read(of[1], &bias, sizeof(bias));
	CHECK(fabs(kernel[0] - w[0]) < 1e-4 && fabs(kernel[1] - w[1]) < 1e-4 &&
		      fabs(bias - w[2]) < 1e-4,
	      "%s: fit with %s: %g %g %g, not %g %g %g", label, h->text,
	      (double)kernel[0], (double)kernel[1], (double)bias, w[0], w[1],
	      w[2]);
	CHECK(fabs(scores.loss - want) < 1e-4,
	      "%s: evaluate with %s: %g, not %g", label, h->text, scores.loss,
	      want);
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

static void fits(void)
{
	static const struct how rows[] = {
		{ "no weights", false, false, { 0, 0 } },
		{ "weights of samples", true, false, { 0, 0 } },
		{ "weights of classes", false, false, { 0.5, 3 } },
		{ "a class that does not count", false, false, { 0, 1 } },
		{ "both", true, false, { 0.5, 3 } },
		{ "balanced classes", false, true, { 0, 0 } },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fit_is(&rows[i]);
}

/* ---- 2 % of faults ---- */

#define ROWS 3000

/* A fault is a little warmer: who takes every row for good is right in 98 %. */
static accel_samples *machine(uint64_t seed)
{
	static float x[ROWS][2];
	static int32_t y[ROWS];
	uint64_t state = seed;
	int i, k;

	for (i = 0; i < ROWS; i++) {
		y[i] = i % 50 == 7;
		for (k = 0; k < 2; k++) {
			double sum = 0;
			int j;

			for (j = 0; j < 12; j++) {
				state = state * 6364136223846793005ull +
					1442695040888963407ull;
				sum += (double)(state >> 40) / 0x1p24;
			}
			x[i][k] = (float)(sum - 6 + (y[i] ? 1.4 : 0));
		}
	}
	return accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				    .x_shape = (int64_t[]){ ROWS, 2 }, .y = y,
				    .y_dtype = ACCEL_I32, .y_ndim = 1,
				    .y_shape = (int64_t[]){ ROWS });
}

static double recall(bool balanced)
{
	accel_samples *s = machine(1), *other = machine(2);
	accel_scores scores = { 0 };
	accel_model *m = accel_sequential(ctx, accel_dense(2));

	accel_compile(m, .optimizer = accel_adam(.lr = 0.02),
		      .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
		      .metrics = ACCEL_RECALL);
	if (accel_fit(m, s, .epochs = 8, .batch_size = 100, .seed = 3,
		      .balanced = balanced, QUIET) ||
	    accel_evaluate(m, other, &scores))
		printf("# %s\n", accel_last_error());
	accel_model_destroy(m);
	accel_samples_destroy(s);
	accel_samples_destroy(other);
	return accel_scores_get(&scores, ACCEL_RECALL);
}

static void faults(void)
{
	double without = recall(false), with = recall(true);

	CHECK(without < 0.1 && with > 0.75,
	      "%s: of 2 %% of faults %.2f are found, balanced %.2f", label,
	      without, with);
}

/* ---- what is refused ---- */

static void refused(void)
{
	const float below[N] = { [3] = -1 }, none[N] = { 0 };
	accel_samples *s = samples(true, NULL), *zero = samples(true, none);
	accel_samples *numbers = samples(false, NULL);
	accel_model *m = accel_sequential(ctx, accel_dense(2)), *other;
	accel_scores scores;

	accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS);
	CHECK(!samples(true, below) && told(ACCEL_ERR_RANGE, ACCEL_ERR_RANGE,
					    "forty: sample 3 has weight -1"),
	      "%s: a weight below 0", label);
	CHECK(told(accel_fit(m, zero, QUIET), ACCEL_ERR_RANGE,
		   "forty: all 40 samples have weight 0"),
	      "%s: nothing counts", label);
	CHECK(told(accel_fit(m, s, QUIET, ACCEL_CLASS_WEIGHTS(1, 2, 3)),
		   ACCEL_ERR_RANGE,
		   "class weights: 3, the model has 2 classes"),
	      "%s: another number of classes", label);
	CHECK(told(accel_fit(m, s, QUIET, ACCEL_CLASS_WEIGHTS(1, -2)),
		   ACCEL_ERR_RANGE, "class weights: class 1 has -2"),
	      "%s: a class below 0", label);
	CHECK(told(accel_fit(m, s, QUIET, ACCEL_CLASS_WEIGHTS(1, 2),
			     .balanced = true),
		   ACCEL_ERR_INVALID, "choose one"),
	      "%s: weights and balanced", label);
	CHECK(told(accel_evaluate_by(m, s, .scores = &scores,
				     ACCEL_CLASS_WEIGHTS(1)),
		   ACCEL_ERR_RANGE, "class weights: 1, the model has 2"),
	      "%s: evaluate refuses it, too", label);
	CHECK(accel_model_history(m).n == 0, "%s: and nothing is trained",
	      label);
	other = accel_sequential(ctx, accel_dense(1));
	accel_compile(other, .loss = ACCEL_MSE);
	CHECK(told(accel_fit(other, numbers, QUIET, .balanced = true),
		   ACCEL_ERR_INVALID, "loss mse of [1] has no classes"),
	      "%s: a loss of numbers has no classes", label);
	accel_model_destroy(other);
	accel_model_destroy(m);
	accel_samples_destroy(numbers);
	accel_samples_destroy(zero);
	accel_samples_destroy(s);
}

/* ---- where weights go ---- */

static void parts(void)
{
	accel_samples *s = samples(true, w_of), *a = NULL, *b = NULL, *w;
	const int64_t index[3] = { 7, 2, 9 };
	bool fine;

	a = accel_samples_select(s, index, 3);
	CHECK(a && a->weight && a->weight[0] == 1.5f && a->weight[1] == 1 &&
		      a->weight[2] == 0.5f,
	      "%s: a selection keeps its weights", label);
	accel_samples_destroy(a);
	w = accel_samples_window(s, 4);
	CHECK(w && w->weight && w->weight[0] == w_of[3] &&
		      w->weight[w->count - 1] == w_of[N - 1],
	      "%s: a window has the weight of its last row", label);
	accel_samples_destroy(w);
	fine = !accel_samples_split(s, 0.25, false, 0, &a, &b);
	CHECK(fine && b->weight && b->weight[0] == w_of[N - b->count],
	      "%s: so do the parts of a split", label);
	accel_samples_destroy(a);
	accel_samples_destroy(b);
	accel_samples_destroy(s);
}

static void column(void)
{
	const char *path = file_text("w.csv", "a,often,b,y\n"
					      "1,2,3,u\n"
					      "2,0.5,1,v\n"
					      "4,1,2,u\n");
	accel_samples *s =
		accel_samples_csv(path, .label = "y", .weight = "often");

	CHECK(s && s->x.shape[1] == 2 && s->weight && s->weight[0] == 2 &&
		      s->weight[1] == 0.5f && s->weight[2] == 1,
	      "%s: a column of weights, which is no input", label);
	CHECK(s && strstr(accel_preprocess_ignored(s->preprocess),
			  "often (weight)"),
	      "%s: and that is said", label);
	accel_samples_destroy(s);
	CHECK(!accel_samples_csv(path, .label = "y", .weight = "rare") &&
		      strstr(accel_last_error(), "rare"),
	      "%s: a column that is not there: %s", label, accel_last_error());
	CHECK(!accel_samples_csv(path, .label = "y", .weight = "often",
				 .columns = "a,often") &&
		      strstr(accel_last_error(), "\"often\" is the weight"),
	      "%s: a weight that is an input: %s", label, accel_last_error());
	path = file_text("w.csv", "a,often,y\n1,2,u\n2,,v\n4,1,u\n");
	CHECK(!accel_samples_csv(path, .label = "y", .weight = "often") &&
		      strstr(accel_last_error(), "w.csv:3:2: "),
	      "%s: a row without one: %s", label, accel_last_error());
	path = file_text("w.csv", "a,often,y\n1,2,u\n2,-3,v\n4,1,u\n");
	CHECK(!accel_samples_csv(path, .label = "y", .weight = "often") &&
		      strstr(accel_last_error(), "w.csv:3:2: "),
	      "%s: one below 0: %s", label, accel_last_error());
}

static void suite(void)
{
	make_data();
	losses();
	fits();
	faults();
	refused();
	parts();
	column();
}

int main(int argc, char **argv)
{
	int status;

	files_begin();
	status = conform_main(argc, argv, suite);
	files_end();
	return status;
}
