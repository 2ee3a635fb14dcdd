// SPDX-License-Identifier: MIT
/* control.yaml: keys and values to structs. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <linux/piaccel.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/error.h"
#include "loader.h"

/* ---- sensors ---- */

static accel_status sensor_spec(struct loader *l, void *to, yaml_node_t *n)
{
	accel_control_sensor *s = to;

	return loader_keep(l, n, "a sensor like dht22:GPIO4", &s->spec);
}

static accel_status sensor_every(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_period(l, n, &((accel_control_sensor *)to)->every_ns);
}

static accel_status sensor_age(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_period(l, n, &((accel_control_sensor *)to)->max_age_ns);
}

static accel_status sensor(struct loader *l, char *name, yaml_node_t *key,
			   yaml_node_t *value)
{
	static const struct key keys[] = { { "spec", sensor_spec },
					   { "every", sensor_every },
					   { "max_age", sensor_age },
					   { NULL, NULL } };
	struct accel_control *c = l->c;
	accel_control_sensor *s;
	accel_status status;

	if (mem_grow(&c->sensors, &c->room_sensors, c->n_sensors + 1,
		     sizeof(*s)))
		return ACCEL_ERR_NOMEM;
	s = &c->sensors[c->n_sensors++];
	*s = (accel_control_sensor){ .name = name, .place = loader_place(key) };
	if (value->type == YAML_SCALAR_NODE)
		return sensor_spec(l, s, value);
	status = loader_map(l, s, value, keys, "a sensor");
	if (!status && !s->spec)
		return control_error(c, s->place, "sensor \"%s\" has no spec",
				     name);
	return status;
}

static accel_status top_sensors(struct loader *l, void *to, yaml_node_t *n)
{
	(void)to;
	return loader_entries(l, n, "sensors", sensor);
}

/* ---- derived values ---- */

static accel_status condition(struct loader *l, yaml_node_t *n,
			      const char *what, struct expr **to)
{
	const char *text = loader_text(l, n, what);

	*to = text ? parse_condition(l->c, text, loader_place(n)) : NULL;
	return *to ? ACCEL_OK : ACCEL_ERR_FORMAT;
}

static accel_status derived(struct loader *l, char *name, yaml_node_t *key,
			    yaml_node_t *value)
{
	struct value *v =
		control_value(l->c, VALUE_DERIVED, name, 0, loader_place(key));

	if (!v)
		return ACCEL_ERR_NOMEM;
	return condition(l, value, "a formula", &v->expr);
}

static accel_status top_values(struct loader *l, void *to, yaml_node_t *n)
{
	(void)to;
	return loader_entries(l, n, "values", derived);
}

/* ---- models ---- */

static accel_status model_file(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_keep(l, n, "a model file",
			   &((struct model *)to)->pub.file);
}

static accel_status model_class(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_keep(l, n, "a class",
			   &((struct model *)to)->pub.output_class);
}

static accel_status model_unit(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_keep(l, n, "a unit", &((struct model *)to)->pub.unit);
}

static accel_status model_every(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_period(l, n, &((struct model *)to)->pub.every_ns);
}

static accel_status model_age(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_period(l, n, &((struct model *)to)->pub.max_age_ns);
}

/* Columns of the model and what they are fed, or names that are both. */
static accel_status model_inputs(struct loader *l, void *to, yaml_node_t *n)
{
	struct model *m = to;
	bool map = n->type == YAML_MAPPING_NODE;
	accel_status status = ACCEL_OK;
	yaml_node_t *key, *value;
	size_t count, i, k;

	if (!map && n->type != YAML_SEQUENCE_NODE)
		return control_error(l->c, loader_place(n),
				     "inputs were expected: a list of values, "
				     "or columns with values");
	count = map ? (size_t)(n->data.mapping.pairs.top -
			       n->data.mapping.pairs.start)
		    : (size_t)(n->data.sequence.items.top -
			       n->data.sequence.items.start);
	m->columns = control_keep(l->c, count * sizeof(*m->columns));
	m->inputs = control_keep(l->c, count * sizeof(*m->inputs));
	m->x = control_keep(l->c, count * sizeof(*m->x));
	if (!m->columns || !m->inputs || !m->x)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < count && !status; i++) {
		key = loader_node(l, map ? n->data.mapping.pairs.start[i].key
					 : n->data.sequence.items.start[i]);
		value = map ? loader_node(l,
					  n->data.mapping.pairs.start[i].value)
			    : key;
		status = loader_keep(l, key, "a column", &m->columns[i]);
		for (k = 0; k < i && !status; k++)
			if (!strcmp(m->columns[k], m->columns[i]))
				status = control_error(
					l->c, loader_place(key),
					"\"%.40s\" is there twice",
					m->columns[i]);
		if (!status)
			status = condition(l, value, "a value", &m->inputs[i]);
	}
	m->pub.n_inputs = (int)count;
	m->pub.columns = (const char *const *)m->columns;
	return status;
}

static accel_status model(struct loader *l, char *name, yaml_node_t *key,
			  yaml_node_t *value)
{
	static const struct key keys[] = { { "file", model_file },
					   { "class", model_class },
					   { "unit", model_unit },
					   { "inputs", model_inputs },
					   { "every", model_every },
					   { "max_age", model_age },
					   { NULL, NULL } };
	struct accel_control *c = l->c;
	accel_status status;
	struct value *v;
	struct model *m;

	if (mem_grow(&c->models, &c->room_models, c->n_models + 1, sizeof(*m)))
		return ACCEL_ERR_NOMEM;
	m = &c->models[c->n_models];
	*m = (struct model){ .pub = { .name = name,
				      .place = loader_place(key) } };
	v = control_value(c, VALUE_MODEL, name, (int)c->n_models++,
			  loader_place(key));
	if (!v)
		return ACCEL_ERR_NOMEM;
	status = loader_map(l, m, value, keys, "a model");
	if (!status && (!m->pub.file || !m->pub.n_inputs))
		return control_error(c, m->pub.place, "model \"%s\" has no %s",
				     name, m->pub.file ? "inputs" : "file");
	return status;
}

static accel_status top_models(struct loader *l, void *to, yaml_node_t *n)
{
	(void)to;
	return loader_entries(l, n, "models", model);
}

/* ---- outputs ---- */

static accel_status output_line(struct loader *l, void *to, yaml_node_t *n)
{
	struct output *o = to;
	struct accel_control *c = l->c;
	accel_status status;
	uint32_t i;

	status = loader_keep(l, n, "a line like GPIO23", &o->pub.line);
	for (i = 0; i < c->n_outputs && !status; i++)
		if (&c->outputs[i] != o &&
		    !strcasecmp(c->outputs[i].pub.line, o->pub.line))
			return control_error(c, loader_place(n),
					     "%s is the line of \"%s\" already",
					     o->pub.line,
					     c->outputs[i].pub.name);
	return status;
}

static accel_status output_safe(struct loader *l, void *to, yaml_node_t *n)
{
	struct output *o = to;
	accel_status status = loader_choice(l, n, "on", "off", &o->pub.safe);

	o->value = 1; /* it was said */
	return status;
}

static accel_status output_rest(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_choice(l, n, "on", "off",
			     &((struct output *)to)->pub.rest);
}

static accel_status output_active(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_choice(l, n, "low", "high",
			     &((struct output *)to)->pub.active_low);
}

static accel_status output_deadline(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_period(l, n, &((struct output *)to)->pub.deadline_ns);
}

static accel_status output_min_on(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_time(l, n, &((struct output *)to)->pub.min_on_ns);
}

static accel_status output_min_off(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_time(l, n, &((struct output *)to)->pub.min_off_ns);
}

static accel_status output(struct loader *l, char *name, yaml_node_t *key,
			   yaml_node_t *value)
{
	static const struct key keys[] = {
		{ "line", output_line },         { "safe", output_safe },
		{ "rest", output_rest },         { "active", output_active },
		{ "deadline", output_deadline }, { "min_on", output_min_on },
		{ "min_off", output_min_off },   { NULL, NULL }
	};
	struct accel_control *c = l->c;
	accel_status status;
	struct output *o;

	if (mem_grow(&c->outputs, &c->room_outputs, c->n_outputs + 1,
		     sizeof(*o)))
		return ACCEL_ERR_NOMEM;
	o = &c->outputs[c->n_outputs];
	*o = (struct output){
		.pub = { .name = name, .place = loader_place(key), .line = "" }
	};
	c->n_outputs++;
	if (!control_value(c, VALUE_OUTPUT, name, (int)c->n_outputs - 1,
			   loader_place(key)))
		return ACCEL_ERR_NOMEM;
	status = loader_map(l, o, value, keys, "an output");
	if (status)
		return status;
	if (!*o->pub.line)
		return control_error(c, o->pub.place,
				     "output \"%s\" has no line", name);
	if (!o->value)
		return control_error(c, o->pub.place,
				     "output \"%s\" does not say what is safe: "
				     "on or off",
				     name);
	return ACCEL_OK;
}

static accel_status top_outputs(struct loader *l, void *to, yaml_node_t *n)
{
	(void)to;
	return loader_entries(l, n, "outputs", output);
}

/* ---- rules ---- */

static accel_status rule_name(struct loader *l, void *to, yaml_node_t *n)
{
	return loader_keep(l, n, "a name", &((struct rule *)to)->pub.name);
}

static accel_status rule_when(struct loader *l, void *to, yaml_node_t *n)
{
	struct rule *r = to;
	accel_status status = condition(l, n, "a condition", &r->when);

	r->pub.place = loader_place(n);
	return status ? status : loader_keep(l, n, "a condition", &r->pub.when);
}

static accel_status rule_until(struct loader *l, void *to, yaml_node_t *n)
{
	return condition(l, n, "a condition", &((struct rule *)to)->until);
}

/* One text of actions, or a list of them. */
static accel_status rule_then(struct loader *l, void *to, yaml_node_t *n)
{
	yaml_node_item_t *i;
	accel_status status = ACCEL_OK;
	const char *text;

	if (n->type == YAML_SEQUENCE_NODE) {
		for (i = n->data.sequence.items.start;
		     i < n->data.sequence.items.top && !status; i++) {
			yaml_node_t *item = loader_node(l, *i);

			text = loader_text(l, item, "an action like fan on");
			status = text ? parse_actions(l->c, to, text,
						      loader_place(item))
				      : ACCEL_ERR_FORMAT;
		}
		return status;
	}
	text = loader_text(l, n, "an action like fan on");
	return text ? parse_actions(l->c, to, text, loader_place(n))
		    : ACCEL_ERR_FORMAT;
}

static accel_status rule(struct loader *l, yaml_node_t *n)
{
	static const struct key keys[] = { { "name", rule_name },
					   { "when", rule_when },
					   { "until", rule_until },
					   { "then", rule_then },
					   { NULL, NULL } };
	struct accel_control *c = l->c;
	accel_status status;
	struct rule *r;
	char number[24];

	if (mem_grow(&c->rules, &c->room_rules, c->n_rules + 1, sizeof(*r)))
		return ACCEL_ERR_NOMEM;
	r = &c->rules[c->n_rules++];
	*r = (struct rule){ .pub.place = loader_place(n) };
	status = loader_map(l, r, n, keys, "a rule");
	if (status)
		return status;
	if (!r->when || !r->n_actions)
		return control_error(c, loader_place(n),
				     "this rule has no \"%s\"",
				     r->when ? "then" : "when");
	snprintf(number, sizeof(number), "rule %u", c->n_rules);
	if (!r->pub.name)
		r->pub.name = control_text(c, number, strlen(number));
	return r->pub.name ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

static accel_status top_rules(struct loader *l, void *to, yaml_node_t *n)
{
	accel_status status = ACCEL_OK;
	yaml_node_item_t *i;

	(void)to;
	if (n->type != YAML_SEQUENCE_NODE)
		return control_error(l->c, loader_place(n),
				     "a list of rules was expected: - when: "
				     "...");
	for (i = n->data.sequence.items.start;
	     i < n->data.sequence.items.top && !status; i++)
		status = rule(l, loader_node(l, *i));
	return status;
}

/* ---- the file ---- */

static accel_status top_every(struct loader *l, void *to, yaml_node_t *n)
{
	(void)to;
	return loader_period(l, n, &l->c->pub.every_ns);
}

static accel_status top_deadline(struct loader *l, void *to, yaml_node_t *n)
{
	(void)to;
	return loader_period(l, n, &l->c->deadline_ns);
}

static accel_status top_history(struct loader *l, void *to, yaml_node_t *n)
{
	(void)to;
	l->c->pub.history_place = loader_place(n);
	return loader_keep(l, n, "a file", &l->c->pub.history);
}

/* Each period it would be unknown for a while, and outputs safe. */
static accel_status too_old(const struct accel_control *c,
			    accel_control_place place, const char *name,
			    uint64_t max_age_ns, uint64_t every_ns)
{
	return control_error(c, place,
			     "\"%s\" has a max_age of %g s, and comes every "
			     "%g s only",
			     name, (double)max_age_ns * 1e-9,
			     (double)every_ns * 1e-9);
}

/* What was not said, once all is read. */
static accel_status defaults(struct accel_control *c)
{
	uint64_t ten = 10000000000ull;
	uint32_t i;

	for (i = 0; i < c->n_sensors; i++) {
		accel_control_sensor *s = &c->sensors[i];

		if (!s->every_ns)
			s->every_ns = c->pub.every_ns;
		if (!s->max_age_ns)
			s->max_age_ns = 5 * s->every_ns > ten ? 5 * s->every_ns
							      : ten;
		if (s->max_age_ns < s->every_ns)
			return too_old(c, s->place, s->name, s->max_age_ns,
				       s->every_ns);
	}
	for (i = 0; i < c->n_models; i++) {
		accel_control_model *m = &c->models[i].pub;

		if (!m->every_ns)
			m->every_ns = c->pub.every_ns;
		if (!m->max_age_ns)
			m->max_age_ns = 5 * m->every_ns > ten ? 5 * m->every_ns
							      : ten;
		if (m->max_age_ns < m->every_ns)
			return too_old(c, m->place, m->name, m->max_age_ns,
				       m->every_ns);
		if (!m->unit)
			m->unit = "";
	}
	for (i = 0; i < c->n_outputs; i++) {
		accel_control_output *o = &c->outputs[i].pub;

		if (!o->deadline_ns)
			o->deadline_ns = c->deadline_ns;
		if (!o->deadline_ns)
			return control_error(c, o->place,
					     "output \"%s\" has no deadline",
					     o->name);
		if (o->deadline_ns > PIACCEL_KEEPALIVE_MAX_NS)
			return control_error(c, o->place,
					     "output \"%s\" has a deadline of "
					     "%g s; %g s are the most",
					     o->name,
					     (double)o->deadline_ns * 1e-9,
					     PIACCEL_KEEPALIVE_MAX_NS * 1e-9);
		if (o->deadline_ns <= c->pub.every_ns)
			return control_error(
				c, o->place,
				"output \"%s\" has a deadline of %g s, and the "
				"loop feeds it every %g s only",
				o->name, (double)o->deadline_ns * 1e-9,
				(double)c->pub.every_ns * 1e-9);
	}
	return ACCEL_OK;
}

static accel_status read_root(struct loader *l)
{
	static const struct key keys[] = { { "every", top_every },
					   { "deadline", top_deadline },
					   { "history", top_history },
					   { "sensors", top_sensors },
					   { "values", top_values },
					   { "models", top_models },
					   { "outputs", top_outputs },
					   { "rules", top_rules },
					   { NULL, NULL } };
	yaml_node_t *root = yaml_document_get_root_node(&l->doc);
	accel_control_place start = { 1, 1 };
	accel_status status;

	if (!root)
		return control_error(l->c, start, "the file is empty");
	status = loader_map(l, NULL, root, keys, "sensors, outputs and rules");
	return status ? status : defaults(l->c);
}

static accel_status no_yaml(const struct accel_control *c,
			    const yaml_parser_t *parser)
{
	accel_control_place place = { (int)parser->problem_mark.line + 1,
				      (int)parser->problem_mark.column + 1 };

	return control_error(c, place, "no YAML: %s",
			     parser->problem ? parser->problem
					     : "out of memory");
}

/* What stands behind the document would be read by nobody. */
static accel_status read_end(struct loader *l, yaml_parser_t *parser)
{
	accel_status status = ACCEL_OK;
	yaml_node_t *root;

	if (!yaml_parser_load(parser, &l->doc))
		return no_yaml(l->c, parser);
	root = yaml_document_get_root_node(&l->doc);
	if (root)
		status = control_error(l->c, loader_place(root),
				       "a second document, which nobody would "
				       "read: one was expected");
	yaml_document_delete(&l->doc);
	return status;
}

accel_status control_read(struct accel_control *c, const char *text,
			  size_t size)
{
	struct loader l = { .c = c };
	yaml_parser_t parser;
	accel_status status;

	if (!yaml_parser_initialize(&parser))
		return accel_error(ACCEL_ERR_NOMEM, "out of memory for YAML");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text,
				     size);
	if (yaml_parser_load(&parser, &l.doc)) {
		status = read_root(&l);
		yaml_document_delete(&l.doc);
		if (!status)
			status = read_end(&l, &parser);
	} else {
		status = no_yaml(c, &parser);
	}
	yaml_parser_delete(&parser);
	return status;
}
