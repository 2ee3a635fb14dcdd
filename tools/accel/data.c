// SPDX-License-Identifier: MIT
/* From --data to samples. */
#include "accel.h"

#include <dirent.h>
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

/* Are there files under MNIST's names? */
static bool has_idx(const char *path)
{
	struct dirent *e;
	bool found = false;
	DIR *d = opendir(path);

	while (d && !found && (e = readdir(d)))
		found = strstr(e->d_name, "idx") && strstr(e->d_name, "ubyte");
	if (d)
		closedir(d);
	return found;
}

enum kind { DIGITS, SENSORS, DIRECTORY, NPY, TABLE };

static enum kind kind_of(const struct data_args *a)
{
	const char *data = first_data(a);

	if (a->files.n > 1)
		return TABLE;
	if (!data || !strcmp(data, "digits"))
		return DIGITS;
	if (!strcmp(data, "sensors"))
		return SENSORS;
	if (is_directory(data) && has_idx(data))
		return DIRECTORY;
	return ends_with(data, ".npy") || ends_with(data, ".npy.gz") ? NPY
								     : TABLE;
}

int check_data(const struct data_args *a)
{
	enum kind kind = kind_of(a);
	accel_csv_options o;
	const struct {
		const char *name, *of;
		bool given, fits;
	} list[] = {
		{ "--label", "tables and arrays", a->label, kind >= NPY },
		{ "--test", "tables", a->test, kind == TABLE },
		{ "--weight", "tables", a->weight, kind == TABLE },
		{ "--columns", "tables", a->columns, kind == TABLE },
		{ "--dates", "tables", a->dates, kind == TABLE },
		{ "--separator", "tables", a->separator, kind == TABLE },
		{ "--header", "tables", a->header, kind == TABLE },
		{ "--missing", "tables", a->missing, kind == TABLE },
		{ "--comment", "tables", a->comment, kind == TABLE },
		{ "--decimal", "tables", a->decimal, kind == TABLE },
		{ "--date-order", "tables", a->date_order, kind == TABLE },
		{ "--pivot", "tables", a->pivot, kind == TABLE },
		{ "--time", "tables", a->time, kind == TABLE },
		{ "--gap", "tables", a->gap, kind == TABLE },
		{ "--skip", "tables", a->skip, kind == TABLE },
		{ "--stride", "tables", a->stride, kind == TABLE },
		{ "--ahead", "tables", a->ahead, kind == TABLE },
		{ "--window", "tables and made-up sensors", a->window,
		  kind == TABLE || kind == SENSORS },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (!list[i].given || list[i].fits)
			continue;
		fprintf(stderr, "accel: %s is for %s, which %s is not\n",
			list[i].name, list[i].of,
			first_data(a) ? first_data(a) : "digits (the default)");
		return 2;
	}
	return kind == TABLE ? table_options(a, &o) : EXIT_DONE;
}

bool data_is_table(const struct data_args *a)
{
	return kind_of(a) == TABLE;
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

/* Part of what is no table judges, too, where that is asked for. */
static accel_dataset *with_validation(accel_dataset *d,
				      const struct data_args *a)
{
	accel_samples *train = NULL, *test = NULL;
	accel_status status;

	if (!d || !(a->validation > 0))
		return d;
	status = accel_samples_split(d->train, a->validation, !a->last, a->seed,
				     &train, &test);
	if (!status) {
		accel_samples_destroy(d->train);
		accel_samples_destroy(d->test);
		d->train = train;
		d->test = test;
		return d;
	}
	accel_dataset_destroy(d);
	return NULL;
}

static accel_dataset *read_data(accel_context *ctx, const struct data_args *a)
{
	accel_csv_options o;

	switch (kind_of(a)) {
	case DIGITS:
		return accel_dataset_digits(ctx, DIGITS_TRAIN, DIGITS_TEST,
					    a->seed);
	case SENSORS:
		return accel_dataset_sensors(ctx, a->window, .seed = a->seed);
	case DIRECTORY:
		return accel_dataset_mnist(ctx, first_data(a));
	case NPY:
		return only_train(accel_samples_npy(first_data(a), a->label));
	default:
		return table_options(a, &o) ? NULL
					    : accel_dataset_csv_with(ctx, &o);
	}
}

accel_dataset *data_for_training(accel_context *ctx, const struct data_args *a)
{
	accel_dataset *d = read_data(ctx, a);

	return data_is_table(a) ? d : with_validation(d, a);
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

int check_model_data(const accel_model *m, const struct data_args *a)
{
	if (accel_model_preprocess(m) || kind_of(a) != TABLE)
		return EXIT_DONE;
	/* normalised by means of its own a table would be another one */
	fprintf(stderr,
		"accel: %s is a table, and the model did not learn from one: "
		"it takes numbers as they are, of a .npy\n",
		first_data(a));
	return EXIT_FAILED;
}

accel_samples *data_for_model(const accel_model *m, const struct data_args *a)
{
	const accel_preprocess *p = accel_model_preprocess(m);
	struct data_args made = *a;
	const int64_t *shape;
	int nd = accel_model_input(m, &shape);
	accel_samples *s, *w;
	accel_csv_options o;

	if (kind_of(a) == SENSORS && !a->window && nd == 2)
		made.window = (int)shape[0];
	if (!p || kind_of(a) != TABLE)
		return test_part(data_for_training(NULL, &made));
	if (table_options(a, &o))
		return NULL;
	s = accel_preprocess_csv_with(p, &o);
	/* of a model that was made of windows by hand */
	if (s && nd == 2 && !accel_preprocess_window(p)) {
		w = accel_samples_window(s, shape[0]);
		accel_samples_destroy(s);
		s = w;
	}
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
