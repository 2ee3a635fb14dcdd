/* SPDX-License-Identifier: MIT */
/* The innermost loop in a V3D shader's disassembly. */
#ifndef TESTS_V3D_LOOP_H
#define TESTS_V3D_LOOP_H

/*
 * The innermost loop that multiplies, in a QPU listing (one instruction a
 * line): the shortest backward branch with an fmul or vfmul in its span.
 *
 * @length: its instructions, the branch's three delay slots included.
 * @muls: its multiplications, each one a multiply-add's. 0: there is no loop.
 */
struct loop {
	unsigned length, muls;
};

struct loop loop_find(const char *listing);

#endif /* TESTS_V3D_LOOP_H */
