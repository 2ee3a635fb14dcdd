/* SPDX-License-Identifier: MIT */
/* Is a text UTF-8? */
#ifndef ACCEL_BASE_UTF8_H
#define ACCEL_BASE_UTF8_H

#include <stdbool.h>

/* Well-formed UTF-8 (Unicode 15, table 3-7)? */
bool is_utf8(const char *text);

#endif /* ACCEL_BASE_UTF8_H */
