// SPDX-License-Identifier: MIT
/* Conditions that cannot hold together: "t > 30 °C and t < 20 °C". */
#include <math.h>

#include "rules.h"

#define LIMITS_MAX 8 /* values that are looked at */

/* What the conditions leave of one value. */
struct limit {
	int value;
	double low, high;
	bool above, below; /* the limit itself is out */
};

struct limits {
	int n;
	struct limit of[LIMITS_MAX];
};

static struct limit *limit_of(struct limits *l, const struct expr *value)
{
	int i = 0;

	while (i < l->n && l->of[i].value != value->value)
		i++;
	if (i == LIMITS_MAX)
		return NULL;
	if (i == l->n)
		l->of[l->n++] = (struct limit){ .value = value->value,
						.low = -INFINITY,
						.high = INFINITY };
	return &l->of[i];
}

static void at_least(struct limit *l, double low, bool above)
{
	l->above = low > l->low ? above : l->above || (low == l->low && above);
	l->low = fmax(l->low, low);
}

static void at_most(struct limit *l, double high, bool below)
{
	l->below = high < l->high ? below
				  : l->below || (high == l->high && below);
	l->high = fmin(l->high, high);
}

/* A value against a constant, on whichever side; NULL: it is something else. */
static const struct expr *against(const struct expr *e, enum expr_kind *kind,
				  double *constant)
{
	static const enum expr_kind mirror[] = { EXPR_GT, EXPR_GE, EXPR_LT,
						 EXPR_LE, EXPR_EQ };
	const struct expr *a = e->arg[0], *b = e->arg[1];

	if (e->kind < EXPR_LT || e->kind > EXPR_EQ)
		return NULL;
	*kind = e->kind;
	*constant = b->low;
	if (a->kind == EXPR_VALUE && b->low == b->high)
		return a;
	*kind = mirror[e->kind - EXPR_LT];
	*constant = a->low;
	return b->kind == EXPR_VALUE && a->low == a->high ? b : NULL;
}

/* A comparison that holds, or does not. */
static void gather_comparison(struct limits *l, const struct expr *e,
			      bool holds)
{
	static const enum expr_kind contrary[] = { EXPR_GE, EXPR_GT, EXPR_LE,
						   EXPR_LT };
	const struct expr *value;
	/* what has begun to hold goes on beyond the limit, by its hysteresis */
	double constant, more = holds ? e->number : 0;
	enum expr_kind kind;
	struct limit *of;

	value = against(e, &kind, &constant);
	if (!value || (!holds && kind == EXPR_EQ))
		return;
	of = limit_of(l, value);
	if (!of)
		return;
	if (!holds)
		kind = contrary[kind - EXPR_LT];
	if (kind == EXPR_GT || kind == EXPR_GE || kind == EXPR_EQ)
		at_least(of, constant - more, kind == EXPR_GT);
	if (kind == EXPR_LT || kind == EXPR_LE || kind == EXPR_EQ)
		at_most(of, constant + more, kind == EXPR_LT);
}

/* What must be so when this holds, or when it does not. */
static void gather(struct limits *l, const struct expr *e, bool holds)
{
	struct limit *of;

	switch (e->kind) {
	case EXPR_NOT:
		gather(l, e->arg[0], !holds);
		break;
	case EXPR_AND:
	case EXPR_OR: /* of one alone: "is on" */
		if (e->arg[1] && holds != (e->kind == EXPR_AND))
			break;
		gather(l, e->arg[0], holds);
		if (e->arg[1])
			gather(l, e->arg[1], holds);
		break;
	case EXPR_FOR: /* one that does not hold may yet be waiting */
		if (holds)
			gather(l, e->arg[0], true);
		break;
	case EXPR_VALUE: /* yes above a half */
		of = limit_of(l, e);
		if (of && holds)
			at_least(of, 0.5, true);
		else if (of)
			at_most(of, 0.5, false);
		break;
	default:
		gather_comparison(l, e, holds);
	}
}

int limits_exclude(const struct expr *holds, const struct expr * not )
{
	struct limits limits = { 0 };
	int i;

	gather(&limits, holds, true);
	if (not )
		gather(&limits, not, false);
	for (i = 0; i < limits.n; i++) {
		const struct limit *l = &limits.of[i];

		if (!(l->low < l->high ||
		      (l->low == l->high && !l->above && !l->below)))
			return l->value;
	}
	return -1;
}
