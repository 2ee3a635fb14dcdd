// SPDX-License-Identifier: MIT
/* What a reader understood of a file, as lines for people. */
#include "notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/alloc.h"

#define LINE_MAX_BYTES 1024

static void add_line(struct notes *n, const char *line)
{
	size_t len = strlen(line), need = n->len + len + 2;
	char *grown;

	if (need > n->cap) {
		grown = mem_realloc(n->text, 2 * need);
		if (!grown)
			return;
		n->text = grown;
		n->cap = 2 * need;
	}
	if (n->len)
		n->text[n->len++] = '\n';
	memcpy(n->text + n->len, line, len + 1);
	n->len += len;
}

/* A cut must not split a character of UTF-8. */
static void whole_characters(char *line)
{
	size_t end = strlen(line);

	while (end && ((unsigned char)line[end - 1] & 0xc0) == 0x80)
		end--;
	if (end && (unsigned char)line[end - 1] >= 0xc0)
		line[end - 1] = 0;
}

void note(struct notes *n, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(line))
		whole_characters(line);
	add_line(n, line);
}

void notes_add(struct notes *n, const struct notes *from)
{
	if (from->text)
		add_line(n, from->text);
}

void notes_finish(struct notes *n)
{
	mem_free(n->text);
	*n = (struct notes){ 0 };
}
