// SPDX-License-Identifier: MIT
/* What is measured of a model over batches: each of its outputs. */
#include <math.h>

#include "session.h"

bool model_wants_output(const accel_model *m)
{
	unsigned which = 0;
	uint32_t i;

	for (i = 0; i < m->n_out; i++)
		which |= m->o.outputs[i].metrics;
	return which;
}

void session_measure(const struct session *s, const struct feed *feed,
		     const struct losses *losses, struct measures *m)
{
	bool self = s->m->o.autoencode;
	int i;

	m->loss_sum += losses->total * (double)feed->n;
	m->samples += feed->n;
	for (i = 0; i < m->n; i++) {
		const accel_samples *part = accel_samples_target(s->s, i);
		bool classes = !self && part && part->y.dtype == ACCEL_I32;

		metrics_add_loss(&m->of[i], feed->n, losses->of[i]);
		if (metrics_need_output(&m->of[i]))
			metrics_add(&m->of[i], feed->n * s->rows_each[i],
				    self ? feed->x[0] : feed->y[i], classes,
				    s->out[i]);
	}
}

accel_status session_measures(const struct session *s, struct measures *m,
			      bool all, bool confusion)
{
	const accel_output_options *o = s->m->o.outputs;
	accel_status err = ACCEL_OK;
	int i;

	*m = (struct measures){ 0 };
	for (i = 0; i < (int)s->m->n_out && !err; i++) {
		err = metrics_init(&m->of[i], all ? o[i].metrics : 0, o[i].loss,
				   (int)(s->out_each[i] / s->rows_each[i]),
				   o[i].top_k, s->s->count * s->rows_each[i],
				   confusion);
		m->n = i + 1;
	}
	return err;
}

void measures_reset(struct measures *m)
{
	int i;

	m->loss_sum = 0;
	m->samples = 0;
	for (i = 0; i < m->n; i++)
		metrics_reset(&m->of[i]);
}

void measures_finish(struct measures *m)
{
	int i;

	for (i = 0; i < m->n; i++)
		metrics_finish(&m->of[i]);
	m->n = 0;
}

static void add_output(accel_scores *all, const accel_scores *one, int i)
{
	int k;

	all->output[i].loss = one->loss;
	all->output[i].metrics = one->metrics;
	for (k = 0; k < ACCEL_METRICS; k++) {
		all->output[i].value[k] = one->value[k];
		if (one->metrics & ~all->metrics & 1u << k)
			all->value[k] = one->value[k];
	}
	all->metrics |= one->metrics;
}

void measures_scores(const struct measures *m, unsigned which,
		     accel_scores *scores)
{
	accel_scores one;
	int i;

	*scores = (accel_scores){ .loss = NAN };
	if (m->samples)
		scores->loss = m->loss_sum / (double)m->samples;
	for (i = 0; i < m->n; i++) {
		struct metrics now = m->of[i];

		now.which &= which;
		metrics_scores(&now, &one);
		if (m->n == 1) {
			*scores = one;
			return;
		}
		add_output(scores, &one, i);
	}
	scores->n_outputs = m->n;
}
