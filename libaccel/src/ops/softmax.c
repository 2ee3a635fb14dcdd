// SPDX-License-Identifier: MIT
/* Softmax and log-softmax along attr.axis. */
#include <math.h>

#include "../base/error.h"
#include "rules.h"

bool ref_softmax(const struct ref_call *c)
{
	struct axis_split s = axis_split(c->out, c->attr->axis);
	int64_t o, i, j;

	for (o = 0; o < s.outer; o++) {
		for (i = 0; i < s.inner; i++) {
			int64_t at = o * s.n * s.inner + i;
			const double *x = c->x[0] + at;
			double *y = c->y + at, max = -INFINITY, sum = 0;

			for (j = 0; j < s.n; j++)
				max = fmax(max, x[j * s.inner]);
			for (j = 0; j < s.n; j++)
				sum += exp(x[j * s.inner] - max);
			for (j = 0; j < s.n; j++) {
				double d = x[j * s.inner] - max;

				y[j * s.inner] = c->op == OP_SOFTMAX
							 ? exp(d) / sum
							 : d - log(sum);
			}
		}
	}
	return true;
}

bool grad_softmax(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_axes axis = ACCEL_AXES(y->attr.axis);
	accel_tensor *s;

	if (y->op == OP_SOFTMAX) { /* y (g - sum(g y)) */
		s = accel_sum(accel_mul(g, y), axis, true);
		gx[0] = accel_mul(y, accel_sub(g, s));
	} else { /* g - softmax(x) sum(g) */
		s = accel_sum(g, axis, true);
		gx[0] = accel_sub(g, accel_mul(accel_exp(y), s));
	}
	return gx[0];
}

static accel_tensor *record_parts(enum op op, accel_tensor *x, int axis)
{
	struct op_attr attr = { 0 };
	struct layout l;

	x = op_as_float(x);
	if (!x)
		return NULL;
	attr.axis = layout_axis(&x->l, axis);
	if (attr.axis < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"%s: axis %d is not in %s",
					op_table[op].name, axis,
					layout_text(&x->l));
	if (layout_init(&l, op_table[op].name, x->l.dtype, x->l.ndim,
			x->l.shape))
		return NULL;
	return op_record1(op, x, &l, &attr);
}

static accel_tensor *record(enum op op, accel_tensor *x, int axis)
{
	return OP_WHOLE(op_context(x), record_parts(op, x, axis));
}

accel_tensor *accel_softmax(accel_tensor *x, int axis)
{
	return record(OP_SOFTMAX, x, axis);
}

accel_tensor *accel_log_softmax(accel_tensor *x, int axis)
{
	return record(OP_LOG_SOFTMAX, x, axis);
}
