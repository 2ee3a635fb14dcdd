// SPDX-License-Identifier: MIT
/*
 * Conformance of everything that is not element-wise: reductions, products,
 * convolution, pooling, norms, indexing, random numbers.
 */
#include "conform.h"

static const accel_dtype dtypes[] = { ACCEL_F32, ACCEL_F16, ACCEL_I8, ACCEL_U8,
				      ACCEL_I32 };
static const accel_dtype floats[] = { ACCEL_F32, ACCEL_F16 };
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const char *name_of(accel_tensor *t)
{
	return accel_dtype_name(accel_tensor_dtype(t));
}

typedef accel_tensor *reduce_fn(accel_tensor *x, accel_axes axes, bool keep);

static void reductions(void)
{
	static const struct {
		const char *name;
		reduce_fn *fn;
	} op[] = { { "sum", accel_sum }, { "mean", accel_mean },
		   { "var", accel_var }, { "prod", accel_prod },
		   { "max", accel_max }, { "min", accel_min } };
	static const struct {
		int ndim;
		int64_t shape[4];
		accel_axes axes;
	} way[] = {
		{ 2, { 13, 37 }, { 1, { 1 } } },
		{ 2, { 37, 13 }, { 1, { 0 } } },
		{ 3, { 5, 6, 7 }, { 1, { 1 } } },
		{ 4, { 3, 4, 5, 6 }, { 2, { 0, 2 } } },
		{ 4, { 3, 4, 5, 6 }, { 3, { 0, -1, -2 } } },
		{ 3, { 2, 1, 9 }, { 0, { 0 } } },
		{ 1, { 1001 }, { 0, { 0 } } },
	};
	int i, d, w;

	for (i = 0; i < COUNT(op); i++) {
		for (d = 0; d < COUNT(dtypes); d++) {
			for (w = 0; w < COUNT(way); w++) {
				accel_dtype t = dtypes[d];
				accel_tensor *x;

				accel_scope_begin(ctx);
				/* products that stay in range */
				if (op[i].fn == accel_prod)
					x = make(t, way[w].ndim, way[w].shape,
						 dtype_is_float(t) ? 0.97 : 1,
						 dtype_is_float(t) ? 1.03 : 2);
				else
					x = values(t, way[w].ndim,
						   way[w].shape);
				check(op[i].fn(x, way[w].axes, w & 1), SUM,
				      "%s %s %s over %d axes", op[i].name,
				      accel_dtype_name(t),
				      shape_text(way[w].ndim, way[w].shape),
				      way[w].axes.n);
				accel_scope_end(ctx);
			}
		}
		accel_scope_begin(ctx);
		check(op[i].fn(accel_transpose(make(ACCEL_F32,
						    ACCEL_SHAPE(17, 9), 0.9,
						    1.1),
					       0, 1),
			       ACCEL_AXES(0), false),
		      SUM, "%s of a transposed view", op[i].name);
		check(op[i].fn(accel_broadcast(make(ACCEL_F32, ACCEL_SHAPE(9),
						    0.9, 1.1),
					       ACCEL_SHAPE(4, 9)),
			       ACCEL_AXES(0), false),
		      SUM, "%s of a broadcast view", op[i].name);
		check(op[i].fn(accel_slice(make(ACCEL_F32, ACCEL_SHAPE(8, 31),
						0.9, 1.1),
					   1, 3, 30, 2),
			       ACCEL_AXES(-1), true),
		      SUM, "%s of a slice", op[i].name);
		accel_scope_end(ctx);
	}
}

static void arg_reductions(void)
{
	int d, axis;

	for (d = 0; d < COUNT(dtypes); d++) {
		for (axis = -1; axis < 2; axis++) {
			accel_tensor *x;

			accel_scope_begin(ctx);
			x = values(dtypes[d], ACCEL_SHAPE(5, 7, 11));
			check(accel_argmax(x, axis, axis > 0), EXACT,
			      "argmax %s axis %d", name_of(x), axis);
			check(accel_argmin(x, axis, false), EXACT,
			      "argmin %s axis %d", name_of(x), axis);
			check(accel_argmax(accel_transpose(x, 0, 2), axis,
					   false),
			      EXACT, "argmax of transposed %s axis %d",
			      name_of(x), axis);
			check(accel_cumsum(x, axis), SUM, "cumsum %s axis %d",
			      name_of(x), axis);
			accel_scope_end(ctx);
		}
	}
}

static void nan_reductions(void)
{
	const float data[] = { 1, NAN, 3, 4, 5, 6, NAN, NAN };
	accel_tensor *x;

	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(4, 2), data);
	check(accel_max(x, ACCEL_AXES(1), false), EXACT, "max propagates NaN");
	check(accel_min(x, ACCEL_AXES(1), false), EXACT, "min propagates NaN");
	check(accel_sum(x, ACCEL_AXES(1), false), ROUND, "sum propagates NaN");
	check(accel_argmax(x, 0, false), EXACT, "argmax: a NaN wins");
	accel_scope_end(ctx);
}

static void topk(void)
{
	int d, k;

	for (d = 0; d < COUNT(dtypes); d++) {
		for (k = 1; k <= 9; k += 4) {
			accel_tensor *x, *v, *i;

			accel_scope_begin(ctx);
			x = values(dtypes[d], ACCEL_SHAPE(3, 5, 19));
			if (accel_topk(x, k, &v, &i))
				v = i = NULL;
			check(v, EXACT, "top %d values %s", k, name_of(x));
			check(i, EXACT, "top %d places %s", k, name_of(x));
			accel_scope_end(ctx);
		}
	}
}

/* Sums that f32 holds, just not, and never; and one that wraps. */
static void integer_products(void)
{
	static const struct {
		accel_dtype d;
		int64_t m, k, n;
		double low, high;
	} way[] = {
		{ ACCEL_I8, 9, 1024, 21, -128, -128 },
		{ ACCEL_I8, 9, 1025, 21, -128, -128 },
		{ ACCEL_I8, 50, 300, 70, -128, 128 },
		{ ACCEL_U8, 9, 258, 21, 255, 255 },
		{ ACCEL_U8, 9, 259, 21, 255, 255 },
		{ ACCEL_U8, 33, 200, 37, 0, 256 },
		{ ACCEL_I32, 33, 20, 37, -2000000, 2000000 },
	};
	accel_tensor *a, *b, *y;
	int i;

	for (i = 0; i < COUNT(way); i++) {
		accel_scope_begin(ctx);
		a = make(way[i].d, ACCEL_SHAPE(way[i].m, way[i].k), way[i].low,
			 way[i].high);
		b = make(way[i].d, ACCEL_SHAPE(way[i].k, way[i].n), way[i].low,
			 way[i].high);
		y = accel_matmul(a, b);
		check(y, EXACT, "matmul of large %s, %d terms", name_of(a),
		      (int)way[i].k);
		y = accel_add(accel_matmul(a, b),
			      make(ACCEL_I32, ACCEL_SHAPE(way[i].n), -9, 9));
		check(accel_relu(y), EXACT, "the same, bias, relu");
		check(accel_cast(accel_matmul(a, b), ACCEL_I8), EXACT,
		      "the same as i8");
		accel_scope_end(ctx);
	}
}

static void matmuls(void)
{
	static const struct {
		int na;
		int64_t a[4];
		int nb;
		int64_t b[4];
	} size[] = {
		{ 2, { 1, 1 }, 2, { 1, 1 } },
		{ 2, { 1, 17 }, 2, { 17, 1 } },
		{ 2, { 5, 1 }, 2, { 1, 9 } },
		{ 2, { 7, 13 }, 2, { 13, 11 } },
		{ 2, { 33, 65 }, 2, { 65, 17 } },
		{ 2, { 64, 64 }, 2, { 64, 64 } },
		{ 2, { 97, 31 }, 2, { 31, 101 } },
		{ 2, { 3, 300 }, 2, { 300, 5 } },
		{ 3, { 4, 9, 7 }, 2, { 7, 6 } },
		{ 3, { 4, 9, 7 }, 3, { 4, 7, 6 } },
		{ 3, { 1, 9, 7 }, 3, { 5, 7, 6 } },
		{ 2, { 9, 7 }, 3, { 5, 7, 6 } },
		{ 4, { 2, 1, 5, 8 }, 4, { 1, 3, 8, 9 } },
	};
	accel_tensor *a, *b;
	int i, d, t;

	for (i = 0; i < COUNT(size); i++) {
		for (d = 0; d < COUNT(dtypes); d++) {
			for (t = 0; t < 4; t++) {
				accel_scope_begin(ctx);
				a = values(dtypes[d], size[i].na, size[i].a);
				b = values(dtypes[d], size[i].nb, size[i].b);
				/* stored the other way round */
				if (t & 1)
					a = accel_copy(
						accel_transpose(a, -1, -2));
				if (t & 2)
					b = accel_copy(
						accel_transpose(b, -1, -2));
				check(accel_matmul(a, b, .transpose_a = t & 1,
						   .transpose_b = t & 2),
				      SUM, "matmul %s %s by %s%s%s",
				      accel_dtype_name(dtypes[d]),
				      shape_text(size[i].na, size[i].a),
				      shape_text(size[i].nb, size[i].b),
				      t & 1 ? " a^T" : "", t & 2 ? " b^T" : "");
				accel_scope_end(ctx);
			}
		}
	}
	for (d = 0; d < COUNT(floats); d++) {
		accel_tensor *bias, *rest, *y;

		accel_scope_begin(ctx);
		a = values(floats[d], ACCEL_SHAPE(19, 23));
		b = values(floats[d], ACCEL_SHAPE(23, 29));
		bias = values(floats[d], ACCEL_SHAPE(29));
		rest = values(floats[d], ACCEL_SHAPE(19, 29));
		y = accel_matmul(a, b);
		check(accel_add(y, bias), SUM, "matmul and bias %s",
		      name_of(a));
		y = accel_matmul(a, b);
		check(accel_relu(accel_add(y, bias)), SUM,
		      "matmul, bias, relu %s", name_of(a));
		y = accel_matmul(a, b);
		check(accel_gelu(accel_add(accel_add(y, bias), rest)), SUM,
		      "matmul, bias, residual, gelu %s", name_of(a));
		y = accel_matmul(a, b);
		check(accel_tanh(accel_mul(y, accel_sigmoid(y))), SUM,
		      "matmul and a program %s", name_of(a));
		y = accel_matmul(a, b);
		check(accel_add(y, accel_reshape(values(floats[d],
							ACCEL_SHAPE(19)),
						 ACCEL_SHAPE(19, 1))),
		      SUM, "matmul and bias by rows %s", name_of(a));
		a = accel_slice(values(floats[d], ACCEL_SHAPE(20, 50)), 1, 3,
				26, 1);
		check(accel_matmul(a, b), SUM, "matmul of a slice %s",
		      name_of(a));
		a = accel_slice(values(floats[d], ACCEL_SHAPE(20, 50)), 1, 0,
				46, 2);
		check(accel_matmul(a, b), SUM, "matmul of a strided slice %s",
		      name_of(a));
		accel_scope_end(ctx);
	}
}

static const struct {
	int64_t x[4], w[4];
	int stride[2], pad[2], dilation[2], groups;
	bool same;
} conv[] = {
	{ { 1, 1, 5, 5 }, { 1, 1, 3, 3 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1, 0 },
	{ { 2, 3, 9, 7 }, { 4, 3, 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 1, 0 },
	{ { 2, 3, 9, 7 }, { 5, 3, 3, 2 }, { 2, 1 }, { 0, 1 }, { 1, 1 }, 1, 0 },
	{ { 1, 4, 11, 13 },
	  { 6, 2, 3, 3 },
	  { 2, 2 },
	  { 1, 1 },
	  { 1, 1 },
	  2,
	  0 },
	{ { 2, 5, 8, 8 }, { 5, 1, 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 5, 0 },
	{ { 1, 3, 8, 8 }, { 6, 1, 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 3, 0 },
	{ { 1, 2, 12, 12 },
	  { 3, 2, 3, 3 },
	  { 1, 1 },
	  { 2, 2 },
	  { 2, 2 },
	  1,
	  0 },
	{ { 1, 2, 13, 11 },
	  { 3, 2, 3, 2 },
	  { 3, 2 },
	  { 2, 0 },
	  { 2, 3 },
	  1,
	  0 },
	{ { 3, 7, 6, 6 }, { 9, 7, 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1, 0 },
	{ { 2, 4, 7, 7 }, { 3, 4, 1, 1 }, { 2, 2 }, { 0, 0 }, { 1, 1 }, 1, 0 },
	{ { 1, 3, 14, 14 },
	  { 8, 3, 5, 5 },
	  { 1, 1 },
	  { 0, 0 },
	  { 1, 1 },
	  1,
	  1 },
	{ { 1, 3, 14, 15 },
	  { 8, 3, 4, 4 },
	  { 3, 2 },
	  { 0, 0 },
	  { 1, 1 },
	  1,
	  1 },
	{ { 1, 17, 10, 10 },
	  { 33, 17, 3, 3 },
	  { 1, 1 },
	  { 1, 1 },
	  { 1, 1 },
	  1,
	  0 },
};

static void convolutions(void)
{
	accel_tensor *x, *w, *y, *g[2], *in[2], *s;
	int i, d;

	for (i = 0; i < COUNT(conv); i++) {
		for (d = 0; d < COUNT(floats); d++) {
			accel_scope_begin(ctx);
			in[0] = x = values(floats[d], 4, conv[i].x);
			in[1] = w = values(floats[d], 4, conv[i].w);
			y = accel_conv2d(
				x, w,
				.stride = { conv[i].stride[0],
					    conv[i].stride[1] },
				.pad = { conv[i].pad[0], conv[i].pad[1] },
				.dilation = { conv[i].dilation[0],
					      conv[i].dilation[1] },
				.groups = conv[i].groups, .same = conv[i].same);
			s = accel_sum(accel_mul(y, y), ACCEL_ALL_AXES, false);
			if (accel_grad(s, 2, in, g))
				g[0] = g[1] = NULL;
			check(g[0], SUM, "conv %d by its input %s", i,
			      name_of(x));
			check(g[1], SUM, "conv %d by its weights %s", i,
			      name_of(x));
			check(y, SUM, "conv %d %s", i, name_of(x));
			accel_scope_end(ctx);
		}
	}
	accel_scope_begin(ctx);
	x = values(ACCEL_F32, ACCEL_SHAPE(2, 3, 9, 9));
	w = values(ACCEL_F32, ACCEL_SHAPE(5, 3, 3, 3));
	y = accel_conv2d(x, w, .pad = { 1, 1 });
	s = accel_reshape(values(ACCEL_F32, ACCEL_SHAPE(5)),
			  ACCEL_SHAPE(5, 1, 1));
	check(accel_relu(accel_add(y, s)), SUM, "conv, bias, relu");
	y = accel_conv2d(x, w, .pad = { 1, 1 });
	check(accel_add(accel_add(y, s),
			values(ACCEL_F32, ACCEL_SHAPE(2, 5, 9, 9))),
	      SUM, "conv, bias, residual");
	y = accel_conv2d(
		accel_permute(values(ACCEL_F32, ACCEL_SHAPE(2, 9, 9, 3)),
			      (int[]){ 0, 3, 1, 2 }),
		w);
	check(y, SUM, "conv of a permuted view");
	/* and where kernels pack it, which need scratch behind its copy */
	x = accel_permute(values(ACCEL_F32, ACCEL_SHAPE(2, 9, 9, 8)),
			  (int[]){ 0, 3, 1, 2 });
	w = accel_permute(values(ACCEL_F32, ACCEL_SHAPE(3, 3, 8, 20)),
			  (int[]){ 3, 2, 0, 1 });
	check(accel_conv2d(x, w), SUM, "conv of large permuted views");
	for (d = 0; d < 2; d++) {
		x = values(floats[d], ACCEL_SHAPE(2, 4, 5, 6));
		w = values(floats[d], ACCEL_SHAPE(4, 3, 3, 3));
		check(accel_conv_transpose2d(x, w), SUM, "conv_transpose %s",
		      name_of(x));
		check(accel_conv_transpose2d(x, w, .stride = { 2, 2 },
					     .pad = { 1, 1 },
					     .output_pad = { 1, 0 }),
		      SUM, "conv_transpose with stride %s", name_of(x));
		check(accel_conv_transpose2d(x, w, .groups = 2,
					     .dilation = { 2, 1 }),
		      SUM, "conv_transpose with groups %s", name_of(x));
		x = values(floats[d], ACCEL_SHAPE(3, 4, 31));
		w = values(floats[d], ACCEL_SHAPE(5, 4, 7));
		check(accel_conv1d(x, w, .stride = { 2 }, .pad = { 3 }), SUM,
		      "conv1d %s", name_of(x));
		check(accel_conv1d(x, w, .dilation = { 3 }), SUM,
		      "conv1d with dilation %s", name_of(x));
	}
	accel_scope_end(ctx);
}

static void pools(void)
{
	static const accel_pool_options way[] = {
		{ .size = { 2, 2 } },
		{ .size = { 3, 3 }, .stride = { 2, 2 }, .pad = { 1, 1 } },
		{ .size = { 3, 2 }, .stride = { 1, 2 } },
		{ .size = { 2, 2 }, .stride = { 2, 2 }, .same = true },
		{ .size = { 9, 11 } },
	};
	int i, d, max;

	for (i = 0; i < COUNT(way); i++) {
		for (d = 0; d < COUNT(dtypes); d++) {
			accel_pool_options o = way[i];

			accel_scope_begin(ctx);
			o.x = values(dtypes[d], ACCEL_SHAPE(2, 3, 9, 11));
			check(accel_max_pool2d_with(&o), EXACT,
			      "max pool %d alone %s", i, name_of(o.x));
			accel_scope_end(ctx);
		}
		for (d = 0; d < COUNT(floats); d++) {
			for (max = 0; max < 2; max++) {
				accel_pool_options o = way[i];
				const char *op = max ? "max pool" : "avg pool";
				accel_tensor *y, *g;

				accel_scope_begin(ctx);
				o.x = values(floats[d],
					     ACCEL_SHAPE(2, 3, 9, 11));
				y = max ? accel_max_pool2d_with(&o)
					: accel_avg_pool2d_with(&o);
				if (accel_grad(accel_sum(accel_mul(y, y),
							 ACCEL_ALL_AXES, false),
					       1, &o.x, &g))
					g = NULL;
				check(g, SUM, "%s %d gradient %s", op, i,
				      name_of(o.x));
				check(y, max ? EXACT : SUM, "%s %d %s", op, i,
				      name_of(o.x));
				accel_scope_end(ctx);
			}
		}
	}
}

static void norms(void)
{
	static const struct {
		int ndim;
		int64_t shape[4];
		int axis;
	} way[] = { { 2, { 7, 10 }, -1 },
		    { 2, { 33, 100 }, 1 },
		    { 3, { 3, 5, 17 }, 1 },
		    { 1, { 257 }, 0 },
		    { 4, { 2, 3, 4, 5 }, 0 } };
	accel_tensor *x, *c, *d1, *m, *v;
	int i, d;

	for (i = 0; i < COUNT(way); i++) {
		for (d = 0; d < COUNT(floats); d++) {
			accel_scope_begin(ctx);
			x = make(floats[d], way[i].ndim, way[i].shape, -10, 10);
			check(accel_softmax(x, way[i].axis), FUNC,
			      "softmax %d %s", i, name_of(x));
			check(accel_log_softmax(x, way[i].axis), FUNC,
			      "log_softmax %d %s", i, name_of(x));
			check(accel_normalize(x, ACCEL_AXES(way[i].axis), 1e-5),
			      FUNC, "normalize %d %s", i, name_of(x));
			check(accel_mul_scalar(accel_softmax(x, way[i].axis),
					       3),
			      CHAIN, "softmax and a tail %d %s", i, name_of(x));
			accel_scope_end(ctx);
		}
	}
	for (d = 0; d < COUNT(floats); d++) {
		accel_scope_begin(ctx);
		x = values(floats[d], ACCEL_SHAPE(5, 6, 13));
		c = values(floats[d], ACCEL_SHAPE(13));
		d1 = values(floats[d], ACCEL_SHAPE(13));
		check(accel_layer_norm(x, c, d1, 1e-5), CHAIN, "layer_norm %s",
		      name_of(x));
		check(accel_layer_norm(x, NULL, NULL, 1e-3), CHAIN,
		      "layer_norm without scale %s", name_of(x));
		x = values(floats[d], ACCEL_SHAPE(4, 6, 5, 7));
		c = values(floats[d], ACCEL_SHAPE(6));
		d1 = values(floats[d], ACCEL_SHAPE(6));
		m = values(floats[d], ACCEL_SHAPE(6));
		v = make(floats[d], ACCEL_SHAPE(6), 0.5, 2);
		check(accel_batch_norm(x, c, d1, NULL, NULL, 1e-5), CHAIN,
		      "batch_norm %s", name_of(x));
		check(accel_batch_norm(x, c, d1, m, v, 1e-5), CHAIN,
		      "batch_norm with given statistics %s", name_of(x));
		check(accel_normalize(x, ACCEL_AXES(1, 3), 1e-5), FUNC,
		      "normalize over two axes %s", name_of(x));
		accel_scope_end(ctx);
	}
	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(3, 9), 1000, 1010);
	check(accel_softmax(x, 1), FUNC, "softmax of large numbers");
	check(accel_log_softmax(accel_neg(x), 0), FUNC,
	      "log_softmax of large numbers");
	accel_scope_end(ctx);
}

static void indexing(void)
{
	accel_tensor *x, *i, *s, *parts[3];
	int d, axis;

	for (d = 0; d < COUNT(dtypes); d++) {
		const char *name = accel_dtype_name(dtypes[d]);

		accel_scope_begin(ctx);
		for (axis = 0; axis < 3; axis++) {
			int64_t shape[3] = { 4, 5, 6 };

			x = values(dtypes[d], 3, shape);
			shape[axis] = 7;
			i = make(ACCEL_I32, 3, shape, 0, 4);
			s = values(dtypes[d], 3, shape);
			check(accel_gather(x, axis, i), EXACT,
			      "gather %s axis %d", name, axis);
			check(accel_scatter_add(x, axis, i, s), SUM,
			      "scatter_add %s axis %d", name, axis);
			i = make(ACCEL_I32, 3, shape, -3, 9);
			check(accel_gather(x, axis, i), EXACT,
			      "gather out of range %s axis %d", name, axis);
			check(accel_scatter_add(x, axis, i, s), SUM,
			      "scatter_add out of range %s axis %d", name,
			      axis);
			parts[0] = values(dtypes[d], ACCEL_SHAPE(4, 5, 6));
			parts[1] = accel_neg(parts[0]);
			parts[2] = accel_slice(parts[0], axis, 1, 3, 1);
			check(accel_concat(3, parts, axis), EXACT,
			      "concat %s axis %d", name, axis);
		}
		x = values(dtypes[d], ACCEL_SHAPE(11, 6));
		i = make(ACCEL_U8, ACCEL_SHAPE(3, 5), 0, 11);
		check(accel_embedding_lookup(x, i), EXACT, "embedding %s",
		      name);
		check(accel_one_hot(i, 12, dtypes[d]), EXACT, "one_hot %s",
		      name);
		check(accel_pad(x, (int64_t[]){ 1, 2 }, (int64_t[]){ 3, 0 }, 5),
		      EXACT, "pad %s", name);
		check(accel_pad(accel_transpose(x, 0, 1), (int64_t[]){ 0, 1 },
				(int64_t[]){ 2, 1 }, 0),
		      EXACT, "pad of transposed %s", name);
		accel_scope_end(ctx);
	}
}

/* Of a sum weighted by place: each output counts differently. */
static accel_tensor *resize_grad(accel_tensor *x, int64_t h, int64_t w,
				 int mode)
{
	accel_tensor *y = accel_resize(x, h, w, mode), *g = NULL;

	y = accel_mul(y,
		      values(accel_tensor_dtype(x), ACCEL_SHAPE(2, 3, h, w)));
	if (accel_grad(accel_sum(y, ACCEL_ALL_AXES, false), 1, &x, &g))
		return NULL;
	return g;
}

static void images_and_bits(void)
{
	static const int64_t to[][2] = { { 10, 14 }, { 3, 4 },  { 8, 3 },
					 { 1, 1 },   { 23, 9 }, { 5, 7 } };
	accel_tensor *x;
	int d, mode, i;

	for (d = 0; d < COUNT(floats); d++) {
		for (mode = 0; mode < 2; mode++) {
			const char *m = mode ? "bilinear" : "nearest";

			accel_scope_begin(ctx);
			x = values(floats[d], ACCEL_SHAPE(2, 3, 5, 7));
			check(accel_resize(x, 10, 14, mode), SUM,
			      "resize %s to double %s", m, name_of(x));
			check(accel_resize(x, 3, 4, mode), SUM,
			      "resize %s down %s", m, name_of(x));
			check(accel_resize(x, 8, 3, mode), SUM,
			      "resize %s odd %s", m, name_of(x));
			for (i = 0; i < COUNT(to); i++)
				check(resize_grad(x, to[i][0], to[i][1], mode),
				      SUM, "resize %s gradient %d %s", m, i,
				      name_of(x));
			accel_scope_end(ctx);
		}
	}
	for (d = 0; d < COUNT(dtypes); d++) {
		accel_scope_begin(ctx);
		check(accel_arange(ctx, dtypes[d], 77), EXACT, "arange %s",
		      accel_dtype_name(dtypes[d]));
		accel_scope_end(ctx);
	}
	accel_scope_begin(ctx);
	x = make(ACCEL_U8, ACCEL_SHAPE(3, 17), 0, 256);
	check(accel_unpack_bits(x, 8), EXACT, "unpack_bits u8");
	check(accel_unpack_bits(x, 5), EXACT, "unpack 5 bits of u8");
	x = make(ACCEL_I32, ACCEL_SHAPE(19), -2e9, 2e9);
	check(accel_unpack_bits(x, 32), EXACT, "unpack_bits i32");
	x = make(ACCEL_I8, ACCEL_SHAPE(19), -128, 128);
	check(accel_unpack_bits(x, 8), EXACT, "unpack_bits i8");
	accel_scope_end(ctx);
}

/* Known answers of Philox 4x32-10 (kat_vectors of Random123): counter 0 and
 * key 0 give 6627e8d5 e169c58d bc57ac4c 9b00dbd8. */
static void random_numbers(void)
{
	const uint32_t kat[4] = { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c,
				  0x9b00dbd8 };
	float got[4], many[10000];
	double sum = 0, square = 0;
	accel_tensor *x;
	int i, same = 0, zeros = 0;

	accel_scope_begin(ctx);
	accel_seed(ctx, 0);
	x = accel_random_uniform(ctx, ACCEL_SHAPE(4));
	accel_read(x, got, sizeof(got));
	for (i = 0; i < 4; i++)
		same += got[i] == (float)(kat[i] >> 8) * 0x1p-24f;
	CHECK(same == 4, "%s: Philox known answers", label);
	accel_seed(ctx, 0x123456789abcdef0);
	check(accel_random_uniform(ctx, ACCEL_SHAPE(13, 7)), EXACT, "uniform");
	check(accel_random_uniform(ctx, ACCEL_SHAPE(1000)), EXACT,
	      "the next uniform");
	check(accel_random_normal(ctx, ACCEL_SHAPE(13, 7)), FUNC, "normal");
	x = accel_random_normal(ctx, ACCEL_SHAPE(10000));
	accel_read(x, many, sizeof(many));
	for (i = 0; i < 10000; i++) {
		sum += many[i];
		square += (double)many[i] * many[i];
	}
	CHECK(fabs(sum / 10000) < 0.05 && fabs(square / 10000 - 1) < 0.05,
	      "%s: normal has mean 0 and variance 1", label);
	x = accel_random_dropout(
		accel_full(ctx, ACCEL_F32, ACCEL_SHAPE(10000), 1), 0.25);
	accel_read(x, many, sizeof(many));
	for (i = 0; i < 10000; i++)
		zeros += many[i] == 0;
	CHECK(zeros > 2300 && zeros < 2700, "%s: dropout drops its rate",
	      label);
	check(accel_random_dropout(values(ACCEL_F32, ACCEL_SHAPE(9, 9)), 0.5),
	      ROUND, "dropout");
	accel_scope_end(ctx);
}

static void suite(void)
{
	reductions();
	arg_reductions();
	nan_reductions();
	topk();
	matmuls();
	integer_products();
	convolutions();
	pools();
	norms();
	indexing();
	images_and_bits();
	random_numbers();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
