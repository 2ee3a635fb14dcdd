// SPDX-License-Identifier: MIT
/* Command lines, times, assignments. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"

int args_wrong(const struct usage *usage, const char *fmt, ...)
{
	va_list ap;

	fputs("accelctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: accelctl %s\n", usage->text);
	return EXIT_USAGE;
}

bool parse_time(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 },     { "s", 1e9 },   { "ms", 1e6 },
		      { "us", 1e3 },   { "ns", 1 },    { "m", 60e9 },
		      { "min", 60e9 }, { "h", 3600e9 } };
	char *end;
	double v = strtod(text, &end);

	if (end == text || !(v >= 0))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) || v * units[i].ns > 1e18)
			continue;
		*ns = (uint64_t)(v * units[i].ns + 0.5);
		return true;
	}
	return false;
}

static bool parse_option(const struct option *o, const char *text)
{
	char *end;

	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)o->to = true;
		return true;
	case OPTION_TEXT:
		*(const char **)o->to = text;
		return true;
	case OPTION_TIME:
		return parse_time(text, o->to);
	case OPTION_COUNT:
		*(uint64_t *)o->to = strtoull(text, &end, 0);
		return *text != '-' && end != text && !*end;
	case OPTION_NUMBER:
		*(double *)o->to = strtod(text, &end);
		return end != text && !*end;
	case OPTION_LIST: {
		struct words *w = o->to;

		if (w->n == WORDS_MAX)
			return false;
		w->word[w->n++] = text;
		return true;
	}
	}
	return false;
}

static void print_help(const struct usage *usage)
{
	printf("usage: accelctl %s\n\n%s", usage->text, usage->help);
	exit(EXIT_DONE);
}

/* One option, with its value behind '=' or in the next word. */
static int take_option(char **argv, int argc, int *i, const struct usage *usage,
		       const struct option *options, uint32_t n)
{
	const char *arg = argv[*i], *eq = strchr(arg, '='), *value = NULL;
	size_t len = eq ? (size_t)(eq - arg) : strlen(arg);

	for (uint32_t k = 0; k < n; k++) {
		if (strlen(options[k].name) != len ||
		    strncmp(options[k].name, arg, len))
			continue;
		if (options[k].kind != OPTION_FLAG) {
			value = eq ? eq + 1 : *i + 1 < argc ? argv[++*i] : NULL;
			if (!value)
				return args_wrong(usage, "%s wants a value",
						  options[k].name);
		} else if (eq) {
			return args_wrong(usage, "%s takes no value",
					  options[k].name);
		}
		if (!parse_option(&options[k], value))
			return args_wrong(usage, "%s: '%s' makes no sense",
					  options[k].name, value);
		return EXIT_DONE;
	}
	return args_wrong(usage, "unexpected '%s'", arg);
}

int args_parse(int argc, char **argv, const struct usage *usage,
	       const struct option *options, uint32_t num_options,
	       struct words *words)
{
	bool only_words = false;
	int rc;

	words->n = 0;
	for (int i = 1; i < argc; i++) {
		if (!only_words && !strcmp(argv[i], "--help"))
			print_help(usage);
		if (!only_words && !strcmp(argv[i], "--")) {
			only_words = true;
		} else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
			rc = take_option(argv, argc, &i, usage, options,
					 num_options);
			if (rc)
				return rc;
		} else if (words->n == usage->max || words->n == WORDS_MAX) {
			return args_wrong(usage, "unexpected '%s'", argv[i]);
		} else {
			words->word[words->n++] = argv[i];
		}
	}
	if (words->n < usage->min)
		return args_wrong(usage, "%s: too few arguments", argv[0]);
	return EXIT_DONE;
}

bool parse_assignment(const char *text, char *name, size_t size, bool *value)
{
	const char *eq = strrchr(text, '=');

	if (!eq || eq == text || (size_t)(eq - text) >= size)
		return false;
	memcpy(name, text, (size_t)(eq - text));
	name[eq - text] = 0;
	*value = !strcmp(eq, "=1") || !strcmp(eq, "=on");
	return *value || !strcmp(eq, "=0") || !strcmp(eq, "=off");
}

bool join_words(const struct words *words, char *out, size_t size)
{
	size_t n = 0;

	out[0] = 0;
	for (uint32_t i = 0; i < words->n && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? "," : "",
				      words->word[i]);
	return n < size;
}

bool parse_pull(const char *text, uint64_t all, accel_lines_config *c)
{
	if (!text)
		return true;
	if (!strcmp(text, "up"))
		c->pull_up = all;
	else if (!strcmp(text, "down"))
		c->pull_down = all;
	else if (!strcmp(text, "none"))
		c->pull_none = all;
	else
		return false;
	return true;
}
