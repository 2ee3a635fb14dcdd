// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../tensor/node.h"
#include "backend.h"

accel_context *accel_open_with(const accel_open_options *options)
{
	static const accel_open_options none;
	struct accel_context *ctx;
	struct device *dev;
	const char *which;

	if (!options)
		options = &none;
	which = options->device;
	if (!which || !*which)
		which = getenv("ACCEL_DEVICE");
	if (which && *which && strcmp(which, "cpu"))
		return accel_error_null(ACCEL_ERR_NODEV,
					"no device \"%s\": there is \"cpu\"",
					which);
	dev = cpu_open(options);
	if (!dev)
		return NULL;
	ctx = context_create(dev, options);
	if (!ctx)
		dev->ops->close(dev);
	return ctx;
}
