// SPDX-License-Identifier: MIT
#include <accel/bench.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compute/kernels.h"
#include "libaccel/src/base/error.h"

#define CHANNELS 64
#define CHAIN 5
#define MAX_RUNS 1000

struct bench {
	struct compute_device *dev;
	struct compute_buffer *buf;
	struct compute_record *rec;
	uint64_t used;
	uint32_t size;
	double flops; /* of one run */
};

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3; /* us */
}

/* The next f32 view of the buffer. */
static struct compute_view take(struct bench *b, uint32_t rank,
				const uint32_t *size)
{
	struct compute_view v = { .buffer = b->buf,
				  .offset = b->used,
				  .rank = rank };
	uint64_t n = 1;

	for (uint32_t d = rank; d-- > 0;) {
		v.size[d] = size[d];
		v.stride[d] = (int32_t)n;
		n *= size[d];
	}
	b->used += (n * 4 + 255) & ~255ull;
	return v;
}

static accel_status memory(struct bench *b, uint64_t bytes)
{
	struct compute_record *rec;
	accel_status s;

	s = compute_buffer_create(b->dev, bytes, 0, &b->buf);
	if (s)
		return s;
	/* small ordinary numbers: neither subnormal nor NaN */
	s = compute_record_create(b->dev, 0, &rec);
	if (s)
		return s;
	s = compute_record_fill(rec, b->buf, 0, bytes & ~3ull, 0x3e800000u);
	if (!s)
		s = compute_record_end(rec);
	if (!s)
		s = compute_submit(rec);
	if (!s)
		s = compute_wait(rec, UINT64_MAX);
	compute_record_destroy(rec);
	return s;
}

static accel_status record_matmul(struct bench *b)
{
	const uint32_t dims[] = { b->size, b->size };
	uint64_t one = (uint64_t)b->size * b->size * 4 + 256;
	struct compute_matmul m = { 0 };
	accel_status s;

	/* scratch is at most two padded copies */
	s = memory(b, 6 * one + (uint64_t)b->size * 4096);
	if (s)
		return s;
	m.a = take(b, 2, dims);
	m.b = take(b, 2, dims);
	m.out = take(b, 2, dims);
	m.scratch = b->buf;
	m.scratch_offset = b->used;
	b->flops = 2.0 * b->size * b->size * b->size;
	return compute_matmul(b->rec, &m);
}

static accel_status record_conv(struct bench *b)
{
	const uint32_t in[] = { 1, CHANNELS, b->size, b->size };
	const uint32_t w[] = { CHANNELS, CHANNELS, 3, 3 };
	struct compute_conv c = { .stride = { 1, 1 },
				  .pad = { 1, 1 },
				  .dilation = { 1, 1 },
				  .groups = 1 };
	uint64_t plane = (uint64_t)(b->size + 6) * (b->size + 6);
	accel_status s;

	s = memory(b, plane * CHANNELS * 4 * 4 + (4u << 20));
	if (s)
		return s;
	c.in = take(b, 4, in);
	c.w = take(b, 4, w);
	c.out = take(b, 4, in);
	c.scratch = b->buf;
	c.scratch_offset = b->used;
	b->flops = 2.0 * 9 * CHANNELS * CHANNELS * b->size * b->size;
	return compute_conv(b->rec, &c);
}

static accel_status record_elementwise(struct bench *b)
{
	const uint32_t n[] = { b->size * b->size };
	struct compute_elementwise e = { .n_in = 2,
					 .n_out = 1,
					 .n_ops = CHAIN };
	accel_status s = memory(b, 3 * ((uint64_t)n[0] * 4 + 256));

	if (s)
		return s;
	e.in[0] = take(b, 1, n);
	e.in[1] = take(b, 1, n);
	e.out[0] = take(b, 1, n);
	for (uint8_t i = 0; i < CHAIN; i++)
		e.op[i] = (struct compute_ew_op){
			i & 1 ? COMPUTE_EW_MUL : COMPUTE_EW_ADD,
			i ? COMPUTE_EW_OP(i - 1) : COMPUTE_EW_IN(0),
			COMPUTE_EW_IN(1), 0
		};
	e.out_value[0] = COMPUTE_EW_OP(CHAIN - 1);
	b->flops = (double)CHAIN * n[0];
	return compute_elementwise(b->rec, &e);
}

static accel_status record_submit(struct bench *b)
{
	const uint32_t n[] = { 64 };
	struct compute_elementwise e = { .n_in = 1, .n_out = 1, .n_ops = 1 };
	accel_status s = memory(b, 512);

	if (s)
		return s;
	e.in[0] = e.out[0] = take(b, 1, n);
	e.op[0].code = COMPUTE_EW_NEG;
	e.out_value[0] = COMPUTE_EW_OP(0);
	for (uint32_t i = 0; i < b->size && !s; i++)
		s = compute_elementwise(b->rec, &e);
	return s;
}

static const struct {
	const char *name;
	uint32_t size, max;
	accel_status (*record)(struct bench *b);
} ops[] = {
	{ "matmul", 512, 16384, record_matmul },
	{ "conv", 56, 2048, record_conv },
	{ "elementwise", 1024, 16384, record_elementwise },
	{ "submit", 20, 10000, record_submit },
};

#define N_OPS (sizeof(ops) / sizeof(*ops))

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Fills what is measured; the recording is ready. */
static accel_status measure(struct bench *b, bool submit, uint32_t runs,
			    struct accel_bench_result *r)
{
	double *wall = calloc(2 * runs, sizeof(*wall)), *cpu = wall + runs;
	accel_status s = ACCEL_OK;

	if (!wall)
		return accel_error(ACCEL_ERR_NOMEM, "bench: %u runs", runs);
	/* the first run compiles what the driver left for it */
	for (uint32_t i = 0; i <= runs && !s; i++) {
		uint32_t k = i ? i - 1 : 0;
		double w = now(CLOCK_MONOTONIC);
		double c = now(CLOCK_PROCESS_CPUTIME_ID);
		double t = now(CLOCK_THREAD_CPUTIME_ID);

		s = compute_submit(b->rec);
		t = now(CLOCK_THREAD_CPUTIME_ID) - t;
		if (!s)
			s = compute_wait(b->rec, UINT64_MAX);
		wall[k] = submit ? t : now(CLOCK_MONOTONIC) - w;
		cpu[k] = now(CLOCK_PROCESS_CPUTIME_ID) - c;
	}
	qsort(wall, runs, sizeof(*wall), compare);
	qsort(cpu, runs, sizeof(*cpu), compare);
	r->median_us = wall[runs / 2];
	if (wall[runs / 2] > 0)
		r->gflops = b->flops / wall[runs / 2] * 1e-3;
	if (cpu[runs / 2] > 0)
		r->gflops_per_cpu_s = b->flops / cpu[runs / 2] * 1e-3;
	free(wall);
	return s;
}

accel_status accel_bench(const char *op, const char *device, uint32_t size,
			 uint32_t runs, struct accel_bench_result *r)
{
	const struct compute_device_info *info;
	const struct compute_kernel *k;
	struct bench b = { 0 };
	size_t i = 0;
	accel_status s;

	memset(r, 0, sizeof(*r));
	while (op && i < N_OPS && strcmp(ops[i].name, op))
		i++;
	if (!op || i == N_OPS)
		return accel_error(ACCEL_ERR_INVALID,
				   "bench: no operation '%s' (matmul, conv, "
				   "elementwise, submit)",
				   op ? op : "");
	b.size = size ? size : ops[i].size;
	runs = runs ? runs : 9;
	if (b.size > ops[i].max || runs > MAX_RUNS)
		return accel_error(ACCEL_ERR_RANGE,
				   "bench %s: size %u of at most %u, %u runs "
				   "of at most %u",
				   op, b.size, ops[i].max, runs, MAX_RUNS);
	if (!device && !getenv("ACCEL_DEVICE"))
		device = "vulkan";
	s = compute_open(device, &b.dev);
	if (s)
		return s;
	if (!b.dev)
		return accel_error(ACCEL_ERR_NODEV,
				   "bench: '%s' is not a Vulkan device",
				   device ? device : "cpu");
	info = compute_device_info(b.dev);
	snprintf(r->op, sizeof(r->op), "%s", op);
	memcpy(r->device, info->name, sizeof(r->device));
	memcpy(r->driver, info->driver, sizeof(r->driver));
	r->size = b.size;
	r->runs = runs;
	s = compute_record_create(b.dev, 0, &b.rec);
	if (!s)
		s = ops[i].record(&b);
	if (!s)
		s = compute_record_end(b.rec);
	if (!s) {
		k = compute_record_kernel(b.rec,
					  compute_record_launches(b.rec) - 1);
		snprintf(r->kernel, sizeof(r->kernel), "%s",
			 k ? compute_kernel_name(k) : "");
		s = measure(&b, b.flops == 0, runs, r);
	}
	compute_record_destroy(b.rec);
	compute_buffer_destroy(b.buf);
	compute_close(b.dev);
	return s;
}
