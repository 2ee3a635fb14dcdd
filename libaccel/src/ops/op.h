/* SPDX-License-Identifier: MIT */
/* What an op is: its row of the table, and what rows are made of. */
#ifndef ACCEL_OPS_OP_H
#define ACCEL_OPS_OP_H

#include <accel/ops.h>

#include "../tensor/node.h"

enum op {
#define X(NAME, name, class, attr, ref, grad) OP_##NAME,
#include "ops.def"
	OP_COUNT,
	OP_FUSED = OP_COUNT, /* an element-wise program, in plans only */
};

enum op_class {
	CLASS_LEAF,
	CLASS_VIEW,
	CLASS_UNARY,
	CLASS_BINARY,
	CLASS_SELECT,
	CLASS_REDUCE,
	CLASS_KERNEL,
};

/* How much of struct op_attr an op uses: a prefix of it. */
enum op_attr_bytes {
	ATTR_NONE = 0,
	ATTR_VALUE = sizeof(double),
	ATTR_AXIS = offsetof(struct op_attr, groups),
	ATTR_CONV = offsetof(struct op_attr, lo),
	ATTR_ALL = sizeof(struct op_attr),
};

/* One call of a reference implementation: dense row-major doubles. */
struct ref_call {
	enum op op;
	uint32_t n_in;
	const struct op_attr *attr;
	const struct layout *out; /* shapes and types; strides do not count */
	const struct layout *const *in;
	const double *const *x;
	double *y;
	double *work; /* twice as many as y; not for element-wise ops */
};

/* False where there is none for these operands. Integer results are wrapped by the caller. */
typedef bool ref_fn(const struct ref_call *c);

/*
 * The gradient rule: from g, the derivative of some scalar by y, the
 * derivatives by y's inputs, made of ops. gx[i] stays NULL for an input that
 * has none. Returns false on failure, with the error set.
 */
typedef bool grad_fn(accel_tensor *y, accel_tensor *g, accel_tensor **gx);

struct op_desc {
	const char *name;
	uint8_t class;
	uint16_t attr_bytes;
	ref_fn *ref;
	grad_fn *grad;
};

extern const struct op_desc op_table[OP_COUNT];

static inline bool op_elementwise(enum op op)
{
	return op_table[op].class >= CLASS_UNARY &&
	       op_table[op].class <= CLASS_SELECT;
}

/* Element-wise value of an op in double, also used to fold constants. */
double unary_value(enum op op, double x);
double binary_value(enum op op, double a, double b);
/* a times b as i32 has it: the low 32 bits, where 53 would not do. */
double int_mul(double a, double b);

/*
 * Records a node, whose inputs are what is assigned to them where something is.
 * `l` has shape and dtype. NULL if an input is NULL.
 */
accel_tensor *op_record(enum op op, uint32_t n_in, accel_tensor *const *in,
			const struct layout *l, const struct op_attr *attr);
accel_tensor *op_record1(enum op op, accel_tensor *x, const struct layout *l,
			 const struct op_attr *attr);

/*
 * An op that is made of several: outside a scope, what is recorded on the way
 * to its results goes with them, so that nobody has to free what he never saw.
 *
 * op_begin(): false when out of memory. op_end(): of the results, which may be
 * NULL, are handles left; with none, of nothing.
 */
struct op_whole {
	struct accel_context *ctx; /* NULL: a scope owns what is recorded */
};
void op_end(struct op_whole *w, uint32_t n, accel_tensor *const *result);

static inline bool op_begin(struct accel_context *of, struct op_whole *w)
{
	w->ctx = of && !of->n_marks ? of : NULL;
	return !w->ctx || !accel_scope_begin(of);
}

static inline accel_tensor *op_end1(struct op_whole *w, accel_tensor *result)
{
	if (w->ctx)
		op_end(w, 1, &result);
	return result;
}

static inline struct accel_context *op_context(const accel_tensor *t)
{
	return t ? t->ctx : NULL;
}

/* `call` makes the result. */
#define OP_WHOLE(of, call)                                                     \
	({                                                                     \
		struct op_whole w_;                                            \
		op_begin(of, &w_) ? op_end1(&w_, call) : NULL;                 \
	})

/* False if one is NULL (silently) or they are of different contexts. */
bool op_args(const char *who, uint32_t n, accel_tensor *const *x);

/* NULL, with the error set. */
void *op_no_options(const char *who);

/* x as `dtype`, or x itself. */
accel_tensor *op_as(accel_tensor *x, accel_dtype dtype);
/* Integers as f32; floats as they are. */
accel_tensor *op_as_float(accel_tensor *x);
/* x with the shape of l. */
accel_tensor *op_expand_as(accel_tensor *x, const struct layout *l);
/* A constant of x's context, shape and type. */
accel_tensor *op_full_like(accel_tensor *x, double value);
/* A constant of x's context and type, shape []. */
accel_tensor *op_number(accel_tensor *x, double value);

/* A bit set of axes, or false with the error set. No axes: all of them. */
bool op_axes(const char *who, const struct layout *l, accel_axes axes,
	     uint32_t *set);

/* l seen as [outer, n, inner] around an axis. */
struct axis_split {
	int64_t outer, n, inner;
};
struct axis_split axis_split(const struct layout *l, int axis);

#endif /* ACCEL_OPS_OP_H */
