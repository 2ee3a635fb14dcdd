/* SPDX-License-Identifier: MIT */
/* The header of a board, as both pictures show it. */
#ifndef ACCELCTL_PINOUT_H
#define ACCELCTL_PINOUT_H

#include <accel/lines.h>

enum pin_color {
	PIN_GROUND,
	PIN_3V3,
	PIN_5V,
	PIN_FREE, /* a line that nobody has */
	PIN_USED, /* a line that somebody has */
	PIN_FUNCTION, /* at work for a peripheral */
};

/* A pin of the header, as both pictures show it. */
struct pin_view {
	const accel_header_pin *pin;
	enum pin_color color;
	char name[16]; /* "GPIO17", "3V3", "GND" */
	char function[24]; /* "in", "out", "TXD1", "" unknown */
	const char *pull; /* "up", "down", "none"; in brackets: at reset */
	char owner[32];
	bool known; /* the kernel was asked */
	accel_line_info info; /* what it said */
	int level; /* 0, 1, -1 unknown */
};

void pinout_svg(FILE *f, const accel_board *board,
		const struct pin_view view[ACCEL_HEADER_PINS]);

#endif /* ACCELCTL_PINOUT_H */
