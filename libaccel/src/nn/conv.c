// SPDX-License-Identifier: MIT
/* Layers with a window that have weights: convolutions. */
#include "../base/error.h"
#include "layer.h"

static int height(const accel_layer_options *o)
{
	return o->size;
}

static int width(const accel_layer_options *o)
{
	return o->size_w ?: o->size;
}

static int stride(const accel_layer_options *o, int axis)
{
	int s = axis && o->stride_w ? o->stride_w : o->stride;

	return s ?: 1;
}

static accel_status check_size(const struct accel_layer *l)
{
	return layer_at_least(l, "size", l->o.size, 1);
}

static accel_status check_conv(const struct accel_layer *l)
{
	accel_status err = layer_at_least(l, "units", l->o.units, 1);

	return err ? err : check_size(l);
}

/* How many places a window has along one axis, or an error. */
static accel_status places(const struct accel_layer *l, const struct shape *in,
			   int axis, int size, int step, int64_t *out)
{
	int64_t n = in->dim[axis];
	int64_t window = (int64_t)(l->o.dilation ?: 1) * (size - 1) + 1;

	if (!l->o.same && window > n)
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: a window of %lld is larger than %s",
				   l->name, (long long)window, shape_print(in));
	*out = l->o.same ? (n + step - 1) / step : (n - window) / step + 1;
	return ACCEL_OK;
}

static accel_status need_image(const struct accel_layer *l,
			       const struct shape *in)
{
	if (in->ndim == 3)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_SHAPE, "%s: needs [C, H, W], not %s%s",
			   l->name, shape_print(in),
			   in->ndim == 2 ? ": accel_unflatten() adds a channel"
					 : "");
}

/* w [O, I, KH, KW] with the fans Keras computes, and the bias. */
static void weights(struct accel_layer *l, int64_t o, int64_t i, double fan_in,
		    double fan_out)
{
	int64_t window = (int64_t)height(&l->o) * width(&l->o);
	struct weight *w;

	w = layer_weight(l, "kernel", l->o.kernel_init, true,
			 ACCEL_SHAPE(o, i, height(&l->o), width(&l->o)));
	w->fan_in = fan_in * (double)window;
	w->fan_out = fan_out * (double)window;
}

static void bias(struct accel_layer *l, int64_t n)
{
	if (!l->o.no_bias)
		layer_weight(l, "bias", l->o.bias_init ?: ACCEL_INIT_ZEROS,
			     true, ACCEL_SHAPE(n));
}

/* y [N, C, H, W] + b [C], then the activation. */
static accel_tensor *finish(const struct layer_call *c, accel_tensor *y)
{
	if (c->w[1])
		y = accel_add(y, accel_reshape(c->w[1], ACCEL_SHAPE(-1, 1, 1)));
	return layer_activation(c->l->o.activation, y);
}

/* ---- [C, H, W] -> [units, OH, OW] ---- */

static accel_status image_out(struct accel_layer *l, const struct shape *in,
			      int64_t channels, struct shape *out)
{
	accel_status err = need_image(l, in);

	*out = (struct shape){ 3, { channels } };
	if (!err)
		err = places(l, in, 1, height(&l->o), stride(&l->o, 0),
			     &out->dim[1]);
	if (!err)
		err = places(l, in, 2, width(&l->o), stride(&l->o, 1),
			     &out->dim[2]);
	return err;
}

static accel_status conv2d_build(struct accel_layer *l, uint32_t n,
				 const struct shape *in, struct shape *out)
{
	accel_status err = image_out(l, in, l->o.units, out);

	(void)n;
	if (err)
		return err;
	weights(l, l->o.units, in->dim[0], (double)in->dim[0], l->o.units);
	bias(l, l->o.units);
	return ACCEL_OK;
}

static accel_tensor *conv(const struct layer_call *c, int groups)
{
	const accel_layer_options *o = &c->l->o;

	return finish(c, accel_conv2d(c->x[0], c->w[0], .groups = groups,
				      .stride = { stride(o, 0), stride(o, 1) },
				      .dilation = { o->dilation, o->dilation },
				      .same = o->same));
}

static accel_tensor *conv2d_call(const struct layer_call *c)
{
	return conv(c, 1);
}

const struct layer_desc layer_conv2d = {
	"conv2d",    1,    check_conv, conv2d_build,
	conv2d_call, "us", "abptlk",   LAYER_OF_MODEL,
};

/* ---- depthwise: groups of one channel ---- */

static accel_status depthwise_build(struct accel_layer *l, uint32_t n,
				    const struct shape *in, struct shape *out)
{
	int64_t each = l->o.units ?: 1;
	accel_status err = image_out(l, in, in->dim[0] * each, out);

	(void)n;
	if (err)
		return err;
	weights(l, in->dim[0] * each, 1, (double)in->dim[0], (double)each);
	bias(l, in->dim[0] * each);
	return ACCEL_OK;
}

static accel_tensor *depthwise_call(const struct layer_call *c)
{
	return conv(c, (int)accel_tensor_dim(c->x[0], 1));
}

const struct layer_desc layer_depthwise2d = {
	"depthwise_conv2d", 1,   check_size, depthwise_build,
	depthwise_call,     "s", "abptlk",   LAYER_OF_MODEL,
};

/* ---- transposed ---- */

static accel_status transposed_check(const struct accel_layer *l)
{
	if (l->o.dilation > 1)
		return accel_error(ACCEL_ERR_RANGE,
				   "conv2d_transpose: dilation is %d, not 1",
				   l->o.dilation);
	return check_conv(l);
}

static accel_status transposed_build(struct accel_layer *l, uint32_t n,
				     const struct shape *in, struct shape *out)
{
	accel_status err = need_image(l, in);
	int i;

	(void)n;
	if (err)
		return err;
	*out = (struct shape){ 3, { l->o.units } };
	for (i = 0; i < 2; i++) {
		int64_t s = stride(&l->o, i);
		int64_t k = i ? width(&l->o) : height(&l->o);

		out->dim[i + 1] =
			l->o.same ? in->dim[i + 1] * s
				  : (in->dim[i + 1] - 1) * s + (k > s ? k : s);
	}
	weights(l, in->dim[0], l->o.units, l->o.units, (double)in->dim[0]);
	bias(l, l->o.units);
	return ACCEL_OK;
}

/* As Keras cuts it: of an odd surplus the larger half at the end. */
static accel_tensor *transposed_call(const struct layer_call *c)
{
	const accel_layer_options *o = &c->l->o;
	accel_conv_options conv = { .x = c->x[0], .w = c->w[0] };
	accel_tensor *y;
	int64_t out[2];
	int i;

	for (i = 0; i < 2; i++) {
		int s = stride(o, i), k = i ? width(o) : height(o);
		int64_t n = accel_tensor_dim(c->x[0], i + 2);

		conv.stride[i] = s;
		if (k < s)
			conv.output_pad[i] = s - k;
		else if (o->same)
			conv.pad[i] = (k - s) / 2;
		out[i] = o->same ? n * s : (n - 1) * s + (k > s ? k : s);
	}
	y = accel_conv_transpose2d_with(&conv);
	for (i = 0; i < 2; i++)
		if (accel_tensor_dim(y, i + 2) > out[i])
			y = accel_slice(y, i + 2, 0, out[i], 1);
	return finish(c, y);
}

const struct layer_desc layer_transposed2d = {
	"conv2d_transpose", 1,    transposed_check, transposed_build,
	transposed_call,    "us", "abptlk",         LAYER_OF_MODEL,
};

/* ---- along time: [T, F] -> [OT, units] ---- */

static accel_status conv1d_build(struct accel_layer *l, uint32_t n,
				 const struct shape *in, struct shape *out)
{
	accel_status err;
	struct weight *w;

	(void)n;
	if (in->ndim != 2)
		return layer_misfit(l, "[T, F]", in);
	*out = (struct shape){ 2, { 0, l->o.units } };
	err = places(l, in, 0, l->o.size, stride(&l->o, 0), &out->dim[0]);
	if (err)
		return err;
	w = layer_weight(l, "kernel", l->o.kernel_init, true,
			 ACCEL_SHAPE(l->o.units, in->dim[1], l->o.size));
	w->fan_in = (double)in->dim[1] * l->o.size;
	w->fan_out = (double)l->o.units * l->o.size;
	bias(l, l->o.units);
	return ACCEL_OK;
}

static accel_tensor *conv1d_call(const struct layer_call *c)
{
	const accel_layer_options *o = &c->l->o;
	accel_tensor *x = accel_transpose(c->x[0], 1, 2); /* [N, F, T] */
	accel_tensor *y;

	y = accel_conv1d(x, c->w[0], .stride = { stride(o, 0) },
			 .dilation = { o->dilation }, .same = o->same);
	y = accel_transpose(y, 1, 2);
	if (c->w[1])
		y = accel_add(y, c->w[1]);
	return layer_activation(o->activation, y);
}

const struct layer_desc layer_conv1d = {
	"conv1d",    1,    check_conv, conv1d_build,
	conv1d_call, "us", "abptlk",   LAYER_OF_MODEL,
};
