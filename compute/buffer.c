// SPDX-License-Identifier: MIT
/* Buffers of the device's own memory, and CPU access to every kind. */
#include "buffer.h"
#include "provider.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "../libaccel/src/base/alloc.h"
#include "../libaccel/src/base/error.h"

#define STAGING_SIZE (4u << 20)

struct compute_buffer *buffer_new(struct compute_device *dev, uint64_t size)
{
	struct compute_buffer *b = mem_zalloc(sizeof(*b));

	if (!b)
		return NULL;
	b->dev = dev;
	b->size = size;
	b->fd = -1;
	return b;
}

accel_status buffer_handle(struct compute_buffer *b, uint64_t alloc,
			   VkExternalMemoryHandleTypeFlags external)
{
	struct compute_device *dev = b->dev;
	VkExternalMemoryBufferCreateInfo ext = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
		.handleTypes = external,
	};
	VkBufferCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.pNext = external ? &ext : NULL,
		.size = alloc,
		.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
			 VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
			 VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
			 VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};
	VkResult r = dev->CreateBuffer(dev->handle, &ci, NULL, &b->handle);

	if (r) {
		b->handle = VK_NULL_HANDLE;
		return vk_fail(dev, r, "making a buffer");
	}
	b->alloc = alloc;
	return ACCEL_OK;
}

accel_status buffer_memory(struct compute_buffer *b, uint32_t type,
			   uint64_t size, const void *next)
{
	struct compute_device *dev = b->dev;
	uint32_t flags = dev->memory.memoryTypes[type].propertyFlags;
	VkMemoryAllocateInfo ai = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = next,
		.allocationSize = size,
		.memoryTypeIndex = type,
	};
	VkResult r;

	r = dev->AllocateMemory(dev->handle, &ai, NULL, &b->memory);
	if (r == VK_ERROR_OUT_OF_DEVICE_MEMORY ||
	    r == VK_ERROR_OUT_OF_HOST_MEMORY) {
		uint64_t left, total;
		bool known = compute_device_memory(dev, &left, &total);

		b->memory = VK_NULL_HANDLE;
		return accel_error(ACCEL_ERR_NOMEM,
				   "%s: out of memory: %llu bytes needed, "
				   "%llu of %llu %s",
				   dev->info.name, (unsigned long long)size,
				   (unsigned long long)(known ? left : total),
				   (unsigned long long)total,
				   known ? "free" : "in all");
	}
	if (r) {
		b->memory = VK_NULL_HANDLE;
		return vk_fail(dev, r, "allocating memory");
	}
	r = dev->BindBufferMemory(dev->handle, b->handle, b->memory, 0);
	if (r)
		return vk_fail(dev, r, "binding memory");
	b->mappable = flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
	b->coherent = flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
	return ACCEL_OK;
}

/*
 * The best allowed memory type, -1 if none: device local for the GPU's own
 * data and host visible where both are had; cached for what the CPU reads.
 */
static int pick_type(const struct compute_device *dev, uint32_t allowed,
		     bool host)
{
	int best = -1, best_score = -1;

	for (uint32_t i = 0; i < dev->memory.memoryTypeCount; i++) {
		uint32_t f = dev->memory.memoryTypes[i].propertyFlags;
		bool visible = f & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
		bool local = f & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
		bool cached = f & VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
		bool coherent = f & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
		int score;

		if (!(allowed & 1u << i) ||
		    f & (VK_MEMORY_PROPERTY_PROTECTED_BIT |
			 VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT |
			 VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD))
			continue;
		if (host && !visible)
			continue;
		if (host)
			score = cached * 4 + coherent * 2 + local;
		else
			score = local * 8 + visible * 4 + cached * 2 + coherent;
		if (score > best_score) {
			best = (int)i;
			best_score = score;
		}
	}
	return best;
}

/* The driver's own memory. */
static accel_status from_vulkan(struct compute_device *dev, uint64_t size,
				uint32_t flags, struct compute_buffer **buf)
{
	VkExportMemoryAllocateInfo exp = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
		.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
	};
	bool export = flags & COMPUTE_BUFFER_EXPORT;
	VkMemoryRequirements req;
	struct compute_buffer *b;
	uint32_t types;
	accel_status s;
	int type;

	if (export && !dev->info.export_dmabuf)
		return accel_error(ACCEL_ERR_NOSYS,
				   "%s cannot export a DMA-BUF",
				   dev->info.name);
	b = buffer_new(dev, size);
	if (!b)
		return accel_error(ACCEL_ERR_NOMEM, "making a buffer");
	b->kind = COMPUTE_MEMORY_VULKAN;
	s = buffer_handle(b, (size + 63) & ~63ull,
			  export ? exp.handleTypes : 0);
	if (s)
		goto fail;
	dev->GetBufferMemoryRequirements(dev->handle, b->handle, &req);
	types = req.memoryTypeBits;
	s = ACCEL_ERR_NOSYS;
	/* the best one's heap may be small: of a large card, what the CPU sees */
	do {
		type = pick_type(dev, types, flags & COMPUTE_BUFFER_HOST);
		if (type < 0)
			break;
		types &= ~(1u << type);
		s = buffer_memory(b, (uint32_t)type, req.size,
				  export ? &exp : NULL);
	} while (s == ACCEL_ERR_NOMEM);
	if (s == ACCEL_ERR_NOSYS)
		accel_error(s, "%s has no memory type for this buffer",
			    dev->info.name);
	if (s)
		goto fail;
	b->exportable = export;
	*buf = b;
	return ACCEL_OK;

fail:
	compute_buffer_destroy(b);
	return s;
}

static accel_status from_kernel(struct compute_device *dev,
				enum compute_memory kind, uint64_t size,
				struct compute_buffer **buf)
{
	accel_status s;
	int fd;

	if (!dev->info.import_dmabuf)
		return accel_error(ACCEL_ERR_NOSYS, "%s imports no DMA-BUFs",
				   dev->info.name);
	s = provider_alloc(kind, size, &fd);
	if (s)
		return s;
	s = buffer_from_fd(dev, fd, kind, 0, buf);
	close(fd);
	if (!s)
		(*buf)->size = size;
	return s;
}

/* Whether DMA-BUFs are worth it where nobody asked for one. */
static bool wants_dmabuf(const struct compute_device *dev, uint64_t size,
			 uint32_t flags)
{
	struct rlimit files;

	if (!dev->info.import_dmabuf || !dev->limits.unified ||
	    dev->info.type == COMPUTE_DEVICE_DISCRETE)
		return false;
	if (flags & COMPUTE_BUFFER_EXPORT)
		return true;
	/* the driver may keep a descriptor of its own */
	return size >= (uint64_t)sysconf(_SC_PAGESIZE) &&
	       !getrlimit(RLIMIT_NOFILE, &files) &&
	       dev->dmabufs < files.rlim_cur / 8;
}

/* The kinds that may be used, as bits: all, or ACCEL_MEMORY's. */
static accel_status allowed(uint32_t *kinds)
{
	const char *e = getenv("ACCEL_MEMORY");

	*kinds = UINT32_MAX;
	if (!e || !*e)
		return ACCEL_OK;
	for (uint32_t i = 0; i < COMPUTE_MEMORY_IMPORTED; i++) {
		if (strcmp(e, compute_memory_name(i)))
			continue;
		*kinds = 1u << i;
		return ACCEL_OK;
	}
	return accel_error(ACCEL_ERR_INVALID,
			   "ACCEL_MEMORY is '%s': it can be piaccel, udmabuf, "
			   "heap, vulkan or host",
			   e);
}

static accel_status create(struct compute_device *dev, uint64_t size,
			   uint32_t flags, struct compute_buffer **buf)
{
	accel_status s, first = ACCEL_OK;
	uint32_t kinds;

	s = allowed(&kinds);
	if (s)
		return s;
	if (kinds == UINT32_MAX && !wants_dmabuf(dev, size, flags))
		kinds &= ~((1u << COMPUTE_MEMORY_VULKAN) - 1);
	s = ACCEL_ERR_NOSYS;
	for (uint32_t i = 0; i < COMPUTE_MEMORY_IMPORTED && s; i++) {
		if (!(kinds & ~dev->no_memory & 1u << i))
			continue;
		if (i == COMPUTE_MEMORY_VULKAN) {
			s = first = from_vulkan(dev, size, flags, buf);
		} else if (i < COMPUTE_MEMORY_VULKAN) {
			s = from_kernel(dev, i, size, buf);
			/* what is not there now is not asked for again */
			if (s && s != ACCEL_ERR_NOMEM && kinds == UINT32_MAX)
				dev->no_memory |= 1u << i;
		} else if (!(flags & COMPUTE_BUFFER_EXPORT)) {
			s = buffer_from_pages(dev, size, buf);
		}
		if (s == ACCEL_ERR_LOST)
			break;
	}
	/* what the driver said is worth more than what the last resort says */
	return s && first ? from_vulkan(dev, size, flags, buf) : s;
}

accel_status compute_buffer_create(struct compute_device *dev, uint64_t size,
				   uint32_t flags, struct compute_buffer **buf)
{
	const char *debug = getenv("ACCEL_DEBUG");
	accel_status s = vk_check(dev);

	*buf = NULL;
	if (s)
		return s;
	if (!size)
		return accel_error(ACCEL_ERR_INVALID,
				   "a buffer of 0 bytes was asked for");
	if (size > dev->limits.max_alloc)
		return accel_error(
			ACCEL_ERR_RANGE,
			"a buffer of %llu bytes: %s allows %llu at most",
			(unsigned long long)size, dev->info.name,
			(unsigned long long)dev->limits.max_alloc);
	s = create(dev, size, flags, buf);
	if (!s && debug && strstr(debug, "memory"))
		fprintf(stderr, "memory: %llu bytes from %s\n",
			(unsigned long long)size,
			compute_memory_name((*buf)->kind));
	return s;
}

void compute_buffer_destroy(struct compute_buffer *b)
{
	struct compute_device *dev;

	if (!b)
		return;
	dev = b->dev;
	if (vk_inherited(dev))
		b->handle = VK_NULL_HANDLE, b->memory = VK_NULL_HANDLE;
	if (b->handle)
		dev->DestroyBuffer(dev->handle, b->handle, NULL);
	if (b->memory)
		dev->FreeMemory(dev->handle, b->memory, NULL);
	if (b->fd_map)
		munmap(b->fd_map, b->alloc);
	if (b->fd >= 0) {
		close(b->fd);
		dev->dmabufs--;
	}
	mem_free(b);
}

uint64_t compute_buffer_size(const struct compute_buffer *b)
{
	return b->size;
}

enum compute_memory compute_buffer_memory(const struct compute_buffer *b)
{
	return b->kind;
}

/* ---- CPU access ------------------------------------------------------ */

accel_status buffer_map_fd(struct compute_buffer *b, void **ptr)
{
	void *p = mmap(NULL, b->alloc, PROT_READ | PROT_WRITE, MAP_SHARED,
		       b->fd, 0);

	if (p == MAP_FAILED)
		return accel_error(ACCEL_ERR_IO,
				   "mapping DMA-BUF fd %d, %llu bytes: %s",
				   b->fd, (unsigned long long)b->alloc,
				   strerror(errno));
	b->fd_map = *ptr = p;
	return ACCEL_OK;
}

accel_status compute_buffer_map(struct compute_buffer *b, void **ptr)
{
	struct compute_device *dev = b->dev;
	VkResult r;

	/* a DMA-BUF's own mapping may be cached where the driver's is not */
	if (b->fd >= 0 && !b->map && !buffer_map_fd(b, &b->map))
		b->mappable = true;
	*ptr = NULL;
	if (!b->mappable)
		return accel_error(ACCEL_ERR_NOSYS,
				   "%s: this buffer's %llu bytes are not "
				   "visible to the CPU; read and write copy",
				   dev->info.name, (unsigned long long)b->size);
	if (!b->map) {
		r = dev->MapMemory(dev->handle, b->memory, 0, VK_WHOLE_SIZE, 0,
				   &b->map);
		if (r) {
			b->map = NULL;
			return vk_fail(dev, r, "mapping memory");
		}
	}
	*ptr = b->map;
	return ACCEL_OK;
}

static accel_status dmabuf_sync(struct compute_buffer *b, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };
	int r;

	do
		r = ioctl(b->fd, DMA_BUF_IOCTL_SYNC, &sync);
	while (r < 0 && (errno == EINTR || errno == EAGAIN));
	if (r < 0)
		return accel_error(ACCEL_ERR_IO,
				   "DMA_BUF_IOCTL_SYNC on fd %d: %s", b->fd,
				   strerror(errno));
	return ACCEL_OK;
}

static uint64_t dmabuf_flags(uint32_t access)
{
	return (access & COMPUTE_SYNC_READ ? DMA_BUF_SYNC_READ : 0) |
	       (access & COMPUTE_SYNC_WRITE ? DMA_BUF_SYNC_WRITE : 0);
}

static VkMappedMemoryRange whole(const struct compute_buffer *b)
{
	return (VkMappedMemoryRange){
		.sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
		.memory = b->memory,
		.size = VK_WHOLE_SIZE,
	};
}

/* The process's own pages are no mapping of Vulkan's: nothing can flush them. */
static bool needs_flush(const struct compute_buffer *b)
{
	return !b->coherent && b->map && b->kind != COMPUTE_MEMORY_HOST;
}

accel_status compute_buffer_begin(struct compute_buffer *b, uint32_t access)
{
	struct compute_device *dev = b->dev;
	VkMappedMemoryRange range = whole(b);
	VkResult r = VK_SUCCESS;

	if (b->fd >= 0)
		return dmabuf_sync(b,
				   DMA_BUF_SYNC_START | dmabuf_flags(access));
	if (needs_flush(b))
		r = dev->InvalidateMappedMemoryRanges(dev->handle, 1, &range);
	return r ? vk_fail(dev, r, "reading the device's memory") : ACCEL_OK;
}

accel_status compute_buffer_end(struct compute_buffer *b, uint32_t access)
{
	struct compute_device *dev = b->dev;
	VkMappedMemoryRange range = whole(b);
	VkResult r = VK_SUCCESS;

	if (b->fd >= 0)
		return dmabuf_sync(b, DMA_BUF_SYNC_END | dmabuf_flags(access));
	if (needs_flush(b) && access & COMPUTE_SYNC_WRITE)
		r = dev->FlushMappedMemoryRanges(dev->handle, 1, &range);
	return r ? vk_fail(dev, r, "writing the device's memory") : ACCEL_OK;
}

/* Copies between two buffers on the device and waits. */
static accel_status copy_now(struct compute_buffer *dst, uint64_t dst_at,
			     struct compute_buffer *src, uint64_t src_at,
			     uint64_t size)
{
	struct compute_record *rec;
	accel_status s = compute_record_create(dst->dev, 0, &rec);

	if (s)
		return s;
	s = compute_record_copy(rec, dst, dst_at, src, src_at, size);
	if (!s)
		s = compute_record_end(rec);
	if (!s)
		s = compute_submit(rec);
	if (!s)
		s = compute_wait(rec, UINT64_MAX);
	compute_record_destroy(rec);
	return s;
}

/* One piece of at most STAGING_SIZE; vkCmdCopyBuffer has byte granularity. */
static accel_status staged(struct compute_buffer *b, uint64_t at, void *dst,
			   const void *src, uint64_t n)
{
	struct compute_buffer *st = b->dev->staging;
	accel_status s;
	void *p;

	s = compute_buffer_map(st, &p);
	if (!s && src) {
		memcpy(p, src, n);
		s = compute_buffer_end(st, COMPUTE_SYNC_WRITE);
		if (!s)
			s = copy_now(b, at, st, 0, n);
	} else if (!s) {
		s = copy_now(st, 0, b, at, n);
		if (!s)
			s = compute_buffer_begin(st, COMPUTE_SYNC_READ);
		if (!s)
			memcpy(dst, p, n);
	}
	return s;
}

static accel_status transfer(struct compute_buffer *b, uint64_t offset,
			     void *dst, const void *src, uint64_t size)
{
	uint32_t access = src ? COMPUTE_SYNC_WRITE : COMPUTE_SYNC_READ;
	accel_status s = vk_check(b->dev);
	void *p;

	if (s)
		return s;
	if (offset > b->size || size > b->size - offset)
		return accel_error(ACCEL_ERR_RANGE,
				   "%llu bytes at %llu of a buffer of %llu",
				   (unsigned long long)size,
				   (unsigned long long)offset,
				   (unsigned long long)b->size);
	if (!size)
		return ACCEL_OK;
	if (b->mappable) {
		s = compute_buffer_map(b, &p);
		if (!s)
			s = compute_buffer_begin(b, access);
		if (s)
			return s;
		if (src)
			memcpy((char *)p + offset, src, size);
		else
			memcpy(dst, (char *)p + offset, size);
		return compute_buffer_end(b, access);
	}
	if (!b->dev->staging) {
		s = compute_buffer_create(b->dev, STAGING_SIZE,
					  COMPUTE_BUFFER_HOST,
					  &b->dev->staging);
		if (s)
			return s;
	}
	for (uint64_t at = 0; at < size && !s; at += STAGING_SIZE) {
		uint64_t n = size - at < STAGING_SIZE ? size - at
						      : STAGING_SIZE;

		s = staged(b, offset + at, dst ? (char *)dst + at : NULL,
			   src ? (const char *)src + at : NULL, n);
	}
	return s;
}

accel_status compute_buffer_write(struct compute_buffer *b, uint64_t offset,
				  const void *src, uint64_t size)
{
	return transfer(b, offset, NULL, src, size);
}

accel_status compute_buffer_read(struct compute_buffer *b, uint64_t offset,
				 void *dst, uint64_t size)
{
	return transfer(b, offset, dst, NULL, size);
}
