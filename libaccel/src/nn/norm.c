// SPDX-License-Identifier: MIT
/* Batch and layer normalisation. */
#include "../base/error.h"
#include "layer.h"

#define EPSILON 1e-3 /* Keras's */
#define MOMENTUM 0.99

static double epsilon(const struct accel_layer *l)
{
	return l->o.epsilon > 0 ? l->o.epsilon : EPSILON;
}

/* gamma and beta of n numbers. */
static void affine(struct accel_layer *l, int64_t n)
{
	layer_weight(l, "gamma", ACCEL_INIT_ONES, true, ACCEL_SHAPE(n));
	layer_weight(l, "beta", ACCEL_INIT_ZEROS, true, ACCEL_SHAPE(n));
}

/*
 * ---- batch: channels are the first dimension of images, else the last ----
 */

static accel_status batch_build(struct accel_layer *l, uint32_t n,
				const struct shape *in, struct shape *out)
{
	int64_t c;

	(void)n;
	if (!in->ndim)
		return layer_misfit(l, "[..., F]", in);
	*out = *in;
	c = in->dim[in->ndim == 3 ? 0 : in->ndim - 1];
	affine(l, c);
	layer_weight(l, "moving_mean", ACCEL_INIT_ZEROS, false, ACCEL_SHAPE(c));
	layer_weight(l, "moving_variance", ACCEL_INIT_ONES, false,
		     ACCEL_SHAPE(c));
	return ACCEL_OK;
}

/* average = average * momentum + now * (1 - momentum) */
static accel_status follow(const struct accel_layer *l, int i,
			   accel_tensor *now)
{
	double m = l->o.momentum > 0 ? l->o.momentum : MOMENTUM;
	accel_tensor *average = l->w[i].t;

	now = accel_add(accel_mul_scalar(average, m),
			accel_mul_scalar(now, 1 - m));
	return accel_assign(average, now);
}

static accel_tensor *batch_call(const struct layer_call *c)
{
	accel_tensor *x = c->x[0], *y;
	int nd = accel_tensor_ndim(x), i;
	accel_axes axes = { 1, { 0 } };
	bool last = nd == 3 || nd > 4; /* channels: [N, T, F] */

	if (last)
		x = accel_transpose(x, 1, nd - 1);
	for (i = 2; i < nd; i++)
		axes.axis[axes.n++] = i;
	/* as in Keras, one that is not trained keeps to what it knows */
	if (c->training && !c->l->o.untrained) {
		y = accel_batch_norm(x, c->w[0], c->w[1], NULL, NULL,
				     epsilon(c->l));
		if (!y || follow(c->l, 2, accel_mean(x, axes, false)) ||
		    follow(c->l, 3, accel_var(x, axes, false)))
			return NULL;
	} else {
		y = accel_batch_norm(x, c->w[0], c->w[1], c->w[2], c->w[3],
				     epsilon(c->l));
	}
	return last ? accel_transpose(y, 1, nd - 1) : y;
}

const struct layer_desc layer_batch_norm = {
	"batch_normalization",
	1,
	NULL,
	batch_build,
	batch_call,
	"",
	"",
	LAYER_F32,
};

/* ---- layer: over the last dimension ---- */

static accel_status layer_build(struct accel_layer *l, uint32_t n,
				const struct shape *in, struct shape *out)
{
	(void)n;
	if (!in->ndim)
		return layer_misfit(l, "[..., F]", in);
	*out = *in;
	affine(l, in->dim[in->ndim - 1]);
	return ACCEL_OK;
}

static accel_tensor *layer_norm_call(const struct layer_call *c)
{
	return accel_layer_norm(c->x[0], c->w[0], c->w[1], epsilon(c->l));
}

const struct layer_desc layer_layer_norm = {
	"layer_normalization", 1,  NULL, layer_build,
	layer_norm_call,       "", "",   LAYER_F32,
};
