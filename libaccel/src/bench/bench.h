/* SPDX-License-Identifier: MIT */
/* What is measured, on a Vulkan device or as a graph. */
#ifndef ACCEL_BENCH_BENCH_H
#define ACCEL_BENCH_BENCH_H

#include <time.h>

#include <accel/bench.h>
#include <accel/context.h>

#include "compute/kernels.h"

#define BENCH_CHANNELS 64 /* of the convolution, in and out */
#define BENCH_CHAIN 5 /* element-wise operations */

enum bench_op { BENCH_MATMUL, BENCH_CONV, BENCH_ELEMENTWISE, BENCH_SUBMIT };

/* One measurement: of a recording's replay on a Vulkan device, or of a graph,
 * recorded and replayed each time. */
struct bench {
	enum bench_op op;
	uint32_t size;
	bool fused; /* element-wise: one kernel, not five */
	/* other sizes than a square's, when tuning: a matmul's m, n, k; a
	 * convolution's output channels, input channels, rows and columns */
	uint32_t dims[3];
	uint32_t shape; /* of the kernel, 0 for the library's choice */
	double flops; /* of one run */

	struct compute_device *dev;
	struct compute_buffer *buf;
	struct compute_record *rec;
	uint64_t used;

	accel_context *ctx;
	accel_tensor *in[2];
};

/* Makes what run() needs. The caller closes, after a failure too. */
accel_status bench_vulkan_open(struct bench *b);
accel_status bench_graph_open(struct bench *b, const char *device);
void bench_close(struct bench *b);

/* One run, until it is done. */
accel_status bench_run(struct bench *b);
double bench_now(clockid_t clock); /* microseconds */

accel_status bench_graph_run(struct bench *b);

#endif /* ACCEL_BENCH_BENCH_H */
