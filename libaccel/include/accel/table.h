/* SPDX-License-Identifier: MIT */
/*
 * Tables to learn from: CSV and its relatives, and the fitted way from a
 * table's row to a model's input.
 *
 * A message about a file begins with it: "room.csv:12:5: ..." is line 12,
 * column (field) 5. What was understood of a file stands in the samples' notes.
 */
#ifndef ACCEL_TABLE_H
#define ACCEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <accel/data.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum accel_csv_task {
	ACCEL_CSV_AUTO, /* classify when the label is text, or at most 20
			 * different whole numbers; else regress */
	ACCEL_CSV_CLASSIFY,
	ACCEL_CSV_REGRESS,
} accel_csv_task;

typedef enum accel_csv_header {
	ACCEL_CSV_HEADER_AUTO, /* there is one when no field of the first line
				* is a number, or some column of numbers begins
				* with text */
	ACCEL_CSV_HEADER_YES,
	ACCEL_CSV_HEADER_NO, /* columns are named "1", "2", ... */
} accel_csv_header;

typedef enum accel_csv_missing {
	ACCEL_CSV_MISSING_FILL, /* the column's mean; a text of its own */
	ACCEL_CSV_MISSING_DROP, /* leave the row out */
	ACCEL_CSV_MISSING_ERROR,
} accel_csv_missing;

/* Which of two numbers before a year is the day: 4/2/2015. */
typedef enum accel_date_order {
	ACCEL_DATE_AUTO, /* what fits all cells of the column; where both do,
			  * the one by which less time passes, and a note */
	ACCEL_DATE_DAY_FIRST,
	ACCEL_DATE_MONTH_FIRST,
} accel_date_order;

typedef struct accel_csv_options {
	/* A file, plain or gzip, or a folder: all tables in it and in the
	 * folders in it, in the order of their names. */
	const char *path;
	/* Column to predict; NULL: none. "@folder" and "@file" are the names
	 * of the folder and of the file (without its ending) of each row. */
	const char *label;
	/* Column of how much each row counts in the loss, at least 0, as the
	 * samples' weights; it is no input. NULL: all count 1. */
	const char *weight;
	/* Inputs, "Temperature,Humidity" by name, or by number ("3,4"). NULL:
	 * every column but label, weight, dates, Unix times, row numbers, and
	 * texts that are nearly all different. */
	const char *columns;
	accel_csv_task task;
	accel_csv_header header;
	accel_csv_missing missing;
	char separator; /* ',', ';', '\t', '|', ' ' (any blanks); 0: detected */
	bool dates; /* dates and times are inputs: hour of the day and day of
		     * the week, each as sine and cosine */
	const char *test; /* of accel_dataset_csv(): another file, judged with
			   * the training file's normalisation */
	double holdout; /* of accel_dataset_csv(): fraction for `test` */
	bool shuffle; /* draw the holdout by `seed`, of each class the same
		       * share; else it is the end, of windows the end of
		       * every series */
	uint64_t seed;

	/* ---- how it is written ---- */
	const char *const *more; /* other files after `path`, of the same
				  * columns */
	int n_more;
	/* Values that mean none in every column, beside the words known
	 * (below): "-200,off". Numbers are compared by value. */
	const char *missing_words;
	const char *comment; /* lines that begin so are left out; NULL: those
			      * before the header that begin with #, and later
			      * ones that would be no row */
	int skip; /* lines before the header that are left out */
	char decimal; /* '.' or ',' where a column's cells do not tell; 0: by
		       * the other columns, or an error */
	accel_date_order date_order;
	/* A table of a line for each (entity, state, time), in which each
	 * entity becomes a column: "entity,state,time" are their names. A row
	 * for each instant holds the last state known of every entity. */
	const char *pivot;

	/* ---- series ---- */
	/* x [N, window, F]: rows that follow each other, with the label of the
	 * last. A blank line, a new file, a step back in time and a gap end a
	 * series. 0: each row by itself, [N, F]. */
	int window;
	int stride; /* rows from one window to the next; 0: 1 */
	/* A forecast: the label is that of so many rows later in the same
	 * series, and the label's column is an input, too. 0: none. */
	int ahead;
	double gap; /* seconds between two rows that end a series; 0: 3 times
		     * the median of the time column's steps */
	const char *time; /* the column of time for that; NULL: the first one of
			   * instants */
} accel_csv_options;

/*
 * A table (RFC 4180: quoted fields may hold separators, line ends and ""), as
 * f32 x [N, F] and y.
 *
 * Numbers are standardised (value - mean) / standard deviation; a text column
 * of K different values becomes K columns of 0 and 1, all 0 for a text that
 * training did not know. Targets of a regression are standardised, too: see
 * accel_preprocess_target(). Class numbers are in order of value, or of the
 * alphabet. A first column without a header name, as R writes it, is a row
 * number; so is a column that counts upwards by one beside others.
 *
 * Missing is an empty field, ?, -, NaN, <NA>, #N/A, 1.#QNAN, unavailable and
 * their relatives; None, NA, N/A, null, nil, unknown and missing, too, but in
 * a label's column of texts: there they are classes (not with .pivot). A row
 * without its label is left out, and the notes count it.
 *
 * UTF-8, with or without a byte-order mark; line ends LF or CRLF; separators
 * at the end of every row; a first line "sep=;". A column of numbers may have
 * decimal commas, groups of thousands, a unit ("21 °C", "45 %") or a currency,
 * the same in all of its cells: where one is written otherwise, that is an
 * error with its place, as is "1,234" where nothing tells which it is.
 *
 * accel_samples_csv("room.csv", .label = "occupied")
 *
 * ERR_IO. ERR_FORMAT: empty, ragged, an open quote, a NUL byte, text where
 * numbers were: with line and column; a file that is no text (Parquet, a
 * workbook, UTF-16): with its name. ERR_INVALID: no such column (the text
 * lists those there are), or no input is left.
 */
#define accel_samples_csv(...)                                                 \
	accel_samples_csv_with(&(accel_csv_options){ .path = __VA_ARGS__ })
ACCEL_API accel_samples *
accel_samples_csv_with(const accel_csv_options *options);

/*
 * The same as a pair: `test` from another file or from a holdout. The
 * normalisation is fitted on the training part alone. A class of which the
 * training part has no row is named in its notes.
 *
 * @ctx: may be NULL.
 */
#define accel_dataset_csv(ctx, ...)                                            \
	accel_dataset_csv_with(ctx, &(accel_csv_options){ .path = __VA_ARGS__ })
ACCEL_API accel_dataset *
accel_dataset_csv_with(accel_context *ctx, const accel_csv_options *options);

/* ---- the fitted way from a row to numbers ---- */

/*
 * It travels inside the model file as JSON: columns, normalisation, the words
 * for missing values, windows and forecasts.
 */

/* Applies it to another file: its columns are found by name, in any order.
 * Without the label column y is none. ERR_INVALID: a column is missing (named),
 * or a class the training did not know. */
ACCEL_API accel_samples *accel_preprocess_csv(const accel_preprocess *p,
					      const char *path);

/* The same of several files, and of how they are written: path, more, header,
 * separator, comment, skip, decimal, date_order, gap, time, pivot and weight
 * count.
 * .label: a column to judge by where the training had none; its rarer classes
 * are what an autoencoder should find. ERR_INVALID: it is an input. */
ACCEL_API accel_samples *
accel_preprocess_csv_with(const accel_preprocess *p,
			  const accel_csv_options *options);

/* What became of a table's rows; free it with accel_rows_destroy(). */
typedef struct accel_rows {
	int64_t count; /* rows of the table */
	int64_t *sample; /* [count] the row's sample, or -1 */
	char **why; /* [count] why there is none; else NULL */
} accel_rows;

/*
 * Samples to answer for, one for each row whatever stands in its label's
 * column, which is not read (but as an input, by a forecast).
 *
 * @samples: receives them; NULL where no row can be answered.
 * @rows: receives what became of each: a row with a text where a number was, or
 *   with too few rows before it for a window, has no sample but a reason.
 *
 * Errors as above; both are then NULL.
 */
ACCEL_API accel_status accel_preprocess_rows(const accel_preprocess *p,
					     const accel_csv_options *options,
					     accel_samples **samples,
					     accel_rows **rows);
ACCEL_API void accel_rows_destroy(accel_rows *rows);

/*
 * Applies it to one row of texts, as they would stand in the file.
 *
 * @names, @values: @n columns in any order; more than needed is allowed; a
 *   value of NULL or "" is missing.
 * @x: receives accel_preprocess_features() numbers.
 *
 * ERR_INVALID: an input column is not among @names, or is missing where that
 * is an error. ERR_FORMAT: no number where numbers were.
 */
ACCEL_API accel_status accel_preprocess_row(const accel_preprocess *p, int n,
					    const char *const *names,
					    const char *const *values,
					    float *x);

/* The same without texts, for a control loop: the input columns' numbers in
 * order; NaN is missing, and so is what training was told to take for missing.
 * Allocates nothing. ERR_INVALID: a column is text. */
ACCEL_API accel_status accel_preprocess_numbers(const accel_preprocess *p,
						const double *values, float *x);

/* Input columns of the file, and their names. */
ACCEL_API int accel_preprocess_columns(const accel_preprocess *p);
ACCEL_API const char *accel_preprocess_column(const accel_preprocess *p, int i);
/* F: numbers the model reads for a row, and their names ("Light", "room=a"). */
ACCEL_API int accel_preprocess_features(const accel_preprocess *p);
ACCEL_API const char *accel_preprocess_feature(const accel_preprocess *p,
					       int i);
/* The label column's name; NULL: none. */
ACCEL_API const char *accel_preprocess_label(const accel_preprocess *p);
/* Classes of the label, and the text of one; 0 classes: a number. */
ACCEL_API int accel_preprocess_classes(const accel_preprocess *p);
ACCEL_API const char *accel_preprocess_class(const accel_preprocess *p, int i);
/* A standardised prediction in the label's own unit: y * std + mean. */
ACCEL_API double accel_preprocess_target(const accel_preprocess *p, double y);
/* The label's mean and standard deviation (0 and 1 for classes). */
ACCEL_API void accel_preprocess_target_scale(const accel_preprocess *p,
					     double *mean, double *std);
/* Columns that were left out, and why: "sno (row number), date (date)"; ""
 * where none was. */
ACCEL_API const char *accel_preprocess_ignored(const accel_preprocess *p);
/* Rows of a window, 0: none; rows that a forecast looks ahead, 0: none. */
ACCEL_API int accel_preprocess_window(const accel_preprocess *p);
ACCEL_API int accel_preprocess_ahead(const accel_preprocess *p);

/* JSON text; free() it. Numbers survive the way there and back exactly. */
ACCEL_API char *accel_preprocess_to_json(const accel_preprocess *p);
/* ERR_FORMAT: not what the call above writes. */
ACCEL_API accel_preprocess *accel_preprocess_from_json(const char *text);
ACCEL_API void accel_preprocess_destroy(accel_preprocess *p);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_TABLE_H */
