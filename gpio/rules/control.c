// SPDX-License-Identifier: MIT
/* A control: what it is made of, and how it is checked. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/error.h"
#include "../../libaccel/src/base/file.h"
#include "rules.h"

/* ---- making and unmaking ---- */

accel_control *accel_control_parse(const char *text, size_t size,
				   const char *name)
{
	struct accel_control *c = mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->pub.path = control_text(c, name, strlen(name));
	c->pub.every_ns = 200000000;
	if (!c->pub.path || control_read(c, text, size)) {
		accel_control_destroy(c);
		return NULL;
	}
	c->pub.sensors = c->n_sensors;
	c->pub.models = c->n_models;
	c->pub.outputs = c->n_outputs;
	c->pub.rules = c->n_rules;
	return c;
}

accel_control *accel_control_load(const char *path)
{
	size_t size;
	char *text = file_load(path, &size);
	accel_control *c = text ? accel_control_parse(text, size, path) : NULL;

	mem_free(text);
	return c;
}

void accel_control_destroy(accel_control *c)
{
	uint32_t i;

	if (!c)
		return;
	for (i = 0; i < c->n_rules; i++)
		mem_free(c->rules[i].actions);
	control_release(c);
	mem_free(c->sensors);
	mem_free(c->models);
	mem_free(c->outputs);
	mem_free(c->rules);
	mem_free(c->values);
	mem_free(c);
}

const accel_control_settings *accel_control_settings_get(const accel_control *c)
{
	return &c->pub;
}

const accel_control_sensor *accel_control_sensor_get(const accel_control *c,
						     uint32_t i)
{
	return i < c->n_sensors ? &c->sensors[i] : NULL;
}

const accel_control_model *accel_control_model_get(const accel_control *c,
						   uint32_t i)
{
	return i < c->n_models ? &c->models[i].pub : NULL;
}

const accel_control_output *accel_control_output_get(const accel_control *c,
						     uint32_t i)
{
	return i < c->n_outputs ? &c->outputs[i].pub : NULL;
}

const accel_control_rule *accel_control_rule_get(const accel_control *c,
						 uint32_t i)
{
	return i < c->n_rules ? &c->rules[i].pub : NULL;
}

/* ---- inputs ---- */

/* Inputs come first: makes room for one more among them. */
static struct value *insert_input(struct accel_control *c, char *name,
				  int sensor, int *number)
{
	struct value *v = control_value(c, VALUE_INPUT, name, sensor,
					c->sensors[sensor].place);
	struct value copy;
	uint32_t i = 0;

	if (!v)
		return NULL;
	copy = *v;
	while (c->values[i].kind == VALUE_INPUT && i + 1 < c->n_values)
		i++;
	memmove(&c->values[i + 1], &c->values[i],
		(c->n_values - 1 - i) * sizeof(*v));
	c->values[i] = copy;
	*number = (int)i;
	return &c->values[i];
}

static double scaled(const struct unit *u, double v)
{
	return v * u->scale + u->offset;
}

int accel_control_declare(accel_control *c, const char *sensor,
			  const char *quantity, const char *unit, double min,
			  double max)
{
	size_t len = strlen(sensor) + strlen(quantity) + 2;
	struct value *v;
	struct unit u;
	char *name;
	uint32_t s;
	int number;

	for (s = 0; s < c->n_sensors && strcmp(c->sensors[s].name, sensor);)
		s++;
	if (s == c->n_sensors || c->compiled)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: no sensor \"%s\" to declare",
				   c->pub.path, sensor);
	if (!unit_intern(&c->customs, unit, &u))
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: \"%s\" is no unit for \"%s\"",
				   c->pub.path, unit, sensor);
	name = control_keep(c, len);
	if (!name)
		return ACCEL_ERR_NOMEM;
	snprintf(name, len, "%s.%s", sensor, quantity);
	v = insert_input(c, name, (int)s, &number);
	if (!v)
		return ACCEL_ERR_NOMEM;
	v->sensor = c->sensors[s].name;
	v->quantity = strchr(name, '.') + 1;
	v->unit = u;
	v->low = scaled(&u, min);
	v->high = scaled(&u, max);
	v->max_age_ns = c->sensors[s].max_age_ns;
	return number;
}

/* ---- the check ---- */

static accel_status check_models(struct accel_control *c)
{
	accel_status status = ACCEL_OK;
	uint32_t i;
	int k;

	for (i = 0; i < c->n_models && !status; i++) {
		struct model *m = &c->models[i];

		for (k = 0; k < m->pub.n_inputs && !status; k++) {
			status = check_expr(c, m->inputs[k]);
			if (!status && m->inputs[k]->on_model)
				status = control_error(
					c, m->inputs[k]->place,
					"a model cannot be fed by a model");
		}
	}
	return status;
}

/* What models and outputs are, before anything names them. */
static accel_status check_given(struct accel_control *c)
{
	accel_status status;
	uint32_t i;

	for (i = 0; i < c->n_values; i++) {
		struct value *v = &c->values[i];
		struct model *m = &c->models[v->index];

		if (v->kind == VALUE_OUTPUT)
			c->outputs[v->index].value = (int)i;
		if (v->kind != VALUE_MODEL)
			continue;
		m->value = (int)i;
		v->on_model = true;
		v->max_age_ns = m->pub.max_age_ns;
		if (!*m->pub.unit)
			continue;
		v->low = -INFINITY;
		v->high = INFINITY;
		status = check_unit(c, v->place, m->pub.unit, &v->unit);
		if (status)
			return status;
	}
	return ACCEL_OK;
}

static accel_status check_action(struct accel_control *c, struct action *a)
{
	int value = check_name(c, a->name, a->place);

	if (value < 0)
		return ACCEL_ERR_FORMAT;
	if (c->values[value].kind != VALUE_OUTPUT)
		return control_error(c, a->place, "\"%s\" is no output",
				     a->name);
	a->output = c->values[value].index;
	return ACCEL_OK;
}

/* Does an earlier rule that always holds keep this one from its output? */
static accel_status check_overruled(const struct accel_control *c, uint32_t r,
				    const struct action *a)
{
	uint32_t i, k;

	for (i = 0; i < r; i++) {
		const struct rule *other = &c->rules[i];

		if (!other->when->low || other->until)
			continue;
		for (k = 0; k < other->n_actions; k++)
			if (other->actions[k].output == a->output)
				return control_error(
					c, a->place,
					"this never decides: \"%s\" of line %d "
					"always does before it",
					other->pub.name, other->pub.place.line);
	}
	return ACCEL_OK;
}

static accel_status check_until(struct accel_control *c, struct rule *r)
{
	accel_status status = check_condition(c, r->until);
	const struct expr *e = r->until;
	int value;

	if (status)
		return status;
	if (!e->high)
		return control_error(c, e->place, "this rule can never end%s",
				     c->never);
	if (e->unit.boolean ? e->low : e->low > 0.5)
		return control_error(c, e->place,
				     "this rule can never fire: this always "
				     "ends it");
	value = limits_exclude(r->when, e);
	if (value >= 0)
		return control_error(c, e->place,
				     "this rule can never fire: whenever it "
				     "would, this ends it, by %s",
				     c->values[value].name);
	return ACCEL_OK;
}

/* The first has the say: a second action on the same output has none. */
static accel_status check_twice(const struct accel_control *c,
				const struct rule *r, uint32_t k)
{
	for (uint32_t i = 0; i < k; i++)
		if (r->actions[i].output == r->actions[k].output)
			return control_error(c, r->actions[k].place,
					     "this never decides: \"%s\" is "
					     "said before it",
					     r->actions[i].name);
	return ACCEL_OK;
}

static accel_status check_rule(struct accel_control *c, uint32_t i)
{
	struct rule *r = &c->rules[i];
	accel_status status = check_condition(c, r->when);
	uint32_t k;

	if (!status &&
	    !(r->when->unit.boolean ? r->when->high : r->when->high > 0.5))
		status = control_error(c, r->when->place,
				       "this rule can never fire%s", c->never);
	if (!status && r->until)
		status = check_until(c, r);
	for (k = 0; k < r->n_actions && !status; k++) {
		status = check_action(c, &r->actions[k]);
		if (!status)
			status = check_overruled(c, i, &r->actions[k]);
		if (!status)
			status = check_twice(c, r, k);
	}
	return status;
}

accel_status accel_control_compile(accel_control *c)
{
	accel_status status = check_given(c);
	uint32_t i;

	if (c->compiled)
		return accel_error(ACCEL_ERR_INVALID, "%s: compiled already",
				   c->pub.path);
	c->compiled = true; /* a second try would count units twice */
	c->order = control_keep(c, c->n_values * sizeof(*c->order));
	if (!c->order)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < c->n_values && !status; i++)
		if (c->values[i].kind == VALUE_DERIVED)
			status = check_value(c, &c->values[i]);
	if (!status)
		status = check_models(c);
	for (i = 0; i < c->n_rules && !status; i++)
		status = check_rule(c, i);
	return status;
}
