// SPDX-License-Identifier: MIT
/* Convolution and its adjoints: im2col and OpenBLAS, an image at a time. */
#include <cblas.h>
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

struct column_job {
	const struct shape *s;
	const float *x; /* im2col reads it */
	float *sum; /* col2im adds to it */
	float *col;
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

/* Rows [begin, end) of the columns. */
static void im2col(void *arg, int64_t begin, int64_t end)
{
	const struct column_job *j = arg;
	const struct shape *s = j->s;
	int64_t r, p, q, q0, q1;

	for (r = begin; r < end; r++) {
		int64_t i = r / (s->KH * s->KW), kh = r / s->KW % s->KH;
		int64_t kw = r % s->KW, st = s->a->stride[1];
		int64_t first = kw * s->a->dilation[1] - s->a->pad[1];
		float *col = j->col + r * s->OH * s->OW;

		inside(first, st, s->W, s->OW, &q0, &q1);
		for (p = 0; p < s->OH; p++, col += s->OW) {
			int64_t h = p * s->a->stride[0] - s->a->pad[0] +
				    kh * s->a->dilation[0];
			const float *x = j->x + (i * s->H + h) * s->W + first;

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

/* Channels [begin, end): every sum in one thread and one order. */
static void col2im(void *arg, int64_t begin, int64_t end)
{
	const struct column_job *j = arg;
	const struct shape *s = j->s;
	int64_t i, k, p, q, q0, q1;

	for (i = begin; i < end; i++) {
		memset(j->sum + i * s->H * s->W, 0,
		       (size_t)(s->H * s->W) * sizeof(float));
		for (k = 0; k < s->KH * s->KW; k++) {
			int64_t kh = k / s->KW, kw = k % s->KW;
			int64_t st = s->a->stride[1];
			int64_t first = kw * s->a->dilation[1] - s->a->pad[1];
			const float *col = j->col + (i * s->KH * s->KW + k) *
							    s->OH * s->OW;

			inside(first, st, s->W, s->OW, &q0, &q1);
			for (p = 0; p < s->OH; p++, col += s->OW) {
				int64_t h = p * s->a->stride[0] - s->a->pad[0] +
					    kh * s->a->dilation[0];
				float *x =
					j->sum + (i * s->H + h) * s->W + first;

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

/* Operands and memory of the three; false when out of memory. */
struct work {
	struct shape s;
	const float *a, *b;
	float *y, *col;
};

static bool prepare(struct cpu *c, const struct step *s, void *const *base,
		    const struct layout *x, const struct layout *w,
		    const struct layout *y, struct work *k)
{
	k->s = shape_of(&s->attr, x, w, y);
	k->a = cpu_dense_f32(c, 0, &s->in[0], base);
	k->b = cpu_dense_f32(c, 1, &s->in[1], base);
	k->y = result(c, s, base);
	k->col = cpu_scratch(
		c, 2,
		(size_t)(k->s.I * k->s.KH * k->s.KW * k->s.OH * k->s.OW) *
			sizeof(float));
	return k->a && k->b && k->y && k->col;
}

bool cpu_conv(struct cpu *c, const struct step *s, void *const *base,
	      accel_status *err)
{
	int64_t n, g, taps, area;
	struct work k;

	if (!prepare(c, s, base, &s->in[0].l, &s->in[1].l, &s->out[0].l, &k)) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	taps = k.s.I * k.s.KH * k.s.KW;
	area = k.s.OH * k.s.OW;
	for (n = 0; n < k.s.N; n++) {
		for (g = 0; g < s->attr.groups; g++) {
			const float *x =
				k.a + (n * k.s.C + g * k.s.I) * k.s.H * k.s.W;
			struct column_job job = { &k.s, x, NULL, k.col };

			if (!k.s.direct)
				threads_for(c->threads, taps,
					    1 + CPU_GRAIN / area, im2col, &job);
			cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans,
				    (int)k.s.OG, (int)area, (int)taps, 1,
				    k.b + g * k.s.OG * taps, (int)taps,
				    k.s.direct ? x : k.col, (int)area, 0,
				    k.y + (n * k.s.O + g * k.s.OG) * area,
				    (int)area);
		}
	}
	finish(s, base, k.y);
	return true;
}

bool cpu_conv_input(struct cpu *c, const struct step *s, void *const *base,
		    accel_status *err)
{
	int64_t n, g, taps, area;
	struct work k;

	if (!prepare(c, s, base, &s->out[0].l, &s->in[1].l, &s->in[0].l, &k)) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	taps = k.s.I * k.s.KH * k.s.KW;
	area = k.s.OH * k.s.OW;
	for (n = 0; n < k.s.N; n++) {
		for (g = 0; g < s->attr.groups; g++) {
			float *x =
				k.y + (n * k.s.C + g * k.s.I) * k.s.H * k.s.W;
			struct column_job job = { &k.s, NULL, x, k.col };

			cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans,
				    (int)taps, (int)area, (int)k.s.OG, 1,
				    k.b + g * k.s.OG * taps, (int)taps,
				    k.a + (n * k.s.O + g * k.s.OG) * area,
				    (int)area, 0, k.s.direct ? x : k.col,
				    (int)area);
			if (!k.s.direct)
				threads_for(c->threads, k.s.I, 1, col2im, &job);
		}
	}
	finish(s, base, k.y);
	return true;
}

bool cpu_conv_weight(struct cpu *c, const struct step *s, void *const *base,
		     accel_status *err)
{
	int64_t n, g, taps, area;
	struct work k;

	if (!prepare(c, s, base, &s->in[0].l, &s->out[0].l, &s->in[1].l, &k)) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	taps = k.s.I * k.s.KH * k.s.KW;
	area = k.s.OH * k.s.OW;
	for (n = 0; n < k.s.N; n++) {
		for (g = 0; g < s->attr.groups; g++) {
			const float *x =
				k.a + (n * k.s.C + g * k.s.I) * k.s.H * k.s.W;
			struct column_job job = { &k.s, x, NULL, k.col };

			if (!k.s.direct)
				threads_for(c->threads, taps,
					    1 + CPU_GRAIN / area, im2col, &job);
			cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans,
				    (int)k.s.OG, (int)taps, (int)area, 1,
				    k.b + (n * k.s.O + g * k.s.OG) * area,
				    (int)area, k.s.direct ? x : k.col,
				    (int)area, n ? 1.0f : 0.0f,
				    k.y + g * k.s.OG * taps, (int)taps);
		}
	}
	finish(s, base, k.y);
	return true;
}
