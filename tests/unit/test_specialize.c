// SPDX-License-Identifier: MIT
/*
 * Specialized SPIR-V: valid, without specialization constants, smaller; what
 * the specializer does not know it leaves alone. That the results are right is
 * what every conformance suite on Vulkan shows.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compute/compute.h"
#include "compute/shaders.h"
#include "compute/specialize.h"
#include "compute/spirv.h"
#include "tap.h"

#define DECORATION_SPEC_ID 1

/* Specialization constants, or decorations of one, in a module. */
static uint32_t left_over(const uint32_t *code, size_t words)
{
	uint32_t n = 0;

	for (size_t i = 5; i < words && code[i] >> 16; i += code[i] >> 16) {
		uint32_t op = code[i] & 0xffff;

		n += op >= OP_SPEC_TRUE && op <= OP_SPEC_OP;
		n += op == OP_DECORATE && code[i + 2] == DECORATION_SPEC_ID;
	}
	return n;
}

static bool valid(const uint32_t *code, size_t words)
{
	char path[] = "/tmp/accel-spv-XXXXXX", command[128];
	int fd = mkstemp(path);
	bool ok = fd >= 0 && write(fd, code, words * 4) == (ssize_t)(words * 4);

	snprintf(command, sizeof(command),
		 "spirv-val --target-env vulkan1.1 %s", path);
	ok = ok && !system(command);
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	return ok;
}

/* @spec: the same value for every constant, but for the workgroup's size. */
static void specialize(const struct compute_shader *sh, uint32_t value,
		       bool judge)
{
	uint32_t spec[COMPUTE_MAX_SPEC], *code;
	size_t words = sh->size / 4;

	for (uint32_t i = 0; i < COMPUTE_MAX_SPEC; i++)
		spec[i] = i ? value : 64;
	code = compute_specialize(sh->code, &words, spec, COMPUTE_MAX_SPEC);
	CHECK(code && words * 4 < sh->size && !left_over(code, words),
	      "%s with %u: smaller, without specialization constants: %zu of "
	      "%zu words",
	      sh->name, value, words, sh->size / 4);
	if (code && judge)
		CHECK(valid(code, words), "%s with %u: valid", sh->name, value);
	free(code);
}

static void folding(void)
{
	const struct compute_shader *sh =
		&compute_shader_table[COMPUTE_SHADER_elementwise24];
	uint32_t spec[30] = { 64, 0x01010101, 0, 0x3003, 0x10080, 0x0303 };
	size_t one = sh->size / 4, two = one;
	uint32_t *a, *b;

	/* a copy with a negation has the negation's code and no other's */
	spec[1] = 0x01010001;
	spec[4] = 0x10000;
	a = compute_specialize(sh->code, &one, spec, 30);
	spec[1] = 0x01010101;
	spec[4] = 0x10080;
	b = compute_specialize(sh->code, &two, spec, 30);
	CHECK(a && b && one < two && two < one + 400 && two < sh->size / 4 / 4,
	      "a chain of one operation has that operation only: %zu words, "
	      "%zu without it, %zu for all",
	      two, one, sh->size / 4);
	free(a);
	free(b);
}

static void refusals(void)
{
	const struct compute_shader *sh =
		&compute_shader_table[COMPUTE_SHADER_cumsum];
	size_t n = sh->size / 4, words;
	uint32_t *copy = malloc(sh->size);
	int refused = 0, tried = 0;

	if (!copy)
		return;
	for (size_t i = 5; i < n; i += sh->code[i] >> 16) {
		memcpy(copy, sh->code, sh->size);
		copy[i] = (copy[i] & 0xffff0000) | 6000; /* no such thing */
		words = n;
		free(compute_specialize(copy, &words, NULL, 0));
		/* cut off in the middle of an instruction */
		memcpy(copy, sh->code, sh->size);
		copy[i] |= 0xffff0000;
		words = n;
		tried++;
		refused += !compute_specialize(copy, &words, NULL, 0);
	}
	CHECK(tried > 100 && refused == tried,
	      "an instruction beyond the end is refused: %d of %d", refused,
	      tried);
	words = 3;
	CHECK(!compute_specialize(sh->code, &words, NULL, 0),
	      "less than a header is refused");
	memcpy(copy, sh->code, sh->size);
	for (size_t i = 5; i < n; i += sh->code[i] >> 16)
		if ((copy[i] & 0xffff) == OP_STORE)
			copy[i] = (copy[i] & 0xffff0000) | 6000;
	words = n;
	CHECK(!compute_specialize(copy, &words, NULL, 0),
	      "an unknown instruction is left to the driver");
	free(copy);
}

int main(void)
{
	bool judge = !system("spirv-val --version >/dev/null 2>&1");

	for (uint32_t i = 0; i < COMPUTE_SHADERS; i++) {
		if (!compute_shader_table[i].code)
			continue;
		specialize(&compute_shader_table[i], 0, judge);
		specialize(&compute_shader_table[i], 1, judge);
		specialize(&compute_shader_table[i], 0x01020304, judge);
	}
	if (!judge)
		printf("ok %d - valid # SKIP no spirv-val here\n", ++tap_run);
	folding();
	refusals();
	return tap_done();
}
