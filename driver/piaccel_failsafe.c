// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: fail-safe outputs.
 *
 * A trip drives the safe values and latches under one raw lock, so that
 * nothing the owner asked for can reach the lines after it. Where writing may
 * sleep the latch comes first, and the chip's SCHED_FIFO worker drives the
 * values: a write that is under way ends before it, no other can begin.
 *
 * A chip that does not take its safe values, a port expander whose bus is
 * disturbed, is given them again and again, until it does or REARM takes back
 * what is owed.
 */
#include <linux/kobject.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/ratelimit.h>

#include "piaccel.h"
#include "piaccel_trace.h"

/*
 * When safe values that a chip did not take are driven again. One that sleeps
 * gets twice the time each time, for its bus is busy with others, too.
 */
#define PIACCEL_RETRY_NS	(10 * NSEC_PER_MSEC)
#define PIACCEL_RETRY_MAX_NS	(640 * NSEC_PER_MSEC)

atomic64_t piaccel_trips;

static const char * const piaccel_causes[] = {
	[PIACCEL_TRIP_NONE] = "none",
	[PIACCEL_TRIP_DEADLINE] = "deadline",
	[PIACCEL_TRIP_CLOSE] = "close",
	[PIACCEL_TRIP_INTERLOCK] = "interlock",
	[PIACCEL_TRIP_USER] = "user",
	[PIACCEL_TRIP_PANIC] = "panic",
	[PIACCEL_TRIP_REBOOT] = "reboot",
	[PIACCEL_TRIP_CHIP] = "chip",
	[PIACCEL_TRIP_SUSPEND] = "suspend",
};

/* See piaccel_interlock_open(), for a request that has some. */
u64 piaccel_interlock_read(struct piaccel_request *req)
{
	u64 bits;

	if (READ_ONCE(req->gone))
		return 0;
	if (piaccel_read(req, req->interlock_mask, &bits))
		return req->interlock_mask;
	return bits ^ req->interlock_values;
}

/* Under req->lock, or alone in a panic. No thread drives the lines. */
int piaccel_drive_atomic(struct piaccel_request *req)
{
	int ret;

	ret = piaccel_write(req, req->safe_mask, req->safe_values);
	if (ret)
		return ret;
	req->values = (req->values & ~req->safe_mask) | req->safe_values;
	req->safe_ns = ktime_get_mono_fast_ns();
	req->owed = false;
	return 0;
}

/* Under req->lock, the request not gone: no deadline needs the timer now. */
static void piaccel_drive_later(struct piaccel_request *req)
{
	u64 wait = max_t(u64, req->retry_ns, PIACCEL_RETRY_NS);

	hrtimer_start(&req->deadline, ns_to_ktime(ktime_get_ns() + wait),
		      HRTIMER_MODE_ABS_HARD);
	if (req->sleeps)
		req->retry_ns = min_t(u64, 2 * wait, PIACCEL_RETRY_MAX_NS);
}

/* Under req->lock. No thread drives the lines, and the chip is not gone. */
static int piaccel_drive_owed(struct piaccel_request *req)
{
	int ret = piaccel_drive_atomic(req);

	if (ret)
		piaccel_drive_later(req);
	return ret;
}

/* Return: the safe values stand since this call. */
static bool piaccel_drive_deferred(struct piaccel_request *req)
{
	bool owed;
	int ret;

	mutex_lock(&req->hw);
	raw_spin_lock_irq(&req->lock);
	owed = req->owed && !req->gone;
	raw_spin_unlock_irq(&req->lock);
	if (!owed) {
		mutex_unlock(&req->hw);
		return false;
	}
	ret = piaccel_write(req, req->safe_mask, req->safe_values);
	raw_spin_lock_irq(&req->lock);
	if (ret) {
		piaccel_drive_later(req);
	} else {
		req->values = (req->values & ~req->safe_mask) |
			      req->safe_values;
		req->safe_ns = ktime_get_ns();
		req->owed = false;
		req->retry_ns = 0;
	}
	raw_spin_unlock_irq(&req->lock);
	mutex_unlock(&req->hw);
	return !ret;
}

/**
 * piaccel_drive_safe() - drive the safe values, tripped or not
 * @req: a request with a safe_mask
 *
 * In process context.
 */
void piaccel_drive_safe(struct piaccel_request *req)
{
	raw_spin_lock_irq(&req->lock);
	req->owed = true;
	if (!req->defers && !req->gone)
		piaccel_drive_owed(req);
	raw_spin_unlock_irq(&req->lock);
	if (req->defers)
		piaccel_drive_deferred(req);
}

static void piaccel_trip_work(struct kthread_work *work)
{
	struct piaccel_request *req =
		container_of(work, struct piaccel_request, trip_work);

	if (piaccel_drive_deferred(req))
		irq_work_queue(&req->notify);
}

static bool piaccel_may_trip(struct piaccel_request *req, u32 cause)
{
	if (!req->safe_mask || req->tripped || req->gone)
		return false;
	if (cause == PIACCEL_TRIP_CLOSE || cause == PIACCEL_TRIP_SUSPEND)
		return !req->disarmed;
	if (cause == PIACCEL_TRIP_DEADLINE)
		return req->deadline_ns && ktime_get_ns() >= req->deadline_ns;
	return true;
}

/**
 * piaccel_trip() - drive the safe values and latch
 * @req: the request
 * @cause: PIACCEL_TRIP_*
 * @when: time of the cause; ignored for a deadline, which is its own
 *
 * In any context but a panic. Nothing happens without a safe_mask, when
 * tripped already, or when the cause does not hold (any more).
 *
 * Return: true if this call tripped.
 */
bool piaccel_trip(struct piaccel_request *req, u32 cause, u64 when)
{
	bool defers = req->defers;
	unsigned long flags;
	u64 seq, safe;

	raw_spin_lock_irqsave(&req->lock, flags);
	if (!piaccel_may_trip(req, cause)) {
		raw_spin_unlock_irqrestore(&req->lock, flags);
		return false;
	}
	if (cause == PIACCEL_TRIP_DEADLINE)
		when = req->deadline_ns;
	req->tripped = true;
	req->owed = true;
	req->retry_ns = 0;
	req->safe_ns = 0;
	if (req->ready && !defers)
		piaccel_drive_owed(req);
	req->cause = cause;
	req->trip_ns = when;
	req->deadline_ns = 0;
	seq = ++req->trip_seq;
	safe = req->safe_ns;
	if (req->ready && defers)
		piaccel_worker_queue(req);
	/* In here: who tears the request down waits for it after this lock. */
	irq_work_queue(&req->notify);
	raw_spin_unlock_irqrestore(&req->lock, flags);

	atomic64_inc(&piaccel_trips);
	trace_piaccel_trip(req->chip, req->consumer, cause, seq, when, safe);
	return true;
}

/* The outputs are set up: a trip that came before this was only latched. */
void piaccel_failsafe_start(struct piaccel_request *req)
{
	bool late;

	raw_spin_lock_irq(&req->lock);
	req->ready = true;
	late = req->tripped;
	if (late && !req->defers && !req->gone)
		piaccel_drive_owed(req);
	if (req->keepalive_ns && !late && !req->gone) {
		req->deadline_ns = ktime_get_ns() + req->keepalive_ns;
		hrtimer_start(&req->deadline, ns_to_ktime(req->deadline_ns),
			      HRTIMER_MODE_ABS_HARD);
	}
	raw_spin_unlock_irq(&req->lock);
	if (late && req->defers)
		piaccel_drive_deferred(req);
	/*
	 * The end of the system goes through the list of requests. It was there
	 * before us, or sees us: pairs with the barriers in piaccel_end.c.
	 */
	smp_mb();
	if (piaccel_ending())
		piaccel_trip(req, PIACCEL_TRIP_REBOOT, ktime_get_ns());
}

static enum hrtimer_restart piaccel_deadline(struct hrtimer *timer)
{
	struct piaccel_request *req =
		container_of(timer, struct piaccel_request, deadline);

	enum hrtimer_restart again = HRTIMER_NORESTART;
	unsigned long flags;

	if (piaccel_trip(req, PIACCEL_TRIP_DEADLINE, 0))
		return HRTIMER_NORESTART;
	/*
	 * A KEEPALIVE that has just moved the deadline has started us anew.
	 * Whatever else made us early, a deadline is never left unwatched.
	 */
	raw_spin_lock_irqsave(&req->lock, flags);
	if (req->owed && !req->gone) {
		if (req->defers)
			piaccel_worker_queue(req);
		else if (!piaccel_drive_owed(req))
			irq_work_queue(&req->notify);
	}
	if (req->deadline_ns && !hrtimer_is_queued(timer)) {
		hrtimer_set_expires(timer, ns_to_ktime(req->deadline_ns));
		again = HRTIMER_RESTART;
	}
	raw_spin_unlock_irqrestore(&req->lock, flags);
	return again;
}

/* ---- telling the world -------------------------------------------------- */

static void piaccel_notify(struct irq_work *work)
{
	struct piaccel_request *req =
		container_of(work, struct piaccel_request, notify);

	wake_up_poll(&req->wait, EPOLLPRI);
	piaccel_changed();
	queue_work(piaccel_wq, &req->notify_work);
	if (READ_ONCE(req->releasing))
		queue_work(piaccel_wq, &req->reap);
}

static void piaccel_notify_work(struct work_struct *work)
{
	static DEFINE_RATELIMIT_STATE(limit, HZ, 20);
	struct piaccel_request *req =
		container_of(work, struct piaccel_request, notify_work);
	char cause[32], chip[32 + PIACCEL_NAME_SIZE];
	char consumer[32 + PIACCEL_CONSUMER_SIZE];
	char *envp[4] = { };

	piaccel_stream_tripped(req);
	sysfs_notify(&piaccel_dev->kobj, NULL, "trips");
	ratelimit_set_flags(&limit, RATELIMIT_MSG_ON_RELEASE);
	if (!__ratelimit(&limit))
		return;
	snprintf(cause, sizeof(cause), "PIACCEL_TRIP=%s",
		 piaccel_causes[READ_ONCE(req->cause)]);
	snprintf(chip, sizeof(chip), "PIACCEL_CHIP=%s", req->chip);
	snprintf(consumer, sizeof(consumer), "PIACCEL_CONSUMER=%s",
		 req->consumer);
	envp[0] = cause;
	envp[1] = chip;
	envp[2] = consumer;
	kobject_uevent_env(&piaccel_dev->kobj, KOBJ_CHANGE, envp);
}

void piaccel_failsafe_setup(struct piaccel_request *req)
{
	mutex_init(&req->hw);
	raw_spin_lock_init(&req->lock);
	kthread_init_work(&req->trip_work, piaccel_trip_work);
	init_irq_work(&req->notify, piaccel_notify);
	INIT_WORK(&req->notify_work, piaccel_notify_work);
	hrtimer_setup(&req->deadline, piaccel_deadline, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
}

/**
 * piaccel_failsafe_flush() - wait for the end of what a trip has set off
 * @req: the request; nothing trips it any more
 */
void piaccel_failsafe_flush(struct piaccel_request *req)
{
	hrtimer_cancel(&req->deadline);
	kthread_flush_work(&req->trip_work);
	irq_work_sync(&req->notify);
	flush_work(&req->notify_work);
}

/* ---- calls -------------------------------------------------------------- */

/* What keeps a KEEPALIVE from being heard. Under req->lock. */
static int piaccel_keepalive_check(struct piaccel_request *req)
{
	if (req->gone)
		return -ENODEV;
	if (!req->keepalive_ns)
		return -EINVAL;
	if (req->tripped)
		return -ESHUTDOWN;
	return req->disarmed ? -EINVAL : 0;
}

static int piaccel_feed(struct piaccel_request *req, u64 deadline)
{
	u64 now;
	int ret;

	raw_spin_lock_irq(&req->lock);
	now = ktime_get_ns();
	ret = piaccel_keepalive_check(req);
	if (!ret && now >= req->deadline_ns)
		ret = -ESHUTDOWN;
	else if (!ret && deadline && (deadline <= now ||
				      deadline - now > req->keepalive_ns))
		ret = -ERANGE;
	if (!ret) {
		req->deadline_ns = deadline ?: now + req->keepalive_ns;
		req->keepalives++;
		hrtimer_start(&req->deadline, ns_to_ktime(req->deadline_ns),
			      HRTIMER_MODE_ABS_HARD);
	}
	raw_spin_unlock_irq(&req->lock);
	return ret;
}

long piaccel_line_keepalive(struct file *file, void *arg)
{
	struct piaccel_request *req = file->private_data;
	struct piaccel_keepalive *k = arg;
	int ret;

	raw_spin_lock_irq(&req->lock);
	ret = piaccel_keepalive_check(req);
	raw_spin_unlock_irq(&req->lock);
	if (ret)
		return ret;
	if (piaccel_interlock_open(req)) {
		piaccel_trip(req, PIACCEL_TRIP_INTERLOCK, ktime_get_ns());
		return -ESHUTDOWN;
	}
	ret = piaccel_feed(req, k->deadline_ns);
	if (ret == -ESHUTDOWN)
		piaccel_trip(req, PIACCEL_TRIP_DEADLINE, 0);
	return ret;
}

long piaccel_line_trip(struct file *file, void *arg)
{
	struct piaccel_request *req = file->private_data;

	if (!req->safe_mask)
		return -EINVAL;
	if (READ_ONCE(req->gone))
		return -ENODEV;
	piaccel_trip(req, PIACCEL_TRIP_USER, ktime_get_ns());
	if (req->defers)
		kthread_flush_work(&req->trip_work);
	return 0;
}

/* Under req->lock. */
static int piaccel_may_rearm(struct piaccel_request *req, u64 seq, u64 open)
{
	if (req->gone)
		return -ENODEV;
	if (seq != req->trip_seq)
		return -ESTALE;
	if (piaccel_ending())
		return -ESHUTDOWN;
	return open ? -EBUSY : 0;
}

/* Under req->config. The latch opens only if the interlocks are closed. */
static int piaccel_rearm_locked(struct piaccel_request *req, u64 seq)
{
	bool sleeping = req->sleeps;
	u64 open = 0;
	int ret;

	if (req->defers)
		kthread_flush_work(&req->trip_work);
	if (sleeping)
		open = piaccel_interlock_open(req);
	/* What is still owed is not driven over what the owner sets then. */
	mutex_lock(&req->hw);
	raw_spin_lock_irq(&req->lock);
	if (!sleeping)
		open = piaccel_interlock_open(req);
	ret = piaccel_may_rearm(req, seq, open);
	if (!ret && (req->tripped || req->disarmed)) {
		req->tripped = false;
		req->owed = false;
		req->disarmed = false;
		if (req->keepalive_ns) {
			req->deadline_ns = ktime_get_ns() + req->keepalive_ns;
			hrtimer_start(&req->deadline,
				      ns_to_ktime(req->deadline_ns),
				      HRTIMER_MODE_ABS_HARD);
		}
	}
	raw_spin_unlock_irq(&req->lock);
	mutex_unlock(&req->hw);
	return ret;
}

long piaccel_line_rearm(struct file *file, void *arg)
{
	struct piaccel_request *req = file->private_data;
	struct piaccel_rearm *r = arg;
	int ret;

	if (!req->safe_mask)
		return -EINVAL;
	mutex_lock(&req->config);
	ret = piaccel_rearm_locked(req, r->trip_seq);
	mutex_unlock(&req->config);
	/* It may have opened between the look at it and the latch. */
	if (!ret && req->sleeps && piaccel_interlock_open(req))
		piaccel_trip(req, PIACCEL_TRIP_INTERLOCK, ktime_get_ns());
	if (!ret)
		piaccel_changed();
	return ret;
}

long piaccel_line_disarm(struct file *file, void *arg)
{
	struct piaccel_request *req = file->private_data;

	if (!req->safe_mask)
		return -EINVAL;
	if (READ_ONCE(req->gone))
		return -ENODEV;
	raw_spin_lock_irq(&req->lock);
	req->disarmed = true;
	req->deadline_ns = 0;
	raw_spin_unlock_irq(&req->lock);
	piaccel_changed();
	return 0;
}
