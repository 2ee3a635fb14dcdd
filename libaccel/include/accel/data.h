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

/* How a table's columns become numbers; see accel/table.h. */
typedef struct accel_preprocess accel_preprocess;

/* Row-major elements in host memory. */
typedef struct accel_array {
	accel_dtype dtype;
	int ndim; /* 0 with data NULL: there is none */
	int64_t shape[ACCEL_MAX_DIMS];
	void *data;
} accel_array;

/*
 * Inputs and what they should give. Calls of this library make them. Read it;
 * accel_samples_destroy() frees all that it points to.
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
	char *notes; /* lines on how the file was read and which rows were left
		      * out, '\n' between them; NULL: none */
	float *weight; /* [N] how much each counts, or NULL: all count 1 */
	float *persistence; /* of a forecast (.ahead): [N] the label's value
			     * when the forecast is made, as y is; or NULL */
	int n_parts; /* of accel_samples_join(); x and y are theirs then */
	struct accel_samples **parts;
} accel_samples;

/* What to learn from, and what to judge by. */
typedef struct accel_dataset {
	accel_samples *train;
	accel_samples *test; /* NULL where there is none */
} accel_dataset;

/* Free everything, once nothing reads it any more: samples that were joined and
 * a fit under way keep theirs. A second call does nothing; NULL is allowed. A
 * dataset's samples are the dataset's. */
ACCEL_API void accel_samples_destroy(accel_samples *s);
ACCEL_API void accel_dataset_destroy(accel_dataset *d);

/* ---- samples from memory ---- */

typedef struct accel_samples_options {
	const void *x; /* [N, ...], copied; NULL: y alone, to be joined */
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
	const float *weight; /* [N], copied: how much each counts in the loss,
			      * at least 0; NULL: all count 1 */
} accel_samples_options;

/*
 * Samples from arrays: accel_samples_create(x, ACCEL_F32, 2, shape, .y = ...).
 *
 * ERR_SHAPE: no sample, or y has another count. ERR_DTYPE. ERR_RANGE: a label
 * below 0 or at or above n_classes, a weight below 0 or none (the text names
 * the sample).
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
 * Copies the samples of @n of the classes and numbers these anew, 0 to n - 1 in
 * the order of @classes, names with them: what a new head of n outputs learns.
 * ERR_RANGE: no such class, one twice, or no sample of any. ERR_DTYPE: y is no
 * class.
 */
ACCEL_API accel_samples *
accel_samples_select_classes(const accel_samples *s, int n, const int *classes);

/*
 * Samples for a model of several inputs or outputs: the x of parts[i] is the
 * next input where there is one, its y the next target. Keeps references to the
 * parts, which stay the caller's to destroy, before or after. Select and split
 * do so with every part; parts are not joined twice.
 *
 * ERR_SHAPE: the parts have not as many samples each. ERR_INVALID: one is gone.
 */
ACCEL_API accel_samples *accel_samples_join(int n, accel_samples *const *parts);

/* The parts that hold the inputs and the targets, by number; of samples that
 * are not joined, these themselves. NULL: there is none of that number. */
ACCEL_API const accel_samples *accel_samples_input(const accel_samples *s,
						   int i);
ACCEL_API const accel_samples *accel_samples_target(const accel_samples *s,
						    int i);

/*
 * Cuts samples in two copies: the first holds `1 - fraction` of them.
 *
 * @shuffle: draw them by @seed (Philox; the same on every machine), of each
 *   class the same share; otherwise the second part is the end, as is right for
 *   a series.
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
 * numpy's .npy, versions 1 to 3 (Python 2's, too): x of f2, f4, f8, any integer (u1 are shades,
 * times 1/255) or bool (0 and 1), y of integers or bool (classes) or floats
 * (targets). Both byte orders; row-major or column-major.
 *
 * @y: NULL: none. Classes are [N] or [N, 1], targets [N] or [N, K].
 *
 * ERR_IO, ERR_FORMAT, ERR_SHAPE; ERR_DTYPE: complex, strings, objects.
 */
ACCEL_API accel_samples *accel_samples_npy(const char *x, const char *y);

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

#include <accel/table.h>

#endif /* ACCEL_DATA_H */
