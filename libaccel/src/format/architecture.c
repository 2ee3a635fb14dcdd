// SPDX-License-Identifier: MIT
/* Layers and how they hang together, as JSON. */
#include <math.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../nn/layer.h"
#include "model_file.h"

#define MAX_LAYERS 10000

bool json_get_int(const json_t *j, const char *key, int64_t low, int64_t high,
		  int64_t otherwise, int64_t *out)
{
	const json_t *v = json_object_get(j, key);

	*out = v ? json_integer_value(v) : otherwise;
	return !v || (json_is_integer(v) && *out >= low && *out <= high);
}

bool json_get_number(const json_t *j, const char *key, double otherwise,
		     double *out)
{
	const json_t *v = json_object_get(j, key);

	if (!v || json_is_null(v)) {
		*out = otherwise;
		return true;
	}
	*out = json_number_value(v);
	return json_is_number(v);
}

/* ---- out ---- */

static json_t *shape_to_json(int n, const int *shape)
{
	json_t *a = json_array();
	int i;

	for (i = 0; i < n; i++)
		json_array_append_new(a, json_integer(shape[i]));
	return a;
}

/* The option's value, or NULL where it is the default. */
static json_t *field_to_json(const struct layer_field *f,
			     const accel_layer_options *o)
{
	const char *at = (const char *)o + f->offset;

	switch (f->type) {
	case FIELD_INT:
		return *(const int *)at ? json_integer(*(const int *)at) : NULL;
	case FIELD_BOOL:
		return *(const bool *)at ? json_true() : NULL;
	case FIELD_DOUBLE:
		return fabs(*(const double *)at) > 0
			       ? json_real(*(const double *)at)
			       : NULL;
	case FIELD_SHAPE:
		return o->ndim ? shape_to_json(o->ndim, o->shape) : NULL;
	case FIELD_CHOICE:
		return *(const int *)at
			       ? json_string(f->choices[*(const int *)at])
			       : NULL;
	}
	return NULL;
}

/* The first node of its layer. */
static const struct accel_node *first_of(const accel_model *m,
					 const struct accel_node *node)
{
	uint32_t i;

	for (i = m->n_in; m->node[i]->layer != node->layer; i++)
		;
	return m->node[i];
}

static json_t *layer_to_json(const accel_model *m,
			     const struct accel_node *node)
{
	const struct accel_layer *l = node->layer;
	const struct accel_node *first = first_of(m, node);
	json_t *j = json_object(), *in = json_array(), *v;
	const struct layer_field *f;
	uint32_t i;

	for (i = 0; i < node->n_in; i++)
		json_array_append_new(in, json_integer(node->in[i]->index));
	json_object_set_new(j, "in", in);
	if (first != node) {
		json_object_set_new(j, "shared", json_integer(first->index));
		return j;
	}
	json_object_set_new(j, "kind", json_string(l->desc->name));
	json_object_set_new(j, "name",
			    json_string(model_layer_of(m, node)->name));
	for (f = layer_fields; f->name; f++) {
		v = field_to_json(f, &l->o);
		if (v)
			json_object_set_new(j, f->name, v);
	}
	return j;
}

static json_t *input_to_json(const struct shape *s)
{
	json_t *in = json_array();
	int i;

	for (i = 0; i < s->ndim; i++)
		json_array_append_new(in, json_integer(s->dim[i]));
	return in;
}

json_t *architecture_to_json(const accel_model *m)
{
	json_t *j = json_object(), *list = json_array();
	json_t *in = json_array(), *out = json_array();
	uint32_t i;

	model_number(m);
	for (i = m->n_in; i < m->n_nodes; i++)
		json_array_append_new(list, layer_to_json(m, m->node[i]));
	json_object_set_new(j, "layers", list);
	for (i = 0; i < m->n_in; i++)
		json_array_append_new(in, input_to_json(&m->node[i]->out));
	for (i = 0; i < m->n_out; i++)
		json_array_append_new(out, json_integer(m->output[i]->index));
	/* as ever where there is one */
	json_object_set(j, m->n_in > 1 ? "inputs" : "input",
			m->n_in > 1 ? in : json_array_get(in, 0));
	json_object_set(j, m->n_out > 1 ? "outputs" : "output",
			m->n_out > 1 ? out : json_array_get(out, 0));
	json_decref(in);
	json_decref(out);
	return j;
}

/* ---- in ---- */

static bool shape_from_json(const json_t *v, accel_layer_options *o)
{
	size_t i, n = json_array_size(v);

	if (!json_is_array(v) || n > ACCEL_MAX_DIMS)
		return false;
	for (i = 0; i < n; i++) {
		const json_t *e = json_array_get(v, i);
		json_int_t k = json_integer_value(e);

		if (!json_is_integer(e) || k < 1 || k > INT32_MAX)
			return false;
		o->shape[i] = (int)k;
	}
	o->ndim = (int)n;
	return true;
}

static bool field_from_json(const struct layer_field *f, const json_t *v,
			    accel_layer_options *o)
{
	char *at = (char *)o + f->offset;
	json_int_t k;
	int choice;

	switch (f->type) {
	case FIELD_INT:
		k = json_integer_value(v);
		*(int *)at = (int)k;
		return json_is_integer(v) && k >= 0 && k <= INT32_MAX;
	case FIELD_BOOL:
		*(bool *)at = json_is_true(v);
		return json_is_boolean(v);
	case FIELD_DOUBLE:
		*(double *)at = json_number_value(v);
		return json_is_number(v);
	case FIELD_SHAPE:
		return shape_from_json(v, o);
	case FIELD_CHOICE:
		choice = json_is_string(v) ? layer_choice(f->choices,
							  json_string_value(v))
					   : -1;
		*(int *)at = choice;
		return choice >= 0;
	}
	return false;
}

static accel_layer *layer_from_json(const json_t *j)
{
	const char *kind = json_string_value(json_object_get(j, "kind"));
	const char *name = json_string_value(json_object_get(j, "name"));
	accel_layer_options o = { 0 };
	const struct layer_field *f;
	int k = kind ? layer_kind(kind) : -1;

	if (k < 0 || !name || !*name || strlen(name) > LAYER_NAME)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: no layer '%s'",
					kind ? kind : "?");
	for (f = layer_fields; f->name; f++) {
		const json_t *v = json_object_get(j, f->name);

		if (v && !field_from_json(f, v, &o))
			return accel_error_null(ACCEL_ERR_FORMAT,
						"architecture: '%s' of layer "
						"%s is wrong",
						f->name, name);
	}
	o.name = name;
	return accel_layer_create((accel_layer_kind)k, &o);
}

/* What a text is read into. */
struct reading {
	accel_context *ctx;
	uint32_t n_in, n; /* inputs, and nodes so far */
	accel_node **node;
};

static accel_layer *shared_layer(const struct reading *r, const json_t *at)
{
	json_int_t k = json_integer_value(at);

	if (!json_is_integer(at) || k < r->n_in || k >= r->n)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: layer %u shares node "
					"%lld, which is no layer before it",
					r->n - r->n_in, (long long)k);
	return r->node[k]->layer;
}

/* The next node: its layer applied to nodes before it. */
static accel_node *node_from_json(const struct reading *r, const json_t *j)
{
	const json_t *in = json_object_get(j, "in");
	const json_t *shared = json_object_get(j, "shared");
	size_t n = json_array_size(in), k;
	accel_node *from[MERGE_MAX];
	accel_layer *l;
	bool fine = n >= 1 && n <= MERGE_MAX;

	for (k = 0; k < n && fine; k++) {
		const json_t *e = json_array_get(in, k);
		json_int_t at = json_integer_value(e);

		fine = json_is_integer(e) && at >= 0 && at < r->n;
		from[k] = fine ? r->node[at] : NULL;
	}
	if (!fine)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: inputs of layer %u",
					r->n - r->n_in);
	l = shared ? shared_layer(r, shared) : layer_from_json(j);
	return l ? accel_apply_to(l, (int)n, from) : NULL;
}

static accel_node *input_from_json(accel_context *ctx, const json_t *in)
{
	size_t i, n = json_array_size(in);
	int64_t shape[ACCEL_MAX_DIMS];

	if (!json_is_array(in) || n >= ACCEL_MAX_DIMS)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: no input shape");
	for (i = 0; i < n; i++)
		shape[i] = json_integer_value(json_array_get(in, i));
	return accel_input(ctx, (int)n, shape);
}

/* A list by one name, or a single element by another; NULL: neither. */
static const json_t *element(const json_t *j, const char *list, const char *one,
			     size_t i)
{
	const json_t *all = json_object_get(j, list);

	if (all)
		return json_array_get(all, i);
	return i ? NULL : json_object_get(j, one);
}

static accel_status read_nodes(struct reading *r, const json_t *j)
{
	const json_t *layers = json_object_get(j, "layers");
	size_t i, n = json_array_size(layers);

	for (; r->n < r->n_in; r->n++) {
		r->node[r->n] = input_from_json(r->ctx, element(j, "inputs",
								"input", r->n));
		if (!r->node[r->n])
			return ACCEL_ERR_FORMAT;
	}
	for (i = 0; i < n; i++, r->n++) {
		r->node[r->n] = node_from_json(r, json_array_get(layers, i));
		if (!r->node[r->n])
			return ACCEL_ERR_FORMAT;
	}
	return ACCEL_OK;
}

static accel_model *read_model(struct reading *r, const json_t *j)
{
	accel_node *out[ACCEL_MAX_OUTPUTS];
	const json_t *e;
	accel_model *m;
	uint32_t n = 0, i;

	if (read_nodes(r, j))
		return NULL;
	for (; (e = element(j, "outputs", "output", n)); n++) {
		json_int_t at = json_integer_value(e);

		if (n == ACCEL_MAX_OUTPUTS || !json_is_integer(e) ||
		    at < r->n_in || at >= r->n)
			return accel_error_null(ACCEL_ERR_FORMAT,
						"architecture: output %u", n);
		out[n] = r->node[at];
	}
	if (!n && !json_object_get(j, "outputs")) /* the last layer's */
		out[n++] = r->node[r->n - 1];
	m = model_from_nodes(r->n_in, r->node, n, out);
	/* names are free to change where models are put together */
	for (i = 0; m && i < m->n_layers; i++)
		m->layer[i].l->named = false;
	return m;
}

/* Nodes of a text that made no model belong to nobody. */
static void drop_nodes(const struct reading *r)
{
	uint32_t i;

	for (i = 0; i < r->n; i++) {
		if (!object_live(r->node[i], OBJECT_NODE))
			continue;
		network_get(r->node[i]->net);
		network_put(r->node[i]->net);
	}
}

accel_model *architecture_from_json(accel_context *ctx, const json_t *j)
{
	const json_t *inputs = json_object_get(j, "inputs");
	size_t n = json_array_size(json_object_get(j, "layers"));
	size_t n_in = inputs ? json_array_size(inputs) : 1;
	struct reading r = { .ctx = ctx, .n_in = (uint32_t)n_in };
	accel_model *m;

	if (!json_is_object(j) || !n || n > MAX_LAYERS || !n_in ||
	    n_in > ACCEL_MAX_INPUTS)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: %zu layers, %zu inputs",
					n, n_in);
	r.node = mem_zalloc((n + n_in) * sizeof(accel_node *));
	if (!r.node)
		return NULL;
	m = read_model(&r, j);
	if (!m)
		drop_nodes(&r);
	mem_free(r.node);
	return m;
}
