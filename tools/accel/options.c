// SPDX-License-Identifier: MIT
/* Arguments of a subcommand, by a table. */
#include "accel.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const values[] = {
	[OPT_TEXT] = "X",   [OPT_FLAG] = "",  [OPT_COUNT] = "N",
	[OPT_NUMBER] = "X", [OPT_SEED] = "N",
};

static void print_usage(FILE *f, const char *usage, const struct option_spec *s)
{
	fprintf(f, "usage: accel %s\n\n", usage);
	for (; s->name; s++) {
		char left[64];

		if (*s->name != '-')
			continue;
		snprintf(left, sizeof(left), "%s %s", s->name, values[s->type]);
		fprintf(f, "  %-17s %s\n", left, s->help);
	}
}

static int take(const struct option_spec *s, const char *text)
{
	char *end = NULL;
	double number = 0;
	unsigned long long whole = 0;

	errno = 0;
	switch (s->type) {
	case OPT_FLAG:
		*(bool *)s->value = true;
		return 0;
	case OPT_TEXT:
		*(const char **)s->value = text;
		return 0;
	case OPT_NUMBER:
		number = strtod(text, &end);
		if (end != text && !*end && number > 0 && isfinite(number)) {
			*(double *)s->value = number;
			return 0;
		}
		fprintf(stderr, "accel: %s: '%s' is not a number above 0\n",
			s->name, text);
		return 2;
	default:
		whole = strtoull(text, &end, 10);
	}
	if (errno || *text < '0' || *text > '9' || *end ||
	    (s->type == OPT_COUNT && (whole < 1 || whole > 1000000000))) {
		fprintf(stderr, "accel: %s: '%s' is not a whole number%s\n",
			s->name, text,
			s->type == OPT_COUNT ? " from 1 to 10^9" : "");
		return 2;
	}
	if (s->type == OPT_COUNT)
		*(int *)s->value = (int)whole;
	else
		*(uint64_t *)s->value = whole;
	return 0;
}

/* @length: of the name in arg, which "=value" may follow */
static const struct option_spec *find(const struct option_spec *s,
				      const char *arg, size_t length)
{
	/* an argument that stands alone goes to the next place for one */
	for (; s->name; s++)
		if (*arg == '-' ? strlen(s->name) == length &&
					  !memcmp(s->name, arg, length)
				: *s->name != '-' && !*(char **)s->value)
			return s;
	return NULL;
}

int parse_options(int argc, char **argv, const char *usage,
		  const struct option_spec *specs)
{
	const struct option_spec *s;
	int i, bad;

	for (i = 1; i < argc; i++) {
		const char *value = argv[i];
		size_t length = strcspn(argv[i], "=");

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			print_usage(stdout, usage, specs);
			return 0;
		}
		s = find(specs, argv[i], length);
		if (!s) {
			fprintf(stderr, "accel: '%s' is not understood\n",
				argv[i]);
			print_usage(stderr, usage, specs);
			return 2;
		}
		if (*s->name == '-' && argv[i][length]) {
			value = argv[i] + length + 1;
			if (s->type == OPT_FLAG) {
				fprintf(stderr, "accel: %s takes no value\n",
					s->name);
				return 2;
			}
		} else if (*s->name == '-' && s->type != OPT_FLAG) {
			value = argv[++i];
			if (!value) {
				fprintf(stderr, "accel: %s needs a value\n",
					s->name);
				return 2;
			}
		}
		bad = take(s, value);
		if (bad)
			return bad;
	}
	for (s = specs; s->name; s++) {
		if (*s->name == '-' || *(char **)s->value)
			continue;
		fprintf(stderr, "accel: %s is missing\n", s->name);
		print_usage(stderr, usage, specs);
		return 2;
	}
	return -1;
}
