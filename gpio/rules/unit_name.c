// SPDX-License-Identifier: MIT
/* How a unit is spelled: lookalikes, letter case, what may have been meant. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../../libaccel/src/base/near.h"
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

void unit_guess(struct unit_guess *g, const char *name)
{
	unsigned int d = near_distance(g->text, name);

	/* the degree and micro signs are two bytes, and often left out */
	if (!strncmp(name, "\xc2\xb0", 2) && !strcmp(g->text, name + 2))
		d = 1;
	if (!strncmp(name, "\xc2\xb5", 2) && *g->text == 'u' &&
	    !strcmp(g->text + 1, name + 2))
		d = 1;
	if (!d || d > near_room(g->text) || d >= g->distance)
		return;
	g->distance = d;
	snprintf(g->name, sizeof(g->name), "%s", name);
}
