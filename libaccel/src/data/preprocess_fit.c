// SPDX-License-Identifier: MIT
/* What a table's columns are, and the numbers that normalise them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "clock.h"
#include "preprocess.h"
#include "samples.h"

#define CLASSES_AUTO 20 /* so many whole numbers still count as classes */

struct fit {
	const struct table *t;
	const accel_csv_options *o;
	const int64_t *rows;
	int64_t n;
	int label; /* column, -1: none */
	char ignored[1024];
	size_t ignored_len;
	bool cut; /* there were more */
};

static const char *cell_of(const struct fit *f, int64_t i, int column)
{
	return table_cell(f->t, f->rows[i], column);
}

static void ignore(struct fit *f, int column, const char *why)
{
	static const char more[] = ", ...";
	size_t room = sizeof(f->ignored) - f->ignored_len - sizeof(more);
	char *end = f->ignored + f->ignored_len;
	int n;

	if (f->cut)
		return;
	n = snprintf(end, room, "%s%s (%s)", f->ignored_len ? ", " : "",
		     *f->t->names[column] ? f->t->names[column] : "column 1",
		     why);
	f->cut = n < 0 || (size_t)n >= room;
	if (f->cut) /* whole names only: a cut one may be no UTF-8 */
		strcpy(end, f->ignored_len ? more : more + 2);
	else
		f->ignored_len += (size_t)n;
}

static char *copy_text(const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = mem_alloc(len);

	return copy ? memcpy(copy, text, len) : NULL;
}

/* ---- kinds ---- */

static int64_t count_missing(const struct fit *f, int column)
{
	int64_t i, n = 0;

	for (i = 0; i < f->n; i++)
		n += !cell_of(f, i, column);
	return n;
}

/* ERR_FORMAT where a few cells of a column are written otherwise. */
static accel_status kind_of(const struct fit *f, int column,
			    enum column_kind *kind)
{
	const struct cell_format *format = &f->t->format[column];

	*kind = format->kind == CELLS_NUMBER ? COLUMN_NUMBER
		: format->kind == CELLS_DATE ? COLUMN_DATE
					     : COLUMN_TEXT;
	if (format->odd < 0)
		return ACCEL_OK;
	return cell_error(f->t, format->odd, column, format->why);
}

/* 1, 2, 3, ... from any start, down the whole file? */
static bool counts_up(const struct table *t, int column)
{
	double v, before = 0;
	int64_t i;

	for (i = 0; i < t->rows; i++) {
		const char *cell = table_cell(t, i, column);

		if (!cell || !number_parse(cell, &v) || v != floor(v) ||
		    (i && v != before + 1))
			return false;
		before = v;
	}
	return t->rows > 2;
}

/* ---- columns ---- */

static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * The different texts of a column in order, at most `limit` + 1 of them
 * counted; *list points into the table and is for mem_free().
 */
static accel_status different(const struct fit *f, int column, int limit,
			      char ***list, int *count)
{
	static char missing[] = "";
	char **all = mem_alloc((size_t)f->n * sizeof(*all));
	int64_t i;
	int n = 0;

	if (!all)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < f->n; i++) {
		char *cell = f->t->cells[f->rows[i] * f->t->columns + column];

		all[i] = cell ? cell : missing;
	}
	qsort(all, (size_t)f->n, sizeof(*all), text_order);
	for (i = 0; i < f->n && n <= limit; i++)
		if (!n || strcmp(all[n - 1], all[i]))
			all[n++] = all[i];
	*list = all;
	*count = n;
	return ACCEL_OK;
}

/* Mean and population standard deviation, 1 where nothing varies. */
static accel_status fit_number(const struct fit *f, int column,
			       struct column *c)
{
	double sum = 0, squares = 0, v;
	int64_t i, n = 0;

	for (i = 0; i < f->n; i++) {
		const char *cell = cell_of(f, i, column);

		if (!cell)
			continue;
		number_parse(cell, &v);
		sum += v;
		n++;
	}
	c->mean = sum / (double)n;
	for (i = 0; i < f->n; i++) {
		const char *cell = cell_of(f, i, column);

		if (cell && number_parse(cell, &v))
			squares += (v - c->mean) * (v - c->mean);
	}
	c->std = sqrt(squares / (double)n);
	if (!isfinite(c->mean) || !isfinite(c->std))
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: the numbers of column \"%s\" overflow",
				   f->t->path, f->t->names[column]);
	/* rounding is no variation */
	if (c->std <= fabs(c->mean) * 1e-12)
		c->std = 1;
	return ACCEL_OK;
}

static accel_status fit_text(const struct fit *f, int column, struct column *c)
{
	accel_status status;
	char **list;
	int n;

	status = different(f, column, TEXTS_MAX, &list, &n);
	if (status)
		return status;
	if (n > TEXTS_MAX)
		status = accel_error(ACCEL_ERR_INVALID,
				     "%s: column \"%s\" has more than %d "
				     "different texts",
				     f->t->path, f->t->names[column],
				     TEXTS_MAX);
	else
		c->texts = names_copy(n, list);
	c->n_texts = c->texts ? n : 0;
	mem_free(list);
	return status ? status : c->texts ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

/* Why a column that nobody asked for is no input; NULL: it is one. */
static accel_status why_not(const struct fit *f, int column, bool counting,
			    const char **why)
{
	enum column_kind kind;
	accel_status status;
	char **list;
	int n;

	*why = NULL;
	if ((!column && f->t->row_numbers) ||
	    (!counting && counts_up(f->t, column)))
		*why = "row number";
	else if (column == f->t->weight)
		*why = "weight";
	else if (column_is_clock(f->t, column, counting))
		*why = "time";
	else if (count_missing(f, column) == f->n)
		*why = "empty";
	else if (f->t->format[column].kind == CELLS_DATE && !f->o->dates)
		*why = "date";
	if (*why)
		return ACCEL_OK;
	status = kind_of(f, column, &kind);
	if (status || kind != COLUMN_TEXT)
		return status;
	status = different(f, column, TEXTS_MAX, &list, &n);
	if (status)
		return status;
	mem_free(list);
	if (n > TEXTS_MAX || (n > CLASSES_AUTO && 2 * (int64_t)n > f->n))
		*why = "text, nearly all different";
	return ACCEL_OK;
}

static accel_status fit_column(const struct fit *f, int column,
			       struct column *c)
{
	accel_status status;

	c->name = copy_text(f->t->names[column]);
	if (!c->name)
		return ACCEL_ERR_NOMEM;
	c->spelling = f->t->format[column].spelling;
	memcpy(c->unit, f->t->format[column].unit, UNIT_BYTES);
	c->order = f->t->format[column].order;
	if (count_missing(f, column) == f->n)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: column \"%s\" has no value", f->t->path,
				   c->name);
	status = kind_of(f, column, &c->kind);
	if (status || c->kind == COLUMN_DATE)
		return status;
	return c->kind == COLUMN_TEXT ? fit_text(f, column, c)
				      : fit_number(f, column, c);
}

/* ---- the choice of columns ---- */

/* Marks the columns of "a,b,3". */
static accel_status choose_listed(const struct fit *f, bool *use)
{
	char *list = copy_text(f->o->columns), *rest = list, *word, *end;
	accel_status status = list ? ACCEL_OK : ACCEL_ERR_NOMEM;
	int i;

	while (!status && (word = strsep(&rest, ","))) {
		word += strspn(word, " ");
		for (end = word + strlen(word); end > word && end[-1] == ' ';)
			*--end = 0;
		i = table_named(f->t, word);
		if (i < 0)
			status = table_no_column(f->t, word);
		else if (i == f->t->weight || (i == f->label && !f->o->ahead))
			status = accel_error(
				ACCEL_ERR_INVALID,
				"%s: \"%s\" is the %s and cannot be an input, "
				"too",
				f->t->path, word,
				i == f->label ? "label" : "weight");
		else
			use[i] = true;
	}
	mem_free(list);
	return status;
}

/* Every column that may be an input. @counting: one that counts upwards, too.
 */
static accel_status choose_all(struct fit *f, bool counting, bool *use,
			       int *used)
{
	const char *why;
	accel_status status;
	int i;

	*used = 0;
	*f->ignored = 0;
	f->ignored_len = 0;
	for (i = 0; i < f->t->columns; i++) {
		if (i == f->label)
			continue;
		status = why_not(f, i, counting, &why);
		if (status)
			return status;
		use[i] = !why;
		*used += !why;
		if (why)
			ignore(f, i, why);
	}
	return ACCEL_OK;
}

static accel_status choose(struct fit *f, bool *use)
{
	accel_status status;
	int used;

	if (f->o->columns)
		return choose_listed(f, use);
	status = choose_all(f, false, use, &used);
	if (status || used)
		return status;
	/* 1, 2, 3, ... and nothing else: points of a curve, not row numbers */
	return choose_all(f, true, use, &used);
}

/* ---- the label ---- */

static int number_order(const void *a, const void *b)
{
	double v = 0, w = 0;

	number_parse(*(char *const *)a, &v);
	number_parse(*(char *const *)b, &w);
	return v < w ? -1 : v > w;
}

/* The label's classes: all different texts, or numbers in order of value. */
static accel_status fit_classes(const struct fit *f, bool numbers,
				struct column *c)
{
	accel_status status;
	int n, i, kept = 0;
	char **list;

	status = different(f, f->label, TEXTS_MAX, &list, &n);
	if (status)
		return status;
	if (numbers && n <= TEXTS_MAX)
		qsort(list, (size_t)n, sizeof(*list), number_order);
	for (i = 0; i < n; i++) /* a missing label is no class; 1 is 1.0 */
		if (*list[i] && (!kept || !numbers ||
				 number_order(&list[kept - 1], &list[i])))
			list[kept++] = list[i];
	if (n > TEXTS_MAX || kept < 2)
		status = accel_error(ACCEL_ERR_INVALID,
				     "%s: label \"%s\" has %s", f->t->path,
				     c->name,
				     kept < 2 ? "one value only"
					      : "too many different values for "
						"classes");
	else
		c->texts = names_copy(kept, list);
	c->n_texts = c->texts ? kept : 0;
	mem_free(list);
	return status ? status : c->texts ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

/* Few different whole numbers? */
static accel_status looks_like_classes(const struct fit *f, bool *yes)
{
	accel_status status;
	char **list;
	double v;
	int n, i;

	status = different(f, f->label, CLASSES_AUTO + 1, &list, &n);
	if (status)
		return status;
	*yes = n <= CLASSES_AUTO;
	for (i = 0; i < n && *yes; i++)
		if (*list[i] && number_parse(list[i], &v) && v != floor(v))
			*yes = false;
	mem_free(list);
	return ACCEL_OK;
}

/* Classes or numbers? ERR_FORMAT: a text where numbers are asked for. */
static accel_status label_kind(const struct fit *f, struct column *c,
			       bool *classes)
{
	accel_status status = ACCEL_OK;
	double v;
	int64_t i;

	*classes = f->o->task == ACCEL_CSV_CLASSIFY;
	if (*classes)
		return ACCEL_OK;
	if (f->o->task == ACCEL_CSV_AUTO) {
		status = kind_of(f, f->label, &c->kind);
		*classes = c->kind != COLUMN_NUMBER;
		return status || *classes ? status
					  : looks_like_classes(f, classes);
	}
	for (i = 0; i < f->n; i++) {
		const char *cell = cell_of(f, i, f->label);

		if (cell && !number_parse(cell, &v))
			return cell_error(f->t, i, f->label, "no number");
	}
	return kind_of(f, f->label, &c->kind);
}

static accel_status fit_label(const struct fit *f, struct column *c)
{
	const struct cell_format *format = &f->t->format[f->label];
	bool numbers = format->kind == CELLS_NUMBER && format->odd < 0;
	struct fit whole = *f;
	bool classes = false;
	accel_status status;
	int64_t *rows;

	c->name = copy_text(f->t->names[f->label]);
	rows = row_list(f->t->rows);
	whole.rows = rows;
	whole.n = f->t->rows;
	if (!c->name || !rows) {
		mem_free(rows);
		return ACCEL_ERR_NOMEM;
	}
	status = label_kind(&whole, c, &classes);
	c->kind = classes ? COLUMN_TEXT : COLUMN_NUMBER;
	c->spelling = format->spelling;
	memcpy(c->unit, format->unit, UNIT_BYTES);
	if (!status && count_missing(classes ? &whole : f, f->label) ==
			       (classes ? whole.n : f->n))
		status = accel_error(ACCEL_ERR_INVALID,
				     "%s: label \"%s\" has no value",
				     f->t->path, c->name);
	if (!status)
		status = classes ? fit_classes(&whole, numbers, c)
				 : fit_number(f, f->label, c);
	mem_free(rows);
	return status;
}

accel_status preprocess_fit_label(const struct table *t, const char *label,
				  struct column *c)
{
	const accel_csv_options o = { .task = ACCEL_CSV_CLASSIFY };
	struct fit f = { .t = t, .o = &o };

	*c = (struct column){ 0 };
	f.label = table_named(t, label);
	return f.label < 0 ? table_no_column(t, label) : fit_label(&f, c);
}

/* ---- all of it ---- */

static accel_status fit_columns(struct fit *f, const bool *use,
				accel_preprocess *p)
{
	accel_status status = ACCEL_OK;
	int i, k = 0;

	for (i = 0; i < f->t->columns && !status; i++)
		if (use[i])
			status = fit_column(f, i, &p->columns[k++]);
	if (!status && f->label >= 0) {
		p->has_label = true;
		status = fit_label(f, &p->label);
	}
	p->missing = f->o->missing;
	p->header = f->t->header;
	p->window = f->o->window;
	p->stride = f->o->stride;
	p->ahead = f->o->ahead;
	p->gap = f->o->gap;
	p->ignored = copy_text(f->ignored);
	if (f->o->missing_words)
		p->missing_words = copy_text(f->o->missing_words);
	if (!status &&
	    (!p->ignored || (f->o->missing_words && !p->missing_words)))
		status = ACCEL_ERR_NOMEM;
	return status ? status : preprocess_name_features(p);
}

accel_preprocess *preprocess_fit(const struct table *t,
				 const accel_csv_options *o,
				 const int64_t *rows, int64_t n)
{
	struct fit f = { .t = t, .o = o, .rows = rows, .n = n, .label = -1 };
	accel_preprocess *p = NULL;
	accel_status status;
	int used = 0, i;
	bool *use;

	if (o->label) {
		f.label = table_named(t, o->label);
		if (f.label < 0) {
			table_no_column(t, o->label);
			return NULL;
		}
	}
	use = mem_zalloc((size_t)t->columns * sizeof(*use));
	status = use ? choose(&f, use) : ACCEL_ERR_NOMEM;
	/* a forecast knows the label up to now */
	if (!status && o->ahead && f.label >= 0)
		use[f.label] = true;
	for (i = 0; !status && i < t->columns; i++)
		used += use[i];
	if (!status && !used)
		status = accel_error(ACCEL_ERR_INVALID,
				     "%s: no input column is left; left out: "
				     "%s",
				     t->path, *f.ignored ? f.ignored : "none");
	if (!status)
		p = preprocess_make(used);
	if (p && fit_columns(&f, use, p)) {
		accel_preprocess_destroy(p);
		p = NULL;
	}
	mem_free(use);
	return p;
}
