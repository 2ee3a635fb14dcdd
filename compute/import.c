// SPDX-License-Identifier: MIT
/* Buffers of other people's memory: DMA-BUFs and host pointers. */
#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "../libaccel/src/base/error.h"

/* A memory type in `allowed`, host visible and coherent if there is one. */
static int import_type(const struct compute_device *dev, uint32_t allowed)
{
	const uint32_t want = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
			      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
	int any = -1;

	for (uint32_t i = 0; i < dev->memory.memoryTypeCount; i++) {
		uint32_t f = dev->memory.memoryTypes[i].propertyFlags;

		if (!(allowed & 1u << i))
			continue;
		if ((f & want) == want)
			return (int)i;
		if (any < 0)
			any = (int)i;
	}
	return any;
}

static accel_status host_memory(struct compute_buffer *b, void *ptr,
				uint64_t size)
{
	struct compute_device *dev = b->dev;
	const VkExternalMemoryHandleTypeFlagBits kind =
		VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
	VkImportMemoryHostPointerInfoEXT import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
		.handleType = kind,
		.pHostPointer = ptr,
	};
	VkMemoryHostPointerPropertiesEXT props = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT,
	};
	VkMemoryRequirements req;
	accel_status s;
	VkResult r;
	int type;

	s = buffer_handle(b, size, kind);
	if (s)
		return s;
	r = dev->GetMemoryHostPointerPropertiesEXT(dev->handle, kind, ptr,
						   &props);
	if (r)
		return vk_fail(dev, r, "importing host memory");
	dev->GetBufferMemoryRequirements(dev->handle, b->handle, &req);
	type = import_type(dev, req.memoryTypeBits & props.memoryTypeBits);
	if (type < 0)
		return accel_error(ACCEL_ERR_NOSYS,
				   "%s has no memory type for host memory",
				   dev->info.name);
	s = buffer_memory(b, (uint32_t)type, size, &import);
	if (!s) {
		b->map = ptr;
		b->mappable = true;
	}
	return s;
}

accel_status compute_buffer_import_host(struct compute_device *dev, void *ptr,
					uint64_t size,
					struct compute_buffer **buf)
{
	struct compute_buffer *b;
	accel_status s = vk_check(dev);
	uint64_t align = dev->host_align;

	*buf = NULL;
	if (s)
		return s;
	if (!dev->info.import_host)
		return accel_error(ACCEL_ERR_NOSYS,
				   "%s cannot import host memory",
				   dev->info.name);
	if (!ptr || !size || (uintptr_t)ptr % align || size % align)
		return accel_error(ACCEL_ERR_INVALID,
				   "host memory at %p, %llu bytes: both must "
				   "be multiples of %llu",
				   ptr, (unsigned long long)size,
				   (unsigned long long)align);
	b = buffer_new(dev, size);
	if (!b)
		return accel_error(ACCEL_ERR_NOMEM, "making a buffer");
	b->kind = COMPUTE_MEMORY_IMPORTED;
	s = host_memory(b, ptr, size);
	if (s) {
		compute_buffer_destroy(b);
		return s;
	}
	*buf = b;
	return ACCEL_OK;
}

accel_status buffer_from_pages(struct compute_device *dev, uint64_t size,
			       struct compute_buffer **buf)
{
	uint64_t align = dev->host_align, total;
	struct compute_buffer *b;
	accel_status s;
	void *p;

	*buf = NULL;
	if (!dev->info.import_host)
		return accel_error(ACCEL_ERR_NOSYS,
				   "%s cannot import host memory",
				   dev->info.name);
	if (align < (uint64_t)sysconf(_SC_PAGESIZE))
		align = (uint64_t)sysconf(_SC_PAGESIZE);
	total = (size + align - 1) / align * align;
	b = buffer_new(dev, size);
	if (!b)
		return accel_error(ACCEL_ERR_NOMEM, "making a buffer");
	b->alloc = total;
	b->kind = COMPUTE_MEMORY_HOST;
	p = mmap(NULL, total, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		s = accel_error(ACCEL_ERR_NOMEM, "mapping %llu bytes: %s",
				(unsigned long long)total, strerror(errno));
	} else {
		b->fd_map = p;
		s = host_memory(b, p, total);
	}
	if (s)
		compute_buffer_destroy(b);
	else
		*buf = b;
	return s;
}

/* The kernel's import: the driver takes over a duplicate of the fd. */
static accel_status dmabuf_memory(struct compute_buffer *b, uint64_t total)
{
	struct compute_device *dev = b->dev;
	const VkExternalMemoryHandleTypeFlagBits kind =
		VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
	VkImportMemoryFdInfoKHR import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
		.handleType = kind,
	};
	VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
		.pNext = &import,
	};
	VkMemoryFdPropertiesKHR props = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR,
	};
	VkMemoryRequirements req;
	accel_status s;
	VkResult r;
	int type;

	s = buffer_handle(b, b->alloc, kind);
	if (s)
		return s;
	r = dev->GetMemoryFdPropertiesKHR(dev->handle, kind, b->fd, &props);
	if (r)
		return vk_fail(dev, r, "importing a DMA-BUF");
	dev->GetBufferMemoryRequirements(dev->handle, b->handle, &req);
	type = import_type(dev, req.memoryTypeBits & props.memoryTypeBits);
	if (type < 0)
		return accel_error(ACCEL_ERR_NOSYS,
				   "%s has no memory type for this DMA-BUF",
				   dev->info.name);
	import.fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 3);
	if (import.fd < 0)
		return accel_error(ACCEL_ERR_IO, "duplicating fd %d: %s", b->fd,
				   strerror(errno));
	dedicated.buffer = b->handle;
	s = buffer_memory(b, (uint32_t)type,
			  req.size > total ? req.size : total, &dedicated);
	if (!b->memory)
		close(import.fd); /* on success it is the driver's */
	return s;
}

static accel_status dmabuf_size(int fd, uint64_t size, uint64_t *total)
{
	struct dma_buf_sync sync = {
		.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW,
	};
	off_t end;

	/* only a DMA-BUF knows this ioctl; udmabuf wants a start before an end,
	 * and keeps the first one's direction */
	if (fd < 0 || (ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) < 0 &&
		       (errno == ENOTTY || errno == EBADF || errno == EINVAL)))
		return accel_error(ACCEL_ERR_INVALID, "fd %d is not a DMA-BUF",
				   fd);
	sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
	end = lseek(fd, 0, SEEK_END);
	if (end <= 0)
		return accel_error(ACCEL_ERR_INVALID,
				   "the size of DMA-BUF fd %d is unknown", fd);
	*total = (uint64_t)end;
	if (size > *total)
		return accel_error(ACCEL_ERR_INVALID,
				   "%llu bytes of DMA-BUF fd %d, which has "
				   "%llu",
				   (unsigned long long)size, fd,
				   (unsigned long long)*total);
	return ACCEL_OK;
}

accel_status buffer_from_fd(struct compute_device *dev, int fd,
			    enum compute_memory kind, uint64_t size,
			    struct compute_buffer **buf)
{
	struct compute_buffer *b;
	uint64_t total = 0;
	accel_status s;

	*buf = NULL;
	s = dmabuf_size(fd, size, &total);
	if (s)
		return s;
	if (!dev->info.import_dmabuf && !dev->info.import_host)
		return accel_error(ACCEL_ERR_NOSYS,
				   "%s imports neither DMA-BUFs nor host "
				   "memory",
				   dev->info.name);
	b = buffer_new(dev, size ? size : total);
	if (!b)
		return accel_error(ACCEL_ERR_NOMEM, "making a buffer");
	b->alloc = total;
	b->kind = kind;
	b->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (b->fd < 0) {
		s = accel_error(ACCEL_ERR_IO, "duplicating fd %d: %s", fd,
				strerror(errno));
		goto fail;
	}
	dev->dmabufs++;
	if (dev->info.import_dmabuf) {
		s = dmabuf_memory(b, total);
	} else {
		void *p;

		s = buffer_map_fd(b, &p);
		if (!s)
			s = host_memory(b, p, total);
	}
	if (s)
		goto fail;
	*buf = b;
	return ACCEL_OK;

fail:
	compute_buffer_destroy(b);
	return s;
}

accel_status compute_buffer_import_dmabuf(struct compute_device *dev, int fd,
					  uint64_t size,
					  struct compute_buffer **buf)
{
	accel_status s = vk_check(dev);

	*buf = NULL;
	return s ? s
		 : buffer_from_fd(dev, fd, COMPUTE_MEMORY_IMPORTED, size, buf);
}

accel_status compute_buffer_export(struct compute_buffer *b, int *fd)
{
	struct compute_device *dev = b->dev;
	VkMemoryGetFdInfoKHR gi = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
		.memory = b->memory,
		.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
	};
	VkResult r;

	*fd = -1;
	if (b->fd >= 0) {
		*fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 3);
		if (*fd < 0)
			return accel_error(ACCEL_ERR_IO,
					   "duplicating fd %d: %s", b->fd,
					   strerror(errno));
		return ACCEL_OK;
	}
	if (!b->exportable)
		return accel_error(ACCEL_ERR_NOSYS,
				   "this buffer was not made to be exported");
	r = dev->GetMemoryFdKHR(dev->handle, &gi, fd);
	if (r) {
		*fd = -1;
		return vk_fail(dev, r, "exporting a DMA-BUF");
	}
	return ACCEL_OK;
}
