/* SPDX-License-Identifier: MIT */
/* An optimizer: its options, and what it keeps for each weight. */
#ifndef ACCEL_NN_OPTIMIZER_H
#define ACCEL_NN_OPTIMIZER_H

#include <accel/optimizer.h>

#define SLOTS 3 /* of a parameter: two momenta, and a sum of gradients */

struct accel_optimizer {
	accel_optimizer_kind kind;
	accel_optimizer_options o; /* defaults filled in */
	int64_t step; /* done */
	int micro; /* batches gathered towards the next one */
	int n; /* parameters; 0: not yet known */
	accel_context *ctx; /* theirs, held */
	accel_tensor **slot; /* [n][SLOTS], owned; NULL where not needed; then
			      * n gradients of the step being recorded */
};

/* Did this thread's last accel_optimizer_create() fail? Asked once. */
bool optimizer_failed(void);

/* Makes the slots for these parameters, or checks that they are for them. */
accel_status optimizer_bind(struct accel_optimizer *o, int n,
			    accel_tensor *const *params);

/*
 * As accel_optimizer_apply(); where @finite (u8, shape []) is 0 nothing
 * changes. NULL: always. The caller takes the step back then.
 */
accel_status optimizer_apply(struct accel_optimizer *o, int n,
			     accel_tensor *const *params,
			     accel_tensor *const *grads, accel_tensor *finite);

/* The rate of the last step that was made; before one, of the first. */
double optimizer_last_rate(const struct accel_optimizer *o);

/* "m", "v", "acc"; static. */
const char *optimizer_slot_name(int i);

const char *optimizer_kind_name(accel_optimizer_kind kind);
/* By name; -1: none. */
int optimizer_kind(const char *name);

#endif /* ACCEL_NN_OPTIMIZER_H */
