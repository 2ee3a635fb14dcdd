// SPDX-License-Identifier: MIT
/* Losses as tensors. */
#include <math.h>

#include <accel/loss.h>
#include <accel/ops.h>

#include "../base/error.h"
#include "../ops/op.h"
#include "../tensor/layout.h"
#include "loss.h"

#define CLIP 1e-7 /* Keras's epsilon */

#define ROW(name, target, logits, other)                                       \
	[ACCEL_##name] = { target, logits, other, "ACCEL_" #name }
static const struct loss_desc losses[] = {
	[ACCEL_NO_LOSS] = { .constant = "ACCEL_NO_LOSS" },
	ROW(SPARSE_CROSS_ENTROPY_LOGITS, TARGET_CLASS, true,
	    ACCEL_SPARSE_CROSS_ENTROPY),
	ROW(CROSS_ENTROPY_LOGITS, TARGET_CLASSES, true, ACCEL_CROSS_ENTROPY),
	ROW(BINARY_CROSS_ENTROPY_LOGITS, TARGET_BINARY, true,
	    ACCEL_BINARY_CROSS_ENTROPY),
	ROW(MSE, TARGET_NUMBER, false, ACCEL_NO_LOSS),
	ROW(MAE, TARGET_NUMBER, false, ACCEL_NO_LOSS),
	ROW(HUBER, TARGET_NUMBER, false, ACCEL_NO_LOSS),
	ROW(SPARSE_CROSS_ENTROPY, TARGET_CLASS, false,
	    ACCEL_SPARSE_CROSS_ENTROPY_LOGITS),
	ROW(CROSS_ENTROPY, TARGET_CLASSES, false, ACCEL_CROSS_ENTROPY_LOGITS),
	ROW(BINARY_CROSS_ENTROPY, TARGET_BINARY, false,
	    ACCEL_BINARY_CROSS_ENTROPY_LOGITS),
};
#define ACCEL_X(name, text) +1
_Static_assert(sizeof(losses) / sizeof(losses[0]) == 1 ACCEL_LOSS_MAP(ACCEL_X),
	       "a loss without a row");
#undef ACCEL_X

const struct loss_desc *loss_desc_of(accel_loss loss)
{
	bool known = (unsigned)loss < sizeof(losses) / sizeof(losses[0]);

	return &losses[known ? loss : ACCEL_NO_LOSS];
}

const char *accel_loss_name(accel_loss loss)
{
	switch (loss) {
	case ACCEL_NO_LOSS:
		break;
#define ACCEL_X(name, text)                                                    \
	case ACCEL_##name:                                                     \
		return text;
		ACCEL_LOSS_MAP(ACCEL_X)
#undef ACCEL_X
	}
	return "?";
}

/* Probabilities a little away from 0 and 1, whose logarithms are finite. */
static accel_tensor *clip(accel_tensor *p)
{
	accel_context *ctx = op_context(p);
	accel_tensor *low, *high;

	if (!p)
		return NULL;
	low = accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, CLIP);
	high = accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, 1 - CLIP);
	return accel_minimum(accel_maximum(p, low), high);
}

/* The logarithms of what x [..., K] says of the classes. */
static accel_tensor *log_classes(accel_tensor *x, bool logits)
{
	return logits ? accel_log_softmax(x, -1)
		      : accel_log(clip(accel_div(x, accel_sum(x, ACCEL_AXES(-1),
							      true))));
}

/* Elements [N, ...] times what their sample counts, weight [N] or NULL. */
static accel_tensor *weighted(accel_tensor *y, accel_tensor *weight)
{
	int64_t shape[ACCEL_MAX_DIMS];
	int i;

	if (!weight || !y)
		return y;
	shape[0] = accel_tensor_dim(weight, 0);
	for (i = 1; i < accel_tensor_ndim(y); i++)
		shape[i] = 1;
	return accel_mul(y, accel_reshape(weight, accel_tensor_ndim(y), shape));
}

/* -sum(w p log softmax(x)) / rows: p, x [..., K] */
static accel_tensor *cross_entropy(accel_tensor *p, accel_tensor *x,
				   bool logits, accel_tensor *weight)
{
	double rows =
		(double)accel_tensor_count(x) / (double)accel_tensor_dim(x, -1);
	accel_tensor *y =
		accel_mul(weighted(p, weight), log_classes(x, logits));

	/* by element: it goes into the kernel of the product */
	return accel_sum(accel_mul_scalar(y, -1 / rows), ACCEL_ALL_AXES, false);
}

/*
 * log(1 + e^x) - t x, written so that neither large |x| overflows nor the
 * derivative at 0 depends on a side.
 */
static accel_tensor *binary_of_logits(accel_tensor *t, accel_tensor *x)
{
	accel_tensor *a = accel_abs(x), *y;

	y = accel_log(accel_add_scalar(accel_exp(accel_neg(a)), 1));
	y = accel_add(y, accel_mul_scalar(a, 0.5));
	t = accel_add_scalar(accel_neg(t), 0.5);
	return accel_add(y, accel_mul(t, x));
}

/* -(t log p + (1 - t) log(1 - p)) */
static accel_tensor *binary(accel_tensor *t, accel_tensor *p)
{
	accel_tensor *no, *yes;

	p = clip(p);
	yes = accel_mul(t, accel_log(p));
	t = accel_add_scalar(accel_neg(t), 1);
	p = accel_add_scalar(accel_neg(p), 1);
	no = accel_mul(t, accel_log(p));
	return accel_neg(accel_add(yes, no));
}

static accel_tensor *huber(accel_tensor *d)
{
	accel_tensor *a = accel_abs(d), *one;

	if (!a)
		return NULL;
	one = accel_full(accel_tensor_context(a), ACCEL_F32, ACCEL_SCALAR, 1);
	return accel_where(accel_less_equal(a, one),
			   accel_mul_scalar(accel_mul(d, d), 0.5),
			   accel_add_scalar(a, -0.5));
}

static bool same_shape(accel_tensor *a, accel_tensor *b)
{
	int i, nd = accel_tensor_ndim(a);

	if (nd != accel_tensor_ndim(b))
		return false;
	for (i = 0; i < nd; i++)
		if (accel_tensor_dim(a, i) != accel_tensor_dim(b, i))
			return false;
	return true;
}

static accel_tensor *sparse(accel_loss loss, accel_tensor *target,
			    accel_tensor *x, accel_tensor *weight)
{
	int nd = accel_tensor_ndim(x), i;
	bool fits = nd >= 1 && accel_tensor_ndim(target) == nd - 1;

	for (i = 0; fits && i < nd - 1; i++)
		fits = accel_tensor_dim(target, i) == accel_tensor_dim(x, i);
	if (!fits)
		return accel_error_null(
			ACCEL_ERR_SHAPE,
			"%s: target %s, output %s: it needs one dimension more",
			accel_loss_name(loss),
			shape_text(nd ? accel_tensor_ndim(target) : 0,
				   accel_tensor_shape(target)),
			shape_text(nd, accel_tensor_shape(x)));
	return cross_entropy(accel_one_hot(target, accel_tensor_dim(x, -1),
					   ACCEL_F32),
			     x, loss_desc_of(loss)->logits, weight);
}

/* By element. */
static accel_tensor *elements(accel_loss loss, accel_tensor *t, accel_tensor *x)
{
	accel_tensor *d;

	switch (loss) {
	case ACCEL_BINARY_CROSS_ENTROPY_LOGITS:
		return binary_of_logits(t, x);
	case ACCEL_BINARY_CROSS_ENTROPY:
		return binary(t, x);
	case ACCEL_MSE:
		d = accel_sub(x, t);
		return accel_mul(d, d);
	case ACCEL_MAE:
		return accel_abs(accel_sub(x, t));
	case ACCEL_HUBER:
		return huber(accel_sub(x, t));
	default:
		return accel_error_null(ACCEL_ERR_INVALID, "no loss %d", loss);
	}
}

static accel_tensor *loss_of_parts(accel_loss loss, accel_tensor *target,
				   accel_tensor *output, accel_tensor *weight)
{
	const struct loss_desc *desc = loss_desc_of(loss);

	if (!target || !output)
		return NULL;
	if (accel_tensor_dtype(output) != ACCEL_F32)
		output = accel_cast(output, ACCEL_F32);
	if (desc->target == TARGET_CLASS)
		return sparse(loss, target, output, weight);
	if (!same_shape(target, output))
		return accel_error_null(ACCEL_ERR_SHAPE,
					"%s: target %s, output %s",
					accel_loss_name(loss),
					shape_text(accel_tensor_ndim(target),
						   accel_tensor_shape(target)),
					shape_text(accel_tensor_ndim(output),
						   accel_tensor_shape(output)));
	if (accel_tensor_dtype(target) != ACCEL_F32)
		target = accel_cast(target, ACCEL_F32);
	if (desc->target == TARGET_CLASSES)
		return cross_entropy(target, output, desc->logits, weight);
	return accel_mean(weighted(elements(loss, target, output), weight),
			  ACCEL_ALL_AXES, false);
}

accel_tensor *loss_of_known(accel_loss loss, accel_tensor *target,
			    accel_tensor *output, accel_tensor *weight)
{
	return OP_WHOLE(op_context(target),
			loss_of_parts(loss, target, output, weight));
}

/* 0 where all classes are among the output's, else NaN. */
static accel_tensor *no_class(accel_tensor *target, accel_tensor *output)
{
	accel_context *ctx = op_context(target);
	accel_tensor *least, *most, *in;

	least = accel_full(ctx, ACCEL_I32, ACCEL_SCALAR, 0);
	most = accel_full(ctx, ACCEL_I32, ACCEL_SCALAR,
			  (double)accel_tensor_dim(output, -1) - 1);
	in = accel_mul(accel_less_equal(least, target),
		       accel_less_equal(target, most));
	in = accel_where(in, accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, 0),
			 accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, NAN));
	return accel_sum(in, ACCEL_ALL_AXES, false);
}

static accel_status check_weight(accel_tensor *target, accel_tensor *weight)
{
	if (accel_tensor_ndim(weight) == 1 && accel_tensor_ndim(target) > 0 &&
	    accel_tensor_dim(weight, 0) == accel_tensor_dim(target, 0) &&
	    accel_tensor_dtype(weight) == ACCEL_F32)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_SHAPE,
			   "loss: weight %s %s, one f32 for each sample of %s",
			   accel_dtype_name(accel_tensor_dtype(weight)),
			   shape_text(accel_tensor_ndim(weight),
				      accel_tensor_shape(weight)),
			   shape_text(accel_tensor_ndim(target),
				      accel_tensor_shape(target)));
}

static accel_tensor *checked_parts(accel_loss loss, accel_tensor *target,
				   accel_tensor *output, accel_tensor *weight)
{
	accel_tensor *y;

	if (!target || (weight && check_weight(target, weight)))
		return NULL;
	y = loss_of_parts(loss, target, output, weight);
	if (!y || loss_target(loss) != TARGET_CLASS)
		return y;
	return accel_add(y, no_class(target, output));
}

accel_tensor *accel_loss_of(accel_loss loss, accel_tensor *target,
			    accel_tensor *output)
{
	return OP_WHOLE(op_context(target),
			checked_parts(loss, target, output, NULL));
}

accel_tensor *accel_loss_weighted(accel_loss loss, accel_tensor *target,
				  accel_tensor *output, accel_tensor *weight)
{
	if (!weight)
		return NULL;
	return OP_WHOLE(op_context(target),
			checked_parts(loss, target, output, weight));
}
