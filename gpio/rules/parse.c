// SPDX-License-Identifier: MIT
/* The language of conditions and actions: text to trees. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../libaccel/src/base/alloc.h"
#include "lex.h"

#define DEPTH_MAX 40
#define NODES_MAX 400
#define EVERY_DAY 0x7f

static struct expr *node(struct parser *s, enum expr_kind kind,
			 accel_control_place place, struct expr *a,
			 struct expr *b)
{
	struct expr *e;

	if (s->status)
		return NULL;
	if (++s->nodes > NODES_MAX)
		return lex_fail(s, "this is too long: an end was expected");
	e = control_keep(s->c, sizeof(*e));
	if (!e)
		return lex_stop(s, ACCEL_ERR_NOMEM);
	e->kind = kind;
	e->place = place;
	e->arg[0] = a;
	e->arg[1] = b;
	return e;
}

static struct expr *parse_or(struct parser *s);
static struct expr *parse_sum(struct parser *s);

/* Is the number's unit one of time, and nothing else? */
static bool time_unit(const struct parser *s, struct unit *u)
{
	static const struct unit second = { .dim = { [DIM_S] = 1 } };

	return *s->unit && unit_parse(&s->c->customs, s->unit, u) &&
	       unit_same(u, &second);
}

/* A number and a unit of time, as nanoseconds. */
static uint64_t duration(struct parser *s)
{
	struct unit u;
	double ns = 0;

	if (s->token != T_NUMBER || !time_unit(s, &u)) {
		lex_fail(s, "a time like 10 s or 5 min was expected");
		return 0;
	}
	ns = s->number * u.scale * 1e9;
	if (!(ns >= 0 && ns < 1e18)) {
		lex_fail(s, "a time below 30 years was expected");
		return 0;
	}
	lex_next(s);
	return (uint64_t)(ns + 0.5);
}

static int clock_time(struct parser *s)
{
	int t = (int)s->number;

	if (s->token != T_TIME) {
		lex_fail(s, "a time of the day like 08:00 was expected");
		return 0;
	}
	lex_next(s);
	return t;
}

/* "between" is read: 08:00 and 18:00. */
static struct expr *clock_between(struct parser *s, int days,
				  accel_control_place place)
{
	struct expr *e = node(s, EXPR_CLOCK, place, NULL, NULL);
	int from = clock_time(s), to;

	if (!lex_word(s, "and"))
		return lex_fail(s, "\"and\" was expected");
	to = clock_time(s);
	if (!e || s->status)
		return NULL;
	e->from = from % 86400;
	e->to = to;
	e->days = days;
	if (e->from == e->to)
		return lex_fail(s, "these times are the same");
	return e;
}

/* "at" is read: 07:30 for 5 min. */
static struct expr *clock_at(struct parser *s, int days,
			     accel_control_place place)
{
	struct expr *e = node(s, EXPR_AT, place, NULL, NULL);
	int from = clock_time(s);
	uint64_t length;

	if (!lex_word(s, "for"))
		return lex_fail(s, "\"for\" and a time were expected");
	length = duration(s) / 1000000000;
	if (!e || s->status)
		return NULL;
	if (!length || length >= 86400)
		return lex_fail(s, "a time of 1 s at least, and below a day, "
				   "was expected before this");
	e->from = from % 86400;
	e->to = (int)length;
	e->days = days;
	return e;
}

/* The weekday that a word means, 0 is Monday; -1: none. */
static int day_of(const char *name)
{
	static const char *const days[] = { "monday",   "tuesday", "wednesday",
					    "thursday", "friday",  "saturday",
					    "sunday" };
	int i;

	for (i = 0; i < 7; i++)
		if (!strcasecmp(name, days[i]) ||
		    (strlen(name) == 3 && !strncasecmp(name, days[i], 3)))
			return i;
	return -1;
}

/* "on" is read: weekdays, weekends, mon-fri, sat, sun. */
static struct expr *days(struct parser *s, accel_control_place place)
{
	struct expr *e;
	int first, last, bits = 0;

	if (lex_word(s, "weekdays")) {
		bits = 0x1f;
	} else if (lex_word(s, "weekends")) {
		bits = 0x60;
	} else {
		do {
			first = s->token == T_NAME ? day_of(s->word) : -1;
			if (first < 0)
				return lex_fail(s,
						"weekdays, weekends or a day "
						"like mon was expected");
			lex_next(s);
			last = first;
			if (lex_sign(s, '-')) {
				last = s->token == T_NAME ? day_of(s->word)
							  : -1;
				if (last < 0)
					return lex_fail(s, "a day like fri was "
							   "expected");
				lex_next(s);
			}
			for (; first != last; first = (first + 1) % 7)
				bits |= 1 << first;
			bits |= 1 << last;
		} while (lex_sign(s, ','));
	}
	/* not "and": a night that begins on such a day ends on the next */
	if (lex_word(s, "between"))
		return clock_between(s, bits, place);
	if (lex_word(s, "at"))
		return clock_at(s, bits, place);
	e = node(s, EXPR_DAYS, place, NULL, NULL);
	if (e)
		e->days = bits;
	return e;
}

/* "every" is read: 10 min for 30 s. */
static struct expr *every(struct parser *s, accel_control_place place)
{
	struct expr *e = node(s, EXPR_EVERY, place, NULL, NULL);
	uint64_t period = duration(s) / 1000000000, length;

	if (!lex_word(s, "for"))
		return lex_fail(s, "\"for\" and a time were expected");
	length = duration(s) / 1000000000;
	if (!e || s->status)
		return NULL;
	if (!length || length >= period || period > 86400)
		return lex_fail(
			s, "a time within its period, in whole seconds and "
			   "at most a day, was expected before this");
	e->from = (int)period;
	e->to = (int)length;
	return e;
}

static const struct {
	const char *name;
	enum expr_kind kind;
	int args; /* 2: or one and a time, for min and max */
	bool window;
} functions[] = {
	{ "abs", EXPR_ABS, 1, false },
	{ "min", EXPR_MIN, 2, true },
	{ "max", EXPR_MAX, 2, true },
	{ "mean", EXPR_MEAN, 1, true },
	{ "rate", EXPR_RATE, 1, true },
	{ "dew_point", EXPR_DEW_POINT, 2, false },
};

/* A number with a unit of time alone: a window. */
static bool is_time(const struct parser *s)
{
	struct unit u;
	const char *p = s->p + strspn(s->p, " ");

	return s->token == T_NUMBER && *p == ')' && time_unit(s, &u);
}

/* A function's name is read, and "(". */
static struct expr *call(struct parser *s, size_t f, accel_control_place place)
{
	struct expr *e = node(s, functions[f].kind, place, NULL, NULL);
	struct expr *a = parse_sum(s), *b = NULL;
	uint64_t ns = 0;

	if (functions[f].args > 1 || functions[f].window) {
		if (!lex_sign(s, ','))
			return lex_fail(s, "a comma was expected");
		if (functions[f].window && is_time(s))
			ns = duration(s);
		else if (functions[f].args > 1)
			b = parse_sum(s);
		else
			ns = duration(s);
	}
	if (!lex_sign(s, ')'))
		return lex_fail(s, "\")\" was expected");
	if (!e)
		return NULL;
	e->arg[0] = a;
	e->arg[1] = b;
	e->ns = ns;
	return e;
}

static struct expr *name(struct parser *s, accel_control_place place)
{
	char copy[sizeof(s->word)];
	struct expr *e;
	size_t f;

	memcpy(copy, s->word, sizeof(copy));
	if (lex_keyword(copy, strlen(copy)))
		return lex_fail(s, "a value was expected");
	lex_next(s);
	if (lex_sign(s, '(')) {
		for (f = 0; f < sizeof(functions) / sizeof(functions[0]); f++)
			if (!strcmp(functions[f].name, copy))
				return call(s, f, place);
		return s->status ? NULL
				 : lex_stop(s,
					    control_error(
						    s->c, place,
						    "no function \"%s\"; there "
						    "are abs, min, max, mean, "
						    "rate, dew_point",
						    copy));
	}
	e = node(s, EXPR_VALUE, place, NULL, NULL);
	if (e)
		e->name = control_text(s->c, copy, strlen(copy));
	return e && !e->name ? lex_stop(s, ACCEL_ERR_NOMEM) : e;
}

static struct expr *parse_primary(struct parser *s)
{
	accel_control_place place = lex_place(s, s->start);
	struct expr *e;

	if (s->token == T_NUMBER) {
		e = node(s, EXPR_NUMBER, place, NULL, NULL);
		if (e) {
			e->number = s->number;
			e->name = control_text(s->c, s->unit, strlen(s->unit));
			if (!e->name)
				return lex_stop(s, ACCEL_ERR_NOMEM);
		}
		lex_next(s);
		return e;
	}
	if (lex_sign(s, '(')) {
		if (++s->depth > DEPTH_MAX)
			return lex_fail(s, "fewer parentheses were expected");
		e = parse_or(s);
		s->depth--;
		if (!lex_sign(s, ')'))
			return lex_fail(s, "\")\" was expected");
		return e;
	}
	if (lex_word(s, "between"))
		return clock_between(s, EVERY_DAY, place);
	if (lex_word(s, "at"))
		return clock_at(s, EVERY_DAY, place);
	if (lex_word(s, "on"))
		return days(s, place);
	if (lex_word(s, "every"))
		return every(s, place);
	if (lex_is_word(s, "always") || lex_is_word(s, "never")) {
		e = node(s, EXPR_CONSTANT, place, NULL, NULL);
		if (e)
			e->number = lex_is_word(s, "always");
		lex_next(s);
		return e;
	}
	if (s->token == T_NAME)
		return name(s, place);
	return lex_fail(s, "a value was expected");
}

static struct expr *parse_unary(struct parser *s)
{
	accel_control_place place = lex_place(s, s->start);
	struct expr *e;

	if (!lex_sign(s, '-'))
		return parse_primary(s);
	if (++s->depth > DEPTH_MAX)
		return lex_fail(s, "fewer signs were expected");
	e = parse_unary(s);
	s->depth--;
	if (e && e->kind == EXPR_NUMBER) { /* so that -5 °C is a temperature */
		e->number = -e->number;
		e->place = place;
		return e;
	}
	return node(s, EXPR_NEGATE, place, e, NULL);
}

static struct expr *parse_product(struct parser *s)
{
	struct expr *e = parse_unary(s);
	bool times;

	while (lex_is_sign(s, '*') || lex_is_sign(s, '/')) {
		times = s->sign == '*';
		lex_next(s);
		e = node(s, times ? EXPR_MUL : EXPR_DIV, e ? e->place : s->base,
			 e, parse_unary(s));
	}
	return e;
}

static struct expr *parse_sum(struct parser *s)
{
	struct expr *e = parse_product(s);
	bool plus;

	while (lex_is_sign(s, '+') || lex_is_sign(s, '-')) {
		plus = s->sign == '+';
		lex_next(s);
		e = node(s, plus ? EXPR_ADD : EXPR_SUB, e ? e->place : s->base,
			 e, parse_product(s));
	}
	return e;
}

/* "is" is read: on, off, not, above, below, between. */
static struct expr *parse_is(struct parser *s, struct expr *e,
			     accel_control_place place)
{
	if (lex_word(s, "on"))
		return node(s, EXPR_OR, place, e, NULL);
	if (lex_word(s, "off"))
		return node(s, EXPR_NOT, place, e, NULL);
	if (lex_word(s, "not")) {
		e = lex_word(s, "on")    ? node(s, EXPR_NOT, place, e, NULL)
		    : lex_word(s, "off") ? node(s, EXPR_OR, place, e, NULL)
					 : NULL;
		return e ? e : lex_fail(s, "on or off was expected");
	}
	if (lex_word(s, "above"))
		return node(s, EXPR_GT, place, e, parse_sum(s));
	if (lex_word(s, "below"))
		return node(s, EXPR_LT, place, e, parse_sum(s));
	return lex_fail(s, "on, off, above, below or between was expected");
}

/* a between b and c: two comparisons of the same value. */
static struct expr *between(struct parser *s, struct expr *e,
			    accel_control_place place)
{
	struct expr *low = parse_sum(s), *high;

	if (e && e->kind != EXPR_VALUE)
		return lex_fail(s,
				"\"between\" is for a plain value, which was "
				"expected");
	if (!lex_word(s, "and"))
		return lex_fail(s, "\"and\" was expected");
	high = parse_sum(s);
	low = node(s, EXPR_GE, place, e, low);
	return node(s, EXPR_AND, place, low, node(s, EXPR_LE, place, e, high));
}

static struct expr *parse_compare(struct parser *s)
{
	static const struct {
		int sign;
		enum expr_kind kind;
	} signs[] = { { '<', EXPR_LT }, { LE, EXPR_LE }, { '>', EXPR_GT },
		      { GE, EXPR_GE },  { EQ, EXPR_EQ }, { NE, EXPR_NE } };
	struct expr *e = parse_sum(s);
	accel_control_place place;
	size_t i;

	if (!e)
		return NULL;
	place = e->place;
	if (lex_word(s, "between"))
		return between(s, e, place);
	if (lex_word(s, "is"))
		return lex_word(s, "between") ? between(s, e, place)
					      : parse_is(s, e, place);
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (lex_sign(s, signs[i].sign))
			return node(s, signs[i].kind, place, e, parse_sum(s));
	return e;
}

/* A comparison, with hysteresis, for some time. */
static struct expr *parse_timed(struct parser *s)
{
	struct expr *e = parse_compare(s);

	if (lex_is_word(s, "with") || lex_is_word(s, "hysteresis")) {
		lex_word(s, "with");
		if (!lex_word(s, "hysteresis"))
			return lex_fail(s, "\"hysteresis\" was expected");
		if (e && (e->kind < EXPR_LT || e->kind > EXPR_GE))
			return lex_fail(s,
					"hysteresis goes with < and >; an end "
					"was expected");
		if (s->token != T_NUMBER)
			return lex_fail(s,
					"a number with its unit was expected");
		if (e)
			e->hysteresis = parse_primary(s);
	}
	while (e && lex_word(s, "for")) {
		e = node(s, EXPR_FOR, e->place, e, NULL);
		if (e)
			e->ns = duration(s);
	}
	return e;
}

static struct expr *parse_not(struct parser *s)
{
	accel_control_place place = lex_place(s, s->start);
	struct expr *e;

	if (!lex_word(s, "not"))
		return parse_timed(s);
	if (++s->depth > DEPTH_MAX)
		return lex_fail(s, "fewer \"not\" were expected");
	e = parse_not(s);
	s->depth--;
	return node(s, EXPR_NOT, place, e, NULL);
}

static struct expr *parse_and(struct parser *s)
{
	struct expr *e = parse_not(s);

	while (e && lex_word(s, "and"))
		e = node(s, EXPR_AND, e->place, e, parse_not(s));
	return e;
}

static struct expr *parse_or(struct parser *s)
{
	struct expr *e;

	if (++s->depth > DEPTH_MAX)
		return lex_fail(s, "a simpler condition was expected");
	e = parse_and(s);
	while (e && lex_word(s, "or"))
		e = node(s, EXPR_OR, e->place, e, parse_and(s));
	s->depth--;
	return e;
}

/* ---- whole texts ---- */

struct expr *parse_condition(struct accel_control *c, const char *text,
			     accel_control_place place)
{
	struct parser s;
	struct expr *e;

	lex_begin(&s, c, text, place);
	e = parse_or(&s);
	if (!s.status && s.token != T_END)
		lex_fail(&s, "and, or, or the end was expected");
	return s.status ? NULL : e;
}

accel_status parse_duration(const struct accel_control *c, const char *text,
			    accel_control_place place, uint64_t *ns)
{
	struct parser s;

	/* nothing of it is changed by a number and a unit */
	lex_begin(&s, (struct accel_control *)c, text, place);
	*ns = duration(&s);
	if (!s.status && s.token != T_END)
		lex_fail(&s, "the end was expected");
	return s.status;
}

accel_status parse_actions(struct accel_control *c, struct rule *rule,
			   const char *text, accel_control_place place)
{
	struct parser s;
	struct action *a;

	lex_begin(&s, c, text, place);
	do {
		if (s.token != T_NAME || lex_keyword(s.word, strlen(s.word))) {
			lex_fail(&s, "an output was expected");
			break;
		}
		if (mem_grow(&rule->actions, &rule->room_actions,
			     rule->n_actions + 1, sizeof(*rule->actions)))
			return ACCEL_ERR_NOMEM;
		a = &rule->actions[rule->n_actions++];
		*a = (struct action){ .place = lex_place(&s, s.start),
				      .last_ns = UINT64_MAX };
		a->name = control_text(c, s.word, strlen(s.word));
		if (!a->name)
			return ACCEL_ERR_NOMEM;
		lex_next(&s);
		a->on = lex_is_word(&s, "on");
		if (!lex_word(&s, "on") && !lex_word(&s, "off")) {
			lex_fail(&s, "on or off was expected");
			break;
		}
		if (lex_word(&s, "for"))
			a->for_ns = duration(&s);
	} while (lex_sign(&s, ',') || lex_word(&s, "and"));
	if (!s.status && s.token != T_END)
		lex_fail(&s, "a comma or the end was expected");
	return s.status;
}
