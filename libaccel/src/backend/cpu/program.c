// SPDX-License-Identifier: MIT
/*
 * Element-wise programs, a block of elements at a time: every value of a block
 * stays in the cache between instructions. f16 computes in f32, narrow integers
 * in i32.
 */
#include <math.h>
#include <string.h>

#include "../../base/half.h"
#include "cpu.h"

#define BLOCK 256

union value {
	float f[BLOCK];
	int32_t i[BLOCK];
};

struct job {
	const struct ew *ew;
	uint32_t n_in;
	struct layout l[EW_MAX_IN + 1]; /* output's shape, then inputs */
	const void *from[EW_MAX_IN];
	void *to[EW_MAX_OUT];
	int64_t to_offset[EW_MAX_OUT];
	uint8_t to_dtype[EW_MAX_OUT];
};

/* ---- loads and stores ---- */

#define STRIDED(to, type, expr)                                                \
	do {                                                                   \
		const type *s_ = (const type *)p + at;                         \
		for (k = 0; k < n; k++) {                                      \
			type x = s_[k * step];                                 \
			(to)[k] = expr;                                        \
		}                                                              \
	} while (0)

static void load_run(accel_dtype d, const void *p, int64_t at, int64_t step,
		     int64_t n, union value *v, int64_t into)
{
	int64_t k;

	switch (d) {
	case ACCEL_F32:
		if (step == 1)
			memcpy(v->f + into, (const float *)p + at,
			       (size_t)n * 4);
		else
			STRIDED(v->f + into, float, x);
		break;
	case ACCEL_F16:
		STRIDED(v->f + into, uint16_t, half_to_float(x));
		break;
	case ACCEL_I8:
		STRIDED(v->i + into, int8_t, x);
		break;
	case ACCEL_U8:
		STRIDED(v->i + into, uint8_t, x);
		break;
	case ACCEL_I32:
		STRIDED(v->i + into, int32_t, x);
		break;
	}
}

/* Elements [begin, begin + n) of an operand in the output's order. */
static void load(const struct layout *l, const void *p, int64_t begin,
		 int64_t n, union value *v)
{
	int64_t index[ACCEL_MAX_DIMS], at = l->offset, rest = begin, done = 0;
	int d, last = l->ndim - 1;

	if (last < 0) {
		load_run(l->dtype, p, at, 0, n, v, 0);
		return;
	}
	for (d = last; d >= 0; d--) {
		index[d] = rest % l->shape[d];
		rest /= l->shape[d];
		at += index[d] * l->stride[d];
	}
	while (done < n) {
		int64_t run = l->shape[last] - index[last];

		run = run < n - done ? run : n - done;
		load_run(l->dtype, p, at, l->stride[last], run, v, done);
		done += run;
		index[last] += run;
		at += run * l->stride[last];
		for (d = last; d > 0 && index[d] == l->shape[d]; d--) {
			at += l->stride[d - 1] - index[d] * l->stride[d];
			index[d] = 0;
			index[d - 1]++;
		}
	}
}

static int32_t to_int(float v)
{
	if (v != v)
		return 0;
	if (v <= -2147483648.0f)
		return INT32_MIN;
	if (v >= 2147483648.0f)
		return INT32_MAX;
	return (int32_t)v;
}

static void store(accel_dtype d, void *p, int64_t at, int64_t n,
		  const union value *v)
{
	int64_t k;

	switch (d) {
	case ACCEL_F32:
		memcpy((float *)p + at, v->f, (size_t)n * 4);
		break;
	case ACCEL_F16:
		for (k = 0; k < n; k++)
			((uint16_t *)p)[at + k] = half_from_float(v->f[k]);
		break;
	case ACCEL_I8:
		for (k = 0; k < n; k++)
			((int8_t *)p)[at + k] = (int8_t)v->i[k];
		break;
	case ACCEL_U8:
		for (k = 0; k < n; k++)
			((uint8_t *)p)[at + k] = (uint8_t)v->i[k];
		break;
	case ACCEL_I32:
		memcpy((int32_t *)p + at, v->i, (size_t)n * 4);
		break;
	}
}

/* ---- instructions: whole blocks, so that the compiler can vectorize ---- */

#define EACH(expr)                                                             \
	do {                                                                   \
		for (int k = 0; k < BLOCK; k++)                                \
			d[k] = expr;                                           \
		return;                                                        \
	} while (0)

static float sigmoidf(float x)
{
	return 1.0f / (1.0f + expf(-x));
}

static void unary_f(enum op op, float *restrict d, const float *a)
{
	switch (op) {
	case OP_NEG:
		EACH(-a[k]);
	case OP_ABS:
		EACH(fabsf(a[k]));
	case OP_SIGN:
		EACH(a[k] > 0 ? 1.0f : a[k] < 0 ? -1.0f : a[k]);
	case OP_FLOOR:
		EACH(floorf(a[k]));
	case OP_CEIL:
		EACH(ceilf(a[k]));
	case OP_ROUND:
		EACH(nearbyintf(a[k]));
	case OP_RELU:
		EACH(a[k] < 0 ? 0 : a[k]);
	case OP_EXP:
		EACH(expf(a[k]));
	case OP_LOG:
		EACH(logf(a[k]));
	case OP_SQRT:
		EACH(sqrtf(a[k]));
	case OP_RSQRT:
		EACH(1.0f / sqrtf(a[k]));
	case OP_TANH:
		EACH(tanhf(a[k]));
	case OP_SIGMOID:
		EACH(sigmoidf(a[k]));
	case OP_GELU:
		EACH(0.5f * a[k] * (1.0f + erff(a[k] * 0.70710678f)));
	case OP_SILU:
		EACH(a[k] * sigmoidf(a[k]));
	case OP_SIN:
		EACH(sinf(a[k]));
	case OP_COS:
		EACH(cosf(a[k]));
	case OP_ERF:
		EACH(erff(a[k]));
	default:
		EACH(a[k]);
	}
}

static void binary_f(enum op op, float *restrict d, const float *a,
		     const float *b)
{
	switch (op) {
	case OP_ADD:
		EACH(a[k] + b[k]);
	case OP_SUB:
		EACH(a[k] - b[k]);
	case OP_MUL:
		EACH(a[k] * b[k]);
	case OP_DIV:
		EACH(a[k] / b[k]);
	case OP_POW:
		EACH(powf(a[k], b[k]));
	case OP_MIN:
		EACH(a[k] < b[k] || a[k] != a[k] ? a[k] : b[k]);
	case OP_MAX:
		EACH(a[k] > b[k] || a[k] != a[k] ? a[k] : b[k]);
	default:
		return;
	}
}

static void compare_f(enum op op, int32_t *restrict d, const float *a,
		      const float *b)
{
	switch (op) {
	case OP_EQ:
		EACH(a[k] == b[k]);
	case OP_NE:
		EACH(a[k] != b[k]);
	case OP_LT:
		EACH(a[k] < b[k]);
	default:
		EACH(a[k] <= b[k]);
	}
}

/* Arithmetic wraps: it is done on the unsigned bits. */
static void binary_i(enum op op, int32_t *restrict d, const int32_t *a,
		     const int32_t *b)
{
	switch (op) {
	case OP_ADD:
		EACH((int32_t)((uint32_t)a[k] + (uint32_t)b[k]));
	case OP_SUB:
		EACH((int32_t)((uint32_t)a[k] - (uint32_t)b[k]));
	case OP_MUL:
		EACH((int32_t)((uint32_t)a[k] * (uint32_t)b[k]));
	case OP_MIN:
		EACH(a[k] < b[k] ? a[k] : b[k]);
	case OP_MAX:
		EACH(a[k] > b[k] ? a[k] : b[k]);
	case OP_EQ:
		EACH(a[k] == b[k]);
	case OP_NE:
		EACH(a[k] != b[k]);
	case OP_LT:
		EACH(a[k] < b[k]);
	case OP_LE:
		EACH(a[k] <= b[k]);
	default:
		return;
	}
}

static void unary_i(enum op op, int32_t *restrict d, const int32_t *a)
{
	switch (op) {
	case OP_NEG:
		EACH((int32_t)(0u - (uint32_t)a[k]));
	case OP_ABS:
		EACH((int32_t)(a[k] < 0 ? 0u - (uint32_t)a[k]
					: (uint32_t)a[k]));
	case OP_SIGN:
		EACH((a[k] > 0) - (a[k] < 0));
	case OP_RELU:
		EACH(a[k] > 0 ? a[k] : 0);
	default:
		EACH(a[k]);
	}
}

static void narrow(accel_dtype t, int32_t *d)
{
	int k;

	if (t == ACCEL_I8)
		for (k = 0; k < BLOCK; k++)
			d[k] = (int8_t)d[k];
	else if (t == ACCEL_U8)
		for (k = 0; k < BLOCK; k++)
			d[k] = (uint8_t)d[k];
}

static void cast(accel_dtype from, accel_dtype to, union value *d,
		 const union value *a)
{
	bool f = dtype_is_float(from);
	int k;

	if (dtype_is_float(to)) {
		for (k = 0; k < BLOCK; k++)
			d->f[k] = f ? a->f[k] : (float)a->i[k];
		if (to == ACCEL_F16 && from != ACCEL_F16)
			for (k = 0; k < BLOCK; k++)
				d->f[k] =
					half_to_float(half_from_float(d->f[k]));
		return;
	}
	for (k = 0; k < BLOCK; k++)
		d->i[k] = f ? to_int(a->f[k]) : a->i[k];
	narrow(to, d->i);
}

static void run_ins(const struct ew *ew, const struct ew_ins *x, union value *v,
		    union value *d)
{
	const union value *a = &v[x->a], *b = &v[x->b], *c = &v[x->c];
	bool f = dtype_is_float(ew->dtype[x->a]);
	int k;

	if (x->op == OP_CAST) {
		cast(ew->dtype[x->a], x->dtype, d, a);
		return;
	}
	if (x->op == OP_WHERE) {
		/* the same bits either way */
		for (k = 0; k < BLOCK; k++)
			d->i[k] = a->i[k] ? b->i[k] : c->i[k];
		return;
	}
	if (op_table[x->op].class == CLASS_UNARY && f)
		unary_f(x->op, d->f, a->f);
	else if (op_table[x->op].class == CLASS_UNARY)
		unary_i(x->op, d->i, a->i);
	else if (f && x->op >= OP_EQ && x->op <= OP_LE)
		compare_f(x->op, d->i, a->f, b->f);
	else if (f)
		binary_f(x->op, d->f, a->f, b->f);
	else
		binary_i(x->op, d->i, a->i, b->i);
	if (!dtype_is_float(x->dtype))
		narrow(x->dtype, d->i);
}

static void run_blocks(void *arg, int64_t begin, int64_t end)
{
	union value v[EW_MAX_IN + EW_MAX_IMM + EW_MAX_INS];
	const struct job *j = arg;
	const struct ew *ew = j->ew;
	uint32_t i, first = ew->n_in + ew->n_imm;
	int64_t at, n;
	int k;

	for (i = 0; i < ew->n_imm; i++) {
		union value *m = &v[ew->n_in + i];
		bool f = dtype_is_float(ew->dtype[ew->n_in + i]);

		for (k = 0; k < BLOCK; k++) {
			if (f)
				m->f[k] = (float)ew->imm[i];
			else
				m->i[k] = (int32_t)ew->imm[i];
		}
	}
	for (at = begin; at < end; at += BLOCK) {
		n = end - at < BLOCK ? end - at : BLOCK;
		for (i = 0; i < ew->n_in; i++) {
			if (n < BLOCK)
				memset(&v[i], 0, sizeof(v[i]));
			load(&j->l[i + 1], j->from[i], at, n, &v[i]);
		}
		for (i = 0; i < ew->n_ins; i++)
			run_ins(ew, &ew->ins[i], v, &v[first + i]);
		for (i = 0; i < ew->n_out; i++)
			store(j->to_dtype[i], j->to[i], j->to_offset[i] + at, n,
			      &v[ew->out[i]]);
	}
}

void cpu_program(struct cpu *c, const struct ew *ew, const struct operand *in,
		 const struct operand *out, void *const *base)
{
	struct job j = { .ew = ew, .n_in = ew->n_in };
	uint32_t i;

	j.l[0] = out[0].l;
	for (i = 0; i < ew->n_in; i++) {
		j.l[i + 1] = in[i].l;
		j.from[i] = cpu_base(&in[i], base);
	}
	for (i = 0; i < ew->n_out; i++) {
		j.to[i] = cpu_base(&out[i], base);
		j.to_offset[i] = out[i].l.offset;
		j.to_dtype[i] = out[i].l.dtype;
	}
	layout_collapse(j.l, (int)ew->n_in + 1);
	threads_for(c->threads, layout_count(&out[0].l),
		    CPU_GRAIN / (ew->n_ins + 1) / BLOCK * BLOCK + BLOCK,
		    run_blocks, &j);
}
