// SPDX-License-Identifier: MIT
/* Which samples judge: the end, or some drawn from every class. */
#include <math.h>
#include <stdlib.h>

#include "../base/alloc.h"
#include "samples.h"

struct drawn {
	int64_t index, place; /* place: in the shuffled order */
	int32_t class;
};

static int by_class(const void *a, const void *b)
{
	const struct drawn *p = a, *q = b;

	if (p->class != q->class)
		return p->class < q->class ? -1 : 1;
	return p->place < q->place ? -1 : p->place > q->place;
}

int64_t split_draw(const int32_t *class, int64_t n, double fraction,
		   uint64_t seed, uint8_t *second)
{
	struct drawn *list = mem_alloc((size_t)n * sizeof(*list));
	int64_t *order = mem_alloc((size_t)n * sizeof(*order)), i, taken = 0;

	if (!list || !order) {
		mem_free(list);
		mem_free(order);
		return -1;
	}
	accel_shuffle(order, n, seed, 0);
	for (i = 0; i < n; i++)
		list[i] = (struct drawn){ order[i], i,
					  class ? class[order[i]] : 0 };
	qsort(list, (size_t)n, sizeof(*list), by_class);
	/* as evenly as whole numbers go, over the classes one after another */
	for (i = 0; i < n; i++) {
		bool take = llround((double)(i + 1) * fraction) >
			    llround((double)i * fraction);

		second[list[i].index] = take;
		taken += take;
	}
	mem_free(list);
	mem_free(order);
	return taken;
}
