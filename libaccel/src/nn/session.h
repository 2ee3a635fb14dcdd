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
	/* written before a step; y as the samples have it */
	accel_tensor *x[ACCEL_MAX_INPUTS], *y[ACCEL_MAX_OUTPUTS];
	accel_tensor *w[ACCEL_MAX_OUTPUTS]; /* [n] weights, or NULL */
	/* assigned by it; loss: each output's, and of several their sum */
	accel_tensor *out[ACCEL_MAX_OUTPUTS], *loss[ACCEL_MAX_OUTPUTS + 1];
};

/* The losses of a batch: each output's, and what is trained for. */
struct losses {
	double total, of[ACCEL_MAX_OUTPUTS];
};

/* What is measured of a model: each output, and the loss in all. */
struct measures {
	int n;
	double loss_sum;
	int64_t samples;
	struct metrics of[ACCEL_MAX_OUTPUTS];
};

/* Batch after batch of some samples through a model. */
struct session {
	accel_model *m;
	const accel_samples *s;
	struct weighting w; /* owned */
	bool training, targets;
	struct lane lane[2]; /* full batches, and an epoch's last */
	bool want_out;
	/* of each output: */
	float *out[ACCEL_MAX_OUTPUTS]; /* host: of the last batch; or NULL */
	int64_t out_each[ACCEL_MAX_OUTPUTS]; /* numbers of a sample */
	int64_t rows_each[ACCEL_MAX_OUTPUTS]; /* classified things of one */
	int n_weights; /* of training */
	accel_tensor **weight, **grad;
	accel_tensor *finite; /* u8, of mixed precision */
};

accel_status session_init(struct session *s, accel_model *m,
			  const accel_samples *samples, int64_t batch,
			  bool training, bool targets, bool want_out);
void session_finish(struct session *s);
/* Before the first step: what each sample of [begin, begin + count) counts. */
accel_status session_weigh(struct session *s, int64_t begin, int64_t count,
			   const struct weighting_options *o);

/* Runs one batch: with .training one step of the optimizer. @losses: left alone
 * where there are no targets. */
accel_status session_step(struct session *s, const struct feed *feed,
			  struct losses *losses);

/* Has an output of the model metrics, which need what it gave? */
bool model_wants_output(const accel_model *m);
/* Adds the last batch. */
void session_measure(const struct session *s, const struct feed *feed,
		     const struct losses *losses, struct measures *m);

/* The metrics of compile() over samples of this session. @all: none of them
 * where it is false. */
accel_status session_measures(const struct session *s, struct measures *m,
			      bool all, bool confusion);
void measures_reset(struct measures *m);
void measures_finish(struct measures *m);
/* @which: no more than these. */
void measures_scores(const struct measures *m, unsigned which,
		     accel_scores *scores);

/* Loss and metrics over samples [begin, begin + count). @all: the metrics of
 * compile(). @w: NULL: the samples' own weights. The caller ends @measures in
 * any case. */
accel_status model_evaluate(accel_model *m, const accel_samples *data,
			    int64_t begin, int64_t count, bool all,
			    bool confusion, const struct weighting_options *w,
			    struct measures *measures);

#endif /* ACCEL_NN_SESSION_H */
