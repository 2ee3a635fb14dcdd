// SPDX-License-Identifier: MIT
/*
 * (x - mean) / sqrt(var + epsilon) over attr.axes, with epsilon in attr.value;
 * layer norm and batch norm are made of it.
 */
#include <math.h>
#include <string.h>

#include "../base/error.h"
#include "rules.h"

bool ref_normalize(const struct ref_call *c)
{
	int64_t shape[ACCEL_MAX_DIMS] = { 0 }, groups, i, n;
	struct layout at, wide;
	struct layout_iter it;
	double *mean, *var, per;

	for (i = 0; i < c->out->ndim; i++)
		shape[i] = c->attr->axes & 1u << i ? 1 : c->out->shape[i];
	if (layout_init(&at, "normalize", ACCEL_F32, c->out->ndim, shape) ||
	    !layout_expand(&at, c->out->ndim, c->out->shape, &wide))
		return false;
	n = layout_count(c->out);
	groups = layout_count(&at);
	per = (double)n / (double)groups;
	mean = c->work;
	var = mean + groups;
	memset(mean, 0, (size_t)groups * 2 * sizeof(*mean));
	i = 0;
	layout_start(&it, &wide);
	do
		mean[it.at] += c->x[0][i++] / per;
	while (layout_next(&it));
	i = 0;
	layout_start(&it, &wide);
	do {
		double d = c->x[0][i++] - mean[it.at];

		var[it.at] += d * d / per;
	} while (layout_next(&it));
	i = 0;
	layout_start(&it, &wide);
	do {
		c->y[i] = (c->x[0][i] - mean[it.at]) /
			  sqrt(var[it.at] + c->attr->value);
		i++;
	} while (layout_next(&it));
	return true;
}

static accel_axes axes_of(const struct layout *l, uint32_t set)
{
	accel_axes axes = { 0 };
	int i;

	for (i = 0; i < l->ndim; i++)
		if (set & 1u << i)
			axes.axis[axes.n++] = i;
	return axes;
}

/* (g - mean(g) - y mean(g y)) / sqrt(var + epsilon) */
bool grad_normalize(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_axes axes = axes_of(&y->l, y->attr.axes);
	accel_tensor *rstd, *a, *b;

	rstd = accel_var(y->in[0], axes, true);
	rstd = accel_rsqrt(accel_add_scalar(rstd, y->attr.value));
	a = accel_mean(g, axes, true);
	b = accel_mul(y, accel_mean(accel_mul(g, y), axes, true));
	gx[0] = accel_mul(accel_sub(accel_sub(g, a), b), rstd);
	return gx[0];
}

static accel_tensor *normalize_parts(accel_tensor *x, accel_axes axes,
				     double epsilon)
{
	struct op_attr attr = { .value = epsilon };
	struct layout l;

	x = op_as_float(x);
	if (!x || !op_axes("normalize", &x->l, axes, &attr.axes) ||
	    layout_init(&l, "normalize", x->l.dtype, x->l.ndim, x->l.shape))
		return NULL;
	if (!(epsilon >= 0))
		return accel_error_null(ACCEL_ERR_RANGE,
					"normalize: epsilon %g is below 0",
					epsilon);
	return op_record1(OP_NORMALIZE, x, &l, &attr);
}

accel_tensor *accel_normalize(accel_tensor *x, accel_axes axes, double epsilon)
{
	return OP_WHOLE(op_context(x), normalize_parts(x, axes, epsilon));
}

/* y * gamma + beta along one axis; each [n] or NULL. */
static accel_tensor *affine(const char *who, accel_tensor *y, int axis,
			    accel_tensor *gamma, accel_tensor *beta)
{
	int64_t shape[ACCEL_MAX_DIMS];
	accel_tensor *p[2] = { gamma, beta };
	int i;

	for (i = 0; y && i < 2; i++) {
		accel_tensor *v;
		int d;

		if (!p[i])
			continue;
		if (p[i]->l.ndim != 1 || p[i]->l.shape[0] != y->l.shape[axis])
			return accel_error_null(ACCEL_ERR_SHAPE,
						"%s: %s of %s, x %s", who,
						i ? "beta" : "gamma",
						layout_text(&p[i]->l),
						layout_text(&y->l));
		for (d = 0; d < y->l.ndim; d++)
			shape[d] = d == axis ? y->l.shape[d] : 1;
		v = accel_reshape(p[i], y->l.ndim, shape);
		y = i ? accel_add(y, v) : accel_mul(y, v);
	}
	return y;
}

static accel_tensor *layer_norm_parts(accel_tensor *x, accel_tensor *gamma,
				      accel_tensor *beta, double epsilon)
{
	if (!x)
		return NULL;
	if (!x->l.ndim)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"layer_norm: needs a dimension");
	return affine("layer_norm", accel_normalize(x, ACCEL_AXES(-1), epsilon),
		      x->l.ndim - 1, gamma, beta);
}

accel_tensor *accel_layer_norm(accel_tensor *x, accel_tensor *gamma,
			       accel_tensor *beta, double epsilon)
{
	return OP_WHOLE(op_context(x),
			layer_norm_parts(x, gamma, beta, epsilon));
}

static accel_tensor *batch_norm_parts(accel_tensor *x, accel_tensor *gamma,
				      accel_tensor *beta, accel_tensor *mean,
				      accel_tensor *var, double epsilon)
{
	accel_tensor *y, *rstd, *shift;
	accel_axes axes = { 1, { 0 } };
	int i;

	if (!x)
		return NULL;
	if (x->l.ndim < 2)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"batch_norm: needs [N, C, ...], not %s",
					layout_text(&x->l));
	if (!mean != !var)
		return accel_error_null(ACCEL_ERR_INVALID,
					"batch_norm: mean and var go together");
	for (i = 2; i < x->l.ndim; i++)
		axes.axis[axes.n++] = i;
	if (!mean)
		return affine("batch_norm", accel_normalize(x, axes, epsilon),
			      1, gamma, beta);
	rstd = accel_rsqrt(accel_add_scalar(var, epsilon));
	shift = accel_neg(accel_mul(mean, rstd));
	y = rstd && shift ? affine("batch_norm", x, 1, rstd, shift) : NULL;
	return affine("batch_norm", y, 1, gamma, beta);
}

accel_tensor *accel_batch_norm(accel_tensor *x, accel_tensor *gamma,
			       accel_tensor *beta, accel_tensor *mean,
			       accel_tensor *var, double epsilon)
{
	return OP_WHOLE(op_context(x),
			batch_norm_parts(x, gamma, beta, mean, var, epsilon));
}
