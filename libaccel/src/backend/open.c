// SPDX-License-Identifier: MIT
/* accel_open(): which device is meant, and a context on it. */
#include "../tensor/node.h"
#include "backend.h"

#include "compute/compute.h"

accel_context *accel_open_with(const accel_open_options *options)
{
	static const accel_open_options none;
	struct compute_device *gpu;
	struct accel_context *ctx;
	struct device *dev;

	if (!options)
		options = &none;
	if (compute_open(options->device, &gpu))
		return NULL;
	dev = gpu ? vulkan_open(gpu, options->threads) : cpu_open(options);
	if (!dev)
		return NULL;
	ctx = context_create(dev, options);
	if (!ctx)
		dev->ops->close(dev);
	return ctx;
}
