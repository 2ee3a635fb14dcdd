/* SPDX-License-Identifier: MIT */
/* What the files of gpio/ share. */
#ifndef ACCEL_GPIO_H
#define ACCEL_GPIO_H

#include <stddef.h>

#include <accel/lines.h>

#include "../libaccel/src/base/error.h"

#define GPIO_PATH_SIZE 512

/* $ACCEL_ROOT and the formatted path; a longer one is cut, and not found. */
void gpio_path(char out[GPIO_PATH_SIZE], const char *fmt, ...)
	ACCEL_PRINTF(2, 3);

/* Reads a small file and drops white space at its end. Returns the length, or
 * -1 with errno. The text ends with a NUL; more than fits is cut. */
long gpio_read_file(const char *path, char *text, size_t size);

/* A whole file, as long as it is; freed by mem_free(). NULL with errno. */
char *gpio_read_all(const char *path);

/* The label of /dev/gpiochip`n` and its number of lines. Returns a descriptor,
 * or -1 with errno. */
int gpio_chip_open(unsigned int n, char label[ACCEL_CHIP_SIZE],
		   uint32_t *lines);

#define GPIO_CHIPS_MAX 128

struct gpio_chip {
	unsigned int number; /* of /dev/gpiochipN */
	uint32_t lines;
	char label[ACCEL_CHIP_SIZE];
	/* what to call it: its label; where others have that, gpiochipN; "" if
	 * another's label is that */
	char name[ACCEL_CHIP_SIZE];
};

/* All chips that may be opened; returns how many. `err` is an errno of one that
 * may not, else ENOENT. */
unsigned int gpio_chips(struct gpio_chip all[GPIO_CHIPS_MAX], int *err);

/* The chip of that label, of that gpiochipN, or whose firmware node has that
 * path. ERR_NODEV, ERR_PERM; ERR_INVALID: several, which the text names. */
accel_status gpio_chip_find(const char *name, struct gpio_chip *chip);

/* There is no such chip, or it may not be opened: `err` is from gpio_chips(). */
accel_status gpio_chip_missing(const char *name, int err);

/* Opens /dev/piaccel, for a call that begins with `what`. */
accel_status gpio_driver_open(int *fd);

/*
 * What the module knows of a line that somebody has: `driver` is from
 * owner_open(), or -1 where it cannot be asked; `chip` is what to call the chip.
 */
int owner_open(void);
void owner_ask(int driver, const char *chip, accel_line_info *info);

/* accel_line_list(), without what takes time to find: levels, functions and
 * owners. */
accel_status gpio_line_names(accel_line_info *list, uint32_t max,
			     uint32_t *count);

/* Waits until `fd` has `events`: 0 it has some, -1 with ERR_TIMEOUT. */
int gpio_wait(int fd, short events, uint64_t timeout_ns, short *revents);

#endif /* ACCEL_GPIO_H */
