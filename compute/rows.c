// SPDX-License-Identifier: MIT
/* Launches that work along one axis: softmax, norms, cumsum, top-k. */
#include <string.h>

#include "epilogue.h"

#include "../libaccel/src/base/error.h"

#define LANES 64
#define SHORT 16 /* a row that one invocation walks alone */
#define CPU_LANES 8 /* a subgroup of a CPU rasterizer */

static accel_status same_shape(const char *what, const struct compute_view *a,
			       const struct compute_view *b)
{
	char ta[VIEW_TEXT], tb[VIEW_TEXT];

	if (a->rank == b->rank && !memcmp(a->size, b->size, a->rank * 4))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_SHAPE, "%s: shapes differ: %s, %s", what,
			   view_text(a, ta), view_text(b, tb));
}

static accel_status check(const char *what, const struct compute_view *v,
			  uint32_t dtypes)
{
	accel_status s = view_check_contiguous(what, v);

	return s ? s : view_check_dtype(what, v, dtypes);
}

/* ---- softmax ---------------------------------------------------------- */

static accel_status softmax(struct compute_record *rec, uint32_t mode,
			    const struct compute_view *a,
			    const struct compute_view *g, uint32_t axis,
			    const struct compute_view *o)
{
	uint32_t spec[] = {
		LANES, mode, a->dtype | (g ? g->dtype << 3 : 0) | o->dtype << 6
	};
	struct compute_binding bind[3];
	uint32_t push[6] = { 0 }, outer, groups[3];
	uint64_t turns;
	accel_status s;
	bool alone;

	s = check("softmax: input", a, VIEW_FLOATS);
	if (!s)
		s = check("softmax: output", o, VIEW_FLOATS);
	if (!s)
		s = same_shape("softmax", a, o);
	if (!s && g)
		s = check("softmax: gradient", g, VIEW_FLOATS);
	if (!s && g)
		s = same_shape("softmax: gradient", a, g);
	if (!s)
		s = view_split("softmax", a, axis, &outer, &push[1], &push[2]);
	if (s || !view_count(a))
		return s;
	push[0] = outer * push[2];
	s = view_bind(rec, "softmax: output", o, true, &bind[0], &push[5]);
	if (!s)
		s = view_bind(rec, "softmax: input", a, false, &bind[1],
			      &push[3]);
	if (!s && g)
		s = view_bind(rec, "softmax: gradient", g, false, &bind[2],
			      &push[4]);
	if (s)
		return s;
	/* the largest, the sum, the quotients */
	turns = 3 * (uint64_t)push[1];
	alone = push[1] <= SHORT;
	if (prefers_texels(rec->dev) && push[0] >= CPU_LANES &&
	    turns <= rec->dev->limits.max_turns) {
		alone = true;
		spec[0] = CPU_LANES;
	}
	if (!alone)
		turns = 3 * (uint64_t)div_up(push[1], LANES) +
			2 * row_turns(LANES);
	grid_1d(rec->dev, alone ? div_up(push[0], spec[0]) : push[0], groups);
	return launch(rec,
		      alone ? COMPUTE_SHADER_softmax_lane
			    : COMPUTE_SHADER_softmax,
		      spec, 3, bind, g ? 3 : 2, push, 6, turns, groups);
}

accel_status compute_softmax(struct compute_record *rec,
			     const struct compute_view *in, uint32_t axis,
			     bool log, const struct compute_view *out)
{
	return compute_record_fail(rec, softmax(rec, log, in, NULL, axis, out));
}

accel_status compute_softmax_grad(struct compute_record *rec,
				  const struct compute_view *out,
				  const struct compute_view *out_grad,
				  uint32_t axis, bool log,
				  const struct compute_view *in_grad)
{
	return compute_record_fail(rec, softmax(rec, 2 + log, out, out_grad,
						axis, in_grad));
}

/* ---- normalization ---------------------------------------------------- */

static accel_status side(struct compute_record *rec, const char *what,
			 const struct compute_view *v, uint64_t want,
			 bool writes, struct compute_binding *b,
			 uint32_t *start)
{
	char text[VIEW_TEXT];
	accel_status s;

	if (!v)
		return ACCEL_OK;
	s = check(what, v, writes ? 1u << COMPUTE_F32 : VIEW_FLOATS);
	if (!s && view_count(v) != want)
		s = accel_error(ACCEL_ERR_SHAPE,
				"%s: %s, %llu elements are needed", what,
				view_text(v, text), (unsigned long long)want);
	return s ? s : view_bind(rec, what, v, writes, b, start);
}

static accel_status norm(struct compute_record *rec,
			 const struct compute_norm *n)
{
	uint64_t total = (uint64_t)n->outer * n->group * n->inner;
	uint64_t sets = n->batch ? n->group : n->outer;
	uint64_t affine = n->batch ? n->group : (uint64_t)n->group * n->inner;
	const uint32_t spec[] = {
		LANES,
		n->batch | (n->gamma ? 2u : 0) | (n->beta ? 4u : 0) |
			(n->mean ? 8u : 0) | (n->rstd ? 16u : 0),
		n->in.dtype | n->out.dtype << 3 |
			(n->gamma ? n->gamma->dtype << 6 : 0) |
			(n->beta ? n->beta->dtype << 9 : 0),
	};
	uint32_t push[10] = { n->outer, n->group, n->inner,
			      float_bits(n->eps) };
	struct compute_binding bind[6];
	char text[VIEW_TEXT];
	uint32_t groups[3];
	accel_status s;

	s = check("norm: input", &n->in, VIEW_FLOATS);
	if (!s)
		s = check("norm: output", &n->out, VIEW_FLOATS);
	if (s)
		return s;
	if (view_count(&n->in) != total || view_count(&n->out) != total)
		return accel_error(ACCEL_ERR_SHAPE,
				   "norm: %s as %u by %u by %u",
				   view_text(&n->in, text), n->outer, n->group,
				   n->inner);
	if (!total)
		return ACCEL_OK;
	s = view_bind(rec, "norm: output", &n->out, true, &bind[0], &push[4]);
	if (!s)
		s = view_bind(rec, "norm: input", &n->in, false, &bind[1],
			      &push[5]);
	for (int i = 2; i < 6; i++)
		bind[i] = bind[1];
	if (!s)
		s = side(rec, "norm: gamma", n->gamma, affine, false, &bind[2],
			 &push[6]);
	if (!s)
		s = side(rec, "norm: beta", n->beta, affine, false, &bind[3],
			 &push[7]);
	if (!s)
		s = side(rec, "norm: mean", n->mean, sets, true, &bind[4],
			 &push[8]);
	if (!s)
		s = side(rec, "norm: rstd", n->rstd, sets, true, &bind[5],
			 &push[9]);
	if (s)
		return s;
	grid_1d(rec->dev, sets, groups);
	/* the mean, the deviation, the quotients */
	return launch(rec, COMPUTE_SHADER_norm, spec, 3, bind, 6, push, 10,
		      3 * (uint64_t)div_up(total / sets, LANES) +
			      2 * row_turns(LANES),
		      groups);
}

accel_status compute_norm(struct compute_record *rec,
			  const struct compute_norm *n)
{
	return compute_record_fail(rec, norm(rec, n));
}

/* ---- running sums, top-k ---------------------------------------------- */

static accel_status cumsum(struct compute_record *rec,
			   const struct compute_view *in, uint32_t axis,
			   bool exclusive, bool reverse,
			   const struct compute_view *out)
{
	const uint32_t words = 1u << COMPUTE_F32 | 1u << COMPUTE_I32;
	const uint32_t spec[] = { LANES,
				  exclusive | (uint32_t)reverse << 1 |
					  (in->dtype == COMPUTE_I32 ? 4u : 0) };
	struct compute_binding bind[2];
	uint32_t push[5] = { 0 }, outer, groups[3];
	accel_status s;

	s = check("cumsum: input", in, words);
	if (!s)
		s = check("cumsum: output", out, 1u << in->dtype);
	if (!s)
		s = same_shape("cumsum", in, out);
	if (!s)
		s = view_split("cumsum", in, axis, &outer, &push[1], &push[2]);
	if (s || !view_count(in))
		return s;
	push[0] = outer * push[2];
	s = view_bind(rec, "cumsum: output", out, true, &bind[0], &push[3]);
	if (!s)
		s = view_bind(rec, "cumsum: input", in, false, &bind[1],
			      &push[4]);
	if (s)
		return s;
	grid_1d(rec->dev, div_up(push[0], LANES), groups);
	return launch(rec, COMPUTE_SHADER_cumsum, spec, 2, bind, 2, push, 5,
		      push[1], groups);
}

accel_status compute_cumsum(struct compute_record *rec,
			    const struct compute_view *in, uint32_t axis,
			    bool exclusive, bool reverse,
			    const struct compute_view *out)
{
	return compute_record_fail(rec, cumsum(rec, in, axis, exclusive,
					       reverse, out));
}

static accel_status topk(struct compute_record *rec,
			 const struct compute_view *in, bool smallest,
			 const struct compute_view *values,
			 const struct compute_view *index)
{
	const uint32_t spec[] = { LANES, in->dtype, smallest };
	char a[VIEW_TEXT], b[VIEW_TEXT];
	struct compute_binding bind[3];
	uint32_t push[6] = { 0 }, groups[3];
	accel_status s;

	s = check("topk: input", in, VIEW_ANY);
	if (!s)
		s = check("topk: values", values, 1u << in->dtype);
	if (!s)
		s = check("topk: index", index, 1u << COMPUTE_I32);
	if (!s)
		s = same_shape("topk", values, index);
	if (s)
		return s;
	if (!in->rank || values->rank != in->rank ||
	    memcmp(values->size, in->size, (in->rank - 1) * 4) ||
	    values->size[in->rank - 1] > in->size[in->rank - 1])
		return accel_error(ACCEL_ERR_SHAPE, "topk: %s to %s",
				   view_text(in, a), view_text(values, b));
	if (!view_count(values))
		return ACCEL_OK;
	push[1] = in->size[in->rank - 1];
	push[2] = values->size[in->rank - 1];
	push[0] = (uint32_t)(view_count(in) / push[1]);
	s = view_bind(rec, "topk: values", values, true, &bind[0], &push[3]);
	if (!s)
		s = view_bind(rec, "topk: index", index, true, &bind[1],
			      &push[4]);
	if (!s)
		s = view_bind(rec, "topk: input", in, false, &bind[2],
			      &push[5]);
	if (s)
		return s;
	grid_1d(rec->dev, push[0], groups);
	return launch(
		rec, COMPUTE_SHADER_topk, spec, 3, bind, 3, push, 6,
		push[2] * (1ull + div_up(push[1], LANES) + row_turns(LANES)),
		groups);
}

accel_status compute_topk(struct compute_record *rec,
			  const struct compute_view *in, bool smallest,
			  const struct compute_view *values,
			  const struct compute_view *index)
{
	return compute_record_fail(rec, topk(rec, in, smallest, values, index));
}
