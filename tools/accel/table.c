// SPDX-License-Identifier: MIT
/* The options of tables, and what was understood of them. */
#include "accel.h"

#include <stdlib.h>
#include <string.h>

static int wrong(const char *option, const char *text, const char *want)
{
	fprintf(stderr, "accel: %s: '%s' is not %s\n", option, text, want);
	return EXIT_USAGE;
}

static int find_separator(const char *text, char *separator)
{
	static const struct {
		const char *name;
		char c;
	} names[] = { { "tab", '\t' },      { "\\t", '\t' },  { "\t", '\t' },
		      { "blank", ' ' },     { "space", ' ' }, { " ", ' ' },
		      { "comma", ',' },     { ",", ',' },     { ";", ';' },
		      { "semicolon", ';' }, { "|", '|' },     { "pipe", '|' } };
	size_t i;

	for (i = 0; text && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i].name))
			continue;
		*separator = names[i].c;
		return EXIT_DONE;
	}
	return text ? wrong("--separator", text, ", ; | tab or blank")
		    : EXIT_DONE;
}

static int find_header(const char *text, accel_csv_header *header)
{
	if (!text)
		return EXIT_DONE;
	*header = !strcmp(text, "no") ? ACCEL_CSV_HEADER_NO
				      : ACCEL_CSV_HEADER_YES;
	return !strcmp(text, "yes") || !strcmp(text, "no")
		       ? EXIT_DONE
		       : wrong("--header", text, "yes or no");
}

static int find_order(const char *text, accel_date_order *order)
{
	if (!text)
		return EXIT_DONE;
	*order = !strcmp(text, "dmy") ? ACCEL_DATE_DAY_FIRST
				      : ACCEL_DATE_MONTH_FIRST;
	return !strcmp(text, "dmy") || !strcmp(text, "mdy")
		       ? EXIT_DONE
		       : wrong("--date-order", text, "dmy or mdy");
}

static int find_skip(const char *text, int *skip)
{
	char *end;
	long n = text ? strtol(text, &end, 10) : 0;

	if (text && (*end || end == text || n < 0 || n > 1000000000))
		return wrong("--skip", text, "a whole number of lines");
	*skip = (int)n;
	return EXIT_DONE;
}

int table_options(const struct data_args *a, accel_csv_options *o)
{
	int status;

	*o = (accel_csv_options){
		.path = first_data(a),
		.more = a->files.n > 1 ? a->files.word + 1 : NULL,
		.n_more = a->files.n > 1 ? (int)a->files.n - 1 : 0,
		.label = a->label,
		.weight = a->weight,
		.columns = a->columns,
		.dates = a->dates,
		.test = a->test,
		.holdout = a->validation,
		/* windows overlap: one drawn beside another is no test */
		.shuffle = !a->last && !a->window && !a->ahead,
		.seed = a->seed,
		.missing_words = a->missing,
		.comment = a->comment,
		.pivot = a->pivot,
		.window = a->window,
		.stride = a->stride,
		.ahead = a->ahead,
		.gap = (double)a->gap / 1e9,
		.time = a->time,
	};
	if (a->task && !strcmp(a->task, "regress"))
		o->task = ACCEL_CSV_REGRESS;
	if (a->task && !strcmp(a->task, "classify"))
		o->task = ACCEL_CSV_CLASSIFY;
	if (a->task && !strcmp(a->task, "autoencode") && a->label)
		o->task = ACCEL_CSV_CLASSIFY;
	if (a->decimal && strcmp(a->decimal, ".") && strcmp(a->decimal, ","))
		return wrong("--decimal", a->decimal, ". or ,");
	o->decimal = a->decimal ? *a->decimal : 0;
	status = find_separator(a->separator, &o->separator);
	if (!status)
		status = find_header(a->header, &o->header);
	if (!status)
		status = find_order(a->date_order, &o->date_order);
	return status ? status : find_skip(a->skip, &o->skip);
}

void print_notes(const accel_samples *s)
{
	const char *line = s->notes;
	size_t len;

	for (; line && *line; line += len + (line[len] != 0)) {
		len = strcspn(line, "\n");
		printf("Read: %.*s\n", (int)len, line);
	}
}

void print_json_notes(const accel_samples *s)
{
	const char *line = s->notes;
	char *copy;
	size_t len;

	printf(", \"notes\": [");
	for (; line && *line; line += len + (line[len] != 0)) {
		len = strcspn(line, "\n");
		copy = strndup(line, len);
		if (copy) {
			printf("%s", line == s->notes ? "" : ", ");
			json_text(stdout, copy);
		}
		free(copy);
	}
	printf("]");
}
