/* SPDX-License-Identifier: MIT */
/*
 * Data to learn from: images, tables, series, and generators of both for
 * machines that have none.
 *
 * Samples stay in host memory and need no device; training copies them to the
 * device batch by batch. They are never changed after they were made, so any
 * number of threads may read the same samples at once.
 *
 * A message about a file begins with it: "room.csv:12:5: ..." is line 12,
 * column (field) 5.
 */
#ifndef ACCEL_DATA_H
#define ACCEL_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <accel/context.h>
#include <accel/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a table's columns become numbers; see below. */
typedef struct accel_preprocess accel_preprocess;

/* Row-major elements in host memory. */
typedef struct accel_array {
	accel_dtype dtype;
	int ndim; /* 0 with data NULL: there is none */
	int64_t shape[ACCEL_MAX_DIMS];
	void *data;
} accel_array;

/*
 * Inputs and what they should give. Read it; accel_samples_destroy() frees all
 * that it points to.
 */
typedef struct accel_samples {
	int64_t count; /* N, at least 1 */
	accel_array x; /* [N, ...] f32, or u8: the value is u8 * x_scale */
	accel_array y; /* [N] i32 classes, or [N, K] f32 targets, or none */
	float x_scale; /* 1/255 for images; 1 for f32 */
	int n_classes; /* classes are 0 to n_classes - 1; 0: y is no class */
	char **class_names; /* n_classes of them, or NULL */
	char **x_names; /* one for each index of x's last dimension, or NULL */
	char *name; /* of the file or generator, for messages */
	accel_preprocess *preprocess; /* what made x and y of a table, or NULL;
				       * belongs to the samples */
} accel_samples;

/* What to learn from, and what to judge by. */
typedef struct accel_dataset {
	accel_samples *train;
	accel_samples *test; /* NULL where there is none */
} accel_dataset;

/* Free everything. NULL is allowed. */
ACCEL_API void accel_samples_destroy(accel_samples *s);
ACCEL_API void accel_dataset_destroy(accel_dataset *d);

/* ---- samples from memory ---- */

typedef struct accel_samples_options {
	const void *x; /* [N, ...], copied */
	accel_dtype x_dtype; /* f32 or u8 */
	int x_ndim;
	const int64_t *x_shape;
	float x_scale; /* 0: 1/255 for u8, 1 for f32 */
	const void *y; /* [N] i32 or [N, K] f32, copied; NULL: none */
	accel_dtype y_dtype;
	int y_ndim;
	const int64_t *y_shape;
	int n_classes; /* 0: one more than the largest label */
	const char *name; /* NULL: "samples" */
} accel_samples_options;

/*
 * Samples from arrays: accel_samples_create(x, ACCEL_F32, 2, shape, .y = ...).
 *
 * ERR_SHAPE: no sample, or y has another count. ERR_DTYPE. ERR_RANGE: a label
 * below 0 or at or above n_classes (the text names the sample).
 */
#define accel_samples_create(...)                                              \
	accel_samples_create_with(&(accel_samples_options){ .x = __VA_ARGS__ })
ACCEL_API accel_samples *
accel_samples_create_with(const accel_samples_options *options);

/*
 * Copies @n samples by index, in that order; an index may come twice.
 * ERR_RANGE: an index that is not below the count.
 */
ACCEL_API accel_samples *accel_samples_select(const accel_samples *s,
					      const int64_t *index, int64_t n);

/*
 * Cuts samples in two copies: the first holds `1 - fraction` of them.
 *
 * @shuffle: draw them by @seed (Philox; the same on every machine); otherwise
 *   the second part is the end, as is right for a series.
 *
 * ERR_RANGE: one part would be empty.
 */
ACCEL_API accel_status accel_samples_split(const accel_samples *s,
					   double fraction, bool shuffle,
					   uint64_t seed, accel_samples **first,
					   accel_samples **second);

/*
 * Series from rows that follow each other: x [N, F] becomes [N - steps + 1,
 * steps, F]; each y is that of the window's last row.
 * ERR_SHAPE: x is not f32 [N, F], or has fewer than @steps rows.
 */
ACCEL_API accel_samples *accel_samples_window(const accel_samples *s,
					      int64_t steps);

/*
 * Writes a batch: x[i] and y[i] are sample index[i].
 *
 * @dtype: of what is written to @x: ACCEL_F32 (u8 times x_scale), or the
 *   samples' own (bits as they are).
 * @x: room for n samples. @y: the same, in the samples' own type (i32 or f32);
 *   NULL: not wanted.
 *
 * Allocates nothing; made for a thread that prepares the next batch.
 * ERR_RANGE: an index out of range, or a NaN or infinity: the text names the
 * sample and the column. ERR_DTYPE.
 */
ACCEL_API accel_status accel_samples_gather(const accel_samples *s,
					    const int64_t *index, int64_t n,
					    accel_dtype dtype, void *x,
					    void *y);

/*
 * A fair shuffle of 0 to n - 1 (Fisher and Yates by Philox): the same order
 * for the same (seed, epoch) on every machine. @index: receives it.
 */
ACCEL_API void accel_shuffle(int64_t *index, int64_t n, uint64_t seed,
			     uint64_t epoch);

/* ---- files ---- */

/*
 * IDX files, the format of MNIST (http://yann.lecun.com/exdb/mnist), plain or
 * gzip. Images are u8 [N, H, W] (any type of the format is read; others become
 * f32), labels [N].
 *
 * @labels: NULL: no y.
 *
 * ERR_IO: the file cannot be read. ERR_FORMAT: it is none, or it is cut off.
 * ERR_SHAPE: other counts of images and labels.
 */
ACCEL_API accel_samples *accel_samples_idx(const char *images,
					   const char *labels);

/*
 * A directory as MNIST has it: {train,t10k}-{images-idx3,labels-idx1}-ubyte,
 * each with or without .gz (names with a dot before "idx" work, too).
 *
 * @ctx: may be NULL; samples stay in host memory.
 *
 * ERR_IO: a file is missing (the text names it).
 */
ACCEL_API accel_dataset *accel_dataset_mnist(accel_context *ctx,
					     const char *dir);

/*
 * numpy's .npy, versions 1 to 3: x of f2, f4, f8, any integer (u1 are shades,
 * times 1/255) or bool (0 and 1), y of integers or bool (classes) or floats
 * (targets). Both byte orders; row-major or column-major.
 *
 * @y: NULL: none. Classes are [N] or [N, 1], targets [N] or [N, K].
 *
 * ERR_IO, ERR_FORMAT, ERR_SHAPE; ERR_DTYPE: complex, strings, objects.
 */
ACCEL_API accel_samples *accel_samples_npy(const char *x, const char *y);

/* ---- tables ---- */

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

typedef struct accel_csv_options {
	const char *path;
	const char *label; /* column to predict; NULL: none */
	/* Inputs, "Temperature,Humidity" by name, or by number ("3,4"). NULL:
	 * every column but the label, dates, Unix times, row numbers, and
	 * texts that are nearly all different. */
	const char *columns;
	accel_csv_task task;
	accel_csv_header header;
	accel_csv_missing missing;
	char separator; /* ',', ';', '\t'; 0: detected */
	bool dates; /* dates and times are inputs: hour of the day and day of
		     * the week, each as sine and cosine */
	const char *test; /* of accel_dataset_csv(): another file, judged with
			   * the training file's normalisation */
	double holdout; /* of accel_dataset_csv(): fraction for `test` */
	bool shuffle; /* draw the holdout by `seed`; else it is the end */
	uint64_t seed;
} accel_csv_options;

/*
 * A table (RFC 4180: quoted fields may hold separators, line ends and ""), as
 * f32 x [N, F] and y.
 *
 * Numbers are standardised (value - mean) / standard deviation; a text column
 * of K different values becomes K columns of 0 and 1, all 0 for a text that
 * training did not know. Missing is an empty field, ? or None, and in any case
 * of letters NA, N/A, #N/A, NaN and null; a row without its label is left out. Targets of a regression are standardised,
 * too: see accel_preprocess_target(). Class numbers are in order of value, or
 * of the alphabet. A first column without a header name, as R writes it, is a
 * row number; so is a column that counts upwards by one beside others.
 *
 * UTF-8, with or without a byte-order mark; line ends LF or CRLF; decimal
 * commas where the separator is ';'.
 *
 * accel_samples_csv("room.csv", .label = "occupied")
 *
 * ERR_IO. ERR_FORMAT: empty, ragged, an open quote, a NUL byte, text where
 * numbers were: with line and column. ERR_INVALID: no such column (the text
 * lists those there are), or no input is left.
 */
#define accel_samples_csv(...)                                                 \
	accel_samples_csv_with(&(accel_csv_options){ .path = __VA_ARGS__ })
ACCEL_API accel_samples *
accel_samples_csv_with(const accel_csv_options *options);

/*
 * The same as a pair: `test` from another file or from a holdout. The
 * normalisation is fitted on the training part alone.
 *
 * @ctx: may be NULL.
 */
#define accel_dataset_csv(ctx, ...)                                            \
	accel_dataset_csv_with(ctx, &(accel_csv_options){ .path = __VA_ARGS__ })
ACCEL_API accel_dataset *
accel_dataset_csv_with(accel_context *ctx, const accel_csv_options *options);

/*
 * The fitted way from a table's row to a model's input, and from the model's
 * output back. It travels inside the model file as JSON.
 */

/* Applies it to another file: its columns are found by name, in any order.
 * Without the label column y is none. ERR_INVALID: a column is missing (named),
 * or a class the training did not know. */
ACCEL_API accel_samples *accel_preprocess_csv(const accel_preprocess *p,
					      const char *path);

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
 * order; NaN is missing. Allocates nothing. ERR_INVALID: a column is text. */
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

/* JSON text; free() it. Numbers survive the way there and back exactly. */
ACCEL_API char *accel_preprocess_to_json(const accel_preprocess *p);
/* ERR_FORMAT: not what the call above writes. */
ACCEL_API accel_preprocess *accel_preprocess_from_json(const char *text);
ACCEL_API void accel_preprocess_destroy(accel_preprocess *p);

/* ---- data for machines that have none ---- */

/*
 * Digits as if by hand: strokes of ten shapes, bent, slanted, scaled and
 * shifted at random, of random pen and grey, with noise. u8 [N, 28, 28] and ten
 * classes, as MNIST; both parts from @seed, without a sample in common.
 *
 * @ctx: may be NULL. ERR_RANGE: @n_train below 1; @n_test may be 0.
 */
ACCEL_API accel_dataset *accel_dataset_digits(accel_context *ctx,
					      int64_t n_train, int64_t n_test,
					      uint64_t seed);

typedef struct accel_sensors_options {
	int64_t train, test; /* series; 0: 2000 and 500 */
	int64_t steps; /* minutes in a series; 0: 48 */
	double faults_train, faults_test; /* fraction with a broken sensor */
	uint64_t seed;
} accel_sensors_options;

/*
 * A room's sensors, minute by minute: f32 [N, steps, 4] temperature, humidity,
 * light and CO2, each as (value - mean) / standard deviation of the model.
 * Classes: "empty", "occupied", "airing" (a window opens), "fault" (a sensor
 * sticks, drifts, jumps or goes noisy). Train without faults for an
 * autoencoder that finds them.
 *
 * The room: heat, moisture and CO2 balances of first order with people as
 * sources (Candanedo and Feldheim 2016 measured one like it).
 *
 * accel_dataset_sensors(ctx, 48, .train = 1000)
 */
#define accel_dataset_sensors(ctx, ...)                                        \
	accel_dataset_sensors_with(                                            \
		ctx, &(accel_sensors_options){ .steps = __VA_ARGS__ })
ACCEL_API accel_dataset *
accel_dataset_sensors_with(accel_context *ctx,
			   const accel_sensors_options *options);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_DATA_H */
