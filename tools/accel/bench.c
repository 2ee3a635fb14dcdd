// SPDX-License-Identifier: MIT
#include "accel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *f)
{
	fprintf(f,
		"usage: accel bench matmul|conv|elementwise|submit [OPTIONS]\n"
		"       accel bench train [OPTIONS] (see accel bench train "
		"--help)\n"
		"\n"
		"  --device D   cpu, vulkan, INDEX, UUID or NAME (default: "
		"ACCEL_DEVICE, else vulkan)\n"
		"  --size N     matmul N by N by N; conv 3x3, 64 to 64 "
		"channels, "
		"N by N;\n"
		"               elementwise N * N elements, five operations; "
		"submit N kernels\n"
		"  --runs N     how many, the median counts (default 9)\n"
		"  --json       one object\n");
}

static int number(const char *text, uint32_t *out)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || !v ||
	    v > UINT32_MAX) {
		fprintf(stderr, "accel: '%s' is not a positive number\n", text);
		return -1;
	}
	*out = (uint32_t)v;
	return 0;
}

static void print(const struct accel_bench_result *r, int json)
{
	if (!json) {
		printf("%s %u on %s\n  kernel %s\n", r->op, r->size, r->device,
		       r->kernel);
		if (r->gflops > 0)
			printf("  %.2f GFLOP/s, %.2f GFLOP per CPU-second\n",
			       r->gflops, r->gflops_per_cpu_s);
		printf("  %.1f us, the median of %u runs\n", r->median_us,
		       r->runs);
		if (r->unfused_us > 0)
			printf("  %.1f us as one kernel an operation: %.2f "
			       "times as long\n",
			       r->unfused_us, r->unfused_us / r->median_us);
		return;
	}
	printf("{\"op\": \"%s\", \"device\": ", r->op);
	print_json_string(r->device);
	printf(", \"driver\": ");
	print_json_string(r->driver);
	printf(", \"size\": %u, \"kernel\": ", r->size);
	print_json_string(r->kernel);
	printf(", \"gflops\": %.4f, \"gflops_per_cpu_s\": %.4f, "
	       "\"median_us\": %.3f, \"runs\": %u",
	       r->gflops, r->gflops_per_cpu_s, r->median_us, r->runs);
	if (r->unfused_us > 0)
		printf(", \"unfused_us\": %.3f", r->unfused_us);
	printf("}\n");
}

int cmd_bench(int argc, char **argv)
{
	struct accel_bench_result r;
	const char *op = NULL, *device = NULL;
	uint32_t size = 0, runs = 0;
	accel_status s;
	int json = 0;

	if (argc > 1 && !strcmp(argv[1], "train"))
		return cmd_bench_train(argc - 1, argv + 1);
	for (int i = 1; i < argc; i++) {
		int more = i + 1 < argc;

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			usage(stdout);
			return 0;
		} else if (!strcmp(argv[i], "--json")) {
			json = 1;
		} else if (!strcmp(argv[i], "--device") && more) {
			device = argv[++i];
		} else if (!strcmp(argv[i], "--size") && more) {
			if (number(argv[++i], &size))
				return 2;
		} else if (!strcmp(argv[i], "--runs") && more) {
			if (number(argv[++i], &runs))
				return 2;
		} else if (argv[i][0] != '-' && !op) {
			op = argv[i];
		} else {
			usage(stderr);
			return 2;
		}
	}
	if (!op) {
		usage(stderr);
		return 2;
	}
	s = accel_bench(op, device, size, runs, &r);
	if (s)
		return fail(s);
	print(&r, json);
	return 0;
}
