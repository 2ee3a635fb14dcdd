// SPDX-License-Identifier: MIT
/* Which board is this? Told by its device tree, else by its GPIO chips. */
#include <accel/lines.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gpio.h"

static const struct soc {
	accel_soc soc;
	const char *compatible, *chip;
} socs[] = {
	{ ACCEL_SOC_BCM2711, "brcm,bcm2711", "pinctrl-bcm2711" },
	{ ACCEL_SOC_RP1, "brcm,bcm2712", "pinctrl-rp1" },
};

#define NUM_SOCS (sizeof(socs) / sizeof(socs[0]))

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
