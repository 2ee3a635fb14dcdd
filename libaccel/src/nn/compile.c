// SPDX-License-Identifier: MIT
/* What a model is trained for; judging and using it. */
#include <math.h>
#include <stdio.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "optimizer.h"
#include "session.h"

#define BATCH 256 /* of what needs no gradient */

/* The activation that the output goes through last. */
static accel_activation last_activation(const accel_model *m)
{
	const struct accel_node *n = m->output;

	/* what only moves numbers, or does nothing to predictions */
	while (n && n->layer && n->n_in == 1 &&
	       (n->layer->desc == &layer_flatten ||
		n->layer->desc == &layer_unflatten ||
		n->layer->desc == &layer_dropout))
		n = n->in[0];
	return n && n->layer ? n->layer->o.activation : ACCEL_LINEAR;
}

/*
 * A loss of logits applies softmax or sigmoid itself. Twice applied, the surest
 * of two classes is 0.73, and a rule on "> 0.8" never fires.
 */
static accel_status check_logits(const accel_model *m, accel_loss loss)
{
	accel_activation last = last_activation(m);
	bool logits = loss == ACCEL_SPARSE_CROSS_ENTROPY_LOGITS ||
		      loss == ACCEL_CROSS_ENTROPY_LOGITS ||
		      loss == ACCEL_BINARY_CROSS_ENTROPY_LOGITS;

	if (!logits || (last != ACCEL_SOFTMAX && last != ACCEL_SIGMOID))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_INVALID,
			   "compile: the model ends in %s, and its loss %s "
			   "applies that itself: leave the %s out of the last "
			   "layer",
			   last == ACCEL_SOFTMAX ? "softmax" : "sigmoid",
			   accel_loss_name(loss),
			   last == ACCEL_SOFTMAX ? "softmax" : "sigmoid");
}

accel_status accel_compile_with(accel_model *m,
				const accel_compile_options *options)
{
	const unsigned known = (1u << ACCEL_METRICS) - 1;
	accel_compile_options o = *options;
	accel_status err = ACCEL_OK;

	if (!o.optimizer && optimizer_failed())
		return accel_error_of_null("compile: no optimizer");
	if (!o.optimizer)
		o.optimizer = accel_adam();
	if (!m || !o.optimizer)
		err = m ? ACCEL_ERR_NOMEM
			: accel_error_of_null("compile: no model");
	else if ((unsigned)o.loss > ACCEL_HUBER)
		err = accel_error(ACCEL_ERR_INVALID, "compile: no loss %d",
				  o.loss);
	else if (o.metrics & ~known || o.top_k < 0)
		err = accel_error(ACCEL_ERR_INVALID,
				  "compile: metrics 0x%x, top_k %d", o.metrics,
				  o.top_k);
	else
		err = check_logits(m, o.loss);
	if (err) {
		accel_optimizer_destroy(o.optimizer);
		return err;
	}
	accel_optimizer_destroy(m->o.optimizer);
	m->o = o;
	m->compiled = true;
	return ACCEL_OK;
}

accel_status accel_model_set_metrics(accel_model *m, unsigned metrics)
{
	if (!m || !m->compiled || metrics & ~((1u << ACCEL_METRICS) - 1))
		return accel_error(
			ACCEL_ERR_INVALID, "metrics: 0x%x of %s", metrics,
			m ? "a model that is not compiled" : "no model");
	m->o.metrics = metrics;
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
		      const struct feed *feed, double loss);

static accel_status each_batch(struct session *s, int64_t begin, int64_t count,
			       batch_fn *fn, void *arg)
{
	struct feeder *f;
	struct feed feed;
	accel_status err = ACCEL_OK;
	double loss = NAN;
	int64_t k;

	f = feeder_create(s->s, begin, count, BATCH, s->targets);
	if (!f)
		return ACCEL_ERR_NOMEM;
	feeder_start(f, false, 0, 0);
	for (k = 0; k < feeder_batches(f) && !err; k++) {
		err = feeder_next(f, &feed);
		if (!err)
			err = session_step(s, &feed, &loss);
		if (!err && s->targets && !isfinite(loss))
			err = accel_error(ACCEL_ERR_RANGE, "the loss is %g",
					  isnan(loss) ? NAN : loss);
		if (err)
			err = named(err, k, f);
		else
			fn(arg, s, &feed, loss);
	}
	feeder_destroy(f);
	return err;
}

static void measure(void *arg, const struct session *s, const struct feed *feed,
		    double loss)
{
	struct metrics *metrics = arg;

	metrics_add_loss(metrics, feed->n, loss);
	session_measure(s, feed, metrics);
}

accel_status model_evaluate(accel_model *m, const accel_samples *data,
			    int64_t begin, int64_t count, unsigned which,
			    bool confusion, struct metrics *metrics)
{
	struct session s = { 0 };
	accel_status err;

	*metrics = (struct metrics){ 0 };
	if (!m)
		return accel_error_of_null("no model");
	if (!m->compiled)
		return accel_error(ACCEL_ERR_INVALID,
				   "the model is not compiled");
	err = model_fits(m, data, true);
	if (!err)
		err = session_init(&s, m, data, BATCH, false, true,
				   which || confusion);
	if (!err)
		err = session_metrics(&s, metrics, which, confusion);
	if (!err)
		err = each_batch(&s, begin, count, measure, metrics);
	session_finish(&s);
	return err;
}

accel_status accel_evaluate(accel_model *m, const accel_samples *data,
			    accel_scores *scores)
{
	struct metrics metrics;
	accel_status err;

	err = model_evaluate(m, data, 0, data ? data->count : 0,
			     m ? m->o.metrics : 0, false, &metrics);
	if (!err)
		metrics_scores(&metrics, scores);
	metrics_finish(&metrics);
	return err;
}

accel_status accel_confusion(accel_model *m, const accel_samples *data, int n,
			     int64_t *counts)
{
	struct metrics metrics;
	accel_status err;
	int i;

	err = model_evaluate(m, data, 0, data ? data->count : 0, 0, true,
			     &metrics);
	if (!err && metrics.classes != n)
		err = accel_error(ACCEL_ERR_RANGE,
				  "confusion: %d classes, the model has %d", n,
				  metrics.classes);
	for (i = 0; i < n * n && !err; i++)
		counts[i] = metrics.confusion[i];
	metrics_finish(&metrics);
	return err;
}

static void copy_out(void *arg, const struct session *s,
		     const struct feed *feed, double loss)
{
	int64_t n = feed->n * s->out_each, i;
	float **to = arg;

	(void)loss;
	for (i = 0; i < n; i++)
		(*to)[i] = s->out[i];
	*to += n;
}

accel_status accel_predict(accel_model *m, const accel_samples *data,
			   float *out, size_t size)
{
	struct session s = { 0 };
	accel_status err;

	if (!m)
		return accel_error_of_null("predict: no model");
	err = model_fits(m, data, false);
	if (err)
		return err;
	if ((int64_t)size != data->count * shape_count(&m->output->out))
		return accel_error(ACCEL_ERR_RANGE,
				   "predict: room for %zu numbers, not %lld "
				   "times %s",
				   size, (long long)data->count,
				   shape_print(&m->output->out));
	err = session_init(&s, m, data, BATCH, false, false, true);
	if (!err)
		err = each_batch(&s, 0, data->count, copy_out, &out);
	session_finish(&s);
	return err;
}
