// SPDX-License-Identifier: MIT
/* Storage of tensors, and the pool of what is free. */
#include "buffer.h"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "node.h"

/* Four classes per power of two from 256 bytes: at most a fifth is wasted. */
static uint32_t size_class(size_t size, size_t *rounded)
{
	uint32_t e = 8, q;
	size_t step;

	if (size <= 256) {
		*rounded = 256;
		return 0;
	}
	while ((size_t)2 << e < size)
		e++;
	step = ((size_t)1 << e) / 4;
	q = (uint32_t)((size - ((size_t)1 << e) + step - 1) / step);
	*rounded = ((size_t)1 << e) + q * step;
	return (e - 8) * 4 + q;
}

static void release(struct buffer *b)
{
	struct accel_context *ctx = b->ctx;

	ctx->dev->ops->buffer_free(ctx->dev, b);
	mem_free(b);
}

void buffer_pool_drain(struct accel_context *ctx)
{
	uint32_t i;

	for (i = 0; i < sizeof(ctx->pool) / sizeof(ctx->pool[0]); i++) {
		while (ctx->pool[i]) {
			struct buffer *b = ctx->pool[i];

			ctx->pool[i] = b->next_free;
			release(b);
		}
	}
	ctx->bytes_pooled = 0;
}

static uint64_t room(struct accel_context *ctx)
{
	uint64_t used = ctx->counters.bytes_in_use + ctx->bytes_pooled;
	uint64_t dev = ctx->dev->ops->memory_free(ctx->dev);
	uint64_t left = UINT64_MAX;

	if (ctx->memory_limit)
		left = used < ctx->memory_limit ? ctx->memory_limit - used : 0;
	return dev < left ? dev : left;
}

static struct buffer *make(struct accel_context *ctx, size_t size)
{
	struct buffer *b;
	uint64_t left = room(ctx);

	if (left < size && ctx->bytes_pooled) {
		buffer_pool_drain(ctx);
		left = room(ctx);
	}
	if (left < size)
		return accel_error_null(
			ACCEL_ERR_NOMEM,
			"out of device memory: %zu bytes "
			"needed, %llu free, %llu in use",
			size, (unsigned long long)left,
			(unsigned long long)ctx->counters.bytes_in_use);
	b = mem_zalloc(sizeof(*b));
	if (!b)
		return NULL;
	b->ctx = ctx;
	b->size = size;
	if (ctx->dev->ops->buffer_alloc(ctx->dev, b)) {
		mem_free(b);
		return NULL;
	}
	return b;
}

struct buffer *buffer_get(struct accel_context *ctx, size_t size)
{
	uint32_t c = size_class(size, &size);
	struct buffer *b = ctx->pool[c];

	if (b) {
		ctx->pool[c] = b->next_free;
		ctx->bytes_pooled -= b->size;
	} else {
		b = make(ctx, size);
		if (!b)
			return NULL;
	}
	b->refs = 1;
	b->next_free = NULL;
	ctx->counters.bytes_in_use += b->size;
	if (ctx->counters.bytes_in_use > ctx->counters.bytes_peak)
		ctx->counters.bytes_peak = ctx->counters.bytes_in_use;
	return b;
}

void buffer_identify(struct buffer *b, int fd)
{
	struct stat st;

	b->inode = fstat(fd, &st) ? 0 : st.st_ino;
}

struct buffer *buffer_from_dmabuf(struct accel_context *ctx, int fd,
				  size_t first, size_t size)
{
	struct dma_buf_sync sync = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	struct buffer *b;
	off_t has;

	if (ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync))
		return accel_error_null(ACCEL_ERR_INVALID,
					"import: descriptor %d is no DMA-BUF",
					fd);
	sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
	has = lseek(fd, 0, SEEK_END);
	if (has < 0 || (uint64_t)has < size)
		return accel_error_null(ACCEL_ERR_RANGE,
					"import: %zu bytes of a DMA-BUF of "
					"%lld",
					size, (long long)has);
	b = mem_zalloc(sizeof(*b));
	if (!b)
		return NULL;
	b->ctx = ctx;
	b->refs = 1;
	b->first = first;
	b->size = size;
	b->foreign = true;
	buffer_identify(b, fd);
	if (!ctx->dev->ops->buffer_import(ctx->dev, b, fd))
		return b;
	mem_free(b);
	return NULL;
}

struct buffer *buffer_ref(struct buffer *b)
{
	b->refs++;
	return b;
}

void buffer_put(struct buffer *b)
{
	struct accel_context *ctx;
	size_t size;
	uint32_t c;

	if (!b || --b->refs)
		return;
	if (b->foreign) {
		release(b);
		return;
	}
	ctx = b->ctx;
	ctx->counters.bytes_in_use -= b->size;
	c = size_class(b->size, &size);
	b->next_free = ctx->pool[c];
	ctx->pool[c] = b;
	ctx->bytes_pooled += b->size;
}
