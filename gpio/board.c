// SPDX-License-Identifier: MIT
/* Which board is this? Told by its device tree, else by its GPIO chips. */
#include <accel/lines.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libaccel/src/base/alloc.h"
#include "gpio.h"

static const struct soc {
	accel_soc soc;
	const char *compatible, *chip;
} socs[] = {
	{ ACCEL_SOC_BCM2711, "brcm,bcm2711", "pinctrl-bcm2711" },
	{ ACCEL_SOC_RP1, "brcm,bcm2712", "pinctrl-rp1" },
};

#define NUM_SOCS (sizeof(socs) / sizeof(socs[0]))

void gpio_path(char out[GPIO_PATH_SIZE], const char *fmt, ...)
{
	const char *root = getenv("ACCEL_ROOT");
	va_list ap;
	int n;

	n = snprintf(out, GPIO_PATH_SIZE, "%s", root ? root : "");
	if (n >= GPIO_PATH_SIZE)
		n = GPIO_PATH_SIZE - 1;
	va_start(ap, fmt);
	vsnprintf(out + n, (size_t)(GPIO_PATH_SIZE - n), fmt, ap);
	va_end(ap);
}

long gpio_read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	size_t n = 0;
	ssize_t got;

	text[0] = 0;
	if (fd < 0)
		return -1;
	while (n < size - 1) {
		got = read(fd, text + n, size - 1 - n);
		if (got < 0) {
			err = errno;
			close(fd);
			errno = err;
			return -1;
		}
		if (!got)
			break;
		n += (size_t)got;
	}
	close(fd);
	text[n] = 0;
	while (n && strchr(" \t\r\n", text[n - 1]))
		text[--n] = 0;
	return (long)n;
}

char *gpio_read_all(const char *path)
{
	FILE *f = fopen(path, "re");
	uint32_t cap = 0, n = 0;
	char *text = NULL;

	if (!f)
		return NULL;
	do {
		if (mem_grow(&text, &cap, n + 4096, 1))
			break;
		n += (uint32_t)fread(text + n, 1, cap - n - 1, f);
		text[n] = 0;
	} while (!feof(f) && !ferror(f));
	fclose(f);
	return text;
}

/* The strings of "compatible" stand one behind the other, each with its NUL. */
static const struct soc *soc_of(const char *compatible, long size)
{
	for (const char *s = compatible; s < compatible + size;
	     s += strlen(s) + 1)
		for (size_t i = 0; i < NUM_SOCS; i++)
			if (!strcmp(s, socs[i].compatible))
				return &socs[i];
	return NULL;
}

static const struct soc *soc_of_chips(void)
{
	char label[ACCEL_CHIP_SIZE];
	uint32_t lines;
	int fd;

	for (unsigned int n = 0; n < GPIO_CHIPS_MAX; n++) {
		fd = gpio_chip_open(n, label, &lines);
		if (fd < 0)
			continue;
		close(fd);
		for (size_t i = 0; i < NUM_SOCS; i++)
			if (!strcmp(label, socs[i].chip))
				return &socs[i];
	}
	return NULL;
}

accel_status accel_board_get(accel_board *board)
{
	char path[GPIO_PATH_SIZE], text[256];
	const struct soc *soc = NULL;
	long n;

	if (!board)
		return accel_error(ACCEL_ERR_INVALID,
				   "board: no place for the answer");
	memset(board, 0, sizeof(*board));
	gpio_path(path, "/proc/device-tree/model");
	if (gpio_read_file(path, text, sizeof(text)) > 0)
		snprintf(board->model, sizeof(board->model), "%.95s", text);
	gpio_path(path, "/proc/device-tree/compatible");
	n = gpio_read_file(path, text, sizeof(text));
	soc = n > 0 ? soc_of(text, n) : soc_of_chips();
	if (soc) {
		board->soc = soc->soc;
		snprintf(board->chip, sizeof(board->chip), "%s", soc->chip);
	}
	return ACCEL_OK;
}
