/* SPDX-License-Identifier: MIT */
/*
 * Measuring a device's kernels.
 */
#ifndef ACCEL_BENCH_H
#define ACCEL_BENCH_H

#include <stdint.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct accel_bench_result {
	char op[32];
	char device[256];
	char driver[256];
	char kernel[128]; /* the last launch's */
	uint32_t size, runs;
	double gflops; /* floating-point operations a ns of wall time, median */
	double gflops_per_cpu_s; /* the same by CPU time, this process's */
	double median_us; /* of one run; submit: in CPU time of the caller */
	double unfused_us; /* elementwise: the same by one kernel an operation */
};

/*
 * Runs one measurement.
 *
 * @op: "matmul" (f32, size by size by size), "conv" (3x3, 64 to 64 channels,
 *   size by size), "elementwise" (five fused operations over size * size f32),
 *   "submit" (a graph of `size` kernels recorded and replayed: this thread's
 *   CPU time, the driver's submit in it).
 * @device: as ACCEL_DEVICE; NULL for the first Vulkan device. "cpu": the CPU
 *   backend, which has no submits to measure.
 * @size: 0 for the operation's own (512, 56, 1024, 20). @runs: 0 for 9.
 *
 * ERR_INVALID: no such operation. ERR_NODEV, ERR_NOMEM, ERR_RANGE. Not from
 * two threads at once: the CPU time is the process's.
 */
ACCEL_API accel_status accel_bench(const char *op, const char *device,
				   uint32_t size, uint32_t runs,
				   struct accel_bench_result *result);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_BENCH_H */
