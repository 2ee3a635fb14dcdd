// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the end of the system: panic, reboot, and the sleep of the machine.
 *
 * An orderly end trips what no thread drives at once and without a mutex, then
 * waits for the workers of the others, side by side. From its first moment
 * on nothing new is driven. A panic cannot wait for a worker: chips that sleep
 * are left as they are then.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/panic_notifier.h>
#include <linux/rculist.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "piaccel.h"

/* How long a panic waits for a lock whose holder may be dead. */
#define PIACCEL_PANIC_SPIN_US 100

bool piaccel_rebooting;

/* ---- panic ---------------------------------------------------------------- */

static void piaccel_panic_drive(struct piaccel_request *req)
{
	req->tripped = true;
	piaccel_drive_atomic(req);
	req->cause = PIACCEL_TRIP_PANIC;
	req->trip_seq++;
}

static void piaccel_panic_trip(struct piaccel_request *req)
{
	unsigned int us;

	for (us = 0; us < PIACCEL_PANIC_SPIN_US; us++) {
		if (raw_spin_trylock(&req->lock)) {
			piaccel_panic_drive(req);
			raw_spin_unlock(&req->lock);
			return;
		}
		udelay(1);
	}
	piaccel_panic_drive(req);
}

/*
 * A lock that sleeps on PREEMPT_RT would never come back if a stopped CPU had
 * it; elsewhere a chip that says it does not sleep is taken at its word.
 */
static bool piaccel_panic_cannot(struct piaccel_request *req)
{
	return req->sleeps || (IS_ENABLED(CONFIG_PREEMPT_RT) && req->defers);
}

/* Other CPUs have stopped, perhaps with a lock held. Nothing may sleep. */
static int piaccel_panic(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct piaccel_request *req;
	unsigned int n = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(req, &piaccel_requests, node) {
		if (!req->safe_mask || piaccel_panic_cannot(req) || req->gone ||
		    !req->ready)
			continue;
		piaccel_panic_trip(req);
		n++;
	}
	rcu_read_unlock();
	if (n)
		pr_emerg("piaccel: %u requests at their safe values\n", n);
	return NOTIFY_DONE;
}

static struct notifier_block piaccel_panic_nb = {
	.notifier_call = piaccel_panic,
	.priority = INT_MAX,
};

/* ---- reboot, halt, power off ---------------------------------------------- */

/* Requests that come later see why, or are in the list: each sees the other. */
static void piaccel_trip_all(u32 cause)
{
	struct piaccel_request *req;
	u64 now = ktime_get_ns();
	int defers;

	/* Pairs with that in piaccel_failsafe_start(). */
	smp_mb();
	rcu_read_lock();
	for (defers = 0; defers <= 1; defers++)
		list_for_each_entry_rcu(req, &piaccel_requests, node)
			if (req->defers == defers)
				piaccel_trip(req, cause, now);
	rcu_read_unlock();
	piaccel_worker_flush_all();
}

static int piaccel_reboot(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	WRITE_ONCE(piaccel_rebooting, true);
	piaccel_trip_all(PIACCEL_TRIP_REBOOT);
	return NOTIFY_DONE;
}

static struct notifier_block piaccel_reboot_nb = {
	.notifier_call = piaccel_reboot,
	.priority = INT_MAX,
};

/* ---- suspend and hibernation ---------------------------------------------- */

/* Does a request that is armed forbid it? */
static bool piaccel_stays_awake(void)
{
	struct piaccel_request *req;
	bool stays = false;

	rcu_read_lock();
	list_for_each_entry_rcu(req, &piaccel_requests, node) {
		if (!req->no_suspend || READ_ONCE(req->held))
			continue;
		if (!READ_ONCE(req->disarmed) && !READ_ONCE(req->tripped))
			stays = true;
	}
	rcu_read_unlock();
	return stays;
}

/* No deadline runs while the machine sleeps: nobody would notice. */
static int piaccel_suspend(struct notifier_block *nb, unsigned long action,
			   void *data)
{
	if (action != PM_SUSPEND_PREPARE && action != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	if (piaccel_stays_awake())
		return notifier_from_errno(-EBUSY);
	piaccel_trip_all(PIACCEL_TRIP_SUSPEND);
	return NOTIFY_DONE;
}

static struct notifier_block piaccel_suspend_nb = {
	.notifier_call = piaccel_suspend,
};

int piaccel_end_init(void)
{
	int ret;

	ret = register_reboot_notifier(&piaccel_reboot_nb);
	if (ret)
		return ret;
	ret = register_pm_notifier(&piaccel_suspend_nb);
	if (ret) {
		unregister_reboot_notifier(&piaccel_reboot_nb);
		return ret;
	}
	atomic_notifier_chain_register(&panic_notifier_list,
				       &piaccel_panic_nb);
	return 0;
}

void piaccel_end_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list,
					 &piaccel_panic_nb);
	unregister_pm_notifier(&piaccel_suspend_nb);
	unregister_reboot_notifier(&piaccel_reboot_nb);
}
