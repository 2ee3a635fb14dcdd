/* SPDX-License-Identifier: MIT */
/* What the tests of compute/ share: TAP, random data, views over one arena. */
#ifndef COMPUTE_TEST_H
#define COMPUTE_TEST_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute/kernels.h"

static int tap_n, tap_bad;

static inline void ok(bool pass, const char *name)
{
	printf("%sok %d - %s\n", pass ? "" : "not ", ++tap_n, name);
	tap_bad += !pass;
	if (!pass)
		printf("# last error: %s\n", accel_last_error());
	fflush(stdout);
}

static inline int tap_end(void)
{
	printf("1..%d\n", tap_n);
	return tap_bad != 0;
}

static inline int tap_skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return 0;
}

static uint32_t rng_state = 1;

static inline double rnd(void) /* [-1, 1) */
{
	rng_state = rng_state * 1664525u + 1013904223u;
	return (double)(int32_t)rng_state / 2147483648.0;
}

/* One buffer that every operand of a test is cut from. */
struct arena {
	struct compute_device *dev;
	struct compute_buffer *buf;
	uint8_t *map;
	uint64_t at, size;
};

static inline bool arena_open(struct arena *a, struct compute_device *dev,
			      uint64_t size)
{
	void *p;

	memset(a, 0, sizeof(*a));
	a->dev = dev;
	a->size = size;
	if (compute_buffer_create(dev, size, COMPUTE_BUFFER_HOST, &a->buf) ||
	    compute_buffer_map(a->buf, &p))
		return false;
	a->map = p;
	memset(p, 0xab, size);
	return true;
}

/* A contiguous view; sizes end at the first negative one. */
static inline struct compute_view mk(struct arena *a, uint32_t dtype,
				     uint32_t rank, const uint32_t *size)
{
	struct compute_view v = { .buffer = a->buf,
				  .dtype = dtype,
				  .rank = rank };
	uint64_t n = 1;

	for (uint32_t d = rank; d-- > 0;) {
		v.size[d] = size[d];
		v.stride[d] = (int32_t)n;
		n *= size[d];
	}
	a->at = (a->at + 255) & ~255ull;
	v.offset = a->at;
	a->at += n * compute_dtype_size(dtype);
	if (a->at > a->size) {
		printf("Bail out! the test's arena is too small\n");
		exit(1);
	}
	return v;
}

#define MK(a, dtype, ...)                                                      \
	mk(a, dtype, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4,                  \
	   (const uint32_t[]){ __VA_ARGS__ })

static inline uint64_t count(const struct compute_view *v)
{
	uint64_t n = 1;

	for (uint32_t d = 0; d < v->rank; d++)
		n *= v->size[d];
	return n;
}

/* Byte address of logical (row-major) element i. */
static inline uint8_t *addr(const struct arena *a, const struct compute_view *v,
			    uint64_t i)
{
	int64_t at = 0;

	for (uint32_t d = v->rank; d-- > 0;) {
		at += (int64_t)(i % v->size[d]) * v->stride[d];
		i /= v->size[d];
	}
	return a->map + (int64_t)v->offset +
	       at * (int64_t)compute_dtype_size(v->dtype);
}

static inline double half_value(uint16_t h)
{
	int e = h >> 10 & 31, m = h & 1023;
	double v = e == 31 ? (m ? NAN : INFINITY)
		   : e     ? ldexp(1024 + m, e - 25)
			   : ldexp(m, -24);

	return h & 0x8000 ? -v : v;
}

/* Nearest even, by search over the two neighbours. */
static inline uint16_t half_of(double x)
{
	uint16_t sign = signbit(x) ? 0x8000 : 0;
	double a = fabs(x);
	uint16_t lo = 0, hi = 0x7c00;

	if (isnan(x))
		return 0x7e00;
	if (a >= 65520)
		return sign | 0x7c00;
	while (hi - lo > 1) {
		uint16_t mid = (uint16_t)((lo + hi) / 2);

		if (half_value(mid) <= a)
			lo = mid;
		else
			hi = mid;
	}
	if (hi == 0x7c00)
		return sign | lo;
	{
		double dl = a - half_value(lo), dh = half_value(hi) - a;

		return sign | (dl < dh || (dl == dh && !(lo & 1)) ? lo : hi);
	}
}

static inline double get(const struct arena *a, const struct compute_view *v,
			 uint64_t i)
{
	const uint8_t *p = addr(a, v, i);

	switch (v->dtype) {
	case COMPUTE_F32:
		return *(const float *)p;
	case COMPUTE_F16:
		return half_value(*(const uint16_t *)p);
	case COMPUTE_I8:
		return *(const int8_t *)p;
	case COMPUTE_U8:
		return *p;
	default:
		return *(const int32_t *)p;
	}
}

static inline void set(const struct arena *a, const struct compute_view *v,
		       uint64_t i, double x)
{
	uint8_t *p = addr(a, v, i);

	switch (v->dtype) {
	case COMPUTE_F32:
		*(float *)p = (float)x;
		break;
	case COMPUTE_F16:
		*(uint16_t *)p = half_of(x);
		break;
	case COMPUTE_I8:
		*(int8_t *)p = (int8_t)x;
		break;
	case COMPUTE_U8:
		*p = (uint8_t)(int)x;
		break;
	default:
		*(int32_t *)p = (int32_t)x;
		break;
	}
}

/* Floats in (-scale, scale); integers in that range, u8 from 0. */
static inline void randomize(const struct arena *a,
			     const struct compute_view *v, double scale)
{
	for (uint64_t i = 0; i < count(v); i++) {
		double x = rnd() * scale;

		if (v->dtype == COMPUTE_U8)
			x = fabs(x);
		set(a, v, i, v->dtype <= COMPUTE_F16 ? x : trunc(x));
	}
}

/* A recording that runs and is gone. */
struct run {
	struct compute_record *rec;
	accel_status status;
};

static inline struct run run_begin(struct compute_device *dev)
{
	struct run r = { 0 };

	r.status = compute_record_create(dev, 0, &r.rec);
	return r;
}

static inline bool run_end(struct run *r)
{
	accel_status s = r->status;

	if (!s)
		s = compute_record_end(r->rec);
	if (!s)
		s = compute_submit(r->rec);
	if (!s)
		s = compute_wait(r->rec, UINT64_MAX);
	compute_record_destroy(r->rec);
	if (s)
		printf("# %s: %s\n", accel_status_name(s), accel_last_error());
	return s == ACCEL_OK;
}

/* RUN(dev, compute_x(rec, ...)): records, runs, true when all went well. */
#define RUN(dev, call)                                                         \
	({                                                                     \
		struct run run_ = run_begin(dev);                              \
		struct compute_record *rec = run_.rec;                         \
		if (!run_.status)                                              \
			run_.status = (call);                                  \
		run_end(&run_);                                                \
	})

/* Is got near want? Both NaN, or both the same infinity, count. */
static inline bool near(double got, double want, double rel, double abs_)
{
	if (isnan(want) || isnan(got))
		return isnan(want) && isnan(got);
	if (isinf(want) || isinf(got))
		return want == got;
	return fabs(got - want) <= rel * fabs(want) + abs_;
}

#endif /* COMPUTE_TEST_H */
