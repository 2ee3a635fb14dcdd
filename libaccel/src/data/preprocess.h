/* SPDX-License-Identifier: MIT */
/*
 * What turns a table's columns into a model's inputs: learned from one,
 * applied to others, kept with the model.
 */
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
	enum spelling spelling; /* of numbers, where a cell alone can be read
				 * in two ways */
	char unit[UNIT_BYTES]; /* of numbers, as their cells had it; "": none */
	int order; /* of dates, as struct cell_format has it */
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
	char *missing_words; /* as accel_csv_options has them, or NULL */
	int window, stride, ahead; /* of series; 0: none */
	double gap; /* seconds, 0: by the median */
	int n_features;
	char **features; /* names */
};

/* n columns to be filled in, one owner. */
accel_preprocess *preprocess_make(int n);
/* A copy whose label has only these n classes, numbered 0 to n - 1. */
accel_preprocess *preprocess_with_classes(const accel_preprocess *p, int n,
					  const int *classes);
/* Names the features, once the columns are known. */
accel_status preprocess_name_features(accel_preprocess *p);

/*
 * Learns from `rows`, n indices into the table. The label's classes are those
 * of the whole table.
 */
accel_preprocess *preprocess_fit(const struct table *t,
				 const accel_csv_options *o,
				 const int64_t *rows, int64_t n);

/* Samples from those rows of a table: in series, rows that windows end with. */
accel_samples *preprocess_apply(accel_preprocess *p, struct table *t,
				const int64_t *rows, int64_t n);
/* The same, with the classes of another column as y; `label` is used up. */
accel_samples *preprocess_judge(accel_preprocess *p, struct table *t,
				struct column *label, const int64_t *rows,
				int64_t n);
/* A label's column of its own. */
accel_status preprocess_fit_label(const struct table *t, const char *label,
				  struct column *c);
void column_finish(struct column *c);

/* Where p's columns stand in a table. */
struct mapping {
	int *column; /* [p->n] */
	int label; /* -1: not there */
};
accel_status map_columns(const accel_preprocess *p, const struct table *t,
			 struct mapping *m);

/* A row's numbers. ERR_FORMAT by the cell, see cell_error(). */
accel_status encode_row(const accel_preprocess *p, const struct table *t,
			const struct mapping *m, int64_t row, float *x);
/* A label, as class (i32) or standardised (f32). */
accel_status encode_label(const accel_preprocess *p, const struct table *t,
			  const struct mapping *m, int64_t row, void *y);
/* The class of a label's cell, -1: none. Numbers count by value. */
int find_class(const struct column *label, const char *cell);
/* Has a row no value in any input? */
bool row_is_empty(const accel_preprocess *p, const struct table *t,
		  const struct mapping *m, int64_t row);
/* Is a value missing where that leaves a row out, or is an error? */
bool row_lacks(const accel_preprocess *p, const struct table *t,
	       const struct mapping *m, int64_t row);

/* Rows since the series began, this one with them. mem_free() it. */
int32_t *series_runs(const struct table *t);
/* The rows that windows can end with (all, without windows), for training with
 * a label `ahead` rows on. NULL: ERR_SHAPE, there are none. mem_free() it. */
int64_t *series_rows(const struct table *t, int window, int stride, int ahead,
		     int64_t *n);

/* Points out values that stand alone far from all others of a column. */
void sentinel_notes(struct table *t, const accel_preprocess *p);

/* 0 to n - 1, mem_free() it. */
int64_t *row_list(int64_t n);

#endif /* ACCEL_DATA_PREPROCESS_H */
