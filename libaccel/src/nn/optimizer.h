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
	accel_context *ctx; /* of the slots, a reference; or NULL */
	int n; /* parameters; 0: not yet known */
	accel_tensor **param; /* n of them, a reference each */
	accel_tensor **slot; /* [n][SLOTS], owned; NULL where not needed; then
			      * n gradients of the step being recorded */
};

/* Did this thread's last accel_optimizer_create() fail? Asked once. */
bool optimizer_failed(void);

/* Takes the optimizer over for a model that has @mine now (or NULL): the same
 * again, the handle of one that is nobody's, a copy of the options of another
 * model's. A reference; NULL on failure. */
struct accel_optimizer *optimizer_take(struct accel_optimizer *o,
				       const struct accel_optimizer *mine);

/* Makes slots for these parameters. What was remembered of one stays with it,
 * wherever it stands in the list now; of one that is gone it is forgotten. */
accel_status optimizer_bind(struct accel_optimizer *o, int n,
			    accel_tensor *const *params);

/* Number of a parameter, or -1. */
int optimizer_place(const struct accel_optimizer *o, const accel_tensor *param);

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
