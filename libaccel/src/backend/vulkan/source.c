// SPDX-License-Identifier: MIT
/* What brings values in: numbers, ranges, random numbers, captured bits. */
#include "../../base/alloc.h"
#include "vulkan.h"

static accel_status random(struct vk_record *r, const struct step *s)
{
	struct compute_view state = vk_view(r, &s->in[0]);
	struct compute_view out = vk_view(r, &s->out[0]);

	return compute_random(r->rec,
			      s->attr.mode ? COMPUTE_RANDOM_NORMAL
					   : COMPUTE_RANDOM_UNIFORM,
			      0, 1, 0, &state, &out);
}

static accel_status unpack_bits(struct vk_record *r, const struct step *s)
{
	uint32_t bytes = (uint32_t)accel_dtype_size(s->in[0].l.dtype);
	struct compute_view in, out = vk_view(r, &s->out[0]);
	accel_status err = vk_contiguous(r, &s->in[0], &in);

	in.dtype = COMPUTE_U8;
	in.size[0] = (uint32_t)layout_count(&s->in[0].l) * bytes;
	in.stride[0] = 1;
	in.rank = 1;
	return err ? err : compute_unpack_bits(r->rec, &in, bytes, &out);
}

/* Bytes of the recording itself; where they are too many, the running sum of
 * ones without the last. */
static accel_status arange(struct vk_record *r, const struct step *s)
{
	struct compute_view ones, out = vk_wide_out(r, &s->out[0]);
	uint32_t n = (uint32_t)layout_count(&s->out[0].l), i;
	bool few = n <= COMPUTE_MAX_UPDATE / 4;
	struct layout l = s->out[0].l;
	union {
		float f;
		int32_t i;
	} * value;
	accel_status err;

	l.dtype = (uint8_t)out.dtype;
	if (!few)
		ones = vk_temporary(r, &l);
	if (!n)
		return ACCEL_OK;
	if (!few) {
		err = compute_fill(r->rec, &ones, 1);
		if (!err)
			err = compute_cumsum(r->rec, &ones, 0, true, false,
					     &out);
		return err ? err : vk_narrow(r, &s->out[0], &out);
	}
	value = mem_alloc(n * sizeof(*value));
	if (!value)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < n; i++) {
		if (out.dtype == COMPUTE_F32)
			value[i].f = (float)i;
		else
			value[i].i = (int32_t)i;
	}
	err = compute_record_update(r->rec, out.buffer, out.offset,
				    n * sizeof(*value), value);
	mem_free(value);
	return err ? err : vk_narrow(r, &s->out[0], &out);
}

static accel_status constant(struct vk_record *r, const struct step *s)
{
	struct compute_view out = vk_view(r, &s->out[0]);

	return compute_fill(r->rec, &out, s->attr.value);
}

VK_OP(CONST, vk_any, constant)
VK_OP(ARANGE, vk_any, arange)
VK_OP(RANDOM, vk_any, random)
VK_OP(UNPACK_BITS, vk_any, unpack_bits)
