/* SPDX-License-Identifier: MIT */
#ifndef ACCELCTL_H
#define ACCELCTL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <accel/lines.h>
#include <accel/sensor.h>

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_MODULE = 3,
	EXIT_NO_PERMISSION = 4,
	EXIT_TRIPPED = 5,
};

/* ---- the command line ----------------------------------------------------- */

enum option_kind {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char * */
	OPTION_TIME, /* uint64_t, nanoseconds */
	OPTION_COUNT, /* uint64_t */
	OPTION_NUMBER, /* double */
	OPTION_LIST, /* struct words: may be given often */
};

#define WORDS_MAX 64

struct words {
	const char *word[WORDS_MAX];
	uint32_t n;
};

struct option {
	const char *name; /* "--json" */
	enum option_kind kind;
	void *to;
};

/* What a command is called with, beside its options. */
struct usage {
	const char *text; /* "get LINE... [--json]" */
	const char *help; /* what --help says after that */
	uint32_t min, max; /* of words that are no options */
};

/*
 * Sorts a command's arguments into options and words. Returns EXIT_DONE, or
 * EXIT_USAGE with a message printed. --help prints the usage and exits.
 */
int args_parse(int argc, char **argv, const struct usage *usage,
	       const struct option *options, uint32_t num_options,
	       struct words *words);

/* A wrong command line, in words; returns EXIT_USAGE. */
int args_wrong(const struct usage *usage, const char *fmt, ...)
	ACCEL_PRINTF(2, 3);

/* "10ms", "2s", "1m", "5us", "100ns"; a bare number is seconds. */
bool parse_time(const char *text, uint64_t *ns);

/* "LINE=VALUE" at its last '=': 0, 1, off, on. The name is at most `size`. */
bool parse_assignment(const char *text, char *name, size_t size, bool *value);

/* "GPIO5,GPIO6" of words; false when it does not fit. */
bool join_words(const struct words *words, char *out, size_t size);

/* up, down, none: the masks for that, over `all`. False for another word. */
bool parse_pull(const char *text, uint64_t all, accel_lines_config *c);

/* ---- output --------------------------------------------------------------- */

/* Prints the last error; returns the exit status that tells its kind. */
int accelctl_fail(accel_status status);

/* The same where a call returned NULL. */
int accelctl_fail_null(void);

/* Is the module there and may we use it? EXIT_DONE, or its failure. */
int accelctl_module(void);

/* Warns once of each line that a relay should not hang on. */
void warn_of_relays(const accel_lines *lines, uint64_t outputs);

void json_text(FILE *f, const char *text); /* with its quotes */
void json_number(FILE *f, double value); /* null unless finite */

/* Set by SIGINT and SIGTERM once catch_signals() was called; then stop_fd, which
 * is -1 before, is readable: a signal right before a wait ends it, too. */
extern volatile sig_atomic_t stopped;
extern int stop_fd;
void catch_signals(void);
void sleep_until(uint64_t ns); /* a signal ends it */

/* ---- one file a command, argv[0] is its name -------------------------------- */

int cmd_info(int argc, char **argv);
int cmd_pinout(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_toggle(int argc, char **argv);
int cmd_release(int argc, char **argv);
int cmd_pulse(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_capture(int argc, char **argv);
int cmd_play(int argc, char **argv);
int cmd_relay(int argc, char **argv);
int cmd_sensor(int argc, char **argv);
int cmd_buf(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#endif /* ACCELCTL_H */
