/* SPDX-License-Identifier: MIT */
/*
 * Tensors: up to 8 dimensions, row-major, lazily computed.
 *
 * Every call that returns a tensor returns NULL on failure, and NULL when it
 * was given NULL, without touching the error text: one check at the end of an
 * expression tells whether all of it worked. The tensor belongs to the scope
 * that is open (see accel/context.h).
 *
 * A tensor's value is computed when accel_read() or accel_sync() asks for it.
 */
#ifndef ACCEL_TENSOR_H
#define ACCEL_TENSOR_H

#include <accel/context.h>
#include <accel/dtype.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ACCEL_MAX_DIMS 8

/* ACCEL_SHAPE(32, 784) stands for the two arguments (ndim, shape). */
#define ACCEL_SHAPE(...)                                                       \
	(int)(sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)),     \
		(const int64_t[])                                              \
	{                                                                      \
		__VA_ARGS__                                                    \
	}
#define ACCEL_SCALAR 0, NULL

/*
 * A tensor with storage of its own.
 *
 * @shape: @ndim sizes, of which any may be 0: a tensor without elements.
 * @data: row-major elements of @dtype, copied; NULL for zeros.
 *
 * ERR_SHAPE: a negative size, over 8 dimensions, or over 2^31 - 1 elements.
 * ERR_NOMEM: the text has the need and what was free.
 */
ACCEL_API accel_tensor *accel_tensor_create(accel_context *ctx,
					    accel_dtype dtype, int ndim,
					    const int64_t *shape,
					    const void *data);

/*
 * A tensor over the memory of a DMA-BUF, without a copy: a capture ring of
 * piaccel, a camera frame.
 *
 * @fd: stays the caller's, and may be closed; the tensor keeps its own.
 * @offset: of the first element in bytes, a multiple of the type's size. Other
 *   than 0 the tensor is a view: it is read, not assigned to or exported.
 *
 * Every access is bracketed with DMA_BUF_IOCTL_SYNC. What others write there
 * is seen by the next computation that reads it. Where tensors of a context
 * overlap in a DMA-BUF, accel_assign() to one of them is carried out at once,
 * with a copy by the CPU, as accel_write() is.
 * ERR_INVALID: not a DMA-BUF. ERR_RANGE: it is too small. ERR_NOSYS: the
 * device cannot import it.
 */
ACCEL_API accel_tensor *accel_tensor_import(accel_context *ctx, int fd,
					    uint64_t offset, accel_dtype dtype,
					    int ndim, const int64_t *shape);

/*
 * Computes a tensor and gives a DMA-BUF over its memory.
 *
 * @fd: receives a descriptor; the caller closes it. The tensor's elements
 *   stand at its start, row-major.
 *
 * ERR_INVALID: a view without storage of its own (export what it looks into).
 * ERR_NOSYS: the device's
 * memory has no DMA-BUFs ("cpu", and GPUs without the extension), except for a
 * tensor that was imported.
 */
ACCEL_API accel_status accel_tensor_export(accel_tensor *t, int *fd);

/* Frees a tensor before its scope ends, or a kept one. NULL is allowed. What
 * was computed from it stays valid. A model's weights stay. */
ACCEL_API void accel_tensor_destroy(accel_tensor *t);

ACCEL_API accel_dtype accel_tensor_dtype(const accel_tensor *t);
ACCEL_API int accel_tensor_ndim(const accel_tensor *t);
/* Size of a dimension; negative counts from the end; 0 where there is none. */
ACCEL_API int64_t accel_tensor_dim(const accel_tensor *t, int axis);
ACCEL_API const int64_t *accel_tensor_shape(const accel_tensor *t);
/* Number of elements. */
ACCEL_API int64_t accel_tensor_count(const accel_tensor *t);
ACCEL_API accel_context *accel_tensor_context(const accel_tensor *t);

/*
 * Computes a tensor, with all that is pending, and copies its elements out in
 * row-major order. Bits are kept as they are, NaN payloads too, for data that
 * was only stored and viewed.
 *
 * @bytes: exactly count * dtype size.
 *
 * ERR_INVALID: @t is NULL (the text is that of the op that failed), or @t was
 * recorded before an update of its inputs that has been carried out since.
 * ERR_RANGE: @bytes is not the tensor's size. Errors of accel_sync().
 */
ACCEL_API accel_status accel_read(accel_tensor *t, void *data, size_t bytes);

/*
 * Overwrites a tensor made by accel_tensor_create(), or any that has been
 * computed. Assignments and kept tensors that are pending are computed first;
 * other ops recorded before and not yet computed can no longer be.
 */
ACCEL_API accel_status accel_write(accel_tensor *t, const void *data,
				   size_t bytes);

/*
 * Updates a tensor in place at the next sync: ops recorded before read the old
 * value, ops recorded after read the new one.
 *
 * @dst: made by accel_tensor_create() or computed; not a view.
 * @src: same shape; converted to @dst's type. Where it turns out to be recorded
 *   before an update of its inputs that has been carried out since, that sync
 *   fails with ERR_INVALID and the assignment is forgotten.
 */
ACCEL_API accel_status accel_assign(accel_tensor *dst, accel_tensor *src);

/* One value everywhere. Costs no memory. */
ACCEL_API accel_tensor *accel_full(accel_context *ctx, accel_dtype dtype,
				   int ndim, const int64_t *shape,
				   double value);

/* A number that may change from step to step without a new plan, such as a
 * learning rate. Shape []. */
ACCEL_API accel_tensor *accel_scalar(accel_context *ctx, accel_dtype dtype,
				     double value);

/* 0, 1, ..., n - 1. Shape [n]. */
ACCEL_API accel_tensor *accel_arange(accel_context *ctx, accel_dtype dtype,
				     int64_t n);

/*
 * Views. They share their source's memory where its layout allows, else they
 * copy. Differentiable.
 */

/* @shape may have one -1, filled in from the number of elements. */
ACCEL_API accel_tensor *accel_reshape(accel_tensor *x, int ndim,
				      const int64_t *shape);
/* Joins dimensions from @axis on into one: [N, C, H, W], 1 -> [N, C*H*W]. */
ACCEL_API accel_tensor *accel_flatten_from(accel_tensor *x, int axis);
/* Dimension i of the result is dimension order[i] of @x. */
ACCEL_API accel_tensor *accel_permute(accel_tensor *x, const int *order);
/* Swaps two dimensions; negative counts from the end. */
ACCEL_API accel_tensor *accel_transpose(accel_tensor *x, int axis_a,
					int axis_b);
/*
 * Elements start, start + step, ... below stop along one dimension. Negative
 * @start and @stop count from the end, @stop = INT64_MAX is the end, @step is
 * at least 1.
 */
ACCEL_API accel_tensor *accel_slice(accel_tensor *x, int axis, int64_t start,
				    int64_t stop, int64_t step);
/* numpy's broadcast_to. */
ACCEL_API accel_tensor *accel_broadcast(accel_tensor *x, int ndim,
					const int64_t *shape);
/* A new dimension of size 1 before @axis. */
ACCEL_API accel_tensor *accel_expand(accel_tensor *x, int axis);
/* @n equal parts along @axis, written to @parts. */
ACCEL_API accel_status accel_split(accel_tensor *x, int axis, int n,
				   accel_tensor **parts);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_TENSOR_H */
