// SPDX-License-Identifier: MIT
/* Chains of element-wise operations: packing for shaders/elementwise.glsl. */
#include <string.h>

#include "view.h"

#include "../libaccel/src/base/error.h"

#define WORDS 32 /* of push constants */
#define OUT_SLOT 6 /* outputs are operands 6 and 7 */
#define OPERANDS 8
#define INT 'i'
#define FLOAT 'f'

enum mode { LINEAR, SCALAR, STRIDED, VECTOR };

static const struct {
	const char *name;
	uint8_t arity;
	char in, out;
} ops[] = {
#define COMPUTE_X(name, arity, in, out) { #name, arity, in, out },
	COMPUTE_EW_MAP(COMPUTE_X)
#undef COMPUTE_X
};

struct plan {
	uint32_t n, rank; /* of the merged shape */
	uint32_t size[COMPUTE_MAX_DIMS];
	int32_t stride[OPERANDS][COMPUTE_MAX_DIMS];
	enum mode mode[OPERANDS];
	uint32_t start[OPERANDS];
	struct compute_binding bind[OPERANDS];
	bool float_value[OPERANDS]; /* [OUT_SLOT..]: what is stored */
};

/* 'f' or 'i' of a value, 0 if there is no such value yet. */
static char value_type(const struct compute_elementwise *e, uint32_t v,
		       uint32_t done)
{
	if (v < COMPUTE_EW_IMM(0))
		return v < e->n_in
			       ? (e->in[v].dtype <= COMPUTE_F16 ? FLOAT : INT)
			       : 0;
	if (v < COMPUTE_EW_OP(0)) {
		v -= COMPUTE_EW_IMM(0);
		return v < e->n_imm ? (e->imm_int >> v & 1 ? INT : FLOAT) : 0;
	}
	v -= COMPUTE_EW_OP(0);
	return v < done ? ops[e->op[v].code].out : 0;
}

static accel_status check_op(const struct compute_elementwise *e, uint32_t i)
{
	const struct compute_ew_op *op = &e->op[i];
	const uint8_t src[3] = { op->a, op->b, op->c };

	if (op->code >= COMPUTE_EW_CODES)
		return accel_error(ACCEL_ERR_INVALID,
				   "elementwise: operation %u has code %u of "
				   "%u",
				   i, op->code, (unsigned)COMPUTE_EW_CODES);
	for (uint32_t a = 0; a < ops[op->code].arity; a++) {
		char have = value_type(e, src[a], i);
		char want = ops[op->code].in;

		if (want == 's')
			want = a ? ops[op->code].out : INT;
		if (have != want)
			return accel_error(
				ACCEL_ERR_INVALID,
				"elementwise: operation %u (%s): operand %u is "
				"value 0x%02x, which is %s, not %s",
				i, ops[op->code].name, a, src[a],
				!have         ? "none"
				: have == INT ? "i32"
					      : "f32",
				want == INT ? "i32" : "f32");
	}
	return ACCEL_OK;
}

static accel_status check(const struct compute_elementwise *e)
{
	accel_status s = ACCEL_OK;

	if (e->n_in > COMPUTE_EW_MAX_IN || e->n_ops > COMPUTE_EW_MAX_OPS ||
	    e->n_imm > COMPUTE_EW_MAX_IMM || !e->n_out ||
	    e->n_out > COMPUTE_EW_MAX_OUT)
		return accel_error(ACCEL_ERR_INVALID,
				   "elementwise: %u inputs (6), %u operations "
				   "(24), %u immediates (8), %u outputs (1..2)",
				   e->n_in, e->n_ops, e->n_imm, e->n_out);
	for (uint32_t i = 0; i < e->n_in && !s; i++)
		s = view_check("elementwise: input", &e->in[i]);
	for (uint32_t i = 0; i < e->n_out && !s; i++)
		s = view_check("elementwise: output", &e->out[i]);
	for (uint32_t i = 0; i < e->n_ops && !s; i++)
		s = check_op(e, i);
	for (uint32_t i = 0; i < e->n_out && !s; i++) {
		if (!value_type(e, e->out_value[i], e->n_ops))
			s = accel_error(ACCEL_ERR_INVALID,
					"elementwise: output %u stores value "
					"0x%02x, which is none",
					i, e->out_value[i]);
	}
	return s;
}

/* The merged shape and every operand's strides over it. */
static accel_status lay_out(const struct compute_elementwise *e, struct plan *p)
{
	const struct compute_view *o = &e->out[0];
	int32_t list[OPERANDS][6];
	uint32_t n = 0, who[OPERANDS];
	accel_status s;

	p->n = (uint32_t)view_count(o);
	p->rank = o->rank;
	memcpy(p->size, o->size, sizeof(p->size));
	for (uint32_t i = 0; i < e->n_in; i++, n++) {
		who[n] = i;
		s = view_broadcast("elementwise: input", &e->in[i], o->rank,
				   o->size, list[n]);
		if (s)
			return s;
	}
	for (uint32_t i = 0; i < e->n_out; i++, n++) {
		char a[VIEW_TEXT], b[VIEW_TEXT];

		who[n] = OUT_SLOT + i;
		if (e->out[i].rank != o->rank ||
		    memcmp(e->out[i].size, o->size, o->rank * 4))
			return accel_error(ACCEL_ERR_SHAPE,
					   "elementwise: outputs %s and %s",
					   view_text(o, a),
					   view_text(&e->out[i], b));
		memcpy(list[n], e->out[i].stride, sizeof(list[n]));
	}
	dims_merge(&p->rank, p->size, list, n);
	for (uint32_t i = 0; i < n; i++)
		memcpy(p->stride[who[i]], list[i], sizeof(list[i]));
	return ACCEL_OK;
}

static enum mode mode_of(const struct plan *p, uint32_t operand)
{
	const int32_t *stride = p->stride[operand];
	bool zero = true, linear = true;
	int64_t want = 1;

	for (uint32_t d = p->rank; d-- > 0;) {
		zero &= stride[d] == 0;
		linear &= stride[d] == want || p->size[d] == 1;
		want *= p->size[d];
	}
	if (zero && operand < OUT_SLOT)
		return SCALAR;
	return linear ? LINEAR : STRIDED;
}

/* Words of push constants, and where strides and immediates are. */
static uint32_t words(const struct compute_elementwise *e, const struct plan *p,
		      uint32_t *strides, uint32_t *imm)
{
	uint32_t at = 3 + p->rank - 1;

	*strides = at;
	for (uint32_t i = 0; i < OPERANDS; i++)
		if (p->mode[i] == STRIDED)
			at += p->rank + 1;
	*imm = at;
	return at + e->n_imm;
}

static accel_status make_plan(const struct compute_elementwise *e,
			      struct plan *p)
{
	accel_status s;

	memset(p, 0, sizeof(*p));
	s = check(e);
	if (!s)
		s = lay_out(e, p);
	if (s || !p->n)
		return s;
	for (uint32_t i = 0; i < e->n_in; i++)
		p->mode[i] = mode_of(p, i);
	for (uint32_t i = 0; i < e->n_out; i++) {
		p->mode[OUT_SLOT + i] = mode_of(p, OUT_SLOT + i);
		p->float_value[OUT_SLOT + i] =
			value_type(e, e->out_value[i], e->n_ops) == FLOAT;
	}
	return s;
}

bool compute_elementwise_fits(const struct compute_elementwise *e)
{
	uint32_t strides, imm;
	struct plan p;

	return !make_plan(e, &p) && words(e, &p, &strides, &imm) <= WORDS;
}

static accel_status bind_all(struct compute_record *rec,
			     const struct compute_elementwise *e,
			     struct plan *p)
{
	accel_status s = ACCEL_OK;

	for (uint32_t i = 0; i < OPERANDS && !s; i++) {
		bool out = i >= OUT_SLOT;
		const struct compute_view *v = out ? &e->out[i - OUT_SLOT]
						   : &e->in[i];

		if (out ? i - OUT_SLOT >= e->n_out : i >= e->n_in)
			continue;
		s = view_bind(
			rec, out ? "elementwise: output" : "elementwise: input",
			v, out, &p->bind[i], &p->start[i]);
		if (p->mode[i] == LINEAR && p->start[i] % 4 == 0)
			p->mode[i] = VECTOR;
	}
	/* the shader's table has no holes */
	for (uint32_t i = 0; i < OPERANDS; i++) {
		if (p->bind[i].buffer)
			continue;
		p->bind[i] = p->bind[OUT_SLOT];
		p->bind[i].writes = false;
	}
	return s;
}

static void pack_push(const struct compute_elementwise *e, const struct plan *p,
		      uint32_t at, uint32_t imm, uint32_t push[WORDS])
{
	push[0] = p->n;
	for (uint32_t d = 1; d < p->rank; d++)
		push[3 + d - 1] = p->size[d];
	for (uint32_t i = 0; i < OPERANDS; i++) {
		if (p->mode[i] != STRIDED) {
			push[1 + i / 4] |= p->start[i] << 8 * (i % 4);
			continue;
		}
		push[at++] = p->start[i];
		for (uint32_t d = 0; d < p->rank; d++)
			push[at++] = (uint32_t)p->stride[i][d];
	}
	memcpy(&push[imm], e->imm, e->n_imm * sizeof(uint32_t));
}

static accel_status elementwise(struct compute_record *rec,
				const struct compute_elementwise *e)
{
	uint32_t spec[6 + COMPUTE_EW_MAX_OPS] = { 0 }, push[WORDS] = { 0 };
	uint32_t groups[3], strides, imm, total, local, max_ops, shader;
	struct plan p;
	accel_status s;

	s = make_plan(e, &p);
	if (s || !p.n)
		return s;
	total = words(e, &p, &strides, &imm);
	if (total > WORDS)
		return accel_error(ACCEL_ERR_RANGE,
				   "elementwise: %u words of sizes and strides "
				   "(%u merged dimensions), %d fit",
				   total, p.rank, WORDS);
	s = bind_all(rec, e, &p);
	if (s)
		return s;
	pack_push(e, &p, strides, imm, push);

	local = p.n >= 1 << 16 && rec->dev->limits.max_invocations >= 256 ? 256
									  : 64;
	max_ops = e->n_ops <= 2 ? 2 : e->n_ops <= 8 ? 8 : COMPUTE_EW_MAX_OPS;
	shader = max_ops == 2   ? COMPUTE_SHADER_elementwise2
		 : max_ops == 8 ? COMPUTE_SHADER_elementwise8
				: COMPUTE_SHADER_elementwise24;
	spec[0] = local;
	spec[1] = e->n_in | e->n_ops << 8 | e->n_out << 16 | p.rank << 24;
	for (uint32_t i = 0; i < OPERANDS; i++) {
		bool out = i >= OUT_SLOT;

		spec[3] |= (uint32_t)p.mode[i] << 2 * i;
		if (out && i - OUT_SLOT < e->n_out) {
			spec[2] |= e->out[i - OUT_SLOT].dtype << 3 * i;
			spec[4] |= (uint32_t)e->out_value[i - OUT_SLOT]
				   << 8 * (i - OUT_SLOT);
			spec[4] |= (uint32_t)p.float_value[i]
				   << (16 + i - OUT_SLOT);
		} else if (!out && i < e->n_in) {
			spec[2] |= e->in[i].dtype << 3 * i;
		}
	}
	spec[5] = strides | imm << 8;
	for (uint32_t i = 0; i < e->n_ops; i++)
		spec[6 + i] = e->op[i].code | (uint32_t)e->op[i].a << 8 |
			      (uint32_t)e->op[i].b << 16 |
			      (uint32_t)e->op[i].c << 24;
	grid_1d(rec->dev, div_up(p.n, 4 * local), groups);
	return launch(rec, shader, spec, 6 + max_ops, p.bind, OPERANDS, push,
		      WORDS, groups);
}

accel_status compute_elementwise(struct compute_record *rec,
				 const struct compute_elementwise *e)
{
	return compute_record_fail(rec, elementwise(rec, e));
}

accel_status compute_copy(struct compute_record *rec,
			  const struct compute_view *in,
			  const struct compute_view *out)
{
	struct compute_elementwise e = { .n_in = 1, .n_out = 1 };

	e.in[0] = *in;
	e.out[0] = *out;
	e.out_value[0] = COMPUTE_EW_IN(0);
	return compute_elementwise(rec, &e);
}

accel_status compute_fill(struct compute_record *rec,
			  const struct compute_view *out, double value)
{
	struct compute_elementwise e = { .n_imm = 1, .n_out = 1 };

	e.out[0] = *out;
	if (out->dtype <= COMPUTE_F16) {
		e.imm[0].f = (float)value;
	} else {
		e.imm[0].i = (int32_t)value;
		e.imm_int = 1;
	}
	e.out_value[0] = COMPUTE_EW_IMM(0);
	return compute_elementwise(rec, &e);
}
