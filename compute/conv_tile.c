// SPDX-License-Identifier: MIT
/* Convolution and its gradients as products in shared-memory tiles. */
#include "conv.h"
#include "tile.h"

/* Sums of fewer tiles are cut into parts, of so many terms at least: a large
 * GPU has room for about so many workgroups. */
#define TILES 512
#define PART 256

/* A [m, k] times B [k, n], for each group and phase. */
struct product {
	uint32_t m, n, k;
	uint32_t phases; /* see conv_tile.comp */
};

static struct product product_of(const struct compute_conv *c,
				 const struct conv_geometry *g,
				 enum conv_product what)
{
	const uint32_t taps = g->kh * g->kw;

	switch (what) {
	case CONV_BY_INPUT:
		return (struct product){ g->cg,
					 g->n * div_up(g->h, c->stride[0]) *
						 div_up(g->w, c->stride[1]),
					 g->og * taps,
					 c->stride[0] * c->stride[1] };
	case CONV_BY_WEIGHTS:
		return (struct product){ g->og, g->cg * taps,
					 g->n * g->oh * g->ow, 1 };
	case CONV_FORWARD:
		break;
	}
	return (struct product){ g->og, g->n * g->oh * g->ow, g->cg * taps, 1 };
}

static uint64_t tiles(const struct product *p, uint32_t size)
{
	return (uint64_t)div_up(p->m, size) * div_up(p->n, size);
}

/* Terms of a part of each sum. */
static uint32_t part(const struct compute_conv *c, const struct product *p,
		     enum conv_product what, uint32_t size)
{
	uint64_t parts = TILES / (tiles(p, size) * c->groups);

	if (parts > p->k / PART)
		parts = p->k / PART;
	if (parts <= 1 || what != CONV_BY_WEIGHTS)
		return p->k;
	return div_up(div_up(p->k, parts), TILE_DEEP) * TILE_DEEP;
}

uint32_t conv_tile_parts(const struct compute_conv *c,
			 const struct conv_geometry *g, enum conv_product what,
			 uint32_t size)
{
	const struct product p = product_of(c, g, what);

	return div_up(p.k, part(c, &p, what, size));
}

uint32_t conv_tile_size(const struct compute_device *dev,
			const struct compute_conv *c,
			const struct conv_geometry *g, enum conv_product what)
{
	const struct product p = product_of(c, g, what);
	uint32_t size = 64;

	switch (conv_shape(dev, c, g)) {
	case COMPUTE_CONV_TILE32:
		size = 32;
		break;
	case COMPUTE_CONV_TILE128:
		size = 128;
		break;
	case COMPUTE_CONV_TILE:
		break;
	default:
		return 0;
	}
	/* tiles must fill, and each group have its own */
	if (p.m < 8 || p.n < 8 ||
	    (uint64_t)c->groups * c->stride[0] * c->stride[1] > 65535)
		return 0;
	return c->shape ? size : tile_trim(size, p.m, p.n);
}

/* The push constants, in the shader's order. */
struct push {
	uint32_t m_size, n_size, k_size, alpha;
	uint32_t start_a, start_b, start_c, start_bias, start_res;
	uint32_t n_h, n_w, k_h, k_w, h, w;
	uint32_t a_group, a_m, a_plane, a_y;
	uint32_t b_group, b_n, b_k;
	uint32_t sn_y, sn_x, sk_y, sk_x, pad_y, pad_x;
	uint32_t c_m, c_plane, k_part, groups;
};

static void lay_forward(const struct compute_conv *c,
			const struct conv_geometry *g, struct push *p)
{
	p->n_h = g->oh;
	p->n_w = g->ow;
	p->k_h = g->kh;
	p->k_w = g->kw;
	p->h = g->h;
	p->w = g->w;
	p->a_m = p->k_size;
	p->a_group = g->og * p->a_m;
	p->a_plane = g->kh * g->kw;
	p->a_y = g->kw;
	p->b_k = g->h * g->w;
	p->b_group = g->cg * p->b_k;
	p->b_n = g->c * p->b_k;
	p->sn_y = c->stride[0];
	p->sn_x = c->stride[1];
	p->sk_y = c->dilation[0];
	p->sk_x = c->dilation[1];
	p->pad_y = c->pad[0];
	p->pad_x = c->pad[1];
	p->c_m = g->oh * g->ow;
	p->c_plane = g->o * p->c_m;
}

static void lay_by_input(const struct compute_conv *c,
			 const struct conv_geometry *g, struct push *p)
{
	p->n_size = g->n * g->h * g->w; /* all phases */
	p->n_h = g->h;
	p->n_w = g->w;
	p->k_h = g->kh;
	p->k_w = g->kw;
	p->h = g->oh;
	p->w = g->ow;
	p->a_m = g->kh * g->kw;
	p->a_plane = g->cg * p->a_m;
	p->a_group = g->og * p->a_plane;
	p->a_y = g->kw;
	p->b_k = g->oh * g->ow;
	p->b_group = g->og * p->b_k;
	p->b_n = g->o * p->b_k;
	p->sn_y = c->stride[0];
	p->sn_x = c->stride[1];
	p->sk_y = c->dilation[0];
	p->sk_x = c->dilation[1];
	p->pad_y = c->pad[0];
	p->pad_x = c->pad[1];
	p->c_m = g->h * g->w;
	p->c_plane = g->c * p->c_m;
	if (c->stride[0] * c->stride[1] > 1)
		return; /* the shader has the rest to do for each phase */
	p->sk_y = -p->sk_y;
	p->sk_x = -p->sk_x;
	p->pad_y = -p->pad_y;
	p->pad_x = -p->pad_x;
}

static void lay_by_weights(const struct compute_conv *c,
			   const struct conv_geometry *g, struct push *p)
{
	p->n_h = g->kh;
	p->n_w = g->kw;
	p->k_h = g->oh;
	p->k_w = g->ow;
	p->h = g->h;
	p->w = g->w;
	p->a_m = g->oh * g->ow;
	p->a_group = g->og * p->a_m;
	p->a_plane = g->o * p->a_m;
	p->a_y = g->ow;
	p->b_n = g->h * g->w;
	p->b_group = g->cg * p->b_n;
	p->b_k = g->c * p->b_n;
	p->sn_y = c->dilation[0];
	p->sn_x = c->dilation[1];
	p->sk_y = c->stride[0];
	p->sk_x = c->stride[1];
	p->pad_y = c->pad[0];
	p->pad_x = c->pad[1];
	p->c_m = p->n_size;
	p->c_plane = g->kh * g->kw;
}

accel_status conv_tile(struct compute_record *rec, const struct compute_conv *c,
		       const struct conv_geometry *g, enum conv_product what,
		       uint32_t size, const struct epilogue *e)
{
	static void (*const lay[])(const struct compute_conv *c,
				   const struct conv_geometry *g,
				   struct push *p) = {
		[CONV_FORWARD] = lay_forward,
		[CONV_BY_INPUT] = lay_by_input,
		[CONV_BY_WEIGHTS] = lay_by_weights,
	};
	const struct compute_view *a = what == CONV_BY_WEIGHTS ? &c->out
							       : &c->w;
	const struct compute_view *b = what == CONV_BY_INPUT ? &c->out : &c->in;
	const struct product p = product_of(c, g, what);
	const uint32_t k = part(c, &p, what, size);
	struct push push = { .m_size = p.m,
			     .n_size = p.n,
			     .k_size = p.k,
			     .alpha = float_bits(1),
			     .start_c = e->start[0],
			     .start_bias = e->start[1],
			     .start_res = e->start[2],
			     .k_part = k,
			     .groups = c->groups };
	const bool phases = p.phases > 1;
	struct compute_binding bind[5] = { [2] = e->bind[0],
					   e->bind[1],
					   e->bind[2] };
	/* four pixels of a phase are not neighbours */
	const uint32_t spec[] = { tile_side(size),
				  phases ? e->spec & ~0x8000u : e->spec,
				  tile_large(size), a->dtype | b->dtype << 3,
				  phases };
	uint32_t groups[3];
	accel_status s;

	if (!c->shape)
		conv_chosen(rec, g,
			    size == 32   ? COMPUTE_CONV_TILE32
			    : size == 64 ? COMPUTE_CONV_TILE
					 : COMPUTE_CONV_TILE128);
	lay[what](c, g, &push);
	s = view_bind(rec, "conv", a, false, &bind[0], &push.start_a);
	if (!s)
		s = view_bind(rec, "conv", b, false, &bind[1], &push.start_b);
	if (s)
		return s;
	grid_1d(rec->dev, tiles(&p, size), groups);
	groups[2] = div_up(p.k, k) * c->groups * p.phases;
	/* phases look for their taps: a remainder's at most, in each direction */
	return launch(rec, COMPUTE_SHADER_conv_tile, spec, 5, bind, 5,
		      (const uint32_t *)&push, sizeof(push) / 4,
		      tile_turns(size, k) + TILE_STORES +
			      (phases ? 2 * (c->stride[0] + c->stride[1]) : 0),
		      groups);
}
