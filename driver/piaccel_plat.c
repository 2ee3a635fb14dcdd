// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: relays and inputs that the device tree names.
 *
 * Outputs get their safe state when this binds, before any program runs, and
 * nobody else gets the lines. The binding is libaccel,piaccel.yaml.
 */
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>

#include "piaccel.h"

/* The lines are known by what they switch, in debugfs and to lsgpio. */
static int piaccel_plat_name(struct device *dev, const char *prop,
			     struct gpio_descs *lines)
{
	const char *names[PIACCEL_LINES_MAX];
	int i, n, ret;

	if (!lines || !device_property_present(dev, prop))
		return 0;
	n = device_property_string_array_count(dev, prop);
	if (n != lines->ndescs)
		return dev_err_probe(dev, -EINVAL, "%s: %d for %u lines\n",
				     prop, n, lines->ndescs);
	n = device_property_read_string_array(dev, prop, names, n);
	if (n < 0)
		return dev_err_probe(dev, n, "%s\n", prop);
	for (i = 0; i < n; i++) {
		ret = gpiod_set_consumer_name(lines->desc[i], names[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static struct gpio_descs *piaccel_plat_get(struct device *dev,
					   const char *con_id,
					   enum gpiod_flags flags)
{
	struct gpio_descs *lines;

	lines = devm_gpiod_get_array_optional(dev, con_id, flags);
	if (IS_ERR(lines)) {
		dev_err_probe(dev, PTR_ERR(lines), "%s-gpios\n", con_id);
		return lines;
	}
	if (lines && lines->ndescs > PIACCEL_LINES_MAX)
		return dev_err_ptr_probe(dev, -E2BIG, "%s-gpios: %u lines\n",
					 con_id, lines->ndescs);
	return lines;
}

static int piaccel_plat_safe(struct device *dev, struct gpio_descs *relays)
{
	static const char prop[] = "libaccel,relay-safe-states";
	u32 safe[PIACCEL_LINES_MAX] = {};
	int i, n, ret;

	if (device_property_present(dev, prop)) {
		n = device_property_count_u32(dev, prop);
		if (n != relays->ndescs)
			return dev_err_probe(dev, -EINVAL,
					     "%s: %d for %u relays\n", prop, n,
					     relays->ndescs);
		ret = device_property_read_u32_array(dev, prop, safe, n);
		if (ret)
			return dev_err_probe(dev, ret, "%s\n", prop);
	}
	for (i = 0; i < relays->ndescs; i++)
		if (safe[i] > 1)
			return dev_err_probe(dev, -EINVAL, "%s: %u\n", prop,
					     safe[i]);
	/* Value and direction at once: no other level in between. */
	for (i = 0; i < relays->ndescs; i++) {
		ret = gpiod_direction_output(relays->desc[i], safe[i]);
		if (ret)
			return dev_err_probe(dev, ret, "relay %d\n", i);
	}
	return 0;
}

static int piaccel_plat_probe(struct platform_device *pdev)
{
	struct gpio_descs *relays, *interlocks, *inputs;
	struct device *dev = &pdev->dev;
	int ret;

	/* As they are, since each has a value of its own. */
	relays = piaccel_plat_get(dev, "relay", GPIOD_ASIS);
	if (IS_ERR(relays))
		return PTR_ERR(relays);
	if (!relays)
		return dev_err_probe(dev, -EINVAL, "no relay-gpios\n");
	ret = piaccel_plat_safe(dev, relays);
	if (ret)
		return ret;

	interlocks = piaccel_plat_get(dev, "interlock", GPIOD_IN);
	if (IS_ERR(interlocks))
		return PTR_ERR(interlocks);
	inputs = piaccel_plat_get(dev, "input", GPIOD_IN);
	if (IS_ERR(inputs))
		return PTR_ERR(inputs);

	ret = piaccel_plat_name(dev, "relay-names", relays);
	if (!ret)
		ret = piaccel_plat_name(dev, "interlock-names", interlocks);
	if (!ret)
		ret = piaccel_plat_name(dev, "input-names", inputs);
	return ret;
}

static const struct of_device_id piaccel_plat_of_match[] = {
	{ .compatible = "libaccel,piaccel" },
	{ }
};
MODULE_DEVICE_TABLE(of, piaccel_plat_of_match);

static struct platform_driver piaccel_plat_driver = {
	.probe = piaccel_plat_probe,
	.driver = {
		.name = "piaccel",
		.of_match_table = piaccel_plat_of_match,
	},
};

int piaccel_plat_init(void)
{
	return platform_driver_register(&piaccel_plat_driver);
}

void piaccel_plat_exit(void)
{
	platform_driver_unregister(&piaccel_plat_driver);
}
