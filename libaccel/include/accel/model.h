/* SPDX-License-Identifier: MIT */
/*
 * Models: layers put together, trained, judged, used and saved.
 *
 *   accel_model *m = accel_sequential(ctx, accel_flatten(), accel_dense(10));
 *   accel_compile(m, .optimizer = accel_adam(),
 *                 .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
 *                 .metrics = ACCEL_ACCURACY);
 *   accel_fit(m, mnist->train, .epochs = 5, .validation = mnist->test);
 *
 * Calls take NULL for a model that could not be made: those that return a
 * status fail, with the text of what went wrong before; the others return NULL
 * or nothing. So one check at the end is enough, as with tensors.
 *
 * What belongs to what is counted, so destroy models, contexts, optimizers and
 * samples in any order, and as often as you like. A model that outlives
 * accel_close() keeps its context and works. Equal seeds give equal
 * bits, of weights, too (accel_open's .seed; 0 where it is left out).
 */
#ifndef ACCEL_MODEL_H
#define ACCEL_MODEL_H

#include <accel/data.h>
#include <accel/layer.h>
#include <accel/loss.h>
#include <accel/optimizer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct accel_model accel_model;

/* ---- making one ---- */

/* One layer after the other. NULL if a layer is. */
#define accel_sequential(ctx, ...)                                             \
	accel_sequential_with(ctx,                                             \
			      (int)(sizeof((accel_layer *[]){ __VA_ARGS__ }) / \
				    sizeof(accel_layer *)),                    \
			      (accel_layer *[]){ __VA_ARGS__ })
ACCEL_API accel_model *accel_sequential_with(accel_context *ctx, int n,
					     accel_layer *const *layers);

/*
 * Any other shape, Keras's functional API: a node is a value to be, and a layer
 * applied to it gives the next.
 *
 *   accel_node *x = accel_input(ctx, ACCEL_SHAPE(16));
 *   accel_node *h = accel_apply(accel_dense(16, .activation = ACCEL_RELU), x);
 *   accel_model *m = accel_model_create(x, accel_apply(accel_dense(3),
 *                                       accel_merge(accel_add_layer(), x, h)));
 *
 * NULL in, NULL out. Nodes that hang together belong to the models over them,
 * by count, and to the context before the first of these; nobody destroys them.
 * Models over the same nodes, or over nodes of the same layers, share weights:
 *
 *   accel_node *code = accel_apply(accel_dense(8), x);
 *   accel_model *encoder = accel_model_create(x, code);
 *   accel_model *both = accel_model_create(x, accel_apply(accel_dense(16), code));
 */
typedef struct accel_node accel_node;

#define ACCEL_MAX_INPUTS 8 /* of a model */

/* A list of nodes, as two arguments: ACCEL_NODES(a, b). */
#define ACCEL_NODES(...)                                                       \
	(int)(sizeof((accel_node *[]){ __VA_ARGS__ }) / sizeof(accel_node *)), \
		(accel_node *[])                                               \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

/* @shape: without the batch's size. The context's, until a model takes it. */
ACCEL_API accel_node *accel_input(accel_context *ctx, int ndim,
				  const int64_t *shape);
/* Takes the layer's handle, even where it fails; give it again to share it. */
ACCEL_API accel_node *accel_apply(accel_layer *layer, accel_node *x);
/* Layers of two inputs: accel_add_layer() and the like, and attention. */
ACCEL_API accel_node *accel_merge(accel_layer *layer, accel_node *a,
				  accel_node *b);
/* Of as many as the layer takes: accel_apply_to(accel_concatenate_layer(),
 * ACCEL_NODES(a, b, c)). */
ACCEL_API accel_node *accel_apply_to(accel_layer *layer, int n,
				     accel_node *const *in);

/*
 * A model from inputs to outputs; it is the caller's, the nodes stay usable. A
 * model of several:
 *
 *   accel_model_create_with(ACCEL_NODES(image, weight), ACCEL_NODES(kind, age))
 *
 * ERR_SHAPE; ERR_INVALID: an input that leads to no output, an output that
 * depends on an input which is not there, or two layers of one name. Nothing is
 * changed then.
 */
ACCEL_API accel_model *accel_model_create(accel_node *input,
					  accel_node *output);
ACCEL_API accel_model *accel_model_create_with(int n_in, accel_node *const *in,
					       int n_out,
					       accel_node *const *out);

/*
 * A model as a layer: its layers applied to x, with the weights it has. The
 * model stays the caller's and may be destroyed; its layers live on.
 * accel_model_apply() is for one input and one output.
 *
 * @out: receives a node for each of the model's outputs.
 * ERR_INVALID: as many inputs or outputs as the model does not have.
 */
ACCEL_API accel_node *accel_model_apply(accel_model *m, accel_node *x);
ACCEL_API accel_status accel_model_apply_to(accel_model *m, int n_in,
					    accel_node *const *in, int n_out,
					    accel_node **out);

/*
 * Nodes of a model that is built, to go on from: take a head off and put
 * another on with
 *
 *   accel_node *x = accel_model_input_node(base, 0);
 *   accel_node *h = accel_model_node(base, "flatten");
 *   accel_model *m = accel_model_create(x, accel_apply(accel_dense(3), h));
 *
 * accel_model_node() gives what a layer makes, at its first place. They are the
 * model's. NULL: there is none, or the model is not built.
 */
ACCEL_API accel_node *accel_model_input_node(accel_model *m, int i);
ACCEL_API accel_node *accel_model_output_node(accel_model *m, int i);
ACCEL_API accel_node *accel_model_node(accel_model *m, const char *layer);

/* Layers by name or number, each once. They are the model's. NULL: none. */
ACCEL_API int accel_model_layers(const accel_model *m);
ACCEL_API const char *accel_model_layer_name(const accel_model *m, int i);
ACCEL_API accel_layer *accel_model_layer(accel_model *m, const char *name);
/* accel_layer_set_trainable() of every layer. */
ACCEL_API accel_status accel_model_set_trainable(accel_model *m,
						 bool trainable);

/* Layers, nodes and the context stay as long as others need them. A second call
 * does nothing; NULL is allowed. In a callback of accel_fit() it takes effect
 * when that returns. */
ACCEL_API void accel_model_destroy(accel_model *m);

/*
 * Gives a sequential model its input shape (without the batch) and makes its
 * weights. accel_fit() does so by itself from the data.
 *
 * ERR_SHAPE: a layer cannot take what the one before gives (the text names
 * both), or the model has another input shape already.
 */
ACCEL_API accel_status accel_model_build(accel_model *m, int ndim,
					 const int64_t *shape);

/*
 * The layers' table as Keras prints it: names, output shapes, parameters.
 * A model that is not built shows "?" for what it does not know.
 */
ACCEL_API accel_status accel_model_summary(const accel_model *m, FILE *out);

ACCEL_API accel_context *accel_model_context(const accel_model *m);
/* Without the batch; 0 dimensions before it is built. */
ACCEL_API int accel_model_input(const accel_model *m, const int64_t **shape);
ACCEL_API int accel_model_output(const accel_model *m, const int64_t **shape);
/* Of a model of several; the names are those of the layers. */
ACCEL_API int accel_model_inputs(const accel_model *m);
ACCEL_API int accel_model_outputs(const accel_model *m);
ACCEL_API int accel_model_input_at(const accel_model *m, int i,
				   const int64_t **shape);
ACCEL_API int accel_model_output_at(const accel_model *m, int i,
				    const int64_t **shape);
ACCEL_API const char *accel_model_output_name(const accel_model *m, int i);
/* Numbers that training changes; all of them, with moving averages. */
ACCEL_API int64_t accel_model_trainable(const accel_model *m);
ACCEL_API int64_t accel_model_parameters(const accel_model *m);
/* Weights in layer order: returns how many there are; @list (NULL: count only)
 * receives the model's own tensors, to read, write or differentiate by. */
ACCEL_API int accel_model_weights(accel_model *m, bool trainable_only,
				  accel_tensor **list);
/* A weight by name ("dense_1/kernel"), or NULL without an error. */
ACCEL_API accel_tensor *accel_model_weight(accel_model *m, const char *name);

/* The model applied to a batch x [N, ...], as a tensor to go on with.
 * @training: dropout drops, and batch norm uses and updates statistics. */
ACCEL_API accel_tensor *accel_model_call(accel_model *m, accel_tensor *x,
					 bool training);
/* The same of several, which have as many samples each. @out: receives a tensor
 * for each output. */
ACCEL_API accel_status accel_model_call_with(accel_model *m, int n_in,
					     accel_tensor *const *in, int n_out,
					     accel_tensor **out, bool training);

/* ---- training ---- */

/* What one of several outputs is trained for. */
typedef struct accel_output_options {
	accel_loss loss; /* must be chosen */
	double loss_weight; /* of the sum that is trained for; 0: 1 */
	unsigned metrics; /* accel_metric bits */
	int top_k; /* 0: 5 */
} accel_output_options;

/*
 * In accel_compile(), one for each output in order:
 *
 *   accel_compile(m, ACCEL_OUTPUTS({ .loss = ACCEL_MSE, .loss_weight = 0.5 },
 *                                  { .loss = ACCEL_BINARY_CROSS_ENTROPY_LOGITS,
 *                                    .metrics = ACCEL_AUC }))
 */
#define ACCEL_OUTPUTS(...)                                                     \
	.n_outputs = (int)(sizeof((accel_output_options[]){ __VA_ARGS__ }) /   \
			   sizeof(accel_output_options)),                      \
	.outputs = (const accel_output_options[])                              \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

typedef struct accel_compile_options {
	/* Taken, even on failure: destroy it or not. One that another model
	 * has is copied: its options, without what it remembers. NULL: Adam,
	 * but an error where it is NULL as it could not be made (this thread's
	 * last one). */
	accel_optimizer *optimizer;
	/* Must be chosen. ERR_INVALID: it was forgotten, or is one of logits
	 * where the model ends in softmax or sigmoid, or one of probabilities
	 * where it does not. */
	accel_loss loss;
	unsigned metrics; /* accel_metric bits: ACCEL_ACCURACY | ACCEL_F1 */
	int top_k; /* 0: 5 */
	bool autoencode; /* the target is the input, whatever y is */
	/* Activations and gradients in f16, weights and sums in f32. Losses are
	 * scaled by a power of two that grows until gradients overflow;
	 * Micikevicius et al. 2018, 3.2. */
	bool mixed_precision;
	/* Of several outputs, copied; see ACCEL_OUTPUTS(). Without it, loss and
	 * metrics above are those of each. ERR_INVALID: as many as the model
	 * does not have. */
	int n_outputs;
	const accel_output_options *outputs;
} accel_compile_options;

#define accel_compile(m_, ...)                                                 \
	accel_compile_with(m_, &(accel_compile_options){ __VA_ARGS__ })
ACCEL_API accel_status accel_compile_with(accel_model *m,
					  const accel_compile_options *options);

/* Other metrics from now on, accel_metric bits. ERR_INVALID: not compiled, or
 * several outputs. */
ACCEL_API accel_status accel_model_set_metrics(accel_model *m,
					       unsigned metrics);

/* One epoch of a history. */
typedef struct accel_epoch {
	accel_scores train; /* measured while weights changed */
	accel_scores validation; /* loss NaN: none */
	double rate; /* the last step's learning rate */
} accel_epoch;

/* What a callback hears. */
typedef struct accel_progress {
	accel_model *model;
	int epoch, epochs; /* from 0 */
	int64_t batch,
		batches; /* from 0; done so far in this epoch: batch + 1 */
	accel_scores train; /* of this epoch so far; before its end no more
			     * than loss, accuracy, top_k and mae */
	const accel_epoch *done; /* at an epoch's end: its record; else NULL */
} accel_progress;

/* Return false to stop after this batch. */
typedef bool accel_callback(void *user, const accel_progress *p);

/*
 * Weights of classes, in .fit and .evaluate: a sample's loss counts as often as
 * its class says (and as its own weight does, see accel_samples_options), and
 * the sum is divided by the number of samples, as Keras does. So a rare class
 * is heard: accel_fit(m, s, .balanced = true), or
 *
 *   accel_fit(m, s, ACCEL_CLASS_WEIGHTS(1, 49))
 *
 * Metrics count every sample once. Validation counts by samples' weights only,
 * as Keras's.
 */
#define ACCEL_CLASS_WEIGHTS(...)                                               \
	.n_class_weights =                                                     \
		(int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)),     \
	.class_weight = (const double[])                                       \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

typedef struct accel_fit_options {
	/* Of several inputs or outputs: accel_samples_join(). They stay the
	 * caller's, and may go when the call has returned. */
	const accel_samples *data;
	int epochs; /* 0: 1; of a resumed run: all together */
	int batch_size; /* 0: 32 */
	const accel_samples *validation; /* judged after every epoch */
	double validation_split; /* instead: the last part of data, as Keras */
	bool no_shuffle;
	uint64_t seed; /* of the shuffling */
	/* Early stopping: epochs without a smaller validation loss (training
	 * loss where there is none) until training ends; 0: never. */
	int patience;
	const char *checkpoint; /* file written after every epoch */
	const char *best; /* file written after every epoch that was best */
	bool resume; /* go on from `checkpoint` where it exists, patience and
		      * best epoch included; otherwise those begin anew */
	const char *
		csv; /* log, written anew: a line for an epoch of the history */
	int verbose; /* 0: a bar on a terminal, else lines; 1: lines; -1: none */
	FILE *out; /* of the progress; NULL: stdout */
	accel_callback *on_batch, *on_epoch;
	void *user;
	/* ACCEL_CLASS_WEIGHTS(): as many as there are classes (two of one
	 * output), none below 0. ERR_RANGE; ERR_INVALID: the loss has no
	 * classes, or the model several outputs. */
	int n_class_weights;
	const double *class_weight;
	bool balanced; /* instead: samples / (classes * samples of the class),
			* of what is trained by */
} accel_fit_options;

/*
 * Trains. Samples are shuffled for each epoch and prepared by a thread of
 * their own; a batch is one replayed plan: one submit, no allocation.
 *
 * Ctrl-C (SIGINT, where the program left its default) ends training after the
 * batch, or before it while its plan is made; a second one ends the program.
 * Stopped by it or by .patience, the model keeps the weights of the best epoch;
 * the call succeeds, see accel_history.
 *
 * Deterministic: equal seeds, data and options give equal bits, in a resumed
 * run, too.
 *
 * ERR_INVALID: not compiled. ERR_SHAPE: model and data do not fit. ERR_RANGE: a
 * label, a target or an embedding's word out of range: the text names the sample
 * and the number, and nothing was changed; NaN or infinity in x or the loss: it
 * names epoch and batch, and weights are those before that batch's step or after
 * it. Errors of accel_model_save().
 */
#define accel_fit(m_, ...)                                                     \
	accel_fit_with(m_, &(accel_fit_options){ .data = __VA_ARGS__ })
ACCEL_API accel_status accel_fit_with(accel_model *m,
				      const accel_fit_options *options);

/* What training showed, epoch by epoch; it is saved with the model. */
typedef struct accel_history {
	int n;
	const accel_epoch *epoch;
	int best; /* the best one of the last fit, from 0; -1: none */
	bool interrupted; /* the last fit was, by Ctrl-C */
} accel_history;
ACCEL_API accel_history accel_model_history(const accel_model *m);

/* ---- use ---- */

/*
 * Loss and metrics over samples. Metrics are those of accel_compile().
 * @scores: receives them.
 *
 * ERR_RANGE: a label, a target or an embedding's word out of range: the text
 * names the sample; NaN or infinity in x or the loss: it names the batch. Others
 * as accel_fit()'s.
 */
ACCEL_API accel_status accel_evaluate(accel_model *m, const accel_samples *data,
				      accel_scores *scores);

typedef struct accel_evaluate_options {
	size_t size; /* of this struct, by the macro */
	const accel_samples *data;
	accel_scores *scores;
	/* As accel_fit()'s; "balanced" is of this data. */
	int n_class_weights;
	const double *class_weight;
	bool balanced;
} accel_evaluate_options;

/* accel_evaluate_by(m, s, .scores = &scores, ACCEL_CLASS_WEIGHTS(1, 49)) */
#define accel_evaluate_by(m_, ...)                                             \
	accel_evaluate_with(m_,                                                \
			    &(accel_evaluate_options){                         \
				    .size = sizeof(accel_evaluate_options),    \
				    .data = __VA_ARGS__ })
ACCEL_API accel_status
accel_evaluate_with(accel_model *m, const accel_evaluate_options *options);

/* Of a model of one output. counts[i * n + j]: samples of class i that were taken for class j.
 * @n: the classes, equal to the outputs (2 for one output). */
ACCEL_API accel_status accel_confusion(accel_model *m,
				       const accel_samples *data, int n,
				       int64_t *counts);

/*
 * Outputs, f32 [count, ...].
 *
 * @out: room for @size numbers. ERR_RANGE: that is not count times the output,
 * or a word that an embedding does not have.
 */
ACCEL_API accel_status accel_predict(accel_model *m, const accel_samples *data,
				     float *out, size_t size);
/* Of several outputs: out[i] has room for size[i] numbers. ERR_INVALID: @n is
 * not their number. */
ACCEL_API accel_status accel_predict_outputs(accel_model *m,
					     const accel_samples *data, int n,
					     float *const *out,
					     const size_t *size);

/* ---- files ---- */

/*
 * One .safetensors file: weights by name, and in its metadata the architecture,
 * what accel_compile() and data preprocessing were told, history, optimizer and
 * random state. Written to a temporary file beside it, synced and renamed: the
 * path always holds a whole file.
 *
 * ERR_IO: the text has the reason ("No space left on device"); the file that
 * was there is as it was. ERR_INVALID: the model is not built.
 */
ACCEL_API accel_status accel_model_save(accel_model *m, const char *path);

typedef struct accel_save_options {
	size_t size; /* of this struct, by the macro */
	const char *path;
	/* The weights of now, without what the optimizer remembers and without
	 * the best epoch's: with Adam a third of the file. Loaded, the model
	 * predicts as before, and training begins with a new optimizer; it
	 * cannot be resumed. */
	bool weights_only;
} accel_save_options;

/* The same with options: accel_save(m, path, .weights_only = true).
 * ERR_INVALID: no options. */
#define accel_save(m_, ...)                                                    \
	accel_save_with(                                                       \
		m_, &(accel_save_options){ .size = sizeof(accel_save_options), \
					   .path = __VA_ARGS__ })
ACCEL_API accel_status accel_save_with(accel_model *m,
				       const accel_save_options *options);

/*
 * A model from such a file, compiled and ready, with its optimizer's state:
 * accel_fit() goes on where it was.
 *
 * ERR_IO; ERR_FORMAT: not such a file, or damaged: the text says where.
 */
ACCEL_API accel_model *accel_model_load(accel_context *ctx, const char *path);

/* What a weight or layer of the model is called in a file: "conv2d/kernel" or
 * "conv2d". */
typedef struct accel_name_pair {
	const char *model, *file;
} accel_name_pair;

/* Weights that accel_model_restore(.partial = true) met. */
typedef struct accel_restored {
	int loaded;
	int missing; /* of the model, not in the file */
	int misfit; /* in the file with another shape or type */
	int unused; /* of the file, asked for by none of the model's */
} accel_restored;

typedef struct accel_restore_options {
	size_t size; /* of this struct, by the macro */
	const char *path;
	/* Take the weights that the file has by name and shape, and leave the
	 * others, the optimizer and the history as they are. */
	bool partial;
	/* Names where they differ, ended by { NULL }. With it, too, only
	 * weights are taken, and without .partial all of them. */
	const accel_name_pair *map;
	FILE *report; /* a line for each weight: loaded, or why not */
	accel_restored *result; /* receives the counts */
} accel_restore_options;

/*
 * Takes weights and the state of training from such a file into a model of the
 * same layers, or what fits into any model:
 *
 *   accel_model_restore(m, "base.safetensors", .partial = true,
 *                       .report = stdout)
 *
 * ERR_SHAPE: they differ (the text names the weight), or none fits; nothing was
 * changed. ERR_INVALID: a file of weights only, without .partial, or a name in
 * .map that is none of the model's. ERR_IO, ERR_FORMAT.
 */
#define accel_model_restore(m_, ...)                                           \
	accel_model_restore_with(                                              \
		m_, &(accel_restore_options){                                  \
			    .size = sizeof(accel_restore_options),             \
			    .path = __VA_ARGS__ })
ACCEL_API accel_status
accel_model_restore_with(accel_model *m, const accel_restore_options *options);

/* The data's preprocessing, which fit took over, or NULL. The model's. */
ACCEL_API const accel_preprocess *accel_model_preprocess(const accel_model *m);
/* What it was trained for. */
ACCEL_API const accel_compile_options *
accel_model_options(const accel_model *m);
ACCEL_API accel_optimizer *accel_model_optimizer(accel_model *m);
/*
 * A text that is saved with the model, for whoever made it: NULL takes it away.
 * The tools keep "threshold" and "options" there. ERR_INVALID: no UTF-8.
 */
ACCEL_API accel_status accel_model_set_note(accel_model *m, const char *key,
					    const char *text);
/* The text, or NULL. The model's, until it is set again. */
ACCEL_API const char *accel_model_note(const accel_model *m, const char *key);
/* Name of an output's class, or NULL. The model's. */
ACCEL_API const char *accel_model_class(const accel_model *m, int i);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_MODEL_H */
