// SPDX-License-Identifier: MIT
/*
 * Resize, attr.mode an accel_resize_mode, and its adjoint: both linear, each
 * the other's derivative.
 */
#include <math.h>
#include <string.h>

#include "../base/error.h"
#include "rules.h"

/* Which two source elements output o draws from, and the second's weight. */
static void taps(int mode, int64_t o, int64_t in, int64_t out, int64_t at[2],
		 double *weight)
{
	double pos;

	*weight = 0;
	if (mode == ACCEL_NEAREST) {
		at[0] = at[1] = o * in / out;
		return;
	}
	pos = ((double)o + 0.5) * (double)in / (double)out - 0.5;
	pos = pos < 0 ? 0 : pos > (double)(in - 1) ? (double)(in - 1) : pos;
	at[0] = (int64_t)pos;
	at[1] = at[0] + 1 < in ? at[0] + 1 : at[0];
	*weight = pos - (double)at[0];
}

bool ref_resize(const struct ref_call *c)
{
	bool adjoint = c->op == OP_RESIZE_ADJOINT;
	const struct layout *small = adjoint ? c->out : c->in[0];
	const struct layout *large = adjoint ? c->in[0] : c->out;
	int64_t H = small->shape[2], W = small->shape[3];
	int64_t OH = large->shape[2], OW = large->shape[3], z, p, q;
	int64_t planes = small->shape[0] * small->shape[1];
	int i, j;

	memset(c->y, 0, (size_t)layout_count(c->out) * sizeof(double));
	for (z = 0; z < planes; z++) {
		for (p = 0; p < OH; p++) {
			for (q = 0; q < OW; q++) {
				int64_t o = (z * OH + p) * OW + q, h[2], w[2];
				double fh, fw;

				taps(c->attr->mode, p, H, OH, h, &fh);
				taps(c->attr->mode, q, W, OW, w, &fw);
				for (i = 0; i < 4; i++) {
					double f = (i & 2 ? fh : 1 - fh) *
						   (i & 1 ? fw : 1 - fw);
					int64_t s = (z * H + h[i >> 1]) * W +
						    w[i & 1];

					if (f == 0)
						continue;
					j = adjoint;
					c->y[j ? s : o] +=
						f * c->x[0][j ? o : s];
				}
			}
		}
	}
	return true;
}

static accel_tensor *record(enum op op, accel_tensor *x, int64_t height,
			    int64_t width, int mode)
{
	struct op_attr attr = { .mode = mode };
	struct layout l;

	if (!x || layout_some("resize", 4, x->l.shape, 1) ||
	    layout_some("resize", 2, (const int64_t[]){ height, width }, 0) ||
	    layout_init(&l, "resize", x->l.dtype,
			ACCEL_SHAPE(x->l.shape[0], x->l.shape[1], height,
				    width)))
		return NULL;
	return op_record1(op, x, &l, &attr);
}

bool grad_resize(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	const int64_t *in = y->in[0]->l.shape;

	gx[0] = record(y->op == OP_RESIZE ? OP_RESIZE_ADJOINT : OP_RESIZE, g,
		       in[2], in[3], y->attr.mode);
	return gx[0];
}

static accel_tensor *resize_parts(accel_tensor *x, int64_t height,
				  int64_t width, accel_resize_mode mode)
{
	x = op_as_float(x);
	if (!x)
		return NULL;
	if (x->l.ndim != 4)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"resize: needs [N, C, H, W], not %s",
					layout_text(&x->l));
	if (mode != ACCEL_NEAREST && mode != ACCEL_BILINEAR)
		return accel_error_null(ACCEL_ERR_INVALID, "resize: no mode %d",
					(int)mode);
	return record(OP_RESIZE, x, height, width, mode);
}

accel_tensor *accel_resize(accel_tensor *x, int64_t height, int64_t width,
			   accel_resize_mode mode)
{
	return OP_WHOLE(op_context(x), resize_parts(x, height, width, mode));
}
