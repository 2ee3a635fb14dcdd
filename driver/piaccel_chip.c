// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: taking lines from gpiolib and giving them back, in time.
 *
 * A request names a chip by its label, by the name of its device or by the
 * path of its firmware node. gpiolib hands lines to whoever has a lookup table
 * for them, so each request brings one, for the moment it takes. Such a table
 * knows chips by their labels alone: where several have the same, the lines are
 * taken from the chip itself. Lines are given back when the chip is about to
 * go.
 */
#include <linux/gpio/machine.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "piaccel.h"

/* The consumer of the lookup tables. Never registered: only its name counts. */
static struct device piaccel_consumer = {
	.init_name = "piaccel-request",
};

/* ---- names -------------------------------------------------------------- */

/**
 * struct piaccel_chip_name - a look for a chip
 * @name: what it is called
 * @is: does a chip have this name
 * @found: how many have it
 */
struct piaccel_chip_name {
	const char *name;
	bool (*is)(struct gpio_chip *gc, const char *name);
	unsigned int found;
};

static bool piaccel_is_label(struct gpio_chip *gc, const char *name)
{
	return !strcmp(gpio_device_get_label(gc->gpiodev), name);
}

static bool piaccel_is_device(struct gpio_chip *gc, const char *name)
{
	return !strcmp(dev_name(gpio_device_to_device(gc->gpiodev)), name);
}

static bool piaccel_is_node(struct gpio_chip *gc, const char *name)
{
	struct device *dev = gpio_device_to_device(gc->gpiodev);
	char path[PIACCEL_NAME_SIZE];

	return dev_fwnode(dev) &&
	       snprintf(path, sizeof(path), "%pfw", dev_fwnode(dev)) <
	       sizeof(path) && !strcmp(path, name);
}

static int piaccel_chip_count(struct gpio_chip *gc, const void *data)
{
	struct piaccel_chip_name *n = (void *)data;

	n->found += n->is(gc, n->name);
	return 0;
}

static int piaccel_chip_match(struct gpio_chip *gc, const void *data)
{
	const struct piaccel_chip_name *n = data;

	return n->is(gc, n->name);
}

/* Return: how many chips have the label of this one. */
static unsigned int piaccel_chip_labels(struct gpio_device *gdev)
{
	struct piaccel_chip_name n = {
		.name = gpio_device_get_label(gdev), .is = piaccel_is_label,
	};

	gpio_device_find(&n, piaccel_chip_count);
	return n.found;
}

/**
 * piaccel_chip_find() - a chip by its name
 * @name: its label, the name of its device or the path of its firmware node, in
 *	this order
 *
 * Return: a reference, or -ENODEV, or -ENOTUNIQ when several chips have the
 * name.
 */
struct gpio_device *piaccel_chip_find(const char *name)
{
	static bool (*const kinds[])(struct gpio_chip *gc, const char *name) = {
		piaccel_is_label, piaccel_is_device, piaccel_is_node,
	};
	struct gpio_device *gdev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct piaccel_chip_name n = { .name = name, .is = kinds[i] };

		gpio_device_find(&n, piaccel_chip_count);
		if (n.found > 1)
			return ERR_PTR(-ENOTUNIQ);
		gdev = n.found ? gpio_device_find(&n, piaccel_chip_match) : NULL;
		if (gdev)
			return gdev;
	}
	return ERR_PTR(-ENODEV);
}

/**
 * piaccel_chip_call() - what to call a chip
 * @gdev: the chip
 *
 * Return: its label, or the name of its device where only that says which.
 */
const char *piaccel_chip_call(struct gpio_device *gdev)
{
	const char *label = gpio_device_get_label(gdev);

	if (strlen(label) < PIACCEL_NAME_SIZE && piaccel_chip_labels(gdev) == 1)
		return label;
	return dev_name(gpio_device_to_device(gdev));
}

/* ---- coming and going --------------------------------------------------- */

static void piaccel_put_line(struct piaccel_request *req,
			     struct gpio_desc *desc)
{
	/* gpiolib keeps the names of a removed chip's lines, for nobody. */
	if (!gpio_device_get_chip(req->gdev))
		gpiod_set_consumer_name(desc, NULL);
	gpiod_put(desc);
}

/* Under req->config, the request gone: nobody looks at the lines any more. */
void piaccel_put_lines(struct piaccel_request *req)
{
	unsigned int i;

	if (!req->owned)
		return;
	for (i = 0; i < req->num; i++)
		piaccel_put_line(req, req->desc[i]);
	req->owned = false;
}

/* Under req->config. No output is written after this. */
void piaccel_set_gone(struct piaccel_request *req)
{
	mutex_lock(&req->hw);
	raw_spin_lock_irq(&req->lock);
	req->gone = true;
	req->deadline_ns = 0;
	raw_spin_unlock_irq(&req->lock);
	mutex_unlock(&req->hw);
}

/*
 * The chip is about to go: its lines get their safe values while it still
 * works, and interrupts, streams and our hold on the lines end before it does.
 * A driver that removes its chip and stays bound says nothing before: then the
 * lines are out of reach, and the request trips without its safe values.
 * A GET that is under way may still look at a line that is nobody's now; the
 * descriptors live as long as our reference to the chip.
 */
static void piaccel_chip_gone(struct piaccel_request *req)
{
	mutex_lock(&req->config);
	if (req->gone) {
		mutex_unlock(&req->config);
		return;
	}
	piaccel_trip(req, PIACCEL_TRIP_CHIP, ktime_get_ns());
	kthread_flush_work(&req->trip_work);
	piaccel_stream_end_all(req, PIACCEL_BLOCK_GONE);
	piaccel_event_stop_all(req);
	piaccel_set_gone(req);
	piaccel_put_lines(req);
	mutex_unlock(&req->config);
	wake_up_all(&req->wait);
	piaccel_changed();
	/*
	 * Nobody is there to close a held request. The barrier pairs with that
	 * in piaccel_request_hold(): one of us sees the other.
	 */
	smp_mb();
	if (READ_ONCE(req->held))
		queue_work(piaccel_wq, &req->reap);
}

static int piaccel_parent_event(struct notifier_block *nb,
				unsigned long action, void *data)
{
	struct piaccel_request *req =
		container_of(nb, struct piaccel_request, parent_nb);

	if (action == BUS_NOTIFY_UNBIND_DRIVER && data == req->parent)
		piaccel_chip_gone(req);
	return NOTIFY_DONE;
}

/*
 * Too late for the lines, unless the driver was unbound and we have been here
 * already, but not for those who wait for them.
 */
static int piaccel_chip_event(struct notifier_block *nb, unsigned long action,
			      void *data)
{
	struct piaccel_request *req =
		container_of(nb, struct piaccel_request, chip_nb);

	if (action == BUS_NOTIFY_DEL_DEVICE &&
	    data == gpio_device_to_device(req->gdev))
		piaccel_chip_gone(req);
	return NOTIFY_DONE;
}

void piaccel_chip_unwatch(struct piaccel_request *req)
{
	if (!req->gdev)
		return;
	if (req->chip_nb.notifier_call)
		bus_unregister_notifier(gpio_device_to_device(req->gdev)->bus,
					&req->chip_nb);
	if (req->parent_nb.notifier_call)
		bus_unregister_notifier(req->parent->bus, &req->parent_nb);
}

void piaccel_chip_release(struct piaccel_request *req)
{
	piaccel_worker_put(req);
	put_device(req->parent);
	if (req->gdev)
		gpio_device_put(req->gdev);
	req->parent = NULL;
	req->gdev = NULL;
}

static int piaccel_watch_bus(const struct bus_type *bus,
			     struct notifier_block *nb,
			     notifier_fn_t call)
{
	int ret;

	if (!bus)
		return 0;
	nb->notifier_call = call;
	ret = bus_register_notifier(bus, nb);
	if (ret)
		nb->notifier_call = NULL;
	return ret;
}

static int piaccel_chip_is(struct gpio_chip *gc, const void *gdev)
{
	return gc->gpiodev == gdev;
}

/* Is the chip registered still? Otherwise its going went unheard. */
static bool piaccel_chip_there(struct piaccel_request *req)
{
	struct gpio_device *gdev = gpio_device_find(req->gdev, piaccel_chip_is);

	if (gdev)
		gpio_device_put(gdev);
	return gdev;
}

int piaccel_chip_watch(struct piaccel_request *req)
{
	struct gpio_device *gdev = piaccel_chip_find(req->chip);
	struct device *dev;
	int ret;

	if (IS_ERR(gdev))
		return PTR_ERR(gdev);
	req->gdev = gdev;
	dev = gpio_device_to_device(req->gdev);
	req->parent = get_device(dev->parent);
	/*
	 * A driver is unbound under this lock, from the notice to the end: we
	 * hear of it, or see that it has happened.
	 */
	if (req->parent)
		device_lock(req->parent);
	ret = piaccel_watch_bus(dev->bus, &req->chip_nb, piaccel_chip_event);
	if (!ret && req->parent)
		ret = piaccel_watch_bus(req->parent->bus, &req->parent_nb,
					piaccel_parent_event);
	if (!ret && !piaccel_chip_there(req))
		ret = -ENODEV;
	if (req->parent)
		device_unlock(req->parent);
	return ret;
}

/* ---- lines -------------------------------------------------------------- */

static unsigned long piaccel_lookup_flags(struct piaccel_request *req,
					  unsigned int i)
{
	unsigned long flags = GPIO_LOOKUP_FLAGS_DEFAULT;
	u64 bit = BIT_ULL(i);

	if (req->cfg.active_low_mask & bit)
		flags |= GPIO_ACTIVE_LOW;
	if (req->cfg.open_drain_mask & bit)
		flags |= GPIO_OPEN_DRAIN;
	if (req->cfg.open_source_mask & bit)
		flags |= GPIO_OPEN_SOURCE;
	return flags;
}

static struct gpiod_lookup_table *
piaccel_lookup_table(struct piaccel_request *req)
{
	struct gpiod_lookup_table *table;
	unsigned int i;

	/* One more, all zeroes, ends it. */
	table = kzalloc(struct_size(table, table, req->num + 1), GFP_KERNEL);
	if (!table)
		return NULL;
	table->dev_id = piaccel_consumer.init_name;
	for (i = 0; i < req->num; i++)
		table->table[i] =
			GPIO_LOOKUP_IDX(gpio_device_get_label(req->gdev),
					req->offsets[i], NULL, i,
					piaccel_lookup_flags(req, i));
	return table;
}

/**
 * struct piaccel_own_line - a line to be taken from its chip
 * @req: for whom
 * @i: its number there
 * @desc: the line, or an error
 */
struct piaccel_own_line {
	struct piaccel_request *req;
	unsigned int i;
	struct gpio_desc *desc;
};

/*
 * Called with the chip kept from going. Other than gpiod_get() the call for a
 * chip's own lines takes no references, but gpiod_put() gives them back: the
 * chip's, and that of the module which gpiolib found when the chip came.
 */
static int piaccel_own_line(struct gpio_chip *gc, const void *data)
{
	struct piaccel_own_line *o = (void *)data;
	struct piaccel_request *req = o->req;
	struct module *owner = gc->owner;

	if (gc->gpiodev != req->gdev)
		return 0;
	if (gc->parent && gc->parent->driver)
		owner = gc->parent->driver->owner;
	if (!try_module_get(owner))
		return 1;
	o->desc = gpiochip_request_own_desc(gc, req->offsets[o->i],
					    req->consumer,
					    piaccel_lookup_flags(req, o->i),
					    GPIOD_ASIS);
	if (IS_ERR(o->desc))
		module_put(owner);
	else
		gpio_device_get(req->gdev);
	return 1;
}

/* By the table, or without one by the chip itself. */
static struct gpio_desc *piaccel_get_line(struct piaccel_request *req,
					  struct gpiod_lookup_table *table,
					  unsigned int i)
{
	struct piaccel_own_line o = {
		.req = req, .i = i, .desc = ERR_PTR(-ENODEV),
	};
	struct gpio_device *gdev;
	struct gpio_desc *desc;

	if (!table) {
		gdev = gpio_device_find(&o, piaccel_own_line);
		if (gdev)
			gpio_device_put(gdev);
		return o.desc;
	}
	desc = gpiod_get_index(&piaccel_consumer, NULL, i, GPIOD_ASIS);
	if (IS_ERR(desc) || gpiod_to_gpio_device(desc) == req->gdev)
		return desc;
	/* Another chip of that label has come since. */
	gpiod_put(desc);
	return ERR_PTR(-ENOTUNIQ);
}

/* gpiolib's view of a chip that goes while we look is not ours to pass on. */
static int piaccel_get_error(int err)
{
	return err == -EPROBE_DEFER || err == -ENOENT ? -ENODEV : err;
}

/* Under both mutexes. Changes nothing on the lines. */
int piaccel_get_lines(struct piaccel_request *req)
{
	struct gpiod_lookup_table *table = NULL;
	struct gpio_desc *desc;
	unsigned int i;
	int ret = 0;

	if (piaccel_chip_labels(req->gdev) < 2) {
		table = piaccel_lookup_table(req);
		if (!table)
			return -ENOMEM;
		gpiod_add_lookup_table(table);
	}
	for (i = 0; i < req->num; i++) {
		desc = piaccel_get_line(req, table, i);
		if (IS_ERR(desc)) {
			ret = piaccel_get_error(PTR_ERR(desc));
			pr_debug("piaccel: %s:%u: %d\n", req->chip,
				 req->offsets[i], ret);
			break;
		}
		req->desc[i] = desc;
		ret = gpiod_set_consumer_name(desc, req->consumer);
		if (ret) {
			piaccel_put_line(req, desc);
			break;
		}
	}
	if (table)
		gpiod_remove_lookup_table(table);
	kfree(table);
	if (!ret) {
		req->owned = true;
		piaccel_defer_setup(req);
		return 0;
	}
	while (i--)
		piaccel_put_line(req, req->desc[i]);
	return ret;
}
