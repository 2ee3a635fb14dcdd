// SPDX-License-Identifier: MIT
/* A thread that prepares the next batches. */
#include "feeder.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"

#define RING 3 /* one in use, one ready, one being filled */

struct entry {
	struct feed feed;
	accel_status status;
	char error[512]; /* the thread's last error */
};

struct feeder {
	const accel_samples *s;
	int64_t begin, count, batch, batches;
	int64_t *order; /* of the epoch */
	struct entry ring[RING];
	pthread_t thread;
	bool running;
	/* under the lock: */
	pthread_mutex_t lock;
	pthread_cond_t filled, freed;
	int64_t made, taken; /* batches of the epoch */
	bool busy; /* the thread fills an entry of the epoch */
	bool quit;
};

static int64_t each(const accel_array *a)
{
	int64_t n = 1;
	int i;

	for (i = 1; i < a->ndim; i++)
		n *= a->shape[i];
	return n;
}

static void fill(struct feeder *f, int64_t k)
{
	struct entry *e = &f->ring[k % RING];
	int64_t at = k * f->batch;

	e->feed.n = f->count - at < f->batch ? f->count - at : f->batch;
	e->status = accel_samples_gather(f->s, f->order + at, e->feed.n,
					 ACCEL_F32, e->feed.x, e->feed.y);
	if (e->status)
		snprintf(e->error, sizeof(e->error), "%s", accel_last_error());
}

static void *run(void *arg)
{
	struct feeder *f = arg;

	pthread_mutex_lock(&f->lock);
	while (!f->quit) {
		int64_t k = f->made;

		/* the entry before the one taken last is still the caller's */
		if (k == f->batches || k - f->taken >= RING - 1) {
			pthread_cond_wait(&f->freed, &f->lock);
			continue;
		}
		f->busy = true;
		pthread_mutex_unlock(&f->lock);
		fill(f, k);
		pthread_mutex_lock(&f->lock);
		f->busy = false;
		if (f->made == k)
			f->made++;
		pthread_cond_signal(&f->filled);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

static accel_status allocate(struct feeder *f, bool targets)
{
	size_t x = (size_t)(f->batch * each(&f->s->x)) * sizeof(float);
	size_t y = (size_t)(f->batch * each(&f->s->y)) * 4;
	int i;

	f->order = mem_alloc((size_t)f->count * sizeof(*f->order));
	if (!f->order)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < RING; i++) {
		f->ring[i].feed.x = mem_alloc(x);
		f->ring[i].feed.y = targets ? mem_alloc(y) : NULL;
		if (!f->ring[i].feed.x || (targets && !f->ring[i].feed.y))
			return ACCEL_ERR_NOMEM;
	}
	return ACCEL_OK;
}

struct feeder *feeder_create(const accel_samples *s, int64_t begin,
			     int64_t count, int64_t batch, bool targets)
{
	struct feeder *f = mem_zalloc(sizeof(*f));

	if (!f)
		return NULL;
	f->s = s;
	f->begin = begin;
	f->count = count;
	f->batch = batch < count ? batch : count;
	f->batches = (count + f->batch - 1) / f->batch;
	f->made = f->batches; /* nothing to do yet */
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->filled, NULL);
	pthread_cond_init(&f->freed, NULL);
	if (allocate(f, targets)) {
		feeder_destroy(f);
		return NULL;
	}
	f->running = !pthread_create(&f->thread, NULL, run, f);
	if (f->running)
		return f;
	feeder_destroy(f);
	return accel_error_null(ACCEL_ERR_NOMEM, "no thread for the data");
}

void feeder_destroy(struct feeder *f)
{
	int i;

	if (!f)
		return;
	if (f->running) {
		pthread_mutex_lock(&f->lock);
		f->quit = true;
		pthread_cond_signal(&f->freed);
		pthread_mutex_unlock(&f->lock);
		pthread_join(f->thread, NULL);
	}
	pthread_cond_destroy(&f->filled);
	pthread_cond_destroy(&f->freed);
	pthread_mutex_destroy(&f->lock);
	for (i = 0; i < RING; i++) {
		mem_free(f->ring[i].feed.x);
		mem_free(f->ring[i].feed.y);
	}
	mem_free(f->order);
	mem_free(f);
}

int64_t feeder_batches(const struct feeder *f)
{
	return f->batches;
}

void feeder_start(struct feeder *f, bool shuffle, uint64_t seed, uint64_t epoch)
{
	int64_t i;

	pthread_mutex_lock(&f->lock);
	f->made = f->batches; /* no more of the old epoch */
	while (f->busy)
		pthread_cond_wait(&f->filled, &f->lock);
	if (shuffle)
		accel_shuffle(f->order, f->count, seed, epoch);
	else
		for (i = 0; i < f->count; i++)
			f->order[i] = i;
	for (i = 0; f->begin && i < f->count; i++)
		f->order[i] += f->begin;
	f->made = f->taken = 0;
	pthread_cond_signal(&f->freed);
	pthread_mutex_unlock(&f->lock);
}

accel_status feeder_next(struct feeder *f, struct feed *out)
{
	struct entry *e;

	pthread_mutex_lock(&f->lock);
	while (f->made == f->taken)
		pthread_cond_wait(&f->filled, &f->lock);
	e = &f->ring[f->taken % RING];
	f->taken++;
	pthread_cond_signal(&f->freed);
	pthread_mutex_unlock(&f->lock);
	*out = e->feed;
	return e->status ? accel_error(e->status, "%s", e->error) : ACCEL_OK;
}
