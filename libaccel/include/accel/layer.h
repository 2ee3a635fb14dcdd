/* SPDX-License-Identifier: MIT */
/*
 * Layers: what a model is made of. Names and defaults are Keras's; ops on
 * tensors have the short names (accel_conv2d), layers the full ones
 * (accel_convolution2d).
 *
 * Images are [N, C, H, W], series [N, T, F] (time, features), all else
 * [N, ...]; sizes below leave the batch's N out.
 *
 * A call that makes a layer returns NULL on failure, with the error text set.
 *
 * A layer belongs to the node or model that it is given to, even where that
 * fails. The pointer stays good as long as one of them is there, so it may be
 * given again: whatever it is applied to, in any number of models of a context,
 * shares its weights (siamese nets, encoders, GANs). A call with a layer that is
 * gone fails with a text.
 */
#ifndef ACCEL_LAYER_H
#define ACCEL_LAYER_H

#include <stdbool.h>

#include <accel/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct accel_layer accel_layer;

#define ACCEL_ACTIVATION_MAP(X)                                                \
	X(LINEAR, "linear")                                                    \
	X(RELU, "relu")                                                        \
	X(TANH, "tanh")                                                        \
	X(SIGMOID, "sigmoid")                                                  \
	X(GELU, "gelu")                                                        \
	X(SILU, "silu")                                                        \
	X(SOFTMAX, "softmax") /* over the last dimension */                    \
	X(LEAKY_RELU, "leaky_relu") /* 0.2 x below 0, as Keras's */            \
	X(ELU, "elu") /* e^x - 1 below 0 */                                    \
	X(SOFTPLUS, "softplus")                                                \
	X(HARD_SWISH, "hard_swish")

typedef enum accel_activation {
#define ACCEL_X(name, text) ACCEL_##name,
	ACCEL_ACTIVATION_MAP(ACCEL_X)
#undef ACCEL_X
} accel_activation;

/*
 * First values of weights. glorot: Glorot and Bengio 2010, eq. 16; he: He et
 * al. 2015, eq. 10; orthogonal: Saxe et al. 2013. Normal ones are cut off at
 * two standard deviations, as Keras's are.
 */
#define ACCEL_INITIALIZER_MAP(X)                                               \
	X(DEFAULT, "default") /* the layer's own, see there */                 \
	X(ZEROS, "zeros")                                                      \
	X(ONES, "ones")                                                        \
	X(GLOROT_UNIFORM, "glorot_uniform")                                    \
	X(GLOROT_NORMAL, "glorot_normal")                                      \
	X(HE_UNIFORM, "he_uniform")                                            \
	X(HE_NORMAL, "he_normal")                                              \
	X(ORTHOGONAL, "orthogonal")                                            \
	X(UNIFORM, "uniform") /* in [-0.05, 0.05) */

typedef enum accel_initializer {
#define ACCEL_X(name, text) ACCEL_INIT_##name,
	ACCEL_INITIALIZER_MAP(ACCEL_X)
#undef ACCEL_X
} accel_initializer;

/*
 * What layers can be told: one struct for all kinds, and each kind's comment
 * says what it reads. 0 is always the default.
 */
typedef struct accel_layer_options {
	int units; /* outputs, filters, heads, words of a table */
	int size, size_w; /* window height and width; width 0: as height */
	int stride, stride_w; /* 0: 1, of a pooling its window */
	int dilation; /* 0: 1 */
	bool same; /* pad with zeros: the output is ceil(input / stride) */
	int dim; /* numbers of a word, of an attention head */
	accel_activation activation;
	bool no_bias;
	bool sequences; /* of a GRU or LSTM: give every step's output */
	/* Of a GRU or LSTM: a second one reads from the end, and its outputs
	 * stand behind the first one's: [2 * units]. */
	bool bidirectional;
	double rate; /* of a dropout */
	double epsilon; /* of a normalisation; 0: 1e-3 */
	double momentum; /* of batch statistics; 0: 0.99 */
	accel_initializer kernel_init; /* DEFAULT: glorot_uniform */
	accel_initializer bias_init; /* DEFAULT: zeros */
	/* Added to the loss, as Keras's kernel_regularizer: l1 * sum |w| and
	 * l2 * sum w^2 over the kernel (of an embedding: the words) while it is
	 * trained. At least 0. */
	double l1, l2;
	int ndim; /* of `shape` */
	int shape[ACCEL_MAX_DIMS];
	bool untrained; /* the weights stay as they are; a batch normalisation
			 * uses its moving statistics, as Keras's */
	const char *name; /* NULL: the kind's name and a number; copied. UTF-8,
			   * up to 60 bytes, without '/' */
} accel_layer_options;

/* Every kind of layer: X(NAME, "name as files and summaries have it"). */
#define ACCEL_LAYER_MAP(X)                                                     \
	X(DENSE, "dense")                                                      \
	X(CONV1D, "conv1d")                                                    \
	X(CONV2D, "conv2d")                                                    \
	X(DEPTHWISE2D, "depthwise_conv2d")                                     \
	X(TRANSPOSED2D, "conv2d_transpose")                                    \
	X(MAX_POOL1D, "max_pooling1d")                                         \
	X(MAX_POOL2D, "max_pooling2d")                                         \
	X(AVG_POOL1D, "average_pooling1d")                                     \
	X(AVG_POOL2D, "average_pooling2d")                                     \
	X(GLOBAL_MAX, "global_max_pooling")                                    \
	X(GLOBAL_AVG, "global_average_pooling")                                \
	X(FLATTEN, "flatten")                                                  \
	X(UNFLATTEN, "unflatten")                                              \
	X(ACTIVATE, "activation")                                              \
	X(DROPOUT, "dropout")                                                  \
	X(BATCH_NORM, "batch_normalization")                                   \
	X(LAYER_NORM, "layer_normalization")                                   \
	X(EMBEDDING, "embedding")                                              \
	X(GRU, "gru")                                                          \
	X(LSTM, "lstm")                                                        \
	X(ATTENTION, "multi_head_attention")                                   \
	X(ADD, "add")                                                          \
	X(MULTIPLY, "multiply")                                                \
	X(CONCATENATE, "concatenate")

typedef enum accel_layer_kind {
#define ACCEL_X(name, text) ACCEL_LAYER_##name,
	ACCEL_LAYER_MAP(ACCEL_X)
#undef ACCEL_X
} accel_layer_kind;

/* ERR_RANGE: an option that is missing or out of range. ERR_INVALID: an
 * activation, padding, stride, dilation, .no_bias, .sequences, .bidirectional,
 * .l1 or .l2 that the kind does not have, or an invalid name. */
ACCEL_API accel_layer *accel_layer_create(accel_layer_kind kind,
					  const accel_layer_options *options);
/* Of a layer that was given to nobody; of any other it does nothing, as often as
 * it is called. NULL is allowed. */
ACCEL_API void accel_layer_destroy(accel_layer *layer);

/*
 * Whether fit changes the layer's weights, from the next fit on: `false` is what
 * .untrained says when the layer is made. It holds for all models that share
 * the layer. ERR_INVALID: the layer is gone, or NULL.
 */
ACCEL_API accel_status accel_layer_set_trainable(accel_layer *layer,
						 bool trainable);
/* False of NULL, too. */
ACCEL_API bool accel_layer_trainable(const accel_layer *layer);

#define ACCEL_LAYER(kind_, ...)                                                \
	accel_layer_create(ACCEL_LAYER_##kind_,                                \
			   &(accel_layer_options){ __VA_ARGS__ })

/* x [..., F] -> activation(x W + b), [..., units]; W [F, units].
 * accel_dense(128, .activation = ACCEL_RELU) */
#define accel_dense(...) ACCEL_LAYER(DENSE, .units = __VA_ARGS__)

/* accel_convolution2d(16, 3, .same = true): 16 filters of 3 by 3, [C, H, W] ->
 * [units, OH, OW]. Reads size, stride, dilation, same, activation. */
#define accel_convolution2d(filters_, ...)                                     \
	ACCEL_LAYER(CONV2D, .units = (filters_), .size = __VA_ARGS__)
/* The same along time: [T, F] -> [OT, units]. */
#define accel_convolution1d(filters_, ...)                                     \
	ACCEL_LAYER(CONV1D, .units = (filters_), .size = __VA_ARGS__)
/* accel_depthwise_convolution2d(3): each channel by itself; .units filters for
 * each, 0: 1. [C, H, W] -> [C * units, OH, OW]. */
#define accel_depthwise_convolution2d(...)                                     \
	ACCEL_LAYER(DEPTHWISE2D, .size = __VA_ARGS__)
/* The adjoint of a convolution: with .same, [C, H, W] -> [units, H * stride,
 * W * stride]. */
#define accel_transposed_convolution2d(filters_, ...)                          \
	ACCEL_LAYER(TRANSPOSED2D, .units = (filters_), .size = __VA_ARGS__)

/* accel_max_pooling2d(2): windows of 2 by 2, [C, H, W] -> [C, H/2, W/2]. Reads
 * size, stride, same. 1d: [T, F] -> [T/2, F]. */
#define accel_max_pooling2d(...) ACCEL_LAYER(MAX_POOL2D, .size = __VA_ARGS__)
#define accel_max_pooling1d(...) ACCEL_LAYER(MAX_POOL1D, .size = __VA_ARGS__)
#define accel_average_pooling2d(...)                                           \
	ACCEL_LAYER(AVG_POOL2D, .size = __VA_ARGS__)
#define accel_average_pooling1d(...)                                           \
	ACCEL_LAYER(AVG_POOL1D, .size = __VA_ARGS__)
/* Over all of an image or series: [C, H, W] -> [C], [T, F] -> [F]. */
#define accel_global_max_pooling() ACCEL_LAYER(GLOBAL_MAX, .units = 0)
#define accel_global_average_pooling() ACCEL_LAYER(GLOBAL_AVG, .units = 0)

/* [a, b, c] -> [a * b * c]. */
#define accel_flatten() ACCEL_LAYER(FLATTEN, .units = 0)
/* accel_unflatten(1, 28, 28): any shape of as many elements -> [1, 28, 28]. */
#define accel_unflatten(...)                                                   \
	ACCEL_LAYER(                                                           \
		UNFLATTEN, .shape = { __VA_ARGS__ },                           \
		.ndim = (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)))

/* An activation by itself: accel_activate(ACCEL_RELU). */
#define accel_activate(...) ACCEL_LAYER(ACTIVATE, .activation = __VA_ARGS__)
/* In training each number is zero with probability @rate, the others grow by
 * 1 / (1 - rate). accel_dropout(0.2f) */
#define accel_dropout(...) ACCEL_LAYER(DROPOUT, .rate = __VA_ARGS__)
/* Per channel (per feature where there is one dimension): in training by the
 * batch's statistics, whose moving averages are used otherwise. Epsilon 1e-3,
 * momentum 0.99. Ioffe and Szegedy 2015. */
#define accel_batch_normalization(...)                                         \
	ACCEL_LAYER(BATCH_NORM, .ndim = 0, __VA_ARGS__)
/* Over the last dimension. Epsilon 1e-3. Ba et al. 2016. */
#define accel_layer_normalization(...)                                         \
	ACCEL_LAYER(LAYER_NORM, .ndim = 0, __VA_ARGS__)

/* accel_embedding(1000, 16): whole numbers below 1000, [...] -> [..., 16].
 * Fit, evaluate and predict refuse samples with a number that is no word; from
 * accel_model_call() it gives NaN. Initializer: uniform. */
#define accel_embedding(words_, ...)                                           \
	ACCEL_LAYER(EMBEDDING, .units = (words_), .dim = __VA_ARGS__)

/*
 * Recurrent layers over a series: [T, F] -> [units], the last step's output, or
 * with .sequences [T, units]. Activations are Keras's, tanh and sigmoid; the
 * recurrent kernel begins orthogonal. GRU: Cho et al. 2014 with the reset gate
 * after the product; LSTM: Hochreiter and Schmidhuber 1997, Gers et al. 2000,
 * the forget gate's bias begins at 1.
 */
#define accel_gru(...) ACCEL_LAYER(GRU, .units = __VA_ARGS__)
#define accel_lstm(...) ACCEL_LAYER(LSTM, .units = __VA_ARGS__)

/* accel_multi_head_attention(4, 16): four heads of 16 numbers. [T, F] ->
 * [T, F]; with two inputs, [T, F] asks [S, F]. Vaswani et al. 2017, 3.2.2. */
#define accel_multi_head_attention(heads_, ...)                                \
	ACCEL_LAYER(ATTENTION, .units = (heads_), .dim = __VA_ARGS__)

/* Of two to 16 inputs (see accel_node in accel/model.h): sums and products of
 * equal shapes; concatenation along channels of images, else the last
 * dimension. */
#define accel_add_layer() ACCEL_LAYER(ADD, .units = 0)
#define accel_multiply_layer() ACCEL_LAYER(MULTIPLY, .units = 0)
#define accel_concatenate_layer() ACCEL_LAYER(CONCATENATE, .units = 0)

/*
 * Layers from text, as the command line has them:
 *
 *   "conv2d:16:3:relu,max_pooling2d:2,flatten,dense:10"
 *
 * A kind, then its numbers in the order of its macro above, an activation and
 * flags ("same", "sequences", "no_bias") in any place. Kinds of one input.
 *
 * @layers: receives up to @max; the caller owns them. @count: how many.
 * ERR_FORMAT: the text names the part that is wrong. ERR_RANGE: over @max.
 */
ACCEL_API accel_status accel_layers_parse(const char *text, int max,
					  accel_layer **layers, int *count);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_LAYER_H */
