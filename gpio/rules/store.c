// SPDX-License-Identifier: MIT
/* What a control keeps while it is read: its memory and its values; and how its
 * mistakes are told. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/error.h"
#include "rules.h"

struct block {
	struct block *next;
	max_align_t data[];
};

void *control_keep(struct accel_control *c, size_t size)
{
	struct block *b = mem_zalloc(sizeof(*b) + size);

	if (!b)
		return NULL;
	b->next = c->blocks;
	c->blocks = b;
	return b->data;
}

void control_release(struct accel_control *c)
{
	struct block *b, *next;

	for (b = c->blocks; b; b = next) {
		next = b->next;
		mem_free(b);
	}
	c->blocks = NULL;
}

char *control_text(struct accel_control *c, const char *text, size_t len)
{
	char *copy = control_keep(c, len + 1);

	return copy ? memcpy(copy, text, len) : NULL;
}

accel_status control_error(const struct accel_control *c,
			   accel_control_place place, const char *fmt, ...)
{
	char text[800];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return accel_error(ACCEL_ERR_FORMAT, "%s:%d:%d: %s", c->pub.path,
			   place.line, place.column, text);
}

struct value *control_value(struct accel_control *c, enum value_kind kind,
			    char *name, int index, accel_control_place place)
{
	struct value *v;

	if (mem_grow(&c->values, &c->room_values, c->n_values + 1, sizeof(*v)))
		return NULL;
	v = &c->values[c->n_values++];
	*v = (struct value){ .kind = kind,
			     .name = name,
			     .index = index,
			     .place = place,
			     .unit = { .scale = 1 },
			     .low = 0,
			     .high = 1,
			     .set = NAN,
			     .now = NAN };
	return v;
}
