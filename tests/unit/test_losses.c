// SPDX-License-Identifier: MIT
/* What a model is trained for: losses of probabilities, a loss that was
 * forgotten, labels and words that are none. */
#include "conform.h"
#include "files.h"

#include <accel/model.h>

#define T(dtype, data, ...)                                                    \
	accel_tensor_create(ctx, ACCEL_##dtype, ACCEL_SHAPE(__VA_ARGS__), data)

static bool told(accel_status err, accel_status want, const char *text)
{
	bool fine = err == want && strstr(accel_last_error(), text);

	if (!fine)
		printf("# status %d: %s\n", err, accel_last_error());
	return fine;
}

/* ---- losses of probabilities ---- */

static void loss_is(accel_loss loss, accel_tensor *t, accel_tensor *p,
		    double want, const double *slope, int n)
{
	float value = NAN, d[8] = { 0 };
	accel_tensor *x = accel_keep(p), *g = NULL, *y;
	double limit = 4e-5;
	bool fine;
	int i;

	y = accel_loss_of(loss, t, x);
	fine = y && !accel_grad(y, 1, &x, &g) && !accel_read(y, &value, 4) &&
	       !accel_read(g, d, (size_t)n * 4) &&
	       fabs(value - want) <= limit * (1 + fabs(want));
	for (i = 0; fine && i < n; i++)
		fine = fabs(d[i] - slope[i]) <= limit * (1 + fabs(slope[i]));
	if (!CHECK(fine, "%s: %s and its gradient", label,
		   accel_loss_name(loss)))
		printf("# %g, not %g; %g %g %g\n", (double)value, want,
		       (double)d[0], (double)d[1], (double)d[2]);
	accel_tensor_destroy(x);
}

/* Keras 3: keras.losses.* of these numbers. */
static void probabilities(void)
{
	const int32_t class[2] = { 2, 0 }, none[2] = { 2, 3 };
	const int32_t below[2] = { -1, 0 };
	const float p[6] = { 0.2f, 0.3f, 0.5f, 0, 0.25f, 0.75f };
	const float t[6] = { 0, 0.5f, 0.5f, 1, 0, 0 };
	const float b[4] = { 0.25f, 1, 0, 0.5f }, bt[4] = { 1, 1, 1, 0.25f };
	const double low = 1e-7;
	/* rows are divided by their sum: d/dp_i of -t log(p / sum) is
	 * sum(t) / sum - t_i / p_i; what is clipped has no gradient */
	const double ds[6] = { 0.5, 0.5, 0.5 - 1, 0, 0, 0 };
	const double dc[6] = { 0.5, 0.5 - 0.5 / 0.6, 0.5 - 0.5, 0, 0, 0 };
	const double db[4] = { -1 / 0.25 / 4, 0, 0, (0.75 - 0.25) / 0.5 / 4 };
	float value = 0;

	accel_scope_begin(ctx);
	loss_is(ACCEL_SPARSE_CROSS_ENTROPY, T(I32, class, 2), T(F32, p, 2, 3),
		(-log(0.5) - log(low)) / 2, ds, 6);
	loss_is(ACCEL_CROSS_ENTROPY, T(F32, t, 2, 3), T(F32, p, 2, 3),
		(-0.5 * log(0.3) - 0.5 * log(0.5) - log(low)) / 2, dc, 6);
	loss_is(ACCEL_BINARY_CROSS_ENTROPY, T(F32, bt, 4), T(F32, b, 4),
		(-log(0.25) - 0 - log(low) - log(0.5)) / 4, db, 4);
	accel_read(accel_loss_of(ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
				 T(I32, none, 2), T(F32, p, 2, 3)),
		   &value, 4);
	CHECK(isnan(value), "%s: a class that is none makes no loss: %g", label,
	      (double)value);
	accel_read(accel_loss_of(ACCEL_SPARSE_CROSS_ENTROPY, T(I32, below, 2),
				 T(F32, p, 2, 3)),
		   &value, 4);
	CHECK(isnan(value), "%s: nor does one below 0: %g", label,
	      (double)value);
	CHECK(!accel_loss_of(ACCEL_NO_LOSS, T(F32, p, 6), T(F32, p, 6)) &&
		      strstr(accel_last_error(), "no loss 0"),
	      "%s: no loss is no loss", label);
	accel_scope_end(ctx);
}

/* ---- the same model by both ---- */

static accel_samples *two_moons(bool binary)
{
	static float x[64][2], y[64];
	static int32_t class[64];
	int i;

	for (i = 0; i < 64; i++) {
		x[i][0] = (float)(i % 8) / 8 - 0.5f;
		x[i][1] = (float)(i / 8) / 8 - 0.5f; /* NOLINT */
		class[i] = x[i][0] + 2 * x[i][1] > 0;
		y[i] = (float)class[i];
	}
	if (binary)
		return accel_samples_create(x, .x_dtype = ACCEL_F32,
					    .x_ndim = 2,
					    .x_shape = (int64_t[]){ 64, 2 },
					    .y = y, .y_dtype = ACCEL_F32,
					    .y_ndim = 1,
					    .y_shape = (int64_t[]){ 64 });
	return accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				    .x_shape = (int64_t[]){ 64, 2 }, .y = class,
				    .y_dtype = ACCEL_I32, .y_ndim = 1,
				    .y_shape = (int64_t[]){ 64 });
}

#define ALL                                                                    \
	(ACCEL_ACCURACY | ACCEL_PRECISION | ACCEL_RECALL | ACCEL_F1 | ACCEL_AUC)

static accel_scores trained(accel_loss loss, accel_activation last, int units,
			    const accel_samples *s)
{
	accel_model *m =
		accel_sequential(ctx, accel_dense(8, .activation = ACCEL_TANH),
				 accel_dense(units, .activation = last));
	accel_scores scores = { .loss = NAN };

	accel_seed(ctx, 7);
	if (accel_compile(m, .optimizer = accel_adam(.lr = 0.05), .loss = loss,
			  .metrics = ALL) ||
	    accel_fit(m, s, .epochs = 6, .batch_size = 16, .verbose = -1) ||
	    accel_evaluate(m, s, &scores))
		printf("# %s\n", accel_last_error());
	accel_model_destroy(m);
	return scores;
}

static void equal(accel_loss logits, accel_loss loss, accel_activation last,
		  int units)
{
	accel_samples *s = two_moons(units == 1);
	accel_scores a = trained(logits, ACCEL_LINEAR, units, s);
	accel_scores b = trained(loss, last, units, s);
	bool fine = fabs(a.loss - b.loss) < 2e-3;
	int i;

	for (i = 0; i < ACCEL_METRICS; i++)
		fine &= !(a.metrics & 1u << i) ||
			fabs(a.value[i] - b.value[i]) < 0.02;
	if (!CHECK(fine && a.value[0] > 0.9,
		   "%s: %s trains and is scored as that of logits", label,
		   accel_loss_name(loss)))
		printf("# loss %g %g, accuracy %g %g, auc %g %g\n", a.loss,
		       b.loss, a.value[0], b.value[0], a.value[5], b.value[5]);
	accel_samples_destroy(s);
}

static void same_model(void)
{
	equal(ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, ACCEL_SPARSE_CROSS_ENTROPY,
	      ACCEL_SOFTMAX, 2);
	equal(ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, ACCEL_SPARSE_CROSS_ENTROPY,
	      ACCEL_SOFTMAX, 3);
	equal(ACCEL_BINARY_CROSS_ENTROPY_LOGITS, ACCEL_BINARY_CROSS_ENTROPY,
	      ACCEL_SIGMOID, 1);
}

/* ---- what is refused ---- */

static void forgotten(void)
{
	accel_model *m = accel_sequential(ctx, accel_dense(2));

	CHECK(told(accel_compile(m, .metrics = ACCEL_ACCURACY),
		   ACCEL_ERR_INVALID,
		   "choose .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS"),
	      "%s: a forgotten loss is an error", label);
	CHECK(told(accel_compile(m, ACCEL_OUTPUTS({ .metrics = 0 })),
		   ACCEL_ERR_INVALID, "choose .loss"),
	      "%s: of an output, too", label);
	CHECK(told(accel_compile(m, .loss = 99), ACCEL_ERR_INVALID,
		   "no loss 99"),
	      "%s: and one that is none", label);
	accel_model_destroy(m);
	m = accel_sequential(ctx, accel_dense(2, .activation = ACCEL_SOFTMAX));
	CHECK(told(accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS),
		   ACCEL_ERR_INVALID, "use ACCEL_SPARSE_CROSS_ENTROPY,"),
	      "%s: softmax under a loss of logits names the one without",
	      label);
	CHECK(!accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY),
	      "%s: which takes it", label);
	accel_model_destroy(m);
}

/* A file of a library that did not refuse it yet. */
static void loaded(void)
{
	static const char of[] = "sparse_cross_entropy_of_probabilities";
	static char data[1 << 16];
	accel_model *m = accel_sequential(
		ctx, accel_dense(2, .activation = ACCEL_SOFTMAX));
	char *at;
	size_t n;
	FILE *f;

	accel_model_build(m, 1, (int64_t[]){ 3 });
	accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY);
	accel_model_save(m, file_path("m"));
	accel_model_destroy(m);
	m = accel_model_load(ctx, file_path("m"));
	CHECK(m && accel_model_options(m)->loss == ACCEL_SPARSE_CROSS_ENTROPY,
	      "%s: a file knows a loss of probabilities", label);
	accel_model_destroy(m);
	f = fopen(file_path("m"), "r");
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	at = memmem(data, n, of, strlen(of));
	if (at) /* sparse_cross_entropy\" and blanks */
		memcpy(at + 20, "\\\"                 ", 19);
	m = accel_model_load(ctx, file_write("m", data, n));
	CHECK(at && !m &&
		      strstr(accel_last_error(),
			     "the model ends in softmax, and its loss"),
	      "%s: a file with a loss of logits after softmax: %s", label,
	      accel_last_error());
}

static void refuses(accel_loss loss, float target, const char *text)
{
	static float x[6][2], y[6] = { 0, 1, 0, 1, 0, 1 };
	accel_model *m = accel_sequential(ctx, accel_dense(1));
	accel_scores scores;
	accel_samples *s;

	y[4] = target;
	s = accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				 .x_shape = (int64_t[]){ 6, 2 }, .y = y,
				 .y_dtype = ACCEL_F32, .y_ndim = 1,
				 .y_shape = (int64_t[]){ 6 }, .name = "six");
	accel_compile(m, .loss = loss);
	CHECK(told(accel_fit(m, s, .verbose = -1), ACCEL_ERR_RANGE, text) &&
		      accel_model_history(m).n == 0,
	      "%s: fit of %s refuses a target of %g", label,
	      accel_loss_name(loss), (double)target);
	CHECK(told(accel_evaluate(m, s, &scores), ACCEL_ERR_RANGE, text),
	      "%s: so does evaluate", label);
	accel_samples_destroy(s);
	accel_model_destroy(m);
}

static void labels(void)
{
	static float x[5][2];
	static const int32_t y[5] = { 0, 1, 2, 1, 0 };
	accel_model *m = accel_sequential(ctx, accel_dense(2));
	accel_scores scores;
	accel_samples *s;

	refuses(ACCEL_BINARY_CROSS_ENTROPY_LOGITS, 2, "sample 4: y[0] is 2,");
	refuses(ACCEL_BINARY_CROSS_ENTROPY_LOGITS, NAN, "sample 4: y[0] is");
	refuses(ACCEL_MSE, NAN, "six: sample 4: y[0] is");
	refuses(ACCEL_HUBER, INFINITY, "sample 4: y[0] is inf");
	s = accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				 .x_shape = (int64_t[]){ 5, 2 }, .y = y,
				 .y_dtype = ACCEL_I32, .y_ndim = 1,
				 .y_shape = (int64_t[]){ 5 }, .name = "five");
	accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS);
	CHECK(told(accel_fit(m, s, .verbose = -1), ACCEL_ERR_RANGE,
		   "five: sample 2 has label 2, of 3 classes, the model has "
		   "2") &&
		      accel_model_history(m).n == 0,
	      "%s: a label that the model has no output for", label);
	((int32_t *)s->y.data)[3] = -1;
	((int32_t *)s->y.data)[2] = 1;
	CHECK(told(accel_evaluate(m, s, &scores), ACCEL_ERR_RANGE,
		   "sample 3 has label -1"),
	      "%s: and one below 0", label);
	accel_samples_destroy(s);
	accel_model_destroy(m);
}

/* ---- words ---- */

static void words_refused(float word, const char *text)
{
	static float x[4][3] = { { 0, 1, 2 }, { 4, 3, 2 }, { 0, 0, 0 } };
	static const int32_t y[4] = { 0, 1, 0, 1 };
	accel_model *m = accel_sequential(ctx, accel_embedding(5, 2),
					  accel_flatten(), accel_dense(2));
	accel_scores scores;
	accel_samples *s;
	float out[8];

	x[2][1] = word;
	s = accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				 .x_shape = (int64_t[]){ 4, 3 }, .y = y,
				 .y_dtype = ACCEL_I32, .y_ndim = 1,
				 .y_shape = (int64_t[]){ 4 }, .name = "texts");
	accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS);
	if (!text) {
		CHECK(!accel_fit(m, s, .verbose = -1) &&
			      !accel_predict(m, s, out, 8),
		      "%s: word %g is one", label, (double)word);
	} else {
		CHECK(told(accel_fit(m, s, .verbose = -1), ACCEL_ERR_RANGE,
			   text) &&
			      told(accel_evaluate(m, s, &scores),
				   ACCEL_ERR_RANGE, text) &&
			      told(accel_predict(m, s, out, 8), ACCEL_ERR_RANGE,
				   text),
		      "%s: word %g is named: %s", label, (double)word, text);
	}
	accel_samples_destroy(s);
	accel_model_destroy(m);
}

/* By an op of its own nothing can be refused: the values are not there yet. */
static void lookups(void)
{
	const float table[6] = { 1, 2, 3, 4, 5, 6 };
	const int32_t index[5] = { 2, -1, 3, 0, INT32_MIN };
	float y[10], hot[15], d[6];
	accel_tensor *t = accel_keep(T(F32, table, 3, 2)), *g = NULL, *rows;
	bool fine;
	int i;

	accel_scope_begin(ctx);
	rows = accel_embedding_lookup(t, T(I32, index, 5));
	accel_grad(accel_sum(rows, ACCEL_ALL_AXES, false), 1, &t, &g);
	fine = !accel_read(rows, y, sizeof(y)) && !accel_read(g, d, sizeof(d));
	CHECK(fine && y[0] == 5 && y[1] == 6 && y[6] == 1 && y[7] == 2,
	      "%s: rows of a table", label);
	for (i = 0; i < 10; i++)
		fine &= (i / 2 == 0 || i / 2 == 3) == !isnan(y[i]);
	CHECK(fine, "%s: an index that is none gives a row of NaN, -1, too",
	      label);
	for (i = 0; i < 6; i++)
		fine &= d[i] == (float)(i / 2 != 1);
	CHECK(fine, "%s: and no gradient", label);
	fine = !accel_read(accel_one_hot(T(I32, index, 5), 3, ACCEL_F32), hot,
			   sizeof(hot));
	for (i = 0; i < 15; i++)
		fine &= hot[i] == (float)(i == 2 || i == 9);
	CHECK(fine, "%s: one-hot of it is zeros", label);
	accel_scope_end(ctx);
	accel_tensor_destroy(t);
}

/* Where nothing was checked, the model's answer is seen to be none. */
static void unchecked_words(void)
{
	const float x[3] = { 1, NAN, -0.5f };
	accel_model *m = accel_sequential(ctx, accel_embedding(5, 2));
	float y[6] = { 0 };

	accel_model_build(m, 1, (int64_t[]){ 3 });
	accel_scope_begin(ctx);
	accel_read(accel_model_call(m, T(F32, x, 1, 3), false), y, sizeof(y));
	accel_scope_end(ctx);
	CHECK(!isnan(y[0]) && isnan(y[2]) && isnan(y[3]) && isnan(y[4]),
	      "%s: a word of NaN or below 0 gives NaN: %g %g %g", label,
	      (double)y[0], (double)y[2], (double)y[4]);
	accel_model_destroy(m);
}

static void words(void)
{
	words_refused(4, NULL);
	words_refused(-1, "texts: sample 2: x[1] is -1; layer 'embedding' has "
			  "words 0 to 4");
	words_refused(5, "sample 2: x[1] is 5;");
	words_refused(1.5f, "sample 2: x[1] is 1.5;");
	words_refused(NAN, "sample 2: x[1] is nan;");
	lookups();
	unchecked_words();
}

static void suite(void)
{
	probabilities();
	same_model();
	forgotten();
	loaded();
	labels();
	words();
}

int main(int argc, char **argv)
{
	int status;

	files_begin();
	status = conform_main(argc, argv, suite);
	files_end();
	return status;
}
