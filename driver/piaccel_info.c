// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: who has which line and how it stands, for everybody who may open the
 * device.
 *
 * No request is waited for: its state is looked at under RCU and its raw lock,
 * so who has a line can be told while its chip does not answer.
 */
#include <linux/cred.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "piaccel.h"

/* ---- texts that show in rows: /proc, uevents, logs, debugfs ---------------- */

static bool piaccel_printable_char(char c)
{
	return c >= ' ' && c <= '~';
}

bool piaccel_printable(const char *text)
{
	while (piaccel_printable_char(*text))
		text++;
	return !*text;
}

void piaccel_make_printable(char *text)
{
	for (; *text; text++)
		if (!piaccel_printable_char(*text))
			*text = '?';
}

/* ---- what has changed ------------------------------------------------------ */

/* Changes of requests since the module was loaded. */
static atomic64_t piaccel_changes;

static DECLARE_WAIT_QUEUE_HEAD(piaccel_changes_wait);

/* In any context but under a raw lock: who waits is woken up. */
void piaccel_changed(void)
{
	atomic64_inc(&piaccel_changes);
	wake_up_poll(&piaccel_changes_wait, EPOLLPRI);
}

/* What a file has seen is all that it needs to know. */
void piaccel_seen(struct file *file)
{
	unsigned long seen = atomic64_read(&piaccel_changes);

	WRITE_ONCE(file->private_data, (void *)seen);
}

int piaccel_info_open(struct inode *inode, struct file *file)
{
	piaccel_seen(file);
	return 0;
}

__poll_t piaccel_info_poll(struct file *file, poll_table *wait)
{
	unsigned long now;

	poll_wait(file, &piaccel_changes_wait, wait);
	now = atomic64_read(&piaccel_changes);
	return (unsigned long)READ_ONCE(file->private_data) == now ? 0 :
	       EPOLLPRI;
}

/* ---- a line of ours -------------------------------------------------------- */

static int piaccel_info_index(struct piaccel_request *req, u32 offset)
{
	unsigned int i;

	for (i = 0; i < req->num; i++)
		if (req->offsets[i] == offset)
			return i;
	return -ENOENT;
}

/* Return: a reference to the request that has the line, or NULL. */
static struct piaccel_request *piaccel_info_find(struct gpio_device *gdev,
						 u32 offset)
{
	struct piaccel_request *req, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(req, &piaccel_requests, node) {
		if (READ_ONCE(req->gdev) != gdev || READ_ONCE(req->gone) ||
		    piaccel_info_index(req, offset) < 0)
			continue;
		if (kref_get_unless_zero(&req->kref)) {
			found = req;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/* How its fail-safe stands. Under req->lock. */
static u32 piaccel_info_safe(struct piaccel_request *req, u64 bit)
{
	u32 flags = 0;

	if (req->interlock_mask & bit)
		flags |= PIACCEL_INFO_INTERLOCK;
	if (!req->safe_mask)
		return flags;
	if (req->safe_mask & bit)
		flags |= PIACCEL_INFO_SAFE;
	if (req->safe_values & bit)
		flags |= PIACCEL_INFO_SAFE_HIGH;
	if (req->safe_mask & bit && req->owed)
		flags |= PIACCEL_INFO_OWED;
	if (req->tripped)
		return flags | PIACCEL_INFO_TRIPPED;
	return req->disarmed ? flags : flags | PIACCEL_INFO_ARMED;
}

/* Whose it is. */
static u32 piaccel_info_keeper(struct piaccel_request *req)
{
	u32 flags = 0;

	if (READ_ONCE(req->hold))
		flags |= PIACCEL_INFO_HOLD;
	if (READ_ONCE(req->held))
		flags |= PIACCEL_INFO_HELD;
	if (READ_ONCE(req->held) && READ_ONCE(req->releasing))
		flags |= PIACCEL_INFO_KEPT;
	if (READ_ONCE(req->origin))
		flags |= PIACCEL_INFO_NODE;
	if (req->defers)
		flags |= PIACCEL_INFO_WORKER;
	return flags;
}

/* What the device tree names and nobody has adopted nobody has requested. */
static bool piaccel_info_requested(u32 flags)
{
	return !(flags & PIACCEL_INFO_NODE) || !(flags & PIACCEL_INFO_HELD);
}

/* The number of a process that has ended may be another's by now. */
static u32 piaccel_info_pid(struct piaccel_request *req)
{
	u32 pid;

	rcu_read_lock();
	pid = pid_has_task(req->owner, PIDTYPE_TGID) ? pid_vnr(req->owner) : 0;
	rcu_read_unlock();
	return pid;
}

static void piaccel_info_request(struct piaccel_request *req,
				 struct piaccel_line_info *info)
{
	info->index = piaccel_info_index(req, info->offset);
	info->flags = PIACCEL_INFO_USED | PIACCEL_INFO_PIACCEL |
		      piaccel_info_keeper(req);
	strscpy(info->consumer, req->consumer);
	if (piaccel_info_requested(info->flags)) {
		info->pid = piaccel_info_pid(req);
		info->uid = from_kuid_munged(current_user_ns(), req->uid);
	}
	info->keepalive_ns = req->keepalive_ns;
	raw_spin_lock_irq(&req->lock);
	info->flags |= piaccel_info_safe(req, BIT_ULL(info->index));
	info->trip_cause = req->cause;
	info->trip_seq = req->trip_seq;
	info->deadline_ns = req->deadline_ns;
	raw_spin_unlock_irq(&req->lock);
}

/* ---- a line of others ------------------------------------------------------ */

/**
 * struct piaccel_info_label - a look for a line's user
 * @gdev: the chip
 * @offset: the line
 * @label: a copy, NULL when nobody has it, or an error
 */
struct piaccel_info_label {
	struct gpio_device *gdev;
	u32 offset;
	char *label;
};

static int piaccel_info_label(struct gpio_chip *gc, const void *data)
{
	struct piaccel_info_label *l = (void *)data;

	if (gc->gpiodev != l->gdev)
		return 0;
	l->label = gpiochip_dup_line_label(gc, l->offset);
	return 1;
}

/* The character device's, or another driver's. */
static int piaccel_info_other(struct gpio_device *gdev,
			      struct piaccel_line_info *info)
{
	struct piaccel_info_label l = {
		.gdev = gdev, .offset = info->offset, .label = ERR_PTR(-ENODEV),
	};
	struct gpio_device *there;

	there = gpio_device_find(&l, piaccel_info_label);
	if (there)
		gpio_device_put(there);
	if (IS_ERR(l.label))
		return PTR_ERR(l.label);
	if (!l.label)
		return 0;
	info->flags = PIACCEL_INFO_USED;
	strscpy(info->consumer, l.label);
	piaccel_make_printable(info->consumer);
	kfree(l.label);
	return 0;
}

/* ---- the call -------------------------------------------------------------- */

/*
 * Of a line that somebody has. It may be given back while we look: then its
 * level is nobody's.
 */
static void piaccel_info_level(struct gpio_desc *desc,
			       struct piaccel_line_info *info)
{
	int level;

	if (!gpiod_get_direction(desc))
		info->flags |= PIACCEL_INFO_OUTPUT;
	if (gpiod_is_active_low(desc) > 0)
		info->flags |= PIACCEL_INFO_ACTIVE_LOW;
	level = gpiod_get_value_cansleep(desc);
	if (level >= 0)
		info->flags |= PIACCEL_INFO_LEVEL;
	if (level > 0)
		info->flags |= PIACCEL_INFO_HIGH;
}

static int piaccel_info_fill(struct gpio_device *gdev,
			     struct piaccel_line_info *info)
{
	struct piaccel_request *req;
	struct gpio_desc *desc;
	int ret = 0;

	if (info->offset >= U16_MAX)
		return -EINVAL;
	desc = gpio_device_get_desc(gdev, info->offset);
	if (IS_ERR(desc))
		return PTR_ERR(desc);
	req = piaccel_info_find(gdev, info->offset);
	if (req) {
		piaccel_info_request(req, info);
		piaccel_request_put(req);
	} else {
		ret = piaccel_info_other(gdev, info);
	}
	if (!ret && info->flags)
		piaccel_info_level(desc, info);
	return ret;
}

long piaccel_line_info(struct file *file, void *arg)
{
	struct piaccel_line_info *info = arg;
	size_t out = offsetofend(struct piaccel_line_info, offset);
	struct gpio_device *gdev;
	int ret;

	if (!info->chip[0] ||
	    strnlen(info->chip, sizeof(info->chip)) == sizeof(info->chip) ||
	    memchr_inv((char *)arg + out, 0, sizeof(*info) - out))
		return -EINVAL;
	gdev = piaccel_chip_find(info->chip);
	if (IS_ERR(gdev))
		return PTR_ERR(gdev);
	/* Counted before the look: a change meanwhile is one to come. */
	info->changes = atomic64_read(&piaccel_changes);
	info->uid = PIACCEL_UID_NONE;
	ret = piaccel_info_fill(gdev, info);
	gpio_device_put(gdev);
	return ret;
}
