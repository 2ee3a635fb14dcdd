// SPDX-License-Identifier: MIT
/* Batched matrix product. Both inputs of the node have the batch's shape. */
#include <string.h>

#include "../base/error.h"
#include "rules.h"

bool ref_matmul(const struct ref_call *c)
{
	int nd = c->out->ndim;
	int64_t m = c->out->shape[nd - 2], n = c->out->shape[nd - 1];
	int64_t k = c->in[0]->shape[nd - 1];
	int64_t batch = layout_count(c->out) / (m * n), z, i, j, p;
	bool wrap = c->out->dtype == ACCEL_I32;

	memset(c->y, 0, (size_t)layout_count(c->out) * sizeof(double));
	for (z = 0; z < batch; z++) {
		const double *a = c->x[0] + z * m * k;
		const double *b = c->x[1] + z * k * n;
		double *y = c->y + z * m * n;

		for (i = 0; i < m; i++)
			for (p = 0; p < k; p++)
				for (j = 0; j < n; j++) {
					double x = a[i * k + p];

					y[i * n + j] +=
						wrap ? int_mul(x, b[p * n + j])
						     : x * b[p * n + j];
				}
	}
	return true;
}

bool grad_matmul(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *a = y->in[0], *b = y->in[1];

	if (!dtype_is_float(y->l.dtype))
		return true;
	gx[0] = accel_matmul(g, b, .transpose_b = true);
	gx[1] = accel_matmul(a, g, .transpose_a = true);
	return gx[0] && gx[1];
}

static accel_tensor *record(accel_tensor *a, accel_tensor *b)
{
	int64_t shape[ACCEL_MAX_DIMS], sa[ACCEL_MAX_DIMS], sb[ACCEL_MAX_DIMS];
	struct layout la = a->l, lb = b->l, l;
	accel_dtype d = accel_dtype_promote(la.dtype, lb.dtype);
	accel_tensor *in[2];
	int64_t m, n, k;
	int nd;

	m = la.shape[la.ndim - 2];
	k = la.shape[la.ndim - 1];
	n = lb.shape[lb.ndim - 1];
	/* the batch's shape: both without their last two dimensions */
	la.ndim -= 2;
	lb.ndim -= 2;
	if (layout_broadcast("matmul: batch", &la, &lb, &nd, shape))
		return NULL;
	memcpy(sa, shape, sizeof(sa));
	memcpy(sb, shape, sizeof(sb));
	sa[nd] = shape[nd] = m;
	sa[nd + 1] = sb[nd] = k;
	sb[nd + 1] = shape[nd + 1] = n;
	if (!dtype_is_float(d))
		d = ACCEL_I32;
	if (layout_init(&l, "matmul", d, nd + 2, shape))
		return NULL;
	/* i8 by i8 stays narrow in memory and is i32 in the sum */
	if (dtype_is_float(d) || a->l.dtype != b->l.dtype) {
		a = op_as(a, d);
		b = op_as(b, d);
	}
	in[0] = a && a->l.ndim == nd + 2 &&
				!memcmp(a->l.shape, sa,
					sizeof(sa[0]) * (size_t)(nd + 2))
			? a
			: accel_broadcast(a, nd + 2, sa);
	in[1] = b && b->l.ndim == nd + 2 &&
				!memcmp(b->l.shape, sb,
					sizeof(sb[0]) * (size_t)(nd + 2))
			? b
			: accel_broadcast(b, nd + 2, sb);
	return op_record(OP_MATMUL, 2, in, &l, NULL);
}

static accel_tensor *matmul_parts(const accel_matmul_options *o)
{
	accel_tensor *in[2], *a, *b, *y;
	int64_t shape[ACCEL_MAX_DIMS], rows;
	int nd, i;

	if (!o)
		return op_no_options("matmul");
	in[0] = a = o->a;
	in[1] = b = o->b;
	if (!op_args("matmul", 2, in))
		return NULL;
	if (a->l.ndim < 2 || b->l.ndim < 2)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"matmul: needs two dimensions: a %s, "
					"b %s",
					layout_text(&a->l), layout_text(&b->l));
	if (o->transpose_a)
		a = accel_transpose(a, -1, -2);
	if (o->transpose_b)
		b = accel_transpose(b, -1, -2);
	if (!a || !b)
		return NULL;
	if (a->l.shape[a->l.ndim - 1] != b->l.shape[b->l.ndim - 2])
		return accel_error_null(ACCEL_ERR_SHAPE,
					"matmul: inner dimensions differ: a "
					"%s, b %s",
					layout_text(&a->l), layout_text(&b->l));
	if (b->l.ndim > 2 || a->l.ndim == 2 || o->transpose_a)
		return record(a, b);
	/* many rows by one matrix are one product: [B, M, K] -> [B*M, K] */
	nd = a->l.ndim;
	memcpy(shape, a->l.shape, sizeof(shape));
	shape[nd - 1] = b->l.shape[1];
	rows = 1;
	for (i = 0; i < nd - 1; i++)
		rows *= shape[i];
	a = accel_reshape(a, ACCEL_SHAPE(rows, a->l.shape[nd - 1]));
	y = a ? record(a, b) : NULL;
	return y ? accel_reshape(y, nd, shape) : NULL;
}

accel_tensor *accel_matmul_with(const accel_matmul_options *o)
{
	return OP_WHOLE(o ? op_context(o->a) : NULL, matmul_parts(o));
}
