// SPDX-License-Identifier: MIT
/* Resizing of images and its adjoint. */
#include "vulkan.h"

static accel_status resize(struct vk_record *r, const struct step *s)
{
	struct compute_view in, out = vk_view(r, &s->out[0]);
	accel_status err = vk_contiguous(r, &s->in[0], &in);
	bool linear = s->attr.mode == ACCEL_BILINEAR;

	if (err)
		return err;
	return s->op == OP_RESIZE
		       ? compute_resize(r->rec, &in, linear, false, &out)
		       : compute_resize_grad(r->rec, &in, linear, false, &out);
}

VK_OP(RESIZE, vk_floats, resize)
VK_OP(RESIZE_ADJOINT, vk_floats, resize)
