// SPDX-License-Identifier: GPL-2.0-only
/*
 * testboard: banks, further chips that sleep: outputs behind a slow bus.
 *
 * While the banks are stalled whoever writes to one waits in its chip, as for a
 * bus that does not answer; how many do is for the test to see.
 */

#include <linux/wait.h>

#include "board.h"

struct tb_bank_chip {
	struct gpio_chip gc;
	char label[32];
	atomic_t waiting;
	u32 out_en, out;	/* under tb_bank_lock */
};

static struct tb_bank_chip tb_bank[TB_BANKS_MAX];
static unsigned int tb_bank_count;	/* under tb_board.ctl */
static bool tb_bank_stalled;
static DECLARE_WAIT_QUEUE_HEAD(tb_bank_wait);
static DEFINE_SPINLOCK(tb_bank_lock);

static void tb_bank_write(struct gpio_chip *gc, unsigned int n, bool output,
			  bool value)
{
	struct tb_bank_chip *c = gpiochip_get_data(gc);

	atomic_inc(&c->waiting);
	wait_event_idle(tb_bank_wait, !READ_ONCE(tb_bank_stalled));
	atomic_dec(&c->waiting);
	spin_lock(&tb_bank_lock);
	c->out = value ? c->out | BIT(n) : c->out & ~BIT(n);
	if (output)
		c->out_en |= BIT(n);
	spin_unlock(&tb_bank_lock);
}

static tb_set_ret tb_bank_set(struct gpio_chip *gc, unsigned int n, int value)
{
	tb_bank_write(gc, n, false, value);
	return TB_SET(0);
}

static int tb_bank_direction_output(struct gpio_chip *gc, unsigned int n,
				    int value)
{
	tb_bank_write(gc, n, true, value);
	return 0;
}

static int tb_bank_direction_input(struct gpio_chip *gc, unsigned int n)
{
	struct tb_bank_chip *c = gpiochip_get_data(gc);

	spin_lock(&tb_bank_lock);
	c->out_en &= ~BIT(n);
	spin_unlock(&tb_bank_lock);
	return 0;
}

static int tb_bank_get_direction(struct gpio_chip *gc, unsigned int n)
{
	struct tb_bank_chip *c = gpiochip_get_data(gc);

	return READ_ONCE(c->out_en) & BIT(n) ? GPIO_LINE_DIRECTION_OUT :
					       GPIO_LINE_DIRECTION_IN;
}

/* Inputs read 0. */
static int tb_bank_get(struct gpio_chip *gc, unsigned int n)
{
	struct tb_bank_chip *c = gpiochip_get_data(gc);

	return !!(READ_ONCE(c->out_en) & READ_ONCE(c->out) & BIT(n));
}

static int tb_bank_add(struct tb_bank_chip *c, unsigned int i)
{
	struct gpio_chip *gc = &c->gc;

	memset(c, 0, sizeof(*c));
	snprintf(c->label, sizeof(c->label), TB_BANK_LABEL "%u", i);
	gc->label = c->label;
	gc->owner = THIS_MODULE;
	gc->base = -1;
	gc->ngpio = TB_BANK_LINES;
	gc->can_sleep = true;
	gc->get_direction = tb_bank_get_direction;
	gc->direction_input = tb_bank_direction_input;
	gc->direction_output = tb_bank_direction_output;
	gc->get = tb_bank_get;
	gc->tb_setter = tb_bank_set;
	return gpiochip_add_data(gc, c);
}

/* So many there are from now on; those there were go first. */
int tb_banks_set(unsigned int n)
{
	int err = 0;

	if (n > TB_BANKS_MAX)
		return -EINVAL;
	tb_banks_stall(false);
	while (tb_bank_count)
		gpiochip_remove(&tb_bank[--tb_bank_count].gc);
	while (!err && tb_bank_count < n) {
		err = tb_bank_add(&tb_bank[tb_bank_count], tb_bank_count);
		tb_bank_count += !err;
	}
	return err;
}

void tb_banks_stall(bool stall)
{
	WRITE_ONCE(tb_bank_stalled, stall);
	wake_up_all(&tb_bank_wait);
}

int tb_bank_state(struct tb_bank *state)
{
	struct tb_bank_chip *c;

	if (state->bank >= tb_bank_count)
		return -EINVAL;
	c = &tb_bank[state->bank];
	spin_lock(&tb_bank_lock);
	state->waiting = atomic_read(&c->waiting);
	state->output = c->out_en;
	state->value = c->out & c->out_en;
	spin_unlock(&tb_bank_lock);
	return 0;
}
