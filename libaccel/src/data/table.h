/* SPDX-License-Identifier: MIT */
/* Tables in memory, as texts whose columns are understood. */
#ifndef ACCEL_DATA_TABLE_H
#define ACCEL_DATA_TABLE_H

#include <accel/table.h>

#include "../base/number.h"
#include "date.h"
#include "notes.h"
#include "spelling.h"
#include "words.h"

/* A file's part of a table. */
struct source {
	char *path; /* for messages */
	char *text; /* what the cells point into */
	int64_t first; /* its first row */
};

enum cell_kind { CELLS_TEXT, CELLS_NUMBER, CELLS_DATE };

/* How a column is written. */
struct cell_format {
	enum cell_kind kind;
	enum spelling spelling; /* of numbers, as it was; cells are plain now */
	char unit[UNIT_BYTES]; /* "": none */
	int order; /* of dates: accel_date_order or DATE_TIME_ONLY */
	int64_t odd; /* first row that is written otherwise, -1: none */
	const char *why; /* what is odd about it; NULL: no number or date */
};

struct table {
	const char *path; /* of messages about all of it; the first source's */
	struct source *source;
	int n_sources;
	char separator; /* of the first file */
	int columns;
	int64_t rows;
	char **cells; /* [rows, columns]; NULL: missing */
	uint32_t *lines; /* [rows] in its file */
	uint8_t *breaks; /* [rows] 1: what is before does not lead to it */
	char **names; /* [columns], one block */
	struct cell_format *format; /* [columns] */
	bool header; /* the files name their columns */
	bool row_numbers; /* the first column has no name, as R writes it */
	int weight; /* the column of weights, -1: none */
	bool reversed; /* the newest came first, and is last now */
	struct notes notes;
};

/* What reading a table depends on. */
struct reading {
	const accel_csv_options *o;
	const accel_preprocess *p; /* that it is read for, or NULL */
};

/* ERR_IO, ERR_FORMAT (with line and column), ERR_NOMEM. */
accel_status table_read(struct table *t, const struct reading *r);
/* The same of bytes in memory, a 0 after the last; they are used up. */
accel_status table_parse(struct table *t, const char *path, char *text,
			 size_t size, const accel_csv_options *o);
void table_finish(struct table *t);

/* A file's records, columns not yet understood (table_parse.c). */
accel_status table_records(struct table *t, const char *path, char *text,
			   size_t size, const accel_csv_options *o);
/* Puts rows of the same columns behind; `from` is used up (table_files.c). */
accel_status table_append(struct table *t, struct table *from);
/* Rows become columns, see accel_csv_options.pivot (pivot.c). */
accel_status table_pivot(struct table *t, const char *spec);
/* Adds a column of names of files or folders (table_files.c). */
accel_status table_add_origin(struct table *t, const char *label);
/* Understands the columns, and makes their numbers plain (columns.c). */
accel_status columns_settle(struct table *t, const struct reading *r);

/* The cell's text, NULL if missing. */
static inline const char *table_cell(const struct table *t, int64_t row,
				     int column)
{
	return t->cells[row * t->columns + column];
}

/* The file that a row is from. */
const char *table_path(const struct table *t, int64_t row);
/* -1: there is none. */
int table_column(const struct table *t, const char *name);
/* The column that a word names: by name, else by number; -1: there is none. */
int table_named(const struct table *t, const char *word);
/* ERR_INVALID with the names that there are. */
accel_status table_no_column(const struct table *t, const char *name);

/* What is wrong with a cell: "room.csv:3:2: column "Light": "x": no number" */
accel_status cell_error(const struct table *t, int64_t row, int column,
			const char *what);

#endif /* ACCEL_DATA_TABLE_H */
