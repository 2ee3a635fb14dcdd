/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_GPIO_LINES_H
#define ACCEL_GPIO_LINES_H

#include <accel/lines.h>

struct accel_lines {
	int fd;
	uint32_t n;
	accel_pin pins[ACCEL_LINES_MAX];
};

#endif /* ACCEL_GPIO_LINES_H */
