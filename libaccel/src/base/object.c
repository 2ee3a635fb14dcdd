// SPDX-License-Identifier: MIT
/* What lives, by address: a hash table of references. */
#include "object.h"

#include <pthread.h>
#include <stdint.h>

#include "alloc.h"
#include "error.h"

struct entry {
	void *p; /* NULL: free */
	void (*end)(void *);
	uint32_t refs;
	uint8_t kind;
	bool handle;
};

/* Open addressing, at most half full; a power of two. */
static struct entry *table;
static uint32_t size, used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t home(const void *p, uint32_t n)
{
	return (uint32_t)((uintptr_t)p * 0x9e3779b97f4a7c15u >> 32) & (n - 1);
}

static struct entry *find(const void *p)
{
	uint32_t i;

	if (!p || !size)
		return NULL;
	for (i = home(p, size); table[i].p; i = (i + 1) & (size - 1))
		if (table[i].p == p)
			return &table[i];
	return NULL;
}

static struct entry *find_kind(const void *p, enum object_kind kind)
{
	struct entry *e = find(p);

	return e && e->kind == kind ? e : NULL;
}

static void insert(struct entry *t, uint32_t n, struct entry e)
{
	uint32_t i = home(e.p, n);

	while (t[i].p)
		i = (i + 1) & (n - 1);
	t[i] = e;
}

static bool grow(void)
{
	uint32_t n = size ? 2 * size : 64, i;
	struct entry *t = mem_zalloc(n * sizeof(*t));

	if (!t)
		return false;
	for (i = 0; i < size; i++)
		if (table[i].p)
			insert(t, n, table[i]);
	mem_free(table);
	table = t;
	size = n;
	return true;
}

/* Takes one out; those that had to stand behind it move up. */
static void take_out(struct entry *e)
{
	uint32_t hole = (uint32_t)(e - table), i = hole, at;

	for (;;) {
		i = (i + 1) & (size - 1);
		if (!table[i].p)
			break;
		at = home(table[i].p, size);
		/* is its place cyclically in (hole, i]? then it stays */
		if (((i - at) & (size - 1)) < ((i - hole) & (size - 1)))
			continue;
		table[hole] = table[i];
		hole = i;
	}
	table[hole] = (struct entry){ .p = NULL };
	if (--used)
		return;
	mem_free(table);
	table = NULL;
	size = 0;
}

accel_status object_add(void *p, enum object_kind kind, void (*end)(void *))
{
	bool room;

	pthread_mutex_lock(&lock);
	room = 2 * (used + 1) <= size || grow();
	if (room) {
		insert(table, size,
		       (struct entry){ p, end, 1, (uint8_t)kind, true });
		used++;
	}
	pthread_mutex_unlock(&lock);
	return room ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

bool object_live(const void *p, enum object_kind kind)
{
	bool live;

	pthread_mutex_lock(&lock);
	live = find_kind(p, kind);
	pthread_mutex_unlock(&lock);
	return live;
}

accel_status object_check(const void *p, enum object_kind kind, const char *who)
{
	static const char *const names[] = {
		[OBJECT_CONTEXT] = "context",     [OBJECT_LAYER] = "layer",
		[OBJECT_NODE] = "node",           [OBJECT_MODEL] = "model",
		[OBJECT_OPTIMIZER] = "optimizer", [OBJECT_SAMPLES] = "samples",
		[OBJECT_DATASET] = "dataset",
	};
	char text[80];
	size_t n = 0, i;
	const char *const parts[] = { who, ": no ", names[kind] };

	if (object_live(p, kind))
		return ACCEL_OK;
	if (p)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: the %s was destroyed, or is none", who,
				   names[kind]);
	for (i = 0; i < 3; i++) {
		const char *s = parts[i];

		while (*s && n + 1 < sizeof(text))
			text[n++] = *s++;
	}
	text[n] = 0;
	return accel_error_of_null(text);
}

void object_ref(const void *p)
{
	struct entry *e;

	pthread_mutex_lock(&lock);
	e = find(p);
	if (e)
		e->refs++;
	pthread_mutex_unlock(&lock);
}

/* Returns what has ended, to be freed without the lock. */
static struct entry drop(struct entry *e)
{
	struct entry ended = { .p = NULL };

	if (e && !--e->refs) {
		ended = *e;
		take_out(e);
	}
	return ended;
}

void object_put(const void *p)
{
	struct entry ended;

	pthread_mutex_lock(&lock);
	ended = drop(find(p));
	pthread_mutex_unlock(&lock);
	if (ended.p)
		ended.end(ended.p);
}

void object_drop_handle(const void *p, enum object_kind kind)
{
	struct entry *e, ended = { .p = NULL };

	pthread_mutex_lock(&lock);
	e = find_kind(p, kind);
	if (e && e->handle) {
		e->handle = false;
		ended = drop(e);
	}
	pthread_mutex_unlock(&lock);
	if (ended.p)
		ended.end(ended.p);
}

bool object_has_handle(const void *p, enum object_kind kind)
{
	struct entry *e;
	bool has;

	pthread_mutex_lock(&lock);
	e = find_kind(p, kind);
	has = e && e->handle;
	pthread_mutex_unlock(&lock);
	return has;
}
