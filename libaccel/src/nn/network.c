// SPDX-License-Identifier: MIT
/* Nodes: layers applied to values, and which of them hang together. */
#include "network.h"

#include <stdatomic.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "../tensor/node.h"

static void node_destroy(struct accel_node *node)
{
	object_put(node->layer);
	object_put(node);
}

static void network_free(struct network *net)
{
	uint32_t i;

	if (net->prev)
		net->prev->next = net->next;
	else
		net->ctx->networks = net->next;
	if (net->next)
		net->next->prev = net->prev;
	for (i = 0; i < net->n; i++)
		node_destroy(net->node[i]);
	mem_free(net->node);
	mem_free(net);
}

/* At accel_close(): what no model holds. */
static void free_unused(struct accel_context *ctx)
{
	struct network *net, *next;

	for (net = ctx->networks; net; net = next) {
		next = net->next;
		if (!net->models)
			network_free(net);
	}
}

static struct network *network_new(struct accel_context *ctx)
{
	struct network *net = mem_zalloc(sizeof(*net));

	if (!net)
		return NULL;
	net->ctx = ctx;
	net->next = ctx->networks;
	if (net->next)
		net->next->prev = net;
	ctx->networks = net;
	ctx->networks_free = free_unused;
	return net;
}

static struct accel_node *node_add(struct network *net,
				   struct accel_layer *layer, uint32_t n,
				   struct accel_node *const *in)
{
	static _Atomic uint64_t seq;
	struct accel_node *node;
	uint32_t i;

	node = mem_zalloc(sizeof(*node) + n * sizeof(struct accel_node *));
	if (!node ||
	    mem_grow(&net->node, &net->cap, net->n + 1,
		     sizeof(struct accel_node *)) ||
	    object_add(node, OBJECT_NODE, mem_free)) {
		mem_free(node);
		return NULL;
	}
	node->net = net;
	node->layer = layer;
	if (layer)
		object_ref(layer);
	node->seq = atomic_fetch_add(&seq, 1) + 1;
	node->n_in = n;
	for (i = 0; i < n; i++)
		node->in[i] = in[i];
	net->node[net->n++] = node;
	return node;
}

struct accel_node *network_input(struct accel_context *ctx)
{
	struct network *net = network_new(ctx);
	struct accel_node *node = net ? node_add(net, NULL, 0, NULL) : NULL;

	if (net && !node)
		network_free(net);
	return node;
}

accel_status network_join(struct network *a, struct network *b)
{
	uint32_t n = a->n + b->n, i, j, k;
	struct accel_node **all;

	if (a == b)
		return ACCEL_OK;
	all = mem_alloc(n * sizeof(struct accel_node *));
	if (!all)
		return ACCEL_ERR_NOMEM;
	for (i = j = k = 0; k < n; k++) {
		bool first = j == b->n ||
			     (i < a->n && a->node[i]->seq < b->node[j]->seq);

		all[k] = first ? a->node[i++] : b->node[j++];
		all[k]->net = a;
	}
	mem_free(a->node);
	a->node = all;
	a->n = a->cap = n;
	a->models += b->models;
	b->n = 0;
	network_free(b);
	return ACCEL_OK;
}

struct accel_node *network_apply(struct accel_layer *layer, uint32_t n,
				 struct accel_node *const *in)
{
	uint32_t i;

	for (i = 1; i < n; i++)
		if (network_join(in[0]->net, in[i]->net))
			return NULL;
	return node_add(in[0]->net, layer, n, in);
}

void network_get(struct network *net)
{
	net->models++;
}

void network_put(struct network *net)
{
	if (!--net->models)
		network_free(net);
}

/* ---- the functional API ---- */

accel_node *accel_input(accel_context *ctx, int ndim, const int64_t *shape)
{
	struct accel_node *node;
	struct layout l;
	int i;

	if (object_check(ctx, OBJECT_CONTEXT, "input") || context_check(ctx))
		return NULL;
	if (ndim < 0 || ndim >= ACCEL_MAX_DIMS)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"input: %d dimensions beside the "
					"batch, the limit is %d",
					ndim, ACCEL_MAX_DIMS - 1);
	if (layout_init(&l, "input", ACCEL_F32, ndim, shape) ||
	    layout_some("input", ndim, shape, 0))
		return NULL;
	node = network_input(ctx);
	if (!node)
		return NULL;
	node->out.ndim = ndim;
	for (i = 0; i < ndim; i++)
		node->out.dim[i] = shape[i];
	return node;
}

/* How many inputs a kind takes. */
static accel_status check_count(const struct accel_layer *l, uint32_t n)
{
	uint32_t least = l->desc->n_x ?: 1;
	uint32_t most = l->desc->n_x == 2 ? MERGE_MAX : l->desc->n_x ?: 2;

	if (n >= least && n <= most)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_INVALID,
			   "%s: takes %u to %u inputs, not %u", l->desc->name,
			   least, most, n);
}

static accel_status check_nodes(const struct accel_layer *l, uint32_t n,
				struct accel_node *const *in)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct accel_context *ctx;
		accel_status err;

		err = object_check(in[i], OBJECT_NODE, l->desc->name);
		if (err)
			return err;
		ctx = in[i]->net->ctx;
		if (ctx != in[0]->net->ctx || (l->ctx && l->ctx != ctx))
			return accel_error(ACCEL_ERR_INVALID,
					   "%s: input %u is of another context",
					   l->desc->name, i);
	}
	return ACCEL_OK;
}

accel_node *accel_apply_to(accel_layer *layer, int n, accel_node *const *in)
{
	accel_node *node = NULL;
	accel_status err;

	err = object_check(layer, OBJECT_LAYER, "apply");
	if (err)
		return NULL;
	if (n < 1 || !in)
		err = accel_error(ACCEL_ERR_INVALID, "%s: %d inputs",
				  layer->desc->name, n);
	if (!err)
		err = check_count(layer, (uint32_t)n);
	if (!err)
		err = check_nodes(layer, (uint32_t)n, in);
	if (!err)
		node = network_apply(layer, (uint32_t)n, in);
	object_drop_handle(layer, OBJECT_LAYER);
	return node;
}

accel_node *accel_apply(accel_layer *layer, accel_node *x)
{
	return accel_apply_to(layer, 1, &x);
}

accel_node *accel_merge(accel_layer *layer, accel_node *a, accel_node *b)
{
	struct accel_node *in[2] = { a, b };

	return accel_apply_to(layer, 2, in);
}
