// SPDX-License-Identifier: MIT
/* accel bench: how fast is a device? */
#include "accel.h"

#include <stdio.h>
#include <string.h>

static void print(const accel_bench_result *r, bool json)
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
	printf("{" JSON_SCHEMA ", \"op\": \"%s\", \"device\": ", r->op);
	json_text(stdout, r->device);
	printf(", \"driver\": ");
	json_text(stdout, r->driver);
	printf(", \"size\": %u, \"kernel\": ", r->size);
	json_text(stdout, r->kernel);
	printf(", \"gflops\": %.4f, \"gflops_per_cpu_s\": %.4f, "
	       "\"median_us\": %.3f, \"runs\": %u",
	       r->gflops, r->gflops_per_cpu_s, r->median_us, r->runs);
	if (r->unfused_us > 0)
		printf(", \"unfused_us\": %.3f", r->unfused_us);
	printf("}\n");
}

int cmd_bench(int argc, char **argv)
{
	accel_bench_result r;
	const char *op = NULL, *device = NULL;
	bool json = false;
	int size = 0, runs = 0;
	const struct option specs[] = {
		{ "OP", OPTION_TEXT, &op, "" },
		{ "--device", OPTION_TEXT, &device,
		  "cpu, vulkan, INDEX, UUID or NAME (default: ACCEL_DEVICE, "
		  "else vulkan)" },
		{ "--size", OPTION_COUNT, &size,
		  "matmul N by N by N; conv 3x3, 64 to 64 channels, N by N;\n"
		  "elementwise N * N elements, five "
		  "operations; submit N kernels" },
		{ "--runs", OPTION_COUNT, &runs,
		  "how many, the median counts (default 9)" },
		{ "--json", OPTION_FLAG, &json, "one object" },
		OPTIONS_END
	};
	accel_status s;
	int status;

	if (argc > 1 && !strcmp(argv[1], "train"))
		return cmd_bench_train(argc - 1, argv + 1);
	status = options_parse(
		argc, argv,
		&(const struct usage){
			.text = "bench matmul|conv|elementwise|submit "
				"[OPTIONS]\n"
				"       accel bench train [OPTIONS] (see accel "
				"bench train "
				"--help)" },
		specs, NULL);
	if (status)
		return status;
	s = accel_bench(op, device, (uint32_t)size, (uint32_t)runs, &r);
	if (s)
		return fail(s);
	print(&r, json);
	return 0;
}
