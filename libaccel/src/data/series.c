// SPDX-License-Identifier: MIT
/* Which rows windows can end with, and values that stand alone. */
#include <math.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "preprocess.h"

int32_t *series_runs(const struct table *t)
{
	int32_t *run = mem_alloc((size_t)t->rows * sizeof(*run));
	int64_t r;

	for (r = 0; run && r < t->rows; r++)
		run[r] = t->breaks[r] || !r ? 1 : run[r - 1] + 1;
	return run;
}

static int64_t count_series(const struct table *t)
{
	int64_t n = 0, r;

	for (r = 0; r < t->rows; r++)
		n += t->breaks[r] || !r;
	return n;
}

int64_t *series_rows(const struct table *t, int window, int stride, int ahead,
		     int64_t *n)
{
	int32_t *run;
	int64_t *rows, r, w = window ? window : 1, s = stride ? stride : 1;

	*n = t->rows;
	if (!window && !ahead && s == 1)
		return row_list(t->rows);
	run = series_runs(t);
	rows = mem_alloc((size_t)t->rows * sizeof(*rows));
	*n = 0;
	for (r = 0; run && rows && r + ahead < t->rows; r++)
		if (run[r] >= w && (run[r] - w) % s == 0 &&
		    run[r + ahead] == run[r] + ahead)
			rows[(*n)++] = r;
	mem_free(run);
	if (rows && *n)
		return rows;
	mem_free(rows);
	return accel_error_null(ACCEL_ERR_SHAPE,
				"%s: no window of %lld steps%s in %lld rows of "
				"%lld series",
				t->path, (long long)w,
				ahead ? " and as many more as it looks ahead"
				      : "",
				(long long)t->rows, (long long)count_series(t));
}

/* ---- values that stand alone ---- */

#define FEW 5 /* so many different others are no scale of their own */

struct extremes {
	double low, high; /* of all */
	double low2, high2; /* next to them */
	int64_t n_low, n_high;
	double some[FEW];
	int different; /* of `some`, FEW: or more */
};

static void add_value(struct extremes *e, double v)
{
	int i;

	for (i = 0; i < e->different && e->some[i] != v; i++)
		;
	if (i == e->different && i < FEW)
		e->some[e->different++] = v;
	e->n_low = v < e->low ? 1 : e->n_low + (v == e->low);
	e->n_high = v > e->high ? 1 : e->n_high + (v == e->high);
	if (v < e->low) {
		e->low2 = e->low;
		e->low = v;
	} else if (v > e->low && v < e->low2) {
		e->low2 = v;
	}
	if (v > e->high) {
		e->high2 = e->high;
		e->high = v;
	} else if (v < e->high && v > e->high2) {
		e->high2 = v;
	}
}

static void point_out(struct table *t, int c, double value, int64_t times,
		      double from, double to)
{
	note(&t->notes,
	     "%s: %g stands alone, %lld times, far from the others (%g to %g): "
	     "if it means no value, --missing %g",
	     t->names[c], value, (long long)times, from, to, value);
}

static void point_out_ends(struct table *t, int c, const struct extremes *e)
{
	double inner = e->high2 - e->low2;
	double below = e->low2 - e->low, above = e->high - e->high2;
	bool low = e->n_low > 1 && below > inner;
	bool high = e->n_high > 1 && above > inner;

	if (low && (high || below > e->high - e->low2))
		point_out(t, c, e->low, e->n_low, e->low2,
			  high ? e->high2 : e->high);
	if (high && (low || above > e->high2 - e->low))
		point_out(t, c, e->high, e->n_high, low ? e->low2 : e->low,
			  e->high2);
}

void sentinel_notes(struct table *t, const accel_preprocess *p)
{
	int i, c;
	int64_t r;
	double v;

	for (i = 0; i < p->n + p->has_label; i++) {
		const struct column *column = i < p->n ? &p->columns[i]
						       : &p->label;
		struct extremes e = { .low = INFINITY,
				      .low2 = INFINITY,
				      .high = -INFINITY,
				      .high2 = -INFINITY };

		c = column->kind == COLUMN_NUMBER
			    ? table_column(t, column->name)
			    : -1;
		for (r = 0; c >= 0 && r < t->rows; r++)
			if (table_cell(t, r, c) &&
			    number_parse(table_cell(t, r, c), &v))
				add_value(&e, v);
		if (c < 0 || e.different < FEW)
			continue;
		point_out_ends(t, c, &e);
	}
}
