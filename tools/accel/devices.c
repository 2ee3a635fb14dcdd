// SPDX-License-Identifier: MIT
/* accel devices: what there is to compute on, beside the CPU. */
#include "accel.h"

#include <stdio.h>
#include <string.h>

#define MAX_DEVICES 64

static void print_text(const char *key, const char *value)
{
	printf("\"%s\": ", key);
	json_text(stdout, value);
	printf(", ");
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static void print_json(const accel_device_info *d, uint32_t n)
{
	printf("{" JSON_SCHEMA ", \"devices\": [");
	for (uint32_t i = 0; i < n; i++) {
		printf("%s\n  {\"index\": %u, ", i ? "," : "", d[i].index);
		print_text("name", d[i].name);
		print_text("type", d[i].type);
		print_text("driver", d[i].driver);
		print_text("uuid", d[i].uuid);
		print_text("drm_node", d[i].drm_node);
		printf("\"vulkan\": \"%u.%u.%u\", \"memory_bytes\": %llu, "
		       "\"import_dmabuf\": %s, \"export_dmabuf\": %s, "
		       "\"import_host\": %s, \"usable\": %s}",
		       d[i].api_major, d[i].api_minor, d[i].api_patch,
		       (unsigned long long)d[i].memory_bytes,
		       truth(d[i].import_dmabuf), truth(d[i].export_dmabuf),
		       truth(d[i].import_host), truth(d[i].usable));
	}
	printf("%s]}\n", n ? "\n" : "");
}

static void print_table(const accel_device_info *d, uint32_t n)
{
	if (!n) {
		printf("no Vulkan device: the CPU backend is used\n");
		return;
	}
	printf("%-5s  %-40s  %-10s  %-8s  %9s  %s\n", "index", "name", "type",
	       "vulkan", "memory", "driver");
	for (uint32_t i = 0; i < n; i++) {
		char version[32];

		snprintf(version, sizeof(version), "%u.%u.%u", d[i].api_major,
			 d[i].api_minor, d[i].api_patch);
		printf("%-5u  %-40.40s  %-10s  %-8s  %5llu MiB  %s%s\n",
		       d[i].index, d[i].name, d[i].type, version,
		       (unsigned long long)(d[i].memory_bytes >> 20),
		       d[i].driver, d[i].usable ? "" : " (not usable)");
		printf("       DMA-BUF: %s; host memory: %s%s%s\n",
		       d[i].import_dmabuf && d[i].export_dmabuf
			       ? "import, export"
		       : d[i].import_dmabuf ? "import"
		       : d[i].export_dmabuf ? "export"
					    : "no",
		       d[i].import_host ? "import" : "no",
		       *d[i].drm_node ? "; " : "", d[i].drm_node);
	}
}

int cmd_devices(int argc, char **argv)
{
	accel_device_info list[MAX_DEVICES];
	bool json = false;
	const struct option specs[] = {
		{ "--json", OPTION_FLAG, &json, "one object" }, OPTIONS_END
	};
	int status = options_parse(
		argc, argv,
		&(const struct usage){ .text = "devices [OPTIONS]" }, specs,
		NULL);
	accel_status s;
	uint32_t n;

	if (status)
		return status;
	s = accel_device_list(list, MAX_DEVICES, &n);
	if (s)
		return fail(s);
	if (n > MAX_DEVICES)
		n = MAX_DEVICES;
	if (json)
		print_json(list, n);
	else
		print_table(list, n);
	return 0;
}
