/* SPDX-License-Identifier: MIT */
/*
 * Optimizers: from gradients to better weights.
 */
#ifndef ACCEL_OPTIMIZER_H
#define ACCEL_OPTIMIZER_H

#include <stdbool.h>

#include <accel/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct accel_optimizer accel_optimizer;

/*
 * SGD      with .momentum (Polyak 1964) and .nesterov (Sutskever et al. 2013)
 * RMSPROP  Tieleman and Hinton 2012; .rho, .momentum
 * ADAM     Kingma and Ba 2015, with the bias correction folded into the rate
 * ADAMW    Loshchilov and Hutter 2019: .weight_decay apart from the gradient
 */
#define ACCEL_OPTIMIZER_MAP(X)                                                 \
	X(SGD, "sgd")                                                          \
	X(RMSPROP, "rmsprop")                                                  \
	X(ADAM, "adam")                                                        \
	X(ADAMW, "adamw")

typedef enum accel_optimizer_kind {
#define ACCEL_X(name, text) ACCEL_##name,
	ACCEL_OPTIMIZER_MAP(ACCEL_X)
#undef ACCEL_X
} accel_optimizer_kind;

typedef enum accel_schedule_kind {
	ACCEL_SCHEDULE_CONSTANT,
	ACCEL_SCHEDULE_STEP, /* times `factor` every `steps` */
	ACCEL_SCHEDULE_COSINE, /* down to `factor` of itself in `steps`:
				* Loshchilov and Hutter 2017, eq. 5 */
} accel_schedule_kind;

/* The learning rate from step to step. */
typedef struct accel_schedule {
	accel_schedule_kind kind;
	int64_t warmup; /* steps in which the rate grows linearly from 0 */
	int64_t steps; /* of the kinds above, at least 1 */
	double factor; /* step [0.1, PyTorch's], cosine [0] */
} accel_schedule;

/* 0 is the default: Keras's, in brackets. */
typedef struct accel_optimizer_options {
	double lr; /* sgd [0.01], others [0.001] (adamw, too, as in Keras 3) */
	double momentum; /* [0] */
	bool nesterov;
	double beta1, beta2; /* [0.9, 0.999] */
	double rho; /* [0.9] */
	double epsilon; /* [1e-7] */
	double weight_decay; /* sgd, rmsprop, adam [0]: of the gradient (L2);
			      * adamw [0.004]: of the weight */
	double clip_value; /* each number of a gradient to +-this */
	double clip_norm; /* each gradient to this norm */
	double clip_global_norm; /* all of them together; Pascanu et al. 2013 */
	int accumulate; /* batches whose gradients' mean makes one step [1] */
	accel_schedule schedule;
} accel_optimizer_options;

/* accel_adam(), accel_adam(.lr = 1e-4, .clip_norm = 1). ERR_RANGE. */
#define ACCEL_OPTIMIZER(kind_, ...)                                            \
	accel_optimizer_create(kind_, &(accel_optimizer_options){ __VA_ARGS__ })
#define accel_sgd(...) ACCEL_OPTIMIZER(ACCEL_SGD, __VA_ARGS__)
#define accel_rmsprop(...) ACCEL_OPTIMIZER(ACCEL_RMSPROP, __VA_ARGS__)
#define accel_adam(...) ACCEL_OPTIMIZER(ACCEL_ADAM, __VA_ARGS__)
#define accel_adamw(...) ACCEL_OPTIMIZER(ACCEL_ADAMW, __VA_ARGS__)
ACCEL_API accel_optimizer *
accel_optimizer_create(accel_optimizer_kind kind,
		       const accel_optimizer_options *options);
/* Of one that accel_compile() took it does nothing. NULL is allowed. */
ACCEL_API void accel_optimizer_destroy(accel_optimizer *o);

/*
 * Records one update of @n parameters in place, for custom steps; the next
 * accel_sync() carries it out.
 *
 * @params: f32 tensors with storage, the same ones in the same order in every
 *   call, ERR_INVALID otherwise; they stay the caller's. @grads: of their
 *   shapes.
 *
 * What the method remembers (momenta) is made at the first call, zero.
 */
ACCEL_API accel_status accel_optimizer_apply(accel_optimizer *o, int n,
					     accel_tensor *const *params,
					     accel_tensor *const *grads);

/* The rate of the next step, schedule included. */
ACCEL_API double accel_optimizer_rate(const accel_optimizer *o);
/* Another base rate from now on. */
ACCEL_API void accel_optimizer_set_rate(accel_optimizer *o, double lr);

/*
 * Gradients made small, as tensors. A gradient whose norm is above @norm is
 * scaled to it; the others stay. accel_clip_global_norm() takes the norm over
 * all @n and scales them alike, in place of @grads.
 */
ACCEL_API accel_tensor *accel_clip_value(accel_tensor *g, double limit);
ACCEL_API accel_tensor *accel_clip_norm(accel_tensor *g, double norm);
ACCEL_API accel_status accel_clip_global_norm(int n, accel_tensor **grads,
					      double norm);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_OPTIMIZER_H */
