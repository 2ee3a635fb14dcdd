// SPDX-License-Identifier: MIT
/* Which of a device's kernels is the fastest, by classes of sizes. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute/tune.h"
#include "libaccel/src/base/error.h"

#define RUNS 5
#define HOPELESS 3 /* times as slow after one run: no more runs */
#define COMPILING 1e6 /* us that a driver's compiler may take in the first */
#define CLEARLY 0.95 /* of the built-in choice's time: noise is not measured */

/*
 * What stands for a class of sizes: m, n, k; output channels, input channels (3
 * by 3 terms each), and rows (and columns) of pixels. Large is what fills the
 * device: more for a real GPU than for a software one.
 */
#define LARGER TUNE_CLASSES
static const struct {
	enum bench_op op;
	uint32_t size[3][TUNE_CLASSES + 1];
} model[TUNE_OPS] = {
	[TUNE_MATMUL] = { BENCH_MATMUL,
			  { { 32, 128, 256, 1024 },
			    { 32, 128, 256, 1024 },
			    { 32, 128, 256, 1024 } } },
	[TUNE_CONV] = { BENCH_CONV,
			{ { 16, 64, 256, 256 },
			  { 4, 16, 64, 128 },
			  { 7, 14, 20, 56 } } },
};

static bool software(const struct compute_device *dev)
{
	return compute_device_info(dev)->type == COMPUTE_DEVICE_CPU;
}

/* On a software device by this process's CPU time: it is what that device is
 * made of, and other programs do not disturb it. */
static double best(struct bench *b, uint32_t runs, double limit,
		   accel_status *err)
{
	const clockid_t clock = compute_device_info(b->dev)->type ==
						COMPUTE_DEVICE_CPU
					? CLOCK_PROCESS_CPUTIME_ID
					: CLOCK_MONOTONIC;
	double least = 0;

	for (uint32_t i = 0; i <= runs && !*err; i++) {
		double start = bench_now(clock), t;

		*err = bench_run(b);
		t = bench_now(clock) - start;
		/* the first compiles what the driver left for it */
		if (!i && (limit <= 0 || t < limit + COMPILING))
			continue;
		least = least > 0 && least < t ? least : t;
		if (limit > 0 && least > limit)
			break;
	}
	return least > 0 ? least : 1e-3;
}

/* One kernel at the bucket's sizes: its microseconds, 0 after an error. */
static double measure(struct compute_device *dev, accel_tune_row *row,
		      enum tune_op op, uint32_t shape, uint32_t runs,
		      double limit, char *kernel, size_t size,
		      accel_status *err)
{
	struct bench b = { .op = model[op].op, .dev = dev, .shape = shape };
	const struct compute_kernel *k;
	double us = 0;

	memcpy(b.dims, row->size, sizeof(b.dims));
	*err = bench_vulkan_open(&b);
	if (!*err) {
		k = compute_record_kernel(b.rec,
					  compute_record_launches(b.rec) - 1);
		snprintf(kernel, size, "%s", k ? compute_kernel_name(k) : "");
		us = best(&b, runs, limit, err);
		row->gflops = b.flops / us * 1e-3;
	}
	b.dev = NULL; /* the caller's */
	bench_close(&b);
	return us;
}

/* Measures a bucket: the built-in choice first, the others against it. */
static accel_status bucket(struct compute_device *dev, enum tune_op op,
			   uint32_t at, uint32_t runs, struct tune_table *t,
			   accel_tune_row *row)
{
	char own[128], kernel[128];
	double us, least, gflops;
	bool no_tiles = false;
	accel_status err;

	memset(row, 0, sizeof(*row));
	snprintf(row->op, sizeof(row->op), "%s", tune_op_name(op));
	for (int i = 2; i >= 0; i--) {
		uint32_t class = at % TUNE_CLASSES;

		if (class == TUNE_CLASSES - 1 && !software(dev))
			class = LARGER;
		row->size[i] = model[op].size[i][class];
		at /= TUNE_CLASSES;
	}
	at = tune_bucket(
		row->size[0], op == TUNE_CONV ? 9 * row->size[1] : row->size[1],
		op == TUNE_CONV ? row->size[2] * row->size[2] : row->size[2]);
	us = measure(dev, row, op, 0, runs, 0, own, sizeof(own), &err);
	row->builtin_gflops = gflops = row->gflops;
	snprintf(row->kernel, sizeof(row->kernel), "%s", own);
	least = us * CLEARLY;
	for (uint32_t k = 1; tune_shape_name(op, k) && !err; k++) {
		bool tile = !strncmp(tune_shape_name(op, k), "tile", 4);

		/* where tiles are hopeless, so are those of other sizes */
		if (!tune_fits(dev, op, k) || (tile && no_tiles))
			continue;
		us = measure(dev, row, op, k, runs, HOPELESS * least, kernel,
			     sizeof(kernel), &err);
		no_tiles |= tile && us > HOPELESS * least;
		if (err || us >= least || !strcmp(kernel, own))
			continue;
		t->shape[op][at] = (uint8_t)k;
		least = us;
		gflops = row->gflops;
		snprintf(row->kernel, sizeof(row->kernel), "%s", kernel);
	}
	row->gflops = gflops;
	row->changed = t->shape[op][at] != 0;
	return err;
}

static accel_status tune_all(struct compute_device *dev, uint32_t runs,
			     accel_tune_progress progress, void *arg)
{
	struct tune_table t = { 0 };
	accel_tune_row row;
	accel_status err = ACCEL_OK;

	compute_tune_use(dev, NULL); /* against the built-in choices */
	for (uint32_t i = 0; i < TUNE_OPS * TUNE_BUCKETS && !err; i++) {
		err = bucket(dev, i / TUNE_BUCKETS, i % TUNE_BUCKETS, runs, &t,
			     &row);
		if (err || !progress)
			continue;
		row.done = i + 1;
		row.total = TUNE_OPS * TUNE_BUCKETS;
		if (progress(&row, arg))
			err = accel_error(ACCEL_ERR_INVALID,
					  "tune: stopped after %u of %u",
					  row.done, row.total);
	}
	return err ? err : compute_tune_save(dev, &t);
}

static accel_status open_device(const char *device, struct compute_device **dev,
				accel_tune_result *r)
{
	accel_status err;

	*dev = NULL;
	if (!r)
		return accel_error(ACCEL_ERR_INVALID,
				   "tune: no place for the result");
	memset(r, 0, sizeof(*r));
	if (!device && !getenv("ACCEL_DEVICE"))
		device = "vulkan";
	err = compute_open(device, dev);
	if (!err && !*dev)
		err = accel_error(ACCEL_ERR_NODEV,
				  "tune: the cpu has no kernels to choose "
				  "from");
	if (err)
		return err;
	memcpy(r->device, compute_device_info(*dev)->name, sizeof(r->device));
	memcpy(r->driver, compute_device_info(*dev)->driver, sizeof(r->driver));
	return compute_tune_path(*dev, r->path, sizeof(r->path));
}

accel_status accel_tune(const char *device, uint32_t runs,
			accel_tune_progress progress, void *arg,
			accel_tune_result *r)
{
	struct compute_device *dev;
	accel_status err = open_device(device, &dev, r);

	if (!err)
		err = tune_all(dev, runs ? runs : RUNS, progress, arg);
	compute_close(dev);
	return err;
}

accel_status accel_tune_reset(const char *device, accel_tune_result *r)
{
	struct compute_device *dev;
	accel_status err = open_device(device, &dev, r);

	if (!err)
		err = compute_tune_save(dev, NULL);
	compute_close(dev);
	return err;
}
