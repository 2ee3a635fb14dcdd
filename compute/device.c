// SPDX-License-Identifier: MIT
/* Instance and device: which there are, and opening one. */
#include "coop.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../libaccel/src/base/alloc.h"
#include "../libaccel/src/base/error.h"
#include "shaders.h"
#include "tune.h"

#define MAX_DEVICES 64

static uint32_t compute_family(const struct vk_instance *in,
			       VkPhysicalDevice phys, bool *stamps)
{
	VkQueueFamilyProperties q[32];
	uint32_t n = 32, best = UINT32_MAX;

	in->GetPhysicalDeviceQueueFamilyProperties(phys, &n, q);
	for (uint32_t i = 0; i < n; i++) {
		if (!(q[i].queueFlags & VK_QUEUE_COMPUTE_BIT))
			continue;
		/* graphics queues are the best supported everywhere */
		if (best == UINT32_MAX ||
		    (q[i].queueFlags & VK_QUEUE_GRAPHICS_BIT &&
		     !(q[best].queueFlags & VK_QUEUE_GRAPHICS_BIT)))
			best = i;
	}
	*stamps = best != UINT32_MAX && q[best].timestampValidBits >= 32;
	return best;
}

static void read_external(const struct vk_instance *in, VkPhysicalDevice phys,
			  const struct vk_extensions *ext,
			  struct compute_device_info *info)
{
	VkPhysicalDeviceExternalBufferInfo bi = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
		.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
		.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
	};
	VkExternalBufferProperties bp = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES,
	};
	VkExternalMemoryFeatureFlags f;

	info->import_host = vk_has(ext, "VK_EXT_external_memory_host");
	if (!vk_has(ext, "VK_EXT_external_memory_dma_buf") ||
	    !vk_has(ext, "VK_KHR_external_memory_fd"))
		return;
	in->GetPhysicalDeviceExternalBufferProperties(phys, &bi, &bp);
	f = bp.externalMemoryProperties.externalMemoryFeatures;
	info->import_dmabuf = f & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
	info->export_dmabuf = f & VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT;
}

static void read_info(const struct vk_instance *in, VkPhysicalDevice phys,
		      uint32_t index, struct compute_device_info *info)
{
	static const enum compute_device_type types[] = {
		[VK_PHYSICAL_DEVICE_TYPE_OTHER] = COMPUTE_DEVICE_OTHER,
		[VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] =
			COMPUTE_DEVICE_INTEGRATED,
		[VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] =
			COMPUTE_DEVICE_DISCRETE,
		[VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = COMPUTE_DEVICE_VIRTUAL,
		[VK_PHYSICAL_DEVICE_TYPE_CPU] = COMPUTE_DEVICE_CPU,
	};
	VkPhysicalDeviceDrmPropertiesEXT drm = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRM_PROPERTIES_EXT,
	};
	VkPhysicalDeviceDriverProperties drv = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
	};
	VkPhysicalDeviceIDProperties id = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
	};
	VkPhysicalDeviceProperties2 p = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
	};
	VkPhysicalDeviceMemoryProperties2 mp = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
	};
	VkExtensionProperties list[512];
	struct vk_extensions ext = { .list = list, .n = 512 };
	VkResult r;
	bool stamps;

	memset(info, 0, sizeof(*info));
	info->index = index;
	in->GetPhysicalDeviceProperties2(phys, &p);
	info->api_version = p.properties.apiVersion;
	if (info->api_version >= VK_API_VERSION_1_1) {
		r = in->EnumerateDeviceExtensionProperties(phys, NULL, &ext.n,
							   list);
		if (r && r != VK_INCOMPLETE)
			ext.n = 0;
		p.pNext = &id;
		if (info->api_version >= VK_API_VERSION_1_2 ||
		    vk_has(&ext, "VK_KHR_driver_properties"))
			id.pNext = &drv;
		if (vk_has(&ext, "VK_EXT_physical_device_drm")) {
			drm.pNext = id.pNext;
			id.pNext = &drm;
		}
		in->GetPhysicalDeviceProperties2(phys, &p);
		info->usable = compute_family(in, phys, &stamps) != UINT32_MAX;
		read_external(in, phys, &ext, info);
	}
	if ((uint32_t)p.properties.deviceType <= VK_PHYSICAL_DEVICE_TYPE_CPU)
		info->type = types[p.properties.deviceType];
	snprintf(info->name, sizeof(info->name), "%s", p.properties.deviceName);
	snprintf(info->driver, sizeof(info->driver), "%.96s%s%.144s",
		 drv.driverName, *drv.driverName ? " " : "", drv.driverInfo);
	memcpy(info->uuid, id.deviceUUID, sizeof(info->uuid));
	info->vendor_id = p.properties.vendorID;
	info->device_id = p.properties.deviceID;
	info->driver_version = p.properties.driverVersion;
	if (drm.hasRender)
		vk_drm_node(drm.renderMajor, drm.renderMinor, info->drm_node,
			    sizeof(info->drm_node));
	else if (drm.hasPrimary)
		vk_drm_node(drm.primaryMajor, drm.primaryMinor, info->drm_node,
			    sizeof(info->drm_node));

	in->GetPhysicalDeviceMemoryProperties2(phys, &mp);
	for (uint32_t i = 0; i < mp.memoryProperties.memoryHeapCount; i++) {
		const VkMemoryHeap *h = &mp.memoryProperties.memoryHeaps[i];

		if (h->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT &&
		    h->size > info->memory_bytes)
			info->memory_bytes = h->size;
	}
}

static accel_status list_physical(const struct vk_instance *in,
				  VkPhysicalDevice *list, uint32_t *n)
{
	VkResult r;

	*n = 0;
	if (!in->handle)
		return ACCEL_OK;
	*n = MAX_DEVICES;
	r = in->EnumeratePhysicalDevices(in->handle, n, list);
	if (r == VK_ERROR_OUT_OF_HOST_MEMORY) {
		*n = 0;
		return accel_error(ACCEL_ERR_NOMEM,
				   "listing Vulkan devices: out of memory");
	}
	/* a driver that fails to start is a device that is not there */
	if (r && r != VK_INCOMPLETE)
		*n = 0;
	return ACCEL_OK;
}

accel_status compute_devices(struct compute_device_info *list, uint32_t max,
			     uint32_t *count)
{
	VkPhysicalDevice phys[MAX_DEVICES];
	struct vk_instance in;
	accel_status s;
	uint32_t n;

	*count = 0;
	s = vk_instance_open(&in);
	if (s)
		return s;
	s = list_physical(&in, phys, &n);
	for (uint32_t i = 0; i < n && i < max; i++)
		read_info(&in, phys[i], i, &list[i]);
	vk_instance_close(&in);
	*count = n;
	return s;
}

/* ---- choosing ------------------------------------------------------- */

static bool real_gpu(const struct compute_device_info *i)
{
	return i->usable && (i->type == COMPUTE_DEVICE_INTEGRATED ||
			     i->type == COMPUTE_DEVICE_DISCRETE ||
			     i->type == COMPUTE_DEVICE_VIRTUAL);
}

static bool parse_uuid(const char *s, uint8_t uuid[16])
{
	int n = 0;

	for (; *s; s++) {
		int v;

		if (*s == '-')
			continue;
		if (!isxdigit((unsigned char)*s) || n == 32)
			return false;
		v = isdigit((unsigned char)*s) ? *s - '0'
					       : tolower(*s) - 'a' + 10;
		uuid[n / 2] = (uint8_t)(n % 2 ? uuid[n / 2] | v : v << 4);
		n++;
	}
	return n == 32;
}

/* What choose() says instead of an index. */
enum { CPU_BACKEND = -1, NO_DEVICE = -2, SEVERAL = -3 };

static accel_status not_chosen(int why, const char *which,
			       const struct compute_device_info *list,
			       uint32_t n)
{
	char have[512] = "no Vulkan device is";
	size_t at = 0;

	for (uint32_t i = 0; i < n && at < sizeof(have) - 1; i++) {
		int w = snprintf(have + at, sizeof(have) - at, "%s%u '%s'%s",
				 i ? ", " : "", i, list[i].name,
				 list[i].usable ? "" : " (not usable)");

		at += w > 0 ? (size_t)w : 0;
	}
	if (why == SEVERAL)
		return accel_error(ACCEL_ERR_NODEV,
				   "'%s' is the name of several devices, give "
				   "an index or UUID: %s here",
				   which, have);
	return accel_error(ACCEL_ERR_NODEV, "no usable device '%s': %s here",
			   which, have);
}

/* The one of that name, else the one whose name has it as a part. */
static int by_name(const char *which, const struct compute_device_info *list,
		   uint32_t n)
{
	int whole = NO_DEVICE, part = NO_DEVICE;

	for (uint32_t i = 0; i < n; i++) {
		if (!list[i].usable || !strcasestr(list[i].name, which))
			continue;
		part = part == NO_DEVICE ? (int)i : SEVERAL;
		if (!strcasecmp(list[i].name, which))
			whole = whole == NO_DEVICE ? (int)i : SEVERAL;
	}
	return whole == NO_DEVICE ? part : whole;
}

/* The index into `list` that `which` stands for, or why there is none. */
static int choose(const char *which, const struct compute_device_info *list,
		  uint32_t n)
{
	uint8_t uuid[16];
	char *end;
	unsigned long index;
	bool any = !strcasecmp(which, "vulkan");

	if (!strcasecmp(which, "cpu"))
		return CPU_BACKEND;
	if (!*which || any) {
		for (uint32_t i = 0; i < n; i++)
			if (real_gpu(&list[i]))
				return (int)i;
		for (uint32_t i = 0; any && i < n; i++)
			if (list[i].usable)
				return (int)i;
		return any ? NO_DEVICE : CPU_BACKEND;
	}
	/* before the index: a UUID may be 32 decimal digits */
	if (parse_uuid(which, uuid)) {
		for (uint32_t i = 0; i < n; i++)
			if (list[i].usable && !memcmp(list[i].uuid, uuid, 16))
				return (int)i;
		return NO_DEVICE;
	}
	index = strtoul(which, &end, 10);
	if (isdigit((unsigned char)*which) && !*end)
		return index < n && list[index].usable ? (int)index : NO_DEVICE;
	return by_name(which, list, n);
}

/* ---- opening --------------------------------------------------------- */

static accel_status load_functions(struct compute_device *dev)
{
#define COMPUTE_X(fn)                                                          \
	dev->fn = (PFN_vk##fn)dev->in.GetDeviceProcAddr(dev->handle, "v"       \
								     "k" #fn);
	COMPUTE_VK_DEVICE(COMPUTE_X)
	COMPUTE_VK_OPTIONAL(COMPUTE_X)
#undef COMPUTE_X
#define COMPUTE_X(fn)                                                          \
	if (!dev->fn)                                                          \
		return accel_error(ACCEL_ERR_NODEV, "%s lacks vk" #fn,         \
				   dev->info.name);
	COMPUTE_VK_DEVICE(COMPUTE_X)
#undef COMPUTE_X
	return ACCEL_OK;
}

static accel_status make_device(struct compute_device *dev)
{
	const float priority = 1;
	const char *on[4 + COOP_EXTENSIONS];
	struct coop_features coop;
	VkDeviceQueueCreateInfo q = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueFamilyIndex = dev->family,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkPhysicalDeviceFeatures none = { 0 };
	VkDeviceCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &q,
		.ppEnabledExtensionNames = on,
		.pEnabledFeatures = &none,
	};
	VkResult r;
	accel_status s;

	if (dev->info.import_dmabuf || dev->info.export_dmabuf) {
		on[ci.enabledExtensionCount++] = "VK_KHR_external_memory_fd";
		on[ci.enabledExtensionCount++] =
			"VK_EXT_external_memory_dma_buf";
	}
	if (dev->info.import_host)
		on[ci.enabledExtensionCount++] = "VK_EXT_external_memory_host";
	if (dev->memory_budget)
		on[ci.enabledExtensionCount++] = "VK_EXT_memory_budget";
	if (dev->limits.coop[0]) {
		for (int i = 0; i < COOP_EXTENSIONS; i++)
			on[ci.enabledExtensionCount++] = coop_extension[i];
		ci.pNext = vk_coop_features(&coop);
	}

	r = dev->in.CreateDevice(dev->phys, &ci, NULL, &dev->handle);
	if (r) {
		dev->handle = NULL;
		return vk_fail(dev, r, "opening the device");
	}
	s = load_functions(dev);
	if (s)
		return s;
	dev->GetDeviceQueue(dev->handle, dev->family, 0, &dev->queue);
	return ACCEL_OK;
}

accel_status compute_open(const char *which, struct compute_device **out)
{
	VkPhysicalDevice phys[MAX_DEVICES];
	struct compute_device_info *list = NULL;
	struct compute_device *dev;
	accel_status s;
	uint32_t n;
	int at;

	*out = NULL;
	if (!which || !*which)
		which = getenv("ACCEL_DEVICE");
	if (!which)
		which = "";
	dev = mem_zalloc(sizeof(*dev));
	list = mem_zalloc(MAX_DEVICES * sizeof(*list));
	fork_watch();
	if (dev)
		dev->era = fork_era();
	if (!dev || !list) {
		s = accel_error(ACCEL_ERR_NOMEM, "opening a device: no memory");
		goto fail;
	}
	if (!strcasecmp(which, "cpu")) {
		mem_free(dev);
		mem_free(list);
		return ACCEL_OK;
	}
	s = vk_instance_open(&dev->in);
	if (s)
		goto fail;
	s = list_physical(&dev->in, phys, &n);
	if (s)
		goto fail;
	for (uint32_t i = 0; i < n; i++)
		read_info(&dev->in, phys[i], i, &list[i]);

	at = choose(which, list, n);
	if (at < 0) {
		s = at == CPU_BACKEND ? ACCEL_OK
				      : not_chosen(at, which, list, n);
		goto fail;
	}
	dev->phys = phys[at];
	dev->info = list[at];
	dev->family =
		compute_family(&dev->in, dev->phys, &dev->limits.timestamps);
	{
		bool stamps = dev->limits.timestamps;

		s = vk_limits_query(dev, getenv("ACCEL_LIMITS"));
		dev->limits.timestamps = stamps && dev->limits.timestamp_ns > 0;
	}
	if (s)
		goto fail;
	s = make_device(dev);
	if (s)
		goto fail;
	dev->shaders = mem_zalloc(COMPUTE_SHADERS * sizeof(*dev->shaders));
	if (!dev->shaders) {
		s = accel_error(ACCEL_ERR_NOMEM, "opening a device: no memory");
		goto fail;
	}
	s = vk_cache_open(dev);
	if (s)
		goto fail;
	tune_load(dev);
	mem_free(list);
	*out = dev;
	return ACCEL_OK;

fail:
	mem_free(list);
	compute_close(dev);
	return s;
}

void compute_close(struct compute_device *dev)
{
	if (!dev)
		return;
	if (vk_inherited(dev)) {
		mem_free(dev->tuned);
		mem_free(dev->shaders);
		mem_free(dev);
		return;
	}
	if (dev->handle && dev->DestroyDevice) {
		dev->DeviceWaitIdle(dev->handle);
		compute_buffer_destroy(dev->staging);
		vk_cache_close(dev);
		vk_kernels_destroy(dev);
		dev->DestroyDevice(dev->handle, NULL);
	}
	mem_free(dev->tuned);
	mem_free(dev->shaders);
	vk_instance_close(&dev->in);
	mem_free(dev);
}

const struct compute_device_info *
compute_device_info(const struct compute_device *dev)
{
	return &dev->info;
}

const struct compute_limits *
compute_device_limits(const struct compute_device *dev)
{
	return &dev->limits;
}
