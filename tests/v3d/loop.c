// SPDX-License-Identifier: MIT
/* Finds the innermost loop in a V3D shader's disassembly. */
#include "loop.h"

#include <stdlib.h>
#include <string.h>

#define DELAY_SLOTS 3
#define INSTRUCTION_BYTES 8
#define MAX_LINES 16384

/* Is there `op` in the line, as the start of a word? */
static int has(const char *line, size_t n, const char *op)
{
	size_t len = strlen(op);

	for (size_t i = 0; i + len <= n; i++)
		if (!memcmp(line + i, op, len) &&
		    (i == 0 || line[i - 1] == ' ' || line[i - 1] == ';'))
			return 1;
	return 0;
}

/* "bu.cond  -120, r:unif": the byte distance of a branch, 0 if it is none. */
static long branch(const char *line, size_t n)
{
	const char *end = line + n, *p = line;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p + 2 > end || p[0] != 'b' ||
	    (p[1] != 'u' && p[1] != ' ' && p[1] != '.'))
		return 0;
	while (p < end && *p != ' ')
		p++;
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '-' ? strtol(p, NULL, 10) : 0;
}

struct loop loop_find(const char *listing)
{
	static struct {
		const char *text;
		size_t n;
	} line[MAX_LINES];
	struct loop best = { 0, 0 };
	size_t n = 0;

	for (const char *p = listing; *p && n < MAX_LINES;) {
		size_t len = strcspn(p, "\n");

		if (len) {
			line[n].text = p;
			line[n++].n = len;
		}
		p += len + (p[len] == '\n');
	}
	for (size_t i = 0; i < n; i++) {
		long bytes = branch(line[i].text, line[i].n), start;
		struct loop l = { 0, 0 };

		if (bytes >= 0)
			continue;
		start = (long)i + DELAY_SLOTS + 1 + bytes / INSTRUCTION_BYTES;
		for (long k = start < 0 ? 0 : start;
		     k <= (long)i + DELAY_SLOTS && k < (long)n; k++) {
			l.length++;
			l.muls += has(line[k].text, line[k].n, "fmul") ||
				  has(line[k].text, line[k].n, "vfmul");
		}
		if (l.muls && (!best.muls || l.length < best.length))
			best = l;
	}
	return best;
}
