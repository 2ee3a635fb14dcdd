/* SPDX-License-Identifier: MIT */
/*
 * The recorded graph: its gradient, and the plan it becomes.
 */
#ifndef ACCEL_GRAPH_H
#define ACCEL_GRAPH_H

#include <stdbool.h>

#include <accel/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Gradients of a scalar, as ordinary tensors of the same graph: they can be
 * differentiated again.
 *
 * @loss: one element, f32 or f16, recorded and not yet computed.
 * @wrt: @n tensors; @grads receives @n, each of its tensor's shape and type;
 *       zeros where the loss does not depend on it. By a tensor that was
 *       assigned to, it is the derivative by the value that the loss read.
 *
 * What was computed before is a constant, but in a tape (accel/tape.h): it is
 * no longer known what it was made from. ERR_INVALID: the loss depends on such
 * values and on none of @wrt, or on one that was recorded before an update of
 * its inputs.
 * Reverse accumulation in recording order: deterministic.
 * ERR_SHAPE: @loss has more than one element. ERR_NOSYS: an op between has no
 * gradient (integer results are constants, not errors).
 */
ACCEL_API accel_status accel_grad(accel_tensor *loss, int n,
				  accel_tensor *const *wrt,
				  accel_tensor **grads);

/*
 * Prints the plan that computes a tensor together with all that is pending,
 * as a table: a line a step with its shape, bytes, FLOPs, the kernel that was
 * chosen and why, and how memory is reused. Nothing is run. ACCEL_DEBUG=plan
 * prints each plan as it is compiled.
 */
ACCEL_API accel_status accel_plan_print(accel_tensor *t, FILE *out);

/* A step of a plan. The pointers are good until the callback returns. */
typedef struct accel_plan_step {
	const char *name; /* of its ops: "matmul+add+relu" */
	const char *kernel; /* "matmul_tile", "cpu" */
	/* Why that kernel: "tuned" where a table of accel tune chose it. Why the
	 * step runs on the host of a GPU, or without a fast path. "" where the
	 * kernel is the only one, or was chosen by rule. */
	const char *why;
	bool on_host; /* of a GPU */
	accel_dtype dtype; /* of the result, and its shape */
	int ndim;
	const int64_t *shape;
	uint64_t bytes; /* read and written */
	double flops;
} accel_plan_step;

/* The same, a call a step. ERR_NOMEM; ERR_INVALID without a function. */
ACCEL_API accel_status accel_plan_steps(accel_tensor *t,
					void (*step)(const accel_plan_step *s,
						     void *arg),
					void *arg);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_GRAPH_H */
