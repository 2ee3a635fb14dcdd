/* SPDX-License-Identifier: MIT */
/* The kernel's DMA-BUFs: who makes them. */
#ifndef COMPUTE_PROVIDER_H
#define COMPUTE_PROVIDER_H

#include "compute.h"

/*
 * A new zeroed DMA-BUF of at least `size` bytes, whole pages.
 *
 * @memory: COMPUTE_MEMORY_PIACCEL, _UDMABUF or _HEAP.
 * @fd: receives its descriptor; the caller closes it.
 *
 * ERR_NODEV: that provider is not there or may not be used. ERR_NOMEM: it has
 * no more.
 */
accel_status provider_alloc(enum compute_memory memory, uint64_t size, int *fd);

#endif /* COMPUTE_PROVIDER_H */
