/* SPDX-License-Identifier: MIT */
/* The two backends, and how each is opened. */
#ifndef ACCEL_BACKEND_BACKEND_H
#define ACCEL_BACKEND_BACKEND_H

#include "../graph/plan.h"
#include "../tensor/buffer.h"

/* Opens the cpu backend. NULL with the error set. */
struct device *cpu_open(const accel_open_options *options);

struct compute_device;

/* The vulkan backend over a device, which is its own from now on, on failure
 * too. `threads`: of the steps that run on the host. */
struct device *vulkan_open(struct compute_device *device, uint32_t threads);

#endif /* ACCEL_BACKEND_BACKEND_H */
