/* SPDX-License-Identifier: MIT */
/* Nodes of the graph, and the context that has them. */
#ifndef ACCEL_TENSOR_NODE_H
#define ACCEL_TENSOR_NODE_H

#include <stdatomic.h>

#include "../base/fork.h"
#include "buffer.h"
#include "layout.h"

/*
 * What an op needs to know beside its inputs. One struct for all: see the op's
 * file for the fields it uses. Zeroed first, compared as bytes, and only up to
 * the op's `attr_bytes`.
 */
struct op_attr {
	double value; /* constant, epsilon, pad value */
	uint32_t axes; /* bit set */
	int32_t axis;
	int32_t mode;
	int32_t groups;
	int32_t stride[2], pad[4], dilation[2], kernel[2];
	int64_t lo[ACCEL_MAX_DIMS], hi[ACCEL_MAX_DIMS], step[ACCEL_MAX_DIMS];
};

/* A tensor is a node of the graph: recorded, then perhaps computed. */
struct accel_tensor {
	struct accel_context *ctx;
	struct accel_tensor *prev, *next; /* all nodes of the context */
	uint32_t refs; /* consumers, plus 1 for the user's handle */
	uint32_t scope_pos; /* in ctx->handles, + 1; 0: none */
	bool handle; /* the user can reach it */
	bool kept;
	bool late; /* kept when it could not be computed any more */
	bool imported; /* a view that is a tensor to its user */
	bool lent; /* a model's: its user cannot destroy it */
	bool spoiled; /* a step that failed may have half updated it */
	bool forgotten; /* computed, and no longer known from what */
	bool computed; /* buf holds the value; no inputs any more */
	uint8_t op; /* enum op */
	uint32_t n_in;
	uint64_t stamp; /* of the last walk that met it: never one twice */
	uint32_t index; /* in that walk */
	uint64_t seq; /* order of recording */
	uint64_t written; /* seq at which buf last changed */
	struct layout l;
	struct op_attr attr;
	struct buffer *buf;
	struct accel_tensor *pending; /* value assigned, not yet carried out */
	uint64_t value_of; /* made to be assigned: the target's seq, else 0 */
	struct accel_tensor **in;
	struct accel_tensor *in_fixed[4];
};

/* An open tape: values keep what they were made from. */
#define TAPES 8
struct accel_tape {
	struct accel_context *ctx;
	uint32_t depth; /* open tapes, this one too */
};

struct accel_context {
	struct device *dev;
	struct accel_tensor *nodes; /* all of them */
	struct accel_tensor *spare; /* freed nodes, for reuse */
	struct accel_tensor **handles; /* of open scopes */
	uint32_t n_handles, cap_handles;
	uint32_t *marks; /* where each open scope begins in handles */
	uint32_t n_marks, cap_marks;
	struct accel_tensor **assigns; /* with ->pending set */
	uint32_t n_assigns, cap_assigns;
	struct accel_tensor *overwritten; /* by the accel_write() under way */
	uint32_t n_kept; /* kept and not computed */
	uint64_t stamp; /* 32 bits are 2.9 hours of back-to-back reads */
	uint64_t seq;
	uint64_t seed, random_calls;
	struct accel_tape tape[TAPES];
	uint32_t n_tapes;
	uint64_t memory_limit;
	struct buffer *pool[160]; /* free, by size class */
	uint64_t bytes_pooled;
	uint64_t bytes_scratch; /* what the device works in */
	uint64_t runs; /* of plans */
	uint64_t allocations_base;
	bool lost; /* the device is gone */
	bool closed; /* but still held */
	uint32_t era; /* of fork.h, or CONTEXT_CLOSED */
	bool differentiating; /* ops read the nodes of a graph, not tensors */
	accel_counters counters;
	struct plan_cache *plans; /* graph/ */
	void (*plans_free)(struct accel_context *ctx);
	uint32_t plan_limit;
	/* Set by whoever must be able to end a long compilation (NULL: none):
	 * once true, plans that are being made are given up. */
	const atomic_bool *stop;
	bool stopped; /* the last plan to be made was */
	struct network *networks; /* nn/: nodes that no model holds, too */
	void (*networks_free)(struct accel_context *ctx);
	/* scratch of graph/, reused from step to step */
	struct graph_scratch *scratch;
	void (*scratch_free)(struct accel_context *ctx);
};

/*
 * A new node holding references to its inputs, owned by the open scope. The
 * caller fills the attributes. NULL when out of memory.
 */
struct accel_tensor *node_create(struct accel_context *ctx, int op,
				 uint32_t n_in, struct accel_tensor *const *in,
				 const struct layout *l);
/* Takes a node out of its scope: its handle stays. */
void node_unscope(struct accel_tensor *t);
void node_ref(struct accel_tensor *t);
void node_unref(struct accel_tensor *t);
/* Drops the inputs of a node whose value is in its buffer. */
void node_forget(struct accel_tensor *t);

/* ACCEL_OK, or ERR_LOST with its text of a context that was closed, or that is
 * the parent's of this process. */
#define CONTEXT_CLOSED UINT32_MAX
accel_status context_refuse(const struct accel_context *ctx);
static inline accel_status context_check(const struct accel_context *c)
{
	return c->era == fork_era() ? ACCEL_OK : context_refuse(c);
}

/* What keeps tensors of its own from call to call holds their context: closed
 * before it is dropped, the context refuses all calls, and is freed then. */
void context_hold(struct accel_context *ctx);
void context_drop(struct accel_context *ctx);

struct accel_context *context_create(struct device *dev,
				     const accel_open_options *options);

#endif /* ACCEL_TENSOR_NODE_H */
