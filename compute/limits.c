// SPDX-License-Identifier: MIT
/*
 * What a device can do, by what it says of itself, by its driver's habits, or
 * by ACCEL_LIMITS.
 */
#include "coop.h"

#include <string.h>

#include "../libaccel/src/base/error.h"

/* LP_MAX_TGSI_LOOP_ITERATIONS, less what a compiler may add by cutting loops in
 * two. */
#define MOST_TURNS 60000

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/*
 * The figures are what Mesa 25.0's V3DV reports for each chip. Whatever is not
 * named here is the same on both or does not matter to a kernel.
 */
static void clamp_v3d(struct compute_limits *l, bool pi5)
{
	l->max_invocations = min_u32(l->max_invocations, 256);
	for (int i = 0; i < 3; i++) {
		l->max_group_size[i] = min_u32(l->max_group_size[i], 256);
		l->max_groups[i] = min_u32(l->max_groups[i], 65535);
	}
	l->shared_bytes = min_u32(l->shared_bytes, 16 << 10);
	l->push_bytes = min_u32(l->push_bytes, 128);
	l->storage_buffers = min_u32(l->storage_buffers, 8);
	l->max_texels = min_u32(l->max_texels, 1u << 28);
	if (l->max_range > 1u << 30)
		l->max_range = 1u << 30;
	if (l->max_alloc > 1u << 30)
		l->max_alloc = 1u << 30;
	l->subgroup_ballot &= pi5;
	l->subgroup_shuffle &= pi5;
	l->subgroup_arithmetic = false;
	l->shader_float16 = false;
	l->shader_int8 = false;
	memset(l->coop, 0, sizeof(l->coop));
}

static void query_features(struct compute_device *dev, uint32_t api,
			   const struct vk_extensions *ext)
{
	struct compute_limits *l = &dev->limits;
	VkPhysicalDevice8BitStorageFeatures s8 = {
		.sType =
			VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES,
	};
	VkPhysicalDeviceShaderFloat16Int8Features f16 = {
		.sType =
			VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
	};
	VkPhysicalDevice16BitStorageFeatures s16 = {
		.sType =
			VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
	};
	VkPhysicalDeviceFeatures2 f = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
		.pNext = &s16,
	};

	if (api >= VK_API_VERSION_1_2 || vk_has(ext, "VK_KHR_8bit_storage")) {
		s8.pNext = f.pNext;
		f.pNext = &s8;
	}
	if (api >= VK_API_VERSION_1_2 ||
	    vk_has(ext, "VK_KHR_shader_float16_int8")) {
		f16.pNext = f.pNext;
		f.pNext = &f16;
	}
	dev->in.GetPhysicalDeviceFeatures2(dev->phys, &f);
	l->storage8 = s8.storageBuffer8BitAccess;
	l->storage16 = s16.storageBuffer16BitAccess;
	l->shader_float16 = f16.shaderFloat16;
	l->shader_int8 = f16.shaderInt8;
	vk_coop_query(dev, ext);
}

static void query_memory(struct compute_device *dev)
{
	VkPhysicalDeviceMemoryProperties2 mp = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
	};
	const uint32_t both = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT |
			      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;

	dev->in.GetPhysicalDeviceMemoryProperties2(dev->phys, &mp);
	dev->memory = mp.memoryProperties;
	for (uint32_t i = 0; i < dev->memory.memoryTypeCount; i++)
		if ((dev->memory.memoryTypes[i].propertyFlags & both) == both)
			dev->limits.unified = true;
}

static void query_properties(struct compute_device *dev, uint32_t api,
			     const struct vk_extensions *ext)
{
	struct compute_limits *l = &dev->limits;
	VkPhysicalDeviceMaintenance3Properties m3 = {
		.sType =
			VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES,
	};
	VkPhysicalDeviceSubgroupProperties sg = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
		.pNext = &m3,
	};
	VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
		.sType =
			VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT,
	};
	VkPhysicalDeviceProperties2 p2 = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
		.pNext = &sg,
	};
	const VkPhysicalDeviceLimits *v = &p2.properties.limits;
	VkSubgroupFeatureFlags ops;

	(void)api;
	if (vk_has(ext, "VK_EXT_external_memory_host"))
		m3.pNext = &host;
	dev->in.GetPhysicalDeviceProperties2(dev->phys, &p2);

	l->max_invocations = v->maxComputeWorkGroupInvocations;
	for (int i = 0; i < 3; i++) {
		l->max_group_size[i] = v->maxComputeWorkGroupSize[i];
		l->max_groups[i] = v->maxComputeWorkGroupCount[i];
	}
	l->shared_bytes = v->maxComputeSharedMemorySize;
	l->push_bytes = v->maxPushConstantsSize;
	l->storage_buffers = v->maxPerStageDescriptorStorageBuffers;
	l->storage_align = (uint32_t)v->minStorageBufferOffsetAlignment;
	l->texel_align = (uint32_t)v->minTexelBufferOffsetAlignment;
	/* one alignment for both, a vec4 at least: a view fits either binding */
	if (l->storage_align < l->texel_align)
		l->storage_align = l->texel_align;
	if (l->storage_align < 16)
		l->storage_align = 16;
	l->texel_align = l->storage_align;
	l->max_texels = v->maxTexelBufferElements;
	l->max_range = v->maxStorageBufferRange;
	l->max_alloc = m3.maxMemoryAllocationSize;
	l->max_turns = dev->info.type == COMPUTE_DEVICE_CPU ? MOST_TURNS
							    : UINT32_MAX;
	if (l->max_alloc < l->max_range)
		l->max_range = l->max_alloc;
	dev->atom = v->nonCoherentAtomSize ? v->nonCoherentAtomSize : 1;
	dev->host_align = host.minImportedHostPointerAlignment;

	l->subgroup_size = sg.subgroupSize;
	ops = sg.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT
		      ? sg.supportedOperations
		      : 0;
	l->subgroup_ballot = ops & VK_SUBGROUP_FEATURE_BALLOT_BIT;
	l->subgroup_shuffle = ops & VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
	l->subgroup_arithmetic = ops & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
	l->timestamp_ns = v->timestampPeriod;
}

accel_status vk_limits_query(struct compute_device *dev, const char *clamp)
{
	struct vk_extensions ext;
	struct compute_limits *l = &dev->limits;
	VkExtensionProperties list[512];
	uint32_t api = dev->info.api_version;
	VkResult r;

	ext.list = list;
	ext.n = 512;
	r = dev->in.EnumerateDeviceExtensionProperties(dev->phys, NULL, &ext.n,
						       list);
	if (r && r != VK_INCOMPLETE)
		return vk_fail(dev, r, "listing the device's extensions");

	memset(l, 0, sizeof(*l));
	query_properties(dev, api, &ext);
	query_features(dev, api, &ext);
	query_memory(dev);
	dev->memory_budget = vk_has(&ext, "VK_EXT_memory_budget");

	if (!clamp || !*clamp)
		return ACCEL_OK;
	if (strcmp(clamp, "v3d42") && strcmp(clamp, "v3d71"))
		return accel_error(ACCEL_ERR_INVALID,
				   "ACCEL_LIMITS is '%s': it can be v3d42 or "
				   "v3d71",
				   clamp);
	strcpy(l->clamp, clamp);
	clamp_v3d(l, !strcmp(clamp, "v3d71"));
	return ACCEL_OK;
}
