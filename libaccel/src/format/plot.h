/* SPDX-License-Identifier: MIT */
/* Curves, as the drawings in text and in SVG share them. */
#ifndef ACCEL_FORMAT_PLOT_H
#define ACCEL_FORMAT_PLOT_H

#include <accel/plot.h>

#define PLOT_SERIES_MAX 8
#define PLOT_TICKS_MAX 16

/* One axis: values low to high, as logarithms of 10 where `log`. */
struct axis {
	double low, high; /* low < high, both finite */
	bool log;
	int n_ticks;
	double ticks[PLOT_TICKS_MAX]; /* between low and high */
};

/* The axes that hold all series. ERR_INVALID, ERR_RANGE as accel_plot(). */
accel_status plot_axes(const accel_plot_options *o, struct axis *x,
		       struct axis *y);
/* Round numbers (1, 2 or 5 times a power of 10), at most `most` + 1 of them. */
void plot_ticks(struct axis *a, int most);
/* Where a value is on the axis: 0 at low, 1 at high; NaN: nowhere. */
double plot_at(const struct axis *a, double value);
/* A tick's label: a few digits, no more than 11 characters. */
void plot_label(const struct axis *a, double tick, char text[16]);

static inline double plot_x(const accel_series *s, int i)
{
	return s->x ? s->x[i] : i;
}

/* Lowest and highest of the values and 0. ERR_RANGE: none is finite. */
accel_status plot_bar_range(const accel_bars_options *o, double *low,
			    double *high);

/*
 * Numbers are written with a point, whatever the locale, between these two;
 * end: ERR_IO where `out` has failed.
 */
struct plot_locale {
	void *c, *old; /* locale_t */
};
void plot_begin(struct plot_locale *l);
accel_status plot_end(struct plot_locale *l, FILE *out);

#endif /* ACCEL_FORMAT_PLOT_H */
