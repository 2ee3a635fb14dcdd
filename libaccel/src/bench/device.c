// SPDX-License-Identifier: MIT
/* The Vulkan devices of this machine, as users see them. */
#include <accel/device.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute/compute.h"
#include "libaccel/src/base/error.h"

static void convert(const struct compute_device_info *from,
		    accel_device_info *to)
{
	static const char *const types[] = {
		[COMPUTE_DEVICE_OTHER] = "other",
		[COMPUTE_DEVICE_INTEGRATED] = "integrated",
		[COMPUTE_DEVICE_DISCRETE] = "discrete",
		[COMPUTE_DEVICE_VIRTUAL] = "virtual",
		[COMPUTE_DEVICE_CPU] = "cpu",
	};

	memset(to, 0, sizeof(*to));
	to->index = from->index;
	memcpy(to->name, from->name, sizeof(to->name));
	memcpy(to->driver, from->driver, sizeof(to->driver));
	memcpy(to->drm_node, from->drm_node, sizeof(to->drm_node));
	snprintf(to->type, sizeof(to->type), "%s", types[from->type]);
	for (int i = 0; i < 16; i++)
		snprintf(to->uuid + 2 * i, 3, "%02x", from->uuid[i]);
	/* as VK_API_VERSION_MAJOR and its fellows unpack it */
	to->api_major = from->api_version >> 22 & 0x7f;
	to->api_minor = from->api_version >> 12 & 0x3ff;
	to->api_patch = from->api_version & 0xfff;
	to->memory_bytes = from->memory_bytes;
	to->usable = from->usable;
	to->import_dmabuf = from->import_dmabuf;
	to->export_dmabuf = from->export_dmabuf;
	to->import_host = from->import_host;
}

accel_status accel_device_list(accel_device_info *list, uint32_t max,
			       uint32_t *count)
{
	struct compute_device_info *all;
	accel_status s;

	if (!count || (max && !list))
		return accel_error(ACCEL_ERR_INVALID,
				   "listing %u devices: no place for %s", max,
				   count ? "them" : "their number");
	all = calloc(max ? max : 1, sizeof(*all));
	if (!all)
		return accel_error(ACCEL_ERR_NOMEM, "listing %u devices", max);
	s = compute_devices(all, max, count);
	for (uint32_t i = 0; !s && i < max && i < *count; i++)
		convert(&all[i], &list[i]);
	free(all);
	return s;
}
