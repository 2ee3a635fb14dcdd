// SPDX-License-Identifier: MIT
/* What a model is trained for, and how far it is, as JSON. */
#include <math.h>
#include <string.h>

#include "../base/error.h"
#include "../base/alloc.h"
#include "../tensor/node.h"
#include "../nn/loss.h"
#include "../nn/optimizer.h"
#include "model_file.h"

/* The optimizer's numbers by name. */
struct option {
	const char *name;
	size_t offset;
	enum { OPTION_DOUBLE, OPTION_INT, OPTION_INT64, OPTION_BOOL } type;
};
#define AT(field) offsetof(accel_optimizer_options, field)
static const struct option options[] = {
	{ "lr", AT(lr), OPTION_DOUBLE },
	{ "momentum", AT(momentum), OPTION_DOUBLE },
	{ "nesterov", AT(nesterov), OPTION_BOOL },
	{ "beta1", AT(beta1), OPTION_DOUBLE },
	{ "beta2", AT(beta2), OPTION_DOUBLE },
	{ "rho", AT(rho), OPTION_DOUBLE },
	{ "epsilon", AT(epsilon), OPTION_DOUBLE },
	{ "weight_decay", AT(weight_decay), OPTION_DOUBLE },
	{ "clip_value", AT(clip_value), OPTION_DOUBLE },
	{ "clip_norm", AT(clip_norm), OPTION_DOUBLE },
	{ "clip_global_norm", AT(clip_global_norm), OPTION_DOUBLE },
	{ "accumulate", AT(accumulate), OPTION_INT },
	{ "schedule", AT(schedule.kind), OPTION_INT },
	{ "schedule_warmup", AT(schedule.warmup), OPTION_INT64 },
	{ "schedule_steps", AT(schedule.steps), OPTION_INT64 },
	{ "schedule_factor", AT(schedule.factor), OPTION_DOUBLE },
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

static json_t *optimizer_to_json(const struct accel_optimizer *o)
{
	json_t *j = json_object();
	size_t i;

	json_object_set_new(j, "kind",
			    json_string(optimizer_kind_name(o->kind)));
	for (i = 0; i < OPTIONS; i++) {
		const char *at = (const char *)&o->o + options[i].offset;
		json_t *v = NULL;

		switch (options[i].type) {
		case OPTION_DOUBLE:
			v = json_real(*(const double *)at);
			break;
		case OPTION_INT:
			v = json_integer(*(const int *)at);
			break;
		case OPTION_INT64:
			v = json_integer(*(const int64_t *)at);
			break;
		case OPTION_BOOL:
			v = json_boolean(*(const bool *)at);
			break;
		}
		json_object_set_new(j, options[i].name, v);
	}
	return j;
}

static bool option_from_json(const json_t *j, const struct option *f,
			     accel_optimizer_options *o)
{
	char *at = (char *)o + f->offset;
	const json_t *v = json_object_get(j, f->name);
	json_int_t k = json_integer_value(v);

	if (!v)
		return true;
	switch (f->type) {
	case OPTION_DOUBLE:
		*(double *)at = json_number_value(v);
		return json_is_number(v);
	case OPTION_INT:
		*(int *)at = (int)k;
		return json_is_integer(v) && k >= 0 && k <= INT32_MAX;
	case OPTION_INT64:
		*(int64_t *)at = k;
		return json_is_integer(v) && k >= 0;
	case OPTION_BOOL:
		*(bool *)at = json_is_true(v);
		return json_is_boolean(v);
	}
	return false;
}

static accel_optimizer *optimizer_from_json(const json_t *j)
{
	const char *kind = json_string_value(json_object_get(j, "kind"));
	int k = kind ? optimizer_kind(kind) : -1;
	accel_optimizer_options o = { 0 };
	accel_optimizer *made;
	size_t i;

	for (i = 0; k >= 0 && i < OPTIONS; i++)
		if (!option_from_json(j, &options[i], &o))
			k = -1;
	if (k < 0 || o.schedule.kind > ACCEL_SCHEDULE_COSINE)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"compile: no such optimizer");
	made = accel_optimizer_create((accel_optimizer_kind)k, &o);
	optimizer_failed(); /* is the file's matter, not the next compile's */
	return made;
}

/* ---- compile ---- */

static void output_to_json(json_t *j, const accel_output_options *o)
{
	json_t *metrics = json_array();
	int i;

	for (i = 0; i < ACCEL_METRICS; i++)
		if (o->metrics & 1u << i)
			json_array_append_new(metrics,
					      json_string(accel_metric_name((
						      accel_metric)(1u << i))));
	json_object_set_new(j, "loss", json_string(accel_loss_name(o->loss)));
	json_object_set_new(j, "metrics", metrics);
	json_object_set_new(j, "top_k", json_integer(o->top_k));
}

static json_t *outputs_to_json(const accel_model *m)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < m->n_out; i++) {
		json_t *one = json_object();

		output_to_json(one, &m->o.outputs[i]);
		json_object_set_new(one, "loss_weight",
				    json_real(m->o.outputs[i].loss_weight));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *compile_to_json(const accel_model *m)
{
	json_t *j = json_object();

	output_to_json(j, m->o.outputs);
	if (m->n_out > 1)
		json_object_set_new(j, "outputs", outputs_to_json(m));
	json_object_set_new(j, "autoencode", json_boolean(m->o.autoencode));
	json_object_set_new(j, "mixed_precision",
			    json_boolean(m->o.mixed_precision));
	json_object_set_new(j, "optimizer", optimizer_to_json(m->o.optimizer));
	return j;
}

static bool metric_from_json(const json_t *v, unsigned *metrics)
{
	const char *name = json_string_value(v);
	int i;

	for (i = 0; name && i < ACCEL_METRICS; i++) {
		if (strcmp(accel_metric_name((accel_metric)(1u << i)), name))
			continue;
		*metrics |= 1u << i;
		return true;
	}
	return false;
}

static accel_status output_from_json(const json_t *j, accel_output_options *o)
{
	const char *name = json_string_value(json_object_get(j, "loss"));
	const json_t *metrics = json_object_get(j, "metrics");
	int64_t top_k;
	bool fine = name;
	size_t i;
	int loss;

	for (loss = 1; fine && loss_target((accel_loss)loss); loss++)
		if (!strcmp(accel_loss_name((accel_loss)loss), name))
			break;
	fine = fine && loss_target((accel_loss)loss) &&
	       json_get_int(j, "top_k", 0, INT32_MAX, 0, &top_k) &&
	       json_get_number(j, "loss_weight", 1, &o->loss_weight);
	for (i = 0; fine && i < json_array_size(metrics); i++)
		fine = metric_from_json(json_array_get(metrics, i),
					&o->metrics);
	if (!fine)
		return accel_error(ACCEL_ERR_FORMAT,
				   "compile: loss '%s' or a metric is unknown",
				   name ? name : "?");
	o->loss = (accel_loss)loss;
	o->top_k = (int)top_k;
	return ACCEL_OK;
}

accel_status compile_from_json(accel_model *m, const json_t *j)
{
	const json_t *list = json_object_get(j, "outputs");
	accel_output_options out[ACCEL_MAX_OUTPUTS] = { 0 };
	accel_compile_options o = { 0 };
	accel_status err = ACCEL_OK;
	size_t i, n = list ? json_array_size(list) : 1;

	if (n != m->n_out && list)
		return accel_error(ACCEL_ERR_FORMAT,
				   "compile: %zu outputs, the model has %u", n,
				   m->n_out);
	for (i = 0; i < n && !err; i++)
		err = output_from_json(list ? json_array_get(list, i) : j,
				       &out[i]);
	if (err)
		return err;
	o.loss = out->loss;
	o.metrics = out->metrics;
	o.top_k = out->top_k;
	if (list) {
		o.n_outputs = (int)n;
		o.outputs = out;
	}
	o.autoencode = json_is_true(json_object_get(j, "autoencode"));
	o.mixed_precision = json_is_true(json_object_get(j, "mixed_precision"));
	o.optimizer = optimizer_from_json(json_object_get(j, "optimizer"));
	if (!o.optimizer)
		return ACCEL_ERR_FORMAT;
	return accel_compile_with(m, &o);
}

/* ---- training ---- */

/* JSON has no NaN: null. */
static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *values_to_json(double loss, unsigned metrics,
			      const double *value)
{
	json_t *j = json_object();
	int i;

	json_object_set_new(j, "loss", number(loss));
	for (i = 0; i < ACCEL_METRICS; i++)
		if (metrics & 1u << i)
			json_object_set_new(
				j, accel_metric_name((accel_metric)(1u << i)),
				number(value[i]));
	return j;
}

static json_t *scores_to_json(const accel_scores *s)
{
	json_t *j = values_to_json(s->loss, s->metrics, s->value), *list;
	int i;

	if (!s->n_outputs)
		return j;
	list = json_array();
	for (i = 0; i < s->n_outputs; i++)
		json_array_append_new(list, values_to_json(s->output[i].loss,
							   s->output[i].metrics,
							   s->output[i].value));
	json_object_set_new(j, "outputs", list);
	return j;
}

static bool values_from_json(const json_t *j, double *loss, unsigned *metrics,
			     double *value)
{
	bool fine = json_get_number(j, "loss", NAN, loss);
	int i;

	for (i = 0; i < ACCEL_METRICS && fine; i++) {
		const char *name = accel_metric_name((accel_metric)(1u << i));

		if (json_object_get(j, name))
			*metrics |= 1u << i;
		fine = json_get_number(j, name, *metrics & 1u << i ? NAN : 0,
				       &value[i]);
	}
	return fine;
}

static bool scores_from_json(const json_t *j, accel_scores *s)
{
	const json_t *list = json_object_get(j, "outputs");
	size_t i, n = json_array_size(list);
	bool fine = values_from_json(j, &s->loss, &s->metrics, s->value) &&
		    n <= ACCEL_MAX_OUTPUTS;

	for (i = 0; i < n && fine; i++) {
		accel_output_scores *o = &s->output[i];

		fine = values_from_json(json_array_get(list, i), &o->loss,
					&o->metrics, o->value);
	}
	s->n_outputs = (int)n;
	return fine;
}

json_t *training_to_json(const accel_model *m)
{
	const struct accel_optimizer *o = m->o.optimizer;
	json_t *j = json_object(), *epochs = json_array();
	uint32_t i;

	for (i = 0; i < m->n_epochs; i++) {
		const accel_epoch *e = &m->epoch[i];
		json_t *one = json_object();

		json_object_set_new(one, "rate", number(e->rate));
		json_object_set_new(one, "train", scores_to_json(&e->train));
		if (!isnan(e->validation.loss))
			json_object_set_new(one, "validation",
					    scores_to_json(&e->validation));
		json_array_append_new(epochs, one);
	}
	json_object_set_new(j, "epochs", epochs);
	json_object_set_new(j, "best", json_integer(m->best));
	json_object_set_new(j, "step", json_integer(o ? o->step : 0));
	json_object_set_new(j, "micro", json_integer(o ? o->micro : 0));
	json_object_set_new(j, "scale", json_real(m->scale));
	json_object_set_new(j, "scale_steps", json_integer(m->scale_steps));
	json_object_set_new(j, "seed", json_integer((json_int_t)m->ctx->seed));
	json_object_set_new(j, "random_calls",
			    json_integer((json_int_t)m->ctx->random_calls));
	return j;
}

static bool epochs_from_json(accel_model *m, const json_t *list)
{
	size_t i, n = json_array_size(list);
	bool fine = n < 1000000 &&
		    !mem_grow(&m->epoch, &m->cap_epochs, (uint32_t)n + 1,
			      sizeof(*m->epoch));

	for (i = 0; i < n && fine; i++) {
		const json_t *one = json_array_get(list, i);
		accel_epoch *e = &m->epoch[i];

		*e = (accel_epoch){ 0 };
		fine = json_get_number(one, "rate", NAN, &e->rate) &&
		       scores_from_json(json_object_get(one, "train"),
					&e->train) &&
		       scores_from_json(json_object_get(one, "validation"),
					&e->validation);
	}
	m->n_epochs = fine ? (uint32_t)n : 0;
	return fine;
}

accel_status training_from_json(accel_model *m, const json_t *j)
{
	const int64_t most = 1LL << 53; /* steps, which are counted on */
	int64_t best, step, micro, seed, calls, n;
	struct accel_optimizer *o = m->o.optimizer;
	int64_t gathered = o ? o->o.accumulate - 1 : 0;

	n = (int64_t)json_array_size(json_object_get(j, "epochs"));
	if (!json_get_int(j, "best", -1, n - 1, -1, &best) ||
	    !json_get_int(j, "step", 0, most, 0, &step) ||
	    !json_get_int(j, "micro", 0, gathered, 0, &micro) ||
	    !json_get_int(j, "scale_steps", 0, most, 0, &m->scale_steps) ||
	    !json_get_number(j, "scale", 32768, &m->scale) ||
	    !json_get_int(j, "seed", INT64_MIN, INT64_MAX, 0, &seed) ||
	    !json_get_int(j, "random_calls", 0, INT64_MAX, 0, &calls) ||
	    !(m->scale >= 1 && m->scale <= 0x1p24) ||
	    !epochs_from_json(m, json_object_get(j, "epochs")))
		return accel_error(ACCEL_ERR_FORMAT,
				   "training: its state is damaged");
	m->best = (int)best;
	if (o) {
		o->step = step;
		o->micro = (int)micro;
	}
	accel_seed(m->ctx, (uint64_t)seed);
	m->ctx->random_calls = (uint64_t)calls;
	return ACCEL_OK;
}
