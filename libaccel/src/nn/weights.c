// SPDX-License-Identifier: MIT
/* A model's shapes, its weights, and the forward pass. */
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../tensor/node.h"
#include "model.h"

accel_status model_shape(accel_model *m, const struct shape *input)
{
	accel_status err = ACCEL_OK;
	uint32_t i, j;

	m->node[0]->out = *input;
	for (i = 1; i < m->n_nodes && !err; i++) {
		struct accel_node *node = m->node[i];
		struct shape in[2];
		struct layout l;
		int64_t batch[ACCEL_MAX_DIMS + 1];

		for (j = 0; j < node->n_in; j++)
			in[j] = node->in[j]->out;
		node->layer->n_weights = 0;
		err = node->layer->desc->build(node->layer, node->n_in, in,
					       &node->out);
		if (!err)
			err = layout_init(&l, node->layer->name, ACCEL_F32,
					  shape_batch(&node->out, 1, batch),
					  batch);
		for (j = 0; j < node->layer->n_weights && !err; j++)
			err = layout_init(&l, node->layer->name, ACCEL_F32,
					  node->layer->w[j].shape.ndim,
					  node->layer->w[j].shape.dim);
	}
	return err;
}

accel_status model_each_weight(const accel_model *m, weight_fn *fn, void *arg)
{
	accel_status err = ACCEL_OK;
	uint32_t i, j;

	for (i = 1; m && i < m->n_nodes; i++)
		for (j = 0; j < m->node[i]->layer->n_weights && !err; j++)
			err = fn(arg, m->node[i]->layer,
				 &m->node[i]->layer->w[j]);
	return err;
}

struct create {
	accel_context *ctx;
	uint32_t n;
};

static accel_status create_weight(void *arg, struct accel_layer *l,
				  struct weight *w)
{
	struct create *c = arg;
	int64_t n = shape_count(&w->shape);
	float *values = mem_alloc((size_t)n * sizeof(*values));
	accel_status err = ACCEL_ERR_NOMEM;

	(void)l;
	if (values)
		err = weight_values(w, c->ctx->seed, c->n++, values);
	if (!err)
		w->t = accel_keep(accel_tensor_create(c->ctx, ACCEL_F32,
						      w->shape.ndim,
						      w->shape.dim, values));
	mem_free(values);
	return err || w->t ? err : ACCEL_ERR_NOMEM;
}

accel_status model_weights_create(accel_model *m)
{
	struct create c = { m->ctx, 0 };
	accel_status err = model_each_weight(m, create_weight, &c);

	m->built = !err;
	return err;
}

accel_status accel_model_build(accel_model *m, int ndim, const int64_t *shape)
{
	struct shape in = { .ndim = ndim };
	struct layout l;
	accel_status err;
	int i;

	if (!m)
		return accel_error_of_null("build: no model");
	if (ndim < 0 || ndim >= ACCEL_MAX_DIMS)
		return accel_error(ACCEL_ERR_SHAPE, "build: %d dimensions",
				   ndim);
	for (i = 0; i < ndim; i++)
		in.dim[i] = shape[i];
	if (m->built && shape_equal(&in, &m->node[0]->out))
		return ACCEL_OK;
	if (m->built)
		return accel_error(ACCEL_ERR_SHAPE,
				   "the model's input is %s, not %s",
				   shape_print(&m->node[0]->out),
				   shape_print(&in));
	err = layout_init(&l, "build", ACCEL_F32, ndim, shape);
	if (!err)
		err = model_shape(m, &in);
	return err ? err : model_weights_create(m);
}

struct copy {
	float *to;
	const float *from;
};

static accel_status copy_weight(void *arg, struct accel_layer *l,
				struct weight *w)
{
	size_t n = (size_t)shape_count(&w->shape);
	struct copy *c = arg;
	accel_status err;

	(void)l;
	if (c->to) {
		err = accel_read(w->t, c->to, n * sizeof(float));
		c->to += n;
		return err;
	}
	err = accel_write(w->t, c->from, n * sizeof(float));
	c->from += n;
	return err;
}

accel_status model_weights_read(accel_model *m, float *to)
{
	struct copy c = { to, NULL };

	return model_each_weight(m, copy_weight, &c);
}

accel_status model_weights_write(accel_model *m, const float *from)
{
	struct copy c = { NULL, from };

	return model_each_weight(m, copy_weight, &c);
}

/* ---- the forward pass ---- */

static accel_tensor *call_node(struct accel_node *node, bool training,
			       accel_dtype dtype)
{
	struct layer_call c = { .l = node->layer,
				.n_x = node->n_in,
				.training = training };
	enum layer_type type = node->layer->desc->type;
	accel_tensor *x[2];
	uint32_t i;

	if (type == LAYER_F32)
		dtype = ACCEL_F32;
	for (i = 0; i < node->n_in; i++) {
		x[i] = node->in[i]->value;
		if (type != LAYER_ANY && accel_tensor_dtype(x[i]) != dtype)
			x[i] = accel_cast(x[i], dtype);
		if (!x[i])
			return NULL;
	}
	c.x = x;
	for (i = 0; i < node->layer->n_weights; i++) {
		c.w[i] = node->layer->w[i].t;
		if (dtype != ACCEL_F32)
			c.w[i] = accel_cast(c.w[i], dtype);
		if (!c.w[i])
			return NULL;
	}
	return node->layer->desc->call(&c);
}

accel_tensor *model_forward(accel_model *m, accel_tensor *x, bool training,
			    accel_dtype dtype)
{
	uint32_t i;

	m->node[0]->value = x; /* each layer takes it in its own type */
	for (i = 1; i < m->n_nodes; i++) {
		struct accel_node *node = m->node[i];

		node->value = call_node(node, training, dtype);
		if (!node->value)
			return NULL;
	}
	x = m->output->value;
	return accel_tensor_dtype(x) == ACCEL_F32 ? x
						  : accel_cast(x, ACCEL_F32);
}

accel_tensor *accel_model_call(accel_model *m, accel_tensor *x, bool training)
{
	if (!m || !x)
		return NULL;
	if (accel_tensor_context(x) != m->ctx)
		return accel_error_null(ACCEL_ERR_INVALID,
					"model: a tensor of another context");
	if (!accel_tensor_ndim(x) ||
	    accel_model_build(m, accel_tensor_ndim(x) - 1,
			      accel_tensor_shape(x) + 1))
		return NULL;
	return model_forward(m,
			     accel_tensor_dtype(x) == ACCEL_F32
				     ? x
				     : accel_cast(x, ACCEL_F32),
			     training, ACCEL_F32);
}
