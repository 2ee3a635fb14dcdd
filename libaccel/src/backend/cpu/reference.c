// SPDX-License-Identifier: MIT
/* A step by its op's reference: converted to double and back. */
#include "../../base/alloc.h"
#include "../../base/error.h"
#include "cpu.h"

accel_status cpu_reference(const struct step *s, void *const *base)
{
	const struct layout *out = &s->out[0].l, *in[64];
	struct ref_call c = { s->op, s->n_base, &s->attr, out, in, NULL, NULL };
	int64_t n = layout_count(out), i;
	double *x[64] = { NULL }, *y;
	struct layout_iter it;
	bool ok = true;
	uint32_t k;

	y = mem_alloc((size_t)n * sizeof(*y));
	for (k = 0; k < s->n_base; k++) {
		const struct operand *o = &s->in[k];

		in[k] = &o->l;
		x[k] = mem_alloc((size_t)layout_count(&o->l) * sizeof(*y));
		ok = ok && x[k];
		if (!x[k])
			continue;
		i = 0;
		layout_start(&it, &o->l);
		do
			x[k][i++] = dtype_load(o->l.dtype, cpu_base(o, base),
					       it.at);
		while (layout_next(&it));
	}
	c.x = (const double *const *)x;
	c.y = y;
	ok = ok && y && op_table[s->op].ref(&c);
	for (i = 0; ok && i < n; i++)
		dtype_store(out->dtype, cpu_base(&s->out[0], base),
			    out->offset + i, dtype_wrap(out->dtype, y[i]));
	for (k = 0; k < s->n_base; k++)
		mem_free(x[k]);
	mem_free(y);
	return ok ? ACCEL_OK : ACCEL_ERR_NOMEM;
}
