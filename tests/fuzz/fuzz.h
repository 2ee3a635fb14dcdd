/* SPDX-License-Identifier: MIT */
/*
 * Fuzz targets of user space. Each is one function for libFuzzer (make fuzz)
 * and, with mutate.c, a program that make check runs: the same mutations of its
 * seeds each time.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The target; a wrong answer aborts. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Inputs to start from, and words worth inserting. NULL after the last. */
struct fuzz_seed {
	const void *data;
	size_t size;
};
extern const struct fuzz_seed fuzz_seeds[];
extern const char *const fuzz_words[];

#define FUZZ_SEED(text)                                                        \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

#endif /* TESTS_FUZZ_FUZZ_H */
