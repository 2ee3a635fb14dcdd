/* SPDX-License-Identifier: MIT */
/*
 * The walk over the pending graph: its nodes in an order in which inputs come
 * first, and the key under which its plan is kept.
 */
#ifndef ACCEL_GRAPH_WALK_H
#define ACCEL_GRAPH_WALK_H

#include "../tensor/node.h"

struct graph_scratch {
	struct accel_tensor **nodes; /* inputs first */
	struct accel_tensor **stack;
	struct accel_tensor **roots; /* become results */
	struct accel_tensor **leaves; /* with storage */
	struct accel_tensor **scalars;
	uint8_t *key;
	struct buffer **bind;
	/* of accel_grad(), by node */
	struct accel_tensor **grad;
	bool *wanted;
	struct accel_tensor *late; /* the node that made a walk fail */
	uint32_t n_nodes, n_roots, n_leaves, n_scalars, n_key, n_assigns;
	uint32_t cap_nodes, cap_stack, cap_roots, cap_leaves, cap_scalars;
	uint32_t cap_key, cap_bind, cap_grad, cap_wanted;
};

struct graph_scratch *graph_scratch(struct accel_context *ctx);

/* A tensor whose value is at hand: it is an input to plans. */
static inline bool node_ready(const struct accel_tensor *t)
{
	return t->buf != NULL;
}

/* The node whose storage a view looks into. */
struct accel_tensor *node_storage(struct accel_tensor *t);

/*
 * Walks from `target` (NULL: nothing more than what is pending), pending
 * assignments and kept tensors, but those that can no longer be computed; fills
 * the scratch.
 *
 * ERR_INVALID: a node was recorded before an input of it was overwritten.
 */
accel_status graph_walk(struct accel_context *ctx, struct accel_tensor *target);

/* Computes a tensor, which stays its scope's (NULL: none), and all that is
 * pending. */
accel_status graph_realize(struct accel_context *ctx,
			   struct accel_tensor *target);

/* Walks from one tensor only. */
accel_status graph_reach(struct accel_context *ctx, struct accel_tensor *t);

/* Forgets pending assignments, after a step that could not be carried out. */
void graph_discard(struct accel_context *ctx);
void graph_discard_one(struct accel_context *ctx, uint32_t i);

/* ERR_INVALID with its text, of a tensor whose update failed half-way. */
accel_status graph_spoiled(const struct accel_tensor *t);

/* True for a node that the last walk met. */
static inline bool graph_met(const struct accel_tensor *t)
{
	return t->stamp == t->ctx->stamp + 1;
}

#endif /* ACCEL_GRAPH_WALK_H */
