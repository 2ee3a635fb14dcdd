// SPDX-License-Identifier: MIT
/* Arguments of a subcommand, by a table. */
#include "options.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

/* ---- values --------------------------------------------------------------- */

struct scale {
	const char *unit;
	double by;
};

double read_number(const char *text, char **end)
{
	static locale_t point;

	if (!point)
		point = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	return point ? strtod_l(text, end, point) : strtod(text, end);
}

/* A number above or at 0 with one of the units, times what that stands for. */
static bool scaled(const char *text, const struct scale *units, size_t n,
		   double *value)
{
	char *end;
	double v = read_number(text, &end);

	if (end == text || !isfinite(v) || v < 0)
		return false;
	end += strspn(end, " ");
	for (size_t i = 0; i < n; i++) {
		if (strcmp(end, units[i].unit))
			continue;
		*value = v * units[i].by;
		return true;
	}
	return false;
}

bool parse_time(const char *text, uint64_t *ns)
{
	static const struct scale units[] = {
		{ "", 1e9 },     { "s", 1e9 },    { "ms", 1e6 },
		{ "us", 1e3 },   { "ns", 1 },     { "m", 60e9 },
		{ "min", 60e9 }, { "h", 3600e9 }, { "µs", 1e3 },
		{ "d", 86400e9 }
	};
	double v;

	if (!scaled(text, units, sizeof(units) / sizeof(units[0]), &v) ||
	    v > 1e18)
		return false;
	*ns = (uint64_t)(v + 0.5);
	return true;
}

static bool parse_rate(const char *text, double *hz)
{
	static const struct scale units[] = { { "", 1 },      { "Hz", 1 },
					      { "hz", 1 },    { "kHz", 1e3 },
					      { "khz", 1e3 }, { "MHz", 1e6 },
					      { "k", 1e3 },   { "M", 1e6 } };

	return scaled(text, units, sizeof(units) / sizeof(units[0]), hz) &&
	       *hz > 0;
}

static bool parse_whole(const char *text, uint64_t most, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	errno = 0;
	*value = strtoull(text, &end, hex ? 16 : 10);
	return *text >= '0' && *text <= '9' && !*end && !errno &&
	       *value <= most;
}

static bool parse_number(const char *text, double *value)
{
	char *end;

	*value = read_number(text, &end);
	return end != text && !*end && *value > 0 && isfinite(*value);
}

static bool keep_word(struct words *w, const char *text)
{
	if (!w || w->n == WORDS_MAX)
		return false;
	w->word[w->n++] = text;
	return true;
}

/* What a kind's values are called in --help and in messages. */
static const struct {
	const char *value, *wanted;
} kinds[] = {
	[OPTION_FLAG] = { "", "" },
	[OPTION_TEXT] = { "X", "a text" },
	[OPTION_LIST] = { "X", "given 64 times at most" },
	[OPTION_COUNT] = { "N", "a whole number from 1 to 10^9" },
	[OPTION_WHOLE] = { "N", "a whole number" },
	[OPTION_NUMBER] = { "X", "a number above 0" },
	[OPTION_TIME] = { "TIME", "a time like 10ms, 2s, 1min" },
	[OPTION_RATE] = { "RATE", "a rate like 50, 50Hz, 10kHz" },
};

static bool take(const struct option *o, const char *text)
{
	uint64_t whole;

	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)o->to = true;
		return true;
	case OPTION_TEXT:
		*(const char **)o->to = text;
		return true;
	case OPTION_LIST:
		return keep_word(o->to, text);
	case OPTION_COUNT:
		if (!parse_whole(text, 1000000000, &whole) || !whole)
			return false;
		*(int *)o->to = (int)whole;
		return true;
	case OPTION_WHOLE:
		return parse_whole(text, UINT64_MAX, o->to);
	case OPTION_NUMBER:
		return parse_number(text, o->to);
	case OPTION_TIME:
		return parse_time(text, o->to);
	case OPTION_RATE:
		return parse_rate(text, o->to);
	}
	return false;
}

/* ---- words about them ----------------------------------------------------- */

static void print_usage(FILE *f, const struct usage *usage)
{
	fprintf(f, "usage: %s %s\n", program, usage->text);
}

/* The lines behind a help's first are the column's. */
static void print_option(const struct option *o)
{
	const char *help = o->help, *end;
	char left[64];

	snprintf(left, sizeof(left), "%s %s", o->name, kinds[o->kind].value);
	printf("  %-17s ", left);
	for (; (end = strchr(help, '\n')); help = end + 1)
		printf("%.*s\n%-20s", (int)(end - help), help, "");
	printf("%s\n", help);
}

static void print_help(const struct usage *usage, const struct option *o)
{
	bool first = true;

	print_usage(stdout, usage);
	if (usage->help)
		printf("\n%s", usage->help);
	for (; o->name; o++) {
		if (*o->name != '-' || !o->help)
			continue;
		if (first)
			putchar('\n');
		first = false;
		print_option(o);
	}
	exit(fflush(stdout) ? EXIT_FAILED : EXIT_DONE);
}

int options_wrong(const struct usage *usage, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	print_usage(stderr, usage);
	return EXIT_USAGE;
}

#define NAMES_MAX 128

const char *did_you_mean(const char *word, const void *names, size_t n,
			 size_t stride)
{
	static char text[96];
	const char *list[NAMES_MAX], *near;

	n = n < NAMES_MAX ? n : NAMES_MAX;
	for (size_t i = 0; i < n; i++)
		list[i] = *(const char *const *)((const char *)names +
						 i * stride);
	near = accel_nearest(word, list, n);
	snprintf(text, sizeof(text), "%s%s%s", near ? "; did you mean " : "",
		 near ? near : "", near ? "?" : "");
	return text;
}

/* ---- the table ------------------------------------------------------------ */

/* `length`: of the name in arg, which "=value" may follow. */
static const struct option *find(const struct option *o, const char *arg,
				 size_t length)
{
	if (length == 2 && !memcmp(arg, "-o", 2)) {
		arg = "--out";
		length = strlen(arg);
	}
	for (; o->name; o++)
		if (strlen(o->name) == length && !memcmp(o->name, arg, length))
			return o;
	return NULL;
}

static int unknown(const struct usage *usage, const struct option *options,
		   const char *arg, size_t length)
{
	const struct option *o = options;
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)length, arg);
	while (o->name)
		o++;
	return options_wrong(usage, "unexpected '%s'%s", arg,
			     did_you_mean(word, options, (size_t)(o - options),
					  sizeof(*o)));
}

/* One option, with its value behind '=' or in the next word. */
static int take_option(char **argv, int argc, int *i, const struct usage *usage,
		       const struct option *options)
{
	const char *arg = argv[*i], *value = NULL;
	size_t length = strcspn(arg, "=");
	const struct option *o = find(options, arg, length);

	if (!o)
		return unknown(usage, options, arg, length);
	if (o->kind == OPTION_FLAG && arg[length])
		return options_wrong(usage, "%s takes no value", o->name);
	if (o->kind != OPTION_FLAG) {
		value = arg[length]     ? arg + length + 1
			: *i + 1 < argc ? argv[++*i]
					: NULL;
		if (!value)
			return options_wrong(usage, "%s wants a value: %s",
					     o->name, kinds[o->kind].wanted);
	}
	if (!take(o, value))
		return options_wrong(usage, "%s: '%s' is not %s", o->name,
				     value, kinds[o->kind].wanted);
	return EXIT_DONE;
}

/* An argument that stands alone: the table's next place, else a word. */
static int take_word(const char *word, const struct usage *usage,
		     const struct option *o, struct words *words)
{
	for (; o->name; o++) {
		if (*o->name == '-' || *(const char **)o->to)
			continue;
		*(const char **)o->to = word;
		return EXIT_DONE;
	}
	if (!words || words->n == usage->max || !keep_word(words, word))
		return options_wrong(usage, "unexpected '%s'", word);
	return EXIT_DONE;
}

int options_parse(int argc, char **argv, const struct usage *usage,
		  const struct option *options, struct words *words)
{
	const struct option *o;
	bool only_words = false;
	int rc = EXIT_DONE;

	if (words)
		words->n = 0;
	for (int i = 1; i < argc && !rc; i++) {
		const char *arg = argv[i];

		if (!only_words &&
		    (!strcmp(arg, "--help") || !strcmp(arg, "-h")))
			print_help(usage, options);
		if (!only_words && !strcmp(arg, "--"))
			only_words = true;
		else if (!only_words && arg[0] == '-' && arg[1])
			rc = take_option(argv, argc, &i, usage, options);
		else
			rc = take_word(arg, usage, options, words);
	}
	if (rc)
		return rc;
	for (o = options; o->name; o++)
		if (*o->name != '-' && !*(const char **)o->to)
			return options_wrong(usage, "%s is missing", o->name);
	if (words && words->n < usage->min)
		return options_wrong(usage, "%s: too few arguments", argv[0]);
	return EXIT_DONE;
}
