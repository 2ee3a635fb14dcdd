// SPDX-License-Identifier: MIT
/* Partial evaluation of a SPIR-V module. */
#include "specialize.h"

#include <stdlib.h>
#include <string.h>

#include "spirv.h"

#define HEADER 5 /* words before the first instruction */
#define DECORATION_SPEC_ID 1
#define MAX_ARGS 8 /* of a call, that may be constants */
#define NO_SPEC UINT32_MAX
#define GLOBAL UINT32_MAX

struct words {
	uint32_t *w;
	size_t n, cap;
};

/* What is known of an id: for a function's own ids, during one copy of it. */
struct fact {
	uint32_t stamp; /* which copy, or GLOBAL */
	uint32_t out; /* its id in the result, 0 for not yet */
	uint32_t type, value; /* of a known scalar; a function's place */
	uint32_t header; /* continue target: the loop's header */
	uint32_t spec; /* SpecId, or NO_SPEC */
	bool known; /* a 32-bit integer or bool with this value */
	bool scalar; /* a type whose values can be known */
	bool reached; /* block: something branches to it */
	bool merge; /* block: a construct's end, needed in any case */
};

/* A function for certain constant arguments. */
struct copy {
	uint32_t callee, out;
	uint32_t mask; /* which arguments are constants */
	uint32_t type[MAX_ARGS], value[MAX_ARGS];
};

struct edge {
	uint32_t from, to;
};

struct module {
	const uint32_t *in;
	size_t n;
	const uint32_t *spec;
	uint32_t n_spec;
	struct fact *fact; /* [in[3]] */
	uint32_t bound; /* next free id of the result */
	uint32_t now; /* the copy being made */
	uint32_t bool_type;
	struct words head, globals, code;
	struct words decorations; /* offsets of those of functions' own ids */
	struct copy *copy;
	size_t n_copy, cap_copy;
	struct edge *edge; /* taken, of this copy */
	size_t n_edge, cap_edge;
	bool failed;
};

static uint32_t op_of(const uint32_t *p)
{
	return p[0] & 0xffff;
}

static uint32_t len_of(const uint32_t *p)
{
	return p[0] >> 16;
}

/* Room for one more; false and m->failed without memory. */
static bool room(struct module *m, void **list, size_t n, size_t *cap,
		 size_t size)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *p;

	if (n < *cap)
		return true;
	p = realloc(*list, more * size);
	if (!p) {
		m->failed = true;
		return false;
	}
	*list = p;
	*cap = more;
	return true;
}

static void put(struct module *m, struct words *b, uint32_t w)
{
	if (room(m, (void **)&b->w, b->n, &b->cap, sizeof(w)))
		b->w[b->n++] = w;
}

static void put_all(struct module *m, struct words *b, const uint32_t *p,
		    size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(m, b, p[i]);
}

static uint32_t head(uint32_t op, uint32_t len)
{
	return len << 16 | op;
}

/* Ids outside the module's bound make it fail. */
static struct fact *fact(struct module *m, uint32_t id)
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
		put(m, &m->globals,
		    head(value ? OP_CONSTANT_TRUE : OP_CONSTANT_FALSE, 3));
		put(m, &m->globals, type);
		put(m, &m->globals, id);
		return id;
	}
	put(m, &m->globals, head(OP_CONSTANT, 4));
	put(m, &m->globals, type);
	put(m, &m->globals, id);
	put(m, &m->globals, value);
	return id;
}

/* The id that stands for this one in the result. */
static uint32_t mapped(struct module *m, uint32_t id)
{
	struct fact *f = fact(m, id);

	if (f->stamp == GLOBAL)
		return id;
	if (f->known)
		return constant(m, f->type, f->value);
	if (!f->out)
		f->out = m->bound++;
	return f->out;
}

/* ---- arithmetic ------------------------------------------------------- */

/* Whether an operation over ids can be done now. @arg: [n] ids. */
static bool evaluate(struct module *m, uint32_t op, uint32_t type,
		     const uint32_t *arg, uint32_t n, uint32_t *value)
{
	uint32_t v[3] = { 0 };

	if (!n || n > 3 || !fact(m, type)->scalar)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct fact *f = fact(m, arg[i]);

		if (!f->known)
			return false;
		v[i] = f->value;
	}
	return spirv_fold(op, v[0], v[1], v[2], value);
}

static void know(struct fact *f, uint32_t type, uint32_t value)
{
	f->known = true;
	f->type = type;
	f->value = value;
}

/* ---- instructions ----------------------------------------------------- */

/* A new id for a result, with what decorates it. */
static uint32_t result(struct module *m, uint32_t id)
{
	uint32_t out = mapped(m, id);

	for (size_t i = 0; i < m->decorations.n; i++) {
		const uint32_t *p = &m->in[m->decorations.w[i]];

		if (p[1] != id)
			continue;
		put(m, &m->head, p[0]);
		put(m, &m->head, out);
		put_all(m, &m->head, p + 2, len_of(p) - 2);
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
	put(m, &m->code, p[0]);
	if (f.result) {
		put(m, &m->code, p[1]);
		put(m, &m->code, result(m, p[2]));
		at = 3;
	}
	for (uint32_t i = at; i < n; i++) {
		uint32_t k = i - at;

		put(m, &m->code,
		    k >= f.skip && (f.n == SPIRV_REST || k < f.skip + f.n)
			    ? p[i]
			    : mapped(m, p[i]));
	}
}

/* From now on `id` is another name of `other`. */
static void alias(struct module *m, uint32_t id, uint32_t other)
{
	struct fact *f = fact(m, id), *o = fact(m, other);

	if (o->known)
		know(f, o->type, o->value);
	else
		f->out = mapped(m, other);
}

static void reach(struct module *m, uint32_t from, uint32_t to)
{
	fact(m, to)->reached = true;
	if (room(m, (void **)&m->edge, m->n_edge, &m->cap_edge,
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
	put(m, &m->code, head(OP_PHI, 3 + 2 * n));
	put(m, &m->code, p[1]);
	put(m, &m->code, result(m, p[2]));
	for (uint32_t i = 3; i + 1 < len_of(p); i += 2) {
		if (!taken(m, p[i + 1], block))
			continue;
		put(m, &m->code, mapped(m, p[i]));
		put(m, &m->code, mapped(m, p[i + 1]));
	}
}

/* The copy for a call's constants, made later if it is a new one. */
static uint32_t copy_for(struct module *m, const uint32_t *p)
{
	struct copy c = { .callee = p[3] };

	for (uint32_t i = 4; i < len_of(p) && i - 4 < MAX_ARGS; i++) {
		const struct fact *f = fact(m, p[i]);

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
	if (room(m, (void **)&m->copy, m->n_copy, &m->cap_copy, sizeof(c)))
		m->copy[m->n_copy++] = c;
	return c.out;
}

static void call(struct module *m, const uint32_t *p)
{
	put(m, &m->code, p[0]);
	put(m, &m->code, p[1]);
	put(m, &m->code, result(m, p[2]));
	put(m, &m->code, copy_for(m, p));
	for (uint32_t i = 4; i < len_of(p); i++)
		put(m, &m->code, mapped(m, p[i]));
}

/* Where a branch goes that can go one way only; 0 if it has a choice. */
static uint32_t one_way(struct module *m, const uint32_t *p)
{
	const struct fact *f;

	if (op_of(p) != OP_BRANCH_CONDITIONAL && op_of(p) != OP_SWITCH)
		return 0;
	f = fact(m, p[1]);
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
		put(m, &m->code, head(OP_BRANCH, 2));
		put(m, &m->code, mapped(m, to));
		return;
	}
	reach(m, block, p[2]);
	if (op_of(p) == OP_BRANCH_CONDITIONAL) {
		reach(m, block, p[3]);
		emit(m, p);
		return;
	}
	put(m, &m->code, p[0]);
	put(m, &m->code, mapped(m, p[1]));
	put(m, &m->code, mapped(m, p[2]));
	for (uint32_t i = 3; i + 1 < len_of(p); i += 2) {
		reach(m, block, p[i + 1]);
		put(m, &m->code, p[i]);
		put(m, &m->code, mapped(m, p[i + 1]));
	}
}

/* A construct's end that nothing reaches must be there all the same. */
static void empty_block(struct module *m, uint32_t id)
{
	const struct fact *f = fact(m, id);

	if (!f->merge && !f->header)
		return;
	put(m, &m->code, head(OP_LABEL, 2));
	put(m, &m->code, mapped(m, id));
	if (f->header) {
		put(m, &m->code, head(OP_BRANCH, 2));
		put(m, &m->code, mapped(m, f->header));
	} else {
		put(m, &m->code, head(OP_UNREACHABLE, 1));
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
		fact(m, p[1])->merge = true;
		emit(m, p);
		return;
	case OP_LOOP_MERGE:
		fact(m, p[1])->merge = true;
		fact(m, p[2])->header = block;
		emit(m, p);
		return;
	case OP_BRANCH:
	case OP_BRANCH_CONDITIONAL:
	case OP_SWITCH:
		branch(m, p, block);
		return;
	case OP_SELECT:
		if (fact(m, p[3])->known) {
			alias(m, p[2], fact(m, p[3])->value ? p[4] : p[5]);
			return;
		}
	}
	if (n > 3 && spirv_form(op).result &&
	    spirv_form(op).skip == SPIRV_REST &&
	    evaluate(m, op, p[1], p + 3, n - 3, &value))
		know(fact(m, p[2]), p[1], value);
	else
		emit(m, p);
}

static void function(struct module *m, struct copy c)
{
	const uint32_t *p = &m->in[m->fact[c.callee].value];
	const uint32_t *end = m->in + m->n;
	uint32_t arg = 0, block = 0;
	bool live = true;

	m->now++;
	m->n_edge = 0;
	put(m, &m->code, p[0]);
	put(m, &m->code, p[1]);
	put(m, &m->code, c.out);
	put_all(m, &m->code, p + 3, 2);
	for (p += len_of(p); !m->failed; p += len_of(p)) {
		/* the last instruction of a function has one after it */
		m->failed |= p + len_of(p) >= end &&
			     op_of(p) != OP_FUNCTION_END;
		if (m->failed || op_of(p) == OP_FUNCTION_END)
			break;
		if (op_of(p) == OP_FUNCTION_PARAMETER) {
			put(m, &m->code, p[0]);
			put(m, &m->code, p[1]);
			if (arg < MAX_ARGS && c.mask >> arg & 1) {
				put(m, &m->code, m->bound++);
				know(fact(m, p[2]), c.type[arg], c.value[arg]);
			} else {
				put(m, &m->code, result(m, p[2]));
			}
			arg++;
		} else if (op_of(p) == OP_LABEL) {
			live = !block || fact(m, p[1])->reached;
			block = p[1];
			if (!live) {
				empty_block(m, block);
				continue;
			}
			put(m, &m->code, p[0]);
			put(m, &m->code, mapped(m, block));
		} else if (live) {
			instruction(m, p, block);
		}
	}
	put(m, &m->code, head(OP_FUNCTION_END, 1));
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
		*value = fact(m, p[3 + at])->value;
		return fact(m, p[3 + at])->known;
	}
	return false;
}

/* A specialization constant as an ordinary one. */
static void freeze(struct module *m, const uint32_t *p)
{
	struct fact *f = fact(m, p[2]);
	uint32_t op = op_of(p), value = op == OP_SPEC_TRUE;

	if (op == OP_SPEC_COMPOSITE) {
		put(m, &m->globals, head(OP_CONSTANT_COMPOSITE, len_of(p)));
		put_all(m, &m->globals, p + 1, len_of(p) - 1);
		return;
	}
	if (op == OP_SPEC_OP) {
		bool done = p[3] == OP_COMPOSITE_EXTRACT && len_of(p) == 6
				    ? extract(m, p[4], p[5], &value)
				    : evaluate(m, p[3], p[1], p + 4,
					       len_of(p) - 4, &value);

		if (!done) {
			put_all(m, &m->globals, p, len_of(p));
			return;
		}
	} else {
		if (op == OP_SPEC_CONSTANT)
			value = p[3];
		if (f->spec < m->n_spec)
			value = m->spec[f->spec];
	}
	if (p[1] == m->bool_type) {
		put(m, &m->globals,
		    head(value ? OP_CONSTANT_TRUE : OP_CONSTANT_FALSE, 3));
		put_all(m, &m->globals, p + 1, 2);
		value = !!value;
	} else {
		put(m, &m->globals, head(OP_CONSTANT, 4));
		put_all(m, &m->globals, p + 1, 2);
		put(m, &m->globals, value);
	}
	if (fact(m, p[1])->scalar)
		know(f, p[1], value);
}

static void global(struct module *m, const uint32_t *p)
{
	uint32_t op = op_of(p), n = len_of(p);
	struct fact *f;

	if (op >= OP_TYPE_VOID && op <= OP_TYPE_LAST) {
		f = fact(m, p[1]);
		f->stamp = GLOBAL;
		f->scalar = op == OP_TYPE_BOOL ||
			    (op == OP_TYPE_INT && p[2] == 32);
		if (op == OP_TYPE_BOOL)
			m->bool_type = p[1];
	} else {
		f = fact(m, p[2]);
		f->stamp = GLOBAL;
		if (op >= OP_SPEC_TRUE && op <= OP_SPEC_OP) {
			freeze(m, p);
			return;
		}
		if (op == OP_CONSTANT_TRUE || op == OP_CONSTANT_FALSE)
			know(f, p[1], op == OP_CONSTANT_TRUE);
		else if (op == OP_CONSTANT && fact(m, p[1])->scalar)
			know(f, p[1], p[3]);
	}
	put_all(m, &m->globals, p, n);
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
			fact(m, p[2])->stamp = GLOBAL;
			fact(m, p[2])->value = (uint32_t)i;
		}
		if (inside || (op >= OP_SOURCE_CONTINUED && op <= OP_LINE))
			continue;
		if (op == OP_DECORATE) {
			if (n == 4 && p[2] == DECORATION_SPEC_ID)
				fact(m, p[1])->spec = p[3];
			else
				put(m, &m->decorations, (uint32_t)i);
		} else if ((op >= OP_TYPE_VOID && op <= OP_SPEC_OP) ||
			   op == OP_VARIABLE || op == OP_UNDEF) {
			global(m, p);
		} else {
			if (op == OP_ENTRY_POINT)
				main_id = p[2];
			if (op == OP_EXT_INST_IMPORT)
				fact(m, p[1])->stamp = GLOBAL;
			put_all(m, &m->head, p, n);
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

		if (fact(m, p[1])->stamp == GLOBAL)
			put_all(m, &m->head, p, len_of(p));
		else
			m->decorations.w[kept++] = m->decorations.w[i];
	}
	m->decorations.n = kept;
}

static uint32_t *assemble(struct module *m, size_t *words)
{
	size_t n = HEADER + m->head.n + m->globals.n + m->code.n, at = HEADER;
	uint32_t *out = m->failed ? NULL : malloc(n * sizeof(*out));

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
	m.fact = calloc(code[3], sizeof(*m.fact));
	if (!m.fact)
		return NULL;
	for (uint32_t i = 0; i < code[3]; i++) {
		m.fact[i].stamp = m.now;
		m.fact[i].spec = NO_SPEC;
	}
	main_id = survey(&m);
	sort_decorations(&m);
	if (!m.failed &&
	    room(&m, (void **)&m.copy, 0, &m.cap_copy, sizeof(*m.copy)))
		m.copy[m.n_copy++] =
			(struct copy){ .callee = main_id, .out = main_id };
	for (size_t i = 0; i < m.n_copy && !m.failed; i++)
		function(&m, m.copy[i]);
	out = assemble(&m, words);
	free(m.edge);
	free(m.copy);
	free(m.decorations.w);
	free(m.head.w);
	free(m.globals.w);
	free(m.code.w);
	free(m.fact);
	return out;
}
