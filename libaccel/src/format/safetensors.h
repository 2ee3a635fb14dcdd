/* SPDX-License-Identifier: MIT */
/* Safetensors files, read and written. */
#ifndef ACCEL_FORMAT_SAFETENSORS_H
#define ACCEL_FORMAT_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include <accel/tensor.h>

/*
 * The safetensors format (https://github.com/huggingface/safetensors, section
 * "Format"): 8 bytes of header length, a JSON object of names with dtype, shape
 * and offsets, then the data.
 *
 * Nothing in a file is believed: header length, JSON (UTF-8, depth, doubled
 * names), types, shapes (overflow), offsets (range, overlap, holes) are all
 * checked before st_open() succeeds, and the file may not shrink under the
 * reader's feet unnoticed (reads are reads, not a mapping).
 */

#define ST_HEADER_MAX (100u << 20) /* bytes; the reference's limit */

struct st_tensor {
	const char *name;
	const char *stored; /* its type in the file: "BF16" */
	accel_dtype dtype; /* that st_read() gives */
	int ndim;
	int64_t shape[ACCEL_MAX_DIMS];
	int64_t count; /* elements, may be 0 */
	uint64_t begin, size; /* bytes in the file, from the data's start */
};

struct st_file;

/* ERR_IO, ERR_NOMEM; ERR_FORMAT: the text has the file, the tensor and the
 * numbers that do not fit; ERR_DTYPE: a type none of ours holds. */
struct st_file *st_open(const char *path);
/* The same over memory that stays the caller's; `name` is for messages. */
struct st_file *st_parse(const void *data, size_t size, const char *name);
void st_close(struct st_file *f); /* NULL is allowed */

uint32_t st_count(const struct st_file *f);
/* In the order of the data. */
const struct st_tensor *st_at(const struct st_file *f, uint32_t i);
/* NULL: there is none; sets no error. */
const struct st_tensor *st_find(const struct st_file *f, const char *name);

/*
 * Reads one tensor's `count` elements of `dtype` to dst. F32, F16, I8, U8, I32
 * as they are; BOOL gives u8, I16 and U16 give i32, BF16 and F64 give f32 (to
 * nearest). I64 and U32 give i32: ERR_RANGE where one does not fit.
 * ERR_IO: the file was cut off since.
 */
accel_status st_read(struct st_file *f, const struct st_tensor *t, void *dst);
/* The same of F32, F16, BF16 or F64, as f32. */
accel_status st_read_f32(struct st_file *f, const struct st_tensor *t,
			 float *dst);

/* A string of __metadata__; NULL: there is none. */
const char *st_metadata(const struct st_file *f, const char *key);

struct st_entry {
	const char *name;
	accel_dtype dtype;
	int ndim;
	const int64_t *shape;
	const void *data; /* row-major; NULL: `from` is read */
	/* read when its turn comes: one at a time is in memory */
	accel_tensor *from;
};

struct st_pair {
	const char *key, *value; /* UTF-8 */
};

/*
 * Writes a file so that at every moment the path holds either the old one or
 * the new one, whole: to a temporary file beside it, fsync, rename, fsync of
 * the directory. The same input gives the same bytes.
 *
 * ERR_IO: the text has the path and the reason ("No space left on device"); the
 * old file is as it was and the temporary one is gone. ERR_INVALID: a name twice,
 * or no UTF-8. ERR_NOMEM. What accel_read() says of a tensor.
 */
accel_status st_write(const char *path, uint32_t n,
		      const struct st_entry *entries, uint32_t n_pairs,
		      const struct st_pair *metadata);

#endif /* ACCEL_FORMAT_SAFETENSORS_H */
