// SPDX-License-Identifier: MIT
/* Pictures of numbers, in characters and in SVG. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "tap.h"

static char *text;
static size_t text_size;

static FILE *page(void)
{
	free(text);
	text = NULL;
	return open_memstream(&text, &text_size);
}

/* Line n of the page, from 0. */
static const char *line(int n)
{
	static char copy[1024];
	const char *p = text;

	while (p && n--) {
		p = strchr(p, '\n');
		p += p != NULL;
	}
	snprintf(copy, sizeof(copy), "%s", p ? p : "");
	copy[strcspn(copy, "\n")] = 0;
	return copy;
}

static int count(const char *what)
{
	const char *p = text;
	int n = 0;

	while ((p = strstr(p, what))) {
		p += strlen(what);
		n++;
	}
	return n;
}

static void test_ascii(void)
{
	static const double y[5] = { 0, 1, 2, 3, 4 };
	accel_series s = { "rise", NULL, y, 5 };
	FILE *out = page();

	CHECK(!accel_plot(out, &s, 1, .title = "up", .x_label = "step",
			  .width = 24, .height = 5, .ascii = true),
	      "a line is drawn");
	fclose(out);
	CHECK(!strcmp(line(1), "      4 +           **"), "its end is high");
	CHECK(!strcmp(line(5), "      0 +**           "), "its start is low");
	CHECK(!strcmp(line(0), "              up"), "the title is centred");
	CHECK(!strcmp(line(7), "         0     2     4"),
	      "x is marked where it is");
	CHECK(strstr(text, "step\n") && strstr(text, "* rise\n"),
	      "with a label and a legend");
}

static void test_braille(void)
{
	static const double y[3] = { 1, NAN, 1 };
	accel_series s[2] = { { "a", NULL, y, 3 }, { "b", NULL, y, 1 } };
	FILE *out;

	setenv("LC_ALL", "C.UTF-8", 1);
	out = page();
	CHECK(accel_terminal_utf8() &&
		      !accel_plot(out, s, 1, .width = 30, .height = 3),
	      "braille is drawn where UTF-8 is promised");
	fclose(out);
	/* two lone points at the sides of the middle row */
	CHECK(strstr(line(1), "│⠂") || strstr(line(1), "┤⠂") ||
		      strstr(line(1), "┤⠄") || strstr(line(1), "│⠄"),
	      "NaN leaves a gap between two dots (%s)", line(1));
	out = page();
	accel_plot(out, s, 2, .width = 30, .height = 3, .color = true);
	fclose(out);
	CHECK(count("\033[34m") == 2 && count("\033[33m") == 2 &&
		      count("\033[0m") == 4,
	      "colours are switched off again");
	setenv("LC_ALL", "C", 1);
	CHECK(!accel_terminal_utf8(), "LC_ALL goes before LANG");
}

static void test_log(void)
{
	static const double x[4] = { 10, 20, 30, 40 };
	static const double y[4] = { 1000, 10, -5, 1 };
	accel_series s = { NULL, x, y, 4 };
	FILE *out = page();

	CHECK(!accel_plot(out, &s, 1, .width = 40, .height = 12, .ascii = true,
			  .log_y = true),
	      "a logarithmic axis");
	fclose(out);
	CHECK(strstr(line(0), "   1000 +*") && strstr(line(11), "      1 +"),
	      "has powers of ten; a negative value leaves a gap");
	CHECK(strstr(line(13), "10") && strstr(line(13), "40"),
	      "x is the series' own");
}

static void test_svg(void)
{
	static const double y[5] = { 0.5, 1.25, NAN, 3, 4 };
	accel_series s[2] = { { "a<b>&\"c\"", NULL, y, 5 },
			      { "two", NULL, y, 5 } };
	FILE *out = page();
	char *first;

	CHECK(!accel_plot_svg(out, s, 2, .title = "t", .y_label = "y"),
	      "SVG is written");
	fclose(out);
	CHECK(!strncmp(text, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 38) &&
		      !strcmp(text + strlen(text) - 7, "</svg>\n"),
	      "as one element");
	CHECK(strstr(text, "a&lt;b&gt;&amp;&quot;c&quot;"),
	      "texts are escaped");
	CHECK(count("<path") == 4, "a gap makes two curves of one");
	CHECK(!strstr(text, "nan") && !strstr(text, "inf"),
	      "no number is none");
	first = strdup(text);
	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		printf("# no German locale here\n");
	out = page();
	accel_plot_svg(out, s, 2, .title = "t", .y_label = "y");
	fclose(out);
	setlocale(LC_ALL, "C");
	CHECK(!strcmp(first, text), "the same bytes in any locale");
	free(first);
}

/* Where the first entry's dot is, of 360 pixels from above. */
static double legend_at(const double *y, int n)
{
	accel_series s = { "one", NULL, y, n };
	FILE *out = page();
	double at = NAN;
	char *dot;

	accel_plot_svg(out, &s, 1);
	fclose(out);
	dot = strstr(text, "cy=\"");
	if (dot)
		at = strtod(dot + 4, NULL);
	return at;
}

static void test_legend(void)
{
	static const double rises[4] = { 0, 5, 9, 10 };
	static const double falls[4] = { 10, 5, 1, 0 };

	CHECK(legend_at(falls, 4) < 60, "the legend is above a fallen curve");
	CHECK(legend_at(rises, 4) > 300, "and below a risen one");
}

static void test_bars(void)
{
	static const char *const names[] = { "one", "two", "none" };
	static const double v[3] = { 4, 2, NAN };
	accel_bars_options o = { .names = names, .values = v, .n = 3 };
	FILE *out = page();

	CHECK(!accel_bars(out, names, v, 3, .unit = "s", .width = 38,
			  .ascii = true),
	      "bars are drawn");
	fclose(out);
	CHECK(!strcmp(line(0), " one ################# 4 s") &&
		      !strcmp(line(1), " two ######### 2 s") &&
		      !strcmp(line(2), "none -"),
	      "in proportion, from 0");
	out = page();
	CHECK(!accel_bars_svg_with(out, &o) && !fclose(out) &&
		      count("<rect") == 4,
	      "in SVG, too");
}

static void test_sparkline(void)
{
	static const double y[5] = { 0, 7, NAN, 3.5, 7 };
	char s[64];

	accel_sparkline(y, 5, 0, 0, 5, false, s);
	CHECK(!strcmp(s, "▁█ ▅█"), "a sparkline is eight heights (%s)", s);
	accel_sparkline(y, 5, 0, 14, 3, true, s);
	CHECK(!strcmp(s, " :="), "its newest values, on a given scale (%s)", s);
	accel_sparkline(y, 2, 0, 0, 4, true, s);
	CHECK(!strcmp(s, "   #"), "on the right if they are few");
	accel_sparkline(NULL, 0, 0, 0, 3, true, s);
	CHECK(!strcmp(s, "   "), "or none");
}

static void test_bad(void)
{
	static const double nothing[2] = { NAN, INFINITY };
	static const double far[2] = { -1.7e308, 1.7e308 };
	accel_series s = { "x", NULL, nothing, 2 };
	accel_series big = { "x", NULL, far, 2 };
	FILE *out = page(), *full;

	CHECK(accel_plot(out, &s, 1) == ACCEL_ERR_RANGE &&
		      strstr(accel_last_error(), "no finite value"),
	      "nothing finite is an error");
	CHECK(accel_plot(out, &s, 9) == ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "9 series"),
	      "so are nine series");
	CHECK(accel_plot(out, NULL, 0) == ACCEL_ERR_INVALID, "and none");
	CHECK(!accel_plot(out, &big, 1, .ascii = true),
	      "the largest numbers are drawn");
	big.n = 1;
	CHECK(!accel_plot(out, &big, 1, .ascii = true), "and one alone");
	fclose(out);
	full = fopen("/dev/full", "w");
	if (full) {
		CHECK(accel_plot(full, &big, 1) == ACCEL_ERR_IO,
		      "a full disk is an error");
		fclose(full);
	}
}

int main(void)
{
	test_ascii();
	test_braille();
	test_log();
	test_svg();
	test_legend();
	test_bars();
	test_sparkline();
	test_bad();
	free(text);
	return tap_done();
}
