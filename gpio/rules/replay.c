// SPDX-License-Identifier: MIT
/* A recorded session, through the rules again. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/error.h"
#include "../../libaccel/src/base/file.h"
#include "../../libaccel/src/base/number.h"
#include "rules.h"

#define COLUMNS_MAX 1024
#define NONE (-1)
#define TIME (-2)

struct replay {
	struct accel_control *c;
	const char *path;
	FILE *out;
	char *rest; /* of the file's text */
	int line;
	int n;
	int column[COLUMNS_MAX]; /* number of a value, NONE or TIME */
	char *field[COLUMNS_MAX];
	double first, last; /* seconds */
	uint64_t rows, changes;
};

/* Cuts the next line into fields; false at the end of the file. */
static bool next_line(struct replay *r, int *n)
{
	char *line, *end;

	do {
		line = strsep(&r->rest, "\n");
		if (!line)
			return false;
		r->line++;
		line[strcspn(line, "\r")] = 0;
	} while (!*line);
	for (*n = 0; line && *n < COLUMNS_MAX; (*n)++) {
		char *f = strsep(&line, ",");

		f += strspn(f, " \"");
		for (end = f + strlen(f); end > f && strchr(" \"", end[-1]);)
			*--end = 0;
		r->field[*n] = f;
	}
	return true;
}

static accel_status header(struct replay *r)
{
	struct accel_control *c = r->c;
	bool time = false;
	uint32_t v;
	int i, other[2];

	if (!next_line(r, &r->n))
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s:1:1: the file is empty", r->path);
	for (i = 0; i < r->n; i++) {
		r->column[i] = check_find(c, r->field[i], other);
		if (r->column[i] >= 0 &&
		    c->values[r->column[i]].kind != VALUE_INPUT &&
		    c->values[r->column[i]].kind != VALUE_MODEL)
			r->column[i] = NONE;
		if (!strcmp(r->field[i], "time")) {
			r->column[i] = TIME;
			time = true;
		}
	}
	if (!time)
		return accel_error(ACCEL_ERR_INVALID, "%s: no column \"time\"",
				   r->path);
	for (v = 0; v < c->n_values; v++) {
		bool given = c->values[v].kind == VALUE_INPUT ||
			     c->values[v].kind == VALUE_MODEL;

		for (i = 0; i < r->n && r->column[i] != (int)v;)
			i++;
		if (i == r->n && given && c->values[v].used)
			return accel_error(ACCEL_ERR_INVALID,
					   "%s: no column \"%s\", which the "
					   "rules need",
					   r->path, c->values[v].name);
	}
	return ACCEL_OK;
}

/* Seconds, or a date and time of this time zone. */
static bool parse_time(const char *text, double *seconds)
{
	struct tm tm = { .tm_isdst = -1 };
	int used = 0;
	time_t t;

	if (number_parse(text, seconds))
		return *seconds >= 0 && *seconds < 1e10;
	if (sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d%n", &tm.tm_year,
		   &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		   &used) != 6)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = mktime(&tm);
	*seconds = 0;
	if (text[used] &&
	    (text[used] != '.' || !number_parse(text + used, seconds)))
		return false;
	*seconds += (double)t;
	return t >= 0;
}

static accel_status bad(const struct replay *r, int i, const char *what)
{
	return accel_error(ACCEL_ERR_FORMAT, "%s:%d:%d: \"%.40s\": %s", r->path,
			   r->line, i + 1, r->field[i], what);
}

static accel_status row(struct replay *r, double *now)
{
	double v;
	int i;

	for (i = 0; i < r->n; i++) {
		if (r->column[i] != TIME)
			continue;
		if (!parse_time(r->field[i], now))
			return bad(r, i, "no time");
		if (r->rows && *now < r->last)
			return bad(r, i, "this is before the row above");
	}
	if (!r->rows)
		r->first = *now;
	r->last = *now;
	for (i = 0; i < r->n; i++) {
		uint64_t ns = (uint64_t)((*now - r->first) * 1e9);

		if (r->column[i] < 0)
			continue;
		if (!*r->field[i] || !strcasecmp(r->field[i], "nan"))
			v = NAN;
		else if (!number_parse(r->field[i], &v))
			return bad(r, i, "no number");
		accel_control_set(r->c, r->column[i], v, ns);
	}
	return ACCEL_OK;
}

static const char *reason(const struct accel_control *c,
			  const accel_control_state *s)
{
	switch (s->why) {
	case ACCEL_CONTROL_RULE:
		return c->rules[s->rule].pub.name;
	case ACCEL_CONTROL_SAFE:
		return "unknown, so safe";
	case ACCEL_CONTROL_MIN_TIME:
		return "minimum time";
	case ACCEL_CONTROL_TRIPPED:
		return "tripped";
	default:
		return "no rule holds";
	}
}

/* The outputs after a row: all of them first, then those that changed. */
static void tell(struct replay *r, const char *time)
{
	const struct accel_control *c = r->c;
	uint32_t i;

	for (i = 0; i < c->n_outputs; i++) {
		struct output *o = &c->outputs[i];

		if (r->rows && o->state.changes == o->told)
			continue;
		r->changes += o->state.changes - o->told;
		o->told = o->state.changes;
		fprintf(r->out, "%s %s %s (%s)\n", time, o->pub.name,
			o->state.on ? "on" : "off", reason(c, &o->state));
	}
}

static accel_status rows(struct replay *r)
{
	const char *time = "";
	accel_status status;
	double now = 0;
	int n, i;

	while (next_line(r, &n)) {
		if (n != r->n)
			return accel_error(ACCEL_ERR_FORMAT,
					   "%s:%d:%d: %d fields, where the "
					   "header has %d",
					   r->path, r->line,
					   n < r->n ? n : r->n + 1, n, r->n);
		status = row(r, &now);
		if (status)
			return status;
		accel_control_update(r->c, (uint64_t)((now - r->first) * 1e9),
				     (int64_t)now);
		accel_control_decide(r->c);
		for (i = 0; i < r->n; i++)
			if (r->column[i] == TIME)
				time = r->field[i];
		tell(r, time);
		r->rows++;
	}
	fprintf(r->out, "%llu rows, %llu changes\n",
		(unsigned long long)r->rows, (unsigned long long)r->changes);
	if (fflush(r->out) || ferror(r->out))
		return accel_error(ACCEL_ERR_IO, "cannot write the replay");
	return ACCEL_OK;
}

accel_status accel_control_replay(accel_control *c, const char *path, FILE *out)
{
	struct replay *r = mem_zalloc(sizeof(*r));
	accel_status status = ACCEL_ERR_IO;
	char *text;
	size_t size;

	if (!r)
		return ACCEL_ERR_NOMEM;
	text = file_load(path, &size);
	if (text) {
		*r = (struct replay){
			.c = c, .path = path, .out = out, .rest = text
		};
		status = header(r);
		if (!status)
			status = rows(r);
	}
	mem_free(text);
	mem_free(r);
	return status;
}
