// SPDX-License-Identifier: MIT
#include "progress.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/error.h"

#define BAR_WIDTH 24

double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_init(struct progress *p, const accel_fit_options *o)
{
	*p = (struct progress){ .out = o->out ? o->out : stdout };
	if (o->verbose < 0)
		p->out = NULL;
	else
		p->bar = !o->verbose && isatty(fileno(p->out)) == 1;
}

/* " - loss: 0.2512 - accuracy: 0.9270" */
static void print_scores(FILE *out, const char *prefix, const accel_scores *s)
{
	int i;

	fprintf(out, " - %sloss: %.4f", prefix, s->loss);
	for (i = 0; i < ACCEL_METRICS; i++) {
		accel_metric metric = (accel_metric)(1u << i);

		if (s->metrics & metric)
			fprintf(out, " - %s%s: %.4f", prefix,
				accel_metric_name(metric), s->value[i]);
	}
}

void progress_epoch(struct progress *p, int epoch, int epochs)
{
	p->epoch_began = seconds_now();
	p->drawn = 0;
	if (p->bar)
		fprintf(p->out, "Epoch %d/%d\n", epoch + 1, epochs);
}

static void draw(struct progress *p, const accel_progress *now)
{
	int64_t done = now->batch + 1;
	int full = (int)(done * BAR_WIDTH / now->batches), i;
	char bar[BAR_WIDTH + 1];

	for (i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < full ? '=' : i == full ? '>' : '.';
	bar[BAR_WIDTH] = 0;
	fprintf(p->out, "\r%lld/%lld [%s] %.1fs", (long long)done,
		(long long)now->batches, bar, seconds_now() - p->epoch_began);
	print_scores(p->out, "", &now->train);
}

void progress_batch(struct progress *p, const accel_progress *now)
{
	double t;

	if (!p->bar)
		return;
	t = seconds_now();
	if (t - p->drawn < 0.1)
		return;
	p->drawn = t;
	draw(p, now);
	fputs("\033[K", p->out);
	fflush(p->out);
}

void progress_done(struct progress *p, const accel_progress *now)
{
	const accel_epoch *e = now->done;

	if (!p->out)
		return;
	if (p->bar) {
		draw(p, now);
	} else {
		fprintf(p->out, "epoch %d/%d - %.1fs", now->epoch + 1,
			now->epochs, seconds_now() - p->epoch_began);
		print_scores(p->out, "", &e->train);
	}
	if (!isnan(e->validation.loss))
		print_scores(p->out, "val_", &e->validation);
	fputs(p->bar ? "\033[K\n" : "\n", p->out);
	fflush(p->out);
}

static void csv_scores(FILE *f, const accel_scores *s, unsigned metrics)
{
	int i;

	fprintf(f, ",%.9g", s->loss);
	for (i = 0; i < ACCEL_METRICS; i++)
		if (metrics & 1u << i)
			fprintf(f, ",%.9g", s->value[i]);
}

static void csv_names(FILE *f, const char *prefix, unsigned metrics)
{
	int i;

	fprintf(f, ",%sloss", prefix);
	for (i = 0; i < ACCEL_METRICS; i++)
		if (metrics & 1u << i)
			fprintf(f, ",%s%s", prefix,
				accel_metric_name((accel_metric)(1u << i)));
}

accel_status csv_log(const char *path, int epoch, const accel_epoch *e)
{
	bool validation = !isnan(e->validation.loss);
	FILE *f = fopen(path, epoch ? "a" : "w");
	bool bad;

	if (!f)
		return accel_error(ACCEL_ERR_IO, "%s: %s", path,
				   strerror(errno));
	if (!epoch) {
		fputs("epoch,learning_rate", f);
		csv_names(f, "", e->train.metrics);
		if (validation)
			csv_names(f, "val_", e->train.metrics);
		fputc('\n', f);
	}
	fprintf(f, "%d,%.9g", epoch + 1, e->rate);
	csv_scores(f, &e->train, e->train.metrics);
	if (validation)
		csv_scores(f, &e->validation, e->train.metrics);
	fputc('\n', f);
	bad = ferror(f);
	bad |= fclose(f) != 0;
	return bad ? accel_error(ACCEL_ERR_IO, "%s: %s", path, strerror(errno))
		   : ACCEL_OK;
}
