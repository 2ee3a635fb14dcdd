// SPDX-License-Identifier: MIT
/* --class-weights: how much each class counts in the loss. */
#include "train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The class that a name of n bytes is, by name or number; -1: none. */
static int class_named(const accel_samples *s, const char *name, size_t n)
{
	char number[16];
	int i;

	for (i = 0; i < s->n_classes; i++) {
		const char *is = number;

		snprintf(number, sizeof(number), "%d", i);
		if (s->class_names)
			is = s->class_names[i];
		if (strlen(is) == n && !memcmp(is, name, n))
			return i;
	}
	return -1;
}

static int no_class(const accel_samples *s, const char *name, int n)
{
	int i;

	fprintf(stderr, "accel: --class-weights: no class '%.*s':", n, name);
	for (i = 0; s->class_names && i < s->n_classes && i < 20; i++)
		fprintf(stderr, "%s %s", i ? "," : "", s->class_names[i]);
	if (!s->class_names)
		fprintf(stderr, " 0 to %d", s->n_classes - 1);
	fprintf(stderr, "%s\n", s->n_classes > 20 ? ", ..." : "");
	return EXIT_USAGE;
}

/* One "NAME=WEIGHT" of n bytes. */
static int read_one(const accel_samples *s, const char *text, size_t n,
		    double *weight)
{
	const char *equals = memrchr(text, '=', n);
	char *end;
	double w;
	int i;

	w = equals ? strtod(equals + 1, &end) : NAN;
	if (!equals || end != text + n || end == equals + 1 || !(w >= 0) ||
	    w > 1e30) {
		fprintf(stderr,
			"accel: --class-weights: '%.*s' is not NAME=WEIGHT, a "
			"number of at least 0\n",
			(int)n, text);
		return EXIT_USAGE;
	}
	i = class_named(s, text, (size_t)(equals - text));
	if (i < 0)
		return no_class(s, text, (int)(equals - text));
	weight[i] = w;
	return EXIT_DONE;
}

int class_weights(const char *text, const accel_samples *s, double **weight)
{
	int status = EXIT_DONE, i;
	size_t n;

	*weight = NULL;
	if (!text || !strcmp(text, "balanced"))
		return EXIT_DONE;
	if (!s->n_classes) {
		fprintf(stderr, "accel: --class-weights: %s has no classes\n",
			s->name);
		return EXIT_USAGE;
	}
	*weight = calloc((size_t)s->n_classes, sizeof(**weight));
	if (!*weight)
		return fail(ACCEL_ERR_NOMEM);
	for (i = 0; i < s->n_classes; i++)
		(*weight)[i] = 1;
	for (; !status && *text; text += n + (text[n] == ',')) {
		n = strcspn(text, ",");
		status = read_one(s, text, n, *weight);
	}
	if (status) {
		free(*weight);
		*weight = NULL;
	}
	return status;
}
