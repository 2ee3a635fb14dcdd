/* SPDX-License-Identifier: MIT */
#ifndef ACCELCTL_H
#define ACCELCTL_H

#include <accel/status.h>

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_MODULE = 3,
	EXIT_NO_PERMISSION = 4,
};

/* Prints the last error; returns the exit status that tells its kind. */
int accelctl_fail(accel_status status);

/* One file a command. argv[0] is the command's name. */
int cmd_info(int argc, char **argv);

#endif /* ACCELCTL_H */
