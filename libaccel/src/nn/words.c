// SPDX-License-Identifier: MIT
/* Samples of words against the tables that embeddings look them up in. */
#include "words.h"

#include <math.h>

#include "../base/error.h"

/* The node whose numbers these are, as they are. */
static const struct accel_node *origin(const struct accel_node *n)
{
	while (n->layer && n->n_in == 1 &&
	       (n->layer->desc == &layer_flatten ||
		n->layer->desc == &layer_unflatten))
		n = n->in[0];
	return n;
}

/* The embedding with the smallest table that reads an input; NULL: none. */
static const struct accel_node *reader(const accel_model *m,
				       const struct accel_node *input)
{
	const struct accel_node *found = NULL;
	uint32_t i;

	for (i = m->n_in; i < m->n_nodes; i++) {
		const struct accel_node *n = m->node[i];

		if (n->layer->desc == &layer_embedding &&
		    origin(n->in[0]) == input &&
		    (!found || n->layer->o.units < found->layer->o.units))
			found = n;
	}
	return found;
}

static double value(const accel_samples *s, int64_t i)
{
	if (s->x.dtype == ACCEL_U8)
		return (double)((float)((const uint8_t *)s->x.data)[i] *
				s->x_scale);
	return (double)((const float *)s->x.data)[i];
}

static accel_status check(const accel_model *m, const struct accel_node *n,
			  const accel_samples *s)
{
	int words = n->layer->o.units;
	int64_t each = 1, i;
	int d;

	for (d = 1; d < s->x.ndim; d++)
		each *= s->x.shape[d];
	for (i = 0; i < s->count * each; i++) {
		double v = value(s, i);

		if (v >= 0 && v < words && v <= floor(v))
			continue;
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: sample %lld: x[%lld] is %g; layer '%s' "
				   "has words 0 to %d, whole numbers",
				   s->name, (long long)(i / each),
				   (long long)(i % each), isnan(v) ? NAN : v,
				   model_layer_of(m, n)->name, words - 1);
	}
	return ACCEL_OK;
}

accel_status model_check_words(const accel_model *m, const accel_samples *all)
{
	accel_status err = ACCEL_OK;
	uint32_t i;

	for (i = 0; i < m->n_in && !err; i++) {
		const struct accel_node *n = reader(m, m->node[i]);

		if (n)
			err = check(m, n, accel_samples_input(all, (int)i));
	}
	return err;
}
