// SPDX-License-Identifier: MIT
/* Convolution, pooling, norms, indexing, random numbers: one launch each, with
 * contiguous operands. */
#include <string.h>

#include "../../base/alloc.h"
#include "vulkan.h"

/* ---- convolution ---- */

static void geometry(const struct op_attr *a, struct compute_conv *c)
{
	int i;

	for (i = 0; i < 2; i++) {
		c->stride[i] = (uint32_t)a->stride[i];
		c->pad[i] = (uint32_t)a->pad[i];
		c->dilation[i] = (uint32_t)a->dilation[i];
	}
	c->groups = (uint32_t)a->groups;
}

static accel_status conv(struct vk_record *r, const struct step *s, bool *tail)
{
	struct compute_device *dev = r->v->device;
	struct compute_view bias, residual, a, b;
	struct compute_conv c = { 0 };
	struct vk_epilogue e = { 0 };
	accel_status err;

	geometry(&s->attr, &c);
	err = vk_contiguous(r, &s->in[0], &a);
	if (!err)
		err = vk_contiguous(r, &s->in[1], &b);
	c.in = a;
	c.w = b;
	c.out = vk_view(r, &s->out[0]);
	if (s->op == OP_CONV_INPUT) {
		c.in = c.out;
		c.out = a;
	} else if (s->op == OP_CONV_WEIGHT) {
		c.w = c.out;
		c.out = b;
	}
	*tail = s->ew &&
		(s->op == OP_CONV_WEIGHT || !vk_epilogue(s, 1, -1, &e) ||
		 (e.residual && s->op == OP_CONV_INPUT));
	if (s->ew && !*tail) {
		c.act = e.act;
		bias = e.bias ? vk_row(r, e.bias, 1) : bias;
		c.bias = e.bias ? &bias : NULL;
		residual = e.residual ? vk_view(r, e.residual) : residual;
		c.residual = e.residual ? &residual : NULL;
	}
	c.scratch = r->scratch;
	c.scratch_offset =
		vk_take(r, s->op == OP_CONV ? compute_conv_scratch(dev, &c)
			   : s->op == OP_CONV_INPUT
				   ? compute_conv_input_grad_scratch(dev, &c)
				   : compute_conv_weight_grad_scratch(dev, &c));
	if (err)
		return err;
	return s->op == OP_CONV         ? compute_conv(r->rec, &c)
	       : s->op == OP_CONV_INPUT ? compute_conv_input_grad(r->rec, &c)
					: compute_conv_weight_grad(r->rec, &c);
}

static accel_status pool(struct vk_record *r, const struct step *s)
{
	struct compute_view index, in, out = vk_view(r, &s->out[0]);
	bool back = s->op == OP_MAX_UNPOOL || s->op == OP_AVG_UNPOOL;
	struct compute_pool p = { 0 };
	accel_status err;
	int i;

	p.average = s->op == OP_AVG_POOL || s->op == OP_AVG_UNPOOL;
	for (i = 0; i < 2; i++) {
		p.kernel[i] = (uint32_t)s->attr.kernel[i];
		p.stride[i] = (uint32_t)s->attr.stride[i];
		p.pad[i] = (uint32_t)s->attr.pad[i];
		p.dilation[i] = 1;
	}
	err = vk_contiguous(r, &s->in[s->op == OP_MAX_UNPOOL], &in);
	p.in = back ? out : in;
	p.out = back ? in : out;
	if (s->op == OP_MAX_POOL_INDEX) {
		struct layout l = s->out[0].l;

		l.dtype = s->in[0].l.dtype;
		p.out = vk_temporary(r, &l);
		p.index = &out;
	} else if (s->op == OP_MAX_UNPOOL) {
		err = err ? err : vk_contiguous(r, &s->in[0], &index);
		p.index = &index;
	}
	if (err)
		return err;
	return back ? compute_pool_grad(r->rec, &p) : compute_pool(r->rec, &p);
}

/* ---- norms ---- */

/* The axes as [outer, group, inner]; false where they are not so. */
static bool norm_shape(const struct step *s, struct compute_norm *n)
{
	const struct layout *l = &s->in[0].l;
	uint32_t axes = s->attr.axes;
	int i = 0;

	n->outer = n->group = n->inner = 1;
	n->batch = axes & 1;
	if (!n->batch) { /* those kept, then those normalized over */
		for (; i < l->ndim && !(axes & 1u << i); i++)
			n->outer *= (uint32_t)l->shape[i];
		for (; i < l->ndim && axes & 1u << i; i++)
			n->inner *= (uint32_t)l->shape[i];
		return i == l->ndim;
	}
	for (; i < l->ndim && axes & 1u << i; i++)
		n->outer *= (uint32_t)l->shape[i];
	for (; i < l->ndim && !(axes & 1u << i); i++)
		n->group *= (uint32_t)l->shape[i];
	for (; i < l->ndim && axes & 1u << i; i++)
		n->inner *= (uint32_t)l->shape[i];
	return i == l->ndim;
}

/* v with its dimensions in another order: first those that are kept. */
static struct compute_view kept_first(const struct compute_view *v,
				      uint32_t axes)
{
	struct compute_view t = *v;
	uint32_t n = 0;

	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t d = 0; d < v->rank; d++) {
			if ((axes >> d & 1) != pass)
				continue;
			t.size[n] = v->size[d];
			t.stride[n++] = v->stride[d];
		}
	return t;
}

/* Axes that do not lie together are brought together, and back. */
static accel_status normalize_apart(struct vk_record *r, const struct step *s,
				    struct compute_norm *n)
{
	struct compute_view in = vk_view(r, &s->in[0]), from;
	struct compute_view out = vk_view(r, &s->out[0]), to;
	uint32_t axes = s->attr.axes;
	int32_t stride = 1;
	accel_status err;

	n->in = vk_temporary(r, &s->in[0].l);
	n->out = vk_temporary(r, &s->out[0].l);
	from = kept_first(&in, axes);
	to = kept_first(&out, axes);
	memcpy(n->in.size, from.size, sizeof(from.size));
	memcpy(n->out.size, from.size, sizeof(from.size));
	n->batch = false;
	n->outer = n->group = n->inner = 1;
	for (uint32_t d = from.rank; d-- > 0;) {
		n->in.stride[d] = n->out.stride[d] = stride;
		stride *= (int32_t)from.size[d];
		*(axes >> d & 1 ? &n->inner : &n->outer) *= in.size[d];
	}
	err = compute_copy(r->rec, &from, &n->in);
	if (!err)
		err = compute_norm(r->rec, n);
	return err ? err : compute_copy(r->rec, &n->out, &to);
}

static accel_status normalize(struct vk_record *r, const struct step *s)
{
	struct compute_norm n = { .eps = (float)s->attr.value };
	accel_status err;

	if (!norm_shape(s, &n))
		return normalize_apart(r, s, &n);
	err = vk_contiguous(r, &s->in[0], &n.in);
	n.out = vk_view(r, &s->out[0]);
	return err ? err : compute_norm(r->rec, &n);
}

/* A view of new memory as the kernels of running sums want it: contiguous, of 32
 * bits an element, and what is narrower copied there. */
static accel_status wide(struct vk_record *r, const struct operand *o,
			 struct compute_view *v)
{
	struct compute_view from = vk_view(r, o);
	struct layout l = o->l;

	if (accel_dtype_size(l.dtype) == 4)
		return vk_contiguous(r, o, v);
	l.dtype = dtype_is_float(l.dtype) ? ACCEL_F32 : ACCEL_I32;
	*v = vk_temporary(r, &l);
	return compute_copy(r->rec, &from, v);
}

/* The output, or such memory in its place: narrow() then stores it. */
static struct compute_view wide_out(struct vk_record *r,
				    const struct operand *o)
{
	struct layout l = o->l;

	if (accel_dtype_size(l.dtype) == 4)
		return vk_view(r, o);
	l.dtype = dtype_is_float(l.dtype) ? ACCEL_F32 : ACCEL_I32;
	return vk_temporary(r, &l);
}

static accel_status narrow(struct vk_record *r, const struct operand *o,
			   const struct compute_view *v)
{
	struct compute_view out = vk_view(r, o);

	return out.dtype == v->dtype ? ACCEL_OK : compute_copy(r->rec, v, &out);
}

static accel_status cumsum(struct vk_record *r, const struct step *s)
{
	struct compute_view in, out = wide_out(r, &s->out[0]);
	accel_status err = wide(r, &s->in[0], &in);

	if (err)
		return err;
	err = compute_cumsum(r->rec, &in, (uint32_t)s->attr.axis, false,
			     s->attr.mode, &out);
	return err ? err : narrow(r, &s->out[0], &out);
}

/* One input, one output, one axis. */
static accel_status along_axis(struct vk_record *r, const struct step *s)
{
	struct compute_view in, values, out = vk_view(r, &s->out[0]);
	accel_status err = vk_contiguous(r, &s->in[0], &in);
	uint32_t axis = (uint32_t)s->attr.axis;
	struct layout l = s->out[0].l;

	l.dtype = s->in[0].l.dtype;
	if (s->op == OP_TOPK)
		values = vk_temporary(r, &l);
	if (err)
		return err;
	switch (s->op) {
	case OP_TOPK:
		return compute_topk(r->rec, &in, false, &values, &out);
	case OP_RESIZE:
		return compute_resize(r->rec, &in,
				      s->attr.mode == ACCEL_BILINEAR, false,
				      &out);
	case OP_RESIZE_ADJOINT:
		return compute_resize_grad(r->rec, &in,
					   s->attr.mode == ACCEL_BILINEAR,
					   false, &out);
	default:
		return compute_softmax(r->rec, &in, axis,
				       s->op == OP_LOG_SOFTMAX, &out);
	}
}

/* ---- indexing ---- */

/* True if the index is the same along all but the axis: rows are meant. */
static bool by_rows(const struct operand *index, int axis)
{
	int i;

	for (i = 0; i < index->l.ndim; i++)
		if (index->l.shape[i] != 1 && index->l.stride[i] != (i == axis))
			return false;
	return true;
}

static accel_status take_index(struct vk_record *r, const struct step *s,
			       struct compute_view *index, bool *rows)
{
	*rows = by_rows(&s->in[1], s->attr.axis);
	if (!*rows)
		return vk_contiguous(r, &s->in[1], index);
	*index = vk_row(r, &s->in[1], s->attr.axis);
	return ACCEL_OK;
}

static accel_status gather(struct vk_record *r, const struct step *s)
{
	struct compute_view in, index, out = vk_view(r, &s->out[0]);
	uint32_t axis = (uint32_t)s->attr.axis;
	accel_status err;
	bool rows;

	err = vk_contiguous(r, &s->in[0], &in);
	if (!err)
		err = take_index(r, s, &index, &rows);
	if (err)
		return err;
	return rows ? compute_gather(r->rec, &in, axis, &index, &out)
		    : compute_gather_along(r->rec, &in, axis, &index, &out);
}

static accel_status scatter_add(struct vk_record *r, const struct step *s)
{
	struct compute_view base = vk_view(r, &s->in[0]), src, index;
	struct compute_view out = wide_out(r, &s->out[0]);
	uint32_t axis = (uint32_t)s->attr.axis;
	accel_status err;
	bool rows;

	err = wide(r, &s->in[2], &src);
	if (!err)
		err = take_index(r, s, &index, &rows);
	if (!err)
		err = compute_copy(r->rec, &base, &out);
	if (err)
		return err;
	err = rows ? compute_scatter_add(r->rec, &src, axis, &index, &out)
		   : compute_scatter_add_along(r->rec, &src, axis, &index,
					       &out);
	return err ? err : narrow(r, &s->out[0], &out);
}

/* ---- the rest ---- */

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
	struct compute_view ones, out = wide_out(r, &s->out[0]);
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
		return err ? err : narrow(r, &s->out[0], &out);
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
	return err ? err : narrow(r, &s->out[0], &out);
}

bool vk_launches(const struct step *s)
{
	switch (s->op) {
	case OP_CONV:
	case OP_CONV_INPUT:
	case OP_CONV_WEIGHT:
	case OP_AVG_POOL:
	case OP_AVG_UNPOOL:
	case OP_SOFTMAX:
	case OP_LOG_SOFTMAX:
	case OP_NORMALIZE:
	case OP_RESIZE:
	case OP_RESIZE_ADJOINT:
		return vk_floats(s);
	case OP_MAX_UNPOOL:
		return dtype_is_float(s->out[0].l.dtype);
	case OP_MAX_POOL:
	case OP_MAX_POOL_INDEX:
	case OP_CUMSUM:
	case OP_ARANGE:
	case OP_SCATTER_ADD:
	case OP_TOPK:
	case OP_GATHER:
	case OP_RANDOM:
	case OP_UNPACK_BITS:
		return true;
	default:
		return false;
	}
}

accel_status vk_launch(struct vk_record *r, const struct step *s, bool *tail)
{
	switch (s->op) {
	case OP_CONV:
	case OP_CONV_INPUT:
	case OP_CONV_WEIGHT:
		return conv(r, s, tail);
	case OP_MAX_POOL:
	case OP_MAX_POOL_INDEX:
	case OP_MAX_UNPOOL:
	case OP_AVG_POOL:
	case OP_AVG_UNPOOL:
		return pool(r, s);
	case OP_NORMALIZE:
		return normalize(r, s);
	case OP_GATHER:
		return gather(r, s);
	case OP_SCATTER_ADD:
		return scatter_add(r, s);
	case OP_CUMSUM:
		return cumsum(r, s);
	case OP_RANDOM:
		return random(r, s);
	case OP_UNPACK_BITS:
		return unpack_bits(r, s);
	case OP_ARANGE:
		return arange(r, s);
	default:
		return along_axis(r, s);
	}
}
