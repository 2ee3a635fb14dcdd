/* SPDX-License-Identifier: MIT */
/*
 * Operations on tensors.
 *
 * Shapes broadcast as in numpy; types promote as accel_dtype_promote() says.
 * Every op is recorded, checked at once and computed later; NULL in, NULL out.
 * Axes may be negative. Results are deterministic: reductions run in a fixed
 * order. Integers wrap. NaN propagates through everything, min, max and relu
 * included, except comparisons, which it makes false ("not equal" true), and
 * pow(x, 0), which is 1 whatever x is. pow(1, x) for x NaN
 * or infinite is 1 or NaN.
 *
 * How exact f32 is, on every backend and driver (f16 rounds the result once
 * more, 2^-11):
 *   what moves, selects or compares, floor, ceil, round: exactly
 *   add, sub, mul                   as IEEE 754 rounds
 *   div                             within 4e-7 of the result
 *   exp, log, sqrt, rsqrt, sigmoid, tanh, gelu, silu, erf, pow
 *                                   within 2e-5 of the result, or 5e-5; on the
 *                                   cpu backend within 1e-6 of it, or 1e-6
 *   sin, cos                        within 4e-6 for |x| <= 1e7; of larger
 *                                   finite x a number from -1 to 1
 *   sums, products of matrices      within 1e-5 of the largest result
 *   softmax, log_softmax            as exp and log; of a row with NaN, with
 *                                   +inf, or of -inf alone NaN throughout
 * exp, log, sigmoid, tanh, erf, sin and cos have C's values at NaN, infinities
 * and zeros. A Vulkan driver may take subnormal f32 (below 1.2e-38) for zero in
 * all but moves and comparisons; its log is then that of 1.2e-38 or less.
 */
#ifndef ACCEL_OPS_H
#define ACCEL_OPS_H

#include <stdbool.h>

#include <accel/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- element-wise, one argument: any shape, same shape out ---- */
ACCEL_API accel_tensor *accel_cast(accel_tensor *x, accel_dtype dtype);
ACCEL_API accel_tensor *accel_copy(accel_tensor *x); /* dense storage */
ACCEL_API accel_tensor *accel_neg(accel_tensor *x);
ACCEL_API accel_tensor *accel_abs(accel_tensor *x);
ACCEL_API accel_tensor *accel_sign(accel_tensor *x);
ACCEL_API accel_tensor *accel_floor(accel_tensor *x);
ACCEL_API accel_tensor *accel_ceil(accel_tensor *x);
ACCEL_API accel_tensor *accel_round(accel_tensor *x); /* half to even */
ACCEL_API accel_tensor *accel_relu(accel_tensor *x);
/* Integers become f32 from here on. */
ACCEL_API accel_tensor *accel_exp(accel_tensor *x);
ACCEL_API accel_tensor *accel_log(accel_tensor *x);
ACCEL_API accel_tensor *accel_sqrt(accel_tensor *x);
ACCEL_API accel_tensor *accel_rsqrt(accel_tensor *x);
ACCEL_API accel_tensor *accel_tanh(accel_tensor *x);
ACCEL_API accel_tensor *accel_sigmoid(accel_tensor *x);
/* x * (1 + erf(x / sqrt 2)) / 2, Hendrycks and Gimpel 2016, eq. 1 */
ACCEL_API accel_tensor *accel_gelu(accel_tensor *x);
/* x * sigmoid(x) */
ACCEL_API accel_tensor *accel_silu(accel_tensor *x);
/* x above 0, else slope * x (Keras's 0.2, PyTorch's 0.01); alpha * (e^x - 1);
 * log(1 + e^x), which does not overflow; x * min(max(x + 3, 0), 6) / 6.
 * ERR_DTYPE: no floats. */
ACCEL_API accel_tensor *accel_leaky_relu(accel_tensor *x, double slope);
ACCEL_API accel_tensor *accel_elu(accel_tensor *x, double alpha);
ACCEL_API accel_tensor *accel_softplus(accel_tensor *x);
ACCEL_API accel_tensor *accel_hard_swish(accel_tensor *x);
ACCEL_API accel_tensor *accel_sin(accel_tensor *x);
ACCEL_API accel_tensor *accel_cos(accel_tensor *x);
ACCEL_API accel_tensor *accel_erf(accel_tensor *x);

/* ---- element-wise, two arguments, broadcast ---- */
ACCEL_API accel_tensor *accel_add(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_sub(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_mul(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_div(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_pow(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_minimum(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_maximum(accel_tensor *a, accel_tensor *b);
/* Comparisons give u8, 0 or 1. */
ACCEL_API accel_tensor *accel_equal(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_not_equal(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_less(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_less_equal(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_greater(accel_tensor *a, accel_tensor *b);
ACCEL_API accel_tensor *accel_greater_equal(accel_tensor *a, accel_tensor *b);
/* With a number, which takes the tensor's type; beside an integer tensor that
 * cannot hold it, i32 if it is whole and fits there, else f32. */
ACCEL_API accel_tensor *accel_add_scalar(accel_tensor *a, double b);
ACCEL_API accel_tensor *accel_mul_scalar(accel_tensor *a, double b);
ACCEL_API accel_tensor *accel_pow_scalar(accel_tensor *a, double b);

/* a where cond is not 0, else b. */
ACCEL_API accel_tensor *accel_where(accel_tensor *cond, accel_tensor *a,
				    accel_tensor *b);

/* ---- reductions ---- */

/* A set of axes: ACCEL_AXES(0, -1). ACCEL_ALL_AXES: every one. */
typedef struct accel_axes {
	int n;
	int axis[ACCEL_MAX_DIMS];
} accel_axes;
#define ACCEL_AXES(...)                                                        \
	((accel_axes){ (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)),    \
		       { __VA_ARGS__ } })
#define ACCEL_ALL_AXES ((accel_axes){ 0, { 0 } })

/* @keep: leave the reduced dimensions with size 1. Sum and prod of u8 and i8 are
 * i32; mean and var of integers are f32; f16 accumulates in f32. */
ACCEL_API accel_tensor *accel_sum(accel_tensor *x, accel_axes axes, bool keep);
ACCEL_API accel_tensor *accel_mean(accel_tensor *x, accel_axes axes, bool keep);
/* Mean of squared distances from the mean, over n (not n - 1). */
ACCEL_API accel_tensor *accel_var(accel_tensor *x, accel_axes axes, bool keep);
ACCEL_API accel_tensor *accel_prod(accel_tensor *x, accel_axes axes, bool keep);
ACCEL_API accel_tensor *accel_max(accel_tensor *x, accel_axes axes, bool keep);
ACCEL_API accel_tensor *accel_min(accel_tensor *x, accel_axes axes, bool keep);
/* i32 position of the first largest (smallest) along one axis; a NaN wins. */
ACCEL_API accel_tensor *accel_argmax(accel_tensor *x, int axis, bool keep);
ACCEL_API accel_tensor *accel_argmin(accel_tensor *x, int axis, bool keep);
/* Running sum along one axis. */
ACCEL_API accel_tensor *accel_cumsum(accel_tensor *x, int axis);
/*
 * The @k largest along the last axis, largest first, ties by position.
 * @values, @indices (i32): [..., k]; either may be NULL.
 */
ACCEL_API accel_status accel_topk(accel_tensor *x, int64_t k,
				  accel_tensor **values,
				  accel_tensor **indices);

/* ---- linear algebra ---- */

typedef struct accel_matmul_options {
	accel_tensor *a, *b;
	bool transpose_a, transpose_b; /* swap the last two dimensions first */
} accel_matmul_options;

/*
 * Matrix product: a [..., M, K], b [..., K, N] -> [..., M, N]. Leading
 * dimensions broadcast. f32 and f16 accumulate in f32; i8, u8 and i32 give
 * exact i32.
 *
 * ERR_SHAPE: under two dimensions, or the inner ones differ.
 */
#define accel_matmul(a_, ...)                                                  \
	accel_matmul_with(                                                     \
		&(accel_matmul_options){ .a = (a_), .b = __VA_ARGS__ })
ACCEL_API accel_tensor *accel_matmul_with(const accel_matmul_options *options);

typedef struct accel_conv_options {
	accel_tensor *x, *w;
	int stride[2]; /* height, width; 0 is 1 */
	int pad[2]; /* zeros on both sides of height, width */
	int dilation[2]; /* 0 is 1 */
	int groups; /* 0 is 1; C with w [C*m, 1, KH, KW] is depthwise */
	bool same; /* pad so that the output is ceil(input / stride); the
		    * odd zero goes to the end, as in Keras */
	int output_pad[2]; /* transposed only: extra size at the end */
} accel_conv_options;

/*
 * Cross-correlation: x [N, C, H, W], w [O, C/groups, KH, KW] ->
 * [N, O, OH, OW], OH = (H + pads - dilation * (KH - 1) - 1) / stride + 1.
 * f32 or f16. Formula: Dumoulin and Visin 2016, relationship 6 (dilation 15).
 */
#define accel_conv2d(x_, ...)                                                  \
	accel_conv2d_with(&(accel_conv_options){ .x = (x_), .w = __VA_ARGS__ })
ACCEL_API accel_tensor *accel_conv2d_with(const accel_conv_options *options);

/* x [N, C, L], w [O, C/groups, K] -> [N, O, OL]. The first entries of stride,
 * pad and dilation count. */
#define accel_conv1d(x_, ...)                                                  \
	accel_conv1d_with(&(accel_conv_options){ .x = (x_), .w = __VA_ARGS__ })
ACCEL_API accel_tensor *accel_conv1d_with(const accel_conv_options *options);

/*
 * The adjoint of accel_conv2d: x [N, C, H, W], w [C, O/groups, KH, KW] ->
 * [N, O, OH, OW], OH = (H - 1) * stride - pads + dilation * (KH - 1) + 1
 * + output_pad. Formula: Dumoulin and Visin 2016, relationship 14.
 */
#define accel_conv_transpose2d(x_, ...)                                        \
	accel_conv_transpose2d_with(                                           \
		&(accel_conv_options){ .x = (x_), .w = __VA_ARGS__ })
ACCEL_API accel_tensor *
accel_conv_transpose2d_with(const accel_conv_options *options);

typedef struct accel_pool_options {
	accel_tensor *x;
	int size[2]; /* window height, width */
	int stride[2]; /* 0 is the window's */
	int pad[2];
	bool same;
} accel_pool_options;

/* x [N, C, H, W] -> [N, C, OH, OW]. accel_max_pool2d(x, .size = { 2, 2 }).
 * Padding never wins a maximum and does not count in an average. */
#define accel_max_pool2d(...)                                                  \
	accel_max_pool2d_with(&(accel_pool_options){ .x = __VA_ARGS__ })
#define accel_avg_pool2d(...)                                                  \
	accel_avg_pool2d_with(&(accel_pool_options){ .x = __VA_ARGS__ })
ACCEL_API accel_tensor *accel_max_pool2d_with(const accel_pool_options *o);
ACCEL_API accel_tensor *accel_avg_pool2d_with(const accel_pool_options *o);

/* ---- normalisation, along the axes given ---- */
ACCEL_API accel_tensor *accel_softmax(accel_tensor *x, int axis);
ACCEL_API accel_tensor *accel_log_softmax(accel_tensor *x, int axis);
/* (x - mean) / sqrt(var + epsilon) over @axes. */
ACCEL_API accel_tensor *accel_normalize(accel_tensor *x, accel_axes axes,
					double epsilon);
/*
 * Layer norm over the last dimension, then times @gamma plus @beta, each [D] or
 * NULL: x [..., D]. NULL here means "none", so check yours first. Ba et al.
 * 2016, eq. 4.
 */
ACCEL_API accel_tensor *accel_layer_norm(accel_tensor *x, accel_tensor *gamma,
					 accel_tensor *beta, double epsilon);

/*
 * Batch norm of x [N, C, ...] per channel with the statistics of this batch,
 * times @gamma plus @beta, each [C] or NULL. With @mean and @var [C] given
 * (inference), those are used instead. Ioffe and Szegedy 2015, algorithm 1.
 */
ACCEL_API accel_tensor *accel_batch_norm(accel_tensor *x, accel_tensor *gamma,
					 accel_tensor *beta, accel_tensor *mean,
					 accel_tensor *var, double epsilon);

/* ---- indexing ---- */

/*
 * numpy's take_along_axis: index (i32, u8 or i8) has x's dimensions, and
 * out[..., j, ...] = x[..., index[..., j, ...], ...]. Sizes other than @axis's
 * are equal. Negative indices count from the end; one outside reads 0
 * (integers) or NaN (floats).
 */
ACCEL_API accel_tensor *accel_gather(accel_tensor *x, int axis,
				     accel_tensor *index);
/* x with src added at the places index names, in index order; indices outside
 * are skipped. src and index have one shape. Deterministic. */
ACCEL_API accel_tensor *accel_scatter_add(accel_tensor *x, int axis,
					  accel_tensor *index,
					  accel_tensor *src);
/* Rows of a table: table [V, D], index [...] -> [..., D]. An index below 0 or
 * from V on gives a row of NaN (integers: 0), and a gradient nothing. */
ACCEL_API accel_tensor *accel_embedding_lookup(accel_tensor *table,
					       accel_tensor *index);
/* index [...] -> [..., n] of @dtype, 1 where it counts. An index below 0 or from
 * n on gives zeros. */
ACCEL_API accel_tensor *accel_one_hot(accel_tensor *index, int64_t n,
				      accel_dtype dtype);
ACCEL_API accel_tensor *accel_concat(int n, accel_tensor *const *parts,
				     int axis);
/* @before[i] and @after[i] elements of @value around dimension i; an integer
 * type keeps its low bits. */
ACCEL_API accel_tensor *accel_pad(accel_tensor *x, const int64_t *before,
				  const int64_t *after, double value);

typedef enum accel_resize_mode {
	ACCEL_NEAREST, /* element floor(o * in / out) */
	ACCEL_BILINEAR, /* half-pixel centres, edges clamped */
} accel_resize_mode;

/* x [N, C, H, W] -> [N, C, height, width]. */
ACCEL_API accel_tensor *accel_resize(accel_tensor *x, int64_t height,
				     int64_t width, accel_resize_mode mode);

/*
 * Captured pin samples to numbers: x (u8, i8 or i32) [...] -> f32 [..., bits],
 * bit b of each element as 0 or 1, least significant first.
 */
ACCEL_API accel_tensor *accel_unpack_bits(accel_tensor *x, int bits);

/* ---- random numbers: Philox 4x32-10, Salmon et al. 2011 ---- */

/* f32 in [0, 1). The n-th call after a seed gives the same bits everywhere. */
ACCEL_API accel_tensor *accel_random_uniform(accel_context *ctx, int ndim,
					     const int64_t *shape);
/* f32, mean 0, variance 1 (Box and Muller 1958). */
ACCEL_API accel_tensor *accel_random_normal(accel_context *ctx, int ndim,
					    const int64_t *shape);
/* x with each element zeroed with probability @rate, the rest times
 * 1 / (1 - rate). */
ACCEL_API accel_tensor *accel_random_dropout(accel_tensor *x, double rate);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_OPS_H */
