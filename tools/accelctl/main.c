// SPDX-License-Identifier: MIT
/*
 * accelctl: pins, buffers and the state of the kernel module, from a shell.
 *
 * Exit status: 0 done, 1 it failed, 2 the command line is wrong, 3 the module
 * is not loaded, 4 no permission.
 */
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
};

#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	fprintf(f, "usage: accelctl COMMAND [--json]\n\ncommands:\n");
	for (size_t i = 0; i < NUM_COMMANDS; i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(f, "\naccelctl --version prints %s\n", accel_version());
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
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "accelctl: unknown command '%s'; see accelctl --help\n",
		argv[1]);
	return EXIT_USAGE;
}

int accelctl_fail(accel_status status)
{
	fprintf(stderr, "accelctl: %s\n", accel_last_error());
	switch (status) {
	case ACCEL_ERR_NODEV:
		return EXIT_NO_MODULE;
	case ACCEL_ERR_PERM:
		return EXIT_NO_PERMISSION;
	default:
		return EXIT_FAILED;
	}
}
