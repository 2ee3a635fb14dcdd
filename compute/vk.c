// SPDX-License-Identifier: MIT
/* The Vulkan loader, an instance of it, and the name of each result. */
#include "vk.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "../libaccel/src/base/error.h"

static PFN_vkGetInstanceProcAddr loader;
static pthread_once_t loader_once = PTHREAD_ONCE_INIT;

/* The loader stays for the life of the process: drivers start threads and
 * register exit handlers, so unloading it is never safe. */
static void loader_open(void)
{
	void *so = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);

	if (so)
		*(void **)&loader = dlsym(so, "vkGetInstanceProcAddr");
}

const char *vk_result_name(VkResult r)
{
	switch (r) {
#define R(name)                                                                \
	case name:                                                             \
		return #name;
		R(VK_SUCCESS)
		R(VK_NOT_READY)
		R(VK_TIMEOUT)
		R(VK_INCOMPLETE)
		R(VK_ERROR_OUT_OF_HOST_MEMORY)
		R(VK_ERROR_OUT_OF_DEVICE_MEMORY)
		R(VK_ERROR_INITIALIZATION_FAILED)
		R(VK_ERROR_DEVICE_LOST)
		R(VK_ERROR_MEMORY_MAP_FAILED)
		R(VK_ERROR_LAYER_NOT_PRESENT)
		R(VK_ERROR_EXTENSION_NOT_PRESENT)
		R(VK_ERROR_FEATURE_NOT_PRESENT)
		R(VK_ERROR_INCOMPATIBLE_DRIVER)
		R(VK_ERROR_TOO_MANY_OBJECTS)
		R(VK_ERROR_OUT_OF_POOL_MEMORY)
		R(VK_ERROR_INVALID_EXTERNAL_HANDLE)
		R(VK_ERROR_UNKNOWN)
#undef R
	default:
		return "VkResult";
	}
}

accel_status vk_instance_open(struct vk_instance *in)
{
	PFN_vkEnumerateInstanceVersion version;
	PFN_vkCreateInstance create;
	uint32_t have = VK_API_VERSION_1_0;
	VkApplicationInfo app = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.pApplicationName = "libaccel",
		.pEngineName = "libaccel",
		.apiVersion = VK_API_VERSION_1_1,
	};
	VkInstanceCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &app,
	};
	VkResult r;

	memset(in, 0, sizeof(*in));
	pthread_once(&loader_once, loader_open);
	if (!loader)
		return ACCEL_OK;
	in->get = loader;
	version = (PFN_vkEnumerateInstanceVersion)loader(
		NULL, "vkEnumerateInstanceVersion");
	create = (PFN_vkCreateInstance)loader(NULL, "vkCreateInstance");
	if (!version || !create || version(&have) || have < VK_API_VERSION_1_1)
		return ACCEL_OK;

	r = create(&ci, NULL, &in->handle);
	if (r == VK_ERROR_INCOMPATIBLE_DRIVER) {
		in->handle = NULL;
		return ACCEL_OK;
	}
	if (r) {
		in->handle = NULL;
		return accel_error(r == VK_ERROR_OUT_OF_HOST_MEMORY
					   ? ACCEL_ERR_NOMEM
					   : ACCEL_ERR_NODEV,
				   "Vulkan does not start: %s (%d)",
				   vk_result_name(r), (int)r);
	}
#define COMPUTE_X(name)                                                        \
	in->name = (PFN_vk##name)loader(in->handle, "vk" #name);               \
	if (!in->name)                                                         \
		goto missing;
	COMPUTE_VK_INSTANCE(COMPUTE_X)
#undef COMPUTE_X
	return ACCEL_OK;

missing:
	vk_instance_close(in);
	return accel_error(ACCEL_ERR_NODEV,
			   "the Vulkan loader lacks functions of Vulkan 1.1");
}

void vk_instance_close(struct vk_instance *in)
{
	PFN_vkDestroyInstance destroy;

	if (!in->handle)
		return;
	destroy =
		(PFN_vkDestroyInstance)in->get(in->handle, "vkDestroyInstance");
	if (destroy)
		destroy(in->handle, NULL);
	in->handle = NULL;
}
