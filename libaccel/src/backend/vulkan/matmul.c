// SPDX-License-Identifier: MIT
/* Matrix products. */
#include "vulkan.h"

static accel_status matmul(struct vk_record *r, const struct step *s)
{
	int nd = s->out[0].l.ndim;
	struct compute_view bias, residual;
	struct vk_epilogue e;
	struct compute_matmul m = {
		.a = vk_view(r, &s->in[0]),
		.b = vk_view(r, &s->in[1]),
		.out = vk_view(r, &s->out[0]),
	};

	r->tail = s->ew &&
		  (!vk_floats(s) || !vk_epilogue(s, nd - 1, nd - 2, &e));
	if (s->ew && !r->tail) {
		m.act = e.act;
		if (e.bias) {
			bias = vk_row(r, e.bias, e.bias_rows ? nd - 2 : nd - 1);
			m.bias = &bias;
			m.bias_rows = e.bias_rows;
		}
		if (e.residual) {
			residual = vk_view(r, e.residual);
			m.residual = &residual;
		}
	}
	m.scratch = r->scratch;
	m.scratch_offset = vk_take(r, compute_matmul_scratch(r->v->device, &m));
	return compute_matmul(r->rec, &m);
}

/* Integers, too: floats, or what the op has promoted. */
VK_OP(MATMUL, vk_any, matmul)
