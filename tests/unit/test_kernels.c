// SPDX-License-Identifier: MIT
/*
 * Every launch of compute/kernels.h against a reference in double precision,
 * at odd sizes. Needs a Vulkan device: lavapipe will do.
 */
#include "compute_test.h"

#include "compute/tune.h"

static struct compute_device *dev;
static struct arena mem;

#define F32 COMPUTE_F32
#define F16 COMPUTE_F16
#define I8 COMPUTE_I8
#define U8 COMPUTE_U8
#define I32 COMPUTE_I32

/* ---- element-wise ----------------------------------------------------- */

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static double ref_op(int code, double a, double b, double c)
{
	int64_t x = (int64_t)a, y = (int64_t)b;

	switch (code) {
	case COMPUTE_EW_NEG:
		return -a;
	case COMPUTE_EW_ABS:
		return fabs(a);
	case COMPUTE_EW_EXP:
		return exp(a);
	case COMPUTE_EW_LOG:
		return log(a);
	case COMPUTE_EW_SQRT:
		return sqrt(a);
	case COMPUTE_EW_RSQRT:
		return 1 / sqrt(a);
	case COMPUTE_EW_RECIP:
		return 1 / a;
	case COMPUTE_EW_TANH:
		return tanh(a);
	case COMPUTE_EW_SIGMOID:
		return sigmoid(a);
	case COMPUTE_EW_RELU:
		return a > 0 || isnan(a) ? a : 0;
	case COMPUTE_EW_GELU:
		return a / 2 * (1 + erf(a / sqrt(2)));
	case COMPUTE_EW_SILU:
		return a * sigmoid(a);
	case COMPUTE_EW_SIN:
		return sin(a);
	case COMPUTE_EW_COS:
		return cos(a);
	case COMPUTE_EW_ERF:
		return erf(a);
	case COMPUTE_EW_FLOOR:
		return floor(a);
	case COMPUTE_EW_CEIL:
		return ceil(a);
	case COMPUTE_EW_ROUND:
		return rint(a);
	case COMPUTE_EW_TRUNC:
		return trunc(a);
	case COMPUTE_EW_SIGN:
		return isnan(a) ? a : (a > 0) - (a < 0);
	case COMPUTE_EW_SQUARE:
		return a * a;
	case COMPUTE_EW_SOFTPLUS:
		return fmax(a, 0) + log1p(exp(-fabs(a)));
	case COMPUTE_EW_EXPM1:
		return expm1(a);
	case COMPUTE_EW_LOG1P:
		return log1p(a);
	case COMPUTE_EW_LOG2:
		return log2(a);
	case COMPUTE_EW_TAN:
		return tan(a);
	case COMPUTE_EW_ADD:
		return a + b;
	case COMPUTE_EW_SUB:
		return a - b;
	case COMPUTE_EW_MUL:
		return a * b;
	case COMPUTE_EW_DIV:
		return a / b;
	case COMPUTE_EW_POW:
		return pow(a, b);
	case COMPUTE_EW_MIN:
		return isnan(a) || isnan(b) ? NAN : fmin(a, b);
	case COMPUTE_EW_MAX:
		return isnan(a) || isnan(b) ? NAN : fmax(a, b);
	case COMPUTE_EW_MOD:
		return a - b * floor(a / b);
	case COMPUTE_EW_FMA:
		return a * b + c;
	case COMPUTE_EW_EQ:
	case COMPUTE_EW_IEQ:
		return a == b;
	case COMPUTE_EW_NE:
	case COMPUTE_EW_INE:
		return a != b;
	case COMPUTE_EW_LT:
	case COMPUTE_EW_ILT:
		return a < b;
	case COMPUTE_EW_LE:
	case COMPUTE_EW_ILE:
		return a <= b;
	case COMPUTE_EW_GT:
	case COMPUTE_EW_IGT:
		return a > b;
	case COMPUTE_EW_GE:
	case COMPUTE_EW_IGE:
		return a >= b;
	case COMPUTE_EW_ISNAN:
		return isnan(a);
	case COMPUTE_EW_INEG:
		return -a;
	case COMPUTE_EW_IABS:
		return fabs(a);
	case COMPUTE_EW_ISIGN:
		return (a > 0) - (a < 0);
	case COMPUTE_EW_IRELU:
		return fmax(a, 0);
	case COMPUTE_EW_IADD:
		return (int32_t)(uint32_t)(x + y);
	case COMPUTE_EW_ISUB:
		return (int32_t)(uint32_t)(x - y);
	case COMPUTE_EW_IMUL:
		return (int32_t)(uint32_t)(x * y);
	case COMPUTE_EW_IDIV:
		return y ? floor(a / b) : 0;
	case COMPUTE_EW_IMOD:
		return y ? a - b * floor(a / b) : 0;
	case COMPUTE_EW_IMIN:
		return fmin(a, b);
	case COMPUTE_EW_IMAX:
		return fmax(a, b);
	case COMPUTE_EW_AND:
		return (int32_t)(x & y);
	case COMPUTE_EW_OR:
		return (int32_t)(x | y);
	case COMPUTE_EW_XOR:
		return (int32_t)(x ^ y);
	case COMPUTE_EW_NOT:
		return !x;
	case COMPUTE_EW_SHL:
		return (int32_t)((uint32_t)x << (y & 31));
	case COMPUTE_EW_SHR:
		return (int32_t)x >> (y & 31);
	case COMPUTE_EW_F2I:
		return isnan(a) ? 0
				: fmax(fmin(trunc(a), 2147483647.0),
				       -2147483648.0);
	case COMPUTE_EW_I2F:
		return (float)a;
	case COMPUTE_EW_WRAP8:
		return (int8_t)x;
	case COMPUTE_EW_WRAPU8:
		return (uint8_t)x;
	case COMPUTE_EW_HALF:
		return half_value(half_of(a));
	case COMPUTE_EW_SELECT:
	case COMPUTE_EW_ISELECT:
		return a != 0 ? b : c;
	}
	return NAN;
}

static void test_ops(void)
{
	static const struct {
		const char *name;
		int arity;
		char in, out;
	} ops[] = {
#define X(name, arity, in, out) { #name, arity, in, out },
		COMPUTE_EW_MAP(X)
#undef X
	};
	const uint32_t n = 1031;

	for (int code = 1; code < COMPUTE_EW_CODES; code++) {
		struct compute_elementwise e = { .n_out = 1, .n_ops = 1 };
		bool ints = ops[code].in == 'i', pass;
		char text[64];
		double worst = 0;

		mem.at = 0;
		e.n_in = (uint32_t)ops[code].arity;
		for (uint32_t i = 0; i < e.n_in; i++) {
			bool as_int = ints;

			if (ops[code].in == 's')
				as_int = i == 0 || ops[code].out == 'i';
			e.in[i] = MK(&mem, as_int ? I32 : F32, n);
			randomize(&mem, &e.in[i], as_int ? 9 : 6);
			if (code == COMPUTE_EW_LOG || code == COMPUTE_EW_SQRT ||
			    code == COMPUTE_EW_RSQRT || code == COMPUTE_EW_LOG2)
				for (uint32_t k = 0; k < n; k++)
					set(&mem, &e.in[i], k,
					    fabs(get(&mem, &e.in[i], k)) +
						    1e-3);
			if (code == COMPUTE_EW_LOG1P)
				for (uint32_t k = 0; k < n; k++)
					set(&mem, &e.in[i], k,
					    fabs(get(&mem, &e.in[i], k)) - .9);
			if (code == COMPUTE_EW_POW && i == 1)
				for (uint32_t k = 0; k < n; k++)
					set(&mem, &e.in[i], k,
					    rint(get(&mem, &e.in[i], k)));
			if (!as_int && i == 0 && code != COMPUTE_EW_POW &&
			    code != COMPUTE_EW_MOD)
				set(&mem, &e.in[i], 7, NAN);
			if ((ops[code].out == 'i' ||
			     code == COMPUTE_EW_ROUND) &&
			    !ints && i == 0)
				for (uint32_t k = 8; k < n; k += 3)
					set(&mem, &e.in[i], k,
					    rint(get(&mem, &e.in[i], k) * 2) /
						    2);
		}
		e.out[0] = MK(&mem, ops[code].out == 'i' ? I32 : F32, n);
		e.op[0] = (struct compute_ew_op){ (uint8_t)code, 0, 1, 2 };
		e.out_value[0] = COMPUTE_EW_OP(0);
		pass = RUN(dev, compute_elementwise(rec, &e));
		for (uint32_t k = 0; k < n && pass; k++) {
			double x[3] = { 0 }, want, got;

			for (uint32_t i = 0; i < e.n_in; i++)
				x[i] = get(&mem, &e.in[i], k);
			want = ref_op(code, x[0], x[1], x[2]);
			got = get(&mem, &e.out[0], k);
			/* sin, cos, tan and mod near a zero: absolute */
			pass = near(got, want, 4e-6, 2e-6);
			if (!pass)
				printf("# [%u] f(%g, %g, %g) = %.9g, want "
				       "%.9g\n",
				       k, x[0], x[1], x[2], got, want);
			if (want != 0 && isfinite(want))
				worst = fmax(worst, fabs((got - want) / want));
		}
		snprintf(text, sizeof(text), "elementwise %s (worst %.1e)",
			 ops[code].name, worst);
		ok(pass, text);
	}
}

/*
 * Numbers at the edges. Large ones are what sin, cos and tan promise; a driver
 * may take what is subnormal for zero, but not where it compares.
 */
static const float edge[] = {
	NAN,      INFINITY,  -INFINITY, 0,       -0.0f,   1e-40f,
	-1e-40f,  1e-44f,    1e-30f,    -1e-30f, 1e-6f,   -1e-6f,
	0.25f,    -0.25f,    0.5f,      -0.5f,   1,       -1,
	1.5f,     -2.5f,     3,         -3,      20,      -20,
	80,       -80,       100,       -100,    1000,    -1000,
	12345.6f, -99999.9f, 1e6f,      -1e6f,   9999999, -9999999,
};
#define EDGES ((uint32_t)(sizeof(edge) / sizeof(*edge)))

static double without_subnormals(double x)
{
	return fabs(x) < 0x1p-126 ? copysign(0, x) : x;
}

/* Is got what code may give of x and y? */
static bool allowed(int code, double x, double y, double got)
{
	double small = x > 0 && x < 0x1p-126 ? 0x1p-126 : 0;
	double zero_x = without_subnormals(x), zero_y = without_subnormals(y);

	if (small && (code == COMPUTE_EW_LOG || code == COMPUTE_EW_LOG2))
		return got <= ref_op(code, small, 0, 0);
	return near(got, (float)ref_op(code, x, y, 0), 2e-5, 4e-6) ||
	       near(got, (float)ref_op(code, zero_x, zero_y, 0), 2e-5, 4e-6);
}

/* Of each edge, or of every two; a comparison is exact. */
static bool on_edges(int code, uint32_t n_in, bool exact)
{
	struct compute_elementwise e = {
		.n_in = n_in,
		.n_out = 1,
		.n_ops = 1,
		.op[0] = { (uint8_t)code, 0, 1, 2 },
		.out_value[0] = COMPUTE_EW_OP(0),
	};
	const uint32_t n = n_in == 2 ? EDGES * EDGES : EDGES;
	bool all, pass;

	mem.at = 0;
	e.in[0] = MK(&mem, F32, n);
	e.in[1] = MK(&mem, F32, n);
	e.out[0] = MK(&mem, exact ? I32 : F32, n);
	for (uint32_t k = 0; k < n; k++) {
		set(&mem, &e.in[0], k, edge[k % EDGES]);
		set(&mem, &e.in[1], k, edge[k / EDGES]);
	}
	all = RUN(dev, compute_elementwise(rec, &e));
	for (uint32_t k = 0; k < n && all; k++) {
		double x = edge[k % EDGES];
		double y = n_in == 2 ? edge[k / EDGES] : 0;
		double got = get(&mem, &e.out[0], k);

		pass = exact ? got == ref_op(code, x, y, 0)
			     : allowed(code, x, y, got);
		if (!pass)
			printf("# f(%g, %g) = %.9g, want %.9g\n", x, y, got,
			       ref_op(code, x, y, 0));
		all &= pass;
	}
	return all;
}

static void test_edges(void)
{
	static const struct {
		const char *name;
		int code;
	} one[] = {
#define E(name) { #name, COMPUTE_EW_##name }
		E(EXP),      E(LOG),   E(SQRT),  E(RSQRT), E(RECIP), E(TANH),
		E(SIGMOID),  E(RELU),  E(GELU),  E(SILU),  E(SIN),   E(COS),
		E(ERF),      E(FLOOR), E(CEIL),  E(ROUND), E(TRUNC), E(SIGN),
		E(SOFTPLUS), E(EXPM1), E(LOG1P), E(LOG2),  E(TAN),   E(ABS),
	}, two[] = { E(MIN), E(MAX), E(ADD), E(MUL) }, compare[] = {
		E(EQ), E(NE), E(LT), E(LE), E(GT), E(GE),
	};
#undef E
	char text[64];

	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++) {
		snprintf(text, sizeof(text), "%s of edges", one[i].name);
		ok(on_edges(one[i].code, 1, false), text);
	}
	for (size_t i = 0; i < sizeof(two) / sizeof(*two); i++) {
		snprintf(text, sizeof(text), "%s of edges", two[i].name);
		ok(on_edges(two[i].code, 2, false), text);
	}
	for (size_t i = 0; i < sizeof(compare) / sizeof(*compare); i++) {
		snprintf(text, sizeof(text), "%s of edges, to the bit",
			 compare[i].name);
		ok(on_edges(compare[i].code, 2, true), text);
	}
	ok(on_edges(COMPUTE_EW_ISNAN, 1, true), "ISNAN of edges, to the bit");
}

static void test_casts(void)
{
	static const char *names[] = { "f32", "f16", "i8", "u8", "i32" };

	for (uint32_t from = 0; from < 5; from++) {
		for (uint32_t to = 0; to < 5; to++) {
			char text[64];
			bool pass = true;

			/* contiguous, then a strided piece of a larger one */
			for (int strided = 0; strided < 2; strided++) {
				struct compute_view in, out, all;

				mem.at = 0;
				in = MK(&mem, from, 7, 13);
				all = MK(&mem, to, 7, 17);
				out = all;
				randomize(&mem, &in, 100);
				randomize(&mem, &all, 3);
				if (strided) {
					out.size[1] = 13;
					out.offset +=
						3 * compute_dtype_size(to);
				} else {
					out = MK(&mem, to, 7, 13);
				}
				double before = get(&mem, &all, 18);
				pass &= RUN(dev, compute_copy(rec, &in, &out));
				for (uint64_t i = 0; i < 91 && pass; i++) {
					double x = get(&mem, &in, i);

					if (to == F16)
						x = half_value(half_of(x));
					else if (to != F32)
						x = to == I8   ? (int8_t)(int)x
						    : to == U8 ? (uint8_t)(int)x
							       : trunc(x);
					pass = x == get(&mem, &out, i);
					if (!pass)
						printf("# %d [%d] %g want %g\n",
						       strided, (int)i,
						       get(&mem, &out, i), x);
				}
				pass &= before == get(&mem, &all, 18);
			}
			snprintf(text, sizeof(text), "copy %s to %s",
				 names[from], names[to]);
			ok(pass, text);
		}
	}
}

/* w, m, v from w, m, v, g and one number: an optimizer's update. */
static void test_update(void)
{
	struct compute_elementwise e = {
		.n_in = 5, .n_out = 3, .n_ops = 4, .n_imm = 1
	};
	double want[3][101];
	bool pass;

	mem.at = 0;
	for (int i = 0; i < 4; i++) {
		e.in[i] = MK(&mem, F32, 101);
		randomize(&mem, &e.in[i], 4);
	}
	e.in[4] = MK(&mem, F32, 1);
	randomize(&mem, &e.in[4], 4);
	e.imm[0].f = 0.5f;
	e.op[0] = (struct compute_ew_op){ COMPUTE_EW_MUL, 3, 4, 0 };
	e.op[1] = (struct compute_ew_op){ COMPUTE_EW_ADD, 1, 3, 0 };
	e.op[2] = (struct compute_ew_op){ COMPUTE_EW_MUL, 2, COMPUTE_EW_IMM(0),
					  0 };
	e.op[3] = (struct compute_ew_op){ COMPUTE_EW_SUB, 0, COMPUTE_EW_OP(0),
					  0 };
	for (int i = 0; i < 3; i++)
		e.out[i] = e.in[i];
	e.out_value[0] = COMPUTE_EW_OP(3);
	e.out_value[1] = COMPUTE_EW_OP(1);
	e.out_value[2] = COMPUTE_EW_OP(2);
	for (uint32_t i = 0; i < 101; i++) {
		double g = get(&mem, &e.in[3], i);

		want[0][i] =
			get(&mem, &e.in[0], i) - g * get(&mem, &e.in[4], 0);
		want[1][i] = get(&mem, &e.in[1], i) + g;
		want[2][i] = get(&mem, &e.in[2], i) / 2;
	}
	pass = RUN(dev, compute_elementwise(rec, &e));
	for (uint32_t i = 0; i < 303 && pass; i++)
		pass = near(get(&mem, &e.out[i / 101], i % 101),
			    want[i / 101][i % 101], 1e-6, 1e-6);
	ok(pass, "three outputs over their own inputs");
}

static void test_broadcast(void)
{
	struct compute_elementwise e = {
		.n_in = 3, .n_out = 2, .n_ops = 3, .n_imm = 1
	};
	bool pass;

	mem.at = 0;
	e.in[0] = MK(&mem, F32, 3, 5, 1, 7);
	e.in[1] = MK(&mem, F16, 4, 1);
	e.in[2] = MK(&mem, F32, 1);
	e.out[0] = MK(&mem, F32, 3, 5, 4, 7);
	e.out[1] = MK(&mem, I8, 3, 5, 4, 7);
	for (int i = 0; i < 3; i++)
		randomize(&mem, &e.in[i], 4);
	e.imm[0].f = 0.5f;
	e.op[0] = (struct compute_ew_op){ COMPUTE_EW_ADD, 0, 1, 0 };
	e.op[1] = (struct compute_ew_op){ COMPUTE_EW_MUL, COMPUTE_EW_OP(0), 2,
					  0 };
	e.op[2] = (struct compute_ew_op){ COMPUTE_EW_GT, COMPUTE_EW_OP(1),
					  COMPUTE_EW_IMM(0), 0 };
	e.out_value[0] = COMPUTE_EW_OP(1);
	e.out_value[1] = COMPUTE_EW_OP(2);
	pass = RUN(dev, compute_elementwise(rec, &e));
	for (uint32_t i = 0; i < 3 * 5 * 4 * 7 && pass; i++) {
		uint32_t x = i % 7, y = i / 7 % 4, z = i / 28;
		double v = (get(&mem, &e.in[0], z * 7 + x) +
			    get(&mem, &e.in[1], y)) *
			   get(&mem, &e.in[2], 0);

		pass = near(get(&mem, &e.out[0], i), v, 1e-6, 1e-6) &&
		       get(&mem, &e.out[1], i) == (v > 0.5);
	}
	ok(pass, "a chain with broadcasts, an immediate and two outputs");

	/* reversed and transposed in six dimensions */
	{
		struct compute_view in, out, t;

		mem.at = 0;
		in = MK(&mem, F32, 2, 3, 2, 5, 3, 2);
		out = MK(&mem, F32, 2, 3, 5, 2, 3, 2);
		randomize(&mem, &in, 4);
		t = in;
		for (int d = 0; d < 6; d++) {
			static const int perm[] = { 5, 1, 3, 0, 4, 2 };

			t.size[d] = in.size[perm[d]];
			t.stride[d] = in.stride[perm[d]];
		}
		t.offset += (uint64_t)(t.stride[1] * 2) * 4;
		t.stride[1] = -t.stride[1];
		pass = RUN(dev, compute_copy(rec, &t, &out));
		for (uint32_t i = 0; i < count(&out) && pass; i++)
			pass = get(&mem, &out, i) == get(&mem, &t, i);
		ok(pass, "copy of a six-dimensional transpose, one axis "
			 "reversed");
	}
}

/* ---- reductions ------------------------------------------------------- */

static double ref_reduce(int op, const struct compute_view *v, uint32_t axes,
			 uint64_t out)
{
	double acc = op == COMPUTE_REDUCE_PROD ? 1 : 0, best = NAN;
	uint64_t n = 0, at = 0;

	for (uint64_t i = 0; i < count(v); i++) {
		uint64_t rest = i, kept = 0, mul = 1;
		double x;

		for (uint32_t d = v->rank; d-- > 0;) {
			uint64_t c = rest % v->size[d];

			rest /= v->size[d];
			if (axes >> d & 1)
				continue;
			kept += c * mul;
			mul *= v->size[d];
		}
		if (kept != out)
			continue;
		x = get(&mem, v, i);
		if (op == COMPUTE_REDUCE_PROD)
			acc *= x;
		else if (op == COMPUTE_REDUCE_SUMSQ)
			acc += x * x;
		else
			acc += x;
		if (op == COMPUTE_REDUCE_MAX || op == COMPUTE_REDUCE_ARGMAX) {
			if (!n || x > best || (isnan(x) && !isnan(best))) {
				best = x;
				at = n;
			}
		} else if (!n || x < best || (isnan(x) && !isnan(best))) {
			best = x;
			at = n;
		}
		n++;
	}
	switch (op) {
	case COMPUTE_REDUCE_MEAN:
		return acc / (double)n;
	case COMPUTE_REDUCE_MAX:
	case COMPUTE_REDUCE_MIN:
		return best;
	case COMPUTE_REDUCE_ARGMAX:
	case COMPUTE_REDUCE_ARGMIN:
		return (double)at;
	}
	return acc;
}

static void test_reduce(void)
{
	static const char *names[] = { "sum",  "mean",   "max",    "min",
				       "prod", "argmax", "argmin", "sumsq" };
	static const struct {
		uint32_t rank, size[4], axes;
	} shapes[] = {
		{ 1, { 1000 }, 1 },         { 2, { 33, 70 }, 2 },
		{ 2, { 33, 70 }, 1 },       { 3, { 5, 7, 11 }, 5 },
		{ 4, { 3, 4, 5, 6 }, 0xa }, { 4, { 2, 5, 40, 3 }, 0x6 },
		{ 2, { 3, 5 }, 0 },         { 4, { 3, 4, 5, 6 }, 0xf },
	};

	for (int op = 0; op < 8; op++) {
		for (uint32_t dt = 0; dt < 5; dt++) {
			bool pass = true;
			char text[64];

			for (size_t k = 0; k < 8 && pass; k++) {
				bool index = op == COMPUTE_REDUCE_ARGMAX ||
					     op == COMPUTE_REDUCE_ARGMIN;
				struct compute_view in, out;
				uint32_t n = 1, rank = shapes[k].rank;
				bool ints = dt > F16 &&
					    op != COMPUTE_REDUCE_MEAN;

				mem.at = 0;
				in = mk(&mem, dt, rank, shapes[k].size);
				for (uint32_t d = 0; d < rank; d++)
					if (!(shapes[k].axes >> d & 1))
						n *= in.size[d];
				out = MK(&mem, index || ints ? I32 : F32, n);
				randomize(&mem, &in,
					  op == COMPUTE_REDUCE_PROD ? 1.5 : 9);
				if (k == 2 && dt <= F16 && op > 1)
					set(&mem, &in, 100, NAN);
				pass = RUN(
					dev,
					compute_reduce(
						rec,
						&(struct compute_reduce){
							.op = (enum compute_reduce_op)
								op,
							.in = in,
							.axes = shapes[k].axes,
							.out = out,
						}));
				for (uint32_t i = 0; i < n && pass; i++) {
					double want = ref_reduce(
						op, &in, shapes[k].axes, i);

					pass = near(get(&mem, &out, i), want,
						    1e-5, ints ? 0 : 2e-5);
					if (!pass)
						printf("# shape %zu [%u] %g "
						       "want %g\n",
						       k, i, get(&mem, &out, i),
						       want);
				}
			}
			snprintf(text, sizeof(text), "reduce %s of dtype %u",
				 names[op], dt);
			ok(pass, text);
		}
	}
}

/* ---- matmul ----------------------------------------------------------- */

static double ref_act(int act, double x)
{
	static const int code[] = { -1,
				    COMPUTE_EW_RELU,
				    COMPUTE_EW_SIGMOID,
				    COMPUTE_EW_TANH,
				    COMPUTE_EW_GELU,
				    COMPUTE_EW_SILU };

	return act ? ref_op(code[act], x, 0, 0) : x;
}

struct mm_case {
	uint32_t batch, m, n, k;
	int ta, tb, bias, residual, act, dt, dt_out, shared_b;
	int dt_b; /* dt is a's and the residual's */
};

/* [batch, r, c], the last two swapped in memory if `t`. */
static struct compute_view matrix(uint32_t dt, uint32_t batch, uint32_t r,
				  uint32_t c, int t)
{
	struct compute_view v;

	if (!t)
		return MK(&mem, dt, batch, r, c);
	v = MK(&mem, dt, batch, c, r);
	v.size[1] = r;
	v.size[2] = c;
	v.stride[1] = 1;
	v.stride[2] = (int32_t)r;
	return v;
}

static bool run_matmul(const struct mm_case *c, enum compute_matmul_shape shape)
{
	struct compute_matmul m = { .shape = shape,
				    .act = (enum compute_act)c->act,
				    .bias_rows = c->bias == 2 };
	struct compute_view bias, res, scratch;
	uint32_t dt = (uint32_t)c->dt;
	uint32_t dt_b = (uint32_t)c->dt_b;
	uint64_t bytes;
	double worst = 0;

	mem.at = 0;
	m.a = matrix(dt, c->batch, c->m, c->k, c->ta);
	m.b = matrix(dt_b, c->shared_b ? 1 : c->batch, c->k, c->n, c->tb);
	m.out = MK(&mem, (uint32_t)c->dt_out, c->batch, c->m, c->n);
	bias = MK(&mem, F32, m.bias_rows ? c->m : c->n);
	res = MK(&mem, dt, c->batch, c->m, c->n);
	randomize(&mem, &m.a, 1);
	randomize(&mem, &m.b, 1);
	randomize(&mem, &bias, 1);
	randomize(&mem, &res, 1);
	if (c->bias)
		m.bias = &bias;
	if (c->residual)
		m.residual = &res;
	bytes = compute_matmul_scratch(dev, &m);
	if (bytes) {
		scratch = MK(&mem, U8, (uint32_t)bytes);
		memset(mem.map + scratch.offset, 0xff, bytes); /* NaN */
		m.scratch = mem.buf;
		m.scratch_offset = scratch.offset;
	}
	if (!RUN(dev, compute_matmul(rec, &m)))
		return false;
	for (uint64_t i = 0; i < count(&m.out); i++) {
		uint64_t col = i % c->n, row = i / c->n % c->m;
		uint64_t z = i / c->n / c->m;
		uint64_t zb = c->shared_b ? 0 : z;
		double sum = 0, got = get(&mem, &m.out, i);

		for (uint32_t k = 0; k < c->k; k++)
			sum += get(&mem, &m.a, (z * c->m + row) * c->k + k) *
			       get(&mem, &m.b, (zb * c->k + k) * c->n + col);
		if (c->bias)
			sum += get(&mem, &bias, c->bias == 2 ? row : col);
		if (c->act == COMPUTE_ACT_RELU_GRAD)
			sum *= get(&mem, &res, i) > 0;
		else
			sum = ref_act(c->act,
				      sum + (c->residual ? get(&mem, &res, i)
							 : 0));
		worst = fmax(worst, fabs(got - sum) / (1 + fabs(sum)));
		if (!near(got, sum, c->dt_out == (int)F16 ? 1e-3 : 1e-5,
			  2e-5)) {
			printf("# [%d %d %d] got %.9g want %.9g\n", (int)z,
			       (int)row, (int)col, got, sum);
			return false;
		}
	}
	return true;
}

static void matmul_as(enum compute_matmul_shape shape)
{
	static const struct mm_case cases[] = {
		{ 1, 64, 64, 64, 0, 0, 0, 0, 0, F32, F32, 0, F32 },
		{ 1, 1, 1, 1, 0, 0, 0, 0, 0, F32, F32, 0, F32 },
		{ 1, 33, 37, 41, 0, 0, 0, 0, 0, F32, F32, 0, F32 },
		{ 1, 33, 37, 41, 1, 0, 1, 0, 1, F32, F32, 0, F32 },
		{ 1, 33, 36, 41, 0, 1, 1, 1, 2, F32, F32, 0, F32 },
		{ 1, 24, 68, 40, 1, 1, 2, 0, 3, F32, F32, 0, F32 },
		{ 3, 13, 20, 8, 0, 0, 0, 1, 4, F32, F32, 0, F32 },
		{ 3, 13, 20, 8, 0, 1, 2, 0, 5, F32, F32, 1, F32 },
		{ 5, 7, 9, 11, 1, 0, 1, 1, 0, F32, F32, 1, F32 },
		{ 2, 17, 19, 24, 0, 0, 1, 1, 1, F16, F32, 0, F16 },
		{ 1, 20, 64, 16, 0, 0, 0, 0, 0, F16, F16, 0, F16 },
		{ 2, 5, 7, 3, 0, 0, 1, 0, 0, F16, F16, 0, F16 },
		{ 1, 130, 130, 70, 0, 0, 1, 0, 0, F32, F32, 0, F32 },
		{ 1, 9, 66, 5, 0, 0, 1, 1, 0, F32, F32, 0, F32 },
		{ 1, 5, 6, 0, 0, 0, 1, 0, 0, F32, F32, 0, F32 },
		/* f16 in one operand only, and in both */
		{ 1, 37, 40, 33, 0, 0, 1, 0, 1, F16, F32, 0, F32 },
		{ 2, 26, 19, 21, 1, 0, 0, 1, 0, F16, F32, 0, F32 },
		{ 1, 50, 36, 20, 0, 1, 2, 0, 2, F16, F16, 0, F32 },
		{ 1, 37, 40, 33, 0, 0, 1, 0, 0, F32, F32, 0, F16 },
		{ 2, 26, 19, 21, 0, 1, 0, 0, 0, F32, F32, 1, F16 },
		{ 3, 50, 37, 35, 1, 1, 1, 0, 3, F16, F32, 1, F16 },
		/* what may be read where it lies, transposed or not */
		{ 1, 44, 36, 16, 1, 0, 0, 0, 0, F32, F32, 0, F32 },
		{ 1, 44, 36, 16, 0, 1, 1, 1, 0, F32, F32, 0, F32 },
		{ 2, 20, 100, 12, 1, 1, 2, 0, 1, F32, F32, 0, F32 },
		{ 1, 300, 68, 8, 1, 0, 0, 0, 0, F32, F32, 0, F32 },
		{ 1, 16, 72, 20, 0, 1, 0, 1, COMPUTE_ACT_RELU_GRAD, F32, F32, 0,
		  F32 },
		{ 2, 7, 9, 11, 0, 0, 1, 1, COMPUTE_ACT_RELU_GRAD, F32, F32, 0,
		  F32 },
		{ 1, 20, 64, 16, 0, 0, 0, 1, COMPUTE_ACT_RELU_GRAD, F16, F16, 0,
		  F16 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct mm_case *c = &cases[i];
		char text[128];

		/* the other tiles differ in size alone */
		if (shape > COMPUTE_MATMUL_COOP && i % 4)
			continue;
		snprintf(text, sizeof(text),
			 "matmul %s: %u x [%u, %u, %u] ta %d tb %d bias %d "
			 "residual %d act %d dtypes %d %d",
			 compute_matmul_shape_name(shape), c->batch, c->m, c->n,
			 c->k, c->ta, c->tb, c->bias, c->residual, c->act,
			 c->dt, c->dt_b);
		ok(run_matmul(c, shape), text);
	}
}

static void test_matmul(void)
{
	for (int i = COMPUTE_MATMUL_PLAIN; i <= COMPUTE_MATMUL_TILE128; i++)
		if (i != COMPUTE_MATMUL_COOP)
			matmul_as((enum compute_matmul_shape)i);
}

/* Where the device has none, by the kernel that is taken then. */
static void test_coop(void)
{
	matmul_as(COMPUTE_MATMUL_COOP);
}

/* ---- convolution and pooling ------------------------------------------- */

struct conv_case {
	uint32_t n, c, h, w, o, kh, kw, oh, ow;
	uint32_t stride, pad, dilation, groups;
	int bias, residual, act;
	uint32_t dt, dt_out; /* of input and weights; of output and residual */
};

static double at4(const struct compute_view *v, uint32_t a, uint32_t b,
		  int64_t y, int64_t x)
{
	if (y < 0 || x < 0 || y >= v->size[2] || x >= v->size[3])
		return 0;
	return get(&mem, v,
		   ((uint64_t)(a * v->size[1] + b) * v->size[2] + (uint64_t)y) *
				   v->size[3] +
			   (uint64_t)x);
}

static bool matches(const struct compute_view *v, const double *want,
		    double rel, double abs_)
{
	for (uint64_t i = 0; i < count(v); i++) {
		if (near(get(&mem, v, i), want[i], rel, abs_))
			continue;
		printf("# [%d] got %.9g want %.9g\n", (int)i, get(&mem, v, i),
		       want[i]);
		return false;
	}
	return true;
}

/* Bytes of scratch, with what is no zero. */
static void conv_scratch(struct compute_conv *c, uint64_t bytes)
{
	struct compute_view v;

	if (!bytes)
		return;
	v = MK(&mem, U8, (uint32_t)bytes);
	memset(mem.map + v.offset, 0xff, bytes);
	c->scratch = mem.buf;
	c->scratch_offset = v.offset;
}

/* @in_ref, @w_ref: the gradients, once g is what comes in. */
static void conv_grad_ref(const struct compute_conv *c, double *in_ref,
			  double *w_ref)
{
	const uint32_t *in = c->in.size, *w = c->w.size, *out = c->out.size;
	const uint32_t terms = w[1] * w[2] * w[3], og = w[0] / c->groups;

	memset(in_ref, 0, count(&c->in) * sizeof(*in_ref));
	memset(w_ref, 0, count(&c->w) * sizeof(*w_ref));
	for (uint32_t i = 0; i < count(&c->out); i++) {
		uint32_t x = i % out[3], y = i / out[3] % out[2];
		uint32_t o = i / out[3] / out[2] % out[1];
		uint32_t n = i / out[3] / out[2] / out[1];
		double g = get(&mem, &c->out, i);

		for (uint32_t k = 0; k < terms; k++) {
			uint32_t kx = k % w[3], ky = k / w[3] % w[2];
			uint32_t ch = o / og * w[1] + k / w[3] / w[2];
			int64_t iy = (int64_t)y * c->stride[0] +
				     ky * c->dilation[0] - c->pad[0];
			int64_t ix = (int64_t)x * c->stride[1] +
				     kx * c->dilation[1] - c->pad[1];

			if (iy < 0 || ix < 0 || iy >= in[2] || ix >= in[3])
				continue;
			in_ref[((n * in[1] + ch) * in[2] + iy) * in[3] + ix] +=
				g * get(&mem, &c->w, o * terms + k);
			w_ref[o * terms + k] += g * at4(&c->in, n, ch, iy, ix);
		}
	}
}

static bool run_conv(const struct conv_case *t, enum compute_conv_shape shape,
		     double *ref)
{
	struct compute_conv c = { .stride = { t->stride, t->stride },
				  /* of one row: no padding above it */
				  .pad = { t->h == 1 ? 0 : t->pad, t->pad },
				  .dilation = { t->dilation, t->dilation },
				  .groups = t->groups,
				  .act = (enum compute_act)t->act,
				  .shape = shape };
	uint32_t cg = t->c / t->groups, og = t->o / t->groups;
	double rel = t->dt_out == F16 ? 2e-3 : 2e-5, *w_ref;
	struct compute_view bias, res;
	struct compute_conv weight;

	mem.at = 0;
	c.in = MK(&mem, t->dt, t->n, t->c, t->h, t->w);
	c.w = MK(&mem, t->dt, t->o, cg, t->kh, t->kw);
	c.out = MK(&mem, t->dt_out, t->n, t->o, t->oh, t->ow);
	bias = MK(&mem, F32, t->o);
	res = MK(&mem, t->dt_out, t->n, t->o, t->oh, t->ow);
	randomize(&mem, &c.in, 1);
	randomize(&mem, &c.w, 1);
	randomize(&mem, &bias, 1);
	randomize(&mem, &res, 1);
	c.bias = t->bias ? &bias : NULL;
	c.residual = t->residual ? &res : NULL;
	conv_scratch(&c, compute_conv_scratch(dev, &c));
	for (uint32_t i = 0; i < count(&c.out); i++) {
		uint32_t x = i % t->ow, y = i / t->ow % t->oh;
		uint32_t o = i / t->ow / t->oh % t->o;
		uint32_t n = i / t->ow / t->oh / t->o;
		double sum = t->bias ? get(&mem, &bias, o) : 0;

		for (uint32_t k = 0; k < cg * t->kh * t->kw; k++) {
			uint32_t kx = k % t->kw, ky = k / t->kw % t->kh;
			uint32_t ci = k / t->kw / t->kh;

			sum += at4(&c.in, n, o / og * cg + ci,
				   (int64_t)y * t->stride + ky * t->dilation -
					   c.pad[0],
				   (int64_t)x * t->stride + kx * t->dilation -
					   c.pad[1]) *
			       at4(&c.w, o, ci, ky, kx);
		}
		if (t->act == COMPUTE_ACT_RELU_GRAD)
			ref[i] = sum * (get(&mem, &res, i) > 0);
		else
			ref[i] = ref_act(t->act,
					 sum + (t->residual ? get(&mem, &res, i)
							    : 0));
	}
	if (!RUN(dev, compute_conv(rec, &c)) || !matches(&c.out, ref, rel, rel))
		return false;

	/* gradients: out is now what comes in */
	randomize(&mem, &c.out, 1);
	w_ref = ref + count(&c.in);
	conv_grad_ref(&c, ref, w_ref);
	rel = t->dt == F16 ? 2e-3 : 2e-5;
	weight = c;
	weight.bias = weight.residual = NULL;
	weight.act = COMPUTE_ACT_NONE;
	weight.w = MK(&mem, t->dt, t->o, cg, t->kh, t->kw);
	conv_scratch(&weight, compute_conv_weight_grad_scratch(dev, &weight));
	if (!RUN(dev, compute_conv_weight_grad(rec, &weight)) ||
	    !matches(&weight.w, w_ref, rel, rel * 5))
		return false;
	/* the input's takes an epilogue, too */
	bias = MK(&mem, F32, t->c);
	res = MK(&mem, t->dt, t->n, t->c, t->h, t->w);
	randomize(&mem, &bias, 1);
	randomize(&mem, &res, 1);
	for (uint32_t i = 0; i < count(&c.in); i++) {
		if (t->bias)
			ref[i] += get(&mem, &bias, i / t->h / t->w % t->c);
		if (t->act == COMPUTE_ACT_RELU_GRAD)
			ref[i] *= get(&mem, &res, i) > 0;
		else
			ref[i] = ref_act(t->act,
					 ref[i] + (t->residual
							   ? get(&mem, &res, i)
							   : 0));
	}
	conv_scratch(&c, compute_conv_input_grad_scratch(dev, &c));
	return RUN(dev, compute_conv_input_grad(rec, &c)) &&
	       matches(&c.in, ref, rel, rel * 5);
}

static void test_conv(void)
{
	static const struct conv_case cases[] = {
		{ 2, 5, 9, 11, 16, 3, 3, 9, 11, 1, 1, 1, 1, 1, 0, 1, F32, F32 },
		{ 1, 8, 8, 8, 40, 3, 3, 4, 4, 2, 1, 1, 1, 1, 1, 0, F32, F32 },
		{ 2, 6, 7, 9, 10, 3, 2, 3, 6, 1, 0, 2, 1, 1, 0, 3, F32, F32 },
		{ 2, 8, 7, 5, 8, 3, 3, 7, 5, 1, 1, 1, 8, 0, 0, 0, F32, F32 },
		{ 1, 6, 7, 5, 9, 3, 3, 4, 3, 2, 1, 1, 3, 1, 1, 2, F32, F32 },
		{ 2, 7, 5, 6, 12, 1, 1, 5, 6, 1, 0, 1, 1, 1, 1, 1, F32, F32 },
		{ 1, 3, 1, 20, 9, 1, 5, 1, 20, 1, 2, 1, 1, 1, 0, 0, F32, F32 },
		{ 2, 5, 6, 7, 9, 3, 3, 6, 7, 1, 1, 1, 1, 1, 0, 0, F16, F32 },
		/* groups of many channels, more than a tile of outputs */
		{ 2, 26, 9, 7, 38, 3, 3, 9, 7, 1, 1, 1, 2, 1, 1, 1, F32, F32 },
		{ 1, 11, 6, 6, 131, 3, 3, 6, 6, 1, 1, 1, 1, 1, 0, 0, F32, F32 },
		{ 1, 70, 12, 12, 9, 3, 3, 12, 12, 1, 1, 1, 1, 0, 1,
		  COMPUTE_ACT_RELU_GRAD, F32, F32 },
		/* pixels that a stride leaves out, and taps that meet none */
		{ 1, 9, 13, 11, 10, 3, 3, 4, 4, 3, 1, 2, 1, 1, 1, 4, F32, F32 },
		{ 2, 9, 10, 10, 8, 3, 3, 4, 4, 2, 1, 2, 1, 0, 0, 5, F32, F32 },
		{ 1, 12, 8, 9, 16, 2, 2, 2, 3, 4, 0, 1, 1, 1, 0, 0, F32, F32 },
		{ 1, 16, 8, 8, 16, 4, 4, 4, 4, 2, 1, 1, 2, 1, 0, 1, F32, F32 },
		/* many images of few pixels: parts of the sum */
		{ 37, 8, 5, 4, 12, 3, 3, 5, 4, 1, 1, 1, 1, 0, 0, 0, F32, F32 },
		{ 30, 16, 6, 5, 16, 3, 3, 3, 3, 2, 1, 1, 2, 0, 0, 0, F32, F32 },
		{ 4, 20, 9, 10, 12, 3, 2, 4, 5, 2, 1, 2, 1, 1, 0, 0, F32, F32 },
		/* stored in f16 */
		{ 2, 12, 6, 7, 9, 3, 3, 6, 7, 1, 1, 1, 1, 1, 1, 1, F16, F16 },
		{ 2, 9, 7, 8, 10, 3, 2, 4, 4, 2, 1, 1, 1, 1, 0, 2, F16, F16 },
		{ 30, 8, 5, 4, 12, 3, 3, 5, 4, 1, 1, 1, 1, 1, 1, 0, F16, F32 },
	};
	const size_t n = sizeof(cases) / sizeof(*cases);
	double *ref = calloc(1 << 18, sizeof(*ref));

	for (int shape = 0; shape <= COMPUTE_CONV_TILE128; shape++) {
		/* no shape that a device like this is never given */
		if (shape && !tune_fits(dev, TUNE_CONV, (uint32_t)shape))
			continue;
		for (size_t i = 0; i < n; i++) {
			const struct conv_case *t = &cases[i];
			char text[192];

			/* the other tiles differ in size alone */
			if (shape > COMPUTE_CONV_TILE && i % 3)
				continue;
			snprintf(text, sizeof(text),
				 "conv %s and gradients [%u %u %u %u] to %u, "
				 "%ux%u, stride %u, pad %u, dilation %u, "
				 "groups %u, bias %d, residual %d, act %d, "
				 "dtypes %u %u",
				 tune_shape_name(TUNE_CONV, (uint32_t)shape),
				 t->n, t->c, t->h, t->w, t->o, t->kh, t->kw,
				 t->stride, t->pad, t->dilation, t->groups,
				 t->bias, t->residual, t->act, t->dt,
				 t->dt_out);
			ok(run_conv(t, (enum compute_conv_shape)shape, ref),
			   text);
		}
	}
	free(ref);
}

static void test_pool(void)
{
	for (int kind = 0; kind < 3; kind++) {
		struct compute_pool p = { .kernel = { 3, 2 },
					  .stride = { 2, 1 },
					  .pad = { 1, 1 },
					  .dilation = { 1, 2 },
					  .average = kind > 0,
					  .count_pad = kind == 2 };
		double out[2 * 3 * 4 * 7], grad[2 * 3 * 7 * 7] = { 0 };
		struct compute_view index;
		bool pass = true;

		mem.at = 0;
		p.in = MK(&mem, F32, 2, 3, 7, 7);
		p.out = MK(&mem, F32, 2, 3, 4, 7);
		index = MK(&mem, I32, 2, 3, 4, 7);
		if (!kind)
			p.index = &index;
		randomize(&mem, &p.in, 4);
		for (int pass_ = 0; pass_ < 2; pass_++) {
			if (pass_)
				randomize(&mem, &p.out, 2);
			for (uint32_t i = 0; i < 168; i++) {
				uint32_t x = i % 7, y = i / 7 % 4;
				uint32_t plane = i / 28, n = 0, best = 0;
				double sum = 0, top = -INFINITY, div;
				uint32_t taps[6];

				for (uint32_t k = 0; k < 6; k++) {
					int64_t iy = y * 2 + k / 2 - 1ll;
					int64_t ix = x + k % 2 * 2 - 1ll;
					uint32_t at;

					if (iy < 0 || ix < 0 || iy > 6 ||
					    ix > 6)
						continue;
					at = plane * 49 +
					     (uint32_t)(iy * 7 + ix);
					taps[n++] = at;
					sum += get(&mem, &p.in, at);
					if (get(&mem, &p.in, at) > top) {
						top = get(&mem, &p.in, at);
						best = at;
					}
				}
				div = kind == 2 ? 6 : n;
				out[i] = kind ? sum / div : top;
				if (!pass_)
					continue;
				for (uint32_t k = 0; k < n; k++)
					if (kind || taps[k] == best)
						grad[taps[k]] +=
							get(&mem, &p.out, i) /
							(kind ? div : 1);
			}
			if (!pass_) {
				pass = RUN(dev, compute_pool(rec, &p)) &&
				       matches(&p.out, out, 1e-6, 1e-6);
			}
		}
		pass = pass && RUN(dev, compute_pool_grad(rec, &p)) &&
		       matches(&p.in, grad, 1e-5, 1e-5);
		ok(pass, kind == 0   ? "max pool, its index and gradient"
			 : kind == 1 ? "average pool and gradient"
				     : "average pool counting padding");
	}
}

/* ---- rows --------------------------------------------------------------- */

static void test_softmax(void)
{
	static const uint32_t size[] = { 3, 70, 5 };

	for (uint32_t axis = 0; axis < 3; axis++) {
		uint32_t n = size[axis], inner = axis == 2 ? 1 : axis ? 5 : 350;
		double want[1050], grad[1050];
		bool pass = true;

		for (int lg = 0; lg < 2; lg++) {
			struct compute_view in, out, g, ig;

			mem.at = 0;
			in = mk(&mem, F32, 3, size);
			out = mk(&mem, F32, 3, size);
			g = mk(&mem, F32, 3, size);
			ig = mk(&mem, F32, 3, size);
			randomize(&mem, &in, 30);
			randomize(&mem, &g, 1);
			for (uint32_t r = 0; r < 1050 / n; r++) {
				uint32_t base =
					r / inner * n * inner + r % inner;
				double top = -INFINITY, sum = 0, dot = 0;

				for (uint32_t j = 0; j < n; j++)
					top = fmax(top, get(&mem, &in,
							    base + j * inner));
				for (uint32_t j = 0; j < n; j++)
					sum += exp(get(&mem, &in,
						       base + j * inner) -
						   top);
				for (uint32_t j = 0; j < n; j++) {
					uint32_t at = base + j * inner;
					double x = get(&mem, &in, at) - top;

					want[at] = lg ? x - log(sum)
						      : exp(x) / sum;
					dot += get(&mem, &g, at) *
					       (lg ? 1 : want[at]);
				}
				for (uint32_t j = 0; j < n; j++) {
					uint32_t at = base + j * inner;
					double y = want[at];
					double d = get(&mem, &g, at);

					grad[at] = lg ? d - exp(y) * dot
						      : y * (d - dot);
				}
			}
			pass = pass &&
			       RUN(dev,
				   compute_softmax(rec, &in, axis, lg, &out)) &&
			       matches(&out, want, 2e-5, 1e-6) &&
			       RUN(dev, compute_softmax_grad(rec, &out, &g,
							     axis, lg, &ig)) &&
			       matches(&ig, grad, 1e-4, 1e-5);
		}
		ok(pass, axis == 0   ? "softmax, log-softmax, gradients: axis 0"
			 : axis == 1 ? "softmax, log-softmax, gradients: axis 1"
				     : "softmax, log-softmax, gradients: last");
	}
}

static void test_norm(void)
{
	for (int batch = 0; batch < 2; batch++) {
		struct compute_norm n = { .outer = 4,
					  .group = 5,
					  .inner = 33,
					  .batch = batch,
					  .eps = 1e-5f };
		uint32_t sets = batch ? 5 : 4, affine = batch ? 5 : 165;
		struct compute_view gamma, beta, mean, rstd;
		double want[660];
		bool pass;

		mem.at = 0;
		n.in = MK(&mem, F32, 4, 5, 33);
		n.out = MK(&mem, F32, 4, 5, 33);
		gamma = MK(&mem, F32, affine);
		beta = MK(&mem, F32, affine);
		mean = MK(&mem, F32, sets);
		rstd = MK(&mem, F32, sets);
		n.gamma = &gamma;
		n.beta = &beta;
		n.mean = &mean;
		n.rstd = &rstd;
		randomize(&mem, &n.in, 5);
		randomize(&mem, &gamma, 2);
		randomize(&mem, &beta, 2);
		for (uint32_t s = 0; s < sets; s++) {
			double m = 0, v = 0;
			uint32_t k = 0;

			for (int step = 0; step < 3; step++) {
				k = 0;
				for (uint32_t i = 0; i < 660; i++) {
					uint32_t set = batch ? i / 33 % 5
							     : i / 165;
					double x = get(&mem, &n.in, i);
					uint32_t a = batch ? set : i % 165;

					if (set != s)
						continue;
					k++;
					if (step == 0)
						m += x;
					else if (step == 1)
						v += (x - m) * (x - m);
					else
						want[i] =
							(x - m) /
								sqrt(v + 1e-5) *
								get(&mem,
								    &gamma, a) +
							get(&mem, &beta, a);
				}
				if (step == 0)
					m /= k;
				else if (step == 1)
					v /= k;
			}
		}
		pass = RUN(dev, compute_norm(rec, &n)) &&
		       matches(&n.out, want, 1e-5, 1e-5);
		ok(pass, batch ? "batch norm" : "layer norm");
	}
}

static void test_scans(void)
{
	bool pass = true;

	for (int k = 0; k < 4; k++) {
		struct compute_view in, out;
		double want[210];

		mem.at = 0;
		in = MK(&mem, k & 1 ? I32 : F32, 3, 14, 5);
		out = MK(&mem, k & 1 ? I32 : F32, 3, 14, 5);
		randomize(&mem, &in, 9);
		for (uint32_t l = 0; l < 15; l++) {
			double sum = 0;

			for (uint32_t j = 0; j < 14; j++) {
				uint32_t jj = k & 2 ? 13 - j : j;
				uint32_t at = l / 5 * 70 + jj * 5 + l % 5;

				if (!(k & 2))
					sum += get(&mem, &in, at);
				want[at] = sum;
				if (k & 2)
					sum += get(&mem, &in, at);
			}
		}
		pass = pass &&
		       RUN(dev,
			   compute_cumsum(rec, &in, 1, k & 2, k & 2, &out)) &&
		       matches(&out, want, 1e-5, 1e-5);
	}
	ok(pass, "cumsum: f32, i32, exclusive and reversed");

	pass = true;
	for (uint32_t dt = 0; dt < 5; dt++) {
		struct compute_view in, v, ix;

		mem.at = 0;
		in = MK(&mem, dt, 3, 100);
		v = MK(&mem, dt, 3, 7);
		ix = MK(&mem, I32, 3, 7);
		randomize(&mem, &in, 40);
		pass = pass &&
		       RUN(dev, compute_topk(rec, &in, dt & 1, &v, &ix));
		for (uint32_t r = 0; r < 3 && pass; r++) {
			bool used[100] = { false };

			for (uint32_t i = 0; i < 7; i++) {
				uint32_t best = 100;

				for (uint32_t j = 0; j < 100; j++) {
					double x = get(&mem, &in, r * 100 + j);
					double y = best < 100
							   ? get(&mem, &in,
								 r * 100 + best)
							   : 0;

					if (!used[j] &&
					    (best == 100 ||
					     (dt & 1 ? x < y : x > y)))
						best = j;
				}
				used[best] = true;
				pass = pass &&
				       get(&mem, &ix, r * 7 + i) == best &&
				       get(&mem, &v, r * 7 + i) ==
					       get(&mem, &in, r * 100 + best);
			}
		}
	}
	ok(pass, "top-k of every dtype, largest and smallest");
}

/* ---- indexing, random numbers and the rest ------------------------------- */

static void test_index(void)
{
	struct compute_view table, ix, list, al, hot;
	double want[3 * 6 * 4];
	bool pass;

	mem.at = 0;
	table = MK(&mem, F32, 3, 8, 4);
	list = MK(&mem, F32, 3, 6, 4);
	ix = MK(&mem, I32, 6);
	al = MK(&mem, I32, 3, 6, 4);
	randomize(&mem, &table, 9);
	randomize(&mem, &list, 9);
	for (uint32_t i = 0; i < 6; i++)
		set(&mem, &ix, i, (int[]){ 7, 0, -1, 3, 3, 8 }[i]);
	for (uint32_t i = 0; i < 72; i++)
		set(&mem, &al, i, (i * 5) % 8);
	for (uint32_t i = 0; i < 72; i++) {
		int k = (int)get(&mem, &ix, i / 4 % 6);

		k += k < 0 ? 8 : 0;
		want[i] = k < 8 ? get(&mem, &table,
				      i / 24 * 32 + (uint32_t)k * 4 + i % 4)
				: NAN;
	}
	pass = RUN(dev, compute_gather(rec, &table, 1, &ix, &list)) &&
	       matches(&list, want, 0, 0);
	ok(pass, "gather: negative, repeated and out of range");

	for (uint32_t i = 0; i < 72; i++)
		want[i] = get(&mem, &table,
			      i / 24 * 32 + (i * 5) % 8 * 4 + i % 4);
	pass = RUN(dev, compute_gather_along(rec, &table, 1, &al, &list)) &&
	       matches(&list, want, 0, 0);
	ok(pass, "gather along an axis");

	for (int along = 0; along < 2; along++) {
		double sum[96];

		randomize(&mem, &list, 9);
		for (uint32_t i = 0; i < 96; i++)
			sum[i] = get(&mem, &table, i);
		for (uint32_t i = 0; i < 72; i++) {
			int k = along ? (int)(i * 5 % 8)
				      : (int)get(&mem, &ix, i / 4 % 6);

			k += k < 0 ? 8 : 0;
			if (k < 8)
				sum[i / 24 * 32 + (uint32_t)k * 4 + i % 4] +=
					get(&mem, &list, i);
		}
		pass = along ? RUN(dev, compute_scatter_add_along(rec, &list, 1,
								  &al, &table))
			     : RUN(dev, compute_scatter_add(rec, &list, 1, &ix,
							    &table));
		ok(pass && matches(&table, sum, 1e-6, 1e-6),
		   along ? "scatter-add along an axis" : "scatter-add");
	}

	hot = MK(&mem, U8, 6, 9);
	pass = RUN(dev, compute_one_hot(rec, &ix, &hot));
	for (uint32_t i = 0; i < 54; i++)
		pass = pass &&
		       get(&mem, &hot, i) == (get(&mem, &ix, i / 9) == i % 9);
	ok(pass, "one-hot into u8");
}

static void philox(uint32_t c[4], uint32_t k0, uint32_t k1)
{
	for (int i = 0; i < 10; i++) {
		uint64_t p = 0xD2511F53ull * c[0], q = 0xCD9E8D57ull * c[2];
		uint32_t n[4] = { (uint32_t)(q >> 32) ^ c[1] ^ k0, (uint32_t)q,
				  (uint32_t)(p >> 32) ^ c[3] ^ k1,
				  (uint32_t)p };

		memcpy(c, n, sizeof(n));
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
}

/* <resize(x), g> = <x, gradient(g)> for every x and g. */
static void adjoint_of_resize(int k, const struct compute_view *x,
			      const struct compute_view *y)
{
	struct compute_view g = MK(&mem, F32, 2, 3, 9, 4);
	struct compute_view gx = MK(&mem, F32, 2, 3, 5, 7);
	double left = 0, right = 0;
	bool pass = true;

	for (int n = 0; n < 3 && pass; n++) {
		randomize(&mem, &g, 2);
		pass = RUN(dev,
			   compute_resize_grad(rec, &g, k > 0, k == 2, &gx));
		left = right = 0;
		for (uint64_t i = 0; i < count(&g); i++)
			left += get(&mem, &g, i) * get(&mem, y, i);
		for (uint64_t i = 0; i < count(&gx); i++)
			right += get(&mem, &gx, i) * get(&mem, x, i);
		pass = pass && near(right, left, 1e-5, 1e-4);
	}
	if (!pass)
		printf("# %g, %g\n", left, right);
	ok(pass, k == 0   ? "gradient of resize nearest"
		 : k == 1 ? "gradient of resize bilinear"
			  : "gradient of resize bilinear, corners aligned");
}

static void test_sources(void)
{
	struct compute_view state, out, bits, in;
	double mean = 0, var = 0;
	bool pass;

	mem.at = 0;
	state = MK(&mem, I32, 4);
	out = MK(&mem, F32, 4099);
	bits = MK(&mem, I32, 4099);
	for (int i = 0; i < 4; i++)
		set(&mem, &state, i, (int[]){ 1234, 5678, 9, 0 }[i]);
	pass = RUN(dev, compute_random(rec, COMPUTE_RANDOM_BITS, 0, 0, 3,
				       &state, &bits)) &&
	       RUN(dev, compute_random(rec, COMPUTE_RANDOM_UNIFORM, -1, 3, 3,
				       &state, &out));
	for (uint32_t i = 0; i < 4099 && pass; i++) {
		uint32_t c[4] = { i / 4, 9, 3, 0 };

		philox(c, 1234, 5678);
		pass = (uint32_t)get(&mem, &bits, i) == c[i % 4] ||
		       (int32_t)c[i % 4] == (int32_t)get(&mem, &bits, i);
		pass = pass && near(get(&mem, &out, i),
				    -1 + 4 * ((c[i % 4] >> 8) / 16777216.0),
				    1e-6, 1e-6);
	}
	ok(pass, "Philox bits and uniform numbers");
	{
		uint32_t c[4] = { 0, 0, 0, 0 };

		philox(c, 0, 0);
		ok(c[0] == 0x6627e8d5u && c[3] == 0x9b00dbd8u,
		   "the reference is Philox (Random123's known answer)");
	}
	pass = RUN(dev, compute_random(rec, COMPUTE_RANDOM_NORMAL, 1, 2, 0,
				       &state, &out));
	for (uint32_t i = 0; i < 4099; i++)
		mean += get(&mem, &out, i) / 4099;
	for (uint32_t i = 0; i < 4099; i++)
		var += pow(get(&mem, &out, i) - mean, 2) / 4099;
	ok(pass && fabs(mean - 1) < .15 && fabs(var - 4) < .4,
	   "normal numbers: mean and deviation");

	in = MK(&mem, U8, 30);
	out = MK(&mem, F32, 10, 19);
	randomize(&mem, &in, 256);
	pass = RUN(dev, compute_unpack_bits(rec, &in, 3, &out));
	for (uint32_t i = 0; i < 190; i++)
		pass = pass &&
		       get(&mem, &out, i) ==
			       (*addr(&mem, &in, i / 19 * 3 + i % 19 / 8) >>
					(i % 19 % 8) &
				1);
	ok(pass, "unpack-bits: 19 lines in 3 bytes a sample");

	for (int k = 0; k < 3; k++) {
		double want[2 * 3 * 9 * 4];

		in = MK(&mem, F32, 2, 3, 5, 7);
		out = MK(&mem, F32, 2, 3, 9, 4);
		randomize(&mem, &in, 4);
		for (uint32_t i = 0; i < 216; i++) {
			uint32_t x = i % 4, y = i / 4 % 9, p = i / 36;
			double fy = k == 2 ? y * 4. / 8 : (y + .5) * 5 / 9 - .5;
			double fx = k == 2 ? x * 6. / 3 : (x + .5) * 7 / 4 - .5;
			uint32_t y0, x0, y1, x1;

			fy = fmin(fmax(fy, 0), 4);
			fx = fmin(fmax(fx, 0), 6);
			y0 = (uint32_t)fy;
			x0 = (uint32_t)fx;
			y1 = y0 < 4 ? y0 + 1 : 4;
			x1 = x0 < 6 ? x0 + 1 : 6;
			fy -= y0;
			fx -= x0;
#define PX(b, a) get(&mem, &in, p * 35 + (b)*7 + (a))
			want[i] = k == 0 ? PX(y * 5 / 9, x * 7 / 4)
					 : (1 - fy) * ((1 - fx) * PX(y0, x0) +
						       fx * PX(y0, x1)) +
						   fy * ((1 - fx) * PX(y1, x0) +
							 fx * PX(y1, x1));
		}
		pass = RUN(dev, compute_resize(rec, &in, k > 0, k == 2, &out));
		ok(pass && matches(&out, want, 1e-5, 1e-5),
		   k == 0   ? "resize nearest"
		   : k == 1 ? "resize bilinear"
			    : "resize bilinear, corners aligned");
		adjoint_of_resize(k, &in, &out);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "ops", test_ops },
	{ "edges", test_edges },
	{ "casts", test_casts },
	{ "update", test_update },
	{ "broadcast", test_broadcast },
	{ "reduce", test_reduce },
	{ "matmul", test_matmul },
	{ "coop", test_coop },
	{ "conv", test_conv },
	{ "pool", test_pool },
	{ "softmax", test_softmax },
	{ "norm", test_norm },
	{ "scans", test_scans },
	{ "index", test_index },
	{ "sources", test_sources },
};

/* With a name: only that group. */
int main(int argc, char **argv)
{
	const char *which = getenv("ACCEL_DEVICE");

	if (compute_open(which ? which : "vulkan", &dev) || !dev)
		return tap_skip_all("no Vulkan device");
	if (!arena_open(&mem, dev, 64 << 20)) {
		printf("Bail out! %s\n", accel_last_error());
		return 1;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		if (argc < 2 || !strcmp(argv[1], tests[i].name))
			tests[i].run();
	compute_buffer_destroy(mem.buf);
	compute_close(dev);
	return tap_end();
}
