/* SPDX-License-Identifier: MIT */
/*
 * An order of groups in which each comes after all it reads, kept while groups
 * are joined and edges added: a question of what depends on what looks no
 * further than at what stands between the two.
 */
#ifndef ACCEL_GRAPH_ORDER_H
#define ACCEL_GRAPH_ORDER_H

#include "ir.h"

/* Readers of each node, and every node's own group in the order recorded. */
void order_start(struct ir *ir);

/*
 * Would groups a and b, which reads a, as one have to wait for themselves? So
 * it is where b reads what a makes in another order than it is made in, and
 * where anything outside that b reads comes from a.
 */
bool order_tangled(struct ir *ir, uint32_t a, uint32_t b);
/* After order_tangled() said no: b has a's members, too, and a is no more. */
void order_join(struct ir *ir, uint32_t a, uint32_t b);

/* An edge beyond those of data: group `before` runs before group `after`. */
struct order_edge {
	uint32_t before, after;
	uint32_t next_out, next_in; /* of the same before, of the same after */
};

struct order_edges {
	struct order_edge *edge;
	uint32_t n, cap;
	uint32_t *out, *in, *last_in; /* by group */
};

/* Puts group g after those of all nodes that read `node` but itself, unless one
 * of them runs after g, by data or by an edge. */
bool order_last(struct ir *ir, const struct order_edges *e, uint32_t g,
		uint32_t node);

#endif /* ACCEL_GRAPH_ORDER_H */
