// SPDX-License-Identifier: MIT
/* Nodes of the graph: made, counted, freed; scopes. */
#include "node.h"

#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"

static struct accel_tensor *node_take(struct accel_context *ctx)
{
	struct accel_tensor *t = ctx->spare;

	if (!t)
		return mem_zalloc(sizeof(*t));
	ctx->spare = t->next;
	memset(t, 0, sizeof(*t));
	return t;
}

/* Writes the node into the open scope's list. */
static int scope_add(struct accel_context *ctx, struct accel_tensor *t)
{
	if (!ctx->n_marks)
		return 0;
	if (mem_grow(&ctx->handles, &ctx->cap_handles, ctx->n_handles + 1,
		     sizeof(*ctx->handles)))
		return -1;
	ctx->handles[ctx->n_handles++] = t;
	t->scope_pos = ctx->n_handles;
	return 0;
}

void node_unscope(struct accel_tensor *t)
{
	if (t->scope_pos)
		t->ctx->handles[t->scope_pos - 1] = NULL;
	t->scope_pos = 0;
}

struct accel_tensor *node_create(struct accel_context *ctx, int op,
				 uint32_t n_in, struct accel_tensor *const *in,
				 const struct layout *l)
{
	struct accel_tensor *t = context_check(ctx) ? NULL : node_take(ctx);
	uint32_t i;

	if (!t)
		return NULL;
	t->in = t->in_fixed;
	if (n_in > 4) {
		t->in = mem_alloc(n_in * sizeof(*t->in));
		if (!t->in) {
			mem_free(t);
			return NULL;
		}
	}
	if (scope_add(ctx, t)) {
		if (t->in != t->in_fixed)
			mem_free(t->in);
		mem_free(t);
		return NULL;
	}
	t->ctx = ctx;
	t->op = (uint8_t)op;
	t->l = *l;
	t->seq = ++ctx->seq;
	t->refs = 1;
	t->handle = true;
	t->n_in = n_in;
	for (i = 0; i < n_in; i++) {
		t->in[i] = in[i];
		node_ref(in[i]);
	}
	t->next = ctx->nodes;
	if (ctx->nodes)
		ctx->nodes->prev = t;
	ctx->nodes = t;
	return t;
}

void node_ref(struct accel_tensor *t)
{
	t->refs++;
}

/* Unlinks a node that nothing refers to and puts its inputs on the worklist.
 * Not recursive: a chain may be 100,000 nodes long. */
static struct accel_tensor *node_free(struct accel_tensor *t,
				      struct accel_tensor *work)
{
	struct accel_context *ctx = t->ctx;
	uint32_t i;

	for (i = 0; i < t->n_in; i++) {
		struct accel_tensor *in = t->in[i];

		if (--in->refs)
			continue;
		/* reuse `pending` as the link: a dead node has none */
		in->pending = work;
		work = in;
	}
	if (t->in != t->in_fixed)
		mem_free(t->in);
	buffer_put(t->buf);
	if (t->kept && !t->computed)
		ctx->n_kept--;
	if (t->prev)
		t->prev->next = t->next;
	else
		ctx->nodes = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->next = ctx->spare;
	ctx->spare = t;
	return work;
}

void node_unref(struct accel_tensor *t)
{
	struct accel_tensor *work = NULL;

	if (!t || --t->refs)
		return;
	do {
		work = node_free(t, work);
		t = work;
		if (t) {
			work = t->pending;
			t->pending = NULL;
		}
	} while (t);
}

void node_forget(struct accel_tensor *t)
{
	uint32_t i, n = t->n_in;
	struct accel_tensor **in = t->in;
	struct accel_tensor *fixed[4];

	t->forgotten = t->forgotten || n;
	if (in == t->in_fixed) {
		memcpy(fixed, in, sizeof(fixed));
		in = fixed;
	}
	t->n_in = 0;
	t->in = t->in_fixed;
	for (i = 0; i < n; i++)
		node_unref(in[i]);
	if (in != fixed)
		mem_free(in);
}

void accel_tensor_destroy(accel_tensor *t)
{
	if (!t || !t->handle || t->lent)
		return;
	node_unscope(t);
	t->handle = false;
	if (t->kept && !t->computed)
		t->ctx->n_kept--;
	t->kept = false;
	node_unref(t);
}

accel_tensor *accel_keep(accel_tensor *t)
{
	if (!t)
		return NULL;
	node_unscope(t);
	if (!t->kept && !t->computed)
		t->ctx->n_kept++;
	t->kept = true;
	return t;
}

accel_status accel_scope_begin(accel_context *ctx)
{
	if (!ctx)
		return accel_error(ACCEL_ERR_INVALID,
				   "accel_scope_begin: no context");
	if (context_check(ctx))
		return ACCEL_ERR_LOST;
	if (mem_grow(&ctx->marks, &ctx->cap_marks, ctx->n_marks + 1,
		     sizeof(*ctx->marks)))
		return ACCEL_ERR_NOMEM;
	ctx->marks[ctx->n_marks++] = ctx->n_handles;
	return ACCEL_OK;
}

accel_status accel_scope_end(accel_context *ctx)
{
	uint32_t mark;

	if (!ctx || !ctx->n_marks)
		return accel_error(ACCEL_ERR_INVALID,
				   "accel_scope_end: no scope is open");
	mark = ctx->marks[--ctx->n_marks];
	while (ctx->n_handles > mark) {
		struct accel_tensor *t = ctx->handles[--ctx->n_handles];

		if (!t)
			continue;
		t->scope_pos = 0;
		t->handle = false;
		node_unref(t);
	}
	return ACCEL_OK;
}

accel_dtype accel_tensor_dtype(const accel_tensor *t)
{
	return t ? (accel_dtype)t->l.dtype : ACCEL_F32;
}

int accel_tensor_ndim(const accel_tensor *t)
{
	return t ? t->l.ndim : 0;
}

int64_t accel_tensor_dim(const accel_tensor *t, int axis)
{
	axis = t ? layout_axis(&t->l, axis) : -1;
	return axis < 0 ? 0 : t->l.shape[axis];
}

const int64_t *accel_tensor_shape(const accel_tensor *t)
{
	return t ? t->l.shape : NULL;
}

int64_t accel_tensor_count(const accel_tensor *t)
{
	return t ? layout_count(&t->l) : 0;
}

accel_context *accel_tensor_context(const accel_tensor *t)
{
	return t ? t->ctx : NULL;
}
