// SPDX-License-Identifier: MIT
/* Reductions over any axes. */
#include <string.h>

#include "view.h"

#include "../libaccel/src/base/error.h"

/* A workgroup an output pays when there is this much to reduce... */
#define ROW_MIN 32
/* ...and too few outputs to fill the device otherwise. */
#define ROW_MAX_OUT 8192
#define ROW_LANES 64
/* One subgroup of a CPU rasterizer: its barriers cost more than its loops, so a
 * workgroup an output only where outputs leave its lanes or its threads idle */
#define CPU_LANES 8
#define CPU_FEW 64
#define CPU_LONG 4096
#define SIDE 7 /* kept and reduced dimensions together, one of each at least */

struct side {
	uint32_t rank, size[COMPUTE_MAX_DIMS];
	int32_t stride[1][COMPUTE_MAX_DIMS];
	uint64_t count;
};

static void split(const struct compute_view *v, uint32_t axes, bool reduced,
		  struct side *s)
{
	memset(s, 0, sizeof(*s));
	s->count = 1;
	for (uint32_t d = 0; d < v->rank; d++) {
		if ((axes >> d & 1) != reduced)
			continue;
		s->size[s->rank] = v->size[d];
		s->stride[0][s->rank++] = v->stride[d];
		s->count *= v->size[d];
	}
	if (s->count)
		dims_merge(&s->rank, s->size, s->stride, 1);
}

static double of_nothing(enum compute_reduce_op op)
{
	return op == COMPUTE_REDUCE_PROD   ? 1
	       : op == COMPUTE_REDUCE_MEAN ? (double)__builtin_nanf("")
					   : 0;
}

static accel_status check(enum compute_reduce_op op,
			  const struct compute_view *in, uint32_t axes,
			  const struct compute_view *out)
{
	char a[VIEW_TEXT], b[VIEW_TEXT];
	bool index = op == COMPUTE_REDUCE_ARGMAX || op == COMPUTE_REDUCE_ARGMIN;
	accel_status s;
	uint64_t kept = 1, gone = 1;

	if ((uint32_t)op > COMPUTE_REDUCE_SUMSQ)
		return accel_error(ACCEL_ERR_INVALID, "reduce: no operation %d",
				   (int)op);
	s = view_check("reduce: input", in);
	if (!s)
		s = view_check_contiguous("reduce: output", out);
	if (s)
		return s;
	if (axes >> in->rank)
		return accel_error(ACCEL_ERR_INVALID, "reduce: axes 0x%x of %s",
				   axes, view_text(in, a));
	for (uint32_t d = 0; d < in->rank; d++)
		*(axes >> d & 1 ? &gone : &kept) *= in->size[d];
	if (kept != view_count(out))
		return accel_error(ACCEL_ERR_SHAPE,
				   "reduce: %s over axes 0x%x has %llu "
				   "results, output %s",
				   view_text(in, a), axes,
				   (unsigned long long)kept, view_text(out, b));
	if (index && out->dtype != COMPUTE_I32)
		return accel_error(ACCEL_ERR_DTYPE,
				   "reduce: an index goes to i32, not %s",
				   view_text(out, b));
	if (!gone && kept &&
	    (index || op == COMPUTE_REDUCE_MAX || op == COMPUTE_REDUCE_MIN))
		return accel_error(ACCEL_ERR_SHAPE,
				   "reduce: %s over axes 0x%x: the maximum of "
				   "nothing",
				   view_text(in, a), axes);
	return ACCEL_OK;
}

static bool row_each(const struct compute_device *dev, uint64_t kept,
		     uint64_t gone)
{
	if (prefers_texels(dev) &&
	    !(kept < CPU_LANES || (kept < CPU_FEW && gone >= CPU_LONG)))
		return false;
	return gone >= ROW_MIN && kept <= ROW_MAX_OUT;
}

static accel_status reduce(struct compute_record *rec,
			   enum compute_reduce_op op,
			   const struct compute_view *in, uint32_t axes,
			   const struct compute_view *out)
{
	struct compute_binding bind[2];
	uint32_t push[4 + 2 * SIDE] = { 0 }, groups[3];
	struct side kept, gone;
	uint32_t lanes;
	accel_status s;
	bool row;

	s = check(op, in, axes, out);
	if (s || !view_count(out))
		return s;
	split(in, axes, false, &kept);
	split(in, axes, true, &gone);
	if (!gone.count)
		return compute_fill(rec, out, of_nothing(op));
	s = view_bind(rec, "reduce: input", in, false, &bind[0], &push[2]);
	if (!s)
		s = view_bind(rec, "reduce: output", out, true, &bind[1],
			      &push[3]);
	if (s)
		return s;
	push[0] = (uint32_t)kept.count;
	push[1] = (uint32_t)gone.count;
	for (uint32_t i = 0; i < kept.rank; i++) {
		push[4 + i] = kept.size[i];
		push[4 + SIDE + i] = (uint32_t)kept.stride[0][i];
	}
	for (uint32_t i = 0; i < gone.rank; i++) {
		push[4 + kept.rank + i] = gone.size[i];
		push[4 + SIDE + kept.rank + i] = (uint32_t)gone.stride[0][i];
	}
	row = row_each(rec->dev, kept.count, gone.count);
	lanes = !row && prefers_texels(rec->dev) ? CPU_LANES : ROW_LANES;
	{
		const uint32_t spec[] = { lanes,      op,        in->dtype,
					  out->dtype, kept.rank, gone.rank };

		grid_1d(rec->dev, row ? kept.count : div_up(kept.count, lanes),
			groups);
		return launch(rec,
			      row ? COMPUTE_SHADER_reduce_row
				  : COMPUTE_SHADER_reduce,
			      spec, 6, bind, 2, push, 4 + 2 * SIDE, groups);
	}
}

accel_status compute_reduce(struct compute_record *rec,
			    enum compute_reduce_op op,
			    const struct compute_view *in, uint32_t axes,
			    const struct compute_view *out)
{
	return compute_record_fail(rec, reduce(rec, op, in, axes, out));
}
