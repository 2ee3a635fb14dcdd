// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: timed samples between lines and a DMA-BUF.
 *
 * A pinned hard hrtimer takes or drives the samples and fills records; a
 * worker hands finished blocks to the devices and then publishes the records.
 * Positions never stand inside the tensor.
 */
#include <linux/anon_inodes.h>
#include <linux/dma-fence.h>
#include <linux/file.h>
#include <linux/iosys-map.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/sync_file.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include "piaccel.h"
#include "piaccel_trace.h"

#define PIACCEL_RECORDS_MAX	1024
/* Late samples are made up for in portions: no long time with IRQs off. */
#define PIACCEL_CATCH_UP_BYTES	2048
#define PIACCEL_F32_ONE		0x3f800000
#define PIACCEL_F32_HALF	0x3f000000
#define PIACCEL_F32_INF		0x7f800000

/**
 * struct piaccel_stream - a capture or a playback
 * @kref: one for the file, one for whoever looks at it through the request
 * @rate: its part of piaccel_rate
 * @req: the request, a reference to the struct, not to its lines
 * @slot: PIACCEL_CAPTURE_SLOT or PIACCEL_PLAYBACK_SLOT
 * @dmabuf: the buffer
 * @map: its mapping
 * @base: first byte of the stream
 * @mask: the lines
 * @num: how many
 * @format: enum piaccel_format
 * @ring: start again at the end
 * @sample_size: bytes of a sample
 * @block_samples: samples of a block
 * @blocks: blocks of the buffer
 * @total: samples of the buffer
 * @offset: of @base in the buffer
 * @period: time between samples
 * @start: due time of sample 0
 * @timer: takes or drives the samples
 * @lock: protects the fields from here to @tail
 * @ended: no more samples
 * @flags: why, PIACCEL_BLOCK_*
 * @index: next sample, counted from the start
 * @overruns: samples not taken or driven in their period
 * @max_late: longest lateness
 * @late: histogram
 * @block: the record being filled
 * @lost: records dropped
 * @records: ring of @depth records, a power of two
 * @depth: entries
 * @head: next to write, free running
 * @published: records before it may be read
 * @tail: next to read
 * @read_seq: number of the next record if none is lost
 * @work: publishes records
 * @wait: readers and pollers
 * @fence_lock: protects @fence
 * @fence: signals the end, if anyone has asked for it
 */
struct piaccel_stream {
	struct kref kref;
	u32 rate;
	struct piaccel_request *req;
	unsigned int slot;
	struct dma_buf *dmabuf;
	struct iosys_map map;
	u8 *base;
	u64 mask;
	unsigned int num;
	u32 format;
	bool ring;
	u32 sample_size;
	u32 block_samples;
	u64 blocks;
	u64 total;
	u64 offset;
	u64 period;
	u64 start;
	struct hrtimer timer;

	raw_spinlock_t lock;	/* see above */
	bool ended;
	u32 flags;
	u64 index;
	u64 overruns;
	u64 max_late;
	u32 late[PIACCEL_LATE_BUCKETS];
	struct piaccel_block block;
	u64 lost;
	struct piaccel_block *records;
	u32 depth;
	u32 head;
	u32 published;
	u32 tail;

	u64 read_seq;
	struct work_struct work;
	wait_queue_head_t wait;
	struct mutex fence_lock;	/* see above */
	struct dma_fence *fence;
};

/* ---- samples ------------------------------------------------------------ */

static void piaccel_store_bits(u8 *at, u32 size, u64 packed)
{
	switch (size) {
	case 1:
		WRITE_ONCE(*at, packed);
		break;
	case 2:
		WRITE_ONCE(*(__le16 *)at, cpu_to_le16(packed));
		break;
	case 4:
		WRITE_ONCE(*(__le32 *)at, cpu_to_le32(packed));
		break;
	default:
		put_unaligned_le64(packed, at);
	}
}

static u64 piaccel_load_bits(const u8 *at, u32 size)
{
	switch (size) {
	case 1:
		return READ_ONCE(*at);
	case 2:
		return le16_to_cpu(READ_ONCE(*(__le16 *)at));
	case 4:
		return le32_to_cpu(READ_ONCE(*(__le32 *)at));
	default:
		return get_unaligned_le64(at);
	}
}

static void piaccel_store(struct piaccel_stream *s, u64 slot, u64 packed)
{
	u8 *at = s->base + slot * s->sample_size;
	unsigned int i;

	switch (s->format) {
	case PIACCEL_FORMAT_BITS:
		piaccel_store_bits(at, s->sample_size, packed);
		break;
	case PIACCEL_FORMAT_U8:
		for (i = 0; i < s->num; i++)
			at[i] = packed >> i & 1;
		break;
	case PIACCEL_FORMAT_F32:
		for (i = 0; i < s->num; i++)
			((u32 *)at)[i] = packed >> i & 1 ? PIACCEL_F32_ONE : 0;
		break;
	}
}

static u64 piaccel_load(struct piaccel_stream *s, u64 slot)
{
	const u8 *at = s->base + slot * s->sample_size;
	u64 packed = 0;
	unsigned int i;
	u32 f;

	switch (s->format) {
	case PIACCEL_FORMAT_BITS:
		return piaccel_load_bits(at, s->sample_size);
	case PIACCEL_FORMAT_U8:
		for (i = 0; i < s->num; i++)
			if (READ_ONCE(at[i]))
				packed |= BIT_ULL(i);
		break;
	case PIACCEL_FORMAT_F32:
		for (i = 0; i < s->num; i++) {
			f = READ_ONCE(((const u32 *)at)[i]);
			/* Positive floats order like their bit patterns. */
			if (f > PIACCEL_F32_HALF && f <= PIACCEL_F32_INF)
				packed |= BIT_ULL(i);
		}
		break;
	}
	return packed;
}

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
	s->block.flags = PIACCEL_BLOCK_LAST | flag;
	if (!s->block.samples)
		s->block.offset = piaccel_place(s);
	piaccel_record(s);
	/* Under the lock: release ends the stream first, then waits for this. */
	queue_work(piaccel_wq, &s->work);
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
	else if (req->tripped)
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
		bits = piaccel_load(s, slot + n - 1);
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

static enum hrtimer_restart piaccel_stream_timer(struct hrtimer *timer)
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

	/* Playback: what stands behind them is about to be played. */
	if (!capture)
		first = first + block < size ? first + block : 0;
	if (first + len > size) {
		first = 0;
		len = size;
	}
	if (piaccel_buf_sync(s->dmabuf, s->offset + first, len, capture))
		return;
	if (capture)
		dma_buf_end_cpu_access(s->dmabuf, DMA_TO_DEVICE);
	else if (s->ring)
		dma_buf_begin_cpu_access(s->dmabuf, DMA_FROM_DEVICE);
}

static void piaccel_stream_signal(struct piaccel_stream *s)
{
	bool complete;

	raw_spin_lock_irq(&s->lock);
	complete = s->ended && !s->flags;
	raw_spin_unlock_irq(&s->lock);
	mutex_lock(&s->fence_lock);
	if (s->fence && !dma_fence_is_signaled(s->fence))
		piaccel_fence_signal(s->fence, complete ? 0 : -ECANCELED);
	mutex_unlock(&s->fence_lock);
}

static void piaccel_stream_work(struct work_struct *work)
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

	raw_spin_lock_irq(&s->lock);
	/* The timer may have dropped some of them meanwhile. */
	if ((s32)(to - s->published) > 0)
		s->published = to;
	raw_spin_unlock_irq(&s->lock);
	wake_up_poll(&s->wait, EPOLLIN | EPOLLRDNORM);
	if (ended)
		piaccel_stream_signal(s);
}

/* In process context: no sample is taken or driven after this. */
static void piaccel_stream_end(struct piaccel_stream *s, u32 flag)
{
	raw_spin_lock_irq(&s->lock);
	piaccel_end_locked(s, flag);
	raw_spin_unlock_irq(&s->lock);
	hrtimer_cancel(&s->timer);
}

/* ---- lifetime ----------------------------------------------------------- */

static void piaccel_stream_free(struct kref *kref)
{
	struct piaccel_stream *s =
		container_of(kref, struct piaccel_stream, kref);

	piaccel_request_put(s->req);
	kvfree(s->records);
	kfree(s);
}

/* Samples a second of all streams that have a file. */
static atomic_t piaccel_rate;

/* What two streams at the floor would take is what all may take together. */
static int piaccel_rate_get(struct piaccel_stream *s)
{
	u32 floor = max(READ_ONCE(piaccel_period_floor_ns), 1000U);
	int all = atomic_read(&piaccel_rate), max = 2 * (NSEC_PER_SEC / floor);
	int rate = max_t(u64, div64_u64(NSEC_PER_SEC, s->period), 1);

	do {
		if (rate > max - all)
			return -ENOSPC;
	} while (!atomic_try_cmpxchg(&piaccel_rate, &all, all + rate));
	s->rate = rate;
	return 0;
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

static int piaccel_stream_release(struct inode *inode, struct file *file)
{
	struct piaccel_stream *s = file->private_data;

	mutex_lock(&s->req->config);
	piaccel_stream_unlink(s);
	mutex_unlock(&s->req->config);
	piaccel_stream_end(s, PIACCEL_BLOCK_STOPPED);
	flush_work(&s->work);
	if (s->slot == PIACCEL_CAPTURE_SLOT)
		dma_buf_end_cpu_access(s->dmabuf, DMA_BIDIRECTIONAL);
	piaccel_buf_kunmap(s->dmabuf, &s->map);
	dma_buf_put(s->dmabuf);
	if (s->fence)
		dma_fence_put(s->fence);
	atomic_sub(s->rate, &piaccel_rate);
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

/* ---- the descriptor ----------------------------------------------------- */

static bool piaccel_stream_ready(struct piaccel_stream *s)
{
	bool ready;

	raw_spin_lock_irq(&s->lock);
	ready = s->published != s->tail || (s->ended && s->head == s->tail);
	raw_spin_unlock_irq(&s->lock);
	return ready;
}

/* Return: 1 with a record, 0 at the end, -EAGAIN. */
static int piaccel_stream_take(struct piaccel_stream *s,
			       struct piaccel_block *b)
{
	int ret = -EAGAIN;

	raw_spin_lock_irq(&s->lock);
	if (s->published != s->tail) {
		*b = s->records[s->tail++ & (s->depth - 1)];
		b->lost = b->seq - s->read_seq;
		s->read_seq = b->seq + 1;
		ret = 1;
	} else if (s->ended && s->head == s->tail) {
		ret = 0;
	}
	raw_spin_unlock_irq(&s->lock);
	return ret;
}

static ssize_t piaccel_stream_read(struct file *file, char __user *buf,
				   size_t len, loff_t *pos)
{
	struct piaccel_stream *s = file->private_data;
	struct piaccel_block b;
	size_t done = 0;
	int ret;

	if (len < sizeof(b))
		return -EINVAL;
	while (len - done >= sizeof(b)) {
		ret = piaccel_stream_take(s, &b);
		if (ret > 0) {
			if (copy_to_user(buf + done, &b, sizeof(b)))
				return done ?: -EFAULT;
			done += sizeof(b);
			continue;
		}
		if (done || !ret)
			break;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(s->wait,
					       piaccel_stream_ready(s));
		if (ret)
			return ret;
	}
	return done;
}

static __poll_t piaccel_stream_poll(struct file *file, poll_table *wait)
{
	struct piaccel_stream *s = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &s->wait, wait);
	raw_spin_lock_irq(&s->lock);
	if (s->published != s->tail)
		mask = EPOLLIN | EPOLLRDNORM;
	else if (s->ended && s->head == s->tail)
		mask = EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	raw_spin_unlock_irq(&s->lock);
	return mask;
}

static long piaccel_stream_stop(struct file *file, void *arg)
{
	piaccel_stream_end(file->private_data, PIACCEL_BLOCK_STOPPED);
	return 0;
}

static long piaccel_stream_status(struct file *file, void *arg)
{
	struct piaccel_stream *s = file->private_data;
	struct piaccel_stream_status *st = arg;

	*st = (struct piaccel_stream_status) {
		.start_ns = s->start,
		.sample_size = s->sample_size,
	};
	raw_spin_lock_irq(&s->lock);
	if (s->ended)
		st->state = s->flags ? PIACCEL_STREAM_ENDED :
				       PIACCEL_STREAM_DONE;
	else if (s->index)
		st->state = PIACCEL_STREAM_RUNNING;
	st->flags = s->flags;
	st->samples = s->index;
	st->overruns = s->overruns;
	st->blocks = div_u64(s->index, s->block_samples);
	st->blocks_lost = s->lost;
	st->max_late_ns = s->max_late;
	memcpy(st->late, s->late, sizeof(st->late));
	raw_spin_unlock_irq(&s->lock);
	return 0;
}

static struct dma_fence *piaccel_stream_get_fence(struct piaccel_stream *s)
{
	struct dma_fence *fence;

	mutex_lock(&s->fence_lock);
	if (!s->fence)
		s->fence = piaccel_fence_create();
	fence = s->fence ? dma_fence_get(s->fence) : NULL;
	mutex_unlock(&s->fence_lock);
	return fence;
}

static long piaccel_stream_fence(struct file *file, void *arg)
{
	struct piaccel_stream *s = file->private_data;
	struct sync_file *sync = NULL;
	struct dma_fence *fence;
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
	fence = piaccel_stream_get_fence(s);
	if (fence)
		sync = sync_file_create(fence);
	dma_fence_put(fence);
	if (!sync) {
		put_unused_fd(fd);
		return -ENOMEM;
	}
	/* The stream may have ended before there was a fence to signal. */
	if (READ_ONCE(s->ended))
		queue_work(piaccel_wq, &s->work);
	fd_install(fd, sync->file);
	return fd;
}

static const struct piaccel_ioctl piaccel_stream_ioctls[] = {
	{ PIACCEL_STREAM_STATUS, sizeof(struct piaccel_stream_status),
	  piaccel_stream_status },
	{ PIACCEL_STREAM_STOP, 0, piaccel_stream_stop },
	{ PIACCEL_STREAM_FENCE, 0, piaccel_stream_fence },
};

static long piaccel_stream_ioctl(struct file *file, unsigned int cmd,
				 unsigned long arg)
{
	return piaccel_dispatch(piaccel_stream_ioctls,
				ARRAY_SIZE(piaccel_stream_ioctls), file, cmd,
				arg);
}

static const struct file_operations piaccel_stream_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = piaccel_stream_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read = piaccel_stream_read,
	.poll = piaccel_stream_poll,
	.release = piaccel_stream_release,
	.llseek = noop_llseek,
};

/* ---- starting one ------------------------------------------------------- */

static u32 piaccel_sample_size(u32 format, unsigned int num)
{
	switch (format) {
	case PIACCEL_FORMAT_BITS:
		return max_t(u32, roundup_pow_of_two(num) / 8, 1);
	case PIACCEL_FORMAT_U8:
		return num;
	default:
		return 4 * num;
	}
}

static u32 piaccel_element_size(u32 format, u32 sample_size)
{
	switch (format) {
	case PIACCEL_FORMAT_BITS:
		return sample_size;
	case PIACCEL_FORMAT_U8:
		return 1;
	default:
		return 4;
	}
}

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
	return 0;

err_unmap:
	piaccel_buf_kunmap(s->dmabuf, &s->map);
err_put:
	dma_buf_put(s->dmabuf);
	return ret;
}

static struct piaccel_stream *
piaccel_stream_create(struct piaccel_request *req, unsigned int slot,
		      const struct piaccel_stream_request *r)
{
	struct piaccel_stream *s;
	int ret = -ENOMEM;

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
	s->records = kvcalloc(s->depth, sizeof(*s->records),
			      GFP_KERNEL_ACCOUNT);
	if (!s->records)
		goto err_free;
	ret = piaccel_stream_buffer(s, r);
	if (ret)
		goto err_records;
	kref_init(&s->kref);
	kref_get(&req->kref);
	s->req = req;
	raw_spin_lock_init(&s->lock);
	INIT_WORK(&s->work, piaccel_stream_work);
	init_waitqueue_head(&s->wait);
	mutex_init(&s->fence_lock);
	hrtimer_setup(&s->timer, piaccel_stream_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_HARD);
	return s;

err_records:
	kvfree(s->records);
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
	return req->tripped ? -ESHUTDOWN : 0;
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
			ret = piaccel_rate_get(s);
		if (!ret)
			req->stream[s->slot] = s;
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
	dma_buf_end_cpu_access(s->dmabuf, DMA_BIDIRECTIONAL);
	piaccel_buf_kunmap(s->dmabuf, &s->map);
	dma_buf_put(s->dmabuf);
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
