// SPDX-License-Identifier: MIT
// Data types and typed loads and stores over buffers of 32-bit words: no
// 8/16-bit storage feature is needed anywhere.

#include "codes.glsl"

// Parameters that decide which code is left are const: constants of a call go
// into a copy of the function (compute/specialize.h).
#define is_float(dt) ((dt) <= F16)

// Bits of element `i`, given the word that holds it: f32 for floats, else i32.
uint unpack_word(const uint dt, uint w, uint i)
{
	if (dt == F16) {
		vec2 v = unpackHalf2x16(w);
		return floatBitsToUint((i & 1u) != 0u ? v.y : v.x);
	}
	if (dt == I8)
		return uint(bitfieldExtract(int(w), int(i & 3u) * 8, 8));
	if (dt == U8)
		return bitfieldExtract(w, int(i & 3u) * 8, 8);
	return w;
}

// Which word holds element `i`.
uint word_of(const uint dt, uint i)
{
	if (dt == F16)
		return i >> 1;
	if (dt == I8 || dt == U8)
		return i >> 2;
	return i;
}

float bits_float(const uint dt, uint bits)
{
	return is_float(dt) ? uintBitsToFloat(bits) : float(int(bits));
}

// Decided on bits: a driver's isnan() and comparisons may miss a NaN.
bool nan_bits(uint x)
{
	return (x & 0x7fffffffu) > 0x7f800000u;
}

// f32 -> i32 toward zero, saturating; NaN gives 0.
int float_int(float x)
{
	if (nan_bits(floatBitsToUint(x)))
		return 0;
	if (x <= -2147483648.0)
		return int(0x80000000u);
	return x >= 2147483648.0 ? 0x7fffffff : int(x);
}

// f32 bits -> f16 bits, nearest even: packHalf2x16 may round as it likes.
uint half_bits(uint x)
{
	uint sign = (x >> 16) & 0x8000u, a = x & 0x7fffffffu;
	if (a > 0x7f800000u)
		return sign | 0x7e00u;
	if (a >= 0x47800000u)
		return sign | 0x7c00u;
	if (a < 0x38800000u) {
		// subnormal: let the float adder do the rounding at 2^-24
		if (a < 0x33000000u)
			return sign;
		uint e = a >> 23, m = (a & 0x7fffffu) | 0x800000u;
		uint s = 126u - e; // 14..24
		uint h = m >> s, r = m & ((1u << s) - 1u), mid = 1u << (s - 1u);
		return sign | (h + ((r > mid || (r == mid && (h & 1u) != 0u)) ? 1u : 0u));
	}
	uint h = (a - 0x38000000u) >> 13, r = a & 0x1fffu;
	return sign | (h + ((r > 0x1000u || (r == 0x1000u && (h & 1u) != 0u)) ? 1u : 0u));
}

// What a narrow store writes: the value's low 16 or 8 bits.
uint narrow_bits(const uint dt, uint bits)
{
	return dt == F16 ? half_bits(bits) : bits & 0xffu;
}

// One element load: bits as unpack_word() gives them.
#define DEFINE_LOAD(name, buf)                                                \
	uint name(const uint dt, uint i)                                      \
	{                                                                     \
		return unpack_word(dt, buf[word_of(dt, i)], i);               \
	}                                                                     \
	float name##_f(const uint dt, uint i)                                 \
	{                                                                     \
		return bits_float(dt, name(dt, i));                           \
	}

// One element store of f32 bits (float types) or i32 bits. Narrow types share
// a word with their neighbours: clear, then set, by atomics on disjoint bits.
#define DEFINE_STORE(name, buf)                                               \
	void name(const uint dt, uint i, uint bits)                           \
	{                                                                     \
		if (dt == F32 || dt == I32) {                                 \
			buf[i] = bits;                                        \
			return;                                               \
		}                                                             \
		bool h = dt == F16;                                           \
		uint sh = h ? (i & 1u) * 16u : (i & 3u) * 8u;                 \
		uint mask = (h ? 0xffffu : 0xffu) << sh;                      \
		atomicAnd(buf[word_of(dt, i)], ~mask);                        \
		atomicOr(buf[word_of(dt, i)], narrow_bits(dt, bits) << sh);   \
	}                                                                     \
	void name##_f(const uint dt, uint i, float x)                         \
	{                                                                     \
		name(dt, i, is_float(dt) ? floatBitsToUint(x)                 \
					 : uint(float_int(x)));               \
	}
