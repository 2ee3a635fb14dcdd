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
 * A fence holds the module, whose code its users may call. None of that code
 * runs when the last of them lets go, for nobody could tell when it has been
 * left: the last reference is ours, and a worker drops it and the module. The
 * module's exit waits for the worker.
 */
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sync_file.h>

#include "piaccel_stream.h"

/**
 * struct piaccel_fence - a fence
 * @base: as others see it
 * @lock: for its own use
 * @node: in piaccel_fences_left, once its stream is gone
 */
struct piaccel_fence {
	struct dma_fence base;
	spinlock_t lock;	/* see above */
	struct list_head node;
};

/* How soon we see that a fence is ours alone. */
#define PIACCEL_FENCE_LOOK	(HZ / 10)

/*
 * Nothing but fences is signalled here, in the order in which streams end: that
 * is the order of the numbers in a context.
 */
static struct workqueue_struct *piaccel_fence_wq;

/* Fences without a stream, which others may have still. */
static LIST_HEAD(piaccel_fences_left);
static DEFINE_SPINLOCK(piaccel_fences_lock);	/* protects them */

static void piaccel_fence_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(piaccel_fence_looker, piaccel_fence_look);

static const char *piaccel_fence_driver(struct dma_fence *fence)
{
	return "piaccel";
}

static const char *piaccel_fence_timeline(struct dma_fence *fence)
{
	return "stream";
}

/* No release: the core's frees it, and is all that runs then. */
static const struct dma_fence_ops piaccel_fence_ops = {
	.get_driver_name = piaccel_fence_driver,
	.get_timeline_name = piaccel_fence_timeline,
};

/* Return: a fence that has not signalled, or NULL. */
static struct dma_fence *piaccel_fence_create(struct piaccel_stream *s)
{
	struct piaccel_fence *fence;

	fence = kzalloc(sizeof(*fence), GFP_KERNEL_ACCOUNT);
	if (!fence)
		return NULL;
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &piaccel_fence_ops, &fence->lock,
		       s->req->fence_context + s->slot, s->fence_seq);
	return &fence->base;
}

/* ---- letting go -------------------------------------------------------- */

/* Move those of @from that are ours alone to @to, or those that are not. */
static void piaccel_fences_move(struct list_head *from, struct list_head *to,
				bool alone)
{
	struct piaccel_fence *fence, *next;

	spin_lock(&piaccel_fences_lock);
	list_for_each_entry_safe(fence, next, from, node)
		if ((kref_read(&fence->base.refcount) == 1) == alone)
			list_move(&fence->node, to);
	spin_unlock(&piaccel_fences_lock);
}

static void piaccel_fence_look(struct work_struct *work)
{
	struct piaccel_fence *fence, *next;
	LIST_HEAD(alone);

	piaccel_fences_move(&piaccel_fences_left, &alone, true);
	if (!list_empty(&alone)) {
		/* Who saw one in its buffer may take it until then. */
		synchronize_rcu();
		piaccel_fences_move(&alone, &piaccel_fences_left, false);
	}
	list_for_each_entry_safe(fence, next, &alone, node) {
		dma_fence_put(&fence->base);
		module_put(THIS_MODULE);
	}
	spin_lock(&piaccel_fences_lock);
	if (!list_empty(&piaccel_fences_left))
		queue_delayed_work(piaccel_wq, &piaccel_fence_looker,
				   PIACCEL_FENCE_LOOK);
	spin_unlock(&piaccel_fences_lock);
}

/* The stream's reference becomes the last one. */
static void piaccel_fence_leave(struct dma_fence *base)
{
	struct piaccel_fence *fence =
		container_of(base, struct piaccel_fence, base);

	spin_lock(&piaccel_fences_lock);
	list_add(&fence->node, &piaccel_fences_left);
	spin_unlock(&piaccel_fences_lock);
	mod_delayed_work(piaccel_wq, &piaccel_fence_looker, 0);
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
	piaccel_fence_leave(s->fence);
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
	/* Called through a file of ours: the module cannot be going. */
	__module_get(THIS_MODULE);
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
	/* No fence is left, but whoever let the last one go may be at work. */
	cancel_delayed_work_sync(&piaccel_fence_looker);
	destroy_workqueue(piaccel_fence_wq);
}
