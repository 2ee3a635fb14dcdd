// SPDX-License-Identifier: MIT
/* accel tune: which kernels are fastest on a device? */
#include "accel.h"

#include <stdio.h>
#include <unistd.h>

struct report {
	bool json, live;
	uint32_t changed, total;
};

static int row(const accel_tune_row *r, void *arg)
{
	struct report *report = arg;

	report->changed += (uint32_t)r->changed;
	report->total = r->total;
	if (report->live)
		fprintf(stderr, "\r\033[K");
	if (report->json) {
		printf("%s\n  {\"op\": \"%s\", \"size\": [%u, %u, %u], "
		       "\"kernel\": ",
		       r->done > 1 ? "," : "{" JSON_SCHEMA ", \"rows\": [",
		       r->op, r->size[0], r->size[1], r->size[2]);
		json_text(stdout, r->kernel);
		printf(", \"gflops\": %.4f, \"builtin_gflops\": %.4f, "
		       "\"changed\": %s}",
		       r->gflops, r->builtin_gflops,
		       r->changed ? "true" : "false");
	} else {
		if (r->done == 1)
			printf("%-6s  %4s %4s %4s  %9s  %9s  %s\n", "op", "m",
			       "n", "k", "built in", "fastest", "kernel");
		printf("%-6s  %4u %4u %4u  %9.3f  %9.3f  %s%s\n", r->op,
		       r->size[0], r->size[1], r->size[2], r->builtin_gflops,
		       r->gflops, r->kernel,
		       r->changed ? "" : " (as built in)");
	}
	fflush(stdout);
	if (report->live && r->done < r->total)
		fprintf(stderr, "measuring %u of %u", r->done + 1, r->total);
	return ferror(stdout) ? -1 : 0;
}

static void print_end(const accel_tune_result *r, const struct report *report,
		      bool reset)
{
	if (report->json) {
		printf("%s\"device\": ",
		       reset ? "{" JSON_SCHEMA ", " : "\n], ");
		json_text(stdout, r->device);
		printf(", \"driver\": ");
		json_text(stdout, r->driver);
		printf(", \"table\": ");
		json_text(stdout, r->path);
		printf("}\n");
	} else if (reset) {
		printf("%s: the built-in kernels again\n", r->device);
	} else {
		printf("%s: %u of %u classes of sizes have another kernel "
		       "now\n%s\n",
		       r->device, report->changed, report->total, r->path);
	}
}

int cmd_tune(int argc, char **argv)
{
	const char *device = NULL;
	struct report report = { .live = isatty(STDERR_FILENO) };
	bool reset = false;
	int runs = 0;
	const struct option specs[] = {
		{ "--device", OPTION_TEXT, &device,
		  "vulkan, INDEX, UUID or NAME (default: ACCEL_DEVICE, else "
		  "vulkan)" },
		{ "--runs", OPTION_COUNT, &runs,
		  "of each kernel, the fastest counts (default 5)" },
		{ "--reset", OPTION_FLAG, &reset,
		  "forget what was measured: the built-in choices" },
		{ "--json", OPTION_FLAG, &report.json, "one object" },
		OPTIONS_END
	};
	int rc = options_parse(
		argc, argv,
		&(const struct usage){
			.text = "tune [OPTIONS]\n\n"
				"Measures the kernels of matmul and conv in "
				"classes of sizes, "
				"in GFLOP/s (on a\nsoftware device in GFLOP "
				"per CPU-second), "
				"and writes the table that they are\nchosen by "
				"from then on" },
		specs, NULL);
	accel_tune_result r;
	accel_status s;

	if (rc)
		return rc;
	s = reset ? accel_tune_reset(device, &r)
		  : accel_tune(device, (uint32_t)runs, row, &report, &r);
	if (s)
		return fail(s);
	print_end(&r, &report, reset);
	return 0;
}
