/* SPDX-License-Identifier: MIT */
/*
 * The types of a tensor's elements.
 */
#ifndef ACCEL_DTYPE_H
#define ACCEL_DTYPE_H

#include <stddef.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * X(NAME, name, bytes, floating): a row a type, from 0 on. Everything that
 * knows the types is made from these rows.
 *
 *   F16: IEEE 754 binary16; arithmetic is done in f32.
 *   U8: also the result of comparisons, 0 or 1.
 */
#define ACCEL_DTYPE_MAP(X)                                                     \
	X(F32, f32, 4, 1)                                                      \
	X(F16, f16, 2, 1)                                                      \
	X(I8, i8, 1, 0)                                                        \
	X(U8, u8, 1, 0)                                                        \
	X(I32, i32, 4, 0)

typedef enum accel_dtype {
#define ACCEL_X(NAME, name, bytes, floating) ACCEL_##NAME,
	ACCEL_DTYPE_MAP(ACCEL_X)
#undef ACCEL_X
} accel_dtype;

/* "f32" and so on; "unknown" for a number that is no type's. Static. */
ACCEL_API const char *accel_dtype_name(accel_dtype dtype);
/* Bytes of one element; 0 for a number that is no type's. */
ACCEL_API size_t accel_dtype_size(accel_dtype dtype);

/*
 * What a binary op of two types works in:
 *   equal types stay; i8 with u8, and either with i32, is i32;
 *   f16 with i8 or u8 is f16; f16 with i32 or f32, and f32 with any, is f32.
 * Division and every transcendental function turn integers into f32.
 */
ACCEL_API accel_dtype accel_dtype_promote(accel_dtype a, accel_dtype b);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_DTYPE_H */
