// SPDX-License-Identifier: MIT
/* The module, warnings, signals. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <accel/accel.h>

#include "accelctl.h"

int accelctl_module(void)
{
	accel_driver_info info;
	accel_status status;
	int fd;

	status = accel_driver_open(NULL, &fd);
	if (!status) {
		status = accel_driver_get_info(fd, &info);
		close(fd);
	}
	return status ? fail(status) : EXIT_DONE;
}

void warn_of_relays(const accel_lines *lines, uint64_t outputs)
{
	for (uint32_t i = 0; i < accel_lines_count(lines); i++) {
		const accel_pin *pin = accel_lines_pin(lines, i);
		const char *why = accel_pin_relay_warning(pin);

		if (outputs >> i & 1 && why)
			fprintf(stderr,
				"accelctl: warning: %s (pin %d) is unfit for a "
				"relay: %s\n",
				pin->name, pin->header, why);
	}
}

volatile sig_atomic_t stopped;
int stop_fd = -1;

static void on_signal(int sig)
{
	uint64_t one = 1;
	int e = errno;
	ssize_t n = write(stop_fd, &one, sizeof(one));

	(void)sig;
	(void)n;
	stopped = 1;
	errno = e;
}

void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

void sleep_until(uint64_t ns)
{
	struct pollfd p = { .fd = stop_fd, .events = POLLIN };
	uint64_t now = accel_now_ns();
	struct timespec t;

	/* the last part of a short wait in a loop: a sleep overshoots */
	if (ns <= now + 200000) {
		while (accel_now_ns() < ns)
			;
		return;
	}
	for (; !stopped && now < ns; now = accel_now_ns()) {
		t.tv_sec = (time_t)((ns - now) / 1000000000u);
		t.tv_nsec = (long)((ns - now) % 1000000000u);
		ppoll(&p, 1, &t, NULL);
	}
}
