/* SPDX-License-Identifier: MIT */
/*
 * Losses: how far an output is from its target. Metrics: what a reader
 * understands better.
 */
#ifndef ACCEL_LOSS_H
#define ACCEL_LOSS_H

#include <accel/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Each is a mean over the batch (and over the outputs, for binary cross-entropy
 * and the losses of numbers), as Keras's are.
 *
 * SPARSE_CROSS_ENTROPY_LOGITS  target i32 [...] classes, output [..., K]
 * CROSS_ENTROPY_LOGITS         target [..., K] probabilities
 * BINARY_CROSS_ENTROPY_LOGITS  target 0 to 1, of the output's shape
 * SPARSE_CROSS_ENTROPY, CROSS_ENTROPY, BINARY_CROSS_ENTROPY
 *                              the same of probabilities: for a model that ends
 *                              in softmax or sigmoid
 * MSE, MAE, HUBER              target of the output's shape; Huber 1964, delta 1
 *
 * A loss of logits applies softmax or sigmoid itself and is exact where a
 * probability would round to 0 or 1: prefer it, with a last layer that has no
 * activation. Those of probabilities clip them to 1e-7 from 0 and 1, as Keras
 * does; rows of K are divided by their sum first.
 *
 * ACCEL_NO_LOSS, 0, is what a forgotten .loss is: accel_compile() refuses it.
 */
#define ACCEL_LOSS_MAP(X)                                                      \
	X(SPARSE_CROSS_ENTROPY_LOGITS, "sparse_cross_entropy")                 \
	X(CROSS_ENTROPY_LOGITS, "cross_entropy")                               \
	X(BINARY_CROSS_ENTROPY_LOGITS, "binary_cross_entropy")                 \
	X(MSE, "mse")                                                          \
	X(MAE, "mae")                                                          \
	X(HUBER, "huber")                                                      \
	X(SPARSE_CROSS_ENTROPY, "sparse_cross_entropy_of_probabilities")       \
	X(CROSS_ENTROPY, "cross_entropy_of_probabilities")                     \
	X(BINARY_CROSS_ENTROPY, "binary_cross_entropy_of_probabilities")

typedef enum accel_loss {
	ACCEL_NO_LOSS, /* 0 */
#define ACCEL_X(name, text) ACCEL_##name,
	ACCEL_LOSS_MAP(ACCEL_X)
#undef ACCEL_X
} accel_loss;

/*
 * The loss of a batch as a tensor of shape [], f32, to be differentiated.
 *
 * A sparse target outside 0 to K - 1 makes the loss NaN. ERR_SHAPE, ERR_DTYPE;
 * ERR_INVALID: no loss.
 */
ACCEL_API accel_tensor *accel_loss_of(accel_loss loss, accel_tensor *target,
				      accel_tensor *output);
/*
 * The same where samples count differently: weight f32 [N], one for each. The sum
 * of weighted losses is divided by the number of samples, as Keras does (PyTorch
 * divides class weights' by the sum of weights).
 */
ACCEL_API accel_tensor *accel_loss_weighted(accel_loss loss,
					    accel_tensor *target,
					    accel_tensor *output,
					    accel_tensor *weight);

/*
 * Metrics of a model, a bit each. Over classes, where the target is one:
 *
 * ACCURACY          the largest output is the class (binary: a logit above 0, a
 *                   probability above 0.5)
 * TOP_K             the class is among the k largest outputs
 * PRECISION, RECALL, F1
 *                   of class 1 where there are two, else the mean over classes;
 *                   0 where nothing is or was taken for a class
 * AUC               area under the ROC curve of class 1 against 0, exact
 *                   (Hanley and McNeil 1982); more classes: the mean of each
 *                   against the rest
 * MEAN_ABSOLUTE_ERROR   of losses of numbers, as the others are of classes;
 *                   ERR_INVALID otherwise
 */
#define ACCEL_METRIC_MAP(X)                                                    \
	X(ACCURACY, 0, "accuracy")                                             \
	X(TOP_K, 1, "top_k")                                                   \
	X(PRECISION, 2, "precision")                                           \
	X(RECALL, 3, "recall")                                                 \
	X(F1, 4, "f1")                                                         \
	X(AUC, 5, "auc")                                                       \
	X(MEAN_ABSOLUTE_ERROR, 6, "mae")
#define ACCEL_METRICS 7

typedef enum accel_metric {
#define ACCEL_X(name, bit, text) ACCEL_##name = 1 << (bit),
	ACCEL_METRIC_MAP(ACCEL_X)
#undef ACCEL_X
} accel_metric;

/* Outputs of a model at most. */
#define ACCEL_MAX_OUTPUTS 8

/* What was measured on one of several outputs. */
typedef struct accel_output_scores {
	double loss; /* without its weight */
	unsigned metrics;
	double value[ACCEL_METRICS];
} accel_output_scores;

/* What was measured on some samples. Read values through accel_scores_get(). */
typedef struct accel_scores {
	double loss; /* of several outputs: the weighted sum */
	unsigned metrics; /* accel_metric bits that are there */
	double value[ACCEL_METRICS]; /* by bit number; of several outputs: the
				      * first that has it */
	int n_outputs; /* 0: there is one, and it stands above */
	accel_output_scores output[ACCEL_MAX_OUTPUTS];
} accel_scores;

/* NaN where it was not measured. */
ACCEL_API double accel_scores_get(const accel_scores *s, accel_metric metric);
/* "accuracy"; NULL for no metric. Static. */
ACCEL_API const char *accel_metric_name(accel_metric metric);
/* As files have it: "mse"; "?" for none. Static. */
ACCEL_API const char *accel_loss_name(accel_loss loss);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_LOSS_H */
