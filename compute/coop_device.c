// SPDX-License-Identifier: MIT
/* Whether a device has VK_KHR_cooperative_matrix, and what of it. Its
 * structures are declared here: Debian 12's headers are older than it. */
#include "coop.h"

#define MAX_KINDS 128

enum {
	STYPE_FEATURES = 1000506000,
	STYPE_PROPERTIES = 1000506001,
	TYPE_F16 = 0,
	TYPE_F32 = 1,
	SCOPE_SUBGROUP = 3,
};

/* VkCooperativeMatrixPropertiesKHR */
struct kind {
	VkStructureType sType;
	void *pNext;
	uint32_t m, n, k;
	uint32_t a, b, c, result;
	VkBool32 saturating;
	uint32_t scope;
};

typedef VkResult(VKAPI_PTR *get_kinds)(VkPhysicalDevice phys, uint32_t *n,
				       struct kind *list);

const char *const coop_extension[COOP_EXTENSIONS] = {
	"VK_KHR_cooperative_matrix", "VK_KHR_vulkan_memory_model",
	"VK_KHR_shader_float16_int8"
};

void *vk_coop_features(struct coop_features *f)
{
	*f = (struct coop_features){
		.s16 = { .sType =
				 VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
			 .pNext = &f->f16,
			 .storageBuffer16BitAccess = VK_TRUE },
		.f16 = { .sType =
				 VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
			 .pNext = &f->model,
			 .shaderFloat16 = VK_TRUE },
		.model = { .sType =
				   VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
			   .pNext = &f->coop,
			   .vulkanMemoryModel = VK_TRUE },
		.coop = { .sType = (VkStructureType)STYPE_FEATURES,
			  .matrix = VK_TRUE },
	};
	return &f->s16;
}

static bool has_features(const struct compute_device *dev)
{
	VkPhysicalDeviceFeatures2 all = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
	};
	struct coop_features f;

	all.pNext = vk_coop_features(&f);
	dev->in.GetPhysicalDeviceFeatures2(dev->phys, &all);
	return f.s16.storageBuffer16BitAccess && f.f16.shaderFloat16 &&
	       f.model.vulkanMemoryModel && f.coop.matrix;
}

void vk_coop_query(struct compute_device *dev, const struct vk_extensions *ext)
{
	struct kind list[MAX_KINDS] = { 0 };
	struct compute_limits *l = &dev->limits;
	uint32_t n = MAX_KINDS;
	get_kinds get;
	VkResult r;

	for (int i = 0; i < COOP_EXTENSIONS; i++)
		if (!vk_has(ext, coop_extension[i]))
			return;
	get = (get_kinds)dev->in.get(
		dev->in.handle,
		"vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
	if (!get || !has_features(dev))
		return;
	for (uint32_t i = 0; i < n; i++)
		list[i].sType = (VkStructureType)STYPE_PROPERTIES;
	r = get(dev->phys, &n, list);
	if (r && r != VK_INCOMPLETE)
		return;
	for (uint32_t i = 0; i < n && !l->coop[0]; i++) {
		const struct kind *k = &list[i];

		if (k->a != TYPE_F16 || k->b != TYPE_F16 || k->c != TYPE_F32 ||
		    k->result != TYPE_F32 || k->scope != SCOPE_SUBGROUP ||
		    k->saturating || k->m > 64 || k->n > 64 || k->k > 64 ||
		    k->n % 4 || k->k % 4)
			continue;
		l->coop[0] = k->m;
		l->coop[1] = k->n;
		l->coop[2] = k->k;
	}
}
