// SPDX-License-Identifier: MIT
/*
 * tables_dump LIST: how the library understands tables, for tables.py.
 *
 * LIST has a line a table: its path, a tab, the label's name, a tab, and
 * "yes", "no" or "auto" for the header. A JSON object a line comes out:
 * {"error": text}, or the columns, each with its name, its kind and its cells
 * as the library has them (numbers plain, dates as seconds, null: missing),
 * and what preprocessing makes of the label.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <accel/accel.h>

#include "../../libaccel/src/data/table.h"

static json_t *cell_json(const struct table *t, int64_t row, int column)
{
	const struct cell_format *f = &t->format[column];
	const char *cell = table_cell(t, row, column);
	struct date d;
	double v;

	if (!cell)
		return json_null();
	if (f->kind == CELLS_NUMBER && number_parse(cell, &v))
		return json_real(v);
	if (f->kind == CELLS_DATE && date_parse(cell, f->order, &d))
		return json_real(date_seconds(&d));
	return json_string(cell);
}

static json_t *column_json(const struct table *t, int column)
{
	static const char *const kinds[] = { "text", "number", "date" };
	const struct cell_format *f = &t->format[column];
	json_t *cells = json_array();
	int64_t r;

	for (r = 0; r < t->rows; r++)
		json_array_append_new(cells, cell_json(t, r, column));
	return json_pack("{s:s, s:s, s:s, s:i, s:o}", "name", t->names[column],
			 "kind", kinds[f->kind], "unit", f->unit, "odd",
			 (int)f->odd, "cells", cells);
}

/* What a model would be given as the label: classes, or numbers. */
static json_t *label_json(const accel_csv_options *o)
{
	accel_samples *s = accel_samples_csv_with(o);
	json_t *y = json_array(), *inputs = json_array(), *answer;
	double v;
	int64_t i;

	if (!s) {
		json_decref(y);
		json_decref(inputs);
		return json_pack("{s:s}", "error", accel_last_error());
	}
	for (i = 0; i < accel_preprocess_columns(s->preprocess); i++)
		json_array_append_new(inputs,
				      json_string(accel_preprocess_column(
					      s->preprocess, (int)i)));
	for (i = 0; i < s->count; i++) {
		if (s->n_classes) {
			json_array_append_new(
				y, json_string(s->class_names[(
					   (const int32_t *)s->y.data)[i]]));
			continue;
		}
		v = ((const float *)s->y.data)[i];
		json_array_append_new(y, json_real(accel_preprocess_target(
						 s->preprocess, v)));
	}
	answer = json_pack("{s:b, s:o, s:o}", "classes", s->n_classes > 0, "y",
			   y, "inputs", inputs);
	accel_samples_destroy(s);
	return answer;
}

static json_t *table_json(const accel_csv_options *o)
{
	struct reading r = { .o = o };
	json_t *columns = json_array(), *answer;
	struct table t;
	int i;

	if (table_read(&t, &r)) {
		json_decref(columns);
		return json_pack("{s:s}", "error", accel_last_error());
	}
	for (i = 0; i < t.columns; i++)
		json_array_append_new(columns, column_json(&t, i));
	answer = json_pack("{s:b, s:s, s:o, s:o}", "header", t.header, "notes",
			   t.notes.text ? t.notes.text : "", "columns", columns,
			   "label", label_json(o));
	table_finish(&t);
	return answer;
}

static void dump(char *line)
{
	const char *path = strsep(&line, "\t"), *label = strsep(&line, "\t"),
		   *header = strsep(&line, "\t\n");
	accel_csv_options o = {
		.path = path,
		.label = label,
		.header = !strcmp(header, "yes")  ? ACCEL_CSV_HEADER_YES
			  : !strcmp(header, "no") ? ACCEL_CSV_HEADER_NO
						  : ACCEL_CSV_HEADER_AUTO,
	};
	json_t *answer = table_json(&o);

	if (!answer || json_dumpf(answer, stdout, JSON_COMPACT)) {
		fprintf(stderr, "%s: no JSON of it\n", path);
		exit(1);
	}
	putchar('\n');
	json_decref(answer);
}

int main(int argc, char **argv)
{
	FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[4096];

	if (!list) {
		fprintf(stderr, "usage: tables_dump LIST\n");
		return 2;
	}
	while (fgets(line, sizeof(line), list))
		dump(line);
	fclose(list);
	return fflush(stdout) ? 1 : 0;
}
