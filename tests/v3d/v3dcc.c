// SPDX-License-Identifier: MIT
/*
 * v3dcc DRIVER FOLDER: compiles FOLDER/NAME.spv for every NAME on its input
 * with the Vulkan driver in file DRIVER, and prints a line
 *
 *   NAME <tab> instructions <tab> threads <tab> spills <tab> loop per FMA
 *
 * where the last is "-" without a loop that multiplies. The driver is opened
 * directly, without a Vulkan loader. V3DCC_LISTING=1 adds the QPU code.
 */
#define VK_NO_PROTOTYPES
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>

#include "loop.h"

#define MAX_CODE (1u << 20)
#define BINDINGS 8

static PFN_vkGetInstanceProcAddr get;
static VkInstance instance;
static VkDevice device;
static VkPipelineLayout layout;

#define FN(name) PFN_##name name = (PFN_##name)get(instance, #name)

static void must(VkResult r, const char *what)
{
	if (!r)
		return;
	fprintf(stderr, "%s: VkResult %d\n", what, (int)r);
	exit(2);
}

static void open_driver(const char *path)
{
	VkResult (*negotiate)(uint32_t *);
	void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	uint32_t version = 5;

	if (!so) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
	*(void **)&negotiate =
		dlsym(so, "vk_icdNegotiateLoaderICDInterfaceVersion");
	if (negotiate)
		negotiate(&version);
	*(void **)&get = dlsym(so, "vk_icdGetInstanceProcAddr");
}

static VkPhysicalDevice open_instance(void)
{
	VkApplicationInfo app = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_1,
	};
	VkInstanceCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &app,
	};
	VkPhysicalDevice phys;
	uint32_t n = 1;

	FN(vkCreateInstance);
	must(vkCreateInstance(&ci, NULL, &instance), "vkCreateInstance");
	FN(vkEnumeratePhysicalDevices);
	vkEnumeratePhysicalDevices(instance, &n, &phys);
	if (!n) {
		fprintf(stderr, "the driver finds no device\n");
		exit(2);
	}
	return phys;
}

/* As compute/device.c opens one: no feature, robustBufferAccess off. */
static void open_device(VkPhysicalDevice phys)
{
	const char *ext = "VK_KHR_pipeline_executable_properties";
	const float priority = 1;
	VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR pe = {
		.sType =
			VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
		.pipelineExecutableInfo = VK_TRUE,
	};
	VkDeviceQueueCreateInfo q = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkDeviceCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &pe,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &q,
		.enabledExtensionCount = 1,
		.ppEnabledExtensionNames = &ext,
	};
	FN(vkCreateDevice);

	must(vkCreateDevice(phys, &ci, NULL, &device), "vkCreateDevice");
}

static void make_layout(void)
{
	VkDescriptorSetLayoutBinding b[BINDINGS];
	VkDescriptorSetLayoutCreateInfo sci = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = BINDINGS,
		.pBindings = b,
	};
	VkPushConstantRange push = { VK_SHADER_STAGE_COMPUTE_BIT, 0, 128 };
	VkDescriptorSetLayout set;
	VkPipelineLayoutCreateInfo lci = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = 1,
		.pSetLayouts = &set,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &push,
	};
	FN(vkCreateDescriptorSetLayout);
	FN(vkCreatePipelineLayout);

	for (uint32_t i = 0; i < BINDINGS; i++)
		b[i] = (VkDescriptorSetLayoutBinding){
			i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1,
			VK_SHADER_STAGE_COMPUTE_BIT, NULL
		};
	must(vkCreateDescriptorSetLayout(device, &sci, NULL, &set),
	     "vkCreateDescriptorSetLayout");
	must(vkCreatePipelineLayout(device, &lci, NULL, &layout),
	     "vkCreatePipelineLayout");
}

static VkShaderModule load(const char *folder, const char *name)
{
	static uint32_t code[MAX_CODE / 4];
	VkShaderModuleCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
		.pCode = code,
	};
	VkShaderModule m;
	char path[4096];
	FILE *f;
	FN(vkCreateShaderModule);

	snprintf(path, sizeof(path), "%s/%s.spv", folder, name);
	f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(2);
	}
	ci.codeSize = fread(code, 1, sizeof(code), f);
	fclose(f);
	must(vkCreateShaderModule(device, &ci, NULL, &m), path);
	return m;
}

static uint64_t statistic(const VkPipelineExecutableStatisticKHR *s, uint32_t n,
			  const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(s[i].name, name))
			return s[i].value.u64;
	fprintf(stderr, "the driver has no statistic '%s'\n", name);
	exit(2);
}

/* The QPU listing; the caller frees it. */
static char *read_listing(const VkPipelineExecutableInfoKHR *xi)
{
	VkPipelineExecutableInternalRepresentationKHR ir[16];
	char *text = NULL;
	uint32_t n = 16;
	FN(vkGetPipelineExecutableInternalRepresentationsKHR);

	memset(ir, 0, sizeof(ir));
	for (int i = 0; i < 16; i++)
		ir[i].sType =
			VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR;
	vkGetPipelineExecutableInternalRepresentationsKHR(device, xi, &n, ir);
	for (uint32_t i = 0; i < n; i++)
		ir[i].pData = calloc(1, ir[i].dataSize + 1);
	vkGetPipelineExecutableInternalRepresentationsKHR(device, xi, &n, ir);
	for (uint32_t i = 0; i < n; i++) {
		if (strstr(ir[i].name, "QPU") && !text)
			text = ir[i].pData;
		else
			free(ir[i].pData);
	}
	return text;
}

static void report(const char *name, VkPipeline pipeline)
{
	VkPipelineInfoKHR pi = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR,
		.pipeline = pipeline,
	};
	VkPipelineExecutablePropertiesKHR xp = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR,
	};
	VkPipelineExecutableInfoKHR xi = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
		.pipeline = pipeline,
	};
	VkPipelineExecutableStatisticKHR st[32];
	uint32_t one = 1, n = 32;
	struct loop loop = { 0, 0 };
	char *listing;
	FN(vkGetPipelineExecutablePropertiesKHR);
	FN(vkGetPipelineExecutableStatisticsKHR);

	memset(st, 0, sizeof(st));
	for (int i = 0; i < 32; i++)
		st[i].sType =
			VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
	/* the driver counts its executables on this call */
	vkGetPipelineExecutablePropertiesKHR(device, &pi, &one, &xp);
	vkGetPipelineExecutableStatisticsKHR(device, &xi, &n, st);
	listing = read_listing(&xi);
	if (listing)
		loop = loop_find(listing);
	printf("%s\t%llu\t%llu\t%llu\t", name,
	       (unsigned long long)statistic(st, n, "Instruction Count"),
	       (unsigned long long)statistic(st, n, "Thread Count"),
	       (unsigned long long)statistic(st, n, "Spill Size"));
	if (loop.muls)
		printf("%.3f\n", (double)loop.length / loop.muls);
	else
		printf("-\n");
	if (listing && getenv("V3DCC_LISTING"))
		fprintf(stderr, "--- %s\n%s\n", name, listing);
	free(listing);
	fflush(stdout);
}

static bool compile(const char *folder, const char *name)
{
	VkComputePipelineCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR |
			 VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR,
		.layout = layout,
		.stage = {
			.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
			.stage = VK_SHADER_STAGE_COMPUTE_BIT,
			.module = load(folder, name),
			.pName = "main",
		},
	};
	VkPipeline pipeline;
	VkResult r;
	FN(vkCreateComputePipelines);
	FN(vkDestroyPipeline);
	FN(vkDestroyShaderModule);

	r = vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &ci, NULL,
				     &pipeline);
	vkDestroyShaderModule(device, ci.stage.module, NULL);
	if (r) {
		printf("%s\tfailed\t0\t0\t%d\n", name, (int)r);
		return false;
	}
	report(name, pipeline);
	vkDestroyPipeline(device, pipeline, NULL);
	return true;
}

int main(int argc, char **argv)
{
	char line[256];
	bool good = true;

	if (argc != 3) {
		fprintf(stderr, "usage: v3dcc DRIVER FOLDER <NAMES\n");
		return 2;
	}
	open_driver(argv[1]);
	open_device(open_instance());
	make_layout();
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		good &= compile(argv[2], line);
	}
	fflush(NULL);
	_Exit(!good); /* the driver's exit handlers would wait for a GPU */
}
