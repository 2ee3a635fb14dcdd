// SPDX-License-Identifier: MIT
/* What an expression is: its unit, its range, and whether it makes sense. */
#include <math.h>
#include <string.h>

#include "../../libaccel/src/base/error.h"
#include "rules.h"

#define WINDOW_MAX 100000 /* values */
#define DEPTH_MAX 64 /* values, each of which needs the next: the stack */

/* ---- names ---- */

/* "a, b, c" of the values there are. */
static const char *list_names(const struct accel_control *c, char text[400])
{
	size_t len = 0;
	uint32_t i;

	strcpy(text, "nothing");
	for (i = 0; i < c->n_values && len < 320; i++)
		len += (size_t)snprintf(text + len, 400 - len, "%s%.60s",
					i ? ", " : "", c->values[i].name);
	return text;
}

/* Pressed or not, motion or none. */
static bool is_contact(const struct value *v)
{
	static const struct unit none;

	return unit_same(&v->unit, &none) && v->low == 0 && v->high == 1;
}

/* The one contact of a sensor that counts, too: presses, motions. */
static int the_contact(const struct accel_control *c, const char *sensor)
{
	int found = -1;

	for (uint32_t i = 0; i < c->n_values; i++) {
		const struct value *v = &c->values[i];

		if (v->kind != VALUE_INPUT || strcmp(v->sensor, sensor) != 0 ||
		    !is_contact(v))
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found;
}

int check_find(const struct accel_control *c, const char *name, int other[2])
{
	int found = -1;
	uint32_t i;

	other[0] = -1;
	for (i = 0; i < c->n_values; i++)
		if (!strcmp(c->values[i].name, name))
			return (int)i;
	for (i = 0; i < c->n_values; i++) {
		const struct value *v = &c->values[i];

		if (v->kind != VALUE_INPUT || (strcmp(v->quantity, name) != 0 &&
					       strcmp(v->sensor, name) != 0))
			continue;
		if (found >= 0) {
			if (!strcmp(v->sensor, name) &&
			    !strcmp(c->values[found].sensor, name) &&
			    the_contact(c, name) >= 0)
				return the_contact(c, name);
			other[0] = found;
			other[1] = (int)i;
			return -1;
		}
		found = (int)i;
	}
	return found;
}

int check_name(const struct accel_control *c, const char *name,
	       accel_control_place place)
{
	char list[400];
	int other[2], found = check_find(c, name, other);

	if (found >= 0)
		return found;
	if (other[0] >= 0)
		control_error(c, place, "\"%s\" could be %s or %s: write which",
			      name, c->values[other[0]].name,
			      c->values[other[1]].name);
	else
		control_error(c, place, "no value \"%s\"; there are %s", name,
			      list_names(c, list));
	return -1;
}

accel_status check_value(struct accel_control *c, struct value *v)
{
	accel_status status;

	if (v->kind != VALUE_DERIVED || v->mark == 2)
		return ACCEL_OK;
	if (v->mark == 1)
		return control_error(c, v->place, "\"%s\" depends on itself",
				     v->name);
	if (c->depth == DEPTH_MAX)
		return control_error(c, v->place,
				     "\"%s\" is needed through %d other "
				     "values: fewer were expected",
				     v->name, DEPTH_MAX);
	v->mark = 1;
	c->depth++;
	status = check_expr(c, v->expr);
	c->depth--;
	if (status)
		return status;
	v->mark = 2;
	v->unit = v->expr->unit;
	v->low = v->expr->low;
	v->high = v->expr->high;
	v->on_model = v->expr->on_model;
	c->order[c->n_order++] = (uint32_t)(v - c->values);
	return ACCEL_OK;
}

static accel_status check_reference(struct accel_control *c, struct expr *e)
{
	accel_status status;
	struct value *v;

	e->value = check_name(c, e->name, e->place);
	if (e->value < 0)
		return ACCEL_ERR_FORMAT;
	v = &c->values[e->value];
	v->used = true;
	status = check_value(c, v);
	e->unit = v->unit;
	e->low = v->low;
	e->high = v->high;
	e->on_model = v->on_model;
	return status;
}

accel_status check_unit(struct accel_control *c, accel_control_place place,
			const char *text, struct unit *u)
{
	const char *known[32];
	uint32_t n = 0, i;
	char near[24];

	if (unit_parse(&c->customs, text, u))
		return ACCEL_OK;
	for (i = 0; i < c->n_values && n < 32; i++)
		if (*c->values[i].unit.name)
			known[n++] = c->values[i].unit.name;
	unit_suggest(&c->customs, text, known, n, near);
	return control_error(c, place, "unknown unit \"%s\"%s%s%s", text,
			     *near ? "; did you mean " : "", near,
			     *near ? "?" : "");
}

static accel_status check_number(struct accel_control *c, struct expr *e)
{
	accel_status status = check_unit(c, e->place, e->name, &e->unit);

	if (status)
		return status;
	e->number = e->number * e->unit.scale + e->unit.offset;
	e->low = e->high = e->number;
	return ACCEL_OK;
}

/* ---- arithmetic ---- */

static accel_status mismatch(const struct accel_control *c,
			     const struct expr *e, const char *what)
{
	const struct unit *a = &e->arg[0]->unit, *b = &e->arg[1]->unit;
	bool k = !strcmp(a->name, "K") && b->point;

	return control_error(c, e->arg[1]->place, "%s %s and %s do not fit%s",
			     what, unit_text(a), unit_text(b),
			     k ? ": a difference of temperatures is in K" : "");
}

static accel_status check_sum(struct accel_control *c, struct expr *e)
{
	const struct expr *a = e->arg[0], *b = e->arg[1];
	struct unit da = unit_difference(&a->unit);
	struct unit db = unit_difference(&b->unit);
	bool minus = e->kind == EXPR_SUB;

	if (a->unit.boolean || b->unit.boolean || !unit_same(&da, &db))
		return mismatch(c, e,
				minus ? "the difference of" : "the sum of");
	if (b->unit.point && (!minus || !a->unit.point))
		return control_error(c, b->place,
				     "%s is a point on a scale: only the "
				     "difference of two has a meaning",
				     unit_text(&b->unit));
	e->unit = a->unit.point && b->unit.point ? da : a->unit;
	e->low = minus ? a->low - b->high : a->low + b->low;
	e->high = minus ? a->high - b->low : a->high + b->high;
	return ACCEL_OK;
}

/* The range of a product of any of a with any of b. */
static void product_range(struct expr *e, double b_low, double b_high)
{
	double a_low = e->arg[0]->low, a_high = e->arg[0]->high;
	double corner[4] = { a_low * b_low, a_low * b_high, a_high * b_low,
			     a_high * b_high };
	int i;

	e->low = INFINITY;
	e->high = -INFINITY;
	for (i = 0; i < 4; i++) {
		e->low = isnan(corner[i]) ? -INFINITY : fmin(e->low, corner[i]);
		e->high = isnan(corner[i]) ? INFINITY
					   : fmax(e->high, corner[i]);
		if (isnan(corner[i]))
			return;
	}
}

static accel_status check_product(struct accel_control *c, struct expr *e)
{
	const struct expr *a = e->arg[0], *b = e->arg[1];
	bool divide = e->kind == EXPR_DIV;

	if (!unit_multiply(&a->unit, &b->unit, divide ? -1 : 1, &e->unit)) {
		const struct expr *odd = a->unit.point || a->unit.boolean ? a
									  : b;

		return control_error(c, odd->place,
				     "%s cannot be multiplied or divided",
				     unit_text(&odd->unit));
	}
	if (!divide)
		product_range(e, b->low, b->high);
	else if (b->low > 0 || b->high < 0)
		product_range(e, 1 / b->high, 1 / b->low);
	else
		e->low = -INFINITY, e->high = INFINITY;
	return ACCEL_OK;
}

/* ---- yes and no ---- */

static accel_status need_truth(const struct accel_control *c,
			       const struct expr *e)
{
	static const struct unit none;
	bool number = !memcmp(e->unit.dim, none.dim, sizeof(none.dim)) &&
		      !e->unit.custom && !*e->unit.name && e->low >= 0 &&
		      e->high <= 1;

	if (e->unit.boolean || number)
		return ACCEL_OK;
	return control_error(c, e->place,
			     "this is %s, neither yes nor no: compare it with "
			     "something",
			     unit_text(&e->unit));
}

/* As yes or no, of the range. */
static double at_least(const struct expr *e)
{
	return e->unit.boolean ? e->low : e->low > 0.5;
}

static double at_most(const struct expr *e)
{
	return e->unit.boolean ? e->high : e->high > 0.5;
}

static void yes_no(struct expr *e, bool always, bool possible)
{
	e->unit = (struct unit){ .scale = 1, .boolean = true };
	e->low = always;
	e->high = possible;
}

/* Why a comparison with a constant can never hold. */
static void explain(struct accel_control *c, const struct expr *e)
{
	const struct expr *v = e->arg[0], *n = e->arg[1];
	const struct unit *u = &v->unit;

	if (*c->never || v->kind != EXPR_VALUE)
		return;
	snprintf(c->never, sizeof(c->never),
		 ": %.40s is from %.5g to %.5g%s%s, and this is %.5g",
		 c->values[v->value].name, (v->low - u->offset) / u->scale,
		 (v->high - u->offset) / u->scale, *u->name ? " " : "", u->name,
		 (n->low - u->offset) / u->scale);
}

static accel_status check_comparison(struct accel_control *c, struct expr *e)
{
	const struct expr *a = e->arg[0], *b = e->arg[1];
	bool always = false, possible = true;
	struct unit d;

	if (a->unit.boolean || b->unit.boolean)
		return control_error(c, e->place,
				     "yes and no are not compared: write "
				     "\"is on\" or \"is off\"");
	if (!unit_same(&a->unit, &b->unit))
		return mismatch(c, e, "in this comparison");
	if (e->kind == EXPR_GT || e->kind == EXPR_LE) {
		always = a->low > b->high;
		possible = a->high > b->low;
	} else if (e->kind == EXPR_LT || e->kind == EXPR_GE) {
		always = a->high < b->low;
		possible = a->low < b->high;
	} else {
		possible = a->low <= b->high && b->low <= a->high;
		always = possible && a->low == a->high && b->low == b->high &&
			 a->low == b->low;
	}
	/* the last of each pair is the other's contrary */
	if (e->kind == EXPR_LE || e->kind == EXPR_GE || e->kind == EXPR_NE)
		yes_no(e, !possible, !always);
	else
		yes_no(e, always, possible);
	if (!e->high)
		explain(c, e);
	if (!e->hysteresis)
		return ACCEL_OK;
	if (check_expr(c, e->hysteresis))
		return ACCEL_ERR_FORMAT;
	d = unit_difference(&a->unit);
	e->hysteresis->number -= e->hysteresis->unit.offset;
	e->hysteresis->unit = unit_difference(&e->hysteresis->unit);
	if (!unit_same(&d, &e->hysteresis->unit) || e->hysteresis->number < 0)
		return control_error(c, e->hysteresis->place,
				     "a hysteresis of %s was expected",
				     unit_text(&d));
	e->number = e->hysteresis->number;
	return ACCEL_OK;
}

static void check_contradiction(struct accel_control *c, struct expr *e)
{
	int value = limits_exclude(e, NULL);

	if (value < 0)
		return;
	e->high = 0;
	if (!*c->never)
		snprintf(c->never, sizeof(c->never), ": %.40s cannot be both",
			 c->values[value].name);
}

static accel_status check_logic(struct accel_control *c, struct expr *e)
{
	const struct expr *a = e->arg[0], *b = e->arg[1];
	accel_status status = need_truth(c, a);

	if (!status && b)
		status = need_truth(c, b);
	if (status)
		return status;
	if (e->kind == EXPR_NOT)
		yes_no(e, !at_most(a), !at_least(a));
	else if (e->kind == EXPR_AND)
		yes_no(e, at_least(a) && at_least(b), at_most(a) && at_most(b));
	else
		yes_no(e, at_least(a) || (b && at_least(b)),
		       at_most(a) || (b && at_most(b)));
	if (e->kind == EXPR_AND)
		check_contradiction(c, e);
	return ACCEL_OK;
}

/* ---- functions ---- */

static accel_status make_window(struct accel_control *c, struct expr *e)
{
	uint64_t n = e->ns / c->pub.every_ns + 2;

	if (!e->ns || n > WINDOW_MAX)
		return control_error(c, e->place,
				     "a window of %g s every %g s is %llu "
				     "values; 2 to %d are possible",
				     (double)e->ns * 1e-9,
				     (double)c->pub.every_ns * 1e-9,
				     (unsigned long long)n, WINDOW_MAX);
	/* edges make more of them: see remember() */
	n *= 2;
	e->window = control_keep(c, n * sizeof(*e->window));
	e->room = (uint32_t)n;
	return e->window ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

static accel_status check_extreme(struct accel_control *c, struct expr *e)
{
	const struct expr *a = e->arg[0], *b = e->arg[1];
	bool min = e->kind == EXPR_MIN;

	e->unit = a->unit;
	e->low = a->low;
	e->high = a->high;
	if (!b)
		return make_window(c, e);
	if (!unit_same(&a->unit, &b->unit))
		return mismatch(c, e,
				min ? "the minimum of" : "the maximum of");
	e->low = min ? fmin(a->low, b->low) : fmax(a->low, b->low);
	e->high = min ? fmin(a->high, b->high) : fmax(a->high, b->high);
	return ACCEL_OK;
}

static accel_status check_function(struct accel_control *c, struct expr *e)
{
	static const struct unit second = { .name = "s",
					    .scale = 1,
					    .dim = { [DIM_S] = 1 } };
	const struct expr *a = e->arg[0], *b = e->arg[1];
	struct unit u;

	if (a->unit.boolean || (b && b->unit.boolean))
		return control_error(c, a->place, "yes or no is no number");
	switch (e->kind) {
	case EXPR_ABS:
		if (a->unit.point)
			return control_error(c, a->place,
					     "%s is a point on a scale: it has "
					     "no absolute value",
					     unit_text(&a->unit));
		e->unit = a->unit;
		e->low = a->low > 0 ? a->low : a->high < 0 ? -a->high : 0;
		e->high = fmax(fabs(a->low), fabs(a->high));
		return ACCEL_OK;
	case EXPR_MEAN:
		e->unit = a->unit;
		e->low = a->low;
		e->high = a->high;
		return make_window(c, e);
	case EXPR_RATE:
		u = unit_difference(&a->unit);
		if (!unit_multiply(&u, &second, -1, &e->unit))
			return control_error(c, a->place, "no rate of %s",
					     unit_text(&a->unit));
		e->low = -INFINITY;
		e->high = INFINITY;
		return make_window(c, e);
	case EXPR_DEW_POINT:
		unit_parse(&c->customs, "°C", &e->unit);
		unit_parse(&c->customs, "", &u);
		if (!unit_same(&a->unit, &e->unit) || !unit_same(&b->unit, &u))
			return control_error(c, e->place,
					     "dew_point is of a temperature "
					     "and a humidity, not of %s and %s",
					     unit_text(&a->unit),
					     unit_text(&b->unit));
		e->low = -INFINITY;
		e->high = a->high;
		return ACCEL_OK;
	default:
		return check_extreme(c, e);
	}
}

/* ---- all of them ---- */

accel_status check_expr(struct accel_control *c, struct expr *e)
{
	accel_status status;
	int i;

	for (i = 0; i < 2; i++) {
		status = e->arg[i] ? check_expr(c, e->arg[i]) : ACCEL_OK;
		if (status)
			return status;
		e->on_model |= e->arg[i] && e->arg[i]->on_model;
	}
	if (e->kind >= EXPR_ABS)
		return check_function(c, e);
	if (e->kind >= EXPR_LT && e->kind <= EXPR_NE)
		return check_comparison(c, e);
	switch (e->kind) {
	case EXPR_NUMBER:
		return check_number(c, e);
	case EXPR_VALUE:
		return check_reference(c, e);
	case EXPR_NEGATE:
		if (e->arg[0]->unit.point || e->arg[0]->unit.boolean)
			return control_error(c, e->place,
					     "there is no minus "
					     "of %s",
					     unit_text(&e->arg[0]->unit));
		e->unit = e->arg[0]->unit;
		e->low = -e->arg[0]->high;
		e->high = -e->arg[0]->low;
		return ACCEL_OK;
	case EXPR_ADD:
	case EXPR_SUB:
		return check_sum(c, e);
	case EXPR_MUL:
	case EXPR_DIV:
		return check_product(c, e);
	case EXPR_FOR:
		yes_no(e, false, at_most(e->arg[0]));
		return need_truth(c, e->arg[0]);
	case EXPR_CONSTANT:
		yes_no(e, e->number != 0, e->number != 0);
		return ACCEL_OK;
	case EXPR_CLOCK:
	case EXPR_AT:
	case EXPR_DAYS:
	case EXPR_EVERY:
		yes_no(e, false, true);
		return ACCEL_OK;
	default:
		return check_logic(c, e);
	}
}

accel_status check_condition(struct accel_control *c, struct expr *e)
{
	accel_status status;

	*c->never = 0;
	status = check_expr(c, e);
	return status ? status : need_truth(c, e);
}
