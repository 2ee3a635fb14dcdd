/* SPDX-License-Identifier: MIT */
/* A recording, as the functions that launch kernels see it. */
#ifndef COMPUTE_RECORD_H
#define COMPUTE_RECORD_H

#include "vk.h"

/* Bytes that a launch since the last barrier has touched. */
struct record_span {
	VkDeviceMemory memory;
	uint64_t lo, hi;
	bool writes;
};

struct compute_record {
	struct compute_device *dev;
	uint32_t flags;
	accel_status error; /* the first one met */
	struct compute_cost cost;
	bool ended, pending, finished;

	VkCommandPool pool;
	VkCommandBuffer cmd;
	VkFence fence;
	VkQueryPool query;
	VkPipeline bound;

	VkDescriptorPool *pools;
	uint32_t n_pools, cap_pools, sets_left;
	VkBufferView *views;
	uint32_t n_views, cap_views;
	struct record_span *spans;
	uint32_t n_spans, cap_spans;
	const struct compute_kernel **kernels; /* [n_launches] */
	uint32_t n_launches, cap_kernels;
	uint32_t n_barriers;
};

/* Whether it only adds up what launches cost. */
static inline bool record_measures(const struct compute_record *rec)
{
	return rec->flags & COMPUTE_RECORD_MEASURE;
}

/* Adds a launch to the cost; ERR_RANGE where it is none of this device's. */
accel_status record_cost(struct compute_record *rec, uint32_t shader,
			 const struct compute_binding *b, uint32_t n,
			 uint64_t turns, const uint32_t groups[3]);

/* Remembers a launch function's failure so that the end fails too. */
accel_status compute_record_fail(struct compute_record *rec, accel_status s);

#endif /* COMPUTE_RECORD_H */
