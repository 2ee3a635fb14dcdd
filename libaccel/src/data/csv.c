// SPDX-License-Identifier: MIT
/* Tables as samples: what is learned from, and what is judged by. */
#include <math.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "clock.h"
#include "preprocess.h"
#include "samples.h"

/* Rows of a table in two parts. */
struct parts {
	int64_t *row; /* [n] that samples end with */
	uint8_t *test; /* [n] 1: it judges */
	int64_t n, n_test;
};

static void parts_finish(struct parts *p)
{
	mem_free(p->row);
	mem_free(p->test);
}

/* Each row's class, or NULL where they are none. */
static accel_status classes_of(const struct table *t,
			       const accel_csv_options *o,
			       const struct parts *s, int32_t **class)
{
	accel_preprocess *p;
	int64_t *rows, i;
	int label;

	*class = NULL;
	if (!o->label)
		return ACCEL_OK;
	rows = row_list(t->rows);
	p = rows ? preprocess_fit(t, o, rows, t->rows) : NULL;
	mem_free(rows);
	if (!p)
		return ACCEL_ERR_INVALID;
	label = table_named(t, o->label);
	if (p->label.n_texts)
		*class = mem_alloc((size_t)s->n * sizeof(**class));
	for (i = 0; *class && i < s->n; i++) {
		const char *cell = table_cell(t, s->row[i] + o->ahead, label);

		(*class)[i] = cell ? find_class(&p->label, cell) : -1;
	}
	i = p->label.n_texts;
	accel_preprocess_destroy(p);
	return i && !*class ? ACCEL_ERR_NOMEM : ACCEL_OK;
}

/* The end of every series; of rows by themselves, the end. */
static void take_ends(const struct table *t, const accel_csv_options *o,
		      struct parts *s)
{
	int64_t from = 0, to, k, i, r;

	for (; from < s->n; from = to) {
		to = from + 1;
		while (to < s->n && o->window) {
			for (r = s->row[to - 1] + 1;
			     r <= s->row[to] && !t->breaks[r]; r++)
				;
			if (r <= s->row[to])
				break;
			to++;
		}
		if (!o->window)
			to = s->n;
		k = (int64_t)llround(o->holdout * (double)(to - from));
		for (i = to - k; i < to; i++)
			s->test[i] = 1;
		s->n_test += k;
	}
}

static accel_status divide(const struct table *t, const accel_csv_options *o,
			   struct parts *s)
{
	accel_status status;
	int32_t *class;

	s->test = mem_zalloc((size_t)s->n);
	if (!s->test)
		return ACCEL_ERR_NOMEM;
	if (o->holdout != 0 && o->holdout > 0 && o->holdout < 1) {
		if (!o->shuffle) {
			take_ends(t, o, s);
		} else {
			status = classes_of(t, o, s, &class);
			if (status)
				return status;
			s->n_test = split_draw(class, s->n, o->holdout, o->seed,
					       s->test);
			mem_free(class);
			if (s->n_test < 0)
				return ACCEL_ERR_NOMEM;
		}
	}
	if (o->holdout == 0 || (s->n_test && s->n_test < s->n))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_RANGE,
			   "%s: a holdout of %g of %lld rows leaves one part "
			   "empty",
			   o->path, o->holdout, (long long)s->n);
}

/* The rows of one part, mem_free() it. */
static int64_t *part(const struct parts *s, bool test)
{
	int64_t *rows = mem_alloc((size_t)s->n * sizeof(*rows)), i, k = 0;

	for (i = 0; rows && i < s->n; i++)
		if (s->test[i] == test)
			rows[k++] = s->row[i];
	return rows;
}

/* Fits on all rows that training sees: in series, those of its windows. */
static accel_preprocess *fit(const struct table *t, const accel_csv_options *o,
			     const int64_t *ends, int64_t n)
{
	uint8_t *seen = mem_zalloc((size_t)t->rows);
	int64_t *rows = mem_alloc((size_t)t->rows * sizeof(*rows)), i, r, k = 0;
	accel_preprocess *p = NULL;

	for (i = 0; seen && i < n; i++)
		for (r = ends[i]; r >= 0 && !seen[r] &&
				  r > ends[i] - (o->window ? o->window : 1);
		     r--)
			seen[r] = 1;
	for (r = 0; seen && rows && r < t->rows; r++)
		if (seen[r])
			rows[k++] = r;
	if (seen && rows)
		p = preprocess_fit(t, o, rows, k);
	mem_free(seen);
	mem_free(rows);
	return p;
}

/* A class that training never sees is told. */
static void note_unseen(accel_samples *s)
{
	struct notes n = { 0 };
	const int32_t *y = s->y.data;
	int64_t i;
	int c;

	if (s->notes)
		note(&n, "%s", s->notes);
	for (c = 0; c < s->n_classes; c++) {
		for (i = 0; i < s->count && y[i] != c; i++)
			;
		if (i == s->count)
			note(&n,
			     "class %s: none of its rows is left to learn "
			     "from",
			     s->class_names[c]);
	}
	mem_free(s->notes);
	s->notes = n.text;
}

static void note_holdout(struct table *t, const accel_csv_options *o,
			 const struct parts *s)
{
	if (s->n_test)
		note(&t->notes, "%lld of %lld rows judge: %s",
		     (long long)s->n_test, (long long)s->n,
		     o->shuffle  ? "shuffled, of each class the same share"
		     : o->window ? "the end of every series"
				 : "the end");
}

static accel_status make_parts(struct table *t, const accel_csv_options *o,
			       const struct parts *s, accel_dataset *d)
{
	int64_t *train = part(s, false), *test = part(s, true);
	accel_csv_options other = *o;
	accel_preprocess *p = NULL;

	if (train && test)
		p = fit(t, o, train, s->n - s->n_test);
	if (p) {
		sentinel_notes(t, p);
		note_holdout(t, o, s);
		d->train = preprocess_apply(p, t, train, s->n - s->n_test);
	}
	if (d->train && s->n_test)
		d->test = preprocess_apply(p, t, test, s->n_test);
	if (d->train && o->test) {
		other.path = o->test;
		other.n_more = 0;
		other.header = ACCEL_CSV_HEADER_AUTO;
		other.label = NULL;
		d->test = accel_preprocess_csv_with(p, &other);
	}
	if (d->train && d->train->n_classes)
		note_unseen(d->train);
	accel_preprocess_destroy(p);
	mem_free(train);
	mem_free(test);
	return d->train && (d->test || (!s->n_test && !o->test))
		       ? ACCEL_OK
		       : ACCEL_ERR_INVALID;
}

static accel_status make_pair(const accel_csv_options *o, accel_dataset *d)
{
	const struct reading r = { .o = o };
	struct parts s = { 0 };
	accel_status status;
	struct table t;

	status = table_read(&t, &r);
	if (status)
		return status;
	if (o->window || o->ahead)
		status = table_series(&t, o);
	if (!status) {
		s.row = series_rows(&t, o->window, o->stride, o->ahead, &s.n);
		status = s.row ? divide(&t, o, &s) : ACCEL_ERR_SHAPE;
	}
	if (!status)
		status = make_parts(&t, o, &s, d);
	parts_finish(&s);
	table_finish(&t);
	return status;
}

accel_dataset *accel_dataset_csv_with(accel_context *ctx,
				      const accel_csv_options *o)
{
	accel_dataset *d;

	(void)ctx;
	if (!o->path)
		return accel_error_null(ACCEL_ERR_INVALID, "no path");
	if (o->test && o->holdout != 0)
		return accel_error_null(ACCEL_ERR_INVALID,
					"%s: a test file and a holdout: choose "
					"one",
					o->path);
	if (o->window < 0 || o->stride < 0 || o->ahead < 0 || o->gap < 0 ||
	    o->skip < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"%s: window %d, stride %d, ahead %d, "
					"gap %g, skip %d: none is below 0",
					o->path, o->window, o->stride, o->ahead,
					o->gap, o->skip);
	if (o->ahead && !o->label)
		return accel_error_null(ACCEL_ERR_INVALID,
					"%s: a forecast needs a label",
					o->path);
	d = dataset_make();
	if (d && make_pair(o, d)) {
		accel_dataset_destroy(d);
		d = NULL;
	}
	return d;
}

accel_samples *accel_samples_csv_with(const accel_csv_options *options)
{
	accel_csv_options whole = *options;
	accel_samples *s = NULL;
	accel_dataset *d;

	whole.test = NULL;
	whole.holdout = 0;
	d = accel_dataset_csv_with(NULL, &whole);
	if (d) {
		s = d->train;
		d->train = NULL;
		accel_dataset_destroy(d);
	}
	return s;
}
