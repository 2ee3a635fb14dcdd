// SPDX-License-Identifier: MIT
/* Partial evaluation of a function: what is known is computed, branches go one
 * way, blocks that nothing reaches are left out. */
#include <string.h>

#include "module.h"

/* The id of a scalar constant. */
static uint32_t constant(struct module *m, uint32_t type, uint32_t value)
{
	uint32_t id;

	for (size_t i = 0; i < m->globals.n; i += m->globals.w[i] >> 16) {
		const uint32_t *p = &m->globals.w[i];
		uint32_t op = op_of(p);

		if (p[1] == type && ((op == OP_CONSTANT && p[3] == value) ||
				     (op == OP_CONSTANT_TRUE && value) ||
				     (op == OP_CONSTANT_FALSE && !value)))
			return p[2];
	}
	id = m->bound++;
	if (type == m->bool_type) {
		module_put(m, &m->globals,
			   op_head(value ? OP_CONSTANT_TRUE : OP_CONSTANT_FALSE,
				   3));
		module_put(m, &m->globals, type);
		module_put(m, &m->globals, id);
		return id;
	}
	module_put(m, &m->globals, op_head(OP_CONSTANT, 4));
	module_put(m, &m->globals, type);
	module_put(m, &m->globals, id);
	module_put(m, &m->globals, value);
	return id;
}

/* The id that stands for this one in the result. */
static uint32_t mapped(struct module *m, uint32_t id)
{
	struct fact *f = module_fact(m, id);

	if (f->stamp == GLOBAL)
		return id;
	if (f->known)
		return constant(m, f->type, f->value);
	if (!f->out)
		f->out = m->bound++;
	return f->out;
}

/* A new id for a result, with what decorates it. */
static uint32_t result(struct module *m, uint32_t id)
{
	uint32_t out = mapped(m, id);

	for (size_t i = 0; i < m->decorations.n; i++) {
		const uint32_t *p = &m->in[m->decorations.w[i]];

		if (p[1] != id)
			continue;
		module_put(m, &m->head, p[0]);
		module_put(m, &m->head, out);
		module_put_all(m, &m->head, p + 2, len_of(p) - 2);
	}
	return out;
}

static void emit(struct module *m, const uint32_t *p)
{
	struct spirv_form f = spirv_form(op_of(p));
	uint32_t at = 1, n = len_of(p);

	if (!f.known) {
		m->failed = true;
		return;
	}
	module_put(m, &m->code, p[0]);
	if (f.result) {
		module_put(m, &m->code, p[1]);
		module_put(m, &m->code, result(m, p[2]));
		at = 3;
	}
	for (uint32_t i = at; i < n; i++) {
		uint32_t k = i - at;

		module_put(m, &m->code,
			   k >= f.skip && (f.n == SPIRV_REST ||
					   k < f.skip + f.n)
				   ? p[i]
				   : mapped(m, p[i]));
	}
}

/* From now on `id` is another name of `other`. */
static void alias(struct module *m, uint32_t id, uint32_t other)
{
	struct fact *f = module_fact(m, id), *o = module_fact(m, other);

	if (o->known)
		module_know(f, o->type, o->value);
	else
		f->out = mapped(m, other);
}

static void reach(struct module *m, uint32_t from, uint32_t to)
{
	module_fact(m, to)->reached = true;
	if (module_room(m, (void **)&m->edge, m->n_edge, &m->cap_edge,
			sizeof(*m->edge)))
		m->edge[m->n_edge++] = (struct edge){ from, to };
}

static bool taken(const struct module *m, uint32_t from, uint32_t to)
{
	for (size_t i = m->n_edge; i-- > 0;)
		if (m->edge[i].from == from && m->edge[i].to == to)
			return true;
	return false;
}

static void phi(struct module *m, const uint32_t *p, uint32_t block)
{
	uint32_t n = 0, only = 0;

	for (uint32_t i = 3; i + 1 < len_of(p); i += 2) {
		if (!taken(m, p[i + 1], block))
			continue;
		only = p[i];
		n++;
	}
	if (n == 1) {
		alias(m, p[2], only);
		return;
	}
	module_put(m, &m->code, op_head(OP_PHI, 3 + 2 * n));
	module_put(m, &m->code, p[1]);
	module_put(m, &m->code, result(m, p[2]));
	for (uint32_t i = 3; i + 1 < len_of(p); i += 2) {
		if (!taken(m, p[i + 1], block))
			continue;
		module_put(m, &m->code, mapped(m, p[i]));
		module_put(m, &m->code, mapped(m, p[i + 1]));
	}
}

/* The copy for a call's constants, made later if it is a new one. */
static uint32_t copy_for(struct module *m, const uint32_t *p)
{
	struct copy c = { .callee = p[3] };

	for (uint32_t i = 4; i < len_of(p) && i - 4 < MAX_ARGS; i++) {
		const struct fact *f = module_fact(m, p[i]);

		if (!f->known)
			continue;
		c.mask |= 1u << (i - 4);
		c.type[i - 4] = f->type;
		c.value[i - 4] = f->value;
	}
	for (size_t i = 0; i < m->n_copy; i++) {
		struct copy *o = &m->copy[i];

		if (o->callee == c.callee && o->mask == c.mask &&
		    !memcmp(o->type, c.type, sizeof(c.type)) &&
		    !memcmp(o->value, c.value, sizeof(c.value)))
			return o->out;
	}
	c.out = m->bound++;
	if (module_room(m, (void **)&m->copy, m->n_copy, &m->cap_copy,
			sizeof(c)))
		m->copy[m->n_copy++] = c;
	return c.out;
}

static void call(struct module *m, const uint32_t *p)
{
	module_put(m, &m->code, p[0]);
	module_put(m, &m->code, p[1]);
	module_put(m, &m->code, result(m, p[2]));
	module_put(m, &m->code, copy_for(m, p));
	for (uint32_t i = 4; i < len_of(p); i++)
		module_put(m, &m->code, mapped(m, p[i]));
}

/* Where a branch goes that can go one way only; 0 if it has a choice. */
static uint32_t one_way(struct module *m, const uint32_t *p)
{
	const struct fact *f;

	if (op_of(p) != OP_BRANCH_CONDITIONAL && op_of(p) != OP_SWITCH)
		return 0;
	f = module_fact(m, p[1]);
	if (!f->known)
		return 0;
	if (op_of(p) == OP_BRANCH_CONDITIONAL)
		return f->value ? p[2] : p[3];
	for (uint32_t i = 3; i + 1 < len_of(p); i += 2)
		if (p[i] == f->value)
			return p[i + 1];
	return p[2];
}

static void branch(struct module *m, const uint32_t *p, uint32_t block)
{
	uint32_t to = op_of(p) == OP_BRANCH ? p[1] : one_way(m, p);

	if (to) {
		reach(m, block, to);
		module_put(m, &m->code, op_head(OP_BRANCH, 2));
		module_put(m, &m->code, mapped(m, to));
		return;
	}
	reach(m, block, p[2]);
	if (op_of(p) == OP_BRANCH_CONDITIONAL) {
		reach(m, block, p[3]);
		emit(m, p);
		return;
	}
	module_put(m, &m->code, p[0]);
	module_put(m, &m->code, mapped(m, p[1]));
	module_put(m, &m->code, mapped(m, p[2]));
	for (uint32_t i = 3; i + 1 < len_of(p); i += 2) {
		reach(m, block, p[i + 1]);
		module_put(m, &m->code, p[i]);
		module_put(m, &m->code, mapped(m, p[i + 1]));
	}
}

/* A construct's end that nothing reaches must be there all the same. */
static void empty_block(struct module *m, uint32_t id)
{
	const struct fact *f = module_fact(m, id);

	if (!f->merge && !f->header)
		return;
	module_put(m, &m->code, op_head(OP_LABEL, 2));
	module_put(m, &m->code, mapped(m, id));
	if (f->header) {
		module_put(m, &m->code, op_head(OP_BRANCH, 2));
		module_put(m, &m->code, mapped(m, f->header));
	} else {
		module_put(m, &m->code, op_head(OP_UNREACHABLE, 1));
	}
}

static void instruction(struct module *m, const uint32_t *p, uint32_t block)
{
	uint32_t op = op_of(p), n = len_of(p), value;

	switch (op) {
	case OP_LINE:
		return;
	case OP_PHI:
		phi(m, p, block);
		return;
	case OP_FUNCTION_CALL:
		call(m, p);
		return;
	case OP_SELECTION_MERGE:
		if (one_way(m, p + n))
			return;
		module_fact(m, p[1])->merge = true;
		emit(m, p);
		return;
	case OP_LOOP_MERGE:
		module_fact(m, p[1])->merge = true;
		module_fact(m, p[2])->header = block;
		emit(m, p);
		return;
	case OP_BRANCH:
	case OP_BRANCH_CONDITIONAL:
	case OP_SWITCH:
		branch(m, p, block);
		return;
	case OP_SELECT:
		if (module_fact(m, p[3])->known) {
			alias(m, p[2],
			      module_fact(m, p[3])->value ? p[4] : p[5]);
			return;
		}
	}
	if (n > 3 && spirv_form(op).result &&
	    spirv_form(op).skip == SPIRV_REST &&
	    module_evaluate(m, op, p[1], p + 3, n - 3, &value))
		module_know(module_fact(m, p[2]), p[1], value);
	else
		emit(m, p);
}

void module_function(struct module *m, struct copy c)
{
	const uint32_t *p = m->in + module_fact(m, c.callee)->value;
	const uint32_t *end = m->in + m->n;
	uint32_t arg = 0, block = 0;
	bool live = true;

	if (op_of(p) != OP_FUNCTION) {
		m->failed = true;
		return;
	}
	m->now++;
	m->n_edge = 0;
	module_put(m, &m->code, p[0]);
	module_put(m, &m->code, p[1]);
	module_put(m, &m->code, c.out);
	module_put_all(m, &m->code, p + 3, 2);
	for (p += len_of(p); !m->failed; p += len_of(p)) {
		/* the last instruction of a function has one after it */
		m->failed |= p + len_of(p) >= end &&
			     op_of(p) != OP_FUNCTION_END;
		if (m->failed || op_of(p) == OP_FUNCTION_END)
			break;
		if (op_of(p) == OP_FUNCTION_PARAMETER) {
			module_put(m, &m->code, p[0]);
			module_put(m, &m->code, p[1]);
			if (arg < MAX_ARGS && c.mask >> arg & 1) {
				module_put(m, &m->code, m->bound++);
				module_know(module_fact(m, p[2]), c.type[arg],
					    c.value[arg]);
			} else {
				module_put(m, &m->code, result(m, p[2]));
			}
			arg++;
		} else if (op_of(p) == OP_LABEL) {
			live = !block || module_fact(m, p[1])->reached;
			block = p[1];
			if (!live) {
				empty_block(m, block);
				continue;
			}
			module_put(m, &m->code, p[0]);
			module_put(m, &m->code, mapped(m, block));
		} else if (live) {
			instruction(m, p, block);
		}
	}
	module_put(m, &m->code, op_head(OP_FUNCTION_END, 1));
}
