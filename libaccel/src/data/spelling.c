// SPDX-License-Identifier: MIT
/* The ways in which tables write numbers: 1234.5, 1.234,5, 21 °C, $1,234. */
#include "spelling.h"

#include <ctype.h>
#include <string.h>

#include "../base/number.h"

static const struct {
	char decimal, group;
	const char *text;
} forms[SPELLINGS] = {
	[SPELLING_POINT] = { '.', 0, "" },
	[SPELLING_COMMA] = { ',', 0, "decimal commas" },
	[SPELLING_GROUP_COMMA] = { '.', ',', "thousands by commas" },
	[SPELLING_GROUP_POINT] = { ',', '.',
				   "thousands by points, decimal commas" },
	[SPELLING_GROUP_SPACE] = { '.', ' ', "thousands by spaces" },
	[SPELLING_GROUP_SPACE_COMMA] = { ',', ' ',
					 "thousands by spaces, decimal "
					 "commas" },
	[SPELLING_GROUP_QUOTE] = { '.', '\'', "thousands by apostrophes" },
};

const char *spelling_text(enum spelling s)
{
	return forms[s].text;
}

char spelling_decimal(enum spelling s)
{
	return forms[s].decimal;
}

/* Bytes of a space at p: U+0020, U+00A0, U+2009, U+202F; else 0. */
static size_t space(const char *p)
{
	if (*p == ' ')
		return 1;
	if (!strncmp(p, "\xc2\xa0", 2))
		return 2;
	return !strncmp(p, "\xe2\x80\x89", 3) || !strncmp(p, "\xe2\x80\xaf", 3)
		       ? 3
		       : 0;
}

static const char *skip_spaces(const char *p)
{
	size_t n;

	while ((n = space(p)))
		p += n;
	return p;
}

/* A sign of ASCII, or U+2212. */
static const char *skip_sign(const char *p, bool *negative)
{
	if (!strncmp(p, "\xe2\x88\x92", 3)) {
		*negative = true;
		return p + 3;
	}
	*negative |= *p == '-';
	return p + (*p == '-' || *p == '+');
}

/* "$", "€", "£", "¥" */
static size_t currency(const char *p)
{
	static const char *const signs[] = { "$", "\xe2\x82\xac", "\xc2\xa3",
					     "\xc2\xa5" };
	size_t i, n;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		n = strlen(signs[i]);
		if (!strncmp(p, signs[i], n))
			return n;
	}
	return 0;
}

/* Behind digits, marks and an exponent. */
static const char *body_end(const char *p)
{
	const char *e;
	size_t gap;

	for (;;) {
		gap = space(p);
		if (isdigit((unsigned char)*p) || *p == '.' || *p == ',' ||
		    (*p == '\'' && isdigit((unsigned char)p[1])))
			p++;
		else if (gap && isdigit((unsigned char)p[gap]))
			p += gap;
		else
			break;
	}
	if (*p != 'e' && *p != 'E')
		return p;
	e = p + 1;
	e += *e == '+' || *e == '-';
	if (!isdigit((unsigned char)*e))
		return p;
	while (isdigit((unsigned char)*e))
		e++;
	return e;
}

/* Letters and signs, "km/h", "m3" and "s^-2" too: what flags a value ("*", "#INF")
 * or goes on with it ("-12", "/3") is none. */
static bool is_unit(const char *text)
{
	const char *s;

	for (s = text; *s; s++) {
		bool letter = isalpha((unsigned char)*s) || *s & 0x80 ||
			      *s == '%';
		bool power = s > text && isdigit((unsigned char)*s) &&
			     strchr("ms^-", s[-1]);
		bool inside = s > text && strchr("/.^-*()[] ", *s);

		if (!letter && !power && !inside)
			return false;
	}
	return true;
}

/* Signs that look the same become one: ° for the ordinal, µ for mu, omega for
 * ohm; all are as long, or shorter. */
static void fold_unit(char *unit)
{
	static const struct {
		const char *from, *to;
	} list[] = { { "\xc2\xba", "\xc2\xb0" },
		     { "\xce\xbc", "\xc2\xb5" },
		     { "\xe2\x84\xa6", "\xce\xa9" } };
	size_t i, from, to;
	char *at;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		from = strlen(list[i].from);
		to = strlen(list[i].to);
		for (at = unit; (at = strstr(at, list[i].from)); at += to) {
			memcpy(at, list[i].to, to);
			memmove(at + to, at + from, strlen(at + from) + 1);
		}
	}
}

bool spelling_split(const char *text, struct number_text *n)
{
	const char *p, *unit;
	size_t money, length;

	*n = (struct number_text){ 0 };
	p = skip_sign(skip_spaces(text), &n->negative);
	money = currency(p);
	memcpy(n->unit, p, money);
	p = skip_spaces(p + money);
	if (money && !n->negative)
		p = skip_sign(p, &n->negative);
	if (!isdigit((unsigned char)*p) &&
	    !((*p == '.' || *p == ',') && isdigit((unsigned char)p[1])))
		return false;
	n->body = p;
	p = body_end(p);
	n->length = (size_t)(p - n->body);
	unit = skip_spaces(p);
	length = strlen(unit);
	while (length && unit[length - 1] == ' ')
		length--;
	if (!length)
		return true;
	if (money || length >= UNIT_BYTES || !is_unit(unit))
		return false;
	memcpy(n->unit, unit, length);
	fold_unit(n->unit);
	return true;
}

/* Copies the whole part without its group marks; false: no triples. */
static bool whole_part(const char **p, const char *end, char group, char **w,
		       const char *limit)
{
	const char *s = *p;
	int run = 0, groups = 0;
	size_t gap;

	for (; s < end; s++) {
		if (isdigit((unsigned char)*s)) {
			if (*w == limit)
				return false;
			*(*w)++ = *s;
			run++;
			continue;
		}
		gap = group == ' ' ? space(s) : *s == group && group;
		if (!gap)
			break;
		if (groups ? run != 3
			   : run < 1 || run > 3 || *(*w - run) == '0')
			return false;
		groups++;
		run = 0;
		s += gap - 1;
	}
	*p = s;
	return !groups || run == 3;
}

bool spelling_plain(const struct number_text *n, enum spelling s,
		    char plain[SPELLING_BYTES])
{
	const char *p = n->body, *end = p + n->length;
	const char *limit = plain + SPELLING_BYTES - 2;
	char *w = plain;
	double v;

	if (n->negative)
		*w++ = '-';
	if (!whole_part(&p, end, forms[s].group, &w, limit))
		return false;
	if (p < end && *p == forms[s].decimal) {
		*w++ = '.';
		p++;
	}
	for (; p < end; p++) {
		if (w >= limit || *p == ',' || *p == '.')
			return false;
		*w++ = *p;
	}
	*w = 0;
	return number_parse(plain, &v);
}

bool spelling_read(const struct number_text *n, enum spelling s, double *value)
{
	char plain[SPELLING_BYTES];

	return spelling_plain(n, s, plain) && number_parse(plain, value);
}

unsigned spelling_mask(const struct number_text *n)
{
	unsigned mask = 0;
	double v;
	int s;

	for (s = 0; s < SPELLINGS; s++)
		if (spelling_read(n, (enum spelling)s, &v))
			mask |= 1u << s;
	return mask;
}

bool spelling_marked(const struct number_text *n)
{
	size_t i;

	for (i = 0; i < n->length; i++)
		if (!isdigit((unsigned char)n->body[i]))
			return true;
	return false;
}

bool spelling_any(const char *text, double *value)
{
	struct number_text n;
	int s;

	if (number_parse(text, value))
		return true;
	if (!spelling_split(text, &n) || *n.unit)
		return false;
	for (s = 0; s < SPELLINGS; s++)
		if (spelling_read(&n, (enum spelling)s, value))
			return true;
	return false;
}
