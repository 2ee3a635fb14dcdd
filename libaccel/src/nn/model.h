/* SPDX-License-Identifier: MIT */
/* A model: its layers, its nodes, its weights and its history. */
#ifndef ACCEL_NN_MODEL_H
#define ACCEL_NN_MODEL_H

#include <accel/model.h>

#include "../base/object.h"
#include "network.h"

/* A layer of a model, once however often it is applied. */
struct model_layer {
	struct accel_layer *l; /* the nodes' */
	char name[LAYER_NAME + 12]; /* in this model, no other has it */
};

struct accel_model {
	accel_context *ctx; /* a reference */
	bool counted; /* by the network of its nodes */
	struct accel_node **node; /* its inputs, then layers before users */
	uint32_t n_nodes, n_in, n_out;
	struct accel_node **output;
	struct model_layer *layer; /* in the order of their first use */
	uint32_t n_layers;
	bool built, compiled;
	bool busy; /* accel_fit() is at work */
	accel_compile_options o; /* o.optimizer is a reference, o.outputs
				  * n_out of them, owned */
	/* of training, saved with the weights */
	struct accel_epoch *epoch;
	uint32_t n_epochs, cap_epochs;
	int best; /* -1: none */
	float *best_weights; /* of that epoch, model_weights_read(); or NULL */
	bool interrupted;
	double scale; /* of losses in mixed precision */
	int64_t scale_steps; /* since it last changed */
	/* of the data */
	accel_preprocess *preprocess;
	char **class_names;
	int n_classes; /* of class_names */
	struct json_t *notes; /* texts by key, or NULL */
};

/* Lays out the layers' weights without values, for an input shape each.
 * ERR_SHAPE. */
accel_status model_shape(accel_model *m, const struct shape *inputs);
/* Shapes and weights where there are none yet; ERR_SHAPE where there are others.
 */
accel_status model_build(accel_model *m, const struct shape *inputs);
/* ERR_SHAPE: too many dimensions. */
accel_status shape_take(struct shape *s, int ndim, const int64_t *dim);
/* accel_model_create_with() up to the weights' shapes. */
accel_model *model_from_nodes(uint32_t n_in, accel_node *const *in,
			      uint32_t n_out, accel_node *const *out);
/* Makes the weights' tensors that are not there yet, from the context's seed. */
accel_status model_weights_create(accel_model *m);
/* Names layers where the user gave no name: "dense", "dense_1". ERR_INVALID: a
 * name that was given twice. */
accel_status model_name_layers(accel_model *m);
/* The entry of a node's layer. */
const struct model_layer *model_layer_of(const accel_model *m,
					 const struct accel_node *node);
/* Numbers the nodes in ->index, as files and tables do. */
void model_number(const accel_model *m);

/* The forward pass of x[i] [N, ...], one for each input, with activations of
 * @dtype. @y: receives the outputs, f32. */
accel_status model_forward(accel_model *m, accel_tensor *const *x,
			   bool training, accel_dtype dtype, accel_tensor **y);

/* Calls fn for every weight in order, once, until it fails. */
typedef accel_status weight_fn(void *arg, const struct model_layer *l,
			       struct weight *w);
accel_status model_each_weight(const accel_model *m, weight_fn *fn, void *arg);

/* All weights' numbers, one after another, to and from host memory of
 * accel_model_parameters() floats. */
accel_status model_weights_read(accel_model *m, float *to);
accel_status model_weights_write(accel_model *m, const float *from);

static inline bool model_live(const accel_model *m)
{
	return object_live(m, OBJECT_MODEL);
}

/* Binds the optimizer to the weights that are trained now; does nothing where
 * none is. */
accel_status optimizer_bind_model(accel_model *m);

/* Takes over what predictions need of the data. */
accel_status model_take_data(accel_model *m, const accel_samples *s);

/* Do all inputs and, with @targets, all outputs have their part in these
 * samples? Builds the model where it is not yet. */
accel_status model_fits(accel_model *m, const accel_samples *s, bool targets);

#endif /* ACCEL_NN_MODEL_H */
