// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: relays and inputs named by the device tree.
 *
 * A "libaccel,piaccel" node's relays get their safe states at probe. They and
 * the node's inputs are then kept as after a close with PIACCEL_LINE_HOLD: one
 * held request for each chip, its lines in the order relays, interlocks,
 * inputs, until a program takes them over with PIACCEL_LINE_ADOPT.
 *
 * Lines whose chip is not there yet, or went and comes back, are taken when it
 * comes.
 */
#include <linux/gpio/driver.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "piaccel.h"

/**
 * struct piaccel_node_line - a line of the node
 * @desc: its descriptor, until a held request owns it
 * @output: it is a relay
 * @lock: it is an interlock
 * @safe: a relay's safe state
 */
struct piaccel_node_line {
	struct gpio_desc *desc;
	bool output;
	bool lock;
	bool safe;
};

/**
 * struct piaccel_node - a node
 * @dev: its device
 * @bus: where GPIO chips come
 * @nb: tells when one does
 * @work: takes its lines
 */
struct piaccel_node {
	struct device *dev;
	const struct bus_type *bus;
	struct notifier_block nb;
	struct work_struct work;
};

static const struct {
	const char *con_id;
	const char *names;
	bool output;
	bool lock;
} piaccel_node_kinds[] = {
	{ "relay", "relay-names", true, false },
	{ "interlock", "interlock-names", false, true },
	{ "input", "input-names", false, false },
};

static int piaccel_node_get(struct device *dev, unsigned int kind,
			    unsigned int i, struct piaccel_node_line *line)
{
	const char *names[PIACCEL_LINES_MAX];
	u32 safe[PIACCEL_LINES_MAX];
	struct gpio_desc *desc;
	int n;

	desc = gpiod_get_index(dev, piaccel_node_kinds[kind].con_id, i,
			       GPIOD_ASIS);
	if (IS_ERR(desc))
		return PTR_ERR(desc);
	line->desc = desc;
	line->output = piaccel_node_kinds[kind].output;
	line->lock = piaccel_node_kinds[kind].lock;
	n = device_property_count_u32(dev, "libaccel,relay-safe-states");
	if (line->output && (int)i < n && n <= PIACCEL_LINES_MAX &&
	    !device_property_read_u32_array(dev, "libaccel,relay-safe-states",
					    safe, n))
		line->safe = safe[i];
	n = device_property_read_string_array(dev,
					      piaccel_node_kinds[kind].names,
					      names, ARRAY_SIZE(names));
	/* A name is for those who look; without memory there is none. */
	if ((int)i < n)
		gpiod_set_consumer_name(desc, names[i]);
	return 0;
}

static void piaccel_node_put(struct piaccel_node_line *lines, unsigned int n)
{
	while (n--)
		if (lines[n].desc)
			gpiod_put(lines[n].desc);
}

/* A property that is there has one entry for each line. */
static int piaccel_node_check(struct device *dev, const char *prop, int count,
			      int lines)
{
	if (!device_property_present(dev, prop) || count == lines)
		return 0;
	return dev_err_probe(dev, -EINVAL, "%s: %d entries for %d lines\n",
			     prop, count, lines);
}

static int piaccel_node_check_all(struct device *dev)
{
	static const char safe[] = "libaccel,relay-safe-states";
	unsigned int kind, i;
	int n, ret = 0;
	u32 states[PIACCEL_LINES_MAX];

	for (kind = 0; kind < ARRAY_SIZE(piaccel_node_kinds) && !ret; kind++) {
		const char *prop = piaccel_node_kinds[kind].names;

		n = gpiod_count(dev, piaccel_node_kinds[kind].con_id);
		ret = piaccel_node_check(dev, prop,
					 device_property_string_array_count(dev, prop),
					 max(n, 0));
	}
	if (ret)
		return ret;
	n = max(gpiod_count(dev, "relay"), 0);
	ret = piaccel_node_check(dev, safe, device_property_count_u32(dev, safe),
				 n);
	if (ret || !device_property_present(dev, safe) ||
	    n > PIACCEL_LINES_MAX)
		return ret;
	ret = device_property_read_u32_array(dev, safe, states, n);
	for (i = 0; !ret && i < n; i++) {
		if (states[i] > 1)
			ret = dev_err_probe(dev, -EINVAL,
					    "%s: %u is neither 0 nor 1\n",
					    safe, states[i]);
	}
	return ret;
}

/* The number of a node's lines. */
static unsigned int piaccel_node_count(struct device *dev)
{
	unsigned int kind, n = 0;

	for (kind = 0; kind < ARRAY_SIZE(piaccel_node_kinds); kind++)
		n += max(gpiod_count(dev, piaccel_node_kinds[kind].con_id), 0);
	return n;
}

/*
 * Those that can be had: the others' chips are not there, or @again and we have
 * them. Return: how many lines there are, or an error with none of them held.
 */
static int piaccel_node_lines(struct device *dev, bool again,
			      struct piaccel_node_line *lines)
{
	unsigned int kind, n = 0;
	int count, i, ret;

	for (kind = 0; kind < ARRAY_SIZE(piaccel_node_kinds); kind++) {
		count = gpiod_count(dev, piaccel_node_kinds[kind].con_id);
		for (i = 0; i < count; i++, n++) {
			ret = n == PIACCEL_LINES_MAX ? -E2BIG :
			      piaccel_node_get(dev, kind, i, &lines[n]);
			if (ret == -EPROBE_DEFER || (again && ret == -EBUSY))
				ret = 0;
			if (ret) {
				piaccel_node_put(lines, n);
				return ret;
			}
		}
	}
	return n;
}

static int piaccel_node_offset(struct gpio_device *gdev,
			       struct gpio_desc *desc)
{
	struct gpio_desc *at;
	unsigned int i;

	for (i = 0; i < U16_MAX; i++) {
		at = gpio_device_get_desc(gdev, i);
		if (IS_ERR(at))
			break;
		if (at == desc)
			return i;
	}
	return -ENODEV;
}

/* Hold the lines that are on the first remaining line's chip. */
static int piaccel_node_hold(struct device *dev,
			     struct piaccel_node_line *lines, unsigned int n,
			     unsigned int first)
{
	struct gpio_device *gdev = gpiod_to_gpio_device(lines[first].desc);
	struct piaccel_line_request *r;
	struct gpio_desc *desc[PIACCEL_LINES_MAX];
	unsigned int i, k;
	int offset, ret;
	u64 bit;

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	strscpy(r->chip, piaccel_chip_call(gdev));
	strscpy(r->consumer, dev_name(dev));
	r->flags = PIACCEL_LINE_HOLD;
	for (i = first; i < n; i++) {
		if (!lines[i].desc ||
		    gpiod_to_gpio_device(lines[i].desc) != gdev)
			continue;
		offset = piaccel_node_offset(gdev, lines[i].desc);
		if (offset < 0) {
			kfree(r);
			return offset;
		}
		bit = BIT_ULL(r->num_lines);
		r->offsets[r->num_lines] = offset;
		desc[r->num_lines++] = lines[i].desc;
		if (gpiod_is_active_low(lines[i].desc) > 0)
			r->config.active_low_mask |= bit;
		if (lines[i].output) {
			r->config.output_mask |= bit;
			r->safe_mask |= bit;
		}
		/* It must stand at its active level. */
		if (lines[i].lock)
			r->interlock_mask |= bit;
		if (lines[i].safe)
			r->safe_values |= bit;
	}
	r->config.values = r->safe_values;
	if (r->interlock_mask && !r->safe_mask) {
		dev_warn(dev, "an interlock on %s guards no relay: there is none on that chip\n",
			 r->chip);
		r->interlock_mask = 0;
	}
	r->interlock_values = r->interlock_mask;
	ret = piaccel_request_hold_lines(dev, r, desc);
	if (!ret)
		/* They are the held request's now. */
		for (i = first, k = 0; k < r->num_lines; i++)
			if (lines[i].desc == desc[k]) {
				lines[i].desc = NULL;
				k++;
			}
	kfree(r);
	return ret;
}

/* Take those of its lines that are there and not ours yet. */
static int piaccel_node_take(struct device *dev, bool again)
{
	struct piaccel_node_line *lines;
	int n, i, ret = 0;

	lines = kcalloc(PIACCEL_LINES_MAX, sizeof(*lines), GFP_KERNEL);
	if (!lines)
		return -ENOMEM;
	n = piaccel_node_lines(dev, again, lines);
	for (i = 0; i < n && !ret; i++)
		if (lines[i].desc)
			ret = piaccel_node_hold(dev, lines, n, i);
	if (n < 0)
		ret = n;
	else
		piaccel_node_put(lines, n);
	kfree(lines);
	return ret;
}

static void piaccel_node_work(struct work_struct *work)
{
	struct piaccel_node *node =
		container_of(work, struct piaccel_node, work);
	unsigned int n = piaccel_node_count(node->dev);
	int ret = 0;

	if (piaccel_request_lines_of(node->dev) < n)
		ret = piaccel_node_take(node->dev, true);
	if (ret)
		dev_err(node->dev, "cannot take the lines of a chip that has come: %d\n",
			ret);
}

static int piaccel_node_event(struct notifier_block *nb, unsigned long action,
			      void *data)
{
	struct piaccel_node *node = container_of(nb, struct piaccel_node, nb);

	if (action == BUS_NOTIFY_ADD_DEVICE)
		queue_work(piaccel_wq, &node->work);
	return NOTIFY_DONE;
}

static int piaccel_any_chip(struct gpio_chip *gc, const void *data)
{
	return 1;
}

/* Hear of chips that come. Any chip tells on which bus they do. */
static int piaccel_node_watch(struct piaccel_node *node)
{
	struct gpio_device *gdev = gpio_device_find(NULL, piaccel_any_chip);

	if (!gdev)
		return -EPROBE_DEFER;
	node->bus = gpio_device_to_device(gdev)->bus;
	gpio_device_put(gdev);
	node->nb.notifier_call = piaccel_node_event;
	return bus_register_notifier(node->bus, &node->nb);
}

static void piaccel_node_drop(struct piaccel_node *node)
{
	bus_unregister_notifier(node->bus, &node->nb);
	cancel_work_sync(&node->work);
	piaccel_request_drop_held(node->dev);
}

static int piaccel_node_start(struct piaccel_node *node)
{
	unsigned int n, held;
	int ret;

	ret = piaccel_node_watch(node);
	if (ret)
		return ret;
	ret = piaccel_node_take(node->dev, false);
	if (ret) {
		piaccel_node_drop(node);
		return ret;
	}
	n = piaccel_node_count(node->dev);
	held = piaccel_request_lines_of(node->dev);
	if (held < n)
		dev_warn(node->dev, "%u of %u lines wait for their chip\n",
			 n - held, n);
	/* One may have come between the look for it and now. */
	queue_work(piaccel_wq, &node->work);
	return 0;
}

static int piaccel_node_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct piaccel_node *node;
	int ret;

	ret = piaccel_node_check_all(dev);
	if (ret)
		return ret;
	node = devm_kzalloc(dev, sizeof(*node), GFP_KERNEL);
	if (!node)
		return -ENOMEM;
	node->dev = dev;
	INIT_WORK(&node->work, piaccel_node_work);
	platform_set_drvdata(pdev, node);
	ret = piaccel_node_start(node);
	return ret ? dev_err_probe(dev, ret, "cannot take the lines\n") : 0;
}

static void piaccel_node_remove(struct platform_device *pdev)
{
	piaccel_node_drop(platform_get_drvdata(pdev));
}

static const struct of_device_id piaccel_node_ids[] = {
	{ .compatible = "libaccel,piaccel" },
	{ }
};
MODULE_DEVICE_TABLE(of, piaccel_node_ids);

struct platform_driver piaccel_node_driver = {
	.probe = piaccel_node_probe,
	.remove = piaccel_node_remove,
	.driver = {
		.name = "piaccel",
		.of_match_table = piaccel_node_ids,
	},
};
