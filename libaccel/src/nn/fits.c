// SPDX-License-Identifier: MIT
/* Do a model, its loss and some samples belong together? */
#include <math.h>

#include "../base/error.h"
#include "../base/object.h"
#include "../tensor/layout.h"
#include "loss.h"
#include "model.h"
#include "words.h"

/* The first label that is none of n classes. */
static accel_status check_labels(const accel_samples *s, int64_t n)
{
	const int32_t *y = s->y.data;
	int64_t i;

	for (i = 0; i < s->count; i++)
		if (y[i] < 0 || y[i] >= n)
			return accel_error(
				ACCEL_ERR_RANGE,
				"%s: sample %lld has label %d, of %d "
				"classes, the model has %lld outputs",
				s->name, (long long)i, y[i], s->n_classes,
				(long long)n);
	return ACCEL_OK;
}

static accel_status sparse(accel_loss loss, const accel_samples *s,
			   const struct shape *out)
{
	int64_t classes = out->ndim ? out->dim[out->ndim - 1] : 0;
	accel_status err;

	if (s->y.dtype != ACCEL_I32)
		return accel_error(ACCEL_ERR_DTYPE,
				   "%s: loss %s needs class numbers, y is %s",
				   s->name, accel_loss_name(loss),
				   accel_dtype_name(s->y.dtype));
	if (out->ndim != s->y.ndim)
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: the model gives %s, y is %s: %s needs "
				   "one number a class",
				   s->name, shape_print(out),
				   shape_text(s->y.ndim, s->y.shape),
				   accel_loss_name(loss));
	err = check_labels(s, classes);
	if (err || s->n_classes <= classes)
		return err;
	return accel_error(ACCEL_ERR_RANGE,
			   "%s: %d classes, the model has %lld outputs",
			   s->name, s->n_classes, (long long)classes);
}

/* Targets of cross-entropy are 0 to 1; all others are numbers. */
static accel_status check_targets(accel_loss loss, const accel_samples *s)
{
	bool unit = loss_target(loss) != TARGET_NUMBER;
	int64_t i, n = s->y.shape[0] * (s->y.ndim > 1 ? s->y.shape[1] : 1);
	const float *y = s->y.data;

	if (s->y.dtype == ACCEL_I32)
		return unit ? check_labels(s, 2) : ACCEL_OK;
	for (i = 0; i < n; i++)
		if (!isfinite(y[i]) || (unit && !(y[i] >= 0 && y[i] <= 1)))
			return accel_error(
				ACCEL_ERR_RANGE,
				"%s: sample %lld: y[%lld] is %g, loss %s needs "
				"%s",
				s->name, (long long)(i / (n / s->count)),
				(long long)(i % (n / s->count)), (double)y[i],
				accel_loss_name(loss),
				unit ? "0 to 1" : "numbers");
	return ACCEL_OK;
}

/* y [N, ...] against the output [...]; a class may stand for one number. */
static accel_status dense(accel_loss loss, const accel_samples *s,
			  const struct shape *out)
{
	struct shape y = { 0 };
	int i;

	for (i = 1; i < s->y.ndim; i++)
		y.dim[y.ndim++] = s->y.shape[i];
	if (!y.ndim)
		y.dim[y.ndim++] = 1; /* [N] is [N, 1] */
	if (shape_equal(&y, out))
		return check_targets(loss, s);
	return accel_error(ACCEL_ERR_SHAPE,
			   "%s: the model gives %s, y is %s (loss %s)", s->name,
			   shape_print(out), shape_print(&y),
			   accel_loss_name(loss));
}

static accel_status fits_itself(const accel_model *m)
{
	const struct shape *out = &m->output[0]->out;

	if (loss_of_classes(m->o.loss))
		return accel_error(ACCEL_ERR_INVALID,
				   "an autoencoder's loss is of numbers, not "
				   "%s",
				   accel_loss_name(m->o.loss));
	if (shape_equal(out, &m->node[0]->out))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_SHAPE,
			   "an autoencoder gives its input's shape %s, not %s",
			   shape_print(&m->node[0]->out), shape_print(out));
}

static accel_status fits_target(const accel_model *m, const accel_samples *all,
				uint32_t i)
{
	const accel_samples *s = accel_samples_target(all, (int)i);
	const struct shape *out = &m->output[i]->out;
	accel_loss loss = m->o.outputs[i].loss;

	if (!s && m->n_out > 1)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: no targets (y) for output %u of %u",
				   all->name, i, m->n_out);
	if (!s)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: has no targets (y)%s", all->name,
				   all->preprocess ? ": name the label column"
						   : "");
	return loss_target(loss) == TARGET_CLASS ? sparse(loss, s, out)
						 : dense(loss, s, out);
}

static accel_status fits_inputs(accel_model *m, const accel_samples *all)
{
	struct shape in[ACCEL_MAX_INPUTS];
	accel_status err = ACCEL_OK;
	uint32_t i;

	for (i = 0; i < m->n_in && !err; i++) {
		const accel_samples *s = accel_samples_input(all, (int)i);

		if (s)
			err = shape_take(&in[i], s->x.ndim - 1, s->x.shape + 1);
		else if (m->n_in > 1)
			err = accel_error(ACCEL_ERR_INVALID,
					  "%s: no x for input %u of %u",
					  all->name, i, m->n_in);
		else
			err = accel_error(ACCEL_ERR_INVALID, "no samples");
	}
	if (!err && accel_samples_input(all, (int)m->n_in))
		err = accel_error(ACCEL_ERR_INVALID,
				  "%s: more inputs than the model's %u",
				  all->name, m->n_in);
	if (!err)
		err = model_build(m, in);
	return err ? err : model_check_words(m, all);
}

accel_status model_fits(accel_model *m, const accel_samples *s, bool targets)
{
	accel_status err = object_check(s, OBJECT_SAMPLES, "data");
	uint32_t i;

	if (!err)
		err = fits_inputs(m, s);
	if (err || !targets)
		return err;
	if (m->o.autoencode)
		return fits_itself(m);
	for (i = 0; i < m->n_out && !err; i++)
		err = fits_target(m, s, i);
	if (!err && accel_samples_target(s, (int)m->n_out))
		err = accel_error(
			ACCEL_ERR_INVALID,
			"%s: more targets than the model's %u outputs", s->name,
			m->n_out);
	return err;
}
