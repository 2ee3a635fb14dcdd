// SPDX-License-Identifier: MIT
/*
 * Element-wise programs, a block of elements at a time: every value of a block
 * stays in the cache between instructions. f16 computes in f32, narrow integers
 * in i32. Inputs and outputs that are such numbers one after the other are used
 * where they are.
 */
#include <math.h>
#include <string.h>

#include "../../base/half.h"
#include "cpu.h"
#include "vmath.h"

#define BLOCK 512

#define VALUES (EW_MAX_IN + EW_MAX_IMM + EW_MAX_INS)

union value {
	float f[BLOCK];
	int32_t i[BLOCK];
};

enum access {
	ACCESS_COPY, /* loaded block by block */
	ACCESS_ONCE, /* one element for all: loaded before the first block */
	ACCESS_DIRECT, /* read where it is */
};

struct job {
	const struct ew *ew;
	struct layout l[EW_MAX_IN + 1]; /* output's shape, then inputs */
	const void *from[EW_MAX_IN];
	uint8_t access[EW_MAX_IN];
	void *to[EW_MAX_OUT];
	int64_t to_offset[EW_MAX_OUT];
	uint8_t to_dtype[EW_MAX_OUT];
	/* the output an instruction writes where it goes; -1: none */
	int8_t writes[EW_MAX_INS];
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
		if (step == 1) {
			memcpy(v->f + into, (const float *)p + at,
			       (size_t)n * 4);
		} else if (!step) {
			float one = ((const float *)p)[at];

			for (k = 0; k < n; k++)
				v->f[into + k] = one;
		} else {
			STRIDED(v->f + into, float, x);
		}
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

static void store(accel_dtype d, void *p, int64_t at, int64_t n, const void *v)
{
	const float *f = v;
	const int32_t *i = v;
	int64_t k;

	switch (d) {
	case ACCEL_F32:
		memcpy((float *)p + at, f, (size_t)n * 4);
		break;
	case ACCEL_F16:
		for (k = 0; k < n; k++)
			((uint16_t *)p)[at + k] = half_from_float(f[k]);
		break;
	case ACCEL_I8:
		for (k = 0; k < n; k++)
			((int8_t *)p)[at + k] = (int8_t)i[k];
		break;
	case ACCEL_U8:
		for (k = 0; k < n; k++)
			((uint8_t *)p)[at + k] = (uint8_t)i[k];
		break;
	case ACCEL_I32:
		memcpy((int32_t *)p + at, i, (size_t)n * 4);
		break;
	}
}

/* ---- instructions ---- */

#define EACH(expr)                                                             \
	do {                                                                   \
		for (int64_t k = 0; k < n; k++)                                \
			d[k] = expr;                                           \
		return;                                                        \
	} while (0)

/* n results of an instruction: of x, or of x and y. */
typedef void loop(int64_t n, void *restrict to, const void *one,
		  const void *other);

#define LOOP(name, result, operand, expr)                                      \
	VECTOR static void name(int64_t n, void *restrict to, const void *one, \
				const void *other)                             \
	{                                                                      \
		const operand *a = one, *b = other;                            \
		result *restrict d = to;                                       \
                                                                               \
		for (int64_t k = 0; k < n; k++) {                              \
			operand x = a[k], y = b[k];                            \
                                                                               \
			(void)y;                                               \
			d[k] = expr;                                           \
		}                                                              \
	}
#define FLOATS(NAME, expr) LOOP(float_##NAME, float, float, expr)
#define COMPARE(NAME, expr)                                                    \
	LOOP(float_##NAME, int32_t, float, expr)                               \
	LOOP(int_##NAME, int32_t, int32_t, expr)
/* Arithmetic wraps: it is done on the unsigned bits. */
#define INTEGERS(NAME, expr) LOOP(int_##NAME, int32_t, int32_t, expr)
#define WRAP(expr) ((int32_t)(expr))
#define BITS(v) ((uint32_t)(v))

FLOATS(NEG, -x)
INTEGERS(NEG, WRAP(0u - BITS(x)))
FLOATS(ABS, fabsf(x))
INTEGERS(ABS, WRAP(x < 0 ? 0u - BITS(x) : BITS(x)))
FLOATS(SIGN, x > 0 ? 1.0f : x < 0 ? -1.0f : x)
INTEGERS(SIGN, (x > 0) - (x < 0))
FLOATS(FLOOR, floorf(x))
FLOATS(CEIL, ceilf(x))
FLOATS(ROUND, nearbyintf(x))
FLOATS(RELU, x < 0 ? 0 : x)
INTEGERS(RELU, x > 0 ? x : 0)
FLOATS(EXP, v_exp(x))
FLOATS(LOG, v_log(x))
FLOATS(SQRT, sqrtf(x))
FLOATS(RSQRT, 1.0f / sqrtf(x))
FLOATS(TANH, v_tanh(x))
FLOATS(SIGMOID, v_sigmoid(x))
FLOATS(GELU, 0.5f * x * (1.0f + v_erf(x * 0.70710678f)))
FLOATS(SILU, x *v_sigmoid(x))
FLOATS(SIN, sinf(x))
FLOATS(COS, cosf(x))
FLOATS(ERF, v_erf(x))

FLOATS(ADD, x + y)
INTEGERS(ADD, WRAP(BITS(x) + BITS(y)))
FLOATS(SUB, x - y)
INTEGERS(SUB, WRAP(BITS(x) - BITS(y)))
FLOATS(MUL, x *y)
INTEGERS(MUL, WRAP(BITS(x) * BITS(y)))
FLOATS(DIV, x / y)
FLOATS(POW, powf(x, y))
FLOATS(MIN, x < y || x != x ? x : y)
INTEGERS(MIN, x < y ? x : y)
FLOATS(MAX, x > y || x != x ? x : y)
INTEGERS(MAX, x > y ? x : y)
COMPARE(EQ, x == y)
COMPARE(NE, x != y)
COMPARE(LT, x < y)
COMPARE(LE, x <= y)

/* By the type of the operands. OWN: see run_ins(). */
#define FLOAT_OWN(NAME)
#define FLOAT_ANY(NAME) [OP_##NAME] = float_##NAME,
#define FLOAT_WHOLE FLOAT_ANY
#define FLOAT_FLOATS FLOAT_ANY
#define FLOAT_COMPARE FLOAT_ANY
static loop *const float_loop[OP_COUNT] = {
#define UNARY(NAME, name, takes, act, slope) FLOAT_##takes(NAME)
#define BINARY(NAME, name, takes, slope) FLOAT_##takes(NAME)
#include "../../ops/ops.def"
};

#define INT_OWN(NAME)
#define INT_ANY(NAME) [OP_##NAME] = int_##NAME,
#define INT_WHOLE(NAME)
#define INT_FLOATS(NAME)
#define INT_COMPARE INT_ANY
static loop *const int_loop[OP_COUNT] = {
#define UNARY(NAME, name, takes, act, slope) INT_##takes(NAME)
#define BINARY(NAME, name, takes, slope) INT_##takes(NAME)
#include "../../ops/ops.def"
};

static void narrow(accel_dtype t, int64_t n, int32_t *d)
{
	int64_t k;

	if (t == ACCEL_I8)
		for (k = 0; k < n; k++)
			d[k] = (int8_t)d[k];
	else if (t == ACCEL_U8)
		for (k = 0; k < n; k++)
			d[k] = (uint8_t)d[k];
}

VECTOR static void from_int(int64_t n, float *restrict d, const int32_t *a)
{
	EACH((float)a[k]);
}

VECTOR static void where(int64_t n, int32_t *restrict d, const int32_t *a,
			 const int32_t *b, const int32_t *c)
{
	EACH(a[k] ? b[k] : c[k]);
}

static void cast(accel_dtype from, accel_dtype to, int64_t n, void *d,
		 const void *a)
{
	bool f = dtype_is_float(from);
	float *df = d;
	int32_t *di = d;
	int64_t k;

	if (!dtype_is_float(to)) {
		const float *af = a;

		if (f)
			for (k = 0; k < n; k++)
				di[k] = to_int(af[k]);
		else
			memcpy(d, a, (size_t)n * 4);
		narrow(to, n, di);
		return;
	}
	if (f)
		memcpy(d, a, (size_t)n * 4);
	else
		from_int(n, df, a);
	if (to == ACCEL_F16 && from != ACCEL_F16)
		for (k = 0; k < n; k++)
			df[k] = half_to_float(half_from_float(df[k]));
}

/* v: where each value of this block is; d: where the result goes. */
static void run_ins(const struct ew *ew, const struct ew_ins *x, int64_t n,
		    const void *const *v, void *d)
{
	const void *a = v[x->a], *b = v[x->b];
	bool f = dtype_is_float(ew->dtype[x->a]);

	if (x->op == OP_CAST || x->op == OP_COPY) {
		cast(ew->dtype[x->a], x->dtype, n, d, a);
		return;
	}
	if (x->op == OP_WHERE) {
		/* the same bits either way */
		where(n, d, a, b, v[x->c]);
		return;
	}
	(f ? float_loop : int_loop)[x->op](n, d, a, b);
	if (!dtype_is_float(x->dtype))
		narrow(x->dtype, n, d);
}

/* What is the same in every block, of n elements at most. */
static void load_once(const struct job *j, int64_t n, union value *buf)
{
	const struct ew *ew = j->ew;
	uint32_t i, at;
	int64_t k;

	for (i = 0; i < ew->n_in; i++)
		if (j->access[i] == ACCESS_ONCE)
			load_run(j->l[i + 1].dtype, j->from[i],
				 j->l[i + 1].offset, 0, n, &buf[i], 0);
	for (i = 0; i < ew->n_imm; i++) {
		float f = (float)ew->imm[i];
		int32_t whole;

		at = ew->n_in + i;
		if (dtype_is_float(ew->dtype[at])) {
			for (k = 0; k < n; k++)
				buf[at].f[k] = f;
		} else {
			whole = (int32_t)ew->imm[i];
			for (k = 0; k < n; k++)
				buf[at].i[k] = whole;
		}
	}
}

static void run_blocks(void *arg, int64_t begin, int64_t end)
{
	const struct job *j = arg;
	const struct ew *ew = j->ew;
	uint32_t i, first = ew->n_in + ew->n_imm;
	union value buf[VALUES];
	const void *v[VALUES];
	int64_t at, n;

	load_once(j, end - begin < BLOCK ? end - begin : BLOCK, buf);
	for (i = 0; i < first + ew->n_ins; i++)
		v[i] = &buf[i];
	for (at = begin; at < end; at += BLOCK) {
		n = end - at < BLOCK ? end - at : BLOCK;
		for (i = 0; i < ew->n_in; i++) {
			if (j->access[i] == ACCESS_DIRECT)
				v[i] = (const float *)j->from[i] +
				       j->l[i + 1].offset + at;
			else if (j->access[i] == ACCESS_COPY)
				load(&j->l[i + 1], j->from[i], at, n, &buf[i]);
		}
		for (i = 0; i < ew->n_ins; i++) {
			void *d = &buf[first + i];
			int o = j->writes[i];

			if (o >= 0)
				d = (float *)j->to[o] + j->to_offset[o] + at;
			run_ins(ew, &ew->ins[i], n, v, d);
			v[first + i] = d;
		}
		for (i = 0; i < ew->n_out; i++)
			if (ew->out[i] < first ||
			    j->writes[ew->out[i] - first] != (int)i)
				store(j->to_dtype[i], j->to[i],
				      j->to_offset[i] + at, n, v[ew->out[i]]);
	}
}

/* Numbers as the instructions work on them. */
static bool plain(accel_dtype d)
{
	return d == ACCEL_F32 || d == ACCEL_I32;
}

static enum access access_of(const struct layout *l)
{
	bool one = true;
	int d;

	for (d = 0; d < l->ndim; d++)
		one = one && (!l->stride[d] || l->shape[d] == 1);
	if (one)
		return ACCESS_ONCE;
	return plain(l->dtype) && layout_dense(l) ? ACCESS_DIRECT : ACCESS_COPY;
}

static bool reads(const struct ew_ins *x, uint32_t value)
{
	int class = op_table[x->op].class;

	return x->a == value || (class >= CLASS_BINARY && x->b == value) ||
	       (class >= CLASS_SELECT && x->c == value);
}

/*
 * Which instructions may write where their value goes: those after which no
 * input that is read in place at the same memory is read again. Such an input
 * stands at the same elements: what is updated in place has one layout.
 */
static void choose_writes(struct job *j)
{
	const struct ew *ew = j->ew;
	uint32_t first = ew->n_in + ew->n_imm, o, i, k;

	memset(j->writes, -1, sizeof(j->writes));
	for (o = 0; o < ew->n_out; o++) {
		bool fine = ew->out[o] >= first && plain(j->to_dtype[o]);

		if (!fine || j->writes[ew->out[o] - first] >= 0)
			continue;
		for (i = 0; i < ew->n_in && fine; i++) {
			if (j->access[i] != ACCESS_DIRECT ||
			    j->from[i] != j->to[o])
				continue;
			for (k = ew->out[o] - first + 1; k < ew->n_ins; k++)
				fine = fine && !reads(&ew->ins[k], i);
			for (k = 0; k < ew->n_out; k++)
				fine = fine && ew->out[k] != i;
			fine = fine && j->l[i + 1].offset == j->to_offset[o];
		}
		if (fine)
			j->writes[ew->out[o] - first] = (int8_t)o;
	}
}

void cpu_program(struct cpu *c, const struct ew *ew, const struct operand *in,
		 const struct operand *out, void *const *base)
{
	struct job j = { .ew = ew };
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
	for (i = 0; i < ew->n_in; i++)
		j.access[i] = access_of(&j.l[i + 1]);
	choose_writes(&j);
	threads_for(c->threads, layout_count(&out[0].l),
		    CPU_GRAIN / (ew->n_ins + 1) / BLOCK * BLOCK + BLOCK,
		    run_blocks, &j);
}
