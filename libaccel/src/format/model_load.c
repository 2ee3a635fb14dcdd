// SPDX-License-Identifier: MIT
/* A model from its file. */
#include <stdio.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "model_file.h"
#include "safetensors.h"

struct loading {
	accel_model *m;
	struct st_file *f;
	const char *path;
	float *best;
};

static accel_status in_file(const char *path, accel_status err)
{
	char text[512];

	snprintf(text, sizeof(text), "%s", accel_last_error());
	return accel_error(err, "%s: %s", path, text);
}

/* A metadata text as JSON; NULL without an error where it is not there. */
static json_t *metadata(const struct loading *l, const char *key,
			accel_status *err)
{
	const char *text = st_metadata(l->f, key);
	json_error_t e;
	json_t *j;

	*err = ACCEL_OK;
	if (!text)
		return NULL;
	j = json_loads(text, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		*err = accel_error(ACCEL_ERR_FORMAT, "%s: %s: %s", l->path, key,
				   e.text);
	return j;
}

/* The file's tensor for a weight, of its shape; NULL with the error set, or
 * without one where it is missing and need not be there. */
static const struct st_tensor *find(const struct loading *l, const char *prefix,
				    const struct model_layer *layer,
				    const struct weight *w, bool needed,
				    accel_status *err)
{
	const struct st_tensor *t;
	struct shape have = { 0 };
	char name[192];
	int i;

	snprintf(name, sizeof(name), "%s%s/%s", prefix, layer->name, w->name);
	t = st_find(l->f, name);
	if (!t) {
		if (needed)
			*err = accel_error(ACCEL_ERR_FORMAT,
					   "%s: has no tensor '%s'", l->path,
					   name);
		return NULL;
	}
	have.ndim = t->ndim;
	for (i = 0; i < t->ndim; i++)
		have.dim[i] = t->shape[i];
	if (shape_equal(&have, &w->shape) &&
	    (t->dtype == ACCEL_F32 || t->dtype == ACCEL_F16))
		return t;
	*err = accel_error(ACCEL_ERR_SHAPE,
			   "%s: '%s' is %s %s, the layer's is f32 %s", l->path,
			   name, accel_dtype_name(t->dtype), shape_print(&have),
			   shape_print(&w->shape));
	return NULL;
}

static accel_status check_weight(void *arg, const struct model_layer *layer,
				 struct weight *w)
{
	accel_status err = ACCEL_OK;

	find(arg, "", layer, w, true, &err);
	return err;
}

static accel_status fill(struct loading *l, const struct st_tensor *from,
			 accel_tensor *to)
{
	size_t bytes = (size_t)from->count * sizeof(float);
	float *data = mem_alloc(bytes + 1);
	accel_status err = data ? st_read_f32(l->f, from, data)
				: ACCEL_ERR_NOMEM;

	if (!err)
		err = accel_write(to, data, bytes);
	mem_free(data);
	return err;
}

static accel_status load_weight(void *arg, const struct model_layer *layer,
				struct weight *w)
{
	struct loading *l = arg;
	accel_status err = ACCEL_OK;
	const struct st_tensor *t = find(l, "", layer, w, true, &err);

	return t ? fill(l, t, w->t) : err;
}

static accel_status load_slots(void *arg, const struct model_layer *layer,
			       struct weight *w)
{
	struct loading *l = arg;
	struct accel_optimizer *o = l->m->o.optimizer;
	accel_status err = ACCEL_OK;
	int k, at = optimizer_place(o, w->t);

	for (k = 0; k < SLOTS && !err && at >= 0; k++) {
		accel_tensor *slot = o->slot[at * SLOTS + k];
		const struct st_tensor *t;
		char prefix[32];

		if (!slot)
			continue;
		snprintf(prefix, sizeof(prefix), "optimizer/%s/",
			 optimizer_slot_name(k));
		t = find(l, prefix, layer, w, o->step > 0, &err);
		if (t)
			err = fill(l, t, slot);
	}
	return err;
}

static accel_status load_best(void *arg, const struct model_layer *layer,
			      struct weight *w)
{
	struct loading *l = arg;
	accel_status err = ACCEL_OK;
	const struct st_tensor *t;

	t = find(l, "best/", layer, w, false, &err);
	if (!t && !err) /* the last epoch was the best */
		t = find(l, "", layer, w, true, &err);
	if (t)
		err = st_read_f32(l->f, t, l->best);
	l->best += shape_count(&w->shape);
	return err;
}

static accel_status load_optimizer(struct loading *l)
{
	accel_status err = optimizer_bind_model(l->m);

	return err ? err : model_each_weight(l->m, load_slots, l);
}

/* Weights, slots and state, into a model of the right shapes. */
static accel_status load_state(struct loading *l)
{
	accel_model *m = l->m;
	accel_status err;
	json_t *j;

	err = model_each_weight(m, load_weight, l);
	j = err ? NULL : metadata(l, "training", &err);
	if (j)
		err = training_from_json(m, j);
	if (j && !err && m->o.optimizer && m->n_epochs)
		err = load_optimizer(l);
	json_decref(j);
	if (err || m->best < 0)
		return err;
	if (!m->best_weights)
		m->best_weights =
			mem_alloc((size_t)(accel_model_parameters(m) + 1) *
				  sizeof(float));
	l->best = m->best_weights;
	return l->best ? model_each_weight(m, load_best, l) : ACCEL_ERR_NOMEM;
}

static accel_status load_classes(struct loading *l)
{
	accel_status err;
	json_t *j = metadata(l, "classes", &err);
	size_t i, n = json_array_size(j);
	accel_model *m = l->m;

	if (j && n) {
		m->class_names = mem_zalloc(n * sizeof(*m->class_names));
		err = m->class_names ? ACCEL_OK : ACCEL_ERR_NOMEM;
	}
	for (i = 0; i < n && !err; i++) {
		const char *s = json_string_value(json_array_get(j, i));
		char *copy = s ? mem_alloc(strlen(s) + 1) : NULL;

		if (!copy) {
			err = accel_error(ACCEL_ERR_FORMAT,
					  "%s: class names are damaged",
					  l->path);
			break;
		}
		m->class_names[m->n_classes++] = strcpy(copy, s);
	}
	json_decref(j);
	return err;
}

/* Texts by key; another kind of value is nobody's. */
static accel_status load_notes(struct loading *l)
{
	const char *key;
	accel_status err;
	json_t *j = metadata(l, "notes", &err), *v;

	json_object_foreach(j, key, v)
	{
		if (!err && json_is_string(v))
			err = accel_model_set_note(l->m, key,
						   json_string_value(v));
	}
	json_decref(j);
	return err;
}

static accel_status open_file(struct loading *l)
{
	const char *format;

	if (!l->f)
		l->f = st_open(l->path);
	if (!l->f)
		return ACCEL_ERR_FORMAT;
	format = st_metadata(l->f, "format");
	if (format && !strcmp(format, MODEL_FORMAT))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_FORMAT,
			   "%s: no model of accel (format '%s', not '%s')",
			   l->path, format ? format : "", MODEL_FORMAT);
}

/* The model without its numbers. */
static accel_status load_layers(struct loading *l, accel_context *ctx)
{
	accel_status err;
	json_t *j = metadata(l, "architecture", &err);

	if (err)
		return err;
	l->m = architecture_from_json(ctx, j);
	json_decref(j);
	if (!l->m)
		return in_file(l->path, ACCEL_ERR_FORMAT);
	/* nothing is made before the file has it: a made-up size costs no
	 * memory */
	err = model_each_weight(l->m, check_weight, l);
	return err ? err : model_weights_create(l->m);
}

static accel_status load_all(struct loading *l, accel_context *ctx)
{
	accel_status err = open_file(l);
	const char *text;
	json_t *j = NULL;

	if (!err)
		err = load_layers(l, ctx);
	if (!err)
		j = metadata(l, "compile", &err);
	if (j && !err && compile_from_json(l->m, j))
		err = in_file(l->path, ACCEL_ERR_FORMAT);
	json_decref(j);
	if (!err)
		err = load_state(l);
	if (!err)
		err = load_classes(l);
	if (!err)
		err = load_notes(l);
	text = err ? NULL : st_metadata(l->f, "preprocess");
	if (text) {
		l->m->preprocess = accel_preprocess_from_json(text);
		if (!l->m->preprocess)
			err = in_file(l->path, ACCEL_ERR_FORMAT);
	}
	return err;
}

static accel_model *load(accel_context *ctx, struct loading *l)
{
	accel_status err = load_all(l, ctx);

	st_close(l->f);
	if (!err)
		return l->m;
	accel_model_destroy(l->m);
	return NULL;
}

accel_model *accel_model_load(accel_context *ctx, const char *path)
{
	struct loading l = { .path = path };

	if (object_check(ctx, OBJECT_CONTEXT, "load"))
		return NULL;
	if (!path) {
		accel_error(ACCEL_ERR_INVALID, "load: no path");
		return NULL;
	}
	return load(ctx, &l);
}

accel_model *model_parse(accel_context *ctx, const void *data, size_t size)
{
	struct loading l = { .path = "model",
			     .f = st_parse(data, size, "model") };

	return l.f ? load(ctx, &l) : NULL;
}

/* Weights of the same names and shapes may still be put together otherwise. */
static accel_status same_layers(struct loading *l)
{
	accel_status err;
	json_t *theirs = metadata(l, "architecture", &err);
	json_t *ours = architecture_to_json(l->m);

	if (!err && !json_equal(theirs, ours))
		err = accel_error(ACCEL_ERR_SHAPE,
				  "%s: its layers are not this model's",
				  l->path);
	json_decref(theirs);
	json_decref(ours);
	return err;
}

/* Going on with another optimizer's state than the file's would end elsewhere. */
static accel_status has_state(struct loading *l)
{
	accel_status err;
	json_t *j = metadata(l, "training", &err);

	if (!err && json_is_true(json_object_get(j, "weights_only")))
		err = accel_error(ACCEL_ERR_INVALID,
				  "%s: was saved without its optimizer: it can "
				  "be loaded, or restored with .partial, but "
				  "not be gone on with",
				  l->path);
	json_decref(j);
	return err;
}

static accel_status restore_all(struct loading *l)
{
	accel_status err = open_file(l);

	if (!err)
		err = model_each_weight(l->m, check_weight, l);
	if (!err)
		err = same_layers(l);
	if (!err)
		err = has_state(l);
	return err ? err : load_state(l);
}

/* ---- what fits, by name ---- */

struct fitting {
	struct loading l;
	const accel_restore_options *o;
	accel_restored *done;
	bool *taken; /* [tensors of the file] by a weight, fitting or not */
	bool load; /* else look only */
};

/* A name that the model does not have is a slip: nothing would be taken. */
static accel_status check_map(const struct fitting *f)
{
	const accel_name_pair *pair = f->o->map;

	for (; pair && pair->file && pair->model; pair++)
		if (!accel_model_weight(f->l.m, pair->model) &&
		    !accel_model_layer(f->l.m, pair->model))
			return accel_error(ACCEL_ERR_INVALID,
					   "%s: map: the model has no layer "
					   "or weight '%s'",
					   f->l.path, pair->model);
	return ACCEL_OK;
}

static void take(struct fitting *f, const struct st_tensor *t)
{
	uint32_t i;

	for (i = 0; i < st_count(f->l.f); i++)
		if (st_at(f->l.f, i) == t)
			f->taken[i] = true;
}

/* The name that the file has for a weight: of it, or of its layer. */
static void name_in_file(const accel_name_pair *map,
			 const struct model_layer *layer,
			 const struct weight *w, char *name, size_t room)
{
	size_t n = strlen(layer->name);

	snprintf(name, room, "%s/%s", layer->name, w->name);
	for (; map && map->file && map->model; map++) {
		if (!strcmp(map->model, name)) {
			snprintf(name, room, "%s", map->file);
			return;
		}
		if (!strcmp(map->model, layer->name) &&
		    strlen(map->model) == n) {
			snprintf(name, room, "%s/%s", map->file, w->name);
			return;
		}
	}
}

static accel_status say(const struct fitting *f, const char *name,
			const char *text)
{
	if (!f->load && f->o->report)
		fprintf(f->o->report, "%s: %s\n", name, text);
	return ACCEL_OK;
}

static accel_status fit_weight(void *arg, const struct model_layer *layer,
			       struct weight *w)
{
	struct fitting *f = arg;
	char name[384], ours[192], text[480];
	const struct st_tensor *t;
	struct shape have = { 0 };
	int i;

	snprintf(ours, sizeof(ours), "%s/%s", layer->name, w->name);
	name_in_file(f->o->map, layer, w, name, sizeof(name));
	t = st_find(f->l.f, name);
	if (!t) {
		f->done->missing++;
		snprintf(text, sizeof(text), "not in the file ('%s')", name);
		if (f->o->partial)
			return say(f, ours, text);
		return accel_error(ACCEL_ERR_SHAPE, "%s: has no tensor '%s'",
				   f->l.path, name);
	}
	take(f, t);
	have.ndim = t->ndim;
	for (i = 0; i < t->ndim; i++)
		have.dim[i] = t->shape[i];
	if (!shape_equal(&have, &w->shape) ||
	    (t->dtype != ACCEL_F32 && t->dtype != ACCEL_F16)) {
		f->done->misfit++;
		i = snprintf(text, sizeof(text), "'%s' is %s %s in the file, ",
			     name, accel_dtype_name(t->dtype),
			     shape_print(&have));
		snprintf(text + i, sizeof(text) - (size_t)i, "f32 %s here",
			 shape_print(&w->shape));
		if (f->o->partial)
			return say(f, ours, text);
		return accel_error(ACCEL_ERR_SHAPE, "%s: %s: %s", f->l.path,
				   ours, text);
	}
	f->done->loaded++;
	if (f->load)
		return fill(&f->l, t, w->t);
	snprintf(text, sizeof(text), "loaded from '%s'", name);
	return say(f, ours, text);
}

/* Weights of the file that none took, without what training keeps beside them.
 */
static int unused_in(const struct fitting *f)
{
	uint32_t i;
	int n = 0;

	for (i = 0; i < st_count(f->l.f); i++) {
		const char *name = st_at(f->l.f, i)->name;

		n += !f->taken[i] && strncmp(name, "optimizer/", 10) &&
		     strncmp(name, "best/", 5);
	}
	return n;
}

static accel_status fit_all(struct fitting *f)
{
	accel_restored result = { 0 };
	accel_status err = check_map(f);

	f->done = &result;
	if (!err)
		err = model_each_weight(f->l.m, fit_weight, f);
	result.unused = unused_in(f);
	if (!err && !result.loaded)
		err = accel_error(ACCEL_ERR_SHAPE,
				  "%s: none of the model's weights fits: %d "
				  "have no tensor of their name, %d another "
				  "shape",
				  f->l.path, result.missing, result.misfit);
	if (!err && f->o->result)
		*f->o->result = result;
	f->load = true;
	return err ? err : model_each_weight(f->l.m, fit_weight, f);
}

static accel_status restore_fitting(struct fitting *f)
{
	accel_status err;

	f->l.f = st_open(f->l.path);
	if (!f->l.f)
		return ACCEL_ERR_FORMAT;
	f->taken = mem_zalloc(st_count(f->l.f) + 1);
	err = f->taken ? fit_all(f) : ACCEL_ERR_NOMEM;
	mem_free(f->taken);
	return err;
}

accel_status accel_model_restore_with(accel_model *m,
				      const accel_restore_options *options)
{
	struct fitting f = { .l = { .m = m } };
	accel_status err = object_check(m, OBJECT_MODEL, "restore");

	if (err)
		return err;
	if (!options || !options->path)
		return accel_error(ACCEL_ERR_INVALID, "restore: no path");
	if (!m->built)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: the model is not built", options->path);
	if (m->busy)
		return accel_error(ACCEL_ERR_BUSY,
				   "%s: restore: the model is being trained",
				   options->path);
	f.o = options;
	f.l.path = options->path;
	if (options->partial || options->map)
		err = restore_fitting(&f);
	else
		err = restore_all(&f.l);
	st_close(f.l.f);
	return err;
}
