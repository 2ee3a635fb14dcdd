// SPDX-License-Identifier: MIT
/* What a model is trained for; judging and using it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "../base/sized.h"
#include "loss.h"
#include "optimizer.h"
#include "session.h"

#define BATCH 256 /* of what needs no gradient */

/* The layer that the output's numbers come from. */
static const struct accel_node *last_layer(const struct accel_node *n)
{
	/* what only moves numbers, or does nothing to predictions */
	while (n && n->layer && n->n_in == 1 &&
	       (n->layer->desc == &layer_flatten ||
		n->layer->desc == &layer_unflatten ||
		n->layer->desc == &layer_dropout))
		n = n->in[0];
	return n;
}

/*
 * A loss of logits applies softmax or sigmoid itself. Twice applied, the surest
 * of two classes is 0.73, and a rule on "> 0.8" never fires. Not applied at all,
 * a loss of probabilities clips what is none.
 */
static accel_status check_logits(const struct accel_node *out, accel_loss loss)
{
	const struct loss_desc *desc = loss_desc_of(loss);
	const struct accel_node *last = last_layer(out);
	accel_activation a = last && last->layer ? last->layer->o.activation
						 : ACCEL_LINEAR;
	bool applied = a == ACCEL_SOFTMAX || a == ACCEL_SIGMOID;
	const char *name = a == ACCEL_SOFTMAX ? "softmax" : "sigmoid";

	if (!desc->other)
		return ACCEL_OK;
	if (desc->logits && applied)
		return accel_error(
			ACCEL_ERR_INVALID,
			"compile: the model ends in %s, and its loss %s (%s) "
			"applies that itself: use %s, or leave the %s out of "
			"the last layer",
			name, desc->constant, accel_loss_name(loss),
			loss_desc_of(desc->other)->constant, name);
	if (!desc->logits && !applied && last && last->layer &&
	    strchr(last->layer->desc->reads, 'a'))
		return accel_error(
			ACCEL_ERR_INVALID,
			"compile: the loss %s needs probabilities, and the "
			"model ends in %s without softmax or sigmoid: use %s",
			desc->constant, last->layer->desc->name,
			loss_desc_of(desc->other)->constant);
	return ACCEL_OK;
}

static accel_status no_loss(void)
{
	return accel_error(
		ACCEL_ERR_INVALID,
		"compile: no loss: choose .loss = "
		"ACCEL_SPARSE_CROSS_ENTROPY_LOGITS (one of several classes), "
		"ACCEL_BINARY_CROSS_ENTROPY_LOGITS (yes or no), ACCEL_MSE, "
		"ACCEL_MAE or ACCEL_HUBER (numbers)");
}

static accel_status check_output(const accel_output_options *o)
{
	const unsigned known = (1u << ACCEL_METRICS) - 1;

	if (o->loss == ACCEL_NO_LOSS)
		return no_loss();
	if (!loss_target(o->loss))
		return accel_error(ACCEL_ERR_INVALID, "compile: no loss %d",
				   o->loss);
	if (o->metrics & ~known || o->top_k < 0)
		return accel_error(ACCEL_ERR_INVALID,
				   "compile: metrics 0x%x, top_k %d",
				   o->metrics, o->top_k);
	if (!(o->loss_weight >= 0 && o->loss_weight < INFINITY))
		return accel_error(ACCEL_ERR_RANGE, "compile: loss weight %g",
				   o->loss_weight);
	return ACCEL_OK;
}

/* The options of each output, written out. */
static accel_status resolve_outputs(const accel_model *m,
				    const accel_compile_options *o,
				    accel_output_options *out)
{
	accel_status err = ACCEL_OK;
	uint32_t i;

	if (o->n_outputs && (o->n_outputs != (int)m->n_out || !o->outputs))
		return accel_error(ACCEL_ERR_INVALID,
				   "compile: %d outputs, the model has %u",
				   o->n_outputs, m->n_out);
	if (o->autoencode && m->n_in + m->n_out > 2)
		return accel_error(ACCEL_ERR_INVALID,
				   "compile: an autoencoder has one input and "
				   "one output, not %u and %u",
				   m->n_in, m->n_out);
	for (i = 0; i < m->n_out && !err; i++) {
		out[i] = (accel_output_options){ .loss = o->loss,
						 .metrics = o->metrics,
						 .top_k = o->top_k };
		if (o->n_outputs)
			out[i] = o->outputs[i];
		err = check_output(&out[i])
			      ?: check_logits(m->output[i], out[i].loss);
		if (!(out[i].loss_weight > 0))
			out[i].loss_weight = 1;
	}
	return err;
}

static accel_status compile(accel_model *m, accel_compile_options *o)
{
	accel_output_options *out = mem_zalloc(m->n_out * sizeof(*out));
	struct accel_optimizer *optimizer;
	accel_status err;

	if (!out)
		return ACCEL_ERR_NOMEM;
	err = resolve_outputs(m, o, out);
	optimizer = err ? NULL : optimizer_take(o->optimizer, m->o.optimizer);
	if (!optimizer) {
		mem_free(out);
		return err ? err : ACCEL_ERR_INVALID;
	}
	object_put(m->o.optimizer);
	mem_free((void *)m->o.outputs);
	m->o = *o;
	m->o.optimizer = optimizer;
	m->o.n_outputs = (int)m->n_out;
	m->o.outputs = out;
	m->o.loss = out->loss;
	m->o.metrics = out->metrics;
	m->o.top_k = out->top_k;
	m->compiled = true;
	return ACCEL_OK;
}

accel_status accel_compile_with(accel_model *m,
				const accel_compile_options *options)
{
	accel_compile_options o;
	accel_status err;

	if (!options)
		return accel_error(ACCEL_ERR_INVALID, "compile: no options");
	o = *options;
	if (!o.optimizer && optimizer_failed())
		return accel_error_of_null("compile: no optimizer");
	if (!o.optimizer)
		o.optimizer = accel_adam();
	if (!o.optimizer)
		return ACCEL_ERR_NOMEM;
	err = object_check(m, OBJECT_MODEL, "compile");
	if (!err && m->busy)
		err = accel_error(ACCEL_ERR_BUSY,
				  "compile: the model is being trained");
	if (!err)
		err = compile(m, &o);
	accel_optimizer_destroy(o.optimizer); /* the model's is none's handle */
	return err;
}

accel_status accel_model_set_metrics(accel_model *m, unsigned metrics)
{
	accel_status err = object_check(m, OBJECT_MODEL, "metrics");
	accel_output_options one;

	if (err)
		return err;
	if (!m->compiled || m->busy || m->n_out > 1)
		return accel_error(ACCEL_ERR_INVALID, "metrics: the model %s",
				   m->busy       ? "is being trained"
				   : m->compiled ? "has several outputs"
						 : "is not compiled");
	one = m->o.outputs[0];
	one.metrics = metrics;
	err = check_output(&one);
	if (err)
		return err;
	m->o.metrics = metrics;
	((accel_output_options *)m->o.outputs)->metrics = metrics;
	return ACCEL_OK;
}

/* What is wrong with batch number k. */
static accel_status named(accel_status err, int64_t k, const struct feeder *f)
{
	char text[600];

	snprintf(text, sizeof(text), "%s", accel_last_error());
	return accel_error(err, "batch %lld of %lld: %s", (long long)k + 1,
			   (long long)feeder_batches(f), text);
}

/* What is done with each batch. */
typedef void batch_fn(void *arg, const struct session *s,
		      const struct feed *feed, const struct losses *losses);

static accel_status each_batch(struct session *s, int64_t begin, int64_t count,
			       batch_fn *fn, void *arg)
{
	struct feeder *f;
	struct feed feed;
	accel_status err = ACCEL_OK;
	struct losses losses = { .total = NAN };
	int64_t k;

	f = feeder_create(s->s, begin, count, BATCH, s->targets, &s->w);
	if (!f)
		return ACCEL_ERR_NOMEM;
	feeder_start(f, false, 0, 0);
	for (k = 0; k < feeder_batches(f) && !err; k++) {
		err = feeder_next(f, &feed);
		if (!err)
			err = session_step(s, &feed, &losses);
		if (!err && s->targets && !isfinite(losses.total))
			err = accel_error(ACCEL_ERR_RANGE, "the loss is %g",
					  isnan(losses.total) ? NAN
							      : losses.total);
		if (err)
			err = named(err, k, f);
		else
			fn(arg, s, &feed, &losses);
	}
	feeder_destroy(f);
	return err;
}

static void measure(void *arg, const struct session *s, const struct feed *feed,
		    const struct losses *losses)
{
	session_measure(s, feed, losses, arg);
}

accel_status model_evaluate(accel_model *m, const accel_samples *data,
			    int64_t begin, int64_t count, bool all,
			    bool confusion, const struct weighting_options *w,
			    struct measures *measures)
{
	struct session s = { 0 };
	accel_status err;

	*measures = (struct measures){ 0 };
	if (!m->compiled)
		return accel_error(ACCEL_ERR_INVALID,
				   "the model is not compiled");
	err = model_fits(m, data, true);
	if (!err)
		err = session_init(&s, m, data, BATCH, false, true,
				   (all && model_wants_output(m)) || confusion);
	if (!err)
		err = session_weigh(&s, begin, count, w);
	if (!err)
		err = session_measures(&s, measures, all, confusion);
	if (!err)
		err = each_batch(&s, begin, count, measure, measures);
	session_finish(&s);
	return err;
}

/* Of all samples of some that may not be there. */
static accel_status evaluate(accel_model *m, const accel_samples *data,
			     const char *who, bool confusion,
			     const struct weighting_options *w,
			     struct measures *measures)
{
	accel_status err = object_check(m, OBJECT_MODEL, who);

	*measures = (struct measures){ 0 };
	if (!err)
		err = object_check(data, OBJECT_SAMPLES, who);
	if (!err && confusion && m->n_out > 1)
		err = accel_error(ACCEL_ERR_INVALID,
				  "confusion: the model has %u outputs",
				  m->n_out);
	return err ? err
		   : model_evaluate(m, data, 0, data->count, !confusion,
				    confusion, w, measures);
}

accel_status accel_evaluate_with(accel_model *m,
				 const accel_evaluate_options *options)
{
	struct weighting_options w = { 0 };
	accel_evaluate_options o;
	struct measures measures;
	accel_status err;

	if (!sized_copy(&o, sizeof(o), options))
		return accel_error(ACCEL_ERR_INVALID,
				   "evaluate: no options, or of another size");
	w = (struct weighting_options){ o.n_class_weights, o.class_weight,
					o.balanced };
	err = evaluate(m, o.data, "evaluate", false, &w, &measures);
	if (!err && o.scores)
		measures_scores(&measures, ~0u, o.scores);
	measures_finish(&measures);
	return err;
}

accel_status accel_evaluate(accel_model *m, const accel_samples *data,
			    accel_scores *scores)
{
	return accel_evaluate_with(
		m, &(accel_evaluate_options){
			   .size = sizeof(accel_evaluate_options),
			   .data = data,
			   .scores = scores });
}

accel_status accel_confusion(accel_model *m, const accel_samples *data, int n,
			     int64_t *counts)
{
	struct measures measures;
	accel_status err =
		evaluate(m, data, "confusion", true, NULL, &measures);
	int i;

	if (!err && (measures.of[0].classes != n || !counts))
		err = accel_error(ACCEL_ERR_RANGE,
				  "confusion: %d classes, the model has %d", n,
				  measures.of[0].classes);
	for (i = 0; !err && i < n * n; i++)
		counts[i] = measures.of[0].confusion[i];
	measures_finish(&measures);
	return err;
}

static void copy_out(void *arg, const struct session *s,
		     const struct feed *feed, const struct losses *losses)
{
	float **to = arg;
	uint32_t k;

	(void)losses;
	for (k = 0; k < s->m->n_out; k++) {
		int64_t n = feed->n * s->out_each[k], i;

		for (i = 0; i < n; i++)
			to[k][i] = s->out[k][i];
		to[k] += n;
	}
}

static accel_status check_room(const accel_model *m, const accel_samples *data,
			       float *const *out, const size_t *size)
{
	uint32_t i;

	for (i = 0; i < m->n_out; i++)
		if ((int64_t)size[i] !=
			    data->count * shape_count(&m->output[i]->out) ||
		    !out[i])
			return accel_error(ACCEL_ERR_RANGE,
					   "predict: room for %zu numbers, not "
					   "%lld times %s",
					   out[i] ? size[i] : 0,
					   (long long)data->count,
					   shape_print(&m->output[i]->out));
	return ACCEL_OK;
}

accel_status accel_predict_outputs(accel_model *m, const accel_samples *data,
				   int n, float *const *out, const size_t *size)
{
	accel_status err = object_check(m, OBJECT_MODEL, "predict");
	float *to[ACCEL_MAX_OUTPUTS];
	struct session s = { 0 };
	int i;

	if (!err)
		err = object_check(data, OBJECT_SAMPLES, "predict");
	if (!err && (n != (int)m->n_out || !out || !size))
		err = accel_error(ACCEL_ERR_INVALID,
				  "predict: room for %d outputs, the model "
				  "has %u",
				  out && size ? n : 0, m->n_out);
	if (!err)
		err = model_fits(m, data, false);
	if (!err)
		err = check_room(m, data, out, size);
	for (i = 0; i < n && !err; i++)
		to[i] = out[i];
	if (!err)
		err = session_init(&s, m, data, BATCH, false, false, true);
	if (!err)
		err = each_batch(&s, 0, data->count, copy_out, to);
	session_finish(&s);
	return err;
}

accel_status accel_predict(accel_model *m, const accel_samples *data,
			   float *out, size_t size)
{
	return accel_predict_outputs(m, data, 1, &out, &size);
}
