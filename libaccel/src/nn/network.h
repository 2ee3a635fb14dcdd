/* SPDX-License-Identifier: MIT */
/* The nodes and layers that models share. */
#ifndef ACCEL_NN_NETWORK_H
#define ACCEL_NN_NETWORK_H

#include <accel/model.h>

#include "layer.h"

#define MERGE_MAX 16 /* inputs of a layer that joins */

/* A value of a model: one of its inputs, or a layer applied to others. */
struct accel_node {
	struct network *net;
	struct accel_layer *layer; /* a reference; NULL: an input */
	uint64_t seq; /* inputs before users */
	struct shape out; /* known once a model is built */
	/* of the model at work: */
	uint32_t index;
	bool used;
	accel_tensor *value;
	uint32_t n_in;
	struct accel_node *in[];
};

/*
 * Nodes that hang together, in the order of their making. They belong to the
 * models over them by count; before the first, to the context.
 */
struct network {
	struct accel_context *ctx;
	struct network *prev, *next; /* of the context */
	struct accel_node **node;
	uint32_t n, cap;
	uint32_t models;
};

/* An input in a network of its own; its shape is the caller's to set. */
struct accel_node *network_input(struct accel_context *ctx);
/* A layer applied to nodes that live; neither is NULL. Takes a reference, not
 * the handle. */
struct accel_node *network_apply(struct accel_layer *layer, uint32_t n,
				 struct accel_node *const *in);
/* Makes one network of two. ERR_NOMEM: both are as they were. */
accel_status network_join(struct network *a, struct network *b);

/* One model more, one less: the last one frees the nodes. */
void network_get(struct network *net);
void network_put(struct network *net);

#endif /* ACCEL_NN_NETWORK_H */
