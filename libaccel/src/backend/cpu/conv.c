// SPDX-License-Identifier: MIT
/*
 * Convolution and its adjoints: im2col and OpenBLAS, an image at a time. Threads
 * share images; weights' gradients are summed in blocks of images that depend
 * on shapes alone.
 */
#include <cblas.h>
#include <stdatomic.h>
#include <string.h>

#include "../../base/half.h"
#include "cpu.h"

#undef I /* complex.h, which cblas.h includes */

/* One group of one image: x [I, H, W], w [OG, I*KH*KW], y [OG, OH*OW],
 * columns [I*KH*KW, OH*OW]. */
struct shape {
	int64_t N, C, H, W, O, I, KH, KW, OH, OW, OG;
	const struct op_attr *a;
	bool direct; /* x is its own columns: 1x1, stride 1, no padding */
};

static struct shape shape_of(const struct op_attr *a, const struct layout *x,
			     const struct layout *w, const struct layout *y)
{
	struct shape s = {
		x->shape[0],
		x->shape[1],
		x->shape[2],
		x->shape[3],
		w->shape[0],
		w->shape[1],
		w->shape[2],
		w->shape[3],
		y->shape[2],
		y->shape[3],
		w->shape[0] / a->groups,
		a,
		false,
	};

	s.direct = s.KH == 1 && s.KW == 1 && a->stride[0] == 1 &&
		   a->stride[1] == 1 && !a->pad[0] && !a->pad[1] &&
		   s.OH == s.H && s.OW == s.W;
	return s;
}

/* The outputs q of one row whose input column q * stride + first is inside. */
static void inside(int64_t first, int64_t stride, int64_t w, int64_t ow,
		   int64_t *q0, int64_t *q1)
{
	*q0 = first < 0 ? (-first + stride - 1) / stride : 0;
	*q1 = first >= w ? 0 : (w - 1 - first) / stride + 1;
	*q1 = *q1 < 0 ? 0 : *q1 > ow ? ow : *q1;
	*q0 = *q0 > *q1 ? *q1 : *q0;
}

static void im2col(const struct shape *s, const float *image, float *columns)
{
	int64_t r, p, q, q0, q1;

	for (r = 0; r < s->I * s->KH * s->KW; r++) {
		int64_t i = r / (s->KH * s->KW), kh = r / s->KW % s->KH;
		int64_t kw = r % s->KW, st = s->a->stride[1];
		int64_t first = kw * s->a->dilation[1] - s->a->pad[1];
		float *col = columns + r * s->OH * s->OW;

		inside(first, st, s->W, s->OW, &q0, &q1);
		for (p = 0; p < s->OH; p++, col += s->OW) {
			int64_t h = p * s->a->stride[0] - s->a->pad[0] +
				    kh * s->a->dilation[0];
			const float *x = image + (i * s->H + h) * s->W + first;

			if (h < 0 || h >= s->H) {
				memset(col, 0, (size_t)s->OW * sizeof(*col));
				continue;
			}
			for (q = 0; q < q0; q++)
				col[q] = 0;
			if (st == 1 && q1 > q0)
				memcpy(col + q0, x + q0,
				       (size_t)(q1 - q0) * sizeof(*col));
			else
				for (q = q0; q < q1; q++)
					col[q] = x[q * st];
			for (q = q1; q < s->OW; q++)
				col[q] = 0;
		}
	}
}

static void col2im(const struct shape *s, const float *columns, float *image)
{
	int64_t i, k, p, q, q0, q1;

	for (i = 0; i < s->I; i++) {
		memset(image + i * s->H * s->W, 0,
		       (size_t)(s->H * s->W) * sizeof(float));
		for (k = 0; k < s->KH * s->KW; k++) {
			int64_t kh = k / s->KW, kw = k % s->KW;
			int64_t st = s->a->stride[1];
			int64_t first = kw * s->a->dilation[1] - s->a->pad[1];
			const float *col = columns + (i * s->KH * s->KW + k) *
							     s->OH * s->OW;

			inside(first, st, s->W, s->OW, &q0, &q1);
			for (p = 0; p < s->OH; p++, col += s->OW) {
				int64_t h = p * s->a->stride[0] - s->a->pad[0] +
					    kh * s->a->dilation[0];
				float *x =
					image + (i * s->H + h) * s->W + first;

				if (h < 0 || h >= s->H)
					continue;
				for (q = q0; q < q1; q++)
					x[q * st] += col[q];
			}
		}
	}
}

/* Where to compute an f32 result before it becomes f16, if it does. */
static float *result(struct cpu *c, const struct step *s, void *const *base)
{
	const struct layout *l = &s->out[0].l;

	if (l->dtype == ACCEL_F32)
		return (float *)cpu_base(&s->out[0], base) + l->offset;
	return cpu_scratch(c, 3, (size_t)layout_count(l) * sizeof(float));
}

static void finish(const struct step *s, void *const *base, const float *y)
{
	const struct layout *l = &s->out[0].l;
	uint16_t *h = (uint16_t *)cpu_base(&s->out[0], base) + l->offset;
	int64_t i, n = layout_count(l);

	for (i = 0; l->dtype == ACCEL_F16 && i < n; i++)
		h[i] = half_from_float(y[i]);
}

/* One of the three at work on all images. */
struct work {
	struct shape s;
	const float *a, *b;
	float *y;
	int64_t groups, taps, area; /* columns are [taps, area] */
	float *col; /* one for each thread */
	atomic_uint_least64_t busy; /* a bit for each of them */
	int64_t blocks; /* of images, of conv_weight: */
	float *sums; /* [blocks, O, taps], or y itself */
};

/* Columns that no other thread is using: threads_create() makes at most 64. */
static float *take_columns(struct work *k, int *slot)
{
	uint64_t busy = atomic_load(&k->busy);

	do
		for (*slot = 0; busy & 1ull << *slot; ++*slot)
			;
	while (!atomic_compare_exchange_weak(&k->busy, &busy,
					     busy | 1ull << *slot));
	return k->col + *slot * k->taps * k->area;
}

static void give_columns(struct work *k, int slot)
{
	atomic_fetch_and(&k->busy, ~(1ull << slot));
}

/* False when out of memory. */
static bool prepare(struct cpu *c, const struct step *s, void *const *base,
		    const struct layout *x, const struct layout *w,
		    const struct layout *y, bool blocks, struct work *k)
{
	int64_t threads = threads_count(c->threads), sums = 0;

	*k = (struct work){ .s = shape_of(&s->attr, x, w, y),
			    .groups = s->attr.groups };
	k->taps = k->s.I * k->s.KH * k->s.KW;
	k->area = k->s.OH * k->s.OW;
	k->blocks = 1;
	if (blocks && k->s.N > 1 && k->s.O * k->taps < 1 << 20) {
		k->blocks = k->s.N < 8 ? k->s.N : 8;
		sums = k->blocks * k->s.O * k->taps;
	}
	k->a = cpu_dense_f32(c, 0, &s->in[0], base);
	k->b = cpu_dense_f32(c, 1, &s->in[1], base);
	k->y = result(c, s, base);
	k->col = cpu_scratch(c, 2,
			     (size_t)(threads * k->taps * k->area + sums) *
				     sizeof(float));
	k->sums = sums && k->col ? k->col + threads * k->taps * k->area : k->y;
	return k->a && k->b && k->y && k->col;
}

/* Pairs of an image and a group. */
static void conv_range(void *arg, int64_t begin, int64_t end)
{
	struct work *k = arg;
	const struct shape *s = &k->s;
	int slot;
	float *col = take_columns(k, &slot);
	int64_t i;

	for (i = begin; i < end; i++) {
		int64_t n = i / k->groups, g = i % k->groups;
		const float *x = k->a + (n * s->C + g * s->I) * s->H * s->W;

		if (!s->direct)
			im2col(s, x, col);
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans,
			    (int)s->OG, (int)k->area, (int)k->taps, 1,
			    k->b + g * s->OG * k->taps, (int)k->taps,
			    s->direct ? x : col, (int)k->area, 0,
			    k->y + (n * s->O + g * s->OG) * k->area,
			    (int)k->area);
	}
	give_columns(k, slot);
}

/* Of one product. */
static int64_t terms(const struct work *k)
{
	return k->taps * k->area * k->s.OG;
}

/* How many images are worth a thread. */
static int64_t grain(const struct work *k)
{
	return 1 + 100000 / terms(k);
}

static bool run_conv(struct cpu *c, const struct step *s, void *const *base,
		     accel_status *err)
{
	struct work k;

	if (!prepare(c, s, base, &s->in[0].l, &s->in[1].l, &s->out[0].l, false,
		     &k)) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	if (c->measuring)
		return true;
	cpu_for_blas(c, k.s.N * k.groups, grain(&k), terms(&k), conv_range, &k);
	finish(s, base, k.y);
	return true;
}

CPU_OP(CONV, run_conv)

static void input_range(void *arg, int64_t begin, int64_t end)
{
	struct work *k = arg;
	const struct shape *s = &k->s;
	int slot;
	float *col = take_columns(k, &slot);
	int64_t i;

	for (i = begin; i < end; i++) {
		int64_t n = i / k->groups, g = i % k->groups;
		float *x = k->y + (n * s->C + g * s->I) * s->H * s->W;

		cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans,
			    (int)k->taps, (int)k->area, (int)s->OG, 1,
			    k->b + g * s->OG * k->taps, (int)k->taps,
			    k->a + (n * s->O + g * s->OG) * k->area,
			    (int)k->area, 0, s->direct ? x : col, (int)k->area);
		if (!s->direct)
			col2im(s, col, x);
	}
	give_columns(k, slot);
}

static bool run_conv_input(struct cpu *c, const struct step *s,
			   void *const *base, accel_status *err)
{
	struct work k;

	if (!prepare(c, s, base, &s->out[0].l, &s->in[1].l, &s->in[0].l, false,
		     &k)) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	if (c->measuring)
		return true;
	cpu_for_blas(c, k.s.N * k.groups, grain(&k), terms(&k), input_range,
		     &k);
	finish(s, base, k.y);
	return true;
}

CPU_OP(CONV_INPUT, run_conv_input)

/* Image n of one block, added to its sum. */
static void weight_image(const struct work *k, int64_t n, bool first,
			 float *col, float *sum)
{
	const struct shape *s = &k->s;
	int64_t g;

	for (g = 0; g < k->groups; g++) {
		const float *x = k->a + (n * s->C + g * s->I) * s->H * s->W;

		if (!s->direct)
			im2col(s, x, col);
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)s->OG,
			    (int)k->taps, (int)k->area, 1,
			    k->b + (n * s->O + g * s->OG) * k->area,
			    (int)k->area, s->direct ? x : col, (int)k->area,
			    first ? 0 : 1, sum + g * s->OG * k->taps,
			    (int)k->taps);
	}
}

static void weight_range(void *arg, int64_t begin, int64_t end)
{
	struct work *k = arg;
	int slot;
	float *col = take_columns(k, &slot);
	int64_t b, n;

	for (b = begin; b < end; b++) {
		int64_t n0 = b * k->s.N / k->blocks;
		int64_t n1 = (b + 1) * k->s.N / k->blocks;

		for (n = n0; n < n1; n++)
			weight_image(k, n, n == n0, col,
				     k->sums + b * k->s.O * k->taps);
	}
	give_columns(k, slot);
}

static bool run_conv_weight(struct cpu *c, const struct step *s,
			    void *const *base, accel_status *err)
{
	int64_t b, i, each;
	struct work k;

	if (!prepare(c, s, base, &s->in[0].l, &s->out[0].l, &s->in[1].l, true,
		     &k)) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	if (c->measuring)
		return true;
	cpu_for_blas(c, k.blocks, 1, terms(&k), weight_range, &k);
	each = k.s.O * k.taps;
	for (i = 0; i < each && k.sums != k.y; i++) {
		float sum = k.sums[i];

		for (b = 1; b < k.blocks; b++)
			sum += k.sums[b * each + i];
		k.y[i] = sum;
	}
	finish(s, base, k.y);
	return true;
}

CPU_OP(CONV_WEIGHT, run_conv_weight)
