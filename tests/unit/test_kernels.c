// SPDX-License-Identifier: MIT
/*
 * Every launch of compute/kernels.h against a reference in double precision,
 * at odd sizes. Needs a Vulkan device: lavapipe will do.
 */
#include "compute_test.h"

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
	case COMPUTE_EW_NEG: return -a;
	case COMPUTE_EW_ABS: return fabs(a);
	case COMPUTE_EW_EXP: return exp(a);
	case COMPUTE_EW_LOG: return log(a);
	case COMPUTE_EW_SQRT: return sqrt(a);
	case COMPUTE_EW_RSQRT: return 1 / sqrt(a);
	case COMPUTE_EW_RECIP: return 1 / a;
	case COMPUTE_EW_TANH: return tanh(a);
	case COMPUTE_EW_SIGMOID: return sigmoid(a);
	case COMPUTE_EW_RELU: return a > 0 || isnan(a) ? a : 0;
	case COMPUTE_EW_GELU: return a / 2 * (1 + erf(a / sqrt(2)));
	case COMPUTE_EW_SILU: return a * sigmoid(a);
	case COMPUTE_EW_SIN: return sin(a);
	case COMPUTE_EW_COS: return cos(a);
	case COMPUTE_EW_ERF: return erf(a);
	case COMPUTE_EW_FLOOR: return floor(a);
	case COMPUTE_EW_CEIL: return ceil(a);
	case COMPUTE_EW_ROUND: return rint(a);
	case COMPUTE_EW_TRUNC: return trunc(a);
	case COMPUTE_EW_SIGN: return isnan(a) ? a : (a > 0) - (a < 0);
	case COMPUTE_EW_SQUARE: return a * a;
	case COMPUTE_EW_SOFTPLUS: return fmax(a, 0) + log1p(exp(-fabs(a)));
	case COMPUTE_EW_EXPM1: return expm1(a);
	case COMPUTE_EW_LOG1P: return log1p(a);
	case COMPUTE_EW_LOG2: return log2(a);
	case COMPUTE_EW_TAN: return tan(a);
	case COMPUTE_EW_ADD: return a + b;
	case COMPUTE_EW_SUB: return a - b;
	case COMPUTE_EW_MUL: return a * b;
	case COMPUTE_EW_DIV: return a / b;
	case COMPUTE_EW_POW: return pow(a, b);
	case COMPUTE_EW_MIN: return isnan(a) || isnan(b) ? NAN : fmin(a, b);
	case COMPUTE_EW_MAX: return isnan(a) || isnan(b) ? NAN : fmax(a, b);
	case COMPUTE_EW_MOD: return a - b * floor(a / b);
	case COMPUTE_EW_FMA: return a * b + c;
	case COMPUTE_EW_EQ: case COMPUTE_EW_IEQ: return a == b;
	case COMPUTE_EW_NE: case COMPUTE_EW_INE: return a != b;
	case COMPUTE_EW_LT: case COMPUTE_EW_ILT: return a < b;
	case COMPUTE_EW_LE: case COMPUTE_EW_ILE: return a <= b;
	case COMPUTE_EW_GT: case COMPUTE_EW_IGT: return a > b;
	case COMPUTE_EW_GE: case COMPUTE_EW_IGE: return a >= b;
	case COMPUTE_EW_ISNAN: return isnan(a);
	case COMPUTE_EW_INEG: return -a;
	case COMPUTE_EW_IABS: return fabs(a);
	case COMPUTE_EW_ISIGN: return (a > 0) - (a < 0);
	case COMPUTE_EW_IADD: return (int32_t)(uint32_t)(x + y);
	case COMPUTE_EW_ISUB: return (int32_t)(uint32_t)(x - y);
	case COMPUTE_EW_IMUL: return (int32_t)(uint32_t)(x * y);
	case COMPUTE_EW_IDIV: return y ? floor(a / b) : 0;
	case COMPUTE_EW_IMOD: return y ? a - b * floor(a / b) : 0;
	case COMPUTE_EW_IMIN: return fmin(a, b);
	case COMPUTE_EW_IMAX: return fmax(a, b);
	case COMPUTE_EW_AND: return (int32_t)(x & y);
	case COMPUTE_EW_OR: return (int32_t)(x | y);
	case COMPUTE_EW_XOR: return (int32_t)(x ^ y);
	case COMPUTE_EW_NOT: return !x;
	case COMPUTE_EW_SHL: return (int32_t)((uint32_t)x << (y & 31));
	case COMPUTE_EW_SHR: return (int32_t)x >> (y & 31);
	case COMPUTE_EW_F2I: return isnan(a) ? 0 : fmax(fmin(trunc(a), 2147483647.0), -2147483648.0);
	case COMPUTE_EW_I2F: return (float)a;
	case COMPUTE_EW_WRAP8: return (int8_t)x;
	case COMPUTE_EW_WRAPU8: return (uint8_t)x;
	case COMPUTE_EW_HALF: return half_value(half_of(a));
	case COMPUTE_EW_SELECT: case COMPUTE_EW_ISELECT: return a != 0 ? b : c;
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

	for (int code = 0; code < COMPUTE_EW_CODES; code++) {
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
			    code == COMPUTE_EW_RSQRT ||
			    code == COMPUTE_EW_LOG2)
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
			     code == COMPUTE_EW_ROUND) && !ints && i == 0)
				for (uint32_t k = 8; k < n; k += 3)
					set(&mem, &e.in[i], k,
					    rint(get(&mem, &e.in[i], k) * 2) / 2);
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
				worst = fmax(worst,
					     fabs((got - want) / want));
		}
		snprintf(text, sizeof(text), "elementwise %s (worst %.1e)",
			 ops[code].name, worst);
		ok(pass, text);
	}
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
					out.offset += 3 * compute_dtype_size(to);
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
						x = to == I8 ? (int8_t)(int)x
						    : to == U8
							    ? (uint8_t)(int)x
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

static void test_broadcast(void)
{
	struct compute_elementwise e = { .n_in = 3, .n_out = 2, .n_ops = 3,
					 .n_imm = 1 };
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
	static const char *names[] = { "sum",  "mean",	 "max",	   "min",
				       "prod", "argmax", "argmin", "sumsq" };
	static const struct {
		uint32_t rank, size[4], axes;
	} shapes[] = {
		{ 1, { 1000 }, 1 },	     { 2, { 33, 70 }, 2 },
		{ 2, { 33, 70 }, 1 },	     { 3, { 5, 7, 11 }, 5 },
		{ 4, { 3, 4, 5, 6 }, 0xa },  { 4, { 2, 5, 40, 3 }, 0x6 },
		{ 2, { 3, 5 }, 0 },	     { 4, { 3, 4, 5, 6 }, 0xf },
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
				bool ints = dt > F16 && op != COMPUTE_REDUCE_MEAN;

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
				pass = RUN(dev,
					   compute_reduce(rec,
							  (enum compute_reduce_op)op,
							  &in, shapes[k].axes,
							  &out));
				for (uint32_t i = 0; i < n && pass; i++) {
					double want = ref_reduce(
						op, &in, shapes[k].axes, i);

					pass = near(get(&mem, &out, i), want,
						    1e-5, ints ? 0 : 2e-5);
					if (!pass)
						printf("# shape %zu [%u] %g "
						       "want %g\n",
						       k, i,
						       get(&mem, &out, i),
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
	static const int code[] = { -1, COMPUTE_EW_RELU, COMPUTE_EW_SIGMOID,
				    COMPUTE_EW_TANH, COMPUTE_EW_GELU,
				    COMPUTE_EW_SILU };

	return act ? ref_op(code[act], x, 0, 0) : x;
}

struct mm_case {
	uint32_t batch, m, n, k;
	int ta, tb, bias, residual, act, dt, dt_out, shared_b;
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
	uint64_t bytes;
	double worst = 0;

	mem.at = 0;
	m.a = matrix(dt, c->batch, c->m, c->k, c->ta);
	m.b = matrix(dt, c->shared_b ? 1 : c->batch, c->k, c->n, c->tb);
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
		if (c->residual)
			sum += get(&mem, &res, i);
		sum = ref_act(c->act, sum);
		worst = fmax(worst, fabs(got - sum) /
					    (1 + fabs(sum)));
		if (!near(got, sum, c->dt_out == (int)F16 ? 1e-3 : 1e-5, 2e-5)) {
			printf("# [%d %d %d] got %.9g want %.9g\n", (int)z,
			       (int)row, (int)col, got, sum);
			return false;
		}
	}
	return true;
}

static void test_matmul(void)
{
	static const struct mm_case cases[] = {
		{ 1, 64, 64, 64, 0, 0, 0, 0, 0, F32, F32, 0 },
		{ 1, 1, 1, 1, 0, 0, 0, 0, 0, F32, F32, 0 },
		{ 1, 33, 37, 41, 0, 0, 0, 0, 0, F32, F32, 0 },
		{ 1, 33, 37, 41, 1, 0, 1, 0, 1, F32, F32, 0 },
		{ 1, 33, 36, 41, 0, 1, 1, 1, 2, F32, F32, 0 },
		{ 1, 24, 68, 40, 1, 1, 2, 0, 3, F32, F32, 0 },
		{ 3, 13, 20, 8, 0, 0, 0, 1, 4, F32, F32, 0 },
		{ 3, 13, 20, 8, 0, 1, 2, 0, 5, F32, F32, 1 },
		{ 5, 7, 9, 11, 1, 0, 1, 1, 0, F32, F32, 1 },
		{ 2, 17, 19, 24, 0, 0, 1, 1, 1, F16, F32, 0 },
		{ 1, 20, 64, 16, 0, 0, 0, 0, 0, F16, F16, 0 },
		{ 2, 5, 7, 3, 0, 0, 1, 0, 0, F16, F16, 0 },
		{ 1, 130, 130, 70, 0, 0, 1, 0, 0, F32, F32, 0 },
		{ 1, 9, 66, 5, 0, 0, 1, 1, 0, F32, F32, 0 },
		{ 1, 5, 6, 0, 0, 0, 1, 0, 0, F32, F32, 0 },
	};

	for (int shape = COMPUTE_MATMUL_PLAIN; shape <= COMPUTE_MATMUL_TILE;
	     shape++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			const struct mm_case *c = &cases[i];
			char text[128];

			snprintf(text, sizeof(text),
				 "matmul %s: %u x [%u, %u, %u] ta %d tb %d "
				 "bias %d residual %d act %d dtype %d",
				 compute_matmul_shape_name(
					 (enum compute_matmul_shape)shape),
				 c->batch, c->m, c->n, c->k, c->ta, c->tb,
				 c->bias, c->residual, c->act, c->dt);
			ok(run_matmul(c, (enum compute_matmul_shape)shape),
			   text);
		}
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "ops", test_ops },
	{ "casts", test_casts },
	{ "broadcast", test_broadcast },
	{ "reduce", test_reduce },
	{ "matmul", test_matmul },
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
