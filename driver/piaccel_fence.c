// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the fence of a one-shot stream.
 *
 * It is bounded in time: a stream has a last sample, due within
 * PIACCEL_FENCE_MAX_NS when the fence is made, and every way a stream can end
 * signals it. It holds the module, whose code the fence's users may call.
 */
#include <linux/dma-fence.h>
#include <linux/slab.h>

#include "piaccel.h"

struct piaccel_fence {
	struct dma_fence base;
	spinlock_t lock;	/* for the fence's own use */
};

static const char *piaccel_fence_driver(struct dma_fence *fence)
{
	return "piaccel";
}

static const char *piaccel_fence_timeline(struct dma_fence *fence)
{
	return "stream";
}

static void piaccel_fence_release(struct dma_fence *fence)
{
	dma_fence_free(fence);
	module_put(THIS_MODULE);
}

static const struct dma_fence_ops piaccel_fence_ops = {
	.get_driver_name = piaccel_fence_driver,
	.get_timeline_name = piaccel_fence_timeline,
	.release = piaccel_fence_release,
};

/* Return: a fence that has not signalled, or NULL. */
struct dma_fence *piaccel_fence_create(void)
{
	struct piaccel_fence *fence;

	fence = kzalloc(sizeof(*fence), GFP_KERNEL_ACCOUNT);
	if (!fence)
		return NULL;
	/* Called through a file of ours: the module cannot be going. */
	__module_get(THIS_MODULE);
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &piaccel_fence_ops, &fence->lock,
		       dma_fence_context_alloc(1), 1);
	return &fence->base;
}

void piaccel_fence_signal(struct dma_fence *fence, int error)
{
	if (error)
		dma_fence_set_error(fence, error);
	dma_fence_signal(fence);
}
