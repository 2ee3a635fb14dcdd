/* SPDX-License-Identifier: MIT */
/* Batch after batch of some samples through a model. */
#ifndef ACCEL_NN_SESSION_H
#define ACCEL_NN_SESSION_H

#include "feeder.h"
#include "metric.h"
#include "model.h"

/* The tensors of one batch size. They keep their place from step to step, so
 * that a step is one plan and allocates nothing. */
struct lane {
	int64_t n; /* 0: not made yet */
	accel_tensor *x, *y; /* written before a step; y as the samples have */
	accel_tensor *loss, *out; /* assigned by it */
};

/* Batch after batch of some samples through a model. */
struct session {
	accel_model *m;
	const accel_samples *s;
	bool training, targets;
	struct lane lane[2]; /* full batches, and an epoch's last */
	float *out; /* host: of the last batch; NULL: not wanted */
	int64_t out_each; /* numbers of a sample */
	int64_t rows_each; /* classified things of a sample */
	int n_weights; /* of training */
	accel_tensor **weight, **grad;
	accel_tensor *finite; /* u8, of mixed precision */
};

accel_status session_init(struct session *s, accel_model *m,
			  const accel_samples *samples, int64_t batch,
			  bool training, bool targets, bool want_out);
void session_finish(struct session *s);

/* Runs one batch: with .training one step of the optimizer. @loss: NULL where
 * there are no targets. */
accel_status session_step(struct session *s, const struct feed *feed,
			  double *loss);

/* Adds the last batch to the metrics. */
void session_measure(const struct session *s, const struct feed *feed,
		     struct metrics *m);

/* The metrics of compile() over samples of this session. */
accel_status session_metrics(const struct session *s, struct metrics *m,
			     unsigned which, bool confusion);

/* Loss and metrics over samples [begin, begin + count). The caller ends
 * @metrics with metrics_finish() in any case. */
accel_status model_evaluate(accel_model *m, const accel_samples *data,
			    int64_t begin, int64_t count, unsigned which,
			    bool confusion, struct metrics *metrics);

#endif /* ACCEL_NN_SESSION_H */
