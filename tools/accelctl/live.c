// SPDX-License-Identifier: MIT
/* Lines as waves in a terminal: a logic analyser of so many columns. */
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "samples.h"

#define COLUMNS 64

struct live {
	const accel_lines *lines;
	uint32_t n;
	uint64_t period_ns;
	uint64_t per_column; /* samples */
	uint64_t seen, last;
	/* of the columns so far, as rings: lines that were ever high, low */
	uint64_t high[COLUMNS], low[COLUMNS];
	uint64_t edges[ACCEL_LINES_MAX][COLUMNS];
};

struct live *live_new(const accel_lines *lines, uint64_t period_ns,
		      uint64_t window_ns)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->lines = lines;
	l->n = accel_lines_count(lines);
	l->period_ns = period_ns;
	l->per_column = window_ns / period_ns / COLUMNS;
	if (!l->per_column)
		l->per_column = 1;
	return l;
}

void live_sample(struct live *l, uint64_t sample)
{
	uint64_t column = l->seen / l->per_column % COLUMNS, diff;

	if (l->seen % l->per_column == 0) {
		l->high[column] = l->low[column] = 0;
		for (uint32_t i = 0; i < l->n; i++)
			l->edges[i][column] = 0;
	}
	l->high[column] |= sample;
	l->low[column] |= ~sample;
	diff = l->seen ? sample ^ l->last : 0;
	for (uint32_t i = 0; i < l->n; i++)
		l->edges[i][column] += diff >> i & 1;
	l->last = sample;
	l->seen++;
}

static const char *cell(const struct live *l, uint64_t column, uint64_t bit)
{
	bool high = l->high[column] & bit, low = l->low[column] & bit;

	return high && low ? "┃" : high ? "▔" : low ? "▁" : " ";
}

void live_draw(struct live *l, FILE *f, bool again)
{
	uint64_t columns = (l->seen + l->per_column - 1) / l->per_column;
	uint64_t shown = columns < COLUMNS ? columns : COLUMNS;
	double seconds = (double)(shown * l->per_column * l->period_ns) / 1e9;

	if (again)
		fprintf(f, "\033[%uA", l->n + 1);
	for (uint32_t i = 0; i < l->n; i++) {
		uint64_t edges = 0;

		fprintf(f, "%-12s ", accel_lines_pin(l->lines, i)->name);
		for (uint64_t c = columns - shown; c < columns; c++) {
			fputs(cell(l, c % COLUMNS, (uint64_t)1 << i), f);
			edges += l->edges[i][c % COLUMNS];
		}
		fprintf(f, "%*s %d %9.6g Hz\033[K\n", (int)(COLUMNS - shown),
			"", (int)(l->last >> i & 1),
			seconds > 0 ? (double)edges / 2 / seconds : 0);
	}
	fprintf(f, "%-12s %.6g s, %.6g ms a column\033[K\n", "", seconds,
		(double)(l->per_column * l->period_ns) / 1e6);
	fflush(f);
}

void live_free(struct live *l)
{
	free(l);
}
