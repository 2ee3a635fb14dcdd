// SPDX-License-Identifier: MIT
/* Do a model, its loss and some samples belong together? */
#include "../base/error.h"
#include "../tensor/layout.h"
#include "model.h"

static accel_status sparse(const accel_model *m, const accel_samples *s,
			   const struct shape *out)
{
	int64_t classes = out->ndim ? out->dim[out->ndim - 1] : 0;

	if (s->y.dtype != ACCEL_I32)
		return accel_error(ACCEL_ERR_DTYPE,
				   "%s: loss %s needs class numbers, y is %s",
				   s->name, accel_loss_name(m->o.loss),
				   accel_dtype_name(s->y.dtype));
	if (out->ndim != s->y.ndim)
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: the model gives %s, y is %s: %s needs "
				   "one number a class",
				   s->name, shape_print(out),
				   shape_text(s->y.ndim, s->y.shape),
				   accel_loss_name(m->o.loss));
	if (s->n_classes > classes)
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: %d classes, the model has %lld outputs",
				   s->name, s->n_classes, (long long)classes);
	return ACCEL_OK;
}

/* Targets of a binary loss are 0 to 1. */
static accel_status binary(const accel_model *m, const accel_samples *s)
{
	const float *y = s->y.data;
	int64_t i, n = s->y.shape[0] * (s->y.ndim > 1 ? s->y.shape[1] : 1);

	if (s->y.dtype == ACCEL_I32 && s->n_classes > 2)
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: %d classes, loss %s has 2", s->name,
				   s->n_classes, accel_loss_name(m->o.loss));
	for (i = 0; s->y.dtype == ACCEL_F32 && i < n; i++)
		if (y[i] < 0 || y[i] > 1)
			return accel_error(ACCEL_ERR_RANGE,
					   "%s: sample %lld: y is %g, loss %s "
					   "needs 0 to 1",
					   s->name,
					   (long long)(i / (n / s->count)),
					   (double)y[i],
					   accel_loss_name(m->o.loss));
	return ACCEL_OK;
}

/* y [N, ...] against the output [...]; a class may stand for one number. */
static accel_status dense(const accel_model *m, const accel_samples *s,
			  const struct shape *out)
{
	struct shape y = { 0 };
	int i;

	for (i = 1; i < s->y.ndim; i++)
		y.dim[y.ndim++] = s->y.shape[i];
	if (!y.ndim)
		y.dim[y.ndim++] = 1; /* [N] is [N, 1] */
	if (shape_equal(&y, out))
		return m->o.loss == ACCEL_BINARY_CROSS_ENTROPY_LOGITS
			       ? binary(m, s)
			       : ACCEL_OK;
	return accel_error(ACCEL_ERR_SHAPE,
			   "%s: the model gives %s, y is %s (loss %s)", s->name,
			   shape_print(out), shape_print(&y),
			   accel_loss_name(m->o.loss));
}

accel_status model_fits(accel_model *m, const accel_samples *s, bool targets)
{
	const struct shape *out;
	accel_status err;

	if (!s)
		return accel_error_of_null("no samples");
	if (!s->x.ndim)
		return accel_error(ACCEL_ERR_INVALID, "no samples");
	err = accel_model_build(m, s->x.ndim - 1, s->x.shape + 1);
	if (err || !targets)
		return err;
	out = &m->output->out;
	if (m->o.autoencode) {
		if (m->o.loss <= ACCEL_CROSS_ENTROPY_LOGITS)
			return accel_error(ACCEL_ERR_INVALID,
					   "an autoencoder's loss is of "
					   "numbers, not %s",
					   accel_loss_name(m->o.loss));
		if (shape_equal(out, &m->node[0]->out))
			return ACCEL_OK;
		return accel_error(ACCEL_ERR_SHAPE,
				   "an autoencoder gives its input's shape %s, "
				   "not %s",
				   shape_print(&m->node[0]->out),
				   shape_print(out));
	}
	if (!s->y.data)
		return accel_error(
			ACCEL_ERR_INVALID, "%s: has no targets (y)%s", s->name,
			s->preprocess ? ": name the label column" : "");
	if (m->o.loss == ACCEL_SPARSE_CROSS_ENTROPY_LOGITS)
		return sparse(m, s, out);
	return dense(m, s, out);
}
