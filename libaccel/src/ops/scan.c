// SPDX-License-Identifier: MIT
/* cumsum (attr.axis, attr.mode 1: from the end) and top-k (last axis). */
#include <string.h>

#include "../base/error.h"
#include "rules.h"

bool ref_cumsum(const struct ref_call *c)
{
	struct axis_split s = axis_split(c->out, c->attr->axis);
	int64_t o, i, j, k;

	for (o = 0; o < s.outer; o++) {
		for (i = 0; i < s.inner; i++) {
			double sum = 0;

			for (j = 0; j < s.n; j++) {
				k = c->attr->mode ? s.n - 1 - j : j;
				k = (o * s.n + k) * s.inner + i;
				sum += c->x[0][k];
				c->y[k] = sum;
			}
		}
	}
	return true;
}

static accel_tensor *cumsum(accel_tensor *x, int axis, int mode)
{
	struct op_attr attr = { .axis = axis, .mode = mode };
	struct layout l;

	if (!x || layout_init(&l, "cumsum", x->l.dtype, x->l.ndim, x->l.shape))
		return NULL;
	return op_record1(OP_CUMSUM, x, &l, &attr);
}

bool grad_cumsum(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	if (!dtype_is_float(y->l.dtype))
		return true;
	gx[0] = cumsum(g, y->attr.axis, !y->attr.mode);
	return gx[0];
}

static accel_tensor *cumsum_parts(accel_tensor *x, int axis)
{
	int i;

	if (!x)
		return NULL;
	i = layout_axis(&x->l, axis);
	if (i < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"cumsum: axis %d is not in %s", axis,
					layout_text(&x->l));
	if (!dtype_is_float(x->l.dtype))
		x = op_as(x, ACCEL_I32);
	return cumsum(x, i, 0);
}

accel_tensor *accel_cumsum(accel_tensor *x, int axis)
{
	return OP_WHOLE(op_context(x), cumsum_parts(x, axis));
}

/* NaN counts as the largest. */
static bool larger(double a, double b)
{
	return a != a ? b == b : a > b;
}

/* The places of the k largest, by insertion: k is small. */
bool ref_topk(const struct ref_call *c)
{
	int64_t n = c->in[0]->shape[c->in[0]->ndim - 1];
	int64_t k = c->out->shape[c->out->ndim - 1];
	int64_t rows = layout_count(c->out) / k, r, i, j;

	for (r = 0; r < rows; r++) {
		const double *x = c->x[0] + r * n;
		double *y = c->y + r * k;
		int64_t have = 0;

		for (i = 0; i < n; i++) {
			if (have == k && !larger(x[i], x[(int64_t)y[k - 1]]))
				continue;
			j = have < k ? have++ : k - 1;
			while (j > 0 && larger(x[i], x[(int64_t)y[j - 1]])) {
				y[j] = y[j - 1];
				j--;
			}
			y[j] = (double)i;
		}
	}
	return true;
}

accel_status accel_topk(accel_tensor *x, int64_t k, accel_tensor **values,
			accel_tensor **indices)
{
	accel_tensor *made[3] = { NULL };
	int64_t shape[ACCEL_MAX_DIMS];
	struct op_whole whole;
	struct layout l;
	bool failed;

	if (values)
		*values = NULL;
	if (indices)
		*indices = NULL;
	if (!x)
		return ACCEL_ERR_INVALID;
	if (!x->l.ndim || k < 1 || k > x->l.shape[x->l.ndim - 1])
		return accel_error(ACCEL_ERR_RANGE, "topk: k %lld of %s",
				   (long long)k, layout_text(&x->l));
	memcpy(shape, x->l.shape, sizeof(shape));
	shape[x->l.ndim - 1] = k;
	if (layout_init(&l, "topk", ACCEL_I32, x->l.ndim, shape))
		return ACCEL_ERR_SHAPE;
	if (!op_begin(x->ctx, &whole))
		return ACCEL_ERR_NOMEM;
	made[0] = op_record1(OP_TOPK, x, &l, NULL);
	if (values)
		made[1] = accel_gather(x, -1, made[0]);
	failed = !made[0] || (values && !made[1]);
	op_end(&whole, failed ? 0 : 2, made + !indices);
	if (failed)
		return ACCEL_ERR_NOMEM;
	if (indices)
		*indices = made[0];
	if (values)
		*values = made[1];
	return ACCEL_OK;
}
