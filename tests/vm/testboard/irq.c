// SPDX-License-Identifier: GPL-2.0-only
/*
 * testboard: edges to interrupts.
 *
 * Edges wait in a queue in the order in which they came, and one CPU at a
 * time empties it, calling the flow handler once an edge with interrupts off.
 * Were two CPUs to raise the same interrupt at once, the flow handler would
 * merge all that came meanwhile into one.
 *
 * The domain is the board's own and not gpiolib's, so that the module loads
 * where GPIOLIB_IRQCHIP is off.
 */

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/slab.h>

#include "board.h"

/*
 * A consumer that lost the chip frees its interrupt long after the number has
 * gone, and the kernel warns when someone else has got it meanwhile: give the
 * numbers of this range out in turn, so that one comes back late.
 */
#define TB_IRQ_FIRST	256
#define TB_IRQ_LAST	4095

/* An interrupt's turn does not last forever: the rest waits for the next. */
#define TB_IRQ_BUDGET	256

static unsigned int tb_line_of(struct irq_data *d)
{
	return irqd_to_hwirq(d);
}

bool tb_irq_waiting(struct tb_board *b)
{
	return b->irq_head != b->irq_tail;
}

static void tb_irq_push(struct tb_board *b, unsigned int n)
{
	if (b->irq_head - b->irq_tail == TB_IRQ_QUEUE) {
		b->edges_lost++;
		return;
	}
	b->irq_queue[b->irq_head++ % TB_IRQ_QUEUE] = n;
}

void tb_irq_edge(struct tb_board *b, unsigned int n)
{
	b->count[n].edges++;
	if (b->masked & BIT_ULL(n))
		b->latched |= BIT_ULL(n);
	else
		tb_irq_push(b, n);
}

/* Raise what is queued. Hard-irq context, lock not held. */
void tb_irq_deliver(struct tb_board *b)
{
	unsigned int budget = TB_IRQ_BUDGET;
	unsigned int n;
	bool more;

	raw_spin_lock(&b->lock);
	if (b->irq_busy) {
		raw_spin_unlock(&b->lock);
		return;
	}
	b->irq_busy = true;
	while (tb_irq_waiting(b) && budget--) {
		n = b->irq_queue[b->irq_tail++ % TB_IRQ_QUEUE];
		if (b->masked & BIT_ULL(n)) {
			b->latched |= BIT_ULL(n);
			continue;
		}
		b->count[n].irqs++;
		raw_spin_unlock(&b->lock);
		generic_handle_domain_irq(b->domain, n);
		raw_spin_lock(&b->lock);
	}
	b->irq_busy = false;
	more = tb_irq_waiting(b);
	raw_spin_unlock(&b->lock);
	if (more)
		irq_work_queue(&b->irq_work);
}

static void tb_irq_work(struct irq_work *work)
{
	tb_irq_deliver(container_of(work, struct tb_board, irq_work));
}

static void tb_irq_ack(struct irq_data *d)
{
	/* the queue was popped: nothing stays asserted */
}

static void tb_irq_mask(struct irq_data *d)
{
	struct tb_board *b = irq_data_get_irq_chip_data(d);
	unsigned int n = tb_line_of(d);
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	b->masked |= BIT_ULL(n);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	gpiochip_disable_irq(&b->gc, n);
}

static void tb_irq_on(struct irq_data *d, bool forget)
{
	struct tb_board *b = irq_data_get_irq_chip_data(d);
	unsigned int n = tb_line_of(d);
	unsigned long flags;
	bool kick;

	gpiochip_enable_irq(&b->gc, n);
	raw_spin_lock_irqsave(&b->lock, flags);
	b->masked &= ~BIT_ULL(n);
	if (b->latched & BIT_ULL(n)) {
		b->latched &= ~BIT_ULL(n);
		if (!forget)
			tb_irq_push(b, n);
	}
	kick = tb_irq_waiting(b);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	if (kick)
		irq_work_queue(&b->irq_work);
}

static void tb_irq_unmask(struct irq_data *d)
{
	tb_irq_on(d, false);
}

/* A new user does not see an edge of before. */
static unsigned int tb_irq_startup(struct irq_data *d)
{
	tb_irq_on(d, true);
	return 0;
}

static void tb_irq_type(struct tb_board *b, unsigned int n, unsigned int type)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	b->rising &= ~BIT_ULL(n);
	b->falling &= ~BIT_ULL(n);
	if (type & IRQ_TYPE_EDGE_RISING)
		b->rising |= BIT_ULL(n);
	if (type & IRQ_TYPE_EDGE_FALLING)
		b->falling |= BIT_ULL(n);
	b->latched &= ~BIT_ULL(n);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

static int tb_irq_set_type(struct irq_data *d, unsigned int type)
{
	if (!type || type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	tb_irq_type(irq_data_get_irq_chip_data(d), tb_line_of(d), type);
	return 0;
}

static int tb_irq_retrigger(struct irq_data *d)
{
	struct tb_board *b = irq_data_get_irq_chip_data(d);
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	tb_irq_push(b, tb_line_of(d));
	raw_spin_unlock_irqrestore(&b->lock, flags);
	irq_work_queue(&b->irq_work);
	return 1;
}

static int tb_irq_request(struct irq_data *d)
{
	struct tb_board *b = irq_data_get_irq_chip_data(d);

	return gpiochip_lock_as_irq(&b->gc, tb_line_of(d));
}

static void tb_irq_release(struct irq_data *d)
{
	struct tb_board *b = irq_data_get_irq_chip_data(d);

	tb_irq_type(b, tb_line_of(d), IRQ_TYPE_NONE);
	gpiochip_unlock_as_irq(&b->gc, tb_line_of(d));
}

static const struct irq_chip tb_irq_chip = {
	.name			= "testboard",
	.irq_startup		= tb_irq_startup,
	.irq_ack		= tb_irq_ack,
	.irq_mask		= tb_irq_mask,
	.irq_unmask		= tb_irq_unmask,
	.irq_set_type		= tb_irq_set_type,
	.irq_retrigger		= tb_irq_retrigger,
	.irq_request_resources	= tb_irq_request,
	.irq_release_resources	= tb_irq_release,
	.flags			= IRQCHIP_IMMUTABLE | IRQCHIP_SKIP_SET_WAKE,
};

static int tb_irq_map(struct irq_domain *d, unsigned int virq,
		      irq_hw_number_t hw)
{
	irq_set_chip_data(virq, d->host_data);
	irq_set_chip_and_handler(virq, &tb_irq_chip, handle_edge_irq);
	irq_modify_status(virq, IRQ_NOREQUEST, IRQ_NOPROBE);
	return 0;
}

static void tb_irq_unmap(struct irq_domain *d, unsigned int virq)
{
	irq_set_chip_and_handler(virq, NULL, NULL);
	irq_set_chip_data(virq, NULL);
}

static const struct irq_domain_ops tb_irq_ops = {
	.map	= tb_irq_map,
	.unmap	= tb_irq_unmap,
};

/* Map a line to the next number that is free; 0 if there is none. */
static unsigned int tb_irq_new(struct tb_board *b, unsigned int n)
{
	unsigned int tries, irq;
	int got;

	for (tries = TB_IRQ_FIRST; tries <= TB_IRQ_LAST; tries++) {
		irq = b->next_irq++;
		if (b->next_irq > TB_IRQ_LAST)
			b->next_irq = TB_IRQ_FIRST;
		got = irq_alloc_desc_at(irq, NUMA_NO_NODE);
		if (got == -EEXIST)
			continue;
		if (got < 0)
			break;
		if (!irq_domain_associate(b->domain, irq, n))
			return irq;
		irq_free_desc(irq);
		return 0;
	}
	/* this machine has not so many numbers */
	return irq_create_mapping(b->domain, n);
}

int tb_to_irq(struct gpio_chip *gc, unsigned int n)
{
	struct tb_board *b = gpiochip_get_data(gc);
	unsigned int irq;

	mutex_lock(&b->map);
	irq = irq_find_mapping(b->domain, n);
	if (!irq)
		irq = tb_irq_new(b, n);
	mutex_unlock(&b->map);
	return irq ?: -ENXIO;
}

/* The chip went: its interrupts go, too. Their numbers stay in b->given. */
void tb_irq_dispose(struct tb_board *b)
{
	unsigned long flags;
	unsigned int n, irq;

	raw_spin_lock_irqsave(&b->lock, flags);
	b->rising = 0;
	b->falling = 0;
	b->masked = ~0ULL;
	b->latched = 0;
	b->irq_tail = b->irq_head;
	raw_spin_unlock_irqrestore(&b->lock, flags);
	for (n = 0; n < b->lines; n++) {
		irq = irq_find_mapping(b->domain, n);
		if (!irq)
			continue;
		irq_dispose_mapping(irq);
		b->given[n] = irq;
	}
}

static irqreturn_t tb_stranger(int irq, void *data)
{
	return IRQ_NONE;
}

/* Others than the lines get the numbers, and request them. */
void tb_irq_give_away(struct tb_board *b)
{
	unsigned int n, irq;

	for (n = 0; n < b->lines; n++) {
		irq = b->given[n];
		b->given[n] = 0;
		if (!irq || irq_alloc_desc_at(irq, NUMA_NO_NODE) < 0)
			continue;
		irq_set_chip_and_handler(irq, &dummy_irq_chip,
					 handle_simple_irq);
		irq_modify_status(irq, IRQ_NOREQUEST, IRQ_NOPROBE);
		if (request_irq(irq, tb_stranger, 0, "testboard-stranger", b))
			irq_free_desc(irq);
		else
			b->given[n] = irq;
	}
	b->strangers = true;
}

void tb_irq_take_back(struct tb_board *b)
{
	unsigned int n;

	for (n = 0; n < b->lines && b->strangers; n++) {
		if (!b->given[n])
			continue;
		free_irq(b->given[n], b);
		irq_free_desc(b->given[n]);
	}
	memset(b->given, 0, sizeof(b->given));
	b->strangers = false;
}

int tb_irq_init(struct tb_board *b)
{
	b->masked = ~0ULL;
	b->next_irq = TB_IRQ_FIRST;
	mutex_init(&b->map);
	b->irq_work = IRQ_WORK_INIT_HARD(tb_irq_work);
	b->irq_queue = kmalloc(TB_IRQ_QUEUE, GFP_KERNEL);
	if (!b->irq_queue)
		return -ENOMEM;
	b->fwnode = irq_domain_alloc_named_fwnode("testboard");
	if (!b->fwnode)
		goto err_queue;
	b->domain = irq_domain_create_linear(b->fwnode, TB_MAX_LINES,
					     &tb_irq_ops, b);
	if (!b->domain)
		goto err_fwnode;
	return 0;

err_fwnode:
	irq_domain_free_fwnode(b->fwnode);
err_queue:
	kfree(b->irq_queue);
	return -ENOMEM;
}

void tb_irq_exit(struct tb_board *b)
{
	irq_work_sync(&b->irq_work);
	tb_irq_take_back(b);
	irq_domain_remove(b->domain);
	irq_domain_free_fwnode(b->fwnode);
	kfree(b->irq_queue);
}
