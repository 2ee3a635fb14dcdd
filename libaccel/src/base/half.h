/* SPDX-License-Identifier: MIT */
/* IEEE 754 binary16 to and from f32, rounded to nearest even. */
#ifndef ACCEL_BASE_HALF_H
#define ACCEL_BASE_HALF_H

#include <stdint.h>
#include <string.h>

/* IEEE 754 binary16 to binary32, exact, NaN payloads kept. */
static inline float half_to_float(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16;
	uint32_t exp = (h >> 10) & 31, man = h & 0x3ff, bits;
	float f;

	if (exp == 31) {
		bits = sign | 0x7f800000 | man << 13;
	} else if (exp) {
		bits = sign | (exp + 112) << 23 | man << 13;
	} else { /* zero or subnormal: man * 2^-24 */
		f = (float)man * 0x1p-24f;
		return sign ? -f : f;
	}
	memcpy(&f, &bits, 4);
	return f;
}

/* binary32 to binary16, to nearest even; overflow is infinity. */
static inline uint16_t half_from_float(float f)
{
	uint32_t bits, man, shift, rest, half;
	uint16_t sign, h;
	int32_t exp;

	memcpy(&bits, &f, 4);
	sign = (uint16_t)(bits >> 16 & 0x8000);
	exp = (int32_t)(bits >> 23 & 255) - 112;
	man = bits & 0x7fffff;
	if (exp == 143) /* infinity, NaN: keep the top payload bits */
		return (uint16_t)(sign | 0x7c00 |
				  (man ? 0x200 | man >> 13 : 0));
	if (exp >= 31)
		return (uint16_t)(sign | 0x7c00);
	if (exp < -10)
		return sign;
	if (exp <= 0) {
		man |= 0x800000;
		shift = (uint32_t)(14 - exp);
		exp = 0;
	} else {
		shift = 13;
	}
	h = (uint16_t)((uint32_t)exp << 10 | man >> shift);
	if (shift != 13)
		h = (uint16_t)(man >> shift);
	rest = man & ((1u << shift) - 1);
	half = 1u << (shift - 1);
	if (rest > half || (rest == half && (h & 1)))
		h++; /* may carry into the exponent, rightly */
	return (uint16_t)(sign | h);
}

#endif /* ACCEL_BASE_HALF_H */
