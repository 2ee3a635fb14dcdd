// SPDX-License-Identifier: MIT
/* One step: forward, backward and update recorded as one graph. */
#include "session.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <accel/graph.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../graph/walk.h"
#include "loss.h"
#include "optimizer.h"
#include "penalty.h"

#define SCALE_STEPS 2000 /* without overflow, then the scale doubles */

/* Room for the outputs of a batch on the host. */
static accel_status init_outputs(struct session *s, int64_t batch)
{
	uint32_t i;

	for (i = 0; i < s->m->n_out; i++) {
		const struct shape *out = &s->m->output[i]->out;
		int64_t last = out->ndim ? out->dim[out->ndim - 1] : 1;
		accel_loss loss = s->m->compiled ? s->m->o.outputs[i].loss
						 : s->m->o.loss;

		s->out_each[i] = s->rows_each[i] = shape_count(out);
		if (loss_of_classes(loss))
			s->rows_each[i] /= last;
		if (!s->want_out)
			continue;
		s->out[i] = mem_alloc((size_t)(batch * s->out_each[i]) *
				      sizeof(float));
		if (!s->out[i])
			return ACCEL_ERR_NOMEM;
	}
	return ACCEL_OK;
}

static accel_status init_training(struct session *s)
{
	accel_model *m = s->m;

	s->n_weights = accel_model_weights(m, true, NULL);
	s->weight =
		mem_zalloc(2 * (size_t)s->n_weights * sizeof(*s->weight) + 1);
	if (!s->weight)
		return ACCEL_ERR_NOMEM;
	s->grad = s->weight + s->n_weights;
	accel_model_weights(m, true, s->weight);
	if (m->o.mixed_precision) {
		s->finite = accel_keep(accel_tensor_create(m->ctx, ACCEL_U8,
							   ACCEL_SCALAR, NULL));
		if (!s->finite)
			return ACCEL_ERR_NOMEM;
	}
	return optimizer_bind(m->o.optimizer, s->n_weights, s->weight);
}

accel_status session_init(struct session *s, accel_model *m,
			  const accel_samples *samples, int64_t batch,
			  bool training, bool targets, bool want_out)
{
	accel_status err;

	*s = (struct session){ .m = m,
			       .s = samples,
			       .training = training,
			       .targets = targets,
			       .want_out = want_out };
	if (batch > samples->count)
		batch = samples->count;
	err = init_outputs(s, batch);
	return err || !training ? err : init_training(s);
}

accel_status session_weigh(struct session *s, int64_t begin, int64_t count,
			   const struct weighting_options *o)
{
	return weighting_init(&s->w, s->m, s->s, begin, count, o);
}

static void drop(int n, accel_tensor **list)
{
	int i;

	for (i = 0; i < n; i++)
		accel_tensor_destroy(list[i]);
}

static void lane_finish(struct lane *l)
{
	drop(ACCEL_MAX_INPUTS, l->x);
	drop(ACCEL_MAX_OUTPUTS, l->y);
	drop(ACCEL_MAX_OUTPUTS, l->w);
	drop(ACCEL_MAX_OUTPUTS, l->out);
	drop(ACCEL_MAX_OUTPUTS + 1, l->loss);
	*l = (struct lane){ 0 };
}

void session_finish(struct session *s)
{
	int i;

	lane_finish(&s->lane[0]);
	lane_finish(&s->lane[1]);
	weighting_finish(&s->w);
	accel_tensor_destroy(s->finite);
	for (i = 0; i < ACCEL_MAX_OUTPUTS; i++)
		mem_free(s->out[i]);
	mem_free(s->weight);
	*s = (struct session){ 0 };
}

static bool place(accel_context *ctx, accel_tensor **t, accel_dtype dtype,
		  int ndim, const int64_t *shape)
{
	*t = accel_keep(accel_tensor_create(ctx, dtype, ndim, shape, NULL));
	return *t;
}

/* The targets are read on the device, apart from the input itself. */
static bool has_y(const struct session *s)
{
	return s->targets && !s->m->o.autoencode;
}

static bool place_shape(accel_context *ctx, accel_tensor **t,
			const struct shape *s, int64_t n)
{
	int64_t shape[ACCEL_MAX_DIMS];
	int nd = shape_batch(s, n, shape);

	return place(ctx, t, ACCEL_F32, nd, shape);
}

static bool place_target(const struct session *s, struct lane *l, int i,
			 int64_t n)
{
	const accel_array *y = &accel_samples_target(s->s, i)->y;
	int64_t shape[ACCEL_MAX_DIMS];

	memcpy(shape, y->shape, sizeof(shape));
	shape[0] = n;
	return place(s->m->ctx, &l->y[i], y->dtype, y->ndim, shape);
}

/* One loss; of several outputs their sum, and each. */
static uint32_t n_losses(const struct session *s)
{
	uint32_t n = s->m->n_out;

	return !s->targets ? 0 : n > 1 ? n + 1 : 1;
}

static accel_status lane_init(struct session *s, struct lane *l, int64_t n)
{
	const accel_model *m = s->m;
	bool fine = true;
	uint32_t i;

	for (i = 0; i < m->n_in && fine; i++)
		fine = place_shape(m->ctx, &l->x[i], &m->node[i]->out, n);
	for (i = 0; i < m->n_out && fine && has_y(s); i++)
		fine = place_target(s, l, (int)i, n);
	for (i = 0; i < m->n_out && fine && s->targets; i++)
		if (s->w.part[i])
			fine = place(m->ctx, &l->w[i], ACCEL_F32,
				     ACCEL_SHAPE(n));
	for (i = 0; i < n_losses(s) && fine; i++)
		fine = place(m->ctx, &l->loss[i], ACCEL_F32, ACCEL_SCALAR);
	for (i = 0; i < m->n_out && fine && s->want_out; i++)
		fine = place_shape(m->ctx, &l->out[i], &m->output[i]->out, n);
	if (fine) {
		l->n = n;
		return ACCEL_OK;
	}
	lane_finish(l);
	return ACCEL_ERR_NOMEM;
}

static struct lane *lane_of(struct session *s, int64_t n)
{
	struct lane *l = &s->lane[s->lane[0].n && s->lane[0].n != n];

	if (l->n == n)
		return l;
	lane_finish(l);
	return lane_init(s, l, n) ? NULL : l;
}

/* ---- recording ---- */

static accel_tensor *target_of(const struct session *s, const struct lane *l,
			       uint32_t i, accel_tensor *out)
{
	accel_tensor *y = s->m->o.autoencode ? l->x[0] : l->y[i];

	if (loss_target(s->m->o.outputs[i].loss) == TARGET_CLASS)
		return y;
	if (accel_tensor_dtype(y) != ACCEL_F32)
		y = accel_cast(y, ACCEL_F32);
	return accel_reshape(y, accel_tensor_ndim(out),
			     accel_tensor_shape(out));
}

/* 1 where no gradient has an infinity or NaN. Compared, not subtracted from
 * itself: a shader's compiler may take x - x for 0 whatever x is. */
static accel_tensor *all_finite(const struct session *s)
{
	accel_context *ctx = s->m->ctx;
	accel_tensor *largest =
		accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, FLT_MAX);
	accel_tensor *zero = accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, 0);
	accel_tensor *one = accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, 1);
	accel_tensor *sum = NULL, *fine, *bad;
	int i;

	for (i = 0; i < s->n_weights; i++) {
		fine = accel_less_equal(accel_abs(s->grad[i]), largest);
		bad = accel_sum(accel_where(fine, zero, one), ACCEL_ALL_AXES,
				false);
		sum = i ? accel_add(sum, bad) : bad;
	}
	return sum ? accel_equal(sum, zero) : NULL;
}

static accel_status backward(struct session *s, accel_tensor *loss)
{
	accel_model *m = s->m;
	accel_tensor *finite = NULL, *scale = NULL;
	accel_status err;
	int i;

	if (s->finite) {
		scale = accel_scalar(m->ctx, ACCEL_F32, m->scale);
		loss = accel_mul(loss, scale);
	}
	err = accel_grad(loss, s->n_weights, s->weight, s->grad);
	if (!err && s->finite) {
		scale = accel_scalar(m->ctx, ACCEL_F32, 1 / m->scale);
		for (i = 0; i < s->n_weights; i++)
			s->grad[i] = accel_mul(s->grad[i], scale);
		finite = all_finite(s);
		err = finite ? accel_assign(s->finite, finite)
			     : ACCEL_ERR_INVALID;
	}
	return err ? err
		   : optimizer_apply(m->o.optimizer, s->n_weights, s->weight,
				     s->grad, finite);
}

/* The losses of the outputs and their weighted sum, which is assigned last;
 * what weights are charged belongs to the whole. */
static accel_tensor *record_losses(const struct session *s,
				   const struct lane *l, accel_tensor **out)
{
	const accel_output_options *o = s->m->o.outputs;
	accel_tensor *sum = NULL, *penalty, *loss, *shown;
	uint32_t i, n = s->m->n_out;

	if (model_penalty(s->m, &penalty))
		return NULL;
	for (i = 0; i < n; i++) {
		loss = loss_of_known(o[i].loss, target_of(s, l, i, out[i]),
				     out[i], l->w[i]);
		if (!loss)
			return NULL;
		shown = n == 1 && penalty ? accel_add(loss, penalty) : loss;
		if (accel_assign(l->loss[i], shown))
			return NULL;
		if (o[i].loss_weight < 1 || o[i].loss_weight > 1)
			loss = accel_mul_scalar(loss, o[i].loss_weight);
		sum = i ? accel_add(sum, loss) : loss;
	}
	if (penalty)
		sum = accel_add(sum, penalty);
	if (n > 1 && (!sum || accel_assign(l->loss[n], sum)))
		return NULL;
	return sum;
}

static accel_status record(struct session *s, const struct lane *l)
{
	bool half = s->training && s->m->o.mixed_precision;
	accel_tensor *out[ACCEL_MAX_OUTPUTS], *loss;
	accel_status err;
	uint32_t i;

	err = model_forward(s->m, l->x, s->training,
			    half ? ACCEL_F16 : ACCEL_F32, out);
	if (!err && s->targets) {
		loss = record_losses(s, l, out);
		err = loss ? ACCEL_OK : ACCEL_ERR_INVALID;
		if (!err && s->training)
			err = backward(s, loss);
	}
	for (i = 0; i < s->m->n_out && !err && s->want_out; i++)
		err = accel_assign(l->out[i], out[i]);
	return err;
}

/* After a step in mixed precision: one that overflowed did not count, and the
 * optimizer is where it was, at so many steps and gathered batches. */
static accel_status adjust_scale(struct session *s, int64_t step, int micro)
{
	accel_model *m = s->m;
	uint8_t fine = 0;
	accel_status err = accel_read(s->finite, &fine, 1);

	if (err)
		return err;
	if (fine && ++m->scale_steps < SCALE_STEPS)
		return ACCEL_OK;
	if (!fine) {
		m->o.optimizer->step = step;
		m->o.optimizer->micro = micro;
	}
	m->scale_steps = 0;
	m->scale *= fine ? 2 : 0.5;
	if (m->scale > 0x1p24)
		m->scale = 0x1p24;
	if (m->scale < 1)
		m->scale = 1;
	return ACCEL_OK;
}

static accel_status write_batch(const struct session *s, const struct lane *l,
				const struct feed *feed)
{
	accel_status err = ACCEL_OK;
	uint32_t i;

	for (i = 0; i < s->m->n_in && !err; i++)
		err = accel_write(l->x[i], feed->x[i],
				  (size_t)accel_tensor_count(l->x[i]) * 4);
	for (i = 0; i < s->m->n_out && !err && l->y[i]; i++)
		err = accel_write(l->y[i], feed->y[i],
				  (size_t)accel_tensor_count(l->y[i]) * 4);
	for (i = 0; i < s->m->n_out && !err; i++)
		if (l->w[i])
			err = accel_write(l->w[i], feed->w[i],
					  (size_t)feed->n * sizeof(float));
	return err;
}

static accel_status read_results(const struct session *s, const struct lane *l,
				 struct losses *losses)
{
	uint32_t i, n = n_losses(s);
	accel_status err = ACCEL_OK;
	float value = 0;

	for (i = 0; i < s->m->n_out && !err && s->want_out; i++)
		err = accel_read(l->out[i], s->out[i],
				 (size_t)accel_tensor_count(l->out[i]) * 4);
	for (i = 0; i < n && !err; i++) {
		err = accel_read(l->loss[i], &value, sizeof(value));
		if (i < s->m->n_out)
			losses->of[i] = value;
		losses->total = value; /* the last is the sum */
	}
	return err;
}

accel_status session_step(struct session *s, const struct feed *feed,
			  struct losses *losses)
{
	struct accel_optimizer *o = s->training ? s->m->o.optimizer : NULL;
	struct lane *l = lane_of(s, feed->n);
	int64_t step = o ? o->step : 0;
	int micro = o ? o->micro : 0;
	accel_status err;

	if (!l)
		return ACCEL_ERR_NOMEM;
	err = write_batch(s, l, feed);
	if (!err)
		err = accel_scope_begin(s->m->ctx);
	if (err)
		return err;
	err = record(s, l);
	if (!err)
		err = accel_sync(s->m->ctx);
	/* what was pending before was carried out by the writes above */
	if (err)
		graph_discard(s->m->ctx);
	if (err && o) {
		o->step = step;
		o->micro = micro;
	}
	accel_scope_end(s->m->ctx);
	if (!err && s->finite)
		err = adjust_scale(s, step, micro);
	return err ? err : read_results(s, l, losses);
}
