// SPDX-License-Identifier: MIT
/* The words, numbers and signs of the language. */
#include "lex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../libaccel/src/base/error.h"
#include "../../libaccel/src/base/number.h"

static const char *const keywords[] = {
	"and",     "or", "not", "for", "with", "hysteresis",
	"between", "is", "on",  "off", "at",   "every"
};

/* Columns count characters, not bytes. */
accel_control_place lex_place(const struct parser *s, const char *at)
{
	accel_control_place place = s->base;
	const char *p;

	for (p = s->text; p < at; p++) {
		place.column += (*p & 0xc0) != 0x80;
		if (*p == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

void *lex_stop(struct parser *s, accel_status status)
{
	s->status = status;
	s->token = T_END;
	return NULL;
}

void *lex_fail(struct parser *s, const char *what)
{
	char word[40];
	size_t len = (size_t)(s->p - s->start);

	if (s->status)
		return NULL;
	len = len < sizeof(word) ? len : sizeof(word) - 1;
	memcpy(word, s->start, len);
	word[len] = 0;
	return lex_stop(s, control_error(s->c, lex_place(s, s->start),
					 s->token == T_END
						 ? "%s, but the text ends"
						 : "%s, not \"%s\"",
					 what, word));
}

/* ---- tokens ---- */

/* A letter, or a byte of one that is not ASCII. */
static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (c & 0x80);
}

bool lex_keyword(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strlen(keywords[i]) == len &&
		    !memcmp(keywords[i], word, len))
			return true;
	return false;
}

/* One name of a unit at p, its length; % and ° are letters of them. */
static size_t unit_name(const char *p)
{
	size_t n = 0;

	if (*p == '%')
		return 1;
	while (is_letter(p[n]) || (n && isdigit((unsigned char)p[n])))
		n++;
	return n;
}

/* The unit that stands behind a number. */
static void read_unit(struct parser *s)
{
	const char *p = s->p + strspn(s->p, " ");
	size_t n = unit_name(p), more;

	s->unit[0] = 0;
	if (!n || lex_keyword(p, n))
		return;
	while (p[n] == '/' || p[n] == '*') { /* no blank before: "km/h" */
		more = unit_name(p + n + 1);
		if (!more)
			break;
		n += 1 + more;
	}
	if (n >= sizeof(s->unit)) {
		s->p = p + n;
		lex_fail(s, "a unit was expected");
		return;
	}
	memcpy(s->unit, p, n);
	s->unit[n] = 0;
	s->p = p + n;
}

/* 8:30, 08:30 or 08:30:15, the digits before the colon being read. */
static void read_time(struct parser *s)
{
	char *end;
	long h = strtol(s->start, &end, 10), m, sec = 0;

	m = isdigit((unsigned char)end[1]) ? strtol(end + 1, &end, 10) : -1;
	if (*end == ':' && isdigit((unsigned char)end[1]))
		sec = strtol(end + 1, &end, 10);
	s->p = end;
	s->token = T_TIME;
	if (h > 24 || m < 0 || m > 59 || sec > 59 || (h == 24 && m + sec)) {
		lex_fail(s, "a time from 00:00 to 24:00 was expected");
		return;
	}
	s->number = (double)(h * 3600 + m * 60 + sec);
}

static void read_number(struct parser *s)
{
	char digits[48];
	size_t n = strspn(s->start, "0123456789");

	if (s->start[n] == ':') {
		read_time(s);
		return;
	}
	if (s->start[n] == '.')
		n += 1 + strspn(s->start + n + 1, "0123456789");
	if ((s->start[n] == 'e' || s->start[n] == 'E')) {
		size_t e = n + 1 +
			   (s->start[n + 1] == '-' || s->start[n + 1] == '+');
		size_t d = strspn(s->start + e, "0123456789");

		n = d ? e + d : n;
	}
	s->token = T_NUMBER;
	s->p = s->start + n;
	if (n >= sizeof(digits)) {
		lex_fail(s, "a number was expected");
		return;
	}
	memcpy(digits, s->start, n);
	digits[n] = 0;
	if (!number_parse(digits, &s->number)) {
		lex_fail(s, "a number was expected");
		return;
	}
	read_unit(s);
}

static void read_name(struct parser *s)
{
	size_t n = 0;

	while (is_letter(s->start[n]) || isdigit((unsigned char)s->start[n]) ||
	       s->start[n] == '.')
		n++;
	s->p = s->start + n;
	s->token = T_NAME;
	if (n >= sizeof(s->word)) {
		lex_fail(s, "a name was expected");
		return;
	}
	memcpy(s->word, s->start, n);
	s->word[n] = 0;
}

static void read_sign(struct parser *s)
{
	static const struct {
		const char *text;
		int sign;
	} signs[] = { { "<=", LE }, { ">=", GE }, { "==", EQ }, { "!=", NE },
		      { "≤", LE },  { "≥", GE },  { "≠", NE },  { "=", EQ } };
	size_t i;

	s->token = T_SIGN;
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].text);

		if (!strncmp(s->start, signs[i].text, n)) {
			s->sign = signs[i].sign;
			s->p = s->start + n;
			return;
		}
	}
	s->sign = *s->start;
	s->p = s->start + 1;
	if (!strchr("<>+-*/(),", *s->start))
		lex_fail(s, "a condition was expected");
}

void lex_next(struct parser *s)
{
	if (s->status)
		return;
	s->start = s->p + strspn(s->p, " \t\n");
	s->p = s->start;
	if (!*s->start)
		s->token = T_END;
	else if (isdigit((unsigned char)*s->start))
		read_number(s);
	else if (!strncmp(s->start, "≤", 3) || !strncmp(s->start, "≥", 3) ||
		 !strncmp(s->start, "≠", 3))
		read_sign(s);
	else if (is_letter(*s->start))
		read_name(s);
	else
		read_sign(s);
}

void lex_begin(struct parser *s, struct accel_control *c, const char *text,
	       accel_control_place place)
{
	*s = (struct parser){ .c = c, .p = text, .text = text, .base = place };
	lex_next(s);
}

bool lex_is_word(const struct parser *s, const char *word)
{
	return s->token == T_NAME && !strcmp(s->word, word);
}

bool lex_is_sign(const struct parser *s, int sign)
{
	return s->token == T_SIGN && s->sign == sign;
}

bool lex_word(struct parser *s, const char *text)
{
	bool yes = lex_is_word(s, text);

	if (yes)
		lex_next(s);
	return yes;
}

bool lex_sign(struct parser *s, int c)
{
	bool yes = lex_is_sign(s, c);

	if (yes)
		lex_next(s);
	return yes;
}
