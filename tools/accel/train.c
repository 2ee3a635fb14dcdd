// SPDX-License-Identifier: MIT
/* accel train: from data to a model file, in one command. */
#include "accel.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_LAYERS 64

struct train_args {
	struct data_args data;
	const char *arch, *optimizer, *device, *out, *log;
	int epochs, batch, patience, threads;
	double lr, validation;
	uint64_t seed;
	bool json, resume, mixed, cosine;
};

enum task { CLASSIFY, REGRESS, AUTOENCODE };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int find_task(const char *name, const accel_samples *s, enum task *task)
{
	static const char *const names[] = { "classify", "regress",
					     "autoencode" };
	int i;

	*task = s->n_classes ? CLASSIFY : s->y.data ? REGRESS : AUTOENCODE;
	if (!name)
		return 0;
	for (i = 0; i < 3; i++) {
		if (strcmp(names[i], name))
			continue;
		*task = (enum task)i;
		if (i == CLASSIFY && !s->n_classes) {
			fprintf(stderr,
				"accel: %s has no classes: name a label "
				"column, or use --task regress\n",
				s->name);
			return 1;
		}
		return 0;
	}
	fprintf(stderr, "accel: no task '%s' (classify, regress, autoencode)\n",
		name);
	return 2;
}

/* What is trained where no --arch says otherwise. */
static void default_arch(const accel_samples *s, enum task task, char *text,
			 size_t room)
{
	int64_t outputs = task == CLASSIFY ? s->n_classes : 1;
	int64_t width = s->x.shape[s->x.ndim - 1];
	int i;

	if (task == AUTOENCODE) {
		for (width = 1, i = 1; i < s->x.ndim; i++)
			width *= s->x.shape[i];
		outputs = width;
	} else if (task == REGRESS && s->y.ndim == 2) {
		outputs = s->y.shape[1];
	}
	if (task == AUTOENCODE)
		snprintf(text, room,
			 "%sdense:%lld:tanh,dense:%lld:tanh,dense:%lld:tanh,"
			 "dense:%lld",
			 s->x.ndim > 2 ? "flatten," : "",
			 (long long)(width + 1) / 2, (long long)(width + 3) / 4,
			 (long long)(width + 1) / 2, (long long)outputs);
	else if (s->x.ndim == 3 && s->x.dtype == ACCEL_F32)
		snprintf(text, room, "gru:32,dense:%lld", (long long)outputs);
	else if (s->x.ndim == 2 && task == CLASSIFY)
		/* few numbers, often of days unlike those to come: small,
		 * smooth, and kept from relying on one of them */
		snprintf(text, room, "dense:16:tanh,dropout:0.5,dense:%lld",
			 (long long)outputs);
	else if (s->x.ndim == 2)
		snprintf(text, room, "dense:32:tanh,dense:%lld",
			 (long long)outputs);
	else
		snprintf(text, room,
			 "flatten,dense:128:relu,dropout:0.2,dense:%lld",
			 (long long)outputs);
}

static accel_model *make_model(accel_context *ctx, const char *arch,
			       const accel_samples *s, enum task task)
{
	accel_layer *layers[MAX_LAYERS + 1];
	accel_model *m;
	char text[256];
	int n, nd = s->x.ndim - 1;

	if (!arch) {
		default_arch(s, task, text, sizeof(text));
		arch = text;
	}
	if (accel_layers_parse(arch, MAX_LAYERS, layers, &n))
		return NULL;
	if (task == AUTOENCODE && nd > 1) { /* back to the input's shape */
		accel_layer_options o = { .ndim = nd };
		int i;

		for (i = 0; i < nd; i++)
			o.shape[i] = (int)s->x.shape[i + 1];
		layers[n] = accel_layer_create(ACCEL_LAYER_UNFLATTEN, &o);
		n++;
	}
	m = accel_sequential_with(ctx, n, layers);
	if (!m || !accel_model_build(m, nd, s->x.shape + 1))
		return m;
	accel_model_destroy(m);
	return NULL;
}

/* By name; -1, with a message, where there is none. */
static int find_optimizer(const char *name)
{
#define ACCEL_X(NAME, text) text,
	static const char *const names[] = { ACCEL_OPTIMIZER_MAP(ACCEL_X) };
#undef ACCEL_X
	int i;

	for (i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (!strcmp(names[i], name))
			return i;
	fprintf(stderr,
		"accel: no optimizer '%s' (sgd, rmsprop, adam, adamw)\n", name);
	return -1;
}

static accel_optimizer *make_optimizer(const struct train_args *a,
				       int64_t samples)
{
	accel_optimizer_options o = { .lr = a->lr };

	samples -= (int64_t)((double)samples * a->validation);
	if (a->cosine)
		o.schedule = (accel_schedule){
			.kind = ACCEL_SCHEDULE_COSINE,
			.steps = a->epochs *
				 ((samples + a->batch - 1) / a->batch),
		};
	return accel_optimizer_create(
		(accel_optimizer_kind)find_optimizer(a->optimizer), &o);
}

static accel_status compile(accel_model *m, const struct train_args *a,
			    enum task task, int64_t samples)
{
	accel_compile_options o = {
		.loss = task == CLASSIFY ? ACCEL_SPARSE_CROSS_ENTROPY_LOGITS
					 : ACCEL_MSE,
		.metrics = task == CLASSIFY ? ACCEL_ACCURACY
					    : ACCEL_MEAN_ABSOLUTE_ERROR,
		.autoencode = task == AUTOENCODE,
		.mixed_precision = a->mixed,
		.optimizer = make_optimizer(a, samples),
	};

	return o.optimizer ? accel_compile_with(m, &o) : ACCEL_ERR_INVALID;
}

static void report(const struct train_args *a, accel_model *m, double took,
		   int64_t samples, bool saved)
{
	accel_history h = accel_model_history(m);
	const accel_epoch *e = h.n ? &h.epoch[h.n - 1] : NULL;

	if (!a->json) {
		if (!saved && h.n)
			printf("stopped: %s is as of epoch %d, and the same "
			       "command goes on from there\n",
			       a->out, h.n);
		else if (!saved)
			printf("stopped in the first epoch: nothing was "
			       "saved\n");
		else if (h.interrupted && h.best >= 0)
			printf("stopped: the weights are those of the best "
			       "epoch, %d\n",
			       h.best + 1);
		if (saved)
			printf("%s: saved\n", a->out);
		return;
	}
	printf("{\"epochs\": %d, \"best\": %d, \"interrupted\": %s", h.n,
	       h.best + 1, h.interrupted ? "true" : "false");
	if (e) {
		print_json_scores(&e->train, "");
		if (!isnan(e->validation.loss))
			print_json_scores(&e->validation, "val_");
	}
	printf(", \"parameters\": %lld, \"seconds\": ",
	       (long long)accel_model_parameters(m));
	json_number(stdout, took);
	printf(", \"samples_per_s\": ");
	json_number(stdout, (double)samples * h.n / took);
	printf(", \"out\": ");
	json_text(stdout, a->out);
	printf("}\n");
}

/* What is learned from, and what is not. */
static void print_data(const accel_dataset *d, double validation)
{
	const accel_preprocess *p = d->train->preprocess;

	printf("Data: %s, %lld samples", d->train->name,
	       (long long)d->train->count);
	if (d->train->n_classes)
		printf(" of %d classes", d->train->n_classes);
	if (d->test && !(validation > 0))
		printf("; judged by %s%lld others",
		       strcmp(d->test->name, d->train->name) ? d->test->name
							     : "",
		       (long long)d->test->count);
	printf("\n");
	if (!p)
		return;
	print_columns(p);
	if (*accel_preprocess_ignored(p))
		printf("Left out: %s\n", accel_preprocess_ignored(p));
}

/* Can a model be saved there? Asked before hours of training, not after. */
static bool can_save(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";
	struct stat st;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s",
			 slash == path ? 1 : (int)(slash - path), path);
	errno = EINVAL;
	if (*path && !access(dir, W_OK | X_OK)) {
		if (stat(path, &st) || S_ISREG(st.st_mode))
			return true;
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	}
	fprintf(stderr, "accel: cannot write %s: %s\n", path, strerror(errno));
	return false;
}

static int train(const struct train_args *a, accel_context *ctx,
		 const accel_dataset *d)
{
	enum task task = CLASSIFY;
	int status = find_task(a->data.task, d->train, &task);
	accel_model *m;
	accel_status err;
	double began;
	bool save;

	if (status)
		return status;
	m = make_model(ctx, a->arch, d->train, task);
	if (!m)
		return fail(ACCEL_OK);
	err = compile(m, a, task, d->train->count);
	if (!err && !a->json) {
		print_data(d, a->validation);
		accel_model_summary(m, stdout);
	}
	began = seconds();
	if (!err)
		err = accel_fit(
			m, d->train, .epochs = a->epochs,
			.batch_size = a->batch, .seed = a->seed,
			.validation = a->validation > 0 ? NULL : d->test,
			.validation_split = a->validation,
			.patience = a->patience, .csv = a->log,
			.checkpoint = a->resume ? a->out : NULL,
			.resume = a->resume, .out = a->json ? stderr : stdout);
	/* an interrupted run that can be resumed is: its checkpoint stays */
	save = !a->resume || !accel_model_history(m).interrupted;
	if (!err && save)
		err = accel_model_save(m, a->out);
	if (!err)
		report(a, m, seconds() - began, d->train->count, save);
	accel_model_destroy(m);
	return err ? fail(err) : 0;
}

int cmd_train(int argc, char **argv)
{
	struct train_args a = { .optimizer = "adam",
				.out = "model.safetensors",
				.epochs = 5,
				.batch = 32 };
	const struct option specs[] = {
		DATA_SPECS(a.data),
		{ "--test", OPTION_TEXT, &a.data.test,
		  "another table, judged after every epoch" },
		{ "--columns", OPTION_TEXT, &a.data.columns,
		  "inputs, by name or number, with commas (default: all but\n"
		  "                    dates, times, row numbers and texts "
		  "that are "
		  "all different)" },
		{ "--dates", OPTION_FLAG, &a.data.dates,
		  "dates are inputs: hour of the day, day of the week" },
		{ "--task", OPTION_TEXT, &a.data.task,
		  "classify, regress or autoencode (default: by the data)" },
		{ "--arch", OPTION_TEXT, &a.arch,
		  "layers: \"flatten,dense:128:relu,dropout:0.2,dense:10\"\n"
		  "                    (man accel lists them; default: by the "
		  "data)" },
		{ "--epochs", OPTION_COUNT, &a.epochs,
		  "passes over the data (5)" },
		{ "--batch", OPTION_COUNT, &a.batch, "samples of a step (32)" },
		{ "--optimizer", OPTION_TEXT, &a.optimizer,
		  "sgd, rmsprop, adam or adamw (adam)" },
		{ "--lr", OPTION_NUMBER, &a.lr,
		  "learning rate (0.001; sgd 0.01)" },
		{ "--cosine", OPTION_FLAG, &a.cosine,
		  "the rate falls to 0 by the last epoch, along a cosine" },
		{ "--mixed", OPTION_FLAG, &a.mixed, "mixed precision, f16" },
		{ "--validation", OPTION_NUMBER, &a.validation,
		  "fraction of the data, its end, to judge by instead" },
		{ "--patience", OPTION_COUNT, &a.patience,
		  "epochs without progress until it stops, with the best" },
		{ "--seed", OPTION_WHOLE, &a.seed,
		  "of all that is random (0)" },
		{ "--device", OPTION_TEXT, &a.device,
		  "cpu, vulkan, INDEX, UUID or NAME" },
		{ "--threads", OPTION_COUNT, &a.threads,
		  "of the cpu or lavapipe (all there are)" },
		{ "--out", OPTION_TEXT, &a.out,
		  "the model's file (model.safetensors)" },
		{ "--resume", OPTION_FLAG, &a.resume,
		  "write --out after every epoch, and go on from it" },
		{ "--log", OPTION_TEXT, &a.log, "a CSV with a line an epoch" },
		{ "--json", OPTION_FLAG, &a.json, "one object at the end" },
		OPTIONS_END,
	};
	int status = options_parse(
		argc, argv, &(const struct usage){ .text = "train [OPTIONS]" },
		specs, NULL);
	accel_context *ctx;
	accel_dataset *d;

	if (status)
		return status;
	if (find_optimizer(a.optimizer) < 0 || check_data(&a.data))
		return 2;
	if (a.data.test && a.validation > 0) {
		fprintf(stderr, "accel: --test and --validation: choose one\n");
		return 2;
	}
	if (!can_save(a.out))
		return 1;
	a.data.seed = a.seed;
	ctx = open_device(a.device, a.seed, a.threads);
	if (!ctx)
		return fail(ACCEL_OK);
	d = data_for_training(ctx, &a.data);
	status = d ? train(&a, ctx, d) : fail(ACCEL_OK);
	accel_dataset_destroy(d);
	accel_close(ctx);
	return status;
}
