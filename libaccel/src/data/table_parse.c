// SPDX-License-Identifier: MIT
/* CSV files, RFC 4180 and its relatives: from bytes to records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/utf8.h"
#include "dialect.h"
#include "samples.h"

#define CELLS_MAX (1u << 30)
#define COLUMNS_MAX (1 << 14)

struct record {
	uint32_t first, line; /* its first field; where it begins */
	bool after_blank; /* a blank line is before it */
};

struct parser {
	const char *path;
	const char *comment; /* lines that begin so are none */
	char separator;
	bool comments; /* # may begin one, too */
	bool blank; /* a blank line was the last */
	char *p, *end;
	uint32_t line; /* from 1 */
	int field; /* from 1 */
	char **block; /* all fields */
	uint32_t n, cap;
	struct record *record;
	uint32_t records, cap_records;
	int64_t commented;
};

static accel_status at(const struct parser *s, const char *what)
{
	return accel_error(ACCEL_ERR_FORMAT, "%s:%u:%d: %s", s->path, s->line,
			   s->field, what);
}

static bool separates(const struct parser *s, char c)
{
	return c == s->separator || (s->separator == ' ' && c == '\t');
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
	while (*s->p == ' ' && s->separator != ' ')
		s->p++;
	if (s->p < s->end && !strchr("\r\n", *s->p) && !separates(s, *s->p))
		return at(s, "text follows the closing quote");
	return ACCEL_OK;
}

static accel_status unquoted(struct parser *s, char **w)
{
	for (; s->p < s->end && !separates(s, *s->p) && *s->p != '\n' &&
	       *s->p != '\r';
	     s->p++)
		if (!*s->p)
			return at(s, "a NUL byte: no text, or UTF-16");
	*w = s->p;
	return ACCEL_OK;
}

/* Behind a field: *last: it ended its record. */
static void step(struct parser *s, bool *last)
{
	if (s->separator == ' ')
		s->p += strspn(s->p, " \t");
	*last = s->p == s->end || *s->p == '\n' || *s->p == '\r' ||
		(s->separator != ' ' && !separates(s, *s->p));
	if (s->p < s->end && *s->p == '\r' && s->p[1] == '\n')
		s->p++;
	if (s->separator != ' ' || *last)
		s->p += s->p < s->end;
}

/* One field; *last: it ended its record. */
static accel_status field(struct parser *s, char **cell, bool *last)
{
	accel_status status;
	bool quote;
	char *w, *cut;

	s->p += strspn(s->p, s->separator == ' ' ? " \t" : " ");
	quote = *s->p == '"';
	*cell = s->p;
	w = s->p;
	status = quote ? quoted(s, &w) : unquoted(s, &w);
	if (status)
		return status;
	while (!quote && w > *cell && w[-1] == ' ')
		w--;
	cut = w;
	step(s, last);
	*cut = 0;
	return is_utf8(*cell)
		       ? ACCEL_OK
		       : at(s,
			    "no UTF-8 (for Latin-1: iconv -f latin1 -t utf-8)");
}

static bool comment_at(const struct parser *s)
{
	return s->comment && *s->comment &&
	       !strncmp(s->p, s->comment, strlen(s->comment));
}

static void skip_line(struct parser *s)
{
	char *n = memchr(s->p, '\n', (size_t)(s->end - s->p));

	s->p = n ? n + 1 : s->end;
	s->line++;
	s->commented++;
}

/* Fields of a record. */
static int fields_of(const struct parser *s, uint32_t r)
{
	uint32_t end = r + 1 < s->records ? s->record[r + 1].first : s->n;

	return (int)(end - s->record[r].first);
}

/* One record; a blank line or a comment is none. */
static accel_status record(struct parser *s)
{
	uint32_t first = s->n, line = s->line;
	bool last = false;
	bool hash = s->comments && s->p[strspn(s->p, " \t")] == '#';
	accel_status status;
	int have;

	if (comment_at(s) || (s->comments && line_is_comment(s->p))) {
		skip_line(s);
		return ACCEL_OK;
	}
	for (s->field = 1; !last; s->field++) {
		if (s->n == CELLS_MAX)
			return at(s, "more fields than can be counted");
		if (mem_grow(&s->block, &s->cap, s->n + 1, sizeof(*s->block)))
			return ACCEL_ERR_NOMEM;
		status = field(s, &s->block[s->n], &last);
		if (status)
			return status;
		s->n++;
	}
	s->line++;
	have = (int)(s->n - first);
	if (have == 1 && !*s->block[first]) {
		s->n = first;
		s->blank = true;
		return ACCEL_OK;
	}
	if (hash && s->records &&
	    (uint32_t)have != first - s->record[s->records - 1].first) {
		s->n = first;
		s->commented++;
		return ACCEL_OK;
	}
	if (have > COLUMNS_MAX)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s:%u:%d: more than %d columns", s->path,
				   line, COLUMNS_MAX + 1, COLUMNS_MAX);
	if (mem_grow(&s->record, &s->cap_records, s->records + 1,
		     sizeof(*s->record)))
		return ACCEL_ERR_NOMEM;
	s->record[s->records++] = (struct record){ first, line, s->blank };
	s->blank = false;
	return ACCEL_OK;
}

/* ---- the records' shape ---- */

/* What the file's columns are. */
struct layout {
	int columns; /* of the table */
	bool row_numbers; /* a first column without a name, as R writes it */
	bool first_is_header; /* certainly: it has other fields than the rows */
};

/* Empty fields at a record's end. */
static int trailing(const struct parser *s, uint32_t r)
{
	int n = fields_of(s, r), k = 0;

	while (k < n && !*s->block[s->record[r].first + (uint32_t)(n - 1 - k)])
		k++;
	return k;
}

static accel_status ragged(const struct parser *s, uint32_t r, int want)
{
	int have = fields_of(s, r);

	return accel_error(ACCEL_ERR_FORMAT,
			   "%s:%u:%d: %d fields, where those before have %d%s",
			   s->path, s->record[r].line,
			   have < want ? have : want + 1, have, want,
			   r < 20 && want == 1 ? " (--skip N leaves out lines "
						 "before the header)"
					       : "");
}

/* Has every record from `from` on `n` fields, or more that are empty? */
static bool all_have(const struct parser *s, uint32_t from, int n,
		     uint32_t *odd)
{
	uint32_t r;

	for (r = from; r < s->records; r++) {
		int have = fields_of(s, r);

		if (have == n || (have > n && have - trailing(s, r) <= n))
			continue;
		*odd = r;
		return false;
	}
	return true;
}

/* The fewest empty fields at the end of any record. */
static int common_tail(const struct parser *s)
{
	int k = fields_of(s, 0);
	uint32_t r;

	for (r = 0; r < s->records; r++) {
		int t = trailing(s, r);

		k = t < k ? t : k;
	}
	return k;
}

static bool has_values(const struct parser *s, uint32_t r)
{
	int i;
	double v;

	for (i = 0; r < s->records && i < fields_of(s, r); i++)
		if (spelling_any(s->block[s->record[r].first + (uint32_t)i],
				 &v))
			return true;
	return false;
}

/* Is the first line a title, and the second the header? */
static bool is_titled(const struct parser *s)
{
	return fields_of(s, 0) == 1 && fields_of(s, 1) > 1 &&
	       !has_values(s, 1) && has_values(s, 2);
}

/*
 * Rows may be longer than the first line in two ways: by separators that
 * nothing follows in any row, or by a row number in front. Which it is, the
 * rows' last fields tell.
 */
static accel_status find_layout(const struct parser *s, struct layout *l)
{
	int names = fields_of(s, 0), tail;
	uint32_t odd = 0, r;
	bool one_tail = true;

	*l = (struct layout){ .columns = names };
	if (s->records < 2)
		return ACCEL_OK;
	if (is_titled(s))
		return ragged(s, 1, 1);
	tail = trailing(s, 1);
	for (r = 1; r < s->records; r++)
		one_tail &= trailing(s, r) == tail;
	if (one_tail && fields_of(s, 1) - tail == names - trailing(s, 0) + 1 &&
	    all_have(s, 1, fields_of(s, 1), &odd)) {
		l->columns = fields_of(s, 1) - tail;
		l->row_numbers = l->first_is_header = true;
		return ACCEL_OK;
	}
	/* a header with separators at its end that the rows lack */
	if (fields_of(s, 1) < names &&
	    names - trailing(s, 0) <= fields_of(s, 1))
		l->columns = names = fields_of(s, 1);
	tail = common_tail(s);
	if (tail && tail < names && fields_of(s, 0) == names)
		l->columns = names - tail;
	if (all_have(s, 1, l->columns, &odd))
		return ACCEL_OK;
	return ragged(s, odd, fields_of(s, 0));
}

/* ---- from records to a table ---- */

/* The first field below that of the first record that is none of the words for
 * nothing; NULL: there is none soon. */
static const char *field_below(const struct parser *s, int i)
{
	const char *text;
	uint32_t r;

	for (r = 1; r < s->records && r < 64; r++) {
		text = i < fields_of(s, r)
			       ? s->block[s->record[r].first + (uint32_t)i]
			       : "";
		if (!word_absence(text))
			return text;
	}
	return NULL;
}

/* Is a field of the first record a value? @below: one of its column, or NULL.
 * With a unit it is one where that stands below, too: "10 cm" may be a name. */
static bool is_value(const char *text, const char *below)
{
	struct number_text n, other;
	struct date d;
	double v;

	if (spelling_any(text, &v) ||
	    date_parse(text, ACCEL_DATE_DAY_FIRST, &d) ||
	    date_parse(text, ACCEL_DATE_MONTH_FIRST, &d))
		return true;
	return below && spelling_split(text, &n) && spelling_mask(&n) &&
	       spelling_split(below, &other) && spelling_mask(&other) &&
	       !strcmp(n.unit, other.unit);
}

/* Is a column of the first record called as one that is asked for? A number
 * may also be a column's. */
static bool names_label(const struct parser *s, int columns, const char *label)
{
	char *end;
	long number = label ? strtol(label, &end, 10) : 0;
	int i;

	if (!label || (!*end && number >= 1 && number <= columns))
		return false;
	for (i = 0; i < columns && i < fields_of(s, 0); i++)
		if (!strcmp(s->block[i], label))
			return true;
	return false;
}

/* Is the first record names? */
static bool has_header(const struct parser *s, int columns)
{
	char **head = s->block, **row = NULL;
	bool values = false;
	double number;
	int i;

	if (s->records > 1)
		row = s->block + s->record[1].first;
	for (i = 0; i < columns && i < fields_of(s, 0); i++) {
		bool plain = is_value(head[i], field_below(s, i));

		values |= plain;
		if (row && i < fields_of(s, 1) && !plain &&
		    !word_absence(head[i]) && spelling_any(row[i], &number))
			return true;
	}
	return !values;
}

static accel_status check_names(const struct parser *s, const struct table *t)
{
	int i, k;

	for (i = 0; i < t->columns; i++)
		for (k = 0; *t->names[i] && k < i; k++)
			if (!strcmp(t->names[i], t->names[k]))
				return accel_error(
					ACCEL_ERR_FORMAT,
					"%s:%u:%d: the column \"%s\" is there "
					"twice",
					s->path, s->record[0].line, i + 1,
					t->names[i]);
	return ACCEL_OK;
}

/* Names for the columns: the header's, or numbers. */
static accel_status name_columns(struct parser *s, struct table *t, bool header)
{
	size_t n = (size_t)t->columns;
	char **names = mem_alloc(n * (sizeof(char *) + 12)), *text;
	int i, shift = t->row_numbers ? 1 : 0;

	if (!names)
		return ACCEL_ERR_NOMEM;
	text = (char *)(names + n);
	for (i = 0; i < t->columns; i++, text += 12) {
		snprintf(text, 12, "%d", i + 1);
		names[i] = text;
		if (header && i < shift)
			*text = 0;
		else if (header && (*s->block[i - shift] || !i))
			names[i] = s->block[i - shift];
	}
	t->names = names_copy(t->columns, names);
	mem_free(names);
	if (!t->names)
		return ACCEL_ERR_NOMEM;
	return header ? check_names(s, t) : ACCEL_OK;
}

static accel_status copy_rows(struct parser *s, struct table *t, bool header)
{
	size_t rows = (size_t)t->rows, columns = (size_t)t->columns;
	bool broken = true, empty;
	uint32_t r;
	int k;

	t->cells = mem_alloc(rows * columns * sizeof(char *));
	t->lines = mem_alloc(rows * sizeof(*t->lines));
	t->breaks = mem_zalloc(rows);
	if (!t->cells || !t->lines || !t->breaks)
		return ACCEL_ERR_NOMEM;
	for (r = 0; r < (uint32_t)t->rows; r++) {
		const struct record *from = &s->record[r + header];

		for (k = 0; k < t->columns; k++)
			t->cells[r * columns + (size_t)k] =
				s->block[from->first + (uint32_t)k];
		t->lines[r] = from->line;
		/* a row of empty fields alone is a blank line of sheets */
		empty = trailing(s, r + header) == fields_of(s, r + header);
		t->breaks[r] = from->after_blank || broken || empty;
		broken = empty;
	}
	return ACCEL_OK;
}

/* The records are read: which is the header? */
static accel_status make_table(struct parser *s, struct table *t,
			       const accel_csv_options *o)
{
	bool header = o->header == ACCEL_CSV_HEADER_YES;
	struct layout l;
	accel_status status;

	if (!s->records)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s:1:1: the file is empty", s->path);
	status = find_layout(s, &l);
	if (status)
		return status;
	if (l.row_numbers && o->header == ACCEL_CSV_HEADER_NO)
		return ragged(s, 1, l.columns - 1);
	if (l.first_is_header || o->header == ACCEL_CSV_HEADER_AUTO)
		header = l.first_is_header ||
			 names_label(s, l.columns, o->label) ||
			 has_header(s, l.columns);
	t->columns = l.columns;
	t->row_numbers = l.row_numbers;
	status = name_columns(s, t, header);
	if (status)
		return status;
	t->header = header;
	t->row_numbers = header && !*t->names[0];
	t->rows = s->records - header;
	if (!t->rows)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s:%u:1: no row follows the header",
				   s->path, s->record[0].line);
	return copy_rows(s, t, header);
}

static accel_status one_source(struct table *t, const char *path, char *text)
{
	t->source = mem_zalloc(sizeof(*t->source));
	if (!t->source) {
		mem_free(text);
		return ACCEL_ERR_NOMEM;
	}
	t->n_sources = 1;
	t->source->text = text;
	t->source->path = mem_alloc(strlen(path) + 1);
	if (!t->source->path)
		return ACCEL_ERR_NOMEM;
	t->path = strcpy(t->source->path, path);
	return ACCEL_OK;
}

static const char *separator_name(char c)
{
	return c == '\t' ? "tabs" : c == ' ' ? "blanks" : NULL;
}

static void note_dialect(struct table *t, const struct parser *s, int skipped)
{
	const char *name = separator_name(s->separator);

	if (t->columns > 1 && name)
		note(&t->notes, "separated by %s", name);
	else if (t->columns > 1 && s->separator != ',')
		note(&t->notes, "separated by '%c'", s->separator);
	if (s->commented)
		note(&t->notes, "%lld comment line%s left out",
		     (long long)s->commented, s->commented > 1 ? "s" : "");
	if (skipped)
		note(&t->notes, "the first %d line%s skipped", skipped,
		     skipped > 1 ? "s" : "");
	if (!t->header)
		note(&t->notes, "no header: columns are numbered");
}

accel_status table_records(struct table *t, const char *path, char *text,
			   size_t size, const accel_csv_options *o)
{
	struct parser s = { .path = path, .comment = o->comment };
	struct dialect d = { 0 };
	accel_status status;

	*t = (struct table){ .path = path };
	status = one_source(t, path, text);
	if (!status)
		status = dialect_find(&d, path, text, size, o);
	s.p = d.start;
	s.end = text + size;
	s.line = d.line;
	s.separator = t->separator = d.separator;
	s.comments = d.comments;
	s.commented = d.commented;
	while (!status && s.p < s.end)
		status = record(&s);
	if (!status)
		status = make_table(&s, t, o);
	if (!status)
		note_dialect(t, &s, o->skip);
	mem_free(s.block);
	mem_free(s.record);
	if (status)
		table_finish(t);
	return status;
}
