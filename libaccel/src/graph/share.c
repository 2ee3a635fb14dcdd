// SPDX-License-Identifier: MIT
/* Tensors over DMA-BUFs, and DMA-BUFs of tensors. */
#include "../base/error.h"
#include "../ops/op.h"
#include "walk.h"

accel_tensor *accel_tensor_import(accel_context *ctx, int fd, uint64_t offset,
				  accel_dtype dtype, int ndim,
				  const int64_t *shape)
{
	struct layout l, all;
	accel_tensor *t;
	int64_t n;

	if (!ctx || layout_init(&l, "import", dtype, ndim, shape))
		return NULL;
	if (offset % accel_dtype_size(dtype) || offset > MAX_COUNT)
		return accel_error_null(ACCEL_ERR_INVALID,
					"import: offset %llu for %s",
					(unsigned long long)offset,
					accel_dtype_name(dtype));
	n = (int64_t)(offset / accel_dtype_size(dtype)) + layout_count(&l);
	if (layout_init(&all, "import", dtype, 1, &n))
		return NULL;
	t = node_create(ctx, OP_DATA, 0, NULL, offset ? &all : &l);
	if (!t)
		return NULL;
	t->buf = buffer_from_dmabuf(ctx, fd, layout_bytes(&all));
	if (!t->buf) {
		accel_tensor_destroy(t);
		return NULL;
	}
	t->computed = true;
	if (!offset)
		return t;
	return accel_reshape(accel_slice(t, 0, n - layout_count(&l), n, 1),
			     ndim, shape);
}

accel_status accel_tensor_export(accel_tensor *t, int *fd)
{
	accel_status err;

	*fd = -1;
	if (!t)
		return ACCEL_ERR_INVALID;
	if (op_table[t->op].class == CLASS_VIEW)
		return accel_error(ACCEL_ERR_INVALID,
				   "export: %s %s is a view: accel_copy() it",
				   op_table[t->op].name, layout_text(&t->l));
	if (!node_ready(t)) {
		accel_keep(t);
		err = accel_sync(t->ctx);
		if (err)
			return err;
	}
	return t->ctx->dev->ops->buffer_export(t->ctx->dev, t->buf, fd);
}
