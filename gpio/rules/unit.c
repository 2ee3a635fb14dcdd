// SPDX-License-Identifier: MIT
/* Units: their names, their sizes, what a product of them is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

#define S(n) [DIM_S] = (n)
#define M(n) [DIM_M] = (n)
#define KG(n) [DIM_KG] = (n)
#define A(n) [DIM_A] = (n)

static const struct {
	const char *name;
	double scale, offset;
	int8_t dim[DIMS];
	bool point;
} units[] = {
	{ "%", 0.01, 0, { 0 }, false },
	{ "‰", 0.001, 0, { 0 }, false },
	{ "ppm", 1e-6, 0, { 0 }, false },
	{ "ppb", 1e-9, 0, { 0 }, false },
	{ "°C", 1, 0, { [DIM_K] = 1 }, true },
	{ "degC", 1, 0, { [DIM_K] = 1 }, true },
	{ "°F", 5 / 9.0, -160 / 9.0, { [DIM_K] = 1 }, true },
	{ "degF", 5 / 9.0, -160 / 9.0, { [DIM_K] = 1 }, true },
	{ "K", 1, 0, { [DIM_K] = 1 }, false },
	{ "s", 1, 0, { S(1) }, false },
	{ "ms", 1e-3, 0, { S(1) }, false },
	{ "us", 1e-6, 0, { S(1) }, false },
	{ "µs", 1e-6, 0, { S(1) }, false },
	{ "min", 60, 0, { S(1) }, false },
	{ "h", 3600, 0, { S(1) }, false },
	{ "d", 86400, 0, { S(1) }, false },
	{ "Hz", 1, 0, { S(-1) }, false },
	{ "kHz", 1e3, 0, { S(-1) }, false },
	{ "MHz", 1e6, 0, { S(-1) }, false },
	{ "rpm", 1 / 60.0, 0, { S(-1) }, false },
	{ "m", 1, 0, { M(1) }, false },
	{ "mm", 1e-3, 0, { M(1) }, false },
	{ "cm", 1e-2, 0, { M(1) }, false },
	{ "km", 1e3, 0, { M(1) }, false },
	{ "l", 1e-3, 0, { M(3) }, false },
	{ "L", 1e-3, 0, { M(3) }, false },
	{ "ml", 1e-6, 0, { M(3) }, false },
	{ "kg", 1, 0, { KG(1) }, false },
	{ "g", 1e-3, 0, { KG(1) }, false },
	{ "mg", 1e-6, 0, { KG(1) }, false },
	{ "µg", 1e-9, 0, { KG(1) }, false },
	{ "ug", 1e-9, 0, { KG(1) }, false },
	{ "N", 1, 0, { KG(1), M(1), S(-2) }, false },
	{ "Pa", 1, 0, { KG(1), M(-1), S(-2) }, false },
	{ "hPa", 1e2, 0, { KG(1), M(-1), S(-2) }, false },
	{ "mbar", 1e2, 0, { KG(1), M(-1), S(-2) }, false },
	{ "kPa", 1e3, 0, { KG(1), M(-1), S(-2) }, false },
	{ "bar", 1e5, 0, { KG(1), M(-1), S(-2) }, false },
	{ "J", 1, 0, { KG(1), M(2), S(-2) }, false },
	{ "Wh", 3600, 0, { KG(1), M(2), S(-2) }, false },
	{ "kWh", 3.6e6, 0, { KG(1), M(2), S(-2) }, false },
	{ "W", 1, 0, { KG(1), M(2), S(-3) }, false },
	{ "mW", 1e-3, 0, { KG(1), M(2), S(-3) }, false },
	{ "kW", 1e3, 0, { KG(1), M(2), S(-3) }, false },
	{ "A", 1, 0, { A(1) }, false },
	{ "mA", 1e-3, 0, { A(1) }, false },
	{ "V", 1, 0, { KG(1), M(2), S(-3), A(-1) }, false },
	{ "mV", 1e-3, 0, { KG(1), M(2), S(-3), A(-1) }, false },
	{ "Ω", 1, 0, { KG(1), M(2), S(-3), A(-2) }, false },
	{ "Ohm", 1, 0, { KG(1), M(2), S(-3), A(-2) }, false },
	{ "kΩ", 1e3, 0, { KG(1), M(2), S(-3), A(-2) }, false },
	{ "lx", 1, 0, { [DIM_LX] = 1 }, false },
	{ "klx", 1e3, 0, { [DIM_LX] = 1 }, false },
};

#define UNITS (sizeof(units) / sizeof(units[0]))

/* The table's row: the very name first, then one in other letter case. */
static size_t find_row(const char *name)
{
	size_t i;

	for (i = 0; i < UNITS; i++)
		if (!strcmp(units[i].name, name))
			return i;
	for (i = 0; i < UNITS && !unit_folds(name, units[i].name);)
		i++;
	return i;
}

/* One name of the table or a custom one. */
static bool find(const struct customs *customs, const char *name, size_t len,
		 struct unit *u)
{
	size_t i;
	int k;

	*u = (struct unit){ .scale = 1 };
	if (len >= sizeof(u->name))
		return false;
	memcpy(u->name, name, len);
	for (k = 0; k < customs->n; k++) {
		if (strcmp(customs->name[k], u->name))
			continue;
		u->custom = (uint8_t)(k + 1);
		return true;
	}
	i = find_row(u->name);
	if (i == UNITS)
		return false;
	strcpy(u->name, units[i].name);
	u->scale = units[i].scale;
	u->offset = units[i].offset;
	u->point = units[i].point;
	memcpy(u->dim, units[i].dim, sizeof(u->dim));
	return true;
}

/* An exponent behind a name: "3", "³"; its length. */
static size_t exponent(const char *text, size_t len, int *power)
{
	*power = 1;
	if (len > 1 && (text[len - 1] == '2' || text[len - 1] == '3')) {
		*power = text[len - 1] - '0';
		return 1;
	}
	if (len > 2 && (!memcmp(text + len - 2, "²", 2) ||
			!memcmp(text + len - 2, "³", 2))) {
		*power = !memcmp(text + len - 2, "²", 2) ? 2 : 3;
		return 2;
	}
	return 0;
}

bool unit_parse(const struct customs *customs, const char *spelling,
		struct unit *u)
{
	struct unit part, product;
	char text[sizeof(u->name)];
	const char *p = text;
	int sign = 1, power, i;
	size_t len, tail;

	*u = (struct unit){ .scale = 1 };
	if (strlen(spelling) >= sizeof(text))
		return false;
	unit_spell(spelling, text);
	if (!*text || find(customs, text, strlen(text), u))
		return true;
	*u = (struct unit){ .scale = 1 };
	for (;; p += len + 1) {
		len = strcspn(p, "/*");
		power = 1;
		tail = 0;
		if (!find(customs, p, len, &part)) {
			tail = exponent(p, len, &power);
			if (!tail || !find(customs, p, len - tail, &part))
				return false;
		}
		for (i = 0; i < power; i++) {
			if (!unit_multiply(u, &part, sign, &product))
				return false;
			*u = product;
		}
		if (!p[len])
			break;
		sign = p[len] == '/' ? -1 : 1;
	}
	snprintf(u->name, sizeof(u->name), "%s", text);
	return true;
}

bool unit_intern(struct customs *customs, const char *text, struct unit *u)
{
	if (unit_parse(customs, text, u))
		return true;
	if (customs->n == CUSTOM_MAX || strlen(text) >= sizeof(u->name))
		return false;
	unit_spell(text, customs->name[customs->n++]);
	return unit_parse(customs, text, u);
}

/* The nearest name of a part of a product, or the part itself if it is known. */
static void suggest_part(const struct customs *customs, const char *part,
			 char out[24])
{
	struct unit_guess g = { .text = part, .distance = 99 };
	struct unit u;
	size_t i;
	int k;

	if (unit_parse(customs, part, &u)) {
		strcpy(out, part);
		return;
	}
	for (k = 0; k < customs->n; k++)
		unit_guess(&g, customs->name[k]);
	for (i = 0; i < UNITS; i++)
		unit_guess(&g, units[i].name);
	strcpy(out, g.name);
}

void unit_suggest(const struct customs *customs, const char *spelling,
		  const char *const *known, uint32_t n_known, char out[24])
{
	char text[24], part[24], name[24];
	struct unit_guess g = { .text = text, .distance = 99 };
	size_t len, n = 0;
	const char *p;
	uint32_t i;

	*out = 0;
	if (strlen(spelling) >= sizeof(text))
		return;
	unit_spell(spelling, text);
	/* what the file's values have is what is most likely meant */
	for (i = 0; i < n_known; i++)
		unit_guess(&g, known[i]);
	if (*g.name) {
		strcpy(out, g.name);
		return;
	}
	for (p = text;; p += len + 1) {
		len = strcspn(p, "/*");
		memcpy(part, p, len);
		part[len] = 0;
		suggest_part(customs, part, name);
		if (!*name || n + strlen(name) + 2 > sizeof(text)) {
			*out = 0;
			return;
		}
		n += (size_t)snprintf(out + n, sizeof(text) - n, "%s", name);
		if (!p[len])
			return;
		out[n++] = p[len];
	}
}

bool unit_same(const struct unit *a, const struct unit *b)
{
	return !memcmp(a->dim, b->dim, sizeof(a->dim)) &&
	       a->custom == b->custom && a->point == b->point &&
	       a->boolean == b->boolean;
}

bool unit_multiply(const struct unit *a, const struct unit *b, int sign,
		   struct unit *u)
{
	char name[2 * sizeof(u->name) + 2];
	int i;

	if (a->point || b->point || a->boolean || b->boolean ||
	    (a->custom && b->custom))
		return false;
	*u = *a;
	u->scale = sign > 0 ? a->scale * b->scale : a->scale / b->scale;
	for (i = 0; i < DIMS; i++) {
		u->dim[i] = (int8_t)(a->dim[i] + sign * b->dim[i]);
		if (u->dim[i] < -30 || u->dim[i] > 30)
			return false;
	}
	if (b->custom && sign < 0)
		return false;
	u->custom = a->custom ? a->custom : b->custom;
	if (*b->name) {
		snprintf(name, sizeof(name), "%s%s%s", a->name,
			 sign < 0   ? *a->name ? "/" : "1/"
			 : *a->name ? "*"
				    : "",
			 b->name);
		strcpy(u->name, strlen(name) < sizeof(u->name) ? name : "?");
	}
	return true;
}

struct unit unit_difference(const struct unit *u)
{
	struct unit d = *u;

	if (d.point) {
		d.point = false;
		d.offset = 0;
		d.scale = 1;
		strcpy(d.name, "K");
	}
	return d;
}

const char *unit_text(const struct unit *u)
{
	if (u->boolean)
		return "yes or no";
	return *u->name ? u->name : "a number without unit";
}
