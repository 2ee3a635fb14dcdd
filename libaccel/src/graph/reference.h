/* SPDX-License-Identifier: MIT */
/* A graph evaluated in double precision: what backends are compared with. */
#ifndef ACCEL_GRAPH_REFERENCE_H
#define ACCEL_GRAPH_REFERENCE_H

#include <accel/tensor.h>

/*
 * Evaluates a tensor's graph in double precision with the reference
 * implementation of every op: what tests compare backends with, and what
 * central differences are taken of.
 *
 * @over: @n_over tensors whose values are taken from @values instead: dense,
 *   row-major.
 * @out: dense, row-major, accel_tensor_count(t) numbers.
 *
 * Nothing is rounded to f32 or f16 between ops; integers wrap as they must.
 */
accel_status reference_eval(accel_tensor *t, int n_over,
			    accel_tensor *const *over,
			    const double *const *values, double *out);

#endif /* ACCEL_GRAPH_REFERENCE_H */
