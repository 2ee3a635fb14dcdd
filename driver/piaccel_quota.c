// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: what one user may take, so that nobody shuts the others out.
 *
 * A user is a real uid, of whatever user namespace. What a CAP_SYS_RESOURCE
 * holder takes is counted and never refused here.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "piaccel.h"

static uint held_limit_uid = 32;
module_param(held_limit_uid, uint, 0644);
MODULE_PARM_DESC(held_limit_uid,
		 "lines a uid may have held, or to be held at close (32)");

static uint queue_limit_uid_kb = 8192;
module_param(queue_limit_uid_kb, uint, 0644);
MODULE_PARM_DESC(queue_limit_uid_kb,
		 "KiB of event and record queues a uid may have (8192)");

static ulong buf_limit_uid_mb;
module_param(buf_limit_uid_mb, ulong, 0644);
MODULE_PARM_DESC(buf_limit_uid_mb,
		 "MiB of buffers a uid may have (0: half of what all may)");

/**
 * struct piaccel_user - a uid that has something
 * @node: in piaccel_users
 * @uid: who
 * @used: how much of each kind; it is freed when all are zero
 */
struct piaccel_user {
	struct list_head node;
	kuid_t uid;
	u64 used[PIACCEL_QUOTAS];
};

static LIST_HEAD(piaccel_users);
static DEFINE_MUTEX(piaccel_users_lock);	/* the list and @used */

static u64 piaccel_held_limit(void)
{
	return READ_ONCE(held_limit_uid);
}

static u64 piaccel_queue_limit(void)
{
	return (u64)READ_ONCE(queue_limit_uid_kb) << 10;
}

static u64 piaccel_buf_limit_uid(void)
{
	ulong mb = READ_ONCE(buf_limit_uid_mb);

	return mb ? min_t(u64, mb, U64_MAX >> 20) << 20 :
		    piaccel_buf_limit() / 2;
}

static const struct {
	const char *name;
	u64 (*limit)(void);
} piaccel_quotas[PIACCEL_QUOTAS] = {
	[PIACCEL_QUOTA_HELD] = { "held lines", piaccel_held_limit },
	[PIACCEL_QUOTA_QUEUE] = { "queue bytes", piaccel_queue_limit },
	[PIACCEL_QUOTA_BUF] = { "buffer bytes", piaccel_buf_limit_uid },
};

/* Under piaccel_users_lock. */
static struct piaccel_user *piaccel_user_find(kuid_t uid)
{
	struct piaccel_user *user;

	list_for_each_entry(user, &piaccel_users, node)
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/* Under piaccel_users_lock. */
static void piaccel_user_drop(struct piaccel_user *user)
{
	if (memchr_inv(user->used, 0, sizeof(user->used)))
		return;
	list_del(&user->node);
	kfree(user);
}

/* Under piaccel_users_lock. */
static struct piaccel_user *piaccel_user_get(kuid_t uid)
{
	struct piaccel_user *user = piaccel_user_find(uid);

	if (user)
		return user;
	user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	if (!user)
		return NULL;
	user->uid = uid;
	list_add(&user->node, &piaccel_users);
	return user;
}

/* Under piaccel_users_lock. */
static int piaccel_quota_take(struct piaccel_user *user,
			      enum piaccel_quota kind, u64 amount)
{
	u64 limit = piaccel_quotas[kind].limit(), used = user->used[kind];

	if (amount > U64_MAX - used)
		return -EDQUOT;
	if ((used > limit || amount > limit - used) &&
	    !capable(CAP_SYS_RESOURCE))
		return -EDQUOT;
	user->used[kind] += amount;
	return 0;
}

/**
 * piaccel_charge() - take of the caller's quota
 * @c: zeroed, or given back; what was taken
 * @kind: of what
 * @amount: how much; zero takes nothing
 *
 * In process context. Return: 0; -EDQUOT: the uid would have too much; -ENOMEM.
 */
int piaccel_charge(struct piaccel_charge *c, enum piaccel_quota kind,
		   u64 amount)
{
	struct piaccel_user *user;
	int ret;

	if (!amount)
		return 0;
	mutex_lock(&piaccel_users_lock);
	user = piaccel_user_get(current_uid());
	ret = user ? piaccel_quota_take(user, kind, amount) : -ENOMEM;
	if (!ret)
		*c = (struct piaccel_charge) {
			.user = user, .kind = kind, .amount = amount,
		};
	else if (user)
		piaccel_user_drop(user);
	mutex_unlock(&piaccel_users_lock);
	return ret;
}

/**
 * piaccel_uncharge() - give back what a piaccel_charge() took
 * @c: what; it has taken nothing after this, or if it had not before
 *
 * In process context; who calls need not be who took.
 */
void piaccel_uncharge(struct piaccel_charge *c)
{
	if (!c->amount)
		return;
	mutex_lock(&piaccel_users_lock);
	c->user->used[c->kind] -= c->amount;
	piaccel_user_drop(c->user);
	mutex_unlock(&piaccel_users_lock);
	*c = (struct piaccel_charge) { };
}

/* What the caller has, and may have. */
void piaccel_quota_info(struct piaccel_info *info)
{
	struct piaccel_user *user;

	info->uid_held_limit = piaccel_held_limit();
	info->uid_queue_limit = piaccel_queue_limit();
	info->uid_buf_limit = piaccel_buf_limit_uid();
	mutex_lock(&piaccel_users_lock);
	user = piaccel_user_find(current_uid());
	if (user) {
		info->uid_held_used = user->used[PIACCEL_QUOTA_HELD];
		info->uid_queue_used = user->used[PIACCEL_QUOTA_QUEUE];
		info->uid_buf_used = user->used[PIACCEL_QUOTA_BUF];
	}
	mutex_unlock(&piaccel_users_lock);
}

void piaccel_quota_show(struct seq_file *s)
{
	struct piaccel_user *user;
	unsigned int i;

	mutex_lock(&piaccel_users_lock);
	list_for_each_entry(user, &piaccel_users, node) {
		seq_printf(s, "uid %u:", from_kuid(&init_user_ns, user->uid));
		for (i = 0; i < PIACCEL_QUOTAS; i++)
			seq_printf(s, "%s %s %llu of %llu", i ? "," : "",
				   piaccel_quotas[i].name, user->used[i],
				   piaccel_quotas[i].limit());
		seq_puts(s, "\n");
	}
	mutex_unlock(&piaccel_users_lock);
}
