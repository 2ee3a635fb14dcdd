// SPDX-License-Identifier: GPL-2.0-only
/*
 * testboard: /dev/testboard, the test's side of the board.
 */

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "board.h"

/* One open of the device: where its reader stands. */
struct tb_file {
	struct mutex lock;	/* protects the fields below */
	u64 pos, lost;
};

static int tb_ioc_info(struct tb_board *b, struct tb_file *f, void *arg)
{
	struct tb_info *info = arg;

	memset(info, 0, sizeof(*info));
	info->abi = TB_ABI;
	info->lines = b->lines;
	info->players = TB_PLAYERS;
	info->max_steps = TB_MAX_STEPS;
	info->records = b->rec_size;
	info->present = b->present;
	strscpy(info->label, b->label, sizeof(info->label));
	return 0;
}

static int tb_ioc_reset(struct tb_board *b, struct tb_file *f, void *arg)
{
	tb_banks_stall(false);
	tb_reset(b);
	return 0;
}

/* Change pins on behalf of the world. */
static void tb_world(struct tb_board *b, u64 *on, u64 *value, u64 lines,
		     u64 set, u64 values)
{
	struct tb_note note;
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	*on = (*on & ~lines) | set;
	*value = (*value & ~lines) | values;
	tb_settle(b, &note, false);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	irq_work_queue(&b->irq_work);
}

static int tb_ioc_drive(struct tb_board *b, struct tb_file *f, void *arg)
{
	const struct tb_drive *d = arg;

	if ((d->lines & ~b->valid) || (d->release & ~d->lines) ||
	    (d->values & ~(d->lines & ~d->release)))
		return -EINVAL;
	tb_world(b, &b->pins.ext_en, &b->pins.ext, d->lines,
		 d->lines & ~d->release, d->values);
	return 0;
}

static int tb_ioc_pull(struct tb_board *b, struct tb_file *f, void *arg)
{
	const struct tb_pull *p = arg;

	if ((p->lines & ~b->valid) || ((p->up | p->down) & ~p->lines) ||
	    (p->up & p->down))
		return -EINVAL;
	tb_world(b, &b->pins.res_up, &b->pins.res_down, p->lines, p->up,
		 p->down);
	return 0;
}

static int tb_ioc_state(struct tb_board *b, struct tb_file *f, void *arg)
{
	struct tb_state *s = arg;
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	*s = (struct tb_state) {
		.time_ns	= ktime_get_ns(),
		.output		= b->pins.out_en,
		.value		= b->pins.out,
		.level		= b->level,
		.open_drain	= b->pins.open_drain,
		.open_source	= b->pins.open_source,
		.bias_up	= b->pins.bias_up,
		.bias_down	= b->pins.bias_down,
		.pull_up	= b->pins.res_up,
		.pull_down	= b->pins.res_down,
		.driven		= b->pins.ext_en,
		.following	= b->pins.fol_en,
		.irq_rising	= b->rising,
		.irq_falling	= b->falling,
		.irq_masked	= b->masked & b->valid,
		.edges_lost	= b->edges_lost,
		.follow_lost	= b->follow_lost,
	};
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return 0;
}

static int tb_ioc_line(struct tb_board *b, struct tb_file *f, void *arg)
{
	struct tb_line *l = arg;
	struct tb_counts c;
	unsigned long flags;

	if (l->line >= b->lines || l->pad)
		return -EINVAL;
	raw_spin_lock_irqsave(&b->lock, flags);
	c = b->count[l->line];
	raw_spin_unlock_irqrestore(&b->lock, flags);
	l->rising = c.rising;
	l->falling = c.falling;
	l->outputs = c.outputs;
	l->edges = c.edges;
	l->irqs = c.irqs;
	l->changed_ns = c.changed_ns;
	return 0;
}

static int tb_ioc_follow(struct tb_board *b, struct tb_file *f, void *arg)
{
	const struct tb_follow *w = arg;

	if (w->line >= b->lines || w->pad)
		return -EINVAL;
	if (w->flags & TB_FOLLOW_OFF) {
		if (w->flags != TB_FOLLOW_OFF || w->source || w->delay_ns)
			return -EINVAL;
		tb_wire_cut(b, w->line);
		return 0;
	}
	if (w->flags & ~TB_FOLLOW_INVERT || w->source >= b->lines ||
	    w->delay_ns > TB_MAX_NS)
		return -EINVAL;
	return tb_wire_set(b, w);
}

static int tb_ioc_play(struct tb_board *b, struct tb_file *f, void *arg)
{
	const struct tb_play *p = arg;

	if (p->player >= TB_PLAYERS || p->flags & ~TB_PLAY_RELATIVE ||
	    !p->nsteps || p->nsteps > TB_MAX_STEPS || p->pad)
		return -EINVAL;
	if (p->trig_edges) {
		if (p->trig_edges & ~(TB_EDGE_RISING | TB_EDGE_FALLING) ||
		    p->trig_line >= b->lines || p->trig_min_ns > TB_MAX_NS ||
		    p->start_ns > TB_MAX_NS)
			return -EINVAL;
	} else {
		if (p->trig_line || p->trig_min_ns || p->trig_count ||
		    p->start_ns > KTIME_MAX / 2)
			return -EINVAL;
	}
	return tb_play_load(b, p);
}

static int tb_ioc_stop(struct tb_board *b, struct tb_file *f, void *arg)
{
	u32 player = *(u32 *)arg;

	if (player >= TB_PLAYERS)
		return -EINVAL;
	tb_play_stop(b, player);
	return 0;
}

static void tb_player_get(struct tb_board *b, struct tb_player *p)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	*p = b->deck[p->player].did;
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

static int tb_ioc_player(struct tb_board *b, struct tb_file *f, void *arg)
{
	struct tb_player *p = arg;

	if (p->player >= TB_PLAYERS)
		return -EINVAL;
	tb_player_get(b, p);
	return 0;
}

static bool tb_played(struct tb_board *b, const struct tb_wait *w)
{
	struct tb_player p = { .player = w->player };

	tb_player_get(b, &p);
	return p.state == TB_PLAYER_IDLE || p.state == TB_PLAYER_DONE ||
	       (w->rounds && p.rounds >= w->rounds);
}

static int tb_ioc_wait(struct tb_board *b, struct tb_file *f, void *arg)
{
	const struct tb_wait *w = arg;
	int err;

	if (w->player >= TB_PLAYERS || w->pad || w->timeout_ns > TB_MAX_NS)
		return -EINVAL;
	if (!w->timeout_ns)
		return tb_played(b, w) ? 0 : -ETIMEDOUT;
	err = wait_event_interruptible_hrtimeout(b->wait, tb_played(b, w),
						 ns_to_ktime(w->timeout_ns));
	return err == -ETIME ? -ETIMEDOUT : err;
}

static int tb_ioc_recorder(struct tb_board *b, struct tb_file *f, void *arg)
{
	const struct tb_recorder *r = arg;

	if ((r->lines & ~b->valid) || r->kinds & ~TB_KINDS || r->pad)
		return -EINVAL;
	tb_rec_setup(b, r->lines, r->kinds);
	return 0;
}

static int tb_ioc_rec_status(struct tb_board *b, struct tb_file *f, void *arg)
{
	struct tb_rec_status *s = arg;

	mutex_lock(&f->lock);
	s->waiting = tb_rec_waiting(b, &f->pos, &f->lost);
	s->lost = f->lost;
	mutex_unlock(&f->lock);
	return 0;
}

static int tb_ioc_deaf(struct tb_board *b, struct tb_file *f, void *arg)
{
	u64 mask = *(u64 *)arg;

	if (mask & ~b->valid)
		return -EINVAL;
	if (!TB_SET_CAN_FAIL)
		return -EOPNOTSUPP;
	raw_spin_lock_irq(&b->lock);
	b->deaf = mask;
	raw_spin_unlock_irq(&b->lock);
	return 0;
}

static int tb_ioc_node(struct tb_board *b, struct tb_file *f, void *arg)
{
	return tb_node_set(b, arg);
}

static int tb_ioc_reboot(struct tb_board *b, struct tb_file *f, void *arg)
{
	return tb_reboot();
}

static int tb_ioc_banks(struct tb_board *b, struct tb_file *f, void *arg)
{
	return tb_banks_set(*(u32 *)arg);
}

static int tb_ioc_bank_stall(struct tb_board *b, struct tb_file *f, void *arg)
{
	if (*(u32 *)arg > 1)
		return -EINVAL;
	tb_banks_stall(*(u32 *)arg);
	return 0;
}

static int tb_ioc_bank(struct tb_board *b, struct tb_file *f, void *arg)
{
	return tb_bank_state(arg);
}

static int tb_ioc_chip(struct tb_board *b, struct tb_file *f, void *arg)
{
	u32 how = *(u32 *)arg;
	int err;

	switch (how) {
	case TB_CHIP_UNBOUND:
		device_release_driver(&b->pdev->dev);
		return 0;
	case TB_CHIP_THERE:
		tb_irq_take_back(b);
		if (READ_ONCE(b->present))
			return 0;
		if (device_is_bound(&b->pdev->dev))
			return tb_chip_add(b);
		err = device_attach(&b->pdev->dev);
		return err < 0 || !READ_ONCE(b->present) ? -ENODEV : 0;
	case TB_CHIP_DELETED:
	case TB_CHIP_DELETED_EARLY:
		if (!READ_ONCE(b->present))
			return -ENODEV;
		tb_chip_del(b, how == TB_CHIP_DELETED_EARLY);
		return 0;
	}
	return -EINVAL;
}

static const struct tb_ioc {
	unsigned int cmd;
	int (*fn)(struct tb_board *b, struct tb_file *f, void *arg);
	bool unlocked;		/* does not change the board, may wait */
} tb_iocs[] = {
	{ TB_IOC_INFO, tb_ioc_info },
	{ TB_IOC_RESET, tb_ioc_reset },
	{ TB_IOC_DRIVE, tb_ioc_drive },
	{ TB_IOC_PULL, tb_ioc_pull },
	{ TB_IOC_STATE, tb_ioc_state },
	{ TB_IOC_LINE, tb_ioc_line },
	{ TB_IOC_FOLLOW, tb_ioc_follow },
	{ TB_IOC_PLAY, tb_ioc_play },
	{ TB_IOC_STOP, tb_ioc_stop },
	{ TB_IOC_PLAYER, tb_ioc_player, true },
	{ TB_IOC_WAIT, tb_ioc_wait, true },
	{ TB_IOC_RECORDER, tb_ioc_recorder },
	{ TB_IOC_REC_STATUS, tb_ioc_rec_status, true },
	{ TB_IOC_CHIP, tb_ioc_chip },
	{ TB_IOC_DEAF, tb_ioc_deaf },
	{ TB_IOC_NODE, tb_ioc_node },
	{ TB_IOC_REBOOT, tb_ioc_reboot, true },
	{ TB_IOC_BANKS, tb_ioc_banks },
	{ TB_IOC_BANK_STALL, tb_ioc_bank_stall },
	{ TB_IOC_BANK, tb_ioc_bank },
};

static long tb_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	union {
		struct tb_info info;
		struct tb_state state;
		struct tb_line line;
		struct tb_play play;
		struct tb_player player;
		struct tb_node node;
		struct tb_bank bank;
		u64 first;
	} u;
	void __user *argp = (void __user *)arg;
	struct tb_board *b = &tb_board;
	const struct tb_ioc *ioc;
	size_t size = _IOC_SIZE(cmd);
	long err;

	for (ioc = tb_iocs; ioc->cmd != cmd; ioc++)
		if (ioc == &tb_iocs[ARRAY_SIZE(tb_iocs) - 1])
			return -ENOTTY;
	if (WARN_ON_ONCE(size > sizeof(u)))
		return -ENOTTY;
	memset(&u, 0, sizeof(u));
	if (_IOC_DIR(cmd) & _IOC_WRITE && copy_from_user(&u, argp, size))
		return -EFAULT;
	if (!ioc->unlocked)
		mutex_lock(&b->ctl);
	err = ioc->fn(b, file->private_data, &u);
	if (!ioc->unlocked)
		mutex_unlock(&b->ctl);
	if (!err && _IOC_DIR(cmd) & _IOC_READ && copy_to_user(argp, &u, size))
		return -EFAULT;
	return err;
}

static bool tb_readable(struct tb_file *f)
{
	return tb_rec_waiting(&tb_board, &f->pos, &f->lost);
}

static ssize_t tb_read(struct file *file, char __user *buf, size_t len,
		       loff_t *ppos)
{
	struct tb_file *f = file->private_data;
	struct tb_board *b = &tb_board;
	size_t n = len / sizeof(struct tb_record);
	ssize_t got;

	if (!n)
		return -EINVAL;
	if (mutex_lock_interruptible(&f->lock))
		return -ERESTARTSYS;
	for (;;) {
		got = tb_rec_read(b, &f->pos, &f->lost,
				  (struct tb_record __user *)buf, n);
		if (got)
			break;
		if (file->f_flags & O_NONBLOCK) {
			got = -EAGAIN;
			break;
		}
		/* a second reader of the same file waits for the first one */
		got = wait_event_interruptible(b->wait, tb_readable(f));
		if (got)
			break;
	}
	mutex_unlock(&f->lock);
	return got;
}

static __poll_t tb_poll(struct file *file, poll_table *wait)
{
	struct tb_file *f = file->private_data;
	__poll_t mask = 0;
	u64 pos, lost = 0;

	poll_wait(file, &tb_board.wait, wait);
	pos = READ_ONCE(f->pos);
	if (tb_rec_waiting(&tb_board, &pos, &lost))
		mask = EPOLLIN | EPOLLRDNORM;
	return mask;
}

static int tb_open(struct inode *inode, struct file *file)
{
	struct tb_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	file->private_data = f;
	return nonseekable_open(inode, file);
}

static int tb_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations tb_fops = {
	.owner		= THIS_MODULE,
	.open		= tb_open,
	.release	= tb_release,
	.read		= tb_read,
	.poll		= tb_poll,
	.unlocked_ioctl	= tb_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice tb_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "testboard",
	.mode	= 0666,
	.fops	= &tb_fops,
};

int tb_ctl_init(void)
{
	int err = tb_reboot_init();

	if (err)
		return err;
	err = misc_register(&tb_misc);
	if (err)
		tb_reboot_exit();
	return err;
}

void tb_ctl_exit(void)
{
	misc_deregister(&tb_misc);
	tb_reboot_exit();
	tb_node_remove();
	tb_banks_set(0);
}
