/* SPDX-License-Identifier: MIT */
/* The operands that shaders/epilogue.glsl takes: C, bias, residual. */
#ifndef COMPUTE_EPILOGUE_H
#define COMPUTE_EPILOGUE_H

#include "view.h"

struct epilogue {
	const struct compute_view *out, *bias, *residual;
	bool bias_rows;
	enum compute_act act;
	uint32_t n; /* columns */

	/* filled by epilogue_bind() */
	uint32_t spec;
	bool wide;
	uint32_t start[3]; /* C, bias, residual */
	struct compute_binding bind[3];

	struct compute_view raw; /* of a rest: the product, contiguous or
				  * [batch, m, n] */
};

/* Checks and binds. @what: "matmul", for the texts; @n_bias: what the bias must
 * have. */
accel_status epilogue_bind(struct compute_record *rec, const char *what,
			   uint64_t n_bias, struct epilogue *e);

/*
 * V3D's registers are full of sums: the kernels of its shape do, while they
 * store, only what check-v3d shows to need no spill. When e asks for more,
 * epilogue_split() makes it the plain product's, in f32 (the output's own
 * memory, or epilogue_bytes() of scratch), and `rest` what is left to do, by
 * epilogue_rest() after the product. rest->out is NULL when nothing is.
 *
 * @alpha: the product's factor. m, n: the output is [..., m, n].
 */
accel_status epilogue_split(struct compute_record *rec, const char *what,
			    float alpha, struct compute_buffer *scratch,
			    uint64_t offset, struct epilogue *e,
			    struct epilogue *rest);
uint64_t epilogue_bytes(const struct compute_view *out);
accel_status epilogue_rest(struct compute_record *rec,
			   const struct epilogue *rest, uint32_t m, uint32_t n);

static inline uint32_t float_bits(float f)
{
	union {
		float f;
		uint32_t u;
	} v = { f };

	return v.u;
}

#endif /* COMPUTE_EPILOGUE_H */
