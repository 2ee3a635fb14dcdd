// SPDX-License-Identifier: MIT
/* Losses as tensors. */
#include <accel/loss.h>
#include <accel/ops.h>

#include "../base/error.h"
#include "../ops/op.h"
#include "../tensor/layout.h"

const char *accel_loss_name(accel_loss loss)
{
	switch (loss) {
#define ACCEL_X(name, text)                                                    \
	case ACCEL_##name:                                                     \
		return text;
		ACCEL_LOSS_MAP(ACCEL_X)
#undef ACCEL_X
	}
	return "?";
}

/* -sum(p log softmax(x)) / rows: p, x [..., K] */
static accel_tensor *cross_entropy(accel_tensor *p, accel_tensor *x)
{
	double rows =
		(double)accel_tensor_count(x) / (double)accel_tensor_dim(x, -1);
	accel_tensor *y = accel_mul(p, accel_log_softmax(x, -1));

	/* by element: it goes into the kernel of the product */
	return accel_sum(accel_mul_scalar(y, -1 / rows), ACCEL_ALL_AXES, false);
}

/*
 * log(1 + e^x) - t x, written so that neither large |x| overflows nor the
 * derivative at 0 depends on a side.
 */
static accel_tensor *binary(accel_tensor *t, accel_tensor *x)
{
	accel_tensor *a = accel_abs(x), *y;

	y = accel_log(accel_add_scalar(accel_exp(accel_neg(a)), 1));
	y = accel_add(y, accel_mul_scalar(a, 0.5));
	t = accel_add_scalar(accel_neg(t), 0.5);
	return accel_add(y, accel_mul(t, x));
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

static accel_tensor *sparse(accel_tensor *target, accel_tensor *x)
{
	int nd = accel_tensor_ndim(x), i;
	bool fits = nd >= 1 && accel_tensor_ndim(target) == nd - 1;

	for (i = 0; fits && i < nd - 1; i++)
		fits = accel_tensor_dim(target, i) == accel_tensor_dim(x, i);
	if (!fits)
		return accel_error_null(
			ACCEL_ERR_SHAPE,
			"%s: target %s, output %s: it needs one dimension more",
			accel_loss_name(ACCEL_SPARSE_CROSS_ENTROPY_LOGITS),
			shape_text(nd ? accel_tensor_ndim(target) : 0,
				   accel_tensor_shape(target)),
			shape_text(nd, accel_tensor_shape(x)));
	return cross_entropy(
		accel_one_hot(target, accel_tensor_dim(x, -1), ACCEL_F32), x);
}

static accel_tensor *loss_of_parts(accel_loss loss, accel_tensor *target,
				   accel_tensor *output)
{
	accel_tensor *d = NULL;

	if (!target || !output)
		return NULL;
	if (accel_tensor_dtype(output) != ACCEL_F32)
		output = accel_cast(output, ACCEL_F32);
	if (loss == ACCEL_SPARSE_CROSS_ENTROPY_LOGITS)
		return sparse(target, output);
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
	if (loss >= ACCEL_MSE)
		d = accel_sub(output, target);
	switch (loss) {
	case ACCEL_CROSS_ENTROPY_LOGITS:
		return cross_entropy(target, output);
	case ACCEL_BINARY_CROSS_ENTROPY_LOGITS:
		d = binary(target, output);
		break;
	case ACCEL_MSE:
		d = accel_mul(d, d);
		break;
	case ACCEL_MAE:
		d = accel_abs(d);
		break;
	case ACCEL_HUBER:
		d = huber(d);
		break;
	default:
		return accel_error_null(ACCEL_ERR_INVALID, "no loss %d", loss);
	}
	return accel_mean(d, ACCEL_ALL_AXES, false);
}

accel_tensor *accel_loss_of(accel_loss loss, accel_tensor *target,
			    accel_tensor *output)
{
	return OP_WHOLE(op_context(target),
			loss_of_parts(loss, target, output));
}
