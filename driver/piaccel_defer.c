// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: which lines are driven by a thread, decided once, at the request.
 *
 * Outputs are driven under a raw lock, in hard-irq context too, where the
 * chip's driver allows that. gpiolib knows of those that sleep. It does not
 * know of those that take a lock which sleeps on PREEMPT_RT, nor of those whose
 * direction_input() sleeps: that is what an open drain is let go with. What is
 * not known of a driver is taken for the worse, and the chip's worker drives.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/string.h>

#include "piaccel.h"

static char *piaccel_atomic_drivers;
module_param_named(atomic_drivers, piaccel_atomic_drivers, charp, 0644);
MODULE_PARM_DESC(atomic_drivers, "names of GPIO drivers, separated by commas, that take raw spinlocks only: their lines are driven in any context, on PREEMPT_RT too");

/**
 * enum piaccel_locks - what a callback of a driver takes
 * @PIACCEL_LOCKS_UNKNOWN: a mutex for all we know
 * @PIACCEL_LOCKS_SPIN: spinlocks, which sleep on PREEMPT_RT
 * @PIACCEL_LOCKS_RAW: raw spinlocks or none
 */
enum piaccel_locks {
	PIACCEL_LOCKS_UNKNOWN,
	PIACCEL_LOCKS_SPIN,
	PIACCEL_LOCKS_RAW,
};

/**
 * struct piaccel_driver - what is known of a driver whose chips do not sleep
 * @name: its name
 * @value: of get() and set()
 * @direction: of direction_input() and direction_output()
 */
struct piaccel_driver {
	const char *name;
	enum piaccel_locks value;
	enum piaccel_locks direction;
};

/* gpiolib holds the others to spinlocks in get() and set(): no can_sleep. */
static const struct piaccel_driver piaccel_unknown = {
	.value = PIACCEL_LOCKS_SPIN,
};

/*
 * Read in the sources of 6.12 and 7.2. pinctrl-rp1 goes through an MMIO regmap
 * and its spinlock there; in Raspberry Pi's own kernel it takes none, and may be
 * named in atomic_drivers.
 */
static const struct piaccel_driver piaccel_drivers[] = {
	{ "basic-mmio-gpio", PIACCEL_LOCKS_RAW, PIACCEL_LOCKS_RAW },
	{ "brcmstb-gpio", PIACCEL_LOCKS_RAW, PIACCEL_LOCKS_RAW },
	{ "pinctrl-bcm2835", PIACCEL_LOCKS_RAW, PIACCEL_LOCKS_SPIN },
	{ "pinctrl-rp1", PIACCEL_LOCKS_SPIN, PIACCEL_LOCKS_SPIN },
	{ "pl061_gpio", PIACCEL_LOCKS_RAW, PIACCEL_LOCKS_RAW },
	{ "rockchip-gpio", PIACCEL_LOCKS_RAW, PIACCEL_LOCKS_RAW },
};

static const struct piaccel_driver piaccel_named = {
	.value = PIACCEL_LOCKS_RAW,
	.direction = PIACCEL_LOCKS_RAW,
};

static bool piaccel_is_named(const char *name)
{
	const char *at;
	size_t len = 0;
	bool found = false;

	kernel_param_lock(THIS_MODULE);
	for (at = piaccel_atomic_drivers; at && *at && !found; at += len) {
		at += strspn(at, "\n, ");
		len = strcspn(at, "\n, ");
		found = len == strlen(name) && !strncmp(at, name, len);
	}
	kernel_param_unlock(THIS_MODULE);
	return found;
}

/* Under req->config, the request not gone: so the driver stays bound. */
static const struct piaccel_driver *
piaccel_driver_of(struct piaccel_request *req)
{
	const struct device_driver *driver;
	unsigned int i;

	driver = req->parent ? READ_ONCE(req->parent->driver) : NULL;
	if (!driver)
		return &piaccel_unknown;
	if (piaccel_is_named(driver->name))
		return &piaccel_named;
	for (i = 0; i < ARRAY_SIZE(piaccel_drivers); i++)
		if (!strcmp(piaccel_drivers[i].name, driver->name))
			return &piaccel_drivers[i];
	return &piaccel_unknown;
}

static bool piaccel_can_sleep(struct piaccel_request *req)
{
	unsigned int i;

	for (i = 0; i < req->num; i++)
		if (gpiod_cansleep(req->desc[i]))
			return true;
	return false;
}

/**
 * piaccel_defer_setup() - who drives the lines of a request
 * @req: under req->config, not gone, its lines taken
 *
 * Sets @sleeps and @defers, for good.
 */
void piaccel_defer_setup(struct piaccel_request *req)
{
	enum piaccel_locks need = IS_ENABLED(CONFIG_PREEMPT_RT) ?
				  PIACCEL_LOCKS_RAW : PIACCEL_LOCKS_SPIN;
	const struct piaccel_driver *driver = piaccel_driver_of(req);

	req->sleeps = piaccel_can_sleep(req) || driver->value < need;
	req->defers = req->sleeps || ((req->drain | req->source) &&
				      driver->direction < need);
}
