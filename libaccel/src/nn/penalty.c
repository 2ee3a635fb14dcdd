// SPDX-License-Identifier: MIT
/* Penalties for large weights: L1 and L2. */
#include "penalty.h"

#include <string.h>

#include "../base/error.h"

static bool is_kernel(const struct weight *w)
{
	return !strcmp(w->name, "kernel") || !strcmp(w->name, "embeddings") ||
	       !strcmp(w->name, "backward_kernel");
}

static accel_status add(accel_tensor **sum, accel_tensor *each, double factor)
{
	accel_tensor *y = accel_mul_scalar(
		accel_sum(each, ACCEL_ALL_AXES, false), factor);

	*sum = *sum ? accel_add(*sum, y) : y;
	return *sum ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

static accel_status add_weight(void *arg, const struct model_layer *layer,
			       struct weight *w)
{
	const accel_layer_options *o = &layer->l->o;
	accel_status err = ACCEL_OK;

	if (!weight_trained(layer->l, w) || !is_kernel(w))
		return ACCEL_OK;
	if (o->l1 > 0)
		err = add(arg, accel_abs(w->t), o->l1);
	if (!err && o->l2 > 0)
		err = add(arg, accel_mul(w->t, w->t), o->l2);
	return err;
}

accel_status model_penalty(const accel_model *m, accel_tensor **sum)
{
	*sum = NULL;
	return model_each_weight(m, add_weight, sum);
}
