// SPDX-License-Identifier: MIT
/* Captured pin samples to numbers. */
#include <string.h>

#include "../base/error.h"
#include "rules.h"

bool ref_unpack_bits(const struct ref_call *c)
{
	int64_t bits = c->out->shape[c->out->ndim - 1], i, b;
	int64_t n = layout_count(c->in[0]);

	for (i = 0; i < n; i++) {
		uint32_t v = (uint32_t)(int64_t)c->x[0][i];

		for (b = 0; b < bits; b++)
			c->y[i * bits + b] = v >> b & 1;
	}
	return true;
}

accel_tensor *accel_unpack_bits(accel_tensor *x, int bits)
{
	int64_t shape[ACCEL_MAX_DIMS];
	struct layout l;

	if (!x)
		return NULL;
	if (dtype_is_float(x->l.dtype) || x->l.ndim >= ACCEL_MAX_DIMS ||
	    bits < 1 || bits > 8 * (int)accel_dtype_size(x->l.dtype))
		return accel_error_null(ACCEL_ERR_INVALID,
					"unpack_bits: %d bits of %s %s", bits,
					accel_dtype_name(x->l.dtype),
					layout_text(&x->l));
	memcpy(shape, x->l.shape, sizeof(shape));
	shape[x->l.ndim] = bits;
	if (layout_init(&l, "unpack_bits", ACCEL_F32, x->l.ndim + 1, shape))
		return NULL;
	return op_record1(OP_UNPACK_BITS, x, &l, NULL);
}
