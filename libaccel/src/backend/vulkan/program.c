// SPDX-License-Identifier: MIT
/* Element-wise programs in the codes of compute/'s chains. */
#include <string.h>

#include "vulkan.h"

struct translation {
	struct compute_elementwise *e;
	const struct ew *ew;
	uint8_t value[EW_MAX_IN + EW_MAX_IMM + EW_MAX_INS]; /* theirs */
	bool full;
};

static uint8_t emit(struct translation *t, uint32_t code, uint8_t a, uint8_t b,
		    uint8_t c)
{
	struct compute_elementwise *e = t->e;

	if (e->n_ops == COMPUTE_EW_MAX_OPS) {
		t->full = true;
		return 0;
	}
	e->op[e->n_ops] = (struct compute_ew_op){ (uint8_t)code, a, b, c };
	return (uint8_t)COMPUTE_EW_OP(e->n_ops++);
}

static const uint8_t float_code[OP_COUNT] = {
	[OP_NEG] = COMPUTE_EW_NEG,         [OP_ABS] = COMPUTE_EW_ABS,
	[OP_SIGN] = COMPUTE_EW_SIGN,       [OP_FLOOR] = COMPUTE_EW_FLOOR,
	[OP_CEIL] = COMPUTE_EW_CEIL,       [OP_ROUND] = COMPUTE_EW_ROUND,
	[OP_RELU] = COMPUTE_EW_RELU,       [OP_EXP] = COMPUTE_EW_EXP,
	[OP_LOG] = COMPUTE_EW_LOG,         [OP_SQRT] = COMPUTE_EW_SQRT,
	[OP_RSQRT] = COMPUTE_EW_RSQRT,     [OP_TANH] = COMPUTE_EW_TANH,
	[OP_SIGMOID] = COMPUTE_EW_SIGMOID, [OP_GELU] = COMPUTE_EW_GELU,
	[OP_SILU] = COMPUTE_EW_SILU,       [OP_SIN] = COMPUTE_EW_SIN,
	[OP_COS] = COMPUTE_EW_COS,         [OP_ERF] = COMPUTE_EW_ERF,
	[OP_ADD] = COMPUTE_EW_ADD,         [OP_SUB] = COMPUTE_EW_SUB,
	[OP_MUL] = COMPUTE_EW_MUL,         [OP_DIV] = COMPUTE_EW_DIV,
	[OP_POW] = COMPUTE_EW_POW,         [OP_MIN] = COMPUTE_EW_MIN,
	[OP_MAX] = COMPUTE_EW_MAX,         [OP_EQ] = COMPUTE_EW_EQ,
	[OP_NE] = COMPUTE_EW_NE,           [OP_LT] = COMPUTE_EW_LT,
	[OP_LE] = COMPUTE_EW_LE,           [OP_WHERE] = COMPUTE_EW_SELECT,
};

static const uint8_t int_code[OP_COUNT] = {
	[OP_NEG] = COMPUTE_EW_INEG,   [OP_ABS] = COMPUTE_EW_IABS,
	[OP_SIGN] = COMPUTE_EW_ISIGN, [OP_RELU] = COMPUTE_EW_IMAX,
	[OP_ADD] = COMPUTE_EW_IADD,   [OP_SUB] = COMPUTE_EW_ISUB,
	[OP_MUL] = COMPUTE_EW_IMUL,   [OP_MIN] = COMPUTE_EW_IMIN,
	[OP_MAX] = COMPUTE_EW_IMAX,   [OP_EQ] = COMPUTE_EW_IEQ,
	[OP_NE] = COMPUTE_EW_INE,     [OP_LT] = COMPUTE_EW_ILT,
	[OP_LE] = COMPUTE_EW_ILE,     [OP_WHERE] = COMPUTE_EW_ISELECT,
};

/* A narrow integer holds the low bits only. */
static uint8_t narrow(struct translation *t, accel_dtype d, uint8_t v)
{
	if (d == ACCEL_I8)
		return emit(t, COMPUTE_EW_WRAP8, v, 0, 0);
	if (d == ACCEL_U8)
		return emit(t, COMPUTE_EW_WRAPU8, v, 0, 0);
	return v;
}

static uint8_t cast(struct translation *t, accel_dtype from, accel_dtype to,
		    uint8_t v)
{
	bool f = dtype_is_float(from);

	if (from == to)
		return v;
	if (dtype_is_float(to)) {
		if (!f)
			v = emit(t, COMPUTE_EW_I2F, v, 0, 0);
		return to == ACCEL_F16 ? emit(t, COMPUTE_EW_HALF, v, 0, 0) : v;
	}
	if (f)
		v = emit(t, COMPUTE_EW_F2I, v, 0, 0);
	return narrow(t, to, v);
}

static uint8_t translate(struct translation *t, const struct ew_ins *x)
{
	uint8_t a = t->value[x->a], b = t->value[x->b], c = t->value[x->c];
	accel_dtype type = t->ew->dtype[x->a];

	if (x->op == OP_CAST)
		return cast(t, type, x->dtype, a);
	if (x->op == OP_WHERE)
		return emit(t,
			    dtype_is_float(x->dtype) ? COMPUTE_EW_SELECT
						     : COMPUTE_EW_ISELECT,
			    a, b, c);
	if (dtype_is_float(type)) {
		if (op_table[x->op].class == CLASS_UNARY)
			b = 0;
		return emit(t, float_code[x->op], a, b, 0);
	}
	if (op_table[x->op].class == CLASS_UNARY)
		b = x->op == OP_RELU ? emit(t, COMPUTE_EW_ISUB, a, a, 0) : 0;
	a = emit(t, int_code[x->op], a, b, 0);
	switch (x->op) {
	case OP_NEG:
	case OP_ABS:
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
		return narrow(t, x->dtype, a);
	default:
		return a;
	}
}

bool vk_program(const struct ew *ew, const struct compute_view *in,
		const struct compute_view *out, struct compute_elementwise *e)
{
	struct translation t = { .e = e, .ew = ew };
	uint32_t i, n = 0;

	memset(e, 0, sizeof(*e));
	if (ew->n_out > COMPUTE_EW_MAX_OUT || ew->n_in > COMPUTE_EW_MAX_IN)
		return false;
	for (i = 0; i < ew->n_in; i++, n++) {
		e->in[e->n_in++] = in[i];
		t.value[n] = (uint8_t)COMPUTE_EW_IN(i);
	}
	for (i = 0; i < ew->n_imm; i++, n++) {
		if (dtype_is_float(ew->dtype[n])) {
			e->imm[i].f = (float)ew->imm[i];
		} else {
			e->imm[i].i = (int32_t)ew->imm[i];
			e->imm_int |= 1u << i;
		}
		e->n_imm++;
		t.value[n] = (uint8_t)COMPUTE_EW_IMM(i);
	}
	for (i = 0; i < ew->n_ins; i++, n++)
		t.value[n] = translate(&t, &ew->ins[i]);
	for (i = 0; i < ew->n_out; i++) {
		e->out[e->n_out++] = out[i];
		e->out_value[i] = t.value[ew->out[i]];
	}
	return !t.full && compute_elementwise_fits(e);
}

bool vk_ew_fits(struct device *dev, const struct layout *shape,
		const struct layout *const *in, uint32_t n, uint32_t imms)
{
	struct compute_elementwise e = { .n_in = n,
					 .n_imm = imms,
					 .n_out = 1,
					 .out_value = { COMPUTE_EW_IN(0) } };
	const struct vk_record sizes = { .v = (struct vulkan *)dev };
	uint32_t i;

	e.out[0] = vk_view(&sizes, &(struct operand){ 0, *shape });
	for (i = 0; i < n; i++)
		e.in[i] = vk_view(&sizes, &(struct operand){ 0, *in[i] });
	return !n || compute_elementwise_fits(&e);
}
