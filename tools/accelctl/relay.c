// SPDX-License-Identifier: MIT
/*
 * accelctl relay: an output that falls to its safe state when this program
 * ends, hangs or misses its deadline, or when an interlock opens.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <accel/accel.h>

#include "../common/core.h"
#include "accelctl.h"

#define NAME_SIZE 96
#define INTERLOCKS_MAX 63 /* of 64 lines, one is the relay */

static const struct usage usage = {
	"relay LINE=on|off [--safe on|off] [--deadline TIME] [--active-low]\n"
	"                [--interlock LINE=0|1]... [--for TIME] [--json]",
	"Drives a relay, and feeds its deadline (1s) as long as this runs. "
	"When it ends, is\nkilled or hangs, the kernel drives the safe state "
	"(off) and keeps it; the next\nrelay takes over from there, and "
	"accelctl release gives the line back.\n\nStandard input takes one "
	"word a line: on, off, status, trip, rearm, quit. After a\ntrip (an "
	"interlock left its level, the deadline was missed, trip) the relay "
	"stays\nsafe until rearm.\n",
	1, 1
};

struct relay {
	accel_lines *lines;
	bool on, safe, json, was_tripped, input;
	accel_status failed; /* the line did not take a value */
	uint64_t deadline_ns, end_ns;
};

static void print_state(struct relay *r, const char *event)
{
	accel_lines_state s;
	bool on;

	if (accel_lines_state_get(r->lines, &s))
		return;
	on = s.values & 1;
	if (r->json) {
		printf("{" JSON_SCHEMA ",\"event\":\"%s\",\"line\":", event);
		json_text(stdout, accel_lines_pin(r->lines, 0)->name);
		printf(",\"on\":%s,\"tripped\":%s,\"trips\":%" PRIu64
		       ",\"cause\":",
		       on ? "true" : "false", s.tripped ? "true" : "false",
		       s.trip_seq);
		json_text(stdout, accel_trip_text(s.trip));
		printf(",\"trip_ns\":%" PRIu64 ",\"safe_ns\":%" PRIu64
		       ",\"interlock_open\":%s,\"keepalives\":%" PRIu64 "}\n",
		       s.trip_ns, s.safe_ns,
		       s.interlock_open ? "true" : "false", s.keepalives);
	} else if (s.tripped) {
		printf("%s: TRIPPED (%s), %s, trip %" PRIu64 "%s%s\n",
		       accel_lines_pin(r->lines, 0)->name,
		       accel_trip_text(s.trip), on ? "on" : "off", s.trip_seq,
		       s.interlock_open ? ", an interlock is open" : "",
		       s.safe_ns >= s.trip_ns && s.safe_ns ? ""
							   : ", on its way");
	} else {
		printf("%s: %s, safe state %s, deadline %.3g s, %" PRIu64
		       " trips\n",
		       accel_lines_pin(r->lines, 0)->name, on ? "on" : "off",
		       r->safe ? "on" : "off", (double)r->deadline_ns / 1e9,
		       s.trip_seq);
	}
	fflush(stdout);
}

/* Tells of a trip or its end once. */
static void check_trip(struct relay *r)
{
	accel_lines_state s;

	if (accel_lines_state_get(r->lines, &s) || s.tripped == r->was_tripped)
		return;
	r->was_tripped = s.tripped;
	print_state(r, s.tripped ? "tripped" : "rearmed");
}

static accel_status rearm(struct relay *r)
{
	accel_lines_state s;
	accel_status st = accel_lines_state_get(r->lines, &s);

	if (!st)
		st = accel_lines_rearm(r->lines, s.trip_seq);
	if (!st)
		check_trip(r);
	return st;
}

/* Returns false for quit, and where the line cannot be driven: what stands there
 * is unknown, and the kernel is to make it safe. */
static bool command(struct relay *r, const char *word)
{
	accel_status st = ACCEL_OK;

	if (!strcmp(word, "quit"))
		return false;
	if (!strcmp(word, "on") || !strcmp(word, "off")) {
		st = accel_lines_set(r->lines, 1, !strcmp(word, "on"));
		if (!st)
			print_state(r, "set");
		else if (st != ACCEL_ERR_TRIPPED)
			r->failed = st;
	} else if (!strcmp(word, "trip")) {
		st = accel_lines_trip(r->lines);
		check_trip(r);
	} else if (!strcmp(word, "rearm")) {
		st = rearm(r);
	} else if (!strcmp(word, "status")) {
		print_state(r, "status");
	} else if (*word) {
		fprintf(stderr,
			"accelctl: '%s' is not on, off, status, trip, "
			"rearm or quit\n",
			word);
	}
	if (st && !r->failed)
		fail(st);
	return !r->failed;
}

/* Standard input, a line at a time; a read may bring several. */
static bool read_commands(struct relay *r)
{
	static char text[256];
	static size_t n;
	static bool too_long; /* what comes is the rest of such a line */
	ssize_t got = read(STDIN_FILENO, text + n, sizeof(text) - 1 - n);
	bool go_on = true;
	char *end;

	if (got <= 0) {
		r->input = got < 0 && errno == EINTR;
		return true;
	}
	n += (size_t)got;
	text[n] = 0;
	while (go_on && (end = strchr(text, '\n'))) {
		*end = 0;
		go_on = too_long || command(r, text);
		too_long = false;
		n -= (size_t)(end + 1 - text);
		memmove(text, end + 1, n + 1);
	}
	if (n == sizeof(text) - 1) {
		too_long = true;
		n = 0;
	}
	return go_on;
}

static accel_status feed(struct relay *r)
{
	accel_status st = accel_lines_keepalive(r->lines, 0);

	/* a trip is told by its state, and waits for rearm */
	return st == ACCEL_ERR_TRIPPED ? ACCEL_OK : st;
}

static accel_status run(struct relay *r)
{
	struct pollfd p[3] = {
		{ .fd = accel_lines_fd(r->lines), .events = POLLPRI },
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
	};
	uint64_t third = r->deadline_ns / 3;
	struct timespec t = { .tv_sec = (time_t)(third / 1000000000u),
			      .tv_nsec = (long)(third % 1000000000u) };
	accel_status st;

	r->input = true;
	print_state(r, "start");
	while (!stopped && accel_now_ns() < r->end_ns) {
		st = feed(r);
		if (st)
			return st;
		check_trip(r);
		p[0].fd = r->was_tripped ? -1 : accel_lines_fd(r->lines);
		p[1].fd = r->input ? STDIN_FILENO : -1;
		p[0].revents = p[1].revents = 0;
		ppoll(p, 3, &t, NULL);
		if (p[1].revents && !read_commands(r))
			return r->failed;
		if (p[0].revents & POLLHUP)
			return ACCEL_OK;
	}
	return ACCEL_OK;
}

static accel_lines *take(const struct words *interlocks, const char *name,
			 struct relay *r, bool active_low)
{
	/* a comma and a name each */
	char names[(INTERLOCKS_MAX + 1) * NAME_SIZE], one[NAME_SIZE];
	accel_lines_config c = {
		.names = names,
		.consumer = "accelctl relay",
		.outputs = 1,
		.initial = r->on,
		.active_low = active_low,
		.safe = 1,
		.safe_values = r->safe,
		.keepalive_ns = r->deadline_ns,
		.hold = true,
	};
	accel_line_info info;
	accel_pin pin;
	accel_lines *l;
	size_t n;

	no_core_dump();
	n = (size_t)snprintf(names, sizeof(names), "%s", name);
	for (uint32_t i = 0; i < interlocks->n; i++) {
		bool value;

		parse_assignment(interlocks->word[i], one, sizeof(one), &value);
		n += (size_t)snprintf(names + n, sizeof(names) - n, ",%s", one);
		c.interlocks |= (uint64_t)2 << i;
		c.interlock_values |= (uint64_t)value << (i + 1);
	}
	/* what an earlier relay left for the kernel to keep */
	if (!accel_pin_find(name, &pin) && !accel_line_info_get(&pin, &info) &&
	    info.used) {
		c.adopt = true;
		l = accel_lines_request_with(&c);
		if (l)
			return l;
		c.adopt = false;
	}
	return accel_lines_request_with(&c);
}

static int finish(struct relay *r, accel_status st)
{
	accel_lines_state s = { 0 };
	int rc;

	rc = st ? fail(st) : EXIT_DONE;
	accel_lines_state_get(r->lines, &s);
	/* hold drives the safe state at the end, disarmed or not */
	accel_lines_disarm(r->lines);
	accel_lines_release(r->lines);
	if (!rc && s.gone) {
		fprintf(stderr, "accelctl: the line's chip is gone\n");
		rc = EXIT_FAILED;
	}
	return !rc && s.tripped ? EXIT_TRIPPED : rc;
}

int cmd_relay(int argc, char **argv)
{
	struct relay r = { .deadline_ns = 1000000000, .end_ns = UINT64_MAX };
	struct words words, interlocks = { .n = 0 };
	const char *safe = "off";
	bool low = false, value;
	uint64_t time = 0;
	const struct option options[] = {
		{ "--safe", OPTION_TEXT, &safe, NULL },
		{ "--deadline", OPTION_TIME, &r.deadline_ns, NULL },
		{ "--interlock", OPTION_LIST, &interlocks, NULL },
		{ "--active-low", OPTION_FLAG, &low, NULL },
		{ "--for", OPTION_TIME, &time, NULL },
		{ "--json", OPTION_FLAG, &r.json, NULL },
		OPTIONS_END
	};
	char name[NAME_SIZE], one[NAME_SIZE];
	accel_status st;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	if (!parse_assignment(words.word[0], name, sizeof(name), &r.on))
		return options_wrong(&usage, "'%s' is not LINE=on or LINE=off",
				     words.word[0]);
	if (interlocks.n > INTERLOCKS_MAX)
		return options_wrong(&usage, "more than %d interlocks",
				     INTERLOCKS_MAX);
	for (uint32_t i = 0; i < interlocks.n; i++)
		if (!parse_assignment(interlocks.word[i], one, sizeof(one),
				      &value))
			return options_wrong(&usage,
					     "'%s' is not LINE=0 or LINE=1",
					     interlocks.word[i]);
	r.safe = !strcmp(safe, "on") || !strcmp(safe, "1");
	if (!r.safe && strcmp(safe, "off") && strcmp(safe, "0"))
		return options_wrong(&usage, "--safe is on or off");
	rc = accelctl_module();
	if (rc)
		return rc;
	r.lines = take(&interlocks, name, &r, low);
	if (!r.lines)
		return fail(ACCEL_OK);
	warn_of_relays(r.lines, 1);
	catch_signals();
	if (time)
		r.end_ns = accel_now_ns() + time;
	st = accel_lines_set(r.lines, 1, r.on);
	if (st == ACCEL_ERR_TRIPPED)
		st = ACCEL_OK;
	return finish(&r, st ? st : run(&r));
}
