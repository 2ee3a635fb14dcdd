// SPDX-License-Identifier: MIT
/*
 * What the kernel says of lines, through the GPIO character device, the module
 * and, for root, debugfs. Nothing is claimed.
 */
#include <accel/lines.h>

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/gpio.h>

#include "../libaccel/src/base/alloc.h"
#include "gpio.h"

int gpio_chip_open(unsigned int n, char label[ACCEL_CHIP_SIZE], uint32_t *lines)
{
	struct gpiochip_info info = { 0 };
	char path[GPIO_PATH_SIZE];
	int fd, err;

	gpio_path(path, "/dev/gpiochip%u", n);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &info)) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	snprintf(label, ACCEL_CHIP_SIZE, "%s", info.label);
	*lines = info.lines;
	return fd;
}

/* ---- debugfs -------------------------------------------------------------- */

/* Texts of debugfs for one chip; NULL where it cannot be read. */
struct levels {
	char *pins; /* the pin controller's: function and level of each pin */
	const char *next; /* in that: the line behind the last that was found */
	char *gpio; /* gpiolib's: level of each line in use */
	int driver; /* the module, or -1 */
	unsigned int number; /* of the chip */
};

/* Nothing but what the character device tells. */
#define LEVELS_NONE ((struct levels){ .driver = -1 })

static void levels_load(struct levels *l, const struct gpio_chip *c)
{
	char path[GPIO_PATH_SIZE];
	size_t len = strlen(c->label), n;
	struct dirent *e;
	DIR *d;

	*l = LEVELS_NONE;
	l->driver = owner_open();
	l->number = c->number;
	gpio_path(path, "/sys/kernel/debug/gpio");
	l->gpio = gpio_read_all(path);
	/* where several have the label nothing tells whose pins they are */
	if (strcmp(c->name, c->label))
		return;
	gpio_path(path, "/sys/kernel/debug/pinctrl");
	d = opendir(path);
	/* the folder is called DEVICE-CONTROLLER */
	while (d && !l->pins && (e = readdir(d))) {
		n = strlen(e->d_name);
		if (n <= len || strcmp(e->d_name + n - len, c->label) ||
		    e->d_name[n - len - 1] != '-')
			continue;
		gpio_path(path, "/sys/kernel/debug/pinctrl/%s/pins", e->d_name);
		l->pins = gpio_read_all(path);
	}
	if (d)
		closedir(d);
}

static void levels_free(struct levels *l)
{
	if (l->driver >= 0)
		close(l->driver);
	mem_free(l->pins);
	mem_free(l->gpio);
}

static int level_of(const char *word)
{
	return !strncmp(word, "hi", 2) ? 1 : !strncmp(word, "lo", 2) ? 0 : -1;
}

/* "pin 14 (gpio14) 14:fe200000.gpio function alt5 in hi; irq 0 (none)" */
static bool level_of_pin(struct levels *l, accel_line_info *info)
{
	char key[24], level[8] = "", line[256];
	const char *p = l->next, *end;

	/* pins are mostly asked for in the order in which they stand there */
	snprintf(key, sizeof(key), "pin %u (", info->offset);
	if (!p || strncmp(p, key, strlen(key)))
		for (p = l->pins; (p = strstr(p, key)); p++)
			if (p == l->pins || p[-1] == '\n')
				break;
	if (!p)
		return false;
	end = strchr(p, '\n');
	l->next = end ? end + 1 : NULL;
	snprintf(line, sizeof(line), "%.*s", end ? (int)(end - p) : 255, p);
	p = strstr(line, "function ");
	if (!p || sscanf(p, "function %23s in %7s", info->function, level) < 1)
		return false;
	info->level = level_of(level);
	/* gpiolib remembers a direction that the controller has given up */
	if (strstr(info->function, "out"))
		info->output = true;
	else if (!strcmp(info->function, "gpio_in") ||
		 !strcmp(info->function, "input"))
		info->output = false;
	return true;
}

/*
 * "gpiochip0: GPIOs 512-565, parent: platform/testboard, LABEL, can sleep:"
 * " gpio-529 (GPIO17 |relay ) out hi ACTIVE LOW"
 * Since Linux 6.17 "gpiochip0: 54 GPIOs", and lines count from 0.
 */
static void level_of_line(const struct levels *l, accel_line_info *info)
{
	unsigned int base = 0, nr, chip;
	const char *p = l->gpio, *next;
	char word[2][8];
	bool ours = false;

	for (; p && *p; p = next ? next + 1 : NULL) {
		char line[256];

		next = strchr(p, '\n');
		snprintf(line, sizeof(line), "%.*s",
			 next ? (int)(next - p) : 255, p);
		if (sscanf(line, "gpiochip%u:", &chip) == 1) {
			base = 0;
			sscanf(line, "gpiochip%*u: GPIOs %u", &base);
			ours = chip == l->number;
		} else if (ours && sscanf(line, " gpio-%u", &nr) == 1 &&
			   nr == base + info->offset) {
			const char *close = strrchr(line, ')');

			if (close &&
			    sscanf(close + 1, "%7s %7s", word[0], word[1]) == 2)
				info->level = level_of(word[1]);
			return;
		}
	}
}

/* ---- the character device ------------------------------------------------- */

static accel_pull pull_of(uint64_t flags)
{
	return flags & GPIO_V2_LINE_FLAG_BIAS_PULL_UP     ? ACCEL_PULL_UP
	       : flags & GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN ? ACCEL_PULL_DOWN
	       : flags & GPIO_V2_LINE_FLAG_BIAS_DISABLED  ? ACCEL_PULL_NONE
							  : ACCEL_PULL_AS_IS;
}

static int line_ask(int fd, const char *chip, uint32_t offset,
		    struct levels *levels, accel_line_info *info)
{
	struct gpio_v2_line_info k = { .offset = offset };
	uint64_t f;

	memset(info, 0, sizeof(*info));
	snprintf(info->chip, sizeof(info->chip), "%s", chip);
	info->offset = offset;
	info->level = info->safe = -1;
	info->uid = ACCEL_UID_NONE;
	if (ioctl(fd, GPIO_V2_GET_LINEINFO_IOCTL, &k))
		return -1;
	f = k.flags;
	snprintf(info->name, sizeof(info->name), "%s", k.name);
	snprintf(info->consumer, sizeof(info->consumer), "%s", k.consumer);
	info->used = f & GPIO_V2_LINE_FLAG_USED;
	info->output = f & GPIO_V2_LINE_FLAG_OUTPUT;
	info->active_low = f & GPIO_V2_LINE_FLAG_ACTIVE_LOW;
	info->open_drain = f & GPIO_V2_LINE_FLAG_OPEN_DRAIN;
	info->open_source = f & GPIO_V2_LINE_FLAG_OPEN_SOURCE;
	info->rising = f & GPIO_V2_LINE_FLAG_EDGE_RISING;
	info->falling = f & GPIO_V2_LINE_FLAG_EDGE_FALLING;
	info->pull = pull_of(f);
	if (!(levels->pins && level_of_pin(levels, info)) && levels->gpio &&
	    info->used) /* it has no level of others */
		level_of_line(levels, info);
	owner_ask(levels->driver, chip, info);
	return 0;
}

/* Returns a descriptor, or -1 with errno; the label is known already. */
static int chip_reopen(const struct gpio_chip *c)
{
	char label[ACCEL_CHIP_SIZE];
	uint32_t lines;

	return gpio_chip_open(c->number, label, &lines);
}

accel_status accel_line_info_get(const accel_pin *pin, accel_line_info *info)
{
	struct levels levels;
	struct gpio_chip c;
	accel_status s;
	int fd;

	if (!pin || !info)
		return accel_error(ACCEL_ERR_INVALID,
				   "line info: no line, or no place for it");
	memset(info, 0, sizeof(*info));
	s = gpio_chip_find(pin->chip, &c);
	if (s)
		return s;
	if (pin->offset >= c.lines)
		return accel_error(ACCEL_ERR_NODEV,
				   "chip '%s' has the lines 0 to %u, and no %u",
				   pin->chip, c.lines - 1, pin->offset);
	fd = chip_reopen(&c);
	if (fd < 0)
		return gpio_chip_missing(pin->chip, errno);
	levels_load(&levels, &c);
	if (line_ask(fd, c.name, pin->offset, &levels, info))
		s = accel_error(ACCEL_ERR_NODEV, "chip '%s', line %u: %s",
				pin->chip, pin->offset, strerror(errno));
	levels_free(&levels);
	close(fd);
	return s;
}

/* The lines of a chip, from `*count` on. */
static void list_chip(const struct gpio_chip *c, accel_line_info *list,
		      uint32_t max, uint32_t *count, bool deep)
{
	struct levels levels = LEVELS_NONE;
	int fd = chip_reopen(c);

	if (fd < 0)
		return;
	if (deep && *count < max)
		levels_load(&levels, c);
	for (uint32_t i = 0; i < c->lines; i++, ++*count)
		if (*count < max)
			line_ask(fd, c->name, i, &levels, &list[*count]);
	levels_free(&levels);
	close(fd);
}

static accel_status list_lines(accel_line_info *list, uint32_t max,
			       uint32_t *count, bool deep)
{
	struct gpio_chip all[GPIO_CHIPS_MAX];
	unsigned int n;
	int err;

	if (!count || (max && !list))
		return accel_error(ACCEL_ERR_INVALID,
				   "line list: no place for the answer");
	*count = 0;
	n = gpio_chips(all, &err);
	for (unsigned int i = 0; i < n; i++)
		list_chip(&all[i], list, max, count, deep);
	return n || err == ENOENT ? ACCEL_OK : gpio_chip_missing("any", err);
}

accel_status accel_line_list(accel_line_info *list, uint32_t max,
			     uint32_t *count)
{
	return list_lines(list, max, count, true);
}

accel_status gpio_line_names(accel_line_info *list, uint32_t max,
			     uint32_t *count)
{
	return list_lines(list, max, count, false);
}
