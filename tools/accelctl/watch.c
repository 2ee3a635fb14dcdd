// SPDX-License-Identifier: MIT
/* accelctl watch: edges, as they come. */
#include <inttypes.h>
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"

static void print_edge(const accel_lines *lines, const accel_edge *e,
		       uint64_t last_ns, bool json)
{
	const char *name = accel_lines_pin(lines, e->line)->name;
	const char *edge = e->level ? "rising" : "falling";

	if (json) {
		printf("{" JSON_SCHEMA ",\"time_ns\":%" PRIu64 ",\"line\":",
		       e->time_ns);
		json_text(stdout, name);
		printf(",\"edge\":\"%s\",\"seq\":%u,\"lost\":%u}\n", edge,
		       e->seq, e->lost);
	} else {
		printf("%6" PRIu64 ".%09" PRIu64 "  %-12s %-8s",
		       e->time_ns / 1000000000u, e->time_ns % 1000000000u, name,
		       edge);
		if (last_ns)
			printf(" +%.6f s",
			       (double)(e->time_ns - last_ns) / 1e9);
		if (e->lost)
			printf("  (%u lost before it)", e->lost);
		putchar('\n');
	}
	fflush(stdout);
}

static accel_status watch(accel_lines *lines, uint64_t count, uint64_t time,
			  bool json)
{
	uint64_t end = time ? accel_now_ns() + time : UINT64_MAX, last = 0;
	accel_edge edges[64];
	accel_status st;
	uint32_t n;

	while (!stopped && count) {
		uint64_t now = accel_now_ns(), wait = end - now;

		if (now >= end)
			return ACCEL_OK;
		st = accel_lines_read(lines, edges, 64,
				      wait < 1000000000u ? wait : 1000000000u,
				      &n);
		if (st && st != ACCEL_ERR_TIMEOUT)
			return st;
		for (uint32_t i = 0; i < n && count; i++, count--) {
			print_edge(lines, &edges[i], last, json);
			last = edges[i].time_ns;
		}
	}
	return ACCEL_OK;
}

int cmd_watch(int argc, char **argv)
{
	static const struct usage usage = {
		"watch LINE... [--edges rising|falling|both] [--debounce TIME] "
		"[--pull up|down|none]\n                [--active-low] "
		"[--count N] [--for TIME] [--json]",
		"Prints each edge with the time that its interrupt took "
		"(CLOCK_MONOTONIC), until\n--count edges, --for so long, or "
		"Ctrl-C.\n",
		1, WORDS_MAX
	};
	const char *which = "both", *pull = NULL;
	uint64_t debounce = 0, count = UINT64_MAX, time = 0, all;
	bool json = false, low = false;
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &json, NULL },
		{ "--edges", OPTION_TEXT, &which, NULL },
		{ "--debounce", OPTION_TIME, &debounce, NULL },
		{ "--pull", OPTION_TEXT, &pull, NULL },
		{ "--active-low", OPTION_FLAG, &low, NULL },
		{ "--count", OPTION_WHOLE, &count, NULL },
		{ "--for", OPTION_TIME, &time, NULL },
		OPTIONS_END
	};
	accel_lines_config c = { .consumer = "accelctl", .event_buffer = 4096 };
	char names[4096];
	accel_lines *lines;
	struct words words;
	accel_status st;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	all = UINT64_MAX >> (64 - words.n);
	if (!parse_pull(pull, all, &c))
		return options_wrong(&usage, "--pull is up, down or none");
	c.rising = strcmp(which, "falling") ? all : 0;
	c.falling = strcmp(which, "rising") ? all : 0;
	if (c.rising && c.falling && strcmp(which, "both"))
		return options_wrong(&usage,
				     "--edges is rising, falling or both");
	if (!join_words(&words, names, sizeof(names)))
		return options_wrong(&usage, "these names are too long");
	c.names = names;
	c.active_low = low ? all : 0;
	c.debounced = debounce ? all : 0;
	/* what is too long for the kernel stays so */
	debounce = (debounce + 999) / 1000;
	c.debounce_us = debounce < UINT32_MAX ? (uint32_t)debounce : UINT32_MAX;
	rc = accelctl_module();
	if (rc)
		return rc;
	lines = accel_lines_request_with(&c);
	if (!lines)
		return fail(ACCEL_OK);
	catch_signals();
	st = watch(lines, count, time, json);
	accel_lines_release(lines);
	return st ? fail(st) : EXIT_DONE;
}
