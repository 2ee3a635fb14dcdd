/* SPDX-License-Identifier: MIT */
/*
 * The cpu backend: its device, its step memory, and the row that each op has.
 */
#ifndef ACCEL_BACKEND_CPU_H
#define ACCEL_BACKEND_CPU_H

#include "../../base/threads.h"
#include "../backend.h"

/* What steps need of each of the step memories, bytes. */
#define CPU_SCRATCH 5
struct cpu_need {
	size_t bytes[CPU_SCRATCH];
};

struct cpu {
	struct device dev;
	struct threads *threads;
	/* memory of one step, kept between steps */
	struct cpu_scratch {
		void *p;
		size_t bytes;
	} scratch[CPU_SCRATCH];
	struct cpu_need *measuring; /* NULL: steps run */
	bool slow; /* the step that was measured last has no fast path */
};

/* Loops are compiled for several vector lengths; which one runs
 * changes no bit. (A sanitizer's runtime is not there yet when a clone is
 * chosen.) */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&         \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VECTOR                                                                 \
	__attribute__((target_clones("avx512f", "avx2", "default"), noinline))
#else
#define VECTOR
#endif

/* How many f32 elements are worth a thread of their own. */
#define CPU_GRAIN 16384

/* Makes the parts of a cpu backend that run steps, for backends that run some
 * steps here. */
accel_status cpu_init(struct cpu *c, uint32_t threads);
void cpu_fini(struct cpu *c);
/* Frees the memory that is kept between steps. */
void cpu_trim(struct cpu *c);

/*
 * Runs one step. base[slot] is the address of the slot's first byte. A step
 * with an op that has no fast path here goes through its reference.
 */
accel_status cpu_step(struct cpu *c, const struct step *s, void *const *base);

/*
 * All memory of a plan's steps is there before the first one runs: cpu_measure()
 * raises *need to what a step takes (base[]: any addresses), and names its
 * kernel; cpu_reserve() gets it. ERR_NOMEM.
 */
void cpu_measure(struct cpu *c, struct step *s, void *const *base,
		 struct cpu_need *need);
accel_status cpu_reserve(struct cpu *c, const struct cpu_need *need);

/* What threads_for() does, of ranges that call BLAS: that works in the calling
 * thread only meanwhile, and as the process has set it otherwise. @terms: multiply-adds of
 * one call, at most. */
void cpu_for_blas(struct cpu *c, int64_t n, int64_t grain, int64_t terms,
		  threads_fn *fn, void *arg);

/* Step memory number i, of at least `bytes`; NULL when out of memory. */
void *cpu_scratch(struct cpu *c, int i, size_t bytes);

/* The address of an operand's slot. */
static inline void *cpu_base(const struct operand *o, void *const *base)
{
	return base[o->slot];
}

/* The operand as dense f32: where it is, or converted in scratch number i. */
const float *cpu_dense_f32(struct cpu *c, int i, const struct operand *o,
			   void *const *base);

/* An i32 operand, dense: where it is, or copied to scratch number 1. */
const int32_t *cpu_dense_i32(struct cpu *c, const struct operand *o,
			     void *const *base);

/* Fast paths. False: none for these types or layouts (nothing was done). An
 * out of memory is *err. While c->measuring, they take their step memory and
 * touch nothing. */
typedef bool cpu_kernel(struct cpu *c, const struct step *s, void *const *base,
			accel_status *err);

/* The row of an op that is no part of programs: CPU_OP(NAME, run), beside its
 * kernel. An op without one does not link. */
struct cpu_op {
	cpu_kernel *run;
};
#define CPU_OP(NAME, run) const struct cpu_op cpu_op_##NAME = { run };
#define X(NAME, name, class, attr, ref, grad)                                  \
	extern const struct cpu_op cpu_op_##NAME;
#include "../../ops/ops.def"

/* Runs a program over n_out outputs; in[i] is value i. */
void cpu_program(struct cpu *c, const struct ew *ew, const struct operand *in,
		 const struct operand *out, void *const *base);

/* The step's op by its reference implementation. */
accel_status cpu_reference(struct cpu *c, const struct step *s,
			   void *const *base);

/* Copies elements from one layout to another of the same shape and type. */
void cpu_move(struct cpu *c, const struct layout *from, const void *src,
	      const struct layout *to, void *dst);

#endif /* ACCEL_BACKEND_CPU_H */
