// SPDX-License-Identifier: MIT
/* How a unit is spelled: lookalikes, letter case, what may have been meant. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

/*
 * Characters that keyboards and data sheets use for the same unit. The right
 * side is never longer, so a text can only shrink.
 */
static const struct {
	const char *seen, *meant;
} lookalikes[] = {
	{ "\xce\xbc", "\xc2\xb5" }, /* U+03BC Greek mu: U+00B5 micro sign */
	{ "\xc2\xba",
	  "\xc2\xb0" }, /* U+00BA masculine ordinal: U+00B0 degree */
	{ "\xcb\x9a", "\xc2\xb0" }, /* U+02DA ring above: degree */
	{ "\xe2\x88\x98", "\xc2\xb0" }, /* U+2218 ring operator: degree */
	{ "\xe2\x84\xa6", "\xce\xa9" }, /* U+2126 ohm sign: U+03A9 omega */
	{ "\xe2\x84\xaa", "K" }, /* U+212A Kelvin sign */
	{ "\xe2\x84\x83", "\xc2\xb0"
			  "C" }, /* U+2103 degree Celsius */
	{ "\xe2\x84\x89", "\xc2\xb0"
			  "F" }, /* U+2109 degree Fahrenheit */
	{ "\xc2\xb7", "*" }, /* U+00B7 middle dot */
	{ "\xe2\x8b\x85", "*" }, /* U+22C5 dot operator */
};

void unit_spell(const char *text, char *out)
{
	while (*text) {
		size_t i, n = sizeof(lookalikes) / sizeof(lookalikes[0]);
		size_t len = 0;

		for (i = 0; i < n; i++) {
			len = strlen(lookalikes[i].seen);
			if (!strncmp(text, lookalikes[i].seen, len))
				break;
		}
		if (i == n) {
			*out++ = *text++;
			continue;
		}
		text += len;
		len = strlen(lookalikes[i].meant);
		memcpy(out, lookalikes[i].meant, len);
		out += len;
	}
	*out = 0;
}

bool unit_folds(const char *text, const char *name)
{
	bool one = !name[1];

	if (strcasecmp(text, name))
		return false;
	/* milli is not mega: "MW" is no spelling of "mW" */
	if (tolower((unsigned char)*name) == 'm' && *text != *name)
		return false;
	/* "5 v" is volts; "5 S" and "5 G" would be siemens and gauss */
	return !one || isupper((unsigned char)*name);
}

/* Insertions, deletions, changes and swaps of neighbours; letter case is
 * half of a change. In halves. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[3][32], cost, best;
	size_t n = strlen(a), m = strlen(b), i, k;

	if (n > 30 || m > 30)
		return 99;
	for (k = 0; k <= m; k++)
		row[0][k] = 2 * (unsigned int)k;
	for (i = 1; i <= n; i++) {
		unsigned int *now = row[i % 3], *last = row[(i + 2) % 3];

		now[0] = 2 * (unsigned int)i;
		for (k = 1; k <= m; k++) {
			cost = a[i - 1] == b[k - 1] ? 0
			       : tolower((unsigned char)a[i - 1]) ==
					       tolower((unsigned char)b[k - 1])
				       ? 1
				       : 2;
			best = last[k - 1] + cost;
			if (last[k] + 2 < best)
				best = last[k] + 2;
			if (now[k - 1] + 2 < best)
				best = now[k - 1] + 2;
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1] &&
			    row[(i + 1) % 3][k - 2] + 2 < best)
				best = row[(i + 1) % 3][k - 2] + 2;
			now[k] = best;
		}
	}
	return row[n % 3][m];
}

void unit_guess(struct unit_guess *g, const char *name)
{
	/* one letter of a short name is another unit */
	unsigned int room = strlen(g->text) > 2 ? 4 : 2;
	unsigned int d = distance(g->text, name);

	/* the degree and micro signs are two bytes, and often left out */
	if (!strncmp(name, "\xc2\xb0", 2) && !strcmp(g->text, name + 2))
		d = 1;
	if (!strncmp(name, "\xc2\xb5", 2) && *g->text == 'u' &&
	    !strcmp(g->text + 1, name + 2))
		d = 1;
	if (!d || d > room || d >= g->distance)
		return;
	g->distance = d;
	snprintf(g->name, sizeof(g->name), "%s", name);
}
