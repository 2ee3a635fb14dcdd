// SPDX-License-Identifier: MIT
/* Matrix products: choosing a shape, packing, launching. */
#include <string.h>

#include "coop.h"
#include "epilogue.h"
#include "tile.h"
#include "tune.h"

#include "../libaccel/src/base/error.h"

#define MAX_BATCH 4 /* dimensions */
#define LOCAL 64
#define PANEL 12
#define COLUMNS 32
/* Of the texel shape: B is read where it lies for this many rows of A at most,
 * or where all of it fits a core's cache, bytes */
#define FEW_ROWS 128
#define CACHED (512u << 10)
/* and element by element for this many loads at most: what a small operand
 * saves is a launch */
#define FEW_LOADS (128u << 10)

/* Of shaders/matmul_pack.comp. */
enum pack_mode { PACK_ROWS, PACK_PANEL, PACK_COLUMNS };

const char *compute_matmul_shape_name(enum compute_matmul_shape shape)
{
	const char *name = tune_shape_name(TUNE_MATMUL, shape);

	return name ? name : "?";
}

/* One operand's matrices: [batch][rows][cols] by strides. */
struct side {
	const struct compute_view *v;
	uint32_t rows, cols;
	int32_t rs, cs;
	int32_t batch[MAX_BATCH];
	uint32_t batches; /* matrices to pack: 1 when all are the same */
	uint32_t start;
	struct compute_binding bind;

	/* as the kernel reads it */
	bool pack, across; /* across: its transpose lies in memory */
	bool loose; /* where it lies, by any strides */
	enum pack_mode mode;
	uint32_t dtype;
	uint32_t rows_p, cols_p;
	uint32_t ld, step, panel; /* elements to the next row, matrix, panel */
};

struct product {
	uint32_t m, n, k;
	bool ints; /* operands and output are integers */
	uint32_t batch, rank, size[MAX_BATCH];
	struct side a, b;
	enum compute_matmul_shape shape;
};

static accel_status check_matrix(const char *what, const struct compute_view *v)
{
	char text[VIEW_TEXT];
	accel_status s = view_check(what, v);

	if (s)
		return s;
	if (v->rank < 2)
		return accel_error(ACCEL_ERR_SHAPE, "%s: %s is no matrix", what,
				   view_text(v, text));
	return ACCEL_OK;
}

static bool is_float(const struct compute_view *v)
{
	return VIEW_FLOATS & 1u << v->dtype;
}

/* All floats, or integers whose sum is an i32 and goes through nothing else. */
static accel_status check_dtypes(const struct compute_matmul *m, bool *ints)
{
	char a[VIEW_TEXT], b[VIEW_TEXT], o[VIEW_TEXT];

	*ints = m->out.dtype == COMPUTE_I32;
	if (*ints ? !is_float(&m->a) && !is_float(&m->b) && !m->bias &&
			    !m->residual && !m->act &&
			    (m->alpha == 0 || m->alpha == 1)
		  : is_float(&m->a) && is_float(&m->b) && is_float(&m->out))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_DTYPE,
			   "matmul: a %s, b %s, output %s: floats, or integers "
			   "into a plain i32",
			   view_text(&m->a, a), view_text(&m->b, b),
			   view_text(&m->out, o));
}

/*
 * Products of narrow integers and all their partial sums are whole numbers of
 * 24 bits at most: exact in f32, so that the fast kernels do.
 */
static bool exact_as_f32(const struct product *p)
{
	const uint64_t most[] = { [COMPUTE_I8] = 128, [COMPUTE_U8] = 255 };
	uint32_t a = p->a.v->dtype, b = p->b.v->dtype;

	if (a == COMPUTE_I32 || b == COMPUTE_I32)
		return false;
	return most[a] * most[b] * p->k <= 1u << 24;
}

static accel_status batch_dims(const struct compute_matmul *m,
			       struct product *p)
{
	const struct compute_view *o = &m->out;
	uint32_t rank = o->rank - 2, size[COMPUTE_MAX_DIMS];
	struct compute_view a = m->a, b = m->b;
	int32_t stride[2][COMPUTE_MAX_DIMS] = { { 0 } };
	accel_status s;

	a.rank -= 2;
	b.rank -= 2;
	memcpy(size, o->size, sizeof(size));
	s = view_broadcast("matmul: batch of a", &a, rank, size, stride[0]);
	if (!s)
		s = view_broadcast("matmul: batch of b", &b, rank, size,
				   stride[1]);
	if (s)
		return s;
	p->batch = 1;
	for (uint32_t d = 0; d < rank; d++)
		p->batch *= size[d];
	p->a.batches = p->b.batches = 1;
	if (p->batch == 1)
		return ACCEL_OK;
	dims_merge(&rank, size, stride, 2);
	if (rank > MAX_BATCH)
		return accel_error(ACCEL_ERR_RANGE,
				   "matmul: %u batch dimensions that step "
				   "apart, the kernel takes %d",
				   rank, MAX_BATCH);
	p->rank = rank;
	for (uint32_t d = 0; d < rank; d++) {
		p->size[d] = size[d];
		p->a.batch[d] = stride[0][d];
		p->b.batch[d] = stride[1][d];
		if (stride[0][d])
			p->a.batches = p->batch;
		if (stride[1][d])
			p->b.batches = p->batch;
	}
	return ACCEL_OK;
}

static accel_status make_product(const struct compute_matmul *m,
				 struct product *p)
{
	const struct compute_view *a = &m->a, *b = &m->b, *o = &m->out;
	char ta[VIEW_TEXT], tb[VIEW_TEXT], to[VIEW_TEXT];
	accel_status s;

	memset(p, 0, sizeof(*p));
	s = check_matrix("matmul: a", a);
	if (!s)
		s = check_matrix("matmul: b", b);
	if (!s)
		s = check_matrix("matmul: output", o);
	if (!s)
		s = check_dtypes(m, &p->ints);
	if (s)
		return s;
	p->m = a->size[a->rank - 2];
	p->k = a->size[a->rank - 1];
	p->n = b->size[b->rank - 1];
	if (b->size[b->rank - 2] != p->k)
		return accel_error(ACCEL_ERR_SHAPE,
				   "matmul: inner dimensions differ: a %s, b "
				   "%s",
				   view_text(a, ta), view_text(b, tb));
	if (o->size[o->rank - 2] != p->m || o->size[o->rank - 1] != p->n)
		return accel_error(ACCEL_ERR_SHAPE,
				   "matmul: a %s, b %s, output %s",
				   view_text(a, ta), view_text(b, tb),
				   view_text(o, to));
	p->a = (struct side){ .v = a,
			      .rows = p->m,
			      .cols = p->k,
			      .rs = a->stride[a->rank - 2],
			      .cs = a->stride[a->rank - 1] };
	p->b = (struct side){ .v = b,
			      .rows = p->k,
			      .cols = p->n,
			      .rs = b->stride[b->rank - 2],
			      .cs = b->stride[b->rank - 1] };
	return batch_dims(m, p);
}

/* ---- choosing --------------------------------------------------------- */

/* The operands are f16 already: their products are exact in f32. */
static bool coop_fits(const struct compute_device *dev, const struct product *p)
{
	return dev->limits.coop[0] && p->a.v->dtype == COMPUTE_F16 &&
	       p->b.v->dtype == COMPUTE_F16 &&
	       (uint64_t)p->batch * (p->m + 128ull) * (p->n + 128ull) <=
		       INT32_MAX; /* padded, too */
}

static enum compute_matmul_shape choose(const struct compute_device *dev,
					const struct product *p)
{
	const struct compute_limits *l = &dev->limits;
	/* what its packed operands take at most */
	const uint64_t texels = (uint64_t)p->batch * (p->k / 4 + 1) *
				((uint64_t)p->m + p->n + COLUMNS);
	uint32_t tuned;

	/* thin or tiny products: packing costs more than it saves */
	if (p->batch > 65535 || p->m <= 2 ||
	    (uint64_t)p->m * p->n * p->k <= 4096 || p->n < 4)
		return COMPUTE_MATMUL_PLAIN;
	if (coop_fits(dev, p) && dev->info.type != COMPUTE_DEVICE_CPU &&
	    p->m >= 16 && p->n >= 16 && p->k >= 16)
		return COMPUTE_MATMUL_COOP;
	tuned = tune_choice(dev, TUNE_MATMUL, p->m, p->n, p->k);
	if (tuned && (tuned != COMPUTE_MATMUL_TEXEL || texels <= l->max_texels))
		return (enum compute_matmul_shape)tuned;
	if (prefers_texels(dev) && texels <= l->max_texels)
		return COMPUTE_MATMUL_TEXEL;
	if (!has_tiles(dev))
		return COMPUTE_MATMUL_V3D;
	return tile_trim(64, p->m, p->n) == 32 ? COMPUTE_MATMUL_TILE32
					       : COMPUTE_MATMUL_TILE;
}

static enum compute_matmul_shape shape_of(const struct compute_device *dev,
					  const struct compute_matmul *m,
					  const struct product *p)
{
	if (p->ints && !exact_as_f32(p))
		return COMPUTE_MATMUL_PLAIN;
	if (m->shape == COMPUTE_MATMUL_COOP && !coop_fits(dev, p))
		return choose(dev, p);
	return m->shape ? m->shape : choose(dev, p);
}

enum compute_matmul_shape compute_matmul_select(struct compute_device *dev,
						const struct compute_matmul *m)
{
	struct product p;

	if (make_product(m, &p))
		return COMPUTE_MATMUL_PLAIN;
	return shape_of(dev, m, &p);
}

/* ---- operands as kernels want them ------------------------------------- */

/* Can rows (columns, if across) be read in vec4s where they lie? */
static bool quads_in_place(const struct compute_device *dev,
			   const struct side *s, uint32_t rank, uint32_t unit,
			   bool across)
{
	uint32_t align = dev->limits.storage_align;
	int32_t along = across ? s->rs : s->cs, next = across ? s->cs : s->rs;

	/* a padded copy is needed where a row ends inside a quad */
	if (!is_float(s->v) || along != 1 || next < 0 || next % 4 ||
	    (across ? s->rows : s->cols) % 4 ||
	    s->v->offset % align % (4 * unit))
		return false;
	if (s->batches == 1)
		return true;
	return rank == 1 && s->batch[0] >= 0 && s->batch[0] % 4 == 0;
}

static void in_place(struct side *s, bool across)
{
	s->across = across;
	s->dtype = s->v->dtype;
	s->ld = (uint32_t)(across ? s->cs : s->rs);
	s->step = s->batches > 1 ? (uint32_t)s->batch[0] : 0;
}

static void packed(struct side *s, enum pack_mode mode, uint32_t dtype,
		   uint32_t rows_p, uint32_t cols_p)
{
	s->pack = true;
	s->dtype = dtype;
	s->mode = mode;
	s->rows_p = rows_p;
	s->cols_p = cols_p;
	s->ld = cols_p;
	s->step = s->batches > 1 ? rows_p * cols_p : 0;
}

/* Whether to leave it where it is rather than to pack it. @passes: how often
 * all of it is loaded. */
static bool left_loose(const struct product *p, struct side *s, uint32_t passes)
{
	if (s->v->dtype != COMPUTE_F32 || (s->batches > 1 && p->rank != 1) ||
	    (uint64_t)s->rows * s->cols * passes > FEW_LOADS)
		return false;
	s->loose = true;
	s->ld = (uint32_t)s->rs;
	s->step = s->batches > 1 ? (uint32_t)s->batch[0] : 0;
	return true;
}

static uint32_t packed_dtype(const struct side *s)
{
	return s->v->dtype == COMPUTE_F16 ? COMPUTE_F16 : COMPUTE_F32;
}

static uint32_t up(uint32_t x, uint32_t to)
{
	return div_up(x, to) * to;
}

/* Where the texel kernel reads what: as it lies, if it can be. */
static void plan_texel(const struct compute_device *dev, struct product *p)
{
	bool floats_a = p->a.v->dtype == COMPUTE_F32;
	/* long columns of B miss the caches unless they are packed */
	bool floats_b =
		p->b.v->dtype == COMPUTE_F32 &&
		(p->m <= FEW_ROWS || (uint64_t)p->k * p->n * 4 <= CACHED);
	uint32_t k4 = up(p->k, 4);

	/* rows of B beyond k would meet zeros of A, but may be NaN */
	bool whole = p->k % 4 == 0;

	p->b.panel = COLUMNS;
	if (floats_a && quads_in_place(dev, &p->a, p->rank, 4, false))
		in_place(&p->a, false);
	else if (floats_a && whole &&
		 quads_in_place(dev, &p->a, p->rank, 4, true))
		in_place(&p->a, true);
	else if (!texel_shares(dev) ||
		 !left_loose(p, &p->a, div_up(p->n, COLUMNS)))
		packed(&p->a, PACK_ROWS, COMPUTE_F32, p->m, k4);
	if (floats_b && whole &&
	    quads_in_place(dev, &p->b, p->rank, 4, false)) {
		in_place(&p->b, false);
	} else if (floats_b && whole &&
		   quads_in_place(dev, &p->b, p->rank, 4, true)) {
		in_place(&p->b, true);
	} else if (!left_loose(p, &p->b, div_up(p->m, 8))) {
		packed(&p->b, PACK_COLUMNS, COMPUTE_F32, k4, up(p->n, COLUMNS));
		p->b.ld = COLUMNS;
		p->b.panel = k4 * COLUMNS;
	}
}

static void plan_sides(const struct compute_device *dev, struct product *p)
{
	if (p->shape == COMPUTE_MATMUL_TEXEL) {
		plan_texel(dev, p);
	} else if (p->shape == COMPUTE_MATMUL_V3D) {
		packed(&p->a, PACK_PANEL, packed_dtype(&p->a),
		       up(p->m, 4 * PANEL), p->k);
		if (quads_in_place(dev, &p->b, p->rank,
				   compute_dtype_size(p->b.v->dtype), false))
			in_place(&p->b, false);
		else
			packed(&p->b, PACK_ROWS, packed_dtype(&p->b), p->k,
			       up(p->n, 4));
	} else if (p->shape == COMPUTE_MATMUL_COOP) {
		const uint32_t *c = dev->limits.coop;

		packed(&p->a, PACK_ROWS, COMPUTE_F16,
		       up(p->m, COOP_DOWN * c[0]), up(p->k, c[2]));
		packed(&p->b, PACK_ROWS, COMPUTE_F16, p->a.cols_p,
		       up(p->n, COOP_ACROSS * c[1]));
	}
}

static uint64_t packed_bytes(const struct side *s)
{
	if (!s->pack)
		return 0;
	return ((uint64_t)s->batches * s->rows_p * s->cols_p *
			compute_dtype_size(s->dtype) +
		255) &
	       ~255ull;
}

/* Of the padded product. */
static uint64_t coop_bytes(const struct product *p)
{
	return ((uint64_t)p->batch * p->a.rows_p * p->b.cols_p * 4 + 255) &
	       ~255ull;
}

uint64_t compute_matmul_scratch(struct compute_device *dev,
				const struct compute_matmul *m)
{
	struct product p;

	if (make_product(m, &p) || !view_count(&m->out) || !p.k)
		return 0;
	p.shape = shape_of(dev, m, &p);
	plan_sides(dev, &p);
	return packed_bytes(&p.a) + packed_bytes(&p.b) +
	       (p.shape == COMPUTE_MATMUL_V3D    ? epilogue_bytes(&m->out)
		: p.shape == COMPUTE_MATMUL_COOP ? coop_bytes(&p)
						 : 0);
}

/* Records the copy into scratch; afterwards bind and start are the copy's. */
static accel_status pack(struct compute_record *rec,
			 const struct compute_matmul *m,
			 const struct product *p, struct side *s,
			 uint64_t *offset)
{
	uint64_t bytes = packed_bytes(s);
	uint64_t quads = (uint64_t)s->batches * s->rows_p * s->cols_p / 4;
	uint32_t rank = s->batches > 1 ? p->rank : 0, groups[3];
	const uint32_t spec[] = { LOCAL, s->mode, s->v->dtype | s->dtype << 3,
				  rank };
	uint32_t push[16] = { s->rows,         s->cols,        s->rows_p,
			      s->cols_p,       s->start,       (uint32_t)s->rs,
			      (uint32_t)s->cs, (uint32_t)quads };
	struct compute_binding bind[2] = { s->bind };
	accel_status st;

	if (quads > INT32_MAX)
		return accel_error(ACCEL_ERR_RANGE,
				   "matmul: packing %llu bytes",
				   (unsigned long long)bytes);
	st = bytes_bind(rec, "matmul: scratch", m->scratch,
			m->scratch_offset + *offset, bytes, true, &bind[1]);
	if (st)
		return st;
	for (uint32_t d = 0; d < rank; d++) {
		push[8 + d] = p->size[d];
		push[12 + d] = (uint32_t)s->batch[d];
	}
	grid_1d(rec->dev, div_up(quads, LOCAL), groups);
	st = launch(rec, COMPUTE_SHADER_matmul_pack, spec, 4, bind, 2, push, 16,
		    0, groups);
	s->bind = bind[1];
	s->bind.writes = false;
	s->start = 0;
	*offset += bytes;
	return st;
}

/* ---- the shapes ------------------------------------------------------- */

static void push_batch(const struct product *p, uint32_t *push)
{
	for (uint32_t d = 0; d < p->rank; d++) {
		push[d] = p->size[d];
		push[4 + d] = (uint32_t)p->a.batch[d];
		push[8 + d] = (uint32_t)p->b.batch[d];
	}
}

static accel_status plain(struct compute_record *rec, const struct product *p,
			  const struct epilogue *e, float alpha)
{
	uint64_t total = (uint64_t)p->batch * p->m * p->n;
	const uint32_t spec[] = { LOCAL, e->spec,
				  p->a.v->dtype | p->b.v->dtype << 3, p->rank };
	uint32_t groups[3], push[26] = {
		p->m,
		p->n,
		p->k,
		float_bits(alpha),
		p->a.start,
		p->b.start,
		e->start[0],
		e->start[1],
		e->start[2],
		(uint32_t)p->a.rs,
		(uint32_t)p->a.cs,
		(uint32_t)p->b.rs,
		(uint32_t)p->b.cs,
		(uint32_t)total,
	};
	const struct compute_binding bind[] = { p->a.bind, p->b.bind,
						e->bind[0], e->bind[1],
						e->bind[2] };

	push_batch(p, &push[14]);
	grid_1d(rec->dev, div_up(total, LOCAL), groups);
	return launch(rec, COMPUTE_SHADER_matmul_plain, spec, 4, bind, 5, push,
		      26, p->k, groups);
}

/* One launch a matrix: see the shader. @scratch_at: behind the packed ones. */
static accel_status v3d(struct compute_record *rec,
			const struct compute_matmul *m, const struct product *p,
			struct epilogue *e, float alpha, uint64_t scratch_at)
{
	uint32_t spec[] = { 0, 0, p->a.dtype | p->b.dtype << 3 };
	struct compute_binding bind[5] = { p->a.bind, p->b.bind };
	const uint32_t groups[] = { div_up(p->n, 64), div_up(p->m, 4 * PANEL),
				    1 };
	struct epilogue rest;
	accel_status s;

	s = epilogue_split(rec, "matmul", alpha, m->scratch,
			   m->scratch_offset + scratch_at, e, &rest);
	memcpy(&bind[2], e->bind, sizeof(e->bind));
	spec[1] = e->spec;
	for (uint32_t z = 0; z < p->batch && !s; z++) {
		uint32_t c = z * p->m * p->n;
		const uint32_t push[] = {
			p->m,
			p->n,
			p->k,
			float_bits(alpha),
			z * p->a.step / 4,
			p->b.start + z * p->b.step,
			e->start[0] + c,
			e->start[1],
			e->start[2] + c,
			p->b.ld / 4,
			float_bits(1),
		};

		s = launch(rec, COMPUTE_SHADER_matmul_v3d, spec, 3, bind, 5,
			   push, 11, p->k, groups);
	}
	return s ? s : epilogue_rest(rec, &rest, p->m, p->n);
}

static accel_status texel(struct compute_record *rec, const struct product *p,
			  const struct epilogue *e, float alpha)
{
	const uint32_t wide = p->n > COLUMNS ? 2 : 1;
	const uint32_t share = texel_shares(rec->dev);
	const uint32_t high = texel_high(rec->dev,
					 (uint64_t)(p->m / 16) * p->batch *
						 div_up(p->n, COLUMNS * wide),
					 e->wide);
	const uint32_t spec[] = { 0,
				  e->spec,
				  wide,
				  high,
				  share,
				  p->a.across | (uint32_t)p->b.across << 1 |
					  (uint32_t)p->a.loose << 2 |
					  (uint32_t)p->b.loose << 3 };
	const uint32_t unit_a = p->a.loose ? 1 : 4, unit_b = p->b.loose ? 1 : 4;
	const uint32_t push[] = {
		p->m,
		p->n,
		p->k,
		float_bits(alpha),
		p->a.start / unit_a,
		p->b.start / unit_b,
		e->start[0],
		e->start[1],
		e->start[2],
		p->a.ld / unit_a,
		p->b.ld / unit_b,
		p->a.step / unit_a,
		p->b.step / unit_b,
		p->b.panel / 4,
		(uint32_t)p->a.cs,
		(uint32_t)p->b.cs,
	};
	const struct compute_binding bind[] = { e->bind[0], e->bind[1],
						e->bind[2], p->a.bind,
						p->b.bind,  p->a.bind,
						p->b.bind,  e->bind[2] };
	/* rows first: the columns of B they share stay in the cache */
	const uint32_t groups[] = { div_up(p->m, 8 * high),
				    div_up(p->n, COLUMNS * wide), p->batch };

	return launch(rec, COMPUTE_SHADER_matmul_texel, spec, 6, bind, 8, push,
		      16, div_up(p->k, 4), groups);
}

static accel_status tile(struct compute_record *rec, const struct product *p,
			 const struct epilogue *e, float alpha, uint32_t size)
{
	/* neighbouring invocations read neighbouring words */
	const uint32_t along = (p->a.cs == 1 ? 0u : 1u) |
			       (p->b.cs == 1 ? 2u : 0u);
	const uint32_t spec[] = { tile_side(size),
				  e->spec,
				  tile_large(size),
				  p->a.v->dtype | p->b.v->dtype << 3,
				  along,
				  p->rank };
	uint32_t push[25] = {
		p->m,
		p->n,
		p->k,
		float_bits(alpha),
		p->a.start,
		p->b.start,
		e->start[0],
		e->start[1],
		e->start[2],
		(uint32_t)p->a.rs,
		(uint32_t)p->a.cs,
		(uint32_t)p->b.rs,
		(uint32_t)p->b.cs,
	};
	const struct compute_binding bind[] = { p->a.bind, p->b.bind,
						e->bind[0], e->bind[1],
						e->bind[2] };
	const uint32_t groups[] = { div_up(p->n, size), div_up(p->m, size),
				    p->batch };

	push_batch(p, &push[13]);
	return launch(rec, COMPUTE_SHADER_matmul_tile, spec, 6, bind, 5, push,
		      25, tile_turns(size, p->k) + TILE_STORES, groups);
}

/* The padded product in scratch; what follows it is a launch of its own. */
static accel_status coop(struct compute_record *rec,
			 const struct compute_matmul *m,
			 const struct product *p, const struct epilogue *e,
			 float alpha, uint64_t scratch_at)
{
	const uint32_t *c = rec->dev->limits.coop;
	const uint32_t rows = p->a.rows_p, cols = p->b.cols_p;
	const uint32_t spec[] = { rec->dev->limits.subgroup_size, c[0], c[1],
				  c[2] };
	const uint32_t push[COOP_PUSH] = {
		[COOP_STEPS] = p->a.cols_p / c[2],
		[COOP_LDA] = p->a.ld,
		[COOP_LDB] = p->b.ld,
		[COOP_LDC] = cols,
		[COOP_A_STEP] = p->a.step,
		[COOP_B_STEP] = p->b.step,
		[COOP_C_STEP] = rows * cols,
		[COOP_ALPHA] = float_bits(alpha),
	};
	struct compute_binding bind[] = { p->a.bind, p->b.bind, { 0 } };
	const uint32_t groups[] = { cols / (COOP_ACROSS * c[1]),
				    rows / (COOP_DOWN * c[0]), p->batch };
	struct epilogue rest = *e;
	accel_status s;

	s = bytes_bind(rec, "matmul: scratch", m->scratch,
		       m->scratch_offset + scratch_at, coop_bytes(p), true,
		       &bind[2]);
	if (!s)
		s = launch(rec, COMPUTE_SHADER_matmul_coop, spec, 4, bind, 3,
			   push, COOP_PUSH, push[COOP_STEPS], groups);
	rest.raw = (struct compute_view){
		.buffer = m->scratch,
		.offset = m->scratch_offset + scratch_at,
		.rank = 3,
		.size = { p->batch, p->m, p->n },
		.stride = { (int32_t)(rows * cols), (int32_t)cols, 1 },
	};
	return s ? s : epilogue_rest(rec, &rest, p->m, p->n);
}

static accel_status matmul(struct compute_record *rec,
			   const struct compute_matmul *m)
{
	struct epilogue e = {
		.out = &m->out,
		.bias = m->bias,
		.residual = m->residual,
		.bias_rows = m->bias_rows,
		.act = m->act,
	};
	float alpha = m->alpha == 0 ? 1 : m->alpha;
	uint64_t offset = 0;
	struct product p;
	accel_status s;

	s = make_product(m, &p);
	if (s)
		return s;
	e.n = p.n;
	s = epilogue_bind(rec, "matmul", m->bias_rows ? p.m : p.n, &e);
	if (s || !view_count(&m->out))
		return s;
	p.shape = shape_of(rec->dev, m, &p);
	rec->cost.tuned |= p.shape ==
			   tune_choice(rec->dev, TUNE_MATMUL, p.m, p.n, p.k);
	if (!p.k) /* the sum of nothing: any operand will do as a binding */
		p.shape = COMPUTE_MATMUL_PLAIN;
	if (p.k) {
		s = view_bind(rec, "matmul: a", p.a.v, false, &p.a.bind,
			      &p.a.start);
		if (!s)
			s = view_bind(rec, "matmul: b", p.b.v, false, &p.b.bind,
				      &p.b.start);
		if (s)
			return s;
	} else {
		p.a.bind = p.b.bind = e.bind[1];
	}
	plan_sides(rec->dev, &p);
	if (p.a.pack)
		s = pack(rec, m, &p, &p.a, &offset);
	if (!s && p.b.pack)
		s = pack(rec, m, &p, &p.b, &offset);
	if (s)
		return s;
	switch (p.shape) {
	case COMPUTE_MATMUL_V3D:
		return v3d(rec, m, &p, &e, alpha, offset);
	case COMPUTE_MATMUL_TEXEL:
		return texel(rec, &p, &e, alpha);
	case COMPUTE_MATMUL_TILE:
		return tile(rec, &p, &e, alpha, 64);
	case COMPUTE_MATMUL_TILE32:
		return tile(rec, &p, &e, alpha, 32);
	case COMPUTE_MATMUL_TILE128:
		return tile(rec, &p, &e, alpha, 128);
	case COMPUTE_MATMUL_COOP:
		return coop(rec, m, &p, &e, alpha, offset);
	case COMPUTE_MATMUL_PLAIN:
		return plain(rec, &p, &e, alpha);
	default:
		return accel_error(ACCEL_ERR_INVALID, "matmul: no shape %d",
				   (int)p.shape);
	}
}

accel_status compute_matmul(struct compute_record *rec,
			    const struct compute_matmul *m)
{
	return compute_record_fail(rec, matmul(rec, m));
}
