// SPDX-License-Identifier: MIT
/* Maps, names, texts and times of a YAML document. */
#include "loader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

accel_control_place loader_place(const yaml_node_t *n)
{
	accel_control_place p = { (int)n->start_mark.line + 1,
				  (int)n->start_mark.column + 1 };

	if (n->type == YAML_SCALAR_NODE &&
	    (n->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
	     n->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE))
		p.column++; /* the text begins behind the quote */
	return p;
}

yaml_node_t *loader_node(struct loader *l, int id)
{
	return yaml_document_get_node(&l->doc, id);
}

const char *loader_text(struct loader *l, yaml_node_t *n, const char *what)
{
	const char *text = (const char *)n->data.scalar.value;

	if (n->type != YAML_SCALAR_NODE || !*text ||
	    strlen(text) != n->data.scalar.length) {
		control_error(l->c, loader_place(n), "%s was expected", what);
		return NULL;
	}
	return text;
}

/* ---- maps ---- */

static accel_status unknown_key(struct loader *l, yaml_node_t *key,
				const char *text, const struct key *keys)
{
	char list[256] = "";
	size_t len = 0;

	for (; keys->name; keys++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					len ? ", " : "", keys->name);
	return control_error(l->c, loader_place(key),
			     "unknown key \"%.40s\"; there are %s", text, list);
}

/* The text of the i-th key; an error where it is none or was there before. */
static const char *key_text(struct loader *l, yaml_node_t *map,
			    yaml_node_pair_t *pair)
{
	yaml_node_t *key = loader_node(l, pair->key), *other;
	const char *text = loader_text(l, key, "a name");
	yaml_node_pair_t *p;

	for (p = map->data.mapping.pairs.start; text && p < pair; p++) {
		other = loader_node(l, p->key);
		if (!strcmp(text, (const char *)other->data.scalar.value)) {
			control_error(l->c, loader_place(key),
				      "\"%.40s\" is there twice", text);
			return NULL;
		}
	}
	return text;
}

static accel_status loader_need_map(struct loader *l, yaml_node_t *n,
				    const char *what)
{
	return n->type == YAML_MAPPING_NODE
		       ? ACCEL_OK
		       : control_error(l->c, loader_place(n),
				       "%s was expected: keys with values",
				       what);
}

accel_status loader_map(struct loader *l, void *to, yaml_node_t *map,
			const struct key *keys, const char *what)
{
	accel_status status = loader_need_map(l, map, what);
	yaml_node_pair_t *p;
	const struct key *k;
	const char *text;

	if (status)
		return status;
	for (p = map->data.mapping.pairs.start;
	     p < map->data.mapping.pairs.top && !status; p++) {
		text = key_text(l, map, p);
		if (!text)
			return ACCEL_ERR_FORMAT;
		for (k = keys; k->name && strcmp(k->name, text) != 0; k++)
			;
		status = k->name ? k->read(l, to, loader_node(l, p->value))
				 : unknown_key(l, loader_node(l, p->key), text,
					       keys);
	}
	return status;
}

static bool good_name(const char *name)
{
	const char *p = name;

	for (; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && !(*p & 0x80))
			return false;
	return !isdigit((unsigned char)*name) && p - name < 48;
}

/* Sensors, values, models and outputs share their names. */
static bool taken(const struct accel_control *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->n_values; i++)
		if (!strcmp(c->values[i].name, name))
			return true;
	for (i = 0; i < c->n_sensors; i++)
		if (!strcmp(c->sensors[i].name, name))
			return true;
	return false;
}

accel_status loader_entries(struct loader *l, yaml_node_t *map,
			    const char *what, entry_fn *read)
{
	static const char *const words[] = {
		"and", "or",      "not",    "for",  "with", "hysteresis",
		"is",  "between", "on",     "off",  "at",   "every",
		"min", "max",     "always", "never"
	};
	accel_status status = loader_need_map(l, map, what);
	yaml_node_pair_t *p;
	const char *text;
	char *name;
	size_t i;

	for (p = map->data.mapping.pairs.start;
	     !status && p < map->data.mapping.pairs.top; p++) {
		text = key_text(l, map, p);
		if (!text)
			return ACCEL_ERR_FORMAT;
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (!strcmp(words[i], text))
				break;
		if (!good_name(text) || i < sizeof(words) / sizeof(words[0]))
			return control_error(
				l->c, loader_place(loader_node(l, p->key)),
				"\"%.40s\" is no name: letters, digits and _, "
				"and no word of the language",
				text);
		if (taken(l->c, text))
			return control_error(
				l->c, loader_place(loader_node(l, p->key)),
				"the name \"%s\" is there twice", text);
		name = control_text(l->c, text, strlen(text));
		if (!name)
			return ACCEL_ERR_NOMEM;
		status = read(l, name, loader_node(l, p->key),
			      loader_node(l, p->value));
	}
	return status;
}

/* ---- values ---- */

accel_status loader_keep(struct loader *l, yaml_node_t *n, const char *what,
			 const char **to)
{
	const char *text = loader_text(l, n, what);

	if (!text)
		return ACCEL_ERR_FORMAT;
	*to = control_text(l->c, text, strlen(text));
	return *to ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

accel_status loader_time(struct loader *l, yaml_node_t *n, uint64_t *ns)
{
	const char *text = loader_text(l, n, "a time like 10 s");

	return text ? parse_duration(l->c, text, loader_place(n), ns)
		    : ACCEL_ERR_FORMAT;
}

accel_status loader_period(struct loader *l, yaml_node_t *n, uint64_t *ns)
{
	accel_status status = loader_time(l, n, ns);

	if (!status && *ns < 1000000)
		return control_error(l->c, loader_place(n),
				     "a time of 1 ms at least was expected");
	return status;
}

accel_status loader_choice(struct loader *l, yaml_node_t *n, const char *yes,
			   const char *no, bool *to)
{
	const char *text = n->type == YAML_SCALAR_NODE
				   ? (const char *)n->data.scalar.value
				   : "";

	*to = !strcasecmp(text, yes);
	if (*to || !strcasecmp(text, no))
		return ACCEL_OK;
	return control_error(l->c, loader_place(n), "%s or %s was expected",
			     yes, no);
}
