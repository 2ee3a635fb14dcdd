// SPDX-License-Identifier: MIT
/* A model's shapes, its weights, and the forward pass. */
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../tensor/node.h"
#include "model.h"
#include "optimizer.h"

static accel_status shape_node(struct accel_node *node)
{
	struct accel_layer *l = node->layer;
	struct shape in[MERGE_MAX];
	int64_t batch[ACCEL_MAX_DIMS + 1];
	struct layout layout;
	accel_status err;
	uint32_t j;

	for (j = 0; j < node->n_in; j++)
		in[j] = node->in[j]->out;
	err = layer_lay_out(l, node->n_in, in, &node->out);
	if (!err)
		err = layout_init(&layout, l->name, ACCEL_F32,
				  shape_batch(&node->out, 1, batch), batch);
	for (j = 0; j < l->n_weights && !err; j++)
		err = layout_init(&layout, l->name, ACCEL_F32,
				  l->w[j].shape.ndim, l->w[j].shape.dim);
	return err;
}

accel_status model_shape(accel_model *m, const struct shape *inputs)
{
	accel_status err = ACCEL_OK;
	uint32_t i;

	for (i = 0; i < m->n_in; i++)
		m->node[i]->out = inputs[i];
	for (i = 0; i < m->n_layers; i++) {
		struct accel_layer *l = m->layer[i].l;

		if (l->ctx && l->ctx != m->ctx)
			return accel_error(ACCEL_ERR_INVALID,
					   "%s: its weights are of another "
					   "context",
					   m->layer[i].name);
		if (!layer_has_weights(l))
			l->n_weights = 0;
	}
	for (i = m->n_in; i < m->n_nodes && !err; i++)
		err = shape_node(m->node[i]);
	return err;
}

accel_status model_each_weight(const accel_model *m, weight_fn *fn, void *arg)
{
	accel_status err = ACCEL_OK;
	uint32_t i, j;

	for (i = 0; i < m->n_layers; i++)
		for (j = 0; j < m->layer[i].l->n_weights && !err; j++)
			err = fn(arg, &m->layer[i], &m->layer[i].l->w[j]);
	return err;
}

struct create {
	accel_context *ctx;
	uint32_t n;
};

static accel_status create_weight(void *arg, const struct model_layer *l,
				  struct weight *w)
{
	struct create *c = arg;
	int64_t n = shape_count(&w->shape);
	uint32_t number = c->n++;
	accel_status err = ACCEL_ERR_NOMEM;
	float *values;

	if (w->t) /* of another model */
		return ACCEL_OK;
	values = mem_alloc((size_t)n * sizeof(*values));
	if (values)
		err = weight_values(w, c->ctx->seed, number, values);
	if (!err)
		w->t = accel_keep(accel_tensor_create(c->ctx, ACCEL_F32,
						      w->shape.ndim,
						      w->shape.dim, values));
	mem_free(values);
	if (!w->t)
		return err ? err : ACCEL_ERR_NOMEM;
	w->t->lent = true;
	if (!l->l->ctx) {
		object_ref(c->ctx);
		l->l->ctx = c->ctx;
	}
	return ACCEL_OK;
}

accel_status model_weights_create(accel_model *m)
{
	struct create c = { m->ctx, 0 };
	accel_status err = model_each_weight(m, create_weight, &c);

	m->built = !err;
	return err;
}

static accel_status build_inputs(accel_model *m, const struct shape *in)
{
	bool same = true;
	uint32_t i;

	for (i = 0; i < m->n_in && m->built; i++) {
		const struct shape *have = &m->node[i]->out;

		same = shape_equal(&in[i], have);
		if (!same && m->n_in == 1)
			return accel_error(ACCEL_ERR_SHAPE,
					   "the model's input is %s, not %s",
					   shape_print(have),
					   shape_print(&in[i]));
		if (!same)
			return accel_error(ACCEL_ERR_SHAPE,
					   "the model's input %u is %s, not %s",
					   i, shape_print(have),
					   shape_print(&in[i]));
	}
	if (m->built)
		return ACCEL_OK;
	return model_shape(m, in) ?: model_weights_create(m);
}

accel_status model_build(accel_model *m, const struct shape *in)
{
	struct layout l;
	accel_status err = ACCEL_OK;
	uint32_t i;

	for (i = 0; i < m->n_in && !err; i++) {
		err = layout_init(&l, "build", ACCEL_F32, in[i].ndim,
				  in[i].dim);
		if (!err)
			err = layout_some("build", in[i].ndim, in[i].dim, 0);
	}
	return err ? err : build_inputs(m, in);
}

accel_status shape_take(struct shape *s, int ndim, const int64_t *dim)
{
	int i;

	if (ndim < 0 || ndim >= ACCEL_MAX_DIMS || (ndim && !dim))
		return accel_error(ACCEL_ERR_SHAPE, "build: %d dimensions",
				   ndim);
	*s = (struct shape){ .ndim = ndim };
	for (i = 0; i < ndim; i++)
		s->dim[i] = dim[i];
	return ACCEL_OK;
}

accel_status accel_model_build(accel_model *m, int ndim, const int64_t *shape)
{
	accel_status err = object_check(m, OBJECT_MODEL, "build");
	struct shape in;

	if (!err && m->n_in > 1)
		return accel_error(ACCEL_ERR_INVALID,
				   "build: the model has %u inputs, and their "
				   "shapes already",
				   m->n_in);
	if (!err)
		err = shape_take(&in, ndim, shape);
	return err ? err : model_build(m, &in);
}

struct copy {
	float *to;
	const float *from;
};

static accel_status copy_weight(void *arg, const struct model_layer *l,
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

accel_status optimizer_bind_model(accel_model *m)
{
	int n = accel_model_weights(m, true, NULL);
	accel_tensor **list;
	accel_status err;

	if (!n)
		return ACCEL_OK;
	list = mem_alloc((size_t)n * sizeof(*list));
	if (!list)
		return ACCEL_ERR_NOMEM;
	accel_model_weights(m, true, list);
	err = optimizer_bind(m->o.optimizer, n, list);
	mem_free(list);
	return err;
}

/* ---- the forward pass ---- */

static accel_tensor *call_node(struct accel_node *node, bool training,
			       accel_dtype dtype)
{
	struct layer_call c = { .l = node->layer,
				.n_x = node->n_in,
				.training = training };
	enum layer_type type = node->layer->desc->type;
	accel_tensor *x[MERGE_MAX];
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

accel_status model_forward(accel_model *m, accel_tensor *const *x,
			   bool training, accel_dtype dtype, accel_tensor **y)
{
	uint32_t i;

	for (i = 0; i < m->n_in; i++) /* each layer takes it in its own type */
		m->node[i]->value = x[i];
	for (i = m->n_in; i < m->n_nodes; i++) {
		struct accel_node *node = m->node[i];

		node->value = call_node(node, training, dtype);
		if (!node->value)
			return ACCEL_ERR_INVALID;
	}
	for (i = 0; i < m->n_out; i++) {
		y[i] = m->output[i]->value;
		if (accel_tensor_dtype(y[i]) != ACCEL_F32)
			y[i] = accel_cast(y[i], ACCEL_F32);
		if (!y[i])
			return ACCEL_ERR_NOMEM;
	}
	return ACCEL_OK;
}

/* Checks a batch for a call and gives it as f32. */
static accel_status take_batch(const accel_model *m, int i, accel_tensor **x,
			       int64_t *n, struct shape *shape)
{
	if (!*x)
		return accel_error_of_null("model: no input tensor");
	if (accel_tensor_context(*x) != m->ctx)
		return accel_error(ACCEL_ERR_INVALID,
				   "model: a tensor of another context");
	if (!accel_tensor_ndim(*x))
		return accel_error(ACCEL_ERR_SHAPE,
				   "model: input %d has no batch: []", i);
	if (i && accel_tensor_dim(*x, 0) != *n)
		return accel_error(ACCEL_ERR_SHAPE,
				   "model: input %d has %lld samples, those "
				   "before it %lld",
				   i, (long long)accel_tensor_dim(*x, 0),
				   (long long)*n);
	*n = accel_tensor_dim(*x, 0);
	if (shape_take(shape, accel_tensor_ndim(*x) - 1,
		       accel_tensor_shape(*x) + 1))
		return ACCEL_ERR_SHAPE;
	if (accel_tensor_dtype(*x) != ACCEL_F32)
		*x = accel_cast(*x, ACCEL_F32);
	return *x ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

accel_status accel_model_call_with(accel_model *m, int n_in,
				   accel_tensor *const *in, int n_out,
				   accel_tensor **out, bool training)
{
	accel_status err = object_check(m, OBJECT_MODEL, "model");
	struct shape shape[ACCEL_MAX_INPUTS];
	accel_tensor *x[ACCEL_MAX_INPUTS];
	int64_t n = 0;
	int i;

	if (err)
		return err;
	if (n_in != (int)m->n_in || n_out != (int)m->n_out || !in || !out)
		return accel_error(ACCEL_ERR_INVALID,
				   "model: %d inputs and %d outputs, it has %u "
				   "and %u",
				   n_in, n_out, m->n_in, m->n_out);
	for (i = 0; i < n_in && !err; i++) {
		x[i] = in[i];
		err = take_batch(m, i, &x[i], &n, &shape[i]);
	}
	if (!err)
		err = model_build(m, shape);
	return err ? err : model_forward(m, x, training, ACCEL_F32, out);
}

accel_tensor *accel_model_call(accel_model *m, accel_tensor *x, bool training)
{
	accel_tensor *y;

	return accel_model_call_with(m, 1, &x, 1, &y, training) ? NULL : y;
}
