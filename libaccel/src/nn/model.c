// SPDX-License-Identifier: MIT
/* Models: nodes, weights, the forward pass. */
#include "model.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../tensor/node.h"

/* ---- making one ---- */

static struct accel_node *node_new(struct accel_model *m,
				   struct accel_layer *layer, uint32_t n,
				   struct accel_node *const *in)
{
	struct accel_node *node = mem_zalloc(sizeof(*node));
	uint32_t i;

	if (!node || mem_grow(&m->node, &m->cap_nodes, m->n_nodes + 1,
			      sizeof(struct accel_node *))) {
		mem_free(node);
		return NULL;
	}
	node->m = m;
	node->layer = layer;
	node->index = m->n_nodes;
	node->n_in = n;
	for (i = 0; i < n; i++)
		node->in[i] = in[i];
	m->node[m->n_nodes++] = node;
	return node;
}

static struct accel_model *model_new(accel_context *ctx)
{
	struct accel_model *m = mem_zalloc(sizeof(*m));

	if (!m)
		return NULL;
	m->ctx = ctx;
	context_hold(ctx);
	m->best = -1;
	m->scale = 32768;
	m->output = node_new(m, NULL, 0, NULL);
	if (m->output)
		return m;
	context_drop(ctx);
	mem_free(m);
	return NULL;
}

static struct accel_node *apply(struct accel_layer *layer, uint32_t n,
				struct accel_node *const *in)
{
	struct accel_node *node = NULL;
	uint32_t i;

	if (!layer || !in[0] || (n > 1 && !in[1])) {
		for (i = 0; i < n; i++)
			if (in[i])
				in[i]->m->failed = true;
		accel_layer_destroy(layer);
		return NULL;
	}
	if (n > 1 && in[0]->m != in[1]->m)
		accel_error(ACCEL_ERR_INVALID, "%s: nodes of two inputs",
			    layer->desc->name);
	else if (layer->desc->n_x && layer->desc->n_x != n)
		accel_error(ACCEL_ERR_INVALID, "%s: takes %u inputs, not %u",
			    layer->desc->name, layer->desc->n_x, n);
	else
		node = node_new(in[0]->m, layer, n, in);
	if (!node) {
		in[0]->m->failed = true;
		accel_layer_destroy(layer);
	}
	return node;
}

accel_node *accel_apply(accel_layer *layer, accel_node *x)
{
	return apply(layer, 1, &x);
}

accel_node *accel_merge(accel_layer *layer, accel_node *a, accel_node *b)
{
	struct accel_node *in[2] = { a, b };

	return apply(layer, 2, in);
}

/* Names where the user gave none: "dense", "dense_1"; and no name twice. */
static accel_status name_layers(struct accel_model *m)
{
	uint32_t i, j, n;

	for (i = 1; i < m->n_nodes; i++) {
		struct accel_layer *l = m->node[i]->layer;

		if (*l->name)
			continue;
		for (j = 1, n = 0; j < i; j++)
			n += m->node[j]->layer->desc == l->desc;
		if (n)
			snprintf(l->name, sizeof(l->name), "%.40s_%u",
				 l->desc->name, n);
		else
			snprintf(l->name, sizeof(l->name), "%s", l->desc->name);
	}
	for (i = 1; i < m->n_nodes; i++)
		for (j = 1; j < i; j++)
			if (!strcmp(m->node[i]->layer->name,
				    m->node[j]->layer->name))
				return accel_error(ACCEL_ERR_INVALID,
						   "two layers are named '%s'",
						   m->node[i]->layer->name);
	return ACCEL_OK;
}

/* Leaves out what the output does not depend on. */
static void prune(struct accel_model *m)
{
	uint32_t i, j, n = 1;

	m->output->used = m->node[0]->used = true;
	for (i = m->n_nodes; i--;)
		for (j = 0; m->node[i]->used && j < m->node[i]->n_in; j++)
			m->node[i]->in[j]->used = true;
	for (i = 1; i < m->n_nodes; i++) {
		struct accel_node *node = m->node[i];

		if (node->used) {
			node->index = n;
			m->node[n++] = node;
			continue;
		}
		accel_layer_destroy(node->layer);
		mem_free(node);
	}
	m->n_nodes = n;
}

accel_model *accel_sequential_with(accel_context *ctx, int n,
				   accel_layer *const *layers)
{
	struct accel_model *m = ctx ? model_new(ctx) : NULL;
	bool missing = !m;
	int i;

	for (i = 0; i < n; i++)
		missing |= !layers[i];
	if (!missing && n < 1) {
		accel_error(ACCEL_ERR_INVALID, "sequential: no layer");
		missing = true;
	}
	for (i = 0; i < n; i++) {
		struct accel_node *next = NULL;

		if (!missing)
			next = apply(layers[i], 1, &m->output);
		else
			accel_layer_destroy(layers[i]);
		missing |= !next;
		if (next)
			m->output = next;
	}
	if (!missing)
		prune(m);
	if (missing || name_layers(m)) {
		accel_model_destroy(m);
		return NULL;
	}
	return m;
}

accel_node *accel_input(accel_context *ctx, int ndim, const int64_t *shape)
{
	struct accel_model *m;
	struct layout l;
	int i;

	if (!ctx)
		return NULL;
	if (ndim < 0 || ndim >= ACCEL_MAX_DIMS)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"input: %d dimensions beside the "
					"batch, the limit is %d",
					ndim, ACCEL_MAX_DIMS - 1);
	if (layout_init(&l, "input", ACCEL_F32, ndim, shape))
		return NULL;
	m = model_new(ctx);
	if (!m)
		return NULL;
	m->output->out.ndim = ndim;
	for (i = 0; i < ndim; i++)
		m->output->out.dim[i] = shape[i];
	return m->output;
}

accel_model *model_from_nodes(accel_node *input, accel_node *output)
{
	struct accel_model *m = input ? input->m : NULL;

	if (!m)
		return NULL;
	if (input->layer || (output && output->m != m))
		accel_error(ACCEL_ERR_INVALID, "model: %s",
			    input->layer
				    ? "the first node is no accel_input()"
				    : "the output belongs to another input");
	else if (output && !m->failed) {
		struct shape in = input->out;

		m->output = output;
		prune(m);
		if (!name_layers(m) && !model_shape(m, &in))
			return m;
	}
	accel_model_destroy(m);
	return NULL;
}

accel_model *accel_model_create(accel_node *input, accel_node *output)
{
	struct accel_model *m = model_from_nodes(input, output);

	if (!m || !model_weights_create(m))
		return m;
	accel_model_destroy(m);
	return NULL;
}

static void forget_data(struct accel_model *m)
{
	int i;

	accel_preprocess_destroy(m->preprocess);
	m->preprocess = NULL;
	for (i = 0; i < m->n_classes; i++)
		mem_free(m->class_names[i]);
	mem_free(m->class_names);
	m->class_names = NULL;
	m->n_classes = 0;
}

void accel_model_destroy(accel_model *m)
{
	uint32_t i;

	if (!m)
		return;
	for (i = 0; i < m->n_nodes; i++) {
		accel_layer_destroy(m->node[i]->layer);
		mem_free(m->node[i]);
	}
	forget_data(m);
	json_decref(m->notes);
	accel_optimizer_destroy(m->o.optimizer);
	mem_free(m->node);
	mem_free(m->epoch);
	mem_free(m->best_weights);
	context_drop(m->ctx);
	mem_free(m);
}

/* ---- looking at one ---- */

accel_context *accel_model_context(const accel_model *m)
{
	return m ? m->ctx : NULL;
}

int accel_model_input(const accel_model *m, const int64_t **shape)
{
	*shape = m ? m->node[0]->out.dim : NULL;
	return m && m->built ? m->node[0]->out.ndim : 0;
}

int accel_model_output(const accel_model *m, const int64_t **shape)
{
	*shape = m ? m->output->out.dim : NULL;
	return m && m->built ? m->output->out.ndim : 0;
}

struct count {
	int64_t all, trainable;
	int tensors;
	bool trainable_only;
	accel_tensor **list;
	const char *find;
	accel_tensor *found;
};

static accel_status count_weight(void *arg, struct accel_layer *l,
				 struct weight *w)
{
	struct count *c = arg;
	size_t n = strlen(l->name);

	c->all += shape_count(&w->shape);
	if (w->trainable)
		c->trainable += shape_count(&w->shape);
	if (w->trainable || !c->trainable_only) {
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

	model_each_weight(m, count_weight, &c);
	return c.trainable;
}

int64_t accel_model_parameters(const accel_model *m)
{
	struct count c = { 0 };

	model_each_weight(m, count_weight, &c);
	return c.all;
}

int accel_model_weights(accel_model *m, bool trainable_only,
			accel_tensor **list)
{
	struct count c = { .trainable_only = trainable_only, .list = list };

	model_each_weight(m, count_weight, &c);
	return c.tensors;
}

accel_tensor *accel_model_weight(accel_model *m, const char *name)
{
	struct count c = { .find = name };

	model_each_weight(m, count_weight, &c);
	return c.found;
}

accel_history accel_model_history(const accel_model *m)
{
	if (!m)
		return (accel_history){ .best = -1 };
	return (accel_history){ .n = (int)m->n_epochs,
				.epoch = m->epoch,
				.best = m->best,
				.interrupted = m->interrupted };
}

const accel_preprocess *accel_model_preprocess(const accel_model *m)
{
	return m ? m->preprocess : NULL;
}

const accel_compile_options *accel_model_options(const accel_model *m)
{
	return m ? &m->o : NULL;
}

accel_optimizer *accel_model_optimizer(accel_model *m)
{
	return m ? m->o.optimizer : NULL;
}

const char *accel_model_class(const accel_model *m, int i)
{
	return m && i >= 0 && i < m->n_classes ? m->class_names[i] : NULL;
}

/* ---- model and data ---- */

static char *copy_text(const char *s)
{
	char *p = mem_alloc(strlen(s) + 1);

	return p ? strcpy(p, s) : NULL;
}

accel_status model_take_data(accel_model *m, const accel_samples *s)
{
	char *json;
	int i;

	forget_data(m);
	if (s->class_names) {
		m->class_names = mem_zalloc((size_t)s->n_classes *
					    sizeof(*m->class_names));
		if (!m->class_names)
			return ACCEL_ERR_NOMEM;
		m->n_classes = s->n_classes;
		for (i = 0; i < s->n_classes; i++) {
			m->class_names[i] = copy_text(s->class_names[i]);
			if (!m->class_names[i])
				return ACCEL_ERR_NOMEM;
		}
	}
	if (!s->preprocess)
		return ACCEL_OK;
	json = accel_preprocess_to_json(s->preprocess);
	m->preprocess = json ? accel_preprocess_from_json(json) : NULL;
	free(json);
	return m->preprocess ? ACCEL_OK : ACCEL_ERR_NOMEM;
}
