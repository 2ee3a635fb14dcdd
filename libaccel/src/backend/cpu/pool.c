// SPDX-License-Identifier: MIT
/* Pooling of planes: maxima and where they are, means, and the ways back. */
#include <math.h>
#include <string.h>

#include "cpu.h"

struct pool_job {
	const struct op_attr *a;
	const float *x, *g;
	const int32_t *index;
	float *y;
	double *sum; /* of the means' way back: as large as y */
	int32_t *at;
	int64_t H, W, OH, OW;
};

/* v where it is larger than m, or the first NaN. */
static inline bool above(float v, float m)
{
	return (v > m) | ((v != v) & (m == m));
}

/* One window, clipped where it reaches over the edge. */
static void pool_one(const struct pool_job *j, const float *x, int64_t p,
		     int64_t q, float *max, int32_t *at)
{
	const struct op_attr *a = j->a;
	int64_t h0 = p * a->stride[0] - a->pad[0], h1 = h0 + a->kernel[0];
	int64_t w0 = q * a->stride[1] - a->pad[1], w1 = w0 + a->kernel[1];
	int64_t h, w;

	h0 = h0 < 0 ? 0 : h0;
	h1 = h1 > j->H ? j->H : h1;
	w0 = w0 < 0 ? 0 : w0;
	w1 = w1 > j->W ? j->W : w1;
	*at = (int32_t)(h0 * j->W + w0);
	*max = x[*at];
	for (h = h0; h < h1; h++) {
		for (w = w0; w < w1; w++) {
			float v = x[h * j->W + w];

			if (!above(v, *max))
				continue;
			*max = v;
			*at = (int32_t)(h * j->W + w);
		}
	}
}

/*
 * Row p of windows of 2 by 2 that never reach over the edge. Without branches
 * that depend on the numbers, which no processor can foresee; false when a NaN,
 * or infinities of both signs, need the slow way.
 */
static bool row_2x2(const struct pool_job *j, const float *x, int64_t p,
		    float *restrict y, int32_t *restrict at)
{
	int32_t first = (int32_t)(p * j->a->stride[0] * j->W);
	int32_t width = (int32_t)j->W, q;
	const float *r0 = x + first, *r1 = r0 + j->W;
	float all = 0;

	for (q = 0; q < (int32_t)j->OW; q++) {
		float a = r0[2 * q], b = r0[2 * q + 1];
		float c = r1[2 * q], d = r1[2 * q + 1];
		float top = b > a ? b : a, low = d > c ? d : c;

		all += (a + b) + (c + d);
		if (y) {
			y[q] = low > top ? low : top;
		} else {
			int32_t right = b > a, below = width + (d > c) - right;

			at[q] = first + 2 * q + right + below * (low > top);
		}
	}
	return all == all;
}

static void pool_planes(void *arg, int64_t begin, int64_t end)
{
	const struct pool_job *j = arg;
	const struct op_attr *a = j->a;
	bool two = a->kernel[0] == 2 && a->kernel[1] == 2 &&
		   a->stride[1] == 2 && !a->pad[0] && !a->pad[1] &&
		   !a->pad[2] && !a->pad[3];
	int64_t z, p, q;
	int32_t at;
	float max;

	for (z = begin; z < end; z++) {
		const float *x = j->x + z * j->H * j->W;

		for (p = 0; p < j->OH; p++) {
			int64_t o = (z * j->OH + p) * j->OW;

			if (two && row_2x2(j, x, p, j->y ? j->y + o : NULL,
					   j->at ? j->at + o : NULL))
				continue;
			for (q = 0; q < j->OW; q++) {
				pool_one(j, x, p, q, &max, &at);
				if (j->y)
					j->y[o + q] = max;
				else
					j->at[o + q] = at;
			}
		}
	}
}

static bool run_max_pool(struct cpu *c, const struct step *s, void *const *base,
			 accel_status *err)
{
	const struct layout *x = &s->in[0].l, *y = &s->out[0].l;
	struct pool_job j = { .a = &s->attr,
			      .H = x->shape[2],
			      .W = x->shape[3],
			      .OH = y->shape[2],
			      .OW = y->shape[3] };
	void *to = cpu_base(&s->out[0], base);

	if (x->dtype != ACCEL_F32)
		return false;
	j.x = cpu_dense_f32(c, 0, &s->in[0], base);
	if (!j.x) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	if (s->op == OP_MAX_POOL)
		j.y = (float *)to + y->offset;
	else
		j.at = (int32_t *)to + y->offset;
	if (c->measuring)
		return true;
	threads_for(c->threads, y->shape[0] * y->shape[1],
		    1 + CPU_GRAIN / 4 / (j.OH * j.OW), pool_planes, &j);
	return true;
}

CPU_OP(MAX_POOL, run_max_pool)
CPU_OP(MAX_POOL_INDEX, run_max_pool)

static void unpool_planes(void *arg, int64_t begin, int64_t end)
{
	const struct pool_job *j = arg;
	int64_t z, i, n = j->OH * j->OW;

	for (z = begin; z < end; z++) {
		float *y = j->y + z * j->H * j->W;

		memset(y, 0, (size_t)(j->H * j->W) * sizeof(*y));
		for (i = 0; i < n; i++)
			y[j->index[z * n + i]] += j->g[z * n + i];
	}
}

static bool run_max_unpool(struct cpu *c, const struct step *s,
			   void *const *base, accel_status *err)
{
	const struct layout *g = &s->in[1].l, *y = &s->out[0].l;
	struct pool_job j = { .H = y->shape[2],
			      .W = y->shape[3],
			      .OH = g->shape[2],
			      .OW = g->shape[3] };

	if (y->dtype != ACCEL_F32)
		return false;
	j.index = cpu_dense_i32(c, &s->in[0], base);
	j.g = cpu_dense_f32(c, 0, &s->in[1], base);
	j.y = (float *)cpu_base(&s->out[0], base) + y->offset;
	if (!j.index || !j.g)
		*err = ACCEL_ERR_NOMEM;
	else if (!c->measuring)
		threads_for(c->threads, y->shape[0] * y->shape[1],
			    1 + CPU_GRAIN / (j.H * j.W), unpool_planes, &j);
	return true;
}

CPU_OP(MAX_UNPOOL, run_max_unpool)

/* ---- the mean of windows -------------------------------------------------- */

#define TILE 64

/* Outputs [q, q + n) of row p that tap `w` of their windows lies inside for. */
static void inside(const struct pool_job *j, int64_t w, int64_t q, int64_t n,
		   int64_t *from, int64_t *to)
{
	int64_t step = j->a->stride[1], off = w - j->a->pad[1];
	int64_t first = off < 0 ? (-off + step - 1) / step : 0;
	int64_t end = j->W - off > 0 ? (j->W - off - 1) / step + 1 : 0;

	*from = (first > q ? first : q) - q;
	*to = (end < q + n ? end : q + n) - q;
}

/* The rows of window row p. */
static void rows_of(const struct pool_job *j, int64_t p, int64_t *h0,
		    int64_t *h1)
{
	*h0 = p * j->a->stride[0] - j->a->pad[0];
	*h1 = *h0 + j->a->kernel[0];
	*h0 = *h0 < 0 ? 0 : *h0;
	*h1 = *h1 > j->H ? j->H : *h1;
}

/* 1 / elements of each window of a tile. */
static void shares(const struct pool_job *j, int64_t rows, int64_t q, int64_t n,
		   double *share)
{
	const struct op_attr *a = j->a;
	int64_t k, w0, w1;

	for (k = 0; k < n; k++) {
		w0 = (q + k) * a->stride[1] - a->pad[1];
		w1 = w0 + a->kernel[1];
		w0 = w0 < 0 ? 0 : w0;
		w1 = w1 > j->W ? j->W : w1;
		share[k] = 1.0 / (double)(rows * (w1 - w0));
	}
}

VECTOR static void add_row(const float *x, int64_t step, int64_t n,
			   double *restrict sum)
{
	int64_t k;

	if (step == 1)
		for (k = 0; k < n; k++)
			sum[k] += x[k];
	else if (step == 2)
		for (k = 0; k < n; k++)
			sum[k] += x[2 * k];
	else
		for (k = 0; k < n; k++)
			sum[k] += x[k * step];
}

static void avg_tile(const struct pool_job *j, const float *x, float *y,
		     int64_t p, int64_t q, int64_t n)
{
	const struct op_attr *a = j->a;
	double sum[TILE] = { 0 }, share[TILE];
	int64_t h, h0, h1, w, k, from, to;

	rows_of(j, p, &h0, &h1);
	for (w = 0; w < a->kernel[1]; w++) {
		inside(j, w, q, n, &from, &to);
		for (h = h0; h < h1 && from < to; h++)
			add_row(x + h * j->W + (q + from) * a->stride[1] + w -
					a->pad[1],
				a->stride[1], to - from, sum + from);
	}
	shares(j, h1 - h0, q, n, share);
	for (k = 0; k < n; k++)
		y[p * j->OW + q + k] = (float)(sum[k] * share[k]);
}

static void avg_planes(void *arg, int64_t begin, int64_t end)
{
	const struct pool_job *j = arg;
	int64_t z, p, q;

	for (z = begin; z < end; z++)
		for (p = 0; p < j->OH; p++)
			for (q = 0; q < j->OW; q += TILE)
				avg_tile(j, j->x + z * j->H * j->W,
					 j->y + z * j->OH * j->OW, p, q,
					 j->OW - q < TILE ? j->OW - q : TILE);
}

/* Each window's share goes back to all of its elements: thousands of windows may
 * reach one, so sums are double. */
static void spread_tile(const struct pool_job *j, const float *g, double *y,
			int64_t p, int64_t q, int64_t n)
{
	const struct op_attr *a = j->a;
	int64_t h, h0, h1, w, k, from, to;
	double share[TILE];

	rows_of(j, p, &h0, &h1);
	shares(j, h1 - h0, q, n, share);
	for (k = 0; k < n; k++)
		share[k] *= g[p * j->OW + q + k];
	for (w = 0; w < a->kernel[1]; w++) {
		inside(j, w, q, n, &from, &to);
		for (h = h0; h < h1; h++) {
			double *row =
				y + h * j->W + w - a->pad[1] + q * a->stride[1];

			for (k = from; k < to; k++)
				row[k * a->stride[1]] += share[k];
		}
	}
}

static void spread_planes(void *arg, int64_t begin, int64_t end)
{
	const struct pool_job *j = arg;
	int64_t z, p, q;

	for (z = begin; z < end; z++) {
		int64_t n = j->H * j->W;
		double *y = j->sum + z * n;

		memset(y, 0, (size_t)n * sizeof(*y));
		for (p = 0; p < j->OH; p++)
			for (q = 0; q < j->OW; q += TILE)
				spread_tile(
					j, j->g + z * j->OH * j->OW, y, p, q,
					j->OW - q < TILE ? j->OW - q : TILE);
		for (p = 0; p < n; p++)
			j->y[z * n + p] = (float)y[p];
	}
}

static bool run_avg_pool(struct cpu *c, const struct step *s, void *const *base,
			 accel_status *err)
{
	bool back = s->op == OP_AVG_UNPOOL;
	const struct layout *in = &s->in[0].l, *out = &s->out[0].l;
	const struct layout *plane = back ? out : in, *small = back ? in : out;
	struct pool_job j = { .a = &s->attr,
			      .H = plane->shape[2],
			      .W = plane->shape[3],
			      .OH = small->shape[2],
			      .OW = small->shape[3] };

	if (out->dtype != ACCEL_F32)
		return false;
	j.x = j.g = cpu_dense_f32(c, 0, &s->in[0], base);
	j.y = (float *)cpu_base(&s->out[0], base) + out->offset;
	if (back)
		j.sum = cpu_scratch(c, 2,
				    (size_t)layout_count(out) * sizeof(double));
	if (!j.x || (back && !j.sum))
		*err = ACCEL_ERR_NOMEM;
	else if (!c->measuring)
		threads_for(c->threads, out->shape[0] * out->shape[1],
			    1 + CPU_GRAIN / 4 / (j.H * j.W),
			    back ? spread_planes : avg_planes, &j);
	return true;
}

CPU_OP(AVG_POOL, run_avg_pool)
CPU_OP(AVG_UNPOOL, run_avg_pool)
