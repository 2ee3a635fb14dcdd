// SPDX-License-Identifier: MIT
/*
 * Models of a controller. A thread watches each file and loads a newer one
 * beside the old; only a whole, fitting one takes its place.
 */
#include "run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One loaded file. */
struct loaded {
	accel_context *ctx;
	accel_model *model;
	accel_samples *row; /* one sample, written over each time */
	const accel_preprocess *pre;
	int *column; /* of the control's inputs, for each of the model's */
	double *numbers; /* the model's columns */
	float *out;
	int n_out, chosen; /* whose probability is the value */
};

struct run_model {
	const accel_control_model *what;
	const char *device;
	struct journal *journal;
	pthread_t thread;
	bool threaded;
	struct timespec seen; /* the file's time when it was last looked at */
	off_t size;
	pthread_mutex_t lock; /* of `fresh` */
	struct loaded *fresh; /* loaded by the thread, not in use yet */
	struct loaded *now; /* the loop's own */
};

static void unload(struct loaded *l)
{
	if (!l)
		return;
	accel_samples_destroy(l->row);
	accel_model_destroy(l->model);
	accel_close(l->ctx);
	free(l->column);
	free(l->numbers);
	free(l->out);
	free(l);
}

/* Which of the control's inputs is each of the model's columns? */
static const char *match_columns(struct loaded *l, const accel_control_model *w)
{
	int n = accel_preprocess_columns(l->pre);

	l->column = calloc((size_t)n + 1, sizeof(*l->column));
	l->numbers = calloc((size_t)n + 1, sizeof(*l->numbers));
	if (!l->column || !l->numbers)
		return "no memory";
	for (int i = 0; i < n; i++) {
		l->column[i] = -1;
		for (int k = 0; k < w->n_inputs; k++)
			if (!strcmp(w->columns[k],
				    accel_preprocess_column(l->pre, i)))
				l->column[i] = k;
		if (l->column[i] < 0)
			return accel_preprocess_column(l->pre, i);
	}
	return NULL;
}

/* One output alone says how probable the second of two classes is. */
static bool is_binary(const struct loaded *l)
{
	bool logits;

	return l->n_out == 1 && answer_of(l->model, &logits) == ANSWER_BINARY;
}

/* The class by its name; the last one unless one is named. */
static bool choose_class(struct loaded *l, const accel_control_model *w)
{
	int n = is_binary(l) ? 2 : l->n_out;

	l->chosen = n - 1;
	if (!w->output_class)
		return true;
	for (l->chosen = 0; l->chosen < n; l->chosen++) {
		const char *name = accel_model_class(l->model, l->chosen);
		char number[16];

		snprintf(number, sizeof(number), "%d", l->chosen);
		if (!strcmp(name ? name : number, w->output_class))
			return true;
	}
	return false;
}

static double value_of(const struct loaded *l)
{
	bool logits;

	if (answer_of(l->model, &logits) == ANSWER_NUMBERS)
		return accel_preprocess_target(l->pre, l->out[0]);
	return probability_of(l->model, l->out, l->n_out, l->chosen);
}

static bool run_model(struct loaded *l)
{
	return !accel_preprocess_numbers(l->pre, l->numbers, l->row->x.data) &&
	       !accel_predict(l->model, l->row, l->out, (size_t)l->n_out);
}

/* Loads and tries a file; the reason it cannot be used in `why`. */
static struct loaded *load(const struct run_model *b, char *why, size_t size)
{
	struct loaded *l = calloc(1, sizeof(*l));
	const accel_control_model *w = b->what;
	const int64_t *shape;
	const char *missing;
	int64_t one[2];
	float *zeros;

	snprintf(why, size, "no memory");
	if (!l)
		return NULL;
	l->ctx = accel_open(b->device);
	l->model = l->ctx ? accel_model_load(l->ctx, w->file) : NULL;
	if (!l->model) {
		snprintf(why, size, "%s", accel_last_error());
		goto bad;
	}
	l->pre = accel_model_preprocess(l->model);
	if (!l->pre) {
		snprintf(why, size, "it was not trained on a table");
		goto bad;
	}
	missing = match_columns(l, w);
	if (missing) {
		snprintf(why, size,
			 "it wants the input '%s', which inputs: "
			 "does not have",
			 missing);
		goto bad;
	}
	l->n_out = 1;
	for (int i = accel_model_output(l->model, &shape) - 1; i >= 0; i--)
		l->n_out *= (int)shape[i];
	if (!choose_class(l, w)) {
		snprintf(why, size, "it has no class '%s'", w->output_class);
		goto bad;
	}
	one[0] = 1;
	one[1] = accel_preprocess_features(l->pre);
	zeros = calloc((size_t)one[1], sizeof(*zeros));
	l->out = calloc((size_t)l->n_out, sizeof(*l->out));
	if (zeros)
		l->row = accel_samples_create(zeros, ACCEL_F32, 2, one);
	free(zeros);
	/* the first run makes the plan: not in the loop */
	if (!l->row || !l->out || !run_model(l)) {
		snprintf(why, size, "%s", accel_last_error());
		goto bad;
	}
	return l;
bad:
	unload(l);
	return NULL;
}

/* Has the file changed since it was last looked at? */
static bool is_new(struct run_model *b)
{
	struct stat st;

	if (stat(b->what->file, &st) ||
	    (st.st_mtim.tv_sec == b->seen.tv_sec &&
	     st.st_mtim.tv_nsec == b->seen.tv_nsec && st.st_size == b->size))
		return false;
	b->seen = st.st_mtim;
	b->size = st.st_size;
	return true;
}

static void *watcher(void *arg)
{
	struct run_model *b = arg;
	struct loaded *l, *unused;
	char why[256];

	while (!run_stopped) {
		run_wait(accel_now_ns() + 500000000);
		if (run_stopped || !is_new(b))
			continue;
		l = load(b, why, sizeof(why));
		if (!l) {
			journal_say(b->journal,
				    "model %s: the new %s is refused, the old "
				    "one goes on: %s",
				    b->what->name, b->what->file, why);
			continue;
		}
		pthread_mutex_lock(&b->lock);
		unused = b->fresh;
		b->fresh = l;
		pthread_mutex_unlock(&b->lock);
		unload(unused);
	}
	return NULL;
}

/* Names the file's place. */
static void refused(const accel_control *c, const accel_control_model *w,
		    const char *why)
{
	fprintf(stderr, "accel: %s:%d:%d: model %s: %s\n",
		accel_control_settings_get(c)->path, w->place.line,
		w->place.column, w->name, why);
}

int run_model_check(const accel_control *c, uint32_t i)
{
	struct run_model b = { .what = accel_control_model_get(c, i),
			       .device = "cpu" };
	char why[256];
	struct loaded *l = load(&b, why, sizeof(why));

	if (!l)
		refused(c, b.what, why);
	unload(l);
	return !l;
}

struct run_model *run_model_open(const accel_control *c, uint32_t i,
				 const char *device, struct journal *j)
{
	const accel_control_model *w = accel_control_model_get(c, i);
	struct run_model *b = calloc(1, sizeof(*b));
	char why[256] = "no memory";

	if (b) {
		b->what = w;
		b->device = device;
		b->journal = j;
		pthread_mutex_init(&b->lock, NULL);
		is_new(b);
		b->now = load(b, why, sizeof(why));
	}
	if (!b || !b->now || run_thread(&b->thread, watcher, b)) {
		refused(c, w, why);
		run_model_close(b);
		return NULL;
	}
	b->threaded = true;
	return b;
}

double run_model_ask(struct run_model *b, const double *x)
{
	struct loaded *fresh = NULL;

	if (!pthread_mutex_trylock(&b->lock)) {
		fresh = b->fresh;
		b->fresh = NULL;
		pthread_mutex_unlock(&b->lock);
	}
	if (fresh) {
		unload(b->now);
		b->now = fresh;
		journal_say(b->journal, "model %s: %s is in use", b->what->name,
			    b->what->file);
	}
	for (int i = 0; i < accel_preprocess_columns(b->now->pre); i++) {
		b->now->numbers[i] = x[b->now->column[i]];
		if (isnan(b->now->numbers[i]))
			return NAN;
	}
	return run_model(b->now) ? value_of(b->now) : (double)NAN;
}

void run_model_close(struct run_model *b)
{
	if (!b)
		return;
	if (b->threaded)
		pthread_join(b->thread, NULL);
	unload(b->fresh);
	unload(b->now);
	free(b);
}
