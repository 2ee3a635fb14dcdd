// SPDX-License-Identifier: MIT
/* Partial evaluation of a SPIR-V module: everything but its functions. */
#include "specialize.h"

#include <string.h>

#include "module.h"

#include "../libaccel/src/base/alloc.h"

/* Room for one more; false and m->failed without memory. */
bool module_room(struct module *m, void **list, size_t n, size_t *cap,
		 size_t size)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *p;

	if (n < *cap)
		return true;
	p = mem_realloc(*list, more * size);
	if (!p) {
		m->failed = true;
		return false;
	}
	*list = p;
	*cap = more;
	return true;
}

void module_put(struct module *m, struct words *b, uint32_t w)
{
	if (module_room(m, (void **)&b->w, b->n, &b->cap, sizeof(w)))
		b->w[b->n++] = w;
}

void module_put_all(struct module *m, struct words *b, const uint32_t *p,
		    size_t n)
{
	for (size_t i = 0; i < n; i++)
		module_put(m, b, p[i]);
}

/* Ids outside the module's bound make it fail. */
struct fact *module_fact(struct module *m, uint32_t id)
{
	struct fact *f;

	if (id >= m->in[3]) {
		m->failed = true;
		id = 0;
	}
	f = &m->fact[id];
	if (f->stamp != GLOBAL && f->stamp != m->now) {
		memset(f, 0, sizeof(*f));
		f->stamp = m->now;
	}
	return f;
}

/* Whether an operation over ids can be done now. @arg: [n] ids. */
bool module_evaluate(struct module *m, uint32_t op, uint32_t type,
		     const uint32_t *arg, uint32_t n, uint32_t *value)
{
	uint32_t v[3] = { 0 };

	if (!n || n > 3 || !module_fact(m, type)->scalar)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct fact *f = module_fact(m, arg[i]);

		if (!f->known)
			return false;
		v[i] = f->value;
	}
	return spirv_fold(op, v[0], v[1], v[2], value);
}

void module_know(struct fact *f, uint32_t type, uint32_t value)
{
	f->known = true;
	f->type = type;
	f->value = value;
}

/* ---- the module ------------------------------------------------------- */

/* The one word of a constant composite, e.g. the width of a workgroup. */
static bool extract(struct module *m, uint32_t id, uint32_t at, uint32_t *value)
{
	for (size_t i = 0; i < m->globals.n; i += m->globals.w[i] >> 16) {
		const uint32_t *p = &m->globals.w[i];

		if (op_of(p) != OP_CONSTANT_COMPOSITE || p[2] != id ||
		    at + 3 >= len_of(p))
			continue;
		*value = module_fact(m, p[3 + at])->value;
		return module_fact(m, p[3 + at])->known;
	}
	return false;
}

/* A specialization constant as an ordinary one. */
static void freeze(struct module *m, const uint32_t *p)
{
	struct fact *f = module_fact(m, p[2]);
	uint32_t op = op_of(p), value = op == OP_SPEC_TRUE;

	if (op == OP_SPEC_COMPOSITE) {
		module_put(m, &m->globals,
			   op_head(OP_CONSTANT_COMPOSITE, len_of(p)));
		module_put_all(m, &m->globals, p + 1, len_of(p) - 1);
		return;
	}
	if (op == OP_SPEC_OP) {
		bool done = p[3] == OP_COMPOSITE_EXTRACT && len_of(p) == 6
				    ? extract(m, p[4], p[5], &value)
				    : module_evaluate(m, p[3], p[1], p + 4,
						      len_of(p) - 4, &value);

		if (!done) {
			module_put_all(m, &m->globals, p, len_of(p));
			return;
		}
	} else {
		if (op == OP_SPEC_CONSTANT)
			value = p[3];
		if (f->spec < m->n_spec)
			value = m->spec[f->spec];
	}
	if (p[1] == m->bool_type) {
		module_put(m, &m->globals,
			   op_head(value ? OP_CONSTANT_TRUE : OP_CONSTANT_FALSE,
				   3));
		module_put_all(m, &m->globals, p + 1, 2);
		value = !!value;
	} else {
		module_put(m, &m->globals, op_head(OP_CONSTANT, 4));
		module_put_all(m, &m->globals, p + 1, 2);
		module_put(m, &m->globals, value);
	}
	if (module_fact(m, p[1])->scalar)
		module_know(f, p[1], value);
}

static void global(struct module *m, const uint32_t *p)
{
	uint32_t op = op_of(p), n = len_of(p);
	struct fact *f;

	if (op >= OP_TYPE_VOID && op <= OP_TYPE_LAST) {
		f = module_fact(m, p[1]);
		f->stamp = GLOBAL;
		f->scalar = op == OP_TYPE_BOOL ||
			    (op == OP_TYPE_INT && p[2] == 32);
		if (op == OP_TYPE_BOOL)
			m->bool_type = p[1];
	} else {
		f = module_fact(m, p[2]);
		f->stamp = GLOBAL;
		if (op >= OP_SPEC_TRUE && op <= OP_SPEC_OP) {
			freeze(m, p);
			return;
		}
		if (op == OP_CONSTANT_TRUE || op == OP_CONSTANT_FALSE)
			module_know(f, p[1], op == OP_CONSTANT_TRUE);
		else if (op == OP_CONSTANT && module_fact(m, p[1])->scalar)
			module_know(f, p[1], p[3]);
	}
	module_put_all(m, &m->globals, p, n);
}

/* Everything before the functions, and where each function stands. */
static uint32_t survey(struct module *m)
{
	uint32_t main_id = 0;
	bool inside = false;

	for (size_t i = HEADER; i < m->n; i += len_of(m->in + i)) {
		const uint32_t *p = &m->in[i];
		uint32_t op = op_of(p), n = len_of(p);

		if (!n || n > m->n - i) {
			m->failed = true;
			return 0;
		}
		if (op == OP_FUNCTION) {
			inside = true;
			module_fact(m, p[2])->stamp = GLOBAL;
			module_fact(m, p[2])->value = (uint32_t)i;
		}
		if (inside || (op >= OP_SOURCE_CONTINUED && op <= OP_LINE))
			continue;
		if (op == OP_DECORATE) {
			if (n == 4 && p[2] == DECORATION_SPEC_ID)
				module_fact(m, p[1])->spec = p[3];
			else
				module_put(m, &m->decorations, (uint32_t)i);
		} else if ((op >= OP_TYPE_VOID && op <= OP_SPEC_OP) ||
			   op == OP_VARIABLE || op == OP_UNDEF) {
			global(m, p);
		} else {
			if (op == OP_ENTRY_POINT)
				main_id = p[2];
			if (op == OP_EXT_INST_IMPORT)
				module_fact(m, p[1])->stamp = GLOBAL;
			module_put_all(m, &m->head, p, n);
		}
	}
	return main_id;
}

/* The decorations of global ids are copied, the others wait for theirs. */
static void sort_decorations(struct module *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->decorations.n; i++) {
		const uint32_t *p = &m->in[m->decorations.w[i]];

		if (module_fact(m, p[1])->stamp == GLOBAL)
			module_put_all(m, &m->head, p, len_of(p));
		else
			m->decorations.w[kept++] = m->decorations.w[i];
	}
	m->decorations.n = kept;
}

static uint32_t *assemble(struct module *m, size_t *words)
{
	size_t n = HEADER + m->head.n + m->globals.n + m->code.n, at = HEADER;
	uint32_t *out = m->failed ? NULL : mem_alloc(n * sizeof(*out));

	if (!out)
		return NULL;
	memcpy(out, m->in, HEADER * sizeof(*out));
	out[3] = m->bound;
	memcpy(out + at, m->head.w, m->head.n * sizeof(*out));
	at += m->head.n;
	memcpy(out + at, m->globals.w, m->globals.n * sizeof(*out));
	at += m->globals.n;
	memcpy(out + at, m->code.w, m->code.n * sizeof(*out));
	*words = n;
	return out;
}

uint32_t *compute_specialize(const uint32_t *code, size_t *words,
			     const uint32_t *spec, uint32_t n_spec)
{
	struct module m = {
		.in = code,
		.n = *words,
		.spec = spec,
		.n_spec = n_spec,
		.now = 1,
	};
	uint32_t *out = NULL, main_id;

	if (m.n < HEADER || code[3] > m.n)
		return NULL;
	m.bound = code[3];
	m.fact = mem_zalloc(code[3] * sizeof(*m.fact));
	if (!m.fact)
		return NULL;
	for (uint32_t i = 0; i < code[3]; i++) {
		m.fact[i].stamp = m.now;
		m.fact[i].spec = NO_SPEC;
	}
	main_id = survey(&m);
	sort_decorations(&m);
	if (!m.failed &&
	    module_room(&m, (void **)&m.copy, 0, &m.cap_copy, sizeof(*m.copy)))
		m.copy[m.n_copy++] =
			(struct copy){ .callee = main_id, .out = main_id };
	for (size_t i = 0; i < m.n_copy && !m.failed; i++)
		module_function(&m, m.copy[i]);
	out = assemble(&m, words);
	mem_free(m.edge);
	mem_free(m.copy);
	mem_free(m.decorations.w);
	mem_free(m.head.w);
	mem_free(m.globals.w);
	mem_free(m.code.w);
	mem_free(m.fact);
	return out;
}
