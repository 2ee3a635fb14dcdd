// SPDX-License-Identifier: MIT
/* CSV files, RFC 4180 and its relatives. */
#include "table.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/file.h"
#include "../base/utf8.h"

#define CELLS_MAX (1u << 30)
#define COLUMNS_MAX (1 << 14)

struct parser {
	struct table *t;
	char *p, *end;
	uint32_t line; /* from 1 */
	int field; /* from 1 */
	uint32_t n, cap; /* cells, the first of them kept free for R */
	uint32_t records, cap_records;
};

static accel_status at(const struct parser *s, const char *what)
{
	return accel_error(ACCEL_ERR_FORMAT, "%s:%u:%d: %s", s->t->path,
			   s->line, s->field, what);
}

/* Reads the quoted field at p, unescaping in place; *w: behind its text. */
static accel_status quoted(struct parser *s, char **w)
{
	uint32_t line = s->line;

	for (s->p++;; s->p++) {
		if (s->p == s->end) {
			s->line = line;
			return at(s, "this quote is never closed");
		}
		if (!*s->p)
			return at(s, "a NUL byte: no text, or UTF-16");
		if (*s->p == '"' && *++s->p != '"')
			break;
		if (*s->p == '\n')
			s->line++;
		*(*w)++ = *s->p;
	}
	while (*s->p == ' ')
		s->p++;
	if (s->p < s->end && !strchr("\r\n", *s->p) && *s->p != s->t->separator)
		return at(s, "text follows the closing quote");
	return ACCEL_OK;
}

static accel_status unquoted(struct parser *s, char **w)
{
	for (; s->p < s->end && *s->p != s->t->separator && *s->p != '\n' &&
	       *s->p != '\r';
	     s->p++)
		if (!*s->p)
			return at(s, "a NUL byte: no text, or UTF-16");
	*w = s->p;
	return ACCEL_OK;
}

/* Where ; separates, a comma between digits is a decimal point. */
static void point_for_comma(char *cell)
{
	char *comma = strchr(cell, ',');
	size_t tail = comma ? strspn(comma + 1, "0123456789eE+-") : 0;

	if (comma && comma > cell && tail && !comma[1 + tail] &&
	    strspn(cell, "0123456789+-") == (size_t)(comma - cell))
		*comma = '.';
}

/* One field; *last: it ended its record. */
static accel_status field(struct parser *s, char **cell, bool *last)
{
	accel_status status;
	bool quote;
	char *w;

	while (*s->p == ' ')
		s->p++;
	quote = *s->p == '"';
	*cell = s->p;
	w = s->p;
	status = quote ? quoted(s, &w) : unquoted(s, &w);
	if (status)
		return status;
	*last = s->p == s->end || *s->p != s->t->separator;
	while (!quote && w > *cell && w[-1] == ' ')
		w--;
	if (s->p < s->end && *s->p == '\r' && s->p[1] == '\n')
		s->p++;
	s->p += s->p < s->end;
	*w = 0;
	if (!quote && s->t->separator == ';')
		point_for_comma(*cell);
	return is_utf8(*cell)
		       ? ACCEL_OK
		       : at(s,
			    "no UTF-8 (for Latin-1: iconv -f latin1 -t utf-8)");
}

/* One record; a blank line is none. */
static accel_status record(struct parser *s)
{
	struct table *t = s->t;
	uint32_t first = s->n, line = s->line;
	accel_status status;
	bool last = false;
	int have;

	for (s->field = 1; !last; s->field++) {
		if (s->n == CELLS_MAX)
			return at(s, "more fields than can be counted");
		if (mem_grow(&t->block, &s->cap, s->n + 1, sizeof(*t->block)))
			return ACCEL_ERR_NOMEM;
		status = field(s, &t->block[s->n], &last);
		if (status)
			return status;
		s->n++;
	}
	s->line++;
	have = (int)(s->n - first);
	if (have == 1 && !*t->block[first]) {
		s->n = first;
		return ACCEL_OK;
	}
	if (mem_grow(&t->line_block, &s->cap_records, s->records + 1,
		     sizeof(*t->line_block)))
		return ACCEL_ERR_NOMEM;
	t->line_block[s->records++] = line;
	if (s->records == 1)
		t->columns = have;
	if (have > COLUMNS_MAX)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s:%u:%d: more than %d columns", t->path,
				   line, COLUMNS_MAX + 1, COLUMNS_MAX);
	if (s->records == 2 && have == t->columns + 1) {
		t->columns++;
		t->row_numbers = true;
	}
	if (have == t->columns || s->records == 1)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_FORMAT,
			   "%s:%u:%d: %d fields, where those before have %d",
			   t->path, line,
			   have < t->columns ? have : t->columns + 1, have,
			   t->columns);
}

/* The one of , ; and tab that the first line has most of. */
static char find_separator(const struct parser *s)
{
	int commas = 0, semicolons = 0, tabs = 0;
	bool quote = false;
	const char *p;

	for (p = s->p; p < s->end && (quote || (*p != '\n' && *p != '\r'));
	     p++) {
		quote ^= *p == '"';
		commas += !quote && *p == ',';
		semicolons += !quote && *p == ';';
		tabs += !quote && *p == '\t';
	}
	if (tabs > commas && tabs > semicolons)
		return '\t';
	return semicolons > commas ? ';' : ',';
}

bool table_is_missing(const char *text)
{
	static const char *const words[] = { "",     "NA",   "N/A", "NaN",
					     "null", "#N/A", "?" };
	size_t i;

	if (!strchr("nN#?", *text)) /* most cells; "" is the 0 that it finds */
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return !strcmp(text, "None"); /* Python's; "none" may be a class */
}

/* Is the first record names? */
static bool has_header(const struct table *t, char **head, char **row)
{
	bool values = false;
	double number;
	struct date date;
	int i;

	for (i = 0; i < t->columns; i++) {
		bool plain = number_parse(head[i], &number) ||
			     date_parse(head[i], &date);

		values |= plain;
		if (row && !plain && !table_is_missing(head[i]) &&
		    number_parse(row[i], &number))
			return true;
	}
	return !values;
}

static accel_status check_names(const struct table *t)
{
	int i, k;

	for (i = 0; i < t->columns; i++)
		for (k = 0; *t->names[i] && k < i; k++)
			if (!strcmp(t->names[i], t->names[k]))
				return accel_error(
					ACCEL_ERR_FORMAT,
					"%s:%u:%d: the column \"%s\" is there "
					"twice",
					t->path, t->line_block[0], i + 1,
					t->names[i]);
	return ACCEL_OK;
}

/* Names for the columns: the header's, or numbers. */
static accel_status name_columns(struct table *t, char **head)
{
	char *text;
	int i;

	t->names = mem_alloc((size_t)t->columns * (sizeof(char *) + 12));
	if (!t->names)
		return ACCEL_ERR_NOMEM;
	text = (char *)(t->names + t->columns);
	for (i = 0; i < t->columns; i++, text += 12) {
		snprintf(text, 12, "%d", i + 1);
		t->names[i] = head && (*head[i] || !i) ? head[i] : text;
	}
	return head ? check_names(t) : ACCEL_OK;
}

/* The records are read: which is the header, and what is missing? */
static accel_status settle(struct parser *s, const accel_csv_options *o)
{
	static char no_name[] = "";
	struct table *t = s->t;
	char **head, **row;
	bool header = o->header == ACCEL_CSV_HEADER_YES;
	accel_status status;
	int64_t i;

	if (!s->records)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s:1:1: the file is empty", t->path);
	if (mem_grow(&t->block, &s->cap, s->n + 1, sizeof(*t->block)))
		return ACCEL_ERR_NOMEM;
	t->block[0] = no_name;
	head = t->block + !t->row_numbers;
	row = s->records > 1 ? head + t->columns : NULL;
	if (t->row_numbers || o->header == ACCEL_CSV_HEADER_AUTO)
		header = t->row_numbers || has_header(t, head, row);
	if (t->row_numbers && o->header == ACCEL_CSV_HEADER_NO)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s:%u:%d: %d fields, where those before "
				   "have %d",
				   t->path, t->line_block[1], t->columns,
				   t->columns, t->columns - 1);
	status = name_columns(t, header ? head : NULL);
	if (status)
		return status;
	t->header = header;
	t->row_numbers = header && !*t->names[0];
	t->rows = s->records - header;
	t->cells = header ? head + t->columns : head;
	t->lines = t->line_block + header;
	if (!t->rows)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s:%u:1: no row follows the header",
				   t->path, t->line_block[0]);
	for (i = 0; i < t->rows * t->columns; i++)
		if (table_is_missing(t->cells[i]))
			t->cells[i] = NULL;
	return ACCEL_OK;
}

accel_status table_parse(struct table *t, const char *path, char *text,
			 size_t size, const accel_csv_options *o)
{
	struct parser s = { .t = t, .p = text, .end = text + size, .line = 1 };
	accel_status status = ACCEL_OK;

	*t = (struct table){ .path = path, .text = text };
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		s.p += 3;
	t->separator = o->separator ? o->separator : find_separator(&s);
	s.n = 1;
	while (s.p < s.end && !status)
		status = record(&s);
	if (!status)
		status = settle(&s, o);
	if (status)
		table_finish(t);
	return status;
}

accel_status table_read(struct table *t, const char *path,
			const accel_csv_options *o)
{
	size_t size;
	char *text = file_load(path, &size);

	*t = (struct table){ .path = path };
	return text ? table_parse(t, path, text, size, o) : ACCEL_ERR_IO;
}

void table_finish(struct table *t)
{
	mem_free(t->text);
	mem_free(t->block);
	mem_free(t->line_block);
	mem_free(t->names);
	*t = (struct table){ 0 };
}

int table_column(const struct table *t, const char *name)
{
	int i;

	for (i = 0; i < t->columns; i++)
		if (!strcmp(t->names[i], name))
			return i;
	return -1;
}

accel_status table_no_column(const struct table *t, const char *name)
{
	char list[512] = "";
	size_t len = 0;
	int i;

	for (i = 0; i < t->columns && len < sizeof(list) - 80; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len,
					"%s%.60s", i ? ", " : "", t->names[i]);
	return accel_error(ACCEL_ERR_INVALID,
			   "%s: no column \"%s\"; it has: %s%s", t->path, name,
			   list, i < t->columns ? ", ..." : "");
}
