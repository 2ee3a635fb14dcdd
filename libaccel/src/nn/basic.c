// SPDX-License-Identifier: MIT
/* Layers without a window: dense, embedding, shapes, activations, dropout,
 * and those that join two inputs. */
#include "../base/error.h"
#include "layer.h"

static accel_status check_units(const struct accel_layer *l)
{
	return layer_at_least(l, "units", l->o.units, 1);
}

/* ---- dense: x [..., F] W [F, units] ---- */

static accel_status dense_build(struct accel_layer *l, uint32_t n,
				const struct shape *in, struct shape *out)
{
	int64_t units = l->o.units;

	(void)n;
	if (!in->ndim)
		return layer_misfit(l, "[..., F]", in);
	*out = *in;
	out->dim[out->ndim - 1] = units;
	layer_weight(l, "kernel", l->o.kernel_init, true,
		     ACCEL_SHAPE(in->dim[in->ndim - 1], units));
	if (!l->o.no_bias)
		layer_weight(l, "bias", l->o.bias_init ?: ACCEL_INIT_ZEROS,
			     true, ACCEL_SHAPE(units));
	return ACCEL_OK;
}

static accel_tensor *dense_call(const struct layer_call *c)
{
	return layer_activation(c->l->o.activation,
				layer_project(c->x[0], c->w[0], c->w[1]));
}

const struct layer_desc layer_dense = {
	"dense",    1,   check_units, dense_build,
	dense_call, "u", "abk",       LAYER_OF_MODEL,
};

/* ---- embedding: [...] -> [..., dim] ---- */

static accel_status embedding_check(const struct accel_layer *l)
{
	accel_status err = check_units(l);

	return err ? err : layer_at_least(l, "dim", l->o.dim, 1);
}

static accel_status embedding_build(struct accel_layer *l, uint32_t n,
				    const struct shape *in, struct shape *out)
{
	(void)n;
	if (in->ndim >= ACCEL_MAX_DIMS - 1)
		return layer_misfit(l, "at most 4 dimensions", in);
	*out = *in;
	out->dim[out->ndim++] = l->o.dim;
	layer_weight(l, "embeddings", l->o.kernel_init ?: ACCEL_INIT_UNIFORM,
		     true, ACCEL_SHAPE(l->o.units, l->o.dim));
	return ACCEL_OK;
}

static accel_tensor *embedding_call(const struct layer_call *c)
{
	accel_tensor *x = c->x[0], *zero, *none;

	if (!x)
		return NULL;
	/* NaN and what is below 0 are no words; a cast would make them 0 */
	zero = accel_full(accel_tensor_context(x), accel_tensor_dtype(x),
			  ACCEL_SCALAR, 0);
	none = accel_full(accel_tensor_context(x), accel_tensor_dtype(x),
			  ACCEL_SCALAR, -1);
	x = accel_where(accel_less_equal(zero, x), x, none);
	return accel_embedding_lookup(c->w[0], accel_cast(x, ACCEL_I32));
}

const struct layer_desc layer_embedding = {
	"embedding", 1,   embedding_check, embedding_build, embedding_call,
	"ud",        "k", LAYER_F32,
};

/* ---- shapes ---- */

static accel_status flatten_build(struct accel_layer *l, uint32_t n,
				  const struct shape *in, struct shape *out)
{
	(void)l;
	(void)n;
	*out = (struct shape){ 1, { shape_count(in) } };
	return ACCEL_OK;
}

static accel_tensor *flatten_call(const struct layer_call *c)
{
	if (accel_tensor_ndim(c->x[0]) == 1) /* [N]: one number each */
		return accel_expand(c->x[0], 1);
	return accel_flatten_from(c->x[0], 1);
}

const struct layer_desc layer_flatten = {
	"flatten", 1, NULL, flatten_build, flatten_call, "", "", LAYER_ANY,
};

static accel_status unflatten_check(const struct accel_layer *l)
{
	accel_status err = ACCEL_OK;
	int i;

	if (l->o.ndim < 1 || l->o.ndim >= ACCEL_MAX_DIMS)
		return accel_error(ACCEL_ERR_RANGE,
				   "unflatten: %d sizes, not 1 to %d",
				   l->o.ndim, ACCEL_MAX_DIMS - 1);
	for (i = 0; !err && i < l->o.ndim; i++)
		err = layer_at_least(l, "a size", l->o.shape[i], 1);
	return err;
}

static accel_status unflatten_build(struct accel_layer *l, uint32_t n,
				    const struct shape *in, struct shape *out)
{
	int i;

	(void)n;
	*out = (struct shape){ l->o.ndim, { 0 } };
	for (i = 0; i < l->o.ndim; i++)
		out->dim[i] = l->o.shape[i];
	if (shape_count(in) != shape_count(out))
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: %s has %lld numbers, %s needs %lld",
				   l->name, shape_print(in),
				   (long long)shape_count(in), shape_print(out),
				   (long long)shape_count(out));
	return ACCEL_OK;
}

static accel_tensor *unflatten_call(const struct layer_call *c)
{
	int64_t shape[ACCEL_MAX_DIMS];
	int i;

	shape[0] = accel_tensor_dim(c->x[0], 0);
	for (i = 0; i < c->l->o.ndim; i++)
		shape[i + 1] = c->l->o.shape[i];
	return accel_reshape(c->x[0], c->l->o.ndim + 1, shape);
}

const struct layer_desc layer_unflatten = {
	"unflatten", 1,  unflatten_check, unflatten_build, unflatten_call,
	"S",         "", LAYER_ANY,
};

/* ---- element-wise ---- */

static accel_status same_build(struct accel_layer *l, uint32_t n,
			       const struct shape *in, struct shape *out)
{
	(void)l;
	(void)n;
	*out = *in;
	return ACCEL_OK;
}

static accel_tensor *activate_call(const struct layer_call *c)
{
	return layer_activation(c->l->o.activation, c->x[0]);
}

const struct layer_desc layer_activate = {
	"activation",  1,  NULL, same_build,
	activate_call, "", "a",  LAYER_OF_MODEL,
};

static accel_status dropout_check(const struct accel_layer *l)
{
	if (l->o.rate >= 0 && l->o.rate < 1)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_RANGE, "dropout: rate %g is not in [0, 1)",
			   l->o.rate);
}

static accel_tensor *dropout_call(const struct layer_call *c)
{
	return c->training ? accel_random_dropout(c->x[0], c->l->o.rate)
			   : c->x[0];
}

const struct layer_desc layer_dropout = {
	"dropout", 1,  dropout_check,  same_build, dropout_call,
	"r",       "", LAYER_OF_MODEL,
};

/* ---- of several inputs ---- */

static accel_status equal_build(struct accel_layer *l, uint32_t n,
				const struct shape *in, struct shape *out)
{
	uint32_t i;

	for (i = 1; i < n; i++)
		if (!shape_equal(&in[0], &in[i]))
			return accel_error(ACCEL_ERR_SHAPE,
					   "%s: inputs %s and %s differ",
					   l->name, shape_print(&in[0]),
					   shape_print(&in[i]));
	*out = in[0];
	return ACCEL_OK;
}

static accel_tensor *add_call(const struct layer_call *c)
{
	accel_tensor *y = c->x[0];
	uint32_t i;

	for (i = 1; i < c->n_x; i++)
		y = accel_add(y, c->x[i]);
	return y;
}

static accel_tensor *multiply_call(const struct layer_call *c)
{
	accel_tensor *y = c->x[0];
	uint32_t i;

	for (i = 1; i < c->n_x; i++)
		y = accel_mul(y, c->x[i]);
	return y;
}

const struct layer_desc layer_add = {
	"add", 2, NULL, equal_build, add_call, "", "", LAYER_OF_MODEL,
};
const struct layer_desc layer_multiply = {
	"multiply", 2, NULL, equal_build, multiply_call, "", "", LAYER_OF_MODEL,
};

/* Channels of [C, H, W], else the last. */
static int concat_axis(int ndim)
{
	return ndim == 3 ? 0 : ndim - 1;
}

static accel_status concatenate_build(struct accel_layer *l, uint32_t n,
				      const struct shape *in, struct shape *out)
{
	int axis = concat_axis(in->ndim), d;
	uint32_t i;

	*out = in[0];
	for (i = 1; i < n; i++) {
		bool fits = in[i].ndim == in->ndim && in->ndim;

		for (d = 0; fits && d < in->ndim; d++)
			fits = d == axis || in[i].dim[d] == in->dim[d];
		if (!fits)
			return accel_error(ACCEL_ERR_SHAPE,
					   "%s: inputs %s and %s do not join",
					   l->name, shape_print(&in[0]),
					   shape_print(&in[i]));
		out->dim[axis] += in[i].dim[axis];
	}
	return ACCEL_OK;
}

static accel_tensor *concatenate_call(const struct layer_call *c)
{
	int axis = concat_axis(accel_tensor_ndim(c->x[0]) - 1) + 1;

	return accel_concat((int)c->n_x, c->x, axis);
}

const struct layer_desc layer_concatenate = {
	"concatenate",    2,  NULL, concatenate_build,
	concatenate_call, "", "",   LAYER_OF_MODEL,
};
