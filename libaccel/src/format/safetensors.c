// SPDX-License-Identifier: MIT
/* Safetensors files read: the header checked, the tensors found. */
#include "safetensors.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/half.h"

struct st_file {
	int fd; /* -1: memory */
	const uint8_t *mem;
	uint64_t size; /* of the whole */
	uint64_t data; /* where the data begins */
	json_t *header; /* owns the names */
	uint32_t n;
	struct st_tensor *tensors; /* in the order of the data */
	char name[]; /* for messages */
};

static const struct stored {
	const char *name;
	uint8_t size;
	accel_dtype dtype;
} types[] = {
#define X(NAME, name, bytes, floating) { #NAME, bytes, ACCEL_##NAME },
	ACCEL_DTYPE_MAP(X)
#undef X
	/* what we have no type for, and read as another */
	{ "BOOL", 1, ACCEL_U8 },
	{ "I16", 2, ACCEL_I32 },
	{ "U16", 2, ACCEL_I32 },
	{ "BF16", 2, ACCEL_F32 },
	{ "F64", 8, ACCEL_F32 },
	{ "I64", 8, ACCEL_I32 },
	{ "U32", 4, ACCEL_I32 },
};

static const struct stored *stored_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, name))
			return &types[i];
	return NULL;
}

/* Bytes [at, at + size) of the file or memory; size was checked for memory. */
static accel_status fetch(struct st_file *f, uint64_t at, void *dst,
			  uint64_t size)
{
	uint8_t *p = dst;
	ssize_t n;

	if (f->fd < 0) {
		if (size)
			memcpy(dst, f->mem + at, size);
		return ACCEL_OK;
	}
	while (size) {
		n = pread(f->fd, p, size < 1 << 30 ? size : 1 << 30, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return accel_error(ACCEL_ERR_IO, "%s: cannot read: %s",
					   f->name, strerror(errno));
		if (!n)
			return accel_error(
				ACCEL_ERR_IO,
				"%s: cut off at byte %llu while it was read",
				f->name, (unsigned long long)at);
		p += n;
		at += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return ACCEL_OK;
}

/* ---- the header ---- */

static accel_status bad(const struct st_file *f, const char *tensor,
			const char *what)
{
	return accel_error(ACCEL_ERR_FORMAT, "%s: tensor \"%.200s\": %s",
			   f->name, tensor, what);
}

static accel_status parse_shape(const struct st_file *f, struct st_tensor *t,
				const json_t *shape)
{
	size_t i, ndim = json_array_size(shape);
	json_t *dim;

	if (!json_is_array(shape))
		return bad(f, t->name, "its shape is not a list");
	if (ndim > ACCEL_MAX_DIMS)
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: tensor \"%.200s\" has %zu dimensions, "
				   "more than %d",
				   f->name, t->name, ndim, ACCEL_MAX_DIMS);
	t->ndim = (int)ndim;
	t->count = 1;
	json_array_foreach(shape, i, dim)
	{
		t->shape[i] = json_integer_value(dim);
		if (!json_is_integer(dim) || t->shape[i] < 0)
			return bad(f, t->name,
				   "a size in its shape is not a whole number");
		if (__builtin_mul_overflow(t->count, t->shape[i], &t->count))
			return bad(f, t->name, "its shape overflows");
	}
	return ACCEL_OK;
}

static accel_status parse_offsets(const struct st_file *f, struct st_tensor *t,
				  const json_t *offsets)
{
	const json_t *begin = json_array_get(offsets, 0);
	const json_t *end = json_array_get(offsets, 1);
	uint64_t room = f->size - f->data;
	json_int_t b = json_integer_value(begin), e = json_integer_value(end);

	if (json_array_size(offsets) != 2 || !json_is_integer(begin) ||
	    !json_is_integer(end) || b < 0 || e < b)
		return bad(f, t->name, "data_offsets are not [begin, end]");
	if ((uint64_t)e > room)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: tensor \"%.200s\" ends at byte %lld of "
				   "the data, which has %llu: is the file cut "
				   "off?",
				   f->name, t->name, (long long)e,
				   (unsigned long long)room);
	t->begin = (uint64_t)b;
	t->size = (uint64_t)(e - b);
	return ACCEL_OK;
}

static accel_status parse_tensor(const struct st_file *f, struct st_tensor *t,
				 const json_t *entry)
{
	const char *type = json_string_value(json_object_get(entry, "dtype"));
	const struct stored *s = type ? stored_find(type) : NULL;
	accel_status status;
	uint64_t need;

	if (!type)
		return bad(f, t->name, "it has no dtype");
	if (!s)
		return accel_error(
			ACCEL_ERR_DTYPE,
			"%s: tensor \"%.200s\" is of type \"%.20s\", "
			"which is not supported",
			f->name, t->name, type);
	t->stored = s->name;
	t->dtype = s->dtype;
	status = parse_shape(f, t, json_object_get(entry, "shape"));
	if (!status)
		status = parse_offsets(f, t,
				       json_object_get(entry, "data_offsets"));
	if (status)
		return status;
	if (__builtin_mul_overflow((uint64_t)t->count, s->size, &need) ||
	    need != t->size)
		return accel_error(
			ACCEL_ERR_FORMAT,
			"%s: tensor \"%.200s\" has %lld elements of %s "
			"in %llu bytes",
			f->name, t->name, (long long)t->count, s->name,
			(unsigned long long)t->size);
	return ACCEL_OK;
}

static int by_offset(const void *a, const void *b)
{
	const struct st_tensor *s = a, *t = b;

	if (s->begin != t->begin)
		return s->begin < t->begin ? -1 : 1;
	if (s->size != t->size)
		return s->size < t->size ? -1 : 1;
	return strcmp(s->name, t->name);
}

/* The data must be covered once, without holes. */
static accel_status check_cover(struct st_file *f)
{
	uint64_t at = 0;
	uint32_t i;

	if (f->n)
		qsort(f->tensors, f->n, sizeof(f->tensors[0]), by_offset);
	for (i = 0; i < f->n; i++) {
		if (f->tensors[i].begin != at)
			return bad(f, f->tensors[i].name,
				   f->tensors[i].begin < at
					   ? "its data overlaps another's"
					   : "a hole is before its data");
		at += f->tensors[i].size;
	}
	if (at != f->size - f->data)
		return accel_error(
			ACCEL_ERR_FORMAT,
			"%s: %llu bytes follow the last tensor", f->name,
			(unsigned long long)(f->size - f->data - at));
	return ACCEL_OK;
}

static accel_status check_metadata(const struct st_file *f, json_t *meta)
{
	const char *key;
	json_t *text;

	if (!json_is_object(meta))
		return bad(f, "__metadata__", "it is not an object");
	json_object_foreach(meta, key, text) if (
		!json_is_string(text)) return bad(f, "__metadata__",
						  "a value is not a string");
	return ACCEL_OK;
}

static accel_status parse_entries(struct st_file *f)
{
	accel_status status = ACCEL_OK;
	const char *name;
	json_t *entry;

	f->tensors =
		mem_zalloc(json_object_size(f->header) * sizeof(f->tensors[0]));
	if (!f->tensors)
		return ACCEL_ERR_NOMEM;
	json_object_foreach(f->header, name, entry)
	{
		if (!strcmp(name, "__metadata__")) {
			status = check_metadata(f, entry);
		} else {
			f->tensors[f->n].name = name;
			status = parse_tensor(f, &f->tensors[f->n++], entry);
		}
		if (status)
			return status;
	}
	return check_cover(f);
}

static accel_status parse_header(struct st_file *f)
{
	json_error_t error;
	uint64_t size;
	char *text;
	accel_status status;

	if (f->size < 8)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: %llu bytes are no safetensors file",
				   f->name, (unsigned long long)f->size);
	status = fetch(f, 0, &size, 8);
	if (status)
		return status;
	size = le64toh(size);
	if (size < 2 || size > f->size - 8 || size > ST_HEADER_MAX)
		return accel_error(
			ACCEL_ERR_FORMAT,
			"%s: no safetensors file, or cut off: a header of %llu "
			"bytes in a file of %llu",
			f->name, (unsigned long long)size,
			(unsigned long long)f->size);
	f->data = 8 + size;
	text = mem_alloc(size);
	if (!text)
		return ACCEL_ERR_NOMEM;
	status = fetch(f, 8, text, size);
	if (!status && text[0] != '{')
		status = accel_error(ACCEL_ERR_FORMAT,
				     "%s: the header does not begin with {",
				     f->name);
	if (!status) {
		f->header =
			json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
		if (!f->header)
			status = accel_error(ACCEL_ERR_FORMAT,
					     "%s: header, byte %d: %s", f->name,
					     error.position, error.text);
	}
	mem_free(text);
	return status ? status : parse_entries(f);
}

static struct st_file *make(const char *name)
{
	size_t len = strlen(name) + 1;
	struct st_file *f = mem_zalloc(sizeof(*f) + len);

	if (!f)
		return NULL;
	f->fd = -1;
	memcpy(f->name, name, len);
	return f;
}

static struct st_file *opened(struct st_file *f)
{
	if (!parse_header(f))
		return f;
	st_close(f);
	return NULL;
}

struct st_file *st_open(const char *path)
{
	struct st_file *f = make(path);
	struct stat st;

	if (!f)
		return NULL;
	/* a FIFO must not hold us up */
	f->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st)) {
		accel_error(ACCEL_ERR_IO, "cannot open %s: %s", path,
			    strerror(errno));
		st_close(f);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		accel_error(ACCEL_ERR_IO, "cannot open %s: no regular file",
			    path);
		st_close(f);
		return NULL;
	}
	f->size = (uint64_t)st.st_size;
	return opened(f);
}

struct st_file *st_parse(const void *data, size_t size, const char *name)
{
	struct st_file *f = make(name);

	if (!f)
		return NULL;
	f->mem = data;
	f->size = size;
	return opened(f);
}

void st_close(struct st_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	json_decref(f->header);
	mem_free(f->tensors);
	mem_free(f);
}

/* ---- what is in it ---- */

uint32_t st_count(const struct st_file *f)
{
	return f->n;
}

const struct st_tensor *st_at(const struct st_file *f, uint32_t i)
{
	return i < f->n ? &f->tensors[i] : NULL;
}

const struct st_tensor *st_find(const struct st_file *f, const char *name)
{
	uint32_t i;

	for (i = 0; i < f->n; i++)
		if (!strcmp(f->tensors[i].name, name))
			return &f->tensors[i];
	return NULL;
}

const char *st_metadata(const struct st_file *f, const char *key)
{
	json_t *meta = json_object_get(f->header, "__metadata__");

	return json_string_value(json_object_get(meta, key));
}

/* One element of a type that has no tensor type of its own. */
static int convert(const char *stored, const uint8_t *src, void *dst)
{
	uint16_t h;
	uint32_t w;
	uint64_t d;
	double v;
	int32_t i;
	float x;

	if (!strcmp(stored, "BF16")) {
		memcpy(&h, src, 2);
		w = (uint32_t)le16toh(h) << 16;
		memcpy(dst, &w, 4);
		return 0;
	}
	if (!strcmp(stored, "F64")) {
		memcpy(&d, src, 8);
		d = le64toh(d);
		memcpy(&v, &d, 8);
		x = (float)v;
		memcpy(dst, &x, 4);
		return 0;
	}
	if (!strcmp(stored, "I64")) {
		memcpy(&d, src, 8);
		d = le64toh(d);
		i = (int32_t)d;
		memcpy(dst, &i, 4);
		return (int64_t)d != i;
	}
	if (!strcmp(stored, "U32")) {
		memcpy(&w, src, 4);
		w = le32toh(w);
		memcpy(dst, &w, 4);
		return w > INT32_MAX;
	}
	memcpy(&h, src, 2);
	h = le16toh(h);
	i = strcmp(stored, "I16") ? h : (int16_t)h;
	memcpy(dst, &i, 4);
	return 0;
}

/* The file is little-endian; so are the machines this runs on. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian");

accel_status st_read(struct st_file *f, const struct st_tensor *t, void *dst)
{
	size_t from = stored_find(t->stored)->size;
	size_t to = accel_dtype_size(t->dtype);
	uint64_t at = f->data + t->begin, left = t->size;
	uint8_t chunk[4096], *out = dst;
	accel_status status;
	size_t n, i;

	if (from == to && strcmp(t->stored, "U32"))
		return fetch(f, at, dst, left);
	while (left) {
		n = left < sizeof(chunk) ? left : sizeof(chunk);
		status = fetch(f, at, chunk, n);
		if (status)
			return status;
		for (i = 0; i < n; i += from, out += to)
			if (convert(t->stored, chunk + i, out))
				return accel_error(
					ACCEL_ERR_RANGE,
					"%s: tensor \"%.200s\": element %llu "
					"does not fit i32",
					f->name, t->name,
					(unsigned long long)((t->size - left +
							      i) /
							     from));
		at += n;
		left -= n;
	}
	return ACCEL_OK;
}

/* From f16 to f32 in place, from the last on. */
static void widen(void *data, int64_t n)
{
	unsigned char *at = data;
	uint16_t h;
	float v;

	while (n--) {
		memcpy(&h, at + 2 * n, sizeof(h));
		v = half_to_float(h);
		memcpy(at + 4 * n, &v, sizeof(v));
	}
}

accel_status st_read_f32(struct st_file *f, const struct st_tensor *t,
			 float *dst)
{
	accel_status err = st_read(f, t, dst);

	if (!err && t->dtype == ACCEL_F16)
		widen(dst, t->count);
	return err;
}
