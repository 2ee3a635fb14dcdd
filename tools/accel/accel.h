/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_ACCEL_H
#define TOOLS_ACCEL_H

#include <accel/accel.h>

/* Subcommands: argv[0] is the command; return the exit status (0, 1 failed, 2
 * used wrongly). */
int cmd_devices(int argc, char **argv);
int cmd_bench(int argc, char **argv);

/* Prints the last error; returns 1. */
int fail(accel_status s);

/* A JSON string with its quotes. */
void print_json_string(const char *s);

#endif /* TOOLS_ACCEL_H */
