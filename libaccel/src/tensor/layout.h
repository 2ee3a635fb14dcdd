/* SPDX-License-Identifier: MIT */
/* Shapes and strides. */
#ifndef ACCEL_TENSOR_LAYOUT_H
#define ACCEL_TENSOR_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <accel/tensor.h>

#define MAX_COUNT INT32_MAX /* elements: what a 32-bit shader can index */

/* Where the elements of a tensor stand in its storage, counted in elements. */
struct layout {
	uint8_t dtype; /* accel_dtype */
	uint8_t ndim;
	int64_t offset;
	int64_t shape[ACCEL_MAX_DIMS]; /* past ndim: 0 */
	int64_t stride[ACCEL_MAX_DIMS];
};

/* Checks sizes and makes a row-major layout. `who` names the op in the error */
accel_status layout_init(struct layout *l, const char *who, accel_dtype dtype,
			 int ndim, const int64_t *shape);

/* ERR_SHAPE where a dimension from `first` on has no elements. */
accel_status layout_some(const char *who, int ndim, const int64_t *shape,
			 int first);

int64_t layout_count(const struct layout *l);
size_t layout_bytes(const struct layout *l);
bool layout_dense(const struct layout *l); /* row-major; offset may differ */
bool layout_same_shape(const struct layout *a, const struct layout *b);

/* The same elements under another shape of equal count, or false where strides
 * do not allow it. */
bool layout_reshape(const struct layout *in, const struct layout *shape,
		    struct layout *out);

/* numpy's rule for the shape of two. `who` names the op in the error. */
accel_status layout_broadcast(const char *who, const struct layout *a,
			      const struct layout *b, int *ndim,
			      int64_t *shape);
/* `in` seen with a larger shape, strides 0 where it repeats. */
bool layout_expand(const struct layout *in, int ndim, const int64_t *shape,
		   struct layout *out);

/* Joins dimensions that step alike, drops those of size 1: fewer loops. All n
 * layouts have one shape. */
void layout_collapse(struct layout *l, int n);

/* "[32, 784]", in one of a few static per-thread buffers. */
const char *layout_text(const struct layout *l);
const char *shape_text(int ndim, const int64_t *shape);

/* Negative axes count from the end. Returns -1 when out of range. */
int layout_axis(const struct layout *l, int axis);

/*
 * Steps through elements in row-major order:
 *   layout_start(&it, l); do { ... it.at ... } while (layout_next(&it));
 * There must be one: steps of plans have no operand without elements.
 */
struct layout_iter {
	const struct layout *l;
	int64_t at;
	int64_t index[ACCEL_MAX_DIMS];
};
void layout_start(struct layout_iter *it, const struct layout *l);
bool layout_next(struct layout_iter *it);

/* Copies between a dense row-major buffer and a layout in storage. */
void layout_gather(const struct layout *l, const void *storage, void *dense);

/* Conversion between storage and double, element i. Integers wrap. */
double dtype_load(accel_dtype dtype, const void *p, int64_t i);
void dtype_store(accel_dtype dtype, void *p, int64_t i, double v);
/* v as this type would hold it: wrapped integers; floats unchanged. */
double dtype_wrap(accel_dtype dtype, double v);
bool dtype_is_float(accel_dtype dtype);

#endif /* ACCEL_TENSOR_LAYOUT_H */
