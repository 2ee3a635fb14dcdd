/* SPDX-License-Identifier: MIT */
/*
 * SPIR-V with its specialization constants put in and what they make dead
 * taken out.
 */
#ifndef COMPUTE_SPECIALIZE_H
#define COMPUTE_SPECIALIZE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Specializes a SPIR-V module: specialization constants become values, branches
 * on them go one way, functions are copied for the constants that they are
 * called with, and what is not reached is left out. A driver can do all that,
 * but only after it has worked through the whole shader, which takes most of
 * the time of making a pipeline.
 *
 * @code: [words], what glslang wrote: every block stands after one that
 *   branches to it, loops' back edges aside.
 * @spec: [n_spec], the values of SpecId 0, 1, ...; the others keep theirs.
 *
 * Returns the module without specialization constants, `*words` long; the
 * caller frees it. NULL: out of memory, or the module has an instruction that
 * is not known here; the driver is to do it then.
 */
uint32_t *compute_specialize(const uint32_t *code, size_t *words,
			     const uint32_t *spec, uint32_t n_spec);

#endif /* COMPUTE_SPECIALIZE_H */
