/* SPDX-License-Identifier: MIT */
/* What accel train is told, and how a resumed run is known again. */
#ifndef TOOLS_ACCEL_TRAIN_H
#define TOOLS_ACCEL_TRAIN_H

#include "accel.h"

struct train_args {
	struct data_args data;
	const char *arch, *optimizer, *device, *out, *log, *class_weights;
	int epochs, batch, patience, threads;
	double lr, quantile;
	bool json, resume, mixed, cosine;
};

/* All that a run's weights depend on, a line "name: value" each; free() it. */
char *train_options(const struct train_args *a, const accel_samples *s);

/* Refuses to go on with a file that was trained otherwise, naming both;
 * EXIT_DONE where there is none, or it says nothing of that. */
int check_resume(accel_context *ctx, const char *path, const char *options);

/*
 * "NAME=WEIGHT,..." as a number for each class, 1 where none is given.
 *
 * @weight: receives them, to free(); NULL of no text and of "balanced".
 */
int class_weights(const char *text, const accel_samples *s, double **weight);

#endif /* TOOLS_ACCEL_TRAIN_H */
