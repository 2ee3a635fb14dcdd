// SPDX-License-Identifier: MIT
/* What pictures in terminals and in SVG have in common. */
#include "plot.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../base/error.h"

bool accel_terminal_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;
	int i;

	for (i = 0; i < 3 && (!value || !*value); i++)
		value = getenv(names[i]);
	return value &&
	       (strcasestr(value, "UTF-8") || strcasestr(value, "UTF8"));
}

int accel_terminal_width(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
		return 0;
	return size.ws_col;
}

void plot_begin(struct plot_locale *l)
{
	l->c = newlocale(LC_NUMERIC_MASK, "C", duplocale(uselocale(NULL)));
	l->old = l->c ? uselocale(l->c) : NULL;
}

accel_status plot_end(struct plot_locale *l, FILE *out)
{
	if (l->c) {
		uselocale(l->old);
		freelocale(l->c);
	}
	if (fflush(out) || ferror(out))
		return accel_error(ACCEL_ERR_IO, "cannot write the picture");
	return ACCEL_OK;
}

static double scaled(const struct axis *a, double value)
{
	if (!a->log)
		return value;
	return value > 0 ? log10(value) : NAN;
}

static void widen(struct axis *a, double value)
{
	double v = scaled(a, value);

	if (!isfinite(v))
		return;
	a->low = v < a->low ? v : a->low;
	a->high = v > a->high ? v : a->high;
}

/* An axis of one value gets room around it. */
static void settle(struct axis *a)
{
	double room = a->low != 0 ? fabs(a->low) * 0.1 : 1;

	if (a->low == a->high) {
		a->low -= room;
		a->high += room;
	}
	if (a->high - a->low > 1e300) { /* the difference must be finite */
		a->low = fmax(a->low, -1e300);
		a->high = fmin(a->high, 1e300);
	}
}

accel_status plot_axes(const accel_plot_options *o, struct axis *x,
		       struct axis *y)
{
	int k, i;

	*x = (struct axis){ .low = INFINITY, .high = -INFINITY };
	*y = *x;
	y->log = o->log_y;
	if (!o->series || o->n_series < 1 || o->n_series > PLOT_SERIES_MAX)
		return accel_error(ACCEL_ERR_INVALID,
				   "%d series to draw; 1 to %d are possible",
				   o->n_series, PLOT_SERIES_MAX);
	for (k = 0; k < o->n_series; k++) {
		const accel_series *s = &o->series[k];

		for (i = 0; i < s->n; i++) {
			if (!isfinite(scaled(y, s->y[i])) ||
			    !isfinite(plot_x(s, i)))
				continue;
			widen(x, plot_x(s, i));
			widen(y, s->y[i]);
		}
	}
	if (!(x->low <= x->high))
		return accel_error(ACCEL_ERR_RANGE,
				   "nothing to draw: no finite value%s",
				   o->log_y ? " above 0" : "");
	settle(x);
	settle(y);
	return ACCEL_OK;
}

void plot_ticks(struct axis *a, int most)
{
	double span = a->high - a->low, step, unit, first;
	int i;

	if (most > PLOT_TICKS_MAX - 1)
		most = PLOT_TICKS_MAX - 1;
	if (most < 2)
		most = 2;
	unit = pow(10, floor(log10(span / most)));
	step = unit;
	if (span / step > most)
		step = 2 * unit;
	if (span / step > most)
		step = 5 * unit;
	if (span / step > most)
		step = 10 * unit;
	first = ceil(a->low / step - 1e-9);
	a->n_ticks = 0;
	for (i = 0; i < PLOT_TICKS_MAX; i++) {
		double v = (first + i) * step;

		if (v > a->high + 1e-9 * span)
			break;
		a->ticks[a->n_ticks++] = v;
	}
}

double plot_at(const struct axis *a, double value)
{
	double v = scaled(a, value);

	return isfinite(v) ? (v - a->low) / (a->high - a->low) : NAN;
}

void plot_label(const struct axis *a, double tick, char text[16])
{
	double v = a->log ? pow(10, tick) : tick;

	if (!a->log && fabs(v) < 1e-9 * (a->high - a->low))
		v = 0; /* a rounding error of the ticks */
	snprintf(text, 16, "%.4g", v);
}

accel_status plot_bar_range(const accel_bars_options *o, double *low,
			    double *high)
{
	bool any = false;
	int i;

	*low = *high = 0;
	if (!o->names || !o->values || o->n < 1)
		return accel_error(ACCEL_ERR_INVALID, "%d bars to draw", o->n);
	for (i = 0; i < o->n; i++) {
		if (!isfinite(o->values[i]))
			continue;
		any = true;
		*low = fmin(*low, o->values[i]);
		*high = fmax(*high, o->values[i]);
	}
	if (!any)
		return accel_error(ACCEL_ERR_RANGE,
				   "nothing to draw: no finite value");
	if (*low == *high)
		*high = 1;
	return ACCEL_OK;
}
