// SPDX-License-Identifier: MIT
/* Runs that follow each other, their logs, and what training refuses. */
#include "conform.h"
#include "files.h"

#include <accel/model.h>

static accel_samples *points(float slope, float last)
{
	static float x[40][2], y[40];
	int i;

	for (i = 0; i < 40; i++) {
		x[i][0] = (float)(i % 8) / 8;
		x[i][1] = (float)(i % 5) / 5;
		y[i] = slope * x[i][0] + x[i][1];
	}
	x[39][1] = last;
	return accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				    .x_shape = (int64_t[]){ 40, 2 }, .y = y,
				    .y_dtype = ACCEL_F32, .y_ndim = 1,
				    .y_shape = (int64_t[]){ 40 });
}

static accel_model *line(accel_optimizer *o)
{
	accel_model *m = accel_sequential(ctx, accel_dense(1));

	accel_compile(m, .optimizer = o, .loss = ACCEL_MSE);
	return m;
}

#define QUIET .batch_size = 10, .verbose = -1

static void patience(void)
{
	accel_model *m = line(accel_sgd(.lr = 1e-9));
	accel_samples *s = points(2, 0), *t = points(9, 0);
	int n;

	accel_fit(m, s, .epochs = 20, .patience = 2, .no_shuffle = true, QUIET);
	n = accel_model_history(m).n;
	CHECK(n < 20, "%s: out of patience after %d epochs", label, n);
	accel_optimizer_set_rate(accel_model_optimizer(m), 0.1);
	accel_fit(m, t, .epochs = 5, .patience = 2, QUIET);
	CHECK(accel_model_history(m).n == n + 5,
	      "%s: the next run has patience of its own", label);
	CHECK(accel_model_history(m).best >= n,
	      "%s: and a best epoch of its own, whatever the data", label);
	accel_samples_destroy(s);
	accel_samples_destroy(t);
	accel_model_destroy(m);
}

static void rates(void)
{
	accel_schedule step = { .kind = ACCEL_SCHEDULE_STEP, .steps = 4 };
	accel_model *m = line(accel_sgd(.lr = 0.5, .schedule = step));
	accel_samples *s = points(2, 0);
	accel_history h;

	accel_fit(m, s, .epochs = 2, QUIET); /* 4 steps each */
	h = accel_model_history(m);
	CHECK(fabs(h.epoch[0].rate - 0.5) < 1e-12 &&
		      fabs(h.epoch[1].rate - 0.05) < 1e-12,
	      "%s: an epoch's rate is its last step's (%g, %g)", label,
	      h.epoch[0].rate, h.epoch[1].rate);
	CHECK(fabs(accel_optimizer_rate(accel_model_optimizer(m)) - 0.005) <
		      1e-12,
	      "%s: the optimizer's is the next one's", label);
	accel_samples_destroy(s);
	accel_model_destroy(m);
}

/* Lines of a log. */
static int lines(const char *path, char *text, size_t room)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, room - 1, f) : 0, i;
	int count = 0;

	if (f)
		fclose(f);
	text[n] = 0;
	for (i = 0; i < n; i++)
		count += text[i] == '\n';
	return count;
}

static void logs(void)
{
	const char *log = file_path("log.csv"), *model = file_path("m");
	accel_samples *s = points(2, 0);
	accel_model *m = line(accel_sgd());
	char text[2048];
	FILE *f;
	int n;

	accel_fit(m, s, .epochs = 2, .csv = log, .checkpoint = model, QUIET);
	f = fopen(log, "a"); /* as a run that was killed between the two */
	fputs("3,0.01,7\n", f);
	fclose(f);
	accel_model_destroy(m);
	m = line(accel_sgd());
	accel_fit(m, s, .epochs = 4, .csv = log, .checkpoint = model,
		  .resume = true, QUIET);
	n = lines(log, text, sizeof(text));
	CHECK(n == 5 && strstr(text, "\n2,0.0") && !strstr(text, ",7\n"),
	      "%s: a resumed log has each epoch once (%d lines)", label, n);
	unlink(log);
	accel_fit(m, s, .epochs = 1, .csv = log, .validation = s, QUIET);
	n = lines(log, text, sizeof(text));
	CHECK(n == 6 &&
		      !strncmp(text, "epoch,learning_rate,loss,val_loss\n", 34),
	      "%s: a log begun late has its head and all epochs", label);
	CHECK(strstr(text, "\n1,0.01") && strstr(text, ",\n2,"),
	      "%s: what was not measured is empty", label);
	CHECK(accel_fit(m, s, .csv = file_path("no/log"), QUIET) ==
			      ACCEL_ERR_IO &&
		      accel_model_history(m).n == 5,
	      "%s: a log that cannot be written ends a run before it begins",
	      label);
	accel_samples_destroy(s);
	accel_model_destroy(m);
	unlink(log);
	unlink(model);
}

static void no_numbers(void)
{
	accel_model *m = line(accel_sgd());
	accel_samples *good = points(2, 0), *bad = points(2, NAN);
	accel_samples *big = points(2, 1e30f);
	accel_scores scores;

	CHECK(accel_fit(m, good, .validation = bad, QUIET) == ACCEL_ERR_RANGE &&
		      strstr(accel_last_error(), "epoch 1, validation: batch 1 "
						 "of 1: samples: sample 39"),
	      "%s: NaN in the validation data: %s", label, accel_last_error());
	CHECK(accel_fit(m, good, .validation = big, QUIET) == ACCEL_ERR_RANGE &&
		      strstr(accel_last_error(), "epoch 1, validation: batch 1 "
						 "of 1: the loss is inf"),
	      "%s: a validation loss that is no number: %s", label,
	      accel_last_error());
	CHECK(accel_evaluate(m, big, &scores) == ACCEL_ERR_RANGE &&
		      strstr(accel_last_error(), "batch 1 of 1: the loss is "
						 "inf"),
	      "%s: a loss that is no number: %s", label, accel_last_error());
	accel_samples_destroy(good);
	accel_samples_destroy(bad);
	accel_samples_destroy(big);
	accel_model_destroy(m);
}

static accel_status judge(accel_loss loss, unsigned metrics, const void *y,
			  accel_dtype dtype, int outputs, accel_scores *scores)
{
	static const float x[6] = { -1, 1, 2, -2, 3, -3 };
	const int64_t shape[2] = { 6, 1 };
	accel_model *m = accel_sequential(ctx, accel_dense(outputs));
	accel_samples *s = accel_samples_create(x, .x_dtype = ACCEL_F32,
						.x_ndim = 2, .x_shape = shape,
						.y = y, .y_dtype = dtype,
						.y_ndim = 1, .y_shape = shape);
	accel_status err;

	accel_compile(m, .loss = loss, .metrics = metrics, .top_k = 2);
	err = accel_evaluate(m, s, scores);
	accel_samples_destroy(s);
	accel_model_destroy(m);
	return err;
}

static void targets(void)
{
	static const int32_t classes[6] = { 0, 1, 2, 0, 1, 2 };
	static const int32_t two[6] = { 0, 1, 0, 0, 1, 1 };
	static const float odd[6] = { 0, 1, 0.5f, 1.5f, 1, 1 };
	accel_loss loss = ACCEL_BINARY_CROSS_ENTROPY_LOGITS;
	accel_scores s;

	CHECK(judge(loss, 0, classes, ACCEL_I32, 1, &s) == ACCEL_ERR_RANGE &&
		      strstr(accel_last_error(), "3 classes"),
	      "%s: three classes of a binary loss: %s", label,
	      accel_last_error());
	CHECK(judge(loss, 0, odd, ACCEL_F32, 1, &s) == ACCEL_ERR_RANGE &&
		      strstr(accel_last_error(), "sample 3: y[0] is 1.5"),
	      "%s: a target above 1: %s", label, accel_last_error());
	CHECK(!judge(loss, ACCEL_TOP_K, two, ACCEL_I32, 1, &s) &&
		      accel_scores_get(&s, ACCEL_TOP_K) >= 1,
	      "%s: one output has both classes among its first two", label);
	loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS;
	CHECK(judge(loss, ACCEL_MEAN_ABSOLUTE_ERROR, classes, ACCEL_I32, 3,
		    &s) == ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "mae of numbers"),
	      "%s: the mean error of classes: %s", label, accel_last_error());
}

static void layers(void)
{
	char name[80];

	CHECK(!accel_gru(8, .activation = ACCEL_RELU) &&
		      strstr(accel_last_error(), "gru: has no option "
						 "'activation'"),
	      "%s: an option that would do nothing: %s", label,
	      accel_last_error());
	CHECK(!accel_dense(8, .stride = 2) && !accel_dense(8, .same = true) &&
		      !accel_dropout(0.1, .no_bias = true) &&
		      !accel_max_pooling2d(2, .dilation = 2) &&
		      !accel_dense(8, .sequences = true),
	      "%s: so for all of them", label);
	memset(name, 'n', sizeof(name));
	name[61] = 0;
	CHECK(!accel_dense(8, .name = name) &&
		      !accel_dense(8, .name = "a\xff") &&
		      !accel_dense(8, .name = "a/b"),
	      "%s: a name that no file could hold", label);
}

/* Whatever fails first is what is said at the end. */
static void nothing(void)
{
	accel_model *m = accel_sequential(ctx, accel_dense(0));
	const int64_t *shape;
	accel_scores scores;
	accel_samples *s;

	CHECK(!m && accel_compile(m, .loss = ACCEL_MSE) == ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "units is 0"),
	      "%s: no layer: %s", label, accel_last_error());
	s = accel_samples_csv("no such file", .label = "y");
	m = line(accel_sgd());
	CHECK(!s && accel_fit(m, s, QUIET) == ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "no such file"),
	      "%s: no data: %s", label, accel_last_error());
	CHECK(accel_compile(m, .optimizer = accel_sgd(.momentum = 2)) ==
			      ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "momentum is 2"),
	      "%s: no optimizer: %s", label, accel_last_error());
	CHECK(!accel_compile(m, .loss = ACCEL_MSE),
	      "%s: none that was asked for is Adam", label);
	accel_model_destroy(m);
	CHECK(accel_fit(NULL, NULL, QUIET) == ACCEL_ERR_INVALID &&
		      accel_evaluate(NULL, NULL, &scores) ==
			      ACCEL_ERR_INVALID &&
		      accel_predict(NULL, NULL, NULL, 0) == ACCEL_ERR_INVALID &&
		      accel_model_build(NULL, ACCEL_SHAPE(1)) ==
			      ACCEL_ERR_INVALID &&
		      accel_model_save(NULL, "x") == ACCEL_ERR_INVALID &&
		      accel_model_restore(NULL, "x") == ACCEL_ERR_INVALID &&
		      accel_model_summary(NULL, stdout) == ACCEL_ERR_INVALID &&
		      !accel_model_load(NULL, "x") &&
		      !accel_model_call(NULL, NULL, false),
	      "%s: calls of no model fail", label);
	CHECK(!accel_model_context(NULL) && !accel_model_input(NULL, &shape) &&
		      !accel_model_weights(NULL, true, NULL) &&
		      !accel_model_weight(NULL, "x") &&
		      !accel_model_parameters(NULL) &&
		      !accel_model_history(NULL).n &&
		      !accel_model_options(NULL) &&
		      !accel_model_optimizer(NULL) &&
		      !accel_model_preprocess(NULL) &&
		      !accel_model_class(NULL, 0) &&
		      isnan(accel_optimizer_rate(NULL)),
	      "%s: and what is asked of it is nothing", label);
}

/* A state that a run cannot have been in. */
static void damaged(void)
{
	static char data[1 << 16];
	const char *path = file_path("m");
	accel_samples *s = points(2, 0);
	accel_model *m = line(accel_sgd(.accumulate = 2));
	char *at;
	size_t n;
	FILE *f;

	accel_fit(m, s, .epochs = 1, QUIET);
	accel_model_save(m, path);
	accel_model_destroy(m);
	f = fopen(path, "r");
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	at = memmem(data, n, "micro\\\":0", 9);
	if (at)
		at[8] = '2';
	m = accel_model_load(ctx, file_write("m", data, n));
	CHECK(at && !m && strstr(accel_last_error(), "its state is damaged"),
	      "%s: more gathered than makes a step: %s", label,
	      accel_last_error());
	accel_samples_destroy(s);
	unlink(path);
}

/* Softmax or sigmoid last, and again in the loss: the surest answer is 0.73. */
static void twice_softmax(void)
{
	static const struct {
		accel_activation last;
		accel_loss loss;
		bool refused;
	} rows[] = {
		{ ACCEL_SOFTMAX, ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, true },
		{ ACCEL_SOFTMAX, ACCEL_CROSS_ENTROPY_LOGITS, true },
		{ ACCEL_SIGMOID, ACCEL_BINARY_CROSS_ENTROPY_LOGITS, true },
		{ ACCEL_LINEAR, ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, false },
		{ ACCEL_RELU, ACCEL_CROSS_ENTROPY_LOGITS, false },
		{ ACCEL_SOFTMAX, ACCEL_SPARSE_CROSS_ENTROPY, false },
		{ ACCEL_SOFTMAX, ACCEL_CROSS_ENTROPY, false },
		{ ACCEL_SIGMOID, ACCEL_BINARY_CROSS_ENTROPY, false },
		{ ACCEL_LINEAR, ACCEL_SPARSE_CROSS_ENTROPY, true },
		{ ACCEL_TANH, ACCEL_BINARY_CROSS_ENTROPY, true },
		{ ACCEL_SOFTMAX, ACCEL_MSE, false },
		{ ACCEL_SIGMOID, ACCEL_MSE, false },
	};
	accel_model *m;
	int i, how;

	for (i = 0; i < (int)(sizeof(rows) / sizeof(rows[0])); i++) {
		for (how = 0; how < 2; how++) {
			m = how ? accel_sequential(ctx, accel_dense(2),
						   accel_activate(rows[i].last),
						   accel_dropout(0.1f),
						   accel_flatten())
				: accel_sequential(
					  ctx, accel_dense(8),
					  accel_dense(2, .activation =
								 rows[i].last));
			CHECK((accel_compile(m, .loss = rows[i].loss) ==
			       ACCEL_ERR_INVALID) == rows[i].refused,
			      "%s: last activation %d, loss %s%s", label,
			      rows[i].last, accel_loss_name(rows[i].loss),
			      rows[i].refused ? ": refused" : "");
			accel_model_destroy(m);
		}
	}
}

static void suite(void)
{
	twice_softmax();
	patience();
	rates();
	logs();
	no_numbers();
	targets();
	layers();
	nothing();
	damaged();
}

int main(int argc, char **argv)
{
	int status;

	(void)argc;
	(void)argv;
	files_begin();
	status = conform_main(2, (char *[]){ "", "cpu" }, suite);
	return files_end() || status;
}
