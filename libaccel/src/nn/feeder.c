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
	bool targets;
	const struct weighting *w; /* or NULL */
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

/* Part by part: each fills the next input, the next target, or both. */
static accel_status gather(const struct feeder *f, const int64_t *index,
			   struct feed *feed)
{
	int n = f->s->n_parts, i, x = 0, y = 0;
	accel_status err = ACCEL_OK;

	for (i = 0; i < (n ?: 1) && !err; i++) {
		const accel_samples *part = n ? f->s->parts[i] : f->s;
		float *to = part->x.data ? feed->x[x++] : NULL;
		void *target = f->targets && part->y.data ? feed->y[y++] : NULL;

		err = accel_samples_gather(part, index, feed->n, ACCEL_F32, to,
					   target);
	}
	return err;
}

static void weigh(const struct feeder *f, const int64_t *index,
		  struct feed *feed)
{
	int64_t k;
	int i;

	for (i = 0; i < ACCEL_MAX_OUTPUTS; i++)
		for (k = 0; feed->w[i] && k < feed->n; k++)
			feed->w[i][k] = weighting_of(f->w, i, index[k]);
}

static void fill(struct feeder *f, int64_t k)
{
	struct entry *e = &f->ring[k % RING];
	int64_t at = k * f->batch;

	e->feed.n = f->count - at < f->batch ? f->count - at : f->batch;
	e->status = gather(f, f->order + at, &e->feed);
	if (!e->status)
		weigh(f, f->order + at, &e->feed);
	else
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

static accel_status allocate_entry(struct feeder *f, struct feed *feed)
{
	const accel_samples *part;
	int i;

	for (i = 0; (part = accel_samples_input(f->s, i)); i++) {
		feed->x[i] = mem_alloc((size_t)(f->batch * each(&part->x)) *
				       sizeof(float));
		if (!feed->x[i])
			return ACCEL_ERR_NOMEM;
	}
	for (i = 0; f->targets && (part = accel_samples_target(f->s, i)); i++) {
		feed->y[i] = mem_alloc((size_t)(f->batch * each(&part->y)) * 4);
		if (!feed->y[i])
			return ACCEL_ERR_NOMEM;
	}
	for (i = 0; f->w && i < ACCEL_MAX_OUTPUTS; i++) {
		if (!f->w->part[i])
			continue;
		feed->w[i] = mem_alloc((size_t)f->batch * sizeof(float));
		if (!feed->w[i])
			return ACCEL_ERR_NOMEM;
	}
	return ACCEL_OK;
}

static accel_status allocate(struct feeder *f)
{
	accel_status err = ACCEL_OK;
	int i;

	f->order = mem_alloc((size_t)f->count * sizeof(*f->order));
	if (!f->order)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < RING && !err; i++)
		err = allocate_entry(f, &f->ring[i].feed);
	return err;
}

struct feeder *feeder_create(const accel_samples *s, int64_t begin,
			     int64_t count, int64_t batch, bool targets,
			     const struct weighting *w)
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
	f->targets = targets;
	f->w = w;
	if (allocate(f)) {
		feeder_destroy(f);
		return NULL;
	}
	f->running = !pthread_create(&f->thread, NULL, run, f);
	if (f->running)
		return f;
	feeder_destroy(f);
	return accel_error_null(ACCEL_ERR_NOMEM, "no thread for the data");
}

static void free_entry(struct feed *feed)
{
	int i;

	for (i = 0; i < ACCEL_MAX_INPUTS; i++)
		mem_free(feed->x[i]);
	for (i = 0; i < ACCEL_MAX_OUTPUTS; i++) {
		mem_free(feed->y[i]);
		mem_free(feed->w[i]);
	}
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
	for (i = 0; i < RING; i++)
		free_entry(&f->ring[i].feed);
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
