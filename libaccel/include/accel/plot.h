/* SPDX-License-Identifier: MIT */
/*
 * Pictures of numbers: lines and bars, in a terminal or as SVG.
 */
#ifndef ACCEL_PLOT_H
#define ACCEL_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Does the environment (LC_ALL, LC_CTYPE, LANG) promise UTF-8? */
ACCEL_API bool accel_terminal_utf8(void);
/* Columns of the terminal that a file is; 0: it is none. */
ACCEL_API int accel_terminal_width(FILE *out);

typedef struct accel_series {
	const char *name; /* of the legend; NULL: none */
	const double *x; /* NULL: 0, 1, 2, ... */
	const double *y; /* NaN leaves a gap */
	int n;
} accel_series;

typedef struct accel_plot_options {
	const accel_series *series;
	int n_series; /* at most 8 */
	const char *title, *x_label, *y_label; /* NULL: none */
	bool log_y; /* of values above 0; others leave a gap */
	int width, height; /* terminal: characters, 0: the terminal's width (80
			    * if it has none) and 16 lines; SVG: pixels, 0: 640
			    * by 360 */
	bool ascii; /* terminal: even where UTF-8 would do */
	bool color; /* terminal: ANSI colours */
} accel_plot_options;

typedef struct accel_bars_options {
	const char *const *names;
	const double *values; /* bars begin at 0; NaN is drawn as "-" */
	int n;
	const char *title, *unit; /* NULL: none */
	int width, height; /* as above; the terminal's height is n lines */
	bool ascii, color;
} accel_bars_options;

/*
 * Draw on a terminal: braille dots and blocks where accel_terminal_utf8(), plain
 * ASCII elsewhere. SVG is one standalone element, texts escaped, the same bytes
 * for the same numbers in any locale.
 *
 * accel_plot(stdout, series, 2, .title = "loss")
 *
 * ERR_INVALID: no series, or more than 8. ERR_RANGE: no finite value. ERR_IO.
 */
#define accel_plot(out, series_, ...)                                          \
	accel_plot_with(out, &(accel_plot_options){ .series = (series_),       \
						    .n_series = __VA_ARGS__ })
#define accel_plot_svg(out, series_, ...)                                      \
	accel_plot_svg_with(out,                                               \
			    &(accel_plot_options){ .series = (series_),        \
						   .n_series = __VA_ARGS__ })
#define accel_bars(out, names_, values_, ...)                                  \
	accel_bars_with(out, &(accel_bars_options){ .names = (names_),         \
						    .values = (values_),       \
						    .n = __VA_ARGS__ })
ACCEL_API accel_status accel_plot_with(FILE *out,
				       const accel_plot_options *options);
ACCEL_API accel_status accel_plot_svg_with(FILE *out,
					   const accel_plot_options *options);
ACCEL_API accel_status accel_bars_with(FILE *out,
				       const accel_bars_options *options);
ACCEL_API accel_status accel_bars_svg_with(FILE *out,
					   const accel_bars_options *options);

/*
 * One line of a series' last values, as blocks of eighths of a line (or
 * " .:-=+*#" in ASCII): for live views.
 *
 * @y: @n values, the newest last; NaN is a blank. @low, @high: the scale; both
 * 0: the values' own. @text: receives @width characters and a 0; 3 * width + 1
 * bytes suffice.
 */
ACCEL_API void accel_sparkline(const double *y, int n, double low, double high,
			       int width, bool ascii, char *text);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_PLOT_H */
