// SPDX-License-Identifier: MIT
/* accel bench train: what does a training step cost? */
#include "accel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_LAYERS 64
#define WARM 25 /* steps before the clock starts */

struct bench {
	accel_context *ctx;
	double seconds;
	int steps;
	double wall, cpu; /* at the start; then what passed */
	double last, best; /* the step before's end; the shortest step */
	accel_counters from, until; /* until: of the batch before, too */
	uint64_t allocations; /* in steps; an epoch's end may have its own */
};

static double clock_of(clockid_t c)
{
	struct timespec t;

	clock_gettime(c, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool on_batch(void *user, const accel_progress *p)
{
	struct bench *b = user;
	int64_t step = p->epoch * p->batches + p->batch;
	double wall = clock_of(CLOCK_MONOTONIC);
	accel_counters now;

	if (step < WARM)
		return true;
	if (step == WARM) {
		b->wall = b->last = wall;
		b->cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
		accel_counters_get(b->ctx, &b->from);
		b->until = b->from;
		return true;
	}
	accel_counters_get(b->ctx, &now);
	if (p->batch)
		b->allocations += now.allocations - b->until.allocations;
	b->until = now;
	b->steps++;
	if (b->steps == 1 || wall - b->last < b->best)
		b->best = wall - b->last;
	b->last = wall;
	if (wall - b->wall < b->seconds)
		return true;
	b->cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID) - b->cpu;
	b->wall = wall - b->wall;
	return false;
}

/* Noise of MNIST's shape: a step costs the same, and nothing is read. */
static accel_samples *noise(int batch)
{
	const int64_t n = (int64_t)batch * 20;
	uint8_t *x = malloc((size_t)n * 784);
	int32_t *y = malloc((size_t)n * sizeof(*y));
	accel_samples *s = NULL;
	uint32_t r = 1;
	int64_t i;

	for (i = 0; x && i < n * 784; i++) {
		r = r * 1664525 + 1013904223;
		x[i] = (uint8_t)(r >> 24);
	}
	for (i = 0; y && i < n; i++)
		y[i] = (int32_t)(i % 10);
	if (x && y)
		s = accel_samples_create(x, .x_dtype = ACCEL_U8, .x_ndim = 3,
					 .x_shape = (int64_t[]){ n, 28, 28 },
					 .y = y, .y_dtype = ACCEL_I32,
					 .y_ndim = 1, .y_shape = &n);
	free(x);
	free(y);
	return s;
}

static void print(const struct bench *b, int batch, bool json)
{
	double samples = (double)b->steps * batch, steps = b->steps;

	printf(json ? "{" JSON_SCHEMA ", \"device\": " : "device ");
	json_text(stdout, accel_context_device(b->ctx));
	printf(json ? ", \"batch\": %d, \"samples_per_s\": %.1f, "
		      "\"samples_per_cpu_s\": %.1f, \"step_us\": %.2f, "
		      "\"best_step_us\": %.2f, "
		      "\"submits_per_step\": %.4g, "
		      "\"allocations_per_step\": %.4g, \"steps\": %d}\n"
		    : "\n  batch %d\n  %.1f samples per second\n"
		      "  %.1f samples per CPU-second\n"
		      "  %.2f us a step, %.2f the shortest\n"
		      "  %.4g submits and %.4g allocations a step, %d steps\n",
	       batch, samples / b->wall, samples / b->cpu,
	       b->wall * 1e6 / steps, b->best * 1e6,
	       (double)(b->until.submits - b->from.submits) / steps,
	       (double)b->allocations / steps, b->steps);
}

static int bench(struct bench *b, const char *arch, int batch, bool json)
{
	accel_layer *layers[MAX_LAYERS];
	accel_samples *s = NULL;
	accel_model *m = NULL;
	accel_status err;
	int n;

	err = accel_layers_parse(arch, MAX_LAYERS, layers, &n);
	if (!err) {
		m = accel_sequential_with(b->ctx, n, layers);
		s = noise(batch);
		err = m && s ? ACCEL_OK : ACCEL_ERR_INVALID;
	}
	if (!err)
		err = accel_compile(m, .optimizer = accel_adam(),
				    .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS);
	if (!err)
		err = accel_fit(m, s, .epochs = 1000000, .batch_size = batch,
				.verbose = -1, .on_batch = on_batch, .user = b);
	if (!err)
		print(b, batch, json);
	accel_model_destroy(m);
	accel_samples_destroy(s);
	return err ? fail(err) : 0;
}

int cmd_bench_train(int argc, char **argv)
{
	const char *arch = "flatten,dense:128:relu,dense:10", *device = NULL;
	struct bench b = { .seconds = 2 };
	int batch = 64, threads = 0, status;
	bool json = false;
	const struct option specs[] = {
		{ "--arch", OPTION_TEXT, &arch,
		  "layers over [28, 28], ending in ten outputs "
		  "(flatten,dense:128:relu,dense:10)" },
		{ "--batch", OPTION_COUNT, &batch, "samples of a step (64)" },
		{ "--device", OPTION_TEXT, &device,
		  "cpu, vulkan, INDEX, UUID or NAME" },
		{ "--threads", OPTION_COUNT, &threads,
		  "of the cpu or lavapipe (all there are)" },
		{ "--seconds", OPTION_NUMBER, &b.seconds, "to measure (2)" },
		{ "--json", OPTION_FLAG, &json, "one object" },
		OPTIONS_END,
	};

	status = options_parse(
		argc, argv,
		&(const struct usage){ .text = "bench train [OPTIONS]" }, specs,
		NULL);
	if (status)
		return status;
	b.ctx = open_device(device, 0, threads);
	if (!b.ctx)
		return fail(ACCEL_OK);
	status = bench(&b, arch, batch, json);
	accel_close(b.ctx);
	return status;
}
