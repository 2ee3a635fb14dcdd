// SPDX-License-Identifier: MIT
/* Line requests over /dev/piaccel. */
#include <accel/driver.h>
#include <accel/lines.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
_Static_assert((int)ACCEL_TRIP_CHIP == PIACCEL_TRIP_CHIP, "trip causes");

uint64_t accel_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int gpio_wait(int fd, short events, uint64_t timeout_ns, short *revents)
{
	struct pollfd p = { .fd = fd, .events = events };
	struct timespec t = {
		.tv_sec = (time_t)(timeout_ns / 1000000000u),
		.tv_nsec = (long)(timeout_ns % 1000000000u),
	};
	int n = ppoll(&p, 1, timeout_ns == UINT64_MAX ? NULL : &t, NULL);

	*revents = p.revents;
	return n == 1 ? 0 : -1;
}

/* ---- errors --------------------------------------------------------------- */

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

static accel_status request_failed(const accel_lines *l,
				   const accel_lines_config *c, int err)
{
	const char *chip = l->pins[0].chip;
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
		return accel_error(
			ACCEL_ERR_RANGE,
			"'%s': keep-alive %.6g s must be %g s to %g s, "
			"debounce %u us at most %u us",
			c->names, (double)c->keepalive_ns / 1e9,
			PIACCEL_KEEPALIVE_MIN_NS / 1e9,
			PIACCEL_KEEPALIVE_MAX_NS / 1e9, c->debounce_us,
			PIACCEL_DEBOUNCE_MAX_US);
	case EINVAL:
		return accel_error(
			ACCEL_ERR_INVALID,
			"'%s': %s: outputs %#llx, safe %#llx, interlocks "
			"%#llx, edges %#llx, debounced %#llx of %u lines",
			c->names,
			c->adopt ? "held with other settings, or the masks "
				   "contradict"
				 : "the chip lacks a line, or the masks "
				   "contradict",
			(unsigned long long)c->outputs,
			(unsigned long long)c->safe,
			(unsigned long long)c->interlocks,
			(unsigned long long)(c->rising | c->falling),
			(unsigned long long)c->debounced, l->n);
	case ENOMEM:
		return accel_error(ACCEL_ERR_NOMEM,
				   "'%s': the kernel has no memory", c->names);
	default:
		return accel_error(err == EPERM ? ACCEL_ERR_PERM : ACCEL_ERR_IO,
				   "'%s' on %s: %s", c->names, chip,
				   strerror(err));
	}
}

/* What a call on a line descriptor means by its errno. */
static accel_status call_failed(const accel_lines *l, const char *what, int err)
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

static accel_status call(const accel_lines *l, const char *what,
			 unsigned long cmd, void *arg)
{
	if (!l)
		return accel_error(ACCEL_ERR_INVALID, "%s: no lines", what);
	if (ioctl(l->fd, cmd, arg) < 0)
		return call_failed(l, what, errno);
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

static accel_status request(accel_lines *l, const accel_lines_config *c)
{
	struct piaccel_line_request r = {
		.num_lines = l->n,
		.flags = (c->hold ? PIACCEL_LINE_HOLD : 0) |
			 (c->adopt ? PIACCEL_LINE_ADOPT : 0),
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
		return request_failed(l, c, err);
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
	if (parse_names(c->names, l) || check_pins(l) || request(l, c)) {
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

/* ---- edges ---------------------------------------------------------------- */

#define EDGES_AT_ONCE 64

static accel_edge edge_of(const struct piaccel_event *ev)
{
	return (accel_edge){
		.time_ns = ev->time_ns,
		.seq = ev->seq,
		.lost = ev->lost,
		.line = ev->line,
		.level = ev->edge == PIACCEL_EDGE_RISING,
		.debounced = ev->flags & PIACCEL_EVENT_DEBOUNCED,
		.late = ev->flags & PIACCEL_EVENT_LATE_LEVEL,
	};
}

/* Why there is nothing to read, once that is known. */
static accel_status nothing_to_read(const accel_lines *l, short revents,
				    uint64_t timeout_ns)
{
	if (revents & POLLPRI)
		return call_failed(l, "edges of", ESHUTDOWN);
	if (revents)
		return call_failed(l, "edges of", ENODEV);
	/* asked often and without waiting, this is no error to dwell on */
	if (!timeout_ns)
		return accel_error(ACCEL_ERR_TIMEOUT, "no edge is waiting");
	return accel_error(ACCEL_ERR_TIMEOUT, "no edge on %s within %g s",
			   l->pins[0].name, (double)timeout_ns / 1e9);
}

accel_status accel_lines_read(accel_lines *l, accel_edge *edges, uint32_t max,
			      uint64_t timeout_ns, uint32_t *count)
{
	struct piaccel_event ev[EDGES_AT_ONCE];
	short got = 0;
	ssize_t n;

	if (!l || !edges || !max || !count)
		return accel_error(ACCEL_ERR_INVALID,
				   "edges: no lines, or no place for them");
	*count = 0;
	if (max > EDGES_AT_ONCE)
		max = EDGES_AT_ONCE;
	/* the descriptor does not block: waiting is the exception */
	n = read(l->fd, ev, max * sizeof(*ev));
	if (n < 0 && errno == EAGAIN) {
		gpio_wait(l->fd, POLLIN | POLLPRI, timeout_ns, &got);
		if (!(got & POLLIN))
			return nothing_to_read(l, got, timeout_ns);
		n = read(l->fd, ev, max * sizeof(*ev));
	}
	if (n < 0)
		return errno == EINTR || errno == EAGAIN
			       ? nothing_to_read(l, 0, timeout_ns)
			       : call_failed(l, "edges of", errno);
	*count = (uint32_t)((size_t)n / sizeof(*ev));
	for (uint32_t i = 0; i < *count; i++)
		edges[i] = edge_of(&ev[i]);
	return ACCEL_OK;
}
