// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: timed samples between lines and a DMA-BUF.
 *
 * A pinned hard hrtimer takes or drives the samples and fills records; a
 * worker hands finished blocks to the devices and then publishes the records.
 * Positions never stand inside the tensor.
 */
#include <linux/iosys-map.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "piaccel_stream.h"
#include "piaccel_trace.h"

/* Late samples are made up for in portions: no long time with IRQs off. */
#define PIACCEL_CATCH_UP_BYTES	2048

/* ---- records, under s->lock --------------------------------------------- */

static void piaccel_record(struct piaccel_stream *s)
{
	if (s->head - s->tail == s->depth) {
		if (s->published == s->tail)
			s->published++;
		s->tail++;
		s->lost++;
	}
	s->records[s->head++ & (s->depth - 1)] = s->block;
	s->block = (struct piaccel_block) { .seq = s->block.seq + 1 };
}

/* Where the next sample stands in the buffer. */
static u64 piaccel_place(struct piaccel_stream *s)
{
	u64 slot;

	div64_u64_rem(s->index, s->total, &slot);
	return s->offset + slot * s->sample_size;
}

static void piaccel_end_locked(struct piaccel_stream *s, u32 flag)
{
	if (s->ended)
		return;
	s->ended = true;
	s->flags = flag;
	piaccel_load_give(s);
	s->block.flags = PIACCEL_BLOCK_LAST | flag;
	if (!s->block.samples)
		s->block.offset = piaccel_place(s);
	piaccel_record(s);
	/* Under the lock: release ends the stream first, then waits for these. */
	queue_work(piaccel_wq, &s->work);
	piaccel_fence_ended(s);
}

/* ---- the timer ---------------------------------------------------------- */

/* Return: 0, or PIACCEL_BLOCK_* that ends the stream. */
static u32 piaccel_drive(struct piaccel_stream *s, u64 bits)
{
	struct piaccel_request *req = s->req;
	u32 flag = 0;

	raw_spin_lock(&req->lock);
	if (req->gone)
		flag = PIACCEL_BLOCK_GONE;
	else if (req->tripped || piaccel_ending())
		flag = PIACCEL_BLOCK_TRIPPED;
	else if (piaccel_write(req, s->mask, bits))
		flag = PIACCEL_BLOCK_GONE;
	else
		req->values = (req->values & ~s->mask) | bits;
	raw_spin_unlock(&req->lock);
	return flag;
}

/* Take or drive samples index to index + n - 1, all due; the last in time? */
static u32 piaccel_samples(struct piaccel_stream *s, u32 n, bool on_time,
			   u64 late)
{
	u64 slot, bits = 0;
	u32 i, flag = 0;

	div64_u64_rem(s->index, s->total, &slot);
	if (s->slot == PIACCEL_CAPTURE_SLOT) {
		if (piaccel_read(s->req, s->mask, &bits))
			return PIACCEL_BLOCK_GONE;
		bits = piaccel_pack(bits, s->mask);
		for (i = 0; i < n; i++)
			piaccel_store(s, slot + i, bits);
	} else if (on_time || (!s->ring && s->index + n == s->total)) {
		/* The last values stand after the end, so they come, if late. */
		bits = piaccel_load_sample(s, slot + n - 1);
		flag = piaccel_drive(s, piaccel_unpack(bits, s->mask));
	}
	if (!flag)
		trace_piaccel_sample(s, s->slot == PIACCEL_PLAYBACK_SLOT,
				     s->index + n - 1, bits, late);
	return flag;
}

static void piaccel_account(struct piaccel_stream *s, u32 n, bool on_time,
			    u64 now, u64 late)
{
	u32 over = on_time ? n - 1 : n;
	struct piaccel_block *b = &s->block;

	if (!b->samples) {
		b->offset = piaccel_place(s);
		b->first_ns = now;
	}
	b->last_ns = now;
	b->samples += n;
	b->overruns += over;
	b->max_late_ns = max(b->max_late_ns, late);
	s->index += n;
	s->overruns += over;
	s->max_late = max(s->max_late, late);
	s->late[min_t(u64, div_u64(late, NSEC_PER_USEC),
		      PIACCEL_LATE_BUCKETS - 1)]++;
}

/* One expiry, under s->lock. Return: a block is complete, not the last. */
static bool piaccel_tick(struct piaccel_stream *s, u64 now)
{
	u64 due = s->start + s->index * s->period;
	u64 late = now > due ? now - due : 0, missed;
	u32 n, room, flag;
	bool on_time;

	missed = late < s->period ? 0 : div64_u64(late, s->period);
	room = s->block_samples - s->block.samples;
	room = min_t(u32, room,
		     max_t(u32, PIACCEL_CATCH_UP_BYTES / s->sample_size, 1));
	on_time = missed < room;
	n = on_time ? missed + 1 : room;

	flag = piaccel_samples(s, n, on_time, late);
	if (flag) {
		piaccel_end_locked(s, flag);
		return false;
	}
	piaccel_account(s, n, on_time, now, late);
	if (s->block.samples < s->block_samples)
		return false;
	if (!s->ring && s->index == s->total) {
		piaccel_end_locked(s, 0);
		return false;
	}
	piaccel_record(s);
	return true;
}

enum hrtimer_restart piaccel_stream_timer(struct hrtimer *timer)
{
	struct piaccel_stream *s =
		container_of(timer, struct piaccel_stream, timer);
	bool publish = false, again;
	unsigned long flags;
	u64 next;

	raw_spin_lock_irqsave(&s->lock, flags);
	if (!s->ended)
		publish = piaccel_tick(s, ktime_get_ns());
	again = !s->ended;
	if (again) {
		/* However late we are, the CPU gets a breath in between. */
		next = ktime_get_ns() + s->period / 4;
		next = max(next, s->start + s->index * s->period);
		hrtimer_set_expires(timer, ns_to_ktime(next));
	}
	raw_spin_unlock_irqrestore(&s->lock, flags);
	if (publish)
		queue_work(piaccel_wq, &s->work);
	return again ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

/* ---- publishing --------------------------------------------------------- */

/* @n blocks are complete; the first of them starts at @offset. */
static void piaccel_stream_sync(struct piaccel_stream *s, u64 offset, u32 n)
{
	u64 block = (u64)s->block_samples * s->sample_size;
	u64 size = block * s->blocks, len = min(block * n, size);
	bool capture = s->slot == PIACCEL_CAPTURE_SLOT;
	u64 first = offset - s->offset;

	/* Playback: the block behind them plays by now; those after it are next. */
	if (!capture)
		first += 2 * block;
	while (first >= size)
		first -= size;
	if (first + len > size) {
		first = 0;
		len = size;
	}
	piaccel_stream_hand_over(s, first, len, capture);
	/* Another exporter may have devices that need more than clean pages. */
	if (capture && s->foreign.sgl)
		dma_buf_end_cpu_access(s->dmabuf, DMA_TO_DEVICE);
}

/* The last block, and those whose records nobody has read in time. */
static void piaccel_stream_disown(struct piaccel_stream *s)
{
	if (s->slot != PIACCEL_CAPTURE_SLOT)
		return;
	if (s->lost)
		piaccel_stream_hand_over(s, 0, s->owned.len, true);
	piaccel_buf_disown(s->dmabuf, &s->owned);
}

void piaccel_stream_work(struct work_struct *work)
{
	struct piaccel_stream *s =
		container_of(work, struct piaccel_stream, work);
	u32 from, to, n = 0;
	u64 offset = 0;
	bool ended;

	raw_spin_lock_irq(&s->lock);
	ended = s->ended;
	to = s->head;
	for (from = s->published; from != to; from++) {
		struct piaccel_block *b = &s->records[from & (s->depth - 1)];

		if (!b->samples)
			continue;
		if (!n++)
			offset = b->offset;
	}
	raw_spin_unlock_irq(&s->lock);

	if (n)
		piaccel_stream_sync(s, offset, n);
	if (ended)
		piaccel_stream_disown(s);

	raw_spin_lock_irq(&s->lock);
	/* The timer may have dropped some of them meanwhile. */
	if ((s32)(to - s->published) > 0)
		s->published = to;
	raw_spin_unlock_irq(&s->lock);
	wake_up_poll(&s->wait, EPOLLIN | EPOLLRDNORM);
}

/* In process context: no sample is taken or driven after this. */
void piaccel_stream_end(struct piaccel_stream *s, u32 flag)
{
	raw_spin_lock_irq(&s->lock);
	piaccel_end_locked(s, flag);
	raw_spin_unlock_irq(&s->lock);
	hrtimer_cancel(&s->timer);
}

/* ---- lifetime ----------------------------------------------------------- */

void piaccel_stream_free(struct kref *kref)
{
	struct piaccel_stream *s =
		container_of(kref, struct piaccel_stream, kref);

	piaccel_request_put(s->req);
	kvfree(s->records);
	piaccel_uncharge(&s->queue);
	kfree(s);
}

/* Take the stream out of its request; the request may have done so itself. */
static void piaccel_stream_unlink(struct piaccel_stream *s)
{
	struct piaccel_request *req = s->req;

	raw_spin_lock_irq(&req->lock);
	if (req->stream[s->slot] == s)
		req->stream[s->slot] = NULL;
	raw_spin_unlock_irq(&req->lock);
}

int piaccel_stream_release(struct inode *inode, struct file *file)
{
	struct piaccel_stream *s = file->private_data;

	mutex_lock(&s->req->config);
	piaccel_stream_unlink(s);
	mutex_unlock(&s->req->config);
	piaccel_stream_end(s, PIACCEL_BLOCK_STOPPED);
	flush_work(&s->work);
	piaccel_fence_drop(s);
	piaccel_stream_unbuffer(s);
	kref_put(&s->kref, piaccel_stream_free);
	return 0;
}

/* Under req->config. */
bool piaccel_stream_running(struct piaccel_request *req, unsigned int slot)
{
	struct piaccel_stream *s = req->stream[slot];

	return s && !READ_ONCE(s->ended);
}

/**
 * piaccel_stream_end_all() - end the streams of a request
 * @req: the request, req->config held
 * @flag: PIACCEL_BLOCK_* for the last record
 */
void piaccel_stream_end_all(struct piaccel_request *req, u32 flag)
{
	unsigned int i;

	for (i = 0; i < PIACCEL_SLOTS; i++)
		if (req->stream[i])
			piaccel_stream_end(req->stream[i], flag);
}

/* After a trip, in process context: tell a playback's readers, too. */
void piaccel_stream_tripped(struct piaccel_request *req)
{
	struct piaccel_stream *s;

	raw_spin_lock_irq(&req->lock);
	s = req->tripped ? req->stream[PIACCEL_PLAYBACK_SLOT] : NULL;
	if (s)
		kref_get(&s->kref);
	raw_spin_unlock_irq(&req->lock);
	if (!s)
		return;
	raw_spin_lock_irq(&s->lock);
	piaccel_end_locked(s, PIACCEL_BLOCK_TRIPPED);
	raw_spin_unlock_irq(&s->lock);
	kref_put(&s->kref, piaccel_stream_free);
}

