// SPDX-License-Identifier: MIT
/*
 * A V3D render node that is not there: preloaded under Mesa's V3DV, it answers
 * just enough of the DRM interface for the driver to open a device and compile
 * pipelines. Nothing is executed.
 *
 * V3DSHIM_VER: 42 (Raspberry Pi 4, V3D 4.2) or 71 (Raspberry Pi 5, V3D 7.1).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NODE "/dev/dri/renderD128"
#define PAGE 4096u
#define SPACE (1ll << 32) /* the GPU's addresses */

/* ---- libdrm: one platform device, and Mesa 22's display device ---------- */

/* struct drmDevice of xf86drm.h, for a platform bus */
struct drm_device {
	char **nodes;
	int available_nodes;
	int bustype;
	void *businfo, *deviceinfo;
};

struct platform_info {
	char **compatible;
};

enum { NODE_PRIMARY, NODE_CONTROL, NODE_RENDER, NODES };
#define BUS_PLATFORM 2

static char *gpu_nodes[NODES] = { "/dev/null", NULL, NODE };
static char *display_nodes[NODES] = { "/dev/null", NULL, NULL };
static char bus_name[512] = "/v3dbus/v3d@7ec04000";
static char *gpu_compatible[] = { "brcm,2711-v3d", "brcm,2712-v3d", NULL };
static char *display_compatible[] = { "brcm,bcm2711-vc5", NULL };
static struct platform_info gpu_info = { gpu_compatible };
static struct platform_info display_info = { display_compatible };
static struct drm_device gpu = { gpu_nodes, 1 << NODE_RENDER, BUS_PLATFORM,
				 bus_name, &gpu_info };
static struct drm_device display = { display_nodes, 1 << NODE_PRIMARY,
				     BUS_PLATFORM, bus_name, &display_info };

int drmGetDevices2(uint32_t flags, struct drm_device **list, int max)
{
	(void)flags;
	if (list && max > 0)
		list[0] = &gpu;
	if (list && max > 1)
		list[1] = &display;
	return 2;
}

void drmFreeDevices(struct drm_device **list, int n)
{
	(void)list;
	(void)n;
}

int drmIsKMS(int fd)
{
	(void)fd;
	return 0;
}

/* ---- opening the node ---------------------------------------------------- */

/* One sparse file is the whole address space: a buffer's mmap offset is its
 * GPU address. */
static int new_node(void)
{
	int fd = (int)syscall(SYS_memfd_create, "v3d", 1u);

	if (fd >= 0 && ftruncate(fd, SPACE)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int open_any(const char *path, int flags, va_list ap)
{
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;

	if (path && !strcmp(path, NODE))
		return new_node();
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = open_any(path, flags, ap);
	va_end(ap);
	return fd;
}

int open64(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = open_any(path, flags, ap);
	va_end(ap);
	return fd;
}

/* ---- the V3D driver's ioctls (drm/v3d_drm.h) ------------------------------ */

enum {
	V3D_CREATE_BO = 0x42,
	V3D_MMAP_BO = 0x43,
	V3D_GET_PARAM = 0x44,
	V3D_GET_BO_OFFSET = 0x45,
	DRM_VERSION = 0x00,
	DRM_GET_CAP = 0x0c,
	DRM_SYNCOBJ_CREATE = 0xbf,
	DRM_SYNCOBJ_HANDLE_TO_FD = 0xc1,
	DRM_SYNCOBJ_FD_TO_HANDLE = 0xc2,
	CAP_SYNCOBJ = 0x13,
};

#define MAX_BO (1u << 20)
static uint32_t next_offset = 0x100000, next_handle = 1, next_sync = 1;
static uint32_t bo_offset[MAX_BO];

/* enum drm_v3d_param, as a BCM2711's or BCM2712's registers read. */
static uint64_t param(uint32_t which)
{
	const char *e = getenv("V3DSHIM_VER");
	uint32_t ver = e ? (uint32_t)atoi(e) : 42, pi5 = ver >= 71;
	uint32_t major = ver / 10, minor = ver % 10;
	uint32_t slices = pi5 ? 3 : 2, qpus = 4;

	switch (which) {
	case 0: /* V3D_UIFCFG */
		return 0x45;
	case 1: /* HUB_IDENT1 */
		return 0x000e1124;
	case 2: /* HUB_IDENT2 */
		return 0x100;
	case 3: /* HUB_IDENT3: the revision */
		return (pi5 ? 7 : 14) << 8;
	case 4: /* CORE0_IDENT0: "V3D", major version */
		return 0x00443356u | major << 24;
	case 5: /* CORE0_IDENT1: slices, QPUs a slice, minor version */
		return 0x81000000u | qpus << 8 | slices << 4 | minor;
	case 6: /* CORE0_IDENT2 */
		return 0x40078121;
	case 7: /* SUPPORTS_TFU */
	case 8: /* SUPPORTS_CSD */
	case 9: /* SUPPORTS_CACHE_FLUSH */
	case 11: /* SUPPORTS_MULTISYNC_EXT */
	case 12: /* SUPPORTS_CPU_QUEUE */
		return 1;
	default:
		return 0;
	}
}

static int create_bo(uint32_t *a) /* size, flags, handle, offset */
{
	uint32_t size = (a[0] + PAGE - 1) & ~(PAGE - 1);

	if (next_offset + (uint64_t)size > 0xfff00000u ||
	    next_handle == MAX_BO) {
		errno = ENOMEM;
		return -1;
	}
	bo_offset[next_handle] = next_offset;
	a[2] = next_handle++;
	a[3] = next_offset;
	next_offset += size;
	return 0;
}

struct drm_version {
	int major, minor, patch;
	size_t name_len;
	char *name;
	size_t date_len;
	char *date;
	size_t desc_len;
	char *desc;
};

static int version(struct drm_version *v)
{
	v->major = 1;
	v->minor = v->patch = 0;
	if (v->name && v->name_len >= 3)
		memcpy(v->name, "v3d", 3);
	if (v->date && v->date_len)
		v->date[0] = '0';
	if (v->desc && v->desc_len)
		v->desc[0] = '0';
	v->name_len = 3;
	v->date_len = v->desc_len = 1;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	uint32_t *a;
	uint64_t *q;
	va_list ap;

	va_start(ap, request);
	a = va_arg(ap, void *);
	va_end(ap);
	q = (uint64_t *)(void *)a;
	if ((request >> 8 & 0xff) != 'd')
		return (int)syscall(SYS_ioctl, fd, request, a);
	switch (request & 0xff) {
	case DRM_VERSION:
		return version((struct drm_version *)(void *)a);
	case DRM_GET_CAP:
		q[1] = q[0] == CAP_SYNCOBJ;
		return 0;
	case V3D_CREATE_BO:
		return create_bo(a);
	case V3D_MMAP_BO:
		q[1] = bo_offset[a[0]];
		return 0;
	case V3D_GET_PARAM:
		q[1] = param(a[0]);
		return 0;
	case V3D_GET_BO_OFFSET:
		a[1] = bo_offset[a[0]];
		return 0;
	case DRM_SYNCOBJ_CREATE:
	case DRM_SYNCOBJ_FD_TO_HANDLE:
		a[0] = next_sync++;
		return 0;
	case DRM_SYNCOBJ_HANDLE_TO_FD:
		a[2] = (uint32_t)new_node();
		return 0;
	default: /* waits, submits, closes: done at once */
		return 0;
	}
}
