// SPDX-License-Identifier: MIT
/* A context: made, closed, and asked for its counters. */
#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "node.h"

static void context_free(void *p)
{
	struct accel_context *ctx = p;

	while (ctx->nodes) {
		struct accel_tensor *t = ctx->nodes;

		ctx->nodes = t->next;
		if (t->in != t->in_fixed)
			mem_free(t->in);
		mem_free(t);
	}
	while (ctx->spare) {
		struct accel_tensor *t = ctx->spare;

		ctx->spare = t->next;
		mem_free(t);
	}
	mem_free(ctx->handles);
	mem_free(ctx->marks);
	mem_free(ctx->assigns);
	mem_free(ctx);
}

struct accel_context *context_create(struct device *dev,
				     const accel_open_options *options)
{
	struct accel_context *ctx = mem_zalloc(sizeof(*ctx));

	if (!ctx)
		return NULL;
	if (object_add(ctx, OBJECT_CONTEXT, context_free)) {
		mem_free(ctx);
		return NULL;
	}
	fork_watch();
	ctx->era = fork_era();
	ctx->dev = dev;
	ctx->memory_limit = options->memory_limit;
	ctx->plan_limit = options->plan_cache ? options->plan_cache : 64;
	ctx->seed = options->seed;
	ctx->allocations_base = mem_count();
	dev->ctx = ctx;
	dev->counters = &ctx->counters;
	return ctx;
}

accel_status context_refuse(const struct accel_context *ctx)
{
	return accel_error(ACCEL_ERR_LOST,
			   ctx->closed
				   ? "the context was closed before: destroy "
				     "what was made from it"
				   : "the context is of the process before "
				     "fork(): open one here");
}

void context_hold(struct accel_context *ctx)
{
	object_ref(ctx);
}

void context_drop(struct accel_context *ctx)
{
	object_put(ctx);
}

void accel_close(accel_context *ctx)
{
	struct accel_tensor *t;

	if (!object_has_handle(ctx, OBJECT_CONTEXT))
		return;
	if (ctx->networks_free)
		ctx->networks_free(ctx);
	if (ctx->plans_free)
		ctx->plans_free(ctx);
	for (t = ctx->nodes; t; t = t->next) {
		buffer_put(t->buf);
		t->buf = NULL;
	}
	if (ctx->scratch_free)
		ctx->scratch_free(ctx);
	ctx->dev->ops->trim(ctx->dev);
	buffer_pool_drain(ctx);
	ctx->dev->ops->close(ctx->dev);
	ctx->dev = NULL;
	ctx->closed = true;
	ctx->era = CONTEXT_CLOSED;
	object_drop_handle(ctx, OBJECT_CONTEXT);
}

void accel_trim(accel_context *ctx)
{
	if (!ctx || context_check(ctx))
		return;
	ctx->dev->ops->trim(ctx->dev);
	buffer_pool_drain(ctx);
	mem_trim();
}

const char *accel_context_device(const accel_context *ctx)
{
	return ctx && ctx->dev ? ctx->dev->name : NULL;
}

const char *accel_context_backend(const accel_context *ctx)
{
	return ctx && ctx->dev ? ctx->dev->ops->backend : NULL;
}

void accel_seed(accel_context *ctx, uint64_t seed)
{
	if (!ctx)
		return;
	ctx->seed = seed;
	ctx->random_calls = 0;
}

void accel_counters_get(const accel_context *ctx, accel_counters *counters)
{
	if (!counters)
		return;
	*counters = (accel_counters){ 0 };
	if (!ctx)
		return;
	*counters = ctx->counters;
	counters->bytes_kept = ctx->bytes_pooled + ctx->bytes_scratch;
	counters->allocations = mem_count() - ctx->allocations_base;
}
