// SPDX-License-Identifier: MIT
// Softmax, log-softmax and their gradients along one axis: a workgroup a row,
// or with ALONE an invocation a row.
#include "common.glsl"

layout(local_size_x_id = 0) in;
#include "flat.glsl"
layout(constant_id = 1) const uint MODE = 0u;
layout(constant_id = 2) const uint TYPES = 0u; // a, g, o: 3 bits each
#define SOFTMAX 0u
#define LOG 1u
#define GRAD 2u // a: the result, g: its gradient
#define LOG_GRAD 3u

layout(push_constant) uniform P {
	uint rows, n, inner, start_a, start_g, start_o;
};
layout(std430, set = 0, binding = 0) buffer O_ { uint o[]; };
layout(std430, set = 0, binding = 1) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 2) readonly buffer G_ { uint g[]; };
DEFINE_LOAD(load_a, a)
DEFINE_LOAD(load_g, g)
DEFINE_STORE(store_o, o)
#ifdef ALONE
#define row_sum(x) (x)
#define row_max(x) (x)
#define EACH for (uint j = 0u; j < n; j++)
#define ROW flat_id()
#else
#include "rowsum.glsl"
#define EACH                                                                  \
	for (uint j = gl_LocalInvocationID.x; j < n; j += gl_WorkGroupSize.x)
#define ROW row_id()
#endif

#define A(j) load_a_f(TYPES & 7u, start_a + base + (j) * inner)
#define G(j) load_g_f((TYPES >> 3) & 7u, start_g + base + (j) * inner)
#define PUT(j, x) store_o_f(TYPES >> 6, start_o + base + (j) * inner, x)

void main()
{
	uint row = ROW;
	if (row >= rows)
		return;
	uint q = row / inner, base = q * n * inner + row - q * inner;
	float sum = 0.0;
	if (MODE >= GRAD) {
		EACH sum += MODE == GRAD ? A(j) * G(j) : G(j);
		sum = row_sum(sum);
		EACH {
			float y = A(j), d = G(j);
			PUT(j, MODE == GRAD ? y * (d - sum)
					    : d - exp(y) * sum);
		}
		return;
	}
	float top = uintBitsToFloat(0xff800000u);
	EACH {
		float x = A(j);
		top = x > top || nan_bits(floatBitsToUint(x)) ? x : top;
	}
	top = row_max(top);
	EACH sum += exp(A(j) - top);
	sum = row_sum(sum);
	float scale = MODE == LOG ? log(sum) : 1.0 / sum;
	// a row with NaN or +inf, or of -inf alone: exp() may lose the NaN
	if ((floatBitsToUint(top) & 0x7fffffffu) >= 0x7f800000u)
		scale = uintBitsToFloat(0x7fc00000u);
	EACH {
		float x = A(j) - top;
		PUT(j, MODE == LOG ? x - scale : exp(x) * scale);
	}
}
