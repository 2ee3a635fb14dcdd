// SPDX-License-Identifier: MIT
/* What a cell's text can mean. */
#include <ctype.h>

#include "table.h"

/* Reads from `least` to `most` digits; -1: there are fewer. */
static int digits(const char **s, int least, int most)
{
	int n = 0, v = 0;

	while (n < most && isdigit((unsigned char)(*s)[n]))
		v = v * 10 + (*s)[n++] - '0';
	*s += n;
	return n < least ? -1 : v;
}

/* Reads one separator; false if it is another. */
static bool skip(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* 0 is Monday; Sakamoto's rule, comp.lang.c 1992. */
static int weekday(int y, int m, int d)
{
	static const int t[] = { 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4 };

	if (m < 3)
		y--;
	return (y + y / 4 - y / 100 + y / 400 + t[m - 1] + d + 6) % 7;
}

static bool parse_day(const char **s, struct date *d)
{
	const char *p = *s;
	int a = digits(&p, 1, 4), y, m, day;
	char c = *p;

	if (a < 0 || (c != '-' && c != '/' && c != '.'))
		return false;
	if (p - *s == 4) { /* the year comes first */
		y = a;
		p++;
		m = digits(&p, 1, 2);
		if (!skip(&p, c))
			return false;
		day = digits(&p, 1, 2);
	} else {
		p++;
		m = digits(&p, 1, 2);
		if (c == '-' || !skip(&p, c))
			return false;
		y = digits(&p, 4, 4);
		day = c == '/' ? m : a;
		m = c == '/' ? a : m;
	}
	if (y < 0 || m < 1 || m > 12 || day < 1 || day > 31)
		return false;
	d->weekday = weekday(y, m, day);
	*s = p;
	return true;
}

static bool parse_time(const char **s, struct date *d)
{
	const char *p = *s;
	int h = digits(&p, 1, 2), min, sec = 0;
	double part = 0.1;

	if (h < 0 || h > 24 || !skip(&p, ':'))
		return false;
	min = digits(&p, 2, 2);
	if (skip(&p, ':'))
		sec = digits(&p, 2, 2);
	if (min < 0 || min > 59 || sec < 0 || sec > 60)
		return false;
	d->second = h * 3600 + min * 60 + sec;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++, part /= 10)
			d->second += part * (*p - '0');
	*s = p;
	return true;
}

/* "Z", "+01", "+0100", "+01:00": read over; times count as written. */
static bool skip_zone(const char **s)
{
	const char *p = *s;

	if (skip(&p, 'Z')) {
		*s = p;
		return true;
	}
	if (*p != '+' && *p != '-')
		return false;
	p++;
	if (digits(&p, 2, 2) < 0)
		return false;
	if (*p && (skip(&p, ':') || true) && digits(&p, 2, 2) < 0)
		return false;
	*s = p;
	return true;
}

bool date_parse(const char *text, struct date *d)
{
	const char *p = text;
	bool day;

	*d = (struct date){ .weekday = -1 };
	day = parse_day(&p, d);
	if (day && !*p)
		return true;
	if (day && !skip(&p, ' ') && !skip(&p, 'T'))
		return false;
	if (!parse_time(&p, d))
		return false;
	return !*p || (skip_zone(&p) && !*p);
}
