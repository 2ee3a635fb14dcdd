// SPDX-License-Identifier: MIT
/* A tool's main(): which command, what there is, what standard output took. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <accel/version.h>

#include "exit.h"
#include "options.h"

static void list_commands(FILE *f)
{
	fprintf(f, "usage: %s COMMAND [ARGUMENTS]\n\n", program);
	for (const struct command *c = commands; c->name; c++)
		fprintf(f, "  %-10s %s\n", c->name, c->help);
	fprintf(f, "\n%s", commands_note);
}

static int written(int rc)
{
	if (!fflush(stdout) && !ferror(stdout))
		return rc;
	fprintf(stderr, "%s: standard output: %s\n", program, strerror(errno));
	return rc ? rc : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	const struct command *c = commands;

	if (argc < 2) {
		list_commands(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		list_commands(stdout);
		return written(EXIT_DONE);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("%s %s\n", program, accel_version());
		return written(EXIT_DONE);
	}
	for (; c->name; c++)
		if (!strcmp(argv[1], c->name))
			return written(c->run(argc - 1, argv + 1));
	fprintf(stderr, "%s: unknown command '%s'%s; see %s --help\n", program,
		argv[1],
		did_you_mean(argv[1], commands, (size_t)(c - commands),
			     sizeof(*c)),
		program);
	return EXIT_USAGE;
}
