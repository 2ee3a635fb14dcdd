// SPDX-License-Identifier: MIT
/* accel plot: training curves, in the terminal and as SVG. */
#include "accel.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRAIN, VALIDATION, CURVES };

struct curves {
	const char *title;
	double *x, *y[CURVES];
	int n;
	bool validation;
};

static void free_curves(struct curves *c)
{
	free(c->x);
	free(c->y[TRAIN]);
	free(c->y[VALIDATION]);
}

/* Loss where the metric is 0, the learning rate where it is negative. */
static double value_of(const accel_epoch *e, int which, int metric)
{
	const accel_scores *s = which == TRAIN ? &e->train : &e->validation;

	if (metric < 0)
		return which == TRAIN ? e->rate : NAN;
	return metric ? accel_scores_get(s, (accel_metric)metric) : s->loss;
}

static bool make_curves(const accel_model *m, int metric, struct curves *c)
{
	accel_history h = accel_model_history(m);
	size_t n = (size_t)h.n + 1;
	int i, k;

	c->n = h.n;
	c->x = calloc(n, sizeof(double));
	for (k = 0; k < CURVES; k++)
		c->y[k] = calloc(n, sizeof(double));
	if (!c->x || !c->y[TRAIN] || !c->y[VALIDATION])
		return false;
	for (i = 0; i < h.n; i++) {
		c->x[i] = i + 1;
		for (k = 0; k < CURVES; k++)
			c->y[k][i] = value_of(&h.epoch[i], k, metric);
		c->validation |= isfinite(c->y[VALIDATION][i]);
	}
	return true;
}

static accel_status draw_svg(const char *path, const accel_series *s, int n,
			     const char *title)
{
	FILE *f = fopen(path, "w");
	accel_status err = ACCEL_ERR_IO;

	if (f)
		err = accel_plot_svg(f, s, n, .title = title,
				     .x_label = "epoch");
	if (f && !fclose(f))
		return err;
	fprintf(stderr, "accel: %s: %s\n", path, strerror(errno));
	return ACCEL_ERR_INVALID;
}

static accel_status draw(const struct curves *c, const char *svg)
{
	const accel_series s[CURVES] = {
		{ c->validation ? "training" : NULL, c->x, c->y[TRAIN], c->n },
		{ "validation", c->x, c->y[VALIDATION], c->n },
	};
	int n = c->validation ? 2 : 1;

	if (svg)
		return draw_svg(svg, s, n, c->title);
	return accel_plot(stdout, s, n, .title = c->title, .x_label = "epoch",
			  .color = isatty(STDOUT_FILENO) == 1);
}

/* All curves of the terminal, or the one of the SVG. */
static accel_status plot(const accel_model *m, const char *what,
			 const char *svg)
{
	unsigned metrics = accel_model_options(m)->metrics;
	accel_status err = ACCEL_OK;
	bool found = false;
	int i;

	for (i = -1; i <= ACCEL_METRICS && !err; i++) {
		int metric = i < 0 ? 0 : i < ACCEL_METRICS ? 1 << i : -1;
		struct curves c = { 0 };

		c.title = metric < 0 ? "learning rate"
			  : metric   ? accel_metric_name((accel_metric)metric)
				     : "loss";
		if (metric > 0 && !(metrics & (unsigned)metric))
			continue;
		if (what ? strcmp(what, c.title) : metric < 0)
			continue;
		found = true;
		err = make_curves(m, metric, &c) ? draw(&c, svg)
						 : ACCEL_ERR_NOMEM;
		free_curves(&c);
	}
	if (!found) {
		fprintf(stderr, "accel: the training has no curve '%s'\n",
			what);
		return ACCEL_ERR_INVALID;
	}
	return err;
}

int cmd_plot(int argc, char **argv)
{
	const char *model = NULL, *svg = NULL, *what = NULL;
	const struct option specs[] = {
		{ "MODEL", OPTION_TEXT, &model, "" },
		{ "--curve", OPTION_TEXT, &what,
		  "loss, accuracy, another metric, or \"learning rate\" "
		  "(default: loss and metrics)" },
		{ "--svg", OPTION_TEXT, &svg,
		  "write one curve (loss) to this file" },
		OPTIONS_END,
	};
	int status = options_parse(
		argc, argv,
		&(const struct usage){ .text = "plot MODEL [OPTIONS]" }, specs,
		NULL);
	accel_status err = ACCEL_OK;
	accel_context *ctx;
	accel_model *m;

	if (status)
		return status;
	m = load_model(model, "cpu", &ctx);
	if (!m)
		return fail(ACCEL_OK);
	status = 0;
	if (!accel_model_history(m).n) {
		fprintf(stderr, "accel: %s was not trained\n", model);
		status = 1;
	} else {
		err = plot(m, svg && !what ? "loss" : what, svg);
		status = err != ACCEL_OK;
	}
	accel_model_destroy(m);
	accel_close(ctx);
	return err && err != ACCEL_ERR_INVALID ? fail(err) : status;
}
