// SPDX-License-Identifier: MIT
/* Arrays as they stand in files, turned into samples. */
#include "raw.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/half.h"
#include "samples.h"

gzFile raw_open(const char *path)
{
	gzFile in = gzopen(path, "rbe");

	if (!in)
		return accel_error_null(ACCEL_ERR_IO, "cannot open %s: %s",
					path, strerror(errno));
	gzbuffer(in, 1 << 17);
	return in;
}

accel_status raw_read(gzFile in, const char *path, void *dst, uint64_t n)
{
	uint8_t *p = dst;
	int got, code;

	while (n) {
		got = gzread(in, p, n < 1 << 30 ? (unsigned int)n : 1 << 30);
		if (got <= 0)
			break;
		p += got;
		n -= (uint64_t)got;
	}
	if (!n)
		return ACCEL_OK;
	gzerror(in, &code);
	if (code == Z_ERRNO)
		return accel_error(ACCEL_ERR_IO, "cannot read %s: %s", path,
				   strerror(errno));
	return accel_error(ACCEL_ERR_FORMAT, "%s: %s %llu bytes before its end",
			   path,
			   code == Z_OK || code == Z_BUF_ERROR
				   ? "cut off"
				   : "damaged (gzip)",
			   (unsigned long long)n);
}

accel_status raw_read_elements(gzFile in, struct raw *r)
{
	uint64_t bytes = (uint64_t)r->size;
	accel_status status;
	struct stat st;
	int i;
	char more;

	for (i = 0; i < r->ndim; i++)
		if (r->shape[i] < 1 ||
		    __builtin_mul_overflow(bytes, (uint64_t)r->shape[i],
					   &bytes))
			return accel_error(
				ACCEL_ERR_SHAPE,
				"%s: sizes below 1, or so large that "
				"they do not fit in memory: %lld in "
				"dimension %d",
				r->path, (long long)r->shape[i], i);
	/* deflate does not compress better than 1032 to 1 */
	if (stat(r->path, &st) ||
	    (S_ISREG(st.st_mode) && bytes / 1032 > (uint64_t)st.st_size))
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: cut off: %llu bytes of data promised "
				   "in a file of %lld",
				   r->path, (unsigned long long)bytes,
				   (long long)st.st_size);
	r->data = mem_alloc(bytes);
	if (!r->data)
		return ACCEL_ERR_NOMEM;
	status = raw_read(in, r->path, r->data, bytes);
	if (!status && gzread(in, &more, 1) == 1)
		status = accel_error(ACCEL_ERR_FORMAT,
				     "%s: more follows after its %llu bytes of "
				     "data",
				     r->path, (unsigned long long)bytes);
	if (status) {
		mem_free(r->data);
		r->data = NULL;
	}
	return status;
}

/* Element i as an unsigned pattern of its size, and as a number. */
static uint64_t bits_at(const struct raw *r, int64_t i)
{
	const uint8_t *p = r->data + i * r->size;
	uint64_t bits = 0;
	int k;

	for (k = 0; k < r->size; k++)
		bits = bits << 8 | p[r->big_endian ? k : r->size - 1 - k];
	return bits;
}

static int64_t int_at(const struct raw *r, int64_t i)
{
	int shift = 64 - 8 * r->size;
	uint64_t bits = bits_at(r, i) << shift;

	return r->kind == 'i' ? (int64_t)bits >> shift
			      : (int64_t)(bits >> shift);
}

static float float_at(const struct raw *r, int64_t i)
{
	uint64_t bits = bits_at(r, i);
	uint32_t word = (uint32_t)bits;
	double d;
	float f;

	if (r->kind == 'i')
		return (float)int_at(r, i);
	if (r->kind == 'u')
		return (float)bits;
	if (r->size == 2)
		return half_to_float((uint16_t)bits);
	if (r->size == 4) {
		memcpy(&f, &word, 4);
		return f;
	}
	memcpy(&d, &bits, 8);
	return (float)d;
}

static accel_status set_x(accel_samples *s, struct raw *r)
{
	accel_status status;
	int64_t i, n;

	s->count = r->shape[0];
	if (r->kind == 'u' && r->size == 1) {
		s->x.dtype = ACCEL_U8;
		s->x.ndim = r->ndim;
		memcpy(s->x.shape, r->shape, sizeof(r->shape));
		s->x.data = r->data; /* handed over */
		r->data = NULL;
		s->x_scale = r->truth ? 1 : 1 / 255.0f;
		return ACCEL_OK;
	}
	status = array_make(&s->x, ACCEL_F32, r->ndim, r->shape);
	n = status ? 0 : s->count * array_row(&s->x);
	for (i = 0; i < n; i++)
		((float *)s->x.data)[i] = float_at(r, i);
	return status;
}

static accel_status set_y(accel_samples *s, const struct raw *r)
{
	int64_t shape[2] = { s->count, r->ndim > 1 ? r->shape[1] : 1 };
	accel_status status;
	int64_t i, v;

	if (r->shape[0] != s->count)
		return accel_error(ACCEL_ERR_SHAPE,
				   "%lld samples in %s, but %lld in %s",
				   (long long)s->count, s->name,
				   (long long)r->shape[0], r->path);
	if (r->ndim > 2 || (r->kind != 'f' && shape[1] > 1))
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: %d dimensions; labels have 1, targets "
				   "at most 2",
				   r->path, r->ndim);
	if (r->kind == 'f') {
		status = array_make(&s->y, ACCEL_F32, 2, shape);
		for (i = 0; !status && i < shape[0] * shape[1]; i++)
			((float *)s->y.data)[i] = float_at(r, i);
		return status;
	}
	status = array_make(&s->y, ACCEL_I32, 1, shape);
	for (i = 0; !status && i < s->count; i++) {
		v = int_at(r, i);
		if (v < 0 || v >= INT32_MAX)
			return accel_error(ACCEL_ERR_RANGE,
					   "%s: label %lld of sample %lld",
					   r->path, (long long)v, (long long)i);
		((int32_t *)s->y.data)[i] = (int32_t)v;
	}
	return status ? status : samples_set_classes(s, 0);
}

accel_samples *raw_samples(struct raw *x, struct raw *y)
{
	accel_samples *s = samples_make(x->path);

	if (s && (set_x(s, x) || (y->data && set_y(s, y)))) {
		accel_samples_destroy(s);
		s = NULL;
	}
	mem_free(x->data);
	mem_free(y->data);
	return s;
}
