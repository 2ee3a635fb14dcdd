/* SPDX-License-Identifier: MIT */
/*
 * Matrix products by VK_KHR_cooperative_matrix: the kernel's SPIR-V is written
 * here, because Debian 12's glslang does not know the extension.
 */
#ifndef COMPUTE_COOP_H
#define COMPUTE_COOP_H

#include "vk.h"

/* Of a workgroup, which is one subgroup: so many of the device's matrices of
 * C. */
#define COOP_DOWN 2
#define COOP_ACROSS 2

enum coop_push {
	COOP_STEPS, /* along k */
	COOP_LDA,
	COOP_LDB,
	COOP_LDC,
	COOP_A_STEP, /* elements from matrix to matrix of a batch */
	COOP_B_STEP,
	COOP_C_STEP,
	COOP_ALPHA, /* f32 */
	COOP_PUSH,
};

/*
 * C = alpha A B, all row-major and padded to whole workgroups: A (binding 0)
 * and B (1) of f16, C (2) of f32.
 *
 * @spec: subgroup size, M, N, K. Returns the module, to be freed, *words long;
 * NULL without memory.
 */
uint32_t *coop_module(const uint32_t spec[4], size_t *words);

/*
 * Fills in dev->limits.coop: the first kind of matrices of f16, f16 and f32
 * that a subgroup multiplies; all 0 where the device lacks it, or the features
 * that the kernel needs beside it.
 */
void vk_coop_query(struct compute_device *dev, const struct vk_extensions *ext);

/* The features to open a device with, whose coop is not 0. It points to itself:
 * not to be copied. */
struct coop_features {
	VkPhysicalDevice16BitStorageFeatures s16;
	VkPhysicalDeviceShaderFloat16Int8Features f16;
	VkPhysicalDeviceVulkanMemoryModelFeatures model;
	struct coop_matrix_features {
		VkStructureType sType;
		void *pNext;
		VkBool32 matrix, robust;
	} coop;
};
void *vk_coop_features(struct coop_features *f);

/* The extensions that they are of, beside what is in Vulkan 1.1. */
#define COOP_EXTENSIONS 3
extern const char *const coop_extension[COOP_EXTENSIONS];

#endif /* COMPUTE_COOP_H */
