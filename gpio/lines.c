// SPDX-License-Identifier: MIT
/* Line requests over /dev/piaccel. */
#include <accel/driver.h>
#include <accel/lines.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/piaccel.h>

#include "../libaccel/src/base/alloc.h"
#include "gpio.h"
#include "lines.h"

_Static_assert(ACCEL_LINES_MAX == PIACCEL_LINES_MAX, "lines of a request");
_Static_assert(ACCEL_CHIP_SIZE == PIACCEL_NAME_SIZE, "a chip's label");
_Static_assert(ACCEL_LINE_NAME_SIZE == PIACCEL_CONSUMER_SIZE, "consumer");
_Static_assert((int)ACCEL_TRIP_SUSPEND == PIACCEL_TRIP_SUSPEND, "trip causes");

uint64_t accel_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static accel_status call(const accel_lines *l, const char *what,
			 unsigned long cmd, void *arg)
{
	if (!l)
		return accel_error(ACCEL_ERR_INVALID, "%s: no lines", what);
	if (ioctl(l->fd, cmd, arg) < 0)
		return lines_failed(l, what, errno);
	return ACCEL_OK;
}

/* ---- requests ------------------------------------------------------------- */

accel_status gpio_driver_open(int *fd)
{
	accel_status s = accel_driver_open(NULL, fd);
	accel_driver_info info;

	if (s)
		return s;
	s = accel_driver_get_info(*fd, &info);
	if (s) {
		close(*fd);
		*fd = -1;
	}
	return s;
}

/* "GPIO23, P11" to pins. */
static accel_status parse_names(const char *names, accel_lines *l)
{
	const char *p = names, *end;
	char name[ACCEL_CHIP_SIZE + 16];
	accel_status s;
	size_t len;

	do {
		end = p + strcspn(p, ",");
		while (p < end && isspace((unsigned char)*p))
			p++;
		len = (size_t)(end - p);
		while (len && isspace((unsigned char)p[len - 1]))
			len--;
		if (!len || len >= sizeof(name))
			return accel_error(ACCEL_ERR_INVALID,
					   "'%s': line %u has no name, or one "
					   "of %zu characters",
					   names, l->n + 1, len);
		if (l->n == ACCEL_LINES_MAX)
			return accel_error(ACCEL_ERR_INVALID,
					   "'%s': more than %d lines", names,
					   ACCEL_LINES_MAX);
		memcpy(name, p, len);
		name[len] = 0;
		s = accel_pin_find(name, &l->pins[l->n]);
		if (s)
			return s;
		l->n++;
		p = end + 1;
	} while (*end);
	return ACCEL_OK;
}

static accel_status check_pins(const accel_lines *l)
{
	for (uint32_t i = 1; i < l->n; i++) {
		const accel_pin *p = &l->pins[i];

		if (strcmp(p->chip, l->pins[0].chip))
			return accel_error(
				ACCEL_ERR_INVALID,
				"%s is on chip '%s' and %s on '%s': a request "
				"takes lines of one chip",
				l->pins[0].name, l->pins[0].chip, p->name,
				p->chip);
		for (uint32_t j = 0; j < i; j++)
			if (l->pins[j].offset == p->offset)
				return accel_error(
					ACCEL_ERR_INVALID,
					"%s and %s are the same line",
					l->pins[j].name, p->name);
	}
	return ACCEL_OK;
}

static struct piaccel_line_config kernel_config(const accel_lines_config *c)
{
	return (struct piaccel_line_config){
		.output_mask = c->outputs,
		.values = c->initial,
		.active_low_mask = c->active_low,
		.pull_up_mask = c->pull_up,
		.pull_down_mask = c->pull_down,
		.pull_none_mask = c->pull_none,
		.open_drain_mask = c->open_drain,
		.open_source_mask = c->open_source,
		.rising_mask = c->rising,
		.falling_mask = c->falling,
		.debounce_mask = c->debounced,
		.debounce_us = c->debounce_us,
	};
}

/* It shows in rows of /proc and of logs. */
static accel_status check_consumer(const char *consumer)
{
	for (const char *p = consumer; p && *p; p++)
		if (*p < ' ' || *p > '~')
			return accel_error(
				ACCEL_ERR_INVALID,
				"consumer: byte %d is 0x%02x; it may have "
				"printable ASCII only",
				(int)(p - consumer) + 1, (unsigned char)*p);
	return ACCEL_OK;
}

static accel_status request(accel_lines *l, const accel_lines_config *c)
{
	struct piaccel_line_request r = {
		.num_lines = l->n,
		.flags = (c->hold ? PIACCEL_LINE_HOLD : 0) |
			 (c->adopt ? PIACCEL_LINE_ADOPT : 0) |
			 (c->no_suspend ? PIACCEL_LINE_NO_SUSPEND : 0),
		.event_buffer = c->event_buffer,
		.config = kernel_config(c),
		.safe_mask = c->safe,
		.safe_values = c->safe_values,
		.interlock_mask = c->interlocks,
		.interlock_values = c->interlock_values,
		.keepalive_ns = c->keepalive_ns,
	};
	accel_status s;
	int dev, err;

	s = gpio_driver_open(&dev);
	if (s)
		return s;
	snprintf(r.chip, sizeof(r.chip), "%s", l->pins[0].chip);
	snprintf(r.consumer, sizeof(r.consumer), "%.31s",
		 c->consumer ? c->consumer : "libaccel");
	for (uint32_t i = 0; i < l->n; i++)
		r.offsets[i] = l->pins[i].offset;
	l->fd = ioctl(dev, PIACCEL_LINE_REQUEST, &r);
	err = errno;
	close(dev);
	if (l->fd < 0)
		return lines_not_given(l, c, err);
	fcntl(l->fd, F_SETFL, O_NONBLOCK);
	return ACCEL_OK;
}

accel_lines *accel_lines_request_with(const accel_lines_config *c)
{
	accel_lines *l;

	if (!c || !c->names)
		return accel_error_null(ACCEL_ERR_INVALID,
					"line request: no names");
	l = mem_zalloc(sizeof(*l));
	if (!l)
		return NULL;
	if (parse_names(c->names, l) || check_pins(l) ||
	    check_consumer(c->consumer) || request(l, c)) {
		mem_free(l);
		return NULL;
	}
	return l;
}

void accel_lines_release(accel_lines *l)
{
	if (!l)
		return;
	close(l->fd);
	mem_free(l);
}

uint32_t accel_lines_count(const accel_lines *l)
{
	return l ? l->n : 0;
}

const accel_pin *accel_lines_pin(const accel_lines *l, uint32_t i)
{
	return l && i < l->n ? &l->pins[i] : NULL;
}

int accel_lines_fd(const accel_lines *l)
{
	return l ? l->fd : -1;
}

accel_status accel_lines_get(const accel_lines *l, uint64_t mask,
			     uint64_t *bits)
{
	struct piaccel_line_values v = { .mask = mask };
	accel_status s;

	if (!bits)
		return accel_error(ACCEL_ERR_INVALID,
				   "read lines: no place for the values");
	s = call(l, "read", PIACCEL_LINE_GET, &v);
	*bits = s ? 0 : v.bits;
	return s;
}

accel_status accel_lines_set(accel_lines *l, uint64_t mask, uint64_t bits)
{
	struct piaccel_line_values v = { .mask = mask, .bits = bits };

	return call(l, "set", PIACCEL_LINE_SET, &v);
}

accel_status accel_lines_reconfigure(accel_lines *l,
				     const accel_lines_config *c)
{
	struct piaccel_line_config k;

	if (!c)
		return accel_error(ACCEL_ERR_INVALID, "reconfigure: nothing");
	k = kernel_config(c);
	return call(l, "reconfigure", PIACCEL_LINE_RECONFIG, &k);
}

/* ---- fail-safe ------------------------------------------------------------ */

const char *accel_trip_text(accel_trip trip)
{
	static const char *const texts[] = {
		[ACCEL_TRIP_NONE] = "none",
		[ACCEL_TRIP_DEADLINE] = "keep-alive missed",
		[ACCEL_TRIP_CLOSE] = "owner ended",
		[ACCEL_TRIP_INTERLOCK] = "interlock open",
		[ACCEL_TRIP_USER] = "asked for",
		[ACCEL_TRIP_PANIC] = "kernel panic",
		[ACCEL_TRIP_REBOOT] = "reboot",
		[ACCEL_TRIP_CHIP] = "chip gone",
		[ACCEL_TRIP_SUSPEND] = "the machine went to sleep",
	};

	return (unsigned int)trip < sizeof(texts) / sizeof(texts[0])
		       ? texts[trip]
		       : "unknown";
}

accel_status accel_lines_state_get(const accel_lines *l, accel_lines_state *st)
{
	struct piaccel_line_status k = { 0 };
	accel_status s;

	if (!st)
		return accel_error(ACCEL_ERR_INVALID,
				   "state: no place for the answer");
	memset(st, 0, sizeof(*st));
	s = call(l, "state of", PIACCEL_LINE_STATUS, &k);
	if (s)
		return s;
	*st = (accel_lines_state){
		.failsafe = k.flags & PIACCEL_STATUS_FAILSAFE,
		.armed = k.flags & PIACCEL_STATUS_ARMED,
		.tripped = k.flags & PIACCEL_STATUS_TRIPPED,
		.safe = k.flags & PIACCEL_STATUS_SAFE,
		.interlock_open = k.flags & PIACCEL_STATUS_OPEN,
		.sleeps = k.flags & PIACCEL_STATUS_SLEEPS,
		.gone = k.flags & PIACCEL_STATUS_GONE,
		.adopted = k.flags & PIACCEL_STATUS_ADOPTED,
		.captures = k.flags & PIACCEL_STATUS_CAPTURE,
		.plays = k.flags & PIACCEL_STATUS_PLAYBACK,
		.trip = (accel_trip)k.trip_cause,
		.trip_seq = k.trip_seq,
		.trip_ns = k.trip_ns,
		.safe_ns = k.safe_ns,
		.interlocks_open = k.interlock_open,
		.deadline_ns = k.deadline_ns,
		.keepalives = k.keepalives,
		.values = k.values,
		.events_lost = k.events_lost,
		.events_queued = k.events_queued,
		.read_cost_ns = k.read_cost_ns,
		.period_floor_ns = k.period_floor_ns,
	};
	return ACCEL_OK;
}

accel_status accel_lines_keepalive(accel_lines *l, uint64_t deadline_ns)
{
	struct piaccel_keepalive k = { .deadline_ns = deadline_ns };

	return call(l, "keep-alive of", PIACCEL_LINE_KEEPALIVE, &k);
}

accel_status accel_lines_trip(accel_lines *l)
{
	return call(l, "trip", PIACCEL_LINE_TRIP, NULL);
}

accel_status accel_lines_rearm(accel_lines *l, uint64_t trip_seq)
{
	struct piaccel_rearm k = { .trip_seq = trip_seq };

	return call(l, "rearm", PIACCEL_LINE_REARM, &k);
}

accel_status accel_lines_disarm(accel_lines *l)
{
	return call(l, "disarm", PIACCEL_LINE_DISARM, NULL);
}
