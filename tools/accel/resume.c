// SPDX-License-Identifier: MIT
/* Is a file that --resume finds one of this very run? */
#include "train.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_columns(FILE *f, const accel_preprocess *p)
{
	int i;

	fprintf(f, "columns:");
	for (i = 0; i < accel_preprocess_columns(p); i++)
		fprintf(f, "%s %s", i ? "," : "",
			accel_preprocess_column(p, i));
	fprintf(f, "\nlabel: %s\n",
		accel_preprocess_label(p) ? accel_preprocess_label(p) : "none");
}

static void put_classes(FILE *f, const accel_samples *s)
{
	int i;

	fprintf(f, "classes:");
	for (i = 0; i < s->n_classes; i++) {
		fprintf(f, "%s ", i ? "," : "");
		if (s->class_names)
			fprintf(f, "%s", s->class_names[i]);
		else
			fprintf(f, "%d", i);
	}
	fprintf(f, "\n");
}

static const char *or_default(const char *text)
{
	return text ? text : "default";
}

char *train_options(const struct train_args *a, const accel_samples *s)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	if (s->preprocess)
		put_columns(f, s->preprocess);
	put_classes(f, s);
	fprintf(f, "--task: %s\n--arch: %s\n", or_default(a->data.task),
		or_default(a->arch));
	fprintf(f, "--batch: %d\n--optimizer: %s\n--lr: %.17g\n", a->batch,
		a->optimizer, a->lr);
	fprintf(f, "--cosine: %s\n--mixed: %s\n", a->cosine ? "yes" : "no",
		a->mixed ? "yes" : "no");
	fprintf(f, "--seed: %llu\n--validation: %g%s\n",
		(unsigned long long)a->data.seed, a->data.validation,
		a->data.last ? ", the last" : "");
	fprintf(f, "--window: %d\n--stride: %d\n--ahead: %d\n", a->data.window,
		a->data.stride, a->data.ahead);
	fprintf(f, "--missing: %s\n--dates: %s\n", or_default(a->data.missing),
		a->data.dates ? "yes" : "no");
	fprintf(f, "--decimal: %s\n--date-order: %s\n--pivot: %s\n",
		or_default(a->data.decimal), or_default(a->data.date_order),
		or_default(a->data.pivot));
	fprintf(f, "--gap: %g s\n--time: %s\n--quantile: %g\n",
		(double)a->data.gap / 1e9, or_default(a->data.time),
		a->quantile);
	fprintf(f, "--weight: %s\n--class-weights: %s\n",
		or_default(a->data.weight), or_default(a->class_weights));
	fclose(f);
	return text;
}

/* The length of a line, and where the next begins. */
static size_t line_of(const char *text, const char **next)
{
	size_t n = strcspn(text, "\n");

	*next = text + n + (text[n] != 0);
	return n;
}

int check_resume(accel_context *ctx, const char *path, const char *options)
{
	accel_model *m;
	const char *was, *now = options, *next_was, *next_now;
	size_t a, b;
	int status = EXIT_DONE;

	if (!options || access(path, F_OK))
		return EXIT_DONE;
	m = accel_model_load(ctx, path);
	if (!m)
		return fail(ACCEL_OK);
	for (was = accel_model_note(m, "options"); was && *was && *now;
	     was = next_was, now = next_now) {
		a = line_of(was, &next_was);
		b = line_of(now, &next_now);
		if (a == b && !memcmp(was, now, a))
			continue;
		fprintf(stderr,
			"accel: %s was trained with \"%.*s\", not with "
			"\"%.*s\": it is not resumed, and stays as it is\n",
			path, (int)a, was, (int)b, now);
		status = EXIT_FAILED;
		break;
	}
	accel_model_destroy(m);
	return status;
}
