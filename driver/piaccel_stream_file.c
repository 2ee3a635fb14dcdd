// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: a stream's file descriptor: records and status.
 */
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "piaccel_stream.h"

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

const struct file_operations piaccel_stream_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = piaccel_stream_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read = piaccel_stream_read,
	.poll = piaccel_stream_poll,
	.release = piaccel_stream_release,
	.llseek = noop_llseek,
};
