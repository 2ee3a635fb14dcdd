// SPDX-License-Identifier: MIT
/*
 * accelctl get, set, toggle, pulse; release is in release.c.
 *
 * What set drives stays: the kernel holds the line, with the value as its safe
 * value, until another set takes it over without a glitch, or release gives it
 * back.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"

#define NAME_SIZE 96

static void print_value(const accel_pin *pin, int value, bool json, bool first)
{
	if (!json) {
		printf("%s=%d\n", pin->name, value);
		return;
	}
	printf("%s{\"line\":", first ? "{" JSON_SCHEMA ",\"lines\":[" : ",\n ");
	json_text(stdout, pin->name);
	printf(",\"chip\":");
	json_text(stdout, pin->chip);
	printf(",\"offset\":%u,\"value\":%d}", pin->offset, value);
}

/* Reads a line that is free, by claiming it as an input for the moment. */
static int read_free(const char *name, const accel_lines_config *how,
		     int *value)
{
	accel_lines_config c = *how;
	accel_lines *lines;
	uint64_t bits = 0;
	accel_status st;

	c.names = name;
	c.consumer = "accelctl";
	lines = accel_lines_request_with(&c);
	if (!lines)
		return fail(ACCEL_OK);
	st = accel_lines_get(lines, 1, &bits);
	accel_lines_release(lines);
	*value = (int)bits;
	return st ? fail(st) : EXIT_DONE;
}

static int get_one(const char *name, const accel_lines_config *how,
		   accel_pin *pin, int *value)
{
	accel_line_info info;
	accel_status st;

	st = accel_pin_find(name, pin);
	if (st) {
		fail(st);
		return EXIT_FAILED;
	}
	/* a line at work is not touched: the module or debugfs tells its level */
	if (!accel_line_info_get(pin, &info) && (info.used || info.output)) {
		bool low = info.active_low || how->active_low;

		if (info.level >= 0) {
			*value = low ? !info.level : info.level;
			return EXIT_DONE;
		}
		if (info.used) {
			fprintf(stderr,
				"accelctl: %s is in use by '%s'; root can read "
				"its level: sudo accelctl get %s\n",
				pin->name, info.consumer, name);
			return EXIT_FAILED;
		}
	}
	return read_free(name, how, value);
}

int cmd_get(int argc, char **argv)
{
	static const struct usage usage = {
		"get LINE... [--active-low] [--pull up|down|none] [--json]",
		"Prints LINE=VALUE for each. A line in use is not disturbed.\n",
		1, WORDS_MAX
	};
	const char *pull = NULL;
	bool json = false, low = false;
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &json, NULL },
		{ "--active-low", OPTION_FLAG, &low, NULL },
		{ "--pull", OPTION_TEXT, &pull, NULL },
		OPTIONS_END
	};
	accel_lines_config how = { 0 };
	struct words words;
	accel_pin pin;
	int rc, value;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	how.active_low = low;
	if (!parse_pull(pull, 1, &how))
		return options_wrong(&usage, "--pull is up, down or none");
	rc = accelctl_module();
	for (uint32_t i = 0; !rc && i < words.n; i++) {
		rc = get_one(words.word[i], &how, &pin, &value);
		if (!rc)
			print_value(&pin, value, json, i == 0);
		else if (json && i)
			puts("]}");
	}
	if (json && !rc)
		puts("]}");
	return rc;
}

/* ---- set ------------------------------------------------------------------ */

struct output {
	bool active_low, open_drain;
};

/*
 * Takes a line as an output that the kernel keeps at `value` when we end:
 * over from an earlier set if there was one, else anew.
 */
static accel_lines *take(const char *name, const accel_line_info *info,
			 const struct output *o, bool value)
{
	accel_lines_config c = {
		.names = name,
		.consumer = "accelctl",
		.outputs = 1,
		.initial = value,
		.active_low = o->active_low,
		.open_drain = o->open_drain,
		.safe = 1,
		.safe_values = value,
		.hold = true,
	};
	accel_lines_config held = c;
	accel_lines *lines;

	if (info->used) {
		held.active_low = info->active_low;
		held.open_drain = info->open_drain;
		held.open_source = info->open_source;
		held.adopt = true;
		lines = accel_lines_request_with(&held);
		if (lines || owner_is_another(info))
			return lines;
	}
	return accel_lines_request_with(&c);
}

static int look(const char *name, accel_pin *pin, accel_line_info *info)
{
	accel_status st = accel_pin_find(name, pin);

	if (!st)
		st = accel_line_info_get(pin, info);
	if (!st)
		return EXIT_DONE;
	fail(st);
	return EXIT_FAILED;
}

static int drive(const char *name, const accel_line_info *info,
		 const struct output *o, bool value)
{
	accel_lines *lines = take(name, info, o, value);
	accel_status st;

	if (!lines)
		return fail(ACCEL_OK);
	st = accel_lines_set(lines, 1, value);
	if (!st)
		st = accel_lines_disarm(lines);
	accel_lines_release(lines);
	return st ? fail(st) : EXIT_DONE;
}

int cmd_set(int argc, char **argv)
{
	static const struct usage usage = {
		"set LINE=VALUE... [--active-low] [--open-drain] [--json]",
		"VALUE is 0, 1, off or on. The kernel keeps the lines so until "
		"the next set, or\nuntil accelctl release. Lines are set one "
		"after the other.\n",
		1, WORDS_MAX
	};
	bool json = false, value;
	struct output o = { 0 };
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &json, NULL },
		{ "--active-low", OPTION_FLAG, &o.active_low, NULL },
		{ "--open-drain", OPTION_FLAG, &o.open_drain, NULL },
		OPTIONS_END
	};
	char name[NAME_SIZE];
	accel_line_info info;
	struct words words;
	accel_pin pin;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < words.n; i++)
		if (!parse_assignment(words.word[i], name, sizeof(name),
				      &value))
			return options_wrong(&usage, "'%s' is not LINE=VALUE",
					     words.word[i]);
	rc = accelctl_module();
	for (uint32_t i = 0; !rc && i < words.n; i++) {
		parse_assignment(words.word[i], name, sizeof(name), &value);
		rc = look(name, &pin, &info);
		if (!rc)
			rc = drive(name, &info, &o, value);
		if (!rc)
			print_value(&pin, value, json, i == 0);
		else if (json && i)
			puts("]}");
	}
	if (json && !rc)
		puts("]}");
	return rc;
}

/* ---- toggle --------------------------------------------------------------- */

/*
 * What a held line is driven to is known only to who takes it over, and who
 * takes it over says first what stays behind. With 0 as that: a 1 becomes 0,
 * and a 0 stays for the second step to make it 1.
 */
static int toggle_held(const char *name, const accel_line_info *info,
		       const struct output *o, int *value)
{
	accel_lines_state state;
	accel_lines *lines = take(name, info, o, false);
	accel_status st;

	if (!lines)
		return fail(ACCEL_OK);
	st = accel_lines_state_get(lines, &state);
	if (!st)
		st = accel_lines_disarm(lines);
	accel_lines_release(lines);
	if (st)
		return fail(st);
	*value = !(state.values & 1);
	return *value ? drive(name, info, o, true) : EXIT_DONE;
}

static int toggle_one(const char *name, const struct output *o, accel_pin *pin,
		      int *value)
{
	accel_lines_config how = { .active_low = o->active_low };
	accel_line_info info;
	int rc = look(name, pin, &info);

	if (rc)
		return rc;
	if (info.used)
		return toggle_held(name, &info, o, value);
	rc = read_free(name, &how, value);
	if (rc)
		return rc;
	*value = !*value;
	return drive(name, &info, o, *value);
}

int cmd_toggle(int argc, char **argv)
{
	static const struct usage usage = {
		"toggle LINE... [--active-low] [--json]",
		"Drives each line to the opposite of its value, and keeps it "
		"so, like set.\n",
		1, WORDS_MAX
	};
	bool json = false;
	struct output o = { 0 };
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &json, NULL },
		{ "--active-low", OPTION_FLAG, &o.active_low, NULL },
		OPTIONS_END
	};
	struct words words;
	accel_pin pin;
	int rc, value;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	rc = accelctl_module();
	for (uint32_t i = 0; !rc && i < words.n; i++) {
		rc = toggle_one(words.word[i], &o, &pin, &value);
		if (!rc)
			print_value(&pin, value, json, i == 0);
		else if (json && i)
			puts("]}");
	}
	if (json && !rc)
		puts("]}");
	return rc;
}

/* ---- pulse ---------------------------------------------------------------- */

/* @count: how many are wanted; becomes how many there were. */
static accel_status pulses(accel_lines *lines, uint64_t *count, uint64_t width,
			   uint64_t period)
{
	uint64_t start = accel_now_ns(), i;
	accel_status st = ACCEL_OK;

	for (i = 0; !st && i < *count && !stopped; i++) {
		uint64_t on = start + i * period;

		sleep_until(on);
		/* a signal between two pulses is not the next one's start */
		if (stopped)
			break;
		st = accel_lines_set(lines, 1, 1);
		if (st)
			return st;
		sleep_until(on + width);
		st = accel_lines_set(lines, 1, 0);
	}
	*count = i;
	return st;
}

int cmd_pulse(int argc, char **argv)
{
	static const struct usage usage = {
		"pulse LINE [--width TIME] [--period TIME] [--count N] "
		"[--active-low] [--json]",
		"Drives a line to 1 for --width (10ms), --count times every "
		"--period (twice the\nwidth), then to 0, and gives it back. "
		"Its safe state is 0.\n",
		1, 1
	};
	uint64_t width = 10000000, period = 0, count = 1;
	bool low = false, json = false;
	const struct option options[] = {
		{ "--width", OPTION_TIME, &width, NULL },
		{ "--period", OPTION_TIME, &period, NULL },
		{ "--count", OPTION_WHOLE, &count, NULL },
		{ "--active-low", OPTION_FLAG, &low, NULL },
		{ "--json", OPTION_FLAG, &json, NULL },
		OPTIONS_END
	};
	accel_lines *lines;
	struct words words;
	accel_status st;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	if (!period)
		period = 2 * width;
	if (!width || period <= width)
		return options_wrong(&usage, "a width is above 0, and a period "
					     "longer than it");
	rc = accelctl_module();
	if (rc)
		return rc;
	lines = accel_lines_request(words.word[0], .consumer = "accelctl",
				    .outputs = 1, .active_low = low, .safe = 1);
	if (!lines)
		return fail(ACCEL_OK);
	catch_signals();
	st = pulses(lines, &count, width, period);
	if (!st)
		st = accel_lines_disarm(lines);
	if (!st && json) {
		printf("{" JSON_SCHEMA ",\"line\":");
		json_text(stdout, accel_lines_pin(lines, 0)->name);
		printf(",\"pulses\":%" PRIu64 ",\"width_ns\":%" PRIu64
		       ",\"period_ns\":%" PRIu64 "}\n",
		       count, width, period);
	}
	accel_lines_release(lines);
	return st ? fail(st) : EXIT_DONE;
}
