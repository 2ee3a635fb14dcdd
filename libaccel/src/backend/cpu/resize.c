// SPDX-License-Identifier: MIT
/* Resize of planes and its adjoint, by tables of what each row and column draws
 * from (ops/resize.c has the formulas). */
#include <string.h>

#include "cpu.h"

/* Two source elements and the second's weight. Without weight both are the
 * first: what is beside it, an infinity maybe, does not count. */
struct tap {
	int32_t at[2];
	float weight;
};

struct job {
	const float *x;
	float *y;
	double *sum; /* of the adjoint: as large as y */
	int64_t H, W, OH, OW; /* of the small and the large planes */
	const struct tap *rows, *columns;
};

static void fill_taps(struct tap *t, int mode, int64_t in, int64_t out)
{
	int64_t o, at;
	double pos;

	for (o = 0; o < out; o++) {
		pos = ((double)o + 0.5) * (double)in / (double)out - 0.5;
		pos = pos < 0 ? 0 : pos;
		pos = pos > (double)(in - 1) ? (double)(in - 1) : pos;
		at = mode == ACCEL_NEAREST ? o * in / out : (int64_t)pos;
		t[o].at[0] = t[o].at[1] = (int32_t)at;
		t[o].weight = 0;
		if (mode == ACCEL_NEAREST || pos - (double)at <= 0)
			continue;
		t[o].at[1] = (int32_t)(at + 1 < in ? at + 1 : at);
		t[o].weight = (float)(pos - (double)at);
	}
}

static inline float blend(float a, float b, float weight)
{
	return weight == 0 ? a : a * (1 - weight) + b * weight;
}

static void resize_planes(void *arg, int64_t begin, int64_t end)
{
	const struct job *j = arg;
	int64_t z, p, q;

	for (z = begin; z < end; z++) {
		const float *x = j->x + z * j->H * j->W;
		float *y = j->y + z * j->OH * j->OW;

		for (p = 0; p < j->OH; p++, y += j->OW) {
			const struct tap *h = &j->rows[p];
			const float *up = x + h->at[0] * j->W;
			const float *low = x + h->at[1] * j->W;

			for (q = 0; q < j->OW; q++) {
				const struct tap *w = &j->columns[q];
				float a = blend(up[w->at[0]], up[w->at[1]],
						w->weight);
				float b = blend(low[w->at[0]], low[w->at[1]],
						w->weight);

				y[q] = blend(a, b, h->weight);
			}
		}
	}
}

/* What drew from an element sends its derivative back: thousands may have, so
 * sums are double. */
static void adjoint_planes(void *arg, int64_t begin, int64_t end)
{
	const struct job *j = arg;
	int64_t z, p, q;
	int i, k;

	for (z = begin; z < end; z++) {
		const float *x = j->x + z * j->OH * j->OW;
		int64_t n = j->H * j->W, first = z * n;
		double *y = j->sum + first;

		memset(y, 0, (size_t)n * sizeof(*y));
		for (p = 0; p < j->OH; p++, x += j->OW) {
			const struct tap *h = &j->rows[p];

			for (i = 0; i < (h->weight > 0 ? 2 : 1); i++) {
				double *row = y + h->at[i] * j->W;
				double f = i ? h->weight : 1 - h->weight;

				for (q = 0; q < j->OW; q++) {
					const struct tap *w = &j->columns[q];

					row[w->at[0]] +=
						f * (double)(1 - w->weight) *
						x[q];
					for (k = 0; k < (w->weight > 0); k++)
						row[w->at[1]] +=
							f * w->weight * x[q];
				}
			}
		}
		for (p = 0; p < n; p++)
			j->y[first + p] = (float)y[p];
	}
}

static bool run_resize(struct cpu *c, const struct step *s, void *const *base,
		       accel_status *err)
{
	const struct layout *in = &s->in[0].l, *out = &s->out[0].l;
	bool adjoint = s->op == OP_RESIZE_ADJOINT;
	const struct layout *small = adjoint ? out : in;
	const struct layout *large = adjoint ? in : out;
	struct job j = { .H = small->shape[2],
			 .W = small->shape[3],
			 .OH = large->shape[2],
			 .OW = large->shape[3] };
	struct tap *taps;

	if (out->dtype != ACCEL_F32)
		return false;
	j.x = cpu_dense_f32(c, 0, &s->in[0], base);
	taps = cpu_scratch(c, 1, (size_t)(j.OH + j.OW) * sizeof(*taps));
	j.sum = !adjoint ? NULL
			 : cpu_scratch(c, 2,
				       (size_t)layout_count(out) *
					       sizeof(double));
	if (!j.x || !taps || (adjoint && !j.sum)) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	if (c->measuring)
		return true;
	fill_taps(taps, s->attr.mode, j.H, j.OH);
	fill_taps(taps + j.OH, s->attr.mode, j.W, j.OW);
	j.rows = taps;
	j.columns = taps + j.OH;
	j.y = (float *)cpu_base(&s->out[0], base) + out->offset;
	threads_for(c->threads, out->shape[0] * out->shape[1],
		    1 + CPU_GRAIN / 4 / (j.OH * j.OW),
		    adjoint ? adjoint_planes : resize_planes, &j);
	return true;
}

CPU_OP(RESIZE, run_resize)
CPU_OP(RESIZE_ADJOINT, run_resize)
