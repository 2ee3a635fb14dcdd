// SPDX-License-Identifier: MIT
#include "../base/error.h"
#include "../tensor/node.h"
#include "backend.h"

accel_context *accel_open_with(const accel_open_options *options)
{
	static const accel_open_options none;
	struct accel_context *ctx;
	struct device *dev;

	if (!options)
		options = &none;
	dev = cpu_open(options);
	if (!dev)
		return NULL;
	ctx = context_create(dev, options);
	if (!ctx)
		dev->ops->close(dev);
	return ctx;
}
