// SPDX-License-Identifier: MIT
/* What stands in a file before its records, and what separates fields. */
#include "dialect.h"

#include <string.h>
#include <strings.h>

#include "../base/error.h"

#define SAMPLE 64 /* lines that are looked at */
#define CANDIDATES 5
#define COMMA 3
#define BLANK 4 /* of them */

/* In order of preference where several would do. */
static const char candidates[CANDIDATES] = { ';', '\t', '|', ',', ' ' };

static const struct {
	const char *magic;
	size_t size;
	const char *what;
} foreign[] = {
	{ "PAR1", 4,
	  "Parquet, which is not read: write it as CSV (pandas: "
	  "read_parquet().to_csv(), DuckDB: COPY ... TO 'x.csv')" },
	{ "PK\3\4", 4,
	  "a zip archive or a workbook (.xlsx, .ods, .npz), which is not "
	  "read: unzip it (of .npz comes a .npy for each array), or export "
	  "the sheet as CSV" },
	{ "\xd0\xcf\x11\xe0", 4, "an old workbook (.xls): export it as CSV" },
	{ "BZh", 3, "compressed (bzip2): unpack it, or use gzip" },
	{ "\xfd"
	  "7zXZ",
	  5, "compressed (xz): unpack it, or use gzip" },
	{ "\x28\xb5\x2f\xfd", 4, "compressed (zstd): unpack it, or use gzip" },
	{ "7z\xbc\xaf", 4, "a packed archive (7z): unpack it" },
	{ "\xff\xfe", 2, "UTF-16: iconv -f utf-16 -t utf-8" },
	{ "\xfe\xff", 2, "UTF-16: iconv -f utf-16 -t utf-8" },
	{ "\x93NUMPY", 6, "an array of numpy: its name must end in .npy" },
	{ "\x89HDF", 4, "HDF5, which is not read: export it as CSV" },
	{ "ARROW1", 6, "Arrow, which is not read: export it as CSV" },
	{ "SQLite format 3", 15,
	  "a database of SQLite: sqlite3 -header -csv FILE 'SELECT ...'" },
	{ "[{", 2,
	  "JSON, which is not read: export it as CSV (jq -r '.[] | "
	  "[.a, .b] | @csv')" },
	{ "{\"", 2,
	  "JSON, which is not read: export it as CSV (jq -r '[.a, "
	  ".b] | @csv')" },
	{ "%PDF", 4, "a PDF, no table" },
	{ "<!DOCTYPE", 9, "a page of HTML, no table: was the download one?" },
	{ "<html", 5, "a page of HTML, no table: was the download one?" },
	{ "<?xml", 5, "XML, no table" },
};

static accel_status check_magic(const char *path, const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (size >= foreign[i].size &&
		    !memcmp(text, foreign[i].magic, foreign[i].size))
			return accel_error(ACCEL_ERR_FORMAT, "%s: it is %s",
					   path, foreign[i].what);
	return ACCEL_OK;
}

static char *next_line(char *p, char *end)
{
	char *n = memchr(p, '\n', (size_t)(end - p));

	return n ? n + 1 : end;
}

static bool blank_line(const char *p)
{
	p += strspn(p, " \t");
	return !*p || *p == '\n' || (*p == '\r' && p[1] == '\n');
}

bool line_is_comment(const char *p)
{
	p += strspn(p, " \t");
	return *p == '#' && (!p[1] || strchr(" \t\r\n", p[1]));
}

/* Neither names nor values. */
static bool no_record(const char *p)
{
	return blank_line(p) || p[strspn(p, " \t")] == '#';
}

/* "sep=;", as Excel wants it, with or without quotes. */
static char sep_line(const char *p)
{
	bool quote = *p == '"';

	p += quote;
	if (strncasecmp(p, "sep=", 4) || !p[4] || p[4] == '\n' || p[4] == '\r')
		return 0;
	if (strcspn(p + 5 + (quote && p[5] == '"'), "\r\n"))
		return 0;
	return p[4];
}

/* Separators outside quotes in the record at p, which moves behind it. */
static void count(const char **p, const char *end, int counts[CANDIDATES])
{
	bool quote = false, blank = false, begun = false;
	const char *s = *p, *at;
	int i;

	for (i = 0; i < CANDIDATES; i++)
		counts[i] = 0;
	for (; s < end && (quote || *s != '\n'); s++) {
		/* blanks, any number, count once between other characters */
		if (!quote && (*s == ' ' || *s == '\t')) {
			blank = true;
		} else if (*s != '\r') {
			counts[BLANK] += blank && begun && !quote;
			blank = false;
			begun = true;
		}
		quote ^= *s == '"';
		at = quote || !*s ? NULL : memchr(candidates, *s, BLANK);
		if (at)
			counts[at - candidates]++;
	}
	*p = s + (s < end);
}

#define FIELD_BYTES 64

/*
 * The text of one field, cut to the room, without the quotes that it begins and
 * ends with; p moves to what ended it: a separator, a line's end or the end.
 */
static bool next_field(const char **p, const char *end, char separator,
		       char field[FIELD_BYTES])
{
	const char *s = *p + strspn(*p, separator == ' ' ? " \t" : " ");
	bool quoted = *s == '"', quote = false;
	size_t n = 0;

	for (; s < end; s++) {
		bool blank = separator == ' ' && *s == '\t';

		if (!quote && (*s == separator || blank || *s == '\n'))
			break;
		quote ^= *s == '"';
		if (n < FIELD_BYTES - 1 && (*s != '"' || !quoted) && *s != '\r')
			field[n++] = *s;
	}
	while (n && field[n - 1] == ' ')
		n--;
	field[n] = 0;
	*p = s;
	return quoted;
}

/* What stands in a column of the lines that are looked at. */
struct seen {
	int cells;
	int values; /* numbers, dates and the words for neither */
	int units, same; /* numbers with a unit; with the first one's */
	char unit[UNIT_BYTES];
};

static void see(struct seen *c, const char *field)
{
	struct number_text n;
	struct date d;
	double v;

	c->cells++;
	if (number_parse(field, &v) || word_absence(field) ||
	    date_parse(field, ACCEL_DATE_DAY_FIRST, &d) ||
	    date_parse(field, ACCEL_DATE_MONTH_FIRST, &d)) {
		c->values++;
		return;
	}
	if (!spelling_split(field, &n) || !spelling_mask(&n))
		return;
	if (!*n.unit) {
		c->values++;
		return;
	}
	if (!c->units++)
		memcpy(c->unit, n.unit, UNIT_BYTES);
	c->same += !strcmp(c->unit, n.unit);
}

/* Where units differ, or other words are, none is one: "421 attic", "689 it". */
static int values_of(const struct seen *c)
{
	bool unit = 10 * c->same >= 9 * (c->cells - c->values);

	return c->values + (unit ? c->units : 0);
}

/*
 * Can a field that nothing quotes be one? A quote behind a mark begins another
 * field; blanks separate only where every other mark is in a number.
 */
static bool is_whole(const char *field, char separator)
{
	struct number_text n;
	const char *quote = *field ? strchr(field + 1, '"') : NULL;

	if (quote && memchr(candidates, quote[-1], CANDIDATES))
		return false;
	return separator != ' ' || !strpbrk(field, ",;|") ||
	       (spelling_split(field, &n) && spelling_mask(&n));
}

#define SEEN 64 /* columns; those behind count as the last */

/*
 * The share of values among the fields of some lines, were they separated so:
 * what cuts "21,5" or "10:00 a.m." in two finds fewer. -1: they are not.
 */
static double share_of_values(const char *p, const char *end, char separator)
{
	struct seen column[SEEN] = { 0 };
	int lines, fields = 0, values = 0, c;
	char field[FIELD_BYTES];
	bool quoted;

	for (lines = 0; p < end && lines < SAMPLE; p++) {
		if (no_record(p)) {
			p = next_line((char *)p, (char *)end) - 1;
			continue;
		}
		for (c = 0; p < end; c += c < SEEN - 1) {
			quoted = next_field(&p, end, separator, field);
			fields++;
			if (!quoted && !is_whole(field, separator))
				return -1;
			see(&column[c], field);
			if (p == end || *p == '\n')
				break;
			p++;
		}
		lines++;
	}
	for (c = 0; c < SEEN; c++)
		values += values_of(&column[c]);
	return fields ? (double)values / fields : -1;
}

/*
 * Of the candidates that every line has as often as the others the one that
 * finds most values, else the one that the first line has most of.
 */
static char find_separator(const char *p, const char *end)
{
	int first[CANDIDATES], body[CANDIDATES] = { 0 }, now[CANDIDATES];
	int same[CANDIDATES] = { 0 }, lines = 0, i, best = -1;
	double share, most = -1;
	const char *rows;

	while (p < end && blank_line(p))
		p = next_line((char *)p, (char *)end);
	count(&p, end, first);
	rows = p;
	while (p < end && lines < SAMPLE) {
		if (no_record(p)) {
			p = next_line((char *)p, (char *)end);
			continue;
		}
		count(&p, end, now);
		for (i = 0; i < CANDIDATES; i++) {
			if (!lines)
				body[i] = now[i];
			same[i] += now[i] == body[i];
		}
		lines++;
	}
	for (i = 0; i < CANDIDATES && lines; i++) {
		/* a last line may be torn; names and fields may differ by one,
		 * a row number's or a separator's at the end */
		if (!body[i] || !first[i] || same[i] < lines - (lines > 2) ||
		    first[i] < body[i] - 2 || first[i] > body[i] + 2 ||
		    (i == BLANK && first[i] != body[i] &&
		     first[i] + 1 != body[i]))
			continue;
		/* tabs that are blanks are not as many in every line */
		if (i == BLANK && best >= 0 && candidates[best] == '\t')
			continue;
		share = share_of_values(rows, end, candidates[i]);
		if (share <= most)
			continue;
		best = i;
		most = share;
	}
	if (best >= 0)
		return candidates[best];
	best = COMMA;
	for (i = 0; i < BLANK; i++)
		if (first[i] > first[best])
			best = i;
	return candidates[best];
}

/* Does a line hold a value, or only words? */
static bool has_value(const char *p, const char *end, char separator)
{
	char field[FIELD_BYTES];
	struct date d;
	double v;

	while (p < end && *p != '\n') {
		next_field(&p, end, separator, field);
		if (spelling_any(field, &v) ||
		    date_parse(field, ACCEL_DATE_DAY_FIRST, &d) ||
		    date_parse(field, ACCEL_DATE_MONTH_FIRST, &d))
			return true;
		p += p < end && *p != '\n';
	}
	return false;
}

static int count_of(const char *p, const char *end, char separator)
{
	int counts[CANDIDATES];
	const char *at = memchr(candidates, separator, CANDIDATES);

	count(&p, end, counts);
	return at ? counts[at - candidates] : 0;
}

static bool is_comment(const char *p, const accel_csv_options *o)
{
	return o->comment && *o->comment &&
	       !strncmp(p, o->comment, strlen(o->comment));
}

/* "units: C, %" tells something, and names nothing. */
static bool tells(const char *p, const char *end)
{
	for (; p < end && *p != '\n'; p++)
		if (*p == ':' && (p[1] == ' ' || p[1] == '\r' || p[1] == '\n'))
			return true;
	return false;
}

/*
 * Leaves out lines that begin with # before the header. The last of them is
 * the header itself where rows of values follow ("# time,temp", as numpy has
 * it), and so is one that has as many names as the next line ("#,name,x").
 */
static void skip_comments(struct dialect *d, char *end)
{
	char *first = d->start, *last = NULL, *names, *p = first;
	uint32_t line = d->line;
	int fields;

	while (p < end && no_record(p)) {
		if (!blank_line(p)) {
			last = p + strspn(p, " \t");
			d->line = line;
			d->commented++;
		}
		line++;
		p = next_line(p, end);
	}
	if (!last || p == end) {
		d->line = last ? line : d->line;
		d->start = last ? p : first;
		return;
	}
	if (!d->separator)
		d->separator = find_separator(p, end);
	fields = count_of(p, end, d->separator);
	/* "# time temp": the mark is no name */
	names = last + (d->separator == ' ' ? 1 + strspn(last + 1, " ") : 0);
	if (!fields || count_of(names, end, d->separator) != fields ||
	    tells(names, end) || !has_value(p, end, d->separator) ||
	    has_value(last + 1, end, d->separator)) {
		d->start = p;
		d->line = line;
		return;
	}
	d->commented--;
	d->start = last + 1;
	d->start += strspn(d->start, " ");
	/* "#,name": the first column is called so */
	if (*d->start == d->separator)
		d->start = last;
}

accel_status dialect_find(struct dialect *d, const char *path, char *text,
			  size_t size, const accel_csv_options *o)
{
	char *end = text + size, *p = text;
	accel_status status = check_magic(path, text, size);
	int i;

	if (status)
		return status;
	*d = (struct dialect){ .line = 1, .separator = o->separator };
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		p += 3;
	for (i = 0; i < o->skip && p < end; i++, d->line++)
		p = next_line(p, end);
	if (sep_line(p)) {
		if (!d->separator)
			d->separator = sep_line(p);
		p = next_line(p, end);
		d->line++;
	}
	while (p < end && (is_comment(p, o) || (o->comment && blank_line(p)))) {
		d->commented += is_comment(p, o);
		p = next_line(p, end);
		d->line++;
	}
	d->start = p;
	d->comments = !o->comment;
	if (d->comments)
		skip_comments(d, end);
	if (!d->separator)
		d->separator = find_separator(d->start, end);
	return ACCEL_OK;
}
