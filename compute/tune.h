/* SPDX-License-Identifier: MIT */
/*
 * The table of kernel shapes that `accel tune` measured, a file per device:
 * what compute_matmul() and compute_conv() choose where it says something, and
 * where the device and the operands allow it. Built-in choices everywhere else.
 *
 * Sizes fall into three classes in each of three directions: a matmul's m, n
 * and k; a convolution's output channels, terms a sum (input channels * kernel
 * height * width), and output pixels.
 */
#ifndef COMPUTE_TUNE_H
#define COMPUTE_TUNE_H

#include "kernels.h"

enum tune_op { TUNE_MATMUL, TUNE_CONV, TUNE_OPS };

#define TUNE_CLASSES 3
#define TUNE_BUCKETS (TUNE_CLASSES * TUNE_CLASSES * TUNE_CLASSES)

/* A shape (enum compute_matmul_shape, compute_conv_shape), or 0, the built-in
 * choice, by op and bucket. */
struct tune_table {
	uint8_t shape[TUNE_OPS][TUNE_BUCKETS];
};

uint32_t tune_bucket(uint64_t a, uint64_t b, uint64_t c);

/* "matmul", "conv". */
const char *tune_op_name(enum tune_op op);
/* NULL beyond the op's last shape; from 1 on. */
const char *tune_shape_name(enum tune_op op, uint32_t shape);

/*
 * Whether the device has what a shape is made for. Devices with V3D's limits
 * run the shapes that check-v3d compiles, and no others.
 */
bool tune_fits(const struct compute_device *dev, enum tune_op op,
	       uint32_t shape);

/* What the table says, if the device can do it; else 0. */
uint32_t tune_choice(const struct compute_device *dev, enum tune_op op,
		     uint64_t a, uint64_t b, uint64_t c);

/* Replaces the device's table; NULL: the built-in choices. Not the file. */
void compute_tune_use(struct compute_device *dev, const struct tune_table *t);

/*
 * The file: UUID-VERSION.tune (UUID-VERSION-v3d42.tune within limits) beside
 * the pipeline cache, see compute_kernel_get(). ERR_NOSYS: there is none, the
 * disk cache is turned off.
 */
accel_status compute_tune_path(const struct compute_device *dev, char *path,
			       size_t size);

/* Writes t as the device's file; NULL removes the file. ERR_IO, ERR_NOSYS. */
accel_status compute_tune_save(const struct compute_device *dev,
			       const struct tune_table *t);

/*
 * Reads the file into the device's table. A file that is not wholly right is
 * ignored, with one message a process on stderr.
 */
void tune_load(struct compute_device *dev);

#endif /* COMPUTE_TUNE_H */
