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

/* 20061216, 200612161751 and 20061216175100 are instants, too: seconds; NaN:
 * none. */
static double compact_instant(double v)
{
	struct date d = { 0 };
	double rest = 0;
	long day;

	if (v != floor(v))
		return NAN;
	if (v >= 195001010000 && v < 210101010000)
		v *= 100; /* no seconds */
	if (v >= 19500101000000 && v < 21010101000000) {
		rest = fmod(v, 1e6);
		v = floor(v / 1e6);
	}
	if (v < 19500101 || v > 21001231)
		return NAN;
	day = (long)v;
	d.year = (int)(day / 10000);
	d.month = (int)(day / 100 % 100);
	d.day = (int)(day % 100);
	if (d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 ||
	    rest >= 240000 || fmod(rest, 1e4) >= 6000 || fmod(rest, 100) > 60)
		return NAN;
	return date_seconds(&d) + floor(rest / 1e4) * 3600 +
	       floor(fmod(rest, 1e4) / 100) * 60 + fmod(rest, 100);
}

static bool named_time(const char *name)
{
	return strcasestr(name, "time") || strcasestr(name, "date") ||
	       strcasestr(name, "epoch") || strcasestr(name, "unix") ||
	       !strcasecmp(name, "ts");
}

/* What a column of numbers counts. */
enum clock {
	CLOCK_NONE,
	CLOCK_UNIX, /* s, ms, us or ns since 1970 */
	CLOCK_COMPACT, /* digits of a date */
	CLOCK_DAYS, /* since 1900, as sheets have them */
	CLOCK_COUNT, /* anything, from a start of its own */
};

/* What is said of a column while its cells are read. */
struct ticks {
	int64_t n, up, down, equal;
	bool unix_time, compact, days, whole;
	double scale, before;
};

static void tick(struct ticks *k, double v)
{
	if (!k->n)
		k->scale = clock_scale(v);
	k->unix_time &= k->scale > 0 && clock_scale(v) == k->scale;
	k->compact = k->compact && !isnan(compact_instant(v));
	/* of 2000 to 2100 */
	k->days &= v >= 36526 && v < 73051;
	k->whole &= v == floor(v);
	k->up += k->n && v > k->before;
	k->down += k->n && v < k->before;
	k->equal += k->n && v == k->before;
	k->before = v;
	k->n++;
}

static enum clock clock_of(const struct table *t, int column)
{
	struct ticks k = {
		.unix_time = true, .compact = true, .days = true, .whole = true
	};
	bool named = named_time(t->names[column]);
	int64_t most, r;
	double v;

	for (r = 0; r < t->rows; r++) {
		const char *cell = table_cell(t, r, column);

		if (!cell)
			continue;
		if (!number_parse(cell, &v))
			return CLOCK_NONE;
		tick(&k, v);
		if (!k.unix_time && !k.compact && !named)
			return CLOCK_NONE; /* most columns, at once */
	}
	if (!k.n)
		return CLOCK_NONE;
	most = k.up > k.down ? k.up : k.down;
	if ((k.unix_time || k.compact) &&
	    (named || k.scale > 1 || 10 * (most + k.equal) >= 9 * (k.n - 1)))
		return k.unix_time ? CLOCK_UNIX : CLOCK_COMPACT;
	/* a quantity may be called so: it does not go one way only */
	if (!named || k.n < 3 || 20 * most < 19 * (k.n - 1))
		return CLOCK_NONE;
	return k.days && !k.whole ? CLOCK_DAYS : CLOCK_COUNT;
}

bool column_is_clock(const struct table *t, int column, bool counting)
{
	enum clock clock = clock_of(t, column);

	return counting ? clock != CLOCK_NONE && clock != CLOCK_COUNT
			: clock != CLOCK_NONE;
}

/* ---- seconds ---- */

static double instant(const struct table *t, int64_t row, int column,
		      enum clock clock)
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
	if (clock == CLOCK_COMPACT)
		return compact_instant(v);
	if (clock == CLOCK_DAYS)
		return v * 86400;
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
		     column_is_clock(t, i, false)))
			column[0] = i;
	/* else times of day, over midnight */
	for (i = 0; i < t->columns && column[0] < 0; i++)
		if (t->format[i].kind == CELLS_DATE && has_times(t, i))
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

/* Times of day go on behind midnight, whichever way they go. */
static void unwrap_days(double *at, int64_t n)
{
	double days = 0, before = NAN, now;
	int64_t i;

	for (i = 0; i < n; i++) {
		if (isnan(at[i]))
			continue;
		now = at[i];
		if (now - before < -43200)
			days += 86400;
		else if (now - before > 43200)
			days -= 86400;
		before = now;
		at[i] += days;
	}
}

static void mark_gaps(struct table *t, double *at, const accel_csv_options *o)
{
	int64_t i, up = 0, down = 0, equal = 0, gaps = 0;
	double most;

	for (i = 1; i < t->rows; i++) {
		up += at[i] > at[i - 1];
		down += at[i] < at[i - 1];
		equal += at[i] == at[i - 1];
	}
	if (down && !up && t->n_sources == 1)
		turn_round(t, at);
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
	if (3 * equal > t->rows)
		note(&t->notes,
		     "%lld of %lld rows are of the same instant as the one "
		     "before: rows of several things make no series of one "
		     "(a file each, or --pivot)",
		     (long long)equal, (long long)t->rows);
}

/* The instants of all rows; NULL: ERR_NOMEM. mem_free() them. */
static double *instants(const struct table *t, const int column[2])
{
	double *at = mem_alloc((size_t)t->rows * sizeof(*at));
	bool dates = t->format[column[0]].kind == CELLS_DATE;
	enum clock clock = dates ? CLOCK_NONE : clock_of(t, column[0]);
	int64_t i;

	for (i = 0; at && i < t->rows; i++) {
		at[i] = instant(t, i, column[0], clock);
		if (column[1] >= 0)
			at[i] += instant(t, i, column[1], CLOCK_NONE);
	}
	if (at && dates && !has_days(t, column[0]))
		unwrap_days(at, t->rows);
	return at;
}

/* A row without any value ends a series, and is none. */
static bool is_blank(const struct table *t, int64_t row)
{
	int i;

	for (i = 0; i < t->columns; i++)
		if (table_cell(t, row, i))
			return false;
	return true;
}

accel_status table_series(struct table *t, const accel_csv_options *o)
{
	int64_t series = 0, i;
	accel_status status;
	int column[2];
	double *at;

	status = find_time(t, o, column);
	if (status)
		return status;
	if (column[0] < 0 && o->gap > 0)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: a gap of %g s, but no column of times "
				   "was found (--time COLUMN)",
				   t->path, o->gap);
	if (column[0] < 0) {
		note(&t->notes, "no column of times: a series ends with a "
				"blank line or a file");
	} else {
		at = instants(t, column);
		if (!at)
			return ACCEL_ERR_NOMEM;
		mark_gaps(t, at, o);
		mem_free(at);
	}
	for (i = 0; i < t->rows; i++)
		series += t->breaks[i] && !is_blank(t, i);
	note(&t->notes, "%lld series", (long long)series);
	return ACCEL_OK;
}
