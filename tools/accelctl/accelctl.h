/* SPDX-License-Identifier: MIT */
/* What the subcommands of accelctl share. */
#ifndef ACCELCTL_H
#define ACCELCTL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <accel/lines.h>
#include <accel/sensor.h>

#include "../common/exit.h"
#include "../common/json.h"
#include "../common/options.h"

/* ---- the command line ----------------------------------------------------- */

/* "LINE=VALUE" at its last '=': 0, 1, off, on. The name is at most `size`. */
bool parse_assignment(const char *text, char *name, size_t size, bool *value);

/* "GPIO5,GPIO6" of words; false when it does not fit. */
bool join_words(const struct words *words, char *out, size_t size);

/* up, down, none: the masks for that, over `all`. False for another word. */
bool parse_pull(const char *text, uint64_t all, accel_lines_config *c);

/* ---- output --------------------------------------------------------------- */

/* Is the module there and may we use it? EXIT_DONE, or its failure. */
int accelctl_module(void);

/* Warns once of each line that a relay should not hang on. */
void warn_of_relays(const accel_lines *lines, uint64_t outputs);

/* Who has a line, if somebody has: "vent[123] uid 1000, safe 0, armed". Needs a
 * line of its own, and prints no end of it. */
void owner_words(FILE *f, const accel_line_info *l);

/* The same as keys of a JSON object, each with a comma before it. */
void owner_json(FILE *f, const accel_line_info *l);

/* It is held for another user, and we are not root. */
bool owner_is_another(const accel_line_info *l);

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
