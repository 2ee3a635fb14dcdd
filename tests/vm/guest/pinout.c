// SPDX-License-Identifier: GPL-2.0-only
/*
 * accelctl pinout on the emulated Raspberry Pi 4: the board is told by its
 * device tree, and each pin shows what the kernel's own pin controller does
 * with it. Linked with the sources of accelctl and of gpio/.
 *
 * "pinout=svg" on the kernel's command line also prints the picture.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <accel/lines.h>

#include "../../../tools/accelctl/accelctl.h"
#include "kselftest.h"

#define OUT "/tmp/pinout.out"

/* What messages begin with. */
const char program[] = "accelctl";

/* What a command prints, in static storage; "" when it fails. */
static const char *output_of(int argc, char **argv)
{
	static char text[1 << 17];
	int saved = dup(STDOUT_FILENO), rc;
	size_t n = 0;
	FILE *f;

	fflush(stdout);
	if (!freopen(OUT, "w", stdout))
		return "";
	rc = cmd_pinout(argc, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	f = fopen(OUT, "r");
	if (f && !rc)
		n = fread(text, 1, sizeof(text) - 1, f);
	if (f)
		fclose(f);
	text[n] = 0;
	return text;
}

static void print_lines(const char *mark, const char *text)
{
	const char *end;

	for (; (end = strchr(text, '\n')); text = end + 1)
		printf("# %s%.*s\n", mark, (int)(end - text), text);
}

/* The JSON object of a line. */
static const char *pin(const char *json, const char *name)
{
	static char object[512];
	const char *start, *end;
	char key[32];

	snprintf(key, sizeof(key), "\"name\":\"%s\"", name);
	start = strstr(json, key);
	end = start ? strchr(start, '}') : NULL;
	snprintf(object, sizeof(object), "%.*s",
		 end ? (int)(end - start) : 0, start ? start : "");
	return object;
}

static int shows(const char *json, const char *name, const char *what)
{
	const char *object = pin(json, name);

	if (strstr(object, what))
		return 1;
	ksft_print_msg("%s has no %s: %s\n", name, what, object);
	return 0;
}

static int wants_svg(void)
{
	char line[2048] = "";
	FILE *f = fopen("/proc/cmdline", "r");

	if (f && !fgets(line, sizeof(line), f))
		line[0] = 0;
	if (f)
		fclose(f);
	return !!strstr(line, "pinout=svg");
}

int main(void)
{
	char *words[] = { "pinout", NULL }, *json[] = { "pinout", "--json", NULL };
	char *svg[] = { "pinout", "--svg", "-", NULL };
	accel_lines *relay;
	const char *text;

	ksft_print_header();
	ksft_set_plan(8);
	relay = accel_lines_request("P16", .consumer = "vent", .outputs = 1,
				    .initial = 1);
	ksft_test_result(relay, "P16 can be had by its header's name: %s\n",
			 relay ? "yes" : accel_last_error());

	text = output_of(2, json);
	ksft_test_result(strstr(text, "Raspberry Pi 4") &&
			 strstr(text, "pinctrl-bcm2711"),
			 "the board is told by its device tree\n");
	ksft_test_result(shows(text, "GPIO23", "\"owner\":\"vent\"") &&
			 shows(text, "GPIO23", "\"function\":\"out\",\"level\":1"),
			 "a line of ours: owner, direction, level\n");
	ksft_test_result(shows(text, "GPIO22", "\"owner\":\"\"") &&
			 shows(text, "GPIO22", "\"function\":\"in\""),
			 "a line that nobody has\n");
	ksft_test_result(shows(text, "GPIO14", "\"function\":\"TXD1\"") &&
			 shows(text, "GPIO15", "\"function\":\"RXD1\""),
			 "the console's pins, by the names of their function\n");
	accel_lines_release(relay);
	text = output_of(2, json);
	ksft_test_result(shows(text, "GPIO23", "\"owner\":\"\",\"direction\":\"in\""),
			 "given back, it is nobody's\n");

	text = output_of(1, words);
	print_lines("", text);
	ksft_test_result(strstr(text, "GPIO21 ") && strstr(text, " 39 40 "),
			 "the picture in the terminal is complete\n");
	text = output_of(3, svg);
	if (wants_svg())
		print_lines("svg:", text);
	ksft_test_result(strstr(text, "</svg>"), "so is the other one\n");
	ksft_finished();
}
