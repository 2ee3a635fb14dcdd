/* SPDX-License-Identifier: MIT */
/* A SPIR-V module while it is specialized: specialize.c has the module, partial.c
 * its functions. */
#ifndef COMPUTE_MODULE_H
#define COMPUTE_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

static inline uint32_t op_of(const uint32_t *p)
{
	return p[0] & 0xffff;
}

static inline uint32_t len_of(const uint32_t *p)
{
	return p[0] >> 16;
}

static inline uint32_t op_head(uint32_t op, uint32_t len)
{
	return len << 16 | op;
}

/* Room for one more; false and m->failed without memory. */
bool module_room(struct module *m, void **list, size_t n, size_t *cap,
		 size_t size);
void module_put(struct module *m, struct words *b, uint32_t w);
void module_put_all(struct module *m, struct words *b, const uint32_t *p,
		    size_t n);

/* Ids outside the module's bound make it fail. */
struct fact *module_fact(struct module *m, uint32_t id);

/* Whether an operation over ids can be done now. @arg: [n] ids. */
bool module_evaluate(struct module *m, uint32_t op, uint32_t type,
		     const uint32_t *arg, uint32_t n, uint32_t *value);
void module_know(struct fact *f, uint32_t type, uint32_t value);

/* Writes a function for certain constants to m->code, and asks for the copies
 * that it calls. */
void module_function(struct module *m, struct copy c);

#endif /* COMPUTE_MODULE_H */
