// SPDX-License-Identifier: MIT
/* Training as a reader sees it: a bar on a terminal, else a line an epoch. */
#include "progress.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../base/error.h"
#include "../base/number.h"
#include "model.h"

#define BAR_WIDTH 24
#define BAR_LEAST 6 /* a shorter one says nothing */

double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_init(struct progress *p, const accel_model *m,
		   const accel_fit_options *o)
{
	*p = (struct progress){ .out = o->out ? o->out : stdout, .m = m };
	if (o->verbose < 0)
		p->out = NULL;
	else
		p->bar = !o->verbose && isatty(fileno(p->out)) == 1;
}

/* "head_"; where a layer gives several outputs, "head_2_" the second. */
static void output_name(const accel_model *m, int i, char *text, size_t room)
{
	const char *name = accel_model_output_name(m, i);
	int j, before = 0;

	for (j = 0; j < i; j++)
		before += !strcmp(accel_model_output_name(m, j), name);
	if (before)
		snprintf(text, room, "%s_%d_", name, before + 1);
	else
		snprintf(text, room, "%s_", name);
}

/* A line as it grows; what does not fit is cut. */
struct line {
	char text[2048];
	int n;
};

static void add(struct line *l, const char *format, ...)
{
	int room = (int)sizeof(l->text) - l->n, n;
	va_list args;

	va_start(args, format);
	n = vsnprintf(l->text + l->n, (size_t)room, format, args);
	va_end(args);
	l->n += n < 0 ? 0 : n < room ? n : room - 1;
}

/* " - loss: 0.2512 - accuracy: 0.9270" */
static void add_metrics(struct line *l, const char *prefix, const char *output,
			unsigned metrics, const double *value)
{
	int i;

	for (i = 0; i < ACCEL_METRICS; i++)
		if (metrics & 1u << i)
			add(l, " - %s%s%s: %.4f", prefix, output,
			    accel_metric_name((accel_metric)(1u << i)),
			    value[i]);
}

/* Of several outputs as Keras has them: "head_loss". */
static void add_scores(const struct progress *p, struct line *l,
		       const char *prefix, const accel_scores *s)
{
	char name[96];
	int i;

	add(l, " - %sloss: %.4f", prefix, s->loss);
	if (!s->n_outputs)
		add_metrics(l, prefix, "", s->metrics, s->value);
	for (i = 0; i < s->n_outputs; i++) {
		const accel_output_scores *o = &s->output[i];

		output_name(p->m, i, name, sizeof(name));
		add(l, " - %s%sloss: %.4f", prefix, name, o->loss);
		add_metrics(l, prefix, name, o->metrics, o->value);
	}
}

void progress_epoch(struct progress *p, int epoch, int epochs)
{
	p->epoch_began = seconds_now();
	p->drawn = 0;
	if (p->bar)
		fprintf(p->out, "Epoch %d/%d\n", epoch + 1, epochs);
}

/* Columns that a redrawn line may take. */
static int columns(FILE *out)
{
	struct winsize w;

	return ioctl(fileno(out), TIOCGWINSZ, &w) || !w.ws_col ? 79
							       : w.ws_col - 1;
}

/*
 * "120/938 [===>....] 1.2s left - loss: 0.25". The bar gives way where the
 * terminal is narrow. @cut: so does the rest, or the next one could not
 * overwrite it.
 */
static void draw(struct progress *p, const accel_progress *now,
		 const struct line *rest, bool cut)
{
	int64_t done = now->batch + 1;
	char counts[48], bar[BAR_WIDTH + 4] = "";
	int room = columns(p->out), width, i;

	snprintf(counts, sizeof(counts), "%lld/%lld ", (long long)done,
		 (long long)now->batches);
	room -= (int)strlen(counts);
	width = room - rest->n - 3; /* brackets and a space */
	if (width > BAR_WIDTH)
		width = BAR_WIDTH;
	if (width >= BAR_LEAST) {
		int full = (int)(done * width / now->batches);

		bar[0] = '[';
		for (i = 0; i < width; i++)
			bar[1 + i] = i < full ? '=' : i == full ? '>' : '.';
		strcpy(bar + 1 + width, "] ");
	}
	if (cut && rest->n > room)
		fprintf(p->out, "\r%s%.*s\033[K", counts, room, rest->text);
	else
		fprintf(p->out, "\r%s%s%s\033[K", counts, bar, rest->text);
}

void progress_batch(struct progress *p, const accel_progress *now)
{
	struct line rest = { .n = 0 };
	double t;

	if (!p->bar)
		return;
	t = seconds_now();
	if (t - p->drawn < 0.1)
		return;
	p->drawn = t;
	t -= p->epoch_began;
	add(&rest, "%.1fs left",
	    t / (double)(now->batch + 1) *
		    (double)(now->batches - now->batch - 1));
	add_scores(p, &rest, "", &now->train);
	draw(p, now, &rest, true);
	fflush(p->out);
}

void progress_done(struct progress *p, const accel_progress *now)
{
	const accel_epoch *e = now->done;
	struct line rest = { .n = 0 };
	double t, step;

	if (!p->out)
		return;
	t = seconds_now() - p->epoch_began;
	step = t * 1e3 / (double)now->batches;
	add(&rest, "%.1fs", t);
	if (p->bar)
		add(&rest, step < 10 ? " %.2fms/step" : " %.0fms/step", step);
	add_scores(p, &rest, "", p->bar ? &now->train : &e->train);
	if (!isnan(e->validation.loss))
		add_scores(p, &rest, "val_", &e->validation);
	if (p->bar)
		draw(p, now, &rest, false);
	else
		fprintf(p->out, "epoch %d/%d - %s", now->epoch + 1, now->epochs,
			rest.text);
	fputc('\n', p->out);
	fflush(p->out);
}

/* What was not measured is an empty field. */
static void csv_number(FILE *f, double v)
{
	if (isnan(v))
		fputc(',', f);
	else
		fprintf(f, ",%.9g", v);
}

static void csv_values(FILE *f, unsigned wanted, unsigned there,
		       const double *value)
{
	int i;

	for (i = 0; i < ACCEL_METRICS; i++)
		if (wanted & 1u << i)
			csv_number(f, there & 1u << i ? value[i] : NAN);
}

static void csv_scores(FILE *f, const accel_model *m, const accel_scores *s)
{
	int i, n = accel_model_outputs(m);

	csv_number(f, s->loss);
	if (n == 1)
		csv_values(f, m->o.metrics, s->metrics, s->value);
	for (i = 0; n > 1 && i < n; i++) {
		const accel_output_scores *o = &s->output[i];

		csv_number(f, i < s->n_outputs ? o->loss : NAN);
		csv_values(f, m->o.outputs[i].metrics, o->metrics, o->value);
	}
}

static void csv_metrics(FILE *f, const char *prefix, const char *output,
			unsigned metrics)
{
	int i;

	fprintf(f, ",%s%sloss", prefix, output);
	for (i = 0; i < ACCEL_METRICS; i++)
		if (metrics & 1u << i)
			fprintf(f, ",%s%s%s", prefix, output,
				accel_metric_name((accel_metric)(1u << i)));
}

static void csv_names(FILE *f, const accel_model *m, const char *prefix)
{
	int i, n = accel_model_outputs(m);
	char name[96];

	csv_metrics(f, prefix, "", n == 1 ? m->o.metrics : 0);
	for (i = 0; n > 1 && i < n; i++) {
		output_name(m, i, name, sizeof(name));
		csv_metrics(f, prefix, name, m->o.outputs[i].metrics);
	}
}

accel_status csv_log(const char *path, const accel_model *m, bool validation,
		     uint32_t first)
{
	FILE *f = fopen(path, first ? "a" : "w");
	void *was;
	bool bad;
	uint32_t i;

	if (!f)
		return accel_error(ACCEL_ERR_IO, "%s: %s", path,
				   strerror(errno));
	was = number_point_begin();
	if (!first) {
		fputs("epoch,learning_rate", f);
		csv_names(f, m, "");
		if (validation)
			csv_names(f, m, "val_");
		fputc('\n', f);
	}
	for (i = first; i < m->n_epochs; i++) {
		fprintf(f, "%u,%.9g", i + 1, m->epoch[i].rate);
		csv_scores(f, m, &m->epoch[i].train);
		if (validation)
			csv_scores(f, m, &m->epoch[i].validation);
		fputc('\n', f);
	}
	number_point_end(was);
	bad = ferror(f);
	bad |= fclose(f) != 0;
	return bad ? accel_error(ACCEL_ERR_IO, "%s: %s", path, strerror(errno))
		   : ACCEL_OK;
}
