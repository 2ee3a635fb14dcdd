// SPDX-License-Identifier: GPL-2.0-only
/*
 * testboard: a "libaccel,piaccel" node, as a device tree would have it.
 *
 * It is a platform device of that driver's name, with the properties and lines
 * of the node: machines without a device tree have them by a lookup table.
 */

#include <linux/gpio/machine.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "board.h"

#define TB_NODE_DRIVER "piaccel"

/* Its lines, those of the chip and one of another; the last ends it. */
struct tb_node_dev {
	struct platform_device *pdev;
	struct tb_node node;
	u32 safe[TB_MAX_LINES];
	struct gpiod_lookup_table *table;
};

static struct tb_node_dev tb_node_dev;	/* under tb_board.ctl */

static unsigned int tb_node_add(struct gpiod_lookup_table *t, unsigned int at,
				const char *chip, const char *con, u64 lines,
				u64 low)
{
	unsigned int n, i = 0;

	for_each_line(n, lines)
		t->table[at++] = GPIO_LOOKUP_IDX(chip, n, con, i++,
						 low & BIT_ULL(n) ?
						 GPIO_ACTIVE_LOW :
						 GPIO_ACTIVE_HIGH);
	return at;
}

static unsigned int tb_node_table(struct tb_node_dev *d, const char *label)
{
	struct gpiod_lookup_table *t = d->table;
	const struct tb_node *node = &d->node;
	unsigned int n, at, relays = 0;

	t->dev_id = TB_NODE_DRIVER;
	at = tb_node_add(t, 0, label, "relay", node->relays, node->low);
	for_each_line(n, node->relays)
		d->safe[relays++] = !!(node->safe & BIT_ULL(n));
	if (node->other[0]) {
		d->safe[relays] = 0;
		t->table[at++] = GPIO_LOOKUP_IDX(node->other, 0, "relay",
						 relays++, GPIO_ACTIVE_HIGH);
	}
	at = tb_node_add(t, at, label, "interlock", node->locks, node->low);
	tb_node_add(t, at, label, "input", node->inputs, node->low);
	return relays;
}

void tb_node_remove(void)
{
	struct tb_node_dev *d = &tb_node_dev;

	if (!d->pdev)
		return;
	platform_device_unregister(d->pdev);
	gpiod_remove_lookup_table(d->table);
	kfree(d->table);
	memset(d, 0, sizeof(*d));
}

static int tb_node_register(struct tb_node_dev *d, unsigned int relays)
{
	struct property_entry props[] = {
		PROPERTY_ENTRY_U32_ARRAY_LEN("libaccel,relay-safe-states",
					     d->safe, relays),
		{ }
	};
	struct platform_device_info info = {
		.name = TB_NODE_DRIVER,
		.id = PLATFORM_DEVID_NONE,
		.properties = relays ? props : NULL,
	};

	d->pdev = platform_device_register_full(&info);
	return PTR_ERR_OR_ZERO(d->pdev);
}

/* The node there was goes, and this one comes unless it has no lines. */
int tb_node_set(struct tb_board *b, const struct tb_node *node)
{
	u64 lines = node->relays | node->locks | node->inputs;
	struct tb_node_dev *d = &tb_node_dev;
	unsigned int relays;
	int err;

	if (lines & ~b->valid || node->safe & ~node->relays ||
	    node->low & ~lines || node->relays & node->locks ||
	    (node->relays | node->locks) & node->inputs ||
	    strnlen(node->other, sizeof(node->other)) == sizeof(node->other))
		return -EINVAL;
	tb_node_remove();
	if (!lines && !node->other[0])
		return 0;
	d->node = *node;
	d->table = kzalloc(struct_size(d->table, table, TB_MAX_LINES + 2),
			   GFP_KERNEL);
	if (!d->table)
		return -ENOMEM;
	relays = tb_node_table(d, b->label);
	gpiod_add_lookup_table(d->table);
	err = tb_node_register(d, relays);
	if (!err)
		return 0;
	gpiod_remove_lookup_table(d->table);
	kfree(d->table);
	memset(d, 0, sizeof(*d));
	return err;
}
