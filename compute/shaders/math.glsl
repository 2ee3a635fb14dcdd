// SPDX-License-Identifier: MIT
// Functions that GLSL lacks, or leaves too loose to train with. Vectors of
// four, without branches.
#include "codes.glsl"

bvec4 is_nan4(vec4 x)
{
	return greaterThan(floatBitsToUint(x) & uvec4(0x7fffffffu),
			   uvec4(0x7f800000u));
}

// r, and NaN where x is: a driver's function may lose it.
vec4 keep_nan4(vec4 r, vec4 x)
{
	return mix(r, x, is_nan4(x));
}

// log, whose edges some drivers miss: NaN of NaN and below zero, +inf of +inf.
vec4 log4(vec4 x)
{
	uvec4 b = floatBitsToUint(x);
	vec4 r = mix(log(x), x, equal(b, uvec4(0x7f800000u)));
	r = mix(r, vec4(uintBitsToFloat(0xff800000u)),
		equal(b & uvec4(0x7fffffffu), uvec4(0)));
	return mix(r, vec4(uintBitsToFloat(0x7fc00000u)),
		   greaterThan(b & uvec4(mix(uvec4(0xffffffffu), uvec4(0),
					     equal(b, uvec4(0x80000000u)))),
			       uvec4(0x7f800000u)));
}

// The sine of x by its parity of h = k (+ 1/2): x less (h + more) pi, in three
// pieces after Cody and Waite, is within pi / 2; then a minimax polynomial.
// Vulkan's own sine may be 2^-11 off.
vec4 sine_of4(vec4 x, vec4 h, vec4 more)
{
	precise vec4 r = x - h * 3.140625;
	r = r - h * 9.6797943115234375e-4;
	r = r + (h + more) * 3.2584136e-7;
	r = clamp(r, vec4(-1.58), vec4(1.58));
	vec4 s = r * r, p = s * 2.60563087e-6 - 1.98095389e-4;
	p = p * s + 8.33306543e-3;
	p = p * s - 1.66666595e-1;
	return p * (s * r) + r;
}

// x less n times 2048 pi's first two pieces, which is exact up to 1e7. The third
// (of n turns: 2.12414e-4 pi) is sine_of4's to take.
vec4 fewer_turns4(vec4 x, vec4 n)
{
	precise vec4 r = x - n * 6432.0;
	r = r - n * 1.982421875;
	return r;
}

// NaN of what is not finite; the sign is turned where `odd` is.
vec4 sine_end4(vec4 r, vec4 x, ivec4 odd)
{
	uvec4 y = floatBitsToUint(r) ^ uvec4(odd << 31);
	return mix(uintBitsToFloat(y), vec4(uintBitsToFloat(0x7fc00000u)),
		   greaterThanEqual(floatBitsToUint(x) & uvec4(0x7fffffffu),
				    uvec4(0x7f800000u)));
}

// Within 3e-7 up to |x| = 1e7; beyond, something from -1 to 1.
vec4 sin4(vec4 x)
{
	vec4 n = roundEven(x * 1.55424731e-4), r = fewer_turns4(x, n);
	vec4 k = roundEven(r * 0.318309886 + n * 2.12414e-4);
	return sine_end4(sine_of4(r, k, n * 2048.0), x, ivec4(k));
}

vec4 cos4(vec4 x)
{
	vec4 n = roundEven(x * 1.55424731e-4), r = fewer_turns4(x, n);
	vec4 k = roundEven(r * 0.318309886 + n * 2.12414e-4 - 0.5);
	return sine_end4(sine_of4(r, k + 0.5, n * 2048.0), x, ivec4(k) + 1);
}

// Numbers as integers of the same order, zeros equal: a driver may take
// subnormal numbers for zero.
ivec4 order4(vec4 x)
{
	ivec4 b = floatBitsToInt(x), s = b >> 31;
	return ((b & 0x7fffffff) ^ s) - s;
}

// Two minimax polynomials, about 1 ulp each; |x| > 0.9277 goes through exp.
vec4 erf4(vec4 x)
{
	vec4 t = abs(x), s = x * x, u, r, q;
	r = -1.72853470e-5 * t + 3.83197126e-4;
	u = -3.88396438e-3 * t + 2.42546219e-2;
	r = r * s + u;
	r = r * t - 1.06777877e-1;
	r = r * t - 6.34846687e-1;
	r = r * t - 1.28717512e-1;
	r = r * t - t;
	r = 1.0 - exp(r);
	r = mix(r, -r, lessThan(x, vec4(0)));
	q = -5.96761703e-4 * s + 4.99119423e-3;
	q = q * s - 2.67681349e-2;
	q = q * s + 1.12819925e-1;
	q = q * s - 3.76125336e-1;
	q = q * s + 1.28379166e-1;
	q = q * x + x;
	return mix(q, r, greaterThan(t, vec4(0.927734375)));
}

// e^x - 1: Taylor below 0.35, where the difference would cancel.
vec4 expm14(vec4 x)
{
	vec4 p = x * (1.0 / 5040.0) + 1.0 / 720.0;
	p = p * x + 1.0 / 120.0;
	p = p * x + 1.0 / 24.0;
	p = p * x + 1.0 / 6.0;
	p = p * x + 0.5;
	p = p * x * x + x;
	return mix(exp(x) - 1.0, p, lessThan(abs(x), vec4(0.35)));
}

// log(1 + x) = 2 atanh(x / (2 + x)), by its series below 0.25.
vec4 log1p4(vec4 x)
{
	vec4 s = x / (2.0 + x), z = s * s;
	vec4 p = z * (2.0 / 11.0) + 2.0 / 9.0;
	p = p * z + 2.0 / 7.0;
	p = p * z + 2.0 / 5.0;
	p = p * z + 2.0 / 3.0;
	p = p * z * s + 2.0 * s;
	return mix(log4(1.0 + x), p, lessThan(abs(x), vec4(0.25)));
}

// Above 0.3 by exp, below by (e^2x - 1) / (e^2x + 1).
vec4 tanh4(vec4 x)
{
	vec4 a = min(abs(x), vec4(10)), e = expm14(2.0 * a);
	vec4 r = e / (e + 2.0);
	r = keep_nan4(r, x);
	return mix(r, -r, lessThan(x, vec4(0)));
}

vec4 sigmoid4(vec4 x)
{
	return keep_nan4(1.0 / (1.0 + exp(-x)), x);
}

vec4 gelu4(vec4 x)
{
	return 0.5 * x * (1.0 + erf4(x * 0.70710678118654752));
}

vec4 max4(vec4 a, vec4 b)
{
	vec4 m = keep_nan4(mix(b, a, greaterThan(a, b)), b);
	return keep_nan4(m, a);
}

vec4 min4(vec4 a, vec4 b)
{
	vec4 m = keep_nan4(mix(b, a, lessThan(a, b)), b);
	return keep_nan4(m, a);
}

// C's powf for what tensors hold: negative bases with integer exponents.
vec4 pow4(vec4 x, vec4 y)
{
	vec4 r = pow(abs(x), y), fy = floor(y), h = y * 0.5;
	bvec4 whole = equal(fy, y), odd = notEqual(floor(h), h);
	// of -inf by any exponent, of others by whole ones
	vec4 neg = mix(mix(vec4(uintBitsToFloat(0x7fc00000u)), r,
			   equal(x, vec4(uintBitsToFloat(0xff800000u)))),
		       mix(r, -r, odd), whole);
	r = mix(r, neg, lessThan(x, vec4(0)));
	r = mix(r, vec4(0), equal(x, vec4(0)));
	r = mix(r, vec4(uintBitsToFloat(0x7f800000u)),
		mix(bvec4(false), lessThan(y, vec4(0)), equal(x, vec4(0))));
	// x^1, x^2 and 1/x exactly: what gradients are made of
	r = mix(r, x, equal(y, vec4(1)));
	r = mix(r, x * x, equal(y, vec4(2)));
	r = mix(r, 1.0 / x, equal(y, vec4(-1)));
	r = mix(r, mix(x, y, is_nan4(y)), mix(is_nan4(y), bvec4(true),
					      is_nan4(x)));
	return mix(r, vec4(1), equal(y, vec4(0)));
}

// What each activation of compute/kernels.h does.
#define ACTIVATE_NONE x
#define ACTIVATE_RELU max4(x, vec4(0))
#define ACTIVATE_SIGMOID sigmoid4(x)
#define ACTIVATE_TANH tanh4(x)
#define ACTIVATE_GELU gelu4(x)
#define ACTIVATE_SILU x * sigmoid4(x)
#define ACTIVATE_RELU_GRAD x // of two operands: see join()

vec4 activate4(const uint act, vec4 x)
{
	switch (act) {
	ACT_CASES
	}
	return x;
}

float activate(const uint act, float x)
{
	return activate4(act, vec4(x)).x;
}
