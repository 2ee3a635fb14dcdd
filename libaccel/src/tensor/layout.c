// SPDX-License-Identifier: MIT
/* Shapes and strides. */
#include "layout.h"

#include <stdio.h>
#include <string.h>

#include "../base/error.h"

const char *shape_text(int ndim, const int64_t *shape)
{
	static _Thread_local char text[4][ACCEL_MAX_DIMS * 22 + 8];
	static _Thread_local unsigned int turn;
	char *s = text[turn++ % 4];
	size_t at = 1, room = sizeof(text[0]);
	int i;

	s[0] = '[';
	s[1] = 0;
	for (i = 0; i < ndim && at < room - 24; i++)
		at += (size_t)snprintf(s + at, room - at, "%s%lld",
				       i ? ", " : "", (long long)shape[i]);
	snprintf(s + at, room - at, "]");
	return s;
}

const char *layout_text(const struct layout *l)
{
	return shape_text(l->ndim, l->shape);
}

static void row_major(struct layout *l)
{
	int64_t step = 1;
	int i;

	for (i = l->ndim - 1; i >= 0; i--) {
		l->stride[i] = step;
		step *= l->shape[i];
	}
}

accel_status layout_init(struct layout *l, const char *who, accel_dtype dtype,
			 int ndim, const int64_t *shape)
{
	int64_t n = 1;
	int i;

	if (accel_dtype_size(dtype) == 0)
		return accel_error(ACCEL_ERR_DTYPE, "%s: no data type %d", who,
				   (int)dtype);
	if (ndim < 0 || ndim > ACCEL_MAX_DIMS || (ndim && !shape))
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: %d dimensions, the limit is %d", who,
				   ndim, ACCEL_MAX_DIMS);
	memset(l, 0, sizeof(*l));
	l->dtype = (uint8_t)dtype;
	l->ndim = (uint8_t)ndim;
	for (i = 0; i < ndim; i++) {
		if (shape[i] < 0)
			return accel_error(ACCEL_ERR_SHAPE,
					   "%s: dimension %d of %s is %lld, "
					   "the least is 0",
					   who, i, shape_text(ndim, shape),
					   (long long)shape[i]);
		if (shape[i] > MAX_COUNT / (n ? n : 1))
			return accel_error(ACCEL_ERR_SHAPE,
					   "%s: %s has too many elements, the "
					   "limit is %d",
					   who, shape_text(ndim, shape),
					   MAX_COUNT);
		n *= shape[i];
		l->shape[i] = shape[i];
	}
	row_major(l);
	return ACCEL_OK;
}

accel_status layout_some(const char *who, int ndim, const int64_t *shape,
			 int first)
{
	int i;

	for (i = first; i < ndim; i++)
		if (shape[i] < 1)
			return accel_error(ACCEL_ERR_SHAPE,
					   "%s: dimension %d of %s is %lld, "
					   "the least is 1",
					   who, i, shape_text(ndim, shape),
					   (long long)shape[i]);
	return ACCEL_OK;
}

int64_t layout_count(const struct layout *l)
{
	int64_t n = 1;
	int i;

	for (i = 0; i < l->ndim; i++)
		n *= l->shape[i];
	return n;
}

size_t layout_bytes(const struct layout *l)
{
	return (size_t)layout_count(l) * accel_dtype_size(l->dtype);
}

bool layout_dense(const struct layout *l)
{
	int64_t step = 1;
	int i;

	for (i = l->ndim - 1; i >= 0; i--) {
		if (l->shape[i] != 1 && l->stride[i] != step)
			return false;
		step *= l->shape[i];
	}
	return true;
}

bool layout_same_shape(const struct layout *a, const struct layout *b)
{
	return a->ndim == b->ndim &&
	       !memcmp(a->shape, b->shape, a->ndim * sizeof(a->shape[0]));
}

bool layout_reshape(const struct layout *in, const struct layout *shape,
		    struct layout *out)
{
	int64_t have, want, step;
	int i = in->ndim - 1, o = shape->ndim - 1, first;

	*out = *shape;
	out->offset = in->offset;
	if (layout_dense(in) || !layout_count(in))
		return true;
	/* Match runs of dimensions of equal product, from the right. */
	while (i >= 0 || o >= 0) {
		if (i >= 0 && in->shape[i] == 1) {
			i--;
			continue;
		}
		if (o >= 0 && shape->shape[o] == 1) {
			out->stride[o--] = 0;
			continue;
		}
		if (i < 0 || o < 0)
			return false;
		first = i;
		have = in->shape[i];
		want = shape->shape[o];
		step = in->stride[i];
		for (;;) {
			out->stride[o] = step;
			step *= shape->shape[o];
			if (want == have)
				break;
			if (want < have) {
				if (o == 0)
					return false;
				want *= shape->shape[--o];
				continue;
			}
			if (i == 0)
				return false;
			/* the run grows: its dimensions must step as one */
			if (in->shape[i - 1] != 1 &&
			    in->stride[i - 1] != in->stride[first] * have)
				return false;
			have *= in->shape[--i];
			step /= shape->shape[o];
		}
		i--;
		o--;
	}
	return true;
}

accel_status layout_broadcast(const char *who, const struct layout *a,
			      const struct layout *b, int *ndim, int64_t *shape)
{
	int n = a->ndim > b->ndim ? a->ndim : b->ndim, i;

	for (i = 0; i < n; i++) {
		int ia = i - (n - a->ndim), ib = i - (n - b->ndim);
		int64_t da = ia < 0 ? 1 : a->shape[ia];
		int64_t db = ib < 0 ? 1 : b->shape[ib];

		if (da != db && da != 1 && db != 1)
			return accel_error(ACCEL_ERR_SHAPE,
					   "%s: shapes do not broadcast: a %s, "
					   "b %s",
					   who, layout_text(a), layout_text(b));
		shape[i] = da == 1 ? db : da;
	}
	*ndim = n;
	return ACCEL_OK;
}

bool layout_expand(const struct layout *in, int ndim, const int64_t *shape,
		   struct layout *out)
{
	int i, lead = ndim - in->ndim;

	if (lead < 0 || ndim > ACCEL_MAX_DIMS)
		return false;
	memset(out, 0, sizeof(*out));
	out->dtype = in->dtype;
	out->ndim = (uint8_t)ndim;
	out->offset = in->offset;
	for (i = 0; i < ndim; i++) {
		out->shape[i] = shape[i];
		if (i < lead)
			continue;
		if (in->shape[i - lead] == shape[i])
			out->stride[i] = in->stride[i - lead];
		else if (in->shape[i - lead] != 1)
			return false;
	}
	return true;
}

void layout_collapse(struct layout *l, int n)
{
	int i, j, k, out = 0, ndim = l[0].ndim;

	for (i = 0; i < ndim; i++) {
		bool join = out > 0;

		if (l[0].shape[i] == 1)
			continue;
		for (j = 0; join && j < n; j++)
			join = l[j].stride[out - 1] ==
			       l[j].stride[i] * l[j].shape[i];
		k = join ? out - 1 : out++;
		for (j = 0; j < n; j++) {
			int64_t size = l[j].shape[i];

			l[j].shape[k] = join ? l[j].shape[k] * size : size;
			l[j].stride[k] = l[j].stride[i];
		}
	}
	for (j = 0; j < n; j++) {
		l[j].ndim = (uint8_t)out;
		for (i = out; i < ACCEL_MAX_DIMS; i++)
			l[j].shape[i] = l[j].stride[i] = 0;
	}
}

int layout_axis(const struct layout *l, int axis)
{
	if (axis < 0)
		axis += l->ndim;
	return axis >= 0 && axis < l->ndim ? axis : -1;
}

void layout_start(struct layout_iter *it, const struct layout *l)
{
	memset(it, 0, sizeof(*it));
	it->l = l;
	it->at = l->offset;
}

bool layout_next(struct layout_iter *it)
{
	const struct layout *l = it->l;
	int i;

	for (i = l->ndim - 1; i >= 0; i--) {
		it->at += l->stride[i];
		if (++it->index[i] < l->shape[i])
			return true;
		it->at -= l->stride[i] * l->shape[i];
		it->index[i] = 0;
	}
	return false;
}

void layout_gather(const struct layout *l, const void *storage, void *dense)
{
	size_t size = accel_dtype_size(l->dtype);
	const char *from = storage;
	struct layout_iter it;
	char *to = dense;

	if (!layout_count(l))
		return;
	if (layout_dense(l)) {
		memcpy(to, from + (size_t)l->offset * size, layout_bytes(l));
		return;
	}
	layout_start(&it, l);
	do {
		memcpy(to, from + (size_t)it.at * size, size);
		to += size;
	} while (layout_next(&it));
}
