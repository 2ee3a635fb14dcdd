/* SPDX-License-Identifier: MIT */
/*
 * TAP for the small static programs that run in a boot without a C library of
 * its own: each prints "ok N - what" lines and its plan, and exits 0, 1 or 4
 * (4: there is nothing here to test, and the plan's line says why).
 */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3)))
static inline int tap_ok(int good, const char *what, ...)
{
	va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	putchar('\n');
	tap_failed += !good;
	return good;
}

/* Ends the program; its plan comes last, as TAP allows. */
static inline _Noreturn void tap_end(void)
{
	printf("1..%d\n", tap_count);
	exit(tap_failed ? 1 : 0);
}

static inline _Noreturn void tap_skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(4);
}

#endif /* GUEST_TAP_H */
