// SPDX-License-Identifier: MIT
/* JSON values. */
#include "json.h"

#include <math.h>

void json_text(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20)
			fprintf(f, "\\u%04x", c);
		else
			putc(c, f);
	}
	putc('"', f);
}

void json_number(FILE *f, double value)
{
	if (isfinite(value))
		fprintf(f, "%.10g", value);
	else
		fputs("null", f);
}
