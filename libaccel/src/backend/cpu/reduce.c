// SPDX-License-Identifier: MIT
/*
 * Reductions, softmax and normalization of f32. Sums run in double, each in one
 * thread and in a fixed order: the number of threads changes nothing.
 */
#include <math.h>
#include <string.h>

#include "cpu.h"
#include "vmath.h"

/* An input's elements sorted by what they are reduced into. */
struct split {
	struct layout kept, reduced;
};

static struct split split_axes(const struct layout *l, uint32_t axes)
{
	struct split s;
	int i;

	memset(&s, 0, sizeof(s));
	for (i = 0; i < l->ndim; i++) {
		struct layout *to = axes & 1u << i ? &s.reduced : &s.kept;

		to->shape[to->ndim] = l->shape[i];
		to->stride[to->ndim++] = l->stride[i];
	}
	s.kept.offset = l->offset;
	layout_collapse(&s.kept, 1);
	layout_collapse(&s.reduced, 1);
	return s;
}

static int64_t kept_at(const struct layout *l, int64_t i)
{
	int64_t at = l->offset;
	int d;

	for (d = l->ndim - 1; d >= 0; d--) {
		at += i % l->shape[d] * l->stride[d];
		i /= l->shape[d];
	}
	return at;
}

struct job {
	const struct step *s;
	struct split split;
	const float *x;
	float *y;
	int64_t n; /* elements reduced into one */
};

static double join(enum op op, double acc, double v)
{
	switch (op) {
	case OP_REDUCE_SUM:
		return acc + v;
	case OP_REDUCE_PROD:
		return acc * v;
	case OP_REDUCE_MAX:
		return v > acc || v != v ? v : acc;
	default:
		return v < acc || v != v ? v : acc;
	}
}

static double sum_run(const float *x, int64_t n)
{
	double a[8] = { 0 };
	int64_t i;
	int k;

	for (i = 0; i + 8 <= n; i += 8)
		for (k = 0; k < 8; k++)
			a[k] += x[i + k];
	for (k = 0; i < n; i++, k++)
		a[k] += x[i];
	return ((a[0] + a[1]) + (a[2] + a[3])) +
	       ((a[4] + a[5]) + (a[6] + a[7]));
}

static double first(enum op op)
{
	return op == OP_REDUCE_PROD  ? 1
	       : op == OP_REDUCE_MAX ? -INFINITY
	       : op == OP_REDUCE_MIN ? INFINITY
				     : 0;
}

/* One output at a time; the reduced elements lie in runs. */
static void reduce_one(const struct job *j, int64_t out)
{
	const struct layout *r = &j->split.reduced;
	int64_t at = kept_at(&j->split.kept, out), i, run = 1, step = 1;
	struct layout outer = *r;
	struct layout_iter it;
	double acc = first(j->s->op);

	if (r->ndim) {
		run = r->shape[r->ndim - 1];
		step = r->stride[r->ndim - 1];
		outer.ndim--;
	}
	layout_start(&it, &outer);
	do {
		const float *x = j->x + at + it.at;

		if (step == 1 && j->s->op == OP_REDUCE_SUM)
			acc += sum_run(x, run);
		else
			for (i = 0; i < run; i++)
				acc = join(j->s->op, acc, x[i * step]);
	} while (layout_next(&it));
	j->y[out] = (float)acc;
}

#define TILE 64

/* Neighbouring outputs together: their inputs lie side by side. */
static void reduce_tile(const struct job *j, int64_t out, int64_t n)
{
	int64_t at = kept_at(&j->split.kept, out), k;
	struct layout_iter it;
	double acc[TILE];

	for (k = 0; k < n; k++)
		acc[k] = first(j->s->op);
	layout_start(&it, &j->split.reduced);
	do {
		const float *x = j->x + at + it.at;

		if (j->s->op == OP_REDUCE_SUM)
			for (k = 0; k < n; k++)
				acc[k] += x[k];
		else
			for (k = 0; k < n; k++)
				acc[k] = join(j->s->op, acc[k], x[k]);
	} while (layout_next(&it));
	for (k = 0; k < n; k++)
		j->y[out + k] = (float)acc[k];
}

static void reduce_range(void *arg, int64_t begin, int64_t end)
{
	const struct job *j = arg;
	const struct layout *kept = &j->split.kept;
	int64_t inner = kept->ndim ? kept->shape[kept->ndim - 1] : 1, n;
	bool tiled = kept->ndim && kept->stride[kept->ndim - 1] == 1 &&
		     inner > 1;

	while (begin < end) {
		n = 1;
		if (tiled) {
			n = inner - begin % inner;
			n = n < TILE ? n : TILE;
			n = n < end - begin ? n : end - begin;
			reduce_tile(j, begin, n);
		} else {
			reduce_one(j, begin);
		}
		begin += n;
	}
}

static bool run_reduce(struct cpu *c, const struct step *s, void *const *base,
		       accel_status *err)
{
	const struct operand *in = &s->in[0];
	struct job j = { .s = s };

	(void)err;
	if (in->l.dtype != ACCEL_F32)
		return false;
	j.split = split_axes(&in->l, s->attr.axes);
	j.x = cpu_base(in, base);
	j.y = (float *)cpu_base(&s->out[0], base) + s->out[0].l.offset;
	j.n = layout_count(&j.split.reduced);
	if (c->measuring)
		return true;
	threads_for(c->threads, layout_count(&j.split.kept),
		    (CPU_GRAIN / j.n / TILE + 1) * TILE, reduce_range, &j);
	return true;
}

CPU_OP(REDUCE_SUM, run_reduce)
CPU_OP(REDUCE_PROD, run_reduce)
CPU_OP(REDUCE_MAX, run_reduce)
CPU_OP(REDUCE_MIN, run_reduce)

/* ---- softmax: [outer, n, inner] ---- */

struct rows {
	const struct step *s;
	struct axis_split d;
	const float *x;
	float *y;
};

VECTOR static void exp_row(const float *x, float max, int64_t n, int64_t step,
			   float *restrict y)
{
	int64_t i;

	if (step == 1)
		for (i = 0; i < n; i++)
			y[i] = v_exp(x[i] - max);
	else
		for (i = 0; i < n; i++)
			y[i * step] = v_exp(x[i * step] - max);
}

static void softmax_range(void *arg, int64_t begin, int64_t end)
{
	const struct rows *j = arg;
	int64_t r, i, st = j->d.inner, n = j->d.n;

	for (r = begin; r < end; r++) {
		int64_t at = r / st * n * st + r % st;
		const float *x = j->x + at;
		float *y = j->y + at, max = -INFINITY, scale;
		double sum = 0;

		for (i = 0; i < n; i++)
			max = x[i * st] > max ? x[i * st] : max;
		exp_row(x, max, n, st, y);
		for (i = 0; i < n; i++)
			sum += y[i * st];
		if (j->s->op == OP_SOFTMAX) {
			scale = (float)(1 / sum);
			for (i = 0; i < n; i++)
				y[i * st] *= scale;
			continue;
		}
		sum = log(sum);
		for (i = 0; i < n; i++)
			y[i * st] = (float)(x[i * st] - max - sum);
	}
}

static bool run_softmax(struct cpu *c, const struct step *s, void *const *base,
			accel_status *err)
{
	struct rows j = { .s = s };

	if (s->out[0].l.dtype != ACCEL_F32)
		return false;
	j.d = axis_split(&s->out[0].l, s->attr.axis);
	j.x = cpu_dense_f32(c, 0, &s->in[0], base);
	if (!j.x) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	j.y = (float *)cpu_base(&s->out[0], base) + s->out[0].l.offset;
	if (c->measuring)
		return true;
	threads_for(c->threads, j.d.outer * j.d.inner,
		    1 + CPU_GRAIN / 8 / j.d.n, softmax_range, &j);
	return true;
}

CPU_OP(SOFTMAX, run_softmax)
CPU_OP(LOG_SOFTMAX, run_softmax)

/* ---- normalize ---- */

struct norm {
	const struct step *s;
	struct split in, out;
	const float *x;
	float *y;
	double n;
};

static double moment(const struct layout *l, const float *x, double mean,
		     bool square)
{
	int64_t run = l->ndim ? l->shape[l->ndim - 1] : 1, i;
	int64_t step = l->ndim ? l->stride[l->ndim - 1] : 1;
	struct layout outer = *l;
	struct layout_iter it;
	double sum = 0;

	outer.ndim -= outer.ndim > 0;
	layout_start(&it, &outer);
	do {
		for (i = 0; i < run; i++) {
			double v = x[it.at + i * step] - mean;

			sum += square ? v * v : v;
		}
	} while (layout_next(&it));
	return sum;
}

static void normalize_range(void *arg, int64_t begin, int64_t end)
{
	const struct norm *j = arg;
	const struct layout *ri = &j->in.reduced, *ro = &j->out.reduced;
	int64_t g;

	for (g = begin; g < end; g++) {
		const float *x = j->x + kept_at(&j->in.kept, g);
		float *y = j->y + kept_at(&j->out.kept, g);
		double mean = moment(ri, x, 0, false) / j->n;
		double var = moment(ri, x, mean, true) / j->n;
		double rstd = 1 / sqrt(var + j->s->attr.value);
		struct layout_iter a, b;

		layout_start(&a, ri);
		layout_start(&b, ro);
		do {
			y[b.at] = (float)((x[a.at] - mean) * rstd);
			layout_next(&b);
		} while (layout_next(&a));
	}
}

static bool run_normalize(struct cpu *c, const struct step *s,
			  void *const *base, accel_status *err)
{
	struct norm j = { .s = s };

	(void)err;
	if (s->out[0].l.dtype != ACCEL_F32 || s->in[0].l.dtype != ACCEL_F32)
		return false;
	j.in = split_axes(&s->in[0].l, s->attr.axes);
	j.out = split_axes(&s->out[0].l, s->attr.axes);
	j.x = cpu_base(&s->in[0], base);
	j.y = cpu_base(&s->out[0], base);
	j.n = (double)layout_count(&j.in.reduced);
	if (c->measuring)
		return true;
	threads_for(c->threads, layout_count(&j.in.kept),
		    1 + CPU_GRAIN / 8 / (int64_t)j.n, normalize_range, &j);
	return true;
}

CPU_OP(NORMALIZE, run_normalize)
