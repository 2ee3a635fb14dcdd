// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the line file descriptor: values, status, polling.
 */
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/poll.h>

#include "piaccel.h"

/*
 * The descriptors of the lines in @mask: lines in a row, the usual case, stand
 * in a row in the request, too; others are gathered in @some.
 */
static struct gpio_desc **piaccel_gather(struct piaccel_request *req, u64 mask,
					 struct gpio_desc **some)
{
	unsigned int n = 0, first = __ffs64(mask);
	u64 row = mask >> first;

	if (!(row & (row + 1)))
		return req->desc + first;
	for (; mask; mask &= mask - 1)
		some[n++] = req->desc[__ffs64(mask)];
	return some;
}

/**
 * piaccel_pack() - the bits of @mask, moved together
 * @bits: in place
 * @mask: which, not zero
 */
u64 piaccel_pack(u64 bits, u64 mask)
{
	u64 row = mask >> __ffs64(mask), packed = 0, to = 1;

	if (!(row & (row + 1)))
		return (bits & mask) >> __ffs64(mask);
	for (; mask; mask &= mask - 1, to <<= 1)
		if (bits & mask & -mask)
			packed |= to;
	return packed;
}

/**
 * piaccel_unpack() - and apart again
 * @packed: the lowest bits
 * @mask: where they go, not zero
 */
u64 piaccel_unpack(u64 packed, u64 mask)
{
	u64 row = mask >> __ffs64(mask), bits = 0;

	if (!(row & (row + 1)))
		return packed << __ffs64(mask) & mask;
	for (; mask; mask &= mask - 1, packed >>= 1)
		if (packed & 1)
			bits |= mask & -mask;
	return bits;
}

/* One line goes without the arrays: half the way for the commonest call. */
static int piaccel_read_one(struct piaccel_request *req, unsigned int line,
			    u64 *bits)
{
	int ret;

	if (req->sleeps)
		ret = gpiod_get_value_cansleep(req->desc[line]);
	else
		ret = gpiod_get_value(req->desc[line]);
	if (ret < 0)
		return ret;
	*bits = (u64)ret << line;
	return 0;
}

static int piaccel_write_one(struct piaccel_request *req, unsigned int line,
			     bool value)
{
	if (req->sleeps)
		return piaccel_set_value_cansleep(req->desc[line], value);
	return piaccel_set_value(req->desc[line], value);
}

/*
 * gpiolib emulates open-drain and open-source lines by their direction, and its
 * call for many lines loses what the chip says to that.
 */
static int piaccel_write_each(struct piaccel_request *req, u64 mask, u64 bits)
{
	int ret = 0, err;

	for (; mask; mask &= mask - 1) {
		err = piaccel_write_one(req, __ffs64(mask),
					bits & mask & -mask);
		if (err && !ret)
			ret = err;
	}
	return ret;
}

/**
 * piaccel_read() - logical values of lines
 * @req: the request
 * @mask: the lines, not zero
 * @bits: their values, in place
 *
 * In any context unless req->sleeps. Return: 0 or an error of the chip.
 */
int piaccel_read(struct piaccel_request *req, u64 mask, u64 *bits)
{
	struct gpio_desc *some[PIACCEL_LINES_MAX] __uninitialized;
	DECLARE_BITMAP(map, PIACCEL_LINES_MAX) = { };
	struct gpio_desc **desc;
	unsigned int n;
	u64 packed;
	int ret;

	if (!(mask & (mask - 1)))
		return piaccel_read_one(req, __ffs64(mask), bits);
	desc = piaccel_gather(req, mask, some);
	n = hweight64(mask);
	if (req->sleeps)
		ret = gpiod_get_array_value_cansleep(n, desc, NULL, map);
	else
		ret = gpiod_get_array_value(n, desc, NULL, map);
	if (ret)
		return ret;
	bitmap_to_arr64(&packed, map, PIACCEL_LINES_MAX);
	*bits = piaccel_unpack(packed, mask);
	return 0;
}

/**
 * piaccel_write() - drive outputs
 * @req: the request
 * @mask: the lines
 * @bits: their logical values, in place
 *
 * Under req->lock, or req->hw if a thread drives. Does not look at the latch.
 */
int piaccel_write(struct piaccel_request *req, u64 mask, u64 bits)
{
	struct gpio_desc *some[PIACCEL_LINES_MAX] __uninitialized;
	DECLARE_BITMAP(map, PIACCEL_LINES_MAX) __uninitialized;
	struct gpio_desc **desc;
	unsigned int n;

	if (!mask)
		return 0;
	if (!(mask & (mask - 1)))
		return piaccel_write_one(req, __ffs64(mask), bits & mask);
	if (mask & (req->drain | req->source))
		return piaccel_write_each(req, mask, bits);
	desc = piaccel_gather(req, mask, some);
	n = hweight64(mask);
	bitmap_from_u64(map, piaccel_pack(bits, mask));
	if (req->sleeps)
		return gpiod_set_array_value_cansleep(n, desc, NULL, map);
	return gpiod_set_array_value(n, desc, NULL, map);
}

static long piaccel_line_get(struct file *file, void *arg)
{
	struct piaccel_request *req = file->private_data;
	struct piaccel_line_values *v = arg;

	if (!v->mask || v->mask & ~req->all)
		return -EINVAL;
	if (READ_ONCE(req->gone))
		return -ENODEV;
	return piaccel_read(req, v->mask, &v->bits);
}

static int piaccel_may_set(struct piaccel_request *req)
{
	if (req->gone)
		return -ENODEV;
	return req->tripped || piaccel_ending() ? -ESHUTDOWN : 0;
}

static int piaccel_set_deferred(struct piaccel_request *req, u64 mask,
				u64 bits)
{
	int ret;

	mutex_lock(&req->hw);
	raw_spin_lock_irq(&req->lock);
	ret = piaccel_may_set(req);
	raw_spin_unlock_irq(&req->lock);
	if (!ret)
		ret = piaccel_write(req, mask, bits);
	if (!ret) {
		raw_spin_lock_irq(&req->lock);
		req->values = (req->values & ~mask) | bits;
		raw_spin_unlock_irq(&req->lock);
	}
	mutex_unlock(&req->hw);
	return ret;
}

static int piaccel_set_atomic(struct piaccel_request *req, u64 mask, u64 bits)
{
	int ret;

	raw_spin_lock_irq(&req->lock);
	ret = piaccel_may_set(req);
	if (!ret)
		ret = piaccel_write(req, mask, bits);
	if (!ret)
		req->values = (req->values & ~mask) | bits;
	raw_spin_unlock_irq(&req->lock);
	return ret;
}

static long piaccel_line_set(struct file *file, void *arg)
{
	struct piaccel_request *req = file->private_data;
	struct piaccel_line_values *v = arg;
	long ret;

	if (!v->mask || v->mask & ~req->all || v->bits & ~v->mask)
		return -EINVAL;
	mutex_lock(&req->config);
	/* Its interrupt may be on its way, or held up. */
	if (piaccel_interlock_open(req))
		piaccel_trip(req, PIACCEL_TRIP_INTERLOCK, ktime_get_ns());
	if (v->mask & ~req->cfg.output_mask)
		ret = -EPERM;
	else if (req->stream[PIACCEL_PLAYBACK_SLOT] &&
		 piaccel_stream_running(req, PIACCEL_PLAYBACK_SLOT))
		ret = -EBUSY;
	else if (req->defers)
		ret = piaccel_set_deferred(req, v->mask, v->bits);
	else
		ret = piaccel_set_atomic(req, v->mask, v->bits);
	mutex_unlock(&req->config);
	return ret;
}

static u32 piaccel_status_flags(struct piaccel_request *req)
{
	u32 flags = 0;

	if (req->safe_mask) {
		flags |= PIACCEL_STATUS_FAILSAFE;
		if (req->tripped)
			flags |= PIACCEL_STATUS_TRIPPED;
		else if (!req->disarmed)
			flags |= PIACCEL_STATUS_ARMED;
		if (req->tripped && req->safe_ns)
			flags |= PIACCEL_STATUS_SAFE;
	}
	if (req->sleeps)
		flags |= PIACCEL_STATUS_SLEEPS;
	if (req->defers)
		flags |= PIACCEL_STATUS_DEFERS;
	if (req->gone)
		flags |= PIACCEL_STATUS_GONE;
	if (req->adopted)
		flags |= PIACCEL_STATUS_ADOPTED;
	return flags;
}

static void piaccel_status(struct piaccel_request *req,
			   struct piaccel_line_status *st)
{
	*st = (struct piaccel_line_status) {
		.num_lines = req->num,
		.read_cost_ns = req->read_cost_ns,
		.period_floor_ns = req->floor_ns,
	};
	raw_spin_lock_irq(&req->lock);
	st->flags = piaccel_status_flags(req);
	st->trip_cause = req->cause;
	st->trip_seq = req->trip_seq;
	st->trip_ns = req->trip_ns;
	st->safe_ns = req->safe_ns;
	st->deadline_ns = req->deadline_ns;
	st->keepalives = req->keepalives;
	st->values = req->values;
	raw_spin_unlock_irq(&req->lock);

	raw_spin_lock_irq(&req->event_lock);
	st->events_lost = req->event_lost;
	st->events_queued = req->event_head - req->event_tail;
	raw_spin_unlock_irq(&req->event_lock);
}

static long piaccel_line_status(struct file *file, void *arg)
{
	struct piaccel_request *req = file->private_data;
	struct piaccel_line_status *st = arg;

	mutex_lock(&req->config);
	piaccel_status(req, st);
	if (piaccel_stream_running(req, PIACCEL_CAPTURE_SLOT))
		st->flags |= PIACCEL_STATUS_CAPTURE;
	if (piaccel_stream_running(req, PIACCEL_PLAYBACK_SLOT))
		st->flags |= PIACCEL_STATUS_PLAYBACK;
	mutex_unlock(&req->config);
	st->interlock_open = piaccel_interlock_open(req);
	if (st->interlock_open)
		st->flags |= PIACCEL_STATUS_OPEN;
	return 0;
}

static const struct piaccel_ioctl piaccel_line_ioctls[] = {
	{ PIACCEL_LINE_GET, sizeof(struct piaccel_line_values),
	  piaccel_line_get },
	{ PIACCEL_LINE_SET, sizeof(struct piaccel_line_values),
	  piaccel_line_set },
	{ PIACCEL_LINE_KEEPALIVE, sizeof(struct piaccel_keepalive),
	  piaccel_line_keepalive },
	{ PIACCEL_LINE_STATUS, sizeof(struct piaccel_line_status),
	  piaccel_line_status },
	{ PIACCEL_LINE_TRIP, 0, piaccel_line_trip },
	{ PIACCEL_LINE_REARM, sizeof(struct piaccel_rearm),
	  piaccel_line_rearm },
	{ PIACCEL_LINE_DISARM, 0, piaccel_line_disarm },
	{ PIACCEL_LINE_RECONFIG, sizeof(struct piaccel_line_config),
	  piaccel_line_reconfig },
	{ PIACCEL_LINE_CAPTURE, sizeof(struct piaccel_stream_request),
	  piaccel_line_capture },
	{ PIACCEL_LINE_PLAYBACK, sizeof(struct piaccel_stream_request),
	  piaccel_line_playback },
};

static long piaccel_line_ioctl(struct file *file, unsigned int cmd,
			       unsigned long arg)
{
	return piaccel_dispatch(piaccel_line_ioctls,
				ARRAY_SIZE(piaccel_line_ioctls), file, cmd,
				arg);
}

static __poll_t piaccel_line_poll(struct file *file, poll_table *wait)
{
	struct piaccel_request *req = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &req->wait, wait);
	if (READ_ONCE(req->event_head) != READ_ONCE(req->event_tail))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(req->tripped))
		mask |= EPOLLPRI;
	if (READ_ONCE(req->gone))
		mask |= EPOLLERR | EPOLLHUP;
	return mask;
}

static int piaccel_line_release(struct inode *inode, struct file *file)
{
	piaccel_request_close(file->private_data);
	return 0;
}

static void piaccel_line_fdinfo(struct seq_file *s, struct file *file)
{
	struct piaccel_request *req = file->private_data;
	struct piaccel_line_status st;
	unsigned int i;

	piaccel_status(req, &st);
	seq_printf(s, "chip:\t%s\nlines:\t", req->chip);
	for (i = 0; i < req->num; i++)
		seq_printf(s, "%s%u", i ? "," : "", req->offsets[i]);
	seq_printf(s, "\nflags:\t%#x\ntrips:\t%llu\ncause:\t%u\n", st.flags,
		   st.trip_seq, st.trip_cause);
}

const struct file_operations piaccel_line_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = piaccel_line_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.read = piaccel_event_read,
	.poll = piaccel_line_poll,
	.release = piaccel_line_release,
	.show_fdinfo = piaccel_line_fdinfo,
	.llseek = noop_llseek,
};
