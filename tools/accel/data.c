// SPDX-License-Identifier: MIT
/* From --data to samples. */
#include "accel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DIGITS_TRAIN 16000
#define DIGITS_TEST 2000

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && !strcmp(s + n - k, end);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

enum kind { DIGITS, SENSORS, DIRECTORY, NPY, TABLE };

static enum kind kind_of(const char *data)
{
	if (!data || !strcmp(data, "digits"))
		return DIGITS;
	if (!strcmp(data, "sensors"))
		return SENSORS;
	if (is_directory(data))
		return DIRECTORY;
	return ends_with(data, ".npy") ? NPY : TABLE;
}

int check_data(const struct data_args *a)
{
	enum kind kind = kind_of(a->data);
	const struct {
		const char *name, *of;
		bool given, fits;
	} list[] = {
		{ "--label", "tables and arrays", a->label, kind >= NPY },
		{ "--test", "tables", a->test, kind == TABLE },
		{ "--columns", "tables", a->columns, kind == TABLE },
		{ "--dates", "tables", a->dates, kind == TABLE },
		{ "--window", "tables and made-up sensors", a->window,
		  kind == TABLE || kind == SENSORS },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (!list[i].given || list[i].fits)
			continue;
		fprintf(stderr, "accel: %s is for %s, which %s is not\n",
			list[i].name, list[i].of,
			a->data ? a->data : "digits (the default)");
		return 2;
	}
	return 0;
}

static bool regress(const struct data_args *a)
{
	return a->task && !strcmp(a->task, "regress");
}

static bool classify(const struct data_args *a)
{
	return a->task && !strcmp(a->task, "classify");
}

void print_columns(const accel_preprocess *p)
{
	int i;

	printf("Columns:");
	for (i = 0; i < accel_preprocess_columns(p); i++)
		printf("%s %s", i ? "," : "", accel_preprocess_column(p, i));
	if (accel_preprocess_label(p))
		printf(" -> %s", accel_preprocess_label(p));
	printf("\n");
}

static accel_dataset *only_train(accel_samples *s)
{
	accel_dataset *d = s ? calloc(1, sizeof(*d)) : NULL;

	if (d)
		d->train = s;
	else
		accel_samples_destroy(s);
	return d;
}

/* Rows become series. */
static bool windows(accel_samples **s, int steps)
{
	accel_samples *w;

	if (!steps || !*s)
		return true;
	w = accel_samples_window(*s, steps);
	accel_samples_destroy(*s);
	*s = w;
	return w;
}

static accel_dataset *table(accel_context *ctx, const struct data_args *a)
{
	accel_csv_task task = regress(a)    ? ACCEL_CSV_REGRESS
			      : classify(a) ? ACCEL_CSV_CLASSIFY
					    : ACCEL_CSV_AUTO;
	accel_dataset *d = accel_dataset_csv(ctx, a->data, .label = a->label,
					     .columns = a->columns,
					     .dates = a->dates, .task = task,
					     .test = a->test);

	if (d && windows(&d->train, a->window) && windows(&d->test, a->window))
		return d;
	accel_dataset_destroy(d);
	return NULL;
}

accel_dataset *data_for_training(accel_context *ctx, const struct data_args *a)
{
	switch (kind_of(a->data)) {
	case DIGITS:
		return accel_dataset_digits(ctx, DIGITS_TRAIN, DIGITS_TEST,
					    a->seed);
	case SENSORS:
		return accel_dataset_sensors(ctx, a->window, .seed = a->seed);
	case DIRECTORY:
		return accel_dataset_mnist(ctx, a->data);
	case NPY:
		return only_train(accel_samples_npy(a->data, a->label));
	default:
		return table(ctx, a);
	}
}

/* The part to judge by; the rest is freed. */
static accel_samples *test_part(accel_dataset *d)
{
	accel_samples *s = NULL;

	if (!d)
		return NULL;
	if (d->test) {
		s = d->test;
		d->test = NULL;
	} else {
		s = d->train;
		d->train = NULL;
	}
	accel_dataset_destroy(d);
	return s;
}

accel_samples *data_for_model(const accel_model *m, const struct data_args *a)
{
	const accel_preprocess *p = accel_model_preprocess(m);
	struct data_args made = *a;
	const int64_t *shape;
	int nd = accel_model_input(m, &shape);
	accel_samples *s;

	if (kind_of(a->data) == SENSORS && !a->window && nd == 2)
		made.window = (int)shape[0];
	if (!p || kind_of(a->data) != TABLE)
		return test_part(data_for_training(NULL, &made));
	s = accel_preprocess_csv(p, a->data);
	/* a model of series: its window is its input's */
	windows(&s, nd == 2 ? (int)shape[0] : 0);
	return s;
}

accel_model *load_model(const char *path, const char *device,
			accel_context **ctx)
{
	accel_model *m;

	*ctx = accel_open(device);
	if (!*ctx)
		return NULL;
	m = accel_model_load(*ctx, path);
	if (m)
		return m;
	accel_close(*ctx);
	*ctx = NULL;
	return NULL;
}
