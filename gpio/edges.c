// SPDX-License-Identifier: MIT
/* Edges of lines, and waiting for them. */
#include <accel/lines.h>

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <linux/piaccel.h>

#include "gpio.h"
#include "lines.h"

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
		return lines_failed(l, "edges of", ESHUTDOWN);
	if (revents)
		return lines_failed(l, "edges of", ENODEV);
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
			       : lines_failed(l, "edges of", errno);
	*count = (uint32_t)((size_t)n / sizeof(*ev));
	for (uint32_t i = 0; i < *count; i++)
		edges[i] = edge_of(&ev[i]);
	return ACCEL_OK;
}
