// SPDX-License-Identifier: MIT
/* The cpu's threads: every element once, side by side, and the same bits with any
 * number of them. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "../../libaccel/src/base/threads.h"
#include "tap.h"

#define MOST 5000

static atomic_int times[MOST];

static void count(void *arg, int64_t begin, int64_t end)
{
	(void)arg;
	for (; begin < end; begin++)
		atomic_fetch_add(&times[begin], 1);
}

static void every_element_once(uint32_t n_threads)
{
	struct threads *t = threads_create(n_threads);
	int64_t n, k, grain;
	int wrong = 0, loops = 0;

	for (n = 1; n <= MOST; n += n < 40 ? 1 : 331)
		for (grain = 1; grain <= n; grain = grain * 3 + 1, loops++) {
			threads_for(t, n, grain, count, NULL);
			for (k = 0; k < MOST; k++)
				wrong += atomic_exchange(&times[k], 0) !=
					 (k < n);
		}
	threads_for(t, 0, 1, count, NULL);
	CHECK(!wrong && !atomic_load(&times[0]),
	      "%u threads: %d loops, each does every element once", n_threads,
	      loops);
	threads_destroy(t);
}

static void meet(void *arg, int64_t begin, int64_t end)
{
	atomic_int *here = arg;

	(void)begin;
	(void)end;
	atomic_fetch_add(here, 1);
	while (atomic_load(here) < 2)
		;
}

/* Each range waits for the other: the loop ends when two threads have one each,
 * asleep before or not. */
static void side_by_side(void)
{
	struct threads *t = threads_create(2);
	volatile int idle;
	int i;

	for (i = 0; i < 300; i++) {
		atomic_int here = 0;

		threads_for(t, 2, 1, meet, &here);
		for (idle = 0; idle < i * 1000; idle++)
			;
	}
	CHECK(i == 300, "two ranges of a loop run at the same time");
	threads_destroy(t);
}

static float *product(uint32_t threads, const int64_t d[3], const float *x)
{
	accel_context *ctx = accel_open("cpu", .threads = threads);
	size_t bytes = (size_t)(d[0] * d[1]) * sizeof(float);
	float *y = malloc(bytes);
	accel_tensor *a, *b;

	accel_scope_begin(ctx);
	a = accel_tensor_create(ctx, ACCEL_F32, 2, (int64_t[]){ d[0], d[2] },
				x);
	b = accel_tensor_create(ctx, ACCEL_F32, 2, (int64_t[]){ d[2], d[1] },
				x);
	if (accel_read(accel_matmul(a, b), y, bytes))
		memset(y, 0, bytes);
	accel_scope_end(ctx);
	accel_close(ctx);
	return y;
}

/* Products are cut in tiles, and OpenBLAS may round other tiles otherwise. */
static void same_bits(void)
{
	static const int64_t shape[][3] = { /* rows, columns, inner */
					    { 64, 128, 784 },
					    { 784, 128, 64 },
					    { 512, 512, 512 },
					    { 777, 333, 55 },
					    { 65, 700, 129 }
	};
	float *x = malloc(512 * 784 * sizeof(*x)), *one, *many;
	size_t i, k;
	uint32_t n;

	for (k = 0; k < 512 * 784; k++)
		x[k] = (float)rand() / (float)RAND_MAX - 0.5f;
	for (i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		size_t bytes = (size_t)(shape[i][0] * shape[i][1]) * 4;
		int same = 0;

		one = product(1, shape[i], x);
		for (n = 2; n <= 4; n++) {
			many = product(n, shape[i], x);
			same += !memcmp(one, many, bytes);
			free(many);
		}
		CHECK(same == 3 && one[0] != 0,
		      "[%d, %d] by [%d, %d]: 1 to 4 threads, the same bits",
		      (int)shape[i][0], (int)shape[i][2], (int)shape[i][2],
		      (int)shape[i][1]);
		free(one);
	}
	free(x);
}

int main(void)
{
	every_element_once(1);
	every_element_once(2);
	every_element_once(7);
	side_by_side();
	same_bits();
	return tap_done();
}
