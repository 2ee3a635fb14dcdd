// SPDX-License-Identifier: MIT
/*
 * picture TABLE.csv OUT.svg TITLE: a table's columns over its first one, drawn in
 * the terminal and as SVG.
 *
 * A column of nothing but 0 and 1 is a switch, drawn low in the picture. Where
 * there is one other column it has the axis; more of them are each drawn between
 * their own lowest and highest value, which their names then have.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <accel/plot.h>

#define MAX 4096
#define COLUMNS 9

static struct column {
	char name[96];
	double v[MAX], low, high;
	double x[2 * MAX], y[2 * MAX]; /* a switch's corners */
	int is_switch;
} column[COLUMNS];
static int columns, n;

/* A line's fields; an empty one is NAN. */
static int read_row(FILE *in, char *line, int size)
{
	char *p = line, *field;

	if (!fgets(line, size, in))
		return 0;
	line[strcspn(line, "\r\n")] = 0;
	for (int i = 0; i < columns && (field = strsep(&p, ",")); i++)
		column[i].v[n] = *field ? strtod(field, NULL) : (double)NAN;
	n++;
	return 1;
}

static int read_table(const char *path)
{
	FILE *in = fopen(path, "r");
	char line[1024], *p = line, *field;

	if (!in || !fgets(line, sizeof(line), in)) {
		perror(path);
		return -1;
	}
	line[strcspn(line, "\r\n")] = 0;
	while (columns < COLUMNS && (field = strsep(&p, ",")))
		snprintf(column[columns++].name, 64, "%s", field);
	while (n < MAX && read_row(in, line, sizeof(line)))
		;
	fclose(in);
	if (n > 1)
		return 0;
	fprintf(stderr, "%s: %d rows are no picture\n", path, n);
	return -1;
}

static void look_at(struct column *c)
{
	c->low = INFINITY;
	c->high = -INFINITY;
	c->is_switch = 1;
	for (int i = 0; i < n; i++) {
		c->low = fmin(c->low, c->v[i]);
		c->high = fmax(c->high, c->v[i]);
		c->is_switch &= isnan(c->v[i]) || !c->v[i] || c->v[i] == 1;
	}
}

/* To the part between its extremes. */
static void normalize(struct column *c)
{
	size_t used = strlen(c->name);

	snprintf(c->name + used, sizeof(c->name) - used, ", %.4g to %.4g",
		 c->low, c->high);
	for (int i = 0; i < n; i++)
		c->v[i] = c->high > c->low
				  ? (c->v[i] - c->low) / (c->high - c->low)
				  : 0.5;
	c->low = 0;
	c->high = 1;
}

int main(int argc, char **argv)
{
	accel_series series[COLUMNS];
	int curves = 0, switches = 0, k = 0;
	double low = 0, step = 0;
	FILE *out;

	if (argc != 4) {
		fprintf(stderr, "usage: picture TABLE.csv OUT.svg TITLE\n");
		return 2;
	}
	if (read_table(argv[1]))
		return 1;
	for (int i = 1; i < columns; i++) {
		look_at(&column[i]);
		curves += !column[i].is_switch;
	}
	for (int i = n - 1; i >= 0; i--)
		column[0].v[i] -= column[0].v[0];
	for (int i = 1; i < columns; i++) {
		struct column *c = &column[i];

		if (c->is_switch)
			continue;
		if (curves > 1)
			normalize(c);
		low = c->low;
		step = (c->high - c->low) / 8;
		series[k++] = (accel_series){ c->name, column[0].v, c->v, n };
	}
	step = step > 0 ? step : 1;
	for (int i = 1; i < columns; i++) {
		struct column *c = &column[i];

		if (!c->is_switch)
			continue;
		switches++;
		for (int r = 0; r < 2 * n - 1; r++) {
			c->x[r] = column[0].v[(r + 1) / 2];
			c->y[r] = low +
				  step * (0.7 * c->v[r / 2] - 1.1 * switches);
		}
		series[k++] = (accel_series){ c->name, c->x, c->y, 2 * n - 1 };
	}
	out = fopen(argv[2], "w");
	if (!out) {
		perror(argv[2]);
		return 1;
	}
	if (accel_plot_svg(out, series, k, .title = argv[3],
			   .x_label = column[0].name, .width = 900,
			   .height = 420) ||
	    fclose(out) ||
	    accel_plot(stdout, series, k, .x_label = column[0].name,
		       .color = accel_terminal_width(stdout) > 0)) {
		fprintf(stderr, "%s\n", accel_last_error());
		return 1;
	}
	return 0;
}
