// SPDX-License-Identifier: MIT
/*
 * A training step of one's own: a tape, a loss with a penalty, clipped
 * gradients, an optimizer. It learns y = sin(x).
 */
#include <math.h>
#include <stdio.h>

#include <accel/accel.h>

#define BATCH 64
#define STEPS 1500

static float step(accel_model *m, accel_optimizer *o, accel_tensor *x,
		  accel_tensor *y)
{
	accel_context *ctx = accel_model_context(m);
	accel_tensor *w[8], *g[8], *out, *loss, *penalty;
	accel_tape *tape = accel_tape_begin(ctx);
	int n = accel_model_weights(m, true, w);
	float value = NAN;

	out = accel_model_call(m, x, true); /* [64, 1] */
	loss = accel_loss_of(ACCEL_HUBER, y, out);
	penalty = accel_sum(accel_mul(w[0], w[0]), ACCEL_ALL_AXES, false);
	loss = accel_add(loss, accel_mul_scalar(penalty, 1e-6));
	if (accel_tape_gradient(tape, loss, n, w, g) ||
	    accel_clip_global_norm(n, g, 1) ||
	    accel_optimizer_apply(o, n, w, g) ||
	    accel_read(loss, &value, sizeof(value))) /* computes it all */
		fprintf(stderr, "step: %s\n", accel_last_error());
	accel_tape_end(tape);
	return value;
}

int main(void)
{
	accel_context *ctx = accel_open(NULL);
	accel_model *m = accel_sequential(
		ctx, accel_dense(32, .activation = ACCEL_TANH),
		accel_dense(32, .activation = ACCEL_TANH), accel_dense(1));
	accel_optimizer *o =
		accel_adamw(.lr = 0.01,
			    .schedule = { .kind = ACCEL_SCHEDULE_COSINE,
					  .warmup = 50,
					  .steps = STEPS });
	accel_tensor *x, *y;
	float xs[BATCH], ys[BATCH], loss = NAN;
	int i;

	for (i = 0; i < BATCH; i++) {
		xs[i] = 6.2832f * (float)i / BATCH - 3.1416f;
		ys[i] = sinf(xs[i]);
	}
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(BATCH, 1), xs);
	y = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(BATCH, 1), ys);
	if (!x || !y || !o || accel_model_build(m, ACCEL_SHAPE(1))) {
		fprintf(stderr, "custom_step: %s\n", accel_last_error());
		return 1;
	}
	for (i = 0; i < STEPS; i++) {
		loss = step(m, o, x, y);
		if (i % 300 == 0)
			printf("step %4d: loss %.6f\n", i, loss);
	}
	printf("step %4d: loss %.6f\n", i, loss);
	accel_optimizer_destroy(o);
	accel_model_destroy(m);
	accel_close(ctx);
	return !(loss < 1e-3f);
}
