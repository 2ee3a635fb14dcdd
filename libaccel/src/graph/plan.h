/* SPDX-License-Identifier: MIT */
/*
 * A plan: the steps that compute some tensors, and where every byte of them
 * lives. It names buffers by slot; a run binds slots to buffers.
 */
#ifndef ACCEL_GRAPH_PLAN_H
#define ACCEL_GRAPH_PLAN_H

#include "../ops/op.h"

enum slot_kind {
	SLOT_LEAF, /* a tensor's storage, read or updated in place */
	SLOT_RESULT, /* a new tensor's storage */
	SLOT_PARAMS, /* the scalars of this run, 16 bytes each */
	SLOT_ARENA, /* temporaries */
};

struct slot {
	enum slot_kind kind;
	uint32_t index; /* which leaf, which result */
	size_t bytes;
};

struct operand {
	uint32_t slot;
	struct layout l; /* offset from the slot's start, in elements */
};

/*
 * An element-wise program over elements of one shape. Values are numbered:
 * inputs from 0, then immediates, then the result of each instruction.
 */
#define EW_MAX_IN 6
#define EW_MAX_IMM 8
#define EW_MAX_INS 24
#define EW_MAX_OUT 4

struct ew_ins {
	uint8_t op; /* enum op, element-wise */
	uint8_t dtype; /* of the result */
	uint8_t a, b, c; /* values */
};

struct ew {
	uint8_t n_in, n_imm, n_ins, n_out;
	uint8_t dtype[EW_MAX_IN + EW_MAX_IMM + EW_MAX_INS]; /* of each value */
	double imm[EW_MAX_IMM];
	struct ew_ins ins[EW_MAX_INS];
	uint8_t out[EW_MAX_OUT]; /* value that each output stores */
};

/*
 * One kernel. With op OP_FUSED, `in` and `out` are the program's. Otherwise the
 * first n_base of `in` are the op's; if there is a program, its value 0 is the
 * op's result, its other inputs are the rest of `in`, and its only output, of
 * the op's shape and type, takes the result's place.
 */
struct step {
	enum op op;
	uint32_t n_in, n_base, n_out;
	struct operand *in;
	struct operand out[EW_MAX_OUT];
	struct op_attr attr;
	struct ew *ew;
	/* set by the backend's compile(): which kernel it takes, and why that
	 * one, or why the step runs on the host of a GPU; for people */
	bool on_host;
	char kernel[32], why[80];
	double flops;
	uint64_t bytes; /* read and written */
};

struct plan {
	struct plan *next; /* in its hash chain */
	struct plan *newer, *older; /* by last use */
	uint64_t hash;
	uint32_t key_bytes;
	uint8_t *key;
	uint32_t n_slots, n_steps, n_leaves, n_results, n_params;
	uint32_t params_slot, arena_slot; /* UINT32_MAX: none */
	struct slot *slots;
	struct step *steps;
	size_t arena_bytes; /* with reuse */
	size_t temp_bytes; /* without */
	size_t result_bytes;
	uint32_t n_recorded; /* nodes before the passes */
	uint32_t n_folded, n_merged, n_fused; /* what the passes did */
	uint64_t n_edges; /* of the graph that they looked at, in all */
	void *exe; /* the backend's */
};

void plan_free(struct accel_context *ctx, struct plan *p);

/* The type that a step reads; one without operands: writes. */
static inline accel_dtype step_dtype(const struct step *s)
{
	return (accel_dtype)(s->n_in ? s->in : s->out)[0].l.dtype;
}

/* What one element costs, times elements: for the table and `bench`. */
double step_flops(const struct step *s);

#endif /* ACCEL_GRAPH_PLAN_H */
