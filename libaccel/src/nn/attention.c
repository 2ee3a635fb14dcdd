// SPDX-License-Identifier: MIT
/*
 * Multi-head attention: x [T, F] asks s [S, G] (x itself where there is one
 * input), with H heads of D numbers. -> [T, F]
 */
#include <math.h>

#include "../base/error.h"
#include "layer.h"

static accel_status check(const struct accel_layer *l)
{
	accel_status err = layer_at_least(l, "units (heads)", l->o.units, 1);

	return err ? err : layer_at_least(l, "dim", l->o.dim, 1);
}

static void projection(struct accel_layer *l, const char *kernel,
		       const char *bias, int64_t in, int64_t out)
{
	layer_weight(l, kernel, l->o.kernel_init, true, ACCEL_SHAPE(in, out));
	if (!l->o.no_bias)
		layer_weight(l, bias, l->o.bias_init ?: ACCEL_INIT_ZEROS, true,
			     ACCEL_SHAPE(out));
}

static accel_status build(struct accel_layer *l, uint32_t n,
			  const struct shape *in, struct shape *out)
{
	int64_t width = (int64_t)l->o.units * l->o.dim;
	const struct shape *s = n > 1 ? &in[1] : in;

	if (in->ndim != 2)
		return layer_misfit(l, "[T, F]", in);
	if (n > 2)
		return accel_error(ACCEL_ERR_SHAPE, "%s: %u inputs, not 1 or 2",
				   l->name, n);
	if (s->ndim != 2)
		return layer_misfit(l, "[S, F]", s);
	*out = *in;
	projection(l, "query_kernel", "query_bias", in->dim[1], width);
	projection(l, "key_kernel", "key_bias", s->dim[1], width);
	projection(l, "value_kernel", "value_bias", s->dim[1], width);
	projection(l, "output_kernel", "output_bias", width, in->dim[1]);
	return ACCEL_OK;
}

/* x by projection number i of query, key, value and output. */
static accel_tensor *project(const struct layer_call *c, accel_tensor *x, int i)
{
	bool bias = !c->l->o.no_bias;

	i *= 1 + bias;
	return layer_project(x, c->w[i], bias ? c->w[i + 1] : NULL);
}

/* [N, T, F] -> [N, H, T, D] */
static accel_tensor *heads(const struct layer_call *c, accel_tensor *x, int i)
{
	accel_tensor *y = project(c, x, i);

	return accel_transpose(
		accel_reshape(y, ACCEL_SHAPE(accel_tensor_dim(x, 0),
					     accel_tensor_dim(x, 1),
					     c->l->o.units, c->l->o.dim)),
		1, 2);
}

static accel_tensor *call(const struct layer_call *c)
{
	accel_tensor *x = c->x[0], *s = c->x[c->n_x - 1];
	accel_tensor *q = heads(c, x, 0), *k = heads(c, s, 1);
	accel_tensor *v = heads(c, s, 2), *y;

	q = accel_mul_scalar(q, 1 / sqrt(c->l->o.dim));
	y = accel_matmul(q, k, .transpose_b = true); /* [N, H, T, S] */
	y = accel_matmul(accel_softmax(y, -1), v); /* [N, H, T, D] */
	y = accel_flatten_from(accel_transpose(y, 1, 2), 2); /* [N, T, HD] */
	return project(c, y, 3);
}

const struct layer_desc layer_attention = {
	"multi_head_attention", 0, check, build, call, "ud", "b",
	LAYER_OF_MODEL,
};
