// SPDX-License-Identifier: MIT
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

static void column_finish(struct column *c)
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

/* One cell's features; false: it is no value of this column. */
static bool encode_cell(const struct column *c, const char *cell, float *x)
{
	double v = c->mean, angle;
	struct date d;
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
		memset(x, 0, 4 * sizeof(*x));
		if (!cell)
			return true;
		if (!date_parse(cell, &d))
			return false;
		angle = 2 * M_PI * d.second / 86400;
		x[0] = (float)sin(angle);
		x[1] = (float)cos(angle);
		if (d.weekday >= 0) {
			angle = 2 * M_PI * d.weekday / 7;
			x[2] = (float)sin(angle);
			x[3] = (float)cos(angle);
		}
		return true;
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

accel_status cell_error(const struct table *t, int64_t row, int column,
			const char *what)
{
	const char *cell = table_cell(t, row, column);

	return accel_error(ACCEL_ERR_FORMAT,
			   "%s:%u:%d: column \"%s\": \"%.80s\": %s", t->path,
			   t->lines[row], column + 1, t->names[column],
			   cell ? cell : "", what);
}

/* The class of a label's cell, -1: none. Numbers count by value. */
static int find_class(const struct column *label, const char *cell)
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

/* Where p's columns stand in a table. */
struct mapping {
	int *column; /* [p->n] */
	int label; /* -1: not there */
};

static accel_status map_columns(const accel_preprocess *p,
				const struct table *t, struct mapping *m)
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

/* Is the row left out? */
static bool dropped(const accel_preprocess *p, const struct table *t,
		    const struct mapping *m, int64_t row)
{
	int i;

	if (p->missing == ACCEL_CSV_MISSING_ERROR)
		return false;
	if (m->label >= 0 && !table_cell(t, row, m->label))
		return true;
	for (i = 0; p->missing == ACCEL_CSV_MISSING_DROP && i < p->n; i++)
		if (!table_cell(t, row, m->column[i]))
			return true;
	return false;
}

static accel_status encode_row(const accel_preprocess *p, const struct table *t,
			       const struct mapping *m, int64_t row, float *x)
{
	int i;

	for (i = 0; i < p->n; i++) {
		const struct column *c = &p->columns[i];
		const char *cell = table_cell(t, row, m->column[i]);

		if ((!cell && p->missing == ACCEL_CSV_MISSING_ERROR) ||
		    !encode_cell(c, cell, x))
			return cell_error(t, row, m->column[i],
					  complaint(c, cell));
		x += column_features(c);
	}
	return ACCEL_OK;
}

static accel_status encode_label(const accel_preprocess *p,
				 const struct table *t, const struct mapping *m,
				 int64_t row, void *y)
{
	const char *cell = table_cell(t, row, m->label);
	int class;

	if (!cell)
		return cell_error(t, row, m->label, "the label is missing");
	if (p->label.kind == COLUMN_NUMBER)
		return encode_cell(&p->label, cell, y)
			       ? ACCEL_OK
			       : cell_error(t, row, m->label, "no number");
	class = find_class(&p->label, cell);
	if (class < 0)
		return cell_error(t, row, m->label,
				  "a class that the training did not know");
	*(int32_t *)y = class;
	return ACCEL_OK;
}

static accel_status apply(accel_preprocess *p, const struct table *t,
			  const struct mapping *m, const int64_t *rows,
			  int64_t n, accel_samples *s)
{
	int64_t shape[2] = { 0, p->n_features }, y_shape[2] = { 0, 1 }, i, k;
	bool number = p->label.kind == COLUMN_NUMBER;
	accel_status status;

	for (i = 0; i < n; i++)
		shape[0] += !dropped(p, t, m, rows[i]);
	if (!shape[0])
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: every row lacks a value", t->path);
	y_shape[0] = s->count = shape[0];
	status = array_make(&s->x, ACCEL_F32, 2, shape);
	if (!status && m->label >= 0)
		status = array_make(&s->y, number ? ACCEL_F32 : ACCEL_I32,
				    number ? 2 : 1, y_shape);
	for (i = 0, k = 0; i < n && !status; i++) {
		if (dropped(p, t, m, rows[i]))
			continue;
		status = encode_row(p, t, m, rows[i],
				    (float *)s->x.data + k * p->n_features);
		if (!status && m->label >= 0)
			status = encode_label(p, t, m, rows[i],
					      (float *)s->y.data + k);
		k++;
	}
	return status;
}

accel_samples *preprocess_apply(accel_preprocess *p, const struct table *t,
				const int64_t *rows, int64_t n)
{
	accel_samples *s = samples_make(t->path);
	struct mapping m = { 0 };
	accel_status status;

	if (!s)
		return NULL;
	status = map_columns(p, t, &m);
	if (!status)
		status = apply(p, t, &m, rows, n, s);
	mem_free(m.column);
	if (!status) {
		s->preprocess = preprocess_get(p);
		s->x_names = names_copy(p->n_features, p->features);
		status = s->x_names ? ACCEL_OK : ACCEL_ERR_NOMEM;
	}
	if (!status && p->label.n_texts) {
		s->n_classes = p->label.n_texts;
		s->class_names = names_copy(s->n_classes, p->label.texts);
		status = s->class_names ? ACCEL_OK : ACCEL_ERR_NOMEM;
	}
	if (!status)
		return s;
	accel_samples_destroy(s);
	return NULL;
}

accel_samples *accel_preprocess_csv(const accel_preprocess *p, const char *path)
{
	accel_csv_options o = {
		.header = p->header ? ACCEL_CSV_HEADER_YES
				    : ACCEL_CSV_HEADER_NO,
	};
	accel_samples *s = NULL;
	struct table t;
	int64_t *rows;

	if (table_read(&t, path, &o))
		return NULL;
	rows = row_list(t.rows);
	if (rows) /* only its owners are counted anew */
		s = preprocess_apply((accel_preprocess *)p, &t, rows, t.rows);
	mem_free(rows);
	table_finish(&t);
	return s;
}

/* ---- one row ---- */

accel_status accel_preprocess_row(const accel_preprocess *p, int n,
				  const char *const *names,
				  const char *const *values, float *x)
{
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
		cell = values[k] && !table_is_missing(values[k]) ? values[k]
								 : NULL;
		if (!cell && p->missing != ACCEL_CSV_MISSING_FILL)
			return accel_error(ACCEL_ERR_INVALID,
					   "\"%s\" is missing", c->name);
		if (!encode_cell(c, cell, x))
			return accel_error(ACCEL_ERR_FORMAT,
					   "\"%s\": \"%.80s\": %s", c->name,
					   cell, complaint(c, cell));
		x += column_features(c);
	}
	return ACCEL_OK;
}

accel_status accel_preprocess_numbers(const accel_preprocess *p,
				      const double *values, float *x)
{
	int i;

	for (i = 0; i < p->n; i++) {
		const struct column *c = &p->columns[i];
		bool missing = isnan(values[i]);

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

const char *accel_preprocess_ignored(const accel_preprocess *p)
{
	return p->ignored ? p->ignored : "";
}
