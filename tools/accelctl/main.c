// SPDX-License-Identifier: MIT
/*
 * accelctl: pins, sensors, buffers and the state of the kernel module, from a
 * shell. docs/accelctl.1 is its manual; the exit codes are in accelctl.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "info", cmd_info, "what the module is and can do" },
	{ "pinout", cmd_pinout, "the 40-pin header and who has which pin" },
	{ "get", cmd_get, "read lines" },
	{ "set", cmd_set, "drive lines; they stay so" },
	{ "toggle", cmd_toggle, "turn lines over" },
	{ "release", cmd_release, "give up lines that set keeps" },
	{ "pulse", cmd_pulse, "drive a line for a moment" },
	{ "watch", cmd_watch, "edges with their times" },
	{ "capture", cmd_capture, "sample lines: to a file, or live" },
	{ "play", cmd_play, "drive lines from a file, on time" },
	{ "relay", cmd_relay, "an output with safe state and deadline" },
	{ "sensor", cmd_sensor, "list, read and watch sensors" },
	{ "buf", cmd_buf, "allocate, fill, verify and measure a buffer" },
	{ "status", cmd_status, "module, buffers, and lines in use" },
	{ "doctor", cmd_doctor, "what works here, what does not, what to do" },
};

#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	fprintf(f, "usage: accelctl COMMAND [ARGUMENTS] [--json]\n\n");
	for (size_t i = 0; i < NUM_COMMANDS; i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(f,
		"\nA line is P11 (pin of the header), GPIO17 or 17 (BCM "
		"number), a name of the\ndevice tree, or CHIP:OFFSET. accelctl "
		"COMMAND --help tells more, and so does\nman accelctl. "
		"accelctl --version prints %s\n",
		accel_version());
}

/* What standard output did not take is a failure, whatever the command did. */
static int written(int rc)
{
	if (!fflush(stdout) && !ferror(stdout))
		return rc;
	fprintf(stderr, "accelctl: standard output: %s\n", strerror(errno));
	return rc ? rc : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("accelctl %s\n", accel_version());
		return EXIT_DONE;
	}
	for (size_t i = 0; i < NUM_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return written(commands[i].run(argc - 1, argv + 1));
	fprintf(stderr, "accelctl: unknown command '%s'; see accelctl --help\n",
		argv[1]);
	return EXIT_USAGE;
}
