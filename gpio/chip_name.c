// SPDX-License-Identifier: MIT
/*
 * What GPIO chips are called: by their labels, as gpiochipN, or by the paths of
 * their firmware nodes. Several may have one label; none is taken for another.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gpio.h"

/* ---- all chips ------------------------------------------------------------ */

static void device_name(const struct gpio_chip *c, char name[24])
{
	snprintf(name, 24, "gpiochip%u", c->number);
}

/* A label that others have, or one like this chip's device, says nothing. */
static void name_chip(struct gpio_chip *c, const struct gpio_chip *all,
		      unsigned int n)
{
	char device[24];
	bool label = true, number = true;

	device_name(c, device);
	for (unsigned int i = 0; i < n; i++) {
		if (&all[i] == c)
			continue;
		label = label && strcmp(all[i].label, c->label);
		number = number && strcmp(all[i].label, device);
	}
	snprintf(c->name, sizeof(c->name), "%s",
		 label    ? c->label
		 : number ? device
			  : "");
}

unsigned int gpio_chips(struct gpio_chip all[GPIO_CHIPS_MAX], int *err)
{
	unsigned int n = 0;
	int fd;

	*err = ENOENT;
	for (unsigned int i = 0; i < GPIO_CHIPS_MAX; i++) {
		struct gpio_chip *c = &all[n];

		fd = gpio_chip_open(i, c->label, &c->lines);
		if (fd < 0) {
			if (errno != ENOENT)
				*err = errno;
			continue;
		}
		close(fd);
		c->number = i;
		n++;
	}
	for (unsigned int i = 0; i < n; i++)
		name_chip(&all[i], all, n);
	return n;
}

/* ---- firmware nodes ------------------------------------------------------- */

/* A node's folder, and where the kernel's name of the node begins in its path. */
static const struct {
	const char *link, *begin;
} node_kinds[] = {
	{ "of_node", "/devicetree/base" },
	{ "software_node", "/software_nodes/" },
};

/* A device tree's path keeps its slash. */
static bool node_of_link(unsigned int number, unsigned int kind, char *node,
			 size_t size)
{
	char path[GPIO_PATH_SIZE], real[PATH_MAX];
	const char *begin = node_kinds[kind].begin, *p;

	gpio_path(path, "/sys/bus/gpio/devices/gpiochip%u/%s", number,
		  node_kinds[kind].link);
	p = realpath(path, real) ? strstr(real, begin) : NULL;
	if (!p)
		return false;
	p += strlen(begin);
	return (size_t)snprintf(node, size, "%s", *p ? p : "/") < size;
}

/* The path of the chip's firmware node, as the kernel prints it, or "". */
static void node_path(unsigned int number, char node[ACCEL_CHIP_SIZE])
{
	char path[GPIO_PATH_SIZE];

	for (unsigned int i = 0; i < sizeof(node_kinds) / sizeof(*node_kinds);
	     i++)
		if (node_of_link(number, i, node, ACCEL_CHIP_SIZE))
			return;
	/* ACPI tells it in a file */
	gpio_path(path, "/sys/bus/gpio/devices/gpiochip%u/firmware_node/path",
		  number);
	if (gpio_read_file(path, node, ACCEL_CHIP_SIZE) < 0)
		node[0] = 0;
}

/* ---- one of them ---------------------------------------------------------- */

static bool is_called(const struct gpio_chip *c, const char *name)
{
	char device[24], node[ACCEL_CHIP_SIZE];

	device_name(c, device);
	if (!strcmp(c->label, name) || !strcmp(device, name))
		return true;
	node_path(c->number, node);
	return node[0] && !strcmp(node, name);
}

/* "gpiochip1 (/soc/i2c@7e804000/gpio@20), gpiochip2" */
static void name_candidates(const struct gpio_chip *all, unsigned int n,
			    const char *name, char *text, size_t size)
{
	char node[ACCEL_CHIP_SIZE];
	size_t at = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < n && at < size; i++) {
		if (!is_called(&all[i], name))
			continue;
		node_path(all[i].number, node);
		at += (size_t)snprintf(text + at, size - at,
				       "%sgpiochip%u%s%s%s", at ? ", " : "",
				       all[i].number, node[0] ? " (" : "", node,
				       node[0] ? ")" : "");
	}
}

accel_status gpio_chip_missing(const char *name, int err)
{
	if (err == EACCES || err == EPERM)
		return accel_error(ACCEL_ERR_PERM,
				   "/dev/gpiochip*: permission denied; join "
				   "the group with: sudo usermod -aG gpio "
				   "$USER, then log in again");
	return accel_error(ACCEL_ERR_NODEV, "there is no GPIO chip '%s'", name);
}

accel_status gpio_chip_find(const char *name, struct gpio_chip *chip)
{
	struct gpio_chip all[GPIO_CHIPS_MAX];
	unsigned int n, found = 0;
	char who[512];
	int err;

	n = gpio_chips(all, &err);
	for (unsigned int i = 0; i < n; i++) {
		if (!is_called(&all[i], name))
			continue;
		if (!found++)
			*chip = all[i];
	}
	if (!found)
		return gpio_chip_missing(name, err);
	if (found == 1)
		return ACCEL_OK;
	name_candidates(all, n, name, who, sizeof(who));
	return accel_error(ACCEL_ERR_INVALID,
			   "'%s' is the name of %u GPIO chips: %s; say which "
			   "of them is meant by its number, or by the path of "
			   "its node",
			   name, found, who);
}
