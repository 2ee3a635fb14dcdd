// SPDX-License-Identifier: MIT
/* Numbers as C writes them, whatever the locale. */
#include "number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;

static void make_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t point(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_locale);
	return c_locale;
}

double number_read(const char *text, char **end)
{
	return point() ? strtod_l(text, end, c_locale) : strtod(text, end);
}

bool number_parse(const char *text, double *value)
{
	char *end;

	if (!*text || text[strspn(text, "0123456789+-.eE")])
		return false;
	*value = number_read(text, &end);
	return !*end && isfinite(*value);
}

void *number_point_begin(void)
{
	return point() ? uselocale(c_locale) : NULL;
}

void number_point_end(void *was)
{
	if (was)
		uselocale((locale_t)was);
}
