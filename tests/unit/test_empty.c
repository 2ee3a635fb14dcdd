// SPDX-License-Identifier: MIT
/*
 * Tensors without elements: every op takes them, makes of them what numpy does,
 * and no kernel runs for them.
 */
#include "conform.h"

#include <accel/graph.h>

#define NONE ACCEL_SHAPE(3, 0)

static accel_tensor *none(int ndim, const int64_t *shape)
{
	return accel_tensor_create(ctx, ACCEL_F32, ndim, shape, NULL);
}

/* Whether t has this shape and, where it has elements, this value in all. */
static void is(const char *name, accel_tensor *t, double value, int ndim,
	       const int64_t *shape)
{
	float got[64] = { 0 };
	int64_t i, n = accel_tensor_count(t);
	bool ok = t && accel_tensor_ndim(t) == ndim && n <= 64;

	for (i = 0; ok && i < ndim; i++)
		ok = accel_tensor_dim(t, (int)i) == shape[i];
	t = accel_tensor_dtype(t) == ACCEL_F32 ? t : accel_cast(t, ACCEL_F32);
	ok = ok && !accel_read(t, n ? got : NULL, (size_t)n * 4);
	for (i = 0; ok && i < n; i++)
		ok = isnan(value) ? isnan(got[i]) : got[i] == value;
	CHECK(ok, "%s: %s", label, name);
	if (!ok)
		printf("# %s, %g: %s\n",
		       t ? shape_text(accel_tensor_ndim(t),
				      accel_tensor_shape(t))
			 : "none",
		       got[0], accel_last_error());
}

static void elements(void)
{
	accel_tensor *x = none(NONE),
		     *one = values(ACCEL_F32, ACCEL_SHAPE(1, 4));

	is("a tensor", x, 0, NONE);
	CHECK(!accel_write(x, NULL, 0), "%s: nothing is written", label);
	is("x + x", accel_add(x, x), 0, NONE);
	is("of one and none there is none",
	   accel_add(none(ACCEL_SHAPE(0, 1)), one), 0, ACCEL_SHAPE(0, 4));
	is("a chain", accel_tanh(accel_mul(accel_exp(x), x)), 0, NONE);
	is("where", accel_where(accel_less(x, x), x, x), 0, NONE);
	is("another type", accel_cast(x, ACCEL_I8), 0, NONE);
	is("a constant", accel_full(ctx, ACCEL_F32, NONE, 3), 0, NONE);
	is("arange", accel_arange(ctx, ACCEL_I32, 0), 0, ACCEL_SHAPE(0));
	is("random numbers", accel_random_uniform(ctx, NONE), 0, NONE);
}

static void views(void)
{
	accel_tensor *x = none(ACCEL_SHAPE(2, 0, 3)), *parts[2];
	accel_tensor *some = values(ACCEL_F32, ACCEL_SHAPE(4, 3));

	is("transposed", accel_transpose(x, 0, 2), 0, ACCEL_SHAPE(3, 0, 2));
	is("reshaped", accel_reshape(x, ACCEL_SHAPE(0, 7)), 0,
	   ACCEL_SHAPE(0, 7));
	is("what is inferred beside sizes",
	   accel_reshape(x, ACCEL_SHAPE(-1, 3)), 0, ACCEL_SHAPE(0, 3));
	is("flattened", accel_flatten_from(x, 1), 0, ACCEL_SHAPE(2, 0));
	is("a slice of none", accel_slice(some, 0, 2, 2, 1), 0,
	   ACCEL_SHAPE(0, 3));
	is("with another dimension", accel_expand(x, 1), 0,
	   ACCEL_SHAPE(2, 1, 0, 3));
	is("broadcast", accel_broadcast(x, ACCEL_SHAPE(5, 2, 0, 3)), 0,
	   ACCEL_SHAPE(5, 2, 0, 3));
	CHECK(!accel_split(x, 1, 2, parts), "%s: split", label);
	is("a part", parts[1], 0, ACCEL_SHAPE(2, 0, 3));
	CHECK(!accel_reshape(x, ACCEL_SHAPE(0, -1)),
	      "%s: what is inferred beside 0 is refused", label);
}

static void reductions(void)
{
	accel_tensor *x = none(NONE), *y = none(ACCEL_SHAPE(0, 3));

	is("the sum of nothing", accel_sum(x, ACCEL_AXES(1), false), 0,
	   ACCEL_SHAPE(3));
	is("the product of nothing", accel_prod(x, ACCEL_AXES(1), true), 1,
	   ACCEL_SHAPE(3, 1));
	is("the mean of nothing", accel_mean(x, ACCEL_AXES(1), false), NAN,
	   ACCEL_SHAPE(3));
	is("a sum that leaves none", accel_sum(x, ACCEL_AXES(0), false), 0,
	   ACCEL_SHAPE(0));
	is("a largest that leaves none", accel_max(y, ACCEL_AXES(1), false), 0,
	   ACCEL_SHAPE(0));
	CHECK(!accel_max(x, ACCEL_AXES(1), false) &&
		      strstr(accel_last_error(), "[3, 0] has no elements"),
	      "%s: the largest of nothing is refused", label);
	CHECK(!accel_argmin(x, 1, false), "%s: its place, too", label);
	is("running sums", accel_cumsum(x, 1), 0, NONE);
	is("softmax", accel_softmax(y, 1), 0, ACCEL_SHAPE(0, 3));
	is("layer norm", accel_layer_norm(y, NULL, NULL, 1e-5), 0,
	   ACCEL_SHAPE(0, 3));
}

static void products(void)
{
	accel_tensor *w = values(ACCEL_F32, ACCEL_SHAPE(4, 5));
	accel_tensor *k = values(ACCEL_F32, ACCEL_SHAPE(2, 3, 3, 3));

	is("no row by a matrix", accel_matmul(none(ACCEL_SHAPE(0, 4)), w), 0,
	   ACCEL_SHAPE(0, 5));
	is("a batch of none", accel_matmul(none(ACCEL_SHAPE(0, 2, 4)), w), 0,
	   ACCEL_SHAPE(0, 2, 5));
	is("sums of no terms",
	   accel_add_scalar(accel_matmul(none(ACCEL_SHAPE(2, 0)),
					 none(ACCEL_SHAPE(0, 3))),
			    1),
	   1, ACCEL_SHAPE(2, 3));
	is("no image", accel_conv2d(none(ACCEL_SHAPE(0, 3, 8, 8)), k), 0,
	   ACCEL_SHAPE(0, 2, 6, 6));
	is("no image's pool",
	   accel_max_pool2d(none(ACCEL_SHAPE(0, 3, 8, 8)), .size = { 2, 2 }), 0,
	   ACCEL_SHAPE(0, 3, 4, 4));
	CHECK(!accel_conv2d(none(ACCEL_SHAPE(1, 3, 0, 8)), k) &&
		      strstr(accel_last_error(), "dimension 2 of [1, 3, 0, 8]"),
	      "%s: an image without rows is refused", label);
}

static void moves(void)
{
	accel_tensor *some = values(ACCEL_F32, ACCEL_SHAPE(2, 3));
	accel_tensor *parts[3] = { none(ACCEL_SHAPE(2, 0)), some,
				   none(ACCEL_SHAPE(2, 0)) };
	accel_tensor *at =
		accel_tensor_create(ctx, ACCEL_I32, ACCEL_SHAPE(0, 3), NULL);

	check(accel_concat(3, parts, 1), EXACT, "what is put between nothing");
	is("nothing put together", accel_concat(1, parts, 1), 0,
	   ACCEL_SHAPE(2, 0));
	is("nothing with a border",
	   accel_pad(none(ACCEL_SHAPE(2, 0)), (int64_t[]){ 1, 1 },
		     (int64_t[]){ 0, 2 }, 7),
	   7, ACCEL_SHAPE(3, 3));
	is("gathered by no index", accel_gather(some, 0, at), 0,
	   ACCEL_SHAPE(0, 3));
	check(accel_scatter_add(some, 0, at, none(ACCEL_SHAPE(0, 3))), EXACT,
	      "nothing is added");
	CHECK(!accel_gather(none(ACCEL_SHAPE(0, 3)), 0,
			    accel_tensor_create(ctx, ACCEL_I32,
						ACCEL_SHAPE(1, 3), NULL)),
	      "%s: one of none is refused", label);
	is("words of no sentence",
	   accel_embedding_lookup(some,
				  accel_tensor_create(ctx, ACCEL_I32,
						      ACCEL_SHAPE(0), NULL)),
	   0, ACCEL_SHAPE(0, 3));
}

/* A loss over no sample changes nothing. */
static void gradients(void)
{
	accel_tensor *w = values(ACCEL_F32, ACCEL_SHAPE(4, 5)), *g[2];
	accel_tensor *x = none(ACCEL_SHAPE(0, 4)), *wrt[2] = { w, x }, *loss;

	loss = accel_sum(accel_tanh(accel_matmul(x, w)), ACCEL_ALL_AXES, false);
	CHECK(loss && !accel_read(loss, (float[1]){ 0 }, 4),
	      "%s: a loss over nothing", label);
	loss = accel_add(accel_sum(accel_tanh(accel_matmul(x, w)),
				   ACCEL_ALL_AXES, false),
			 accel_sum(w, ACCEL_ALL_AXES, false));
	CHECK(!accel_grad(loss, 2, wrt, g), "%s: has its gradient", label);
	is("by the weights", g[0], 1, ACCEL_SHAPE(4, 5));
	is("by what is nothing", g[1], 0, ACCEL_SHAPE(0, 4));
	CHECK(!accel_assign(x, accel_mul(x, x)) && !accel_sync(ctx),
	      "%s: nothing is assigned", label);
}

static void suite(void)
{
	accel_scope_begin(ctx);
	elements();
	views();
	reductions();
	products();
	moves();
	gradients();
	accel_scope_end(ctx);
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
