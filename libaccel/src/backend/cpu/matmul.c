// SPDX-License-Identifier: MIT
/*
 * Matrix products through OpenBLAS; integers by loops. OpenBLAS works in the
 * calling thread only, on tiles that our threads share: its own would wait for
 * the next product in a loop and burn as much time as they compute.
 */
#include <cblas.h>
#include <pthread.h>
#include <string.h>

#include "../../base/fork.h"
#include "../../base/half.h"
#include "cpu.h"

/* A matrix as BLAS takes it. */
struct matrix {
	const float *p;
	int64_t batch[ACCEL_MAX_DIMS]; /* strides of the batch's dimensions */
	CBLAS_TRANSPOSE trans;
	int ld;
};

/* Rows or columns one after another, without repeats: no copy is needed. */
static bool blas_layout(const struct layout *l, struct matrix *m)
{
	int64_t rows = l->shape[l->ndim - 2], cols = l->shape[l->ndim - 1];
	int64_t rs = l->stride[l->ndim - 2], cs = l->stride[l->ndim - 1];

	if ((cs == 1 || cols == 1) && (rs >= cols || rows == 1)) {
		m->trans = CblasNoTrans;
		m->ld = (int)(rows == 1 ? cols : rs);
		return true;
	}
	if ((rs == 1 || rows == 1) && (cs >= rows || cols == 1)) {
		m->trans = CblasTrans;
		m->ld = (int)(cols == 1 ? rows : cs);
		return true;
	}
	return false;
}

static bool take(struct cpu *c, int i, const struct operand *o,
		 void *const *base, struct matrix *m)
{
	struct layout l = o->l;
	int d;

	if (l.dtype == ACCEL_F32 && blas_layout(&l, m)) {
		m->p = (const float *)cpu_base(o, base) + l.offset;
	} else {
		m->p = cpu_dense_f32(c, i, o, base);
		if (!m->p ||
		    layout_init(&l, "matmul", ACCEL_F32, l.ndim, o->l.shape))
			return false;
		blas_layout(&l, m);
	}
	for (d = 0; d < l.ndim - 2; d++)
		m->batch[d] = l.stride[d];
	return true;
}

static int64_t batch_at(const struct layout *out, int64_t z, const int64_t *st)
{
	int64_t at = 0;
	int d;

	for (d = out->ndim - 3; d >= 0; d--) {
		at += z % out->shape[d] * st[d];
		z /= out->shape[d];
	}
	return at;
}

struct int_job {
	const struct step *s;
	void *const *base;
};

static int32_t load_int(const struct layout *l, const void *p, int64_t at)
{
	switch (l->dtype) {
	case ACCEL_I8:
		return ((const int8_t *)p)[at];
	case ACCEL_U8:
		return ((const uint8_t *)p)[at];
	default:
		return ((const int32_t *)p)[at];
	}
}

/* Rows of the output, all batches counted through. */
static void int_rows(void *arg, int64_t begin, int64_t end)
{
	const struct int_job *job = arg;
	const struct layout *out = &job->s->out[0].l;
	const struct layout *a = &job->s->in[0].l, *b = &job->s->in[1].l;
	const void *pa = cpu_base(&job->s->in[0], job->base);
	const void *pb = cpu_base(&job->s->in[1], job->base);
	int32_t *y =
		(int32_t *)cpu_base(&job->s->out[0], job->base) + out->offset;
	int nd = out->ndim;
	int64_t m = out->shape[nd - 2], n = out->shape[nd - 1];
	int64_t k = a->shape[nd - 1], r, j, p;

	for (r = begin; r < end; r++) {
		int64_t ia = a->offset + batch_at(out, r / m, a->stride) +
			     r % m * a->stride[nd - 2];
		int64_t ib = b->offset + batch_at(out, r / m, b->stride);
		uint32_t *row = (uint32_t *)y + r * n;

		memset(row, 0, (size_t)n * sizeof(*row));
		for (p = 0; p < k; p++) {
			uint32_t v = (uint32_t)load_int(
				a, pa, ia + p * a->stride[nd - 1]);
			int64_t at = ib + p * b->stride[nd - 2];

			for (j = 0; j < n; j++)
				row[j] +=
					v * (uint32_t)load_int(
						    b, pb,
						    at + j * b->stride[nd - 1]);
		}
	}
}

/* Products [m, k] by [k, n], cut in tiles along the rows or columns. */
struct float_job {
	const struct layout *out;
	struct matrix a, b;
	float *y;
	int64_t m, n, k;
	int64_t tiles, tile; /* of one product; elements of a tile's side */
	bool by_rows;
};

/*
 * OpenBLAS packs the other matrix anew for every tile, so a tile is as tall as it
 * can be while four threads have one each. Shapes alone choose: another cut can
 * round otherwise, and the number of threads must not change a bit.
 */
#define TILES 4
#define TILE_FLOPS 2e6 /* worth waking a thread */
#define TILE_LEAST 64
#define TILE_MOST 256 /* longer gains OpenBLAS no more */

static void choose_tiles(struct float_job *j)
{
	double flops = 2.0 * (double)j->m * (double)j->n * (double)j->k;
	int64_t side, tiles = TILES;

	j->by_rows = j->m >= j->n;
	side = j->by_rows ? j->m : j->n;
	if (flops < TILE_FLOPS * TILES)
		tiles = 1 + (int64_t)(flops / TILE_FLOPS);
	if (side < TILE_LEAST * tiles)
		tiles = 1 + (side - 1) / TILE_LEAST;
	if (side > TILE_MOST * tiles)
		tiles = 1 + (side - 1) / TILE_MOST;
	j->tile = ((side + tiles - 1) / tiles + 15) / 16 * 16;
	j->tiles = (side + j->tile - 1) / j->tile;
}

/* Element (row, col) of what BLAS gets. */
static const float *matrix_at(const struct matrix *m, int64_t row, int64_t col)
{
	return m->trans == CblasNoTrans ? m->p + row * m->ld + col
					: m->p + col * m->ld + row;
}

/* OpenBLAS does products of four times as many terms in one thread anyway. */
#define BLAS_ALONE 65536

/* Contexts at work in BLAS, and how many threads it had before. */
static pthread_mutex_t blas_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t blas_users;
static int blas_threads;
static uint32_t blas_era; /* of fork.h */

/* What another thread was at when a child was forked is not there in it. */
static void blas_renew(void)
{
	if (blas_era == fork_era())
		return;
	pthread_mutex_init(&blas_lock, NULL);
	blas_users = 0;
	blas_era = fork_era();
}

static void blas_begin(void)
{
	blas_renew();
	pthread_mutex_lock(&blas_lock);
	if (!blas_users++) {
		blas_threads = openblas_get_num_threads();
		if (blas_threads != 1)
			openblas_set_num_threads(1);
	}
	pthread_mutex_unlock(&blas_lock);
}

static void blas_end(void)
{
	pthread_mutex_lock(&blas_lock);
	if (!--blas_users && blas_threads != 1)
		openblas_set_num_threads(blas_threads);
	pthread_mutex_unlock(&blas_lock);
}

void cpu_for_blas(struct cpu *c, int64_t n, int64_t grain, int64_t terms,
		  threads_fn *fn, void *arg)
{
	bool large = terms > BLAS_ALONE;

	if (large)
		blas_begin();
	threads_for(c->threads, n, grain, fn, arg);
	if (large)
		blas_end();
}

static void float_tiles(void *arg, int64_t begin, int64_t end)
{
	const struct float_job *j = arg;
	int64_t t;

	for (t = begin; t < end; t++) {
		int64_t z = t / j->tiles, at = t % j->tiles * j->tile;
		int64_t side = j->by_rows ? j->m : j->n;
		int64_t len = side - at < j->tile ? side - at : j->tile;
		int64_t row = j->by_rows ? at : 0, col = j->by_rows ? 0 : at;

		cblas_sgemm(CblasRowMajor, j->a.trans, j->b.trans,
			    (int)(j->by_rows ? len : j->m),
			    (int)(j->by_rows ? j->n : len), (int)j->k, 1,
			    matrix_at(&j->a, row, 0) +
				    batch_at(j->out, z, j->a.batch),
			    j->a.ld,
			    matrix_at(&j->b, 0, col) +
				    batch_at(j->out, z, j->b.batch),
			    j->b.ld, 0, j->y + (z * j->m + row) * j->n + col,
			    (int)j->n);
	}
}

static bool run_matmul(struct cpu *c, const struct step *s, void *const *base,
		       accel_status *err)
{
	const struct layout *out = &s->out[0].l;
	struct float_job j = { .out = out };
	struct int_job ints = { s, base };
	int64_t batch, i;
	int nd = out->ndim;

	j.m = out->shape[nd - 2];
	j.n = out->shape[nd - 1];
	j.k = s->in[0].l.shape[nd - 1];
	batch = layout_count(out) / (j.m * j.n);
	if (out->dtype == ACCEL_I32) {
		if (!c->measuring)
			threads_for(c->threads, batch * j.m,
				    1 + CPU_GRAIN / (j.n * j.k), int_rows,
				    &ints);
		return true;
	}
	if (!take(c, 0, &s->in[0], base, &j.a) ||
	    !take(c, 1, &s->in[1], base, &j.b))
		goto nomem;
	j.y = (float *)cpu_base(&s->out[0], base) + out->offset;
	if (out->dtype == ACCEL_F16)
		j.y = cpu_scratch(c, 2,
				  (size_t)layout_count(out) * sizeof(*j.y));
	if (!j.y)
		goto nomem;
	if (c->measuring)
		return true;
	choose_tiles(&j);
	cpu_for_blas(c, batch * j.tiles,
		     j.tiles > 1 ? 1 : 1 + CPU_GRAIN * 8 / (j.m * j.n * j.k),
		     j.m * j.n * j.k, float_tiles, &j);
	if (out->dtype == ACCEL_F16) {
		uint16_t *h =
			(uint16_t *)cpu_base(&s->out[0], base) + out->offset;

		for (i = 0; i < layout_count(out); i++)
			h[i] = half_from_float(j.y[i]);
	}
	return true;
nomem:
	*err = ACCEL_ERR_NOMEM;
	return true;
}

CPU_OP(MATMUL, run_matmul)
