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

/* By the type of the operands. OWN: see translate(). */
#define FLOAT_OWN(NAME)
#define FLOAT_ANY(NAME) [OP_##NAME] = COMPUTE_EW_##NAME,
#define FLOAT_WHOLE FLOAT_ANY
#define FLOAT_FLOATS FLOAT_ANY
#define FLOAT_COMPARE FLOAT_ANY
static const uint8_t float_code[OP_COUNT] = {
#define UNARY(NAME, name, takes, act, slope) FLOAT_##takes(NAME)
#define BINARY(NAME, name, takes, slope) FLOAT_##takes(NAME)
#include "../../ops/ops.def"
};

#define INT_OWN(NAME)
#define INT_ANY(NAME) [OP_##NAME] = COMPUTE_EW_I##NAME,
#define INT_WHOLE(NAME)
#define INT_FLOATS(NAME)
#define INT_COMPARE INT_ANY
static const uint8_t int_code[OP_COUNT] = {
#define UNARY(NAME, name, takes, act, slope) INT_##takes(NAME)
#define BINARY(NAME, name, takes, slope) INT_##takes(NAME)
#include "../../ops/ops.def"
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

/* Whether a result of integers is in their range whatever they are. */
static bool keeps_range(enum op op)
{
	switch (op) {
	case OP_SIGN:
	case OP_RELU:
	case OP_MIN:
	case OP_MAX:
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
		return true;
	default:
		return false;
	}
}

static uint8_t translate(struct translation *t, const struct ew_ins *x)
{
	uint8_t a = t->value[x->a], b = t->value[x->b], c = t->value[x->c];
	accel_dtype type = t->ew->dtype[x->a];
	bool f = dtype_is_float(type);
	uint8_t code = f ? float_code[x->op] : int_code[x->op];

	if (x->op == OP_CAST || x->op == OP_COPY)
		return cast(t, type, x->dtype, a);
	if (x->op == OP_WHERE)
		return emit(t,
			    dtype_is_float(x->dtype) ? COMPUTE_EW_SELECT
						     : COMPUTE_EW_ISELECT,
			    a, b, c);
	if (op_table[x->op].class == CLASS_UNARY)
		b = 0;
	a = emit(t, code, a, b, 0);
	return f || keeps_range(x->op) ? a : narrow(t, x->dtype, a);
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
