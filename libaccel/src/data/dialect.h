/* SPDX-License-Identifier: MIT */
/* What stands in a file before its records, and what separates fields. */
#ifndef ACCEL_DATA_DIALECT_H
#define ACCEL_DATA_DIALECT_H

#include <stdint.h>

#include "table.h"

struct dialect {
	char *start; /* of the first record */
	uint32_t line; /* its number, from 1 */
	char separator; /* ' ': any blanks */
	bool comments; /* a line that is no row and begins with # is none */
	int64_t commented; /* lines before the first record that are comments */
};

/* ERR_FORMAT: the file is no text, named. */
accel_status dialect_find(struct dialect *d, const char *path, char *text,
			  size_t size, const accel_csv_options *o);

/* "# began again", not "#N/A" or "#1": certainly no record. */
bool line_is_comment(const char *p);

#endif /* ACCEL_DATA_DIALECT_H */
