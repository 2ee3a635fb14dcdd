/* SPDX-License-Identifier: MIT */
/*
 * Elementary functions of f32 that a compiler can vectorize: no call, no branch,
 * no table, and no contraction, so that every vector length gives the same bits.
 * Errors are the largest of all floats, in units of the last place of the result
 * (tests/unit/test_vmath.c measures them); coefficients are least-maximum fits
 * of their own, made for these intervals. NaN gives NaN; where denormals are
 * flushed, so are results.
 */
#ifndef ACCEL_BACKEND_CPU_VMATH_H
#define ACCEL_BACKEND_CPU_VMATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t float_bits(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static inline float bits_float(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/* |x| with the sign of s. */
static inline float with_sign(float x, float s)
{
	return bits_float((float_bits(x) & 0x7fffffffu) |
			  (float_bits(s) & 0x80000000u));
}

/* Adding it rounds to a whole number, which then stands in the lowest bits. */
#define ROUNDER 0x1.8p23f

/* e^x = 2^n e^r with |r| <= ln 2 / 2; 1.1 ulp. Infinite above 88.72, 0 below
 * -103.97. */
static inline float v_exp(float x)
{
	float t, n, high, low, r, q;
	uint32_t k, half;

	x = x > 89.0f ? 89.0f : x;
	x = x < -104.0f ? -104.0f : x;
	t = x * 1.44269504f + ROUNDER;
	n = t - ROUNDER;
	k = float_bits(t) - float_bits(ROUNDER);
	/* ln 2 in two parts: n times the first is exact; low becomes what r's
	 * rounding left out */
	high = x - n * 0x1.62e4p-1f;
	low = n * 1.42860677e-6f;
	r = high - low;
	low = (high - r) - low;
	q = 0.00138145984f;
	q = q * r + 0.0083687169f;
	q = q * r + 0.04166838805f;
	q = q * r + 0.16666520631f;
	q = q * r + 0.49999993448f;
	q = 1.0f + (r + (r * r * q + low));
	/* 2^n by two factors, for it may be no normal number: -150 to 128 */
	half = (uint32_t)((int32_t)k >> 1);
	return q * bits_float((half + 127) << 23) *
	       bits_float((k - half + 127) << 23);
}

/* ln x = n ln 2 + ln(1 + f) with 1 + f from sqrt(1/2) to sqrt(2); 1.2 ulp. -inf
 * of 0, NaN below. */
static inline float v_log(float x)
{
	/* denormals are made normal first */
	float up = x < 0x1p-126f ? x * 0x1p24f : x;
	float less = x < 0x1p-126f ? 24.0f : 0.0f;
	uint32_t u = float_bits(up) - 0x3f3504f3u; /* sqrt(1/2) */
	float n = (float)((int32_t)u >> 23) - less;
	float f = bits_float((u & 0x7fffffu) + 0x3f3504f3u) - 1.0f, q, y;

	q = 0.06746638290f;
	q = q * f - 0.11675651230f;
	q = q * f + 0.11888162968f;
	q = q * f - 0.12405589060f;
	q = q * f + 0.14219552279f;
	q = q * f - 0.16667995843f;
	q = q * f + 0.20002118663f;
	q = q * f - 0.25000009600f;
	q = q * f + 0.33333312604f;
	q = q * f * f * f + n * 1.42860677e-6f;
	q -= 0.5f * f * f;
	y = n * 0x1.62e4p-1f + (f + q);
	y = x == 0.0f ? -INFINITY : y;
	y = x < 0.0f ? NAN : y;
	return x > 0x1.fffffep127f || x != x ? x : y;
}

/* 1 / (1 + e^-x), which is e^x / (1 + e^x), by the one that cannot overflow,
 * divided in double; 1.5 ulp. */
static inline float v_sigmoid(float x)
{
	float e = v_exp(-bits_float(float_bits(x) & 0x7fffffffu));

	return (float)((x < 0.0f ? (double)e : 1.0) / (1.0 + (double)e));
}

/* x + x^3 p(x^2) below 0.625, above it 1 - 2 / (e^2x + 1); 1.5 ulp. */
static inline float v_tanh(float x)
{
	float a = bits_float(float_bits(x) & 0x7fffffffu), z = x * x, p, large;

	p = -0.00571704451f;
	p = p * z + 0.02065058679f;
	p = p * z - 0.05374349792f;
	p = p * z + 0.13331491285f;
	p = p * z - 0.33333283925f;
	p = a + a * (z * p);
	large = 1.0f - 2.0f / (v_exp(2.0f * a) + 1.0f);
	return x != x ? x : with_sign(a < 0.625f ? p : large, x);
}

/* x + x p(x^2) below 0.9277, above it 1 - e^-(x + x p(x)); 1.5 ulp. */
static inline float v_erf(float x)
{
	float a = bits_float(float_bits(x) & 0x7fffffffu), z = x * x, p, q;
	float t = a > 4.0f ? 4.0f : a;

	p = 8.360120372e-5f;
	p = p * z - 0.00081409641f;
	p = p * z + 0.00520094468f;
	p = p * z - 0.02685939535f;
	p = p * z + 0.11283696172f;
	p = p * z - 0.37612633841f;
	p = p * z + 0.12837916666f;
	q = 1.2037222235e-5f;
	q = q * t - 0.00033061626f;
	q = q * t + 0.00367326828f;
	q = q * t - 0.02382534822f;
	q = q * t + 0.10630832270f;
	q = q * t + 0.63510925881f;
	q = q * t + 0.12865858423f;
	q = 1.0f - v_exp(-(t + t * q));
	return x != x ? x : with_sign(a < 0.9277f ? a + a * p : q, x);
}

#endif /* ACCEL_BACKEND_CPU_VMATH_H */
