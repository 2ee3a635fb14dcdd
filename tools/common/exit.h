/* SPDX-License-Identifier: MIT */
/* What the tools exit with; docs/accel.1 and docs/accelctl.1 have the table. */
#ifndef TOOLS_COMMON_EXIT_H
#define TOOLS_COMMON_EXIT_H

#include <accel/status.h>

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2, /* a wrong command line */
	EXIT_NO_MODULE = 3, /* no piaccel, chip or device */
	EXIT_NO_PERMISSION = 4,
	EXIT_TRIPPED = 5, /* outputs are at their safe values */
};

/* Prints the last error, with its kind; returns the status to exit with. A call
 * that returned NULL has no status but ACCEL_OK, and fails with EXIT_FAILED. */
int fail(accel_status status);

#endif /* TOOLS_COMMON_EXIT_H */
