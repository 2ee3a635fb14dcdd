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
 * A model belongs to its context: destroy it first. Equal seeds give equal
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
 * NULL in, NULL out. Nodes belong to their input, and that to the model, which
 * takes it even where it fails.
 */
typedef struct accel_node accel_node;

/* @shape: without the batch's size. */
ACCEL_API accel_node *accel_input(accel_context *ctx, int ndim,
				  const int64_t *shape);
ACCEL_API accel_node *accel_apply(accel_layer *layer, accel_node *x);
/* Layers of two inputs: accel_add_layer() and the like, and attention. */
ACCEL_API accel_node *accel_merge(accel_layer *layer, accel_node *a,
				  accel_node *b);
ACCEL_API accel_model *accel_model_create(accel_node *input,
					  accel_node *output);
/* NULL is allowed. */
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

/* ---- training ---- */

typedef struct accel_compile_options {
	/* Taken, even on failure. NULL: Adam, but an error where it is NULL as
	 * it could not be made (this thread's last one). */
	accel_optimizer *optimizer;
	accel_loss loss;
	unsigned metrics; /* accel_metric bits: ACCEL_ACCURACY | ACCEL_F1 */
	int top_k; /* 0: 5 */
	bool autoencode; /* the target is the input, whatever y is */
	/* Activations and gradients in f16, weights and sums in f32. Losses are
	 * scaled by a power of two that grows until gradients overflow;
	 * Micikevicius et al. 2018, 3.2. */
	bool mixed_precision;
} accel_compile_options;

#define accel_compile(m_, ...)                                                 \
	accel_compile_with(m_, &(accel_compile_options){ __VA_ARGS__ })
ACCEL_API accel_status accel_compile_with(accel_model *m,
					  const accel_compile_options *options);

/* Other metrics from now on, accel_metric bits. ERR_INVALID: not compiled. */
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

typedef struct accel_fit_options {
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
 * label out of range, NaN or infinity in data or loss: the text names epoch and
 * batch; weights are those before that batch's step or after it. Errors of
 * accel_model_save().
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
 * ERR_RANGE: a label out of range, NaN or infinity in data or loss: the text
 * names the batch. Others as accel_fit()'s.
 */
ACCEL_API accel_status accel_evaluate(accel_model *m, const accel_samples *data,
				      accel_scores *scores);

/* counts[i * n + j]: samples of class i that were taken for class j.
 * @n: the classes, equal to the outputs (2 for one output). */
ACCEL_API accel_status accel_confusion(accel_model *m,
				       const accel_samples *data, int n,
				       int64_t *counts);

/*
 * Outputs, f32 [count, ...].
 *
 * @out: room for @size numbers. ERR_RANGE: that is not count times the output.
 */
ACCEL_API accel_status accel_predict(accel_model *m, const accel_samples *data,
				     float *out, size_t size);

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

/*
 * A model from such a file, compiled and ready, with its optimizer's state:
 * accel_fit() goes on where it was.
 *
 * ERR_IO; ERR_FORMAT: not such a file, or damaged: the text says where.
 */
ACCEL_API accel_model *accel_model_load(accel_context *ctx, const char *path);

/*
 * Takes weights and the state of training from such a file into a model of the
 * same layers. ERR_SHAPE: they differ (the text names the weight).
 */
ACCEL_API accel_status accel_model_restore(accel_model *m, const char *path);

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
