/* SPDX-License-Identifier: MIT */
/* Metrics, computed on the host from a model's outputs. */
#ifndef ACCEL_NN_METRIC_H
#define ACCEL_NN_METRIC_H

#include <stdbool.h>

#include <accel/loss.h>

/*
 * Metrics are measured on the host, from outputs that were read: one
 * implementation for every device, and exact.
 */
struct metrics {
	unsigned which;
	bool binary; /* one output says how much class 1 is */
	bool logits; /* outputs are; else probabilities, or numbers */
	int classes; /* 2 for one output of a binary loss; 0: numbers */
	int top_k;
	/* so far */
	int64_t batches, rows, numbers;
	double loss_sum; /* of batch means times their samples */
	int64_t samples;
	double correct, in_top, absolute;
	int64_t *confusion; /* [classes, classes]; NULL: not wanted */
	float *score; /* [rows, columns] of AUC; NULL: not wanted */
	int32_t *label;
	int64_t cap; /* rows */
};

/*
 * @classes: outputs of a row. @rows: room for AUC, all that will come.
 * @confusion: keep the matrix even where no metric needs it.
 */
accel_status metrics_init(struct metrics *m, unsigned which, accel_loss loss,
			  int classes, int top_k, int64_t rows, bool confusion);
void metrics_finish(struct metrics *m);
/* Back to nothing measured. */
void metrics_reset(struct metrics *m);

/*
 * One batch of @samples samples: @rows targets y (i32 classes, or f32 of the
 * outputs' size) and outputs.
 */
void metrics_add(struct metrics *m, int64_t rows, const void *y, bool y_classes,
		 const float *out);
void metrics_add_loss(struct metrics *m, int64_t samples, double loss);

void metrics_scores(const struct metrics *m, accel_scores *scores);

/* Metrics that need the model's outputs. */
static inline bool metrics_need_output(const struct metrics *m)
{
	return m->which || m->confusion;
}

#endif /* ACCEL_NN_METRIC_H */
