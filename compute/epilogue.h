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
	uint32_t start[3]; /* C, bias, residual */
	struct compute_binding bind[3];
};

/* Checks and binds. @what: "matmul", for the texts; @n_bias: what the bias must
 * have. */
accel_status epilogue_bind(struct compute_record *rec, const char *what,
			   uint64_t n_bias, struct epilogue *e);

static inline uint32_t float_bits(float f)
{
	union {
		float f;
		uint32_t u;
	} v = { f };

	return v.u;
}

#endif /* COMPUTE_EPILOGUE_H */
