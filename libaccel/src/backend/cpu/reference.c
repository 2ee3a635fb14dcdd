// SPDX-License-Identifier: MIT
/* A step by its op's reference: converted to double and back. */
#include "../../base/error.h"
#include "cpu.h"

static void load(const struct operand *o, void *const *base, double *x)
{
	struct layout_iter it;

	layout_start(&it, &o->l);
	do
		*x++ = dtype_load(o->l.dtype, cpu_base(o, base), it.at);
	while (layout_next(&it));
}

/* Doubles that the result, the operands and the op's own sums take. */
static size_t doubles(const struct step *s)
{
	size_t n = 3 * (size_t)layout_count(&s->out[0].l);
	uint32_t k;

	for (k = 0; k < s->n_base; k++)
		n += (size_t)layout_count(&s->in[k].l);
	return n;
}

accel_status cpu_reference(struct cpu *c, const struct step *s,
			   void *const *base)
{
	const struct layout *out = &s->out[0].l, *in[64];
	struct ref_call call = { .op = s->op,
				 .n_in = s->n_base,
				 .attr = &s->attr,
				 .out = out,
				 .in = in };
	int64_t n = layout_count(out), i;
	double *y = cpu_scratch(c, 4, doubles(s) * sizeof(*y)), *next;
	const double *x[64];
	uint32_t k;

	if (!y)
		return ACCEL_ERR_NOMEM;
	if (c->measuring)
		return ACCEL_OK;
	call.y = y;
	call.work = y + n;
	next = call.work + 2 * n;
	for (k = 0; k < s->n_base; k++) {
		in[k] = &s->in[k].l;
		x[k] = next;
		load(&s->in[k], base, next);
		next += layout_count(in[k]);
	}
	call.x = x;
	if (!op_table[s->op].ref(&call))
		return accel_error(ACCEL_ERR_INVALID, "%s has no reference",
				   op_table[s->op].name);
	for (i = 0; i < n; i++)
		dtype_store(out->dtype, cpu_base(&s->out[0], base),
			    out->offset + i, dtype_wrap(out->dtype, y[i]));
	return ACCEL_OK;
}
