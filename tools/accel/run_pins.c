// SPDX-License-Identifier: MIT
/* The pins of a control file: each is a line, and is taken once. */
#include <stdio.h>
#include <string.h>

#include "run.h"

#define PINS_MAX 256

/* Whose pin it is, and where the file says so. */
struct user {
	accel_pin pin;
	accel_control_place place;
	const char *name, *word;
};

struct users {
	const char *path;
	uint32_t n;
	struct user user[PINS_MAX];
};

static int wrong(const struct users *u, accel_control_place p, const char *name)
{
	fprintf(stderr, "accel: %s:%d:%d: %s: %s\n", u->path, p.line, p.column,
		name, accel_last_error());
	return 1;
}

static int take(struct users *u, struct user mine)
{
	for (uint32_t i = 0; i < u->n; i++) {
		const struct user *other = &u->user[i];

		if (strcmp(other->pin.chip, mine.pin.chip) ||
		    other->pin.offset != mine.pin.offset)
			continue;
		fprintf(stderr,
			"accel: %s:%d:%d: %s: %s is the line of %s already\n",
			u->path, mine.place.line, mine.place.column, mine.name,
			mine.word, other->name);
		return 1;
	}
	if (u->n < PINS_MAX)
		u->user[u->n++] = mine;
	return 0;
}

static int sensor_pins(struct users *u, const accel_control_sensor *s)
{
	accel_pin pins[8];
	uint32_t n;

	if (accel_sensor_pins(s->spec, pins, 8, &n))
		return wrong(u, s->place, s->name);
	for (uint32_t i = 0; i < n && i < 8; i++)
		if (take(u, (struct user){ pins[i], s->place, s->name,
					   pins[i].name }))
			return 1;
	return 0;
}

int run_check_pins(const accel_control *c)
{
	const accel_control_settings *set = accel_control_settings_get(c);
	static struct users u;
	accel_board board;
	accel_pin pin;

	accel_board_get(&board);
	if (!board.chip[0])
		return 0;
	u.path = set->path;
	u.n = 0;
	for (uint32_t i = 0; i < set->sensors; i++)
		if (sensor_pins(&u, accel_control_sensor_get(c, i)))
			return 1;
	for (uint32_t i = 0; i < set->outputs; i++) {
		const accel_control_output *o = accel_control_output_get(c, i);

		if (accel_pin_find(o->line, &pin))
			return wrong(&u, o->place, o->name);
		if (take(&u, (struct user){ pin, o->place, o->name, o->line }))
			return 1;
	}
	return 0;
}
