// SPDX-License-Identifier: MIT
/* Launches that bring values in: random numbers and captured pin samples. */
#include "epilogue.h"

#include "../libaccel/src/base/error.h"

#define LOCAL 64

static accel_status random_fill(struct compute_record *rec,
				enum compute_random_kind kind, float lo,
				float hi, uint32_t stream,
				const struct compute_view *state,
				const struct compute_view *out)
{
	const uint32_t spec[] = { LOCAL, kind, out->dtype };
	uint32_t total = (uint32_t)view_count(out), groups[3];
	uint32_t push[6] = {
		total, stream, 0, 0, float_bits(lo), float_bits(hi)
	};
	struct compute_binding bind[2];
	char text[VIEW_TEXT];
	accel_status s;

	s = view_check_contiguous("random: output", out);
	if (!s)
		s = view_check_dtype(
			"random: output", out,
			kind == COMPUTE_RANDOM_BITS        ? 1u << COMPUTE_I32
			: kind == COMPUTE_RANDOM_BERNOULLI ? VIEW_ANY
							   : VIEW_FLOATS);
	if (!s)
		s = view_check_contiguous("random: state", state);
	if (!s)
		s = view_check_dtype("random: state", state, 1u << COMPUTE_I32);
	if (s)
		return s;
	if ((uint32_t)kind > COMPUTE_RANDOM_BITS || view_count(state) != 4)
		return accel_error(ACCEL_ERR_INVALID,
				   "random: kind %d, state %s: 4 words are "
				   "needed",
				   (int)kind, view_text(state, text));
	if (!total)
		return ACCEL_OK;
	s = view_bind(rec, "random: output", out, true, &bind[0], &push[2]);
	if (!s)
		s = view_bind(rec, "random: state", state, false, &bind[1],
			      &push[3]);
	if (s)
		return s;
	grid_1d(rec->dev, div_up(total, 4 * LOCAL), groups);
	return launch(rec, COMPUTE_SHADER_random, spec, 3, bind, 2, push, 6, 14,
		      groups);
}

accel_status compute_random(struct compute_record *rec,
			    enum compute_random_kind kind, float lo, float hi,
			    uint32_t stream, const struct compute_view *state,
			    const struct compute_view *out)
{
	return compute_record_fail(rec, random_fill(rec, kind, lo, hi, stream,
						    state, out));
}

static accel_status unpack_bits(struct compute_record *rec,
				const struct compute_view *in,
				uint32_t sample_bytes,
				const struct compute_view *out)
{
	const uint32_t spec[] = { LOCAL, out->dtype };
	struct compute_binding bind[2];
	char a[VIEW_TEXT], b[VIEW_TEXT];
	uint32_t push[5] = { 0 }, groups[3];
	accel_status s;

	s = view_check_contiguous("unpack_bits: input", in);
	if (!s)
		s = view_check_dtype("unpack_bits: input", in,
				     1u << COMPUTE_U8);
	if (!s)
		s = view_check_contiguous("unpack_bits: output", out);
	if (s)
		return s;
	push[0] = (uint32_t)view_count(out);
	push[1] = out->rank ? out->size[out->rank - 1] : 1;
	push[2] = sample_bytes;
	if (push[1] > 8ull * sample_bytes ||
	    (push[1] &&
	     view_count(in) < (uint64_t)push[0] / push[1] * sample_bytes))
		return accel_error(ACCEL_ERR_SHAPE,
				   "unpack_bits: %s, %u bytes a sample, to %s",
				   view_text(in, a), sample_bytes,
				   view_text(out, b));
	if (!push[0])
		return ACCEL_OK;
	s = view_bind(rec, "unpack_bits: output", out, true, &bind[0],
		      &push[3]);
	if (!s)
		s = view_bind(rec, "unpack_bits: input", in, false, &bind[1],
			      &push[4]);
	if (s)
		return s;
	grid_1d(rec->dev, div_up(push[0], LOCAL), groups);
	return launch(rec, COMPUTE_SHADER_unpack_bits, spec, 2, bind, 2, push,
		      5, 0, groups);
}

accel_status compute_unpack_bits(struct compute_record *rec,
				 const struct compute_view *in,
				 uint32_t sample_bytes,
				 const struct compute_view *out)
{
	return compute_record_fail(rec,
				   unpack_bits(rec, in, sample_bytes, out));
}
