// SPDX-License-Identifier: MIT
/* Chains of element-wise operations: packing for shaders/elementwise.glsl. */
#include <string.h>

#include "view.h"

#include "../libaccel/src/base/error.h"

#define WORDS 32 /* of push constants */
#define OPERANDS COMPUTE_EW_OPERANDS
#define STEPS 6 /* dimensions of the shader */
#define INT 'i'
#define FLOAT 'f'

enum mode { LINEAR, SCALAR, STRIDED, VECTOR };

/* Inputs are operands 0.., outputs these. */
static const uint8_t out_slot[COMPUTE_EW_MAX_OUT] = { 6, 7, 5 };

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
};

/* The view of operand i, NULL if there is none; which output it is, or -1. */
static const struct compute_view *operand(const struct compute_elementwise *e,
					  uint32_t i, int *out)
{
	for (*out = 0; *out < (int)e->n_out; ++*out)
		if (out_slot[*out] == i)
			return &e->out[*out];
	*out = -1;
	return i < e->n_in ? &e->in[i] : NULL;
}

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

	if (op->code == COMPUTE_EW_NONE || op->code >= COMPUTE_EW_CODES)
		return accel_error(ACCEL_ERR_INVALID,
				   "elementwise: operation %u has code %u of "
				   "1 to %u",
				   i, op->code, (unsigned)COMPUTE_EW_CODES - 1);
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
	    e->n_out > COMPUTE_EW_MAX_OUT || e->n_in + e->n_out > OPERANDS)
		return accel_error(ACCEL_ERR_INVALID,
				   "elementwise: %u inputs (6), %u operations "
				   "(24), %u immediates (8), %u outputs (1..3; "
				   "8 with the inputs)",
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
	int32_t list[OPERANDS][COMPUTE_MAX_DIMS];
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

		who[n] = out_slot[i];
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
	if (p->rank > STEPS)
		return accel_error(ACCEL_ERR_RANGE,
				   "elementwise: %u dimensions that step "
				   "apart, the kernel takes %d",
				   p->rank, STEPS);
	return ACCEL_OK;
}

static enum mode mode_of(const struct plan *p, uint32_t slot, bool out)
{
	const int32_t *stride = p->stride[slot];
	bool zero = true, linear = true;
	int64_t want = 1;

	for (uint32_t d = p->rank; d-- > 0;) {
		zero &= stride[d] == 0;
		linear &= stride[d] == want || p->size[d] == 1;
		want *= p->size[d];
	}
	if (zero && !out)
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
		p->mode[i] = mode_of(p, i, false);
	for (uint32_t i = 0; i < e->n_out; i++)
		p->mode[out_slot[i]] = mode_of(p, out_slot[i], true);
	return s;
}

bool compute_elementwise_fits(const struct compute_elementwise *e)
{
	uint32_t strides, imm;
	struct plan p;

	return !make_plan(e, &p) && words(e, &p, &strides, &imm) <= WORDS;
}

/* Stores whole words over the end of what has to stay. */
static bool oversteps(const struct compute_view *v)
{
	return v->exact && view_count(v) * compute_dtype_size(v->dtype) % 4;
}

static accel_status bind_all(struct compute_record *rec,
			     const struct compute_elementwise *e,
			     struct plan *p)
{
	accel_status s = ACCEL_OK;
	int out;

	for (uint32_t i = 0; i < OPERANDS && !s; i++) {
		const struct compute_view *v = operand(e, i, &out);

		if (!v)
			continue;
		s = view_bind(rec,
			      out < 0 ? "elementwise: input"
				      : "elementwise: output",
			      v, out >= 0, &p->bind[i], &p->start[i]);
		/* the shaders of texels take it that a VECTOR starts at 0 */
		if (p->mode[i] == LINEAR && !(out >= 0 && oversteps(v)) &&
		    (p->start[i] == 0 ||
		     (p->start[i] % 4 == 0 && !prefers_texels(rec->dev))))
			p->mode[i] = VECTOR;
	}
	/* the shader's table has no holes */
	for (uint32_t i = 0; i < OPERANDS; i++) {
		if (p->bind[i].buffer)
			continue;
		p->bind[i] = p->bind[out_slot[0]];
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

/* Whether to read inputs by texel fetches, and then their texel bindings. */
static bool use_texels(const struct compute_device *dev,
		       const struct compute_elementwise *e,
		       const struct plan *p, struct compute_binding *bind)
{
	bool any = false;

	if (!prefers_texels(dev))
		return false;
	for (uint32_t i = 0; i < COMPUTE_EW_MAX_IN; i++) {
		bool quads = i < e->n_in && p->mode[i] == VECTOR &&
			     compute_dtype_size(e->in[i].dtype) == 4;

		/* only what is read so: the others may be too long */
		bind[i] = p->bind[quads ? i : 0];
		if (!quads)
			bind[i].range = 16;
		if (p->bind[i].range / 16 > dev->limits.max_texels)
			return false;
		bind[i].writes = false;
		any |= quads;
	}
	return any;
}

static uint32_t shader_of(uint32_t max_ops, bool texels)
{
	switch (max_ops) {
	case 2:
		return texels ? COMPUTE_SHADER_elementwise2_texel
			      : COMPUTE_SHADER_elementwise2;
	case 8:
		return texels ? COMPUTE_SHADER_elementwise8_texel
			      : COMPUTE_SHADER_elementwise8;
	default:
		return texels ? COMPUTE_SHADER_elementwise24_texel
			      : COMPUTE_SHADER_elementwise24;
	}
}

static accel_status elementwise(struct compute_record *rec,
				const struct compute_elementwise *e)
{
	uint32_t spec[6 + COMPUTE_EW_MAX_OPS] = { 0 }, push[WORDS] = { 0 };
	struct compute_binding bind[OPERANDS + COMPUTE_EW_MAX_IN];
	uint32_t groups[3], strides, imm, total, local, max_ops;
	struct plan p;
	accel_status s;
	bool texels;
	int out;

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
	spec[0] = local;
	spec[1] = e->n_in | e->n_ops << 8 | e->n_out << 16 | p.rank << 24;
	for (uint32_t i = 0; i < OPERANDS; i++) {
		const struct compute_view *v = operand(e, i, &out);

		spec[3] |= (uint32_t)p.mode[i] << 2 * i;
		if (!v)
			continue;
		spec[2] |= v->dtype << 3 * i;
		if (out < 0)
			continue;
		spec[4] |= (uint32_t)e->out_value[out]
			   << (out < 2 ? 8 * out : 24);
		if (value_type(e, e->out_value[out], e->n_ops) == FLOAT)
			spec[4] |= 1u << (16 + out);
	}
	spec[5] = strides | imm << 8;
	for (uint32_t i = 0; i < e->n_ops; i++)
		spec[6 + i] = e->op[i].code | (uint32_t)e->op[i].a << 8 |
			      (uint32_t)e->op[i].b << 16 |
			      (uint32_t)e->op[i].c << 24;
	grid_1d(rec->dev, div_up(p.n, 4 * local), groups);
	memcpy(bind, p.bind, sizeof(p.bind));
	texels = use_texels(rec->dev, e, &p, &bind[OPERANDS]);
	return launch(rec, shader_of(max_ops, texels), spec, 6 + max_ops, bind,
		      texels ? OPERANDS + COMPUTE_EW_MAX_IN : OPERANDS, push,
		      WORDS, 0, groups);
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
