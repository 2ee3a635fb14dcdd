/* SPDX-License-Identifier: MIT */
/* A control file read from YAML by tables of keys. */
#ifndef ACCEL_GPIO_RULES_LOADER_H
#define ACCEL_GPIO_RULES_LOADER_H

#include <yaml.h>

#include "rules.h"

/* Reading YAML by tables of keys; each error has its place. */
struct loader {
	struct accel_control *c;
	yaml_document_t doc;
};

/* One key of a map, and who reads its value; NULL after the last. */
typedef accel_status key_fn(struct loader *l, void *to, yaml_node_t *value);
struct key {
	const char *name;
	key_fn *read;
};

/* Where a node's text begins. */
accel_control_place loader_place(const yaml_node_t *n);
yaml_node_t *loader_node(struct loader *l, int id);

/* A map with keys of the table; `what` it is, for errors. */
accel_status loader_map(struct loader *l, void *to, yaml_node_t *map,
			const struct key *keys, const char *what);

/* A map from names of the user's own, which all values share. */
typedef accel_status entry_fn(struct loader *l, char *name, yaml_node_t *key,
			      yaml_node_t *value);
accel_status loader_entries(struct loader *l, yaml_node_t *map,
			    const char *what, entry_fn *read);

/* A scalar's text, or NULL with an error that says what was expected. */
const char *loader_text(struct loader *l, yaml_node_t *n, const char *what);
/* A copy of it that lives as long as the control. */
accel_status loader_keep(struct loader *l, yaml_node_t *n, const char *what,
			 const char **to);
accel_status loader_time(struct loader *l, yaml_node_t *n, uint64_t *ns);
/* The same, of 1 ms at least. */
accel_status loader_period(struct loader *l, yaml_node_t *n, uint64_t *ns);
/* One of two words. */
accel_status loader_choice(struct loader *l, yaml_node_t *n, const char *yes,
			   const char *no, bool *to);

#endif /* ACCEL_GPIO_RULES_LOADER_H */
