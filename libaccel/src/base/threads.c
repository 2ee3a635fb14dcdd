// SPDX-License-Identifier: MIT
/*
 * Loops of a training step follow one another within microseconds, and waking a
 * sleeping thread takes tens of them. So a worker looks out for the next loop for
 * a while before it sleeps, and the caller never waits for one that did not come:
 * who is late finds the loop closed.
 */
#include "threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "denormal.h"
#include "error.h"
#include "fork.h"

#define LOOK_OUT_NS 50000 /* about what two sleeps cost */

/* The loop being run: its number, whether workers may still enter, how many are
 * inside. In one word, so that entering is one exchange. */
#define STATE_JOB (1ull << 32)
#define STATE_OPEN (1ull << 31)
#define STATE_INSIDE (STATE_OPEN - 1)

struct threads {
	_Atomic uint64_t state;
	threads_fn *fn; /* this and what follows: changed when none is inside */
	void *arg;
	int64_t chunk;
	/* who sleeps, and who is to be woken: */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	_Atomic uint32_t asleep; /* workers */
	_Atomic bool caller_asleep, quit;
	uint32_t n_workers;
	uint32_t era; /* of fork.h: whose child has no workers */
	struct seat {
		struct threads *t;
		pthread_t thread;
		_Alignas(64) _Atomic int64_t next;
		int64_t end;
	} seat[]; /* the caller's, then the workers' */
};

/*
 * A thread's own part comes first, then what the others have not done yet: so the
 * same elements of one loop and the next are in the same thread's cache.
 */
static void share(struct threads *t, uint32_t me)
{
	uint32_t i, n = t->n_workers + 1;
	int64_t begin, end;

	for (i = 0; i < n; i++) {
		struct seat *s = &t->seat[(me + i) % n];

		for (;;) {
			begin = atomic_fetch_add(&s->next, t->chunk);
			if (begin >= s->end)
				break;
			end = begin + t->chunk;
			t->fn(t->arg, begin, end < s->end ? end : s->end);
		}
	}
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	__asm__ volatile("yield");
#endif
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

typedef bool ready_fn(struct threads *t, uint64_t job);

/* Whether it became ready within a while. */
static bool look_out(struct threads *t, ready_fn *ready, uint64_t job)
{
	int64_t end = now_ns() + LOOK_OUT_NS;
	int i;

	do
		for (i = 0; i < 64; i++) {
			if (ready(t, job))
				return true;
			relax();
		}
	while (now_ns() < end);
	return false;
}

static bool all_left(struct threads *t, uint64_t job)
{
	(void)job;
	return !(atomic_load(&t->state) & STATE_INSIDE);
}

/* A loop after `job`, or the end. */
static bool work_waits(struct threads *t, uint64_t job)
{
	return atomic_load(&t->state) / STATE_JOB != job ||
	       atomic_load(&t->quit);
}

static void sleep_for_work(struct threads *t, uint64_t job)
{
	pthread_mutex_lock(&t->lock);
	atomic_fetch_add(&t->asleep, 1);
	while (!work_waits(t, job))
		pthread_cond_wait(&t->work, &t->lock);
	atomic_fetch_sub(&t->asleep, 1);
	pthread_mutex_unlock(&t->lock);
}

static bool enter(struct threads *t, uint64_t *job)
{
	uint64_t state = atomic_load(&t->state);

	do {
		*job = state / STATE_JOB;
		if (!(state & STATE_OPEN))
			return false;
	} while (!atomic_compare_exchange_weak(&t->state, &state, state + 1));
	return true;
}

static void leave(struct threads *t)
{
	uint64_t left = atomic_fetch_sub(&t->state, 1) - 1;

	if (left & (STATE_OPEN | STATE_INSIDE) ||
	    !atomic_load(&t->caller_asleep))
		return;
	pthread_mutex_lock(&t->lock);
	pthread_cond_signal(&t->done);
	pthread_mutex_unlock(&t->lock);
}

static void *worker(void *arg)
{
	struct seat *seat = arg;
	struct threads *t = seat->t;
	uint64_t job = 0;

	denormals_flush();
	while (!atomic_load(&t->quit)) {
		if (!work_waits(t, job))
			sleep_for_work(t, job);
		if (!enter(t, &job))
			continue;
		share(t, (uint32_t)(seat - t->seat));
		leave(t);
		look_out(t, work_waits, job);
	}
	return NULL;
}

struct threads *threads_create(uint32_t n)
{
	struct threads *t;
	struct seat *s;
	uint32_t i;

	t = mem_aligned(sizeof(*t) + n * sizeof(t->seat[0]));
	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t) + n * sizeof(t->seat[0]));
	fork_watch();
	t->era = fork_era();
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, NULL);
	pthread_cond_init(&t->done, NULL);
	for (i = 1; i < n; i++) {
		s = &t->seat[i];
		s->t = t;
		if (pthread_create(&s->thread, NULL, worker, s))
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
	if (t->era != fork_era()) { /* nobody to wait for */
		mem_free(t);
		return;
	}
	pthread_mutex_lock(&t->lock);
	t->quit = true;
	pthread_cond_broadcast(&t->work);
	pthread_mutex_unlock(&t->lock);
	for (i = 0; i < t->n_workers; i++)
		pthread_join(t->seat[i + 1].thread, NULL);
	pthread_cond_destroy(&t->done);
	pthread_cond_destroy(&t->work);
	pthread_mutex_destroy(&t->lock);
	mem_free(t);
}

uint32_t threads_count(const struct threads *t)
{
	return t->n_workers + 1;
}

static void sleep_until_left(struct threads *t)
{
	pthread_mutex_lock(&t->lock);
	atomic_store(&t->caller_asleep, true);
	while (!all_left(t, 0))
		pthread_cond_wait(&t->done, &t->lock);
	atomic_store(&t->caller_asleep, false);
	pthread_mutex_unlock(&t->lock);
}

void threads_for(struct threads *t, int64_t n, int64_t grain, threads_fn *fn,
		 void *arg)
{
	int64_t threads = threads_count(t), parts = threads * 4, chunks, end, i;

	if (n <= 0)
		return;
	if (!t->n_workers || n <= grain) {
		fn(arg, 0, n);
		return;
	}
	t->fn = fn;
	t->arg = arg;
	t->chunk = (n + parts - 1) / parts;
	if (t->chunk < grain)
		t->chunk = grain;
	chunks = (n + t->chunk - 1) / t->chunk;
	for (i = 0; i < threads; i++) {
		end = chunks * (i + 1) / threads * t->chunk;
		atomic_store(&t->seat[i].next, chunks * i / threads * t->chunk);
		t->seat[i].end = end < n ? end : n;
	}
	atomic_store(&t->state,
		     (atomic_load(&t->state) / STATE_JOB + 1) * STATE_JOB |
			     STATE_OPEN);
	if (atomic_load(&t->asleep)) {
		pthread_mutex_lock(&t->lock);
		pthread_cond_broadcast(&t->work);
		pthread_mutex_unlock(&t->lock);
	}
	share(t, 0);
	atomic_fetch_and(&t->state, ~STATE_OPEN);
	if (!look_out(t, all_left, 0))
		sleep_until_left(t);
}
