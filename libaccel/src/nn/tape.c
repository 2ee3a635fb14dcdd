// SPDX-License-Identifier: MIT
/* Tapes, and steps as functions. */
#include <accel/tape.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../tensor/node.h"

accel_tape *accel_tape_begin(accel_context *ctx)
{
	struct accel_tape *t;

	if (!ctx)
		return NULL;
	if (ctx->n_tapes == TAPES)
		return accel_error_null(ACCEL_ERR_RANGE,
					"tape: over %d in each other", TAPES);
	if (accel_scope_begin(ctx))
		return NULL;
	t = &ctx->tape[ctx->n_tapes++];
	*t = (struct accel_tape){ ctx, ctx->n_tapes };
	return t;
}

accel_status accel_tape_gradient(accel_tape *tape, accel_tensor *loss, int n,
				 accel_tensor *const *wrt, accel_tensor **grads)
{
	if (!tape)
		return accel_error(ACCEL_ERR_INVALID, "tape: none is open");
	return accel_grad(loss, n, wrt, grads);
}

accel_status accel_tape_end(accel_tape *tape)
{
	struct accel_context *ctx;
	struct accel_tensor *t;

	if (!tape)
		return ACCEL_OK;
	ctx = tape->ctx;
	if (tape->depth != ctx->n_tapes)
		return accel_error(ACCEL_ERR_INVALID,
				   "tape: number %u ends, %u is the innermost",
				   tape->depth, ctx->n_tapes);
	ctx->n_tapes--;
	accel_scope_end(ctx);
	/* what was kept needs its history no longer */
	for (t = ctx->n_tapes ? NULL : ctx->nodes; t; t = t->next)
		if (t->computed && t->n_in)
			node_forget(t);
	return ACCEL_OK;
}

/* ---- functions ---- */

#define MAX_OUT 16

struct accel_function {
	accel_context *ctx;
	accel_function_body *body;
	void *user;
	int n_out;
	uint64_t *seen; /* shapes and types, hashed */
	uint32_t n_seen, cap_seen;
};

accel_function *accel_function_create(accel_context *ctx,
				      accel_function_body *body, void *user,
				      int n_out)
{
	struct accel_function *f;

	if (!ctx || !body || n_out < 0 || n_out > MAX_OUT)
		return accel_error_null(ACCEL_ERR_INVALID,
					"function: %d results, the limit is %d",
					n_out, MAX_OUT);
	f = mem_zalloc(sizeof(*f));
	if (!f)
		return NULL;
	*f = (struct accel_function){ ctx, body, user, n_out, NULL, 0, 0 };
	context_hold(ctx);
	return f;
}

void accel_function_destroy(accel_function *f)
{
	if (!f)
		return;
	mem_free(f->seen);
	context_drop(f->ctx);
	mem_free(f);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0xff51afd7ed558ccd;
	return h ^ h >> 32;
}

static uint64_t signature(int n, accel_tensor *const *in)
{
	uint64_t h = mix(0x9e3779b97f4a7c15, (uint64_t)n);
	int i, d;

	for (i = 0; i < n; i++) {
		h = mix(h, (uint64_t)accel_tensor_dtype(in[i]));
		h = mix(h, (uint64_t)accel_tensor_ndim(in[i]));
		for (d = 0; d < accel_tensor_ndim(in[i]); d++)
			h = mix(h, (uint64_t)accel_tensor_dim(in[i], d));
	}
	return h;
}

/* 1: seen before, 0: not until now, -1: out of memory. */
static int seen(struct accel_function *f, uint64_t h)
{
	uint32_t i;

	for (i = 0; i < f->n_seen; i++)
		if (f->seen[i] == h)
			return 1;
	if (mem_grow(&f->seen, &f->cap_seen, f->n_seen + 1, sizeof(*f->seen)))
		return -1;
	f->seen[f->n_seen++] = h;
	return 0;
}

static accel_status run(struct accel_function *f, int n_in,
			accel_tensor *const *in, accel_tensor **out)
{
	accel_status err = f->body(f->user, n_in, in, f->n_out, out);
	int i;

	for (i = 0; i < f->n_out && !err; i++)
		if (!accel_keep(out[i]))
			err = ACCEL_ERR_INVALID; /* the failed op's text */
	if (!err)
		err = accel_sync(f->ctx);
	for (i = 0; i < f->n_out && !err; i++)
		if (out[i]->late)
			err = accel_error(ACCEL_ERR_INVALID,
					  "function: result %d was recorded "
					  "before an update of its inputs",
					  i);
	return err;
}

accel_status accel_function_call(accel_function *f, int n_in,
				 accel_tensor *const *in, accel_tensor **out)
{
	accel_tensor *result[MAX_OUT] = { NULL };
	uint64_t before;
	accel_status err;
	int again, i;

	if (!f)
		return accel_error(ACCEL_ERR_INVALID, "function: none");
	if (n_in < 0 || (n_in && !in) || (f->n_out && !out))
		return accel_error(ACCEL_ERR_INVALID,
				   "function: %d tensors and %d results, some "
				   "of them at no place",
				   n_in, f->n_out);
	for (i = 0; i < n_in; i++)
		if (!in[i])
			return ACCEL_ERR_INVALID;
	again = seen(f, signature(n_in, in));
	err = again < 0 ? ACCEL_ERR_NOMEM : accel_scope_begin(f->ctx);
	if (err)
		return err;
	before = f->ctx->counters.plans_compiled;
	err = run(f, n_in, in, result);
	accel_scope_end(f->ctx);
	if (!err && again && f->ctx->counters.plans_compiled != before &&
	    !f->ctx->counters.plans_evicted)
		err = accel_error(ACCEL_ERR_INVALID,
				  "function: a later call with the same shapes "
				  "recorded another graph: numbers that change "
				  "belong in accel_scalar()");
	for (i = 0; i < f->n_out; i++) {
		out[i] = err ? NULL : result[i];
		if (err)
			accel_tensor_destroy(result[i]);
	}
	return err;
}
