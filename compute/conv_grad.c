// SPDX-License-Identifier: MIT
/* The gradients of convolution by its input and by its weights. */
#include "conv.h"

#define LOCAL 64
#define WG_LANES 64

/*
 * Without strides the gradient is a convolution, too: of what comes in, by the
 * same weights from the last tap to the first, as Dumoulin and Visin 2016 have
 * it in relationship 8. False where no kernel takes it but loops.
 */
static bool as_conv(const struct compute_device *dev,
		    const struct compute_conv *c, const struct conv_geometry *g,
		    struct compute_conv *t, struct conv_geometry *tg)
{
	*t = *c;
	t->in = c->out;
	t->out = c->in;
	t->w.size[0] = g->c;
	t->w.size[1] = g->o;
	t->w.stride[0] = (int32_t)(g->o * g->kh * g->kw);
	for (int i = 0; i < 2; i++) {
		uint32_t reach = c->dilation[i] * ((i ? g->kw : g->kh) - 1);

		if (c->stride[i] != 1 || c->pad[i] > reach)
			return false;
		t->pad[i] = reach - c->pad[i];
	}
	if (c->groups != 1 || !view_count(&c->in) || !view_count(&c->out) ||
	    conv_measure(t, tg) || !conv_blocks(dev, t, tg))
		return false;
	tg->flip = true;
	return true;
}

uint64_t compute_conv_input_grad_scratch(struct compute_device *dev,
					 const struct compute_conv *c)
{
	struct conv_geometry g, tg;
	struct compute_conv t;

	if (conv_measure(c, &g) || !as_conv(dev, c, &g, &t, &tg))
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
	if (as_conv(rec->dev, c, &g, &t, &tg))
		return conv_record(rec, &t, &tg);
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
			      bind, 5, push, 23, groups);
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
			       : compute_reduce(rec, COMPUTE_REDUCE_SUM, &sums,
						1, &c->w);
}

uint64_t compute_conv_weight_grad_scratch(struct compute_device *dev,
					  const struct compute_conv *c)
{
	struct conv_geometry g;
	uint32_t size, parts;

	if (conv_measure(c, &g) || !view_count(&c->w) || !view_count(&c->in) ||
	    !view_count(&c->out))
		return 0;
	size = conv_tile_size(dev, c, &g, CONV_BY_WEIGHTS);
	parts = size ? conv_tile_parts(c, &g, CONV_BY_WEIGHTS, size) : 1;
	return parts > 1 ? parts * view_count(&c->w) * 4 : 0;
}

static accel_status weight_grad(struct compute_record *rec,
				const struct compute_conv *c)
{
	struct compute_binding bind[3];
	struct conv_geometry g;
	uint32_t groups[3], total, size;
	accel_status s;

	s = conv_measure(c, &g);
	if (s)
		return s;
	total = (uint32_t)view_count(&c->w);
	if (!total)
		return ACCEL_OK;
	if (!view_count(&c->in) || !view_count(&c->out))
		return compute_fill(rec, &c->w, 0);
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
		return launch(rec, COMPUTE_SHADER_conv_weight_grad, spec, 2,
			      bind, 3, push, 21, groups);
	}
}

accel_status compute_conv_weight_grad(struct compute_record *rec,
				      const struct compute_conv *c)
{
	return compute_record_fail(rec, weight_grad(rec, c));
}
