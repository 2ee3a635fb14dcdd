/* SPDX-License-Identifier: MIT */
/*
 * The kernel catalogue: one launch function a family. Each picks a shader and
 * its specialization constants from the device's limits, and records one or a
 * few dispatches.
 *
 * Views. An operand is a buffer, a byte offset and up to six sizes and strides.
 * Element [i0, i1, ...] is at offset + (i0 stride[0] + i1 stride[1] + ...) *
 * bytes of the dtype. A stride of 0 repeats; a negative one reverses. Where a
 * launch says "contiguous", strides must be row-major without gaps. Offsets are
 * multiples of the dtype's size. Sizes of 1 never matter. A size of 0 makes an
 * empty launch, which records nothing.
 *
 * Dtypes. Arithmetic is f32, or i32 where all operands are integers; f16, i8
 * and u8 are storage, converted on load and store (f16: nearest even, no flush
 * of what it can hold; integers wrap). Bool is u8, 0 or 1.
 *
 * Narrow outputs. Outputs of one or two bytes an element are written in whole
 * 32-bit words where the view is contiguous and starts at a multiple of 4
 * bytes: up to 3 bytes behind its end are then overwritten with zeros, so give
 * tensors starts and lengths of a multiple of 4 bytes. Other views are written
 * by atomic bit operations: exact, slower.
 *
 * Aliasing. An output may be exactly the same view as an input of
 * compute_elementwise(); otherwise inputs and outputs do not overlap.
 *
 * Errors. ERR_INVALID, ERR_SHAPE, ERR_DTYPE with the numbers; ERR_RANGE where a
 * view is larger than one binding may cover; nothing is recorded then, and the
 * recording's end fails too.
 */
#ifndef COMPUTE_KERNELS_H
#define COMPUTE_KERNELS_H

#include <accel/dtype.h>

#include "compute.h"

#define COMPUTE_MAX_DIMS 8

/* The types of accel/dtype.h, by the same numbers: shaders have them in three
 * bits. */
enum compute_dtype {
#define COMPUTE_X(NAME, name, bytes, floating) COMPUTE_##NAME = ACCEL_##NAME,
	ACCEL_DTYPE_MAP(COMPUTE_X)
#undef COMPUTE_X
		COMPUTE_DTYPES
};
_Static_assert(COMPUTE_DTYPES <= 8, "three bits");

/* Bytes of one element, 0 for an unknown dtype. */
uint32_t compute_dtype_size(uint32_t dtype);

struct compute_view {
	struct compute_buffer *buffer;
	uint64_t offset; /* bytes to element [0, 0, ...] */
	uint32_t dtype; /* enum compute_dtype */
	uint32_t rank; /* 0..6; 0 is a scalar */
	uint32_t size[COMPUTE_MAX_DIMS];
	int32_t stride[COMPUTE_MAX_DIMS]; /* elements */
	/* An output of elementwise: the bytes behind its last element stay.
	 * Otherwise those up to a multiple of four become 0, which is faster. */
	bool exact;
};

/* ---- element-wise ----------------------------------------------------- */

/*
 * A chain of operations in one dispatch. Every input is broadcast against the
 * output's shape by numpy's rules (aligned at the last dimension; a size of 1,
 * or a missing dimension, repeats). A zero-length chain is a copy, a cast, a
 * transpose, a slice, a piece of a concat, a broadcast.
 *
 * Values are numbered: inputs COMPUTE_EW_IN(i), immediates COMPUTE_EW_IMM(i),
 * results of earlier operations COMPUTE_EW_OP(i). A value is f32 or i32: inputs
 * by their dtype, immediates by imm_int, results by the operation. Storing an
 * f32 value to an integer output truncates toward zero and wraps; storing an
 * i32 value to a float output converts.
 *
 * Immediates are push constants: changing one makes no new pipeline. Values
 * that change from run to run (a learning rate, a step count) are inputs of
 * size 1.
 */
#define COMPUTE_EW_MAX_IN 6
#define COMPUTE_EW_MAX_OUT 3
#define COMPUTE_EW_OPERANDS 8 /* inputs and outputs together */
#define COMPUTE_EW_MAX_OPS 24
#define COMPUTE_EW_MAX_IMM 8
#define COMPUTE_EW_IN(i) (0x00 + (i))
#define COMPUTE_EW_IMM(i) (0x40 + (i))
#define COMPUTE_EW_OP(i) (0x80 + (i))

/*
 * X(name, arity, operands, result): f = f32, i = i32. What a code does is
 * APPLY_name of shaders/elementwise.glsl.
 * Comparisons and logic give i32 0 or 1. MIN and MAX propagate NaN, as numpy.
 */
#define COMPUTE_EW_MAP(X)                                                      \
	X(NONE, 1, 0, 0) /* no operation */                                    \
	/* f32 -> f32 */                                                       \
	X(NEG, 1, 'f', 'f')                                                    \
	X(ABS, 1, 'f', 'f')                                                    \
	X(EXP, 1, 'f', 'f')                                                    \
	X(LOG, 1, 'f', 'f')                                                    \
	X(SQRT, 1, 'f', 'f')                                                   \
	X(RSQRT, 1, 'f', 'f')                                                  \
	X(RECIP, 1, 'f', 'f')                                                  \
	X(TANH, 1, 'f', 'f')                                                   \
	X(SIGMOID, 1, 'f', 'f')                                                \
	X(RELU, 1, 'f', 'f')                                                   \
	X(GELU, 1, 'f', 'f') /* x/2 (1 + erf(x / sqrt 2)) */                   \
	X(SILU, 1, 'f', 'f')                                                   \
	X(SIN, 1, 'f', 'f')                                                    \
	X(COS, 1, 'f', 'f')                                                    \
	X(ERF, 1, 'f', 'f')                                                    \
	X(FLOOR, 1, 'f', 'f')                                                  \
	X(CEIL, 1, 'f', 'f')                                                   \
	X(ROUND, 1, 'f', 'f') /* halves to even */                             \
	X(TRUNC, 1, 'f', 'f')                                                  \
	X(SIGN, 1, 'f', 'f')                                                   \
	X(SQUARE, 1, 'f', 'f')                                                 \
	X(SOFTPLUS, 1, 'f', 'f') /* max(x, 0) + log1p(exp(-|x|)) */            \
	X(EXPM1, 1, 'f', 'f')                                                  \
	X(LOG1P, 1, 'f', 'f')                                                  \
	X(LOG2, 1, 'f', 'f')                                                   \
	X(TAN, 1, 'f', 'f')                                                    \
	/* f32, f32 -> f32 */                                                  \
	X(ADD, 2, 'f', 'f')                                                    \
	X(SUB, 2, 'f', 'f')                                                    \
	X(MUL, 2, 'f', 'f')                                                    \
	X(DIV, 2, 'f', 'f')                                                    \
	X(POW, 2, 'f', 'f') /* as C's powf, negative bases included */         \
	X(MIN, 2, 'f', 'f')                                                    \
	X(MAX, 2, 'f', 'f')                                                    \
	X(MOD, 2, 'f', 'f') /* a - b floor(a / b), as numpy */                 \
	X(FMA, 3, 'f', 'f') /* a b + c, rounded once or twice */               \
	/* f32, f32 -> i32 0 or 1 */                                           \
	X(EQ, 2, 'f', 'i')                                                     \
	X(NE, 2, 'f', 'i')                                                     \
	X(LT, 2, 'f', 'i')                                                     \
	X(LE, 2, 'f', 'i')                                                     \
	X(GT, 2, 'f', 'i')                                                     \
	X(GE, 2, 'f', 'i')                                                     \
	X(ISNAN, 1, 'f', 'i')                                                  \
	/* i32 */                                                              \
	X(INEG, 1, 'i', 'i')                                                   \
	X(IABS, 1, 'i', 'i')                                                   \
	X(ISIGN, 1, 'i', 'i')                                                  \
	X(IRELU, 1, 'i', 'i')                                                  \
	X(IADD, 2, 'i', 'i')                                                   \
	X(ISUB, 2, 'i', 'i')                                                   \
	X(IMUL, 2, 'i', 'i')                                                   \
	X(IDIV, 2, 'i', 'i') /* floor, as numpy //; x / 0 = 0 */               \
	X(IMOD, 2, 'i', 'i') /* the divisor's sign; x % 0 = 0 */               \
	X(IMIN, 2, 'i', 'i')                                                   \
	X(IMAX, 2, 'i', 'i')                                                   \
	X(IEQ, 2, 'i', 'i')                                                    \
	X(INE, 2, 'i', 'i')                                                    \
	X(ILT, 2, 'i', 'i')                                                    \
	X(ILE, 2, 'i', 'i')                                                    \
	X(IGT, 2, 'i', 'i')                                                    \
	X(IGE, 2, 'i', 'i')                                                    \
	X(AND, 2, 'i', 'i') /* bitwise */                                      \
	X(OR, 2, 'i', 'i')                                                     \
	X(XOR, 2, 'i', 'i')                                                    \
	X(NOT, 1, 'i', 'i') /* x == 0 */                                       \
	X(SHL, 2, 'i', 'i')                                                    \
	X(SHR, 2, 'i', 'i') /* arithmetic */                                   \
	/* conversions */                                                      \
	X(F2I, 1, 'f', 'i') /* toward zero; saturates; NaN -> 0 */             \
	X(I2F, 1, 'i', 'f')                                                    \
	X(WRAP8, 1, 'i', 'i') /* as int8_t */                                  \
	X(WRAPU8, 1, 'i', 'i') /* as uint8_t */                                \
	X(HALF, 1, 'f', 'f') /* round through f16 */                           \
	/* where: a (i32) ? b : c */                                           \
	X(SELECT, 3, 's', 'f')                                                 \
	X(ISELECT, 3, 's', 'i')

enum compute_ew_code {
#define COMPUTE_X(name, arity, in, out) COMPUTE_EW_##name,
	COMPUTE_EW_MAP(COMPUTE_X)
#undef COMPUTE_X
		COMPUTE_EW_CODES
};

struct compute_ew_op {
	uint8_t code; /* enum compute_ew_code */
	uint8_t a, b, c; /* values; unused ones 0 */
};

struct compute_elementwise {
	uint32_t n_in, n_ops, n_imm, n_out; /* n_out: 1 to 3 */
	struct compute_view in[COMPUTE_EW_MAX_IN];
	struct compute_ew_op op[COMPUTE_EW_MAX_OPS];
	union {
		float f;
		int32_t i;
	} imm[COMPUTE_EW_MAX_IMM];
	uint32_t imm_int; /* bit i: immediate i is an i32 */
	struct compute_view out[COMPUTE_EW_MAX_OUT]; /* of one shape */
	uint8_t out_value[COMPUTE_EW_MAX_OUT]; /* which value each stores */
};

/*
 * ERR_RANGE also where sizes and strides need more than 128 bytes of push
 * constants after merging dimensions; compute_elementwise_fits() tells before.
 * Three strided inputs of six dimensions and three immediates always fit.
 */
accel_status compute_elementwise(struct compute_record *rec,
				 const struct compute_elementwise *e);
bool compute_elementwise_fits(const struct compute_elementwise *e);

/* out = in, cast and broadcast as needed. */
accel_status compute_copy(struct compute_record *rec,
			  const struct compute_view *in,
			  const struct compute_view *out);

/* out = value everywhere; integers take (int32_t)value. */
accel_status compute_fill(struct compute_record *rec,
			  const struct compute_view *out, double value);

/* ---- reductions ------------------------------------------------------- */

enum compute_reduce_op {
	COMPUTE_REDUCE_SUM,
	COMPUTE_REDUCE_MEAN,
	COMPUTE_REDUCE_MAX, /* NaN propagates, as numpy */
	COMPUTE_REDUCE_MIN,
	COMPUTE_REDUCE_PROD,
	COMPUTE_REDUCE_ARGMAX, /* of equals the first */
	COMPUTE_REDUCE_ARGMIN,
	COMPUTE_REDUCE_SUMSQ, /* sum of squares */
};

/*
 * Reduces any axes of `in` (any strides) in a fixed order. Long sums, products,
 * maxima and minima go in two passes: of parts, and of what the parts gave.
 *
 * @in: any dtype. @axes: bit d set reduces dimension d; 0 is a copy.
 * @out: contiguous, the kept dimensions in order (any rank with as many
 *   elements). Sum, max, min, prod of integers: computed in i32. Mean of
 *   integers: in f32. argmax/argmin: I32, the row-major index within the
 *   reduced axes.
 * An empty reduction gives 0, NaN (mean), 1 (prod); max, min, argmax and argmin
 * of nothing are ERR_SHAPE.
 * @scratch: at least compute_reduce_scratch() bytes, of the recording's use
 *   until this launch is done; unused when that is 0.
 */
struct compute_reduce {
	enum compute_reduce_op op;
	struct compute_view in, out;
	uint32_t axes;
	struct compute_buffer *scratch;
	uint64_t scratch_offset; /* multiple of 256 */
};

uint64_t compute_reduce_scratch(struct compute_device *dev,
				const struct compute_reduce *r);
accel_status compute_reduce(struct compute_record *rec,
			    const struct compute_reduce *r);

/* ---- matmul ----------------------------------------------------------- */

/*
 * X(name, code): what a product's kernel can do while it stores. It is
 * ACTIVATE_name of shaders/math.glsl, and `code` as an operation of a chain.
 * RELU_GRAD: times (residual > 0), which is not added: the gradient of a ReLU
 * whose result the residual is.
 */
#define COMPUTE_ACT_MAP(X)                                                     \
	X(NONE, NONE)                                                          \
	X(RELU, RELU)                                                          \
	X(SIGMOID, SIGMOID)                                                    \
	X(TANH, TANH)                                                          \
	X(GELU, GELU)                                                          \
	X(SILU, SILU)                                                          \
	X(RELU_GRAD, NONE)

enum compute_act {
#define COMPUTE_X(name, code) COMPUTE_ACT_##name,
	COMPUTE_ACT_MAP(COMPUTE_X)
#undef COMPUTE_X
		COMPUTE_ACTS
};

enum compute_matmul_shape {
	COMPUTE_MATMUL_AUTO,
	COMPUTE_MATMUL_PLAIN, /* one element an invocation; small sizes */
	COMPUTE_MATMUL_V3D, /* 12x4 registers, packed A */
	COMPUTE_MATMUL_TEXEL, /* texel reads, one address for all lanes */
	COMPUTE_MATMUL_TILE, /* shared-memory tiles, 64 by 64 */
	COMPUTE_MATMUL_COOP, /* cooperative matrices; f16 operands only */
	COMPUTE_MATMUL_TILE32, /* smaller, larger tiles */
	COMPUTE_MATMUL_TILE128,
};

/*
 * out[.., m, n] = act(alpha sum_k a[.., m, k] b[.., k, n] + bias[n] +
 *                     residual[.., m, n])
 *
 * @a, @b: rank 2..6; F32 or F16, or both integers; any strides, so a transpose
 *   is a view. Batch dimensions broadcast by numpy's rules.
 * @out: contiguous, F32 or F16; I32 for integers, which wraps, and whose
 *   product takes no alpha, bias, residual or activation.
 * @bias: NULL, or a contiguous [n] F32/F16 view. @bias_rows: it is [m] instead.
 * @residual: NULL, or contiguous and shaped as out.
 * @scratch: at least compute_matmul_scratch() bytes, of the recording's use
 *   until this launch is done; unused when that is 0.
 */
struct compute_matmul {
	struct compute_view a, b, out;
	const struct compute_view *bias, *residual;
	bool bias_rows;
	float alpha; /* 0 means 1 */
	enum compute_act act;
	enum compute_matmul_shape shape;
	struct compute_buffer *scratch;
	uint64_t scratch_offset; /* multiple of 256 */
};

/* The shape AUTO stands for on this device and sizes. */
enum compute_matmul_shape compute_matmul_select(struct compute_device *dev,
						const struct compute_matmul *m);
uint64_t compute_matmul_scratch(struct compute_device *dev,
				const struct compute_matmul *m);
accel_status compute_matmul(struct compute_record *rec,
			    const struct compute_matmul *m);
const char *compute_matmul_shape_name(enum compute_matmul_shape shape);

/* ---- convolution ------------------------------------------------------ */

enum compute_conv_shape {
	COMPUTE_CONV_AUTO,
	COMPUTE_CONV_DIRECT, /* one element an invocation */
	COMPUTE_CONV_TEXEL, /* texel reads, one address for all lanes */
	COMPUTE_CONV_V3D, /* 8x4 registers, packed operands */
	COMPUTE_CONV_TILE, /* shared-memory tiles, 64 by 64; gradients, too */
	COMPUTE_CONV_TILE32,
	COMPUTE_CONV_TILE128,
};

/*
 * Cross-correlation, NCHW, as every framework's conv2d. conv1d is h = 1.
 *
 * out[n, o, y, x] = act(bias[o] + residual[n, o, y, x] + sum over i, ky, kx of
 *   in[n, g ci + i, y sh - pt + ky dh, x sw - pl + kx dw] w[o, i, ky, kx])
 * with g = o / (co / groups), ci = c / groups; outside of `in` is 0.
 *
 * @in: [n, c, h, w]. @w: [co, c / groups, kh, kw]. @out: [n, co, oh, ow].
 *   oh and ow are the out view's: bottom and right padding is what they imply.
 * All contiguous, F32 or F16; bias [co].
 * @shape: of the kernel, where the operands allow it; a 1 by 1 convolution is a
 *   matmul and does not look at it. Gradients are direct loops, or tiles;
 *   that by the input is, without strides and groups, a convolution like any.
 */
struct compute_conv {
	struct compute_view in, w, out;
	const struct compute_view *bias, *residual;
	uint32_t stride[2], pad[2] /* top, left */, dilation[2], groups;
	enum compute_act act;
	enum compute_conv_shape shape;
	struct compute_buffer *scratch;
	uint64_t scratch_offset; /* multiple of 256 */
};

uint64_t compute_conv_scratch(struct compute_device *dev,
			      const struct compute_conv *c);
accel_status compute_conv(struct compute_record *rec,
			  const struct compute_conv *c);

/*
 * The gradient of compute_conv() by its input, which is transposed convolution:
 * `out` is the gradient coming in [n, co, oh, ow] (read), `in` is written
 * [n, c, h, w], w as above. bias (of c channels) and act apply to what is
 * written, so that a ConvTranspose layer is this launch. Its scratch is not
 * compute_conv()'s.
 */
uint64_t compute_conv_input_grad_scratch(struct compute_device *dev,
					 const struct compute_conv *c);
accel_status compute_conv_input_grad(struct compute_record *rec,
				     const struct compute_conv *c);

/*
 * The gradient by the weights: reads `in` and `out` (the gradient), writes w.
 * A fixed-order sum over n, oh, ow. bias, residual and act are ignored. Its
 * scratch is not compute_conv()'s.
 */
uint64_t compute_conv_weight_grad_scratch(struct compute_device *dev,
					  const struct compute_conv *c);
accel_status compute_conv_weight_grad(struct compute_record *rec,
				      const struct compute_conv *c);

/* ---- pooling ---------------------------------------------------------- */

/*
 * @in [n, c, h, w], @out [n, c, oh, ow], contiguous, F32 or F16; of max, where
 *   no gradient is computed, also one integer dtype.
 * Max: padding never wins. @index: NULL, or I32 shaped as out: y w + x of the
 *   winner within the plane (of equals the first).
 * Average: count_pad divides by kh kw always, else by what lies inside.
 */
struct compute_pool {
	struct compute_view in, out;
	const struct compute_view *index;
	uint32_t kernel[2], stride[2], pad[2], dilation[2];
	bool average, count_pad;
};

accel_status compute_pool(struct compute_record *rec,
			  const struct compute_pool *p);

/* Reads out (the gradient) and, for max, index; writes in. */
accel_status compute_pool_grad(struct compute_record *rec,
			       const struct compute_pool *p);

/* ---- rows: softmax, norms, cumsum, top-k ------------------------------- */

/* Views are contiguous and of one shape; `axis` is the dimension that is
 * normalized. log: log-softmax. F32 or F16. */
accel_status compute_softmax(struct compute_record *rec,
			     const struct compute_view *in, uint32_t axis,
			     bool log, const struct compute_view *out);

/* in_grad = softmax gradient of out_grad at the result `out`:
 * out (g - sum(g out)), or for log-softmax g - exp(out) sum(g). */
accel_status compute_softmax_grad(struct compute_record *rec,
				  const struct compute_view *out,
				  const struct compute_view *out_grad,
				  uint32_t axis, bool log,
				  const struct compute_view *in_grad);

/*
 * Normalizes to mean 0 and variance 1 (biased), then scale and shift:
 * out = (in - mean) / sqrt(var + eps) * gamma + beta.
 *
 * in and out are [outer, group, inner] contiguous, in those three sizes.
 * LAYER: one mean for each outer over (group, inner); gamma, beta
 *   [group * inner].
 * BATCH: one mean for each group over (outer, inner); gamma, beta [group].
 * mean, rstd: NULL, or F32 receiving the mean and 1 / sqrt(var + eps) of each
 *   normalized set ([outer] or [group]).
 */
struct compute_norm {
	struct compute_view in, out;
	const struct compute_view *gamma, *beta, *mean, *rstd;
	uint32_t outer, group, inner;
	bool batch;
	float eps;
};

accel_status compute_norm(struct compute_record *rec,
			  const struct compute_norm *n);

/* Along dimension `axis`; contiguous, same shape; F32 or I32. */
accel_status compute_cumsum(struct compute_record *rec,
			    const struct compute_view *in, uint32_t axis,
			    bool exclusive, bool reverse,
			    const struct compute_view *out);

/* The k largest (or smallest) along the last dimension, in order; of equals
 * the first. in [.., n], values [.., k] of in's dtype, index [.., k] I32;
 * contiguous. NaN counts as the largest. */
accel_status compute_topk(struct compute_record *rec,
			  const struct compute_view *in, bool smallest,
			  const struct compute_view *values,
			  const struct compute_view *index);

/* ---- indexing --------------------------------------------------------- */

/*
 * out[o, j, i] = in[o, index[j], i]: `in` is [outer, n, inner] around `axis`,
 * index I32 with any shape of m elements, out has outer * m * inner elements;
 * contiguous. Negative indices count from the end; an index out of range reads
 * as NaN, in integers as 0. Any dtype, the same in and out. Embedding is axis 0.
 */
accel_status compute_gather(struct compute_record *rec,
			    const struct compute_view *in, uint32_t axis,
			    const struct compute_view *index,
			    const struct compute_view *out);

/* out[o, index[j], i] += in[o, j, i], j in order; an index out of range is
 * dropped. `axis` is out's. F32 or I32, contiguous. Fill or copy out before. */
accel_status compute_scatter_add(struct compute_record *rec,
				 const struct compute_view *in, uint32_t axis,
				 const struct compute_view *index,
				 const struct compute_view *out);

/* out[o, index[o, j, i], i] += in[o, j, i]: index is shaped as in. */
accel_status compute_scatter_add_along(struct compute_record *rec,
				       const struct compute_view *in,
				       uint32_t axis,
				       const struct compute_view *index,
				       const struct compute_view *out);

/*
 * out[o, j, i] = in[o, index[o, j, i], i] (numpy take_along_axis): index is
 * shaped as out.
 */
accel_status compute_gather_along(struct compute_record *rec,
				  const struct compute_view *in, uint32_t axis,
				  const struct compute_view *index,
				  const struct compute_view *out);

/* out[.., c] = index[..] == c ? 1 : 0; index I32 (or I8, U8), any out dtype. */
accel_status compute_one_hot(struct compute_record *rec,
			     const struct compute_view *index,
			     const struct compute_view *out);

/* ---- the rest --------------------------------------------------------- */

/*
 * Philox4x32-10 (Salmon et al., SC'11): element i is a function of the state,
 * `stream` and i only, whatever the device or launch geometry.
 *
 * @state: I32 [4] = {seed low, seed high, step, 0}; key = seed, counter =
 *   {i / 4, step, stream, 0}. Advance `step` by an element-wise add.
 * UNIFORM: [lo, hi). NORMAL: mean lo, deviation hi (Box-Muller).
 * BERNOULLI: 1 with probability lo, else 0; times hi (an inverted dropout mask
 *   is lo = keep, hi = 1 / keep). BITS: I32, the raw 32 bits.
 * @out: contiguous.
 */
enum compute_random_kind {
	COMPUTE_RANDOM_UNIFORM,
	COMPUTE_RANDOM_NORMAL,
	COMPUTE_RANDOM_BERNOULLI,
	COMPUTE_RANDOM_BITS,
};

accel_status compute_random(struct compute_record *rec,
			    enum compute_random_kind kind, float lo, float hi,
			    uint32_t stream, const struct compute_view *state,
			    const struct compute_view *out);

/* out[s, b] = bit b of sample s: in is bytes, sample s at s * sample_bytes,
 * bit b in byte b / 8 at b % 8. in U8 (any rank), out [samples, bits]
 * contiguous, any dtype; 1 or 0. */
accel_status compute_unpack_bits(struct compute_record *rec,
				 const struct compute_view *in,
				 uint32_t sample_bytes,
				 const struct compute_view *out);

/* [n, c, h, w] -> [n, c, oh, ow], contiguous, F32 or F16. Pixel centres at
 * (i + 0.5) h / oh - 0.5, or with align_corners at i (h - 1) / (oh - 1).
 * Nearest: floor(i h / oh). Bilinear: edges repeat. */
accel_status compute_resize(struct compute_record *rec,
			    const struct compute_view *in, bool bilinear,
			    bool align_corners, const struct compute_view *out);

/* The gradient of compute_resize(): reads `out` (the gradient), writes `in`, a
 * fixed-order sum over the output pixels that draw from each. */
accel_status compute_resize_grad(struct compute_record *rec,
				 const struct compute_view *out, bool bilinear,
				 bool align_corners,
				 const struct compute_view *in);

#endif /* COMPUTE_KERNELS_H */
