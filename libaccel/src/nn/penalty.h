/* SPDX-License-Identifier: MIT */
/* Penalties for large weights, as a part of the loss. */
#ifndef ACCEL_NN_PENALTY_H
#define ACCEL_NN_PENALTY_H

#include "model.h"

/*
 * What the sizes of weights add to the loss: .l1 and .l2 of each layer, over
 * its kernels that are trained.
 *
 * @sum: receives a tensor of shape [], NULL where no layer has them.
 */
accel_status model_penalty(const accel_model *m, accel_tensor **sum);

#endif /* ACCEL_NN_PENALTY_H */
