// SPDX-License-Identifier: MIT
/*
 * Promises of training: one plan and no allocation a step, equal bits for equal
 * seeds and after a kill, stopping, files, and every error with its numbers.
 */
#include "conform.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <accel/model.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/nn/model.h"

static char dir[] = "/tmp/accel-fit-XXXXXX";
static char path[2][64];
static accel_dataset *digits;

/* ---- models ---- */

static accel_model *small(accel_context *c)
{
	accel_model *m = accel_sequential(
		c, accel_flatten(), accel_dense(16, .activation = ACCEL_RELU),
		accel_batch_normalization(), accel_dropout(0.1f),
		accel_dense(10));

	accel_compile(m, .optimizer = accel_adam(.accumulate = 2),
		      .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
		      .metrics = ACCEL_ACCURACY);
	return m;
}

/* All weights as bytes; the caller frees them. */
static float *weights_of(accel_model *m)
{
	float *all = calloc((size_t)accel_model_parameters(m), sizeof(*all));
	accel_tensor *w[16];
	int n = accel_model_weights(m, false, w), i;
	int64_t at = 0;

	for (i = 0; i < n; i++) {
		accel_read(w[i], all + at,
			   (size_t)accel_tensor_count(w[i]) * sizeof(float));
		at += accel_tensor_count(w[i]);
	}
	return all;
}

static bool same_weights(accel_model *a, accel_model *b)
{
	float *x = weights_of(a), *y = weights_of(b);
	bool same = !memcmp(x, y,
			    (size_t)accel_model_parameters(a) * sizeof(float));

	free(x);
	free(y);
	return same;
}

#define QUIET .batch_size = 32, .verbose = -1

/* ---- the promises ---- */

static accel_counters from, until;

static bool count_steps(void *user, const accel_progress *p)
{
	/* after the first of each plan: two places in the accumulation, and
	 * an epoch's last batch, which is smaller */
	if (p->epoch == 1 && p->batch == 2)
		accel_counters_get(user, &from);
	if (p->epoch == 1 && p->batch == 14)
		accel_counters_get(user, &until);
	return true;
}

static void one_plan(void)
{
	accel_model *m = small(ctx);

	CHECK(!accel_fit(m, digits->train, .epochs = 2, QUIET,
			 .on_batch = count_steps, .user = ctx),
	      "%s: training", label);
	CHECK(until.plans_compiled == from.plans_compiled &&
		      until.plans_replayed == from.plans_replayed + 12,
	      "%s: a step is one replayed plan", label);
	CHECK(until.submits == from.submits + 12, "%s: one submit a step",
	      label);
	if (!CHECK(until.allocations == from.allocations,
		   "%s: no allocation in a step", label))
		printf("# %llu\n", (unsigned long long)(until.allocations -
							from.allocations));
	accel_model_destroy(m);
}

/* Products large enough to be cut in tiles, and images to be shared. */
static accel_model *large(accel_context *c)
{
	accel_model *m = accel_sequential(
		c, accel_unflatten(1, 28, 28),
		accel_convolution2d(8, 3, .activation = ACCEL_RELU),
		accel_max_pooling2d(2), accel_flatten(), accel_dense(128),
		accel_dense(10));

	accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS);
	return m;
}

static void seeds(void)
{
	accel_context *c[3];
	accel_model *m[3];
	int i;

	for (i = 0; i < 3; i++) {
		c[i] = accel_open_with(&(accel_open_options){
			.device = accel_context_backend(ctx),
			.threads = i == 1 ? 1 : 2,
			.seed = i == 2 });
		m[i] = small(c[i]);
		accel_fit(m[i], digits->train, .epochs = 1, QUIET);
	}
	CHECK(same_weights(m[0], m[1]),
	      "%s: one seed, the same bits, with any number of threads", label);
	CHECK(!same_weights(m[0], m[2]), "%s: another seed, others", label);
	for (i = 0; i < 2 && !on_vulkan; i++) {
		accel_model_destroy(m[i]);
		m[i] = large(c[i]);
		accel_fit(m[i], digits->train, .epochs = 1, .batch_size = 64,
			  .verbose = -1);
	}
	CHECK(same_weights(m[0], m[1]), "%s: so it is for what threads share",
	      label);
	for (i = 0; i < 3; i++) {
		accel_model_destroy(m[i]);
		accel_close(c[i]);
	}
}

/* ---- killed and resumed ---- */

static bool die(void *user, const accel_progress *p)
{
	(void)user;
	if (p->epoch == 2 && p->batch == 7)
		raise(SIGKILL);
	return true;
}

static accel_model *run(accel_context *c, const char *checkpoint, bool resume,
			accel_callback *on_batch)
{
	accel_model *m = small(c);

	if (accel_fit(m, digits->train, .epochs = 4, QUIET, .seed = 3,
		      .validation = digits->test, .checkpoint = checkpoint,
		      .resume = resume, .on_batch = on_batch))
		printf("# %s\n", accel_last_error());
	return m;
}

/*
 * A process from before any driver is loaded forks the runs that die: the
 * threads of a driver are not in a child.
 */
struct short_run {
	char backend[16], limits[16];
};
static int ask[2], answer[2];

static accel_context *short_context(const struct short_run *r)
{
	return accel_open(r->backend, .threads = 1, .seed = 9);
}

static void fork_runs(void)
{
	struct short_run r;
	int status = 0;
	pid_t pid;

	close(ask[1]);
	while (read(ask[0], &r, sizeof(r)) == sizeof(r)) {
		pid = fork();
		if (!pid) {
			if (*r.limits)
				setenv("ACCEL_LIMITS", r.limits, 1);
			digits = accel_dataset_digits(NULL, 500, 100, 1);
			run(short_context(&r), path[0], false, die);
			_exit(1);
		}
		waitpid(pid, &status, 0);
		if (write(answer[1], &status, sizeof(status)) < 0)
			break;
	}
	_exit(0);
}

static void killed(void)
{
	struct short_run r = { 0 };
	accel_context *c;
	accel_model *whole, *resumed;
	int status = 0;

	snprintf(r.backend, sizeof(r.backend), "%s",
		 accel_context_backend(ctx));
	if (getenv("ACCEL_LIMITS"))
		snprintf(r.limits, sizeof(r.limits), "%s",
			 getenv("ACCEL_LIMITS"));
	CHECK(write(ask[1], &r, sizeof(r)) == sizeof(r) &&
		      read(answer[0], &status, sizeof(status)) ==
			      sizeof(status) &&
		      WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	      "%s: a run is killed in its third epoch", label);
	c = short_context(&r);
	whole = run(c, NULL, false, NULL);
	resumed = run(c, path[0], true, NULL);
	CHECK(accel_model_history(resumed).n == 4,
	      "%s: resumed, it does the rest", label);
	CHECK(same_weights(whole, resumed),
	      "%s: and ends with the same bits as an unbroken run", label);
	CHECK(!memcmp(accel_model_history(whole).epoch,
		      accel_model_history(resumed).epoch,
		      4 * sizeof(accel_epoch)),
	      "%s: and the same history", label);
	accel_model_destroy(whole);
	accel_model_destroy(resumed);
	accel_close(c);
}

/* ---- stopping ---- */

static bool interrupt(void *user, const accel_progress *p)
{
	(void)user;
	if (p->epoch == 2 && p->batch == 3)
		raise(SIGINT);
	return true;
}

static int stopped_at;

static bool stop_now(void *user, const accel_progress *p)
{
	(void)user;
	stopped_at = (int)p->batch;
	return p->batch < 4;
}

static void stopping(void)
{
	struct sigaction sa;
	accel_scores scores;
	accel_history h;
	accel_model *m = small(ctx);

	/* a job in the background begins with it ignored */
	signal(SIGINT, SIG_DFL);
	CHECK(!accel_fit(m, digits->train, .epochs = 9, QUIET,
			 .validation = digits->test, .on_batch = interrupt),
	      "%s: an interrupted run succeeds", label);
	h = accel_model_history(m);
	accel_evaluate(m, digits->test, &scores);
	CHECK(h.interrupted && h.n == 2 && h.best >= 0,
	      "%s: it ends after the batch", label);
	CHECK(fabs(scores.loss - h.epoch[h.best].validation.loss) < 1e-12,
	      "%s: with the best epoch's weights", label);
	sigaction(SIGINT, NULL, &sa);
	CHECK(sa.sa_handler == SIG_DFL, "%s: SIGINT is as it was", label);
	accel_fit(m, digits->train, .epochs = 1, QUIET, .on_batch = stop_now);
	CHECK(stopped_at == 4 && accel_model_history(m).n == 2,
	      "%s: a callback stops a run", label);
	accel_model_destroy(m);

	m = small(ctx);
	accel_compile(m, .optimizer = accel_sgd(.lr = 1e-9),
		      .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS);
	accel_fit(m, digits->train, .epochs = 50, QUIET, .patience = 3,
		  .validation_split = 0.25);
	h = accel_model_history(m);
	CHECK(h.n < 50 && h.n == h.best + 4,
	      "%s: patience ends a run that learns nothing (%d, best %d)",
	      label, h.n, h.best);
	accel_model_destroy(m);
}

/* ---- files ---- */

static bool same_predictions(accel_model *a, accel_model *b)
{
	size_t n = (size_t)digits->test->count * 10;
	float *x = calloc(n, 4), *y = calloc(n, 4);
	bool same = !accel_predict(a, digits->test, x, n) &&
		    !accel_predict(b, digits->test, y, n) &&
		    !memcmp(x, y, n * 4);

	free(x);
	free(y);
	return same;
}

static void cut_files(const char *name)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(name, "rb");
	size_t n = fread(data, 1, sizeof(data), f), k;
	accel_model *m;
	int loaded = 0, i;

	fclose(f);
	for (i = 0; i < 40; i++) {
		k = i < 20 ? (size_t)i * 37 : n - 1 - (size_t)(i - 20) * n / 20;
		f = fopen(path[1], "wb");
		fwrite(data, 1, k < n ? k : n - 1, f);
		fclose(f);
		m = accel_model_load(ctx, path[1]);
		loaded += m != NULL;
		accel_model_destroy(m);
	}
	CHECK(!loaded, "%s: a file that was cut off is refused, anywhere",
	      label);
	for (i = loaded = 0; i < 200; i++) {
		uint8_t keep;

		k = 8 + (size_t)i * 17;
		keep = data[k];
		data[k] ^= 1u << i % 8;
		f = fopen(path[1], "wb");
		fwrite(data, 1, n, f);
		fclose(f);
		m = accel_model_load(ctx, path[1]);
		loaded += m != NULL;
		accel_model_destroy(m);
		data[k] = keep;
	}
	CHECK(loaded < 200, "%s: a bit that flipped does no harm", label);
	remove(path[1]);
	m = accel_model_load(ctx, path[1]);
	CHECK(!m && strstr(accel_last_error(), path[1]),
	      "%s: a file that is not there is named", label);
}

static void full_disk(accel_model *m)
{
	struct rlimit old, tight = { 4096, 4096 };
	accel_model *again;
	accel_status err;

	getrlimit(RLIMIT_FSIZE, &old);
	tight.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &tight);
	err = accel_model_save(m, path[0]);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK(err == ACCEL_ERR_IO && strstr(accel_last_error(), path[0]),
	      "%s: no room for a file: %s", label, accel_last_error());
	again = accel_model_load(ctx, path[0]);
	CHECK(again && same_predictions(m, again),
	      "%s: the one there was is as it was", label);
	accel_model_destroy(again);
}

static void files(void)
{
	accel_model *m = small(ctx), *n;
	accel_history a, b;

	CHECK(accel_model_save(m, path[0]) == ACCEL_ERR_INVALID,
	      "%s: a model without weights is not saved", label);
	accel_fit(m, digits->train, .epochs = 2, QUIET,
		  .validation = digits->test);
	CHECK(!accel_model_save(m, path[0]), "%s: saved", label);
	n = accel_model_load(ctx, path[0]);
	if (!CHECK(n, "%s: loaded", label))
		printf("# %s\n", accel_last_error());
	CHECK(same_predictions(m, n), "%s: it predicts the same bits", label);
	a = accel_model_history(m);
	b = accel_model_history(n);
	CHECK(a.n == b.n && a.best == b.best &&
		      !memcmp(a.epoch, b.epoch,
			      (size_t)a.n * sizeof(accel_epoch)),
	      "%s: with the same history", label);
	accel_seed(ctx, 4);
	accel_fit(m, digits->train, .epochs = 1, QUIET);
	accel_seed(ctx, 4);
	accel_fit(n, digits->train, .epochs = 1, QUIET);
	CHECK(same_weights(m, n), "%s: and learns on alike", label);
	accel_model_destroy(n);
	n = accel_sequential(ctx, accel_flatten(), accel_dense(10));
	accel_model_build(n, ACCEL_SHAPE(28, 28));
	CHECK(accel_model_restore(n, path[0]) == ACCEL_ERR_SHAPE &&
		      strstr(accel_last_error(), "[784, 16]"),
	      "%s: other layers are refused: %s", label, accel_last_error());
	accel_model_destroy(n);
	cut_files(path[0]);
	n = accel_model_load(ctx, path[0]);
	full_disk(n);
	accel_model_destroy(n);
	accel_model_destroy(m);
}

static void log_file(void)
{
	accel_model *m = small(ctx);
	char text[4096];
	size_t n, lines = 0, i;
	FILE *f;

	accel_fit(m, digits->train, .epochs = 2, QUIET,
		  .validation = digits->test, .csv = path[1]);
	f = fopen(path[1], "r");
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	for (i = 0; i < n; i++)
		lines += text[i] == '\n';
	CHECK(lines == 3 && !strncmp(text,
				     "epoch,learning_rate,loss,accuracy,"
				     "val_loss,val_accuracy\n1,0.001,",
				     60),
	      "%s: a log has a line an epoch", label);
	accel_model_destroy(m);
}

/* ---- errors ---- */

static accel_samples *tiny(float bad, int label_at_3, int classes)
{
	static float x[80][4];
	static int32_t y[80];
	int i;

	for (i = 0; i < 80; i++) {
		x[i][0] = (float)(i % 5);
		y[i] = i % 3;
	}
	x[50][2] = bad;
	y[3] = label_at_3;
	return accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				    .x_shape = (int64_t[]){ 80, 4 }, .y = y,
				    .y_dtype = ACCEL_I32, .y_ndim = 1,
				    .y_shape = (int64_t[]){ 80 },
				    .n_classes = classes);
}

static void refused(accel_samples *s, double lr, accel_loss loss,
		    accel_status want, const char *text, const char *what)
{
	accel_model *m = accel_sequential(ctx, accel_dense(3));
	accel_status err;

	accel_compile(m, .optimizer = accel_sgd(.lr = lr), .loss = loss);
	err = accel_fit(m, s, .epochs = 40, .batch_size = 16, .verbose = -1,
			.no_shuffle = true);
	CHECK(err == want && strstr(accel_last_error(), text), "%s: %s: %s",
	      label, what, err ? accel_last_error() : "accepted");
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

static void errors(void)
{
	accel_loss ce = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS;
	accel_samples *s = tiny(0, 0, 3);
	accel_model *m = accel_sequential(ctx, accel_dense(3));
	float out[4];

	CHECK(accel_fit(m, s, .epochs = 1) == ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "compiled"),
	      "%s: a model that is not compiled", label);
	CHECK(accel_predict(m, s, out, 4) == ACCEL_ERR_RANGE &&
		      strstr(accel_last_error(), "80 times [3]"),
	      "%s: too little room for predictions", label);
	accel_compile(m, .loss = ce);
	CHECK(accel_evaluate(m, digits->test, &(accel_scores){ 0 }) ==
			      ACCEL_ERR_SHAPE &&
		      strstr(accel_last_error(), "[28, 28]"),
	      "%s: data of another shape", label);
	CHECK(accel_fit(m, s, .epochs = -1) == ACCEL_ERR_RANGE,
	      "%s: fewer than no epochs", label);
	CHECK(accel_fit(m, s, .resume = true) == ACCEL_ERR_INVALID,
	      "%s: resumed from nowhere", label);
	CHECK(accel_fit(m, s, .validation_split = 1) == ACCEL_ERR_RANGE,
	      "%s: nothing left to train", label);
	accel_model_destroy(m);
	accel_samples_destroy(s);
	refused(tiny(NAN, 0, 3), 0.1, ce, ACCEL_ERR_RANGE, "batch 4 of 5",
		"NaN in the data");
	refused(tiny(INFINITY, 0, 3), 0.1, ce, ACCEL_ERR_RANGE, "batch 4 of 5",
		"infinity in the data");
	refused(tiny(0, 7, 0), 0.1, ce, ACCEL_ERR_RANGE,
		"8 classes, the model has 3", "more classes than outputs");
	refused(tiny(0, 0, 3), 0.1, ACCEL_MSE, ACCEL_ERR_SHAPE, "[3]",
		"numbers for classes");
	s = tiny(1e30f, 0, 3);
	refused(s, 1e30, ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, ACCEL_ERR_RANGE,
		"the loss is", "a loss that explodes");
}

/* ---- no memory ---- */

static void no_memory(void)
{
	accel_context *c =
		accel_open("cpu", .threads = 1, .memory_limit = 300 << 10);
	accel_model *m = accel_sequential(c, accel_flatten(), accel_dense(64),
					  accel_dense(10));
	accel_status err;
	float one = 1, two = 0;
	accel_tensor *t;
	int failed = 0, i;

	accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS);
	err = accel_fit(m, digits->train, QUIET);
	CHECK(err == ACCEL_ERR_NOMEM && strstr(accel_last_error(), "bytes"),
	      "%s: too little device memory: %s", label, accel_last_error());
	accel_model_destroy(m);
	t = accel_tensor_create(c, ACCEL_F32, ACCEL_SCALAR, &one);
	CHECK(!accel_read(accel_add(t, t), &two, 4) && two == 2,
	      "%s: the context works on", label);
	accel_close(c);
	c = accel_open("cpu", .threads = 1);
	for (i = 1; i < 900; i += i / 8 + 1) {
		mem_fail_after((uint64_t)i);
		m = small(c);
		err = accel_fit(m, digits->test, QUIET);
		if (!err)
			err = accel_model_save(m, path[1]);
		mem_fail_after(0);
		failed += err == ACCEL_ERR_NOMEM || !m;
		accel_model_destroy(m);
	}
	CHECK(failed > 20,
	      "%s: an allocation that fails is an error, at %d "
	      "places",
	      label, failed);
	accel_close(c);
}

/* ---- other kinds of training ---- */

static void kinds(void)
{
	int64_t counts[100], sum = 0;
	accel_scores scores;
	accel_history h;
	accel_model *m;
	int i;

	m = accel_sequential(ctx, accel_flatten(),
			     accel_dense(32, .activation = ACCEL_RELU),
			     accel_dense(784), accel_unflatten(28, 28));
	accel_compile(m, .loss = ACCEL_MSE, .autoencode = true,
		      .metrics = ACCEL_MEAN_ABSOLUTE_ERROR);
	accel_fit(m, digits->train, .epochs = 3, QUIET);
	h = accel_model_history(m);
	CHECK(h.n == 3 && h.epoch[2].train.loss < 0.8 * h.epoch[0].train.loss &&
		      accel_scores_get(&h.epoch[2].train,
				       ACCEL_MEAN_ABSOLUTE_ERROR) < 0.5,
	      "%s: an autoencoder learns its input", label);
	accel_model_destroy(m);

	m = accel_sequential(ctx, accel_flatten(),
			     accel_dense(32, .activation = ACCEL_RELU),
			     accel_dense(10));
	accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
		      .metrics = ACCEL_ACCURACY | ACCEL_F1 | ACCEL_TOP_K,
		      .mixed_precision = true);
	accel_fit(m, digits->train, .epochs = 4, QUIET);
	h = accel_model_history(m);
	accel_evaluate(m, digits->test, &scores);
	CHECK(h.n == 4 && h.epoch[3].train.loss < 0.7 * h.epoch[0].train.loss,
	      "%s: mixed precision learns (%.3f to %.3f)", label,
	      h.epoch[0].train.loss, h.epoch[3].train.loss);
	CHECK(!accel_confusion(m, digits->test, 10, counts),
	      "%s: a confusion matrix", label);
	for (i = 0; i < 100; i++)
		sum += counts[i];
	for (i = 0; i < 10; i++)
		sum -= counts[i * 11];
	CHECK(fabs((double)sum -
		   (1 - accel_scores_get(&scores, ACCEL_ACCURACY)) *
			   (double)digits->test->count) < 1e-6,
	      "%s: which agrees with the accuracy", label);
	accel_model_destroy(m);
}

/* One batch of a regression whose gradients, times 2^24, are no f16. */
static void loss_scale(void)
{
	const int64_t shape[2] = { 8, 4 };
	float x[32], y[8], *before, *after;
	accel_samples *s;
	accel_model *m;
	size_t bytes;
	int i;

	for (i = 0; i < 32; i++)
		x[i] = (float)(i * 7 % 11) / 11;
	for (i = 0; i < 8; i++)
		y[i] = 100 + x[4 * i];
	s = accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				 .x_shape = shape, .y = y, .y_dtype = ACCEL_F32,
				 .y_ndim = 1, .y_shape = shape);
	m = accel_sequential(ctx, accel_dense(8, .activation = ACCEL_RELU),
			     accel_dense(1));
	accel_compile(m, .loss = ACCEL_MSE, .mixed_precision = true,
		      .optimizer = accel_adam(.lr = 0.1));
	accel_model_build(m, 1, shape + 1);
	bytes = (size_t)accel_model_parameters(m) * sizeof(*before);
	before = weights_of(m);
	m->scale = 0x1p24;
	accel_fit(m, s, QUIET);
	after = weights_of(m);
	CHECK(!memcmp(before, after, bytes) && m->scale == 0x1p23,
	      "%s: a step that overflows changes no weight and halves the "
	      "scale",
	      label);
	free(after);
	accel_fit(m, s, .epochs = 40, QUIET);
	after = weights_of(m);
	for (i = 0; i < (int)(bytes / sizeof(*after)); i++)
		if (!isfinite(after[i]))
			break;
	CHECK(memcmp(before, after, bytes) && i == (int)(bytes / 4) &&
		      m->scale < 0x1p22 && m->scale >= 1 &&
		      m->epoch[40].train.loss < 0.9 * m->epoch[0].train.loss,
	      "%s: until it fits, and then it learns", label);
	m->scale = 64;
	m->scale_steps = 1998;
	accel_fit(m, s, QUIET);
	CHECK(m->scale == 64, "%s: 1999 steps that fit keep the scale", label);
	accel_fit(m, s, QUIET);
	CHECK(m->scale == 128, "%s: one more doubles it", label);
	free(before);
	free(after);
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

static void suite(void)
{
	digits = accel_dataset_digits(NULL, 500, 100, 1);
	one_plan();
	seeds();
	killed();
	kinds();
	loss_scale();
	if (!on_vulkan) { /* what no device has a part in */
		stopping();
		files();
		log_file();
		errors();
		no_memory();
	}
	accel_dataset_destroy(digits);
}

int main(int argc, char **argv)
{
	int i, status;
	pid_t pid;

	if (!mkdtemp(dir))
		return 1;
	for (i = 0; i < 2; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%d", dir, i);
	if (pipe(ask) || pipe(answer))
		return 1;
	pid = fork();
	if (!pid)
		fork_runs();
	status = conform_main(argc, argv, suite);
	close(ask[1]);
	waitpid(pid, NULL, 0);
	for (i = 0; i < 2; i++)
		remove(path[i]);
	rmdir(dir);
	return status;
}
