// SPDX-License-Identifier: MIT
/*
 * Pooling. MAX_POOL's derivative goes through the places of the maxima
 * (MAX_POOL_INDEX) and MAX_UNPOOL, whose own derivative is a gather; AVG_POOL
 * and AVG_UNPOOL are each other's adjoint.
 *
 * attr: kernel, stride, pad {top, left, bottom, right}.
 */
#include <math.h>
#include <string.h>

#include "../base/error.h"
#include "rules.h"

/* The part of a window inside [0, n). */
static void window(const struct op_attr *a, int d, int64_t out, int64_t n,
		   int64_t *begin, int64_t *end)
{
	int64_t b = out * a->stride[d] - a->pad[d], e = b + a->kernel[d];

	*begin = b < 0 ? 0 : b;
	*end = e > n ? n : e;
}

/* Calls for every window: its output index and its place in the plane. */
#define FOR_EACH_WINDOW(attr, in, out, ...)                                    \
	do {                                                                   \
		int64_t H_ = (in)->shape[2], W = (in)->shape[3];               \
		int64_t OH_ = (out)->shape[2], OW_ = (out)->shape[3];          \
		int64_t planes_ = (in)->shape[0] * (in)->shape[1];             \
		for (int64_t z_ = 0; z_ < planes_; z_++)                       \
			for (int64_t p_ = 0; p_ < OH_; p_++)                   \
				for (int64_t q_ = 0; q_ < OW_; q_++) {         \
					int64_t o =                            \
						(z_ * OH_ + p_) * OW_ + q_;    \
					int64_t plane = z_ * H_ * W, h0, h1,   \
						w0, w1;                        \
					window(attr, 0, p_, H_, &h0, &h1);     \
					window(attr, 1, q_, W, &w0, &w1);      \
					__VA_ARGS__;                           \
				}                                              \
	} while (0)

bool ref_max_pool(const struct ref_call *c)
{
	const double *x = c->x[0];

	FOR_EACH_WINDOW(c->attr, c->in[0], c->out, {
		int64_t best = h0 * W + w0;

		for (int64_t h = h0; h < h1; h++)
			for (int64_t w = w0; w < w1; w++) {
				double v = x[plane + h * W + w];
				double b = x[plane + best];

				if (b == b && (v != v || v > b))
					best = h * W + w;
			}
		c->y[o] = c->op == OP_MAX_POOL ? x[plane + best] : (double)best;
	});
	return true;
}

/* in: index, g -> y [N, C, H, W]. */
bool ref_max_unpool(const struct ref_call *c)
{
	memset(c->y, 0, (size_t)layout_count(c->out) * sizeof(double));
	FOR_EACH_WINDOW(c->attr, c->out, c->in[0], {
		(void)h0;
		(void)h1;
		(void)w0;
		(void)w1;
		(void)W;
		c->y[plane + (int64_t)c->x[0][o]] += c->x[1][o];
	});
	return true;
}

bool ref_avg_pool(const struct ref_call *c)
{
	FOR_EACH_WINDOW(c->attr, c->in[0], c->out, {
		double sum = 0;

		for (int64_t h = h0; h < h1; h++)
			for (int64_t w = w0; w < w1; w++)
				sum += c->x[0][plane + h * W + w];
		c->y[o] = sum / (double)((h1 - h0) * (w1 - w0));
	});
	return true;
}

bool ref_avg_unpool(const struct ref_call *c)
{
	memset(c->y, 0, (size_t)layout_count(c->out) * sizeof(double));
	FOR_EACH_WINDOW(c->attr, c->out, c->in[0], {
		double v = c->x[0][o] / (double)((h1 - h0) * (w1 - w0));

		for (int64_t h = h0; h < h1; h++)
			for (int64_t w = w0; w < w1; w++)
				c->y[plane + h * W + w] += v;
	});
	return true;
}

static accel_tensor *record(enum op op, uint32_t n, accel_tensor *const *in,
			    accel_dtype dtype, const int64_t *shape,
			    const struct op_attr *attr)
{
	struct layout l;

	if (layout_init(&l, op_table[op].name, dtype, 4, shape))
		return NULL;
	return op_record(op, n, in, &l, attr);
}

bool grad_max_pool(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *x = y->in[0], *in[2] = { NULL, g };

	in[0] = record(OP_MAX_POOL_INDEX, 1, &x, ACCEL_I32, y->l.shape,
		       &y->attr);
	gx[0] = record(OP_MAX_UNPOOL, 2, in, g->l.dtype, x->l.shape, &y->attr);
	return gx[0];
}

bool grad_max_unpool(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *index = y->in[0];
	const int64_t *s = index->l.shape;

	g = accel_gather(accel_flatten_from(g, 2), 2,
			 accel_flatten_from(index, 2));
	gx[1] = accel_reshape(g, 4, s);
	return gx[1];
}

bool grad_avg_pool(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	gx[0] = record(OP_AVG_UNPOOL, 1, &g, g->l.dtype, y->in[0]->l.shape,
		       &y->attr);
	return gx[0];
}

bool grad_avg_unpool(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	gx[0] = record(OP_AVG_POOL, 1, &g, g->l.dtype, y->in[0]->l.shape,
		       &y->attr);
	return gx[0];
}

static accel_tensor *pool_parts(enum op op, const accel_pool_options *o)
{
	const char *who = op_table[op].name;
	struct op_attr attr = { 0 };
	int64_t shape[4], size, all;
	accel_tensor *x;
	int i;

	if (!o)
		return op_no_options(who);
	if (!o->x)
		return NULL;
	if (o->x->l.ndim != 4)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"%s: needs [N, C, H, W], not %s", who,
					layout_text(&o->x->l));
	if (layout_some(who, 4, o->x->l.shape, 1))
		return NULL;
	x = op == OP_AVG_POOL ? op_as_float(o->x) : o->x;
	if (!x)
		return NULL;
	memcpy(shape, x->l.shape, sizeof(shape));
	for (i = 0; i < 2; i++) {
		size = x->l.shape[i + 2];
		attr.kernel[i] = o->size[i];
		attr.stride[i] = o->stride[i] ? o->stride[i] : o->size[i];
		attr.pad[i] = attr.pad[i + 2] = o->pad[i];
		if (o->size[i] < 1 || attr.stride[i] < 1 || o->pad[i] < 0 ||
		    o->pad[i] >= o->size[i])
			return accel_error_null(
				ACCEL_ERR_INVALID,
				"%s: window %d, stride %d, pad %d", who,
				o->size[i], o->stride[i], o->pad[i]);
		if (o->same) {
			all = (size + attr.stride[i] - 1) / attr.stride[i];
			all = (all - 1) * attr.stride[i] + o->size[i] - size;
			all = all > 0 ? all : 0;
			attr.pad[i] = (int32_t)(all / 2);
			attr.pad[i + 2] = (int32_t)(all - all / 2);
		}
		size += attr.pad[i] + attr.pad[i + 2] - o->size[i];
		if (size < 0)
			return accel_error_null(ACCEL_ERR_SHAPE,
						"%s: window %d is larger than "
						"%s",
						who, o->size[i],
						layout_text(&x->l));
		shape[i + 2] = size / attr.stride[i] + 1;
	}
	return record(op, 1, &x, x->l.dtype, shape, &attr);
}

static accel_tensor *pool(enum op op, const accel_pool_options *o)
{
	return OP_WHOLE(o ? op_context(o->x) : NULL, pool_parts(op, o));
}

accel_tensor *accel_max_pool2d_with(const accel_pool_options *o)
{
	return pool(OP_MAX_POOL, o);
}

accel_tensor *accel_avg_pool2d_with(const accel_pool_options *o)
{
	return pool(OP_AVG_POOL, o);
}
