/* SPDX-License-Identifier: MIT */
/* The command line of a subcommand, by a table: one parser for all tools. */
#ifndef TOOLS_COMMON_OPTIONS_H
#define TOOLS_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <accel/status.h>

/* The name that messages begin with, and the commands; each tool has its own. */
struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is its name */
	const char *help; /* a line of the list of commands */
};

extern const char program[];
extern const struct command commands[]; /* the last has no name */
extern const char commands_note[]; /* printed under the list */

/* Runs the command that argv names; returns the status to exit with. Output that
 * standard output did not take is a failure, whatever the command did. */
int run_command(int argc, char **argv);

enum option_kind {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char * */
	OPTION_LIST, /* struct words: may be given often */
	OPTION_COUNT, /* int, 1 to 10^9 */
	OPTION_WHOLE, /* uint64_t, from 0 */
	OPTION_NUMBER, /* double, above 0 */
	OPTION_TIME, /* uint64_t, nanoseconds: see parse_time() */
	OPTION_RATE, /* double, Hz, above 0: "10kHz"; a bare number is Hz */
};

/*
 * An option, or, without a dash in front, an argument that stands alone and must
 * be given (OPTION_TEXT): those take their places in the table's order. Where
 * there is --out, -o is the same.
 */
struct option {
	const char *name; /* "--epochs", "MODEL" */
	enum option_kind kind;
	void *to;
	const char *help; /* of --help; lines behind the first are indented */
};

#define OPTIONS_END                                                            \
	{                                                                      \
		NULL, OPTION_FLAG, NULL, NULL                                  \
	}

#define WORDS_MAX 64

struct words {
	const char *word[WORDS_MAX];
	uint32_t n;
};

/* What a command is called with. */
struct usage {
	const char *text; /* "get LINE... [--json]" */
	const char *help; /* what --help says after that, or NULL */
	uint32_t min, max; /* of words beyond the table's */
};

/*
 * Sorts a command's arguments into options and words, which may be NULL where
 * usage->max is 0. Returns EXIT_DONE, or EXIT_USAGE with a message printed.
 * --help prints the usage and exits.
 */
int options_parse(int argc, char **argv, const struct usage *usage,
		  const struct option *options, struct words *words);

/* A wrong command line, in words, and the usage; returns EXIT_USAGE. */
int options_wrong(const struct usage *usage, const char *fmt, ...)
	ACCEL_PRINTF(2, 3);

/* strtod() with a point, whatever the locale. */
double read_number(const char *text, char **end);

/* "10ms", "2s", "1min" or "1m", "1h", "5us", "100ns"; a bare number is seconds.
 * False: no time, or above 30 years. */
bool parse_time(const char *text, uint64_t *ns);

/* "; did you mean --epochs?" for a word near one of `n`, else "". `stride` is
 * the distance from one name (a const char *) to the next. */
const char *did_you_mean(const char *word, const void *names, size_t n,
			 size_t stride);

#endif /* TOOLS_COMMON_OPTIONS_H */
