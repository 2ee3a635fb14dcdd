/* SPDX-License-Identifier: MIT */
/*
 * A layer inside: its options, its weights, and what its kind does.
 */
#ifndef ACCEL_NN_LAYER_H
#define ACCEL_NN_LAYER_H

#include <accel/layer.h>
#include <accel/ops.h>

/* Sizes without the batch. */
struct shape {
	int ndim;
	int64_t dim[ACCEL_MAX_DIMS];
};

#define LAYER_WEIGHTS 8
#define LAYER_NAME 60 /* bytes at most */

struct weight {
	const char *name; /* "kernel"; static */
	struct shape shape;
	accel_initializer init;
	double fan_in, fan_out;
	int64_t ones_from, ones_to; /* these elements begin at 1 */
	bool trainable;
	accel_tensor *t; /* f32, owned; NULL until the model is built */
};

struct accel_layer {
	struct accel_context *ctx; /* of the weights, a reference; or NULL */
	const struct layer_desc *desc;
	accel_layer_options o; /* o.name is `name` */
	char name[LAYER_NAME + 4]; /* as its first model has it */
	bool named; /* by the user: the name stays */
	uint32_t n_weights;
	struct weight w[LAYER_WEIGHTS];
};

/* One application of a layer to a batch. */
struct layer_call {
	const struct accel_layer *l;
	uint32_t n_x;
	accel_tensor *const *x; /* [N, ...], of the layer's type */
	accel_tensor *w[LAYER_WEIGHTS]; /* the weights in that type */
	bool training;
};

/* What a layer computes in, where the model's type is f16. */
enum layer_type {
	LAYER_OF_MODEL,
	LAYER_F32, /* statistics overflow f16; word numbers do not fit */
	LAYER_ANY, /* moves what comes */
};

struct layer_desc {
	const char *name;
	uint32_t n_x; /* inputs; 2: or more, 0: one or two */
	/* Checks options that do not depend on shapes; NULL: none. */
	accel_status (*check)(const struct accel_layer *l);
	/* Output shape from input shapes, and the weights by layer_weight(). */
	accel_status (*build)(struct accel_layer *l, uint32_t n,
			      const struct shape *in, struct shape *out);
	accel_tensor *(*call)(const struct layer_call *c);
	/* Numbers of the text form in order: u units, s size, d dim, r rate,
	 * S the rest is the shape. */
	const char *text;
	/* Other options that it reads: a activation, b no_bias, p same, t
	 * stride, l dilation, q sequences, d bidirectional, k a kernel that
	 * may be penalised. */
	const char *reads;
	enum layer_type type;
};

extern const struct layer_desc layer_dense, layer_conv1d, layer_conv2d,
	layer_depthwise2d, layer_transposed2d, layer_max_pool1d,
	layer_max_pool2d, layer_avg_pool1d, layer_avg_pool2d, layer_global_max,
	layer_global_avg, layer_flatten, layer_unflatten, layer_activate,
	layer_dropout, layer_batch_norm, layer_layer_norm, layer_embedding,
	layer_gru, layer_lstm, layer_attention, layer_add, layer_multiply,
	layer_concatenate;

/* A field of accel_layer_options, for files and texts. */
struct layer_field {
	const char *name;
	enum {
		FIELD_INT,
		FIELD_BOOL,
		FIELD_DOUBLE,
		FIELD_SHAPE,
		FIELD_CHOICE
	} type;
	size_t offset;
	const char *const *choices; /* of CHOICE, ended by NULL */
};
extern const struct layer_field layer_fields[]; /* ended by a NULL name */

extern const struct layer_desc *const layer_kinds[]; /* by accel_layer_kind */
/* The kind by the name in files, or -1. */
int layer_kind(const char *name);
/* A choice's number among `choices`, or -1. */
int layer_choice(const char *const *choices, const char *name);

/* Are there tensors of its weights? */
bool layer_has_weights(const struct accel_layer *l);
/*
 * Lays the weights out for these inputs. ERR_SHAPE: it cannot take them, or has
 * weights of other shapes already; it is as it was then.
 */
accel_status layer_lay_out(struct accel_layer *l, uint32_t n,
			   const struct shape *in, struct shape *out);
/* Is this weight trained? */
static inline bool weight_trained(const struct accel_layer *l,
				  const struct weight *w)
{
	return w->trainable && !l->o.untrained;
}

/* The next weight, of a shape by its sizes, ended by 0. */
struct weight *layer_weight(struct accel_layer *l, const char *name,
			    accel_initializer init, bool trainable, int ndim,
			    const int64_t *shape);

accel_tensor *layer_activation(accel_activation a, accel_tensor *x);
/* x [..., F] w [F, units] + b [units], which may be NULL. */
accel_tensor *layer_project(accel_tensor *x, accel_tensor *w, accel_tensor *b);

/* "[28, 28]", as layout_text(). */
const char *shape_print(const struct shape *s);
int64_t shape_count(const struct shape *s);
bool shape_equal(const struct shape *a, const struct shape *b);
/* {N, dims...} of a batch. Returns the number of dimensions. */
int shape_batch(const struct shape *s, int64_t n, int64_t *out);

/* ERR_SHAPE with the layer's name: "conv2d_1: needs [C, H, W], not [784]". */
accel_status layer_misfit(const struct accel_layer *l, const char *needs,
			  const struct shape *in);
/* ERR_RANGE: "dense: units is 0, not at least 1". */
accel_status layer_at_least(const struct accel_layer *l, const char *what,
			    int value, int least);

/* First values of weight number @index of a model. */
accel_status weight_values(const struct weight *w, uint64_t seed,
			   uint32_t index, float *out);

#endif /* ACCEL_NN_LAYER_H */
