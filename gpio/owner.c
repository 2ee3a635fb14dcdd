// SPDX-License-Identifier: MIT
/* Who has a line and how its fail-safe stands, as the module tells it. */
#include <accel/driver.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/piaccel.h>

#include "gpio.h"

_Static_assert(ACCEL_UID_NONE == PIACCEL_UID_NONE, "nobody's uid");

int owner_open(void)
{
	return open(ACCEL_DRIVER_PATH, O_RDWR | O_CLOEXEC);
}

/* The pin's own level: the kernel's values are logical. */
static int level_of(uint32_t flags)
{
	bool high = flags & PIACCEL_INFO_HIGH;
	bool low = flags & PIACCEL_INFO_ACTIVE_LOW;

	return flags & PIACCEL_INFO_LEVEL ? high != low : -1;
}

void owner_ask(int driver, const char *chip, accel_line_info *info)
{
	struct piaccel_line_info k = { .offset = info->offset };
	uint32_t f;

	if (driver < 0 || !info->used)
		return;
	snprintf(k.chip, sizeof(k.chip), "%s", chip);
	if (ioctl(driver, PIACCEL_LINE_INFO, &k))
		return;
	f = k.flags;
	if (info->level < 0)
		info->level = level_of(f);
	if (!(f & PIACCEL_INFO_PIACCEL))
		return;
	info->module = true;
	info->interlock = f & PIACCEL_INFO_INTERLOCK;
	info->armed = f & PIACCEL_INFO_ARMED;
	info->tripped = f & PIACCEL_INFO_TRIPPED;
	if (f & PIACCEL_INFO_SAFE)
		info->safe = f & PIACCEL_INFO_SAFE_HIGH ? 1 : 0;
	info->owed = f & PIACCEL_INFO_OWED;
	info->hold = f & PIACCEL_INFO_HOLD;
	info->held = f & PIACCEL_INFO_HELD;
	info->node = f & PIACCEL_INFO_NODE;
	info->trip = (accel_trip)k.trip_cause;
	info->trips = k.trip_seq;
	info->keepalive_ns = k.keepalive_ns;
	info->deadline_ns = k.deadline_ns;
	info->pid = k.pid;
	info->uid = k.uid;
}
