// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the workers that drive safe values where writing may sleep.
 *
 * One SCHED_FIFO worker for each such chip: a bus that times out delays its own
 * chip's relays, and no others.
 */
#include <linux/kref.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "piaccel.h"

/**
 * struct piaccel_worker - the worker of a chip
 * @kref: one for each request on the chip. Taken under piaccel_workers_lock.
 * @node: in piaccel_workers
 * @gdev: the chip; its requests keep it
 * @kworker: the thread
 */
struct piaccel_worker {
	struct kref kref;
	struct list_head node;
	struct gpio_device *gdev;
	struct kthread_worker *kworker;
};

static LIST_HEAD(piaccel_workers);
static DEFINE_MUTEX(piaccel_workers_lock);	/* protects piaccel_workers */

static struct piaccel_worker *piaccel_worker_create(struct gpio_device *gdev)
{
	struct piaccel_worker *w;

	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return NULL;
	w->kworker = kthread_run_worker(0, "pa/%s",
					gpio_device_get_label(gdev));
	if (IS_ERR(w->kworker)) {
		kfree(w);
		return NULL;
	}
	sched_set_fifo(w->kworker->task);
	kref_init(&w->kref);
	w->gdev = gdev;
	list_add(&w->node, &piaccel_workers);
	return w;
}

/**
 * piaccel_worker_get() - the worker of a request's chip
 * @req: a request that defers, its chip known
 *
 * Return: 0, or -ENOMEM.
 */
int piaccel_worker_get(struct piaccel_request *req)
{
	struct piaccel_worker *w;

	mutex_lock(&piaccel_workers_lock);
	list_for_each_entry(w, &piaccel_workers, node) {
		if (w->gdev == req->gdev) {
			kref_get(&w->kref);
			goto out;
		}
	}
	w = piaccel_worker_create(req->gdev);
out:
	mutex_unlock(&piaccel_workers_lock);
	req->worker = w;
	return w ? 0 : -ENOMEM;
}

static void piaccel_worker_free(struct kref *kref)
{
	struct piaccel_worker *w =
		container_of(kref, struct piaccel_worker, kref);

	list_del(&w->node);
	mutex_unlock(&piaccel_workers_lock);
	kthread_destroy_worker(w->kworker);
	kfree(w);
}

/**
 * piaccel_worker_put() - a request needs its worker no more
 * @req: nothing queues its work any more; without a worker nothing happens
 */
void piaccel_worker_put(struct piaccel_request *req)
{
	if (!req->worker)
		return;
	kref_put_mutex(&req->worker->kref, piaccel_worker_free,
		       &piaccel_workers_lock);
	req->worker = NULL;
}

/* Under req->lock, the request not gone. */
void piaccel_worker_queue(struct piaccel_request *req)
{
	if (req->worker)
		kthread_queue_work(req->worker->kworker, &req->trip_work);
}

/* Wait until all that was queued is done: they work side by side. */
void piaccel_worker_flush_all(void)
{
	struct piaccel_worker *w;

	mutex_lock(&piaccel_workers_lock);
	list_for_each_entry(w, &piaccel_workers, node)
		kthread_flush_worker(w->kworker);
	mutex_unlock(&piaccel_workers_lock);
}
