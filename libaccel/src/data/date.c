// SPDX-License-Identifier: MIT
/* Dates and times of day, as tables write them. */
#include "date.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Reads from `least` to `most` digits; -1: there are fewer. */
static int digits(const char **s, int least, int most)
{
	int n = 0, v = 0;

	while (n < most && isdigit((unsigned char)(*s)[n]))
		v = v * 10 + (*s)[n++] - '0';
	*s += n;
	return n < least ? -1 : v;
}

/* Reads one character; false if it is another. */
static bool skip(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static int digits_ahead(const char *s)
{
	int n = 0;

	while (isdigit((unsigned char)s[n]))
		n++;
	return n;
}

static bool leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static bool valid_day(const struct date *d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };

	return d->year >= 0 && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
	       d->day <= days[d->month - 1] + (d->month == 2 && leap(d->year));
}

/* "Feb", "February": its number, 0 for another word. */
static int month_name(const char **s)
{
	static const char *const names[] = {
		"january",   "february", "march",    "april",
		"may",       "june",     "july",     "august",
		"september", "october",  "november", "december"
	};
	size_t n = 0;
	int i;

	while (isalpha((unsigned char)(*s)[n]))
		n++;
	for (i = 0; i < 12 && n >= 3; i++) {
		if (n > strlen(names[i]) || strncasecmp(*s, names[i], n))
			continue;
		*s += n;
		return i + 1;
	}
	return 0;
}

/* What separates a month's name from numbers: one of "-/ .,", or ", ". */
static bool skip_gap(const char **s)
{
	bool any = strchr("-/ .,", **s) && **s;

	*s += any;
	while (any && **s == ' ')
		(*s)++;
	return any;
}

/* Years of two digits: 69 to 99 and 00 to 68, as strptime has them. */
static int full_year(int y)
{
	return y + (y < 69 ? 2000 : 1900);
}

static bool parse_year(const char **s, struct date *d)
{
	int n = digits_ahead(*s);

	if (n != 4 && n != 2)
		return false;
	d->year = digits(s, n, n);
	if (n == 2)
		d->year = full_year(d->year);
	return true;
}

/* 4 Feb 2015, 04-Feb-15 */
static bool day_month_name(const char **s, struct date *d)
{
	d->day = digits(s, 1, 2);
	if (d->day < 0 || !skip_gap(s))
		return false;
	d->month = month_name(s);
	return d->month && skip_gap(s) && parse_year(s, d);
}

/* Feb 4, 2015 */
static bool month_name_day(const char **s, struct date *d)
{
	d->month = month_name(s);
	if (!d->month || !skip_gap(s))
		return false;
	d->day = digits(s, 1, 2);
	return d->day >= 0 && skip_gap(s) && digits_ahead(*s) == 4 &&
	       parse_year(s, d);
}

/* 20150204, before a time alone: by itself it is a number */
static bool compact_day(const char **s, struct date *d)
{
	if (digits_ahead(*s) != 8 || ((*s)[8] != 'T' && (*s)[8] != ' '))
		return false;
	d->year = digits(s, 4, 4);
	d->month = digits(s, 2, 2);
	d->day = digits(s, 2, 2);
	return true;
}

static bool year_first(const char **s, struct date *d)
{
	char c = (*s)[4];

	d->year = digits(s, 4, 4);
	if (c != '-' && c != '/' && c != '.')
		return false;
	(*s)++;
	d->month = digits(s, 1, 2);
	if (!skip(s, c))
		return false;
	d->day = digits(s, 1, 2);
	return true;
}

static bool year_last(const char **s, int order, struct date *d)
{
	const char *start = *s;
	int a = digits(s, 1, 2), b, len;
	char c = **s;
	bool day_first = c == '.' || order == ACCEL_DATE_DAY_FIRST;

	if (a < 0 || (c != '-' && c != '/' && c != '.'))
		return false;
	(*s)++;
	b = digits(s, 1, 2);
	len = (int)(*s - start);
	if (!skip(s, c) || !parse_year(s, d))
		return false;
	/* 1.2.10 is rather a version than a date */
	if (c == '.' && *s - start == len + 3 && len != 5)
		return false;
	d->day = day_first ? a : b;
	d->month = day_first ? b : a;
	return true;
}

static bool parse_day(const char **s, int order, struct date *d)
{
	struct date read = { 0 };
	const char *p = *s;
	bool ok;
	int n = digits_ahead(p);

	if (isalpha((unsigned char)*p))
		ok = month_name_day(&p, &read);
	else if (n == 8)
		ok = compact_day(&p, &read);
	else if (n == 4)
		ok = year_first(&p, &read);
	else if (n && n <= 2 && p[n] &&
		 isalpha((unsigned char)p[n + strspn(p + n, "-/ .")]) &&
		 p[n] != ':')
		ok = day_month_name(&p, &read);
	else
		ok = year_last(&p, order, &read);
	if (!ok || !valid_day(&read))
		return false;
	*d = read;
	*s = p;
	return true;
}

/* AM or PM of a 12-hour clock: the hour of the day, -1 where there is none. */
static int half_day(const char **s, int h)
{
	const char *p = *s + strspn(*s, " ");
	bool pm = *p == 'p' || *p == 'P';

	if (!pm && *p != 'a' && *p != 'A')
		return h;
	p++;
	p += *p == '.';
	if (*p != 'm' && *p != 'M')
		return h;
	p++;
	p += *p == '.';
	*s = p;
	return h < 1 || h > 12 ? -1 : h % 12 + 12 * pm;
}

static void parse_fraction(const char **s, struct date *d)
{
	double part = 0.1;

	if ((**s != '.' && **s != ',') || !isdigit((unsigned char)(*s)[1]))
		return;
	for ((*s)++; isdigit((unsigned char)**s); (*s)++, part /= 10)
		d->second += part * (**s - '0');
}

/* Three pairs of digits with dots, p behind the first. */
static bool is_dotted(const char *p)
{
	return digits_ahead(p + 1) == 2 && p[3] == '.' &&
	       digits_ahead(p + 4) == 2;
}

/* @after_day: 17.24 and 175100 are times there, numbers elsewhere */
static bool parse_time(const char **s, bool after_day, struct date *d)
{
	const char *p = *s, *half;
	bool compact = after_day && digits_ahead(p) == 6;
	int h = digits(&p, 1, 2), min = 0, sec = 0;
	char c = *p;

	half = p;
	if (h < 0)
		return false;
	if (compact) {
		min = digits(&p, 2, 2);
		sec = digits(&p, 2, 2);
	} else if (c == ':' || (c == '.' && (after_day || is_dotted(p)))) {
		p++;
		min = digits(&p, 2, 2);
		if (min >= 0 && skip(&p, c))
			sec = digits(&p, 2, 2);
	} else {
		half_day(&half, h);
		if (half == p)
			return false; /* a number alone */
	}
	if (min < 0 || min > 59 || sec < 0 || sec > 60)
		return false;
	d->second = min * 60 + sec;
	parse_fraction(&p, d);
	h = half_day(&p, h);
	if (h < 0 || h > 24 || (h == 24 && d->second > 0))
		return false;
	d->second += h * 3600;
	d->timed = true;
	*s = p;
	return true;
}

/* "Z", "+01", "+0100", "-01:00", " UTC", " GMT": hours count as written. */
static bool parse_zone(const char **s, struct date *d)
{
	const char *p = *s + strspn(*s, " ");
	int sign = *p == '-' ? -1 : 1, h, min = 0;

	if (!strcmp(p, "Z") || !strcmp(p, "z") || !strcmp(p, "UTC") ||
	    !strcmp(p, "GMT")) {
		*s = p + strlen(p);
		return true;
	}
	if (*p != '+' && *p != '-')
		return false;
	p++;
	h = digits(&p, 2, 2);
	if (h >= 0 && *p) {
		skip(&p, ':');
		min = digits(&p, 2, 2);
	}
	if (h < 0 || h > 15 || min < 0 || min > 59)
		return false;
	d->zone = sign * (h * 60 + min);
	*s = p;
	return true;
}

/* "Wed, ", "Wednesday ": it tells nothing new. */
static const char *skip_weekday(const char *p)
{
	static const char *const names[] = { "monday",   "tuesday", "wednesday",
					     "thursday", "friday",  "saturday",
					     "sunday" };
	size_t n = 0;
	int i;

	while (isalpha((unsigned char)p[n]))
		n++;
	for (i = 0; i < 7 && n >= 3; i++)
		if (n <= strlen(names[i]) && !strncasecmp(p, names[i], n) &&
		    (p[n] == ' ' || (p[n] == ',' && p[n + 1] == ' ')))
			return p + n + 1 + strspn(p + n + 1, " ");
	return p;
}

/* Feb  4 17:51:00 2015, as C's ctime() has it */
static bool parse_ctime(const char *p, struct date *d)
{
	*d = (struct date){ 0 };
	d->month = month_name(&p);
	if (!d->month || !skip_gap(&p))
		return false;
	d->day = digits(&p, 1, 2);
	if (d->day < 0 || !skip(&p, ' ') || !parse_time(&p, true, d) ||
	    !skip(&p, ' '))
		return false;
	return digits_ahead(p) == 4 && parse_year(&p, d) && !*p && valid_day(d);
}

bool date_parse(const char *text, int order, struct date *d)
{
	const char *p = text;
	bool day;

	*d = (struct date){ 0 };
	if (!isalnum((unsigned char)*p))
		return false;
	if (order != DATE_TIME_ONLY && isalpha((unsigned char)*p)) {
		p = skip_weekday(p);
		if (parse_ctime(p, d))
			return true;
		*d = (struct date){ 0 };
	}
	day = order != DATE_TIME_ONLY && parse_day(&p, order, d);
	if (day && !*p)
		return true;
	if (!day && p != text)
		return false;
	if (day) {
		skip(&p, ',');
		if (!skip(&p, 'T') && !skip(&p, ' '))
			return false;
		p += strspn(p, " ");
	}
	if (!parse_time(&p, day, d))
		return false;
	return !*p || (parse_zone(&p, d) && !*p);
}

int date_weekday(const struct date *d)
{
	/* Sakamoto's rule, comp.lang.c 1992 */
	static const int t[] = { 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4 };
	int y = d->year - (d->month < 3);

	if (!d->month)
		return -1;
	return (y + y / 4 - y / 100 + y / 400 + t[d->month - 1] + d->day + 6) %
	       7;
}

double date_seconds(const struct date *d)
{
	/* Hinnant's days_from_civil, for years from 0 on */
	int y = d->year - (d->month <= 2), era = y / 400,
	    of_era = y - era * 400;
	int m = d->month + (d->month > 2 ? -3 : 9);
	int of_year = (153 * m + 2) / 5 + d->day - 1;
	long day = of_era * 365L + of_era / 4 - of_era / 100 + of_year +
		   era * 146097L - 719468;

	if (!d->month)
		return d->second;
	return (double)day * 86400 + d->second - d->zone * 60.0;
}
