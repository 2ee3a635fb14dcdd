// SPDX-License-Identifier: GPL-2.0-only
/*
 * testboard: the pins, and the GPIO chip that drivers under test see.
 *
 * Nothing here sleeps: every callback works in hard-irq context, as those of
 * the real pinctrl-bcm2711 do, and under the caller's raw spinlocks. So no
 * change ever calls into a consumer: its interrupts are queued and raised
 * from a hard irq_work as soon as interrupts are on.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/slab.h>

#include "board.h"

/* Pulls at reset, BCM2711 peripherals, table "GPIO alternate functions". */
#define TB_RESET_UP	(GENMASK_ULL(8, 0) | GENMASK_ULL(36, 34) | \
			 GENMASK_ULL(53, 46))

static char *label = "pinctrl-bcm2711";
module_param(label, charp, 0444);
MODULE_PARM_DESC(label, "label of the GPIO chip (default pinctrl-bcm2711)");

static unsigned int lines = 54;
module_param(lines, uint, 0444);
MODULE_PARM_DESC(lines, "number of lines, 1 to 64 (default 54)");

static bool names = true;
module_param(names, bool, 0444);
MODULE_PARM_DESC(names, "name the lines GPIO0, GPIO1, ... (default Y)");

static bool persist;
module_param(persist, bool, 0644);
MODULE_PARM_DESC(persist, "a freed line stays an output (default N, as the real chip)");

static bool sleeps;
module_param(sleeps, bool, 0644);
MODULE_PARM_DESC(sleeps, "the chip says it can sleep, from its next coming on (default N)");

static bool drives = true;
module_param(drives, bool, 0644);
MODULE_PARM_DESC(drives, "the chip has open drains and sources; else gpiolib emulates them (default Y)");

static unsigned int slow_ms;
module_param(slow_ms, uint, 0644);
MODULE_PARM_DESC(slow_ms, "how long a write takes while the chip sleeps (default 0)");

static bool plain;
module_param(plain, bool, 0644);
MODULE_PARM_DESC(plain, "outputs change under a plain spinlock, which sleeps on PREEMPT_RT (default N)");

static unsigned int atomic_writes;
module_param(atomic_writes, uint, 0644);
MODULE_PARM_DESC(atomic_writes, "how often a plain chip was written to where nothing may sleep");

static DEFINE_SPINLOCK(tb_plain_lock);	/* protects nothing: it is in the way */

struct tb_board tb_board;

static u64 tb_resolve(const struct tb_pins *p)
{
	u64 low = (p->out_en & ~p->out & ~p->open_source) |
		  (p->ext_en & ~p->ext) | (p->fol_en & ~p->fol);
	u64 high = (p->out_en & p->out & ~p->open_drain) |
		   (p->ext_en & p->ext) | (p->fol_en & p->fol);
	u64 pull = p->res_up | (p->bias_up & ~p->res_down);

	return ~low & (high | pull);
}

/* Record what the chip does to its outputs. */
static void tb_see_outputs(struct tb_board *b, struct tb_note *note)
{
	const struct tb_pins *p = &b->pins;
	u64 turned = p->out_en ^ b->seen_en;
	unsigned int n;

	note->set = p->out_en & ((p->out ^ b->seen_out) | turned);
	note->value = p->out;
	note->freed = turned & ~p->out_en;
	b->seen_en = p->out_en;
	b->seen_out = p->out;

	for_each_line(n, turned)
		tb_record(b, note->time_ns, n, TB_KIND_DIRECTION,
			  p->out_en & BIT_ULL(n));
	for_each_line(n, note->set) {
		b->count[n].outputs++;
		tb_record(b, note->time_ns, n, TB_KIND_OUTPUT,
			  p->out & BIT_ULL(n));
	}
}

static void tb_see_level(struct tb_board *b, unsigned int n, u64 now,
			 bool by_chip)
{
	struct tb_counts *c = &b->count[n];
	bool up = b->level & BIT_ULL(n);
	u64 stood = now - c->changed_ns;

	c->changed_ns = now;
	if (up)
		c->rising++;
	else
		c->falling++;
	tb_record(b, now, n, TB_KIND_LEVEL, up);
	if ((up ? b->rising : b->falling) & BIT_ULL(n))
		tb_irq_edge(b, n);
	if (by_chip && (b->triggers & BIT_ULL(n)))
		tb_play_trigger(b, n, up, now, stood);
	if (b->sources & BIT_ULL(n))
		tb_wire_source(b, n, up, now);
}

/*
 * Let the pins take their levels after a change, and let everything that is
 * wired to them see it. Wires form no loops, so this ends.
 */
void tb_settle(struct tb_board *b, struct tb_note *note, bool by_chip)
{
	u64 level = tb_resolve(&b->pins) & b->valid;
	u64 diff = level ^ b->level;
	unsigned int n;

	lockdep_assert_held(&b->lock);
	note->time_ns = ktime_get_ns();
	b->level = level;
	tb_see_outputs(b, note);
	while (diff) {
		for_each_line(n, diff)
			tb_see_level(b, n, note->time_ns, by_chip);
		level = tb_resolve(&b->pins) & b->valid;
		diff = level ^ b->level;
		b->level = level;
	}
}

/* The chip changes pins between these two. */
static void tb_chip_begin(struct tb_board *b, unsigned long *flags)
	__acquires(&b->lock)
{
	raw_spin_lock_irqsave(&b->lock, *flags);
}

static void tb_chip_end(struct tb_board *b, unsigned long flags)
	__releases(&b->lock)
{
	struct tb_note note;
	bool kick;

	tb_settle(b, &note, true);
	kick = tb_irq_waiting(b);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	if (kick)
		irq_work_queue(&b->irq_work);
	tb_console(&note);
}

static void assign(u64 *word, u64 mask, bool on)
{
	*word = on ? *word | mask : *word & ~mask;
}

static u64 tb_read(struct tb_board *b, const u64 *word)
{
	unsigned long flags;
	u64 v;

	raw_spin_lock_irqsave(&b->lock, flags);
	v = *word;
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return v;
}

static int tb_get(struct gpio_chip *gc, unsigned int n)
{
	struct tb_board *b = gpiochip_get_data(gc);

	return !!(tb_read(b, &b->level) & BIT_ULL(n));
}

static int tb_get_multiple(struct gpio_chip *gc, unsigned long *mask,
			   unsigned long *bits)
{
	struct tb_board *b = gpiochip_get_data(gc);
	DECLARE_BITMAP(level, TB_MAX_LINES);

	bitmap_from_u64(level, tb_read(b, &b->level));
	bitmap_replace(bits, bits, level, mask, gc->ngpio);
	return 0;
}

/* As the many drivers whose set() takes a lock that is not raw. */
static void tb_be_plain(void)
{
	unsigned long flags;

	if (!READ_ONCE(plain))
		return;
	if (irqs_disabled() || preempt_count())
		WRITE_ONCE(atomic_writes, atomic_writes + 1);
	spin_lock_irqsave(&tb_plain_lock, flags);
	spin_unlock_irqrestore(&tb_plain_lock, flags);
}

static tb_set_ret tb_set(struct gpio_chip *gc, unsigned int n, int value)
{
	struct tb_board *b = gpiochip_get_data(gc);
	unsigned long flags;
	bool deaf;

	tb_be_plain();
	tb_chip_begin(b, &flags);
	deaf = b->deaf & BIT_ULL(n);
	if (!deaf)
		assign(&b->pins.out, BIT_ULL(n), value);
	tb_chip_end(b, flags);
	return TB_SET(deaf ? -EIO : 0);
}

/* As a bus that times out, or is busy. */
static void tb_be_slow(struct gpio_chip *gc)
{
	if (gc->can_sleep && READ_ONCE(slow_ms))
		msleep(READ_ONCE(slow_ms));
}

static tb_set_ret tb_set_multiple(struct gpio_chip *gc, unsigned long *mask,
				  unsigned long *bits)
{
	struct tb_board *b = gpiochip_get_data(gc);
	unsigned long flags;
	u64 m, v, deaf;

	tb_be_slow(gc);
	tb_be_plain();
	bitmap_to_arr64(&m, mask, gc->ngpio);
	bitmap_to_arr64(&v, bits, gc->ngpio);
	tb_chip_begin(b, &flags);
	deaf = m & b->deaf;
	if (!deaf)
		b->pins.out = (b->pins.out & ~m) | (v & m);
	tb_chip_end(b, flags);
	return TB_SET(deaf ? -EIO : 0);
}

static int tb_get_direction(struct gpio_chip *gc, unsigned int n)
{
	struct tb_board *b = gpiochip_get_data(gc);

	return tb_read(b, &b->pins.out_en) & BIT_ULL(n) ?
		GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int tb_direction_input(struct gpio_chip *gc, unsigned int n)
{
	struct tb_board *b = gpiochip_get_data(gc);
	unsigned long flags;
	bool deaf;

	tb_be_plain();
	tb_chip_begin(b, &flags);
	deaf = b->deaf & BIT_ULL(n);
	if (!deaf)
		assign(&b->pins.out_en, BIT_ULL(n), false);
	tb_chip_end(b, flags);
	return deaf ? -EIO : 0;
}

static void tb_pins_output(struct tb_pins *p, unsigned int n, bool value)
{
	assign(&p->out, BIT_ULL(n), value);
	assign(&p->out_en, BIT_ULL(n), true);
}

static int tb_direction_output(struct gpio_chip *gc, unsigned int n, int value)
{
	struct tb_board *b = gpiochip_get_data(gc);
	unsigned long flags;
	bool deaf;

	tb_be_plain();
	tb_chip_begin(b, &flags);
	deaf = b->deaf & BIT_ULL(n);
	if (!deaf)
		tb_pins_output(&b->pins, n, value);
	tb_chip_end(b, flags);
	return deaf ? -EIO : 0;
}

static void tb_pins_bias(struct tb_pins *p, unsigned int n, bool up, bool down)
{
	assign(&p->bias_up, BIT_ULL(n), up);
	assign(&p->bias_down, BIT_ULL(n), down);
}

static void tb_pins_drive(struct tb_pins *p, unsigned int n, bool drain,
			  bool source)
{
	assign(&p->open_drain, BIT_ULL(n), drain);
	assign(&p->open_source, BIT_ULL(n), source);
}

static int tb_set_config(struct gpio_chip *gc, unsigned int n,
			 unsigned long config)
{
	struct tb_board *b = gpiochip_get_data(gc);
	unsigned long flags;
	enum pin_config_param param = pinconf_to_config_param(config);
	bool up = param == PIN_CONFIG_BIAS_PULL_UP;
	bool down = param == PIN_CONFIG_BIAS_PULL_DOWN;
	bool drain = param == PIN_CONFIG_DRIVE_OPEN_DRAIN;
	bool source = param == PIN_CONFIG_DRIVE_OPEN_SOURCE;

	switch (param) {
	case PIN_CONFIG_BIAS_DISABLE:
	case PIN_CONFIG_BIAS_PULL_UP:
	case PIN_CONFIG_BIAS_PULL_DOWN:
		tb_chip_begin(b, &flags);
		tb_pins_bias(&b->pins, n, up, down);
		tb_chip_end(b, flags);
		return 0;
	case PIN_CONFIG_DRIVE_PUSH_PULL:
	case PIN_CONFIG_DRIVE_OPEN_DRAIN:
	case PIN_CONFIG_DRIVE_OPEN_SOURCE:
		if (!drives)
			return -ENOTSUPP;
		tb_chip_begin(b, &flags);
		tb_pins_drive(&b->pins, n, drain, source);
		tb_chip_end(b, flags);
		return 0;
	default:
		/* debounce too: gpiolib then does it in software */
		return -ENOTSUPP;
	}
}

static void tb_pins_free(struct tb_pins *p, unsigned int n)
{
	assign(&p->out_en, BIT_ULL(n), false);
	tb_pins_drive(p, n, false, false);
}

static int tb_request(struct gpio_chip *gc, unsigned int n)
{
	struct tb_board *b = gpiochip_get_data(gc);
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	b->held |= BIT_ULL(n);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return 0;
}

static void tb_free(struct gpio_chip *gc, unsigned int n)
{
	struct tb_board *b = gpiochip_get_data(gc);
	unsigned long flags;

	tb_chip_begin(b, &flags);
	b->held &= ~BIT_ULL(n);
	if (!READ_ONCE(persist))
		tb_pins_free(&b->pins, n);
	tb_chip_end(b, flags);
}

/* The world as after loading. What consumers drive stays. */
void tb_reset(struct tb_board *b)
{
	struct tb_note note;
	unsigned long flags;
	unsigned int n;

	for (n = 0; n < TB_PLAYERS; n++)
		tb_play_stop(b, n);
	for (n = 0; n < TB_MAX_LINES; n++)
		tb_wire_cut(b, n);

	raw_spin_lock_irqsave(&b->lock, flags);
	b->pins.out_en &= b->held;
	b->pins.open_drain &= b->held;
	b->pins.open_source &= b->held;
	b->pins.ext_en = 0;
	b->pins.res_up = 0;
	b->pins.res_down = 0;
	b->pins.bias_up = TB_RESET_UP & b->valid;
	b->pins.bias_down = ~TB_RESET_UP & b->valid;
	tb_settle(b, &note, false);
	memset(b->count, 0, sizeof(b->count));
	for (n = 0; n < TB_MAX_LINES; n++)
		b->count[n].changed_ns = note.time_ns;
	b->edges_lost = 0;
	b->follow_lost = 0;
	b->deaf = 0;
	raw_spin_unlock_irqrestore(&b->lock, flags);
	irq_work_queue(&b->irq_work);
	tb_rec_setup(b, b->valid, BIT(TB_KIND_OUTPUT) | BIT(TB_KIND_DIRECTION));
}

/* The chip appears; b->pdev is bound. */
int tb_chip_add(struct tb_board *b)
{
	struct gpio_chip *gc = &b->gc;
	int err;

	memset(gc, 0, sizeof(*gc));
	gc->names = b->names;
	gc->label = b->label;
	gc->parent = &b->pdev->dev;
	gc->owner = THIS_MODULE;
	gc->base = -1;
	gc->ngpio = b->lines;
	gc->can_sleep = READ_ONCE(sleeps);
	gc->request = tb_request;
	gc->free = tb_free;
	gc->get_direction = tb_get_direction;
	gc->direction_input = tb_direction_input;
	gc->direction_output = tb_direction_output;
	gc->get = tb_get;
	gc->get_multiple = tb_get_multiple;
	gc->tb_setter = tb_set;
	gc->tb_setter_multiple = tb_set_multiple;
	gc->set_config = tb_set_config;
	gc->to_irq = tb_to_irq;

	err = gpiochip_add_data(gc, b);
	if (err)
		return err;
	WRITE_ONCE(b->present, true);
	return 0;
}

/* In the bus's notice of the chip's end, before the consumers hear of it. */
static int tb_chip_event(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct tb_board *b = container_of(nb, struct tb_board, nb);

	if (action == BUS_NOTIFY_DEL_DEVICE && data == b->gdev) {
		tb_irq_dispose(b);
		tb_irq_give_away(b);
	}
	return NOTIFY_DONE;
}

/*
 * The chip goes. @early: its interrupts go before anyone hears of it, as they
 * do with gpiolib's own domain, and others get their numbers at once.
 */
void tb_chip_del(struct tb_board *b, bool early)
{
	const struct bus_type *bus;
	unsigned long flags;

	WRITE_ONCE(b->present, false);
	b->gdev = gpio_device_to_device(b->gc.gpiodev);
	bus = b->gdev->bus;
	b->nb.notifier_call = tb_chip_event;
	b->nb.priority = INT_MAX;
	early = early && !bus_register_notifier(bus, &b->nb);
	/* gpiolib frees the interrupts that consumers still hold */
	gpiochip_remove(&b->gc);
	if (early)
		bus_unregister_notifier(bus, &b->nb);
	tb_irq_dispose(b);
	/* and forgets their lines: tb_free() will not come */
	raw_spin_lock_irqsave(&b->lock, flags);
	b->held = 0;
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

static int tb_probe(struct platform_device *pdev)
{
	struct tb_board *b = &tb_board;
	unsigned int n;

	b->names = NULL;
	if (names) {
		b->names = devm_kcalloc(&pdev->dev, b->lines,
					sizeof(*b->names), GFP_KERNEL);
		if (!b->names)
			return -ENOMEM;
		for (n = 0; n < b->lines; n++) {
			b->names[n] = devm_kasprintf(&pdev->dev, GFP_KERNEL,
						     "GPIO%u", n);
			if (!b->names[n])
				return -ENOMEM;
		}
	}
	/* the first probe comes before the device's maker has its pointer */
	b->pdev = pdev;
	return tb_chip_add(b);
}

static void tb_remove(struct platform_device *pdev)
{
	struct tb_board *b = &tb_board;

	if (READ_ONCE(b->present))
		tb_chip_del(b, false);
}

static struct platform_driver tb_driver = {
	.probe	= tb_probe,
	.remove	= tb_remove,
	.driver	= {
		.name	= "testboard",
	},
};

static int __init tb_init(void)
{
	struct tb_board *b = &tb_board;
	int err;

	if (!lines || lines > TB_MAX_LINES)
		return -EINVAL;
	b->label = label;
	b->lines = lines;
	b->valid = GENMASK_ULL(lines - 1, 0);
	mutex_init(&b->ctl);
	raw_spin_lock_init(&b->lock);

	err = tb_rec_init(b);
	if (err)
		return err;
	err = tb_irq_init(b);
	if (err)
		goto err_rec;
	tb_play_init(b);
	tb_reset(b);

	b->pdev = platform_device_register_simple("testboard",
						  PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(b->pdev)) {
		err = PTR_ERR(b->pdev);
		goto err_irq;
	}
	err = platform_driver_register(&tb_driver);
	if (err)
		goto err_pdev;
	if (!b->present) {
		err = -ENODEV;
		goto err_driver;
	}
	err = tb_ctl_init();
	if (err)
		goto err_driver;
	pr_info("%u lines as %s\n", b->lines, label);
	return 0;

err_driver:
	platform_driver_unregister(&tb_driver);
err_pdev:
	platform_device_unregister(b->pdev);
err_irq:
	tb_irq_exit(b);
err_rec:
	tb_rec_exit(b);
	return err;
}

static void __exit tb_exit(void)
{
	struct tb_board *b = &tb_board;

	tb_ctl_exit();
	tb_play_exit(b);
	platform_driver_unregister(&tb_driver);
	platform_device_unregister(b->pdev);
	tb_irq_exit(b);
	tb_rec_exit(b);
}

module_init(tb_init);
module_exit(tb_exit);
MODULE_DESCRIPTION("A GPIO chip that plays the outside world of a Raspberry Pi");
MODULE_LICENSE("GPL");
