/* SPDX-License-Identifier: MIT */
/* The ways in which tables write numbers: 1234.5, 1.234,5, 21 °C, $1,234. */
#ifndef ACCEL_DATA_SPELLING_H
#define ACCEL_DATA_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#define UNIT_BYTES 16
#define SPELLING_BYTES 66 /* a double has 17 digits */

/* In order of preference: the first that fits is taken. */
enum spelling {
	SPELLING_POINT, /* 1234.5, as C has it */
	SPELLING_COMMA, /* 1234,5 */
	SPELLING_GROUP_COMMA, /* 1,234.5 */
	SPELLING_GROUP_POINT, /* 1.234,5 */
	SPELLING_GROUP_SPACE, /* 1 234.5 */
	SPELLING_GROUP_SPACE_COMMA, /* 1 234,5 */
	SPELLING_GROUP_QUOTE, /* 1'234.5 */
	SPELLINGS,
};

/* A number's parts in its text. */
struct number_text {
	const char *body; /* digits, marks and an exponent */
	size_t length;
	bool negative;
	char unit
		[UNIT_BYTES]; /* what stands before or behind it; "": nothing */
};

/* Takes a text apart. False: it cannot be a number. */
bool spelling_split(const char *text, struct number_text *n);

/* The number as C writes it, no longer than it was; false: it is not written
 * so. */
bool spelling_plain(const struct number_text *n, enum spelling s,
		    char plain[SPELLING_BYTES]);
/* The value in one spelling; false: it is not written so. */
bool spelling_read(const struct number_text *n, enum spelling s, double *value);

/* Bits 1 << s of those in which a text can be read. */
unsigned spelling_mask(const struct number_text *n);

/* Has it a decimal or group mark? */
bool spelling_marked(const struct number_text *n);

/* Without a unit, in the first spelling that fits. */
bool spelling_any(const char *text, double *value);

/* "decimal commas", "thousands by commas", ...; "" for SPELLING_POINT. */
const char *spelling_text(enum spelling s);
/* '.' or ','. */
char spelling_decimal(enum spelling s);

#endif /* ACCEL_DATA_SPELLING_H */
