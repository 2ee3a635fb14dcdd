/* SPDX-License-Identifier: MIT */
/* Options of a caller that was built with another version of the headers. */
#ifndef ACCEL_BASE_SIZED_H
#define ACCEL_BASE_SIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * Copies a struct that begins with its size: what the caller's does not have
 * yet is 0.
 *
 * @to, @room: where it goes, as this library has it.
 *
 * Returns false where @from is NULL, tells no size, or asks for what this
 * library does not have: a byte behind @room that is not 0.
 */
static inline bool sized_copy(void *to, size_t room, const void *from)
{
	const unsigned char *byte = from;
	size_t size = 0, i;

	memset(to, 0, room);
	if (!from)
		return false;
	memcpy(&size, from, sizeof(size));
	if (size < sizeof(size))
		return false;
	for (i = room; i < size; i++)
		if (byte[i])
			return false;
	memcpy(to, from, size < room ? size : room);
	return true;
}

#endif /* ACCEL_BASE_SIZED_H */
