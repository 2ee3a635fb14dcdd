// SPDX-License-Identifier: MIT
// What follows every matmul and conv: alpha, bias, residual, activation, and
// the store. Include after declaring P with m_size, n_size, alpha, start_c,
// start_bias, start_res; define C_BINDING first (bias and residual follow it).
#include "math.glsl"

layout(constant_id = 1) const uint EPILOGUE = 0u;
const uint BIAS = EPILOGUE & 3u; // 1: a column's, 2: a row's
const bool RESIDUAL = (EPILOGUE & 4u) != 0u;
const uint ACT = (EPILOGUE >> 3) & 7u;
const uint C_TYPE = (EPILOGUE >> 6) & 7u;
const uint BIAS_TYPE = (EPILOGUE >> 9) & 7u;
const uint RES_TYPE = (EPILOGUE >> 12) & 7u;
// four columns are four words, at a multiple of four, in C and residual
const bool WIDE = (EPILOGUE & 0x8000u) != 0u;

layout(std430, set = 0, binding = C_BINDING) buffer C_ { uint c[]; };
layout(std430, set = 0, binding = C_BINDING) buffer CV_ { vec4 cv[]; };
layout(std430, set = 0, binding = C_BINDING + 1) readonly buffer BI_ { uint bi[]; };
layout(std430, set = 0, binding = C_BINDING + 2) readonly buffer R_ { uint re[]; };
layout(std430, set = 0, binding = C_BINDING + 2) readonly buffer RV_ { vec4 rv[]; };

#ifndef RESIDUAL_QUAD
#define RESIDUAL_QUAD(at) rv[at]
#endif

DEFINE_STORE(store_c, c)
DEFINE_LOAD(load_bias, bi)
DEFINE_LOAD(load_res, re)

// The residual is added; with the gradient of a ReLU it is that ReLU's result.
vec4 join(vec4 x, vec4 r)
{
	if (ACT == ACT_RELU_GRAD)
		return x * vec4(greaterThan(r, vec4(0)));
	return x + r;
}

// The bias of columns n..n+3 (those beyond n_size repeat the last), or of row
// m.
vec4 bias4(uint m, uint n)
{
	if (BIAS == 1u) {
		uvec4 k = min(uvec4(n, n + 1u, n + 2u, n + 3u),
			      uvec4(n_size - 1u)) + start_bias;
		return vec4(load_bias_f(BIAS_TYPE, k.x),
			    load_bias_f(BIAS_TYPE, k.y),
			    load_bias_f(BIAS_TYPE, k.z),
			    load_bias_f(BIAS_TYPE, k.w));
	}
	if (BIAS == 2u)
		return vec4(load_bias_f(BIAS_TYPE, start_bias + m));
	return vec4(0);
}

// Elements [row m, columns n..n+3]; `at` is that of column n within C.
void emit4(uint at, uint n, vec4 x, vec4 bias)
{
	x = x * alpha + bias;
	if (WIDE) {
		if (RESIDUAL)
			x = join(x, RESIDUAL_QUAD((start_res + at) >> 2));
		cv[(start_c + at) >> 2] = activate4(ACT, x);
		return;
	}
	uint left = min(n_size - n, 4u);
	if (RESIDUAL) {
		uvec4 k = min(uvec4(0, 1, 2, 3), uvec4(left - 1u)) + at +
			  start_res;
		x = join(x, vec4(load_res_f(RES_TYPE, k.x),
				 load_res_f(RES_TYPE, k.y),
				 load_res_f(RES_TYPE, k.z),
				 load_res_f(RES_TYPE, k.w)));
	}
	x = activate4(ACT, x);
	at += start_c;
	store_c_f(C_TYPE, at, x.x);
	if (left > 1u)
		store_c_f(C_TYPE, at + 1u, x.y);
	if (left > 2u)
		store_c_f(C_TYPE, at + 2u, x.z);
	if (left > 3u)
		store_c_f(C_TYPE, at + 3u, x.w);
}

// One element.
void emit1(uint at, uint m, uint n, float x)
{
	x *= alpha;
	if (BIAS != 0u)
		x += load_bias_f(BIAS_TYPE, start_bias + (BIAS == 1u ? n : m));
	if (RESIDUAL)
		x = join(vec4(x), vec4(load_res_f(RES_TYPE, start_res + at))).x;
	store_c_f(C_TYPE, start_c + at, activate(ACT, x));
}
