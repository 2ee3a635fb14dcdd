/* SPDX-License-Identifier: MIT */
/* A model: its layers, its nodes, its weights and its history. */
#ifndef ACCEL_NN_MODEL_H
#define ACCEL_NN_MODEL_H

#include <accel/model.h>

#include "layer.h"

/* A value of the model: its input, or a layer applied to others. */
struct accel_node {
	struct accel_model *m;
	struct accel_layer *layer; /* NULL: the input */
	uint32_t index, n_in;
	struct accel_node *in[2];
	bool used; /* the output depends on it */
	struct shape out; /* known once the model is built */
	accel_tensor *value; /* of the call in progress */
};

struct accel_model {
	accel_context *ctx;
	struct accel_node **node; /* inputs before users; 0 is the input */
	uint32_t n_nodes, cap_nodes;
	struct accel_node *output;
	bool failed; /* a node could not be made */
	bool built, compiled;
	accel_compile_options o; /* o.optimizer is owned */
	/* of training, saved with the weights */
	struct accel_epoch *epoch;
	uint32_t n_epochs, cap_epochs;
	int best; /* -1: none */
	float *best_weights; /* of that epoch, model_save_weights(); or NULL */
	bool interrupted;
	double scale; /* of losses in mixed precision */
	int64_t scale_steps; /* since it last changed */
	/* of the data */
	accel_preprocess *preprocess;
	char **class_names;
	int n_classes; /* of class_names */
	struct json_t *notes; /* texts by key, or NULL */
};

/* Lays out the layers' weights without values. ERR_SHAPE. */
accel_status model_shape(accel_model *m, const struct shape *input);
/* accel_model_create() up to the weights' shapes. */
accel_model *model_from_nodes(accel_node *input, accel_node *output);
/* Makes the weights' tensors, from the context's seed. */
accel_status model_weights_create(accel_model *m);

/* The forward pass of x [N, ...] with activations of @dtype; f32 out. */
accel_tensor *model_forward(accel_model *m, accel_tensor *x, bool training,
			    accel_dtype dtype);

/* Calls fn for every weight in order until it fails. */
typedef accel_status weight_fn(void *arg, struct accel_layer *l,
			       struct weight *w);
accel_status model_each_weight(const accel_model *m, weight_fn *fn, void *arg);

/* All weights' numbers, one after another, to and from host memory of
 * accel_model_parameters() floats. */
accel_status model_weights_read(accel_model *m, float *to);
accel_status model_weights_write(accel_model *m, const float *from);

/* Takes over what predictions need of the data. */
accel_status model_take_data(accel_model *m, const accel_samples *s);

/* Does the model fit these samples? Builds it where it is not yet. */
accel_status model_fits(accel_model *m, const accel_samples *s, bool targets);

#endif /* ACCEL_NN_MODEL_H */
