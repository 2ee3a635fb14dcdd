/* SPDX-License-Identifier: MIT */
/*
 * The recorded graph: its gradient, and the plan it becomes.
 */
#ifndef ACCEL_GRAPH_H
#define ACCEL_GRAPH_H

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
 * as a table: kernels, shapes, bytes, FLOPs, and how memory is reused. Nothing
 * is run. ACCEL_DEBUG=plan prints each plan as it is compiled.
 */
ACCEL_API accel_status accel_plan_print(accel_tensor *t, FILE *out);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_GRAPH_H */
