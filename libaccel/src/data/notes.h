/* SPDX-License-Identifier: MIT */
/* What a reader understood of a file, as lines for people. */
#ifndef ACCEL_DATA_NOTES_H
#define ACCEL_DATA_NOTES_H

#include <stddef.h>

#include <accel/status.h>

struct notes {
	char *text; /* lines, '\n' between them; NULL: none */
	size_t len, cap;
};

/* Adds a line. Without memory it is lost: nothing depends on it. */
void note(struct notes *n, const char *fmt, ...) ACCEL_PRINTF(2, 3);
/* Adds all lines of another. */
void notes_add(struct notes *n, const struct notes *from);
void notes_finish(struct notes *n);

#endif /* ACCEL_DATA_NOTES_H */
