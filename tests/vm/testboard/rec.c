// SPDX-License-Identifier: GPL-2.0-only
/*
 * testboard: the recorder, and the console lines that outlive a panic.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/log2.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "board.h"

/* Records copied with the lock held at a time. */
#define TB_REC_CHUNK	16

static bool console;
module_param(console, bool, 0644);
MODULE_PARM_DESC(console, "print each output change on the console (default N)");

static unsigned int records = 65536;
module_param(records, uint, 0444);
MODULE_PARM_DESC(records, "records kept, rounded up to a power of two (default 65536)");

void tb_wake(struct tb_board *b)
{
	/*
	 * Waking takes the wait queue's lock, which is not a raw one: leave
	 * it to an irq_work. A sleeper joins the queue before it takes our
	 * lock to look: seeing no one here means that it will see the change.
	 */
	if (waitqueue_active(&b->wait))
		irq_work_queue(&b->wake_work);
}

static void tb_wake_work(struct irq_work *work)
{
	wake_up_interruptible(&container_of(work, struct tb_board,
					    wake_work)->wait);
}

void tb_record(struct tb_board *b, u64 now, unsigned int line,
	       enum tb_kind kind, bool value)
{
	struct tb_record *r;

	if (!(b->rec_kinds & BIT(kind)) || !(b->rec_lines & BIT_ULL(line)))
		return;
	r = &b->rec[b->rec_head & (b->rec_size - 1)];
	r->time_ns = now;
	r->seq = b->rec_head++;
	r->line = line;
	r->kind = kind;
	r->value = value;
	r->level = !!(b->level & BIT_ULL(line));
	tb_wake(b);
}

/*
 * Called with no lock of ours held: the console may be slow. In a panic the
 * console still takes it, and a test reads the safe values from there.
 */
void tb_console(const struct tb_note *note)
{
	unsigned int n;

	if (likely(!READ_ONCE(console)))
		return;
	for_each_line(n, note->freed)
		pr_emerg("line %u = Z at %llu ns\n", n, note->time_ns);
	for_each_line(n, note->set)
		pr_emerg("line %u = %u at %llu ns\n", n,
			 !!(note->value & BIT_ULL(n)), note->time_ns);
}

void tb_rec_setup(struct tb_board *b, u64 lines, u32 kinds)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	b->rec_start = b->rec_head;
	b->rec_lines = lines;
	b->rec_kinds = kinds;
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

/* Where this reader goes on, and what it lost. Lock held. */
static void tb_rec_seek(struct tb_board *b, u64 *pos, u64 *lost)
{
	*pos = max(*pos, b->rec_start);
	if (b->rec_head - *pos > b->rec_size) {
		*lost += b->rec_head - *pos - b->rec_size;
		*pos = b->rec_head - b->rec_size;
	}
}

u64 tb_rec_waiting(struct tb_board *b, u64 *pos, u64 *lost)
{
	unsigned long flags;
	u64 n;

	raw_spin_lock_irqsave(&b->lock, flags);
	tb_rec_seek(b, pos, lost);
	n = b->rec_head - *pos;
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return n;
}

/* Copy up to @n records; returns bytes, 0 when there is none. */
ssize_t tb_rec_read(struct tb_board *b, u64 *pos, u64 *lost,
		    struct tb_record __user *buf, size_t n)
{
	struct tb_record chunk[TB_REC_CHUNK];
	unsigned long flags;
	size_t done = 0;

	while (done < n) {
		unsigned int i, want = min_t(size_t, n - done, TB_REC_CHUNK);
		u64 from;

		raw_spin_lock_irqsave(&b->lock, flags);
		tb_rec_seek(b, pos, lost);
		from = *pos;
		for (i = 0; i < want && from + i != b->rec_head; i++)
			chunk[i] = b->rec[(from + i) & (b->rec_size - 1)];
		raw_spin_unlock_irqrestore(&b->lock, flags);
		if (!i)
			break;
		if (copy_to_user(buf + done, chunk, i * sizeof(*chunk)))
			return done ? done * sizeof(*chunk) : -EFAULT;
		*pos = from + i;
		done += i;
	}
	return done * sizeof(*chunk);
}

int tb_rec_init(struct tb_board *b)
{
	if (!records || records > 1U << 24)
		return -EINVAL;
	b->rec_size = roundup_pow_of_two(records);
	b->rec = vzalloc(array_size(b->rec_size, sizeof(*b->rec)));
	if (!b->rec)
		return -ENOMEM;
	init_waitqueue_head(&b->wait);
	init_irq_work(&b->wake_work, tb_wake_work);
	return 0;
}

void tb_rec_exit(struct tb_board *b)
{
	irq_work_sync(&b->wake_work);
	vfree(b->rec);
}
