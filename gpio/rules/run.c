// SPDX-License-Identifier: MIT
/* A control at work: values in, states of outputs out. */
#include <math.h>
#include <string.h>

#include "rules.h"

void accel_control_set(accel_control *c, int input, double value,
		       uint64_t time_ns)
{
	struct value *v;

	if (input < 0 || (uint32_t)input >= c->n_values)
		return;
	v = &c->values[input];
	v->set = isfinite(value) ? value * v->unit.scale + v->unit.offset : NAN;
	v->time_ns = time_ns;
}

void accel_control_model_set(accel_control *c, uint32_t m, double value,
			     uint64_t time_ns)
{
	if (m < c->n_models)
		accel_control_set(c, c->models[m].value, value, time_ns);
}

/* What was set, unless it is too old. */
static double fresh(const struct accel_control *c, const struct value *v)
{
	bool old = c->now_ns > v->time_ns &&
		   c->now_ns - v->time_ns > v->max_age_ns;

	return old ? NAN : v->set;
}

static void derive(struct accel_control *c, bool on_model)
{
	uint32_t i;

	for (i = 0; i < c->n_order; i++) {
		struct value *v = &c->values[c->order[i]];

		if (v->on_model == on_model)
			v->now = eval(c, v->expr);
	}
}

/* The first time: outputs are as the kernel left them, safe. */
static void start(struct accel_control *c)
{
	uint32_t i;

	c->started = true;
	for (i = 0; i < c->n_outputs; i++) {
		struct output *o = &c->outputs[i];

		o->state = (accel_control_state){ .on = o->pub.safe,
						  .why = ACCEL_CONTROL_SAFE,
						  .rule = -1,
						  .since_ns = c->now_ns };
		c->values[o->value].now = o->state.on;
	}
	for (i = 0; i < c->n_rules; i++)
		c->rules[i].pub.since_ns = c->now_ns;
}

/* The state of an output changes, or what it is so for. */
static void become(struct accel_control *c, struct output *o,
		   accel_control_state s, uint64_t when_ns)
{
	bool changes = s.on != o->state.on;

	s.since_ns = changes ? when_ns : o->state.since_ns;
	s.changes = o->state.changes + changes;
	o->state = s;
	c->values[o->value].now = s.on;
}

void accel_control_output_trip(accel_control *c, uint32_t i, bool tripped,
			       uint64_t time_ns)
{
	if (i >= c->n_outputs)
		return;
	c->outputs[i].tripped = tripped;
	c->outputs[i].trip_ns = time_ns;
}

/* Those that tripped are safe, before any rule is asked. */
static void trip(struct accel_control *c)
{
	for (uint32_t i = 0; i < c->n_outputs; i++) {
		struct output *o = &c->outputs[i];
		accel_control_state s = { .on = o->pub.safe,
					  .why = ACCEL_CONTROL_TRIPPED,
					  .rule = -1 };

		if (o->tripped)
			become(c, o, s,
			       o->trip_ns < c->now_ns ? o->trip_ns : c->now_ns);
	}
}

void accel_control_update(accel_control *c, uint64_t now_ns, int64_t wall_s)
{
	uint32_t i;
	int k;

	c->now_ns = now_ns;
	clock_set(c, wall_s);
	if (!c->started)
		start(c);
	trip(c);
	for (i = 0; i < c->n_values && c->values[i].kind == VALUE_INPUT; i++)
		c->values[i].now = fresh(c, &c->values[i]);
	derive(c, false);
	for (i = 0; i < c->n_models; i++) {
		struct model *m = &c->models[i];

		for (k = 0; k < m->pub.n_inputs; k++) {
			const struct unit *u = &m->inputs[k]->unit;

			m->x[k] = (eval(c, m->inputs[k]) - u->offset) /
				  (u->boolean ? 1 : u->scale);
		}
	}
}

void accel_control_model_inputs(const accel_control *c, uint32_t m, double *x)
{
	if (m < c->n_models)
		memcpy(x, c->models[m].x,
		       (size_t)c->models[m].pub.n_inputs * sizeof(*x));
}

/* ---- rules ---- */

static double yes(double v)
{
	return isnan(v) ? NAN : v > 0.5;
}

/* Does it hold: 1, 0, NAN? `until` keeps it once it has begun. */
static double holds(struct accel_control *c, struct rule *r)
{
	double when = yes(eval(c, r->when)), until;

	if (!r->until)
		return when;
	until = yes(eval(c, r->until));
	if (!r->latched) {
		r->latched = when == 1 && until == 0;
		return isnan(when) ? NAN : when == 1 ? 1 - until : 0;
	}
	r->latched = until != 1;
	return 1 - until;
}

static void judge(struct accel_control *c, struct rule *r)
{
	accel_control_truth truth;
	double v;
	uint32_t i;

	c->waiting = false;
	v = holds(c, r);
	truth = isnan(v)     ? ACCEL_CONTROL_UNKNOWN
		: v == 1     ? ACCEL_CONTROL_YES
		: c->waiting ? ACCEL_CONTROL_WAIT
			     : ACCEL_CONTROL_NO;
	if (truth != r->pub.truth)
		r->pub.since_ns = c->now_ns;
	r->pub.truth = truth;
	for (i = 0; truth == ACCEL_CONTROL_YES && i < r->n_actions; i++)
		r->actions[i].last_ns = c->now_ns;
}

/* Is an action wanted, now or for some time after its rule held? */
static bool wanted(const struct accel_control *c, const struct rule *r,
		   const struct action *a)
{
	if (r->pub.truth == ACCEL_CONTROL_YES)
		return true;
	return a->for_ns && a->last_ns != UINT64_MAX &&
	       c->now_ns - a->last_ns < a->for_ns;
}

/* What the rules want of an output, the first that has a say. */
static accel_control_state desire(const struct accel_control *c, uint32_t o)
{
	accel_control_state s = { .on = c->outputs[o].pub.rest,
				  .why = ACCEL_CONTROL_REST,
				  .rule = -1 };
	uint32_t i, k;

	for (i = 0; i < c->n_rules; i++) {
		const struct rule *r = &c->rules[i];

		for (k = 0; k < r->n_actions; k++) {
			const struct action *a = &r->actions[k];
			bool unknown = r->pub.truth == ACCEL_CONTROL_UNKNOWN;

			if (a->output != (int)o ||
			    (!unknown && !wanted(c, r, a)))
				continue;
			s.rule = (int)i;
			s.why = unknown ? ACCEL_CONTROL_SAFE
					: ACCEL_CONTROL_RULE;
			s.on = unknown ? c->outputs[o].pub.safe : a->on;
			return s;
		}
	}
	return s;
}

/* Safety does not wait; everything else keeps the minimum times. */
static void drive(struct accel_control *c, uint32_t i)
{
	accel_control_state s = desire(c, i);
	struct output *o = &c->outputs[i];
	uint64_t least = o->state.on ? o->pub.min_on_ns : o->pub.min_off_ns;

	if (o->tripped)
		return;
	if (s.on != o->state.on && s.why != ACCEL_CONTROL_SAFE &&
	    c->now_ns - o->state.since_ns < least) {
		s.on = o->state.on;
		s.why = ACCEL_CONTROL_MIN_TIME;
	}
	become(c, o, s, c->now_ns);
}

void accel_control_decide(accel_control *c)
{
	uint32_t i;

	for (i = 0; i < c->n_models; i++) {
		struct value *v = &c->values[c->models[i].value];

		v->now = fresh(c, v);
	}
	derive(c, true);
	for (i = 0; i < c->n_rules; i++)
		judge(c, &c->rules[i]);
	for (i = 0; i < c->n_outputs; i++)
		drive(c, i);
}

const accel_control_state *accel_control_output_state(const accel_control *c,
						      uint32_t i)
{
	return i < c->n_outputs ? &c->outputs[i].state : NULL;
}

bool accel_control_value_get(const accel_control *c, uint32_t i,
			     accel_control_value *value)
{
	const struct value *v = i < c->n_values ? &c->values[i] : NULL;
	const struct unit *u = v ? &v->unit : NULL;

	if (!v)
		return false;
	*value = (accel_control_value){
		.name = v->name,
		.unit = u->name,
		.value = (v->now - u->offset) / u->scale,
		.min = (v->low - u->offset) / u->scale,
		.max = (v->high - u->offset) / u->scale,
	};
	return true;
}
