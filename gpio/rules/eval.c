// SPDX-License-Identifier: MIT
/* What an expression says now. */
#include <math.h>

#include "rules.h"

static double known(double v)
{
	return isfinite(v) ? v : NAN;
}

/* 1, 0 or NAN; a bare number is yes above a half. */
static double truth(double v)
{
	return isnan(v) ? NAN : v > 0.5;
}

static double both(double a, double b)
{
	if (a == 0 || b == 0)
		return 0;
	return isnan(a) || isnan(b) ? NAN : 1;
}

static double either(double a, double b)
{
	if (a == 1 || b == 1)
		return 1;
	return isnan(a) || isnan(b) ? NAN : 0;
}

/* With hysteresis h, what holds goes on until the value is h past the limit. */
static double compare(struct expr *e, double a, double b)
{
	double h = e->on ? e->number : 0;
	bool yes = false;

	if (isnan(a) || isnan(b)) {
		e->on = false;
		return NAN;
	}
	switch (e->kind) {
	case EXPR_LT:
		yes = a < b + h;
		break;
	case EXPR_LE:
		yes = a <= b + h;
		break;
	case EXPR_GT:
		yes = a > b - h;
		break;
	case EXPR_GE:
		yes = a >= b - h;
		break;
	case EXPR_EQ:
		yes = a == b;
		break;
	default:
		yes = a != b;
	}
	e->on = yes;
	return yes;
}

static double hold(struct accel_control *c, struct expr *e, double v)
{
	if (v != 1) {
		e->on = false;
		return v;
	}
	if (!e->on)
		e->since_ns = c->now_ns;
	e->on = true;
	if (c->now_ns - e->since_ns >= e->ns)
		return 1;
	c->waiting = true;
	return 0;
}

/* ---- windows ---- */

static const struct sample *sample_at(const struct expr *e, uint32_t i)
{
	return &e->window[(e->first + i) % e->room];
}

static void drop(struct expr *e)
{
	e->first = (e->first + 1) % e->room;
	e->used--;
}

/*
 * Adds what is known now, and forgets what is too old. Updates may come more
 * often than the period, at edges: the newest value then stands for those of
 * half a period, or the window would fill up before its time.
 */
static void remember(struct accel_control *c, struct expr *e, double v)
{
	struct sample *last;

	while (e->used && c->now_ns - sample_at(e, 0)->ns > e->ns)
		drop(e);
	if (isnan(v))
		return;
	if (e->used > 1 &&
	    sample_at(e, e->used - 1)->ns - sample_at(e, e->used - 2)->ns <
		    c->pub.every_ns / 2) {
		last = &e->window[(e->first + e->used - 1) % e->room];
		if (e->kind == EXPR_MIN)
			v = fmin(v, last->value);
		if (e->kind == EXPR_MAX)
			v = fmax(v, last->value);
		*last = (struct sample){ c->now_ns, v };
		return;
	}
	if (e->used == e->room)
		drop(e);
	e->window[(e->first + e->used++) % e->room] =
		(struct sample){ c->now_ns, v };
}

static double rate(const struct expr *e)
{
	const struct sample *old = sample_at(e, 0);
	const struct sample *new = sample_at(e, e->used - 1);
	uint64_t ns = new->ns - old->ns;

	/* of half the window at least: less is noise */
	return ns && ns >= e->ns / 2
		       ? (new->value - old->value) / ((double)ns * 1e-9)
		       : NAN;
}

/* Unknown as long as the value is, whatever the window remembers. */
static double over_window(struct accel_control *c, struct expr *e, double v)
{
	double sum = 0, low = v, high = v;
	uint32_t i, at;

	remember(c, e, v);
	if (isnan(v))
		return NAN;
	if (e->kind == EXPR_RATE)
		return rate(e);
	at = e->first;
	for (i = 0; i < e->used; i++) {
		double s = e->window[at].value;

		at = at + 1 == e->room ? 0 : at + 1;
		sum += s;
		low = s < low ? s : low;
		high = s > high ? s : high;
	}
	return e->kind == EXPR_MEAN  ? sum / e->used
	       : e->kind == EXPR_MIN ? low
				     : high;
}

/* Magnus formula over water, WMO-No. 8, annex 4.B; humidity 0 to 1. */
static double dew_point(double t, double humidity)
{
	double g = log(humidity) + 17.62 * t / (243.12 + t);

	return humidity > 0 ? known(243.12 * g / (17.62 - g)) : NAN;
}

static double function(struct accel_control *c, struct expr *e, double a,
		       double b)
{
	if (e->window)
		return over_window(c, e, a);
	switch (e->kind) {
	case EXPR_ABS:
		return fabs(a);
	case EXPR_MIN:
		return isnan(a) || isnan(b) ? NAN : fmin(a, b);
	case EXPR_MAX:
		return isnan(a) || isnan(b) ? NAN : fmax(a, b);
	default:
		return dew_point(a, b);
	}
}

double eval(struct accel_control *c, struct expr *e)
{
	double a = e->arg[0] ? eval(c, e->arg[0]) : 0;
	double b = e->arg[1] ? eval(c, e->arg[1]) : 0;

	switch (e->kind) {
	case EXPR_NUMBER:
	case EXPR_CONSTANT:
		return e->number;
	case EXPR_VALUE:
		return c->values[e->value].now;
	case EXPR_NEGATE:
		return -a;
	case EXPR_ADD:
		return known(a + b);
	case EXPR_SUB:
		return known(a - b);
	case EXPR_MUL:
		return known(a * b);
	case EXPR_DIV:
		return known(a / b);
	case EXPR_AND:
		return both(truth(a), truth(b));
	case EXPR_OR: /* of one alone: "is on" */
		return either(truth(a), truth(b));
	case EXPR_NOT:
		return isnan(a) ? NAN : !truth(a);
	case EXPR_FOR:
		return hold(c, e, truth(a));
	case EXPR_CLOCK:
	case EXPR_AT:
	case EXPR_DAYS:
	case EXPR_EVERY:
		return clock_holds(c, e);
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
	case EXPR_EQ:
	case EXPR_NE:
		return compare(e, a, b);
	default:
		return function(c, e, a, b);
	}
}
