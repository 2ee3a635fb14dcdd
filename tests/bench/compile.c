// SPDX-License-Identifier: MIT
/*
 * compile STEPS DEVICE: a training step of GRU(16) through so many steps of
 * time, plain gradient descent, batches of 4. Prints the seconds of its first
 * time, in which its plan is made, and of its second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <accel/accel.h>

#define WEIGHTS 16

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One step; returns its seconds, < 0 on failure. */
static double step(accel_context *ctx, accel_model *m, int steps)
{
	int n = accel_model_weights(m, true, NULL), i;
	accel_tensor *w[WEIGHTS], *g[WEIGHTS], *x, *y, *loss;
	double began = now();
	accel_status err;
	float value;

	if (n > WEIGHTS)
		return -1;
	accel_model_weights(m, true, w);
	accel_scope_begin(ctx);
	x = accel_random_uniform(ctx, ACCEL_SHAPE(4, steps, 3));
	y = accel_random_uniform(ctx, ACCEL_SHAPE(4, 1));
	loss = accel_loss_of(ACCEL_MSE, y, accel_model_call(m, x, true));
	err = accel_grad(loss, n, w, g);
	for (i = 0; i < n && !err; i++)
		err = accel_assign(
			w[i], accel_sub(w[i], accel_mul_scalar(g[i], 0.01)));
	if (!err)
		err = accel_read(loss, &value, sizeof(value));
	accel_scope_end(ctx);
	return err ? -1 : now() - began;
}

int main(int argc, char **argv)
{
	int steps = argc > 1 ? atoi(argv[1]) : 0;
	accel_context *ctx = accel_open(argc > 2 ? argv[2] : "cpu");
	accel_model *m = accel_sequential(ctx, accel_gru(16), accel_dense(1));
	double first = -1, second = -1;

	if (steps > 0 && !accel_model_build(m, 2, (int64_t[]){ steps, 3 })) {
		first = step(ctx, m, steps);
		second = step(ctx, m, steps);
	}
	if (first < 0 || second < 0)
		fprintf(stderr, "compile: %s\n", accel_last_error());
	else
		printf("%.3f %.3f\n", first, second);
	accel_model_destroy(m);
	accel_close(ctx);
	return first < 0 || second < 0;
}
