/* SPDX-License-Identifier: MIT */
/*
 * The vulkan backend: its device, recording a step, and the row that each op
 * has.
 */
#ifndef ACCEL_BACKEND_VULKAN_H
#define ACCEL_BACKEND_VULKAN_H

#include "../cpu/cpu.h"

#include "compute/compute.h"
#include "compute/kernels.h"

/* The backend's part of a struct buffer. */
struct vk_buffer {
	struct compute_buffer *buf;
	uint64_t id; /* never used twice: recordings remember it */
	bool shadow; /* host is a copy: the memory cannot be mapped */
};

struct vulkan {
	struct device dev;
	struct compute_device *device;
	struct compute_buffer *any; /* stands in where only sizes count */
	struct compute_record *measure; /* what steps cost */
	struct buffer *scratch; /* of the step that needed most; or NULL */
	struct cpu host; /* runs the steps that have no launch */
	uint64_t next_id;
};

/*
 * Recording one step: the launches go to `rec`, temporary memory comes from
 * `scratch`. Without `bind`, where only sizes count, another buffer stands in
 * for all; rec is then one that measures.
 */
struct vk_record {
	struct vulkan *v;
	struct compute_record *rec;
	struct buffer *const *bind;
	struct compute_buffer *scratch;
	bool tail; /* the step's program is still to be run */
	uint64_t used; /* of scratch, by this step */
	uint64_t most; /* by any step */
};

/*
 * Decides where a step runs: s->on_host where it has no launches, and where
 * these would ask more than the device can. s->kernel and s->why say what was
 * decided. *scratch: bytes of temporary memory here. ERR_NOMEM.
 */
accel_status vk_place(struct vulkan *v, struct step *s, uint64_t *scratch);
accel_status vk_step(struct vk_record *r, const struct step *s);

/* A program as a launch's chain. `first`: in[0] of it. False: it is too large.
 * The views' buffers are filled in when bind is given. */
bool vk_program(const struct ew *ew, const struct compute_view *in,
		const struct compute_view *out, struct compute_elementwise *e);

/* struct device_ops: ew_fits(). */
bool vk_ew_fits(struct device *dev, const struct layout *shape,
		const struct layout *const *in, uint32_t n, uint32_t imms);

/* An operand as a view. */
struct compute_view vk_view(const struct vk_record *r, const struct operand *o);

/* Temporary memory of this step: its offset in scratch. */
uint64_t vk_take(struct vk_record *r, uint64_t bytes);
/* A contiguous view of such memory. */
struct compute_view vk_temporary(struct vk_record *r, const struct layout *l);
/* The operand's view, of a contiguous copy where it is not contiguous. */
accel_status vk_contiguous(struct vk_record *r, const struct operand *o,
			   struct compute_view *v);
/* A bias as the one row it is: see vk_epilogue(). */
struct compute_view vk_row(const struct vk_record *r, const struct operand *o,
			   int axis);
/* takes: any types; inputs and output are all floats. */
bool vk_any(const struct step *s);
bool vk_floats(const struct step *s);
/* Contiguous views of 32 bits an element, as running sums want them: of an
 * input, which is copied where it is not so, and of the output, or of memory in
 * its place, which vk_narrow() then stores. */
accel_status vk_wide(struct vk_record *r, const struct operand *o,
		     struct compute_view *v);
struct compute_view vk_wide_out(struct vk_record *r, const struct operand *o);
accel_status vk_narrow(struct vk_record *r, const struct operand *o,
		       const struct compute_view *v);

/*
 * The row of an op that is no part of programs: VK_OP(NAME, takes, emit), in
 * the op's file. An op without one does not link.
 *
 * takes: whether there are launches for these types. What they ask of the
 * device is not its matter: that is measured (vk_place()).
 * emit: records the launches. r->tail says on entry that the step has a
 * program; emit clears it where the launch does the program's work, too.
 */
struct vk_op {
	bool (*takes)(const struct step *s);
	accel_status (*emit)(struct vk_record *r, const struct step *s);
};
#define VK_OP(NAME, takes, emit)                                               \
	const struct vk_op vk_op_##NAME = { takes, emit };
#define X(NAME, name, class, attr, ref, grad)                                  \
	extern const struct vk_op vk_op_##NAME;
#include "../../ops/ops.def"

/* What a program does to a product, where the product's kernel can do it. */
struct vk_epilogue {
	const struct operand *bias, *residual;
	bool bias_rows;
	enum compute_act act;
};
/* bias_axis: along which a bias may vary; its second choice, or -1. */
bool vk_epilogue(const struct step *s, int bias_axis, int other_axis,
		 struct vk_epilogue *e);

#endif /* ACCEL_BACKEND_VULKAN_H */
