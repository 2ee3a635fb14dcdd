/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's virtual GEM device as a second user of a buffer: it imports as
 * a GPU does, and exports memory that it maps itself. What the tests need of
 * drm.h, which not every machine has.
 */
#ifndef PIACCEL_VGEM_H
#define PIACCEL_VGEM_H

#include "piaccel_test.h"

struct vgem_version {
	int major, minor, patch;
	size_t name_len;
	char *name;
	size_t date_len;
	char *date;
	size_t desc_len;
	char *desc;
};

struct vgem_prime {
	uint32_t handle;
	uint32_t flags;
	int32_t fd;
};

struct vgem_dumb {
	uint32_t height, width, bpp, flags;
	uint32_t handle, pitch;
	uint64_t size;
};

struct vgem_map {
	uint32_t handle, pad;
	uint64_t offset;
};

#define VGEM_VERSION		_IOWR('d', 0x00, struct vgem_version)
#define VGEM_HANDLE_TO_FD	_IOWR('d', 0x2d, struct vgem_prime)
#define VGEM_FD_TO_HANDLE	_IOWR('d', 0x2e, struct vgem_prime)
#define VGEM_CREATE_DUMB	_IOWR('d', 0xb2, struct vgem_dumb)
#define VGEM_MAP_DUMB		_IOWR('d', 0xb3, struct vgem_map)

static inline int vgem_open(void)
{
	for (int i = 0; i < 8; i++) {
		char path[32], name[16] = "";
		struct vgem_version v = {
			.name = name, .name_len = sizeof(name) - 1,
		};
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!ioctl(fd, VGEM_VERSION, &v) && !strcmp(name, "vgem"))
			return fd;
		close(fd);
	}
	return -1;
}

/* Attach and map a DMA-BUF as a GPU would: its handle, or -errno. */
static inline int vgem_import(int drm, int dmabuf)
{
	struct vgem_prime p = { .fd = dmabuf };
	int ret = xioctl(drm, VGEM_FD_TO_HANDLE, &p);

	return ret < 0 ? ret : (int)p.handle;
}

static inline int vgem_export(int drm, uint32_t handle)
{
	struct vgem_prime p = { .handle = handle, .fd = -1,
				.flags = O_CLOEXEC | O_RDWR };
	int ret = xioctl(drm, VGEM_HANDLE_TO_FD, &p);

	return ret < 0 ? ret : p.fd;
}

/* Memory of vgem's own, mapped through vgem's own file. */
static inline void *vgem_alloc(int drm, size_t size, uint32_t *handle)
{
	struct vgem_dumb d = { .height = 1, .width = size, .bpp = 8 };
	struct vgem_map m = { 0 };

	if (ioctl(drm, VGEM_CREATE_DUMB, &d))
		return MAP_FAILED;
	*handle = m.handle = d.handle;
	if (ioctl(drm, VGEM_MAP_DUMB, &m))
		return MAP_FAILED;
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, drm,
		    m.offset);
}

#endif /* PIACCEL_VGEM_H */
