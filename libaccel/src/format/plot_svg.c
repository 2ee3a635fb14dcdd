// SPDX-License-Identifier: MIT
/* Pictures as SVG 1.1. */
#include <math.h>
#include <string.h>

#include "plot.h"

/* Told apart by colour-blind eyes, too: Okabe and Ito 2008. */
static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73",
				       "#cc79a7", "#e69f00", "#56b4e9",
				       "#000000", "#999999" };

struct frame {
	double x, y, w, h; /* the drawing's place, pixels */
};

/* Text with what XML does not allow in it escaped or left out. */
static void text(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '"')
			fputs("&quot;", out);
		else if ((unsigned char)*s >= 32)
			fputc(*s, out);
	}
}

/* @attributes: "" or more of the element's. */
static void label(FILE *out, double x, double y, const char *anchor,
		  const char *attributes, const char *s)
{
	if (!s)
		return;
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y,
		anchor, attributes);
	text(out, s);
	fputs("</text>\n", out);
}

static void begin(FILE *out, int w, int h, const char *title)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" "
		"font-size=\"12\">\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
		w, h, w, h, w, h);
	label(out, w / 2.0, 20, "middle", " font-size=\"14\"", title);
}

static void line(FILE *out, double x0, double y0, double x1, double y1,
		 const char *colour)
{
	fprintf(out,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
		"stroke=\"%s\"/>\n",
		x0, y0, x1, y1, colour);
}

static void grid(FILE *out, const struct frame *f, const struct axis *x,
		 const struct axis *y)
{
	char s[16];
	int i;

	for (i = 0; i < y->n_ticks; i++) {
		double at = f->y +
			    f->h * (y->high - y->ticks[i]) / (y->high - y->low);

		line(out, f->x, at, f->x + f->w, at, "#dddddd");
		plot_label(y, y->ticks[i], s);
		label(out, f->x - 6, at + 4, "end", "", s);
	}
	for (i = 0; i < x->n_ticks; i++) {
		double at = f->x +
			    f->w * (x->ticks[i] - x->low) / (x->high - x->low);

		line(out, at, f->y + f->h, at, f->y + f->h + 4, "#333333");
		plot_label(x, x->ticks[i], s);
		label(out, at, f->y + f->h + 18, "middle", "", s);
	}
	line(out, f->x, f->y + f->h, f->x + f->w, f->y + f->h, "#333333");
	line(out, f->x, f->y, f->x, f->y + f->h, "#333333");
}

/* Runs of finite points; a run of one is a dot. */
static void curve(FILE *out, const struct frame *f, const accel_series *s,
		  const char *colour, const struct axis *ax,
		  const struct axis *ay)
{
	double x = 0, y = 0;
	int i, run = 0;

	for (i = 0; i <= s->n; i++) {
		if (i < s->n) {
			x = f->x + f->w * plot_at(ax, plot_x(s, i));
			y = f->y + f->h * (1 - plot_at(ay, s->y[i]));
		}
		if (i == s->n || !isfinite(x) || !isfinite(y)) {
			if (run)
				fputs("\"/>\n", out);
			run = 0;
			continue;
		}
		if (!run++)
			fprintf(out,
				"<path fill=\"none\" stroke=\"%s\" "
				"stroke-width=\"2\" stroke-linecap=\"round\" "
				"stroke-linejoin=\"round\" "
				"d=\"M%.1f %.1fh0",
				colour, x, y);
		else
			fprintf(out, "L%.1f %.1f", x, y);
	}
}

/* How much of the curves, in sixteenths of their pieces, is in a corner. */
static int crowd(const struct frame *f, const accel_plot_options *o,
		 const struct axis *ax, const struct axis *ay,
		 const struct frame *corner)
{
	int i, k, t, n = 0;

	for (k = 0; k < o->n_series; k++)
		for (i = 0; i + 1 < o->series[k].n; i++)
			for (t = 0; t < 16; t++) {
				const accel_series *s = &o->series[k];
				double v = s->y[i] +
					   t * (s->y[i + 1] - s->y[i]) / 16;
				double u = plot_x(s, i);
				double x, y;

				u += t * (plot_x(s, i + 1) - u) / 16;
				x = f->x + f->w * plot_at(ax, u) - corner->x;
				y = f->y + f->h * (1 - plot_at(ay, v)) -
				    corner->y;
				n += x > 0 && x < corner->w && y > 0 &&
				     y < corner->h;
			}
	return n;
}

#define LEGEND_WIDTH 110 /* about, of a short name */

/* In the corner that has least of the curves, upper right if it is all one. */
static void legend(FILE *out, const struct frame *f,
		   const accel_plot_options *o, const struct axis *ax,
		   const struct axis *ay)
{
	struct frame at = { 0 }, best = { 0 };
	int k, corner, n, least = -1, names = 0;

	for (k = 0; k < o->n_series; k++)
		names += !!o->series[k].name;
	for (corner = 0; corner < 4 && names; corner++) {
		at.w = LEGEND_WIDTH;
		at.h = 16 * names + 6;
		at.x = corner < 2 ? f->x + f->w - at.w : f->x;
		at.y = corner % 2 ? f->y + f->h - at.h : f->y;
		n = crowd(f, o, ax, ay, &at);
		if (least < 0 || n < least) {
			least = n;
			best = at;
		}
	}
	for (k = 0; k < o->n_series; k++) {
		bool left = best.x <= f->x;
		double side = left ? f->x + 10 : f->x + f->w - 10;

		if (!o->series[k].name)
			continue;
		fprintf(out,
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" "
			"fill=\"%s\"/>\n",
			side, best.y + 10, colours[k]);
		label(out, side + (left ? 10 : -10), best.y + 14,
		      left ? "start" : "end", "", o->series[k].name);
		best.y += 16;
	}
}

accel_status accel_plot_svg_with(FILE *out, const accel_plot_options *o)
{
	int w = o->width ? o->width : 640, h = o->height ? o->height : 360, k;
	struct frame f = { 70, o->title ? 32 : 12, 0, 0 };
	struct plot_locale locale;
	struct axis x, y;
	char turn[64];
	accel_status status = plot_axes(o, &x, &y);

	if (status)
		return status;
	w = w < 160 ? 160 : w;
	h = h < 120 ? 120 : h;
	f.w = w - f.x - 16;
	f.h = h - f.y - (o->x_label ? 46 : 28);
	plot_ticks(&x, (int)(f.w / 70));
	plot_ticks(&y, (int)(f.h / 40));
	plot_begin(&locale);
	begin(out, w, h, o->title);
	grid(out, &f, &x, &y);
	for (k = 0; k < o->n_series; k++)
		curve(out, &f, &o->series[k], colours[k], &x, &y);
	legend(out, &f, o, &x, &y);
	label(out, f.x + f.w / 2, h - 8, "middle", "", o->x_label);
	snprintf(turn, sizeof(turn), " transform=\"rotate(-90 16 %.1f)\"",
		 f.y + f.h / 2);
	label(out, 16, f.y + f.h / 2, "middle", turn, o->y_label);
	fputs("</svg>\n", out);
	return plot_end(&locale, out);
}

accel_status accel_bars_svg_with(FILE *out, const accel_bars_options *o)
{
	int w = o->width ? o->width : 640, h, i;
	struct frame f = { 140, o->title ? 36 : 12, 0, 0 };
	struct plot_locale locale;
	double low, high, scale, row;
	char s[64];
	accel_status status = plot_bar_range(o, &low, &high);

	if (status)
		return status;
	w = w < 280 ? 280 : w;
	h = o->height ? o->height : (int)f.y + 12 + 24 * o->n;
	f.w = w - f.x - 80;
	f.h = h - f.y - 12;
	row = f.h / o->n;
	scale = f.w / (high - low);
	plot_begin(&locale);
	begin(out, w, h, o->title);
	for (i = 0; i < o->n; i++) {
		double v = isfinite(o->values[i]) ? o->values[i] : 0;
		double y = f.y + row * i, end = v > 0 ? v : 0;

		snprintf(s, sizeof(s), "%.4g%s%.20s", v, o->unit ? " " : "",
			 o->unit ? o->unit : "");
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			"height=\"%.1f\" fill=\"%s\"/>\n",
			f.x + (fmin(v, 0) - low) * scale, y + row * 0.15,
			fabs(v) * scale, row * 0.7, colours[0]);
		label(out, f.x - 8, y + row / 2 + 4, "end", "", o->names[i]);
		label(out, f.x + (end - low) * scale + 6, y + row / 2 + 4,
		      "start", "", isfinite(o->values[i]) ? s : "-");
	}
	line(out, f.x - low * scale, f.y, f.x - low * scale, f.y + f.h,
	     "#333333");
	fputs("</svg>\n", out);
	return plot_end(&locale, out);
}
