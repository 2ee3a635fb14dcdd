// SPDX-License-Identifier: MIT
/* Where DMA-BUFs come from: piaccel, udmabuf, or the system's heap. */
#include "provider.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <linux/piaccel.h>
#include <linux/udmabuf.h>

#include "../libaccel/src/base/error.h"

static const struct {
	const char *name, *path;
} provider[] = {
	[COMPUTE_MEMORY_PIACCEL] = { "piaccel", "/dev/piaccel" },
	[COMPUTE_MEMORY_UDMABUF] = { "udmabuf", "/dev/udmabuf" },
	[COMPUTE_MEMORY_HEAP] = { "heap", "/dev/dma_heap/system" },
	[COMPUTE_MEMORY_VULKAN] = { "vulkan", "" },
	[COMPUTE_MEMORY_HOST] = { "host", "" },
	[COMPUTE_MEMORY_IMPORTED] = { "imported", "" },
};

const char *compute_memory_name(enum compute_memory memory)
{
	return memory <= COMPUTE_MEMORY_IMPORTED ? provider[memory].name : "?";
}

/* Cached: tensors are read by the CPU as well, and bracketed. */
static int from_piaccel(int dev, uint64_t size)
{
	struct piaccel_buf_alloc a = { .size = size,
				       .flags = PIACCEL_BUF_CACHED };

	return ioctl(dev, PIACCEL_BUF_ALLOC, &a);
}

static int from_udmabuf(int dev, uint64_t size)
{
	int mem = memfd_create("libaccel", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	struct udmabuf_create c = { .memfd = (uint32_t)mem,
				    .flags = UDMABUF_FLAGS_CLOEXEC,
				    .size = size };
	int fd = -1, e;

	if (mem < 0)
		return -1;
	if (!ftruncate(mem, (off_t)size) &&
	    !fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK))
		fd = ioctl(dev, UDMABUF_CREATE, &c);
	e = errno;
	close(mem);
	errno = e;
	return fd;
}

static int from_heap(int dev, uint64_t size)
{
	struct dma_heap_allocation_data a = { .len = size,
					      .fd_flags = O_RDWR | O_CLOEXEC };

	return ioctl(dev, DMA_HEAP_IOCTL_ALLOC, &a) ? -1 : (int)a.fd;
}

accel_status provider_alloc(enum compute_memory memory, uint64_t size, int *fd)
{
	static int (*const make[])(int dev, uint64_t size) = {
		[COMPUTE_MEMORY_PIACCEL] = from_piaccel,
		[COMPUTE_MEMORY_UDMABUF] = from_udmabuf,
		[COMPUTE_MEMORY_HEAP] = from_heap,
	};
	const char *path = provider[memory].path;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int dev = open(path, O_RDWR | O_CLOEXEC), e;

	*fd = -1;
	if (dev < 0)
		return accel_error(ACCEL_ERR_NODEV, "%s: %s", path,
				   strerror(errno));
	size = (size + page - 1) & ~(page - 1);
	*fd = make[memory](dev, size);
	e = errno;
	close(dev);
	if (*fd >= 0)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_NOMEM, "%s: a DMA-BUF of %llu bytes: %s",
			   path, (unsigned long long)size, strerror(e));
}
