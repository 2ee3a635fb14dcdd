// SPDX-License-Identifier: GPL-2.0-only
/*
 * faultmod: makes one mistake on purpose when it is loaded.
 *
 * It proves that the debug kernel sees such a mistake and that the test run
 * fails for it. For tests only: never install or load it anywhere else.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

/* Not a multiple of the allocator's granule: one byte too far is seen. */
#define FAULTMOD_SIZE 61

static char *kind = "none";
module_param(kind, charp, 0);
MODULE_PARM_DESC(kind, "none, oob, uaf, sleep, lock, leak, pages, warn or hang");

static DEFINE_MUTEX(faultmod_a);
static DEFINE_MUTEX(faultmod_b);
static DEFINE_SPINLOCK(faultmod_spin);

/* An off-by-one: a byte written just behind a buffer. */
static int faultmod_oob(void)
{
	char *buf = kmalloc(FAULTMOD_SIZE, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(buf);
	WRITE_ONCE(buf[FAULTMOD_SIZE], 1);
	kfree(buf);
	return 0;
}

/* A read of memory already freed. */
static int faultmod_uaf(void)
{
	char *buf = kmalloc(FAULTMOD_SIZE, GFP_KERNEL), *stale = buf;

	if (!buf)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(stale);
	kfree(buf);
	(void)READ_ONCE(stale[0]);
	return 0;
}

/* An allocation that may sleep, under a spinlock. */
static int faultmod_sleep(void)
{
	void *buf;

	spin_lock(&faultmod_spin);
	buf = kmalloc(FAULTMOD_SIZE, GFP_KERNEL);
	spin_unlock(&faultmod_spin);
	kfree(buf);
	return 0;
}

/* Two mutexes taken in both orders. It never deadlocks here. */
static int faultmod_lock(void)
{
	mutex_lock(&faultmod_a);
	mutex_lock(&faultmod_b);
	mutex_unlock(&faultmod_b);
	mutex_unlock(&faultmod_a);

	mutex_lock(&faultmod_b);
	mutex_lock(&faultmod_a);
	mutex_unlock(&faultmod_a);
	mutex_unlock(&faultmod_b);
	return 0;
}

/*
 * Buffers nobody points to. Of several sizes: a stale pointer to one that its
 * place held before may hide it. User-mode Linux keeps such pointers to small
 * ones in the tasks of kernel threads.
 */
static int faultmod_leak(void)
{
	void *buf;
	int i;

	for (i = 0; i < 8; i++) {
		buf = kmalloc(300 * (i + 1), GFP_KERNEL);
		if (!buf)
			return -ENOMEM;
		OPTIMIZER_HIDE_VAR(buf);
	}
	return 0;
}

/* The same with a whole page, which is not kmemleak's business. */
static int faultmod_pages(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	return page ? 0 : -ENOMEM;
}

static int faultmod_warn(void)
{
	WARN(1, "faultmod: a warning on purpose\n");
	return 0;
}

/* Never comes back: the run's own time limit has to end this. */
static int faultmod_hang(void)
{
	for (;;)
		msleep(MSEC_PER_SEC);
	return 0;
}

static int faultmod_none(void)
{
	return 0;
}

static const struct {
	const char *kind;
	int (*fn)(void);
} faultmod_faults[] = {
	{ "none", faultmod_none },
	{ "oob", faultmod_oob },
	{ "uaf", faultmod_uaf },
	{ "sleep", faultmod_sleep },
	{ "lock", faultmod_lock },
	{ "leak", faultmod_leak },
	{ "pages", faultmod_pages },
	{ "warn", faultmod_warn },
	{ "hang", faultmod_hang },
};

static int __init faultmod_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faultmod_faults); i++)
		if (!strcmp(kind, faultmod_faults[i].kind))
			return faultmod_faults[i].fn();
	return -EINVAL;
}
module_init(faultmod_init);

static void __exit faultmod_exit(void)
{
}
module_exit(faultmod_exit);

MODULE_DESCRIPTION("libaccel: one mistake on purpose, for tests only");
MODULE_AUTHOR("The libaccel authors");
MODULE_LICENSE("GPL");
