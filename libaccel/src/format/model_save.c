// SPDX-License-Identifier: MIT
/* A model into its file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/sized.h"
#include "model_file.h"
#include "safetensors.h"

#define PAIRS 7

/* The file being put together: names and texts are in memory before it is
 * written, tensors are read one at a time. */
struct saving {
	accel_model *m;
	struct st_entry *entry;
	uint32_t n, cap;
	struct st_pair pair[PAIRS];
	uint32_t n_pairs;
	bool weights_only; /* no optimizer, no best epoch */
	const float *best; /* where the next weight of the best epoch is */
};

static accel_status add(struct saving *s, const char *prefix,
			const struct model_layer *l, const struct weight *w,
			accel_tensor *t, const float *values)
{
	size_t room = strlen(prefix) + strlen(l->name) + strlen(w->name) + 2;
	char *name = mem_alloc(room);

	if (!name ||
	    mem_grow(&s->entry, &s->cap, s->n + 1, sizeof(*s->entry))) {
		mem_free(name);
		return ACCEL_ERR_NOMEM;
	}
	snprintf(name, room, "%s%s/%s", prefix, l->name, w->name);
	s->entry[s->n++] = (struct st_entry){ name,          ACCEL_F32,
					      w->shape.ndim, w->shape.dim,
					      values,        t };
	return ACCEL_OK;
}

static accel_status add_weight(void *arg, const struct model_layer *l,
			       struct weight *w)
{
	struct saving *s = arg;

	return add(s, "", l, w, w->t, NULL);
}

static accel_status add_slots(void *arg, const struct model_layer *l,
			      struct weight *w)
{
	struct saving *s = arg;
	struct accel_optimizer *o = s->m->o.optimizer;
	char prefix[32];
	accel_status err = ACCEL_OK;
	int k, at = optimizer_place(o, w->t);

	for (k = 0; k < SLOTS && !err && at >= 0; k++) {
		accel_tensor *t = o->slot[at * SLOTS + k];

		snprintf(prefix, sizeof(prefix), "optimizer/%s/",
			 optimizer_slot_name(k));
		if (t)
			err = add(s, prefix, l, w, t, NULL);
	}
	return err;
}

static accel_status add_best(void *arg, const struct model_layer *l,
			     struct weight *w)
{
	struct saving *s = arg;
	const float *from = s->best;

	s->best += shape_count(&w->shape);
	return add(s, "best/", l, w, NULL, from);
}

static accel_status describe(struct saving *s, const char *key, json_t *j)
{
	char *text = j ? json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(17))
		       : NULL;

	json_decref(j);
	if (!text)
		return accel_error(ACCEL_ERR_NOMEM, "save: %s", key);
	s->pair[s->n_pairs++] = (struct st_pair){ key, text };
	return ACCEL_OK;
}

static json_t *classes_to_json(const accel_model *m)
{
	json_t *j = json_array();
	int i;

	for (i = 0; i < m->n_classes; i++)
		json_array_append_new(j, json_string(m->class_names[i]));
	return j;
}

/* Weights alone are a place to begin from: no step was done, and no epoch of
 * the history has its weights. */
static json_t *training_of(const struct saving *s)
{
	json_t *j = training_to_json(s->m);

	if (!s->weights_only)
		return j;
	json_object_set_new(j, "weights_only", json_true());
	json_object_set_new(j, "best", json_integer(-1));
	json_object_set_new(j, "step", json_integer(0));
	json_object_set_new(j, "micro", json_integer(0));
	return j;
}

static accel_status describe_all(struct saving *s)
{
	accel_model *m = s->m;
	accel_status err;
	char *text;

	err = describe(s, "architecture", architecture_to_json(m));
	if (!err && m->compiled)
		err = describe(s, "compile", compile_to_json(m));
	if (!err)
		err = describe(s, "training", training_of(s));
	if (!err && m->n_classes)
		err = describe(s, "classes", classes_to_json(m));
	if (!err && m->notes)
		err = describe(s, "notes", json_incref(m->notes));
	if (err || !m->preprocess)
		return err;
	text = accel_preprocess_to_json(m->preprocess);
	if (!text)
		return ACCEL_ERR_NOMEM;
	s->pair[s->n_pairs++] = (struct st_pair){ "preprocess", text };
	return ACCEL_OK;
}

static accel_status collect(struct saving *s)
{
	accel_model *m = s->m;
	bool state = !s->weights_only;
	accel_status err = model_each_weight(m, add_weight, s);

	if (!err && state && m->o.optimizer && m->o.optimizer->n)
		err = optimizer_bind_model(m)
			      ?: model_each_weight(m, add_slots, s);
	s->best = m->best_weights;
	if (!err && state && m->best >= 0 && m->best + 1 != (int)m->n_epochs)
		err = model_each_weight(m, add_best, s);
	return err ? err : describe_all(s);
}

accel_status accel_save_with(accel_model *m, const accel_save_options *options)
{
	struct saving s = { .m = m };
	accel_status err = object_check(m, OBJECT_MODEL, "save");
	accel_save_options o;
	const char *path;
	uint32_t i;

	if (err)
		return err;
	if (!sized_copy(&o, sizeof(o), options))
		return accel_error(ACCEL_ERR_INVALID,
				   "save: no options, or of another size");
	path = o.path;
	s.weights_only = o.weights_only;
	if (!path)
		return accel_error(ACCEL_ERR_INVALID, "save: no path");
	if (!m->built)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: the model is not built: it has no "
				   "weights to save",
				   path);
	err = collect(&s);
	if (!err) {
		s.pair[s.n_pairs] = (struct st_pair){ "format", MODEL_FORMAT };
		err = st_write(path, s.n, s.entry, s.n_pairs + 1, s.pair);
	}
	for (i = 0; i < s.n; i++)
		mem_free((char *)s.entry[i].name);
	for (i = 0; i < s.n_pairs; i++)
		free((char *)s.pair[i].value);
	mem_free(s.entry);
	return err;
}

accel_status accel_model_save(accel_model *m, const char *path)
{
	return accel_save(m, path);
}
