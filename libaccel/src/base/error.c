// SPDX-License-Identifier: MIT
/* The last error of each thread, with its text. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <accel/version.h>

static _Thread_local char last_error[1024];
static _Thread_local size_t cause; /* where in it the first reason begins */

const char *accel_status_name(accel_status status)
{
	switch (status) {
#define ACCEL_X(name, value, text)                                             \
	case ACCEL_##name:                                                     \
		return #name;
		ACCEL_STATUS_MAP(ACCEL_X)
#undef ACCEL_X
	}
	return "UNKNOWN";
}

const char *accel_status_text(accel_status status)
{
	switch (status) {
#define ACCEL_X(name, value, text)                                             \
	case ACCEL_##name:                                                     \
		return text;
		ACCEL_STATUS_MAP(ACCEL_X)
#undef ACCEL_X
	}
	return "unknown status";
}

const char *accel_last_error(void)
{
	return last_error;
}

const char *accel_version(void)
{
	return ACCEL_VERSION_STRING;
}

accel_status accel_error(accel_status status, const char *fmt, ...)
{
	va_list ap;

	cause = 0;
	va_start(ap, fmt);
	vsnprintf(last_error, sizeof(last_error), fmt, ap);
	va_end(ap);
	return status;
}

void *accel_error_null(accel_status status, const char *fmt, ...)
{
	va_list ap;

	(void)status;
	cause = 0;
	va_start(ap, fmt);
	vsnprintf(last_error, sizeof(last_error), fmt, ap);
	va_end(ap);
	return NULL;
}

accel_status accel_error_of_null(const char *what)
{
	char why[sizeof(last_error)];
	accel_status err;

	memcpy(why, last_error + cause, sizeof(why) - cause);
	err = accel_error(ACCEL_ERR_INVALID, "%s%s%s", what, *why ? ": " : "",
			  why);
	/* the next call with such a NULL tells the same reason, not this one's
	 * words before it */
	cause = strlen(what) + (*why ? 2 : 0);
	if (cause > strlen(last_error))
		cause = strlen(last_error);
	return err;
}
