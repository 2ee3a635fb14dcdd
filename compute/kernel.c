// SPDX-License-Identifier: MIT
/* Pipelines: made once for each shader and set of constants. */
#include "vk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libaccel/src/base/alloc.h"
#include "../libaccel/src/base/error.h"
#include "coop.h"
#include "shaders.h"
#include "specialize.h"

static accel_status make_layouts(struct compute_device *dev,
				 const struct compute_shader *sh,
				 struct vk_shader *v)
{
	VkDescriptorSetLayoutBinding b[2 * COMPUTE_MAX_BINDINGS];
	uint32_t n = sh->storage + sh->texel;
	VkDescriptorSetLayoutCreateInfo sci = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = n,
		.pBindings = b,
	};
	VkPushConstantRange push = {
		.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
		.size = COMPUTE_MAX_PUSH,
	};
	VkPipelineLayoutCreateInfo lci = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = 1,
		.pSetLayouts = &v->set,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &push,
	};
	VkResult r;

	for (uint32_t i = 0; i < n; i++)
		b[i] = (VkDescriptorSetLayoutBinding){
			.binding = i,
			.descriptorType =
				i < sh->storage
					? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
					: VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
			.descriptorCount = 1,
			.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
		};
	if (!v->set) {
		r = dev->CreateDescriptorSetLayout(dev->handle, &sci, NULL,
						   &v->set);
		if (r) {
			v->set = VK_NULL_HANDLE;
			return vk_fail(dev, r, "making a set layout");
		}
	}
	if (!v->layout) {
		r = dev->CreatePipelineLayout(dev->handle, &lci, NULL,
					      &v->layout);
		if (r) {
			v->layout = VK_NULL_HANDLE;
			return vk_fail(dev, r, "making a pipeline layout");
		}
	}
	return ACCEL_OK;
}

static void name_kernel(struct compute_kernel *k)
{
	size_t at;

	at = (size_t)snprintf(k->name, sizeof(k->name), "%s",
			      compute_shader_table[k->shader].name);
	for (uint32_t i = 0; i < k->n_spec && at < sizeof(k->name); i++)
		at += (size_t)snprintf(k->name + at, sizeof(k->name) - at,
				       "%c%x", i ? ',' : '[', k->spec[i]);
	if (k->n_spec && at < sizeof(k->name))
		snprintf(k->name + at, sizeof(k->name) - at, "]");
}

static accel_status build(struct compute_device *dev, struct compute_kernel *k)
{
	VkSpecializationMapEntry map[COMPUTE_MAX_SPEC];
	VkSpecializationInfo spec = {
		.mapEntryCount = k->n_spec,
		.pMapEntries = map,
		.dataSize = k->n_spec * sizeof(uint32_t),
		.pData = k->spec,
	};
	VkComputePipelineCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.stage = {
			.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
			.stage = VK_SHADER_STAGE_COMPUTE_BIT,
			.pName = "main",
		},
	};
	const struct compute_shader *sh = &compute_shader_table[k->shader];
	VkShaderModuleCreateInfo mci = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
	};
	const char *log = getenv("ACCEL_KERNEL_LOG");
	size_t n = sh->size / 4;
	uint32_t *words;
	accel_status s;
	VkResult r;

	s = make_layouts(dev, sh, &dev->shaders[k->shader]);
	if (s)
		return s;
	k->sh = &dev->shaders[k->shader];
	ci.layout = k->sh->layout;
	words = sh->code ? compute_specialize(sh->code, &n, k->spec, k->n_spec)
			 : coop_module(k->spec, &n);
	if (!words && !sh->code)
		return accel_error(ACCEL_ERR_NOMEM, "writing %s", k->name);
	mci.pCode = words ? words : sh->code;
	mci.codeSize = 4 * n;
	if (!words) { /* the driver can do it, too */
		for (uint32_t i = 0; i < k->n_spec; i++)
			map[i] = (VkSpecializationMapEntry){ i, i * 4, 4 };
		ci.stage.pSpecializationInfo = &spec;
	}
	r = dev->CreateShaderModule(dev->handle, &mci, NULL, &ci.stage.module);
	mem_free(words);
	if (r)
		return vk_fail(dev, r, "making a shader module");
	r = dev->CreateComputePipelines(dev->handle, dev->cache, 1, &ci, NULL,
					&k->pipeline);
	dev->DestroyShaderModule(dev->handle, ci.stage.module, NULL);
	if (r) {
		k->pipeline = VK_NULL_HANDLE;
		return vk_fail(dev, r, k->name);
	}
	/* one line a pipeline: what tests/v3d compiles for the Pi */
	if (log && *log) {
		FILE *f = fopen(log, "ae");

		if (f) {
			fprintf(f, "%s", sh->name);
			for (uint32_t i = 0; i < k->n_spec; i++)
				fprintf(f, " %u", k->spec[i]);
			fprintf(f, "\n");
			fclose(f);
		}
	}
	return ACCEL_OK;
}

static uint32_t hash(uint32_t shader, const uint32_t *spec, uint32_t n)
{
	uint32_t h = 2166136261u ^ shader;

	for (uint32_t i = 0; i < n; i++)
		h = ((h ^ spec[i]) * 16777619u) ^ h >> 15;
	return h * 2654435761u;
}

/* The slot that holds it, or the empty one where it belongs. */
static struct compute_kernel **find(struct compute_device *dev, uint32_t shader,
				    const uint32_t *spec, uint32_t n)
{
	uint32_t mask = dev->cap_kernels - 1;
	uint32_t i = hash(shader, spec, n) & mask;

	for (;; i = (i + 1) & mask) {
		struct compute_kernel *k = dev->kernels[i];

		if (!k || (k->shader == shader && k->n_spec == n &&
			   !memcmp(k->spec, spec, n * sizeof(*spec))))
			return &dev->kernels[i];
	}
}

static accel_status grow(struct compute_device *dev)
{
	struct compute_kernel **old = dev->kernels;
	uint32_t cap = dev->cap_kernels;

	if (cap && dev->n_kernels < cap / 2)
		return ACCEL_OK;
	dev->kernels = mem_zalloc((cap ? cap * 2 : 64) * sizeof(*old));
	if (!dev->kernels) {
		dev->kernels = old;
		return accel_error(ACCEL_ERR_NOMEM, "the kernel table: %u",
				   dev->n_kernels);
	}
	dev->cap_kernels = cap ? cap * 2 : 64;
	for (uint32_t i = 0; i < cap; i++)
		if (old[i])
			*find(dev, old[i]->shader, old[i]->spec,
			      old[i]->n_spec) = old[i];
	mem_free(old);
	return ACCEL_OK;
}

accel_status compute_kernel_get(struct compute_device *dev, uint32_t shader,
				const uint32_t *spec, uint32_t n_spec,
				struct compute_kernel **kernel)
{
	struct compute_kernel *k, **slot;
	accel_status s = vk_check(dev);

	*kernel = NULL;
	if (s)
		return s;
	if (shader >= COMPUTE_SHADERS || n_spec > COMPUTE_MAX_SPEC)
		return accel_error(ACCEL_ERR_INVALID,
				   "kernel: shader %u of %u, %u constants of "
				   "at most %u",
				   shader, (unsigned)COMPUTE_SHADERS, n_spec,
				   COMPUTE_MAX_SPEC);
	s = grow(dev);
	if (s)
		return s;
	slot = find(dev, shader, spec, n_spec);
	if (*slot) {
		*kernel = *slot;
		return ACCEL_OK;
	}
	k = mem_zalloc(sizeof(*k));
	if (!k)
		return accel_error(ACCEL_ERR_NOMEM, "making a kernel");
	k->shader = shader;
	k->n_spec = n_spec;
	if (n_spec)
		memcpy(k->spec, spec, n_spec * sizeof(*spec));
	name_kernel(k);
	s = build(dev, k);
	if (s) {
		mem_free(k);
		return s;
	}
	*slot = k;
	dev->n_kernels++;
	*kernel = k;
	return ACCEL_OK;
}

const char *compute_kernel_name(const struct compute_kernel *kernel)
{
	return kernel->name;
}

uint32_t compute_kernel_count(const struct compute_device *dev)
{
	return dev->n_kernels;
}

void vk_kernels_destroy(struct compute_device *dev)
{
	for (uint32_t i = 0; i < dev->cap_kernels; i++) {
		if (!dev->kernels[i])
			continue;
		dev->DestroyPipeline(dev->handle, dev->kernels[i]->pipeline,
				     NULL);
		mem_free(dev->kernels[i]);
	}
	mem_free(dev->kernels);
	dev->kernels = NULL;
	dev->cap_kernels = dev->n_kernels = 0;
	for (uint32_t i = 0; dev->shaders && i < COMPUTE_SHADERS; i++) {
		struct vk_shader *v = &dev->shaders[i];

		dev->DestroyPipelineLayout(dev->handle, v->layout, NULL);
		dev->DestroyDescriptorSetLayout(dev->handle, v->set, NULL);
	}
}
