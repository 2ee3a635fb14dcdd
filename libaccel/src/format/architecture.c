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

static json_t *layer_to_json(const struct accel_node *node)
{
	const struct accel_layer *l = node->layer;
	json_t *j = json_object(), *in = json_array(), *v;
	const struct layer_field *f;
	uint32_t i;

	json_object_set_new(j, "kind", json_string(l->desc->name));
	json_object_set_new(j, "name", json_string(l->name));
	for (i = 0; i < node->n_in; i++)
		json_array_append_new(in, json_integer(node->in[i]->index));
	json_object_set_new(j, "in", in);
	for (f = layer_fields; f->name; f++) {
		v = field_to_json(f, &l->o);
		if (v)
			json_object_set_new(j, f->name, v);
	}
	return j;
}

json_t *architecture_to_json(const accel_model *m)
{
	json_t *j = json_object(), *list = json_array(), *in = json_array();
	const struct shape *s = &m->node[0]->out;
	uint32_t i;

	for (i = 0; i < (uint32_t)s->ndim; i++)
		json_array_append_new(in, json_integer(s->dim[i]));
	for (i = 1; i < m->n_nodes; i++)
		json_array_append_new(list, layer_to_json(m->node[i]));
	json_object_set_new(j, "input", in);
	json_object_set_new(j, "layers", list);
	json_object_set_new(j, "output", json_integer(m->output->index));
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

/* Node number i + 1: its layer applied to nodes before it. */
static accel_node *node_from_json(const json_t *j, size_t i, accel_node **node)
{
	const json_t *in = json_object_get(j, "in");
	size_t n = json_array_size(in), k;
	accel_node *from[2];
	accel_layer *l;

	for (k = 0; k < n && k < 2; k++) {
		const json_t *e = json_array_get(in, k);
		json_int_t at = json_integer_value(e);

		if (!json_is_integer(e) || at < 0 || (size_t)at > i)
			n = 0;
		else
			from[k] = node[at];
	}
	if (n < 1 || n > 2)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: inputs of layer %zu", i);
	l = layer_from_json(j);
	if (!l)
		return NULL;
	return n == 1 ? accel_apply(l, from[0])
		      : accel_merge(l, from[0], from[1]);
}

static accel_node *input_from_json(accel_context *ctx, const json_t *j)
{
	const json_t *in = json_object_get(j, "input");
	size_t i, n = json_array_size(in);
	int64_t shape[ACCEL_MAX_DIMS];

	if (!json_is_array(in) || n >= ACCEL_MAX_DIMS)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: no input shape");
	for (i = 0; i < n; i++)
		shape[i] = json_integer_value(json_array_get(in, i));
	return accel_input(ctx, (int)n, shape);
}

accel_model *architecture_from_json(accel_context *ctx, const json_t *j)
{
	const json_t *layers = json_object_get(j, "layers");
	size_t n = json_array_size(layers), i;
	accel_node **node, *out = NULL;
	accel_model *m = NULL;
	int64_t output;

	if (!json_is_object(j) || !n || n > MAX_LAYERS ||
	    !json_get_int(j, "output", 1, (int64_t)n, (int64_t)n, &output))
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: %zu layers", n);
	node = mem_zalloc((n + 1) * sizeof(*node));
	if (!node)
		return NULL;
	node[0] = input_from_json(ctx, j);
	for (i = 0; i < n && node[i]; i++)
		node[i + 1] =
			node_from_json(json_array_get(layers, i), i, node);
	if (i == n)
		out = node[output];
	m = model_from_nodes(node[0], out);
	mem_free(node);
	return m;
}
