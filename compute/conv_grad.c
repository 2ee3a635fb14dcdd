// SPDX-License-Identifier: MIT
/* The gradients of convolution by its input and by its weights. */
#include "conv.h"

#define LOCAL 64
#define WG_LANES 64
#define V3D_CHANNELS 16

/* v as [a, b, h, w]. */
static struct compute_view as(const struct compute_view *v, uint32_t a,
			      uint32_t b)
{
	struct compute_view r = *v;

	r.size[0] = a;
	r.size[1] = b;
	r.stride[1] = (int32_t)(r.size[2] * r.size[3]);
	r.stride[0] = (int32_t)b * r.stride[1];
	return r;
}

/* Does a kernel better than loops take t, which is `what` of c? */
static bool takes(const struct compute_device *dev,
		  const struct compute_conv *c, const struct conv_geometry *g,
		  enum conv_product what, struct compute_conv *t,
		  struct conv_geometry *tg)
{
	if (c->groups != 1 || !view_count(&c->in) || !view_count(&c->w) ||
	    !view_count(&c->out) || conv_measure(t, tg))
		return false;
	t->shape = conv_shape(dev, c, g);
	tg->what = what;
	return conv_blocks(dev, t, tg);
}

/*
 * Without strides the gradient by the input is a convolution, too: of what comes
 * in, by the same weights from the last tap to the first (Dumoulin and Visin
 * 2016, relationship 8).
 */
static bool input_as_conv(const struct compute_device *dev,
			  const struct compute_conv *c,
			  const struct conv_geometry *g, struct compute_conv *t,
			  struct conv_geometry *tg)
{
	*t = *c;
	t->in = c->out;
	t->out = c->in;
	t->w = as(&c->w, g->c, g->o);
	for (int i = 0; i < 2; i++) {
		uint32_t reach = c->dilation[i] * ((i ? g->kw : g->kh) - 1);

		if (c->stride[i] != 1 || c->pad[i] > reach)
			return false;
		t->pad[i] = reach - c->pad[i];
	}
	return takes(dev, c, g, CONV_BY_INPUT, t, tg);
}

/*
 * The gradient by the weights is the convolution of the input by what comes in,
 * where images and channels change places, and stride and dilation. Its output
 * is [c, o, kh, kw], in scratch.
 */
static bool weights_as_conv(const struct compute_device *dev,
			    const struct compute_conv *c,
			    const struct conv_geometry *g,
			    struct compute_conv *t, struct conv_geometry *tg)
{
	*t = *c;
	t->in = as(&c->in, g->c, g->n);
	t->w = as(&c->out, g->o, g->n);
	t->out = as(&c->w, g->c, g->o);
	t->out.dtype = COMPUTE_F32;
	t->bias = t->residual = NULL;
	t->act = COMPUTE_ACT_NONE;
	for (int i = 0; i < 2; i++) {
		t->stride[i] = c->dilation[i];
		t->dilation[i] = c->stride[i];
	}
	/* few taps leave most of a block of pixels empty, and few channels most
	 * of V3D's cores */
	return g->kh * g->kw > 4 &&
	       (g->c >= V3D_CHANNELS ||
		conv_shape(dev, c, g) != COMPUTE_CONV_V3D) &&
	       takes(dev, c, g, CONV_BY_WEIGHTS, t, tg);
}

static accel_status weight_conv(struct compute_record *rec,
				const struct compute_conv *c,
				struct compute_conv *t,
				struct conv_geometry *tg)
{
	struct compute_view turned;
	accel_status s;

	t->out.buffer = c->scratch;
	t->out.offset = c->scratch_offset + conv_scratch(rec->dev, t, tg);
	s = conv_record(rec, t, tg);
	turned = as(&t->out, tg->o, tg->n);
	turned.stride[0] = t->out.stride[1];
	turned.stride[1] = t->out.stride[0];
	return s ? s : compute_copy(rec, &turned, &c->w);
}

uint64_t compute_conv_input_grad_scratch(struct compute_device *dev,
					 const struct compute_conv *c)
{
	struct conv_geometry g, tg;
	struct compute_conv t;

	if (conv_measure(c, &g) || !input_as_conv(dev, c, &g, &t, &tg))
		return 0;
	return conv_scratch(dev, &t, &tg);
}

static accel_status input_grad(struct compute_record *rec,
			       const struct compute_conv *c)
{
	struct epilogue e = { .out = &c->in,
			      .bias = c->bias,
			      .residual = c->residual,
			      .bias_rows = true,
			      .act = c->act };
	struct compute_binding bind[5];
	struct conv_geometry g, tg;
	uint32_t groups[3], total, size;
	struct compute_conv t;
	accel_status s;

	s = conv_measure(c, &g);
	if (s)
		return s;
	if (input_as_conv(rec->dev, c, &g, &t, &tg)) {
		conv_chosen(rec, &g, t.shape);
		return conv_record(rec, &t, &tg);
	}
	e.n = g.h * g.w;
	s = epilogue_bind(rec, "conv gradient", g.c, &e);
	total = (uint32_t)view_count(&c->in);
	if (s || !total)
		return s;
	size = conv_tile_size(rec->dev, c, &g, CONV_BY_INPUT);
	if (size && view_count(&c->out))
		return conv_tile(rec, c, &g, CONV_BY_INPUT, size, &e);
	{
		const uint32_t spec[] = { LOCAL, e.spec,
					  c->out.dtype | c->w.dtype << 3 };
		uint32_t push[] = {
			g.c,
			e.n,
			total,
			float_bits(1),
			0,
			0,
			e.start[0],
			e.start[1],
			e.start[2],
			g.o,
			g.cg,
			g.og,
			g.oh,
			g.ow,
			g.w,
			g.kh,
			g.kw,
			c->stride[0],
			c->stride[1],
			c->pad[0],
			c->pad[1],
			c->dilation[0],
			c->dilation[1],
		};

		bind[2] = e.bind[0];
		bind[3] = e.bind[1];
		bind[4] = e.bind[2];
		if (!view_count(&c->out)) {
			bind[0] = bind[1] = e.bind[1];
			push[12] = push[13] = 0; /* no output pixel */
		} else {
			s = view_bind(rec, "conv gradient", &c->out, false,
				      &bind[0], &push[4]);
			if (!s)
				s = view_bind(rec, "conv: weights", &c->w,
					      false, &bind[1], &push[5]);
			if (s)
				return s;
		}
		grid_1d(rec->dev, div_up(total, LOCAL), groups);
		return launch(rec, COMPUTE_SHADER_conv_input_grad, spec, 3,
			      bind, 5, push, 23,
			      g.kh * (1 + (uint64_t)g.kw * (1 + g.og)), groups);
	}
}

accel_status compute_conv_input_grad(struct compute_record *rec,
				     const struct compute_conv *c)
{
	return compute_record_fail(rec, input_grad(rec, c));
}

/* In parts, if the weights are few: their sum follows. */
static accel_status weight_tiles(struct compute_record *rec,
				 const struct compute_conv *c,
				 const struct conv_geometry *g, uint32_t size)
{
	const uint32_t parts = conv_tile_parts(c, g, CONV_BY_WEIGHTS, size);
	const uint32_t total = (uint32_t)view_count(&c->w);
	const struct compute_view sums = { .buffer = c->scratch,
					   .offset = c->scratch_offset,
					   .rank = 2,
					   .size = { parts, total },
					   .stride = { (int32_t)total, 1 } };
	struct epilogue e = { .out = parts > 1 ? &sums : &c->w,
			      .n = g->cg * g->kh * g->kw };
	accel_status s = epilogue_bind(rec, "conv gradient", 0, &e);

	if (!s)
		s = conv_tile(rec, c, g, CONV_BY_WEIGHTS, size, &e);
	return s || parts == 1 ? s
			       : compute_reduce(rec, &(struct compute_reduce){
							     .in = sums,
							     .axes = 1,
							     .out = c->w });
}

uint64_t compute_conv_weight_grad_scratch(struct compute_device *dev,
					  const struct compute_conv *c)
{
	struct conv_geometry g, tg;
	struct compute_conv t;
	uint32_t size, parts;

	if (conv_measure(c, &g) || !view_count(&c->w) || !view_count(&c->in) ||
	    !view_count(&c->out))
		return 0;
	if (weights_as_conv(dev, c, &g, &t, &tg))
		return conv_scratch(dev, &t, &tg) + view_count(&c->w) * 4;
	size = conv_tile_size(dev, c, &g, CONV_BY_WEIGHTS);
	parts = size ? conv_tile_parts(c, &g, CONV_BY_WEIGHTS, size) : 1;
	return parts > 1 ? parts * view_count(&c->w) * 4 : 0;
}

static accel_status weight_grad(struct compute_record *rec,
				const struct compute_conv *c)
{
	struct compute_binding bind[3];
	struct conv_geometry g, tg;
	uint32_t groups[3], total, size;
	struct compute_conv t;
	accel_status s;

	s = conv_measure(c, &g);
	if (s)
		return s;
	total = (uint32_t)view_count(&c->w);
	if (!total)
		return ACCEL_OK;
	if (!view_count(&c->in) || !view_count(&c->out))
		return compute_fill(rec, &c->w, 0);
	if (weights_as_conv(rec->dev, c, &g, &t, &tg)) {
		conv_chosen(rec, &g, t.shape);
		return weight_conv(rec, c, &t, &tg);
	}
	size = conv_tile_size(rec->dev, c, &g, CONV_BY_WEIGHTS);
	if (size)
		return weight_tiles(rec, c, &g, size);
	{
		const uint32_t spec[] = { WG_LANES, c->w.dtype |
							    c->in.dtype << 3 |
							    c->out.dtype << 6 };
		uint32_t push[] = {
			total,
			g.n,
			0,
			0,
			0,
			g.c,
			g.o,
			g.cg,
			g.og,
			g.h,
			g.w,
			g.oh,
			g.ow,
			g.kh,
			g.kw,
			c->stride[0],
			c->stride[1],
			c->pad[0],
			c->pad[1],
			c->dilation[0],
			c->dilation[1],
		};

		s = view_bind(rec, "conv: weights", &c->w, true, &bind[0],
			      &push[2]);
		if (!s)
			s = view_bind(rec, "conv: input", &c->in, false,
				      &bind[1], &push[3]);
		if (!s)
			s = view_bind(rec, "conv gradient", &c->out, false,
				      &bind[2], &push[4]);
		if (s)
			return s;
		grid_1d(rec->dev, total, groups);
		return launch(
			rec, COMPUTE_SHADER_conv_weight_grad, spec, 2, bind, 3,
			push, 21,
			g.n * (1 + (uint64_t)div_up(g.oh * g.ow, WG_LANES)) +
				row_turns(WG_LANES),
			groups);
	}
}

accel_status compute_conv_weight_grad(struct compute_record *rec,
				      const struct compute_conv *c)
{
	return compute_record_fail(rec, weight_grad(rec, c));
}
