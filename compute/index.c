// SPDX-License-Identifier: MIT
/* Launches driven by indices: gather, scatter-add, one-hot. */
#include "view.h"

#include "../libaccel/src/base/error.h"

#define LOCAL 64

/*
 * Gather and scatter are one geometry: `table` [outer, n, inner] around axis,
 * `list` [outer, m, inner], index [m] or, along, [outer, m, inner].
 */
struct geometry {
	uint32_t outer, n, m, inner;
};

static accel_status measure(const char *what, const struct compute_view *table,
			    uint32_t axis, const struct compute_view *index,
			    const struct compute_view *list, bool along,
			    struct geometry *g)
{
	char a[VIEW_TEXT], b[VIEW_TEXT], c[VIEW_TEXT];
	uint64_t want;
	accel_status s;

	s = view_check_contiguous(what, table);
	if (!s)
		s = view_check_contiguous(what, list);
	if (!s)
		s = view_check_contiguous(what, index);
	if (!s)
		s = view_check_dtype(what, index, 1u << COMPUTE_I32);
	if (!s)
		s = view_check_dtype(what, list, 1u << table->dtype);
	if (!s)
		s = view_split(what, table, axis, &g->outer, &g->n, &g->inner);
	if (s)
		return s;
	if (along)
		g->m = axis < list->rank ? list->size[axis] : 0;
	else
		g->m = (uint32_t)view_count(index);
	want = (uint64_t)g->outer * g->m * g->inner;
	if (view_count(list) != want || (along && view_count(index) != want))
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: %s, axis %u, by index %s, and %s", what,
				   view_text(table, a), axis,
				   view_text(index, b), view_text(list, c));
	return ACCEL_OK;
}

static accel_status gather(struct compute_record *rec,
			   const struct compute_view *in, uint32_t axis,
			   const struct compute_view *index, bool along,
			   const struct compute_view *out)
{
	const uint32_t spec[] = { LOCAL, in->dtype, along };
	struct compute_binding bind[3];
	uint32_t push[7], groups[3];
	struct geometry g;
	accel_status s;

	s = measure("gather", in, axis, index, out, along, &g);
	if (s || !view_count(out))
		return s;
	push[0] = (uint32_t)view_count(out);
	push[1] = g.n;
	push[2] = g.m;
	push[3] = g.inner;
	s = view_bind(rec, "gather: output", out, true, &bind[0], &push[4]);
	if (!s)
		s = view_bind(rec, "gather: input", in, false, &bind[1],
			      &push[5]);
	if (!s)
		s = view_bind(rec, "gather: index", index, false, &bind[2],
			      &push[6]);
	if (s)
		return s;
	grid_1d(rec->dev, div_up(push[0], LOCAL), groups);
	return launch(rec, COMPUTE_SHADER_gather, spec, 3, bind, 3, push, 7, 0,
		      groups);
}

accel_status compute_gather(struct compute_record *rec,
			    const struct compute_view *in, uint32_t axis,
			    const struct compute_view *index,
			    const struct compute_view *out)
{
	return compute_record_fail(rec,
				   gather(rec, in, axis, index, false, out));
}

accel_status compute_gather_along(struct compute_record *rec,
				  const struct compute_view *in, uint32_t axis,
				  const struct compute_view *index,
				  const struct compute_view *out)
{
	return compute_record_fail(rec,
				   gather(rec, in, axis, index, true, out));
}

static accel_status scatter(struct compute_record *rec,
			    const struct compute_view *in, uint32_t axis,
			    const struct compute_view *index, bool along,
			    const struct compute_view *out)
{
	const uint32_t words = 1u << COMPUTE_F32 | 1u << COMPUTE_I32;
	const uint32_t spec[] = { LOCAL, out->dtype, along };
	struct compute_binding bind[3];
	uint32_t push[7], groups[3];
	struct geometry g;
	accel_status s;

	s = view_check_dtype("scatter_add", out, words);
	if (!s)
		s = measure("scatter_add", out, axis, index, in, along, &g);
	if (s || !view_count(in) || !view_count(out))
		return s;
	push[0] = g.outer * g.inner;
	push[1] = g.n;
	push[2] = g.m;
	push[3] = g.inner;
	s = view_bind(rec, "scatter_add: output", out, true, &bind[0],
		      &push[4]);
	if (!s)
		s = view_bind(rec, "scatter_add: input", in, false, &bind[1],
			      &push[5]);
	if (!s)
		s = view_bind(rec, "scatter_add: index", index, false, &bind[2],
			      &push[6]);
	if (s)
		return s;
	grid_1d(rec->dev, div_up(push[0], LOCAL), groups);
	return launch(rec, COMPUTE_SHADER_scatter_add, spec, 3, bind, 3, push,
		      7, g.m, groups);
}

accel_status compute_scatter_add(struct compute_record *rec,
				 const struct compute_view *in, uint32_t axis,
				 const struct compute_view *index,
				 const struct compute_view *out)
{
	return compute_record_fail(rec,
				   scatter(rec, in, axis, index, false, out));
}

accel_status compute_scatter_add_along(struct compute_record *rec,
				       const struct compute_view *in,
				       uint32_t axis,
				       const struct compute_view *index,
				       const struct compute_view *out)
{
	return compute_record_fail(rec,
				   scatter(rec, in, axis, index, true, out));
}

static accel_status one_hot(struct compute_record *rec,
			    const struct compute_view *index,
			    const struct compute_view *out)
{
	const uint32_t ints = 1u << COMPUTE_I32 | 1u << COMPUTE_I8 |
			      1u << COMPUTE_U8;
	const uint32_t spec[] = { LOCAL, index->dtype | out->dtype << 3 };
	char a[VIEW_TEXT], b[VIEW_TEXT];
	struct compute_binding bind[2];
	uint32_t push[4], groups[3];
	accel_status s;

	s = view_check_contiguous("one_hot: index", index);
	if (!s)
		s = view_check_dtype("one_hot: index", index, ints);
	if (!s)
		s = view_check_contiguous("one_hot: output", out);
	if (s)
		return s;
	push[0] = (uint32_t)view_count(out);
	push[1] = out->rank ? out->size[out->rank - 1] : 1;
	if (push[0] != view_count(index) * push[1])
		return accel_error(ACCEL_ERR_SHAPE, "one_hot: index %s to %s",
				   view_text(index, a), view_text(out, b));
	if (!push[0])
		return ACCEL_OK;
	s = view_bind(rec, "one_hot: output", out, true, &bind[0], &push[2]);
	if (!s)
		s = view_bind(rec, "one_hot: index", index, false, &bind[1],
			      &push[3]);
	if (s)
		return s;
	grid_1d(rec->dev, div_up(push[0], LOCAL), groups);
	return launch(rec, COMPUTE_SHADER_one_hot, spec, 2, bind, 2, push, 4, 0,
		      groups);
}

accel_status compute_one_hot(struct compute_record *rec,
			     const struct compute_view *index,
			     const struct compute_view *out)
{
	return compute_record_fail(rec, one_hot(rec, index, out));
}
