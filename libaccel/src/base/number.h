/* SPDX-License-Identifier: MIT */
/* Numbers as C writes them, whatever the locale. */
#ifndef ACCEL_BASE_NUMBER_H
#define ACCEL_BASE_NUMBER_H

#include <stdbool.h>

/* A finite number in C's decimal form, the whole text of it, whatever the
 * locale; no hexadecimals, no "infinity". */
bool number_parse(const char *text, double *value);

/* strtod() with a point, whatever the locale. */
double number_read(const char *text, char **end);

/* Between these the calling thread prints numbers with a point. */
void *number_point_begin(void);
void number_point_end(void *was);

#endif /* ACCEL_BASE_NUMBER_H */
