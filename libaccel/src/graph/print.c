// SPDX-License-Identifier: MIT
/* A plan for people: as a table, or step by step. */
#include <stdio.h>
#include <string.h>

#include <accel/graph.h>

#include "../base/error.h"
#include "cache.h"
#include "walk.h"

static void amount(char *s, size_t n, double v, const char *unit)
{
	static const char *const prefix[] = { "", "k", "M", "G", "T" };
	int i = 0;

	while (v >= 10000 && i < 4) {
		v /= 1000;
		i++;
	}
	snprintf(s, n, "%.4g %s%s", v, prefix[i], unit);
}

static void step_name(const struct step *s, char *name, size_t room)
{
	size_t at = 0;
	uint32_t i;

	if (s->n_base || s->op != OP_FUSED)
		at = (size_t)snprintf(name, room, "%s", op_table[s->op].name);
	for (i = 0; s->ew && i < s->ew->n_ins && at + 20 < room; i++)
		at += (size_t)snprintf(name + at, room - at, "%s%s",
				       at ? "+" : "",
				       op_table[s->ew->ins[i].op].name);
	if (s->ew && i < s->ew->n_ins)
		snprintf(name + at, room - at, "+%u more", s->ew->n_ins - i);
	else if (!at)
		snprintf(name, room, "copy");
}

static bool transposed(const struct operand *o)
{
	int n = o->l.ndim;

	return n >= 2 && o->l.stride[n - 2] == 1 && o->l.stride[n - 1] != 1;
}

static void print_step(const struct plan *p, uint32_t i, FILE *out)
{
	const struct step *s = &p->steps[i];
	char name[96], bytes[32], flops[32], where[32];
	const struct operand *o = &s->out[0];
	const struct slot *slot = &p->slots[o->slot];
	const char *note = "";

	step_name(s, name, sizeof(name));
	amount(bytes, sizeof(bytes), (double)s->bytes, "B");
	amount(flops, sizeof(flops), s->flops, "FLOP");
	if (slot->kind == SLOT_ARENA)
		snprintf(where, sizeof(where), "arena+%llu",
			 (unsigned long long)o->l.offset *
				 accel_dtype_size(o->l.dtype));
	else
		snprintf(where, sizeof(where), "%s %u",
			 slot->kind == SLOT_LEAF ? "update" : "result",
			 slot->index);
	if (s->op == OP_MATMUL)
		note = transposed(&s->in[0])
			       ? transposed(&s->in[1]) ? "  a^T b^T" : "  a^T"
		       : transposed(&s->in[1]) ? "  b^T"
					       : "";
	fprintf(out, "%4u  %-34s %-4s %-18s %10s %12s  %-10s  %s%s%s%s%s\n", i,
		name, accel_dtype_name(o->l.dtype), layout_text(&o->l), bytes,
		flops, where, s->on_host ? "on the host" : s->kernel, note,
		*s->why ? " (" : "", s->why, *s->why ? ")" : "");
}

void plan_print(struct accel_context *ctx, const struct plan *p, FILE *out)
{
	char a[32], b[32], c[32], d[32];
	double flops = 0, bytes = 0;
	uint32_t i;

	for (i = 0; i < p->n_steps; i++) {
		flops += p->steps[i].flops;
		bytes += (double)p->steps[i].bytes;
	}
	amount(a, sizeof(a), bytes, "B");
	amount(b, sizeof(b), flops, "FLOP");
	fprintf(out,
		"plan on %s: %u nodes -> %u kernels (%u folded, %u merged,"
		" %u fused), %s moved, %s\n",
		ctx->dev->name, p->n_recorded, p->n_steps, p->n_folded,
		p->n_merged, p->n_fused, a, b);
	fprintf(out, "%4s  %-34s %-4s %-18s %10s %12s  %-10s  %s\n", "#",
		"step", "type", "shape", "bytes", "flops", "output", "kernel");
	for (i = 0; i < p->n_steps; i++)
		print_step(p, i, out);
	amount(c, sizeof(c), (double)p->arena_bytes, "B");
	amount(d, sizeof(d), (double)p->temp_bytes, "B");
	fprintf(out, "memory: arena %s for %s of temporaries, results ", c, d);
	amount(c, sizeof(c), (double)p->result_bytes, "B");
	fprintf(out, "%s, %u leaves, %u scalars\n", c, p->n_leaves,
		p->n_params);
	fprintf(out, "planning: %.1f edges looked at a node\n",
		(double)p->n_edges / (p->n_recorded ? p->n_recorded : 1));
}

/* The plan that computes t, compiled: the backend says what it runs where. */
static accel_status plan_of(struct accel_tensor *t, struct plan **plan)
{
	struct device *dev;
	accel_status err = graph_walk(t->ctx, t);

	if (err)
		return err;
	*plan = plan_make(t->ctx);
	if (!*plan)
		return ACCEL_ERR_NOMEM;
	dev = t->ctx->dev;
	err = dev->ops->compile(dev, *plan);
	if (err)
		plan_free(t->ctx, *plan);
	return err;
}

accel_status accel_plan_print(accel_tensor *t, FILE *out)
{
	struct plan *p;
	accel_status err;

	if (!t)
		return ACCEL_ERR_INVALID;
	if (!out)
		return accel_error(ACCEL_ERR_INVALID, "plan: no file");
	err = plan_of(t, &p);
	if (err)
		return err;
	plan_print(t->ctx, p, out);
	plan_free(t->ctx, p);
	return ACCEL_OK;
}

accel_status accel_plan_steps(accel_tensor *t,
			      void (*step)(const accel_plan_step *s, void *arg),
			      void *arg)
{
	char name[96];
	struct plan *p;
	accel_status err;
	uint32_t i;

	if (!t)
		return ACCEL_ERR_INVALID;
	if (!step)
		return accel_error(ACCEL_ERR_INVALID, "plan: no function");
	err = plan_of(t, &p);
	if (err)
		return err;
	for (i = 0; i < p->n_steps; i++) {
		const struct step *s = &p->steps[i];
		const struct layout *l = &s->out[0].l;

		step_name(s, name, sizeof(name));
		step(&(accel_plan_step){ .name = name,
					 .kernel = s->kernel,
					 .why = s->why,
					 .on_host = s->on_host,
					 .dtype = (accel_dtype)l->dtype,
					 .ndim = l->ndim,
					 .shape = l->shape,
					 .bytes = s->bytes,
					 .flops = s->flops },
		     arg);
	}
	plan_free(t->ctx, p);
	return ACCEL_OK;
}
