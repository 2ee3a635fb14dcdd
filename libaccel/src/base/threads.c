// SPDX-License-Identifier: MIT
#include "threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "alloc.h"
#include "denormal.h"
#include "error.h"

struct threads {
	pthread_mutex_t lock; /* everything below but next */
	pthread_cond_t work, done;
	uint64_t job; /* number of the loop being run */
	uint32_t busy; /* workers still in it */
	bool quit;
	threads_fn *fn;
	void *arg;
	int64_t n, chunk;
	_Atomic int64_t next;
	uint32_t n_workers;
	pthread_t worker[];
};

static void share(struct threads *t)
{
	int64_t begin, end;

	for (;;) {
		begin = atomic_fetch_add(&t->next, t->chunk);
		if (begin >= t->n)
			return;
		end = begin + t->chunk < t->n ? begin + t->chunk : t->n;
		t->fn(t->arg, begin, end);
	}
}

static void *worker(void *arg)
{
	struct threads *t = arg;
	uint64_t seen = 0;

	denormals_flush();
	pthread_mutex_lock(&t->lock);
	for (;;) {
		while (t->job == seen && !t->quit)
			pthread_cond_wait(&t->work, &t->lock);
		if (t->quit)
			break;
		seen = t->job;
		pthread_mutex_unlock(&t->lock);
		share(t);
		pthread_mutex_lock(&t->lock);
		if (!--t->busy)
			pthread_cond_signal(&t->done);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

struct threads *threads_create(uint32_t n)
{
	struct threads *t;
	uint32_t i;

	t = mem_zalloc(sizeof(*t) + n * sizeof(t->worker[0]));
	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, NULL);
	pthread_cond_init(&t->done, NULL);
	for (i = 1; i < n; i++) {
		if (pthread_create(&t->worker[t->n_workers], NULL, worker, t))
			break; /* fewer threads, the same results */
		t->n_workers++;
	}
	return t;
}

void threads_destroy(struct threads *t)
{
	uint32_t i;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->quit = true;
	pthread_cond_broadcast(&t->work);
	pthread_mutex_unlock(&t->lock);
	for (i = 0; i < t->n_workers; i++)
		pthread_join(t->worker[i], NULL);
	pthread_cond_destroy(&t->done);
	pthread_cond_destroy(&t->work);
	pthread_mutex_destroy(&t->lock);
	mem_free(t);
}

uint32_t threads_count(const struct threads *t)
{
	return t->n_workers + 1;
}

void threads_for(struct threads *t, int64_t n, int64_t grain, threads_fn *fn,
		 void *arg)
{
	int64_t parts = (int64_t)threads_count(t) * 4;

	if (n <= 0)
		return;
	if (!t->n_workers || n <= grain) {
		fn(arg, 0, n);
		return;
	}
	pthread_mutex_lock(&t->lock);
	t->fn = fn;
	t->arg = arg;
	t->n = n;
	t->chunk = (n + parts - 1) / parts;
	if (t->chunk < grain)
		t->chunk = grain;
	atomic_store(&t->next, 0);
	t->busy = t->n_workers;
	t->job++;
	pthread_cond_broadcast(&t->work);
	pthread_mutex_unlock(&t->lock);
	share(t);
	pthread_mutex_lock(&t->lock);
	while (t->busy)
		pthread_cond_wait(&t->done, &t->lock);
	pthread_mutex_unlock(&t->lock);
}
