// SPDX-License-Identifier: MIT
/* What moves elements: copies between layouts, concat, pad, gather, scatter,
 * bits; and random numbers. */
#include <math.h>
#include <string.h>

#include "../../ops/philox.h"
#include "cpu.h"

struct move {
	struct layout l[2]; /* to, from; of one shape */
	const uint8_t *src;
	uint8_t *dst;
	size_t size;
	int64_t rows, run;
};

static int64_t row_at(const struct layout *l, int64_t row)
{
	int64_t at = l->offset;
	int d;

	for (d = l->ndim - 2; d >= 0; d--) {
		at += row % l->shape[d] * l->stride[d];
		row /= l->shape[d];
	}
	return at;
}

static void move_rows(void *arg, int64_t begin, int64_t end)
{
	const struct move *m = arg;
	int64_t r, i, n = m->run, ss, ds;

	ds = m->l[0].ndim ? m->l[0].stride[m->l[0].ndim - 1] : 1;
	ss = m->l[1].ndim ? m->l[1].stride[m->l[1].ndim - 1] : 1;
	for (r = begin; r < end; r++) {
		uint8_t *d = m->dst + (size_t)row_at(&m->l[0], r) * m->size;
		const uint8_t *s =
			m->src + (size_t)row_at(&m->l[1], r) * m->size;

		if (ss == 1 && ds == 1) {
			memcpy(d, s, (size_t)n * m->size);
		} else if (m->size == 4) {
			for (i = 0; i < n; i++)
				((uint32_t *)d)[i * ds] =
					((const uint32_t *)s)[i * ss];
		} else {
			for (i = 0; i < n; i++)
				memcpy(d + (size_t)(i * ds) * m->size,
				       s + (size_t)(i * ss) * m->size, m->size);
		}
	}
}

void cpu_move(struct cpu *c, const struct layout *from, const void *src,
	      const struct layout *to, void *dst)
{
	struct move m = {
		{ *to, *from }, src, dst, accel_dtype_size(to->dtype), 1, 1
	};
	int d;

	layout_collapse(m.l, 2);
	for (d = 0; d < m.l[0].ndim - 1; d++)
		m.rows *= m.l[0].shape[d];
	if (m.l[0].ndim)
		m.run = m.l[0].shape[m.l[0].ndim - 1];
	threads_for(c->threads, m.rows, 1 + CPU_GRAIN / m.run, move_rows, &m);
}

static bool run_fill(struct cpu *c, const struct step *s, void *const *base,
		     accel_status *err)
{
	const struct layout *l = &s->out[0].l;
	int64_t i, n = layout_count(l);

	(void)err;
	if (c->measuring)
		return true;
	for (i = 0; i < n; i++)
		dtype_store(l->dtype, cpu_base(&s->out[0], base), l->offset + i,
			    s->attr.value);
	return true;
}

CPU_OP(CONST, run_fill)

static bool run_arange(struct cpu *c, const struct step *s, void *const *base,
		       accel_status *err)
{
	const struct layout *l = &s->out[0].l;
	int64_t i;

	(void)err;
	if (c->measuring)
		return true;
	for (i = 0; i < l->shape[0]; i++)
		dtype_store(l->dtype, cpu_base(&s->out[0], base), l->offset + i,
			    dtype_wrap(l->dtype, (double)i));
	return true;
}

CPU_OP(ARANGE, run_arange)

static bool run_concat(struct cpu *c, const struct step *s, void *const *base,
		       accel_status *err)
{
	struct layout at = s->out[0].l;
	int axis = s->attr.axis;
	uint32_t i;

	(void)err;
	if (c->measuring)
		return true;
	for (i = 0; i < s->n_base; i++) {
		at.shape[axis] = s->in[i].l.shape[axis];
		cpu_move(c, &s->in[i].l, cpu_base(&s->in[i], base), &at,
			 cpu_base(&s->out[0], base));
		at.offset += at.shape[axis] * at.stride[axis];
	}
	return true;
}

CPU_OP(CONCAT, run_concat)

static bool run_pad(struct cpu *c, const struct step *s, void *const *base,
		    accel_status *err)
{
	struct layout at = s->out[0].l;
	int d;

	if (c->measuring)
		return true;
	run_fill(c, s, base, err);
	for (d = 0; d < at.ndim; d++) {
		at.shape[d] = s->in[0].l.shape[d];
		at.offset += s->attr.lo[d] * at.stride[d];
		at.stride[d] *= s->attr.step[d];
	}
	cpu_move(c, &s->in[0].l, cpu_base(&s->in[0], base), &at,
		 cpu_base(&s->out[0], base));
	return true;
}

CPU_OP(PAD, run_pad)

/* ---- gather and scatter-add ---- */

struct index_job {
	const struct step *s;
	struct axis_split d; /* of x or of the output */
	const int32_t *index;
	const float *src;
	const float *x;
	float *y;
	int64_t n; /* indices along the axis */
};

const int32_t *cpu_dense_i32(struct cpu *c, const struct operand *o,
			     void *const *base)
{
	struct layout dense;
	int32_t *to;

	if (layout_dense(&o->l))
		return (const int32_t *)cpu_base(o, base) + o->l.offset;
	to = cpu_scratch(c, 1, layout_bytes(&o->l));
	if (!to || c->measuring)
		return to;
	if (layout_init(&dense, "gather", ACCEL_I32, o->l.ndim, o->l.shape))
		return NULL;
	cpu_move(c, &o->l, cpu_base(o, base), &dense, to);
	return to;
}

static void gather_range(void *arg, int64_t begin, int64_t end)
{
	const struct index_job *j = arg;
	int64_t r, i;

	for (r = begin; r < end; r++) { /* (outer, index) pairs */
		const float *x = j->x + r / j->n * j->d.n * j->d.inner;

		for (i = 0; i < j->d.inner; i++) {
			int64_t at = r * j->d.inner + i, k = j->index[at];
			k = k < 0 ? k + j->d.n : k;

			j->y[at] = k >= 0 && k < j->d.n ? x[k * j->d.inner + i]
							: NAN;
		}
	}
}

static bool run_gather(struct cpu *c, const struct step *s, void *const *base,
		       accel_status *err)
{
	struct index_job j = { .s = s };

	if (s->out[0].l.dtype != ACCEL_F32)
		return false;
	j.d = axis_split(&s->in[0].l, s->attr.axis);
	j.n = s->out[0].l.shape[s->attr.axis];
	j.x = cpu_dense_f32(c, 0, &s->in[0], base);
	j.index = cpu_dense_i32(c, &s->in[1], base);
	j.y = (float *)cpu_base(&s->out[0], base) + s->out[0].l.offset;
	if (!j.x || !j.index)
		*err = ACCEL_ERR_NOMEM;
	else if (!c->measuring)
		threads_for(c->threads, j.d.outer * j.n,
			    1 + CPU_GRAIN / j.d.inner, gather_range, &j);
	return true;
}

CPU_OP(GATHER, run_gather)

/* By (outer, inner) pairs: every sum stays in one thread and in order. */
static void scatter_range(void *arg, int64_t begin, int64_t end)
{
	const struct index_job *j = arg;
	int64_t st = j->d.inner, o, i, k, p;

	for (o = begin / st; o * st < end; o++) {
		int64_t i0 = o * st < begin ? begin - o * st : 0;
		int64_t i1 = (o + 1) * st > end ? end - o * st : st;

		for (k = 0; k < j->n; k++) {
			for (i = i0; i < i1; i++) {
				int64_t at = (o * j->n + k) * st + i;

				p = j->index[at];
				p = p < 0 ? p + j->d.n : p;
				if (p >= 0 && p < j->d.n)
					j->y[(o * j->d.n + p) * st + i] +=
						j->src[at];
			}
		}
	}
}

static bool run_scatter_add(struct cpu *c, const struct step *s,
			    void *const *base, accel_status *err)
{
	struct index_job j = { .s = s };

	if (s->out[0].l.dtype != ACCEL_F32)
		return false;
	j.d = axis_split(&s->out[0].l, s->attr.axis);
	j.n = s->in[1].l.shape[s->attr.axis];
	j.index = cpu_dense_i32(c, &s->in[1], base);
	j.src = cpu_dense_f32(c, 2, &s->in[2], base);
	j.y = (float *)cpu_base(&s->out[0], base) + s->out[0].l.offset;
	if (!j.index || !j.src) {
		*err = ACCEL_ERR_NOMEM;
		return true;
	}
	if (c->measuring)
		return true;
	cpu_move(c, &s->in[0].l, cpu_base(&s->in[0], base), &s->out[0].l,
		 cpu_base(&s->out[0], base));
	threads_for(c->threads, j.d.outer * j.d.inner, 1 + CPU_GRAIN / j.n,
		    scatter_range, &j);
	return true;
}

CPU_OP(SCATTER_ADD, run_scatter_add)

/* ---- bits ---- */

struct bits_job {
	const void *x;
	float *y;
	accel_dtype dtype;
	int64_t bits;
};

static void unpack_range(void *arg, int64_t begin, int64_t end)
{
	const struct bits_job *j = arg;
	int64_t i, b;

	for (i = begin; i < end; i++) {
		uint32_t v = j->dtype == ACCEL_I32 ? ((const uint32_t *)j->x)[i]
						   : ((const uint8_t *)j->x)[i];

		for (b = 0; b < j->bits; b++)
			j->y[i * j->bits + b] = (float)(v >> b & 1);
	}
}

static bool run_unpack_bits(struct cpu *c, const struct step *s,
			    void *const *base, accel_status *err)
{
	const struct layout *in = &s->in[0].l, *out = &s->out[0].l;
	struct bits_job j = { .dtype = in->dtype,
			      .bits = out->shape[out->ndim - 1] };

	(void)err;
	if (out->dtype != ACCEL_F32 || !layout_dense(in))
		return false;
	j.x = (const uint8_t *)cpu_base(&s->in[0], base) +
	      (size_t)in->offset * accel_dtype_size(in->dtype);
	j.y = (float *)cpu_base(&s->out[0], base) + out->offset;
	if (!c->measuring)
		threads_for(c->threads, layout_count(in), CPU_GRAIN / j.bits,
			    unpack_range, &j);
	return true;
}

CPU_OP(UNPACK_BITS, run_unpack_bits)

/* ---- random ---- */

struct random_job {
	uint32_t key[2], call;
	int mode;
	float *y;
	int64_t n;
};

/* Fours [begin, end): see ops/random.c. */
static void random_fours(void *arg, int64_t begin, int64_t end)
{
	const struct random_job *j = arg;
	int64_t f;
	int i;

	for (f = begin; f < end; f++) {
		uint32_t counter[4] = { (uint32_t)f, j->call, 0, 0 }, bits[4];
		float v[4];

		philox(counter, j->key, bits);
		for (i = 0; i < 4; i++)
			v[i] = (float)(bits[i] >> 8) * 0x1p-24f;
		for (i = 0; j->mode && i < 4; i += 2) {
			float r = sqrtf(-2 * logf(v[i] + 0x1p-24f));
			float angle = 6.28318530717958647692f * v[i + 1];

			v[i] = r * cosf(angle);
			v[i + 1] = r * sinf(angle);
		}
		for (i = 0; i < 4 && f * 4 + i < j->n; i++)
			j->y[f * 4 + i] = v[i];
	}
}

static bool run_random(struct cpu *c, const struct step *s, void *const *base,
		       accel_status *err)
{
	const struct operand *in = &s->in[0];
	const uint32_t *state =
		(const uint32_t *)cpu_base(in, base) + in->l.offset;
	struct random_job j = { .mode = s->attr.mode,
				.y = (float *)cpu_base(&s->out[0], base) +
				     s->out[0].l.offset,
				.n = layout_count(&s->out[0].l) };

	(void)err;
	if (c->measuring)
		return true;
	j.key[0] = state[0];
	j.key[1] = state[1];
	j.call = state[2];
	threads_for(c->threads, (j.n + 3) / 4, CPU_GRAIN / 16, random_fours,
		    &j);
	return true;
}

CPU_OP(RANDOM, run_random)
