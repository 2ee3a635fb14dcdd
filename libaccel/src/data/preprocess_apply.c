// SPDX-License-Identifier: MIT
/* From a table's rows to samples: each by itself, or as the end of a series. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "clock.h"
#include "preprocess.h"
#include "samples.h"

/* Rows that were left out, and why. */
struct left_out {
	int64_t label, empty, lacking;
};

struct job {
	const accel_preprocess *p;
	const struct table *t;
	struct mapping m;
	int window; /* at least 1 */
	struct left_out out;
	float *all; /* [rows, F] in series; each is filled in once */
	uint8_t *done; /* [rows] */
};

static bool in_series(const accel_preprocess *p)
{
	return p->window > 0;
}

/* Is the sample that ends with this row left out? */
static bool dropped(struct job *j, int64_t row)
{
	const accel_preprocess *p = j->p;
	bool label = j->m.label >= 0 &&
		     !table_cell(j->t, row + p->ahead, j->m.label);
	int64_t r;

	if (p->missing == ACCEL_CSV_MISSING_ERROR)
		return false;
	if (label) {
		j->out.label++;
		return true;
	}
	if (!in_series(p) && row_is_empty(p, j->t, &j->m, row)) {
		j->out.empty++;
		return true;
	}
	for (r = row - j->window + 1; r <= row; r++) {
		if (!row_lacks(p, j->t, &j->m, r))
			continue;
		j->out.lacking++;
		return true;
	}
	return false;
}

/* The row's numbers, in series kept for the next window. */
static accel_status window_numbers(struct job *j, int64_t row, float *x)
{
	size_t f = (size_t)j->p->n_features;
	accel_status status;
	int64_t r;

	if (!in_series(j->p))
		return encode_row(j->p, j->t, &j->m, row, x);
	for (r = row - j->window + 1; r <= row; r++) {
		float *from = j->all + (size_t)r * f;

		status = j->done[r] ? ACCEL_OK
				    : encode_row(j->p, j->t, &j->m, r, from);
		if (status)
			return status;
		j->done[r] = 1;
		memcpy(x, from, f * sizeof(*x));
		x += f;
	}
	return ACCEL_OK;
}

static accel_status begin(struct job *j, const accel_preprocess *p,
			  const struct table *t)
{
	accel_status status;

	*j = (struct job){ .p = p,
			   .t = t,
			   .window = p->window ? p->window : 1 };
	status = map_columns(p, t, &j->m);
	if (status || !in_series(p))
		return status;
	j->all = mem_alloc((size_t)t->rows * (size_t)p->n_features *
			   sizeof(*j->all));
	j->done = mem_zalloc((size_t)t->rows);
	return j->all && j->done ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

static void end(struct job *j)
{
	mem_free(j->m.column);
	mem_free(j->all);
	mem_free(j->done);
}

static accel_status make_arrays(const struct job *j, accel_samples *s,
				int64_t n, bool label)
{
	const accel_preprocess *p = j->p;
	bool number = p->label.kind == COLUMN_NUMBER;
	int64_t shape[3] = { n, p->n_features, 0 }, y_shape[2] = { n, 1 };
	accel_status status;

	if (in_series(p)) {
		shape[1] = p->window;
		shape[2] = p->n_features;
	}
	s->count = n;
	status = array_make(&s->x, ACCEL_F32, in_series(p) ? 3 : 2, shape);
	if (!status && label)
		status = array_make(&s->y, number ? ACCEL_F32 : ACCEL_I32,
				    number ? 2 : 1, y_shape);
	if (!status && label && p->ahead) {
		s->persistence = mem_alloc((size_t)n * sizeof(float));
		status = s->persistence ? ACCEL_OK : ACCEL_ERR_NOMEM;
	}
	if (!status && j->t->weight >= 0) {
		s->weight = mem_alloc((size_t)n * sizeof(float));
		status = s->weight ? ACCEL_OK : ACCEL_ERR_NOMEM;
	}
	return status;
}

/* The label as it is now, for a forecast; NaN: unknown. */
static float known_now(const struct job *j, int64_t row)
{
	const char *cell = table_cell(j->t, row, j->m.label);
	int32_t class;
	float v;

	if (!cell)
		return NAN;
	if (j->p->label.kind == COLUMN_NUMBER)
		return encode_label(j->p, j->t, &j->m, row, &v) ? NAN : v;
	class = find_class(&j->p->label, cell);
	return class < 0 ? NAN : (float)class;
}

static accel_status encode_weight(const struct table *t, int64_t row,
				  float *weight)
{
	const char *cell = table_cell(t, row, t->weight);
	double v;

	if (!cell || !number_parse(cell, &v) || !(v >= 0 && v <= FLT_MAX))
		return cell_error(t, row, t->weight,
				  "no weight: a number of at least 0");
	*weight = (float)v;
	return ACCEL_OK;
}

static accel_status apply(struct job *j, const int64_t *rows, int64_t n,
			  accel_samples *s)
{
	size_t each = (size_t)j->window * (size_t)j->p->n_features;
	int64_t *keep = mem_alloc((size_t)n * sizeof(*keep)), kept = 0, i;
	bool label = j->m.label >= 0;
	accel_status status;

	if (!keep)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < n; i++)
		if (!dropped(j, rows[i]))
			keep[kept++] = rows[i];
	status = kept ? make_arrays(j, s, kept, label)
		      : accel_error(ACCEL_ERR_FORMAT,
				    "%s: every row lacks a value", j->t->path);
	for (i = 0; i < kept && !status; i++) {
		status = window_numbers(j, keep[i],
					(float *)s->x.data + (size_t)i * each);
		if (!status && label)
			status = encode_label(j->p, j->t, &j->m,
					      keep[i] + j->p->ahead,
					      (float *)s->y.data + i);
		if (!status && s->persistence)
			s->persistence[i] = known_now(j, keep[i]);
		if (!status && s->weight)
			status = encode_weight(j->t, keep[i] + j->p->ahead,
					       &s->weight[i]);
	}
	mem_free(keep);
	return status;
}

static void note_left_out(struct notes *n, const struct left_out *out)
{
	const struct {
		int64_t n;
		const char *why;
	} list[] = { { out->label, "their label is missing" },
		     { out->empty, "no input has a value" },
		     { out->lacking, "a value is missing" } };
	size_t i;

	for (i = 0; i < 3; i++)
		if (list[i].n)
			note(n, "%lld row%s left out: %s", (long long)list[i].n,
			     list[i].n > 1 ? "s" : "", list[i].why);
}

static accel_status describe(accel_samples *s, const accel_preprocess *p,
			     const struct job *j)
{
	struct notes n = { 0 };

	notes_add(&n, &j->t->notes);
	note_left_out(&n, &j->out);
	s->notes = n.text;
	s->x_names = names_copy(p->n_features, p->features);
	if (!s->x_names)
		return ACCEL_ERR_NOMEM;
	if (!p->label.n_texts)
		return ACCEL_OK;
	s->n_classes = p->label.n_texts;
	s->class_names = names_copy(s->n_classes, p->label.texts);
	return s->class_names ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

/* @p: what encodes. @owner: what the samples keep. */
static accel_samples *make(const accel_preprocess *p, accel_preprocess *owner,
			   struct table *t, const int64_t *rows, int64_t n)
{
	accel_samples *s = samples_make(t->path);
	struct job j;
	accel_status status;

	if (!s)
		return NULL;
	status = begin(&j, p, t);
	if (!status)
		status = apply(&j, rows, n, s);
	if (!status) {
		s->preprocess = preprocess_get(owner);
		status = describe(s, p, &j);
	}
	end(&j);
	if (!status)
		return s;
	accel_samples_destroy(s);
	return NULL;
}

accel_samples *preprocess_apply(accel_preprocess *p, struct table *t,
				const int64_t *rows, int64_t n)
{
	return make(p, p, t, rows, n);
}

accel_samples *preprocess_judge(accel_preprocess *p, struct table *t,
				struct column *label, const int64_t *rows,
				int64_t n)
{
	accel_preprocess with = *p;
	accel_samples *s;

	with.has_label = true;
	with.label = *label;
	s = make(&with, p, t, rows, n);
	column_finish(label);
	return s;
}

/* ---- an answer for every row ---- */

static accel_status read_for(const accel_preprocess *p,
			     const accel_csv_options *given, struct table *t)
{
	accel_csv_options o = *given;
	struct reading r = { .o = &o, .p = p };
	accel_status status;

	if (o.header == ACCEL_CSV_HEADER_AUTO)
		o.header = p->header ? ACCEL_CSV_HEADER_YES
				     : ACCEL_CSV_HEADER_NO;
	o.missing_words = p->missing_words;
	if (!(o.gap > 0))
		o.gap = p->gap;
	if (!o.label && p->has_label && *p->label.name == '@')
		o.label = p->label.name;
	status = table_read(t, &r);
	if (!status && (p->window || p->ahead))
		status = table_series(t, &o);
	if (status)
		table_finish(t);
	return status;
}

void accel_rows_destroy(accel_rows *rows)
{
	int64_t i;

	if (!rows)
		return;
	for (i = 0; rows->why && i < rows->count; i++)
		mem_free(rows->why[i]);
	mem_free(rows->why);
	mem_free(rows->sample);
	mem_free(rows);
}

static accel_rows *rows_make(int64_t n)
{
	accel_rows *rows = mem_zalloc(sizeof(*rows));

	if (!rows)
		return NULL;
	rows->count = n;
	rows->sample = mem_alloc((size_t)n * sizeof(*rows->sample));
	rows->why = mem_zalloc((size_t)n * sizeof(*rows->why));
	if (rows->sample && rows->why)
		return rows;
	accel_rows_destroy(rows);
	return NULL;
}

static char *copy_text(const char *text)
{
	char *copy = mem_alloc(strlen(text) + 1);

	return copy ? strcpy(copy, text) : NULL;
}

/* Why a row cannot be answered, in @text; false: it can. */
static bool unanswerable(struct job *j, int64_t row, int32_t run, float *x,
			 char *text, size_t size)
{
	int64_t r;

	if (run < j->window) {
		snprintf(text, size,
			 "%s:%u: a window needs %d rows of one series, and "
			 "this is number %d",
			 table_path(j->t, row), j->t->lines[row], j->window,
			 run);
		return true;
	}
	for (r = row - j->window + 1; r <= row; r++) {
		if (!row_is_empty(j->p, j->t, &j->m, r) &&
		    !row_lacks(j->p, j->t, &j->m, r))
			continue;
		if (in_series(j->p) && !row_lacks(j->p, j->t, &j->m, r))
			continue;
		snprintf(text, size, "%s:%u: %s", table_path(j->t, r),
			 j->t->lines[r],
			 row_is_empty(j->p, j->t, &j->m, r)
				 ? "no input has a value"
				 : "a value is missing");
		return true;
	}
	if (!window_numbers(j, row, x))
		return false;
	snprintf(text, size, "%s", accel_last_error());
	return true;
}

static accel_status answer(struct job *j, accel_samples *s, accel_rows *rows)
{
	size_t each = (size_t)j->window * (size_t)j->p->n_features;
	int32_t *run = series_runs(j->t);
	int64_t i, n = 0, out;
	accel_status status;
	char why[600];

	status = run ? make_arrays(j, s, j->t->rows, false) : ACCEL_ERR_NOMEM;
	for (i = 0; i < j->t->rows && !status; i++) {
		out = j->t->reversed ? j->t->rows - 1 - i : i;
		rows->sample[out] = -1;
		if (!unanswerable(j, i, run[i],
				  (float *)s->x.data + (size_t)n * each, why,
				  sizeof(why))) {
			rows->sample[out] = n++;
			continue;
		}
		rows->why[out] = copy_text(why);
		status = rows->why[out] ? ACCEL_OK : ACCEL_ERR_NOMEM;
	}
	mem_free(run);
	s->count = s->x.shape[0] = n;
	return status;
}

accel_status accel_preprocess_rows(const accel_preprocess *p,
				   const accel_csv_options *options,
				   accel_samples **samples, accel_rows **rows)
{
	accel_status status;
	struct table t;
	struct job j = { 0 };

	*samples = NULL;
	*rows = NULL;
	status = read_for(p, options, &t);
	if (status)
		return status;
	t.weight = -1; /* nothing is judged */
	*samples = samples_make(t.path);
	*rows = rows_make(t.rows);
	status = *samples && *rows ? begin(&j, p, &t) : ACCEL_ERR_NOMEM;
	if (!status)
		status = answer(&j, *samples, *rows);
	if (!status) {
		(*samples)->preprocess = preprocess_get((accel_preprocess *)p);
		status = describe(*samples, p, &j);
	}
	end(&j);
	table_finish(&t);
	if (!status && (*samples)->count)
		return ACCEL_OK;
	accel_samples_destroy(*samples);
	*samples = NULL;
	if (!status)
		return ACCEL_OK;
	accel_rows_destroy(*rows);
	*rows = NULL;
	return status;
}

/* ---- another file ---- */

accel_samples *accel_preprocess_csv_with(const accel_preprocess *p,
					 const accel_csv_options *o)
{
	/* only its owners are counted anew */
	accel_preprocess *owner = (accel_preprocess *)p;
	bool other = o->label && !p->has_label;
	struct column label = { 0 };
	accel_samples *s = NULL;
	struct table t;
	int64_t *rows = NULL, n;
	int i;

	for (i = 0; other && i < p->n; i++)
		if (!strcmp(p->columns[i].name, o->label))
			return accel_error_null(ACCEL_ERR_INVALID,
						"%s: \"%s\" is an input of the "
						"model and cannot judge it",
						o->path, o->label);
	if (o->label && p->has_label && strcmp(o->label, p->label.name))
		return accel_error_null(ACCEL_ERR_INVALID,
					"%s: the model's label is \"%s\", not "
					"\"%s\"",
					o->path, p->label.name, o->label);
	if (read_for(p, o, &t))
		return NULL;
	if (!other || !preprocess_fit_label(&t, o->label, &label))
		rows = series_rows(&t, p->window, 1, p->ahead, &n);
	if (rows && other)
		s = preprocess_judge(owner, &t, &label, rows, n);
	else if (rows)
		s = preprocess_apply(owner, &t, rows, n);
	else
		column_finish(&label);
	mem_free(rows);
	table_finish(&t);
	return s;
}

accel_samples *accel_preprocess_csv(const accel_preprocess *p, const char *path)
{
	const accel_csv_options o = { .path = path };

	return accel_preprocess_csv_with(p, &o);
}
