/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_DATA_TABLE_H
#define ACCEL_DATA_TABLE_H

#include <accel/data.h>

#include "../base/number.h"

/* A CSV file in memory, as texts. */
struct table {
	const char *path; /* for messages; the caller's */
	char *text; /* what the cells point into */
	char **block; /* every cell of the file, the header's too */
	uint32_t *line_block; /* where each record begins in the file */
	char separator;
	int columns;
	int64_t rows;
	char **cells; /* [rows, columns], in block; NULL: missing */
	uint32_t *lines; /* [rows], in line_block */
	char **names; /* [columns] */
	bool header; /* the file names its columns */
	bool row_numbers; /* the first column has no name, as R writes it */
};

/* ERR_IO, ERR_FORMAT (with line and column), ERR_NOMEM. */
accel_status table_read(struct table *t, const char *path,
			const accel_csv_options *o);
/* The same of bytes in memory, a 0 after the last; they are used up. */
accel_status table_parse(struct table *t, const char *path, char *text,
			 size_t size, const accel_csv_options *o);
void table_finish(struct table *t);

/* The cell's text, NULL if missing. */
static inline const char *table_cell(const struct table *t, int64_t row,
				     int column)
{
	return t->cells[row * t->columns + column];
}

/* "", "NA", "NaN", "null", "none", "?" and the like, in any case. */
bool table_is_missing(const char *text);

/* -1: there is none. */
int table_column(const struct table *t, const char *name);
/* ERR_INVALID with the names that there are. */
accel_status table_no_column(const struct table *t, const char *name);

struct date {
	int weekday; /* 0 is Monday; -1: a time without a day */
	double second; /* of the day, as written there; 0 without a time */
};

/* 2015-02-04 17:51:00, 2015-02-04T17:51Z, 2015/02/04, 04.02.2015, 2/4/2015
 * (month first), 17:51. */
bool date_parse(const char *text, struct date *d);

#endif /* ACCEL_DATA_TABLE_H */
