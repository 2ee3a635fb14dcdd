// SPDX-License-Identifier: MIT
/* Samples and datasets: made, counted, selected, split. */
#include "samples.h"

#include <math.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "random.h"

accel_status array_make(accel_array *a, accel_dtype dtype, int ndim,
			const int64_t *shape)
{
	int64_t bytes = (int64_t)accel_dtype_size(dtype);
	int i;

	if (ndim < 1 || ndim > ACCEL_MAX_DIMS)
		return accel_error(ACCEL_ERR_SHAPE,
				   "%d dimensions; 1 to %d are possible", ndim,
				   ACCEL_MAX_DIMS);
	for (i = 0; i < ndim; i++) {
		if (shape[i] < 1)
			return accel_error(ACCEL_ERR_SHAPE,
					   "size %lld of dimension %d is below "
					   "1",
					   (long long)shape[i], i);
		if (__builtin_mul_overflow(bytes, shape[i], &bytes))
			return accel_error(ACCEL_ERR_SHAPE,
					   "the sizes overflow");
	}
	a->data = mem_alloc((size_t)bytes);
	if (!a->data)
		return ACCEL_ERR_NOMEM;
	a->dtype = dtype;
	a->ndim = ndim;
	memcpy(a->shape, shape, (size_t)ndim * sizeof(*shape));
	return ACCEL_OK;
}

int64_t array_row(const accel_array *a)
{
	int64_t n = 1;
	int i;

	for (i = 1; i < a->ndim; i++)
		n *= a->shape[i];
	return n;
}

char **names_copy(int n, char *const *names)
{
	size_t size = (size_t)n * sizeof(char *), len;
	char **copy, *text;
	int i;

	for (i = 0; i < n; i++)
		size += strlen(names[i]) + 1;
	copy = mem_alloc(size);
	if (!copy)
		return NULL;
	text = (char *)(copy + n);
	for (i = 0; i < n; i++) {
		len = strlen(names[i]) + 1;
		copy[i] = memcpy(text, names[i], len);
		text += len;
	}
	return copy;
}

static char *text_copy(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = mem_alloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}

static void samples_free(void *p)
{
	accel_samples *s = p;
	int i;

	for (i = 0; i < s->n_parts; i++)
		object_put(s->parts[i]);
	mem_free(s->parts);
	accel_preprocess_destroy(s->preprocess);
	mem_free(s->x.data);
	mem_free(s->y.data);
	mem_free(s->class_names);
	mem_free(s->x_names);
	mem_free(s->name);
	mem_free(s->notes);
	mem_free(s->weight);
	mem_free(s->persistence);
	mem_free(s);
}

accel_samples *samples_make(const char *name)
{
	accel_samples *s = mem_zalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->x_scale = 1;
	s->name = text_copy(name);
	if (!s->name || object_add(s, OBJECT_SAMPLES, samples_free)) {
		mem_free(s->name);
		mem_free(s);
		return NULL;
	}
	return s;
}

void accel_samples_destroy(accel_samples *s)
{
	object_drop_handle(s, OBJECT_SAMPLES);
}

static void dataset_free(void *p)
{
	accel_dataset *d = p;

	accel_samples_destroy(d->train);
	accel_samples_destroy(d->test);
	mem_free(d);
}

accel_dataset *dataset_make(void)
{
	accel_dataset *d = mem_zalloc(sizeof(*d));

	if (!d || !object_add(d, OBJECT_DATASET, dataset_free))
		return d;
	mem_free(d);
	return NULL;
}

void accel_dataset_destroy(accel_dataset *d)
{
	object_drop_handle(d, OBJECT_DATASET);
}

accel_status samples_set_classes(accel_samples *s, int n)
{
	const int32_t *y = s->y.data;
	int32_t limit = n ? n : INT32_MAX, most = 0;
	int64_t i;

	for (i = 0; i < s->count; i++) {
		if (y[i] < 0 || y[i] >= limit)
			return accel_error(
				ACCEL_ERR_RANGE,
				"%s: sample %lld has label %d; labels "
				"are 0 to %d",
				s->name, (long long)i, y[i], limit - 1);
		most = y[i] > most ? y[i] : most;
	}
	s->n_classes = n ? n : most + 1;
	return ACCEL_OK;
}

accel_status samples_set_weights(accel_samples *s, const float *weight)
{
	int64_t i;

	for (i = 0; i < s->count; i++) {
		if (!(weight[i] >= 0 && weight[i] < INFINITY))
			return accel_error(ACCEL_ERR_RANGE,
					   "%s: sample %lld has weight %g; "
					   "weights are at least 0",
					   s->name, (long long)i,
					   (double)weight[i]);
	}
	s->weight = mem_alloc((size_t)s->count * sizeof(float));
	if (!s->weight)
		return ACCEL_ERR_NOMEM;
	memcpy(s->weight, weight, (size_t)s->count * sizeof(float));
	return ACCEL_OK;
}

static accel_status fill_target(accel_samples *s,
				const accel_samples_options *o)
{
	accel_status status;
	int64_t column[2];
	int ndim = o->y_ndim;

	if (ndim < 1 || ndim > 2 || o->y_shape[0] != s->count ||
	    (o->y_dtype == ACCEL_I32 && ndim != 1))
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: y [%lld, ...] of %d dimensions for "
				   "%lld samples",
				   s->name,
				   (long long)(ndim > 0 ? o->y_shape[0] : 0),
				   ndim, (long long)s->count);
	column[0] = s->count;
	column[1] = ndim > 1 ? o->y_shape[1] : 1;
	status = array_make(&s->y, o->y_dtype, o->y_dtype == ACCEL_I32 ? 1 : 2,
			    column);
	if (status)
		return status;
	memcpy(s->y.data, o->y,
	       (size_t)(s->count * array_row(&s->y)) * sizeof(float));
	return o->y_dtype == ACCEL_I32 ? samples_set_classes(s, o->n_classes)
				       : ACCEL_OK;
}

static accel_status fill(accel_samples *s, const accel_samples_options *o)
{
	accel_status status;

	if (o->x) {
		status = array_make(&s->x, o->x_dtype, o->x_ndim, o->x_shape);
		if (status)
			return status;
		s->count = s->x.shape[0];
		memcpy(s->x.data, o->x,
		       (size_t)(s->count * array_row(&s->x)) *
			       accel_dtype_size(o->x_dtype));
	} else {
		s->count = o->y_shape[0];
	}
	s->x_scale = o->x_scale != 0          ? o->x_scale
		     : o->x_dtype == ACCEL_U8 ? 1 / 255.0f
					      : 1;
	if (o->weight) {
		status = samples_set_weights(s, o->weight);
		if (status)
			return status;
	}
	return o->y ? fill_target(s, o) : ACCEL_OK;
}

accel_samples *accel_samples_create_with(const accel_samples_options *o)
{
	const char *name = o && o->name ? o->name : "samples";
	accel_samples *s;

	if (!o)
		return accel_error_null(ACCEL_ERR_INVALID,
					"samples: no options");
	if ((!o->x && !o->y) || (o->x && !o->x_shape) || (o->y && !o->y_shape))
		return accel_error_null(ACCEL_ERR_INVALID,
					"%s: no data, or no shape", name);
	if (o->x && o->x_dtype != ACCEL_F32 && o->x_dtype != ACCEL_U8)
		return accel_error_null(ACCEL_ERR_DTYPE,
					"%s: x is %s, not f32 or u8", name,
					accel_dtype_name(o->x_dtype));
	if (o->y && o->y_dtype != ACCEL_F32 && o->y_dtype != ACCEL_I32)
		return accel_error_null(ACCEL_ERR_DTYPE,
					"%s: y is %s, not i32 or f32", name,
					accel_dtype_name(o->y_dtype));
	s = samples_make(name);
	if (s && fill(s, o)) {
		accel_samples_destroy(s);
		return NULL;
	}
	return s;
}

/* A copy of those numbers of each sample, NULL without an error of none. */
static accel_status pick(const float *from, const int64_t *index, int64_t n,
			 float **to)
{
	int64_t i;

	if (!from)
		return ACCEL_OK;
	*to = mem_alloc((size_t)n * sizeof(float));
	if (!*to)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < n; i++)
		(*to)[i] = from[index[i]];
	return ACCEL_OK;
}

/* Samples that say the same of themselves as `s`, without x and y. */
static accel_samples *like(const accel_samples *s)
{
	accel_samples *t = samples_make(s->name);

	if (!t)
		return NULL;
	t->x_scale = s->x_scale;
	t->n_classes = s->n_classes;
	if (s->class_names)
		t->class_names = names_copy(s->n_classes, s->class_names);
	if (s->x_names)
		t->x_names =
			names_copy((int)s->x.shape[s->x.ndim - 1], s->x_names);
	if (s->notes)
		t->notes = text_copy(s->notes);
	t->preprocess = preprocess_get(s->preprocess);
	if (!t->class_names == !s->class_names && !t->x_names == !s->x_names &&
	    !t->notes == !s->notes)
		return t;
	accel_samples_destroy(t);
	return NULL;
}

static void copy_rows(const accel_array *from, accel_array *to,
		      const int64_t *index, int64_t n)
{
	size_t row = (size_t)array_row(from) * accel_dtype_size(from->dtype);
	const char *src = from->data;
	char *dst = to->data;
	int64_t i;

	for (i = 0; i < n; i++)
		memcpy(dst + (size_t)i * row, src + (size_t)index[i] * row,
		       row);
}

static accel_status outside(const accel_samples *s, int64_t index)
{
	return accel_error(ACCEL_ERR_RANGE, "%s: no sample %lld of %lld",
			   s->name, (long long)index, (long long)s->count);
}

static accel_status select_rows(const accel_samples *s, accel_samples *t,
				const int64_t *index, int64_t n)
{
	int64_t shape[ACCEL_MAX_DIMS], i;
	accel_status status;

	for (i = 0; i < n; i++)
		if (index[i] < 0 || index[i] >= s->count)
			return outside(s, index[i]);
	t->count = n;
	if (s->x.data) {
		memcpy(shape, s->x.shape, sizeof(shape));
		shape[0] = n;
		status = array_make(&t->x, s->x.dtype, s->x.ndim, shape);
		if (status)
			return status;
		copy_rows(&s->x, &t->x, index, n);
	}
	status = pick(s->persistence, index, n, &t->persistence)
			 ?: pick(s->weight, index, n, &t->weight);
	if (status)
		return status;
	if (!s->y.data)
		return ACCEL_OK;
	memcpy(shape, s->y.shape, sizeof(shape));
	shape[0] = n;
	status = array_make(&t->y, s->y.dtype, s->y.ndim, shape);
	if (status)
		return status;
	copy_rows(&s->y, &t->y, index, n);
	return ACCEL_OK;
}

accel_samples *accel_samples_select(const accel_samples *s,
				    const int64_t *index, int64_t n)
{
	accel_samples *t;

	if (object_check(s, OBJECT_SAMPLES, "select"))
		return NULL;
	if (n < 1 || !index)
		return accel_error_null(ACCEL_ERR_RANGE,
					"%s: a selection of %lld samples",
					s->name, (long long)n);
	if (s->n_parts)
		return samples_select_parts(s, index, n);
	t = like(s);
	if (t && select_rows(s, t, index, n)) {
		accel_samples_destroy(t);
		return NULL;
	}
	return t;
}

void accel_shuffle(int64_t *index, int64_t n, uint64_t seed, uint64_t epoch)
{
	struct rng r;
	uint64_t bits, j;
	int64_t i, swap;

	rng_init(&r, seed, epoch);
	for (i = 0; i < n; i++)
		index[i] = i;
	for (i = n - 1; i > 0; i--) {
		bits = rng_u32(&r);
		bits = bits << 32 | rng_u32(&r);
		/* the high half of a product: no modulo bias worth the name */
		j = (uint64_t)((unsigned __int128)bits * (uint64_t)(i + 1) >>
			       64);
		swap = index[i];
		index[i] = index[j];
		index[j] = swap;
	}
}

/* Those of the first part, then the n of the second. */
static bool draw_index(const accel_samples *s, double fraction, uint64_t seed,
		       int64_t *index, int64_t *n)
{
	uint8_t *second = mem_zalloc((size_t)s->count);
	const int32_t *class = s->n_classes && s->y.data ? s->y.data : NULL;
	int64_t i, k = 0, taken = -1;
	int part;

	if (second)
		taken = split_draw(class, s->count, fraction, seed, second);
	for (part = 0; taken >= 0 && part < 2; part++)
		for (i = 0; i < s->count; i++)
			if (second[i] == part)
				index[k++] = i;
	mem_free(second);
	*n = taken;
	return taken >= 0;
}

accel_status accel_samples_split(const accel_samples *s, double fraction,
				 bool shuffle, uint64_t seed,
				 accel_samples **first, accel_samples **second)
{
	int64_t *index, n, i;
	accel_status err = object_check(s, OBJECT_SAMPLES, "split");

	if (!first || !second)
		return accel_error(ACCEL_ERR_INVALID,
				   "split: nowhere to put its parts");
	*first = NULL;
	*second = NULL;
	if (err)
		return err;
	n = (int64_t)llround((double)s->count * fraction);
	if (!(fraction > 0 && fraction < 1) || n < 1 || n >= s->count)
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: %lld samples cannot be split by %g: "
				   "one part would be empty",
				   s->name, (long long)s->count, fraction);
	index = mem_alloc((size_t)s->count * sizeof(*index));
	if (!index)
		return ACCEL_ERR_NOMEM;
	if (shuffle && !draw_index(s, fraction, seed, index, &n)) {
		mem_free(index);
		return ACCEL_ERR_NOMEM;
	}
	for (i = 0; !shuffle && i < s->count; i++)
		index[i] = i;
	*first = accel_samples_select(s, index, s->count - n);
	if (*first)
		*second = accel_samples_select(s, index + s->count - n, n);
	mem_free(index);
	if (*second)
		return ACCEL_OK;
	accel_samples_destroy(*first);
	*first = NULL;
	return ACCEL_ERR_NOMEM;
}

static accel_status window_rows(const accel_samples *s, accel_samples *t,
				int64_t steps)
{
	int64_t n = s->count - steps + 1, f = s->x.shape[1], i;
	int64_t shape[3] = { n, steps, f }, y_shape[2] = { n, 1 };
	size_t row;
	accel_status status = array_make(&t->x, ACCEL_F32, 3, shape);

	if (status)
		return status;
	t->count = n;
	for (i = 0; i < n; i++)
		memcpy((float *)t->x.data + i * steps * f,
		       (const float *)s->x.data + i * f,
		       (size_t)(steps * f) * sizeof(float));
	if (s->weight) {
		t->weight = mem_alloc((size_t)n * sizeof(float));
		if (!t->weight)
			return ACCEL_ERR_NOMEM;
		memcpy(t->weight, s->weight + steps - 1,
		       (size_t)n * sizeof(float));
	}
	if (!s->y.data)
		return ACCEL_OK;
	y_shape[1] = array_row(&s->y);
	status = array_make(&t->y, s->y.dtype, s->y.ndim, y_shape);
	if (status)
		return status;
	row = (size_t)y_shape[1] * sizeof(float);
	memcpy(t->y.data, (const char *)s->y.data + (size_t)(steps - 1) * row,
	       (size_t)n * row);
	return ACCEL_OK;
}

accel_samples *accel_samples_window(const accel_samples *s, int64_t steps)
{
	accel_samples *t;

	if (object_check(s, OBJECT_SAMPLES, "window"))
		return NULL;
	if (s->n_parts || s->x.dtype != ACCEL_F32 || s->x.ndim != 2)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"%s: windows need f32 rows [N, F], not "
					"%s of %d dimensions",
					s->name, accel_dtype_name(s->x.dtype),
					s->x.ndim);
	if (steps < 1 || steps > s->count)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"%s: no window of %lld steps in %lld "
					"rows",
					s->name, (long long)steps,
					(long long)s->count);
	t = like(s);
	if (t && window_rows(s, t, steps)) {
		accel_samples_destroy(t);
		return NULL;
	}
	return t;
}

/* ---- batches ---- */

/* Copies n floats; true where all are finite. */
static bool copy_finite(float *dst, const float *src, int64_t n)
{
	uint32_t bits, bad = 0;
	int64_t i;

	for (i = 0; i < n; i++) {
		memcpy(&bits, &src[i], 4);
		bad |= (bits & 0x7f800000) == 0x7f800000;
		memcpy(&dst[i], &bits, 4);
	}
	return !bad;
}

static accel_status not_finite(const accel_samples *s, const accel_array *a,
			       int64_t index)
{
	int64_t row = array_row(a), i = 0;
	const float *v = (const float *)a->data + index * row;
	int64_t columns = a->shape[a->ndim - 1];
	bool named = a == &s->x && s->x_names;

	while (i < row - 1 && isfinite(v[i]))
		i++;
	return accel_error(ACCEL_ERR_RANGE,
			   "%s: sample %lld: %s[%lld]%s%s%s is %f", s->name,
			   (long long)index, a == &s->x ? "x" : "y",
			   (long long)i, named ? " (" : "",
			   named ? s->x_names[i % columns] : "",
			   named ? ")" : "", (double)v[i]);
}

static accel_status gather_one(const accel_samples *s, int64_t index,
			       accel_dtype dtype, void *x, void *y, int64_t at)
{
	int64_t row = array_row(&s->x), k, y_row = array_row(&s->y);
	const uint8_t *bytes = (const uint8_t *)s->x.data + index * row;
	const float *values = (const float *)s->x.data + index * row;
	float *out = (float *)x + at * row;

	if (!s->x.data) {
		/* y alone */
	} else if (s->x.dtype == ACCEL_F32) {
		if (!copy_finite(out, values, row))
			return not_finite(s, &s->x, index);
	} else if (dtype == ACCEL_U8) {
		memcpy((uint8_t *)x + at * row, bytes, (size_t)row);
	} else {
		for (k = 0; k < row; k++)
			out[k] = (float)bytes[k] * s->x_scale;
	}
	if (!y || !s->y.data)
		return ACCEL_OK;
	if (s->y.dtype == ACCEL_I32) {
		((int32_t *)y)[at] = ((const int32_t *)s->y.data)[index];
		return ACCEL_OK;
	}
	if (!copy_finite((float *)y + at * y_row,
			 (const float *)s->y.data + index * y_row, y_row))
		return not_finite(s, &s->y, index);
	return ACCEL_OK;
}

accel_status accel_samples_gather(const accel_samples *s, const int64_t *index,
				  int64_t n, accel_dtype dtype, void *x,
				  void *y)
{
	accel_status status = ACCEL_OK;
	int64_t i;

	if (object_check(s, OBJECT_SAMPLES, "gather"))
		return ACCEL_ERR_INVALID;
	if (s->n_parts)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: %d parts: gather each of them", s->name,
				   s->n_parts);
	if (dtype != ACCEL_F32 && dtype != s->x.dtype)
		return accel_error(ACCEL_ERR_DTYPE,
				   "%s: x is %s and cannot be written as %s",
				   s->name, accel_dtype_name(s->x.dtype),
				   accel_dtype_name(dtype));
	for (i = 0; i < n && !status; i++) {
		if (index[i] < 0 || index[i] >= s->count)
			return outside(s, index[i]);
		status = gather_one(s, index[i], dtype, x, y, i);
	}
	return status;
}
