/* SPDX-License-Identifier: MIT */
/* The steps every kind of buffer is made of. */
#ifndef COMPUTE_BUFFER_H
#define COMPUTE_BUFFER_H

#include "vk.h"

/* An empty one; NULL when out of memory. Freed by compute_buffer_destroy(). */
struct compute_buffer *buffer_new(struct compute_device *dev, uint64_t size);

/* Makes the VkBuffer of `alloc` bytes. @external: handle types, 0 for none. */
accel_status buffer_handle(struct compute_buffer *b, uint64_t alloc,
			   VkExternalMemoryHandleTypeFlags external);

/* Allocates (or with @next imports) memory of a type and binds it. */
accel_status buffer_memory(struct compute_buffer *b, uint32_t type,
			   uint64_t size, const void *next);

/* import.c: a buffer over a duplicate of a DMA-BUF's fd, or over new pages of
 * this process. @size: 0 for all of the DMA-BUF. */
accel_status buffer_from_fd(struct compute_device *dev, int fd,
			    enum compute_memory kind, uint64_t size,
			    struct compute_buffer **buf);
accel_status buffer_from_pages(struct compute_device *dev, uint64_t size,
			       struct compute_buffer **buf);

/* Maps a DMA-BUF's own pages, until the buffer is destroyed. */
accel_status buffer_map_fd(struct compute_buffer *b, void **ptr);

#endif /* COMPUTE_BUFFER_H */
