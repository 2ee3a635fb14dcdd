// SPDX-License-Identifier: MIT
/* accel: the command-line face of the library. One file a subcommand. */
#include "accel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "train", cmd_train, "train a model on data" },
	{ "eval", cmd_eval, "how good a model is on data" },
	{ "predict", cmd_predict, "what a model says of each row" },
	{ "summary", cmd_summary, "what is in a model file" },
	{ "plot", cmd_plot, "training curves, in the terminal or as SVG" },
	{ "run", cmd_run, "sensors, models, rules and outputs in one loop" },
	{ "record", cmd_record, "sensors as a table to learn from" },
	{ "devices", cmd_devices, "list the Vulkan devices" },
	{ "bench", cmd_bench, "measure a device's kernels, or training" },
	{ "tune", cmd_tune, "choose the fastest kernels by measuring them" },
};

static void usage(FILE *f)
{
	fprintf(f, "usage: accel COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(f, "\naccel COMMAND --help says more.\n");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("accel %s\n", accel_version());
		return 0;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "accel: no command '%s'\n", argv[1]);
	usage(stderr);
	return 2;
}

accel_context *open_device(const char *device, uint64_t seed, int threads)
{
	char text[16];

	/* lavapipe reads it as it starts, counts those beside its own, and the
	 * user's wish comes first */
	snprintf(text, sizeof(text), "%d", threads > 1 ? threads : 0);
	if (threads)
		setenv("LP_NUM_THREADS", text, 0);
	return accel_open(device, .seed = seed, .threads = (uint32_t)threads);
}

int fail(accel_status s)
{
	fprintf(stderr, "accel: %s%s%s\n", s ? accel_status_text(s) : "",
		s ? ": " : "", accel_last_error());
	return 1;
}

void print_json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

void print_json_number(double v)
{
	if (isfinite(v))
		printf("%.9g", v);
	else
		printf("null");
}
