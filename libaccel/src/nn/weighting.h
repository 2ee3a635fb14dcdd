/* SPDX-License-Identifier: MIT */
/* How much the loss of each sample counts. */
#ifndef ACCEL_NN_WEIGHTING_H
#define ACCEL_NN_WEIGHTING_H

#include "loss.h"
#include "model.h"

/* How much the loss of each sample counts: by the samples' own weights, and by
 * the class that they are of. */
struct weighting {
	/* of each output: what weights and classes are read from; NULL: all
	 * of its samples count 1 */
	const accel_samples *part[ACCEL_MAX_OUTPUTS];
	enum loss_target target; /* of the classes */
	float *class_weight; /* [classes], owned; NULL: every one counts 1 */
	int classes;
};

/* What the caller asks for. */
struct weighting_options {
	int n;
	const double *class_weight; /* [n] */
	bool balanced;
};

/*
 * @o: NULL: none but the samples' own. @balanced is counted over samples
 * [begin, begin + count). The model fits the samples.
 *
 * ERR_INVALID: the loss has no classes, or the model several outputs. ERR_RANGE:
 * another number of weights, or one that is none.
 */
accel_status weighting_init(struct weighting *w, const accel_model *m,
			    const accel_samples *all, int64_t begin,
			    int64_t count, const struct weighting_options *o);
void weighting_finish(struct weighting *w);

/* Of sample number @index for output @output, whose part is there. */
float weighting_of(const struct weighting *w, int output, int64_t index);

#endif /* ACCEL_NN_WEIGHTING_H */
