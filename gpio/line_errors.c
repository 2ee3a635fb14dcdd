// SPDX-License-Identifier: MIT
/* What the kernel's refusals mean for whoever asked for lines. */
#include <accel/lines.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/piaccel.h>

#include "gpio.h"
#include "lines.h"

/* Who has which of the lines, appended to `text`. */
static void name_owners(const accel_lines *l, char *text, size_t size)
{
	accel_line_info info;
	size_t n = 0;

	text[0] = 0;
	for (uint32_t i = 0; i < l->n && n < size; i++) {
		if (accel_line_info_get(&l->pins[i], &info) || !info.used)
			continue;
		n += (size_t)snprintf(text + n, size - n, "%s%s by '%s'",
				      n ? ", " : "", l->pins[i].name,
				      info.consumer[0] ? info.consumer : "?");
	}
	if (!n)
		snprintf(text, size, "%s by someone else", l->pins[0].name);
}

/* Who takes over lines that are held, and may not. */
static accel_status not_theirs(const accel_lines *l,
			       const accel_lines_config *c)
{
	const accel_pin *pin = &l->pins[0];
	accel_line_info info;

	if (!c->adopt || accel_line_info_get(pin, &info) || !info.held)
		return accel_error(ACCEL_ERR_PERM, "'%s' on %s: %s", c->names,
				   pin->chip, strerror(EPERM));
	if (info.node)
		return accel_error(
			ACCEL_ERR_PERM,
			"'%s': the device tree has another safe value or "
			"interlock for these lines, or one of its interlocks "
			"is to be debounced",
			c->names);
	return accel_error(ACCEL_ERR_PERM,
			   "'%s': held for user %u, and you are user %u: only "
			   "they or root may have %s",
			   c->names, info.uid, (unsigned int)getuid(),
			   pin->name);
}

/* More than the module lets one user have. */
static accel_status too_many(const accel_lines *l, const accel_lines_config *c)
{
	struct piaccel_info k = { 0 };
	int dev;

	if (gpio_driver_open(&dev))
		return ACCEL_ERR_NODEV;
	ioctl(dev, PIACCEL_GET_INFO, &k);
	close(dev);
	if (c->hold && k.uid_held_used + l->n > k.uid_held_limit)
		return accel_error(
			ACCEL_ERR_PERM,
			"'%s': %u lines to be held, and user %u has %llu of "
			"%llu held already: accelctl release gives some back, "
			"the module's parameter held_limit_uid raises that",
			c->names, l->n, (unsigned int)getuid(),
			(unsigned long long)k.uid_held_used,
			(unsigned long long)k.uid_held_limit);
	return accel_error(
		ACCEL_ERR_PERM,
		"'%s': a queue for %u edges, and user %u has %llu of %llu "
		"bytes in queues already: the module's parameter "
		"queue_limit_uid_kb raises that",
		c->names, c->event_buffer ? c->event_buffer : 16 * l->n,
		(unsigned int)getuid(), (unsigned long long)k.uid_queue_used,
		(unsigned long long)k.uid_queue_limit);
}

/* A time that the kernel does not do. */
static accel_status out_of_range(const accel_lines_config *c)
{
	if (c->debounce_us > PIACCEL_DEBOUNCE_MAX_US)
		return accel_error(
			ACCEL_ERR_RANGE,
			"'%s': a debounce of %g s; %g s are the most", c->names,
			c->debounce_us / 1e6, PIACCEL_DEBOUNCE_MAX_US / 1e6);
	return accel_error(
		ACCEL_ERR_RANGE,
		"'%s': a deadline of %g s; %g s to %g s are possible", c->names,
		(double)c->keepalive_ns / 1e9, PIACCEL_KEEPALIVE_MIN_NS / 1e9,
		PIACCEL_KEEPALIVE_MAX_NS / 1e9);
}

/* A line that is none, or masks that the kernel refuses. */
static accel_status not_valid(const accel_lines *l, const accel_lines_config *c)
{
	accel_line_info info;
	accel_status s;

	for (uint32_t i = 0; i < l->n; i++) {
		s = accel_line_info_get(&l->pins[i], &info);
		if (s == ACCEL_ERR_NODEV)
			return s;
	}
	return accel_error(ACCEL_ERR_INVALID,
			   "'%s': %s: outputs %#llx, safe %#llx, interlocks "
			   "%#llx, edges %#llx, debounced %#llx of %u lines",
			   c->names,
			   c->adopt ? "held with other settings, or the masks "
				      "contradict"
				    : "the masks contradict",
			   (unsigned long long)c->outputs,
			   (unsigned long long)c->safe,
			   (unsigned long long)c->interlocks,
			   (unsigned long long)(c->rising | c->falling),
			   (unsigned long long)c->debounced, l->n);
}

accel_status lines_not_given(const accel_lines *l, const accel_lines_config *c,
			     int err)
{
	const char *chip = l->pins[0].chip;
	struct gpio_chip several;
	char who[256];

	switch (err) {
	case EBUSY:
		name_owners(l, who, sizeof(who));
		return accel_error(ACCEL_ERR_BUSY,
				   "in use: %s; end that program (a line that "
				   "is held: accelctl release), or disable the "
				   "overlay that claims it",
				   who);
	case ENODEV:
		return accel_error(ACCEL_ERR_NODEV,
				   "there is no GPIO chip '%s'", chip);
	case ENOTUNIQ:
		if (gpio_chip_find(chip, &several) == ACCEL_ERR_INVALID)
			return ACCEL_ERR_INVALID;
		return accel_error(ACCEL_ERR_INVALID,
				   "'%s' is the name of several GPIO chips, "
				   "which come or go just now",
				   chip);
	case ENOENT:
		return accel_error(ACCEL_ERR_NODEV,
				   "nobody holds '%s' (%u lines) to take over",
				   c->names, l->n);
	case EOPNOTSUPP:
		return accel_error(ACCEL_ERR_NOSYS,
				   "'%s' on %s: the chip cannot do that bias, "
				   "drive, edge or interlock",
				   c->names, chip);
	case ERANGE:
		return out_of_range(c);
	case EINVAL:
		return not_valid(l, c);
	case ENOMEM:
		return accel_error(ACCEL_ERR_NOMEM,
				   "'%s': the kernel has no memory", c->names);
	case EPERM:
		return not_theirs(l, c);
	case EDQUOT:
		return too_many(l, c);
	case ESHUTDOWN:
		return accel_error(ACCEL_ERR_TRIPPED,
				   "'%s': the machine is going down, and "
				   "nothing is driven any more",
				   c->names);
	default:
		return accel_error(ACCEL_ERR_IO, "'%s' on %s: %s", c->names,
				   chip, strerror(err));
	}
}

/* What a call on a line descriptor means by its errno. */
accel_status lines_failed(const accel_lines *l, const char *what, int err)
{
	const char *name = l->pins[0].name;

	switch (err) {
	case ESHUTDOWN:
		return accel_error(ACCEL_ERR_TRIPPED,
				   "%s %s: tripped to the safe state; look at "
				   "the state, then rearm",
				   what, name);
	case ENODEV:
		return accel_error(ACCEL_ERR_LOST, "%s %s: chip '%s' is gone",
				   what, name, l->pins[0].chip);
	case EPERM:
		return accel_error(ACCEL_ERR_PERM,
				   "%s %s: it is an input, or that would undo "
				   "a safe value",
				   what, name);
	case EBUSY:
		return accel_error(ACCEL_ERR_BUSY,
				   "%s %s: a stream drives it, or an "
				   "interlock is open",
				   what, name);
	case ESTALE:
		return accel_error(ACCEL_ERR_INVALID,
				   "%s %s: another trip has come since; read "
				   "the state again",
				   what, name);
	case ERANGE:
		return accel_error(ACCEL_ERR_RANGE,
				   "%s %s: the time is past or too far away",
				   what, name);
	case EINVAL:
		return accel_error(ACCEL_ERR_INVALID,
				   "%s %s: not for this request of %u lines "
				   "(mask, or no safe value or deadline)",
				   what, name, l->n);
	case EOPNOTSUPP:
		return accel_error(ACCEL_ERR_NOSYS,
				   "%s %s: chip '%s' cannot do that", what,
				   name, l->pins[0].chip);
	default:
		return accel_error(ACCEL_ERR_IO, "%s %s: %s", what, name,
				   strerror(err));
	}
}
