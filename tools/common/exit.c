// SPDX-License-Identifier: MIT
/* How a tool fails: one line, and a status that tells its kind. */
#include "exit.h"

#include <stdio.h>

#include "options.h"

int fail(accel_status status)
{
	fprintf(stderr, "%s: %s\n", program, accel_last_error());
	switch (status) {
	case ACCEL_ERR_NODEV:
		return EXIT_NO_MODULE;
	case ACCEL_ERR_PERM:
		return EXIT_NO_PERMISSION;
	case ACCEL_ERR_TRIPPED:
		return EXIT_TRIPPED;
	default:
		return EXIT_FAILED;
	}
}
