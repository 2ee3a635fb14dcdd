/* SPDX-License-Identifier: MIT */
/*
 * The engine's inside: the Vulkan loader, and the structures behind compute.h.
 *
 * libvulkan is opened at run time: a machine without it simply has no device.
 */
#ifndef COMPUTE_VK_H
#define COMPUTE_VK_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "compute.h"

#include "../libaccel/src/base/fork.h"

#define COMPUTE_VK_INSTANCE(X)                                                 \
	X(DestroyInstance)                                                     \
	X(EnumeratePhysicalDevices)                                            \
	X(GetPhysicalDeviceProperties2)                                        \
	X(GetPhysicalDeviceFeatures2)                                          \
	X(GetPhysicalDeviceMemoryProperties2)                                  \
	X(GetPhysicalDeviceQueueFamilyProperties)                              \
	X(GetPhysicalDeviceExternalBufferProperties)                           \
	X(EnumerateDeviceExtensionProperties)                                  \
	X(CreateDevice)                                                        \
	X(GetDeviceProcAddr)

#define COMPUTE_VK_DEVICE(X)                                                   \
	X(DestroyDevice)                                                       \
	X(GetDeviceQueue)                                                      \
	X(DeviceWaitIdle)                                                      \
	X(QueueSubmit)                                                         \
	X(CreateBuffer)                                                        \
	X(DestroyBuffer)                                                       \
	X(CreateBufferView)                                                    \
	X(DestroyBufferView)                                                   \
	X(GetBufferMemoryRequirements)                                         \
	X(AllocateMemory)                                                      \
	X(FreeMemory)                                                          \
	X(BindBufferMemory)                                                    \
	X(MapMemory)                                                           \
	X(FlushMappedMemoryRanges)                                             \
	X(InvalidateMappedMemoryRanges)                                        \
	X(CreateShaderModule)                                                  \
	X(DestroyShaderModule)                                                 \
	X(CreateDescriptorSetLayout)                                           \
	X(DestroyDescriptorSetLayout)                                          \
	X(CreatePipelineLayout)                                                \
	X(DestroyPipelineLayout)                                               \
	X(CreatePipelineCache)                                                 \
	X(DestroyPipelineCache)                                                \
	X(GetPipelineCacheData)                                                \
	X(CreateComputePipelines)                                              \
	X(DestroyPipeline)                                                     \
	X(CreateDescriptorPool)                                                \
	X(DestroyDescriptorPool)                                               \
	X(AllocateDescriptorSets)                                              \
	X(UpdateDescriptorSets)                                                \
	X(CreateCommandPool)                                                   \
	X(DestroyCommandPool)                                                  \
	X(AllocateCommandBuffers)                                              \
	X(BeginCommandBuffer)                                                  \
	X(EndCommandBuffer)                                                    \
	X(CmdBindPipeline)                                                     \
	X(CmdBindDescriptorSets)                                               \
	X(CmdPushConstants)                                                    \
	X(CmdDispatch)                                                         \
	X(CmdPipelineBarrier)                                                  \
	X(CmdFillBuffer)                                                       \
	X(CmdUpdateBuffer)                                                     \
	X(CmdCopyBuffer)                                                       \
	X(CmdResetQueryPool)                                                   \
	X(CmdWriteTimestamp)                                                   \
	X(CreateQueryPool)                                                     \
	X(DestroyQueryPool)                                                    \
	X(GetQueryPoolResults)                                                 \
	X(CreateFence)                                                         \
	X(DestroyFence)                                                        \
	X(ResetFences)                                                         \
	X(WaitForFences)

/* Present only with their extensions. */
#define COMPUTE_VK_OPTIONAL(X)                                                 \
	X(GetMemoryFdKHR)                                                      \
	X(GetMemoryFdPropertiesKHR)                                            \
	X(GetMemoryHostPointerPropertiesEXT)

struct vk_instance {
	VkInstance handle;
	PFN_vkGetInstanceProcAddr get;
#define COMPUTE_X(name) PFN_vk##name name;
	COMPUTE_VK_INSTANCE(COMPUTE_X)
#undef COMPUTE_X
};

/*
 * Opens an instance. ACCEL_OK with in->handle NULL: no loader or no driver.
 * Close with vk_instance_close(), which accepts one that is not open.
 */
accel_status vk_instance_open(struct vk_instance *in);
void vk_instance_close(struct vk_instance *in);

/* "VK_ERROR_DEVICE_LOST" and so on; "VkResult" for one it does not know. */
const char *vk_result_name(VkResult r);

struct compute_device {
	struct vk_instance in;
	VkPhysicalDevice phys;
	VkDevice handle;
	VkQueue queue;
	uint32_t family;
	uint32_t era; /* of fork.h: a child has nothing of the driver */
	bool lost;
	bool memory_budget; /* VK_EXT_memory_budget */
	uint64_t host_align; /* of imported host pointers */
	uint64_t atom; /* nonCoherentAtomSize */
	struct compute_device_info info;
	struct compute_limits limits;
	VkPhysicalDeviceMemoryProperties memory;

	VkPipelineCache cache;
	size_t cache_saved; /* bytes of cache data last read or written */
	struct tune_table *tuned; /* kernel shapes by size, NULL: built in */
	struct vk_shader *shaders; /* [COMPUTE_SHADERS], made on first use */
	struct compute_kernel **kernels; /* open hash table by shader, spec */
	uint32_t n_kernels, cap_kernels;
	uint32_t dmabufs; /* buffers made of DMA-BUFs now */
	uint32_t no_memory; /* bits of compute_memory found not to be there */
	struct compute_buffer *staging; /* made on first use */

#define COMPUTE_X(name) PFN_vk##name name;
	COMPUTE_VK_DEVICE(COMPUTE_X)
	COMPUTE_VK_OPTIONAL(COMPUTE_X)
#undef COMPUTE_X
};

/* A shader's layouts on one device. */
struct vk_shader {
	VkDescriptorSetLayout set;
	VkPipelineLayout layout;
};

struct compute_kernel {
	uint32_t shader, n_spec;
	uint32_t spec[COMPUTE_MAX_SPEC];
	VkPipeline pipeline;
	const struct vk_shader *sh;
	char name[96];
};

struct compute_buffer {
	struct compute_device *dev;
	VkBuffer handle;
	VkDeviceMemory memory;
	uint64_t size; /* as asked for */
	uint64_t alloc; /* of the VkBuffer: size rounded up */
	void *map; /* NULL if not mapped or not mappable */
	int fd; /* our duplicate of a DMA-BUF, or -1 */
	void *fd_map; /* our mapping of it, for the host-import way */
	bool mappable, coherent, exportable;
	enum compute_memory kind;
};

/*
 * Records the error for a failed Vulkan call, marks a lost device, and returns
 * the status: "what" is the sentence's start, e.g. "waiting".
 */
accel_status vk_fail(struct compute_device *dev, VkResult r, const char *what);

/* ACCEL_ERR_LOST with its text when the device is lost, else ACCEL_OK. */
accel_status vk_check(struct compute_device *dev);

/* Whether the device was opened before this process was forked: then nothing of
 * it is the driver's any more. */
static inline bool vk_inherited(const struct compute_device *dev)
{
	return dev->era != fork_era();
}

/* limits.c */
accel_status vk_limits_query(struct compute_device *dev, const char *clamp);

/* Extensions the physical device has. */
struct vk_extensions {
	VkExtensionProperties *list;
	uint32_t n;
};
bool vk_has(const struct vk_extensions *ext, const char *name);

/* drm.c: "/dev/dri/renderD128" of a device number, a device's render node where
 * there is one; "" where no DRM device has it. */
void vk_drm_node(int64_t major, int64_t minor, char *out, size_t size);

/* cache.c: the pipeline cache's file. */
accel_status vk_cache_open(struct compute_device *dev);
void vk_cache_close(struct compute_device *dev);
/* DIR/UUID-VERSIONsuffix; false when there is to be no disk cache. */
bool vk_cache_path(const struct compute_device *dev, const char *suffix,
		   char *out, size_t size);
/* The folders above a file, as far as they can be made. */
void vk_make_dirs(const char *path);

/* kernel.c */
void vk_kernels_destroy(struct compute_device *dev);

#endif /* COMPUTE_VK_H */
