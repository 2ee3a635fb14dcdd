// SPDX-License-Identifier: MIT
/* Convolution and its two gradients. */
#include "vulkan.h"

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

static accel_status conv(struct vk_record *r, const struct step *s)
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
	r->tail = s->ew &&
		  (s->op == OP_CONV_WEIGHT || !vk_epilogue(s, 1, -1, &e) ||
		   (e.residual && s->op == OP_CONV_INPUT));
	if (s->ew && !r->tail) {
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

VK_OP(CONV, vk_floats, conv)
VK_OP(CONV_INPUT, vk_floats, conv)
VK_OP(CONV_WEIGHT, vk_floats, conv)
