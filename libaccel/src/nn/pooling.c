// SPDX-License-Identifier: MIT
/* Layers with a window that have no weights: poolings. */
#include "../base/error.h"
#include "layer.h"

static accel_status check(const struct accel_layer *l)
{
	return layer_at_least(l, "size", l->o.size, 1);
}

/* Window and step along an axis of images. */
static void window(const accel_layer_options *o, int axis, int *size, int *step)
{
	*size = axis && o->size_w ? o->size_w : o->size;
	*step = axis && o->stride_w ? o->stride_w : o->stride;
	if (!*step)
		*step = *size;
}

static accel_status places(const struct accel_layer *l, const struct shape *in,
			   int dim, int axis, int64_t *out)
{
	int64_t n = in->dim[dim];
	int size, step;

	window(&l->o, axis, &size, &step);
	if (!l->o.same && size > n)
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: a window of %d is larger than %s",
				   l->name, size, shape_print(in));
	*out = l->o.same ? (n + step - 1) / step : (n - size) / step + 1;
	return ACCEL_OK;
}

/* ---- [C, H, W] -> [C, OH, OW] ---- */

static accel_status build2d(struct accel_layer *l, uint32_t n,
			    const struct shape *in, struct shape *out)
{
	accel_status err;

	(void)n;
	if (in->ndim != 3)
		return layer_misfit(l, "[C, H, W]", in);
	*out = *in;
	err = places(l, in, 1, 0, &out->dim[1]);
	return err ? err : places(l, in, 2, 1, &out->dim[2]);
}

static accel_pool_options options2d(const struct layer_call *c)
{
	accel_pool_options p = { .x = c->x[0], .same = c->l->o.same };

	window(&c->l->o, 0, &p.size[0], &p.stride[0]);
	window(&c->l->o, 1, &p.size[1], &p.stride[1]);
	return p;
}

static accel_tensor *max2d_call(const struct layer_call *c)
{
	accel_pool_options p = options2d(c);

	return accel_max_pool2d_with(&p);
}

static accel_tensor *avg2d_call(const struct layer_call *c)
{
	accel_pool_options p = options2d(c);

	return accel_avg_pool2d_with(&p);
}

const struct layer_desc layer_max_pool2d = {
	"max_pooling2d", 1,   check, build2d,
	max2d_call,      "s", "pt",  LAYER_OF_MODEL,
};
const struct layer_desc layer_avg_pool2d = {
	"average_pooling2d", 1,   check, build2d,
	avg2d_call,          "s", "pt",  LAYER_OF_MODEL,
};

/* ---- [T, F] -> [OT, F]: an image of one channel and windows of width 1 ---- */

static accel_status build1d(struct accel_layer *l, uint32_t n,
			    const struct shape *in, struct shape *out)
{
	(void)n;
	if (in->ndim != 2)
		return layer_misfit(l, "[T, F]", in);
	*out = *in;
	return places(l, in, 0, 0, &out->dim[0]);
}

static accel_tensor *call1d(const struct layer_call *c, bool max)
{
	accel_pool_options p = { .x = accel_expand(c->x[0], 1),
				 .same = c->l->o.same,
				 .size[1] = 1,
				 .stride[1] = 1 };
	accel_tensor *y;

	window(&c->l->o, 0, &p.size[0], &p.stride[0]);
	y = max ? accel_max_pool2d_with(&p) : accel_avg_pool2d_with(&p);
	return y ? accel_reshape(y, ACCEL_SHAPE(accel_tensor_dim(y, 0),
						accel_tensor_dim(y, 2),
						accel_tensor_dim(y, 3)))
		 : NULL;
}

static accel_tensor *max1d_call(const struct layer_call *c)
{
	return call1d(c, true);
}

static accel_tensor *avg1d_call(const struct layer_call *c)
{
	return call1d(c, false);
}

const struct layer_desc layer_max_pool1d = {
	"max_pooling1d", 1,   check, build1d,
	max1d_call,      "s", "pt",  LAYER_OF_MODEL,
};
const struct layer_desc layer_avg_pool1d = {
	"average_pooling1d", 1,   check, build1d,
	avg1d_call,          "s", "pt",  LAYER_OF_MODEL,
};

/* ---- over all places: [C, H, W] -> [C], [T, F] -> [F] ---- */

static accel_status global_build(struct accel_layer *l, uint32_t n,
				 const struct shape *in, struct shape *out)
{
	(void)n;
	if (in->ndim != 2 && in->ndim != 3)
		return layer_misfit(l, "[C, H, W] or [T, F]", in);
	*out = (struct shape){ 1, { in->dim[in->ndim == 3 ? 0 : 1] } };
	return ACCEL_OK;
}

static accel_axes all_places(const struct layer_call *c)
{
	return accel_tensor_ndim(c->x[0]) == 4 ? ACCEL_AXES(2, 3)
					       : ACCEL_AXES(1);
}

static accel_tensor *global_max_call(const struct layer_call *c)
{
	return accel_max(c->x[0], all_places(c), false);
}

static accel_tensor *global_avg_call(const struct layer_call *c)
{
	return accel_mean(c->x[0], all_places(c), false);
}

const struct layer_desc layer_global_max = {
	"global_max_pooling", 1,  NULL, global_build,
	global_max_call,      "", "",   LAYER_OF_MODEL,
};
const struct layer_desc layer_global_avg = {
	"global_average_pooling", 1,  NULL, global_build,
	global_avg_call,          "", "",   LAYER_OF_MODEL,
};
