// SPDX-License-Identifier: MIT
/*
 * The order is a list whose places are numbered with gaps: Bender et al. 2002,
 * "Two simplified algorithms for maintaining order in a list". What joining two
 * groups or adding an edge puts out of order is moved, as in Pearce and Kelly
 * 2006, "A dynamic topological sort algorithm for directed acyclic graphs".
 *
 * That one group depends on another far away, as most gradients do on most
 * activations, is mostly seen from a spanning tree: each node's parent is the
 * last of what it reads, and below a node in the tree is what depends on it.
 */
#include "order.h"

#include <stdlib.h>

#define GAP (1ull << 32) /* between places, at first */

/* ---- the list ---- */

static void number(struct ir *ir)
{
	uint64_t at = GAP;
	uint32_t g;

	for (g = ir->head; g != IR_NONE; g = ir->place[g].next, at += GAP)
		ir->place[g].at = at;
}

static void take_out(struct ir *ir, uint32_t g)
{
	const struct ir_place *p = &ir->place[g];

	if (p->prev == IR_NONE)
		ir->head = p->next;
	else
		ir->place[p->prev].next = p->next;
	if (p->next != IR_NONE)
		ir->place[p->next].prev = p->prev;
}

static void put_after(struct ir *ir, uint32_t g, uint32_t first)
{
	struct ir_place *p = &ir->place[g], *f = &ir->place[first];
	uint64_t to = f->next == IR_NONE ? f->at + 2 * GAP
					 : ir->place[f->next].at;

	p->prev = first;
	p->next = f->next;
	if (f->next != IR_NONE)
		ir->place[f->next].prev = g;
	f->next = g;
	p->at = f->at + (to - f->at) / 2;
	if (p->at == f->at)
		number(ir);
}

static uint64_t place_of(const struct ir *ir, uint32_t g)
{
	return ir->place[g].at;
}

/* Groups and their places, to be sorted without the list. */
static int by_place(const void *a, const void *b, void *ir)
{
	uint64_t x = place_of(ir, *(const uint32_t *)a);
	uint64_t y = place_of(ir, *(const uint32_t *)b);

	return x < y ? -1 : x > y;
}

/* Moves groups, in the order they have, to behind `to`. */
static void move(struct ir *ir, uint32_t *g, uint32_t n, uint32_t to)
{
	uint32_t i;

	qsort_r(g, n, sizeof(*g), by_place, ir);
	for (i = 0; i < n; i++) {
		take_out(ir, g[i]);
		put_after(ir, g[i], to);
		to = g[i];
	}
}

/* ---- the start ---- */

static void find_readers(struct ir *ir)
{
	uint32_t at = 0, i, j;

	for (i = 0; i < ir->n; i++) {
		ir->first_reader[i] = at;
		at += ir->node[i].uses;
	}
	ir->first_reader[ir->n] = at;
	/* each entry is moved on by its readers, and then moved back */
	for (i = 0; i < ir->n; i++)
		for (j = 0; ir->node[i].live && j < ir->node[i].n_in; j++)
			ir->reader[ir->first_reader[ir->node[i].in[j].node]++] =
				i;
	for (i = 0; i < ir->n; i++)
		ir->first_reader[i] -= ir->node[i].uses;
}

/* The last of what a node reads, or IR_NONE. */
static uint32_t parent(const struct ir *ir, uint32_t i)
{
	const struct ir_node *n = &ir->node[i];
	uint32_t last = IR_NONE, j;

	for (j = 0; n->live && j < n->n_in; j++)
		if (last == IR_NONE || n->in[j].node > last)
			last = n->in[j].node;
	return last;
}

/* Numbers the nodes so that those below i in the tree are tree_n[i] from
 * tree[i] on. What a node reads stands before it. */
static void grow_tree(struct ir *ir)
{
	uint32_t i, up, roots = 0;

	for (i = 0; i < ir->n; i++)
		ir->tree_n[i] = 1;
	for (i = ir->n; i-- > 0;) {
		up = parent(ir, i);
		if (up != IR_NONE)
			ir->tree_n[up] += ir->tree_n[i];
	}
	/* stack[i]: the number of the next one below i */
	for (i = 0; i < ir->n; i++) {
		uint32_t *next;

		up = parent(ir, i);
		next = up == IR_NONE ? &roots : &ir->stack[up];
		ir->tree[i] = *next;
		*next += ir->tree_n[i];
		ir->stack[i] = ir->tree[i] + 1;
	}
}

void order_start(struct ir *ir)
{
	uint32_t i;

	find_readers(ir);
	grow_tree(ir);
	for (i = 0; i < ir->n; i++)
		ir->place[i] =
			(struct ir_place){ 0, i - 1,
					   i + 1 < ir->n ? i + 1 : IR_NONE };
	ir->head = ir->n ? 0 : IR_NONE;
	number(ir);
}

/* ---- searches ---- */

/* From a on, or from b back; between the places of the two. */
struct search {
	struct ir *ir;
	uint32_t a, b;
	uint32_t *found; /* groups, in the order found; a or b first */
	uint32_t n, done; /* those whose edges were followed */
	uint32_t member, edge; /* of found[done]: the next one to follow */
	uint32_t stamp, other; /* in ir->mark: this one's, the other one's */
};

static void search_start(struct search *s, uint32_t from)
{
	s->found[0] = from;
	s->n = 1;
	s->done = 0;
	s->member = s->ir->group[from].first;
	s->edge = 0;
	s->ir->mark[from] = s->stamp;
}

/* The next member, then the next group: of the last one nothing is left. */
static void search_on(struct search *s)
{
	const struct ir *ir = s->ir;

	s->edge = 0;
	s->member = ir->next_member[s->member];
	if (s->member == IR_NONE && ++s->done < s->n)
		s->member = ir->group[s->found[s->done]].first;
}

static void search_add(struct search *s, uint32_t g)
{
	s->ir->mark[g] = s->stamp;
	s->found[s->n++] = g;
}

/* The nodes of b and what it reads, by their number in the tree. */
#define MOST_TARGETS 64
struct targets {
	uint32_t at[MOST_TARGETS];
	uint32_t n;
};

static void aim(struct targets *t, const struct ir *ir, uint32_t node)
{
	uint32_t at = ir->tree[node], i;

	if (t->n == MOST_TARGETS)
		return;
	for (i = t->n++; i && t->at[i - 1] > at; i--)
		t->at[i] = t->at[i - 1];
	t->at[i] = at;
}

/* Is anything of b below one of group g's in the tree? */
static bool above(const struct ir *ir, const struct targets *t, uint32_t g)
{
	uint32_t i, low, high, mid;

	for (i = ir->group[g].first; i != IR_NONE; i = ir->next_member[i]) {
		for (low = 0, high = t->n; low < high;) {
			mid = (low + high) / 2;
			if (t->at[mid] < ir->tree[i])
				low = mid + 1;
			else
				high = mid;
		}
		if (low < t->n && t->at[low] - ir->tree[i] < ir->tree_n[i])
			return true;
	}
	return false;
}

/* Follows one edge to a reader: true where b is met another way than from a
 * itself. */
static bool forward(struct search *s, const struct targets *t)
{
	struct ir *ir = s->ir;
	const uint32_t *first = &ir->first_reader[s->member];
	uint32_t g = s->found[s->done], to;

	if (first[0] + s->edge == first[1]) {
		search_on(s);
		return false;
	}
	to = ir->node[ir->reader[first[0] + s->edge++]].group;
	ir->n_edges++;
	if (ir->mark[to] == s->stamp || (to == s->b && g == s->a) ||
	    place_of(ir, to) > place_of(ir, s->b))
		return false;
	if (to == s->b || ir->mark[to] == s->other || above(ir, t, to))
		return true;
	search_add(s, to);
	return false;
}

/* The same to what a group reads. */
static bool back(struct search *s)
{
	struct ir *ir = s->ir;
	const struct ir_node *n = &ir->node[s->member];
	uint32_t g = s->found[s->done], to;

	if (s->edge == n->n_in) {
		search_on(s);
		return false;
	}
	to = ir->node[n->in[s->edge++].node].group;
	ir->n_edges++;
	if (ir->mark[to] == s->stamp || (to == s->a && g == s->b) ||
	    place_of(ir, to) < place_of(ir, s->a))
		return false;
	if (ir->mark[to] == s->other)
		return true;
	search_add(s, to);
	return false;
}

/* What b reads of others than a; true where it reads a in another order. */
static bool aim_at(struct ir *ir, uint32_t a, uint32_t b, struct targets *t)
{
	uint32_t i, j, g;

	for (i = ir->group[b].first; i != IR_NONE; i = ir->next_member[i]) {
		const struct ir_node *m = &ir->node[i];

		for (j = 0; j < m->n_in; j++) {
			g = ir->node[m->in[j].node].group;
			ir->n_edges++;
			if (g != a && g != b)
				aim(t, ir, m->in[j].node);
			else if (g == a && !ir_aligned(ir, &m->in[j], &m->l))
				return true;
		}
	}
	return false;
}

bool order_tangled(struct ir *ir, uint32_t a, uint32_t b)
{
	struct search f = { ir, a, b, ir->stack, .stamp = ++ir->stamp };
	struct search r = { ir, a, b, ir->stack_back, .stamp = ++ir->stamp };
	struct targets t = { .n = 0 };

	if (aim_at(ir, a, b, &t))
		return true;
	f.other = r.stamp;
	r.other = f.stamp;
	search_start(&f, a);
	search_start(&r, b);
	/* whichever has nothing left to follow knows, and by turns the shorter
	 * one is the first */
	while (f.done < f.n && r.done < r.n)
		if (forward(&f, &t) || (f.done < f.n && back(&r)))
			return true;
	ir->joins_late = f.done == f.n;
	ir->n_between = ir->joins_late ? f.n - 1 : r.n - 1;
	return false;
}

void order_join(struct ir *ir, uint32_t a, uint32_t b)
{
	uint32_t n = ir->n_between;

	if (ir->joins_late) { /* at b's place, what needs a after it */
		move(ir, ir->stack + 1, n, b);
	} else { /* at a's, what b needs before it */
		move(ir, ir->stack_back + 1, n, a);
		take_out(ir, b);
		put_after(ir, b, n ? ir->stack_back[n] : a);
	}
	take_out(ir, a);
}

/* ---- the last reader ---- */

static bool follow(struct search *s, uint32_t to)
{
	struct ir *ir = s->ir;

	ir->n_edges++;
	if (ir->mark[to] == s->other)
		return true;
	if (ir->mark[to] == s->stamp || place_of(ir, to) > place_of(ir, s->b))
		return false;
	search_add(s, to);
	return false;
}

/* True where a group that is marked as the other search's runs after g. */
static bool runs_before(struct search *s, const struct order_edges *e)
{
	struct ir *ir = s->ir;
	uint32_t g = s->found[s->done++], i, j;

	for (i = ir->group[g].first; i != IR_NONE; i = ir->next_member[i])
		for (j = ir->first_reader[i]; j < ir->first_reader[i + 1]; j++)
			if (follow(s, ir->node[ir->reader[j]].group))
				return true;
	for (i = e->out[g]; i != IR_NONE; i = e->edge[i].next_out)
		if (follow(s, e->edge[i].after))
			return true;
	return false;
}

bool order_last(struct ir *ir, const struct order_edges *e, uint32_t g,
		uint32_t node)
{
	struct search s = { ir, g, g, ir->stack, .stamp = ++ir->stamp };
	uint32_t j, to;

	s.other = ++ir->stamp;
	for (j = ir->first_reader[node]; j < ir->first_reader[node + 1]; j++) {
		to = ir->node[ir->reader[j]].group;
		ir->n_edges++;
		if (to == g)
			continue;
		ir->mark[to] = s.other;
		if (place_of(ir, to) > place_of(ir, s.b))
			s.b = to;
	}
	if (s.b == g)
		return true;
	search_start(&s, g);
	while (s.done < s.n)
		if (runs_before(&s, e))
			return false;
	move(ir, s.found, s.n, s.b);
	return true;
}
