// SPDX-License-Identifier: MIT
/* A table in memory: its columns by name, its rows by file. */
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"

void table_finish(struct table *t)
{
	int i;

	for (i = 0; i < t->n_sources; i++) {
		mem_free(t->source[i].path);
		mem_free(t->source[i].text);
	}
	mem_free(t->source);
	mem_free(t->cells);
	mem_free(t->lines);
	mem_free(t->breaks);
	mem_free(t->names);
	mem_free(t->format);
	notes_finish(&t->notes);
	*t = (struct table){ 0 };
}

const char *table_path(const struct table *t, int64_t row)
{
	int low = 0, high = t->n_sources - 1, middle;

	/* a table turned round is of one file */
	while (low < high && !t->reversed) {
		middle = (low + high + 1) / 2;
		if (t->source[middle].first <= row)
			low = middle;
		else
			high = middle - 1;
	}
	return t->n_sources ? t->source[low].path : t->path;
}

int table_column(const struct table *t, const char *name)
{
	int i;

	for (i = 0; i < t->columns; i++)
		if (!strcmp(t->names[i], name))
			return i;
	return -1;
}

int table_named(const struct table *t, const char *word)
{
	int i = table_column(t, word);
	double v;

	if (i < 0 && number_parse(word, &v) && v >= 1 && v <= t->columns &&
	    v == floor(v))
		i = (int)v - 1;
	return i;
}

accel_status table_no_column(const struct table *t, const char *name)
{
	char list[512] = "";
	size_t len = 0;
	int i;

	for (i = 0; i < t->columns && len < sizeof(list) - 80; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len,
					"%s%.60s", i ? ", " : "", t->names[i]);
	return accel_error(ACCEL_ERR_INVALID,
			   "%s: no column \"%s\"; it has: %s%s%s", t->path,
			   name, list, i < t->columns ? ", ..." : "",
			   t->header ? ""
				     : " (the first line was taken for values; "
				       "if it names columns: --header yes)");
}

accel_status cell_error(const struct table *t, int64_t row, int column,
			const char *what)
{
	const char *cell = table_cell(t, row, column);

	return accel_error(ACCEL_ERR_FORMAT,
			   "%s:%u:%d: column \"%s\": \"%.80s\": %s",
			   table_path(t, row), t->lines[row], column + 1,
			   t->names[column], cell ? cell : "", what);
}
