// SPDX-License-Identifier: MIT
/* What a driver answers: its errors, its extensions, the memory it has left. */
#include <string.h>

#include "../libaccel/src/base/error.h"
#include "vk.h"

accel_status vk_fail(struct compute_device *dev, VkResult r, const char *what)
{
	accel_status s = ACCEL_ERR_IO;

	switch (r) {
	case VK_ERROR_DEVICE_LOST:
		/* what may still run must not meet freed memory */
		if (!dev->lost && dev->handle)
			dev->DeviceWaitIdle(dev->handle);
		dev->lost = true;
		s = ACCEL_ERR_LOST;
		break;
	case VK_ERROR_OUT_OF_HOST_MEMORY:
	case VK_ERROR_OUT_OF_DEVICE_MEMORY:
	case VK_ERROR_OUT_OF_POOL_MEMORY:
	case VK_ERROR_TOO_MANY_OBJECTS:
		s = ACCEL_ERR_NOMEM;
		break;
	case VK_TIMEOUT:
		s = ACCEL_ERR_TIMEOUT;
		break;
	default:
		break;
	}
	return accel_error(s, "%s: %s: %s (%d)", dev->info.name, what,
			   vk_result_name(r), (int)r);
}

accel_status vk_check(struct compute_device *dev)
{
	if (vk_inherited(dev))
		return accel_error(ACCEL_ERR_LOST,
				   "%s was opened before this process was "
				   "forked",
				   dev->info.name);
	if (!dev->lost)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_LOST,
			   "%s was lost earlier: close it and open it again",
			   dev->info.name);
}

bool vk_has(const struct vk_extensions *ext, const char *name)
{
	for (uint32_t i = 0; i < ext->n; i++)
		if (!strcmp(ext->list[i].extensionName, name))
			return true;
	return false;
}

bool compute_device_memory(struct compute_device *dev, uint64_t *free_bytes,
			   uint64_t *total_bytes)
{
	VkPhysicalDeviceMemoryBudgetPropertiesEXT b = {
		.sType =
			VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT,
	};
	VkPhysicalDeviceMemoryProperties2 mp = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
		.pNext = &b,
	};

	*free_bytes = 0;
	*total_bytes = dev->info.memory_bytes;
	if (!dev->memory_budget)
		return false;
	dev->in.GetPhysicalDeviceMemoryProperties2(dev->phys, &mp);
	for (uint32_t i = 0; i < mp.memoryProperties.memoryHeapCount; i++) {
		const VkMemoryHeap *h = &mp.memoryProperties.memoryHeaps[i];

		if (!(h->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) ||
		    h->size != dev->info.memory_bytes)
			continue;
		*free_bytes = b.heapBudget[i] > b.heapUsage[i]
				      ? b.heapBudget[i] - b.heapUsage[i]
				      : 0;
		return true;
	}
	return false;
}
