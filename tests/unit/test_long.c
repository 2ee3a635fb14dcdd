// SPDX-License-Identifier: MIT
/*
 * Loops of more turns than a shader's may make on lavapipe (65535, all of an
 * invocation together) give whole results, on whichever processor they run:
 * every op that loops, along every axis it loops over, for few outputs and for
 * many, over operands that lie in memory as their shape says and the other way
 * round.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <accel/context.h>
#include <accel/graph.h>
#include <accel/ops.h>

#include "tap.h"

#define N 70000

static accel_context *ctx;
static const char *label;
static bool turned; /* operands lie the other way round */

/* Element [i, j, ...] is at(i * sizes + j ...), of f32. */
typedef float at_fn(const int64_t *index);

static float one(const int64_t *index)
{
	(void)index;
	return 1;
}

static float first(const int64_t *index)
{
	return (float)index[0];
}

static float second(const int64_t *index)
{
	return (float)index[1];
}

static float third(const int64_t *index)
{
	return (float)index[2];
}

static accel_tensor *make(at_fn *at, int ndim, const int64_t *shape)
{
	int64_t lies[6], index[6] = { 0 }, n = 1, i;
	int order[6], d;
	accel_tensor *t;
	float *v;

	for (d = 0; d < ndim; d++) {
		order[d] = turned ? ndim - 1 - d : d;
		lies[d] = shape[order[d]];
		n *= shape[d];
	}
	v = malloc((size_t)n * sizeof(*v));
	for (i = 0; v && i < n; i++) {
		v[i] = at(index);
		for (d = ndim; d-- > 0;) {
			if (++index[order[d]] < shape[order[d]])
				break;
			index[order[d]] = 0;
		}
	}
	t = accel_tensor_create(ctx, ACCEL_F32, ndim, lies, v);
	free(v);
	return turned ? accel_permute(t, order) : t;
}

static accel_tensor *ones(int ndim, const int64_t *shape)
{
	return make(one, ndim, shape);
}

/* All elements are `want`, or with `last` the last one is. */
static void expect(accel_tensor *t, double want, bool last, const char *what)
{
	accel_tensor *f = accel_cast(t, ACCEL_F32);
	int64_t n = accel_tensor_count(f), i, bad = -1;
	float *v = calloc((size_t)n + 1, sizeof(*v));
	bool ok = v && !accel_read(f, v, (size_t)n * sizeof(*v));

	for (i = last ? n - 1 : 0; ok && i < n && bad < 0; i++)
		if (!(fabs(v[i] - want) <= 2e-6 * fabs(want)))
			bad = i;
	if (!CHECK(ok && n && bad < 0, "%s: %s%s", label, what,
		   turned ? ", turned" : ""))
		printf("# element %lld is %g, not %g; %s\n", (long long)bad,
		       bad < 0 ? 0 : (double)v[bad], want, accel_last_error());
	free(v);
}

static void all(accel_tensor *t, double want, const char *what)
{
	expect(t, want, false, what);
}

static void last(accel_tensor *t, double want, const char *what)
{
	expect(t, want, true, what);
}

/* ---- along one axis ---- */

static accel_tensor *reduce_all(accel_tensor *x, int axis, int op)
{
	switch (op) {
	case 0:
		return accel_sum(x, ACCEL_AXES(axis), false);
	case 1:
		return accel_mean(x, ACCEL_AXES(axis), false);
	case 2:
		return accel_prod(x, ACCEL_AXES(axis), false);
	case 3:
		return accel_var(x, ACCEL_AXES(axis), false);
	case 4:
		return accel_max(x, ACCEL_AXES(axis), false);
	case 5: /* the last one is the smallest */
		return accel_min(accel_neg(x), ACCEL_AXES(axis), false);
	case 6:
		return accel_argmax(x, axis, false);
	default:
		return accel_argmin(accel_neg(x), axis, false);
	}
}

static void reductions(int64_t outputs, int axis)
{
	static const char *const name[] = { "sum", "mean", "prod",   "var",
					    "max", "min",  "argmax", "argmin" };
	const double want[] = { N, 1, 1, 0, N - 1, 1 - N, N - 1, N - 1 };
	const int64_t shape[] = { axis ? outputs : N, axis ? N : outputs };
	accel_tensor *flat, *ramp;
	char text[64];
	int op;

	accel_scope_begin(ctx);
	flat = ones(2, shape);
	ramp = make(axis ? second : first, 2, shape);
	for (op = 0; op < 8; op++) {
		snprintf(text, sizeof(text), "%s, axis %d, %d outputs",
			 name[op], axis, (int)outputs);
		all(reduce_all(op < 4 ? flat : ramp, axis, op), want[op], text);
	}
	accel_scope_end(ctx);
}

/* Axes that lie apart, of narrow types, and one in the middle. */
static void other_reductions(void)
{
	accel_tensor *x = ones(ACCEL_SHAPE(4, 66, 170, 110));
	accel_tensor *y = make(third, ACCEL_SHAPE(3, 9, 70000));

	all(accel_sum(x, ACCEL_AXES(0, 2, 3), false), 4 * 170 * 110,
	    "the gradient of a bias");
	all(accel_mean(x, ACCEL_ALL_AXES, false), 1, "a mean of 5 million");
	all(accel_sum(accel_cast(x, ACCEL_I8), ACCEL_AXES(0, 2, 3), false),
	    4 * 170 * 110, "the same of i8");
	all(accel_sum(accel_cast(x, ACCEL_F16), ACCEL_AXES(0, 2), false),
	    4 * 170, "the same of f16");
	all(accel_relu(accel_add_scalar(
		    accel_sum(x, ACCEL_AXES(0, 2, 3), false), 1)),
	    4 * 170 * 110 + 1, "and with a tail");
	all(accel_max(accel_transpose(y, 1, 2), ACCEL_AXES(1), false), N - 1,
	    "max, the axis in the middle");
}

static void rows(int64_t outputs, int axis)
{
	const int64_t shape[] = { axis ? outputs : N, axis ? N : outputs };
	accel_tensor *x, *ramp, *best, *place, *zero;
	char text[64];

	accel_scope_begin(ctx);
	x = ones(2, shape);
	ramp = make(axis ? second : first, 2, shape);
	snprintf(text, sizeof(text), "softmax, axis %d of %d", axis,
		 (int)outputs);
	all(accel_mul_scalar(accel_softmax(x, axis), N), 1, text);
	snprintf(text, sizeof(text), "log-softmax, axis %d of %d", axis,
		 (int)outputs);
	all(accel_log_softmax(x, axis), -log(N), text);
	snprintf(text, sizeof(text), "cumsum, axis %d of %d", axis,
		 (int)outputs);
	last(accel_cumsum(x, axis), N, text);
	/* the last one's distance from the mean by the deviation */
	snprintf(text, sizeof(text), "normalize, axis %d of %d", axis,
		 (int)outputs);
	last(accel_normalize(ramp, ACCEL_AXES(axis), 0),
	     (N - 1) / 2.0 / sqrt(((double)N * N - 1) / 12), text);
	zero = accel_tensor_create(ctx, ACCEL_I32, 2, shape, NULL);
	snprintf(text, sizeof(text), "scatter_add, axis %d of %d", axis,
		 (int)outputs);
	all(accel_scatter_add(
		    accel_tensor_create(ctx, ACCEL_F32,
					ACCEL_SHAPE(axis ? outputs : 1,
						    axis ? 1 : outputs),
					NULL),
		    axis, zero, x),
	    N, text);
	if (axis && !accel_topk(ramp, 66, &best, &place)) {
		snprintf(text, sizeof(text), "the 66 best, %d rows",
			 (int)outputs);
		last(best, N - 66, text);
		last(place, N - 66, text);
	}
	accel_scope_end(ctx);
}

/* ---- products ---- */

static void products(void)
{
	static const int64_t side[][2] = { { 1, 1 }, { 2, 40 }, { 40, 40 } };
	accel_tensor *a, *b;
	char text[64];
	size_t i;

	for (i = 0; i < 3; i++) {
		accel_scope_begin(ctx);
		a = ones(ACCEL_SHAPE(side[i][0], N));
		b = ones(ACCEL_SHAPE(N, side[i][1]));
		snprintf(text, sizeof(text), "a product of %d by %d sums",
			 (int)side[i][0], (int)side[i][1]);
		all(accel_matmul(a, b), N, text);
		all(accel_matmul(accel_cast(a, ACCEL_I8),
				 accel_cast(b, ACCEL_U8)),
		    N, text);
		all(accel_relu(accel_add_scalar(accel_matmul(a, b), 1)), N + 1,
		    text);
		accel_scope_end(ctx);
	}
	a = ones(ACCEL_SHAPE(3, 9, 270000));
	b = ones(ACCEL_SHAPE(270000, 9));
	all(accel_matmul(a, b), 270000, "a product of 270000 terms a sum");
}

/* ---- planes ---- */

static accel_tensor *gradient(accel_tensor *y, accel_tensor *by)
{
	accel_tensor *g = NULL;

	accel_grad(accel_sum(y, ACCEL_ALL_AXES, false), 1, &by, &g);
	return g;
}

static void convolutions(void)
{
	accel_tensor *x, *w;

	all(accel_conv2d(ones(ACCEL_SHAPE(1, 1, 280, 280)),
			 ones(ACCEL_SHAPE(1, 1, 280, 280))),
	    280 * 280, "a large window");
	all(accel_conv2d(ones(ACCEL_SHAPE(1, 16, 140, 140)),
			 ones(ACCEL_SHAPE(33, 16, 140, 140))),
	    16 * 140 * 140, "a large window of many channels");
	all(accel_conv2d(ones(ACCEL_SHAPE(1, 9000, 3, 3)),
			 ones(ACCEL_SHAPE(1, 9000, 3, 3))),
	    81000, "many channels");
	all(accel_conv2d(ones(ACCEL_SHAPE(2, 68000, 2, 2)),
			 ones(ACCEL_SHAPE(9, 68000, 1, 1))),
	    68000, "many channels, 1 by 1");
	last(accel_slice(accel_flatten_from(
				 accel_conv_transpose2d(
					 ones(ACCEL_SHAPE(1, 9000, 3, 3)),
					 ones(ACCEL_SHAPE(9000, 1, 3, 3))),
				 0),
			 0, 0, 13, 1),
	     81000, "many channels, transposed");
	x = ones(ACCEL_SHAPE(1, 1, 280, 280));
	w = ones(ACCEL_SHAPE(1, 1, 3, 3));
	all(gradient(accel_conv2d(x, w), w), 278 * 278,
	    "the gradient by a small window");
	x = ones(ACCEL_SHAPE(1, 16, 280, 280));
	w = ones(ACCEL_SHAPE(16, 16, 3, 3));
	all(gradient(accel_conv2d(x, w), w), 278 * 278,
	    "the gradient by many windows");
	all(gradient(accel_conv2d(x, w, .stride = { 2, 2 }), w), 139 * 139,
	    "the gradient by many windows, with strides");
	x = ones(ACCEL_SHAPE(2000, 2, 60, 60));
	w = ones(ACCEL_SHAPE(2, 1, 2, 2));
	all(gradient(accel_conv2d(x, w, .groups = 2), w), 2000 * 59 * 59,
	    "the gradient by windows of groups");
	x = ones(ACCEL_SHAPE(1, 1, 1, 1));
	w = ones(ACCEL_SHAPE(70000, 1, 1, 1));
	all(gradient(accel_conv2d(x, w), x), 70000,
	    "the gradient by what many channels are made of");
}

static void planes(void)
{
	accel_tensor *x = ones(ACCEL_SHAPE(1, 2, 280, 280)), *y;

	all(accel_avg_pool2d(x, .size = { 280, 280 }), 1,
	    "the average of a large window");
	y = accel_cumsum(accel_cumsum(x, 3), 2);
	all(accel_max_pool2d(y, .size = { 280, 280 }), 280 * 280,
	    "the largest of a large window");
	last(gradient(accel_max_pool2d(y, .size = { 280, 280 }), y), 1,
	     "its gradient");
	/* each inner element is in 41 * 41 windows, of 41 * 41 taps */
	x = ones(ACCEL_SHAPE(1, 1, 121, 121));
	y = gradient(
		accel_avg_pool2d(x, .size = { 41, 41 }, .stride = { 1, 1 }), x);
	last(accel_slice(accel_flatten_from(y, 0), 0, 0, 60 * 121 + 61, 1), 1,
	     "the gradient of an average in many windows");
	x = ones(ACCEL_SHAPE(1, 1, 2, 2));
	all(gradient(accel_resize(x, 540, 540, ACCEL_NEAREST), x), 270 * 270,
	    "the gradient of a large resize");
	all(gradient(accel_resize(x, 540, 540, ACCEL_BILINEAR), x), 270 * 270,
	    "the gradient of a large resize, bilinear");
}

static void suite(const char *device)
{
	int axis, i;

	label = getenv("ACCEL_LIMITS");
	label = label ? label : device;
	ctx = accel_open(device, .threads = 2);
	if (!ctx) {
		printf("ok %d - %s # SKIP %s\n", ++tap_run, label,
		       accel_last_error());
		return;
	}
	for (i = 0; i < 2; i++) {
		turned = i;
		accel_scope_begin(ctx);
		other_reductions();
		products();
		convolutions();
		planes();
		last(accel_arange(ctx, ACCEL_F32, N), N - 1, "arange");
		accel_scope_end(ctx);
		for (axis = 0; axis < 2; axis++) {
			reductions(1, axis);
			reductions(9, axis);
			reductions(66, axis);
			rows(1, axis);
			rows(9, axis);
		}
	}
	accel_close(ctx);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;

	if (!only || !strcmp(only, "cpu"))
		suite("cpu");
#ifdef __SANITIZE_ADDRESS__ /* a driver's own leaks are not ours to judge */
	if (!only)
		return tap_done();
#endif
	if (!only || !strcmp(only, "vulkan"))
		suite("vulkan");
	if (!only || !strcmp(only, "v3d42")) {
		setenv("ACCEL_LIMITS", "v3d42", 1);
		suite("vulkan");
	}
	return tap_done();
}
