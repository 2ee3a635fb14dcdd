// SPDX-License-Identifier: MIT
/* Words of a command line: assignments, lists, pulls. */
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"

bool parse_assignment(const char *text, char *name, size_t size, bool *value)
{
	const char *eq = strrchr(text, '=');

	if (!eq || eq == text || (size_t)(eq - text) >= size)
		return false;
	memcpy(name, text, (size_t)(eq - text));
	name[eq - text] = 0;
	*value = !strcmp(eq, "=1") || !strcmp(eq, "=on");
	return *value || !strcmp(eq, "=0") || !strcmp(eq, "=off");
}

bool join_words(const struct words *words, char *out, size_t size)
{
	size_t n = 0;

	out[0] = 0;
	for (uint32_t i = 0; i < words->n && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? "," : "",
				      words->word[i]);
	return n < size;
}

bool parse_pull(const char *text, uint64_t all, accel_lines_config *c)
{
	if (!text)
		return true;
	if (!strcmp(text, "up"))
		c->pull_up = all;
	else if (!strcmp(text, "down"))
		c->pull_down = all;
	else if (!strcmp(text, "none"))
		c->pull_none = all;
	else
		return false;
	return true;
}
