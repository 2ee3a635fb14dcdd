/* SPDX-License-Identifier: MIT */
/* What the files of convolution share: its sizes, and its product in tiles. */
#ifndef COMPUTE_CONV_H
#define COMPUTE_CONV_H

#include "epilogue.h"

enum conv_product { CONV_FORWARD, CONV_BY_INPUT, CONV_BY_WEIGHTS };

struct conv_geometry {
	uint32_t n, c, h, w, o, oh, ow, kh, kw;
	uint32_t cg, og; /* channels of a group, in and out */
	uint32_t hp, wp; /* padded input: every window lies inside */
	/* Of a gradient that is computed as a convolution. By the input: w is
	 * [c, o, kh, kw], the last tap first. By the weights: in is [c, n, h,
	 * w], w is [c, o, kh, kw]. */
	enum conv_product what;
};

/* Checks the views against each other. */
accel_status conv_measure(const struct compute_conv *c,
			  struct conv_geometry *g);

/*
 * Whether a kernel better than loops takes c, tiles aside, and what
 * compute_conv() does once g is known.
 */
bool conv_blocks(const struct compute_device *dev, const struct compute_conv *c,
		 const struct conv_geometry *g);
uint64_t conv_scratch(struct compute_device *dev, const struct compute_conv *c,
		      const struct conv_geometry *g);
accel_status conv_record(struct compute_record *rec,
			 const struct compute_conv *c, struct conv_geometry *g);

/* The shape that c, the device's table or its limits ask for; not AUTO. */
enum compute_conv_shape conv_shape(const struct compute_device *dev,
				   const struct compute_conv *c,
				   const struct conv_geometry *g);

/* Notes whether the shape that runs is what accel tune's table names for g. */
void conv_chosen(struct compute_record *rec, const struct conv_geometry *g,
		 enum compute_conv_shape shape);

/* The tile's size, or 0 where the product takes another kernel. */
uint32_t conv_tile_size(const struct compute_device *dev,
			const struct compute_conv *c,
			const struct conv_geometry *g, enum conv_product what);

/* How many parts its sums are cut into: with more than 1, the output that `e` is
 * bound to is [parts] times as large, f32, and its sum is still to be taken. */
uint32_t conv_tile_parts(const struct compute_conv *c,
			 const struct conv_geometry *g, enum conv_product what,
			 uint32_t size);

/* @size: conv_tile_size()'s. @e: bound to the output: c->out, c->in or c->w, or
 * its parts. No operand is empty. */
accel_status conv_tile(struct compute_record *rec, const struct compute_conv *c,
		       const struct conv_geometry *g, enum conv_product what,
		       uint32_t size, const struct epilogue *e);

#endif /* COMPUTE_CONV_H */
