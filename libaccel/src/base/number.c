// SPDX-License-Identifier: MIT
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

bool number_parse(const char *text, double *value)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char *end;

	if (!*text || text[strspn(text, "0123456789+-.eE")])
		return false;
	pthread_once(&once, make_locale);
	*value = c_locale ? strtod_l(text, &end, c_locale) : strtod(text, &end);
	return !*end && isfinite(*value);
}
