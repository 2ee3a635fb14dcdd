/* SPDX-License-Identifier: MIT */
/* What stands in a table where there is no value. */
#ifndef ACCEL_DATA_WORDS_H
#define ACCEL_DATA_WORDS_H

#include <stdbool.h>

enum absence {
	ABSENT_NO, /* a value */
	ABSENT_WORD, /* None, NA, unknown: a class may be called so */
	ABSENT_YES, /* nothing, ?, NaN, #N/A */
};

enum absence word_absence(const char *text);

/* Is a cell one of a list's values ("-200,off")? Numbers are compared by
 * value, whatever decimal mark they are written with. @list: NULL: none. */
bool word_listed(const char *list, const char *text);

#endif /* ACCEL_DATA_WORDS_H */
