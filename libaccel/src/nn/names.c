// SPDX-License-Identifier: MIT
/* The names of a model's layers: no two are equal. */
#include <stdio.h>
#include <string.h>

#include "../base/error.h"
#include "model.h"

static bool taken(const accel_model *m, const char *name)
{
	uint32_t i;

	for (i = 0; i < m->n_layers; i++)
		if (!strcmp(m->layer[i].name, name))
			return true;
	return false;
}

/* Those that the user gave. */
static accel_status given(accel_model *m)
{
	uint32_t i;

	for (i = 0; i < m->n_layers; i++) {
		struct model_layer *l = &m->layer[i];

		if (!l->l->named)
			continue;
		if (taken(m, l->l->name))
			return accel_error(ACCEL_ERR_INVALID,
					   "two layers are named '%s'",
					   l->l->name);
		snprintf(l->name, sizeof(l->name), "%s", l->l->name);
	}
	return ACCEL_OK;
}

/* The name of an earlier model; else the kind's, with a number after the first
 * of its kind. */
static void make_up(accel_model *m, uint32_t i)
{
	struct model_layer *l = &m->layer[i];
	const char *kind = l->l->desc->name;
	char name[sizeof(l->name)];
	uint32_t j, n;

	snprintf(name, sizeof(name), "%s", l->l->name);
	for (j = 0, n = 0; j < i; j++)
		n += m->layer[j].l->desc == l->l->desc;
	while (!*name || taken(m, name)) {
		if (n)
			snprintf(name, sizeof(name), "%.40s_%u", kind, n);
		else
			snprintf(name, sizeof(name), "%s", kind);
		n++;
	}
	strcpy(l->name, name);
	if (!*l->l->name)
		snprintf(l->l->name, sizeof(l->l->name), "%.60s", name);
}

accel_status model_name_layers(accel_model *m)
{
	accel_status err = given(m);
	uint32_t i;

	for (i = 0; i < m->n_layers && !err; i++)
		if (!m->layer[i].l->named)
			make_up(m, i);
	return err;
}
