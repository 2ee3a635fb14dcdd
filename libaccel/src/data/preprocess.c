// SPDX-License-Identifier: MIT
/* A preprocess: made, counted, applied to a row, and asked what is in it. */
#include "preprocess.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "samples.h"

accel_preprocess *preprocess_make(int n)
{
	accel_preprocess *p = mem_zalloc(sizeof(*p));

	if (!p)
		return NULL;
	atomic_init(&p->refs, 1);
	p->columns = mem_zalloc((size_t)n * sizeof(p->columns[0]));
	if (!p->columns) {
		mem_free(p);
		return NULL;
	}
	p->n = n;
	return p;
}

accel_preprocess *preprocess_get(accel_preprocess *p)
{
	if (p)
		atomic_fetch_add(&p->refs, 1);
	return p;
}

void column_finish(struct column *c)
{
	mem_free(c->name);
	mem_free(c->texts);
}

void accel_preprocess_destroy(accel_preprocess *p)
{
	int i;

	if (!p || atomic_fetch_sub(&p->refs, 1) > 1)
		return;
	for (i = 0; i < p->n; i++)
		column_finish(&p->columns[i]);
	column_finish(&p->label);
	mem_free(p->columns);
	mem_free(p->ignored);
	mem_free(p->missing_words);
	mem_free(p->features);
	mem_free(p);
}

/* ---- features ---- */

static const char *const date_parts[] = { "hour.sin", "hour.cos", "day.sin",
					  "day.cos" };

static int column_features(const struct column *c)
{
	return c->kind == COLUMN_TEXT   ? c->n_texts
	       : c->kind == COLUMN_DATE ? 4
					: 1;
}

accel_status preprocess_name_features(accel_preprocess *p)
{
	size_t size = 0, room;
	char *text;
	int i, k, n = 0;

	for (i = 0; i < p->n; i++) {
		const struct column *c = &p->columns[i];

		for (k = 0; k < column_features(c); k++, n++)
			size += strlen(c->name) + 16 +
				(c->kind == COLUMN_TEXT ? strlen(c->texts[k])
							: 0);
	}
	p->features = mem_alloc((size_t)n * sizeof(char *) + size);
	if (!p->features)
		return ACCEL_ERR_NOMEM;
	p->n_features = n;
	text = (char *)(p->features + n);
	for (i = 0, n = 0; i < p->n; i++) {
		const struct column *c = &p->columns[i];

		for (k = 0; k < column_features(c); k++, n++) {
			bool of_text = c->kind == COLUMN_TEXT;
			bool of_date = c->kind == COLUMN_DATE;

			room = strlen(c->name) + 16 +
			       (of_text ? strlen(c->texts[k]) : 0);
			snprintf(text, room, "%s%s%s", c->name,
				 of_text   ? "="
				 : of_date ? "."
					   : "",
				 of_text   ? c->texts[k]
				 : of_date ? date_parts[k]
					   : "");
			p->features[n] = text;
			text += room;
		}
	}
	return ACCEL_OK;
}

static int text_order(const void *key, const void *element)
{
	return strcmp(key, *(char *const *)element);
}

static bool encode_date(const char *cell, int order, float *x)
{
	double angle;
	struct date d;

	memset(x, 0, 4 * sizeof(*x));
	if (!cell)
		return true;
	if (!date_parse(cell, order, &d))
		return false;
	angle = 2 * M_PI * d.second / 86400;
	x[0] = (float)sin(angle);
	x[1] = (float)cos(angle);
	if (d.month) {
		angle = 2 * M_PI * date_weekday(&d) / 7;
		x[2] = (float)sin(angle);
		x[3] = (float)cos(angle);
	}
	return true;
}

/* One cell's features; false: it is no value of this column. Numbers are
 * plain. @order: of dates. */
static bool encode_cell(const struct column *c, const char *cell, int order,
			float *x)
{
	double v = c->mean;
	char **found;

	switch (c->kind) {
	case COLUMN_NUMBER:
		if (cell && !number_parse(cell, &v))
			return false;
		x[0] = (float)((v - c->mean) / c->std);
		return true;
	case COLUMN_TEXT:
		memset(x, 0, (size_t)c->n_texts * sizeof(*x));
		found = bsearch(cell ? cell : "", c->texts, (size_t)c->n_texts,
				sizeof(*c->texts), text_order);
		if (found)
			x[found - c->texts] = 1;
		return true;
	case COLUMN_DATE:
		return encode_date(cell, order, x);
	}
	return false;
}

static const char *complaint(const struct column *c, const char *cell)
{
	if (!cell)
		return "the value is missing";
	return c->kind == COLUMN_DATE ? "no date, as in the training data"
				      : "no number, as in the training data";
}

/* ---- a table ---- */

int64_t *row_list(int64_t n)
{
	int64_t *rows = mem_alloc((size_t)n * sizeof(*rows)), i;

	for (i = 0; rows && i < n; i++)
		rows[i] = i;
	return rows;
}

/* The class of a label's cell, -1: none. Numbers count by value. */
int find_class(const struct column *label, const char *cell)
{
	double v, w;
	bool number = number_parse(cell, &v);
	int i;

	for (i = 0; i < label->n_texts; i++) {
		if (!strcmp(label->texts[i], cell))
			return i;
		if (number && number_parse(label->texts[i], &w) && v == w)
			return i;
	}
	return -1;
}

accel_status map_columns(const accel_preprocess *p, const struct table *t,
			 struct mapping *m)
{
	int i;

	m->label = p->has_label ? table_column(t, p->label.name) : -1;
	m->column = mem_alloc((size_t)p->n * sizeof(*m->column));
	if (!m->column)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < p->n; i++) {
		m->column[i] = table_column(t, p->columns[i].name);
		if (m->column[i] < 0)
			return table_no_column(t, p->columns[i].name);
	}
	return ACCEL_OK;
}

bool row_is_empty(const accel_preprocess *p, const struct table *t,
		  const struct mapping *m, int64_t row)
{
	int i;

	for (i = 0; i < p->n; i++)
		if (table_cell(t, row, m->column[i]))
			return false;
	return true;
}

bool row_lacks(const accel_preprocess *p, const struct table *t,
	       const struct mapping *m, int64_t row)
{
	int i;

	for (i = 0; p->missing != ACCEL_CSV_MISSING_FILL && i < p->n; i++)
		if (!table_cell(t, row, m->column[i]))
			return true;
	return false;
}

accel_status encode_row(const accel_preprocess *p, const struct table *t,
			const struct mapping *m, int64_t row, float *x)
{
	int i;

	for (i = 0; i < p->n; i++) {
		const struct column *c = &p->columns[i];
		const char *cell = table_cell(t, row, m->column[i]);

		/* the column of a table may be written in two ways */
		if (cell && t->format[m->column[i]].odd == row &&
		    c->kind != COLUMN_TEXT)
			return cell_error(t, row, m->column[i],
					  t->format[m->column[i]].why);
		if ((!cell && p->missing == ACCEL_CSV_MISSING_ERROR) ||
		    !encode_cell(c, cell, t->format[m->column[i]].order, x))
			return cell_error(t, row, m->column[i],
					  complaint(c, cell));
		x += column_features(c);
	}
	return ACCEL_OK;
}

accel_status encode_label(const accel_preprocess *p, const struct table *t,
			  const struct mapping *m, int64_t row, void *y)
{
	const char *cell = table_cell(t, row, m->label);
	int class;

	if (!cell)
		return cell_error(t, row, m->label, "the label is missing");
	if (p->label.kind == COLUMN_NUMBER)
		return encode_cell(&p->label, cell, 0, y)
			       ? ACCEL_OK
			       : cell_error(t, row, m->label, "no number");
	class = find_class(&p->label, cell);
	if (class < 0)
		return cell_error(t, row, m->label,
				  "a class that the training did not know");
	*(int32_t *)y = class;
	return ACCEL_OK;
}

/* ---- one row ---- */

/* A text given for a column, numbers as C writes them; NULL: missing. */
static const char *value_of(const accel_preprocess *p, const struct column *c,
			    const char *text, char plain[SPELLING_BYTES])
{
	struct number_text n;
	int s;

	if (!text || word_absence(text) || word_listed(p->missing_words, text))
		return NULL;
	if (c->kind != COLUMN_NUMBER || !spelling_split(text, &n))
		return text;
	if (spelling_plain(&n, c->spelling, plain))
		return plain;
	for (s = 0; s < SPELLINGS; s++)
		if (spelling_plain(&n, (enum spelling)s, plain))
			return plain;
	return text;
}

accel_status accel_preprocess_row(const accel_preprocess *p, int n,
				  const char *const *names,
				  const char *const *values, float *x)
{
	char plain[SPELLING_BYTES];
	int i, k;

	for (i = 0; i < p->n; i++) {
		const struct column *c = &p->columns[i];
		const char *cell;

		for (k = 0; k < n && strcmp(names[k], c->name); k++)
			;
		if (k == n)
			return accel_error(ACCEL_ERR_INVALID,
					   "the model reads \"%s\", which is "
					   "not given",
					   c->name);
		cell = value_of(p, c, values[k], plain);
		if (!cell && p->missing != ACCEL_CSV_MISSING_FILL)
			return accel_error(ACCEL_ERR_INVALID,
					   "\"%s\" is missing", c->name);
		if (!encode_cell(c, cell, c->order, x))
			return accel_error(ACCEL_ERR_FORMAT,
					   "\"%s\": \"%.80s\": %s", c->name,
					   cell, complaint(c, cell));
		x += column_features(c);
	}
	return ACCEL_OK;
}

static bool is_listed(const char *list, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.17g", value);
	return word_listed(list, text);
}

accel_status accel_preprocess_numbers(const accel_preprocess *p,
				      const double *values, float *x)
{
	int i;

	for (i = 0; i < p->n; i++) {
		const struct column *c = &p->columns[i];
		bool missing = isnan(values[i]) ||
			       (p->missing_words &&
				is_listed(p->missing_words, values[i]));

		if (c->kind != COLUMN_NUMBER)
			return accel_error(
				ACCEL_ERR_INVALID,
				"the model reads \"%s\" as text, not "
				"as a number",
				c->name);
		if (missing && p->missing != ACCEL_CSV_MISSING_FILL)
			return accel_error(ACCEL_ERR_INVALID,
					   "\"%s\" is missing", c->name);
		x[i] = missing ? 0 : (float)((values[i] - c->mean) / c->std);
	}
	return ACCEL_OK;
}

/* ---- what it is ---- */

int accel_preprocess_columns(const accel_preprocess *p)
{
	return p->n;
}

const char *accel_preprocess_column(const accel_preprocess *p, int i)
{
	return i >= 0 && i < p->n ? p->columns[i].name : NULL;
}

int accel_preprocess_features(const accel_preprocess *p)
{
	return p->n_features;
}

const char *accel_preprocess_feature(const accel_preprocess *p, int i)
{
	return i >= 0 && i < p->n_features ? p->features[i] : NULL;
}

const char *accel_preprocess_label(const accel_preprocess *p)
{
	return p->has_label ? p->label.name : NULL;
}

int accel_preprocess_classes(const accel_preprocess *p)
{
	return p->label.n_texts;
}

const char *accel_preprocess_class(const accel_preprocess *p, int i)
{
	return i >= 0 && i < p->label.n_texts ? p->label.texts[i] : NULL;
}

void accel_preprocess_target_scale(const accel_preprocess *p, double *mean,
				   double *std)
{
	bool number = p->has_label && p->label.kind == COLUMN_NUMBER;

	*mean = number ? p->label.mean : 0;
	*std = number ? p->label.std : 1;
}

double accel_preprocess_target(const accel_preprocess *p, double y)
{
	double mean, std;

	accel_preprocess_target_scale(p, &mean, &std);
	return y * std + mean;
}

int accel_preprocess_window(const accel_preprocess *p)
{
	return p->window;
}

int accel_preprocess_ahead(const accel_preprocess *p)
{
	return p->ahead;
}

const char *accel_preprocess_ignored(const accel_preprocess *p)
{
	return p->ignored ? p->ignored : "";
}
