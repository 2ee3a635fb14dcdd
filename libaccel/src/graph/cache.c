// SPDX-License-Identifier: MIT
/* The bounded plan cache: least recently used out first. */
#include "cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "ir.h"

#define CHAINS 256

struct plan_cache {
	struct plan *chain[CHAINS];
	struct plan *newest, *oldest;
	uint32_t n;
};

static void unlink_use(struct plan_cache *c, struct plan *p)
{
	if (p->newer)
		p->newer->older = p->older;
	else
		c->newest = p->older;
	if (p->older)
		p->older->newer = p->newer;
	else
		c->oldest = p->newer;
	p->newer = p->older = NULL;
}

static void link_newest(struct plan_cache *c, struct plan *p)
{
	p->older = c->newest;
	if (c->newest)
		c->newest->newer = p;
	else
		c->oldest = p;
	c->newest = p;
}

static void drop(struct accel_context *ctx, struct plan *p)
{
	struct plan_cache *c = ctx->plans;
	struct plan **at = &c->chain[p->hash % CHAINS];

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	unlink_use(c, p);
	c->n--;
	ctx->counters.plans_cached = c->n;
	plan_free(ctx, p);
}

void accel_plan_clear(accel_context *ctx)
{
	while (ctx && ctx->plans && ctx->plans->oldest)
		drop(ctx, ctx->plans->oldest);
}

static void cache_free(struct accel_context *ctx)
{
	accel_plan_clear(ctx);
	mem_free(ctx->plans);
	ctx->plans = NULL;
}

static uint64_t hash_key(const uint8_t *key, uint32_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15, word;
	uint32_t i;

	for (i = 0; i + 8 <= n; i += 8) {
		memcpy(&word, key + i, 8);
		h = (h ^ word) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	word = 0;
	memcpy(&word, key + i, n - i);
	h = (h ^ word ^ n) * 0xc4ceb9fe1a85ec53;
	return h ^ h >> 29;
}

struct plan *plan_make(struct accel_context *ctx)
{
	struct graph_scratch *s = ctx->scratch;
	struct plan *p = mem_zalloc(sizeof(*p));
	accel_status err;
	struct ir ir;

	if (!p)
		return NULL;
	p->n_recorded = s->n_nodes;
	p->n_leaves = s->n_leaves;
	p->n_results = s->n_roots;
	p->n_params = s->n_scalars;
	ctx->stopped = false;
	err = ir_build(ctx, &ir);
	if (!err)
		err = ir_fuse(&ir);
	if (!err)
		err = ir_schedule(&ir);
	if (!err)
		err = ir_lower(&ir, p);
	ir_finish(&ir);
	if (!err)
		return p;
	plan_free(ctx, p);
	return NULL;
}

static struct plan *compile(struct accel_context *ctx, uint64_t hash)
{
	struct graph_scratch *s = ctx->scratch;
	const char *debug = getenv("ACCEL_DEBUG");
	struct plan *p = plan_make(ctx);

	if (!p)
		return NULL;
	p->hash = hash;
	p->key_bytes = s->n_key;
	p->key = mem_alloc(s->n_key);
	if (!p->key || ctx->dev->ops->compile(ctx->dev, p)) {
		plan_free(ctx, p);
		return NULL;
	}
	memcpy(p->key, s->key, s->n_key);
	ctx->counters.plans_compiled++;
	if (debug && strstr(debug, "plan"))
		plan_print(ctx, p, stderr);
	return p;
}

struct plan *plan_get(struct accel_context *ctx)
{
	struct graph_scratch *s = ctx->scratch;
	uint64_t hash = hash_key(s->key, s->n_key);
	struct plan_cache *c;
	struct plan *p;

	if (!ctx->plans) {
		ctx->plans = mem_zalloc(sizeof(*ctx->plans));
		if (!ctx->plans)
			return NULL;
		ctx->plans_free = cache_free;
	}
	c = ctx->plans;
	for (p = c->chain[hash % CHAINS]; p; p = p->next) {
		if (p->hash != hash || p->key_bytes != s->n_key ||
		    memcmp(p->key, s->key, s->n_key))
			continue;
		unlink_use(c, p);
		link_newest(c, p);
		ctx->counters.plans_replayed++;
		return p;
	}
	p = compile(ctx, hash);
	if (!p)
		return NULL;
	while (c->n >= ctx->plan_limit) {
		drop(ctx, c->oldest);
		ctx->counters.plans_evicted++;
	}
	p->next = c->chain[hash % CHAINS];
	c->chain[hash % CHAINS] = p;
	link_newest(c, p);
	ctx->counters.plans_cached = ++c->n;
	return p;
}
