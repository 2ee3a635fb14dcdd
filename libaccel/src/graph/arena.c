// SPDX-License-Identifier: MIT
/*
 * The arena, in which temporaries whose lives do not overlap share memory.
 * Places taken are kept by where they begin: the first gap that is wide enough
 * is the lowest. They are kept in blocks that say what they have in common, for
 * in a long graph most of them are alive together and side by side.
 */
#include "arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"

#define BLOCK 128 /* places */

/* In units of ARENA_ALIGN. */
struct taken {
	uint32_t from, to;
	uint32_t first, last;
};

struct block {
	uint32_t n;
	uint32_t to, gap; /* the highest end; the widest gap between two */
	uint32_t first[2], last[2]; /* the least and the greatest of them */
	struct taken at[BLOCK];
};

struct taken_list {
	struct block *block;
	uint32_t *order; /* of blocks */
	uint32_t n;
};

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void sum_up(struct block *b)
{
	const struct taken *p = b->at;
	uint32_t i;

	b->gap = 0;
	b->to = p->to;
	b->first[0] = b->first[1] = p->first;
	b->last[0] = b->last[1] = p->last;
	for (i = 1; i < b->n; i++) {
		p = &b->at[i];
		if (p->from > b->to)
			b->gap = most(b->gap, p->from - b->to);
		b->to = most(b->to, p->to);
		b->first[0] = least(b->first[0], p->first);
		b->first[1] = most(b->first[1], p->first);
		b->last[0] = least(b->last[0], p->last);
		b->last[1] = most(b->last[1], p->last);
	}
}

/* Raises *at past what is in the way within a block; true where a gap of so
 * many units was found. */
static bool pass(const struct block *b, const struct temp *t, uint64_t units,
		 uint64_t *at)
{
	uint32_t i;

	if (b->at[0].from >= *at + units)
		return true;
	if (b->first[0] > t->last || b->last[1] < t->first)
		return false; /* none of them in its life */
	if (b->first[1] <= t->last && b->last[0] >= t->first &&
	    b->gap < units) { /* all of them, and no room between them */
		*at = *at > b->to ? *at : b->to;
		return false;
	}
	for (i = 0; i < b->n; i++) {
		const struct taken *p = &b->at[i];

		if (p->from >= *at + units)
			return true;
		if (p->last >= t->first && p->first <= t->last && p->to > *at)
			*at = p->to;
	}
	return false;
}

/* Makes two of a full block; the other one is the next in order. */
static void halve(struct taken_list *l, uint32_t k)
{
	struct block *b = &l->block[l->order[k]], *half = &l->block[l->n];

	half->n = b->n / 2;
	b->n -= half->n;
	memcpy(half->at, b->at + b->n, half->n * sizeof(half->at[0]));
	memmove(l->order + k + 2, l->order + k + 1,
		(l->n - k - 1) * sizeof(*l->order));
	l->order[k + 1] = l->n++;
	sum_up(b);
	sum_up(half);
}

static void take(struct taken_list *l, const struct taken *p)
{
	uint32_t k = 0, low = 0, high = l->n, i;
	struct block *b;

	while (high - low > 1) { /* the last block that begins before it */
		k = (low + high) / 2;
		if (l->block[l->order[k]].at[0].from <= p->from)
			low = k;
		else
			high = k;
	}
	b = &l->block[l->order[low]];
	if (b->n == BLOCK) {
		halve(l, low);
		if (l->block[l->order[low + 1]].at[0].from <= p->from)
			low++;
		b = &l->block[l->order[low]];
	}
	for (i = b->n++; i && b->at[i - 1].from > p->from; i--)
		b->at[i] = b->at[i - 1];
	b->at[i] = *p;
	sum_up(b);
}

static int by_size(const void *a, const void *b)
{
	const struct temp *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static accel_status place_all(struct taken_list *l, struct temp *temp,
			      uint32_t n, size_t *bytes)
{
	uint64_t end = 0;
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		struct temp *t = &temp[i];
		uint64_t units = t->bytes / ARENA_ALIGN, at = 0;

		for (k = 0; k < l->n; k++)
			if (pass(&l->block[l->order[k]], t, units, &at))
				break;
		end = end > at + units ? end : at + units;
		if (end > UINT32_MAX)
			return accel_error(ACCEL_ERR_NOMEM,
					   "plan: its temporaries need more "
					   "than %llu bytes",
					   (unsigned long long)UINT32_MAX *
						   ARENA_ALIGN);
		if (!l->n)
			l->order[l->n++] = 0;
		take(l, &(struct taken){ (uint32_t)at, (uint32_t)(at + units),
					 t->first, t->last });
		t->offset = at * ARENA_ALIGN;
	}
	*bytes = end * ARENA_ALIGN;
	return ACCEL_OK;
}

accel_status arena_place(struct temp *temp, uint32_t n, size_t *bytes)
{
	uint32_t most_blocks = 1 + n / (BLOCK / 2);
	struct taken_list l = {
		.block = mem_zalloc(most_blocks * sizeof(*l.block)),
		.order = mem_zalloc(most_blocks * sizeof(*l.order)),
	};
	accel_status err = ACCEL_ERR_NOMEM;

	qsort(temp, n, sizeof(*temp), by_size);
	if (l.block && l.order)
		err = place_all(&l, temp, n, bytes);
	mem_free(l.block);
	mem_free(l.order);
	return err;
}
