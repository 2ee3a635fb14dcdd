// SPDX-License-Identifier: MIT
/*
 * Views of buffers: their checks, their text, their bindings, and the launch
 * of a kernel over them.
 */
#include "view.h"

#include <stdio.h>
#include <string.h>

#include "../libaccel/src/base/error.h"

static const struct {
	const char *name;
	uint32_t size;
} dtypes[COMPUTE_DTYPES] = {
#define X(NAME, name, bytes, floating) { #name, bytes },
	ACCEL_DTYPE_MAP(X)
#undef X
};

uint32_t compute_dtype_size(uint32_t dtype)
{
	return dtype < COMPUTE_DTYPES ? dtypes[dtype].size : 0;
}

const char *view_text(const struct compute_view *v, char out[VIEW_TEXT])
{
	size_t at = (size_t)snprintf(out, VIEW_TEXT, "[");

	for (uint32_t d = 0; d < v->rank && d < COMPUTE_MAX_DIMS; d++)
		at += (size_t)snprintf(out + at, VIEW_TEXT - at, "%s%u",
				       d ? ", " : "", v->size[d]);
	snprintf(out + at, VIEW_TEXT - at, "] %s",
		 v->dtype < COMPUTE_DTYPES ? dtypes[v->dtype].name : "?");
	return out;
}

uint64_t view_count(const struct compute_view *v)
{
	uint64_t n = 1;

	for (uint32_t d = 0; d < v->rank; d++) {
		if (!v->size[d])
			return 0;
		/* stays above every limit once it is there */
		n = n > UINT32_MAX ? n : n * v->size[d];
	}
	return n;
}

accel_status view_check(const char *what, const struct compute_view *v)
{
	char text[VIEW_TEXT];
	uint32_t size = compute_dtype_size(v->dtype);

	if (!size)
		return accel_error(ACCEL_ERR_DTYPE, "%s: dtype %u is none",
				   what, v->dtype);
	if (v->rank > COMPUTE_MAX_DIMS)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: %u dimensions, at most %d", what,
				   v->rank, COMPUTE_MAX_DIMS);
	if (!v->buffer)
		return accel_error(ACCEL_ERR_INVALID, "%s: %s has no buffer",
				   what, view_text(v, text));
	if (v->offset % size)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: %s at %llu, not a multiple of %u bytes",
				   what, view_text(v, text),
				   (unsigned long long)v->offset, size);
	if (view_count(v) > INT32_MAX)
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: %s has more than %d elements", what,
				   view_text(v, text), INT32_MAX);
	return ACCEL_OK;
}

bool view_contiguous(const struct compute_view *v)
{
	int64_t want = 1;

	for (uint32_t d = v->rank; d-- > 0;) {
		if (v->size[d] != 1 && v->stride[d] != want)
			return false;
		want *= v->size[d];
	}
	return true;
}

accel_status view_check_contiguous(const char *what,
				   const struct compute_view *v)
{
	char text[VIEW_TEXT];
	accel_status s = view_check(what, v);

	if (s)
		return s;
	if (view_count(v) && !view_contiguous(v))
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: %s is not contiguous", what,
				   view_text(v, text));
	return ACCEL_OK;
}

accel_status view_check_dtype(const char *what, const struct compute_view *v,
			      uint32_t mask)
{
	char text[VIEW_TEXT];

	if (v->dtype >= COMPUTE_DTYPES || !(mask & 1u << v->dtype))
		return accel_error(ACCEL_ERR_DTYPE,
				   "%s: %s is of a dtype not taken here", what,
				   view_text(v, text));
	return ACCEL_OK;
}

accel_status view_bind(struct compute_record *rec, const char *what,
		       const struct compute_view *v, bool writes,
		       struct compute_binding *b, uint32_t *start)
{
	const uint32_t align = rec->dev->limits.storage_align;
	const uint32_t size = compute_dtype_size(v->dtype);
	int64_t lo = 0, hi = 0; /* elements from element 0 */
	uint64_t first, last, at, alloc = v->buffer->alloc;
	char text[VIEW_TEXT];

	if (!view_count(v)) { /* nothing of it is read: any bytes will do */
		*b = (struct compute_binding){ v->buffer, 0, 16, writes };
		*start = 0;
		return ACCEL_OK;
	}
	for (uint32_t d = 0; d < v->rank; d++) {
		int64_t span = (int64_t)(v->size[d] - 1) * v->stride[d];

		if (span < 0)
			lo += span;
		else
			hi += span;
	}
	lo *= size;
	hi = (hi + 1) * size;
	if ((lo < 0 && (uint64_t)-lo > v->offset) ||
	    (!record_measures(rec) &&
	     (v->offset > v->buffer->size ||
	      (uint64_t)hi > v->buffer->size - v->offset)))
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: %s covers bytes %lld to %lld of a "
				   "buffer of %llu",
				   what, view_text(v, text),
				   (long long)v->offset + (long long)lo,
				   (long long)v->offset + (long long)hi,
				   (unsigned long long)v->buffer->size);
	first = v->offset + (uint64_t)lo;
	last = v->offset + (uint64_t)hi;
	at = first - first % align;
	last = (last + 15) & ~15ull;
	if (last > alloc && !record_measures(rec))
		last = alloc;
	*b = (struct compute_binding){ v->buffer, at, last - at, writes };
	*start = (uint32_t)((v->offset - at) / size);
	return ACCEL_OK;
}

accel_status bytes_bind(struct compute_record *rec, const char *what,
			struct compute_buffer *buf, uint64_t offset,
			uint64_t size, bool writes, struct compute_binding *b)
{
	if (!record_measures(rec) &&
	    (!buf || offset % 256 || offset > buf->size ||
	     size > buf->size - offset))
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: %llu bytes at %llu (a multiple of 256) "
				   "are needed, the buffer has %llu",
				   what, (unsigned long long)size,
				   (unsigned long long)offset,
				   (unsigned long long)(buf ? buf->size : 0));
	*b = (struct compute_binding){ buf, offset, (size + 15) & ~15ull,
				       writes };
	return ACCEL_OK;
}

void dims_merge(uint32_t *rank, uint32_t *size,
		int32_t (*stride)[COMPUTE_MAX_DIMS], uint32_t n)
{
	uint32_t to = 0;

	for (uint32_t d = 0; d < *rank; d++) {
		bool join = to > 0;

		if (size[d] == 1)
			continue;
		for (uint32_t i = 0; join && i < n; i++)
			join = (int64_t)stride[i][to - 1] ==
			       (int64_t)stride[i][d] * size[d];
		if (join) {
			size[to - 1] *= size[d];
			for (uint32_t i = 0; i < n; i++)
				stride[i][to - 1] = stride[i][d];
			continue;
		}
		size[to] = size[d];
		for (uint32_t i = 0; i < n; i++)
			stride[i][to] = stride[i][d];
		to++;
	}
	if (!to) {
		size[0] = 1;
		for (uint32_t i = 0; i < n; i++)
			stride[i][0] = 0;
		to = 1;
	}
	*rank = to;
}

accel_status view_broadcast(const char *what, const struct compute_view *v,
			    uint32_t rank, const uint32_t *size,
			    int32_t *stride)
{
	char text[VIEW_TEXT], want[VIEW_TEXT];
	struct compute_view to = { .dtype = v->dtype, .rank = rank };
	uint32_t skip = rank - v->rank;

	memcpy(to.size, size, rank * sizeof(*size));
	for (uint32_t d = 0; d < rank && v->rank <= rank; d++) {
		uint32_t from = d - skip;

		if (d < skip || v->size[from] == 1)
			stride[d] = 0;
		else if (v->size[from] == size[d])
			stride[d] = v->stride[from];
		else
			goto fail;
	}
	if (v->rank <= rank)
		return ACCEL_OK;
fail:
	return accel_error(ACCEL_ERR_SHAPE, "%s: %s does not broadcast to %s",
			   what, view_text(v, text), view_text(&to, want));
}

void grid_1d(const struct compute_device *dev, uint64_t n, uint32_t groups[3])
{
	uint32_t max = dev->limits.max_groups[0];

	if (max > 65535)
		max = 65535;
	groups[0] = n < max ? (uint32_t)n : max;
	groups[1] = n ? div_up(n, groups[0]) : 0;
	groups[2] = 1;
}

accel_status launch(struct compute_record *rec, uint32_t shader,
		    const uint32_t *spec, uint32_t n_spec,
		    const struct compute_binding *b, uint32_t n_b,
		    const uint32_t *push, uint32_t n_push, uint64_t turns,
		    const uint32_t groups[3])
{
	struct compute_kernel *k;
	accel_status s = record_cost(rec, shader, b, n_b, turns, groups);

	if (s || record_measures(rec))
		return s;
	s = compute_kernel_get(rec->dev, shader, spec, n_spec, &k);
	if (s)
		return s;
	return compute_record_dispatch(rec, k, b, n_b, push, n_push * 4,
				       groups);
}

accel_status view_split(const char *what, const struct compute_view *v,
			uint32_t axis, uint32_t *outer, uint32_t *n,
			uint32_t *inner)
{
	char text[VIEW_TEXT];

	if (axis >= v->rank)
		return accel_error(ACCEL_ERR_INVALID, "%s: %s has no axis %u",
				   what, view_text(v, text), axis);
	*outer = *inner = 1;
	for (uint32_t d = 0; d < axis; d++)
		*outer *= v->size[d];
	for (uint32_t d = axis + 1; d < v->rank; d++)
		*inner *= v->size[d];
	*n = v->size[axis];
	return ACCEL_OK;
}
