// SPDX-License-Identifier: MIT
/* Tables of a line for each (entity, state, time): each entity a column. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "clock.h"
#include "samples.h"

#define ENTITIES_MAX 1000

struct pivot {
	struct table *t;
	int entity, state, time;
	double *at; /* [rows] seconds */
	int64_t *order; /* rows by time, then as they came */
	char **name; /* [entities] in the order of their names */
	int entities;
};

struct moment {
	double at;
	int64_t row;
};

static int by_time(const void *a, const void *b)
{
	const struct moment *p = a, *q = b;

	if (p->at != q->at)
		return p->at < q->at ? -1 : 1;
	return p->row < q->row ? -1 : 1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Finds the three columns of "entity,state,time". */
static accel_status find_columns(struct pivot *p, const char *spec)
{
	int *to[3] = { &p->entity, &p->state, &p->time }, i;
	char name[256];
	size_t len;

	for (i = 0; i < 3; i++) {
		len = strcspn(spec, ",");
		if (!len || len >= sizeof(name) ||
		    (i < 2) != (spec[len] == ','))
			return accel_error(ACCEL_ERR_INVALID,
					   "pivot: three columns are named, "
					   "entity,state,time");
		memcpy(name, spec, len);
		name[len] = 0;
		*to[i] = table_named(p->t, name);
		if (*to[i] < 0)
			return table_no_column(p->t, name);
		spec += len + (i < 2);
	}
	return ACCEL_OK;
}

static accel_status sort_rows(struct pivot *p)
{
	int64_t n = p->t->rows, r;
	struct moment *list = mem_alloc((size_t)n * sizeof(*list));

	p->order = mem_alloc((size_t)n * sizeof(*p->order));
	if (!list || !p->order) {
		mem_free(list);
		return ACCEL_ERR_NOMEM;
	}
	for (r = 0; r < n; r++)
		list[r] = (struct moment){ p->at[r], r };
	qsort(list, (size_t)n, sizeof(*list), by_time);
	for (r = 0; r < n; r++)
		p->order[r] = list[r].row;
	mem_free(list);
	return ACCEL_OK;
}

static accel_status find_entities(struct pivot *p)
{
	int64_t n = p->t->rows, r, k = 0;

	p->name = mem_alloc((size_t)n * sizeof(*p->name));
	if (!p->name)
		return ACCEL_ERR_NOMEM;
	for (r = 0; r < n; r++)
		p->name[r] = p->t->cells[r * p->t->columns + p->entity];
	qsort(p->name, (size_t)n, sizeof(*p->name), by_name);
	for (r = 0; r < n; r++)
		if (*p->name[r] && (!k || strcmp(p->name[k - 1], p->name[r])))
			p->name[k++] = p->name[r];
	p->entities = (int)k;
	if (k && k <= ENTITIES_MAX)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_INVALID,
			   "%s: pivot: %lld different texts in \"%s\"; 1 to %d "
			   "can be columns",
			   p->t->path, (long long)k, p->t->names[p->entity],
			   ENTITIES_MAX);
}

/* The new table's parts, before they take the old one's place. */
struct wide {
	char **cells, **names;
	uint32_t *lines;
	uint8_t *breaks;
	int64_t rows;
};

/* Walks the rows by time; a new instant begins with what was known before. */
static void fill(const struct pivot *p, struct wide *w)
{
	size_t width = (size_t)p->entities + 1;
	char **row = NULL, **found, *state, *entity;
	const struct table *t = p->t;
	int64_t i, r;

	for (i = 0; i < t->rows; i++) {
		r = p->order[i];
		if (!i || p->at[r] != p->at[p->order[i - 1]]) {
			char **next = w->cells + (size_t)w->rows * width;

			if (row)
				memcpy(next, row, width * sizeof(*row));
			row = next;
			row[0] = t->cells[r * t->columns + p->time];
			w->lines[w->rows] = t->lines[r];
			w->breaks[w->rows] = !w->rows;
			w->rows++;
		}
		entity = t->cells[r * t->columns + p->entity];
		state = t->cells[r * t->columns + p->state];
		found = bsearch(&entity, p->name, (size_t)p->entities,
				sizeof(*p->name), by_name);
		if (found)
			row[1 + (found - p->name)] = state;
	}
}

static accel_status rebuild(struct pivot *p)
{
	size_t rows = (size_t)p->t->rows, width = (size_t)p->entities + 1;
	char **list = mem_alloc(width * sizeof(*list));
	struct wide w = {
		.cells = mem_zalloc(rows * width * sizeof(char *)),
		.lines = mem_alloc(rows * sizeof(uint32_t)),
		.breaks = mem_alloc(rows),
	};
	struct table *t = p->t;

	if (list) {
		list[0] = t->names[p->time];
		memcpy(list + 1, p->name, (width - 1) * sizeof(*list));
		w.names = names_copy((int)width, list);
	}
	mem_free(list);
	if (!w.cells || !w.lines || !w.breaks || !w.names) {
		mem_free(w.cells);
		mem_free(w.lines);
		mem_free(w.breaks);
		mem_free(w.names);
		return ACCEL_ERR_NOMEM;
	}
	fill(p, &w);
	mem_free(t->cells);
	mem_free(t->lines);
	mem_free(t->breaks);
	mem_free(t->names);
	t->cells = w.cells;
	t->lines = w.lines;
	t->breaks = w.breaks;
	t->names = w.names;
	note(&t->notes,
	     "%lld lines of %d entities: a row for each of %lld "
	     "instants, with the last state known",
	     (long long)t->rows, p->entities, (long long)w.rows);
	t->rows = w.rows;
	t->columns = (int)width;
	t->row_numbers = false;
	return ACCEL_OK;
}

accel_status table_pivot(struct table *t, const char *spec)
{
	struct pivot p = { .t = t };
	accel_status status = find_columns(&p, spec);

	if (!status) {
		p.at = mem_alloc((size_t)t->rows * sizeof(*p.at));
		status = p.at ? clock_of_texts(t, p.time, p.at)
			      : ACCEL_ERR_NOMEM;
	}
	if (!status)
		status = find_entities(&p);
	if (!status)
		status = sort_rows(&p);
	if (!status)
		status = rebuild(&p);
	mem_free(p.at);
	mem_free(p.order);
	mem_free(p.name);
	return status;
}
