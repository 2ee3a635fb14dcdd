/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_DATA_PREPROCESS_H
#define ACCEL_DATA_PREPROCESS_H

#include <stdatomic.h>

#include "table.h"

#define TEXTS_MAX 1000 /* values of a text column, classes of a label */

enum column_kind {
	COLUMN_NUMBER, /* 1 feature: (v - mean) / std */
	COLUMN_TEXT, /* n_texts features: 1 for the cell's text, else 0 */
	COLUMN_DATE, /* 4 features: sine and cosine of the hour, the weekday */
};

struct column {
	char *name;
	enum column_kind kind;
	double mean, std; /* std above 0 */
	int n_texts;
	char **texts; /* inputs: in strcmp() order, "" is missing; label: the
		       * classes in their order */
};

struct accel_preprocess {
	_Atomic int refs;
	accel_csv_missing missing;
	bool header; /* its files name their columns */
	int n;
	struct column *columns; /* [n] inputs, in the order of the features */
	bool has_label;
	struct column label; /* COLUMN_TEXT: classes; COLUMN_NUMBER: target */
	char *ignored; /* text for people */
	int n_features;
	char **features; /* names */
};

/* n columns to be filled in, one owner. */
accel_preprocess *preprocess_make(int n);
/* Names the features, once the columns are known. */
accel_status preprocess_name_features(accel_preprocess *p);

/*
 * Learns from `rows`, n indices into the table. The label's classes are those
 * of the whole table.
 */
accel_preprocess *preprocess_fit(const struct table *t,
				 const accel_csv_options *o,
				 const int64_t *rows, int64_t n);

/* Samples from those rows of a table. */
accel_samples *preprocess_apply(accel_preprocess *p, const struct table *t,
				const int64_t *rows, int64_t n);

/* 0 to n - 1, mem_free() it. */
int64_t *row_list(int64_t n);

/* What is wrong with a cell: "room.csv:3:2: column "Light": "x" is no number" */
accel_status cell_error(const struct table *t, int64_t row, int column,
			const char *what);

#endif /* ACCEL_DATA_PREPROCESS_H */
