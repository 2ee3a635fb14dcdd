// SPDX-License-Identifier: MIT
/* Launches over planes of pixels: pooling and resizing. */
#include "epilogue.h"

#include "../libaccel/src/base/error.h"

#define LOCAL 64

static accel_status check_planes(const char *what,
				 const struct compute_view *in,
				 const struct compute_view *out,
				 uint32_t dtypes)
{
	char a[VIEW_TEXT], b[VIEW_TEXT];
	accel_status s = view_check_contiguous(what, in);

	if (!s)
		s = view_check_contiguous(what, out);
	if (!s)
		s = view_check_dtype(what, in, dtypes);
	if (!s)
		s = view_check_dtype(what, out, dtypes);
	if (!s && (in->rank != 4 || out->rank != 4 ||
		   in->size[0] != out->size[0] || in->size[1] != out->size[1]))
		s = accel_error(ACCEL_ERR_SHAPE, "%s: %s and %s: planes differ",
				what, view_text(in, a), view_text(out, b));
	return s;
}

/* Over the windows that reach an element; an average without padding counts the
 * taps of each. */
static uint64_t grad_turns(const struct compute_pool *p, uint64_t rows,
			   uint64_t columns)
{
	const uint64_t taps = p->average && !p->count_pad
				      ? (uint64_t)p->kernel[0] + p->kernel[1]
				      : 0;

	return rows * (1 + columns * (1 + taps));
}

static accel_status pool(struct compute_record *rec,
			 const struct compute_pool *p, bool grad)
{
	const char *what = grad ? "pool gradient" : "pool";
	const struct compute_view *write = grad ? &p->in : &p->out;
	const uint32_t spec[] = {
		LOCAL,
		p->average | (uint32_t)p->count_pad << 1 | (p->index ? 4u : 0) |
			(grad && (p->dilation[0] != 1 || p->dilation[1] != 1)
				 ? 8u
				 : 0),
		p->in.dtype | p->out.dtype << 3
	};
	uint32_t total = (uint32_t)view_count(write), groups[3];
	uint32_t dtypes = VIEW_FLOATS;
	uint32_t push[18] = {
		total,          p->in.size[2], p->in.size[3], p->out.size[2],
		p->out.size[3], p->kernel[0],  p->kernel[1],  p->stride[0],
		p->stride[1],   p->pad[0],     p->pad[1],     p->dilation[0],
		p->dilation[1],
	};
	struct compute_binding in, out, index, bind[3];
	char a[VIEW_TEXT], b[VIEW_TEXT];
	accel_status s;

	/* integers have no average and no gradient here */
	if (!p->average && !grad && !(VIEW_FLOATS & 1u << p->in.dtype))
		dtypes = 1u << p->in.dtype;
	s = check_planes(what, &p->in, &p->out, dtypes);
	if (s)
		return s;
	for (int i = 0; i < 2; i++)
		if (!p->kernel[i] || !p->stride[i] || !p->dilation[i])
			return accel_error(ACCEL_ERR_INVALID,
					   "%s: kernel %u, stride %u, dilation "
					   "%u: none may be 0",
					   what, p->kernel[i], p->stride[i],
					   p->dilation[i]);
	if (p->average ? p->index != NULL : grad && !p->index)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: an index is for max pooling, whose "
				   "gradient needs it",
				   what);
	if (!total)
		return ACCEL_OK;
	s = view_bind(rec, what, &p->in, grad, &in, &push[14]);
	if (!s)
		s = view_bind(rec, what, &p->out, !grad, &out, &push[13]);
	index = grad ? out : in;
	if (!s && p->index) {
		s = view_check_contiguous(what, p->index);
		if (!s)
			s = view_check_dtype(what, p->index, 1u << COMPUTE_I32);
		if (!s && view_count(p->index) != view_count(&p->out))
			s = accel_error(ACCEL_ERR_SHAPE, "%s: index %s of %s",
					what, view_text(p->index, a),
					view_text(&p->out, b));
		if (!s)
			s = view_bind(rec, what, p->index, !grad, &index,
				      &push[15]);
	}
	if (s)
		return s;
	for (int i = 0; i < 2 && grad; i++)
		push[16 + i] =
			(p->kernel[i] - 1) * p->dilation[i] / p->stride[i] + 1;
	bind[0] = grad ? in : out;
	bind[1] = grad ? out : in;
	bind[2] = index;
	grid_1d(rec->dev, div_up(total, LOCAL), groups);
	return launch(rec,
		      grad ? COMPUTE_SHADER_pool_grad : COMPUTE_SHADER_pool,
		      spec, 3, bind, 3, push, grad ? 18 : 16,
		      grad ? grad_turns(p, push[16], push[17])
			   : p->kernel[0] * (1 + (uint64_t)p->kernel[1]),
		      groups);
}

accel_status compute_pool(struct compute_record *rec,
			  const struct compute_pool *p)
{
	return compute_record_fail(rec, pool(rec, p, false));
}

accel_status compute_pool_grad(struct compute_record *rec,
			       const struct compute_pool *p)
{
	return compute_record_fail(rec, pool(rec, p, true));
}

/* Input pixels an output pixel. */
static float ratio(uint32_t in, uint32_t out, bool corners)
{
	if (!corners)
		return (float)in / (float)out;
	return out > 1 ? (float)(in - 1) / (float)(out - 1) : 0;
}

/* Outputs that may draw from one input, as the shader's reach() has it. */
static uint64_t reach(uint32_t in, uint32_t out, bool corners)
{
	float r = ratio(in, out, corners);
	uint64_t n = r > 0 ? (uint64_t)(2 / r) + 5 : out;

	return in == 1 || n > out ? out : n;
}

static accel_status resize(struct compute_record *rec,
			   const struct compute_view *in, bool bilinear,
			   bool corners, bool grad,
			   const struct compute_view *out)
{
	const struct compute_view *from = grad ? out : in;
	const struct compute_view *to = grad ? in : out;
	const uint32_t spec[] = { LOCAL, bilinear, corners,
				  from->dtype | to->dtype << 3, grad };
	uint32_t total = (uint32_t)view_count(to), groups[3];
	uint32_t push[9] = { total, in->size[2], in->size[3], out->size[2],
			     out->size[3] };
	uint64_t reach_y, reach_x;
	struct compute_binding bind[2];
	char a[VIEW_TEXT], b[VIEW_TEXT];
	accel_status s;

	s = check_planes("resize", in, out, VIEW_FLOATS);
	if (s || !total)
		return s;
	if (!view_count(from) || in->size[2] > 65535 || out->size[2] > 65535 ||
	    in->size[3] > 65535 || out->size[3] > 65535)
		return accel_error(ACCEL_ERR_SHAPE, "resize: %s to %s",
				   view_text(in, a), view_text(out, b));
	push[7] = float_bits(ratio(in->size[2], out->size[2], corners));
	push[8] = float_bits(ratio(in->size[3], out->size[3], corners));
	s = view_bind(rec, "resize: output", to, true, &bind[0], &push[5]);
	if (!s)
		s = view_bind(rec, "resize: input", from, false, &bind[1],
			      &push[6]);
	if (s)
		return s;
	grid_1d(rec->dev, div_up(total, LOCAL), groups);
	reach_y = reach(in->size[2], out->size[2], corners);
	reach_x = reach(in->size[3], out->size[3], corners);
	return launch(rec, COMPUTE_SHADER_resize, spec, 5, bind, 2, push, 9,
		      grad ? reach_y * (1 + reach_x) : 0, groups);
}

accel_status compute_resize(struct compute_record *rec,
			    const struct compute_view *in, bool bilinear,
			    bool align_corners, const struct compute_view *out)
{
	return compute_record_fail(rec, resize(rec, in, bilinear, align_corners,
					       false, out));
}

accel_status compute_resize_grad(struct compute_record *rec,
				 const struct compute_view *out, bool bilinear,
				 bool align_corners,
				 const struct compute_view *in)
{
	return compute_record_fail(rec, resize(rec, in, bilinear, align_corners,
					       true, out));
}
