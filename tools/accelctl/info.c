// SPDX-License-Identifier: MIT
/* accelctl info: GET_INFO in words, or as one JSON object. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <accel/accel.h>

#include "accelctl.h"

static const struct {
	uint64_t bit;
	const char *key, *text;
} features[] = {
#define ACCEL_X(name, bit, key, text) { ACCEL_DRIVER_##name, key, text },
	ACCEL_DRIVER_FEATURE_MAP(ACCEL_X)
#undef ACCEL_X
};

#define NUM_FEATURES (sizeof(features) / sizeof(features[0]))

static void print_json(const accel_driver_info *i)
{
	const char *comma = "";

	printf("{" JSON_SCHEMA ",\"abi\":%" PRIu32 ",\"page_size\":%" PRIu32
	       ",\"buf_limit\":%" PRIu64 ",\"buf_used\":%" PRIu64
	       ",\"lines_max\":%" PRIu32 ",\"events_max\":%" PRIu32
	       ",\"stream_floor_ns\":%" PRIu64 ",\"timer_ns\":%" PRIu64
	       ",\"features\":[",
	       i->abi, i->page_size, i->buf_limit, i->buf_used, i->lines_max,
	       i->events_max, i->stream_floor_ns, i->timer_ns);
	for (size_t f = 0; f < NUM_FEATURES; f++) {
		if (!(i->features & features[f].bit))
			continue;
		printf("%s\"%s\"", comma, features[f].key);
		comma = ",";
	}
	puts("]}");
}

static void print_words(const accel_driver_info *i)
{
	printf("piaccel, interface %" PRIu32 ", at %s\n", i->abi,
	       ACCEL_DRIVER_PATH);
	printf("  buffers   %.1f of %.1f MiB in use, pages of %" PRIu32
	       " KiB\n",
	       (double)i->buf_used / (1 << 20),
	       (double)i->buf_limit / (1 << 20), i->page_size >> 10);
	printf("  lines     up to %" PRIu32 " in a request, %" PRIu32
	       " edges queued\n",
	       i->lines_max, i->events_max);
	if (i->stream_floor_ns)
		printf("  streams   at most %.1f kHz; timer resolution %" PRIu64
		       " ns\n",
		       1e6 / (double)i->stream_floor_ns, i->timer_ns);
	printf("  can do    ");
	for (size_t f = 0, n = 0; f < NUM_FEATURES; f++)
		if (i->features & features[f].bit)
			printf("%s%s\n", n++ ? "            " : "",
			       features[f].text);
	if (!i->features)
		puts("nothing yet");
}

int cmd_info(int argc, char **argv)
{
	static const struct usage usage = { "info [--json]",
					    "What the module is and can do.\n",
					    0, 0 };
	bool json = false;
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &json, NULL }, OPTIONS_END
	};
	accel_driver_info info;
	accel_status status;
	struct words words;
	int fd, rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	status = accel_driver_open(NULL, &fd);
	if (status)
		return fail(status);
	status = accel_driver_get_info(fd, &info);
	close(fd);
	if (status)
		return fail(status);
	if (json)
		print_json(&info);
	else
		print_words(&info);
	return EXIT_DONE;
}
