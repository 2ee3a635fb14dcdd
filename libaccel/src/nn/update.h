/* SPDX-License-Identifier: MIT */
/* The update of one parameter by an optimizer, as ops. */
#ifndef ACCEL_NN_UPDATE_H
#define ACCEL_NN_UPDATE_H

#include "optimizer.h"

/* What the parameters of one step share. */
struct update {
	const struct accel_optimizer *o;
	accel_tensor *rate; /* f32, shape []: numbers that change from step to
			     * step are no part of the plan */
	accel_tensor *decay; /* what of a weight stays; NULL: all */
	accel_tensor *finite;
};

/* Slots a kind of optimizer uses: 0 to 2. */
int update_slots(const struct accel_optimizer *o);

accel_status update_start(struct update *u, const struct accel_optimizer *o,
			  accel_context *ctx, double lr, accel_tensor *finite);

/* Records new[0], the parameter's next value, and new[1..], the slots'. One
 * element-wise chain. */
void update_record(const struct update *u, accel_tensor *param,
		   accel_tensor *const *slot, accel_tensor *g,
		   accel_tensor **new);

#endif /* ACCEL_NN_UPDATE_H */
