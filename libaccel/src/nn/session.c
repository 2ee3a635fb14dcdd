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
#include "optimizer.h"

#define SCALE_STEPS 2000 /* without overflow, then the scale doubles */

accel_status session_init(struct session *s, accel_model *m,
			  const accel_samples *samples, int64_t batch,
			  bool training, bool targets, bool want_out)
{
	const struct shape *out = &m->output->out;
	int64_t last = out->ndim ? out->dim[out->ndim - 1] : 1;

	*s = (struct session){
		.m = m, .s = samples, .training = training, .targets = targets
	};
	s->out_each = shape_count(out);
	s->rows_each = s->out_each;
	if (m->o.loss <= ACCEL_CROSS_ENTROPY_LOGITS)
		s->rows_each /= last;
	if (batch > samples->count)
		batch = samples->count;
	if (want_out) {
		s->out = mem_alloc((size_t)(batch * s->out_each) *
				   sizeof(*s->out));
		if (!s->out)
			return ACCEL_ERR_NOMEM;
	}
	if (!training)
		return ACCEL_OK;
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

static void lane_finish(struct lane *l)
{
	accel_tensor_destroy(l->x);
	accel_tensor_destroy(l->y);
	accel_tensor_destroy(l->loss);
	accel_tensor_destroy(l->out);
	*l = (struct lane){ 0 };
}

void session_finish(struct session *s)
{
	lane_finish(&s->lane[0]);
	lane_finish(&s->lane[1]);
	accel_tensor_destroy(s->finite);
	mem_free(s->out);
	mem_free(s->weight);
	*s = (struct session){ 0 };
}

static accel_tensor *place(accel_context *ctx, accel_dtype dtype, int ndim,
			   const int64_t *shape)
{
	return accel_keep(accel_tensor_create(ctx, dtype, ndim, shape, NULL));
}

/* The targets are read on the device, apart from the input itself. */
static bool has_y(const struct session *s)
{
	return s->targets && !s->m->o.autoencode;
}

static accel_status lane_init(struct session *s, struct lane *l, int64_t n)
{
	int64_t shape[ACCEL_MAX_DIMS];
	const accel_model *m = s->m;
	int nd;

	nd = shape_batch(&m->node[0]->out, n, shape);
	l->x = place(m->ctx, ACCEL_F32, nd, shape);
	if (has_y(s)) {
		memcpy(shape, s->s->y.shape, sizeof(shape));
		shape[0] = n;
		l->y = place(m->ctx, s->s->y.dtype, s->s->y.ndim, shape);
	}
	if (s->targets)
		l->loss = place(m->ctx, ACCEL_F32, ACCEL_SCALAR);
	if (s->out) {
		nd = shape_batch(&m->output->out, n, shape);
		l->out = place(m->ctx, ACCEL_F32, nd, shape);
	}
	if (l->x && (l->y || !has_y(s)) && (l->loss || !s->targets) &&
	    (l->out || !s->out)) {
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
			       accel_tensor *out)
{
	accel_tensor *y = s->m->o.autoencode ? l->x : l->y;

	if (s->m->o.loss == ACCEL_SPARSE_CROSS_ENTROPY_LOGITS || !out)
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

static accel_status record(struct session *s, const struct lane *l)
{
	bool half = s->training && s->m->o.mixed_precision;
	accel_tensor *out, *loss;
	accel_status err = ACCEL_OK;

	out = model_forward(s->m, l->x, s->training,
			    half ? ACCEL_F16 : ACCEL_F32);
	if (!out)
		return ACCEL_ERR_INVALID;
	if (s->targets) {
		loss = accel_loss_of(s->m->o.loss, target_of(s, l, out), out);
		err = loss ? accel_assign(l->loss, loss) : ACCEL_ERR_INVALID;
		if (!err && s->training)
			err = backward(s, loss);
	}
	if (!err && s->out)
		err = accel_assign(l->out, out);
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

accel_status session_step(struct session *s, const struct feed *feed,
			  double *loss)
{
	struct accel_optimizer *o = s->training ? s->m->o.optimizer : NULL;
	struct lane *l = lane_of(s, feed->n);
	int64_t step = o ? o->step : 0;
	int micro = o ? o->micro : 0;
	accel_status err;
	float value;

	if (!l)
		return ACCEL_ERR_NOMEM;
	err = accel_write(l->x, feed->x,
			  (size_t)accel_tensor_count(l->x) * sizeof(float));
	if (!err && l->y)
		err = accel_write(l->y, feed->y,
				  (size_t)accel_tensor_count(l->y) * 4);
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
	if (!err && s->out)
		err = accel_read(l->out, s->out,
				 (size_t)accel_tensor_count(l->out) *
					 sizeof(float));
	if (!err && l->loss) {
		err = accel_read(l->loss, &value, sizeof(value));
		*loss = value;
	}
	return err;
}

/* ---- metrics ---- */

void session_measure(const struct session *s, const struct feed *feed,
		     struct metrics *m)
{
	bool classes = s->s->y.dtype == ACCEL_I32 && !s->m->o.autoencode;

	if (metrics_need_output(m))
		metrics_add(m, feed->n * s->rows_each,
			    s->m->o.autoencode ? feed->x : feed->y, classes,
			    s->out);
}

accel_status session_metrics(const struct session *s, struct metrics *m,
			     unsigned which, bool confusion)
{
	return metrics_init(m, which, s->m->o.loss,
			    (int)(s->out_each / s->rows_each), s->m->o.top_k,
			    s->s->count * s->rows_each, confusion);
}
