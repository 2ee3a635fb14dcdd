/* SPDX-License-Identifier: MIT */
/* Unit tests print TAP: CHECK(condition, name...), then return tap_done(). */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <stdarg.h>
#include <stdio.h>

static int tap_run, tap_failed;

__attribute__((format(printf, 5, 6), unused)) static int
tap_check(int ok, const char *expr, const char *file, int line, const char *fmt,
	  ...)
{
	va_list ap;

	tap_run++;
	if (!ok) {
		tap_failed++;
		printf("# %s:%d: %s\n", file, line, expr);
	}
	printf("%sok %d - ", ok ? "" : "not ", tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	return ok;
}

#define CHECK(cond, ...)                                                       \
	tap_check(!!(cond), #cond, __FILE__, __LINE__, __VA_ARGS__)

__attribute__((unused)) static int tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed ? 1 : 0;
}

#endif /* TESTS_UNIT_TAP_H */
