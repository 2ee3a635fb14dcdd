// SPDX-License-Identifier: MIT
/*
 * accelctl status: the module, its buffers, and who has which line. It needs no
 * root, only leave to open the module.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <accel/accel.h>

#include "accelctl.h"

static void line_json(const accel_line_info *l, bool first)
{
	static const char *const pulls[] = { "as-is", "none", "up", "down" };

	printf("%s{\"chip\":", first ? "" : ",\n  ");
	json_text(stdout, l->chip);
	printf(",\"offset\":%u,\"name\":", l->offset);
	json_text(stdout, l->name);
	printf(",\"used\":%s,\"consumer\":", l->used ? "true" : "false");
	json_text(stdout, l->consumer);
	printf(",\"direction\":\"%s\",\"active_low\":%s,\"pull\":\"%s\","
	       "\"function\":",
	       l->output ? "out" : "in", l->active_low ? "true" : "false",
	       pulls[l->pull]);
	json_text(stdout, l->function);
	if (l->level >= 0)
		printf(",\"level\":%d", l->level);
	else
		printf(",\"level\":null");
	owner_json(stdout, l);
	putchar('}');
}

static void line_words(const accel_line_info *l)
{
	char where[ACCEL_CHIP_SIZE + 16];

	snprintf(where, sizeof(where), "%s:%u", l->chip, l->offset);
	printf("  %-28s %-16s %-4s%-11s %-3s ", where, l->name,
	       l->output ? "out" : "in", l->active_low ? " active-low" : "",
	       l->level < 0 ? "-"
	       : l->level   ? "hi"
			    : "lo");
	owner_words(stdout, l);
	putchar('\n');
}

static void print_module(const accel_driver_info *i, bool json)
{
	if (json)
		printf("{" JSON_SCHEMA
		       ",\"module\":true,\"abi\":%u,\"buf_used\":%" PRIu64
		       ",\"buf_limit\":%" PRIu64 ",",
		       i->abi, i->buf_used, i->buf_limit);
	else
		printf("module: loaded, interface %u; buffers %.1f of %.1f "
		       "MiB\n",
		       i->abi, (double)i->buf_used / (1 << 20),
		       (double)i->buf_limit / (1 << 20));
}

int cmd_status(int argc, char **argv)
{
	static const struct usage usage = {
		"status [--lines] [--json]",
		"The module's buffers, and the lines in use: who has them, "
		"level, safe value, and\nwhether they are armed, tripped or "
		"held; --lines shows every line.\n",
		0, 0
	};
	bool json = false, all = false, first = true;
	const struct option options[] = {
		{ "--json", OPTION_FLAG, &json, NULL },
		{ "--lines", OPTION_FLAG, &all, NULL },
		OPTIONS_END
	};
	accel_driver_info info = { 0 };
	accel_line_info *list = NULL;
	struct words words;
	accel_status st;
	uint32_t n = 0, max = 0;
	int fd, rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	st = accel_driver_open(NULL, &fd);
	if (st)
		return fail(st);
	st = accel_driver_get_info(fd, &info);
	close(fd);
	if (!st)
		st = accel_line_list(NULL, 0, &max);
	if (st)
		return fail(st);
	list = calloc(max + 1, sizeof(*list));
	if (list)
		st = accel_line_list(list, max, &n);
	print_module(&info, json);
	if (json)
		printf("\"lines\":[");
	else
		printf("lines%s:\n", all ? "" : " in use");
	for (uint32_t i = 0; list && !st && i < n && i < max; i++) {
		if (!all && !list[i].used)
			continue;
		if (json)
			line_json(&list[i], first);
		else
			line_words(&list[i]);
		first = false;
	}
	if (json)
		puts("]}");
	free(list);
	return st ? fail(st) : EXIT_DONE;
}
