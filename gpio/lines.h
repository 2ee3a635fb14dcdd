/* SPDX-License-Identifier: MIT */
/* A request for lines, as the files of this folder see it. */
#ifndef ACCEL_GPIO_LINES_H
#define ACCEL_GPIO_LINES_H

#include <accel/lines.h>

struct accel_lines {
	int fd;
	uint32_t n;
	accel_pin pins[ACCEL_LINES_MAX];
};

/* Why the request for these lines failed, with who has them. */
accel_status lines_not_given(const accel_lines *l, const accel_lines_config *c,
			     int err);

/* Why a call on them failed. */
accel_status lines_failed(const accel_lines *l, const char *what, int err);

#endif /* ACCEL_GPIO_LINES_H */
