// SPDX-License-Identifier: MIT
/* accelctl release: lines that the kernel keeps are given back. */
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"

#define SUMMARY "/sys/kernel/debug/piaccel/summary"
#define NAMES_SIZE 1024

/*
 * All lines of the held request that has this one: a relay is held together
 * with its interlocks. The module's summary is for root. Its lines begin with
 * "request: CHIP:22,27, CONSUMER[1] held".
 */
static bool held_with(const accel_pin *pin, char *names, size_t size)
{
	FILE *f = fopen(SUMMARY, "re");
	char line[1024], start[ACCEL_CHIP_SIZE + 16];
	bool found = false;

	snprintf(start, sizeof(start), "request: %s:", pin->chip);
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *p = line + strlen(start), *end;
		size_t n = 0;

		if (strncmp(line, start, strlen(start)) ||
		    !strstr(line, "] held"))
			continue;
		for (;; p = end + 1) {
			unsigned long offset = strtoul(p, &end, 10);

			if (end == p || n >= size)
				break;
			found = found || offset == pin->offset;
			n += (size_t)snprintf(names + n, size - n, "%s%s:%lu",
					      n ? "," : "", pin->chip, offset);
			if (*end != ',')
				break;
		}
	}
	if (f)
		fclose(f);
	return found;
}

/* Takes over what stands there as it stands, without keeping it. */
static accel_lines *adopt(const char *names)
{
	accel_lines_config c = { .names = names,
				 .consumer = "accelctl",
				 .adopt = true };
	char copy[NAMES_SIZE], *name, *save;
	accel_line_info info;
	uint64_t bit = 1;
	accel_pin pin;

	snprintf(copy, sizeof(copy), "%s", names);
	for (name = strtok_r(copy, ",", &save); name && bit;
	     name = strtok_r(NULL, ",", &save), bit <<= 1) {
		if (accel_pin_find(name, &pin) ||
		    accel_line_info_get(&pin, &info))
			return NULL;
		c.outputs |= info.output ? bit : 0;
		c.active_low |= info.active_low ? bit : 0;
		c.open_drain |= info.open_drain ? bit : 0;
		c.open_source |= info.open_source ? bit : 0;
	}
	return accel_lines_request_with(&c);
}

static int release_one(const char *names)
{
	char all[NAMES_SIZE];
	accel_lines *lines = adopt(names);
	accel_line_info info;
	accel_pin pin;

	if (lines) {
		accel_lines_release(lines);
		return EXIT_DONE;
	}
	if (strchr(names, ','))
		return fail(ACCEL_OK);
	if (accel_pin_find(names, &pin) || accel_line_info_get(&pin, &info))
		return fail(ACCEL_OK);
	if (!info.used) {
		fprintf(stderr,
			"accelctl: %s is free: there is nothing to release\n",
			pin.name);
		return EXIT_FAILED;
	}
	if (owner_is_another(&info)) /* adopt() has said so */
		return fail(ACCEL_OK);
	if (held_with(&pin, all, sizeof(all)))
		lines = adopt(all);
	if (!lines) {
		fprintf(stderr,
			"accelctl: %s is in use by '%s', and not held alone: "
			"end that program, or, for a relay with interlocks, "
			"release all of them: accelctl release "
			"RELAY,INTERLOCK\n",
			pin.name, info.consumer);
		return EXIT_FAILED;
	}
	accel_lines_release(lines);
	return EXIT_DONE;
}

int cmd_release(int argc, char **argv)
{
	static const struct usage usage = {
		"release LINE[,LINE...]... [--json]",
		"Gives back lines that set or relay left to the kernel to "
		"keep. Most chips turn\nsuch a line into an input. A relay is "
		"given back with its interlocks; they are\nfound by root, or "
		"named with it: GPIO22,GPIO27.\n",
		1, WORDS_MAX
	};
	bool json = false;
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &json, NULL }, OPTIONS_END
	};
	struct words words;
	uint32_t done = 0;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	rc = accelctl_module();
	while (!rc && done < words.n) {
		rc = release_one(words.word[done]);
		done += !rc;
	}
	for (uint32_t i = 0; json && i < done; i++) {
		printf("%s", i ? "," : "{" JSON_SCHEMA ",\"released\":[");
		json_text(stdout, words.word[i]);
	}
	if (json)
		puts(done ? "]}" : "{" JSON_SCHEMA ",\"released\":[]}");
	return rc;
}
