// SPDX-License-Identifier: MIT
/* Is a text UTF-8? */
#include "utf8.h"

#include <stdint.h>

bool is_utf8(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;

	while (*p) {
		uint32_t more = *p < 0x80                 ? 0
				: *p >= 0xc2 && *p < 0xe0 ? 1
				: *p >= 0xe0 && *p < 0xf0 ? 2
				: *p >= 0xf0 && *p < 0xf5 ? 3
							  : 9;
		uint8_t low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
		uint8_t high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;

		if (more == 9 || (more && (p[1] < low || p[1] > high)))
			return false;
		for (p++; more; more--, p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}
