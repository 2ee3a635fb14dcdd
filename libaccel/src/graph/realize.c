// SPDX-License-Identifier: MIT
/*
 * From recorded to computed: tensors with data, reading, writing, assigning,
 * and the run of a plan.
 */
#include <stdio.h>
#include <string.h>

#include <accel/graph.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../ops/op.h"
#include "cache.h"
#include "walk.h"

accel_tensor *accel_tensor_create(accel_context *ctx, accel_dtype dtype,
				  int ndim, const int64_t *shape,
				  const void *data)
{
	struct layout l;
	accel_tensor *t;
	void *to;

	if (!ctx || layout_init(&l, "tensor", dtype, ndim, shape))
		return NULL;
	t = node_create(ctx, OP_DATA, 0, NULL, &l);
	if (!t)
		return NULL;
	t->buf = buffer_get(ctx, layout_bytes(&l));
	to = t->buf ? ctx->dev->ops->access_begin(ctx->dev, t->buf, true)
		    : NULL;
	if (!to) {
		accel_tensor_destroy(t);
		return NULL;
	}
	if (data && layout_count(&l)) {
		memcpy(to, data, layout_bytes(&l));
		ctx->counters.bytes_copied += layout_bytes(&l);
	} else {
		memset(to, 0, layout_bytes(&l));
	}
	if (ctx->dev->ops->access_end(ctx->dev, t->buf, true)) {
		accel_tensor_destroy(t);
		return NULL;
	}
	t->computed = true;
	return t;
}

/* Binds leaves, new results, parameters and the arena. */
static accel_status bind(struct accel_context *ctx, const struct plan *p)
{
	struct graph_scratch *s = ctx->scratch;
	uint32_t i, j;

	if (mem_grow(&s->bind, &s->cap_bind, p->n_slots, sizeof(*s->bind)))
		return ACCEL_ERR_NOMEM;
	memset(s->bind, 0, p->n_slots * sizeof(*s->bind));
	for (i = 0; i < p->n_slots; i++) {
		const struct slot *slot = &p->slots[i];

		if (slot->kind == SLOT_LEAF)
			s->bind[i] = buffer_ref(s->leaves[slot->index]->buf);
		else if (slot->bytes || slot->kind == SLOT_RESULT)
			s->bind[i] = buffer_get(ctx, slot->bytes);
		if (s->bind[i] || (!slot->bytes && slot->kind != SLOT_RESULT))
			continue;
		for (j = 0; j < i; j++)
			buffer_put(s->bind[j]);
		return ACCEL_ERR_NOMEM;
	}
	return ACCEL_OK;
}

static accel_status put_scalars(struct accel_context *ctx, const struct plan *p)
{
	struct graph_scratch *s = ctx->scratch;
	struct device *dev = ctx->dev;
	struct buffer *b = s->bind[p->params_slot];
	uint8_t *to;
	uint32_t i;

	if (!b)
		return ACCEL_OK;
	to = dev->ops->access_begin(dev, b, true);
	if (!to)
		return ACCEL_ERR_IO;
	for (i = 0; i < s->n_scalars; i++)
		memcpy(to + i * 16, s->scalars[i]->attr.lo, 16);
	return dev->ops->access_end(dev, b, true);
}

static void computed(struct accel_context *ctx, struct accel_tensor *t,
		     struct buffer *b)
{
	struct layout view = t->l;

	t->buf = b;
	/* a view no more: what looks through it was recorded for its source */
	if (op_table[t->op].class == CLASS_VIEW) {
		layout_init(&t->l, "view", view.dtype, view.ndim, view.shape);
		t->written = ++ctx->seq;
	}
	if (t->kept && !t->computed)
		ctx->n_kept--;
	t->computed = true;
	if (!ctx->n_tapes)
		node_forget(t);
}

/* From now on t, if anything reads it, is a view of dst, which has its value. */
static void look_at(struct accel_tensor *t, struct accel_tensor *dst)
{
	if (t->refs < 2 || node_ready(t))
		return;
	node_forget(t);
	t->op = OP_RESHAPE;
	t->n_in = 1;
	t->in[0] = dst;
	node_ref(dst);
	t->seq = ++dst->ctx->seq;
}

/* The value assigned lives in the target's storage now: what reads it later
 * reads that, and what reads the tensor that it was made of does. */
static void settle_assign(struct accel_context *ctx, struct accel_tensor *dst)
{
	struct accel_tensor *v = dst->pending;
	struct accel_tensor *src = node_ready(v) ? v : v->in[0];

	node_ref(src);
	dst->pending = NULL;
	dst->written = ++ctx->seq;
	if (!ctx->n_tapes) {
		look_at(v, dst);
		if (op_table[src->op].class > CLASS_VIEW &&
		    src->l.dtype == dst->l.dtype)
			look_at(src, dst);
	}
	node_unref(v);
	node_unref(src);
	node_unref(dst);
}

static void settle(struct accel_context *ctx, const struct plan *p)
{
	struct graph_scratch *s = ctx->scratch;
	uint32_t i, n = ctx->n_assigns;

	for (i = 0; i < s->n_roots; i++) {
		computed(ctx, s->roots[i],
			 buffer_ref(s->bind[p->n_leaves + i]));
		node_unref(s->roots[i]);
	}
	ctx->n_assigns = 0;
	for (i = 0; i < n; i++)
		settle_assign(ctx, ctx->assigns[i]);
}

static void discard(struct accel_tensor *dst)
{
	struct accel_tensor *v = dst->pending;

	dst->pending = NULL;
	node_unref(v);
	node_unref(dst);
}

void graph_discard(struct accel_context *ctx)
{
	uint32_t i, n = ctx->n_assigns;

	ctx->n_assigns = 0;
	for (i = 0; i < n; i++)
		discard(ctx->assigns[i]);
}

void graph_discard_one(struct accel_context *ctx, uint32_t i)
{
	struct accel_tensor *dst = ctx->assigns[i];

	ctx->n_assigns--;
	memmove(ctx->assigns + i, ctx->assigns + i + 1,
		(ctx->n_assigns - i) * sizeof(*ctx->assigns));
	discard(dst);
}

/*
 * After a step that failed half-way: what it was to update may be updated or
 * not, so a retry must not do it again, and nobody is to read it.
 */
static accel_status spoil(struct accel_context *ctx, accel_status err)
{
	uint32_t i, n = ctx->n_assigns;
	char why[512];

	for (i = 0; i < n; i++) {
		ctx->assigns[i]->spoiled = true;
		ctx->assigns[i]->written = ++ctx->seq;
	}
	graph_discard(ctx);
	if (!n || err == ACCEL_ERR_LOST)
		return err;
	snprintf(why, sizeof(why), "%s", accel_last_error());
	return accel_error(err == ACCEL_ERR_NOMEM ? ACCEL_ERR_IO : err,
			   "%s; %u tensors may be half updated: accel_write() "
			   "them",
			   why, n);
}

static accel_status nothing_free(struct accel_context *ctx,
				 const struct plan *p)
{
	uint64_t need = p->result_bytes + p->arena_bytes, left;

	left = ctx->dev->ops->memory_free(ctx->dev);
	if (ctx->memory_limit) {
		uint64_t used = ctx->counters.bytes_in_use;
		uint64_t room =
			used < ctx->memory_limit ? ctx->memory_limit - used : 0;

		left = room < left ? room : left;
	}
	if (left == UINT64_MAX)
		return ACCEL_ERR_NOMEM; /* the text is the failed call's */
	return accel_error(ACCEL_ERR_NOMEM,
			   "out of device memory: the plan needs %llu bytes "
			   "(results %llu, temporaries %llu), %llu are free",
			   (unsigned long long)need,
			   (unsigned long long)p->result_bytes,
			   (unsigned long long)p->arena_bytes,
			   (unsigned long long)left);
}

/* Runs the plan of the graph in the scratch. */
static accel_status run(struct accel_context *ctx)
{
	struct graph_scratch *s = ctx->scratch;
	struct plan *p = plan_get(ctx);
	accel_status err;
	uint32_t i;

	if (!p && ctx->stopped)
		return ACCEL_ERR_BUSY;
	if (!p)
		return ctx->lost ? ACCEL_ERR_LOST : ACCEL_ERR_NOMEM;
	err = bind(ctx, p);
	if (err)
		return nothing_free(ctx, p);
	err = put_scalars(ctx, p);
	ctx->dev->started = false;
	if (!err)
		err = ctx->dev->ops->run(ctx->dev, p, s->bind);
	if (err && ctx->dev->started)
		err = spoil(ctx, err);
	if (!err) {
		/* a root may die with its last reader in the same breath */
		for (i = 0; i < s->n_roots; i++)
			node_ref(s->roots[i]);
		settle(ctx, p);
	}
	if (err == ACCEL_ERR_LOST)
		ctx->lost = true;
	for (i = 0; i < p->n_slots; i++)
		buffer_put(s->bind[i]);
	buffer_pool_age(ctx);
	return err;
}

accel_status graph_realize(struct accel_context *ctx,
			   struct accel_tensor *target)
{
	struct graph_scratch *s;
	accel_status err;

	if (context_check(ctx))
		return ACCEL_ERR_LOST;
	if (ctx->lost)
		return accel_error(ACCEL_ERR_LOST, "%s: the device is lost",
				   ctx->dev->name);
	err = graph_walk(ctx, target);
	if (err)
		return err;
	s = ctx->scratch;
	return s->n_roots || s->n_assigns ? run(ctx) : ACCEL_OK;
}

accel_status accel_sync(accel_context *ctx)
{
	if (!ctx)
		return accel_error(ACCEL_ERR_INVALID, "sync: no context");
	return graph_realize(ctx, NULL);
}

accel_status accel_read(accel_tensor *t, void *data, size_t bytes)
{
	struct accel_context *ctx;
	struct accel_tensor *from;
	const void *p;
	accel_status err;

	if (!t)
		return ACCEL_ERR_INVALID; /* the failed op's text stands */
	if (bytes != layout_bytes(&t->l) || (bytes && !data))
		return accel_error(ACCEL_ERR_RANGE,
				   "read: %zu bytes for %s %s of %zu", bytes,
				   accel_dtype_name(t->l.dtype),
				   layout_text(&t->l), layout_bytes(&t->l));
	ctx = t->ctx;
	err = graph_realize(ctx, t);
	if (err)
		return err;
	from = node_storage(t);
	if (from->spoiled)
		return graph_spoiled(from);
	p = ctx->dev->ops->access_begin(ctx->dev, from->buf, false);
	if (!p)
		return ACCEL_ERR_IO;
	layout_gather(&t->l, p, data);
	ctx->counters.bytes_copied += bytes;
	ctx->dev->ops->access_end(ctx->dev, from->buf, false);
	return ACCEL_OK;
}

/* Tells what was recorded before that its input is another one now. */
static void overwritten(struct accel_tensor *t)
{
	struct accel_context *ctx = t->ctx;
	struct accel_tensor *other;

	t->written = ++ctx->seq;
	for (other = t->buf->inode ? ctx->nodes : NULL; other;
	     other = other->next) {
		const struct accel_tensor *in = other;

		if (other->imported)
			in = node_storage(other);
		if (!in->buf || !buffer_overlaps(in->buf, t->buf))
			continue;
		other->written = ctx->seq;
		if (in != other) /* it looks at what is there now */
			other->seq = ctx->seq;
	}
}

accel_status accel_write(accel_tensor *t, const void *data, size_t bytes)
{
	struct accel_context *ctx;
	accel_status err;
	void *p;

	if (!t)
		return ACCEL_ERR_INVALID;
	if (bytes != layout_bytes(&t->l) || (bytes && !data))
		return accel_error(ACCEL_ERR_RANGE,
				   "write: %zu bytes for %s %s of %zu", bytes,
				   accel_dtype_name(t->l.dtype),
				   layout_text(&t->l), layout_bytes(&t->l));
	if (context_check(t->ctx))
		return ACCEL_ERR_LOST;
	if (!node_ready(t))
		return accel_error(ACCEL_ERR_INVALID,
				   "write: %s %s has no storage of its own yet",
				   op_table[t->op].name, layout_text(&t->l));
	ctx = t->ctx;
	/* they may read what is overwritten */
	if (ctx->n_assigns || ctx->n_kept) {
		ctx->overwritten = t;
		err = graph_realize(ctx, NULL);
		ctx->overwritten = NULL;
		if (err)
			return err;
	}
	p = ctx->dev->ops->access_begin(ctx->dev, t->buf, true);
	if (!p)
		return ACCEL_ERR_IO;
	if (bytes)
		memcpy(p, data, bytes);
	ctx->counters.bytes_copied += bytes;
	err = ctx->dev->ops->access_end(ctx->dev, t->buf, true);
	overwritten(t);
	t->spoiled = err;
	return err;
}

/*
 * A node of its own that stands for the value of dst from now on: what is
 * recorded reads it, and a gradient by dst is one by it.
 */
static accel_tensor *value_for(accel_tensor *dst, accel_tensor *src)
{
	accel_tensor *value = src->l.dtype == dst->l.dtype
				      ? accel_copy(src)
				      : accel_cast(src, dst->l.dtype);

	if (!value)
		return NULL;
	value->value_of = dst->seq;
	node_ref(value);
	accel_tensor_destroy(value);
	return value;
}

/* Whether another tensor is over the same memory, which no plan can know. */
static bool shared(const struct accel_tensor *t)
{
	const struct accel_tensor *other;

	for (other = t->buf->inode ? t->ctx->nodes : NULL; other;
	     other = other->next)
		if (other != t && other->buf &&
		    buffer_overlaps(other->buf, t->buf))
			return true;
	return false;
}

/* At once, from a copy. */
static accel_status assign_now(accel_tensor *dst, accel_tensor *value)
{
	struct device *dev = dst->ctx->dev;
	accel_status err = graph_realize(dst->ctx, value);
	const void *p;

	if (err)
		return err;
	p = dev->ops->access_begin(dev, value->buf, false);
	if (!p)
		return ACCEL_ERR_IO;
	err = accel_write(dst, p, layout_bytes(&dst->l));
	dev->ops->access_end(dev, value->buf, false);
	return err;
}

accel_status accel_assign(accel_tensor *dst, accel_tensor *src)
{
	accel_tensor *in[2] = { dst, src }, *value;
	struct accel_context *ctx;
	accel_status err;

	if (!op_args("assign", 2, in))
		return ACCEL_ERR_INVALID;
	ctx = dst->ctx;
	if (context_check(ctx))
		return ACCEL_ERR_LOST;
	if (!node_ready(dst))
		return accel_error(ACCEL_ERR_INVALID,
				   "assign: %s %s has no storage of its own",
				   op_table[dst->op].name,
				   layout_text(&dst->l));
	if (!layout_same_shape(&dst->l, &src->l))
		return accel_error(ACCEL_ERR_SHAPE, "assign: %s to %s",
				   layout_text(&src->l), layout_text(&dst->l));
	if (mem_grow(&ctx->assigns, &ctx->cap_assigns, ctx->n_assigns + 1,
		     sizeof(*ctx->assigns)))
		return ACCEL_ERR_NOMEM;
	value = value_for(dst, src);
	if (!value)
		return ACCEL_ERR_NOMEM;
	if (shared(dst)) {
		err = assign_now(dst, value);
		node_unref(value);
		return err;
	}
	if (dst->pending) {
		node_unref(dst->pending);
	} else {
		node_ref(dst);
		ctx->assigns[ctx->n_assigns++] = dst;
	}
	dst->pending = value;
	return ACCEL_OK;
}
