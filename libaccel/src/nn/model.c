// SPDX-License-Identifier: MIT
/* Models: which nodes one is made of, and its life. */
#include "model.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../tensor/node.h"
#include "optimizer.h"

/* ---- its nodes ---- */

static accel_status check_nodes(uint32_t n, accel_node *const *node,
				bool inputs)
{
	const char *who = inputs ? "model, its inputs" : "model, its outputs";
	uint32_t i, j;

	if (!n || !node)
		return accel_error(ACCEL_ERR_INVALID, "%s: there are none",
				   who);
	for (i = 0; i < n; i++) {
		accel_status err = object_check(node[i], OBJECT_NODE, who);

		if (err)
			return err;
		if (node[i]->net->ctx != node[0]->net->ctx)
			return accel_error(ACCEL_ERR_INVALID,
					   "%s: nodes of two contexts", who);
		if (inputs == !node[i]->layer)
			continue;
		return accel_error(ACCEL_ERR_INVALID,
				   inputs ? "%s: node %u is no accel_input()"
					  : "%s: no layer leads to node %u",
				   who, i);
	}
	for (i = 0; inputs && i < n; i++)
		for (j = 0; j < i; j++)
			if (node[i] == node[j])
				return accel_error(ACCEL_ERR_INVALID,
						   "%s: one is there twice",
						   who);
	return ACCEL_OK;
}

static accel_status join_all(struct network *net, uint32_t n,
			     accel_node *const *node)
{
	accel_status err = ACCEL_OK;
	uint32_t i;

	for (i = 0; i < n && !err; i++)
		err = network_join(net, node[i]->net);
	return err;
}

/* Marks what the outputs depend on. Returns how many of them have layers. */
static uint32_t mark(struct network *net, uint32_t n_out,
		     accel_node *const *out)
{
	uint32_t i, j, n = 0;

	for (i = 0; i < net->n; i++)
		net->node[i]->used = false;
	for (i = 0; i < n_out; i++)
		out[i]->used = true;
	for (i = net->n; i--;) {
		struct accel_node *node = net->node[i];

		for (j = 0; node->used && j < node->n_in; j++)
			node->in[j]->used = true;
		n += node->used && node->layer;
	}
	return n;
}

/* Every input leads to an output, and no other does. */
static accel_status check_inputs(const struct network *net, uint32_t n,
				 accel_node *const *in)
{
	uint32_t i, j;

	for (i = 0; i < n; i++)
		if (!in[i]->used)
			return accel_error(ACCEL_ERR_INVALID,
					   "model: input %u leads to no output",
					   i);
	for (i = 0; i < net->n; i++) {
		if (!net->node[i]->used || net->node[i]->layer)
			continue;
		for (j = 0; j < n && in[j] != net->node[i]; j++)
			;
		if (j == n)
			return accel_error(ACCEL_ERR_INVALID,
					   "model: an output belongs to "
					   "another input, which is not one of "
					   "the %u given",
					   n);
	}
	return ACCEL_OK;
}

static accel_status add_layer(struct accel_model *m, uint32_t *cap,
			      struct accel_node *node)
{
	uint32_t i;

	/* shared ones are found by the node that had them before */
	for (i = 0; i < m->n_layers; i++)
		if (m->layer[i].l == node->layer)
			return ACCEL_OK;
	if (mem_grow(&m->layer, cap, m->n_layers + 1, sizeof(*m->layer)))
		return ACCEL_ERR_NOMEM;
	m->layer[m->n_layers++] = (struct model_layer){ .l = node->layer };
	return ACCEL_OK;
}

/* A model over nodes that hang together and were marked. */
static accel_status take_nodes(struct accel_model *m, uint32_t n_layers,
			       accel_node *const *in, accel_node *const *out)
{
	const struct network *net = in[0]->net;
	accel_status err = ACCEL_OK;
	uint32_t i, cap = 0;

	m->node = mem_alloc((m->n_in + n_layers) * sizeof(accel_node *));
	m->output = mem_alloc(m->n_out * sizeof(accel_node *));
	if (!m->node || !m->output)
		return ACCEL_ERR_NOMEM;
	memcpy(m->output, out, m->n_out * sizeof(accel_node *));
	memcpy(m->node, in, m->n_in * sizeof(accel_node *));
	m->n_nodes = m->n_in;
	for (i = 0; i < net->n && !err; i++) {
		if (!net->node[i]->used || !net->node[i]->layer)
			continue;
		m->node[m->n_nodes++] = net->node[i];
		err = add_layer(m, &cap, net->node[i]);
	}
	return err ? err : model_name_layers(m);
}

/* ---- its life ---- */

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

static void model_free(void *p)
{
	struct accel_model *m = p;

	forget_data(m);
	json_decref(m->notes);
	object_put(m->o.optimizer);
	if (m->counted)
		network_put(m->node[0]->net);
	mem_free((void *)m->o.outputs);
	mem_free(m->node);
	mem_free(m->output);
	mem_free(m->layer);
	mem_free(m->epoch);
	mem_free(m->best_weights);
	context_drop(m->ctx);
	mem_free(m);
}

void accel_model_destroy(accel_model *m)
{
	object_drop_handle(m, OBJECT_MODEL);
}

static struct accel_model *model_new(accel_context *ctx, uint32_t n_in,
				     uint32_t n_out)
{
	struct accel_model *m = mem_zalloc(sizeof(*m));

	if (m && object_add(m, OBJECT_MODEL, model_free)) {
		mem_free(m);
		return NULL;
	}
	if (!m)
		return NULL;
	context_hold(ctx);
	m->ctx = ctx;
	m->best = -1;
	m->scale = 32768;
	m->n_in = n_in;
	m->n_out = n_out;
	return m;
}

/* Without shapes. */
static struct accel_model *model_over(uint32_t n_in, accel_node *const *in,
				      uint32_t n_out, accel_node *const *out)
{
	struct network *net;
	struct accel_model *m;
	uint32_t n_layers;

	if (check_nodes(n_in, in, true) || check_nodes(n_out, out, false))
		return NULL;
	if (n_in > ACCEL_MAX_INPUTS || n_out > ACCEL_MAX_OUTPUTS)
		return accel_error_null(ACCEL_ERR_RANGE,
					"model: %u inputs and %u outputs, the "
					"limits are %d and %d",
					n_in, n_out, ACCEL_MAX_INPUTS,
					ACCEL_MAX_OUTPUTS);
	net = in[0]->net;
	if (out[0]->net->ctx != net->ctx)
		return accel_error_null(ACCEL_ERR_INVALID,
					"model: inputs and outputs of two "
					"contexts");
	if (join_all(net, n_in, in) || join_all(net, n_out, out))
		return NULL;
	n_layers = mark(net, n_out, out);
	if (check_inputs(net, n_in, in))
		return NULL;
	m = model_new(net->ctx, n_in, n_out);
	if (!m)
		return NULL;
	if (!take_nodes(m, n_layers, in, out)) {
		m->counted = true;
		network_get(net);
		return m;
	}
	accel_model_destroy(m);
	return NULL;
}

/* Ends a model that could not be; its nodes are for another try. */
static void model_refuse(struct accel_model *m)
{
	m->node[0]->net->models--;
	m->counted = false;
	accel_model_destroy(m);
}

accel_model *model_from_nodes(uint32_t n_in, accel_node *const *in,
			      uint32_t n_out, accel_node *const *out)
{
	struct accel_model *m = model_over(n_in, in, n_out, out);
	struct shape shape[ACCEL_MAX_INPUTS];
	uint32_t i;

	if (!m)
		return NULL;
	for (i = 0; i < n_in; i++)
		shape[i] = in[i]->out;
	if (!model_shape(m, shape))
		return m;
	model_refuse(m);
	return NULL;
}

accel_model *accel_model_create_with(int n_in, accel_node *const *in, int n_out,
				     accel_node *const *out)
{
	struct accel_model *m;

	m = model_from_nodes(n_in > 0 ? (uint32_t)n_in : 0, in,
			     n_out > 0 ? (uint32_t)n_out : 0, out);
	if (!m || !model_weights_create(m))
		return m;
	model_refuse(m);
	return NULL;
}

accel_model *accel_model_create(accel_node *input, accel_node *output)
{
	return accel_model_create_with(1, &input, 1, &output);
}

/* ---- one layer after the other ---- */

static accel_node *chain(accel_node *x, int n, accel_layer *const *layers)
{
	int i;

	for (i = 0; i < n && x; i++)
		x = accel_apply(layers[i], x);
	for (; i < n; i++)
		accel_layer_destroy(layers[i]);
	return x;
}

accel_model *accel_sequential_with(accel_context *ctx, int n,
				   accel_layer *const *layers)
{
	accel_node *in = NULL, *out;
	accel_model *m = NULL;
	int i;

	if (!object_check(ctx, OBJECT_CONTEXT, "sequential") &&
	    !context_check(ctx))
		in = network_input(ctx);
	if (in && (n < 1 || !layers)) {
		accel_error(ACCEL_ERR_INVALID, "sequential: no layer");
		n = 0;
	}
	for (i = 0; i < n && in; i++)
		if (object_check(layers[i], OBJECT_LAYER, "sequential"))
			break;
	if (i < n) { /* none is used then */
		chain(NULL, n, layers);
		n = 0;
	}
	out = n > 0 ? chain(in, n, layers) : NULL;
	if (out)
		m = model_over(1, &in, 1, &out);
	if (in && !m) { /* nobody else knows its nodes */
		network_get(in->net);
		network_put(in->net);
	}
	return m;
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
	if (s->n_parts) /* a joined one says what its first part says */
		s = s->parts[0];
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
