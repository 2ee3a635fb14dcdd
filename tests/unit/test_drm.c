// SPDX-License-Identifier: MIT
/*
 * A Vulkan device's DRM node. libdrm is played: its devices here are ordinary
 * character devices, and it must be given back what it gave.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <xf86drm.h>

#include "compute/vk.h"
#include "tap.h"

static char full[] = "/dev/full", zero[] = "/dev/zero", null[] = "/dev/null";
static char gone[] = "/dev/dri/card99";
static char *nodes_a[DRM_NODE_MAX] = {
	[DRM_NODE_PRIMARY] = full, [DRM_NODE_RENDER] = zero
};
static char *nodes_b[DRM_NODE_MAX] = { [DRM_NODE_PRIMARY] = null };
static char *nodes_c[DRM_NODE_MAX] = { [DRM_NODE_PRIMARY] = gone };
static drmDevice device[] = {
	{ .nodes = nodes_c, .available_nodes = 1 << DRM_NODE_PRIMARY },
	{ .nodes = nodes_a,
	  .available_nodes = 1 << DRM_NODE_PRIMARY | 1 << DRM_NODE_RENDER },
	{ .nodes = nodes_b, .available_nodes = 1 << DRM_NODE_PRIMARY },
};
static int here, out;

int drmGetDevices2(uint32_t flags, drmDevicePtr list[], int max)
{
	(void)flags;
	if (here < 0)
		return here;
	for (int i = 0; i < here && i < max; i++)
		list[i] = &device[i];
	out += here;
	return here;
}

void drmFreeDevices(drmDevicePtr list[], int n)
{
	(void)list;
	out -= n;
}

static const char *node_of(const char *path)
{
	static char node[64];
	struct stat st = { 0 };

	stat(path, &st);
	vk_drm_node(major(st.st_rdev), minor(st.st_rdev), node, sizeof(node));
	return node;
}

int main(void)
{
	here = 3;
	CHECK(!strcmp(node_of(zero), zero), "a render node is found");
	CHECK(!strcmp(node_of(full), zero),
	      "a primary node stands for its device's render node");
	CHECK(!strcmp(node_of(null), null), "a device without one is its "
					    "primary node");
	CHECK(!*node_of("/dev/tty"), "a number of no device is none");
	here = 0;
	CHECK(!*node_of(zero), "no device: none");
	here = -ENOENT;
	CHECK(!*node_of(zero), "no DRM in the kernel: none");
	CHECK(!out, "libdrm gets back what it gave");
	return tap_done();
}
