// SPDX-License-Identifier: MIT
/* Pictures of characters. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../base/alloc.h"
#include "plot.h"

#define LABEL 9 /* columns left of the axis */

/* Series are told apart by colour, by the pattern of their dots, or, in ASCII,
 * by their character. */
static const uint8_t patterns[] = { 0xff, 0x55, 0x3f, 0x11,
				    0x77, 0x1f, 0x5f, 0x33 };
static const int colours[] = { 34, 33, 32, 35, 36, 31, 37, 90 };
static const char marks[] = "*o+x#@%&";

/* Characters of w by h; in each 2 by 4 braille dots, or one mark. */
struct canvas {
	int w, h;
	bool ascii;
	uint8_t *dots; /* [h, w] */
	uint8_t *owner; /* [h, w] series + 1 */
};

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

static int text_width(FILE *out, int wanted)
{
	int w = wanted ? wanted : accel_terminal_width(out);

	return clamp(w ? w : 80, 24, 400);
}

/* Columns that a UTF-8 text takes, one a character. */
static int columns(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static void blanks(FILE *out, int n)
{
	fprintf(out, "%*s", n > 0 ? n : 0, "");
}

/* One code point of the Unicode's basic plane. */
static void put(FILE *out, unsigned int c)
{
	fprintf(out, "%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 63),
		0x80 | (c & 63));
}

static void centred(FILE *out, const char *text, int left, int w)
{
	if (!text)
		return;
	blanks(out, left + (w - columns(text)) / 2);
	fprintf(out, "%s\n", text);
}

/* ---- lines ---- */

/* x and y in dots from the lower left corner. */
static void dot(struct canvas *c, int x, int y, int series)
{
	/* Unicode 15, chapter 21.1: dots 1-2-3-7 left, 4-5-6-8 right */
	static const uint8_t bit[4][2] = {
		{ 0x40, 0x80 }, { 0x04, 0x20 }, { 0x02, 0x10 }, { 0x01, 0x08 }
	};
	int col = c->ascii ? x : x / 2, row = c->ascii ? y : y / 4;
	int at = (c->h - 1 - row) * c->w + col;

	c->dots[at] |= c->ascii ? 1 : bit[y % 4][x % 2];
	c->owner[at] = (uint8_t)(series + 1);
}

static void draw(struct canvas *c, const accel_series *s, int series,
		 const struct axis *ax, const struct axis *ay)
{
	int w = c->w * (c->ascii ? 1 : 2) - 1,
	    h = c->h * (c->ascii ? 1 : 4) - 1;
	double x0 = NAN, y0 = NAN;
	unsigned int drawn = 0;
	int i, k, n;

	for (i = 0; i < s->n; i++) {
		double x = plot_at(ax, plot_x(s, i)) * w;
		double y = plot_at(ay, s->y[i]) * h;

		if (isnan(x) || isnan(y) || x < 0 || x > w || y < 0 || y > h) {
			x0 = NAN;
			continue;
		}
		n = isnan(x0) ? 0 : (int)ceil(fmax(fabs(x - x0), fabs(y - y0)));
		for (k = n ? 1 : 0; k <= n; k++) {
			double t = n ? (double)k / n : 1;
			double px = n ? x0 + (x - x0) * t : x;
			double py = n ? y0 + (y - y0) * t : y;

			/* a lone point is always seen */
			if (c->ascii || !n ||
			    patterns[series] >> drawn++ % 8 & 1)
				dot(c, (int)lround(px), (int)lround(py),
				    series);
		}
		x0 = x;
		y0 = y;
	}
}

static void cell(FILE *out, const struct canvas *c, int at, bool color)
{
	int series = c->owner[at] - 1;

	if (!c->dots[at]) {
		fputc(' ', out);
		return;
	}
	if (color)
		fprintf(out, "\033[%dm", colours[series]);
	if (c->ascii)
		fputc(marks[series], out);
	else
		put(out, 0x2800u + c->dots[at]);
	if (color)
		fputs("\033[0m", out);
}

static void rows(FILE *out, const struct canvas *c, const struct axis *y,
		 bool color)
{
	int row, col, i;

	for (row = 0; row < c->h; row++) {
		char label[16] = "";

		for (i = 0; i < y->n_ticks; i++) {
			double at = (y->ticks[i] - y->low) / (y->high - y->low);

			if (lround((1 - at) * (c->h - 1)) == row)
				plot_label(y, y->ticks[i], label);
		}
		fprintf(out, "%*s ", LABEL - 2, label);
		if (c->ascii)
			fputc(*label ? '+' : '|', out);
		else
			put(out, *label ? 0x2524 : 0x2502);
		for (col = 0; col < c->w; col++)
			cell(out, c, row * c->w + col, color);
		fputc('\n', out);
	}
}

/* The x axis and its labels, where they do not run into each other. */
static void foot(FILE *out, const struct canvas *c, const struct axis *x)
{
	int col, i, end = LABEL - 1, at[PLOT_TICKS_MAX];
	char label[16];

	for (i = 0; i < x->n_ticks; i++)
		at[i] = (int)lround((x->ticks[i] - x->low) /
				    (x->high - x->low) * (c->w - 1));
	blanks(out, LABEL - 1);
	for (col = -1, i = 0; col < c->w; col++) {
		bool tick = i < x->n_ticks && at[i] == col;

		i += tick;
		if (c->ascii)
			fputc(col < 0 || tick ? '+' : '-', out);
		else
			put(out, col < 0 ? 0x2514 : tick ? 0x252c : 0x2500);
	}
	fputc('\n', out);
	blanks(out, end);
	for (i = 0; i < x->n_ticks; i++) {
		int len, begin;

		plot_label(x, x->ticks[i], label);
		len = (int)strlen(label);
		begin = LABEL + at[i] - len / 2;
		if (begin < end + (i ? 1 : 0) || begin + len > LABEL + c->w + 2)
			continue;
		blanks(out, begin - end);
		fputs(label, out);
		end = begin + len;
	}
	fputc('\n', out);
}

static void legend(FILE *out, const accel_plot_options *o, bool ascii)
{
	bool any = false;
	int k;

	for (k = 0; k < o->n_series; k++) {
		if (!o->series[k].name)
			continue;
		blanks(out, any ? 3 : LABEL);
		any = true;
		if (o->color)
			fprintf(out, "\033[%dm", colours[k]);
		if (ascii) {
			fputc(marks[k], out);
		} else { /* dots of the upper middle row, as far as they go */
			put(out, 0x2800u + ((patterns[k] & 1) ? 2 : 0) +
					 ((patterns[k] & 2) ? 16 : 0));
			put(out, 0x2800u + ((patterns[k] & 4) ? 2 : 0) +
					 ((patterns[k] & 8) ? 16 : 0));
		}
		if (o->color)
			fputs("\033[0m", out);
		fprintf(out, " %s", o->series[k].name);
	}
	if (any)
		fputc('\n', out);
}

accel_status accel_plot_with(FILE *out, const accel_plot_options *o)
{
	struct plot_locale locale;
	struct canvas c = { .ascii = o->ascii || !accel_terminal_utf8() };
	struct axis x, y;
	accel_status status = plot_axes(o, &x, &y);
	int k;

	if (status)
		return status;
	c.w = text_width(out, o->width) - LABEL - 2;
	c.h = clamp(o->height ? o->height : 16, 3, 200);
	c.dots = mem_zalloc((size_t)c.w * (size_t)c.h * 2);
	if (!c.dots)
		return ACCEL_ERR_NOMEM;
	c.owner = c.dots + c.w * c.h;
	plot_ticks(&x, c.w / 8);
	plot_ticks(&y, c.h / 3);
	for (k = 0; k < o->n_series; k++)
		draw(&c, &o->series[k], k, &x, &y);
	plot_begin(&locale);
	centred(out, o->title, LABEL, c.w);
	if (o->y_label)
		fprintf(out, "%*s %s\n", LABEL - 2, "", o->y_label);
	rows(out, &c, &y, o->color);
	foot(out, &c, &x);
	centred(out, o->x_label, LABEL, c.w);
	legend(out, o, c.ascii);
	mem_free(c.dots);
	return plot_end(&locale, out);
}

/* ---- bars ---- */

/* From `zero` to `end` in columns, ends as fine as eighths to the right. */
static void bar(FILE *out, double zero, double end, bool ascii)
{
	int from = (int)lround(fmin(zero, end));
	int eighths = (int)lround((fmax(zero, end) - from) * 8);

	blanks(out, from);
	if (!eighths && end > zero)
		eighths = 1;
	for (; eighths >= (ascii ? 4 : 8); eighths -= 8) {
		if (ascii)
			fputc('#', out);
		else
			put(out, 0x2588);
	}
	if (!ascii && eighths > 0)
		put(out, 0x2590u - (unsigned int)eighths);
}

accel_status accel_bars_with(FILE *out, const accel_bars_options *o)
{
	bool ascii = o->ascii || !accel_terminal_utf8();
	struct plot_locale locale;
	double low, high, scale;
	int i, name = 0, w;
	accel_status status = plot_bar_range(o, &low, &high);

	if (status)
		return status;
	for (i = 0; i < o->n; i++)
		name = columns(o->names[i]) > name ? columns(o->names[i])
						   : name;
	w = text_width(out, o->width) - name - 16 -
	    (o->unit ? columns(o->unit) : 0);
	w = w < 8 ? 8 : w;
	scale = w / (high - low);
	plot_begin(&locale);
	centred(out, o->title, name, w);
	for (i = 0; i < o->n; i++) {
		double v = o->values[i];

		blanks(out, name - columns(o->names[i]));
		fprintf(out, "%s ", o->names[i]);
		if (!isfinite(v)) {
			fputs("-\n", out);
			continue;
		}
		if (o->color)
			fprintf(out, "\033[%dm", colours[0]);
		bar(out, -low * scale, (v - low) * scale, ascii);
		if (o->color)
			fputs("\033[0m", out);
		fprintf(out, " %.4g%s%s\n", v, o->unit ? " " : "",
			o->unit ? o->unit : "");
	}
	return plot_end(&locale, out);
}

/* ---- sparklines ---- */

void accel_sparkline(const double *y, int n, double low, double high, int width,
		     bool ascii, char *text)
{
	static const char steps[] = " .:-=+*#";
	int from = n > width ? n - width : 0, i, level;
	bool own = low == 0 && high == 0, any = false;

	for (i = from; i < n && own; i++) {
		if (!isfinite(y[i]))
			continue;
		low = any ? fmin(low, y[i]) : y[i];
		high = any ? fmax(high, y[i]) : y[i];
		any = true;
	}
	for (i = n - width; i < n; i++) {
		if (i < 0 || !isfinite(y[i])) {
			*text++ = ' ';
			continue;
		}
		level = high > low ? (int)lround((fmax(fmin(y[i], high), low) -
						  low) /
						 (high - low) * 7)
				   : 3;
		if (ascii) {
			*text++ = steps[level];
			continue;
		}
		*text++ = '\xe2'; /* U+2581 to U+2588 */
		*text++ = '\x96';
		*text++ = (char)(0x81 + level);
	}
	*text = 0;
}
