// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: lines that the module keeps: after a close with PIACCEL_LINE_HOLD,
 * and for the device tree, until a request with PIACCEL_LINE_ADOPT; and after
 * any close, until the chip has taken the safe values that it owes.
 *
 * Lines that the device tree names have a floor: its safe values and its
 * interlocks are those of whoever has the lines. Others have an owner, the uid
 * that requested them.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "piaccel.h"

static bool piaccel_owes(struct piaccel_request *req)
{
	bool owed;

	raw_spin_lock_irq(&req->lock);
	owed = req->owed && !req->gone;
	raw_spin_unlock_irq(&req->lock);
	return owed;
}

/* Under piaccel_requests_mutex. Return: the lines stay ours. */
bool piaccel_request_hold(struct piaccel_request *req)
{
	if (req->gone || (!req->hold && !piaccel_owes(req)))
		return false;
	mutex_lock(&req->config);
	piaccel_stream_end_all(req, PIACCEL_BLOCK_GONE);
	piaccel_event_stop_all(req);
	mutex_unlock(&req->config);
	piaccel_failsafe_flush(req);
	piaccel_event_flush(req);
	/* Disarmed or not: nobody is there to answer for another value. */
	if (req->hold || piaccel_owes(req))
		piaccel_drive_safe(req);
	if (!req->hold && !piaccel_owes(req))
		return false;
	if (!req->hold) {
		pr_warn_ratelimited("piaccel: %s: lines of %s are kept until the chip takes their safe values\n",
				    req->chip, req->consumer);
		WRITE_ONCE(req->releasing, true);
	}
	WRITE_ONCE(req->held, true);
	/* Pairs with that in piaccel_chip_gone(). */
	smp_mb();
	if (READ_ONCE(req->gone) || (req->releasing && !piaccel_owes(req)))
		queue_work(piaccel_wq, &req->reap);
	return true;
}

/* ---- taking over -------------------------------------------------------- */

/* Under piaccel_requests_mutex. */
struct piaccel_request *piaccel_find_held(struct piaccel_request *req)
{
	struct piaccel_request *held;

	list_for_each_entry(held, &piaccel_requests, node)
		if (held->held && !held->gone && held->num == req->num &&
		    held->gdev == req->gdev &&
		    !memcmp(held->offsets, req->offsets,
			    req->num * sizeof(*req->offsets)))
			return held;
	return NULL;
}

static bool piaccel_same_lines(const struct piaccel_line_config *a,
			       const struct piaccel_line_config *b)
{
	return a->output_mask == b->output_mask &&
	       a->active_low_mask == b->active_low_mask &&
	       a->pull_up_mask == b->pull_up_mask &&
	       a->pull_down_mask == b->pull_down_mask &&
	       a->pull_none_mask == b->pull_none_mask &&
	       a->open_drain_mask == b->open_drain_mask &&
	       a->open_source_mask == b->open_source_mask;
}

/* Those of the device tree are anybody's: their floor protects them. */
static bool piaccel_may_adopt(struct piaccel_request *req,
			      struct piaccel_request *held)
{
	return held->origin || uid_eq(held->uid, req->uid) ||
	       capable(CAP_SYS_ADMIN);
}

/* Would the request have other safe values, or interlocks, than the floor? */
static bool piaccel_below_floor(struct piaccel_request *req,
				struct piaccel_request *held)
{
	u64 safe = req->safe_mask & held->floor_mask;
	u64 locks = req->interlock_mask & held->floor_locks;

	return (req->safe_values ^ held->floor_values) & safe ||
	       (req->interlock_values ^ held->floor_lock_values) & locks ||
	       req->cfg.debounce_mask & held->floor_locks;
}

static void piaccel_take_floor(struct piaccel_request *req,
			       struct piaccel_request *held)
{
	req->floor_mask = held->floor_mask;
	req->floor_values = held->floor_values;
	req->floor_locks = held->floor_locks;
	req->floor_lock_values = held->floor_lock_values;
	req->safe_mask |= held->floor_mask;
	req->safe_values |= held->floor_values;
	req->interlock_mask |= held->floor_locks;
	req->interlock_values |= held->floor_lock_values;
}

/* Whoever takes over a debt has to be able to pay it. */
static int piaccel_take_debt(struct piaccel_request *req,
			     struct piaccel_request *held)
{
	if (!req->safe_mask) {
		req->safe_mask = held->safe_mask;
		req->safe_values = held->safe_values;
	}
	if (held->safe_mask & ~req->safe_mask ||
	    (held->safe_values ^ req->safe_values) & held->safe_mask)
		return -EBUSY;
	return 0;
}

/* The lines of a floor are nobody's; others change hands in take_lines(). */
static int piaccel_adopt_charge(struct piaccel_request *req,
				struct piaccel_request *held)
{
	if (held->origin || (uid_eq(held->uid, req->uid) && held->kept.amount))
		return 0;
	return piaccel_hold_charge(req);
}

/* Of the quota for lines that are held, now, so that close cannot fail. */
int piaccel_hold_charge(struct piaccel_request *req)
{
	if (!req->hold)
		return 0;
	return piaccel_charge(&req->kept, PIACCEL_QUOTA_HELD, req->num);
}

/* Under piaccel_requests_mutex. The lines stay with @held for the moment. */
int piaccel_borrow_lines(struct piaccel_request *req,
			 struct piaccel_request *held)
{
	bool owed;
	int ret;

	if (!held)
		return -ENOENT;
	if (!piaccel_may_adopt(req, held))
		return -EPERM;
	if (!piaccel_same_lines(&held->cfg, &req->cfg))
		return -EINVAL;
	if (piaccel_below_floor(req, held))
		return -EPERM;
	piaccel_take_floor(req, held);
	owed = piaccel_owes(held);
	ret = owed ? piaccel_take_debt(req, held) : 0;
	if (!ret)
		ret = piaccel_adopt_charge(req, held);
	if (ret)
		return ret;
	memcpy(req->desc, held->desc, sizeof(req->desc));
	req->sleeps = held->sleeps;
	req->defers = held->defers;
	req->values = held->values;
	req->drain = held->drain;
	req->source = held->source;
	req->adopted = true;
	/* They are not safe yet: it is tripped, and drives them from now on. */
	if (owed)
		piaccel_trip(req, PIACCEL_TRIP_CLOSE, ktime_get_ns());
	return 0;
}

/*
 * Under piaccel_requests_mutex. The two mutexes are not held together: whoever
 * of the two hears of the chip's going gives the lines back.
 */
int piaccel_take_lines(struct piaccel_request *req,
		       struct piaccel_request *held)
{
	unsigned int i;
	bool owned;

	for (i = 0; i < req->num; i++)
		if (gpiod_set_consumer_name(req->desc[i], req->consumer))
			break;	/* the old name stays, no harm */

	mutex_lock(&held->config);
	owned = held->owned;
	held->owned = false;
	mutex_unlock(&held->config);
	if (!owned)
		return -ENODEV;

	/* They go back to the device tree's keeping. */
	if (held->origin) {
		req->origin = held->origin;
		req->hold = true;
		held->origin = NULL;
	} else if (req->hold && !req->kept.amount) {
		swap(req->kept, held->kept);
	}
	mutex_lock(&req->config);
	req->owned = true;
	if (req->gone)
		piaccel_put_lines(req);
	mutex_unlock(&req->config);
	held->held = false;
	piaccel_request_teardown(held);
	return 0;
}

/* ---- lines of the device tree ----------------------------------------------- */

/* Under req->config, the lines ours. The safe values are the first. */
static int piaccel_hold_setup(struct piaccel_request *req)
{
	unsigned int i;
	int ret;

	piaccel_defer_setup(req);
	for (i = 0; i < req->num; i++) {
		ret = 0;
		if (!(req->cfg.output_mask & BIT_ULL(i)))
			ret = gpiod_direction_input(req->desc[i]);
		if (ret)
			return ret;
	}
	ret = req->defers ? piaccel_worker_get(req) : 0;
	if (ret)
		return ret;
	return piaccel_setup_outputs(req);
}

/**
 * piaccel_request_hold_lines() - hold lines that another part has requested
 * @origin: on whose behalf, for piaccel_request_drop_held()
 * @r: the lines, as a program would ask for them
 * @desc: their descriptors; on success they belong to the held request
 */
int piaccel_request_hold_lines(struct device *origin,
			       const struct piaccel_line_request *r,
			       struct gpio_desc **desc)
{
	struct piaccel_request *req;
	int ret;

	req = piaccel_request_new(r);
	if (IS_ERR(req))
		return PTR_ERR(req);
	req->origin = origin;
	req->floor_mask = r->safe_mask;
	req->floor_values = r->safe_values;
	req->floor_locks = r->interlock_mask;
	req->floor_lock_values = r->interlock_values;
	memcpy(req->desc, desc, r->num_lines * sizeof(*desc));

	mutex_lock(&piaccel_requests_mutex);
	ret = piaccel_chip_watch(req);
	mutex_lock(&req->config);
	if (!ret)
		ret = req->gone ? -ENODEV : piaccel_hold_setup(req);
	req->owned = !ret;
	mutex_unlock(&req->config);
	if (ret) {
		piaccel_request_teardown(req);
		mutex_unlock(&piaccel_requests_mutex);
		piaccel_request_put(req);
		return ret;
	}
	list_add_tail_rcu(&req->node, &piaccel_requests);
	piaccel_failsafe_start(req);
	WRITE_ONCE(req->held, true);
	/* Pairs with that in piaccel_chip_gone(). */
	smp_mb();
	if (READ_ONCE(req->gone))
		queue_work(piaccel_wq, &req->reap);
	mutex_unlock(&piaccel_requests_mutex);
	piaccel_changed();
	return 0;
}

/* Under piaccel_requests_mutex. */
static struct piaccel_request *piaccel_find_origin(struct device *origin)
{
	struct piaccel_request *req;

	list_for_each_entry(req, &piaccel_requests, node)
		if (req->origin == origin)
			return req;
	return NULL;
}

/* How many of its lines are held, or adopted. */
unsigned int piaccel_request_lines_of(struct device *origin)
{
	struct piaccel_request *req;
	unsigned int n = 0;

	mutex_lock(&piaccel_requests_mutex);
	list_for_each_entry(req, &piaccel_requests, node)
		if (req->origin == origin && !READ_ONCE(req->gone))
			n += req->num;
	mutex_unlock(&piaccel_requests_mutex);
	return n;
}

/* Those of its lines that nobody has adopted go back to gpiolib. */
void piaccel_request_drop_held(struct device *origin)
{
	struct piaccel_request *req;

	mutex_lock(&piaccel_requests_mutex);
	while ((req = piaccel_find_origin(origin))) {
		req->origin = NULL;
		req->hold = false;
		if (!req->held)
			continue;
		req->held = false;
		piaccel_request_teardown(req);
		mutex_unlock(&piaccel_requests_mutex);
		cancel_work_sync(&req->reap);
		piaccel_request_put(req);
		piaccel_changed();
		mutex_lock(&piaccel_requests_mutex);
	}
	mutex_unlock(&piaccel_requests_mutex);
}
