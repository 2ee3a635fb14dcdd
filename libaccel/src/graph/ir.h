/* SPDX-License-Identifier: MIT */
/*
 * The graph while it is being planned: a private copy that passes may change.
 * Views are gone: each input says which node's storage it reads, and how.
 */
#ifndef ACCEL_GRAPH_IR_H
#define ACCEL_GRAPH_IR_H

#include <math.h>

#include "plan.h"
#include "walk.h"

#define IR_NONE UINT32_MAX

struct ir_input {
	uint32_t node;
	struct layout l;
};

/* What to do with a node's value at the end. */
enum ir_home {
	HOME_TEMP,
	HOME_RESULT, /* index: which */
	HOME_LEAF, /* updated in place; index: which */
};

struct ir_node {
	enum op op;
	struct layout l; /* dense */
	const struct op_attr *attr; /* of the recorded node */
	struct op_attr own; /* used when a pass made the node */
	double value; /* of CONST */
	struct ir_input *in;
	uint32_t n_in;
	uint32_t slot; /* DATA: which leaf; SCALAR: which parameter */
	uint32_t uses; /* by live nodes */
	bool live;
	bool copied; /* at the end, into a leaf */
	enum ir_home home;
	uint32_t home_index;
	uint32_t group; /* the kernel it is part of: a representative node */
	uint64_t hash;
};

/* A kernel to be: one node, or element-wise ones, or one and its tail. */
struct ir_group {
	uint32_t first; /* members, in order, linked by ir->next_member */
	uint32_t base; /* the node that is not element-wise, or IR_NONE */
	uint32_t n; /* members */
};

/* A final copy of a temporary into a leaf that could not be updated in place */
struct ir_copy {
	uint32_t node, leaf;
};

/* Where a group stands in an order in which all can run. */
struct ir_place {
	uint64_t at; /* grows along the order, with gaps */
	uint32_t prev, next;
};

struct ir {
	struct accel_context *ctx;
	struct ir_node *node;
	uint32_t n, cap;
	struct ir_input
		*operand; /* of each recorded node: where its value is */
	struct ir_input *inputs; /* pool for ->in */
	uint32_t n_inputs, cap_inputs;
	uint32_t *result; /* node of each root */
	uint32_t n_results;
	uint32_t *assign; /* node of each assignment */
	uint32_t *assign_leaf;
	uint32_t n_assigns;
	struct ir_group *group; /* by representative */
	uint32_t *next_member;
	uint32_t *order; /* representatives, in the order they run */
	uint32_t n_order;
	struct ir_copy *copy;
	uint32_t n_copies;
	uint32_t *reader; /* of each node, one entry a use */
	uint32_t *first_reader; /* by node, and one more: the end */
	uint32_t *same; /* nodes by hash: the chains that find equal ones */
	uint32_t *next_same;
	uint32_t same_mask;
	/* of order.c */
	struct ir_place *place; /* by representative */
	uint32_t head; /* the first in order */
	uint32_t *tree, *tree_n; /* of each node in a spanning tree */
	uint32_t n_between; /* groups that the last search found */
	bool joins_late; /* ... to run after what joins, not before */
	uint32_t *mark; /* scratch of searches */
	uint32_t *stack, *stack_back;
	uint32_t stamp;
	uint64_t n_edges; /* that searches and the schedule looked at */
	uint32_t n_folded, n_merged, n_fused;
};

/* From the scratch that graph_walk() filled, simplified: constants folded,
 * equal nodes merged, identities removed, dead nodes left out. */
accel_status ir_build(struct accel_context *ctx, struct ir *ir);
/* Joins nodes into kernels. ERR_BUSY here and below: ctx->stop. */
accel_status ir_fuse(struct ir *ir);
/* Orders kernels and decides which assignments happen in place. */
accel_status ir_schedule(struct ir *ir);
/* Steps, slots and the arena. */
accel_status ir_lower(struct ir *ir, struct plan *plan);
void ir_finish(struct ir *ir);

/* Whether the plan is to be given up: asked by what takes long. The error's
 * text is there then. */
bool ir_stopped(const struct ir *ir);

/* True if `in` reads every element of its node in place, in order. */
static inline bool ir_aligned(const struct ir *ir, const struct ir_input *in,
			      const struct layout *shape)
{
	return !in->l.offset && layout_same_shape(&in->l, shape) &&
	       layout_same_shape(&ir->node[in->node].l, shape) &&
	       layout_dense(&in->l);
}

static inline const struct op_attr *ir_attr(const struct ir_node *n)
{
	return n->attr ? n->attr : &n->own;
}

/* One immediate for both: 0 is not -0. */
static inline bool ir_same_number(double a, double b)
{
	return a == b && !signbit(a) == !signbit(b);
}

static inline bool ir_elementwise(const struct ir_node *n)
{
	return op_elementwise(n->op);
}

/* A node of a group's members that is read elsewhere or is kept. */
bool ir_escapes(const struct ir *ir, uint32_t node);

#endif /* ACCEL_GRAPH_IR_H */
