/* SPDX-License-Identifier: MIT */
/* The plans that a context keeps. */
#ifndef ACCEL_GRAPH_CACHE_H
#define ACCEL_GRAPH_CACHE_H

#include "plan.h"

/*
 * The plan for the graph in the scratch: the cached one, or a new one, which
 * the cache owns and may drop on the next call. NULL on failure.
 */
struct plan *plan_get(struct accel_context *ctx);

/* A plan of its own for the graph in the scratch, not compiled. */
struct plan *plan_make(struct accel_context *ctx);

void plan_print(struct accel_context *ctx, const struct plan *p, FILE *out);

#endif /* ACCEL_GRAPH_CACHE_H */
