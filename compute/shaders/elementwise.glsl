// SPDX-License-Identifier: MIT
// A chain of element-wise operations, four consecutive elements an invocation.
// Included with MAX_OPS defined. The chain is in the constants (see
// compute/elementwise.c for the packing); sizes, strides and immediates are
// push constants.
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"
#include "math.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint SHAPE = 0u; // n_in, n_ops, n_out, rank
layout(constant_id = 2) const uint DTYPES = 0u; // 3 bits an operand
layout(constant_id = 3) const uint MODES = 0u; // 2 bits an operand
// the value of output 0, of 1 (8 bits each), 3 flags that it is a float, and at
// bit 24 the value of output 2
layout(constant_id = 4) const uint STORES = 0u;
layout(constant_id = 5) const uint LAYOUT = 0u; // words: first stride, imm

#define OP(i, id) layout(constant_id = id) const uint O##i = 0u;
OP(0, 6) OP(1, 7)
#if MAX_OPS > 2
OP(2, 8) OP(3, 9) OP(4, 10) OP(5, 11) OP(6, 12) OP(7, 13)
#endif
#if MAX_OPS > 8
OP(8, 14) OP(9, 15) OP(10, 16) OP(11, 17) OP(12, 18) OP(13, 19)
OP(14, 20) OP(15, 21) OP(16, 22) OP(17, 23) OP(18, 24) OP(19, 25)
OP(20, 26) OP(21, 27) OP(22, 28) OP(23, 29)
#endif

const uint N_IN = SHAPE & 255u, N_OPS = (SHAPE >> 8) & 255u;
const uint N_OUT = (SHAPE >> 16) & 255u, RANK = SHAPE >> 24;

#define LINEAR 0u // the output's index, any start
#define SCALAR 1u // one element
#define STRIDED 2u
#define VECTOR 3u // linear, and element 0 is at a multiple of four

// n, two words of packed starts, RANK - 1 sizes, then for each strided operand
// its start and RANK strides; immediates at the end.
layout(push_constant) uniform P { uint p[32]; };

#define BUFFER(i)                                                             \
	layout(std430, set = 0, binding = i) buffer W##i { uint w##i[]; };    \
	layout(std430, set = 0, binding = i) buffer V##i { uvec4 v##i[]; };
// Inputs are operands 0.., outputs 6, 7 and, where inputs leave it free, 5.
BUFFER(0) BUFFER(1) BUFFER(2) BUFFER(3)
BUFFER(4) BUFFER(5) BUFFER(6) BUFFER(7)

#ifdef TEXELS
// The inputs once more: CPU rasterizers fetch a texel of all lanes at once, but
// read buffers lane by lane.
#define TEXEL(i, b) layout(set = 0, binding = b) uniform samplerBuffer t##i;
TEXEL(0, 8) TEXEL(1, 9) TEXEL(2, 10) TEXEL(3, 11) TEXEL(4, 12) TEXEL(5, 13)
#define QUAD(i, at) floatBitsToUint(texelFetch(t##i, int(at)))
#else
#define QUAD(i, at) v##i[at]
#endif

uint coord[6];

// Where the strided operands' starts and strides are.
#define AFTER(i, before)                                                      \
	before + (((MODES >> (2u * i)) & 3u) == STRIDED ? RANK + 1u : 0u)
const uint AT0 = LAYOUT & 255u;
const uint AT1 = AFTER(0u, AT0), AT2 = AFTER(1u, AT1);
const uint AT3 = AFTER(2u, AT2), AT4 = AFTER(3u, AT3);
const uint AT5 = AFTER(4u, AT4), AT6 = AFTER(5u, AT5);
const uint AT7 = AFTER(6u, AT6);

// The coordinates of element e.
#define LOCATE(d)                                                             \
	if (d < RANK) {                                                       \
		uint size = p[3u + d - 1u], q = e / size;                     \
		coord[d] = e - q * size;                                      \
		e = q;                                                        \
	}
void locate(uint e)
{
	LOCATE(5u) LOCATE(4u) LOCATE(3u) LOCATE(2u) LOCATE(1u)
	coord[0] = e;
}

#define ADVANCE(d)                                                            \
	if (d < RANK) {                                                       \
		uint c = coord[d] + (carry ? 1u : 0u);                        \
		carry = c == p[3u + d - 1u];                                  \
		coord[d] = carry ? 0u : c;                                    \
	}
void advance()
{
	bool carry = true;
	ADVANCE(5u) ADVANCE(4u) ADVANCE(3u) ADVANCE(2u) ADVANCE(1u)
	coord[0] += carry ? 1u : 0u;
}

#define INDEX(d)                                                              \
	if (d < RANK)                                                         \
		i += coord[d] * p[at + 1u + d];
uint strided_index(const uint at)
{
	uint i = p[at];
	INDEX(0u) INDEX(1u) INDEX(2u) INDEX(3u) INDEX(4u) INDEX(5u)
	return i;
}

// The four elements' indices of the strided operand whose words are at `at`.
uvec4 indices(const uint at, uint e, uint n)
{
	uvec4 r;
	locate(e);
	r.x = strided_index(at);
	if (e + 1u < n)
		advance();
	r.y = strided_index(at);
	if (e + 2u < n)
		advance();
	r.z = strided_index(at);
	if (e + 3u < n)
		advance();
	r.w = strided_index(at);
	return r;
}

uint start(const uint operand)
{
	return (p[1 + (operand >> 2)] >> (8u * (operand & 3u))) & 255u;
}

// Element 0 of an operand. A byte of a push constant is what LLVM takes SSE4a's
// EXTRQ for on AMD processors, which costs more than all the rest of a chain.
#ifdef TEXELS
#define START(mode, operand) ((mode) == VECTOR ? 0u : start(operand))
#else
#define START(mode, operand) start(operand)
#endif

#define LOAD(i)                                                               \
	uvec4 load##i(uint e, uint n)                                         \
	{                                                                     \
		const uint dt = (DTYPES >> (3u * uint(i))) & 7u;                       \
		const uint mode = (MODES >> (2u * uint(i))) & 3u;                      \
		uint base = START(mode, uint(i));                             \
		if (mode == SCALAR)                                           \
			return uvec4(unpack_word(dt, w##i[word_of(dt, base)], \
						 base));                      \
		if (mode == VECTOR) {                                         \
			uint a = base + e;                                    \
			if (dt == F32 || dt == I32)                           \
				return QUAD(i, a >> 2);                       \
			uint x = w##i[word_of(dt, a)];                        \
			if (dt == F16) {                                      \
				uint y = w##i[(a >> 1) + 1u];                 \
				return floatBitsToUint(vec4(                  \
					unpackHalf2x16(x),                    \
					unpackHalf2x16(y)));                  \
			}                                                     \
			return uvec4(unpack_word(dt, x, 0u),                  \
				     unpack_word(dt, x, 1u),                  \
				     unpack_word(dt, x, 2u),                  \
				     unpack_word(dt, x, 3u));                 \
		}                                                             \
		uvec4 k = min(uvec4(e, e + 1u, e + 2u, e + 3u),               \
			      uvec4(n - 1u));                                 \
		if (mode == STRIDED)                                          \
			k = indices(AT##i, e, n);                           \
		else                                                          \
			k += base;                                            \
		return uvec4(unpack_word(dt, w##i[word_of(dt, k.x)], k.x),    \
			     unpack_word(dt, w##i[word_of(dt, k.y)], k.y),    \
			     unpack_word(dt, w##i[word_of(dt, k.z)], k.z),    \
			     unpack_word(dt, w##i[word_of(dt, k.w)], k.w));   \
	}
LOAD(0) LOAD(1) LOAD(2) LOAD(3) LOAD(4) LOAD(5)

#define FA uintBitsToFloat(a)
#define FB uintBitsToFloat(b)
#define FC uintBitsToFloat(c)
#define IA ivec4(a)
#define IB ivec4(b)
// Of integers of the same order: a driver may take subnormal numbers for zero.
#define UNORDERED mix(is_nan4(FA), bvec4(true), is_nan4(FB))
#define COMPARE(how)                                                          \
	I(mix(uvec4(how(order4(FA), order4(FB))), uvec4(0), UNORDERED))
#define F(x) return floatBitsToUint(x)
#define I(x) return uvec4(x)

ivec4 floor_div(ivec4 x, ivec4 y)
{
	ivec4 d = mix(y, ivec4(1), equal(y, ivec4(0)));
	// the one overflow: INT_MIN / -1
	d = mix(d, ivec4(1), equal(y, ivec4(-1)));
	ivec4 q = x / d, r = x - q * d;
	bvec4 fix = notEqual(r, ivec4(0));
	q -= ivec4(fix) * ivec4(lessThan(r ^ d, ivec4(0)));
	q = mix(q, -x, equal(y, ivec4(-1)));
	return mix(q, ivec4(0), equal(y, ivec4(0)));
}

// What each code of compute/kernels.h does with its operands.
#define APPLY_NONE return a
#define APPLY_NEG F(-FA)
#define APPLY_ABS F(abs(FA))
#define APPLY_EXP F(keep_nan4(exp(FA), FA))
#define APPLY_LOG F(log4(FA))
#define APPLY_SQRT F(sqrt(FA))
#define APPLY_RSQRT F(inversesqrt(FA))
#define APPLY_RECIP F(1.0 / FA)
#define APPLY_TANH F(tanh4(FA))
#define APPLY_SIGMOID F(sigmoid4(FA))
#define APPLY_RELU F(max4(FA, vec4(0)))
#define APPLY_GELU F(gelu4(FA))
#define APPLY_SILU F(FA * sigmoid4(FA))
#define APPLY_SIN F(sin4(FA))
#define APPLY_COS F(cos4(FA))
#define APPLY_ERF F(keep_nan4(erf4(FA), FA))
#define APPLY_FLOOR F(floor(FA))
#define APPLY_CEIL F(ceil(FA))
#define APPLY_ROUND F(roundEven(FA))
#define APPLY_TRUNC F(trunc(FA))
#define APPLY_SIGN F(mix(sign(FA), FA, is_nan4(FA)))
#define APPLY_SQUARE F(FA * FA)
#define APPLY_SOFTPLUS F(max4(FA, vec4(0)) + log1p4(exp(-abs(FA))))
#define APPLY_EXPM1 F(keep_nan4(expm14(FA), FA))
#define APPLY_LOG1P F(keep_nan4(log1p4(FA), FA))
#define APPLY_LOG2 F(log4(FA) * 1.44269504)
#define APPLY_TAN F(sin4(FA) / cos4(FA))
#define APPLY_ADD F(FA + FB)
#define APPLY_SUB F(FA - FB)
#define APPLY_MUL F(FA * FB)
#define APPLY_DIV F(FA / FB)
#define APPLY_POW F(pow4(FA, FB))
#define APPLY_MIN F(min4(FA, FB))
#define APPLY_MAX F(max4(FA, FB))
#define APPLY_MOD F(FA - FB * floor(FA / FB))
#define APPLY_FMA F(FA * FB + FC)
#define APPLY_EQ COMPARE(equal)
#define APPLY_NE                                                              \
	I(mix(uvec4(notEqual(order4(FA), order4(FB))), uvec4(1), UNORDERED))
#define APPLY_LT COMPARE(lessThan)
#define APPLY_LE COMPARE(lessThanEqual)
#define APPLY_GT COMPARE(greaterThan)
#define APPLY_GE COMPARE(greaterThanEqual)
#define APPLY_ISNAN I(is_nan4(FA))
#define APPLY_INEG I(-IA)
#define APPLY_IABS I(abs(IA))
#define APPLY_ISIGN I(sign(IA))
#define APPLY_IRELU I(max(IA, ivec4(0)))
#define APPLY_IADD return a + b
#define APPLY_ISUB return a - b
#define APPLY_IMUL return a * b
#define APPLY_IDIV I(floor_div(IA, IB))
#define APPLY_IMOD                                                            \
	I(mix(IA - floor_div(IA, IB) * IB, ivec4(0),                          \
	       equal(IB, ivec4(0))))
#define APPLY_IMIN I(min(IA, IB))
#define APPLY_IMAX I(max(IA, IB))
#define APPLY_IEQ I(equal(a, b))
#define APPLY_INE I(notEqual(a, b))
#define APPLY_ILT I(lessThan(IA, IB))
#define APPLY_ILE I(lessThanEqual(IA, IB))
#define APPLY_IGT I(greaterThan(IA, IB))
#define APPLY_IGE I(greaterThanEqual(IA, IB))
#define APPLY_AND return a & b
#define APPLY_OR return a | b
#define APPLY_XOR return a ^ b
#define APPLY_NOT I(equal(a, uvec4(0)))
#define APPLY_SHL return a << (b & 31u)
#define APPLY_SHR I(IA >> ivec4(b & 31u))
#define APPLY_F2I                                                             \
	I(ivec4(float_int(FA.x), float_int(FA.y), float_int(FA.z),            \
	       float_int(FA.w)))
#define APPLY_I2F F(vec4(IA))
#define APPLY_WRAP8 I(bitfieldExtract(IA, 0, 8))
#define APPLY_WRAPU8 return a & 255u
#define APPLY_HALF                                                            \
	F(vec4(unpackHalf2x16(half_bits(a.x) | half_bits(a.y) << 16),         \
	       unpackHalf2x16(half_bits(a.z) | half_bits(a.w) << 16)))
#define APPLY_SELECT return mix(c, b, notEqual(a, uvec4(0)))
#define APPLY_ISELECT return mix(c, b, notEqual(a, uvec4(0)))

uvec4 apply(const uint code, uvec4 a, uvec4 b, uvec4 c)
{
	switch (code) {
	EW_CASES
	}
	return a;
}

// Inputs 0..5 and results 6..: what an operation may read.
uvec4 value[6 + MAX_OPS];

uvec4 fetch(const uint src)
{
	if (src < 0x40u)
		return value[src];
	if (src < 0x80u)
		return uvec4(p[(LAYOUT >> 8) + src - 0x40u]);
	return value[src - 0x80u + 6u];
}

#define STEP(i)                                                               \
	if (N_OPS > uint(i))                                                     \
		value[6 + i] = apply(O##i & 255u, fetch((O##i >> 8) & 255u),  \
				     fetch((O##i >> 16) & 255u),              \
				     fetch(O##i >> 24));

// Converts to the output's type: f32 bits for float types, else i32 bits.
uvec4 converted(const bool from_float, const bool to_float, uvec4 x)
{
	if (from_float && !to_float) {
		vec4 f = uintBitsToFloat(x);
		return uvec4(ivec4(float_int(f.x), float_int(f.y),
				   float_int(f.z), float_int(f.w)));
	}
	if (!from_float && to_float)
		return floatBitsToUint(vec4(ivec4(x)));
	return x;
}

DEFINE_STORE(put5, w5)
DEFINE_STORE(put6, w6)
DEFINE_STORE(put7, w7)

#define VALUE_AT(o) ((o) < 2 ? 8u * uint(o) : 24u)
#define STORE(b, o)                                                           \
	void store##o(uint e, uint n)                                         \
	{                                                                     \
		const uint dt = (DTYPES >> (3u * uint(b))) & 7u;                       \
		const uint mode = (MODES >> (2u * uint(b))) & 3u;                      \
		uint base = START(mode, uint(b));                             \
		uvec4 x = converted(((STORES >> (16u + uint(o))) & 1u) != 0u, \
				    is_float(dt),                             \
				    fetch((STORES >> VALUE_AT(o)) & 255u));       \
		if (mode == VECTOR && dt == F16) {                            \
			uint a = (base + e) >> 1;                             \
			w##b[a] = half_bits(x.x) |                            \
				  (e + 1u < n ? half_bits(x.y) << 16 : 0u);   \
			if (e + 2u < n)                                       \
				w##b[a + 1u] =                                \
					half_bits(x.z) |                      \
					(e + 3u < n ? half_bits(x.w) << 16    \
						    : 0u);                    \
			return;                                               \
		}                                                             \
		if (mode == VECTOR && (dt == I8 || dt == U8)) {               \
			uvec4 y = x & 255u;                                   \
			uint keep = min(n - e, 4u) * 8u;                      \
			uint word = y.x | y.y << 8 | y.z << 16 | y.w << 24;   \
			w##b[(base + e) >> 2] =                               \
				bitfieldExtract(word, 0, int(keep));          \
			return;                                               \
		}                                                             \
		if (mode == VECTOR && e + 3u < n) {                           \
			v##b[(base + e) >> 2] = x;                            \
			return;                                               \
		}                                                             \
		uvec4 k = uvec4(e, e + 1u, e + 2u, e + 3u);                   \
		if (mode == STRIDED)                                          \
			k = indices(AT##b, e, n);                           \
		else                                                          \
			k += base;                                            \
		put##b(dt, k.x, x.x);                                         \
		if (e + 1u < n)                                               \
			put##b(dt, k.y, x.y);                                 \
		if (e + 2u < n)                                               \
			put##b(dt, k.z, x.z);                                 \
		if (e + 3u < n)                                               \
			put##b(dt, k.w, x.w);                                 \
	}
STORE(6, 0)
STORE(7, 1)
STORE(5, 2)

void main()
{
	uint n = p[0];
	uint e = ((gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) *
			  gl_WorkGroupSize.x +
		  gl_LocalInvocationID.x) *
		 4u;
	if (e >= n)
		return;
	if (N_IN > 0u)
		value[0] = load0(e, n);
	if (N_IN > 1u)
		value[1] = load1(e, n);
	if (N_IN > 2u)
		value[2] = load2(e, n);
	if (N_IN > 3u)
		value[3] = load3(e, n);
	if (N_IN > 4u)
		value[4] = load4(e, n);
	if (N_IN > 5u)
		value[5] = load5(e, n);
	STEP(0) STEP(1)
#if MAX_OPS > 2
	STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7)
#endif
#if MAX_OPS > 8
	STEP(8) STEP(9) STEP(10) STEP(11) STEP(12) STEP(13) STEP(14) STEP(15)
	STEP(16) STEP(17) STEP(18) STEP(19) STEP(20) STEP(21) STEP(22) STEP(23)
#endif
	store0(e, n);
	if (N_OUT > 1u)
		store1(e, n);
	if (N_OUT > 2u)
		store2(e, n);
}
