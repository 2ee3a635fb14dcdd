// SPDX-License-Identifier: MIT
/*
 * Sums of more terms than a shader's loop may turn on lavapipe are whole, on
 * whichever processor they run.
 */
#include <stdlib.h>

#include <accel/context.h>
#include <accel/graph.h>
#include <accel/ops.h>

#include "tap.h"

#define N 70000

static accel_context *ctx;
static const char *label;

static accel_tensor *ones(int ndim, const int64_t *shape)
{
	return accel_copy(accel_full(ctx, ACCEL_F32, ndim, shape, 1));
}

/* The last element. */
static void last(accel_tensor *t, float want, const char *what)
{
	int64_t n = accel_tensor_count(t);
	float *v = calloc((size_t)n + 1, sizeof(*v));
	bool ok = v && !accel_read(t, v, (size_t)n * sizeof(*v));

	if (!CHECK(ok && v[n - 1] == want, "%s: %s", label, what))
		printf("# %g, not %g; %s\n", v ? v[n - 1] : 0, want,
		       accel_last_error());
	free(v);
}

static void suite(const char *device)
{
	accel_tensor *x, *w, *zero, *loss, *g = NULL;

	label = device;
	ctx = accel_open(device, .threads = 2);
	if (!ctx) {
		printf("ok %d - %s # SKIP %s\n", ++tap_run, label,
		       accel_last_error());
		return;
	}
	accel_scope_begin(ctx);
	x = ones(ACCEL_SHAPE(N));
	last(accel_sum(x, ACCEL_ALL_AXES, false), N, "a long sum");
	last(accel_cumsum(x, 0), N, "a long running sum");
	last(accel_mul_scalar(accel_softmax(x, 0), N), 1, "a long softmax");
	w = accel_reshape(x, ACCEL_SHAPE(1, N));
	last(accel_matmul(w, w, .transpose_b = true), N,
	     "a long product of matrices");
	last(accel_relu(accel_add_scalar(
		     accel_matmul(w, w, .transpose_b = true), 1)),
	     N + 1, "and with a tail");
	zero = accel_tensor_create(ctx, ACCEL_I32, ACCEL_SHAPE(N), NULL);
	w = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(1), NULL);
	last(accel_scatter_add(w, 0, zero, x), N, "many added to one");

	x = ones(ACCEL_SHAPE(1, 1, 280, 280));
	last(accel_conv2d(x, ones(ACCEL_SHAPE(1, 1, 280, 280))), 280 * 280,
	     "a large window");
	w = ones(ACCEL_SHAPE(1, 1, 3, 3));
	loss = accel_sum(accel_conv2d(x, w), ACCEL_ALL_AXES, false);
	accel_grad(loss, 1, &w, &g);
	last(g, 278 * 278, "the gradient of a small one");
	x = accel_cumsum(accel_cumsum(x, 3), 2);
	last(accel_max_pool2d(x, .size = { 280, 280 }), 280 * 280,
	     "the largest of a large window");
	x = ones(ACCEL_SHAPE(1, 9000, 3, 3));
	last(accel_conv2d(x, ones(ACCEL_SHAPE(1, 9000, 3, 3))), 81000,
	     "many channels");
	last(accel_slice(accel_flatten_from(
				 accel_conv_transpose2d(
					 x, ones(ACCEL_SHAPE(9000, 1, 3, 3))),
				 0),
			 0, 0, 13, 1),
	     81000, "many channels, transposed");
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(1, 1, 2, 2), NULL);
	loss = accel_sum(accel_resize(x, 540, 540, ACCEL_NEAREST),
			 ACCEL_ALL_AXES, false);
	accel_grad(loss, 1, &x, &g);
	last(g, 270 * 270, "the gradient of a large resize");
	accel_scope_end(ctx);
	accel_close(ctx);
}

int main(void)
{
	suite("cpu");
#ifndef __SANITIZE_ADDRESS__ /* a driver's own leaks are not ours to judge */
	suite("vulkan");
	setenv("ACCEL_LIMITS", "v3d42", 1);
	suite("vulkan");
#endif
	return tap_done();
}
