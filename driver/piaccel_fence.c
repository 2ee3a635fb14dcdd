// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the fence of a one-shot stream.
 *
 * It is bounded in time: a stream has a last sample, due within
 * PIACCEL_FENCE_MAX_NS when the fence is made, and every way a stream can end
 * signals it. From the timer to the signal nothing is allocated, and no
 * reservation and no lock is taken under which anything is: memory reclaim may
 * be waiting for it.
 *
 * A fence holds the module, whose code its users may call.
 */
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sync_file.h>

#include "piaccel_stream.h"

struct piaccel_fence {
	struct dma_fence base;
	spinlock_t lock;	/* for the fence's own use */
};

/*
 * Nothing but fences is signalled here, in the order in which streams end: that
 * is the order of the numbers in a context.
 */
static struct workqueue_struct *piaccel_fence_wq;

/* A fence's release has dropped, or is to drop, the module from within. */
static bool piaccel_fence_made;

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
	/* Our exit waits until whoever does this has left. */
	module_put(THIS_MODULE);
}

static const struct dma_fence_ops piaccel_fence_ops = {
	.get_driver_name = piaccel_fence_driver,
	.get_timeline_name = piaccel_fence_timeline,
	.release = piaccel_fence_release,
};

/* Return: a fence that has not signalled, or NULL. */
static struct dma_fence *piaccel_fence_create(struct piaccel_stream *s)
{
	struct piaccel_fence *fence;

	fence = kzalloc(sizeof(*fence), GFP_KERNEL_ACCOUNT);
	if (!fence)
		return NULL;
	/* Called through a file of ours: the module cannot be going. */
	__module_get(THIS_MODULE);
	WRITE_ONCE(piaccel_fence_made, true);
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &piaccel_fence_ops, &fence->lock,
		       s->req->fence_context + s->slot, s->fence_seq);
	return &fence->base;
}

/* ---- signalling --------------------------------------------------------- */

static void piaccel_fence_work(struct work_struct *work)
{
	struct piaccel_stream *s =
		container_of(work, struct piaccel_stream, fence_work);
	bool cookie = dma_fence_begin_signalling();
	struct dma_fence *fence;
	u32 flags;

	spin_lock(&s->fence_lock);
	fence = s->fence;
	spin_unlock(&s->fence_lock);
	if (fence && !dma_fence_is_signaled(fence)) {
		if (s->slot == PIACCEL_CAPTURE_SLOT)
			piaccel_stream_hand_over(s, 0, s->owned.len, true);
		raw_spin_lock_irq(&s->lock);
		flags = s->flags;
		raw_spin_unlock_irq(&s->lock);
		if (flags)
			dma_fence_set_error(fence, -ECANCELED);
		dma_fence_signal(fence);
	}
	dma_fence_end_signalling(cookie);
}

void piaccel_fence_setup(struct piaccel_stream *s)
{
	INIT_WORK(&s->fence_work, piaccel_fence_work);
	spin_lock_init(&s->fence_lock);
}

/* The stream has ended, and so must its fence. In any context. */
void piaccel_fence_ended(struct piaccel_stream *s)
{
	if (!s->ring)
		queue_work(piaccel_fence_wq, &s->fence_work);
}

/* False: the next one has started, whose fence has the same context. */
static bool piaccel_fence_is_last(struct piaccel_stream *s)
{
	struct piaccel_request *req = s->req;
	bool last;

	raw_spin_lock_irq(&req->lock);
	last = s->fence_seq == req->fence_seq[s->slot];
	raw_spin_unlock_irq(&req->lock);
	return last;
}

/**
 * piaccel_fence_drop() - the stream's file is gone
 * @s: the stream, which has ended
 *
 * The fence stays with whoever waits for it; the buffer need not keep it, and
 * with it the module.
 */
void piaccel_fence_drop(struct piaccel_stream *s)
{
	struct dma_resv *resv = s->dmabuf->resv;
	struct dma_fence *none;

	flush_work(&s->fence_work);
	if (!s->fence)
		return;
	none = dma_fence_get_stub();
	dma_resv_lock(resv, NULL);
	if (piaccel_fence_is_last(s))
		dma_resv_replace_fences(resv, s->fence->context, none,
					DMA_RESV_USAGE_READ);
	dma_resv_unlock(resv);
	dma_fence_put(none);
	dma_fence_put(s->fence);
}

/* ---- the call ----------------------------------------------------------- */

/*
 * With the buffer's reservation held, which is for allocations. The fence is
 * seen by others only when all that it needs is there.
 */
static struct sync_file *piaccel_fence_publish(struct piaccel_stream *s)
{
	struct dma_fence *fence = s->fence;
	struct sync_file *sync;

	if (!fence) {
		if (dma_resv_reserve_fences(s->dmabuf->resv, 1))
			return NULL;
		fence = piaccel_fence_create(s);
		if (!fence)
			return NULL;
	}
	sync = sync_file_create(fence);
	if (s->fence)
		return sync;
	if (!sync) {
		/* Nobody has seen it, so it need not signal. */
		dma_fence_put(fence);
		return NULL;
	}
	dma_resv_add_fence(s->dmabuf->resv, fence,
			   s->slot == PIACCEL_CAPTURE_SLOT ?
			   DMA_RESV_USAGE_WRITE : DMA_RESV_USAGE_READ);
	spin_lock(&s->fence_lock);
	s->fence = fence;
	spin_unlock(&s->fence_lock);
	return sync;
}

long piaccel_stream_fence(struct file *file, void *arg)
{
	struct piaccel_stream *s = file->private_data;
	struct sync_file *sync;
	u64 end;
	int fd;

	if (s->ring)
		return -EINVAL;
	if (!READ_ONCE(s->ended) &&
	    (check_mul_overflow(s->total, s->period, &end) ||
	     check_add_overflow(s->start, end, &end) ||
	     end > ktime_get_ns() + PIACCEL_FENCE_MAX_NS))
		return -ERANGE;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	dma_resv_lock(s->dmabuf->resv, NULL);
	sync = piaccel_fence_publish(s);
	dma_resv_unlock(s->dmabuf->resv);
	if (!sync) {
		put_unused_fd(fd);
		return -ENOMEM;
	}
	/* The stream may have ended before there was a fence to signal. */
	if (READ_ONCE(s->ended))
		piaccel_fence_ended(s);
	fd_install(fd, sync->file);
	return fd;
}

/* ---- the module --------------------------------------------------------- */

int piaccel_fence_init(void)
{
	piaccel_fence_wq = alloc_ordered_workqueue("piaccel-fence",
						   WQ_MEM_RECLAIM | WQ_HIGHPRI);
	return piaccel_fence_wq ? 0 : -ENOMEM;
}

void piaccel_fence_exit(void)
{
	destroy_workqueue(piaccel_fence_wq);
	/*
	 * The last users are gone, but one may be preempted between its
	 * module_put() in a fence's release and that function's end. Who has
	 * gone to sleep since, or is in user space, has left it.
	 */
	if (piaccel_fence_made)
		synchronize_rcu_tasks();
}
