// SPDX-License-Identifier: MIT
/*
 * A Vulkan driver that loses its device: all is done by the driver whose library
 * LOST_DRIVER names, but from the LOST_AFTER-th call on, the function named by
 * LOST_CALL (vkQueueSubmit or vkWaitForFences) returns VK_ERROR_DEVICE_LOST.
 * With LOST_DISCRETE its memory is that of a card: what is the device's the CPU
 * cannot see. With LOST_BAR it is that of a card of which the CPU sees 1 MiB.
 * With LOST_DIGITS the device's UUID is of decimal digits alone.
 */
#define VK_NO_PROTOTYPES
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>

#define EXPORT __attribute__((visibility("default")))

typedef PFN_vkVoidFunction (*lookup)(VkInstance, const char *);

static lookup real_instance, real_physical;
static PFN_vkGetDeviceProcAddr real_device;
static PFN_vkQueueSubmit real_submit;
static PFN_vkWaitForFences real_wait;
static int calls;

static VkResult lost(const char *call)
{
	const char *name = getenv("LOST_CALL"), *after = getenv("LOST_AFTER");

	if (!name || strcmp(name, call) || !after)
		return VK_SUCCESS;
	return ++calls > atoi(after) ? VK_ERROR_DEVICE_LOST : VK_SUCCESS;
}

static VkResult submit(VkQueue q, uint32_t n, const VkSubmitInfo *info,
		       VkFence fence)
{
	VkResult r = lost("vkQueueSubmit");

	return r ? r : real_submit(q, n, info, fence);
}

static VkResult wait_fences(VkDevice d, uint32_t n, const VkFence *fence,
			    VkBool32 all, uint64_t timeout)
{
	VkResult r = real_wait(d, n, fence, all, timeout);

	return r ? r : lost("vkWaitForFences");
}

/* ---- a card's memory: one more type, which is what the driver's first is ---- */

static PFN_vkGetPhysicalDeviceMemoryProperties2 real_memory;
static PFN_vkGetPhysicalDeviceMemoryProperties real_memory_1;
static PFN_vkGetBufferMemoryRequirements real_requirements;
static PFN_vkAllocateMemory real_allocate;
static uint32_t host_type;

static void as_card(VkPhysicalDeviceMemoryProperties *m)
{
	host_type = m->memoryTypeCount++;
	m->memoryTypes[host_type] = m->memoryTypes[0];
	if (!getenv("LOST_BAR"))
		m->memoryTypes[host_type].propertyFlags &=
			~(VkFlags)VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
	m->memoryTypes[0].propertyFlags = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
}

static void memory(VkPhysicalDevice d, VkPhysicalDeviceMemoryProperties2 *p)
{
	real_memory(d, p);
	as_card(&p->memoryProperties);
}

/* What the validation layers ask. */
static void memory_1(VkPhysicalDevice d, VkPhysicalDeviceMemoryProperties *m)
{
	real_memory_1(d, m);
	as_card(m);
}

static void requirements(VkDevice d, VkBuffer b, VkMemoryRequirements *r)
{
	real_requirements(d, b, r);
	r->memoryTypeBits |= 1u << host_type;
}

static VkResult allocate(VkDevice d, const VkMemoryAllocateInfo *info,
			 const VkAllocationCallbacks *c, VkDeviceMemory *out)
{
	VkMemoryAllocateInfo real = *info;

	if (real.memoryTypeIndex == host_type) {
		if (getenv("LOST_BAR") && real.allocationSize > 1u << 20)
			return VK_ERROR_OUT_OF_DEVICE_MEMORY;
		real.memoryTypeIndex = 0;
	}
	return real_allocate(d, &real, c, out);
}

/* ---- a UUID of decimal digits ----------------------------------------------- */

static PFN_vkGetPhysicalDeviceProperties2 real_properties;

static void properties(VkPhysicalDevice d, VkPhysicalDeviceProperties2 *p)
{
	VkBaseOutStructure *s;

	real_properties(d, p);
	for (s = p->pNext; s; s = s->pNext)
		if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES)
			memset(((VkPhysicalDeviceIDProperties *)s)->deviceUUID,
			       0x12, VK_UUID_SIZE);
}

static PFN_vkVoidFunction card(const char *name, PFN_vkVoidFunction f)
{
	if (f && getenv("LOST_DIGITS") &&
	    !strcmp(name, "vkGetPhysicalDeviceProperties2")) {
		real_properties = (PFN_vkGetPhysicalDeviceProperties2)f;
		return (PFN_vkVoidFunction)properties;
	}
	if (!f || (!getenv("LOST_DISCRETE") && !getenv("LOST_BAR")))
		return f;
	if (!strcmp(name, "vkGetPhysicalDeviceMemoryProperties2")) {
		real_memory = (PFN_vkGetPhysicalDeviceMemoryProperties2)f;
		return (PFN_vkVoidFunction)memory;
	}
	if (!strcmp(name, "vkGetPhysicalDeviceMemoryProperties")) {
		real_memory_1 = (PFN_vkGetPhysicalDeviceMemoryProperties)f;
		return (PFN_vkVoidFunction)memory_1;
	}
	if (!strcmp(name, "vkGetBufferMemoryRequirements")) {
		real_requirements = (PFN_vkGetBufferMemoryRequirements)f;
		return (PFN_vkVoidFunction)requirements;
	}
	if (!strcmp(name, "vkAllocateMemory")) {
		real_allocate = (PFN_vkAllocateMemory)f;
		return (PFN_vkVoidFunction)allocate;
	}
	return f;
}

static PFN_vkVoidFunction device_function(VkDevice d, const char *name)
{
	PFN_vkVoidFunction f = real_device(d, name);

	if (!strcmp(name, "vkQueueSubmit")) {
		real_submit = (PFN_vkQueueSubmit)f;
		return (PFN_vkVoidFunction)submit;
	}
	if (!strcmp(name, "vkWaitForFences")) {
		real_wait = (PFN_vkWaitForFences)f;
		return (PFN_vkVoidFunction)wait_fences;
	}
	return card(name, f);
}

EXPORT VkResult vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version);
EXPORT PFN_vkVoidFunction vk_icdGetInstanceProcAddr(VkInstance instance,
						    const char *name);
EXPORT PFN_vkVoidFunction vk_icdGetPhysicalDeviceProcAddr(VkInstance instance,
							  const char *name);

VkResult vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version)
{
	void *so = dlopen(getenv("LOST_DRIVER"), RTLD_NOW | RTLD_LOCAL);
	VkResult (*negotiate)(uint32_t *);

	if (!so)
		return VK_ERROR_INCOMPATIBLE_DRIVER;
	calls = 0;
	*(void **)&real_instance = dlsym(so, "vk_icdGetInstanceProcAddr");
	*(void **)&real_physical = dlsym(so, "vk_icdGetPhysicalDeviceProcAddr");
	*(void **)&negotiate =
		dlsym(so, "vk_icdNegotiateLoaderICDInterfaceVersion");
	if (!real_instance || !negotiate)
		return VK_ERROR_INCOMPATIBLE_DRIVER;
	return negotiate(version);
}

PFN_vkVoidFunction vk_icdGetInstanceProcAddr(VkInstance instance,
					     const char *name)
{
	PFN_vkVoidFunction f = real_instance(instance, name);

	if (strcmp(name, "vkGetDeviceProcAddr"))
		return card(name, f);
	real_device = (PFN_vkGetDeviceProcAddr)f;
	return (PFN_vkVoidFunction)device_function;
}

PFN_vkVoidFunction vk_icdGetPhysicalDeviceProcAddr(VkInstance instance,
						   const char *name)
{
	return real_physical ? card(name, real_physical(instance, name)) : NULL;
}
