/* SPDX-License-Identifier: MIT */
/* How the files of this folder make samples. */
#ifndef ACCEL_DATA_SAMPLES_H
#define ACCEL_DATA_SAMPLES_H

#include <accel/data.h>

/* Allocates `a` of these sizes, contents undefined. ERR_SHAPE: a size below 1,
 * too many dimensions, or too large. */
accel_status array_make(accel_array *a, accel_dtype dtype, int ndim,
			const int64_t *shape);
/* Elements of one sample: the product of all sizes but the first. */
int64_t array_row(const accel_array *a);

/* Samples without x and y yet; count is 0. */
accel_samples *samples_make(const char *name);

/*
 * Makes i32 y classes of n (0: one more than the largest). ERR_RANGE: a label
 * that is none of them, by its sample.
 */
accel_status samples_set_classes(accel_samples *s, int n);

/* Takes a copy of N weights. ERR_RANGE: one below 0 or none, by its sample. */
accel_status samples_set_weights(accel_samples *s, const float *weight);

/* A dataset without samples. */
accel_dataset *dataset_make(void);

/* accel_samples_select() of joined samples. */
accel_samples *samples_select_parts(const accel_samples *s,
				    const int64_t *index, int64_t n);

/* A copy of n texts as one block for mem_free(). */
char **names_copy(int n, char *const *names);

/*
 * Draws `fraction` of n samples, the same share of each class (NULL: of all).
 * @second: [n] 1 for what was drawn. Returns how many; -1: ERR_NOMEM.
 */
int64_t split_draw(const int32_t *class, int64_t n, double fraction,
		   uint64_t seed, uint8_t *second);

/* Another owner of the same; accel_preprocess_destroy() ends each. */
accel_preprocess *preprocess_get(accel_preprocess *p);

#endif /* ACCEL_DATA_SAMPLES_H */
