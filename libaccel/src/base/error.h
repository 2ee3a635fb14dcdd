/* SPDX-License-Identifier: MIT */
/* How a check records its error and returns it in one line. */
#ifndef ACCEL_BASE_ERROR_H
#define ACCEL_BASE_ERROR_H

#include <accel/status.h>

/*
 * Records the calling thread's last error and returns `status`, so that a check
 * reads: return accel_error(ACCEL_ERR_SHAPE, "...", ...). Longer text is cut.
 */
accel_status accel_error(accel_status status, const char *fmt, ...)
	ACCEL_PRINTF(2, 3);

/* The same, returning NULL, for calls that make something. */
void *accel_error_null(accel_status status, const char *fmt, ...)
	ACCEL_PRINTF(2, 3);

/* ERR_INVALID for a NULL: "compile: no model: " and why what should have made
 * it failed, if anything did. */
accel_status accel_error_of_null(const char *what);

#endif /* ACCEL_BASE_ERROR_H */
