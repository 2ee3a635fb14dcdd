// SPDX-License-Identifier: MIT
/* Types of elements: names, sizes, promotion, conversion. */
#include <math.h>

#include "../base/half.h"
#include "layout.h"

static const struct {
	const char *name;
	size_t size;
	bool floating;
} types[] = {
#define X(NAME, name, bytes, floating) { #name, bytes, floating },
	ACCEL_DTYPE_MAP(X)
#undef X
};

static bool is_type(accel_dtype dtype)
{
	return (size_t)dtype < sizeof(types) / sizeof(types[0]);
}

const char *accel_dtype_name(accel_dtype dtype)
{
	return is_type(dtype) ? types[dtype].name : "unknown";
}

size_t accel_dtype_size(accel_dtype dtype)
{
	return is_type(dtype) ? types[dtype].size : 0;
}

bool dtype_is_float(accel_dtype dtype)
{
	return is_type(dtype) && types[dtype].floating;
}

accel_dtype accel_dtype_promote(accel_dtype a, accel_dtype b)
{
	if (a == b)
		return a;
	if (a == ACCEL_F32 || b == ACCEL_F32)
		return ACCEL_F32;
	if (a == ACCEL_F16 || b == ACCEL_F16)
		return a == ACCEL_I32 || b == ACCEL_I32 ? ACCEL_F32 : ACCEL_F16;
	return ACCEL_I32;
}

double dtype_load(accel_dtype dtype, const void *p, int64_t i)
{
	switch (dtype) {
	case ACCEL_F32:
		return ((const float *)p)[i];
	case ACCEL_F16:
		return half_to_float(((const uint16_t *)p)[i]);
	case ACCEL_I8:
		return ((const int8_t *)p)[i];
	case ACCEL_U8:
		return ((const uint8_t *)p)[i];
	case ACCEL_I32:
		return ((const int32_t *)p)[i];
	}
	return 0;
}

/*
 * Float to integer: toward zero, limited to i32's range, NaN is 0; then the
 * low bits are kept. The same on every backend.
 */
static int32_t to_int(double v)
{
	if (v != v)
		return 0;
	if (v <= -2147483648.0)
		return INT32_MIN;
	if (v >= 2147483647.0)
		return INT32_MAX;
	return (int32_t)v;
}

void dtype_store(accel_dtype dtype, void *p, int64_t i, double v)
{
	switch (dtype) {
	case ACCEL_F32:
		((float *)p)[i] = (float)v;
		return;
	case ACCEL_F16:
		((uint16_t *)p)[i] = half_from_float((float)v);
		return;
	case ACCEL_I8:
		((int8_t *)p)[i] = (int8_t)to_int(v);
		return;
	case ACCEL_U8:
		((uint8_t *)p)[i] = (uint8_t)to_int(v);
		return;
	case ACCEL_I32:
		((int32_t *)p)[i] = to_int(v);
		return;
	}
}

double dtype_wrap(accel_dtype dtype, double v)
{
	if (dtype_is_float(dtype) || (v >= -128 && v <= 127 && v == trunc(v) &&
				      (dtype != ACCEL_U8 || v >= 0)))
		return v;
	/* Sums and products of i32 are exact in 53 bits or wrap like C's. */
	if (isfinite(v) && fabs(v) < 0x1p62)
		v = (double)(int32_t)(uint32_t)(int64_t)v;
	if (dtype == ACCEL_I8)
		return (int8_t)to_int(v);
	if (dtype == ACCEL_U8)
		return (uint8_t)to_int(v);
	return to_int(v);
}
