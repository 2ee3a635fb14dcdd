// SPDX-License-Identifier: MIT
/* Tensors over DMA-BUFs, and DMA-BUFs of tensors. */
#include "../base/error.h"
#include "../ops/op.h"
#include "walk.h"

/* Whether an assignment to another tensor over this memory is pending: no plan
 * may have both. */
static bool written_soon(const struct accel_context *ctx,
			 const struct buffer *b)
{
	uint32_t i;

	for (i = 0; i < ctx->n_assigns; i++)
		if (buffer_overlaps(ctx->assigns[i]->buf, b))
			return true;
	return false;
}

accel_tensor *accel_tensor_import(accel_context *ctx, int fd, uint64_t offset,
				  accel_dtype dtype, int ndim,
				  const int64_t *shape)
{
	accel_tensor *t, *part, *seen;
	struct layout l, all;
	int64_t n;

	if (!ctx || layout_init(&l, "import", dtype, ndim, shape) ||
	    layout_some("import", ndim, shape, 0))
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
	t->buf = buffer_from_dmabuf(ctx, fd, offset, layout_bytes(&all));
	if (!t->buf) {
		accel_tensor_destroy(t);
		return NULL;
	}
	t->computed = true;
	if (written_soon(ctx, t->buf) && graph_realize(ctx, NULL)) {
		accel_tensor_destroy(t);
		return NULL;
	}
	if (!offset)
		return t;
	part = accel_slice(t, 0, n - layout_count(&l), n, 1);
	seen = accel_reshape(part, ndim, shape);
	if (seen)
		part->imported = seen->imported = true;
	accel_tensor_destroy(part);
	accel_tensor_destroy(t);
	return seen;
}

accel_status accel_tensor_export(accel_tensor *t, int *fd)
{
	accel_status err;

	if (!fd)
		return accel_error(ACCEL_ERR_INVALID, "export: no descriptor");
	*fd = -1;
	if (!t)
		return ACCEL_ERR_INVALID;
	if (context_check(t->ctx))
		return ACCEL_ERR_LOST;
	if (!node_ready(t) && op_table[t->op].class == CLASS_VIEW)
		return accel_error(ACCEL_ERR_INVALID,
				   "export: %s %s is a view: accel_copy() it",
				   op_table[t->op].name, layout_text(&t->l));
	err = graph_realize(t->ctx, t);
	if (!err)
		err = t->ctx->dev->ops->buffer_export(t->ctx->dev, t->buf, fd);
	if (!err)
		buffer_identify(t->buf, *fd);
	return err;
}
