// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: requests, from the call to the last of their lines.
 */
#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/dma-fence.h>
#include <linux/file.h>
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
	/* Held without a safe value a line would stay as its owner left it. */
	if (r->flags & PIACCEL_LINE_HOLD && r->safe_mask != out)
		return -EINVAL;
	if (!r->safe_mask && (r->interlock_mask || r->keepalive_ns ||
			      r->flags & (PIACCEL_LINE_HOLD |
					  PIACCEL_LINE_NO_SUSPEND)))
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
	    strnlen(r->consumer, sizeof(r->consumer)) == sizeof(r->consumer) ||
	    !piaccel_printable(r->consumer))
		return -EINVAL;
	if (r->flags & ~(PIACCEL_LINE_HOLD | PIACCEL_LINE_ADOPT |
			 PIACCEL_LINE_NO_SUSPEND) || r->pad ||
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
	put_pid(req->owner);
	piaccel_uncharge(&req->queue);
	piaccel_uncharge(&req->kept);
	kfree_rcu(req, rcu);
}

void piaccel_request_put(struct piaccel_request *req)
{
	kref_put(&req->kref, piaccel_request_free);
}

static void piaccel_request_reap(struct work_struct *work);

static int piaccel_event_queue(struct piaccel_request *req, u32 size)
{
	int ret;

	ret = piaccel_charge(&req->queue, PIACCEL_QUOTA_QUEUE,
			     (u64)size * sizeof(*req->events));
	if (ret)
		return ret;
	req->event_size = size;
	req->events = kvcalloc(req->event_size, sizeof(*req->events),
			       GFP_KERNEL_ACCOUNT);
	if (req->events)
		return 0;
	piaccel_uncharge(&req->queue);
	return -ENOMEM;
}

/* Return: the request, or -ENOMEM or -EDQUOT as an error pointer. */
struct piaccel_request *
piaccel_request_new(const struct piaccel_line_request *r)
{
	struct piaccel_request *req;
	unsigned int i;
	int ret;

	req = kzalloc(struct_size(req, lines, r->num_lines),
		      GFP_KERNEL_ACCOUNT);
	if (!req)
		return ERR_PTR(-ENOMEM);
	req->num = r->num_lines;
	ret = piaccel_event_queue(req, roundup_pow_of_two(r->event_buffer ?:
							  16 * r->num_lines));
	if (ret) {
		kfree(req);
		return ERR_PTR(ret);
	}
	kref_init(&req->kref);
	INIT_LIST_HEAD(&req->node);
	strscpy(req->chip, r->chip);
	strscpy(req->consumer, r->consumer[0] ? r->consumer : "piaccel");
	/*
	 * An interrupt's name becomes a folder in /proc/irq, where a slash, "."
	 * and the names of the files there would be refused with a warning.
	 */
	snprintf(req->irq_name, sizeof(req->irq_name), "piaccel:%s",
		 req->consumer);
	strreplace(req->irq_name, '/', ':');
	req->owner = get_pid(task_tgid(current));
	req->uid = current_uid();
	req->all = GENMASK_ULL(r->num_lines - 1, 0);
	for (i = 0; i < r->num_lines; i++)
		req->offsets[i] = r->offsets[i];
	req->hold = r->flags & PIACCEL_LINE_HOLD;
	req->no_suspend = r->flags & PIACCEL_LINE_NO_SUSPEND;
	req->cfg = r->config;
	req->drain = r->config.open_drain_mask;
	req->source = r->config.open_source_mask;
	req->values = r->config.values;
	req->safe_mask = r->safe_mask;
	req->safe_values = r->safe_values;
	req->interlock_mask = r->interlock_mask;
	req->interlock_values = r->interlock_values;
	req->keepalive_ns = r->keepalive_ns;
	req->fence_context = dma_fence_context_alloc(PIACCEL_SLOTS);
	mutex_init(&req->config);
	INIT_WORK(&req->reap, piaccel_request_reap);
	piaccel_failsafe_setup(req);
	piaccel_event_init(req);
	return req;
}

/* ---- setting up --------------------------------------------------------- */

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

/* The level that making an output of a line leaves on it. */
static bool piaccel_quiet_level(struct piaccel_request *req, unsigned int i,
				u64 values)
{
	int level;

	if (req->safe_mask & BIT_ULL(i) && READ_ONCE(req->tripped))
		return req->safe_values & BIT_ULL(i);
	if (req->sleeps)
		level = gpiod_get_value_cansleep(req->desc[i]);
	else
		level = gpiod_get_value(req->desc[i]);
	/* A chip that cannot read an output never had another level. */
	return level < 0 ? values & BIT_ULL(i) : level;
}

/* Back to what they were, or safe: @driven to @levels, @inputs to inputs. */
static void piaccel_undo_outputs(struct piaccel_request *req, u64 driven,
				 u64 levels, u64 inputs)
{
	levels = (levels & ~req->safe_mask) | req->safe_values;
	piaccel_write(req, driven, levels & driven);
	for (; inputs; inputs &= inputs - 1)
		gpiod_direction_input(req->desc[__ffs64(inputs)]);
}

/**
 * piaccel_make_outputs() - drive lines that nothing of ours drives yet
 * @req: the request
 * @mask: the lines
 * @values: their logical values
 *
 * Directions come first, at the level that each line has; only when all lines
 * are outputs they take their values. After an error none of them is driven to
 * another level, or they have their safe values, and what was an input is one.
 * So it is when the system has begun to end meanwhile, which may not have seen
 * this request yet (-ESHUTDOWN); safe values may stand then.
 */
int piaccel_make_outputs(struct piaccel_request *req, u64 mask, u64 values)
{
	u64 left, bit, inputs = 0, levels = 0;
	unsigned int i;
	bool level;
	int ret = 0;

	for (left = mask; left; left &= left - 1) {
		i = __ffs64(left);
		bit = BIT_ULL(i);
		if (gpiod_get_direction(req->desc[i]))
			inputs |= bit;
		level = piaccel_quiet_level(req, i, values);
		ret = gpiod_direction_output(req->desc[i], level);
		if (ret) {
			piaccel_undo_outputs(req, 0, 0, inputs);
			return ret;
		}
		levels |= level ? bit : 0;
	}
	/* An interlock that is open, or opens meanwhile, has tripped. */
	if (READ_ONCE(req->tripped))
		values = (values & ~req->safe_mask) | req->safe_values;
	ret = piaccel_write(req, mask, values & mask);
	if (!ret && piaccel_ending() &&
	    (mask & ~req->safe_mask || (values ^ req->safe_values) & mask))
		ret = -ESHUTDOWN;
	if (ret)
		piaccel_undo_outputs(req, mask, levels, inputs);
	return ret;
}

int piaccel_setup_outputs(struct piaccel_request *req)
{
	unsigned int i;
	int ret;

	for (i = 0; i < req->num; i++) {
		if (!(req->cfg.output_mask & BIT_ULL(i)))
			continue;
		ret = piaccel_config_bias(req, i, NULL, &req->cfg);
		if (ret)
			return ret;
	}
	return piaccel_make_outputs(req, req->cfg.output_mask,
				    req->cfg.values);
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

	if (piaccel_ending() && req->cfg.output_mask)
		return -ESHUTDOWN;
	ret = req->defers ? piaccel_worker_get(req) : 0;
	if (ret)
		return ret;
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
void piaccel_request_teardown(struct piaccel_request *req)
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
	/* What a trip has set off in the worker ends before the lines. */
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

/* Its chip is gone, or it was kept for its safe values and they stand. */
static bool piaccel_may_reap(struct piaccel_request *req)
{
	bool may;

	raw_spin_lock_irq(&req->lock);
	may = req->gone || (req->releasing && !req->owed);
	raw_spin_unlock_irq(&req->lock);
	return may;
}

static void piaccel_request_reap(struct work_struct *work)
{
	struct piaccel_request *req =
		container_of(work, struct piaccel_request, reap);

	mutex_lock(&piaccel_requests_mutex);
	if (req->held && piaccel_may_reap(req)) {
		if (req->releasing)
			pr_info_ratelimited("piaccel: %s: lines of %s are given back\n",
					    req->chip, req->consumer);
		req->held = false;
		piaccel_request_teardown(req);
		mutex_unlock(&piaccel_requests_mutex);
		/* The chip may have asked once more; it is unwatched now. */
		cancel_work(work);
		piaccel_request_put(req);
		piaccel_changed();
		return;
	}
	mutex_unlock(&piaccel_requests_mutex);
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
	piaccel_changed();
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
		ret = piaccel_hold_charge(req);
		if (!ret)
			ret = piaccel_get_lines(req);
	}
	if (!ret)
		ret = piaccel_request_setup(req);
	mutex_unlock(&req->config);
	if (!ret) {
		/* Before the one it takes over goes: somebody has its lines. */
		list_add_tail_rcu(&req->node, &piaccel_requests);
		if (held)
			ret = piaccel_take_lines(req, held);
	}
	if (ret) {
		piaccel_request_teardown(req);
		return ret;
	}
	*adopted = held;
	piaccel_failsafe_start(req);
	piaccel_changed();
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
	if (IS_ERR(req))
		return PTR_ERR(req);
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
			   req->consumer, pid_nr(req->owner),
			   req->held ? req->releasing ? " releasing" :
			   " held" : "",
			   req->adopted ? " adopted" : "",
			   req->tripped ? " tripped" : "",
			   req->disarmed ? " disarmed" : "",
			   req->sleeps ? " sleeps" :
			   req->defers ? " defers" : "",
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
