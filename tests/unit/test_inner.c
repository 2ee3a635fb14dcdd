// SPDX-License-Identifier: MIT
/*
 * An op that is made of several owns what is recorded on the way: outside any
 * scope, a tensor made and destroyed leaves nothing behind, nor does one that
 * was refused.
 */
#include <accel/loss.h>
#include <accel/optimizer.h>

#include "conform.h"

#include "../../libaccel/src/tensor/node.h"

static int nodes(void)
{
	const accel_tensor *t;
	int n = 0;

	for (t = ctx->nodes; t; t = t->next)
		n++;
	return n;
}

static accel_tensor *x, *i8, *i32, *w, *image, *row;

static accel_tensor *made(int which)
{
	accel_tensor *v = NULL;

	switch (which) {
	case 0:
		return accel_add(x, i8);
	case 1:
		return accel_sub(x, row);
	case 2:
		return accel_add_scalar(x, 1.5);
	case 3:
		return accel_pow_scalar(i8, 3);
	case 4:
		return accel_greater(row, x);
	case 5:
		return accel_where(x, i8, row);
	case 6:
		return accel_exp(i8);
	case 7:
		return accel_mean(i8, ACCEL_AXES(0), false);
	case 8:
		return accel_var(x, ACCEL_ALL_AXES, false);
	case 9:
		return accel_sum(i8, ACCEL_AXES(1), false);
	case 10:
		return accel_argmax(x, 0, false);
	case 11:
		return accel_cumsum(i8, 0);
	case 12:
		return accel_softmax(i8, 1);
	case 13:
		return accel_layer_norm(i8, row, row, 1e-3);
	case 14:
		return accel_batch_norm(image, w, w, w, w, 1e-3);
	case 15:
		return accel_matmul(x, i8, .transpose_b = true);
	case 16: /* refused, of integers and floats, after a cast */
		return accel_conv2d(i8, x);
	case 17:
		return accel_conv2d(image, image);
	case 18:
		return accel_avg_pool2d(image, .size = { 2, 2 });
	case 19:
		return accel_resize(image, 3, 3, ACCEL_BILINEAR);
	case 20:
		return accel_gather(x, 0, i8);
	case 21:
		return accel_scatter_add(x, 0, i8, i8);
	case 22:
		return accel_embedding_lookup(x, i8);
	case 23:
		return accel_one_hot(i8, 4, ACCEL_F16);
	case 24:
		return accel_concat(2, (accel_tensor *[]){ x, i8 }, 0);
	case 25:
		return accel_full(ctx, ACCEL_F32, ACCEL_SHAPE(2, 3), 1);
	case 26:
		return accel_random_normal(ctx, ACCEL_SHAPE(7));
	case 27:
		return accel_random_dropout(i8, 0.5);
	case 28:
		return accel_topk(x, 2, &v, NULL) ? NULL : v;
	case 29:
		return accel_topk(x, 2, NULL, &v) ? NULL : v;
	case 30:
		return accel_conv_transpose2d(image, image);
	case 31:
		return accel_loss_of(ACCEL_MSE, i8, x);
	case 32:
		return accel_loss_of(ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, i32, x);
	case 33:
		return accel_clip_value(x, 0.1);
	case 34:
		return accel_clip_norm(x, 0.1);
	case 35:
		return accel_sum(i8, ACCEL_AXES(7), false);
	default:
		return NULL;
	}
}
#define MADE 36

static void every_op(void)
{
	accel_tensor *t;
	static char out[4096];
	int which, before;

	for (which = 0; which < MADE; which++) {
		before = nodes();
		t = made(which);
		if (t)
			accel_sync(ctx);
		accel_tensor_destroy(t);
		if (!CHECK(nodes() == before,
			   "%s: op %d, made and destroyed, leaves nothing",
			   label, which))
			printf("# %d nodes more\n", nodes() - before);
		before = nodes();
		t = made(which);
		if (t)
			accel_read(t, out,
				   accel_tensor_count(t) *
					   accel_dtype_size(t->l.dtype));
		accel_tensor_destroy(t);
		CHECK(nodes() == before, "%s: nor when it was read", label);
	}
}

/* A value is as good as in a scope, and so is a gradient. */
static void good_values(void)
{
	accel_tensor *y = accel_mean(x, ACCEL_ALL_AXES, false),
		     *g[2] = { NULL };
	accel_tensor *wrt[2] = { x, x }, *sum = accel_sum(x, ACCEL_ALL_AXES, 0);
	float a = 0, b = 0, d[12] = { 0 };
	int before = nodes();

	CHECK(!accel_read(y, &a, 4) && !accel_read(sum, &b, 4) &&
		      fabsf(a * 12 - b) < 1e-5f,
	      "%s: a mean outside a scope is a mean", label);
	accel_tensor_destroy(y);
	y = accel_mean(x, ACCEL_ALL_AXES, false);
	before = nodes();
	CHECK(!accel_grad(y, 2, wrt, g) && !accel_read(g[1], d, sizeof(d)) &&
		      fabsf(d[11] * 12 - 1) < 1e-6f,
	      "%s: so is a gradient", label);
	accel_tensor_destroy(g[0]);
	accel_tensor_destroy(g[1]);
	CHECK(nodes() <= before, "%s: which leaves nothing", label);
	accel_tensor_destroy(y);
	accel_tensor_destroy(sum);
}

static void suite(void)
{
	float numbers[12] = { 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2 };
	int8_t small[12] = { 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2 };
	int32_t classes[4] = { 0, 1, 2, 0 };

	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(4, 3), numbers);
	i8 = accel_tensor_create(ctx, ACCEL_I8, ACCEL_SHAPE(4, 3), small);
	i32 = accel_tensor_create(ctx, ACCEL_I32, ACCEL_SHAPE(4), classes);
	row = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3), numbers);
	w = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2), numbers + 1);
	image = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(1, 2, 2, 3),
				    numbers);
	every_op();
	good_values();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
