// SPDX-License-Identifier: MIT
/* Which DRM node a Vulkan device is. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <xf86drm.h>

#include "vk.h"

#define MAX_DRM 64

static bool is_node(const char *path, int64_t major, int64_t minor)
{
	struct stat st;

	return !stat(path, &st) && S_ISCHR(st.st_mode) &&
	       major(st.st_rdev) == major && minor(st.st_rdev) == minor;
}

void vk_drm_node(int64_t major, int64_t minor, char *out, size_t size)
{
	drmDevicePtr list[MAX_DRM];
	/* negative where the kernel has no DRM device */
	int n = drmGetDevices2(0, list, MAX_DRM);

	*out = 0;
	n = n < MAX_DRM ? n : MAX_DRM;
	for (int i = 0; i < n && !*out; i++) {
		const drmDevice *d = list[i];
		int best = d->available_nodes & 1 << DRM_NODE_RENDER
				   ? DRM_NODE_RENDER
				   : DRM_NODE_PRIMARY;

		for (int k = 0; k < DRM_NODE_MAX && !*out; k++)
			if (d->available_nodes & 1 << k &&
			    is_node(d->nodes[k], major, minor))
				snprintf(out, size, "%s", d->nodes[best]);
	}
	if (n > 0)
		drmFreeDevices(list, n);
}
