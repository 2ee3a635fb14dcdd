// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: edges.
 *
 * On a chip that does not sleep, time and level are taken in the hard
 * interrupt, and an interlock trips there. On one that sleeps, the hard half
 * takes the time and the thread the level. The hard halves are that on
 * PREEMPT_RT, too.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "piaccel.h"

#define CREATE_TRACE_POINTS
#include "piaccel_trace.h"

/* How many events read() takes from the ring at once. */
#define PIACCEL_EVENT_BATCH 16

static void piaccel_event_push(struct piaccel_line *line, u64 now, bool level,
			       bool rising, u8 flags)
{
	struct piaccel_request *req = line->req;
	struct piaccel_event *ev;
	unsigned long irqflags;
	u32 seq;

	raw_spin_lock_irqsave(&req->event_lock, irqflags);
	if (req->event_head - req->event_tail == req->event_size) {
		req->event_tail++;
		req->event_lost++;
	}
	ev = &req->events[req->event_head++ & (req->event_size - 1)];
	seq = ++req->event_seq;
	*ev = (struct piaccel_event) {
		.time_ns = now,
		.seq = seq,
		.line_seq = ++line->seq,
		.line = line->index,
		.edge = rising ? PIACCEL_EDGE_RISING : PIACCEL_EDGE_FALLING,
		.level = level,
		.flags = flags,
	};
	raw_spin_unlock_irqrestore(&req->event_lock, irqflags);

	trace_piaccel_edge(req->chip, req->offsets[line->index], level, now,
			   seq);
	irq_work_queue(&req->event_wake);
}

static bool piaccel_event_wanted(struct piaccel_line *line, bool rising)
{
	struct piaccel_request *req = line->req;

	return (rising ? req->cfg.rising_mask : req->cfg.falling_mask) &
	       BIT_ULL(line->index);
}

static void piaccel_event_debounced(struct piaccel_line *line, bool level,
				    u8 flags)
{
	struct piaccel_request *req = line->req;
	unsigned long irqflags;
	bool changed;
	u64 when;

	raw_spin_lock_irqsave(&req->event_lock, irqflags);
	changed = level != line->level;
	line->level = level;
	when = line->raw_ns;
	raw_spin_unlock_irqrestore(&req->event_lock, irqflags);
	if (changed && piaccel_event_wanted(line, level))
		piaccel_event_push(line, when, level, level,
				   flags | PIACCEL_EVENT_DEBOUNCED);
}

static enum hrtimer_restart piaccel_debounce_timer(struct hrtimer *timer)
{
	struct piaccel_line *line =
		container_of(timer, struct piaccel_line, debounce);
	u64 level;

	if (line->req->sleeps)
		queue_work(piaccel_wq, &line->debounce_work);
	else if (!piaccel_read(line->req, BIT_ULL(line->index), &level))
		piaccel_event_debounced(line, level, 0);
	return HRTIMER_NORESTART;
}

static void piaccel_debounce_work(struct work_struct *work)
{
	struct piaccel_line *line =
		container_of(work, struct piaccel_line, debounce_work);
	u64 level;

	if (!piaccel_read(line->req, BIT_ULL(line->index), &level))
		piaccel_event_debounced(line, level, PIACCEL_EVENT_LATE_LEVEL);
}

/* What is to be done once time and level are known. */
static void piaccel_edge(struct piaccel_line *line, u64 now, bool level,
			 u8 flags)
{
	bool both = line->trigger ==
		    (IRQF_TRIGGER_RISING | IRQF_TRIGGER_FALLING);
	struct piaccel_request *req = line->req;
	u64 bit = BIT_ULL(line->index);
	unsigned long irqflags;
	bool rising = level;

	/*
	 * Asked for one edge only, that edge it was, even if the level is back
	 * already: a short opening of an interlock is one, too.
	 */
	if (!both)
		rising = !!(line->trigger & IRQF_TRIGGER_RISING) ^
			 !!(req->cfg.active_low_mask & bit);

	if (req->interlock_mask & bit &&
	    rising != !!(req->interlock_values & bit))
		piaccel_trip(req, PIACCEL_TRIP_INTERLOCK, now);

	if (line->soft_debounce) {
		raw_spin_lock_irqsave(&req->event_lock, irqflags);
		line->raw_ns = now;
		raw_spin_unlock_irqrestore(&req->event_lock, irqflags);
		hrtimer_start(&line->debounce,
			      ns_to_ktime((u64)line->debounce_us *
					  NSEC_PER_USEC), HRTIMER_MODE_REL_HARD);
	} else if (piaccel_event_wanted(line, rising)) {
		piaccel_event_push(line, now, level, rising, flags);
	}
}

/* An edge whose level the chip would not tell: an interlock counts as open. */
static void piaccel_edge_blind(struct piaccel_line *line, u64 now)
{
	if (line->req->interlock_mask & BIT_ULL(line->index))
		piaccel_trip(line->req, PIACCEL_TRIP_INTERLOCK, now);
}

static irqreturn_t piaccel_irq(int irq, void *data)
{
	u64 now = ktime_get_ns(), level;
	struct piaccel_line *line = data;

	if (!piaccel_read(line->req, BIT_ULL(line->index), &level))
		piaccel_edge(line, now, level, 0);
	else
		piaccel_edge_blind(line, now);
	return IRQ_HANDLED;
}

static irqreturn_t piaccel_irq_hard(int irq, void *data)
{
	struct piaccel_line *line = data;
	struct piaccel_request *req = line->req;

	line->irq_ns = ktime_get_ns();
	/* Asked for the opening edge only: no need to wait for the level. */
	if (req->interlock_mask & BIT_ULL(line->index) &&
	    line->trigger != (IRQF_TRIGGER_RISING | IRQF_TRIGGER_FALLING))
		piaccel_trip(req, PIACCEL_TRIP_INTERLOCK, line->irq_ns);
	return IRQ_WAKE_THREAD;
}

static irqreturn_t piaccel_irq_thread(int irq, void *data)
{
	struct piaccel_line *line = data;
	u64 now = line->irq_ns ?: ktime_get_ns(), level;

	/* Zero when this is nested in another chip's thread. */
	line->irq_ns = 0;
	if (!piaccel_read(line->req, BIT_ULL(line->index), &level))
		piaccel_edge(line, now, level, PIACCEL_EVENT_LATE_LEVEL);
	else
		piaccel_edge_blind(line, now);
	return IRQ_HANDLED;
}

/* The physical edges a line's configuration needs, 0 for none. */
static unsigned long piaccel_event_trigger(struct piaccel_line *line)
{
	struct piaccel_request *req = line->req;
	u64 bit = BIT_ULL(line->index);
	bool rising = req->cfg.rising_mask & bit;
	bool falling = req->cfg.falling_mask & bit;

	if (line->soft_debounce && (rising || falling))
		return IRQF_TRIGGER_RISING | IRQF_TRIGGER_FALLING;
	if (req->interlock_mask & bit) {
		if (req->interlock_values & bit)
			falling = true;
		else
			rising = true;
	}
	if (req->cfg.active_low_mask & bit)
		swap(rising, falling);
	return (rising ? IRQF_TRIGGER_RISING : 0) |
	       (falling ? IRQF_TRIGGER_FALLING : 0);
}

/* Where an interrupt's number comes from; only good for comparison. */
static bool piaccel_irq_origin(int irq, struct irq_domain **domain,
			       irq_hw_number_t *hwirq)
{
	struct irq_data *d;

	rcu_read_lock();
	d = irq_get_irq_data(irq);
	if (d) {
		*domain = d->domain;
		*hwirq = irqd_to_hwirq(d);
	}
	rcu_read_unlock();
	return d;
}

static int piaccel_event_request(struct piaccel_line *line)
{
	struct piaccel_request *req = line->req;
	int irq, ret;

	irq = gpiod_to_irq(req->desc[line->index]);
	if (irq < 0)
		return irq == -ENODEV ? -ENODEV : -EOPNOTSUPP;
	if (!piaccel_irq_origin(irq, &line->domain, &line->hwirq))
		return -ENODEV;
	if (req->sleeps)
		ret = request_threaded_irq(irq, piaccel_irq_hard,
					   piaccel_irq_thread,
					   line->trigger | IRQF_ONESHOT |
					   IRQF_NO_THREAD,
					   req->irq_name, line);
	else
		ret = request_irq(irq, piaccel_irq,
				  line->trigger | IRQF_NO_THREAD,
				  req->irq_name, line);
	if (ret)
		return ret == -EINVAL || ret == -ENXIO ? -EOPNOTSUPP : ret;
	line->irq = irq;
	return 0;
}

/*
 * When a chip is removed, gpiolib frees the interrupts of its lines before
 * anyone hears of it, and when the chip's domain goes, too, their numbers may
 * be others' by then: free_irq() would complain. The look comes right before
 * it, for a removal may just begin beside us; the core serialises the two.
 */
static void piaccel_free_irq(struct piaccel_line *line)
{
	struct irq_domain *domain;
	irq_hw_number_t hwirq;

	if (piaccel_irq_origin(line->irq, &domain, &hwirq) &&
	    domain == line->domain && hwirq == line->hwirq &&
	    irq_has_action(line->irq))
		free_irq(line->irq, line);
	line->irq = 0;
}

void piaccel_event_stop(struct piaccel_line *line)
{
	if (!line->irq)
		return;
	piaccel_free_irq(line);
	hrtimer_cancel(&line->debounce);
	cancel_work_sync(&line->debounce_work);
}

void piaccel_event_stop_all(struct piaccel_request *req)
{
	unsigned int i;

	for (i = 0; i < req->num; i++)
		piaccel_event_stop(&req->lines[i]);
}

/**
 * piaccel_event_setup() - debounce and interrupt of a line
 * @line: the line
 *
 * As req->cfg says, under req->config. A line that has its interrupt already
 * is left alone: what must change is stopped first.
 */
int piaccel_event_setup(struct piaccel_line *line)
{
	struct piaccel_request *req = line->req;
	u64 bit = BIT_ULL(line->index), level;
	u32 us = 0;
	int ret;

	if (line->irq)
		return 0;
	if (req->cfg.debounce_mask & bit)
		us = req->cfg.debounce_us;
	if (us || line->hard_debounce) {
		ret = gpiod_set_debounce(req->desc[line->index], us);
		line->hard_debounce = us && !ret;
		if (us && ret && ret != -ENOTSUPP)
			return ret;
	}
	line->debounce_us = us;
	line->soft_debounce = us && !line->hard_debounce;
	line->trigger = piaccel_event_trigger(line);
	if (!line->trigger)
		return 0;
	if (line->soft_debounce) {
		ret = piaccel_read(req, bit, &level);
		if (ret)
			return ret;
		line->level = level;
	}
	return piaccel_event_request(line);
}

/* ---- the reader's side -------------------------------------------------- */

static bool piaccel_event_ready(struct piaccel_request *req)
{
	return READ_ONCE(req->event_head) != READ_ONCE(req->event_tail) ||
	       READ_ONCE(req->gone);
}

static size_t piaccel_event_take(struct piaccel_request *req,
				 struct piaccel_event *ev, size_t max)
{
	size_t n = 0;

	raw_spin_lock_irq(&req->event_lock);
	while (n < max && req->event_tail != req->event_head) {
		ev[n] = req->events[req->event_tail++ & (req->event_size - 1)];
		ev[n].lost = ev[n].seq - req->event_read_seq - 1;
		req->event_read_seq = ev[n].seq;
		n++;
	}
	raw_spin_unlock_irq(&req->event_lock);
	return n;
}

ssize_t piaccel_event_read(struct file *file, char __user *buf, size_t len,
			   loff_t *pos)
{
	struct piaccel_event ev[PIACCEL_EVENT_BATCH];
	struct piaccel_request *req = file->private_data;
	size_t n, max, done = 0;
	int ret;

	max = len / sizeof(*ev);
	if (!max)
		return -EINVAL;
	while (done < max) {
		n = piaccel_event_take(req, ev,
				       min_t(size_t, max - done,
					     PIACCEL_EVENT_BATCH));
		if (n) {
			if (copy_to_user(buf + done * sizeof(*ev), ev,
					 n * sizeof(*ev)))
				return done ? done * sizeof(*ev) : -EFAULT;
			done += n;
			continue;
		}
		if (done)
			break;
		if (READ_ONCE(req->gone))
			return -ENODEV;
		if (!(READ_ONCE(req->cfg.rising_mask) |
		      READ_ONCE(req->cfg.falling_mask)))
			return -EINVAL;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(req->wait,
					       piaccel_event_ready(req));
		if (ret)
			return ret;
	}
	return done * sizeof(*ev);
}

static void piaccel_event_wake(struct irq_work *work)
{
	struct piaccel_request *req =
		container_of(work, struct piaccel_request, event_wake);

	wake_up_poll(&req->wait, EPOLLIN | EPOLLRDNORM);
}

void piaccel_event_init(struct piaccel_request *req)
{
	struct piaccel_line *line;
	unsigned int i;

	raw_spin_lock_init(&req->event_lock);
	init_irq_work(&req->event_wake, piaccel_event_wake);
	init_waitqueue_head(&req->wait);
	for (i = 0; i < req->num; i++) {
		line = &req->lines[i];
		line->req = req;
		line->index = i;
		hrtimer_setup(&line->debounce, piaccel_debounce_timer,
			      CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
		INIT_WORK(&line->debounce_work, piaccel_debounce_work);
	}
}

/* After piaccel_event_stop_all(): wait for the last wake-up. */
void piaccel_event_flush(struct piaccel_request *req)
{
	irq_work_sync(&req->event_wake);
}
