/* SPDX-License-Identifier: MIT */
/*
 * Custom training steps: a tape for gradients, a function for replay.
 */
#ifndef ACCEL_TAPE_H
#define ACCEL_TAPE_H

#include <accel/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A tape is a scope whose values can be differentiated by what they were made
 * from, even after they were read: accel_read() of a loss does not end it.
 *
 *   accel_tape *tape = accel_tape_begin(ctx);
 *   accel_tensor *loss = ...;
 *   accel_tape_gradient(tape, loss, n, weights, grads);
 *   ... update ...
 *   accel_tape_end(tape);
 *
 * Gradients are tensors of the same scope, and can be differentiated again.
 */
typedef struct accel_tape accel_tape;

ACCEL_API accel_tape *accel_tape_begin(accel_context *ctx);
/* As accel_grad(). */
ACCEL_API accel_status accel_tape_gradient(accel_tape *tape, accel_tensor *loss,
					   int n, accel_tensor *const *wrt,
					   accel_tensor **grads);
/* Frees what was made since the beginning, except what was kept, and computes
 * nothing: accel_sync() first. Tapes end in reverse order. ERR_INVALID: not the
 * innermost. NULL is allowed. */
ACCEL_API accel_status accel_tape_end(accel_tape *tape);

/*
 * A step made explicit: a C function from tensors to tensors that is recorded,
 * compiled at its first call for each set of shapes, and only replayed by later
 * ones.
 *
 * The function runs at every call, to record; what it records must depend only
 * on shapes. accel_scalar() is for numbers that change.
 */
typedef struct accel_function accel_function;

/* @in: @n_in tensors. @out: to be filled with the function's results. Return a
 * status; after a failed op, ACCEL_ERR_INVALID. */
typedef accel_status accel_function_body(void *user, int n_in,
					 accel_tensor *const *in, int n_out,
					 accel_tensor **out);

/* @n_out: results, 0 to 16. */
ACCEL_API accel_function *accel_function_create(accel_context *ctx,
						accel_function_body *body,
						void *user, int n_out);
/* NULL is allowed. */
ACCEL_API void accel_function_destroy(accel_function *f);

/*
 * Runs it: results, and assignments made in the body, are computed when this
 * returns.
 *
 * @out: receives n_out tensors, which the caller destroys; NULL where n_out is
 *   0.
 *
 * ERR_INVALID: a call after the first of these shapes and types compiled a plan
 * again, because the body recorded something else. It was carried out, but each
 * such call costs what the first one does.
 */
ACCEL_API accel_status accel_function_call(accel_function *f, int n_in,
					   accel_tensor *const *in,
					   accel_tensor **out);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_TAPE_H */
