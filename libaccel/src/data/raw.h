/* SPDX-License-Identifier: MIT */
/* Arrays as they stand in files, on their way to samples. */
#ifndef ACCEL_DATA_RAW_H
#define ACCEL_DATA_RAW_H

#include <zlib.h>

#include <accel/data.h>

/* An array as it stands in a file, on its way to samples. */
struct raw {
	const char *path; /* for messages; the caller's */
	char kind; /* 'u', 'i', 'f' */
	int size; /* bytes of an element: 1, 2, 4, 8 */
	bool big_endian;
	bool truth; /* u1 that is 0 or 1, not a shade */
	int ndim;
	int64_t shape[ACCEL_MAX_DIMS];
	uint8_t *data;
};

/* Opens plain or gzip files alike. NULL: ERR_IO. */
gzFile raw_open(const char *path);

/* Reads exactly n bytes. ERR_FORMAT: the file ends before; ERR_IO. */
accel_status raw_read(gzFile in, const char *path, void *dst, uint64_t n);

/*
 * Reads the elements that follow, by r's type and shape, and expects the end
 * of the file then. A shape that the file cannot hold is refused before
 * anything is allocated.
 */
accel_status raw_read_elements(gzFile in, struct raw *r);

/* Samples of x and, if `y` has data, y; both are used up in any case. */
accel_samples *raw_samples(struct raw *x, struct raw *y);

#endif /* ACCEL_DATA_RAW_H */
