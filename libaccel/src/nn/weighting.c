// SPDX-License-Identifier: MIT
/* Weights of samples and of classes. */
#include "weighting.h"

#include <math.h>

#include "../base/alloc.h"
#include "../base/error.h"

/* The class of a sample: its number, the likelier of two, the likeliest. */
static int class_of(const struct weighting *w, const accel_samples *s,
		    int64_t index)
{
	const float *y;
	int i, best = 0;

	if (s->y.dtype == ACCEL_I32)
		return ((const int32_t *)s->y.data)[index];
	if (w->target == TARGET_BINARY)
		return ((const float *)s->y.data)[index] > 0.5f;
	y = (const float *)s->y.data + index * w->classes;
	for (i = 1; i < w->classes; i++)
		if (y[i] > y[best])
			best = i;
	return best;
}

static accel_status check_class_weights(const struct weighting *w,
					const struct weighting_options *o)
{
	int i;

	if (o->balanced && o->n)
		return accel_error(ACCEL_ERR_INVALID,
				   "class weights: %d and balanced: choose one",
				   o->n);
	if (!o->balanced && (o->n != w->classes || !o->class_weight))
		return accel_error(
			ACCEL_ERR_RANGE,
			"class weights: %d, the model has %d classes",
			o->class_weight ? o->n : 0, w->classes);
	for (i = 0; i < o->n; i++)
		if (!(o->class_weight[i] >= 0 &&
		      (float)o->class_weight[i] < INFINITY))
			return accel_error(ACCEL_ERR_RANGE,
					   "class weights: class %d has %g", i,
					   o->class_weight[i]);
	return ACCEL_OK;
}

/* samples / (classes * samples of it); 1 where there is none. */
static accel_status balance(struct weighting *w, const accel_samples *s,
			    int64_t begin, int64_t count)
{
	int64_t *seen = mem_zalloc((size_t)w->classes * sizeof(*seen)), i;
	int c;

	if (!seen)
		return ACCEL_ERR_NOMEM;
	for (i = begin; i < begin + count; i++)
		seen[class_of(w, s, i)]++;
	for (c = 0; c < w->classes; c++)
		w->class_weight[c] =
			seen[c] ? (float)((double)count / ((double)w->classes *
							   (double)seen[c]))
				: 1;
	mem_free(seen);
	return ACCEL_OK;
}

/* Two of a binary loss, else as many as there are outputs. */
static accel_status find_classes(struct weighting *w, const accel_model *m)
{
	const struct shape *out = &m->output[0]->out;
	int64_t n = shape_count(out);

	w->target = loss_target(m->o.loss);
	w->classes = w->target == TARGET_BINARY && n == 1           ? 2
		     : loss_of_classes(m->o.loss) && out->ndim == 1 ? (int)n
								    : 0;
	if (m->n_out > 1)
		return accel_error(ACCEL_ERR_INVALID,
				   "class weights: the model has %u outputs; "
				   "give samples weights",
				   m->n_out);
	if (w->classes && !m->o.autoencode)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_INVALID,
			   "class weights: loss %s of %s has no classes",
			   accel_loss_name(m->o.loss), shape_print(out));
}

static accel_status weigh_classes(struct weighting *w, const accel_model *m,
				  const accel_samples *all, int64_t begin,
				  int64_t count,
				  const struct weighting_options *o)
{
	const accel_samples *s = accel_samples_target(all, 0);
	accel_status err = find_classes(w, m);
	int c;

	if (!err)
		err = check_class_weights(w, o);
	if (err)
		return err;
	w->class_weight =
		mem_alloc((size_t)w->classes * sizeof(*w->class_weight));
	if (!w->class_weight)
		return ACCEL_ERR_NOMEM;
	w->part[0] = s;
	for (c = 0; c < o->n; c++)
		w->class_weight[c] = (float)o->class_weight[c];
	return o->balanced ? balance(w, s, begin, count) : ACCEL_OK;
}

/* Nothing is learned where nothing counts. */
static accel_status check_sum(const struct weighting *w, int output,
			      int64_t begin, int64_t count)
{
	double sum = 0;
	int64_t i;

	for (i = begin; i < begin + count; i++)
		sum += weighting_of(w, output, i);
	if (sum > 0)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_RANGE,
			   "%s: all %lld samples have weight 0",
			   w->part[output]->name, (long long)count);
}

static accel_status check_sums(const struct weighting *w, int64_t begin,
			       int64_t count)
{
	accel_status err = ACCEL_OK;
	int i;

	for (i = 0; i < ACCEL_MAX_OUTPUTS && !err; i++)
		if (w->part[i])
			err = check_sum(w, i, begin, count);
	return err;
}

accel_status weighting_init(struct weighting *w, const accel_model *m,
			    const accel_samples *all, int64_t begin,
			    int64_t count, const struct weighting_options *o)
{
	accel_status err = ACCEL_OK;
	uint32_t i;

	*w = (struct weighting){ 0 };
	for (i = 0; i < m->n_out; i++) {
		const accel_samples *s =
			m->o.autoencode ? accel_samples_input(all, 0)
					: accel_samples_target(all, (int)i);

		if (s && s->weight)
			w->part[i] = s;
	}
	if (o && (o->balanced || o->n || o->class_weight))
		err = weigh_classes(w, m, all, begin, count, o);
	if (!err)
		err = check_sums(w, begin, count);
	if (err)
		weighting_finish(w);
	return err;
}

void weighting_finish(struct weighting *w)
{
	mem_free(w->class_weight);
	*w = (struct weighting){ 0 };
}

float weighting_of(const struct weighting *w, int output, int64_t index)
{
	const accel_samples *s = w->part[output];
	float weight = s->weight ? s->weight[index] : 1;

	return w->class_weight ? weight * w->class_weight[class_of(w, s, index)]
			       : weight;
}
