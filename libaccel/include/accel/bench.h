/* SPDX-License-Identifier: MIT */
/*
 * Measuring a device's kernels, and choosing among them by it.
 */
#ifndef ACCEL_BENCH_H
#define ACCEL_BENCH_H

#include <stdint.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct accel_bench_result {
	char op[32];
	char device[256];
	char driver[256];
	char kernel[128]; /* the last launch's */
	uint32_t size, runs;
	double gflops; /* floating-point operations a ns of wall time, median */
	double gflops_per_cpu_s; /* the same by CPU time, this process's */
	double median_us; /* of one run; submit: in CPU time of the caller */
	double unfused_us; /* elementwise: the same by one kernel an operation */
} accel_bench_result;

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
				   accel_bench_result *result);

/* One class of sizes, measured. */
typedef struct accel_tune_row {
	char op[16]; /* "matmul", "conv" (3x3) */
	uint32_t size[3]; /* m, n, k; or output channels, input channels, and
			   * rows (and columns) of pixels */
	char kernel[128]; /* the fastest one's last launch */
	double gflops; /* of it */
	double builtin_gflops; /* of the kernel taken without a table */
	int changed; /* the two differ */
	uint32_t done, total; /* rows */
} accel_tune_row;

/* Returns 0 to go on. */
typedef int (*accel_tune_progress)(const accel_tune_row *row, void *arg);

typedef struct accel_tune_result {
	char device[256];
	char driver[256];
	char path[4096]; /* of the table's file */
} accel_tune_result;

/*
 * Measures which kernel is the fastest, for small, medium and large sizes in
 * each direction, and replaces the device's table by the result: matmul and
 * convolution choose by it from the next accel_open() on. A software device is
 * measured in CPU time, any other in wall time: let nothing else use it.
 *
 * @device: as in accel_bench(). @runs: of each kernel, the fastest counts; 0
 *   for 5. @progress: called after every row; may be NULL.
 * @result: filled as far as the device could be opened.
 *
 * The file, UUID-VERSION.tune, is in $ACCEL_CACHE_DIR, else
 * $XDG_CACHE_HOME/libaccel/pipelines, else ~/.cache/libaccel/pipelines; another
 * device, driver version or ACCEL_LIMITS is another file. A damaged one is
 * ignored. Whatever it says, results keep their tolerances; their last bits may
 * differ from kernel to kernel.
 *
 * ERR_NODEV: also for the CPU backend. ERR_NOSYS: the cache is turned off.
 * ERR_INVALID: stopped by progress. ERR_IO, ERR_NOMEM: the old table stays.
 */
ACCEL_API accel_status accel_tune(const char *device, uint32_t runs,
				  accel_tune_progress progress, void *arg,
				  accel_tune_result *result);

/* Removes the device's table: the built-in choices again. */
ACCEL_API accel_status accel_tune_reset(const char *device,
					accel_tune_result *result);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_BENCH_H */
