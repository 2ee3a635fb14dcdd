// SPDX-License-Identifier: MIT
/* What a model is made of: nodes, layers, shapes, weights, history. */
#include <string.h>

#include "../base/error.h"
#include "model.h"

accel_context *accel_model_context(const accel_model *m)
{
	return model_live(m) ? m->ctx : NULL;
}

int accel_model_inputs(const accel_model *m)
{
	return model_live(m) ? (int)m->n_in : 0;
}

int accel_model_outputs(const accel_model *m)
{
	return model_live(m) ? (int)m->n_out : 0;
}

static int shape_of(const accel_model *m, struct accel_node *const *list, int i,
		    int n, const int64_t **shape)
{
	bool there = list && i >= 0 && i < n;

	if (shape)
		*shape = there ? list[i]->out.dim : NULL;
	return there && m->built ? list[i]->out.ndim : 0;
}

int accel_model_input_at(const accel_model *m, int i, const int64_t **shape)
{
	int n = accel_model_inputs(m);

	return shape_of(m, n ? m->node : NULL, i, n, shape);
}

int accel_model_output_at(const accel_model *m, int i, const int64_t **shape)
{
	int n = accel_model_outputs(m);

	return shape_of(m, n ? m->output : NULL, i, n, shape);
}

int accel_model_input(const accel_model *m, const int64_t **shape)
{
	return accel_model_input_at(m, 0, shape);
}

int accel_model_output(const accel_model *m, const int64_t **shape)
{
	return accel_model_output_at(m, 0, shape);
}

const char *accel_model_output_name(const accel_model *m, int i)
{
	if (i < 0 || i >= accel_model_outputs(m))
		return NULL;
	return model_layer_of(m, m->output[i])->name;
}

/* ---- nodes and layers ---- */

const struct model_layer *model_layer_of(const accel_model *m,
					 const struct accel_node *node)
{
	uint32_t i;

	for (i = 0; i < m->n_layers; i++)
		if (m->layer[i].l == node->layer)
			break;
	return i < m->n_layers ? &m->layer[i] : NULL;
}

void model_number(const accel_model *m)
{
	uint32_t i;

	for (i = 0; i < m->n_nodes; i++)
		m->node[i]->index = i;
}

/* Nodes without shapes are no use to anyone else. */
static accel_status check_built(const accel_model *m, const char *who)
{
	accel_status err = object_check(m, OBJECT_MODEL, who);

	if (!err && !m->built)
		err = accel_error(ACCEL_ERR_INVALID,
				  "%s: the model is not built", who);
	return err;
}

accel_node *accel_model_input_node(accel_model *m, int i)
{
	if (check_built(m, "input_node"))
		return NULL;
	if (i < 0 || i >= (int)m->n_in)
		return accel_error_null(ACCEL_ERR_RANGE,
					"input_node: no input %d of %u", i,
					m->n_in);
	return m->node[i];
}

accel_node *accel_model_output_node(accel_model *m, int i)
{
	if (check_built(m, "output_node"))
		return NULL;
	if (i < 0 || i >= (int)m->n_out)
		return accel_error_null(ACCEL_ERR_RANGE,
					"output_node: no output %d of %u", i,
					m->n_out);
	return m->output[i];
}

static const struct model_layer *find_layer(const accel_model *m,
					    const char *name)
{
	uint32_t i;

	for (i = 0; name && i < m->n_layers; i++)
		if (!strcmp(m->layer[i].name, name))
			return &m->layer[i];
	return accel_error_null(ACCEL_ERR_INVALID,
				"the model has no layer '%s'",
				name ? name : "(NULL)");
}

accel_node *accel_model_node(accel_model *m, const char *layer)
{
	const struct model_layer *l;
	uint32_t i;

	if (check_built(m, "node"))
		return NULL;
	l = find_layer(m, layer);
	for (i = m->n_in; l && i < m->n_nodes; i++)
		if (m->node[i]->layer == l->l)
			return m->node[i];
	return NULL;
}

accel_layer *accel_model_layer(accel_model *m, const char *name)
{
	const struct model_layer *l = NULL;

	if (!object_check(m, OBJECT_MODEL, "layer"))
		l = find_layer(m, name);
	return l ? l->l : NULL;
}

int accel_model_layers(const accel_model *m)
{
	return model_live(m) ? (int)m->n_layers : 0;
}

const char *accel_model_layer_name(const accel_model *m, int i)
{
	return i >= 0 && i < accel_model_layers(m) ? m->layer[i].name : NULL;
}

accel_status accel_model_set_trainable(accel_model *m, bool trainable)
{
	accel_status err = object_check(m, OBJECT_MODEL, "set_trainable");
	uint32_t i;

	for (i = 0; !err && i < m->n_layers; i++)
		m->layer[i].l->o.untrained = !trainable;
	return err;
}

/* ---- weights ---- */

struct count {
	int64_t all, trainable;
	int tensors;
	bool trainable_only;
	accel_tensor **list;
	const char *find;
	accel_tensor *found;
};

static accel_status count_weight(void *arg, const struct model_layer *l,
				 struct weight *w)
{
	struct count *c = arg;
	size_t n = strlen(l->name);
	bool trained = weight_trained(l->l, w);

	c->all += shape_count(&w->shape);
	if (trained)
		c->trainable += shape_count(&w->shape);
	if (trained || !c->trainable_only) {
		if (c->list)
			c->list[c->tensors] = w->t;
		c->tensors++;
	}
	if (c->find && !strncmp(c->find, l->name, n) && c->find[n] == '/' &&
	    !strcmp(c->find + n + 1, w->name))
		c->found = w->t;
	return ACCEL_OK;
}

int64_t accel_model_trainable(const accel_model *m)
{
	struct count c = { 0 };

	if (model_live(m))
		model_each_weight(m, count_weight, &c);
	return c.trainable;
}

int64_t accel_model_parameters(const accel_model *m)
{
	struct count c = { 0 };

	if (model_live(m))
		model_each_weight(m, count_weight, &c);
	return c.all;
}

int accel_model_weights(accel_model *m, bool trainable_only,
			accel_tensor **list)
{
	struct count c = { .trainable_only = trainable_only, .list = list };

	if (model_live(m))
		model_each_weight(m, count_weight, &c);
	return c.tensors;
}

accel_tensor *accel_model_weight(accel_model *m, const char *name)
{
	struct count c = { .find = name };

	if (name && model_live(m))
		model_each_weight(m, count_weight, &c);
	return c.found;
}

accel_history accel_model_history(const accel_model *m)
{
	if (!model_live(m))
		return (accel_history){ .best = -1 };
	return (accel_history){ .n = (int)m->n_epochs,
				.epoch = m->epoch,
				.best = m->best,
				.interrupted = m->interrupted };
}

const accel_preprocess *accel_model_preprocess(const accel_model *m)
{
	return model_live(m) ? m->preprocess : NULL;
}

const accel_compile_options *accel_model_options(const accel_model *m)
{
	return model_live(m) ? &m->o : NULL;
}

accel_optimizer *accel_model_optimizer(accel_model *m)
{
	return model_live(m) ? m->o.optimizer : NULL;
}

const char *accel_model_class(const accel_model *m, int i)
{
	return model_live(m) && i >= 0 && i < m->n_classes ? m->class_names[i]
							   : NULL;
}
