// SPDX-License-Identifier: MIT
/*
 * Convolution and its two adjoints. All three are linear in each input and the
 * derivatives of any are the other two, so derivatives of every order exist:
 *
 * CONV        x [N, C, H, W], w [O, C/g, KH, KW] -> y [N, O, OH, OW]
 * CONV_INPUT  y, w -> x (transposed convolution)
 * CONV_WEIGHT x, y -> w
 *
 * attr: stride, pad {top, left, bottom, right}, dilation, groups.
 */
#include <string.h>

#include "../base/error.h"
#include "rules.h"

/* Calls for every product x[xi] * w[wi] that adds to y[yi]. */
#define FOR_EACH_PRODUCT(attr, lx, lw, ly, xi, wi, yi, body)                                          \
	do {                                                                                          \
		int64_t C_ = (lx)->shape[1], H_ = (lx)->shape[2];                                     \
		int64_t W_ = (lx)->shape[3], O_ = (lw)->shape[0];                                     \
		int64_t I_ = (lw)->shape[1], KH_ = (lw)->shape[2];                                    \
		int64_t KW_ = (lw)->shape[3], OH_ = (ly)->shape[2];                                   \
		int64_t OW_ = (ly)->shape[3], OG_ = O_ / (attr)->groups;                              \
		for (int64_t n_ = 0; n_ < (lx)->shape[0]; n_++)                                       \
			for (int64_t o_ = 0; o_ < O_; o_++)                                           \
				for (int64_t p_ = 0; p_ < OH_; p_++)                                  \
					for (int64_t q_ = 0; q_ < OW_; q_++)                          \
						for (int64_t i_ = 0; i_ < I_;                         \
						     i_++)                                            \
							for (int64_t k_ = 0;                          \
							     k_ < KH_; k_++) {                        \
								int64_t h_ =                          \
									p_ * (attr)->stride           \
											[0] -         \
									(attr)->pad                   \
										[0] +                 \
									k_ * (attr)->dilation         \
											[0];          \
								if (h_ < 0 ||                         \
								    h_ >= H_)                         \
									continue;                     \
								for (int64_t l_ =                     \
									     0;                       \
								     l_ < KW_;                        \
								     l_++) {                          \
									int64_t v_ =                  \
										q_ * (attr)->stride   \
												[1] - \
										(attr)->pad           \
											[1] +         \
										l_ * (attr)->dilation \
												[1];  \
									if (v_ < 0 ||                 \
									    v_ >= W_)                 \
										continue;             \
									int64_t c_ =                  \
										o_ / OG_ *            \
											I_ +          \
										i_;                   \
									int64_t xi =                  \
										((n_ * C_ +           \
										  c_) * H_ +          \
										 h_) * W_ +           \
										v_;                   \
									int64_t wi =                  \
										((o_ * I_ +           \
										  i_) * KH_ +         \
										 k_) * KW_ +          \
										l_;                   \
									int64_t yi =                  \
										((n_ * O_ +           \
										  o_) * OH_ +         \
										 p_) * OW_ +          \
										q_;                   \
									body;                         \
								}                                     \
							}                                             \
	} while (0)

static void zero(const struct ref_call *c)
{
	memset(c->y, 0, (size_t)layout_count(c->out) * sizeof(double));
}

bool ref_conv(const struct ref_call *c)
{
	zero(c);
	FOR_EACH_PRODUCT(c->attr, c->in[0], c->in[1], c->out, x, w, y,
			 c->y[y] += c->x[0][x] * c->x[1][w]);
	return true;
}

bool ref_conv_input(const struct ref_call *c)
{
	zero(c);
	FOR_EACH_PRODUCT(c->attr, c->out, c->in[1], c->in[0], x, w, y,
			 c->y[x] += c->x[0][y] * c->x[1][w]);
	return true;
}

bool ref_conv_weight(const struct ref_call *c)
{
	zero(c);
	FOR_EACH_PRODUCT(c->attr, c->in[0], c->out, c->in[1], x, w, y,
			 c->y[w] += c->x[0][x] * c->x[1][y]);
	return true;
}

static accel_tensor *conv(enum op op, accel_tensor *a, accel_tensor *b,
			  const struct layout *shape,
			  const struct op_attr *attr)
{
	accel_tensor *in[2] = { a, b };
	struct layout l;

	if (!a || !b ||
	    layout_init(&l, op_table[op].name, a->l.dtype, 4, shape->shape))
		return NULL;
	return op_record(op, 2, in, &l, attr);
}

bool grad_conv(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *x = y->in[0], *w = y->in[1];

	gx[0] = conv(OP_CONV_INPUT, g, w, &x->l, &y->attr);
	gx[1] = conv(OP_CONV_WEIGHT, x, g, &w->l, &y->attr);
	return gx[0] && gx[1];
}

bool grad_conv_input(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *out = y->in[0], *w = y->in[1];

	gx[0] = conv(OP_CONV, g, w, &out->l, &y->attr);
	gx[1] = conv(OP_CONV_WEIGHT, g, out, &w->l, &y->attr);
	return gx[0] && gx[1];
}

bool grad_conv_weight(accel_tensor *y, accel_tensor *g, accel_tensor **gx)
{
	accel_tensor *x = y->in[0], *out = y->in[1];

	gx[0] = conv(OP_CONV_INPUT, out, g, &x->l, &y->attr);
	gx[1] = conv(OP_CONV, x, g, &out->l, &y->attr);
	return gx[0] && gx[1];
}

/* Fills attr from the options; `size` and `kernel` are height and width. */
static bool geometry(const char *who, const accel_conv_options *o,
		     const int64_t *size, const int64_t *kernel,
		     struct op_attr *attr)
{
	int64_t span, out, all;
	int i;

	attr->groups = o->groups ? o->groups : 1;
	for (i = 0; i < 2; i++) {
		attr->stride[i] = o->stride[i] ? o->stride[i] : 1;
		attr->dilation[i] = o->dilation[i] ? o->dilation[i] : 1;
		attr->pad[i] = attr->pad[i + 2] = o->pad[i];
		if (attr->stride[i] < 1 || attr->dilation[i] < 1 ||
		    o->pad[i] < 0 || o->output_pad[i] < 0 || o->groups < 0) {
			accel_error(ACCEL_ERR_INVALID,
				    "%s: stride %d, dilation %d, pad %d, "
				    "output pad %d, groups %d",
				    who, o->stride[i], o->dilation[i],
				    o->pad[i], o->output_pad[i], o->groups);
			return false;
		}
		if (!o->same)
			continue;
		span = (kernel[i] - 1) * attr->dilation[i] + 1;
		out = (size[i] + attr->stride[i] - 1) / attr->stride[i];
		all = (out - 1) * attr->stride[i] + span - size[i];
		all = all > 0 ? all : 0;
		attr->pad[i] = (int32_t)(all / 2);
		attr->pad[i + 2] = (int32_t)(all - all / 2);
	}
	return true;
}

static bool prepare(const char *who, const accel_conv_options *o, int ndim,
		    accel_tensor **in)
{
	accel_dtype d;

	if (!o)
		return op_no_options(who);
	in[0] = o->x;
	in[1] = o->w;
	if (!op_args(who, 2, in))
		return false;
	if (in[0]->l.ndim != ndim || in[1]->l.ndim != ndim) {
		accel_error(ACCEL_ERR_SHAPE,
			    "%s: needs %d dimensions: x %s, w %s", who, ndim,
			    layout_text(&in[0]->l), layout_text(&in[1]->l));
		return false;
	}
	d = accel_dtype_promote(in[0]->l.dtype, in[1]->l.dtype);
	if (!dtype_is_float(d))
		d = ACCEL_F32;
	in[0] = op_as(in[0], d);
	in[1] = op_as(in[1], d);
	return in[0] && in[1];
}

static accel_tensor *conv2d_parts(const accel_conv_options *o)
{
	const int64_t *x, *w;
	struct op_attr attr = { 0 };
	accel_tensor *in[2];
	struct layout out = { 0 };
	int i;

	if (!prepare("conv2d", o, 4, in))
		return NULL;
	x = in[0]->l.shape;
	w = in[1]->l.shape;
	if (layout_some("conv2d: x", 4, x, 1) ||
	    layout_some("conv2d: w", 4, w, 0))
		return NULL;
	if (!geometry("conv2d", o, x + 2, w + 2, &attr))
		return NULL;
	if (x[1] != w[1] * attr.groups || w[0] % attr.groups)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"conv2d: channels differ: x %s, w %s, "
					"groups %d",
					layout_text(&in[0]->l),
					layout_text(&in[1]->l), attr.groups);
	out.shape[0] = x[0];
	out.shape[1] = w[0];
	for (i = 0; i < 2; i++) {
		int64_t span = attr.dilation[i] * (w[i + 2] - 1) + 1;
		int64_t room = x[i + 2] + attr.pad[i] + attr.pad[i + 2];

		if (span > room)
			return accel_error_null(
				ACCEL_ERR_SHAPE,
				"conv2d: kernel larger than input: x %s, w %s, "
				"pad %d, dilation %d",
				layout_text(&in[0]->l), layout_text(&in[1]->l),
				attr.pad[i], attr.dilation[i]);
		out.shape[i + 2] = (room - span) / attr.stride[i] + 1;
	}
	return conv(OP_CONV, in[0], in[1], &out, &attr);
}

accel_tensor *accel_conv2d_with(const accel_conv_options *o)
{
	return OP_WHOLE(o ? op_context(o->x) : NULL, conv2d_parts(o));
}

static accel_tensor *conv1d_parts(const accel_conv_options *o)
{
	accel_conv_options two;
	accel_tensor *in[2], *y;

	if (!prepare("conv1d", o, 3, in))
		return NULL;
	two = *o;
	two.x = accel_expand(in[0], 2);
	two.w = accel_expand(in[1], 2);
	two.stride[1] = o->stride[0];
	two.stride[0] = 0;
	two.pad[1] = o->pad[0];
	two.pad[0] = 0;
	two.dilation[1] = o->dilation[0];
	two.dilation[0] = 0;
	y = accel_conv2d_with(&two);
	return y ? accel_reshape(y, ACCEL_SHAPE(y->l.shape[0], y->l.shape[1],
						y->l.shape[3]))
		 : NULL;
}

accel_tensor *accel_conv1d_with(const accel_conv_options *o)
{
	return OP_WHOLE(o ? op_context(o->x) : NULL, conv1d_parts(o));
}

static accel_tensor *conv_transpose2d_parts(const accel_conv_options *o)
{
	const int64_t *x, *w;
	struct op_attr attr = { 0 };
	struct layout out = { 0 };
	accel_tensor *in[2];
	int i;

	if (!prepare("conv_transpose2d", o, 4, in))
		return NULL;
	x = in[0]->l.shape;
	w = in[1]->l.shape;
	if (o->same)
		return accel_error_null(ACCEL_ERR_INVALID,
					"conv_transpose2d: has no .same, give "
					".pad and .output_pad");
	if (!geometry("conv_transpose2d", o, x + 2, w + 2, &attr))
		return NULL;
	if (x[1] != w[0] || w[0] % attr.groups)
		return accel_error_null(ACCEL_ERR_SHAPE,
					"conv_transpose2d: channels differ: x "
					"%s, w %s, groups %d",
					layout_text(&in[0]->l),
					layout_text(&in[1]->l), attr.groups);
	out.shape[0] = x[0];
	out.shape[1] = w[1] * attr.groups;
	for (i = 0; i < 2; i++) {
		if (o->output_pad[i] >= attr.stride[i])
			return accel_error_null(
				ACCEL_ERR_RANGE,
				"conv_transpose2d: output pad %d is not under "
				"stride %d",
				o->output_pad[i], attr.stride[i]);
		out.shape[i + 2] = (x[i + 2] - 1) * attr.stride[i] -
				   attr.pad[i] - attr.pad[i + 2] +
				   attr.dilation[i] * (w[i + 2] - 1) + 1 +
				   o->output_pad[i];
	}
	return conv(OP_CONV_INPUT, in[0], in[1], &out, &attr);
}

accel_tensor *accel_conv_transpose2d_with(const accel_conv_options *o)
{
	return OP_WHOLE(o ? op_context(o->x) : NULL, conv_transpose2d_parts(o));
}
