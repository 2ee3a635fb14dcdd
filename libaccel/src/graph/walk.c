// SPDX-License-Identifier: MIT
/* The walk over the pending graph, and the key of its plan. */
#include "walk.h"

#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../ops/op.h"

static void scratch_free(struct accel_context *ctx)
{
	struct graph_scratch *s = ctx->scratch;

	if (!s)
		return;
	mem_free(s->nodes);
	mem_free(s->stack);
	mem_free(s->roots);
	mem_free(s->leaves);
	mem_free(s->scalars);
	mem_free(s->key);
	mem_free(s->bind);
	mem_free(s->grad);
	mem_free(s->wanted);
	mem_free(s);
	ctx->scratch = NULL;
}

struct graph_scratch *graph_scratch(struct accel_context *ctx)
{
	if (!ctx->scratch) {
		ctx->scratch = mem_zalloc(sizeof(*ctx->scratch));
		ctx->scratch_free = scratch_free;
	}
	return ctx->scratch;
}

struct accel_tensor *node_storage(struct accel_tensor *t)
{
	while (!node_ready(t) && op_table[t->op].class == CLASS_VIEW)
		t = t->in[0];
	return t;
}

static accel_status push(struct accel_tensor ***list, uint32_t *n,
			 uint32_t *cap, struct accel_tensor *t)
{
	if (mem_grow(list, cap, *n + 1, sizeof(**list)))
		return ACCEL_ERR_NOMEM;
	(*list)[(*n)++] = t;
	return ACCEL_OK;
}

static accel_status key_put(struct graph_scratch *s, const void *p, size_t n)
{
	if (mem_grow(&s->key, &s->cap_key, s->n_key + (uint32_t)n, 1))
		return ACCEL_ERR_NOMEM;
	memcpy(s->key + s->n_key, p, n);
	s->n_key += (uint32_t)n;
	return ACCEL_OK;
}

/* A node's part of the key: all that decides what is compiled for it. */
static accel_status key_node(struct graph_scratch *s,
			     const struct accel_tensor *t)
{
	uint32_t head[2 + ACCEL_MAX_DIMS + 4], n = 0, i;
	bool leaf = node_ready(t);

	head[n++] = (uint32_t)(leaf ? OP_DATA : t->op) | t->l.dtype << 8 |
		    (uint32_t)t->l.ndim << 16;
	head[n++] = leaf ? 0 : t->n_in;
	for (i = 0; i < t->l.ndim; i++)
		head[n++] = (uint32_t)t->l.shape[i];
	for (i = 0; !leaf && i < t->n_in && i < 4; i++)
		head[n++] = t->in[i]->index;
	if (key_put(s, head, n * sizeof(head[0])))
		return ACCEL_ERR_NOMEM;
	for (; !leaf && i < t->n_in; i++)
		if (key_put(s, &t->in[i]->index, sizeof(uint32_t)))
			return ACCEL_ERR_NOMEM;
	if (leaf)
		return ACCEL_OK;
	return key_put(s, &t->attr, op_table[t->op].attr_bytes);
}

/* The end of a key: where its nodes, roots and assignments are. */
static accel_status key_counts(struct graph_scratch *s)
{
	const uint32_t counts[] = { s->n_nodes, s->n_roots, s->n_assigns };

	return key_put(s, counts, sizeof(counts));
}

static accel_status visit(struct graph_scratch *s, struct accel_tensor *t)
{
	accel_status err;

	if (t->spoiled) {
		s->late = t;
		return ACCEL_ERR_INVALID;
	}
	err = push(&s->nodes, &s->n_nodes, &s->cap_nodes, t);
	if (!err && node_ready(t))
		err = push(&s->leaves, &s->n_leaves, &s->cap_leaves, t);
	else if (!err && t->op == OP_SCALAR)
		err = push(&s->scalars, &s->n_scalars, &s->cap_scalars, t);
	if (err)
		return err;
	t->index = s->n_nodes - 1;
	return key_node(s, t);
}

static accel_status stale(struct accel_tensor *t)
{
	t->ctx->scratch->late = t;
	return ACCEL_ERR_INVALID;
}

accel_status graph_spoiled(const struct accel_tensor *t)
{
	return accel_error(ACCEL_ERR_INVALID,
			   "%s %s may be half updated by a step that failed: "
			   "accel_write() it",
			   accel_dtype_name(t->l.dtype), layout_text(&t->l));
}

/* The text of an error whose text is not there yet. */
static accel_status report(const struct graph_scratch *s, accel_status err)
{
	const struct accel_tensor *t = s->late;

	if (err != ACCEL_ERR_INVALID)
		return err;
	if (t->spoiled)
		return graph_spoiled(t);
	return accel_error(err,
			   "%s %s was recorded before an update of its input "
			   "that has been carried out since: read it earlier, "
			   "or accel_keep() it",
			   op_table[t->op].name, layout_text(&t->l));
}

/*
 * Depth first, inputs before users, without recursion. A node is on the stack
 * once more when its inputs are done: told apart by its stamp. `taped`: past
 * values at hand, too, as far as a tape kept what they were made from.
 */
static accel_status walk_from(struct accel_context *ctx,
			      struct accel_tensor *root, bool taped)
{
	struct graph_scratch *s = ctx->scratch;
	uint64_t open = ctx->stamp, done = ctx->stamp + 1;
	uint32_t n = 0, i;
	accel_status err;

	if (root->stamp == done)
		return ACCEL_OK;
	err = push(&s->stack, &n, &s->cap_stack, root);
	while (!err && n) {
		struct accel_tensor *t = s->stack[n - 1];

		if (t->stamp == done) {
			n--;
			continue;
		}
		if (t->stamp == open || (node_ready(t) && !taped) || !t->n_in) {
			n--;
			t->stamp = done;
			err = visit(s, t);
			continue;
		}
		t->stamp = open;
		for (i = t->n_in; i-- && !err;) {
			struct accel_tensor *in = t->in[i];

			if (in->written > t->seq)
				return stale(t);
			if (in->stamp != done)
				err = push(&s->stack, &n, &s->cap_stack, in);
		}
	}
	return err;
}

/* A view recorded before an update of what it looks into, or NULL. */
static struct accel_tensor *stale_view(struct accel_tensor *t)
{
	for (; !node_ready(t) && op_table[t->op].class == CLASS_VIEW;
	     t = t->in[0])
		if (t->in[0]->written > t->seq)
			return t;
	return NULL;
}

/* By the accel_write() under way. */
static bool overwritten(const struct accel_tensor *t)
{
	const struct accel_tensor *by = t->ctx->overwritten;

	return by && buffer_overlaps(t->buf, by->buf);
}

/*
 * One that only looks at a tensor that is about to be updated gets storage of
 * its own, and is what it was.
 */
static accel_status add_root(struct accel_context *ctx, struct accel_tensor *t)
{
	struct graph_scratch *s = ctx->scratch;
	struct accel_tensor *from = node_storage(t);
	accel_status err;
	uint32_t i;

	if (stale_view(t))
		return stale(stale_view(t));
	if (node_ready(from) &&
	    (t == from || (!from->pending && !overwritten(from))))
		return ACCEL_OK;
	if (!node_ready(from))
		t = from;
	for (i = 0; i < s->n_roots; i++)
		if (s->roots[i] == t)
			return ACCEL_OK;
	err = walk_from(ctx, t, false);
	return err ? err : push(&s->roots, &s->n_roots, &s->cap_roots, t);
}

static accel_status reset(struct accel_context *ctx)
{
	struct graph_scratch *s;

	if (context_check(ctx))
		return ACCEL_ERR_LOST;
	s = graph_scratch(ctx);
	if (!s)
		return ACCEL_ERR_NOMEM;
	s->n_nodes = s->n_roots = s->n_leaves = s->n_scalars = s->n_key = 0;
	s->n_assigns = 0;
	ctx->stamp += 2;
	return ACCEL_OK;
}

accel_status graph_reach(struct accel_context *ctx, struct accel_tensor *t)
{
	accel_status err = reset(ctx);

	return err ? err
		   : report(ctx->scratch, walk_from(ctx, t, ctx->n_tapes));
}

/* Every kept tensor that can still be computed, unless *again: one was met that
 * cannot, and the walk is to be made without it. */
static accel_status add_kept(struct accel_context *ctx, bool *again)
{
	struct accel_tensor *t;
	accel_status err = ACCEL_OK;

	*again = false;
	for (t = ctx->n_kept ? ctx->nodes : NULL; t && !err; t = t->next) {
		if (!t->kept || t->computed || t->late)
			continue;
		err = add_root(ctx, t);
		if (err == ACCEL_ERR_INVALID)
			*again = t->late = true;
	}
	return err;
}

accel_status graph_walk(struct accel_context *ctx, struct accel_tensor *target)
{
	struct graph_scratch *s;
	accel_status err;
	bool again;
	uint32_t i;

	do {
		again = false;
		err = reset(ctx);
		if (!err && target)
			err = add_root(ctx, target);
		if (!err)
			err = add_kept(ctx, &again);
	} while (again);
	s = ctx->scratch;
	if (err)
		return s ? report(s, err) : err;
	s->n_assigns = ctx->n_assigns;
	for (i = 0; i < ctx->n_assigns && !err; i++) {
		err = walk_from(ctx, ctx->assigns[i], false);
		if (!err)
			err = walk_from(ctx, ctx->assigns[i]->pending, false);
		/* it is too late for this one, not for all that comes after */
		if (err == ACCEL_ERR_INVALID)
			graph_discard_one(ctx, i);
	}
	for (i = 0; i < s->n_roots && !err; i++)
		err = key_put(s, &s->roots[i]->index, sizeof(uint32_t));
	for (i = 0; i < ctx->n_assigns && !err; i++) {
		uint32_t pair[2] = { ctx->assigns[i]->index | 1u << 31,
				     ctx->assigns[i]->pending->index };

		err = key_put(s, pair, sizeof(pair));
	}
	if (!err)
		err = key_counts(s);
	return report(s, err);
}
