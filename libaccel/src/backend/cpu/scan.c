// SPDX-License-Identifier: MIT
/*
 * What walks along one axis in order: argmax, argmin, cumulative sums, the places
 * of the k largest. i32 goes through the reference: f32 cannot hold it.
 */
#include <math.h>

#include "cpu.h"

struct scan {
	struct axis_split d; /* [outer, n, inner] */
	const float *x;
	float *y;
	int32_t *at;
	bool smallest, backward;
	int64_t k;
};

#define LANES 64

/* An input that f32 holds, dense, its numbers split around an axis. */
static bool scan_setup(struct cpu *c, const struct step *s, void *const *base,
		       int axis, struct scan *j, accel_status *err)
{
	if (s->in[0].l.dtype == ACCEL_I32)
		return false;
	j->d = axis_split(&s->in[0].l, axis);
	j->x = cpu_dense_f32(c, 0, &s->in[0], base);
	if (!j->x)
		*err = ACCEL_ERR_NOMEM;
	return true;
}

/* How many of the (outer, inner) pairs from `pair` on lie side by side. */
static int64_t lanes(const struct scan *j, int64_t pair, int64_t end)
{
	int64_t n = j->d.inner - pair % j->d.inner;

	n = n < LANES ? n : LANES;
	return n < end - pair ? n : end - pair;
}

/* ---- argmax, argmin ------------------------------------------------------- */

/* A NaN is larger, and smaller, than every number; the first of equals counts. */
VECTOR static void arg_lanes(const float *x, int64_t count, int64_t stride,
			     int64_t n, bool smallest, int32_t *restrict at)
{
	float sign = smallest ? -1.0f : 1.0f, best[LANES];
	int64_t i, k;

	for (k = 0; k < n; k++) {
		best[k] = sign * x[k];
		at[k] = 0;
	}
	for (i = 1; i < count; i++) {
		for (k = 0; k < n; k++) {
			float v = sign * x[i * stride + k], b = best[k];
			bool up = (v > b) | ((v != v) & (b == b));

			best[k] = up ? v : b;
			at[k] = up ? (int32_t)i : at[k];
		}
	}
}

/* One row: LANES of them, each LANES apart, then the best of these. */
VECTOR static int32_t arg_row(const float *x, int64_t count, bool smallest)
{
	int64_t rows = count / LANES, k, i;
	float sign = smallest ? -1.0f : 1.0f, best;
	int32_t at[LANES], found = 0;

	if (!rows) {
		arg_lanes(x, count, 1, 1, smallest, &found);
		return found;
	}
	arg_lanes(x, rows, LANES, LANES, smallest, at);
	best = NAN;
	for (k = 0; k < LANES; k++) {
		float v = sign * x[at[k] * (int64_t)LANES + k];
		int32_t here = at[k] * LANES + (int32_t)k;
		bool first = here < found;

		if (!k || (v != v && (best == best || first)) ||
		    (best == best && (v > best || (v == best && first)))) {
			best = v;
			found = here;
		}
	}
	for (i = rows * LANES; i < count && best == best; i++) {
		float v = sign * x[i];

		if (v > best || v != v) {
			best = v;
			found = (int32_t)i;
		}
	}
	return found;
}

static void arg_range(void *arg, int64_t begin, int64_t end)
{
	const struct scan *j = arg;
	int64_t inner = j->d.inner, n, p;

	for (p = begin; p < end; p += n) {
		const float *x = j->x + p / inner * j->d.n * inner + p % inner;

		n = lanes(j, p, end);
		if (inner == 1)
			j->at[p] = arg_row(x, j->d.n, j->smallest);
		else
			arg_lanes(x, j->d.n, inner, n, j->smallest, j->at + p);
	}
}

static bool run_argreduce(struct cpu *c, const struct step *s,
			  void *const *base, accel_status *err)
{
	struct scan j = { .smallest = s->op == OP_ARGMIN };

	if (!scan_setup(c, s, base, s->attr.axis, &j, err))
		return false;
	j.at = (int32_t *)cpu_base(&s->out[0], base) + s->out[0].l.offset;
	if (!*err && !c->measuring)
		threads_for(c->threads, j.d.outer * j.d.inner,
			    (CPU_GRAIN / j.d.n / LANES + 1) * LANES, arg_range,
			    &j);
	return true;
}

CPU_OP(ARGMAX, run_argreduce)
CPU_OP(ARGMIN, run_argreduce)

/* ---- cumulative sums ------------------------------------------------------ */

VECTOR static void sum_lanes(const float *x, float *restrict y, int64_t count,
			     int64_t stride, int64_t n)
{
	double sum[LANES] = { 0 };
	int64_t i, k;

	for (i = 0; i < count; i++) {
		for (k = 0; k < n; k++) {
			sum[k] += x[i * stride + k];
			y[i * stride + k] = (float)sum[k];
		}
	}
}

static void cumsum_range(void *arg, int64_t begin, int64_t end)
{
	const struct scan *j = arg;
	int64_t inner = j->d.inner, n, p, at;

	for (p = begin; p < end; p += n) {
		at = p / inner * j->d.n * inner + p % inner;
		n = lanes(j, p, end);
		if (j->backward) {
			at += (j->d.n - 1) * inner;
			sum_lanes(j->x + at, j->y + at, j->d.n, -inner, n);
		} else {
			sum_lanes(j->x + at, j->y + at, j->d.n, inner, n);
		}
	}
}

static bool run_cumsum(struct cpu *c, const struct step *s, void *const *base,
		       accel_status *err)
{
	struct scan j = { .backward = s->attr.mode };

	if (s->out[0].l.dtype != ACCEL_F32 ||
	    !scan_setup(c, s, base, s->attr.axis, &j, err))
		return false;
	j.y = (float *)cpu_base(&s->out[0], base) + s->out[0].l.offset;
	if (!*err && !c->measuring)
		threads_for(c->threads, j.d.outer * j.d.inner,
			    (CPU_GRAIN / j.d.n / LANES + 1) * LANES,
			    cumsum_range, &j);
	return true;
}

CPU_OP(CUMSUM, run_cumsum)

/* ---- the k largest -------------------------------------------------------- */

/* Does element a come before b? NaN is the largest, the first of equals first. */
static inline bool before(const float *x, int32_t a, int32_t b)
{
	float p = x[a], q = x[b];
	bool p_nan = p != p, q_nan = q != q;

	if (p_nan | q_nan)
		return p_nan == q_nan ? a < b : p_nan;
	return p == q ? a < b : p > q;
}

/* A heap with the last of its elements at the root. */
static void sift(const float *x, int32_t *heap, int64_t n, int64_t at)
{
	int32_t moved = heap[at];
	int64_t child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && before(x, heap[child], heap[child + 1]))
			child++;
		if (!before(x, moved, heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

/* The k largest of n, the last of them first. */
static void topk_row(const float *x, int64_t n, int32_t *heap, int64_t k)
{
	int64_t i;

	for (i = 0; i < k; i++)
		heap[i] = (int32_t)i;
	for (i = k / 2; i-- > 0;)
		sift(x, heap, k, i);
	for (i = k; i < n; i++) {
		if (!before(x, (int32_t)i, heap[0]))
			continue;
		heap[0] = (int32_t)i;
		sift(x, heap, k, 0);
	}
}

static void topk_range(void *arg, int64_t begin, int64_t end)
{
	const struct scan *j = arg;
	int64_t r, i;

	for (r = begin; r < end; r++) {
		const float *x = j->x + r * j->d.n;
		int32_t *y = j->at + r * j->k, last;

		topk_row(x, j->d.n, y, j->k);
		for (i = j->k - 1; i > 0; i--) {
			last = y[0];
			y[0] = y[i];
			y[i] = last;
			sift(x, y, i, 0);
		}
	}
}

static bool run_topk(struct cpu *c, const struct step *s, void *const *base,
		     accel_status *err)
{
	const struct layout *out = &s->out[0].l;
	struct scan j = { .k = out->shape[out->ndim - 1] };

	if (!scan_setup(c, s, base, s->in[0].l.ndim - 1, &j, err))
		return false;
	j.at = (int32_t *)cpu_base(&s->out[0], base) + out->offset;
	if (!*err && !c->measuring)
		threads_for(c->threads, j.d.outer, 1 + CPU_GRAIN / 4 / j.d.n,
			    topk_range, &j);
	return true;
}

CPU_OP(TOPK, run_topk)
