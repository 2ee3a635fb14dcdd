// SPDX-License-Identifier: MIT
/* accel train: from data to a model file, in one command. */
#include "train.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_LAYERS 64

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
		   const accel_dataset *d, bool saved)
{
	int64_t samples = d->train->count;
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
	printf("{" JSON_SCHEMA
	       ", \"epochs\": %d, \"best\": %d, \"interrupted\": %s",
	       h.n, h.best + 1, h.interrupted ? "true" : "false");
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
	if (!isnan(threshold_of(m))) {
		printf(", \"threshold\": ");
		json_number(stdout, threshold_of(m));
	}
	print_persistence(d->test ? d->test : d->train, true);
	print_json_notes(d->train);
	printf(", \"out\": ");
	json_text(stdout, a->out);
	printf("}\n");
}

/* What is learned from, and what is not. */
static void print_data(const accel_dataset *d)
{
	const accel_preprocess *p = d->train->preprocess;
	bool other = d->test && strcmp(d->test->name, d->train->name);

	printf("Data: %s, %lld samples", d->train->name,
	       (long long)d->train->count);
	if (d->train->n_classes)
		printf(" of %d classes", d->train->n_classes);
	if (d->test)
		printf("; judged by %s%s%lld others",
		       other ? d->test->name : "", other ? ", " : "",
		       (long long)d->test->count);
	printf("\n");
	if (!p)
		return;
	print_columns(p);
	if (*accel_preprocess_ignored(p))
		printf("Left out: %s\n", accel_preprocess_ignored(p));
	print_notes(d->train);
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

/* An autoencoder of a table with a label learns what most rows are; the whole
 * is kept to judge it by. */
static int keep_normal(const struct train_args *a, accel_dataset *d,
		       accel_samples **all)
{
	int normal = normal_class(d->train);
	accel_samples *some;

	*all = NULL;
	if (normal < 0)
		return 0;
	some = normal_samples(d->train, normal);
	if (!some)
		return fail(ACCEL_OK);
	*all = d->train;
	d->train = some;
	if (!a->json)
		printf("Learns from the %lld samples of class %s alone; the "
		       "others are what it should find\n",
		       (long long)some->count,
		       some->class_names ? some->class_names[normal] : "0");
	return 0;
}

/* The threshold, and what the label says of it. */
static accel_status finish_anomalies(const struct train_args *a, accel_model *m,
				     const accel_dataset *d,
				     const accel_samples *all)
{
	accel_status err = keep_threshold(m, d->train, a->quantile);
	int normal = all ? normal_class(all) : -1;

	if (!err && normal >= 0 && all->class_names)
		err = accel_model_set_note(m, "normal",
					   all->class_names[normal]);
	if (err || a->json)
		return err;
	printf("threshold  %.6g: %g of what it learned from is below\n",
	       threshold_of(m), a->quantile);
	if (d->test && d->test->n_classes && d->test->y.data)
		return judge_anomalies(m, d->test, false);
	return all ? judge_anomalies(m, all, false) : ACCEL_OK;
}

/* A forecast beside saying that nothing changes. */
static void print_forecast(const accel_model *m, const accel_dataset *d)
{
	accel_history h = accel_model_history(m);
	const accel_samples *s = d->test ? d->test : d->train;
	const accel_epoch *e = h.n ? &h.epoch[h.best >= 0 ? h.best : h.n - 1]
				   : NULL;
	const char *label;
	double error;

	if (!s->persistence || !e)
		return;
	if (error_in_units(m, d->test ? &e->validation : &e->train, &error,
			   &label))
		printf("%-10s %.6g in the unit of %s\n", "mae", error, label);
	print_persistence(s, false);
}

static accel_status fit(const struct train_args *a, accel_model *m,
			const accel_dataset *d, const double *weight)
{
	bool balanced = a->class_weights && !weight;

	return accel_fit(m, d->train, .epochs = a->epochs,
			 .batch_size = a->batch, .seed = a->data.seed,
			 .validation = d->test, .patience = a->patience,
			 .balanced = balanced, .class_weight = weight,
			 .n_class_weights = weight ? d->train->n_classes : 0,
			 .csv = a->log, .checkpoint = a->resume ? a->out : NULL,
			 .resume = a->resume, .out = a->json ? stderr : stdout);
}

static int fit_and_save(const struct train_args *a, accel_model *m,
			const accel_dataset *d, const accel_samples *all,
			const double *weight)
{
	bool autoencode = accel_model_options(m)->autoencode, save;
	double began = seconds();
	accel_status err = fit(a, m, d, weight);

	/* an interrupted run that can be resumed is: its checkpoint stays */
	save = !a->resume || !accel_model_history(m).interrupted;
	if (!err && save && autoencode)
		err = finish_anomalies(a, m, d, all);
	if (!err && save)
		err = accel_model_save(m, a->out);
	if (err)
		return fail(err);
	if (!a->json)
		print_forecast(m, d);
	report(a, m, seconds() - began, d, save);
	return 0;
}

static int train(const struct train_args *a, accel_context *ctx,
		 accel_dataset *d)
{
	enum task task = CLASSIFY;
	int status = find_task(a->data.task, d->train, &task);
	accel_samples *all = NULL;
	double *weight = NULL;
	accel_model *m;
	accel_status err;
	char *options;

	if (!status && !a->json)
		print_data(d);
	if (!status)
		status = class_weights(a->class_weights, d->train, &weight);
	if (!status && task == AUTOENCODE)
		status = keep_normal(a, d, &all);
	options = train_options(a, d->train);
	if (!status && a->resume)
		status = check_resume(ctx, a->out, options);
	if (status) {
		accel_samples_destroy(all);
		free(options);
		free(weight);
		return status;
	}
	m = make_model(ctx, a->arch, d->train, task);
	err = m ? compile(m, a, task, d->train->count) : ACCEL_ERR_INVALID;
	if (!err && options)
		err = accel_model_set_note(m, "options", options);
	if (!err && !a->json)
		accel_model_summary(m, stdout);
	status = !m    ? fail(ACCEL_OK)
		 : err ? fail(err)
		       : fit_and_save(a, m, d, all, weight);
	accel_model_destroy(m);
	accel_samples_destroy(all);
	free(options);
	free(weight);
	return status;
}

int cmd_train(int argc, char **argv)
{
	struct train_args a = { .optimizer = "adam",
				.out = "model.safetensors",
				.epochs = 5,
				.quantile = 0.99,
				.batch = 32 };
	const struct option specs[] = {
		DATA_SPEC(a.data, "--data"),
		{ "--label", OPTION_TEXT, &a.data.label,
		  "column to predict, @folder or @file; with X.npy a file "
		  "Y.npy" },
		{ "--class-weights", OPTION_TEXT, &a.class_weights,
		  "balanced (a rare class counts as much as a frequent one),\n"
		  "or NAME=WEIGHT with commas, 1 for others" },
		{ "--weight", OPTION_TEXT, &a.data.weight,
		  "column of how much each row counts; no input" },
		{ "--window", OPTION_COUNT, &a.data.window,
		  "rows of a table that make one series" },
		{ "--stride", OPTION_COUNT, &a.data.stride,
		  "rows from one window to the next (1)" },
		{ "--ahead", OPTION_COUNT, &a.data.ahead,
		  "forecast the label so many rows on; it is an input, too" },
		{ "--missing", OPTION_TEXT, &a.data.missing,
		  "values that mean none, with commas: -200,off" },
		TABLE_SPECS(a.data),
		{ "--test", OPTION_TEXT, &a.data.test,
		  "another table, judged after every epoch" },
		{ "--columns", OPTION_TEXT, &a.data.columns,
		  "inputs, by name or number, with commas (default: all but\n"
		  "dates, times, row numbers and texts "
		  "that are "
		  "all different)" },
		{ "--dates", OPTION_FLAG, &a.data.dates,
		  "dates are inputs: hour of the day, day of the week" },
		{ "--task", OPTION_TEXT, &a.data.task,
		  "classify, regress or autoencode (default: by the data)" },
		{ "--arch", OPTION_TEXT, &a.arch,
		  "layers: \"flatten,dense:128:relu,dropout:0.2,dense:10\"\n"
		  "(man accel lists them; default: by the "
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
		{ "--validation", OPTION_NUMBER, &a.data.validation,
		  "fraction of the data to judge by, of each class the same\n"
		  "share; of windows the end of every series" },
		{ "--validation-last", OPTION_FLAG, &a.data.last,
		  "that fraction is the end of the data" },
		{ "--quantile", OPTION_NUMBER, &a.quantile,
		  "of an autoencoder's errors that its threshold is (0.99)" },
		{ "--patience", OPTION_COUNT, &a.patience,
		  "epochs without progress until it stops, with the best" },
		{ "--seed", OPTION_WHOLE, &a.data.seed,
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
	if (a.data.test && a.data.validation > 0) {
		fprintf(stderr, "accel: --test and --validation: choose one\n");
		return 2;
	}
	if (a.data.validation >= 1 || a.quantile > 1) {
		fprintf(stderr,
			"accel: --validation %g: a fraction is below "
			"1; --quantile %g: at most 1\n",
			a.data.validation, a.quantile);
		return 2;
	}
	if (a.data.last && !(a.data.validation > 0)) {
		fprintf(stderr, "accel: --validation-last needs "
				"--validation X\n");
		return 2;
	}
	if (!can_save(a.out))
		return 1;
	ctx = open_device(a.device, a.data.seed, a.threads);
	if (!ctx)
		return fail(ACCEL_OK);
	d = data_for_training(ctx, &a.data);
	status = d ? train(&a, ctx, d) : fail(ACCEL_OK);
	accel_dataset_destroy(d);
	accel_close(ctx);
	return status;
}
