/* SPDX-License-Identifier: MIT */
/* A thread that prepares the next batches. */
#ifndef ACCEL_NN_FEEDER_H
#define ACCEL_NN_FEEDER_H

#include "weighting.h"

/*
 * Batches of samples, prepared by a thread one after another while the device
 * works on those before.
 */
struct feeder;

struct feed {
	int64_t n; /* samples; fewer at an epoch's end */
	float *x[ACCEL_MAX_INPUTS]; /* f32, of each input */
	void *y[ACCEL_MAX_OUTPUTS]; /* of each target, as the samples have it;
				     * NULL: not wanted */
	float *w[ACCEL_MAX_OUTPUTS]; /* [n] of each output, where there are
				      * weights */
};

/* Samples [begin, begin + count), joined or not. @targets: y, too. @w: the
 * caller's, for as long as the feeder; NULL: no weights. */
struct feeder *feeder_create(const accel_samples *s, int64_t begin,
			     int64_t count, int64_t batch, bool targets,
			     const struct weighting *w);
void feeder_destroy(struct feeder *f);
int64_t feeder_batches(const struct feeder *f); /* of an epoch */

/* Begins an epoch in file order, or shuffled by (seed, epoch). What was left
 * of the one before is dropped. Allocates nothing. */
void feeder_start(struct feeder *f, bool shuffle, uint64_t seed,
		  uint64_t epoch);
/* The next batch; it is the caller's until the next call. At most
 * feeder_batches() calls an epoch. ERR_RANGE: NaN, infinity, or a label outside
 * [0, n_classes) in it. */
accel_status feeder_next(struct feeder *f, struct feed *out);

#endif /* ACCEL_NN_FEEDER_H */
