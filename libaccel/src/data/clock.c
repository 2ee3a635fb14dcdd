// SPDX-License-Identifier: MIT
/* Columns of instants, and the series that they tell apart. */
#include "clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/alloc.h"
#include "../base/error.h"

#define YEAR_2000 946684800.0
#define YEAR_2100 4102444800.0

/* Units a second of a Unix time; 0: it is none. */
static double clock_scale(double v)
{
	double scale;

	for (scale = 1; scale <= 1e9; scale *= 1e3)
		if (v >= YEAR_2000 * scale && v <= YEAR_2100 * scale)
			return scale;
	return 0;
}

/* 20061216 as a day? */
static bool compact_day(double v)
{
	int day = (int)v % 100, month = (int)v / 100 % 100;

	return v >= 19500101 && v <= 21001231 && v == floor(v) && day >= 1 &&
	       day <= 31 && month >= 1 && month <= 12;
}

static bool named_time(const char *name)
{
	return strcasestr(name, "time") || strcasestr(name, "date") ||
	       strcasestr(name, "epoch") || strcasestr(name, "unix") ||
	       !strcasecmp(name, "ts");
}

bool column_is_clock(const struct table *t, int column)
{
	int64_t n = 0, up = 0, down = 0, r;
	double v, before = 0, scale = 0;
	bool days = true, unix_time = true;

	for (r = 0; r < t->rows; r++) {
		const char *cell = table_cell(t, r, column);

		if (!cell)
			continue;
		if (!number_parse(cell, &v))
			return false;
		if (!n)
			scale = clock_scale(v);
		unix_time &= scale > 0 && clock_scale(v) == scale;
		days &= compact_day(v);
		if (!unix_time && !days)
			return false;
		up += n && v >= before;
		down += n && v <= before;
		before = v;
		n++;
	}
	if (!n)
		return false;
	return named_time(t->names[column]) || scale > 1 ||
	       10 * up >= 9 * (n - 1) || 10 * down >= 9 * (n - 1);
}

/* ---- seconds ---- */

static double instant(const struct table *t, int64_t row, int column)
{
	const char *cell = table_cell(t, row, column);
	double v, scale;
	struct date d;

	if (!cell)
		return NAN;
	if (t->format[column].kind == CELLS_DATE)
		return date_parse(cell, t->format[column].order, &d)
			       ? date_seconds(&d)
			       : NAN;
	if (!number_parse(cell, &v))
		return NAN;
	scale = clock_scale(v);
	return scale > 0 ? v / scale : v;
}

accel_status clock_of_texts(const struct table *t, int column, double *at)
{
	int64_t month = 0, day = 0, r;
	struct date d;
	double v, scale;
	int order;

	for (r = 0; r < t->rows; r++) {
		const char *cell = table_cell(t, r, column);

		day += date_parse(cell, ACCEL_DATE_DAY_FIRST, &d);
		month += date_parse(cell, ACCEL_DATE_MONTH_FIRST, &d);
	}
	order = day >= month ? ACCEL_DATE_DAY_FIRST : ACCEL_DATE_MONTH_FIRST;
	for (r = 0; r < t->rows; r++) {
		const char *cell = table_cell(t, r, column);

		if (number_parse(cell, &v)) {
			scale = clock_scale(v);
			at[r] = scale > 0 ? v / scale : v;
		} else if (date_parse(cell, order, &d)) {
			at[r] = date_seconds(&d);
		} else {
			return cell_error(t, r, column, "no instant");
		}
	}
	return ACCEL_OK;
}

/* Has a column of dates days, or times of day alone? */
static bool has_days(const struct table *t, int column)
{
	struct date d;
	int64_t r;

	for (r = 0; r < t->rows; r++) {
		const char *cell = table_cell(t, r, column);

		if (cell && date_parse(cell, t->format[column].order, &d))
			return d.month;
	}
	return false;
}

static bool has_times(const struct table *t, int column)
{
	struct date d;
	int64_t r;

	for (r = 0; r < t->rows; r++) {
		const char *cell = table_cell(t, r, column);

		if (cell && date_parse(cell, t->format[column].order, &d) &&
		    d.timed)
			return true;
	}
	return false;
}

/* The columns of time: one of instants, or a day's and one of times of day. */
static accel_status find_time(const struct table *t, const accel_csv_options *o,
			      int column[2])
{
	int i;

	column[0] = column[1] = -1;
	if (o->time) {
		column[0] = table_named(t, o->time);
		if (column[0] < 0)
			return table_no_column(t, o->time);
	}
	for (i = 0; i < t->columns && column[0] < 0; i++)
		if ((t->format[i].kind == CELLS_DATE && has_days(t, i)) ||
		    (t->format[i].kind == CELLS_NUMBER &&
		     column_is_clock(t, i)))
			column[0] = i;
	if (column[0] < 0 || t->format[column[0]].kind != CELLS_DATE ||
	    has_times(t, column[0]))
		return ACCEL_OK;
	for (i = 0; i < t->columns && column[1] < 0; i++)
		if (t->format[i].kind == CELLS_DATE && !has_days(t, i))
			column[1] = i;
	return ACCEL_OK;
}

/* ---- series ---- */

static void swap(void *a, void *b, size_t size, char *room)
{
	memcpy(room, a, size);
	memcpy(a, b, size);
	memcpy(b, room, size);
}

static void turn_round(struct table *t, double *at)
{
	size_t width = (size_t)t->columns * sizeof(char *);
	char *room = mem_alloc(width > 64 ? width : 64);
	int64_t i, k;

	if (!room)
		return;
	for (i = 0, k = t->rows - 1; i < k; i++, k--) {
		swap(&t->cells[i * t->columns], &t->cells[k * t->columns],
		     width, room);
		swap(&t->lines[i], &t->lines[k], sizeof(*t->lines), room);
		swap(&at[i], &at[k], sizeof(*at), room);
	}
	/* a break before a row is now behind it */
	for (i = 1, k = t->rows - 1; i < k; i++, k--)
		swap(&t->breaks[i], &t->breaks[k], 1, room);
	mem_free(room);
	t->reversed = true;
	note(&t->notes, "the newest rows came first: they are turned round");
}

static int by_value(const void *a, const void *b)
{
	double v = *(const double *)a, w = *(const double *)b;

	return v < w ? -1 : v > w;
}

/* The median of the steps forward; 0: there are none. */
static double median_step(const struct table *t, const double *at)
{
	double *step = mem_alloc((size_t)t->rows * sizeof(*step)), median = 0;
	int64_t i;
	size_t n = 0;

	for (i = 1; step && i < t->rows; i++)
		if (!t->breaks[i] && at[i] > at[i - 1])
			step[n++] = at[i] - at[i - 1];
	if (n) {
		qsort(step, n, sizeof(*step), by_value);
		median = step[n / 2];
	}
	mem_free(step);
	return median;
}

static void mark_gaps(struct table *t, const double *at,
		      const accel_csv_options *o)
{
	int64_t i, up = 0, down = 0, gaps = 0;
	double most;

	for (i = 1; i < t->rows; i++) {
		up += at[i] > at[i - 1];
		down += at[i] < at[i - 1];
	}
	if (down && !up && t->n_sources == 1)
		turn_round(t, (double *)at);
	most = o->gap > 0 ? o->gap : 3 * median_step(t, at);
	for (i = 1; i < t->rows && most > 0; i++) {
		/* a time that is missing or doubtful begins anew, too */
		if (t->breaks[i] ||
		    (at[i] >= at[i - 1] && at[i] - at[i - 1] <= most))
			continue;
		t->breaks[i] = 1;
		gaps++;
	}
	if (gaps)
		note(&t->notes,
		     "%lld gap%s of more than %.6g s, or steps back, end a "
		     "series",
		     (long long)gaps, gaps > 1 ? "s" : "", most);
}

accel_status table_series(struct table *t, const accel_csv_options *o)
{
	accel_status status;
	int column[2];
	double *at;
	int64_t i;

	status = find_time(t, o, column);
	if (status || column[0] < 0)
		return status;
	at = mem_alloc((size_t)t->rows * sizeof(*at));
	if (!at)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < t->rows; i++) {
		at[i] = instant(t, i, column[0]);
		if (column[1] >= 0)
			at[i] += instant(t, i, column[1]);
	}
	mark_gaps(t, at, o);
	mem_free(at);
	return ACCEL_OK;
}
