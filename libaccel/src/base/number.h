/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_BASE_NUMBER_H
#define ACCEL_BASE_NUMBER_H

#include <stdbool.h>

/* A finite number in C's decimal form, the whole text of it, whatever the
 * locale; no hexadecimals, no "infinity". */
bool number_parse(const char *text, double *value);

#endif /* ACCEL_BASE_NUMBER_H */
