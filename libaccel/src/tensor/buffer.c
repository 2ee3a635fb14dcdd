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

#define CLASSES (sizeof(((struct accel_context *)0)->pool) / sizeof(void *))

/* Gives back what is in the pool from *at on. */
static void release_from(struct accel_context *ctx, struct buffer **at)
{
	while (*at) {
		struct buffer *b = *at;

		*at = b->next_free;
		ctx->bytes_pooled -= b->size;
		release(b);
	}
}

void buffer_pool_drain(struct accel_context *ctx)
{
	uint32_t i;

	for (i = 0; i < CLASSES; i++)
		release_from(ctx, &ctx->pool[i]);
}

void buffer_pool_age(struct accel_context *ctx)
{
	uint64_t before = ctx->bytes_pooled;
	uint32_t i;

	if (++ctx->runs % POOL_SWEEP || ctx->bytes_pooled <= POOL_STAYS)
		return;
	for (i = 0; i < CLASSES; i++) {
		struct buffer **at = &ctx->pool[i];

		/* the last put is the first */
		while (*at && ctx->runs - (*at)->put <= POOL_AGE)
			at = &(*at)->next_free;
		release_from(ctx, at);
	}
	if (ctx->bytes_pooled < before)
		mem_trim();
}

/* All that is kept for later. Whether there was anything. */
static bool reclaim(struct accel_context *ctx)
{
	bool any = ctx->bytes_pooled || ctx->bytes_scratch;

	ctx->dev->ops->trim(ctx->dev);
	buffer_pool_drain(ctx);
	return any;
}

static uint64_t room(struct accel_context *ctx)
{
	uint64_t used = ctx->counters.bytes_in_use + ctx->bytes_pooled +
			ctx->bytes_scratch;
	uint64_t dev = ctx->dev->ops->memory_free(ctx->dev);
	uint64_t left = UINT64_MAX;

	if (ctx->memory_limit)
		left = used < ctx->memory_limit ? ctx->memory_limit - used : 0;
	return dev < left ? dev : left;
}

static struct buffer *make(struct accel_context *ctx, size_t size)
{
	uint64_t left = room(ctx);
	accel_status err;
	struct buffer *b;

	if (left < size && reclaim(ctx))
		left = room(ctx);
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
	err = ctx->dev->ops->buffer_alloc(ctx->dev, b);
	if (err == ACCEL_ERR_NOMEM && reclaim(ctx))
		err = ctx->dev->ops->buffer_alloc(ctx->dev, b);
	if (!err)
		return b;
	mem_free(b);
	return NULL;
}

static struct buffer *take(struct accel_context *ctx, size_t size)
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
	return b;
}

accel_status buffer_scratch(struct accel_context *ctx, struct buffer **b,
			    size_t size)
{
	if (*b && size && (*b)->size >= size)
		return ACCEL_OK;
	if (*b) {
		ctx->bytes_scratch -= (*b)->size;
		release(*b);
		*b = NULL;
	}
	if (!size)
		return ACCEL_OK;
	*b = take(ctx, size);
	if (!*b)
		return ACCEL_ERR_NOMEM;
	ctx->bytes_scratch += (*b)->size;
	return ACCEL_OK;
}

struct buffer *buffer_get(struct accel_context *ctx, size_t size)
{
	struct buffer *b = take(ctx, size);

	if (!b)
		return NULL;
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
	b->put = ctx->runs;
	ctx->pool[c] = b;
	ctx->bytes_pooled += b->size;
}
