// SPDX-License-Identifier: MIT
/* Which known word a misspelt one is nearest to. */
#include "near.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include <accel/status.h>

static unsigned int change(char a, char b)
{
	if (a == b)
		return 0;
	return tolower((unsigned char)a) == tolower((unsigned char)b) ? 1 : 2;
}

static unsigned int less(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int near_distance(const char *a, const char *b)
{
	unsigned int row[3][NEAR_MAX + 1];
	size_t n = strlen(a), m = strlen(b), i, k;

	if (n > NEAR_MAX || m > NEAR_MAX)
		return NEAR_FAR;
	for (k = 0; k <= m; k++)
		row[0][k] = 2 * (unsigned int)k;
	for (i = 1; i <= n; i++) {
		unsigned int *now = row[i % 3], *last = row[(i + 2) % 3];

		now[0] = 2 * (unsigned int)i;
		for (k = 1; k <= m; k++) {
			now[k] = less(last[k - 1] + change(a[i - 1], b[k - 1]),
				      less(last[k], now[k - 1]) + 2);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1])
				now[k] = less(now[k],
					      row[(i + 1) % 3][k - 2] + 2);
		}
	}
	return row[n % 3][m];
}

unsigned int near_room(const char *word)
{
	size_t n = strlen(word);

	return n < 4 ? 2 : n < 8 ? 4 : 6;
}

const char *accel_nearest(const char *word, const char *const *words, size_t n)
{
	const char *nearest = NULL;
	unsigned int best, d;

	if (!word || !words)
		return NULL;
	best = near_room(word) + 1;
	for (size_t i = 0; i < n; i++) {
		d = words[i] ? near_distance(word, words[i]) : NEAR_FAR;
		if (d < best) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}
