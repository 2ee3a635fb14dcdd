// SPDX-License-Identifier: MIT
/* Convolution: choosing a shape, packing, launching. */
#include "conv.h"
#include "tile.h"
#include "tune.h"

#include "../libaccel/src/base/error.h"

#define LOCAL 64
#define PANEL 8
#define BLOCK 32

/* Of shaders/conv_pack.comp. */
enum pack_mode { PACK_PIXELS, PACK_PLANES, PACK_COLUMNS, PACK_PANEL };

static accel_status check_view(const char *what, const struct compute_view *v)
{
	char text[VIEW_TEXT];
	accel_status s = view_check_contiguous(what, v);

	if (!s)
		s = view_check_dtype(what, v, VIEW_FLOATS);
	if (!s && v->rank != 4)
		s = accel_error(ACCEL_ERR_SHAPE,
				"%s: %s, four dimensions are needed", what,
				view_text(v, text));
	return s;
}

accel_status conv_measure(const struct compute_conv *c, struct conv_geometry *g)
{
	char a[VIEW_TEXT], b[VIEW_TEXT], o[VIEW_TEXT];
	uint64_t hp, wp;
	accel_status s;

	s = check_view("conv: input", &c->in);
	if (!s)
		s = check_view("conv: weights", &c->w);
	if (!s)
		s = check_view("conv: output", &c->out);
	if (s)
		return s;
	*g = (struct conv_geometry){
		.n = c->in.size[0],
		.c = c->in.size[1],
		.h = c->in.size[2],
		.w = c->in.size[3],
		.o = c->w.size[0],
		.oh = c->out.size[2],
		.ow = c->out.size[3],
		.kh = c->w.size[2],
		.kw = c->w.size[3],
		.cg = c->w.size[1],
	};
	if (!c->groups || !c->stride[0] || !c->stride[1] || !c->dilation[0] ||
	    !c->dilation[1])
		return accel_error(ACCEL_ERR_INVALID,
				   "conv: groups %u, strides %u, %u, dilations "
				   "%u, %u: none may be 0",
				   c->groups, c->stride[0], c->stride[1],
				   c->dilation[0], c->dilation[1]);
	g->og = g->o / c->groups;
	if (g->og * c->groups != g->o || g->cg * c->groups != g->c ||
	    c->out.size[0] != g->n || c->out.size[1] != g->o || !g->kh ||
	    !g->kw)
		return accel_error(ACCEL_ERR_SHAPE,
				   "conv: input %s, weights %s, output %s, %u "
				   "groups",
				   view_text(&c->in, a), view_text(&c->w, b),
				   view_text(&c->out, o), c->groups);
	hp = (uint64_t)(g->oh ? g->oh - 1 : 0) * c->stride[0] +
	     (uint64_t)(g->kh - 1) * c->dilation[0] + 1;
	wp = (uint64_t)(g->ow ? g->ow - 1 : 0) * c->stride[1] +
	     (uint64_t)(g->kw - 1) * c->dilation[1] + 1;
	if (hp > 1u << 24 || wp > 1u << 24 || c->pad[0] > 1u << 24 ||
	    c->pad[1] > 1u << 24)
		return accel_error(ACCEL_ERR_RANGE,
				   "conv: a padded plane of %llu by %llu",
				   (unsigned long long)hp,
				   (unsigned long long)wp);
	g->hp = (uint32_t)hp;
	g->wp = ((uint32_t)wp + 3) & ~3u;
	return ACCEL_OK;
}

enum compute_conv_shape conv_shape(const struct compute_device *dev,
				   const struct compute_conv *c,
				   const struct conv_geometry *g)
{
	uint32_t tuned;

	if (c->shape)
		return c->shape;
	tuned = tune_choice(dev, TUNE_CONV, g->o,
			    (uint64_t)g->cg * g->kh * g->kw,
			    (uint64_t)g->oh * g->ow);
	if (tuned)
		return (enum compute_conv_shape)tuned;
	if (prefers_texels(dev))
		return COMPUTE_CONV_TEXEL;
	return has_tiles(dev) ? COMPUTE_CONV_TILE : COMPUTE_CONV_V3D;
}

void conv_chosen(struct compute_record *rec, const struct conv_geometry *g,
		 enum compute_conv_shape shape)
{
	rec->cost.tuned |= shape == tune_choice(rec->dev, TUNE_CONV, g->o,
						(uint64_t)g->cg * g->kh * g->kw,
						(uint64_t)g->oh * g->ow);
}

static bool is_matmul(const struct compute_conv *c,
		      const struct conv_geometry *g)
{
	return g->what != CONV_BY_WEIGHTS && c->groups == 1 && g->kh == 1 &&
	       g->kw == 1 && !c->pad[0] && !c->pad[1] && c->stride[0] == 1 &&
	       c->stride[1] == 1 && g->oh == g->h && g->ow == g->w;
}

/* Of an invocation's loops. */
static uint64_t turns(const struct conv_geometry *g,
		      enum compute_conv_shape shape)
{
	const uint64_t kh = g->kh, kw = g->kw;

	switch (shape) {
	case COMPUTE_CONV_TEXEL:
		return kh * (1 + kw * (1 + div_up(g->c, 4)));
	case COMPUTE_CONV_V3D:
		return g->c * (1 + kh * (1 + kw));
	default:
		return g->cg * (1 + kh * (1 + kw));
	}
}

/* Of what is no matmul and has no tiles: DIRECT, TEXEL or V3D. */
static enum compute_conv_shape choose(const struct compute_device *dev,
				      const struct compute_conv *c,
				      const struct conv_geometry *g)
{
	enum compute_conv_shape shape = conv_shape(dev, c, g);
	uint64_t plane = (uint64_t)g->n * g->c * g->hp * g->wp;

	if (shape != COMPUTE_CONV_TEXEL && shape != COMPUTE_CONV_V3D)
		return COMPUTE_CONV_DIRECT;
	/* blocks of channels must fill, a rasterizer's less so, whose loops
	 * are a hundred times as slow; windows must not be mostly padding */
	if (c->groups != 1 ||
	    (shape == COMPUTE_CONV_TEXEL
		     ? (uint64_t)g->c * g->o <
			       div_up(g->c, 4) * 2u * div_up(g->o, BLOCK)
		     : g->o < 8) ||
	    g->n > 65535 || g->hp > 65535 ||
	    plane > 8 * ((uint64_t)g->n * g->c * g->h * g->w + 1024) ||
	    plane > 1u << 28)
		return COMPUTE_CONV_DIRECT;
	return shape;
}

static uint64_t bytes_up(uint64_t quads)
{
	return (quads * 16 + 255) & ~255ull;
}

/* vec4s of the packed input and weights. */
static void packed_quads(const struct conv_geometry *g,
			 enum compute_conv_shape shape, uint64_t *in,
			 uint64_t *w)
{
	uint64_t taps = (uint64_t)g->kh * g->kw;

	if (shape == COMPUTE_CONV_TEXEL) {
		uint64_t quads = div_up(g->c, 4);

		*in = (uint64_t)g->n * g->hp * g->wp * quads;
		*w = div_up(g->o, BLOCK) * taps * quads * BLOCK;
	} else {
		*in = (uint64_t)g->n * g->c * g->hp * (g->wp / 4);
		*w = div_up(g->o, 4 * PANEL) * 4 * taps * g->c * (PANEL / 4);
	}
}

/* A 1 by 1 convolution is out[n] = w in[n]. */
static struct compute_matmul as_matmul(const struct compute_conv *c,
				       const struct conv_geometry *g)
{
	struct compute_matmul m = {
		.a = c->w,
		.b = c->in,
		.out = c->out,
		.bias = c->bias,
		.residual = c->residual,
		.bias_rows = true,
		.act = c->act,
		.scratch = c->scratch,
		.scratch_offset = c->scratch_offset,
	};
	const bool flip = g->what == CONV_BY_INPUT;

	m.a.rank = 2;
	m.a.stride[0] = flip ? 1 : (int32_t)g->c;
	m.a.stride[1] = flip ? (int32_t)g->o : 1;
	m.b.rank = m.out.rank = 3;
	m.b.size[2] = m.out.size[2] = g->h * g->w;
	m.b.stride[0] = (int32_t)(g->c * g->h * g->w);
	m.b.stride[1] = m.out.stride[1] = (int32_t)(g->h * g->w);
	m.b.stride[2] = m.out.stride[2] = 1;
	m.out.stride[0] = (int32_t)(g->o * g->h * g->w);
	return m;
}

bool conv_blocks(const struct compute_device *dev, const struct compute_conv *c,
		 const struct conv_geometry *g)
{
	const enum compute_conv_shape shape = choose(dev, c, g);

	return is_matmul(c, g) || (shape != COMPUTE_CONV_DIRECT &&
				   turns(g, shape) <= dev->limits.max_turns);
}

uint64_t conv_scratch(struct compute_device *dev, const struct compute_conv *c,
		      const struct conv_geometry *g)
{
	enum compute_conv_shape shape;
	struct compute_matmul m;
	uint64_t in, w;

	if (!view_count(&c->out))
		return 0;
	if (is_matmul(c, g)) {
		m = as_matmul(c, g);
		return compute_matmul_scratch(dev, &m);
	}
	shape = choose(dev, c, g);
	if (shape == COMPUTE_CONV_DIRECT)
		return 0; /* nor do tiles need any */
	packed_quads(g, shape, &in, &w);
	return bytes_up(in) + bytes_up(w) +
	       (shape == COMPUTE_CONV_V3D ? epilogue_bytes(&c->out) : 0);
}

uint64_t compute_conv_scratch(struct compute_device *dev,
			      const struct compute_conv *c)
{
	struct conv_geometry g;

	return conv_measure(c, &g) ? 0 : conv_scratch(dev, c, &g);
}

static accel_status pack(struct compute_record *rec,
			 const struct compute_conv *c,
			 const struct conv_geometry *g, enum pack_mode mode,
			 const struct compute_view *v, uint64_t quads,
			 uint64_t at, struct compute_binding *out)
{
	uint32_t groups[3],
		push[12] = { (uint32_t)quads, 0,     g->c,      g->h,      g->w,
			     g->hp,           g->wp, c->pad[0], c->pad[1], g->o,
			     g->kh * g->kw,   g->n };
	const uint32_t spec[] = { LOCAL, mode, v->dtype, g->what };
	struct compute_binding bind[2];
	accel_status s;

	if (quads > INT32_MAX / 4)
		return accel_error(ACCEL_ERR_RANGE,
				   "conv: a packed operand of %llu bytes",
				   (unsigned long long)quads * 16);
	s = view_bind(rec, "conv", v, false, &bind[0], &push[1]);
	if (!s)
		s = bytes_bind(rec, "conv: scratch", c->scratch,
			       c->scratch_offset + at, quads * 16, true,
			       &bind[1]);
	if (s)
		return s;
	grid_1d(rec->dev, div_up(quads, LOCAL), groups);
	if (mode == PACK_PIXELS) {
		groups[0] = div_up((uint64_t)g->wp * div_up(g->c, 4), LOCAL);
		groups[1] = g->hp;
		groups[2] = g->n;
	}
	s = launch(rec, COMPUTE_SHADER_conv_pack, spec, 4, bind, 2, push, 12, 4,
		   groups);
	*out = bind[1];
	out->writes = false;
	return s;
}

static accel_status texel(struct compute_record *rec,
			  const struct compute_conv *c,
			  const struct conv_geometry *g,
			  const struct epilogue *e, struct compute_binding in,
			  struct compute_binding w)
{
	const uint32_t wide = g->o > BLOCK ? 2 : 1;
	const uint32_t columns = div_up(g->o, BLOCK * wide);
	const uint32_t high = texel_high(
		rec->dev, (uint64_t)(g->oh * g->ow / 16) * columns * g->n,
		false);
	const uint32_t spec[] = { 0, e->spec, wide, high,
				  texel_shares(rec->dev) };
	const uint32_t push[] = {
		g->o,         g->oh * g->ow, div_up(g->c, 4), float_bits(1),
		e->start[0],  e->start[1],   e->start[2],     g->hp,
		g->wp,        g->ow,         g->kh,           g->kw,
		c->stride[0], c->stride[1],  c->dilation[0],  c->dilation[1],
	};
	const struct compute_binding bind[] = { e->bind[0], e->bind[1],
						e->bind[2], in,
						w,          e->bind[2] };
	const uint32_t groups[] = { div_up(g->oh * g->ow, 8 * high), columns,
				    g->n };

	return launch(rec, COMPUTE_SHADER_conv_texel, spec, 5, bind, 6, push,
		      16, turns(g, COMPUTE_CONV_TEXEL), groups);
}

/* @scratch_at: behind the packed operands. */
static accel_status v3d(struct compute_record *rec,
			const struct compute_conv *c,
			const struct conv_geometry *g, struct epilogue *e,
			struct compute_binding in, struct compute_binding w,
			uint64_t scratch_at)
{
	uint32_t row = c->dilation[0] * g->wp, n = g->oh * g->ow;
	struct epilogue rest;
	accel_status s;

	s = epilogue_split(rec, "conv", 1, c->scratch,
			   c->scratch_offset + scratch_at, e, &rest);
	if (s)
		return s;
	{
		const uint32_t spec[] = { 0, e->spec };
		const uint32_t push[] = {
			g->o,
			n,
			g->c,
			float_bits(1),
			e->start[0],
			e->start[1],
			e->start[2],
			g->hp,
			g->wp,
			g->ow,
			g->kh,
			g->kw,
			c->stride[0],
			c->stride[1],
			c->dilation[1],
			row - g->kw * c->dilation[1],
			g->hp * g->wp - g->kh * row,
		};
		const struct compute_binding bind[] = { w, in, e->bind[0],
							e->bind[1],
							e->bind[2] };
		const uint32_t groups[] = { div_up(n, 64),
					    div_up(g->o, 4 * PANEL), g->n };

		s = launch(rec, COMPUTE_SHADER_conv_v3d, spec, 2, bind, 5, push,
			   17, turns(g, COMPUTE_CONV_V3D), groups);
	}
	return s ? s : epilogue_rest(rec, &rest, g->o, n);
}

static accel_status blocked(struct compute_record *rec,
			    const struct compute_conv *c,
			    const struct conv_geometry *g,
			    enum compute_conv_shape shape, struct epilogue *e)
{
	bool pixels = shape == COMPUTE_CONV_TEXEL;
	struct compute_binding in, w;
	uint64_t n_in, n_w;
	accel_status s;

	packed_quads(g, shape, &n_in, &n_w);
	s = pack(rec, c, g, pixels ? PACK_PIXELS : PACK_PLANES, &c->in, n_in, 0,
		 &in);
	if (!s)
		s = pack(rec, c, g, pixels ? PACK_COLUMNS : PACK_PANEL, &c->w,
			 n_w, bytes_up(n_in), &w);
	if (s)
		return s;
	return pixels ? texel(rec, c, g, e, in, w)
		      : v3d(rec, c, g, e, in, w,
			    bytes_up(n_in) + bytes_up(n_w));
}

static accel_status direct(struct compute_record *rec,
			   const struct compute_conv *c,
			   const struct conv_geometry *g,
			   const struct epilogue *e)
{
	uint32_t total = (uint32_t)view_count(&c->out), groups[3];
	const uint32_t spec[] = { LOCAL, e->spec,
				  c->in.dtype | c->w.dtype << 3 };
	uint32_t push[] = {
		g->o,
		g->oh * g->ow,
		total,
		float_bits(1),
		0,
		0,
		e->start[0],
		e->start[1],
		e->start[2],
		g->c,
		g->cg,
		g->og,
		g->h,
		g->w,
		g->ow,
		g->kh,
		g->kw,
		c->stride[0],
		c->stride[1],
		c->pad[0],
		c->pad[1],
		c->dilation[0],
		c->dilation[1],
	};
	struct compute_binding bind[5] = { [2] = e->bind[0],
					   e->bind[1],
					   e->bind[2] };
	accel_status s;

	if (!g->cg) /* the sum of nothing */
		bind[0] = bind[1] = e->bind[1];
	else if ((s = view_bind(rec, "conv: input", &c->in, false, &bind[0],
				&push[4])) ||
		 (s = view_bind(rec, "conv: weights", &c->w, false, &bind[1],
				&push[5])))
		return s;
	grid_1d(rec->dev, div_up(total, LOCAL), groups);
	return launch(rec, COMPUTE_SHADER_conv, spec, 3, bind, 5, push, 23,
		      turns(g, COMPUTE_CONV_DIRECT), groups);
}

accel_status conv_record(struct compute_record *rec,
			 const struct compute_conv *c, struct conv_geometry *g)
{
	struct epilogue e = { .out = &c->out,
			      .bias = c->bias,
			      .residual = c->residual,
			      .bias_rows = true,
			      .act = c->act };
	enum compute_conv_shape shape;
	uint32_t size;
	accel_status s;

	if (is_matmul(c, g)) {
		struct compute_matmul m = as_matmul(c, g);

		return compute_matmul(rec, &m);
	}
	e.n = g->oh * g->ow;
	s = epilogue_bind(rec, "conv", g->o, &e);
	if (s || !view_count(&c->out))
		return s;
	if (!view_count(&c->in)) {
		g->cg = 0;
		return direct(rec, c, g, &e);
	}
	size = conv_tile_size(rec->dev, c, g, CONV_FORWARD);
	if (size)
		return conv_tile(rec, c, g, CONV_FORWARD, size, &e);
	shape = choose(rec->dev, c, g);
	if (!c->shape)
		conv_chosen(rec, g, shape);
	return shape == COMPUTE_CONV_DIRECT ? direct(rec, c, g, &e)
					    : blocked(rec, c, g, shape, &e);
}

static accel_status conv(struct compute_record *rec,
			 const struct compute_conv *c)
{
	struct conv_geometry g;
	accel_status s = conv_measure(c, &g);

	return s ? s : conv_record(rec, c, &g);
}

accel_status compute_conv(struct compute_record *rec,
			  const struct compute_conv *c)
{
	return compute_record_fail(rec, conv(rec, c));
}
