/* SPDX-License-Identifier: MIT */
/*
 * The Vulkan devices of this machine.
 */
#ifndef ACCEL_DEVICE_H
#define ACCEL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct accel_device_info {
	uint32_t index; /* what ACCEL_DEVICE=INDEX means */
	char name[256];
	char driver[256];
	char type[16]; /* integrated, discrete, virtual, cpu, other */
	char uuid[40]; /* 32 hex digits */
	char drm_node[64]; /* "/dev/dri/renderD128", "" if none or unknown */
	uint32_t api_major, api_minor, api_patch;
	uint64_t memory_bytes; /* largest device-local heap */
	bool usable; /* Vulkan 1.1 and a compute queue */
	bool import_dmabuf, export_dmabuf; /* shares memory without a copy */
	bool import_host; /* takes pages of a process */
} accel_device_info;

/*
 * Lists them.
 *
 * @list: receives up to `max` entries; may be NULL when max is 0.
 * @count: receives how many there are, which may be more than max; 0 on a
 *   machine without a Vulkan driver.
 *
 * ERR_NOMEM. Any thread.
 */
ACCEL_API accel_status accel_device_list(accel_device_info *list, uint32_t max,
					 uint32_t *count);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_DEVICE_H */
