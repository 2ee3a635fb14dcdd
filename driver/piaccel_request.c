// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: taking lines from gpiolib and giving them back.
 *
 * A request names a chip by its label. gpiolib hands lines to whoever has a
 * lookup table for them, so each request brings one, for the moment it takes.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/gpio/machine.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "piaccel.h"

/* Rounds in which the cost of reading is measured; the best one counts. */
#define PIACCEL_COST_ROUNDS 8

/* The requests, held ones included; the panic notifier reads it under RCU. */
LIST_HEAD(piaccel_requests);

/*
 * Protects piaccel_requests, the lookup table while it is registered, and who
 * owns a held request's lines.
 */
DEFINE_MUTEX(piaccel_requests_mutex);

/* The consumer of the lookup tables. Never registered: only its name counts. */
static struct device piaccel_consumer = {
	.init_name = "piaccel-request",
};

/* ---- what can be refused without looking at a chip ---------------------- */

static int piaccel_check_lines(const struct piaccel_line_request *r)
{
	unsigned int i, k;

	if (!r->num_lines || r->num_lines > PIACCEL_LINES_MAX)
		return -EINVAL;
	for (i = 0; i < r->num_lines; i++)
		for (k = 0; k < i; k++)
			if (r->offsets[i] == r->offsets[k])
				return -EINVAL;
	for (; i < PIACCEL_LINES_MAX; i++)
		if (r->offsets[i])
			return -EINVAL;
	return 0;
}

static int piaccel_check_safe(const struct piaccel_line_request *r, u64 all)
{
	u64 out = r->config.output_mask, in = all & ~out;

	if (r->safe_mask & ~out || r->safe_values & ~r->safe_mask)
		return -EINVAL;
	if (r->interlock_mask & ~in ||
	    r->interlock_mask & r->config.debounce_mask ||
	    r->interlock_values & ~r->interlock_mask)
		return -EINVAL;
	if (!r->safe_mask && (r->interlock_mask || r->keepalive_ns ||
			      r->flags & PIACCEL_LINE_HOLD))
		return -EINVAL;
	if (r->keepalive_ns && (r->keepalive_ns < PIACCEL_KEEPALIVE_MIN_NS ||
				r->keepalive_ns > PIACCEL_KEEPALIVE_MAX_NS))
		return -ERANGE;
	return 0;
}

static int piaccel_check_request(const struct piaccel_line_request *r)
{
	u64 all;
	int ret;

	if (!r->chip[0] || strnlen(r->chip, sizeof(r->chip)) ==
			   sizeof(r->chip) ||
	    strnlen(r->consumer, sizeof(r->consumer)) == sizeof(r->consumer))
		return -EINVAL;
	if (r->flags & ~(PIACCEL_LINE_HOLD | PIACCEL_LINE_ADOPT) || r->pad ||
	    r->reserved[0] || r->reserved[1] || r->reserved[2] ||
	    r->event_buffer > PIACCEL_EVENTS_MAX)
		return -EINVAL;
	ret = piaccel_check_lines(r);
	if (ret)
		return ret;
	all = GENMASK_ULL(r->num_lines - 1, 0);
	ret = piaccel_config_check(&r->config, all);
	if (ret)
		return ret;
	return piaccel_check_safe(r, all);
}

/* ---- the object --------------------------------------------------------- */

static void piaccel_request_free(struct kref *kref)
{
	struct piaccel_request *req =
		container_of(kref, struct piaccel_request, kref);

	kvfree(req->events);
	kfree_rcu(req, rcu);
}

void piaccel_request_put(struct piaccel_request *req)
{
	kref_put(&req->kref, piaccel_request_free);
}

static void piaccel_request_reap(struct work_struct *work);

static struct piaccel_request *
piaccel_request_new(const struct piaccel_line_request *r)
{
	struct piaccel_request *req;
	unsigned int i;

	req = kzalloc(struct_size(req, lines, r->num_lines),
		      GFP_KERNEL_ACCOUNT);
	if (!req)
		return NULL;
	req->num = r->num_lines;
	req->event_size = roundup_pow_of_two(r->event_buffer ?:
					     16 * r->num_lines);
	req->events = kvcalloc(req->event_size, sizeof(*req->events),
			       GFP_KERNEL_ACCOUNT);
	if (!req->events) {
		kfree(req);
		return NULL;
	}
	kref_init(&req->kref);
	INIT_LIST_HEAD(&req->node);
	strscpy(req->chip, r->chip);
	strscpy(req->consumer, r->consumer[0] ? r->consumer : "piaccel");
	req->owner = task_tgid_nr(current);
	req->all = GENMASK_ULL(r->num_lines - 1, 0);
	for (i = 0; i < r->num_lines; i++)
		req->offsets[i] = r->offsets[i];
	req->hold = r->flags & PIACCEL_LINE_HOLD;
	req->cfg = r->config;
	req->drain = r->config.open_drain_mask;
	req->source = r->config.open_source_mask;
	req->values = r->config.values;
	req->safe_mask = r->safe_mask;
	req->safe_values = r->safe_values;
	req->interlock_mask = r->interlock_mask;
	req->interlock_values = r->interlock_values;
	req->keepalive_ns = r->keepalive_ns;
	mutex_init(&req->config);
	INIT_WORK(&req->reap, piaccel_request_reap);
	piaccel_failsafe_setup(req);
	piaccel_event_init(req);
	return req;
}

/* ---- the chip ----------------------------------------------------------- */

/* Under req->config, the request gone: nobody looks at the lines any more. */
static void piaccel_put_lines(struct piaccel_request *req)
{
	unsigned int i;

	if (!req->owned)
		return;
	for (i = 0; i < req->num; i++)
		gpiod_put(req->desc[i]);
	req->owned = false;
}

/* Under req->config. No output is written after this. */
static void piaccel_set_gone(struct piaccel_request *req)
{
	mutex_lock(&req->hw);
	raw_spin_lock_irq(&req->lock);
	req->gone = true;
	req->deadline_ns = 0;
	raw_spin_unlock_irq(&req->lock);
	mutex_unlock(&req->hw);
}

/*
 * The chip is about to go: its lines get their safe values while it still
 * works, and interrupts, streams and our hold on the lines end before it does.
 * A GET that is under way may still look at a line that is nobody's now; the
 * descriptors live as long as our reference to the chip.
 */
static void piaccel_chip_gone(struct piaccel_request *req)
{
	mutex_lock(&req->config);
	if (req->gone) {
		mutex_unlock(&req->config);
		return;
	}
	piaccel_trip(req, PIACCEL_TRIP_CHIP, ktime_get_ns());
	kthread_flush_work(&req->trip_work);
	piaccel_stream_end_all(req, PIACCEL_BLOCK_GONE);
	piaccel_event_stop_all(req);
	piaccel_set_gone(req);
	piaccel_put_lines(req);
	mutex_unlock(&req->config);
	wake_up_all(&req->wait);
	/*
	 * Nobody is there to close a held request. The barrier pairs with that
	 * in piaccel_request_hold(): one of us sees the other.
	 */
	smp_mb();
	if (READ_ONCE(req->held))
		queue_work(piaccel_wq, &req->reap);
}

static int piaccel_parent_event(struct notifier_block *nb,
				unsigned long action, void *data)
{
	struct piaccel_request *req =
		container_of(nb, struct piaccel_request, parent_nb);

	if (action == BUS_NOTIFY_UNBIND_DRIVER && data == req->parent)
		piaccel_chip_gone(req);
	return NOTIFY_DONE;
}

/* Too late for the lines, but not for those who wait for them. */
static int piaccel_chip_event(struct notifier_block *nb, unsigned long action,
			      void *data)
{
	struct piaccel_request *req =
		container_of(nb, struct piaccel_request, chip_nb);

	if (action == BUS_NOTIFY_DEL_DEVICE &&
	    data == gpio_device_to_device(req->gdev))
		piaccel_chip_gone(req);
	return NOTIFY_DONE;
}

static void piaccel_chip_unwatch(struct piaccel_request *req)
{
	if (!req->gdev)
		return;
	if (req->chip_nb.notifier_call)
		bus_unregister_notifier(gpio_device_to_device(req->gdev)->bus,
					&req->chip_nb);
	if (req->parent_nb.notifier_call)
		bus_unregister_notifier(req->parent->bus, &req->parent_nb);
}

static void piaccel_chip_release(struct piaccel_request *req)
{
	put_device(req->parent);
	if (req->gdev)
		gpio_device_put(req->gdev);
	req->parent = NULL;
	req->gdev = NULL;
}

static int piaccel_watch_bus(const struct bus_type *bus,
			     struct notifier_block *nb,
			     notifier_fn_t call)
{
	int ret;

	if (!bus)
		return 0;
	nb->notifier_call = call;
	ret = bus_register_notifier(bus, nb);
	if (ret)
		nb->notifier_call = NULL;
	return ret;
}

/* Is the chip registered still? Otherwise its going went unheard. */
static bool piaccel_chip_there(struct piaccel_request *req)
{
	struct gpio_device *gdev = gpio_device_find_by_label(req->chip);
	bool there = gdev == req->gdev;

	if (gdev)
		gpio_device_put(gdev);
	return there;
}

static int piaccel_chip_watch(struct piaccel_request *req)
{
	struct device *dev;
	int ret;

	req->gdev = gpio_device_find_by_label(req->chip);
	if (!req->gdev)
		return -ENODEV;
	dev = gpio_device_to_device(req->gdev);
	req->parent = get_device(dev->parent);
	/*
	 * A driver is unbound under this lock, from the notice to the end: we
	 * hear of it, or see that it has happened.
	 */
	if (req->parent)
		device_lock(req->parent);
	ret = piaccel_watch_bus(dev->bus, &req->chip_nb, piaccel_chip_event);
	if (!ret && req->parent)
		ret = piaccel_watch_bus(req->parent->bus, &req->parent_nb,
					piaccel_parent_event);
	if (!ret && !piaccel_chip_there(req))
		ret = -ENODEV;
	if (req->parent)
		device_unlock(req->parent);
	return ret;
}

/* ---- lines -------------------------------------------------------------- */

static struct gpiod_lookup_table *
piaccel_lookup_table(struct piaccel_request *req)
{
	struct gpiod_lookup_table *table;
	struct gpiod_lookup *l;
	unsigned int i;
	u64 bit;

	/* One more, all zeroes, ends it. */
	table = kzalloc(struct_size(table, table, req->num + 1), GFP_KERNEL);
	if (!table)
		return NULL;
	table->dev_id = piaccel_consumer.init_name;
	for (i = 0; i < req->num; i++) {
		bit = BIT_ULL(i);
		l = &table->table[i];
		*l = GPIO_LOOKUP_IDX(req->chip, req->offsets[i], NULL, i,
				     GPIO_LOOKUP_FLAGS_DEFAULT);
		if (req->cfg.active_low_mask & bit)
			l->flags |= GPIO_ACTIVE_LOW;
		if (req->cfg.open_drain_mask & bit)
			l->flags |= GPIO_OPEN_DRAIN;
		if (req->cfg.open_source_mask & bit)
			l->flags |= GPIO_OPEN_SOURCE;
	}
	return table;
}

/* gpiolib's view of a chip that goes while we look is not ours to pass on. */
static int piaccel_get_error(int err)
{
	return err == -EPROBE_DEFER || err == -ENOENT ? -ENODEV : err;
}

/* Under both mutexes. Changes nothing on the lines. */
static int piaccel_get_lines(struct piaccel_request *req)
{
	struct gpiod_lookup_table *table;
	struct gpio_desc *desc;
	unsigned int i;
	int ret = 0;

	table = piaccel_lookup_table(req);
	if (!table)
		return -ENOMEM;
	gpiod_add_lookup_table(table);
	for (i = 0; i < req->num; i++) {
		desc = gpiod_get_index(&piaccel_consumer, NULL, i, GPIOD_ASIS);
		if (IS_ERR(desc)) {
			ret = piaccel_get_error(PTR_ERR(desc));
			pr_debug("piaccel: %s:%u: %d\n", req->chip,
				 req->offsets[i], ret);
			break;
		}
		req->desc[i] = desc;
		ret = gpiod_set_consumer_name(desc, req->consumer);
		if (ret) {
			gpiod_put(desc);
			break;
		}
		if (gpiod_cansleep(desc))
			req->sleeps = true;
	}
	gpiod_remove_lookup_table(table);
	kfree(table);
	if (!ret) {
		req->owned = true;
		return 0;
	}
	while (i--)
		gpiod_put(req->desc[i]);
	return ret;
}

static int piaccel_setup_inputs(struct piaccel_request *req)
{
	unsigned int i;
	int ret;

	for (i = 0; i < req->num; i++) {
		if (req->cfg.output_mask & BIT_ULL(i))
			continue;
		if (!req->adopted) {
			ret = piaccel_config_bias(req, i, NULL, &req->cfg);
			if (!ret)
				ret = gpiod_direction_input(req->desc[i]);
			if (ret)
				return ret;
		}
		ret = piaccel_event_setup(&req->lines[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static int piaccel_setup_outputs(struct piaccel_request *req)
{
	unsigned int i;
	u64 bit, values;
	int ret;

	for (i = 0; i < req->num; i++) {
		bit = BIT_ULL(i);
		if (!(req->cfg.output_mask & bit))
			continue;
		values = req->cfg.values;
		/* An interlock that is open, or opens meanwhile, has tripped. */
		if (req->safe_mask & bit && READ_ONCE(req->tripped))
			values = req->safe_values;
		ret = piaccel_config_bias(req, i, NULL, &req->cfg);
		if (!ret)
			ret = gpiod_direction_output(req->desc[i],
						     !!(values & bit));
		if (ret)
			return ret;
	}
	return 0;
}

/* How long it takes to read all lines, and what that allows for streams. */
static void piaccel_measure(struct piaccel_request *req)
{
	u64 start, cost, best = U64_MAX, bits;
	unsigned long flags;
	unsigned int i;

	if (req->sleeps)
		return;
	for (i = 0; i < PIACCEL_COST_ROUNDS; i++) {
		local_irq_save(flags);
		start = ktime_get_ns();
		if (piaccel_read(req, req->all, &bits))
			bits = 0;
		cost = ktime_get_ns() - start;
		local_irq_restore(flags);
		best = min(best, cost);
	}
	req->read_cost_ns = max_t(u64, best, 1);
	/* A stream takes half of a CPU at most. */
	req->floor_ns = max_t(u64, READ_ONCE(piaccel_period_floor_ns),
			      2 * best);
}

/* Under piaccel_requests_mutex and req->config. */
static int piaccel_request_setup(struct piaccel_request *req)
{
	int ret;

	ret = piaccel_setup_inputs(req);
	if (ret)
		return ret;
	if (piaccel_interlock_open(req))
		piaccel_trip(req, PIACCEL_TRIP_INTERLOCK, ktime_get_ns());
	if (!req->adopted) {
		ret = piaccel_setup_outputs(req);
		if (ret)
			return ret;
	}
	piaccel_measure(req);
	return 0;
}

/* ---- the end of a request ----------------------------------------------- */

/*
 * Under piaccel_requests_mutex; the request's file is gone or was never seen.
 * The memory stays until streams have let go of it.
 */
static void piaccel_request_teardown(struct piaccel_request *req)
{
	struct device *parent = req->parent;

	/*
	 * From here the chip's going is no longer heard of, so it must not go
	 * before lines and interrupts are given back: the core unbinds a
	 * driver under this lock.
	 */
	if (parent)
		device_lock(parent);
	piaccel_chip_unwatch(req);
	mutex_lock(&req->config);
	piaccel_stream_end_all(req, PIACCEL_BLOCK_GONE);
	piaccel_event_stop_all(req);
	/* What a trip has set off on a chip that sleeps ends before the lines. */
	kthread_flush_work(&req->trip_work);
	piaccel_set_gone(req);
	piaccel_put_lines(req);
	mutex_unlock(&req->config);
	if (parent)
		device_unlock(parent);
	piaccel_failsafe_flush(req);
	piaccel_event_flush(req);
	/* A panic may be looking: the memory outlives its look by RCU. */
	if (!list_empty(&req->node))
		list_del_rcu(&req->node);
	piaccel_chip_release(req);
}

static void piaccel_request_reap(struct work_struct *work)
{
	struct piaccel_request *req =
		container_of(work, struct piaccel_request, reap);

	mutex_lock(&piaccel_requests_mutex);
	if (req->held) {
		req->held = false;
		piaccel_request_teardown(req);
		mutex_unlock(&piaccel_requests_mutex);
		/* The chip may have asked once more; it is unwatched now. */
		cancel_work(work);
		piaccel_request_put(req);
		return;
	}
	mutex_unlock(&piaccel_requests_mutex);
}

/* Under piaccel_requests_mutex. Return: the lines stay ours. */
static bool piaccel_request_hold(struct piaccel_request *req)
{
	if (!req->hold || req->gone)
		return false;
	mutex_lock(&req->config);
	piaccel_stream_end_all(req, PIACCEL_BLOCK_GONE);
	piaccel_event_stop_all(req);
	mutex_unlock(&req->config);
	piaccel_failsafe_flush(req);
	piaccel_event_flush(req);
	/* Disarmed or not: nobody is there to answer for another value. */
	piaccel_drive_safe(req);
	WRITE_ONCE(req->held, true);
	/* Pairs with that in piaccel_chip_gone(). */
	smp_mb();
	if (READ_ONCE(req->gone))
		queue_work(piaccel_wq, &req->reap);
	return true;
}

/* The last file descriptor is gone. */
void piaccel_request_close(struct piaccel_request *req)
{
	bool held;

	/* The lines first; everything else can wait. */
	if (req->ready)
		piaccel_trip(req, PIACCEL_TRIP_CLOSE, ktime_get_ns());
	mutex_lock(&piaccel_requests_mutex);
	held = req->ready && piaccel_request_hold(req);
	if (!held && req->ready)
		piaccel_request_teardown(req);
	mutex_unlock(&piaccel_requests_mutex);
	if (!held)
		piaccel_request_put(req);
}

/* ---- taking over -------------------------------------------------------- */

/* Under piaccel_requests_mutex. */
static struct piaccel_request *piaccel_find_held(struct piaccel_request *req)
{
	struct piaccel_request *held;

	list_for_each_entry(held, &piaccel_requests, node)
		if (held->held && !held->gone && held->num == req->num &&
		    !strcmp(held->chip, req->chip) &&
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

/* Under piaccel_requests_mutex. The lines stay with @held for the moment. */
static int piaccel_borrow_lines(struct piaccel_request *req,
				struct piaccel_request *held)
{
	if (!held)
		return -ENOENT;
	if (!piaccel_same_lines(&held->cfg, &req->cfg))
		return -EINVAL;
	memcpy(req->desc, held->desc, sizeof(req->desc));
	req->sleeps = held->sleeps;
	req->values = held->values;
	req->drain = held->drain;
	req->source = held->source;
	req->adopted = true;
	return 0;
}

/*
 * Under piaccel_requests_mutex. The two mutexes are not held together: whoever
 * of the two hears of the chip's going gives the lines back.
 */
static int piaccel_take_lines(struct piaccel_request *req,
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

	/* What the device tree wants safe is, whoever has the lines. */
	if (held->origin) {
		req->origin = held->origin;
		req->hold = true;
		if (!req->safe_mask) {
			req->safe_mask = held->safe_mask;
			req->safe_values = held->safe_values;
		}
		held->origin = NULL;
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

/* ---- the call ----------------------------------------------------------- */

/* Are the offsets lines of the chip? gpiolib would say so in the log. */
static int piaccel_check_offsets(struct piaccel_request *req,
				 const struct piaccel_line_request *r)
{
	unsigned int i;

	for (i = 0; i < r->num_lines; i++)
		if (r->offsets[i] >= U16_MAX ||
		    IS_ERR(gpio_device_get_desc(req->gdev, r->offsets[i])))
			return -EINVAL;
	return 0;
}

/* Under piaccel_requests_mutex. */
static int piaccel_request_start(struct piaccel_request *req,
				 const struct piaccel_line_request *r,
				 struct piaccel_request **adopted)
{
	struct piaccel_request *held = NULL;
	int ret;

	ret = piaccel_chip_watch(req);
	if (ret) {
		piaccel_request_teardown(req);
		return ret;
	}
	mutex_lock(&req->config);
	ret = req->gone ? -ENODEV : piaccel_check_offsets(req, r);
	if (!ret && r->flags & PIACCEL_LINE_ADOPT) {
		held = piaccel_find_held(req);
		ret = piaccel_borrow_lines(req, held);
	} else if (!ret) {
		ret = piaccel_get_lines(req);
	}
	if (!ret)
		ret = piaccel_request_setup(req);
	mutex_unlock(&req->config);
	if (!ret && held)
		ret = piaccel_take_lines(req, held);
	if (ret) {
		piaccel_request_teardown(req);
		return ret;
	}
	list_add_tail_rcu(&req->node, &piaccel_requests);
	*adopted = held;
	piaccel_failsafe_start(req);
	return 0;
}

long piaccel_line_request(struct file *file, void *arg)
{
	struct piaccel_request *req, *held = NULL;
	struct piaccel_line_request *r = arg;
	struct file *filp;
	int fd, ret;

	ret = piaccel_check_request(r);
	if (ret)
		return ret;
	req = piaccel_request_new(r);
	if (!req)
		return -ENOMEM;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		piaccel_request_put(req);
		return fd;
	}
	filp = anon_inode_getfile("piaccel-line", &piaccel_line_fops, req,
				  O_RDWR | O_CLOEXEC);
	if (IS_ERR(filp)) {
		piaccel_request_put(req);
		put_unused_fd(fd);
		return PTR_ERR(filp);
	}

	/* The lines come last: after them nothing can be refused. */
	mutex_lock(&piaccel_requests_mutex);
	ret = piaccel_request_start(req, r, &held);
	mutex_unlock(&piaccel_requests_mutex);
	if (ret) {
		put_unused_fd(fd);
		/* Its release frees the request. */
		fput(filp);
		return ret;
	}
	if (held) {
		/* A reaper on its way finds it no longer held. */
		cancel_work_sync(&held->reap);
		piaccel_request_put(held);
	}
	fd_install(fd, filp);
	return fd;
}

/* ---- lines of the device tree ----------------------------------------------- */

/* Under req->config, the lines ours. The safe values are the first. */
static int piaccel_hold_setup(struct piaccel_request *req)
{
	unsigned int i;
	int ret;

	for (i = 0; i < req->num; i++) {
		if (gpiod_cansleep(req->desc[i]))
			req->sleeps = true;
		ret = 0;
		if (!(req->cfg.output_mask & BIT_ULL(i)))
			ret = gpiod_direction_input(req->desc[i]);
		if (ret)
			return ret;
	}
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
	if (!req)
		return -ENOMEM;
	req->origin = origin;
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
		mutex_lock(&piaccel_requests_mutex);
	}
	mutex_unlock(&piaccel_requests_mutex);
}

/* ---- the rest ----------------------------------------------------------- */

void piaccel_request_show(struct seq_file *s)
{
	struct piaccel_request *req;
	unsigned int i;

	seq_printf(s, "trips: %lld\n", atomic64_read(&piaccel_trips));
	mutex_lock(&piaccel_requests_mutex);
	list_for_each_entry(req, &piaccel_requests, node) {
		seq_printf(s, "request: %s", req->chip);
		for (i = 0; i < req->num; i++)
			seq_printf(s, "%c%u", i ? ',' : ':', req->offsets[i]);
		raw_spin_lock_irq(&req->lock);
		seq_printf(s, ", %s[%d]%s%s%s%s%s%s, trips %llu, cause %u, values %#llx, deadline %llu\n",
			   req->consumer, req->owner,
			   req->held ? " held" : "",
			   req->adopted ? " adopted" : "",
			   req->tripped ? " tripped" : "",
			   req->disarmed ? " disarmed" : "",
			   req->sleeps ? " sleeps" : "",
			   req->gone ? " gone" : "", req->trip_seq, req->cause,
			   req->values, req->deadline_ns);
		raw_spin_unlock_irq(&req->lock);
		raw_spin_lock_irq(&req->event_lock);
		seq_printf(s, "  edges %u, queued %u, lost %llu, read cost %llu ns, period floor %llu ns\n",
			   req->event_seq, req->event_head - req->event_tail,
			   req->event_lost, req->read_cost_ns, req->floor_ns);
		raw_spin_unlock_irq(&req->event_lock);
	}
	mutex_unlock(&piaccel_requests_mutex);
}

/* The module goes: there are no files any more, only held requests. */
void piaccel_request_exit(void)
{
	struct piaccel_request *req;

	mutex_lock(&piaccel_requests_mutex);
	while (!list_empty(&piaccel_requests)) {
		req = list_first_entry(&piaccel_requests,
				       struct piaccel_request, node);
		req->held = false;
		piaccel_request_teardown(req);
		mutex_unlock(&piaccel_requests_mutex);
		cancel_work_sync(&req->reap);
		piaccel_request_put(req);
		mutex_lock(&piaccel_requests_mutex);
	}
	mutex_unlock(&piaccel_requests_mutex);
	/* Requests are freed after a grace period, by the core: nothing of us. */
}
