// SPDX-License-Identifier: MIT
/* Recordings of one operation. */
#include "bench.h"

#include "libaccel/src/base/error.h"

/* The next f32 view of the buffer. */
static struct compute_view take(struct bench *b, uint32_t rank,
				const uint32_t *size)
{
	struct compute_view v = { .buffer = b->buf,
				  .offset = b->used,
				  .rank = rank };
	uint64_t n = 1;

	for (uint32_t d = rank; d-- > 0;) {
		v.size[d] = size[d];
		v.stride[d] = (int32_t)n;
		n *= size[d];
	}
	b->used += (n * 4 + 255) & ~255ull;
	return v;
}

static accel_status memory(struct bench *b, uint64_t bytes)
{
	struct compute_record *rec;
	accel_status s;

	s = compute_buffer_create(b->dev, bytes, 0, &b->buf);
	if (s)
		return s;
	/* small ordinary numbers: neither subnormal nor NaN */
	s = compute_record_create(b->dev, 0, &rec);
	if (s)
		return s;
	s = compute_record_fill(rec, b->buf, 0, bytes & ~3ull, 0x3e800000u);
	if (!s)
		s = compute_record_end(rec);
	if (!s)
		s = compute_submit(rec);
	if (!s)
		s = compute_wait(rec, UINT64_MAX);
	compute_record_destroy(rec);
	return s;
}

static accel_status record_matmul(struct bench *b)
{
	const uint32_t m = b->dims[0], n = b->dims[1], k = b->dims[2];
	const uint32_t da[] = { m, k }, db[] = { k, n }, dc[] = { m, n };
	const uint64_t largest = m > n ? m : n;
	struct compute_matmul p = {
		.shape = (enum compute_matmul_shape)b->shape,
	};
	accel_status s;

	/* scratch is at most two padded copies */
	s = memory(b, ((uint64_t)m * n + 4 * largest * k) * 4 +
			      (largest + k) * 4096);
	if (s)
		return s;
	p.a = take(b, 2, da);
	p.b = take(b, 2, db);
	p.out = take(b, 2, dc);
	p.scratch = b->buf;
	p.scratch_offset = b->used;
	b->flops = 2.0 * m * n * k;
	return compute_matmul(b->rec, &p);
}

static accel_status record_conv(struct bench *b)
{
	const uint32_t o = b->dims[0], i = b->dims[1], n = b->dims[2];
	const uint32_t in[] = { 1, i, n, n }, w[] = { o, i, 3, 3 };
	const uint32_t out[] = { 1, o, n, n };
	struct compute_conv c = {
		.stride = { 1, 1 },
		.pad = { 1, 1 },
		.dilation = { 1, 1 },
		.groups = 1,
		.shape = (enum compute_conv_shape)b->shape,
	};
	uint64_t plane = (uint64_t)(n + 6) * (n + 6);
	accel_status s;

	s = memory(b, plane * (o + i) * 4 * 2 + (uint64_t)o * i * 100 +
			      (4u << 20));
	if (s)
		return s;
	c.in = take(b, 4, in);
	c.w = take(b, 4, w);
	c.out = take(b, 4, out);
	c.scratch = b->buf;
	c.scratch_offset = b->used;
	b->flops = 2.0 * 9 * o * i * n * n;
	return compute_conv(b->rec, &c);
}

/* Sums and products in turn; not fused, each is stored and read again. */
static accel_status record_elementwise(struct bench *b)
{
	const uint32_t n[] = { b->size * b->size };
	struct compute_elementwise e = { .n_in = 2, .n_out = 1 };
	accel_status s = memory(b, 3 * ((uint64_t)n[0] * 4 + 256));

	if (s)
		return s;
	e.in[0] = take(b, 1, n);
	e.in[1] = take(b, 1, n);
	e.out[0] = take(b, 1, n);
	for (uint8_t i = 0; i < BENCH_CHAIN && !s; i++) {
		struct compute_ew_op op = { i & 1 ? COMPUTE_EW_MUL
						  : COMPUTE_EW_ADD,
					    COMPUTE_EW_IN(0), COMPUTE_EW_IN(1),
					    0 };

		if (b->fused && i)
			op.a = COMPUTE_EW_OP(i - 1);
		else if (i)
			e.in[0] = e.out[0];
		e.n_ops = b->fused ? i + 1 : 1;
		e.op[e.n_ops - 1] = op;
		e.out_value[0] = COMPUTE_EW_OP(e.n_ops - 1);
		if (!b->fused)
			s = compute_elementwise(b->rec, &e);
	}
	b->flops = (double)BENCH_CHAIN * n[0];
	return b->fused ? compute_elementwise(b->rec, &e) : s;
}

accel_status bench_vulkan_open(struct bench *b)
{
	static accel_status (*const record[])(struct bench * b) = {
		[BENCH_MATMUL] = record_matmul,
		[BENCH_CONV] = record_conv,
		[BENCH_ELEMENTWISE] = record_elementwise,
	};
	const bool conv = b->op == BENCH_CONV;
	accel_status s = compute_record_create(b->dev, 0, &b->rec);

	for (int i = 0; !b->dims[2] && i < 3; i++)
		b->dims[i] = conv && i < 2 ? BENCH_CHANNELS : b->size;
	if (!s)
		s = record[b->op](b);
	return s ? s : compute_record_end(b->rec);
}
