// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: what CAPTURE and PLAYBACK check, make and start.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/iosys-map.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "piaccel_stream.h"

#define PIACCEL_RECORDS_MAX	1024

static int piaccel_stream_check(struct piaccel_request *req,
				const struct piaccel_stream_request *r)
{
	u64 block, rest;
	u32 sample;

	if (!r->mask || r->mask & ~req->all || r->reserved[0] ||
	    r->reserved[1] || r->flags & ~PIACCEL_STREAM_RING ||
	    r->format > PIACCEL_FORMAT_F32 || !r->block_samples || !r->size)
		return -EINVAL;
	sample = piaccel_sample_size(r->format, hweight64(r->mask));
	if (r->offset & (piaccel_element_size(r->format, sample) - 1))
		return -EINVAL;
	block = (u64)sample * r->block_samples;
	div64_u64_rem(r->size, block, &rest);
	if (rest)
		return -EINVAL;
	if (req->sleeps)
		return -EOPNOTSUPP;
	if (r->period_ns < req->floor_ns || r->period_ns > PIACCEL_PERIOD_MAX_NS)
		return -ERANGE;
	if (r->period_ns < PIACCEL_BLOCK_MIN_NS &&
	    r->period_ns * r->block_samples < PIACCEL_BLOCK_MIN_NS)
		return -ERANGE;
	return 0;
}

static int piaccel_stream_begin_time(const struct piaccel_stream_request *r,
				     u64 *start)
{
	u64 now = ktime_get_ns();

	*start = r->start_ns ?: now + r->period_ns;
	if (*start < now)
		return -ETIME;
	if (*start - now > PIACCEL_START_MAX_NS)
		return -ERANGE;
	return 0;
}

static int piaccel_stream_buffer(struct piaccel_stream *s,
				 const struct piaccel_stream_request *r)
{
	u64 end;
	int ret;

	s->dmabuf = dma_buf_get(r->dmabuf_fd);
	if (IS_ERR(s->dmabuf))
		return PTR_ERR(s->dmabuf);
	ret = -EINVAL;
	if (check_add_overflow(r->offset, r->size, &end) ||
	    end > s->dmabuf->size)
		goto err_put;
	ret = -EACCES;
	if (s->slot == PIACCEL_CAPTURE_SLOT &&
	    !(s->dmabuf->file->f_mode & FMODE_WRITE))
		goto err_put;
	ret = piaccel_buf_kmap(s->dmabuf, &s->map);
	if (ret) {
		if (ret == -EINVAL)
			ret = -EOPNOTSUPP;
		goto err_put;
	}
	ret = -EOPNOTSUPP;
	if (s->map.is_iomem)
		goto err_unmap;
	ret = dma_buf_begin_cpu_access(s->dmabuf,
				       s->slot == PIACCEL_CAPTURE_SLOT ?
				       DMA_BIDIRECTIONAL : DMA_FROM_DEVICE);
	if (ret)
		goto err_unmap;
	s->base = (u8 *)s->map.vaddr + r->offset;
	ret = piaccel_foreign_map(s);
	if (ret)
		goto err_access;
	s->owned.offset = r->offset;
	s->owned.len = r->size;
	if (s->slot == PIACCEL_CAPTURE_SLOT)
		piaccel_buf_own(s->dmabuf, &s->owned);
	return 0;

err_access:
	if (s->slot == PIACCEL_CAPTURE_SLOT)
		dma_buf_end_cpu_access(s->dmabuf, DMA_BIDIRECTIONAL);
err_unmap:
	piaccel_buf_kunmap(s->dmabuf, &s->map);
err_put:
	dma_buf_put(s->dmabuf);
	return ret;
}

/* Undo piaccel_stream_buffer(). */
void piaccel_stream_unbuffer(struct piaccel_stream *s)
{
	piaccel_buf_disown(s->dmabuf, &s->owned);
	piaccel_foreign_unmap(s);
	if (s->slot == PIACCEL_CAPTURE_SLOT)
		dma_buf_end_cpu_access(s->dmabuf, DMA_BIDIRECTIONAL);
	piaccel_buf_kunmap(s->dmabuf, &s->map);
	dma_buf_put(s->dmabuf);
}

static struct piaccel_stream *
piaccel_stream_create(struct piaccel_request *req, unsigned int slot,
		      const struct piaccel_stream_request *r)
{
	struct piaccel_stream *s;
	int ret;

	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return ERR_PTR(-ENOMEM);
	s->slot = slot;
	s->mask = r->mask;
	s->num = hweight64(r->mask);
	s->format = r->format;
	s->ring = r->flags & PIACCEL_STREAM_RING;
	s->sample_size = piaccel_sample_size(r->format, s->num);
	s->block_samples = r->block_samples;
	s->total = div_u64(r->size, s->sample_size);
	s->blocks = div_u64(s->total, s->block_samples);
	s->offset = r->offset;
	s->period = r->period_ns;
	/* One more than the blocks, for the record that only says the end. */
	s->depth = roundup_pow_of_two(min_t(u64, s->blocks + 1,
					    PIACCEL_RECORDS_MAX));
	ret = piaccel_charge(&s->queue, PIACCEL_QUOTA_QUEUE,
			     (u64)s->depth * sizeof(*s->records));
	if (ret)
		goto err_free;
	ret = -ENOMEM;
	s->records = kvcalloc(s->depth, sizeof(*s->records),
			      GFP_KERNEL_ACCOUNT);
	if (!s->records)
		goto err_charge;
	INIT_LIST_HEAD(&s->owned.node);
	ret = piaccel_stream_buffer(s, r);
	if (ret)
		goto err_records;
	kref_init(&s->kref);
	kref_get(&req->kref);
	s->req = req;
	raw_spin_lock_init(&s->lock);
	INIT_WORK(&s->work, piaccel_stream_work);
	init_waitqueue_head(&s->wait);
	piaccel_fence_setup(s);
	piaccel_load_measure(s);
	hrtimer_setup(&s->timer, piaccel_stream_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_HARD);
	return s;

err_records:
	kvfree(s->records);
err_charge:
	piaccel_uncharge(&s->queue);
err_free:
	kfree(s);
	return ERR_PTR(ret);
}

/* Under req->config. */
static int piaccel_stream_may_start(struct piaccel_request *req,
				    struct piaccel_stream *s)
{
	if (req->gone)
		return -ENODEV;
	if (piaccel_stream_running(req, s->slot))
		return -EBUSY;
	if (s->slot == PIACCEL_CAPTURE_SLOT)
		return 0;
	if (s->mask & ~req->cfg.output_mask)
		return -EPERM;
	return req->tripped || piaccel_ending() ? -ESHUTDOWN : 0;
}

static int piaccel_stream_start(struct piaccel_request *req,
				struct piaccel_stream *s,
				const struct piaccel_stream_request *r)
{
	int ret;

	mutex_lock(&req->config);
	ret = piaccel_stream_begin_time(r, &s->start);
	if (!ret) {
		raw_spin_lock_irq(&req->lock);
		ret = piaccel_stream_may_start(req, s);
		if (!ret)
			ret = piaccel_load_take(s);
		if (!ret) {
			s->fence_seq = ++req->fence_seq[s->slot];
			req->stream[s->slot] = s;
		}
		raw_spin_unlock_irq(&req->lock);
	}
	if (!ret)
		hrtimer_start(&s->timer, ns_to_ktime(s->start),
			      HRTIMER_MODE_ABS_PINNED_HARD);
	mutex_unlock(&req->config);
	return ret;
}

static long piaccel_stream_open(struct file *file, unsigned int slot,
				const struct piaccel_stream_request *r)
{
	struct piaccel_request *req = file->private_data;
	struct piaccel_stream *s;
	struct file *filp;
	u64 start;
	int fd, ret;

	ret = piaccel_stream_check(req, r);
	if (!ret && slot == PIACCEL_PLAYBACK_SLOT && req->defers)
		ret = -EOPNOTSUPP;
	if (!ret && slot == PIACCEL_PLAYBACK_SLOT &&
	    r->mask & ~READ_ONCE(req->cfg.output_mask))
		ret = -EPERM;
	if (!ret)
		ret = piaccel_stream_begin_time(r, &start);
	if (ret)
		return ret;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	s = piaccel_stream_create(req, slot, r);
	if (IS_ERR(s)) {
		ret = PTR_ERR(s);
		goto err_fd;
	}
	filp = anon_inode_getfile("piaccel-stream", &piaccel_stream_fops, s,
				  O_RDONLY | O_CLOEXEC);
	if (IS_ERR(filp)) {
		ret = PTR_ERR(filp);
		goto err_stream;
	}
	ret = piaccel_stream_start(req, s, r);
	if (ret) {
		/* Its release takes the stream apart. */
		fput(filp);
		goto err_fd;
	}
	fd_install(fd, filp);
	return fd;

err_stream:
	piaccel_stream_unbuffer(s);
	kref_put(&s->kref, piaccel_stream_free);
err_fd:
	put_unused_fd(fd);
	return ret;
}

long piaccel_line_capture(struct file *file, void *arg)
{
	return piaccel_stream_open(file, PIACCEL_CAPTURE_SLOT, arg);
}

long piaccel_line_playback(struct file *file, void *arg)
{
	return piaccel_stream_open(file, PIACCEL_PLAYBACK_SLOT, arg);
}
