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
/* Terms of a part of a long sum, and how many workgroups are enough to have all
 * of a GPU at work. */
#define CPU_PART 32768
#define PART 4096
#define GROUPS 256
#define SIDE 7 /* kept and reduced dimensions together, one of each at least */

struct side {
	uint32_t rank, size[COMPUTE_MAX_DIMS];
	int32_t stride[1][COMPUTE_MAX_DIMS];
	uint64_t count;
};

/* The dimensions that are kept, or reduced. A reduced `axis` is cut into equal
 * parts, over which the results go first. */
static void split(const struct compute_view *v, uint32_t axes, bool reduced,
		  uint32_t axis, uint32_t parts, struct side *s)
{
	memset(s, 0, sizeof(*s));
	s->count = 1;
	if (parts > 1 && !reduced) {
		s->size[s->rank] = parts;
		s->stride[0][s->rank++] =
			v->stride[axis] * (int32_t)(v->size[axis] / parts);
		s->count = parts;
	}
	for (uint32_t d = 0; d < v->rank; d++) {
		uint32_t size = v->size[d];

		if ((axes >> d & 1) != reduced)
			continue;
		if (parts > 1 && d == axis)
			size /= parts;
		s->size[s->rank] = size;
		s->stride[0][s->rank++] = v->stride[d];
		s->count *= size;
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

/* Turns of an invocation's loops: see the shaders. */
static uint64_t turns(bool row, uint64_t gone)
{
	return row ? div_up(gone, ROW_LANES) + row_turns(ROW_LANES)
		   : gone + div_up(gone, 64);
}

static bool row_each(const struct compute_device *dev, uint64_t kept,
		     uint64_t gone)
{
	if (gone >= ROW_MIN && turns(false, gone) > dev->limits.max_turns)
		return true;
	if (prefers_texels(dev) &&
	    !(kept < CPU_LANES || (kept < CPU_FEW && gone >= CPU_LONG)))
		return false;
	return gone >= ROW_MIN && kept <= ROW_MAX_OUT;
}

/* ---- in two passes ------------------------------------------------------ */

/* The longest reduced dimension is cut into parts of `length`, of which the last
 * may be shorter. What they give is [parts][kept], in scratch. */
struct cut {
	uint32_t parts, axis, size, length;
};

static bool in_parts(enum compute_reduce_op op)
{
	return op == COMPUTE_REDUCE_SUM || op == COMPUTE_REDUCE_SUMSQ ||
	       op == COMPUTE_REDUCE_PROD || op == COMPUTE_REDUCE_MAX ||
	       op == COMPUTE_REDUCE_MIN;
}

static uint64_t parts_wanted(const struct compute_device *dev, uint64_t kept,
			     uint64_t gone)
{
	/* a rasterizer's few threads are busy with few outputs */
	if (prefers_texels(dev))
		return gone > CPU_PART ? div_up(gone, CPU_PART) : 1;
	if (turns(row_each(dev, kept, gone), gone) > dev->limits.max_turns)
		return div_up(gone, CPU_PART);
	if (gone < 4 * PART || kept >= GROUPS)
		return 1;
	return gone / PART < GROUPS / kept ? gone / PART : GROUPS / kept;
}

static struct cut cut_of(const struct compute_device *dev,
			 const struct compute_reduce *r, uint64_t kept,
			 uint64_t gone)
{
	struct cut c = { 1, 0, 0, 0 };
	uint64_t parts = in_parts(r->op) ? parts_wanted(dev, kept, gone) : 1;

	for (uint32_t d = 0; d < r->in.rank; d++)
		if (r->axes >> d & 1 && r->in.size[d] > c.size) {
			c.axis = d;
			c.size = r->in.size[d];
		}
	if (parts <= 1 || c.size < 2)
		return c;
	c.length = parts < c.size ? div_up(c.size, parts) : 1;
	c.parts = div_up(c.size, c.length);
	return c;
}

/* How many elements are kept, and how many become one. */
static void counts(const struct compute_reduce *r, uint64_t *kept,
		   uint64_t *gone)
{
	*kept = *gone = 1;
	for (uint32_t d = 0; d < r->in.rank && d < COMPUTE_MAX_DIMS; d++)
		*(r->axes >> d & 1 ? gone : kept) *= r->in.size[d];
}

uint64_t compute_reduce_scratch(struct compute_device *dev,
				const struct compute_reduce *r)
{
	uint64_t kept, gone;
	struct cut c;

	counts(r, &kept, &gone);
	if (!kept || !gone)
		return 0;
	c = cut_of(dev, r, kept, gone);
	return c.parts > 1 ? (c.parts * kept * 4 + 255) & ~255ull : 0;
}

/* ---- launches ----------------------------------------------------------- */

/* One pass over all of `in`, whose `axis` is cut into equal parts. The output is
 * [parts][kept]. */
static accel_status pass(struct compute_record *rec, enum compute_reduce_op op,
			 const struct compute_view *in, uint32_t axes,
			 uint32_t axis, uint32_t parts,
			 const struct compute_view *out)
{
	struct compute_binding bind[2];
	uint32_t push[4 + 2 * SIDE] = { 0 }, groups[3];
	struct side kept, gone;
	uint32_t lanes;
	accel_status s;
	bool row;

	split(in, axes, false, axis, parts, &kept);
	split(in, axes, true, axis, parts, &gone);
	if (kept.rank + gone.rank > SIDE)
		return accel_error(ACCEL_ERR_RANGE,
				   "reduce: %u dimensions that step apart, the "
				   "kernel takes %d",
				   kept.rank + gone.rank, SIDE);
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
			      spec, 6, bind, 2, push, 4 + 2 * SIDE,
			      turns(row, gone.count), groups);
	}
}

static accel_status two_passes(struct compute_record *rec,
			       const struct compute_reduce *r, uint64_t kept,
			       const struct cut *c)
{
	const bool ints = !(VIEW_FLOATS & 1u << r->in.dtype);
	const uint32_t whole = c->size / c->length, rest = c->size % c->length;
	struct compute_view in = r->in, parts = {
		.buffer = r->scratch,
		.offset = r->scratch_offset,
		.dtype = ints ? COMPUTE_I32 : COMPUTE_F32,
		.rank = 2,
		.size = { whole, (uint32_t)kept },
		.stride = { (int32_t)kept, 1 },
	};
	int64_t to;
	accel_status s;

	in.size[c->axis] = whole * c->length;
	s = pass(rec, r->op, &in, r->axes, c->axis, whole, &parts);
	if (!s && rest) {
		to = (int64_t)(whole * c->length) * in.stride[c->axis] *
		     (int64_t)compute_dtype_size(in.dtype);
		in.offset += (uint64_t)to;
		in.size[c->axis] = rest;
		parts.offset += whole * kept * 4;
		parts.size[0] = 1;
		s = pass(rec, r->op, &in, r->axes, 0, 1, &parts);
	}
	parts.offset = r->scratch_offset;
	parts.size[0] = c->parts;
	return s ? s
		 : pass(rec,
			r->op == COMPUTE_REDUCE_SUMSQ ? COMPUTE_REDUCE_SUM
						      : r->op,
			&parts, 1, 0, 1, &r->out);
}

static accel_status reduce(struct compute_record *rec,
			   const struct compute_reduce *r)
{
	accel_status s = check(r->op, &r->in, r->axes, &r->out);
	uint64_t kept, gone;
	struct cut c;

	if (s || !view_count(&r->out))
		return s;
	counts(r, &kept, &gone);
	if (!gone)
		return compute_fill(rec, &r->out, of_nothing(r->op));
	c = cut_of(rec->dev, r, kept, gone);
	return c.parts > 1 ? two_passes(rec, r, kept, &c)
			   : pass(rec, r->op, &r->in, r->axes, 0, 1, &r->out);
}

accel_status compute_reduce(struct compute_record *rec,
			    const struct compute_reduce *r)
{
	return compute_record_fail(rec, reduce(rec, r));
}
