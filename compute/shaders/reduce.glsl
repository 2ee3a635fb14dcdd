// SPDX-License-Identifier: MIT
// What both reductions share: the accumulator and the addressing.
#extension GL_EXT_control_flow_attributes : require
#include "common.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OP = 0u; // enum compute_reduce_op
layout(constant_id = 2) const uint IN = 0u; // dtypes
layout(constant_id = 3) const uint OUT = 0u;
layout(constant_id = 4) const uint KEPT = 1u; // dimensions, 1..6
layout(constant_id = 5) const uint GONE = 1u;

#define SUM 0u
#define MEAN 1u
#define MAX 2u
#define MIN 3u
#define PROD 4u
#define ARGMAX 5u
#define ARGMIN 6u
#define SUMSQ 7u

const bool INTS = IN > F16 && OP != MEAN;
const bool WITH_INDEX = OP == ARGMAX || OP == ARGMIN;

layout(std430, set = 0, binding = 0) readonly buffer A_ { uint a[]; };
layout(std430, set = 0, binding = 1) buffer O_ { uint o[]; };
// sizes of the kept, then of the reduced dimensions; strides likewise
layout(push_constant) uniform P {
	uint n_out, n_red, start_in, start_out, size[7], stride[7];
};

DEFINE_LOAD(load_a, a)
DEFINE_STORE(store_o, o)

// Value and index; the value's bits are f32, or i32 where INTS.
struct Acc {
	uint v, i;
};

Acc identity()
{
	uint v = 0u;
	if (OP == PROD)
		v = INTS ? 1u : floatBitsToUint(1.0);
	if (OP == MAX || OP == ARGMAX)
		v = INTS ? 0x80000000u : 0xff800000u;
	if (OP == MIN || OP == ARGMIN)
		v = INTS ? 0x7fffffffu : 0x7f800000u;
	return Acc(v, 0xffffffffu);
}

// Is x to be preferred to y? NaN comes first, as in numpy.
bool beats(uint x, uint y)
{
	bool up = OP == MAX || OP == ARGMAX;
	if (INTS)
		return up ? int(x) > int(y) : int(x) < int(y);
	if (nan_bits(x) || nan_bits(y))
		return nan_bits(x) && !nan_bits(y);
	float f = uintBitsToFloat(x), g = uintBitsToFloat(y);
	return up ? f > g : f < g;
}

Acc combine(Acc x, Acc y)
{
	if (OP == SUM || OP == MEAN || OP == SUMSQ) {
		x.v = INTS ? x.v + y.v
			   : floatBitsToUint(uintBitsToFloat(x.v) +
					     uintBitsToFloat(y.v));
		return x;
	}
	if (OP == PROD) {
		x.v = INTS ? x.v * y.v
			   : floatBitsToUint(uintBitsToFloat(x.v) *
					     uintBitsToFloat(y.v));
		return x;
	}
	bool take = beats(y.v, x.v);
	// of equals the first
	if (WITH_INDEX && !take && !beats(x.v, y.v))
		take = y.i < x.i;
	if (take)
		return y;
	return x;
}

Acc element(uint at, uint i)
{
	uint v = load_a(IN, at);
	if (!INTS && !is_float(IN))
		v = floatBitsToUint(float(int(v)));
	if (OP == SUMSQ)
		v = INTS ? v * v
			 : floatBitsToUint(uintBitsToFloat(v) *
					   uintBitsToFloat(v));
	return Acc(v, i);
}

// Where the reduced elements of output `i` start.
uint kept_offset(uint i)
{
	uint at = start_in;
	[[unroll]] for (int d = 5; d > 0; d--) {
		if (uint(d) < KEPT) {
			uint q = i / size[d];
			at += (i - q * size[d]) * stride[d];
			i = q;
		}
	}
	return at + i * stride[0];
}

uint gone_offset(uint i)
{
	uint at = 0u;
	[[unroll]] for (int d = 5; d > 0; d--) {
		if (uint(d) < GONE) {
			uint k = KEPT + uint(d), q = i / size[k];
			at += (i - q * size[k]) * stride[k];
			i = q;
		}
	}
	return at + i * stride[KEPT];
}

void finish(uint i, Acc x)
{
	uint v = x.v;
	if (WITH_INDEX) {
		store_o(OUT, start_out + i, x.i);
		return;
	}
	if (OP == MEAN)
		v = floatBitsToUint(uintBitsToFloat(v) / float(n_red));
	if (INTS && is_float(OUT))
		v = floatBitsToUint(float(int(v)));
	else if (!INTS && !is_float(OUT))
		v = uint(float_int(uintBitsToFloat(v)));
	store_o(OUT, start_out + i, v);
}
