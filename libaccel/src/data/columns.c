// SPDX-License-Identifier: MIT
/* How each column of a table is written, over all of its cells. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "preprocess.h"

#define UNITS_MAX 4 /* different ones of a column that are told apart */
#define ALL_SPELLINGS ((1u << SPELLINGS) - 1)
#define COMMA_DECIMALS                                                         \
	(1u << SPELLING_COMMA | 1u << SPELLING_GROUP_POINT |                   \
	 1u << SPELLING_GROUP_SPACE_COMMA)

/* The column as the model that it is read for has it, or NULL. */
static const struct column *hint_of(const struct reading *r, const char *name)
{
	int i;

	for (i = 0; r->p && i < r->p->n; i++)
		if (!strcmp(r->p->columns[i].name, name))
			return &r->p->columns[i];
	if (r->p && r->p->has_label && !strcmp(r->p->label.name, name))
		return &r->p->label;
	return NULL;
}

/* What a column's cells can be. */
struct tally {
	int64_t n; /* values: neither missing nor a word for that */
	int64_t words; /* ABSENT_WORD */
	int64_t plain; /* numbers as C has them */
	int64_t numbers; /* in any spelling, with the column's unit or none */
	int64_t per[SPELLINGS], marked; /* numbers with a mark */
	int64_t dates[4]; /* by accel_date_order, DATE_TIME_ONLY */
	bool orders_differ; /* a date is another one day first */
	double steps[3]; /* days between neighbours, by accel_date_order */
	char unit[UNITS_MAX][UNIT_BYTES];
	int64_t units[UNITS_MAX];
	int64_t bare; /* numbers without one, but 0 */
	unsigned fits; /* spellings that fit as many cells as any does */
};

/* 1.234 or 12.345.678: its points may be decimal or group marks. */
static bool point_triples(const char *s)
{
	size_t run;

	s += *s == '-' || *s == '+';
	run = strspn(s, "0123456789");
	if (!run || run > 3 || *s == '0' || s[run] != '.')
		return false;
	for (s += run; *s == '.'; s += 4)
		if (strspn(s + 1, "0123456789") != 3)
			return false;
	return !*s;
}

static void tally_unit(struct tally *t, const char *unit)
{
	int i;

	for (i = 0; *unit && i < UNITS_MAX; i++) {
		if (*t->unit[i] && strcmp(t->unit[i], unit))
			continue;
		memcpy(t->unit[i], unit, UNIT_BYTES);
		t->units[i]++;
		return;
	}
}

static void tally_mask(struct tally *t, unsigned mask, bool marked)
{
	int s;

	t->numbers++;
	t->marked += marked;
	for (s = 0; s < SPELLINGS; s++)
		t->per[s] += mask >> s & 1;
}

static void tally_dates(struct tally *t, const char *cell, double last[3])
{
	double day[3] = { 0 };
	struct date d;
	int order;

	for (order = 0; order < 4; order++) {
		if (!date_parse(cell, order, &d))
			continue;
		t->dates[order]++;
		if (order == DATE_TIME_ONLY || !d.month)
			continue;
		day[order] = date_seconds(&d) / 86400;
		if (!isnan(last[order]))
			t->steps[order] += fabs(day[order] - last[order]);
		last[order] = day[order];
	}
	t->orders_differ |= day[ACCEL_DATE_DAY_FIRST] !=
			    day[ACCEL_DATE_MONTH_FIRST];
}

/* Numbers and units of what is not plain; dates, where there are others. */
static void tally_cell(struct tally *t, const char *cell, double last[3])
{
	struct number_text n;
	unsigned mask;
	double v;

	t->n++;
	if (number_parse(cell, &v)) {
		bool marked = strchr(cell, '.');

		t->plain++;
		t->bare += v != 0;
		mask = ALL_SPELLINGS & ~(marked ? COMMA_DECIMALS : 0);
		if (point_triples(cell))
			mask |= 1u << SPELLING_GROUP_POINT;
		tally_mask(t, mask, marked);
		return;
	}
	tally_dates(t, cell, last);
	if (!spelling_split(cell, &n))
		return;
	mask = spelling_mask(&n);
	if (!mask)
		return;
	t->bare += !*n.unit;
	tally_unit(t, n.unit);
	tally_mask(t, mask, spelling_marked(&n));
}

/* Is a word for no value one of the texts of this column? "-" is beside "+",
 * and what the model has learned. */
static bool is_text(const char *cell, bool plus, const struct column *hint)
{
	int i;

	if (plus && !strcmp(cell, "-"))
		return true;
	for (i = 0; *cell && hint && i < hint->n_texts; i++)
		if (!strcmp(hint->texts[i], cell))
			return true;
	return false;
}

static bool has_cell(const struct table *t, int c, const char *text)
{
	int64_t r;

	for (r = 0; r < t->rows; r++)
		if (table_cell(t, r, c) && !strcmp(table_cell(t, r, c), text))
			return true;
	return false;
}

/* Takes missing cells out, and counts the others. */
static void tally_column(struct table *t, int c, const char *list,
			 const struct column *hint, struct tally *all)
{
	bool plus = has_cell(t, c, "+");
	double last[3] = { NAN, NAN, NAN };
	int64_t r;
	int s;

	*all = (struct tally){ 0 };
	for (r = 0; r < t->rows; r++) {
		char **cell = &t->cells[r * t->columns + c];
		enum absence absent;

		if (!*cell)
			continue;
		absent = word_absence(*cell);
		if (absent == ABSENT_YES && is_text(*cell, plus, hint))
			absent = ABSENT_NO;
		if (absent == ABSENT_YES || word_listed(list, *cell)) {
			*cell = NULL;
			continue;
		}
		if (absent == ABSENT_WORD)
			all->words++;
		else
			tally_cell(all, *cell, last);
	}
	for (s = 0; s < SPELLINGS; s++) {
		int k, most = 1;

		for (k = 0; k < SPELLINGS; k++)
			most &= all->per[k] <= all->per[s];
		all->fits |= (unsigned)most << s;
	}
}

/* ---- dates ---- */

static bool is_dates(const struct tally *a)
{
	int64_t most = 0;
	int i;

	for (i = 0; i < 4; i++)
		most = a->dates[i] > most ? a->dates[i] : most;
	return most && 10 * most >= 9 * a->n && most >= a->numbers;
}

static void settle_dates(struct table *t, int c, const struct tally *a,
			 const struct reading *r, int hint)
{
	struct cell_format *f = &t->format[c];
	const int64_t *n = a->dates;
	int order = r->o->date_order ? (int)r->o->date_order : hint;
	bool both = a->orders_differ &&
		    n[ACCEL_DATE_DAY_FIRST] == n[ACCEL_DATE_MONTH_FIRST];
	struct date d;
	int64_t i;

	f->kind = CELLS_DATE;
	if (n[DATE_TIME_ONLY] > n[ACCEL_DATE_DAY_FIRST] &&
	    n[DATE_TIME_ONLY] > n[ACCEL_DATE_MONTH_FIRST]) {
		f->order = DATE_TIME_ONLY;
	} else if (both && !order) {
		f->order = a->steps[ACCEL_DATE_DAY_FIRST] <=
					   a->steps[ACCEL_DATE_MONTH_FIRST]
				   ? ACCEL_DATE_DAY_FIRST
				   : ACCEL_DATE_MONTH_FIRST;
		note(&t->notes,
		     "%s: day or month first is undecided in all cells; taken "
		     "%s first (--date-order)",
		     t->names[c],
		     f->order == ACCEL_DATE_DAY_FIRST ? "day" : "month");
	} else if (both ||
		   (order && order != DATE_TIME_ONLY && r->o->date_order)) {
		f->order = order;
	} else {
		f->order = n[ACCEL_DATE_DAY_FIRST] > n[ACCEL_DATE_MONTH_FIRST]
				   ? ACCEL_DATE_DAY_FIRST
				   : ACCEL_DATE_MONTH_FIRST;
		if (a->orders_differ)
			note(&t->notes, "%s: %s first", t->names[c],
			     f->order == ACCEL_DATE_DAY_FIRST ? "day"
							      : "month");
	}
	for (i = 0; i < t->rows && f->odd < 0; i++) {
		const char *cell = table_cell(t, i, c);

		if (cell && !word_absence(cell) &&
		    !date_parse(cell, f->order, &d))
			f->odd = i;
	}
	f->why = "no date as the others of this column are";
}

/* ---- numbers ---- */

/* The unit of most cells that have one. */
static const char *main_unit(const struct tally *a, int64_t *others)
{
	int i, best = 0;

	*others = 0;
	for (i = 0; i < UNITS_MAX; i++) {
		if (a->units[i] > a->units[best])
			best = i;
		*others += a->units[i];
	}
	*others -= a->units[best];
	return a->unit[best];
}

/* Two units of one quantity are a mixture; 1st, 2nd are texts. */
static bool measures(const char *unit)
{
	static const char *const list[] = {
		"%",  "C",  "F",   "K",   "mV", "V",   "A",   "mA",  "W",
		"kW", "Wh", "kWh", "MWh", "Pa", "kPa", "hPa", "bar", "mbar",
		"m",  "cm", "mm",  "km",  "g",  "kg",  "mg",  "ppm", "ppb",
		"lx", "s",  "ms",  "l",   "ml", "Hz",  "kHz", "MHz", NULL
	};
	int i;

	if (!strncmp(unit, "\xc2\xb0", 2) || !strncmp(unit, "\xc2\xb5", 2))
		return true;
	for (i = 0; list[i]; i++)
		if (!strcmp(unit, list[i]))
			return true;
	return false;
}

static bool is_numbers(const struct tally *a)
{
	int64_t others;
	const char *unit = main_unit(a, &others);

	if (2 * a->plain >= a->n && a->plain)
		return true;
	if (10 * a->numbers < 9 * a->n || !a->n)
		return false;
	return !others || 10 * others < a->numbers || measures(unit);
}

/* What the columns that can be read in one way only say of the file. */
struct evidence {
	bool point, comma;
};

static void weigh(const struct tally *a, struct evidence *e)
{
	if (!is_numbers(a) || is_dates(a) || !a->marked)
		return;
	e->point |= !(a->fits & (COMMA_DECIMALS));
	e->comma |= !(a->fits & ~COMMA_DECIMALS);
}

static bool whole_and_marked(const struct tally *a)
{
	return a->marked < a->numbers;
}

/* ',' or '.' as the decimal mark of a column that can be read with either; 0:
 * nobody can tell. */
static char decimal_of(const struct table *t, const struct tally *a,
		       const struct evidence *e, const accel_csv_options *o)
{
	bool dotted = a->fits & 1u << SPELLING_POINT;

	if (o->decimal)
		return o->decimal;
	if (e->point != e->comma) {
		/* 1.234 beside decimal commas, and no whole number */
		if (e->comma && dotted && !whole_and_marked(a))
			return 0;
		return e->comma ? ',' : '.';
	}
	if (dotted)
		return '.';
	if (t->separator == ';')
		return whole_and_marked(a) ? 0 : ',';
	/* a column of decimals has no whole numbers beside them */
	return whole_and_marked(a) ? '.' : 0;
}

static int first_fitting(unsigned fits, char decimal)
{
	int s;

	for (s = 0; s < SPELLINGS; s++)
		if (fits >> s & 1 &&
		    (!decimal || spelling_decimal((enum spelling)s) == decimal))
			return s;
	return -1;
}

/* The spelling; -1: undecided. */
static int choose_spelling(const struct table *t, const struct tally *a,
			   const struct evidence *e, const struct reading *r,
			   int hint)
{
	bool comma = a->fits & COMMA_DECIMALS,
	     point = a->fits & ~COMMA_DECIMALS;

	if (!a->marked ||
	    (a->plain == a->n && !(a->fits & 1u << SPELLING_GROUP_POINT)))
		return SPELLING_POINT;
	if (hint >= 0 && a->fits >> hint & 1)
		return hint;
	if (comma && point) {
		char decimal = decimal_of(t, a, e, r->o);

		return decimal ? first_fitting(a->fits, decimal) : -1;
	}
	return first_fitting(a->fits, 0);
}

/* Writes the column's numbers as C has them, in place. */
static void make_plain(struct table *t, int c, const char *unit)
{
	struct cell_format *f = &t->format[c];
	char plain[SPELLING_BYTES], *before = NULL;
	struct number_text n;
	int64_t r;

	for (r = 0; r < t->rows; r++) {
		char *cell = t->cells[r * t->columns + c];

		/* a state that goes on is one text in many rows */
		if (!cell || cell == before || word_absence(cell) ||
		    r == f->odd)
			continue;
		before = cell;
		if (spelling_split(cell, &n) &&
		    (!*n.unit || !strcmp(n.unit, unit)) &&
		    spelling_plain(&n, f->spelling, plain)) {
			strcpy(cell, plain);
			continue;
		}
		if (f->odd < 0)
			f->odd = r;
	}
}

static int64_t first_marked(const struct table *t, int c)
{
	struct number_text n;
	int64_t r;

	for (r = 0; r < t->rows; r++) {
		const char *cell = table_cell(t, r, c);

		if (cell && spelling_split(cell, &n) && spelling_marked(&n))
			return r;
	}
	return 0;
}

/* Numbers beside numbers with a unit: which are fewer cannot be read. */
static void refuse_mixture(struct table *t, int c, const struct tally *a)
{
	struct cell_format *f = &t->format[c];
	bool want = 2 * a->bare > a->numbers; /* the odd ones have one */
	struct number_text n;
	int64_t r;
	double v;

	for (r = 0; r < t->rows; r++) {
		const char *cell = table_cell(t, r, c);

		if (!cell || !spelling_split(cell, &n) ||
		    (bool)*n.unit != want || (number_parse(cell, &v) && v == 0))
			continue;
		f->odd = r;
		f->why = want ? "a unit, where most of this column have none"
			      : "no unit, where most of this column have one";
		return;
	}
}

static void settle_numbers(struct table *t, int c, const struct tally *a,
			   const struct evidence *e, const struct reading *r,
			   const struct column *hint)
{
	struct cell_format *f = &t->format[c];
	int64_t others;
	const char *unit = main_unit(a, &others);
	int s = choose_spelling(t, a, e, r, hint ? (int)hint->spelling : -1);

	/* what was learned in W is no kW */
	if (hint && *hint->unit)
		unit = hint->unit;
	f->kind = CELLS_NUMBER;
	f->why = "no number as the others of this column are";
	if (s < 0) {
		f->odd = first_marked(t, c);
		f->why = "a decimal mark or one of thousands? Nothing in the "
			 "file tells (--decimal . or --decimal ,)";
		return;
	}
	f->spelling = (enum spelling)s;
	if (a->plain == a->n && s == SPELLING_POINT)
		return;
	memcpy(f->unit, unit, UNIT_BYTES);
	if (!hint && *unit && a->bare)
		refuse_mixture(t, c, a);
	make_plain(t, c, unit);
	if (*unit)
		note(&t->notes, "%s: numbers in %s", t->names[c], unit);
}

/* ---- all of them ---- */

/* Words that mean no value are taken out, but of a label of texts. */
static void drop_words(struct table *t, int c)
{
	int64_t r;

	for (r = 0; r < t->rows; r++) {
		char **cell = &t->cells[r * t->columns + c];

		if (*cell && word_absence(*cell))
			*cell = NULL;
	}
}

static void settle_column(struct table *t, int c, const struct tally *a,
			  const struct evidence *e, const struct reading *r)
{
	const char *name = r->o->label               ? r->o->label
			   : r->p && r->p->has_label ? r->p->label.name
						     : NULL;
	const struct column *hint = hint_of(r, t->names[c]);

	t->format[c] = (struct cell_format){ .odd = -1 };
	if (is_dates(a))
		settle_dates(t, c, a, r, hint ? hint->order : 0);
	else if (is_numbers(a))
		settle_numbers(t, c, a, e, r, hint);
	if (a->words && (t->format[c].kind != CELLS_TEXT || !name ||
			 r->o->pivot || table_named(t, name) != c))
		drop_words(t, c);
}

/* Columns of one spelling in one line. */
static void note_spellings(struct table *t)
{
	char list[600];
	size_t len;
	int s, c;

	for (s = 0; s < SPELLINGS; s++) {
		for (len = 0, c = 0; c < t->columns; c++) {
			if (!*spelling_text((enum spelling)s) ||
			    t->format[c].kind != CELLS_NUMBER ||
			    t->format[c].spelling != (enum spelling)s ||
			    len > sizeof(list) - 100)
				continue;
			len += (size_t)snprintf(list + len, sizeof(list) - len,
						"%s%.80s", len ? ", " : "",
						t->names[c]);
		}
		if (len)
			note(&t->notes, "%s: %s",
			     spelling_text((enum spelling)s), list);
	}
}

accel_status columns_settle(struct table *t, const struct reading *r)
{
	const char *list = r->o->missing_words ? r->o->missing_words
			   : r->p              ? r->p->missing_words
					       : NULL;
	size_t n = (size_t)t->columns;
	struct tally *all = mem_alloc(n * sizeof(*all));
	struct evidence e = { 0 };
	int c;

	t->format = mem_zalloc(n * sizeof(*t->format));
	if (!all || !t->format) {
		mem_free(all);
		return ACCEL_ERR_NOMEM;
	}
	for (c = 0; c < t->columns; c++) {
		tally_column(t, c, list, hint_of(r, t->names[c]), &all[c]);
		weigh(&all[c], &e);
	}
	for (c = 0; c < t->columns; c++)
		settle_column(t, c, &all[c], &e, r);
	note_spellings(t);
	mem_free(all);
	return ACCEL_OK;
}
