// SPDX-License-Identifier: MIT
/* The kernel's module, instruction by instruction (SPIR-V 1.3, with
 * SPV_KHR_cooperative_matrix and SPV_KHR_vulkan_memory_model). */
#include "coop.h"

#include <string.h>

#include "spirv.h"

#include "../libaccel/src/base/alloc.h"

#define MOST_WORDS 1024

struct code {
	uint32_t w[MOST_WORDS];
	size_t n;
	uint32_t ids;
};

enum {
	OP_EXTENSION = 10,
	OP_MEMORY_MODEL = 14,
	OP_EXECUTION_MODE = 16,
	OP_CAPABILITY,
	OP_TYPE_FLOAT = 22,
	OP_TYPE_VECTOR,
	OP_TYPE_RUNTIME_ARRAY = 29,
	OP_TYPE_STRUCT,
	OP_TYPE_POINTER = 32,
	OP_TYPE_FUNCTION,
	OP_MEMBER_DECORATE = 72,
	OP_MATRIX_TIMES_SCALAR = 143,
	OP_TYPE_COOP = 4456, /* ...CooperativeMatrixKHR */
	OP_COOP_LOAD,
	OP_COOP_STORE,
	OP_COOP_MUL_ADD,
	CAP_SHADER = 1,
	CAP_FLOAT16 = 9,
	CAP_STORAGE16 = 4433,
	CAP_MEMORY_MODEL = 5345,
	CAP_COOPERATIVE_MATRIX = 6022,
	CLASS_INPUT = 1,
	CLASS_FUNCTION = 7,
	CLASS_PUSH = 9,
	CLASS_STORAGE = 12,
	USE_A = 0,
	USE_B,
	USE_C,
	SCOPE_SUBGROUP = 3,
};

static void put(struct code *c, uint32_t op, const uint32_t *arg, size_t n)
{
	c->w[c->n++] = (uint32_t)(n + 1) << 16 | op;
	for (size_t i = 0; i < n; i++)
		c->w[c->n++] = arg[i];
}

#define OP(c, op, ...)                                                         \
	put(c, op, (const uint32_t[]){ __VA_ARGS__ },                          \
	    sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* An instruction whose operand is text. */
static void text(struct code *c, uint32_t op, const char *s)
{
	uint32_t all[16] = { 0 };

	memcpy(all, s, strlen(s));
	put(c, op, all, strlen(s) / 4 + 1);
}

/* An instruction with a type and a result, which is returned. */
#define GET(c, op, type, ...)                                                  \
	({                                                                     \
		uint32_t id_ = (c)->ids++;                                     \
		OP(c, op, type, id_, __VA_ARGS__);                             \
		id_;                                                           \
	})

/* What the body needs of the declarations. */
struct ids {
	uint32_t fn, fn_type, group, push, buffer[3];
	uint32_t type_void, type_bool, u32, f32, v3;
	uint32_t ptr_push_u32, ptr_push_f32, ptr_f16, ptr_f32, ptr_acc;
	uint32_t mat[3];
	uint32_t
		number[COOP_PUSH > 4 ? COOP_PUSH : 4]; /* constants 0, 1, ... */
	uint32_t down, across,
		k; /* constants: rows, columns, depth of a tile */
	uint32_t m, n; /* of one matrix */
	uint32_t zero; /* a C of zeros */
};

static uint32_t constant(struct code *c, const struct ids *t, uint32_t value)
{
	return GET(c, OP_CONSTANT, t->u32, value);
}

static void header(struct code *c, struct ids *t, uint32_t lanes)
{
	const uint32_t caps[] = { CAP_SHADER, CAP_FLOAT16, CAP_STORAGE16,
				  CAP_MEMORY_MODEL, CAP_COOPERATIVE_MATRIX };
	for (size_t i = 0; i < sizeof(caps) / 4; i++)
		OP(c, OP_CAPABILITY, caps[i]);
	text(c, OP_EXTENSION, "SPV_KHR_16bit_storage");
	text(c, OP_EXTENSION, "SPV_KHR_vulkan_memory_model");
	text(c, OP_EXTENSION, "SPV_KHR_cooperative_matrix");
	OP(c, OP_MEMORY_MODEL, 0 /* Logical */, 3 /* Vulkan */);
	/* "main", then the inputs */
	OP(c, OP_ENTRY_POINT, 5 /* GLCompute */, t->fn, 0x6e69616d, 0,
	   t->group);
	OP(c, OP_EXECUTION_MODE, t->fn, 17 /* LocalSize */, lanes, 1, 1);
}

/* A struct of one run-time array, and its variable. */
static void buffer(struct code *c, uint32_t var, uint32_t array, uint32_t block,
		   uint32_t element, uint32_t ptr)
{
	OP(c, OP_TYPE_RUNTIME_ARRAY, array, element);
	OP(c, OP_TYPE_STRUCT, block, array);
	OP(c, OP_TYPE_POINTER, ptr, CLASS_STORAGE, block);
	OP(c, OP_VARIABLE, ptr, var, CLASS_STORAGE);
}

static void declare(struct code *c, struct ids *t, const uint32_t spec[4])
{
	uint32_t f16, array[3], block[3], ptr[3], push, scope, use[3], dim[3];
	uint32_t in, push_ptr, f0, rows[3], cols[3];

	/* decorations come before what they decorate: its ids are taken here */
	OP(c, OP_DECORATE, t->group, 11 /* BuiltIn */, 26 /* WorkgroupId */);
	for (uint32_t i = 0; i < 3; i++) {
		array[i] = c->ids++;
		block[i] = c->ids++;
		ptr[i] = c->ids++;
		OP(c, OP_DECORATE, array[i], 6 /* ArrayStride */,
		   i == USE_C ? 4 : 2);
		OP(c, OP_DECORATE, block[i], 2 /* Block */);
		OP(c, OP_MEMBER_DECORATE, block[i], 0, 35 /* Offset */, 0);
		if (i != USE_C)
			OP(c, OP_MEMBER_DECORATE, block[i], 0,
			   24 /* NonWritable */);
		OP(c, OP_DECORATE, t->buffer[i], 34 /* DescriptorSet */, 0);
		OP(c, OP_DECORATE, t->buffer[i], 33 /* Binding */, i);
	}
	push = c->ids++;
	OP(c, OP_DECORATE, push, 2 /* Block */);
	for (uint32_t i = 0; i < COOP_PUSH; i++)
		OP(c, OP_MEMBER_DECORATE, push, i, 35 /* Offset */, 4 * i);

	t->type_void = c->ids++;
	OP(c, OP_TYPE_VOID, t->type_void);
	t->fn_type = c->ids++;
	OP(c, OP_TYPE_FUNCTION, t->fn_type, t->type_void);
	t->type_bool = c->ids++;
	OP(c, OP_TYPE_BOOL, t->type_bool);
	t->u32 = c->ids++;
	OP(c, OP_TYPE_INT, t->u32, 32, 0);
	t->f32 = c->ids++;
	OP(c, OP_TYPE_FLOAT, t->f32, 32);
	f16 = c->ids++;
	OP(c, OP_TYPE_FLOAT, f16, 16);
	t->v3 = c->ids++;
	OP(c, OP_TYPE_VECTOR, t->v3, t->u32, 3);
	for (uint32_t i = 0; i < COOP_PUSH; i++)
		t->number[i] = constant(c, t, i);
	scope = constant(c, t, SCOPE_SUBGROUP);
	for (uint32_t i = 0; i < 3; i++) {
		use[i] = t->number[i];
		dim[i] = constant(c, t, spec[1 + i]);
	}
	t->m = dim[0];
	t->n = dim[1];
	t->k = dim[2];
	t->down = constant(c, t, spec[1] * COOP_DOWN);
	t->across = constant(c, t, spec[2] * COOP_ACROSS);
	rows[USE_A] = rows[USE_C] = t->m;
	cols[USE_B] = cols[USE_C] = t->n;
	cols[USE_A] = rows[USE_B] = t->k;
	for (uint32_t i = 0; i < 3; i++) {
		t->mat[i] = c->ids++;
		OP(c, OP_TYPE_COOP, t->mat[i], i == USE_C ? t->f32 : f16, scope,
		   rows[i], cols[i], use[i]);
	}
	f0 = GET(c, OP_CONSTANT, t->f32, 0);
	t->zero = GET(c, OP_CONSTANT_COMPOSITE, t->mat[USE_C], f0);

	in = c->ids++;
	OP(c, OP_TYPE_POINTER, in, CLASS_INPUT, t->v3);
	OP(c, OP_VARIABLE, in, t->group, CLASS_INPUT);
	{
		uint32_t members[1 + COOP_PUSH] = { push };

		for (uint32_t i = 0; i < COOP_PUSH; i++)
			members[1 + i] = i == COOP_ALPHA ? t->f32 : t->u32;
		put(c, OP_TYPE_STRUCT, members, 1 + COOP_PUSH);
	}
	push_ptr = c->ids++;
	OP(c, OP_TYPE_POINTER, push_ptr, CLASS_PUSH, push);
	OP(c, OP_VARIABLE, push_ptr, t->push, CLASS_PUSH);
	t->ptr_push_u32 = c->ids++;
	OP(c, OP_TYPE_POINTER, t->ptr_push_u32, CLASS_PUSH, t->u32);
	t->ptr_push_f32 = c->ids++;
	OP(c, OP_TYPE_POINTER, t->ptr_push_f32, CLASS_PUSH, t->f32);
	t->ptr_f16 = c->ids++;
	OP(c, OP_TYPE_POINTER, t->ptr_f16, CLASS_STORAGE, f16);
	t->ptr_f32 = c->ids++;
	OP(c, OP_TYPE_POINTER, t->ptr_f32, CLASS_STORAGE, t->f32);
	t->ptr_acc = c->ids++;
	OP(c, OP_TYPE_POINTER, t->ptr_acc, CLASS_FUNCTION, t->mat[USE_C]);
	for (uint32_t i = 0; i < 3; i++)
		buffer(c, t->buffer[i], array[i], block[i],
		       i == USE_C ? t->f32 : f16, ptr[i]);
}

static uint32_t pushed(struct code *c, const struct ids *t, uint32_t i)
{
	bool alpha = i == COOP_ALPHA;
	uint32_t p = GET(c, OP_ACCESS_CHAIN,
			 alpha ? t->ptr_push_f32 : t->ptr_push_u32, t->push,
			 t->number[i]);

	return GET(c, OP_LOAD, alpha ? t->f32 : t->u32, p);
}

static uint32_t add(struct code *c, const struct ids *t, uint32_t x, uint32_t y)
{
	return GET(c, OP_I_ADD, t->u32, x, y);
}

static uint32_t mul(struct code *c, const struct ids *t, uint32_t x, uint32_t y)
{
	return GET(c, OP_I_MUL, t->u32, x, y);
}

/* Element `at` of buffer i. */
static uint32_t place(struct code *c, const struct ids *t, uint32_t i,
		      uint32_t at)
{
	return GET(c, OP_ACCESS_CHAIN, i == USE_C ? t->ptr_f32 : t->ptr_f16,
		   t->buffer[i], t->number[0], at);
}

static uint32_t load(struct code *c, const struct ids *t, uint32_t i,
		     uint32_t at, uint32_t stride)
{
	return GET(c, OP_COOP_LOAD, t->mat[i], place(c, t, i, at),
		   t->number[0] /* row-major */, stride);
}

static void body(struct code *c, const struct ids *t)
{
	uint32_t acc[COOP_DOWN][COOP_ACROSS], a[COOP_DOWN], b[COOP_ACROSS];
	uint32_t first = c->ids++, head = c->ids++, work = c->ids++;
	uint32_t next = c->ids++, done = c->ids++;
	uint32_t k = c->ids++, at_a = c->ids++, at_b = c->ids++;
	uint32_t next_k = c->ids++, next_a = c->ids++, next_b = c->ids++;
	uint32_t group, x, y, z, lda, ldb, ldc, steps, a0, b0, c0, less, alpha;
	uint32_t down_a, b_step, down_c;

	OP(c, OP_FUNCTION, t->type_void, t->fn, 0, t->fn_type);
	OP(c, OP_LABEL, first);
	for (int i = 0; i < COOP_DOWN * COOP_ACROSS; i++)
		acc[i / COOP_ACROSS][i % COOP_ACROSS] =
			GET(c, OP_VARIABLE, t->ptr_acc, CLASS_FUNCTION);
	group = GET(c, OP_LOAD, t->v3, t->group);
	x = GET(c, OP_COMPOSITE_EXTRACT, t->u32, group, 0);
	y = GET(c, OP_COMPOSITE_EXTRACT, t->u32, group, 1);
	z = GET(c, OP_COMPOSITE_EXTRACT, t->u32, group, 2);
	x = mul(c, t, x, t->across);
	y = mul(c, t, y, t->down);
	steps = pushed(c, t, COOP_STEPS);
	lda = pushed(c, t, COOP_LDA);
	ldb = pushed(c, t, COOP_LDB);
	ldc = pushed(c, t, COOP_LDC);
	a0 = add(c, t, mul(c, t, z, pushed(c, t, COOP_A_STEP)),
		 mul(c, t, y, lda));
	b0 = add(c, t, mul(c, t, z, pushed(c, t, COOP_B_STEP)), x);
	c0 = add(c, t, mul(c, t, z, pushed(c, t, COOP_C_STEP)),
		 add(c, t, mul(c, t, y, ldc), x));
	alpha = pushed(c, t, COOP_ALPHA);
	down_a = mul(c, t, t->m, lda);
	b_step = mul(c, t, t->k, ldb);
	down_c = mul(c, t, t->m, ldc);
	for (int i = 0; i < COOP_DOWN * COOP_ACROSS; i++)
		OP(c, OP_STORE, acc[i / COOP_ACROSS][i % COOP_ACROSS], t->zero);
	OP(c, OP_BRANCH, head);

	OP(c, OP_LABEL, head);
	OP(c, OP_PHI, t->u32, k, t->number[0], first, next_k, next);
	OP(c, OP_PHI, t->u32, at_a, a0, first, next_a, next);
	OP(c, OP_PHI, t->u32, at_b, b0, first, next_b, next);
	less = GET(c, OP_U_LESS, t->type_bool, k, steps);
	OP(c, OP_LOOP_MERGE, done, next, 0);
	OP(c, OP_BRANCH_CONDITIONAL, less, work, done);

	OP(c, OP_LABEL, work);
	for (uint32_t i = 0, at = at_a; i < COOP_DOWN; i++) {
		a[i] = load(c, t, USE_A, at, lda);
		if (i + 1 < COOP_DOWN)
			at = add(c, t, at, down_a);
	}
	for (uint32_t i = 0, at = at_b; i < COOP_ACROSS; i++) {
		b[i] = load(c, t, USE_B, at, ldb);
		if (i + 1 < COOP_ACROSS)
			at = add(c, t, at, t->n);
	}
	for (int i = 0; i < COOP_DOWN * COOP_ACROSS; i++) {
		uint32_t to = acc[i / COOP_ACROSS][i % COOP_ACROSS];
		uint32_t sum = GET(c, OP_LOAD, t->mat[USE_C], to);

		sum = GET(c, OP_COOP_MUL_ADD, t->mat[USE_C], a[i / COOP_ACROSS],
			  b[i % COOP_ACROSS], sum);
		OP(c, OP_STORE, to, sum);
	}
	OP(c, OP_BRANCH, next);

	OP(c, OP_LABEL, next);
	OP(c, OP_I_ADD, t->u32, next_k, k, t->number[1]);
	OP(c, OP_I_ADD, t->u32, next_a, at_a, t->k);
	OP(c, OP_I_ADD, t->u32, next_b, at_b, b_step);
	OP(c, OP_BRANCH, head);

	OP(c, OP_LABEL, done);
	for (uint32_t i = 0, row = c0; i < COOP_DOWN; i++) {
		for (uint32_t j = 0, at = row; j < COOP_ACROSS; j++) {
			uint32_t sum =
				GET(c, OP_LOAD, t->mat[USE_C], acc[i][j]);

			sum = GET(c, OP_MATRIX_TIMES_SCALAR, t->mat[USE_C], sum,
				  alpha);
			OP(c, OP_COOP_STORE, place(c, t, USE_C, at), sum,
			   t->number[0], ldc);
			if (j + 1 < COOP_ACROSS)
				at = add(c, t, at, t->n);
		}
		if (i + 1 < COOP_DOWN)
			row = add(c, t, row, down_c);
	}
	put(c, OP_RETURN, NULL, 0);
	put(c, OP_FUNCTION_END, NULL, 0);
}

uint32_t *coop_module(const uint32_t spec[4], size_t *words)
{
	struct code *c = mem_zalloc(sizeof(*c));
	struct ids t = { 0 };
	uint32_t *out;

	if (!c)
		return NULL;
	c->ids = 1;
	c->n = 5;
	t.fn = c->ids++;
	t.group = c->ids++;
	t.push = c->ids++;
	for (int i = 0; i < 3; i++)
		t.buffer[i] = c->ids++;
	header(c, &t, spec[0]);
	declare(c, &t, spec);
	body(c, &t);
	c->w[0] = 0x07230203;
	c->w[1] = 0x00010300;
	c->w[3] = c->ids;
	*words = c->n;
	out = mem_alloc(c->n * sizeof(*out));
	if (out)
		memcpy(out, c->w, c->n * sizeof(*out));
	mem_free(c);
	return out;
}
