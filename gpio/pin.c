// SPDX-License-Identifier: MIT
/* From a line's name to its chip and offset. */
#include <accel/lines.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libaccel/src/base/alloc.h"
#include "gpio.h"

static int header_pin_of(int gpio)
{
	for (unsigned int p = 1; p <= ACCEL_HEADER_PINS; p++)
		if (accel_header_pin_get(p)->gpio == gpio)
			return (int)p;
	return 0;
}

/* All of `s` as a decimal number, -1 if it is none. */
static long number(const char *s)
{
	char *end;
	long v;

	if (!isdigit((unsigned char)*s) || strlen(s) > 9)
		return -1;
	v = strtol(s, &end, 10);
	return *end ? -1 : v;
}

static accel_status on_header(const char *name, long gpio, accel_pin *pin)
{
	accel_board board;

	accel_board_get(&board);
	if (!board.chip[0])
		return accel_error(
			ACCEL_ERR_NODEV,
			"'%s': %s has no 40-pin header that is known here; "
			"name the line as CHIP:OFFSET (accelctl status "
			"--lines shows them)",
			name, board.model[0] ? board.model : "this machine");
	snprintf(pin->chip, sizeof(pin->chip), "%s", board.chip);
	pin->offset = (uint32_t)gpio;
	pin->gpio = (int)gpio;
	pin->header = header_pin_of((int)gpio);
	snprintf(pin->name, sizeof(pin->name), "GPIO%ld", gpio);
	return ACCEL_OK;
}

static accel_status by_header(const char *name, long p, accel_pin *pin)
{
	static const char *const kinds[] = {
		[ACCEL_HEADER_GROUND] = "ground",
		[ACCEL_HEADER_3V3] = "the 3.3 V supply",
		[ACCEL_HEADER_5V] = "the 5 V supply",
	};
	const accel_header_pin *h;

	if (p < 1 || p > ACCEL_HEADER_PINS)
		return accel_error(ACCEL_ERR_NODEV,
				   "'%s': the header has pins 1 to %d", name,
				   ACCEL_HEADER_PINS);
	h = accel_header_pin_get((unsigned int)p);
	if (h->kind != ACCEL_HEADER_GPIO)
		return accel_error(ACCEL_ERR_INVALID,
				   "'%s': pin %ld is %s and no line", name, p,
				   kinds[h->kind]);
	return on_header(name, h->gpio, pin);
}

static accel_status by_gpio(const char *name, long gpio, accel_pin *pin)
{
	if (gpio < 0 || gpio > 27)
		return accel_error(ACCEL_ERR_NODEV,
				   "'%s': the header has GPIO0 to GPIO27; "
				   "name other lines as CHIP:OFFSET",
				   name);
	return on_header(name, gpio, pin);
}

static accel_status by_offset(const char *name, size_t chip, accel_pin *pin)
{
	long offset = number(name + chip + 1);
	struct gpio_chip c;
	accel_board board;

	if (!chip || chip >= sizeof(pin->chip) || offset < 0)
		return accel_error(ACCEL_ERR_INVALID,
				   "'%s' is not CHIP:OFFSET, as in "
				   "pinctrl-bcm2711:17",
				   name);
	memcpy(pin->chip, name, chip);
	pin->offset = (uint32_t)offset;
	snprintf(pin->name, sizeof(pin->name), "%.31s", name);
	/* one name for a chip, whichever was said; none for one that comes */
	switch (gpio_chip_find(pin->chip, &c)) {
	case ACCEL_OK:
		snprintf(pin->chip, sizeof(pin->chip), "%s", c.name);
		break;
	case ACCEL_ERR_INVALID:
		return ACCEL_ERR_INVALID;
	default:
		break;
	}
	accel_board_get(&board);
	if (!strcmp(pin->chip, board.chip) && offset <= 27) {
		pin->gpio = (int)offset;
		pin->header = header_pin_of(pin->gpio);
		snprintf(pin->name, sizeof(pin->name), "GPIO%d", pin->gpio);
	}
	return ACCEL_OK;
}

static accel_status by_line_name(const char *name, accel_pin *pin)
{
	const accel_line_info *found = NULL;
	accel_line_info *list;
	uint32_t n = 0, max;
	accel_board board;
	accel_status s;

	s = gpio_line_names(NULL, 0, &max);
	if (s)
		return s;
	list = mem_zalloc(max * sizeof(*list));
	if (!list)
		return ACCEL_ERR_NOMEM;
	s = gpio_line_names(list, max, &n);
	for (uint32_t i = 0; !s && i < n && i < max; i++) {
		if (strcmp(list[i].name, name))
			continue;
		if (found)
			s = accel_error(ACCEL_ERR_INVALID,
					"two lines are called '%s': %s:%u and "
					"%s:%u; name it as CHIP:OFFSET",
					name, found->chip, found->offset,
					list[i].chip, list[i].offset);
		found = &list[i];
	}
	if (!s && !found)
		s = accel_error(ACCEL_ERR_NODEV,
				"no line is called '%s' (%u lines seen); a "
				"line is P1 to P40, GPIO0 to GPIO27, a name "
				"of the device tree, or CHIP:OFFSET",
				name, n);
	if (!s) {
		snprintf(pin->chip, sizeof(pin->chip), "%s", found->chip);
		pin->offset = found->offset;
		snprintf(pin->name, sizeof(pin->name), "%.31s", name);
		accel_board_get(&board);
		if (!strcmp(pin->chip, board.chip) && pin->offset <= 27) {
			pin->gpio = (int)pin->offset;
			pin->header = header_pin_of(pin->gpio);
		}
	}
	mem_free(list);
	return s;
}

accel_status accel_pin_find(const char *name, accel_pin *pin)
{
	const char *colon;
	long v;

	if (!pin)
		return accel_error(ACCEL_ERR_INVALID,
				   "pin: no place for the answer");
	memset(pin, 0, sizeof(*pin));
	pin->gpio = -1;
	if (!name || !*name)
		return accel_error(ACCEL_ERR_INVALID, "a line without a name");
	colon = strrchr(name, ':');
	if (colon)
		return by_offset(name, (size_t)(colon - name), pin);
	if (*name == 'P' && (v = number(name + 1)) >= 0)
		return by_header(name, v, pin);
	if (!strncmp(name, "GPIO", 4) && (v = number(name + 4)) >= 0)
		return by_gpio(name, v, pin);
	if ((v = number(name)) >= 0)
		return by_gpio(name, v, pin);
	return by_line_name(name, pin);
}

const char *accel_pin_relay_warning(const accel_pin *pin)
{
	if (!pin || pin->header <= 0)
		return NULL;
	switch (pin->gpio) {
	case 0:
	case 1:
		return "the firmware talks to a HAT's memory on it at boot";
	case 2:
	case 3:
		return "the board pulls it up with 1.8 kOhm";
	case 14:
	case 15:
		return "the serial console moves it while the board boots";
	default:
		return pin->gpio <= 8 ? "it is pulled up from reset until a "
					"program drives it: a relay that 1 "
					"switches may close while the board "
					"boots"
				      : NULL;
	}
}
