// SPDX-License-Identifier: MIT
/* Errors, warnings, JSON, signals. */
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <accel/accel.h>

#include "accelctl.h"

int accelctl_fail(accel_status status)
{
	fprintf(stderr, "accelctl: %s\n", accel_last_error());
	switch (status) {
	case ACCEL_ERR_NODEV:
		return EXIT_NO_MODULE;
	case ACCEL_ERR_PERM:
		return EXIT_NO_PERMISSION;
	case ACCEL_ERR_TRIPPED:
		return EXIT_TRIPPED;
	default:
		return EXIT_FAILED;
	}
}

int accelctl_fail_null(void)
{
	fprintf(stderr, "accelctl: %s\n", accel_last_error());
	return EXIT_FAILED;
}

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
	return status ? accelctl_fail(status) : EXIT_DONE;
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

void json_text(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(f, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(f, "\\u%04x", (unsigned char)*text);
		else
			putc(*text, f);
	}
	putc('"', f);
}

void json_number(FILE *f, double value)
{
	if (isfinite(value))
		fprintf(f, "%.10g", value);
	else
		fputs("null", f);
}

volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

void sleep_until(uint64_t ns)
{
	uint64_t now = accel_now_ns(), until;
	struct timespec t;

	/* the last part of a short wait in a loop: a sleep overshoots */
	if (ns <= now + 200000) {
		while (accel_now_ns() < ns)
			;
		return;
	}
	/* a signal that comes right before a sleep does not end it */
	for (; !stopped && now < ns; now = accel_now_ns()) {
		until = ns - now > 500000000 ? now + 500000000 : ns;
		t.tv_sec = (time_t)(until / 1000000000u);
		t.tv_nsec = (long)(until % 1000000000u);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	}
}
