/* SPDX-License-Identifier: MIT */
/* Where the temporaries of a plan lie in one block of memory. */
#ifndef ACCEL_GRAPH_ARENA_H
#define ACCEL_GRAPH_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include <accel/status.h>

#define ARENA_ALIGN 256 /* of what lies in a slot, bytes */

/* A temporary: alive from step to step. */
struct temp {
	uint32_t node;
	uint32_t first, last; /* steps */
	size_t bytes, offset; /* multiples of ARENA_ALIGN */
};

/*
 * Gives n temporaries their offsets, such that no two that live at one time
 * share memory, and sorts them: largest first, each at the lowest place that is
 * free during its life. *bytes is what they need together. ERR_NOMEM: nothing
 * is placed, or they need more than a TiB.
 */
accel_status arena_place(struct temp *temp, uint32_t n, size_t *bytes);

#endif /* ACCEL_GRAPH_ARENA_H */
