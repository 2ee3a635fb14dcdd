// SPDX-License-Identifier: MIT
/* accel_bench(): one kernel or graph measured, on a device or on the cpu. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/src/base/error.h"

#define MAX_RUNS 1000

static const struct {
	const char *name, *in_graph;
	uint32_t size, max;
} ops[] = {
	[BENCH_MATMUL] = { "matmul", "OpenBLAS", 512, 16384 },
	[BENCH_CONV] = { "conv", "im2col, OpenBLAS", 56, 2048 },
	[BENCH_ELEMENTWISE] = { "elementwise", "loop", 1024, 16384 },
	[BENCH_SUBMIT] = { "submit", "cumsum", 20, 10000 },
};

#define N_OPS (sizeof(ops) / sizeof(*ops))

double bench_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3; /* us */
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

accel_status bench_run(struct bench *b)
{
	accel_status s;

	if (b->ctx)
		return bench_graph_run(b);
	s = compute_submit(b->rec);
	return s ? s : compute_wait(b->rec, UINT64_MAX);
}

/* The medians of wall and CPU time; of a submit, the CPU time of this thread
 * is what counts: the driver's threads do the work. */
static accel_status measure(struct bench *b, uint32_t runs, double *wall_us,
			    double *cpu_us)
{
	const clockid_t clock = b->op == BENCH_SUBMIT ? CLOCK_THREAD_CPUTIME_ID
						      : CLOCK_MONOTONIC;
	double *wall = calloc(2 * runs, sizeof(*wall)), *cpu = wall + runs;
	accel_status s = ACCEL_OK;

	if (!wall)
		return accel_error(ACCEL_ERR_NOMEM, "bench: %u runs", runs);
	/* the first run compiles what the driver left for it */
	for (uint32_t i = 0; i <= runs && !s; i++) {
		uint32_t k = i ? i - 1 : 0;
		double w = bench_now(clock),
		       c = bench_now(CLOCK_PROCESS_CPUTIME_ID);

		s = bench_run(b);
		wall[k] = bench_now(clock) - w;
		cpu[k] = bench_now(CLOCK_PROCESS_CPUTIME_ID) - c;
	}
	qsort(wall, runs, sizeof(*wall), compare);
	qsort(cpu, runs, sizeof(*cpu), compare);
	*wall_us = wall[runs / 2];
	*cpu_us = cpu[runs / 2];
	free(wall);
	return s;
}

void bench_close(struct bench *b)
{
	accel_close(b->ctx); /* and what was kept */
	compute_record_destroy(b->rec);
	compute_buffer_destroy(b->buf);
	compute_close(b->dev);
}

static void describe(const struct bench *b, accel_bench_result *r)
{
	const struct compute_kernel *k;

	if (b->dev) {
		const struct compute_device_info *info =
			compute_device_info(b->dev);

		memcpy(r->device, info->name, sizeof(r->device));
		memcpy(r->driver, info->driver, sizeof(r->driver));
	} else {
		snprintf(r->device, sizeof(r->device), "cpu");
		snprintf(r->driver, sizeof(r->driver), "%s",
			 accel_context_device(b->ctx));
	}
	if (b->ctx) {
		snprintf(r->kernel, sizeof(r->kernel), "%s",
			 ops[b->op].in_graph);
		return;
	}
	k = compute_record_kernel(b->rec, compute_record_launches(b->rec) - 1);
	snprintf(r->kernel, sizeof(r->kernel), "%s",
		 k ? compute_kernel_name(k) : "");
}

/* Opens, runs, closes. r: described when not NULL. */
static accel_status one(struct bench *b, const char *device, uint32_t runs,
			double *wall, double *cpu, accel_bench_result *r)
{
	accel_status s;

	if (!device && !getenv("ACCEL_DEVICE"))
		device = "vulkan";
	s = compute_open(device, &b->dev);
	if (!s && !b->dev && b->op == BENCH_SUBMIT)
		s = accel_error(ACCEL_ERR_NODEV,
				"bench submit: the cpu has no submits");
	if (!s)
		s = b->dev && b->op != BENCH_SUBMIT
			    ? bench_vulkan_open(b)
			    : bench_graph_open(b, device);
	if (!s && r)
		describe(b, r);
	if (!s)
		s = measure(b, runs, wall, cpu);
	bench_close(b);
	return s;
}

accel_status accel_bench(const char *op, const char *device, uint32_t size,
			 uint32_t runs, accel_bench_result *r)
{
	struct bench b = { .fused = true };
	double wall = 0, cpu = 0;
	accel_status s;
	size_t i = 0;

	if (!r)
		return accel_error(ACCEL_ERR_INVALID,
				   "bench: no place for the result");
	memset(r, 0, sizeof(*r));
	while (op && i < N_OPS && strcmp(ops[i].name, op))
		i++;
	if (!op || i == N_OPS)
		return accel_error(ACCEL_ERR_INVALID,
				   "bench: no operation '%s' (matmul, conv, "
				   "elementwise, submit)",
				   op ? op : "");
	b.op = (enum bench_op)i;
	b.size = size ? size : ops[i].size;
	runs = runs ? runs : 9;
	if (b.size > ops[i].max || runs > MAX_RUNS)
		return accel_error(ACCEL_ERR_RANGE,
				   "bench %s: size %u of at most %u, %u runs "
				   "of at most %u",
				   op, b.size, ops[i].max, runs, MAX_RUNS);
	snprintf(r->op, sizeof(r->op), "%s", op);
	r->size = b.size;
	r->runs = runs;
	s = one(&b, device, runs, &wall, &cpu, r);
	r->median_us = wall;
	if (wall > 0)
		r->gflops = b.flops / wall * 1e-3;
	if (cpu > 0)
		r->gflops_per_cpu_s = b.flops / cpu * 1e-3;
	if (!s && b.op == BENCH_ELEMENTWISE) {
		struct bench five = { .op = b.op, .size = b.size };

		s = one(&five, device, runs, &r->unfused_us, &cpu, NULL);
	}
	return s;
}
