// SPDX-License-Identifier: MIT
/* The header as a picture. */
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"
#include "pinout.h"

#define ROW 24
#define TOP 64
#define WIDTH 920
#define MIDDLE (WIDTH / 2)

static const struct {
	const char *fill, *text;
} paint[] = {
	[PIN_GROUND] = { "#3b3b3b", "#ffffff" },
	[PIN_3V3] = { "#f2a93b", "#000000" },
	[PIN_5V] = { "#d64545", "#ffffff" },
	[PIN_FREE] = { "#e3efe3", "#14532d" },
	[PIN_USED] = { "#9bd3e0", "#0b3b46" },
	[PIN_FUNCTION] = { "#d8c2ec", "#3b1a5a" },
};

static void escape(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", f);
		else if (*text == '&')
			fputs("&amp;", f);
		else
			putc(*text, f);
	}
}

static void text(FILE *f, int x, int y, const char *anchor, const char *class,
		 const char *s)
{
	fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" class=\"%s\">",
		x, y + 16, anchor, class);
	escape(f, s);
	fputs("</text>\n", f);
}

/* One pin; `side` is -1 left of the middle, 1 right of it. */
static void draw_pin(FILE *f, const struct pin_view *v, int number, int y,
		     int side)
{
	const char *near = side < 0 ? "end" : "start";
	int box = MIDDLE + (side < 0 ? -104 : 38);
	char digits[8];

	snprintf(digits, sizeof(digits), "%d", number);
	fprintf(f,
		"<circle cx=\"%d\" cy=\"%d\" r=\"10\" fill=\"%s\" "
		"stroke=\"%s\"/>\n",
		MIDDLE + side * 16, y + 11, paint[v->color].fill,
		v->level == 1 ? "#dc2626" : "#6b7280");
	text(f, MIDDLE + side * 16, y - 1, "middle",
	     v->color == PIN_GROUND || v->color == PIN_5V ? "n w" : "n",
	     digits);
	fprintf(f,
		"<rect x=\"%d\" y=\"%d\" width=\"66\" height=\"20\" rx=\"4\" "
		"fill=\"%s\"/>\n",
		box, y + 1, paint[v->color].fill);
	fprintf(f,
		"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" class=\"b\" "
		"fill=\"%s\">%s</text>\n",
		box + 33, y + 16, paint[v->color].text, v->name);
	text(f, MIDDLE + side * 114, y, near, "t", v->function);
	if (v->level >= 0)
		text(f, MIDDLE + side * 206, y, "middle",
		     v->level ? "b hi" : "b lo", v->level ? "1" : "0");
	text(f, MIDDLE + side * 232, y, near, "t", v->pull);
	text(f, MIDDLE + side * 286, y, near, "t", v->owner);
}

static void headings(FILE *f, int side)
{
	const char *near = side < 0 ? "end" : "start";

	text(f, MIDDLE + side * 114, TOP - 24, near, "h", "function");
	text(f, MIDDLE + side * 206, TOP - 24, "middle", "h", "level");
	text(f, MIDDLE + side * 232, TOP - 24, near, "h", "pull");
	text(f, MIDDLE + side * 286, TOP - 24, near, "h", "owner");
}

void pinout_svg(FILE *f, const accel_board *board,
		const struct pin_view view[ACCEL_HEADER_PINS])
{
	static const struct {
		enum pin_color color;
		const char *name;
	} legend[] = { { PIN_FREE, "free line" },
		       { PIN_USED, "in use" },
		       { PIN_FUNCTION, "peripheral" } };
	int height = TOP + ROW * ACCEL_HEADER_PINS / 2 + 44;

	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\">\n"
		"<style>text{font:12px sans-serif}.n{font-size:10px}"
		".w{fill:#fff}.b{font-weight:bold}.h{fill:#6b7280}"
		".hi{fill:#dc2626}.lo{fill:#374151}</style>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
		WIDTH, height, WIDTH, height, WIDTH, height);
	text(f, MIDDLE, 6, "middle", "b",
	     board->model[0] ? board->model : "40-pin header");
	headings(f, -1);
	headings(f, 1);
	for (int i = 0; i < ACCEL_HEADER_PINS; i++)
		draw_pin(f, &view[i], i + 1, TOP + i / 2 * ROW, i % 2 ? 1 : -1);
	for (int i = 0; i < 3; i++) {
		fprintf(f,
			"<rect x=\"%d\" y=\"%d\" width=\"16\" height=\"16\" "
			"rx=\"4\" fill=\"%s\"/>\n",
			40 + i * 110, height - 32, paint[legend[i].color].fill);
		text(f, 62 + i * 110, height - 35, "start", "t",
		     legend[i].name);
	}
	text(f, WIDTH - 40, height - 35, "end", "h",
	     "a pull in brackets is the one at reset");
	fputs("</svg>\n", f);
}
