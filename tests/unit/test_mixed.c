// SPDX-License-Identifier: MIT
/* Mixed precision: what f16 cannot hold is done in f32, and a step that
 * overflowed is as if its batch had not been. */
#include "conform.h"

#include <accel/model.h>

#include "../../libaccel/src/nn/model.h"
#include "../../libaccel/src/nn/optimizer.h"

static accel_samples *samples_of(const float *x, int64_t n, int64_t f,
				 const float *y)
{
	const int64_t shape[2] = { n, f };

	return accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				    .x_shape = shape, .y = y,
				    .y_dtype = ACCEL_F32, .y_ndim = 1,
				    .y_shape = shape);
}

/* 4001 is no f16: its neighbours are 4000 and 4002. */
static void word_numbers(void)
{
	static const float x[8] = { 4001, 4001, 4001, 4001,
				    4001, 4001, 4001, 4001 };
	static const float y[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	static float before[5000], after[5000];
	accel_samples *s = samples_of(x, 8, 1, y);
	accel_model *m = accel_sequential(ctx, accel_flatten(),
					  accel_embedding(5000, 1),
					  accel_flatten());
	int i, changed = 0;

	accel_compile(m, .optimizer = accel_sgd(.lr = 0.1), .loss = ACCEL_MSE,
		      .mixed_precision = true);
	accel_model_build(m, ACCEL_SHAPE(1));
	model_weights_read(m, before);
	CHECK(!accel_fit(m, s, .verbose = -1), "%s: an embedding learns",
	      label);
	model_weights_read(m, after);
	for (i = 0; i < 5000; i++)
		changed += before[i] < after[i] || before[i] > after[i];
	CHECK(changed == 1 && after[4001] > before[4001],
	      "%s: the row of word 4001 alone", label);
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

/* Values up to 3000: their squares are no f16. */
static void statistics(void)
{
	float x[64], y[32], var[2];
	accel_samples *s;
	accel_model *m;
	int i;

	for (i = 0; i < 64; i++)
		x[i] = (float)(i * 37 % 64) * 90 - 2800;
	for (i = 0; i < 32; i++)
		y[i] = x[2 * i] > 0;
	s = samples_of(x, 32, 2, y);
	m = accel_sequential(ctx, accel_batch_normalization(),
			     accel_layer_normalization(), accel_dense(1));
	accel_compile(m, .optimizer = accel_adam(.lr = 0.05),
		      .loss = ACCEL_BINARY_CROSS_ENTROPY_LOGITS,
		      .mixed_precision = true);
	CHECK(!accel_fit(m, s, .epochs = 2, .verbose = -1),
	      "%s: large values are normalised", label);
	accel_read(accel_model_weight(m, "batch_normalization/moving_variance"),
		   var, sizeof(var));
	CHECK(isfinite(var[0]) && var[0] > 1000 && isfinite(var[1]),
	      "%s: their variance is finite (%g)", label, (double)var[0]);
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

static double scale_was;
static int lost, bumps;

/* Counts overflows, and brings more about: once where one batch is gathered,
 * once where none is. */
static bool overflow(void *user, const accel_progress *p)
{
	struct accel_optimizer *o = p->model->o.optimizer;

	lost += p->model->scale < scale_was;
	if (user && ((!bumps && o->step == 1 && o->micro == 1) ||
		     (bumps == 1 && o->step == 3 && o->micro == 0))) {
		p->model->scale = 0x1p12;
		bumps++;
	}
	scale_was = p->model->scale;
	return true;
}

/* Every batch the same, so that one more or less makes no difference. */
static accel_model *gathered(accel_samples *s, int epochs, bool overflows)
{
	accel_model *m = accel_sequential(ctx, accel_dense(1));

	accel_compile(m,
		      .optimizer = accel_sgd(.lr = 0.01, .momentum = 0.5,
					     .accumulate = 2),
		      .loss = ACCEL_MSE, .mixed_precision = true);
	accel_model_build(m, ACCEL_SHAPE(1));
	m->scale = scale_was = 1;
	accel_fit(m, s, .epochs = epochs, .verbose = -1, .on_epoch = overflow,
		  .user = overflows ? m : NULL);
	return m;
}

static void gathering(void)
{
	float x[8], y[8], w[2][2];
	accel_model *m[2];
	accel_samples *s;
	int i;

	for (i = 0; i < 8; i++) {
		x[i] = (float)(i % 4) / 4;
		y[i] = 100 + x[i];
	}
	s = samples_of(x, 8, 1, y);
	lost = bumps = 0;
	m[0] = gathered(s, 25, true);
	CHECK(bumps == 2 && lost > 4 && lost < 15,
	      "%s: %d of 25 batches overflow", label, lost);
	m[1] = gathered(s, 25 - lost, false);
	CHECK(m[0]->o.optimizer->step == (25 - lost) / 2 &&
		      m[0]->o.optimizer->step == m[1]->o.optimizer->step &&
		      m[0]->o.optimizer->micro == m[1]->o.optimizer->micro,
	      "%s: the others are gathered two by two", label);
	for (i = 0; i < 2; i++) {
		model_weights_read(m[i], w[i]);
		accel_model_destroy(m[i]);
	}
	CHECK(fabsf(w[0][1] - w[1][1]) < 2e-3f * w[1][1] && w[1][1] > 1,
	      "%s: and lead to the same weights (%g, %g)", label,
	      (double)w[0][1], (double)w[1][1]);
	accel_samples_destroy(s);
}

static void suite(void)
{
	word_numbers();
	statistics();
	gathering();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
