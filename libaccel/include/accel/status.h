/* SPDX-License-Identifier: MIT */
/*
 * Status codes, and the text of the last error.
 *
 * Every call that can fail returns an accel_status, or NULL where it makes
 * something. Negative is failure. The text says what was wrong with the numbers
 * in it, and belongs to the calling thread.
 */
#ifndef ACCEL_STATUS_H
#define ACCEL_STATUS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ACCEL_API __attribute__((visibility("default")))
#define ACCEL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define ACCEL_API
#define ACCEL_PRINTF(fmt, args)
#endif

/* X(name, value, text): the one table of status codes. */
#define ACCEL_STATUS_MAP(X)                                                    \
	X(OK, 0, "success")                                                    \
	X(ERR_INVALID, -1, "invalid argument")                                 \
	X(ERR_NOMEM, -2, "out of memory")                                      \
	X(ERR_SHAPE, -3, "shapes do not fit")                                  \
	X(ERR_DTYPE, -4, "data type not supported here")                       \
	X(ERR_NODEV, -5, "no such device")                                     \
	X(ERR_IO, -6, "input or output failed")                                \
	X(ERR_FORMAT, -7, "malformed data")                                    \
	X(ERR_PERM, -8, "permission denied")                                   \
	X(ERR_BUSY, -9, "in use")                                              \
	X(ERR_NOSYS, -10, "not available on this system")                      \
	X(ERR_LOST, -11, "device lost")                                        \
	X(ERR_RANGE, -12, "out of range")                                      \
	X(ERR_TIMEOUT, -13, "timed out")                                       \
	X(ERR_TRIPPED, -14, "outputs are tripped to their safe state")

typedef enum accel_status {
#define ACCEL_X(name, value, text) ACCEL_##name = (value),
	ACCEL_STATUS_MAP(ACCEL_X)
#undef ACCEL_X
} accel_status;

/* The code's name without prefix ("ERR_SHAPE"), or "UNKNOWN". Static. */
ACCEL_API const char *accel_status_name(accel_status status);

/* One general phrase for the code ("shapes do not fit"). Static. */
ACCEL_API const char *accel_status_text(accel_status status);

/*
 * What the calling thread's last failed call had to say, "" before any failure.
 * Valid until the same thread's next failing call. A success leaves it alone.
 */
ACCEL_API const char *accel_last_error(void);

/*
 * For "did you mean": the one of `n` words that takes the fewest changes of
 * letters to make of `word`; NULL when none is near. A NULL among them is
 * passed over. The result is one of the words' pointers.
 */
ACCEL_API const char *accel_nearest(const char *word, const char *const *words,
				    size_t n);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_STATUS_H */
