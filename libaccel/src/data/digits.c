// SPDX-License-Identifier: MIT
/* Digits drawn with a pen of random habits. */
#include <math.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "random.h"
#include "samples.h"

#define SIDE 28
#define POINTS 12

/*
 * Strokes through points of a box of 100 by 100, y downwards, one stroke a
 * string: pairs of characters, 'a' + coordinate / 4. A blank lifts the pen.
 * Two to three ways to write each digit.
 */
static const char *const shapes[][3] = {
	{ "mbgfdmgumyuuwmtfmb", "qchecpgxoyvqugncjd", NULL },
	{ "mbmy", "hgnb nbny", "hgnb nbny hysy" },
	{ "ehhcobugsmksdy dywy", "egkbteskltewgsmvwy", NULL },
	{ "eelbueskkm kmuowuoydv", "ecuc uclk lkuouvlydw", NULL },
	{ "gbep epwp qgqy", "qbcq cqxq qbqy", "gcemkpuo vcsmqy" },
	{ "uchc hcgl glokwouvlyew", "ucicglpkuqpxew", NULL },
	{ "tckgepgwpyusqnipgs", "pbgketlyuuqokoft", NULL },
	{ "edwd wdomky", "edwd wdomky intn", "dgecvd vdqkmy" },
	{ "tfmbggmmusmyftlmtf", "mbggmmtgmb mmfsmyvsmm", NULL },
	{ "tgmcfgkmtjtg tgsppy", "ugmcgglmuiug uguqoygw", NULL },
};

struct pen {
	double a[4]; /* affine map of the unit box to pixels */
	double x, y; /* the box's centre */
	double radius, grey;
	float *canvas; /* [SIDE, SIDE], 0 to 1 */
};

static double distance2(double px, double py, const double p[2],
			const double q[2])
{
	double dx = q[0] - p[0], dy = q[1] - p[1], len = dx * dx + dy * dy;
	double t = len > 0 ? ((px - p[0]) * dx + (py - p[1]) * dy) / len : 0;

	t = t < 0 ? 0 : t > 1 ? 1 : t;
	dx = px - p[0] - t * dx;
	dy = py - p[1] - t * dy;
	return dx * dx + dy * dy;
}

static int clamp(double v)
{
	return v < 0 ? 0 : v > SIDE - 1 ? SIDE - 1 : (int)v;
}

/* A straight piece of ink; edges are blurred over one pixel. */
static void line(const struct pen *pen, const double p[2], const double q[2])
{
	double reach = pen->radius + 1;
	int x0 = clamp(fmin(p[0], q[0]) - reach);
	int x1 = clamp(fmax(p[0], q[0]) + reach);
	int y0 = clamp(fmin(p[1], q[1]) - reach);
	int y1 = clamp(fmax(p[1], q[1]) + reach);
	int x, y;

	for (y = y0; y <= y1; y++)
		for (x = x0; x <= x1; x++) {
			double d = sqrt(distance2(x, y, p, q));
			double ink = pen->radius + 0.5 - d;
			float *to = &pen->canvas[y * SIDE + x];

			ink = (ink < 0 ? 0 : ink > 1 ? 1 : ink) * pen->grey;
			if (ink > *to)
				*to = (float)ink;
		}
}

/* A smooth curve through n points (Catmull and Rom 1974, uniform). */
static void curve(const struct pen *pen, double (*pt)[2], int n)
{
	double from[2], to[2];
	int i, k, c;

	memcpy(from, pt[0], sizeof(from));
	for (i = 0; i + 1 < n; i++) {
		const double *p0 = pt[i ? i - 1 : 0], *p1 = pt[i];
		const double *p2 = pt[i + 1],
			     *p3 = pt[i + 2 < n ? i + 2 : n - 1];
		int pieces = n == 2 ? 1 : 5;

		for (k = 1; k <= pieces; k++) {
			double t = (double)k / pieces, t2 = t * t, t3 = t2 * t;

			for (c = 0; c < 2; c++)
				to[c] = 0.5 * (2 * p1[c] + (p2[c] - p0[c]) * t +
					       (2 * p0[c] - 5 * p1[c] +
						4 * p2[c] - p3[c]) *
						       t2 +
					       (3 * p1[c] - p0[c] - 3 * p2[c] +
						p3[c]) *
						       t3);
			line(pen, from, to);
			memcpy(from, to, sizeof(from));
		}
	}
}

/* The pen's place for two characters, with an unsteady hand. */
static void place(const struct pen *pen, struct rng *r, const char *at,
		  double out[2])
{
	double u = (at[0] - 'a') * 0.04 - 0.5 + 0.036 * rng_normal(r);
	double v = (at[1] - 'a') * 0.04 - 0.5 + 0.036 * rng_normal(r);

	out[0] = pen->x + pen->a[0] * u + pen->a[1] * v;
	out[1] = pen->y + pen->a[2] * u + pen->a[3] * v;
}

static void strokes(const struct pen *pen, struct rng *r, const char *shape)
{
	double pt[POINTS][2];
	int n = 0;

	for (; *shape; shape += *shape == ' ' ? 1 : 2) {
		if (*shape == ' ') {
			curve(pen, pt, n);
			n = 0;
		} else {
			place(pen, r, shape, pt[n++]);
		}
	}
	curve(pen, pt, n);
}

static void paper(struct rng *r, const float *canvas, uint8_t *out)
{
	double noise = rng_uniform(r, 2, 22);
	int i;

	for (i = 0; i < SIDE * SIDE; i++) {
		uint32_t b = rng_u32(r);
		/* four bytes sum to nearly a normal, deviation 147.8 */
		int sum = (int)((b & 255) + (b >> 8 & 255) + (b >> 16 & 255) +
				(b >> 24)) -
			  510;
		double v = canvas[i] * 255 + sum * (noise / 147.8);

		out[i] = v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v;
	}
}

/* Draws sample `stream` of a seed; returns its digit. */
static int digit(uint64_t seed, uint64_t stream, uint8_t *out)
{
	float canvas[SIDE * SIDE] = { 0 };
	struct pen pen = { .canvas = canvas };
	double turn, slant, wide, tall;
	struct rng r;
	int d, ways;

	rng_init(&r, seed, stream);
	d = (int)rng_below(&r, 10);
	ways = shapes[d][2] ? 3 : 2;
	turn = 0.16 * rng_normal(&r);
	slant = rng_uniform(&r, -0.15, 0.45);
	tall = rng_uniform(&r, 16, 22);
	wide = tall * rng_uniform(&r, 0.5, 0.95);
	/* rotate by turn after slanting to the right (y points down) */
	pen.a[0] = wide * cos(turn);
	pen.a[1] = tall * (-sin(turn) - slant * cos(turn));
	pen.a[2] = wide * sin(turn);
	pen.a[3] = tall * (cos(turn) - slant * sin(turn));
	pen.x = SIDE / 2 - 0.5 + rng_uniform(&r, -2, 2);
	pen.y = SIDE / 2 - 0.5 + rng_uniform(&r, -2, 2);
	pen.radius = rng_uniform(&r, 0.5, 1.7);
	pen.grey = rng_uniform(&r, 0.6, 1);
	strokes(&pen, &r, shapes[d][rng_below(&r, (uint32_t)ways)]);
	paper(&r, canvas, out);
	return d;
}

static accel_samples *digits(int64_t n, uint64_t seed, uint64_t first)
{
	int64_t shape[3] = { n, SIDE, SIDE }, i;
	accel_samples *s = samples_make("digits");

	if (!s)
		return NULL;
	if (array_make(&s->x, ACCEL_U8, 3, shape) ||
	    array_make(&s->y, ACCEL_I32, 1, shape)) {
		accel_samples_destroy(s);
		return NULL;
	}
	s->count = n;
	s->n_classes = 10;
	s->x_scale = 1 / 255.0f;
	for (i = 0; i < n; i++)
		((int32_t *)s->y.data)[i] =
			digit(seed, first + (uint64_t)i,
			      (uint8_t *)s->x.data + i * SIDE * SIDE);
	return s;
}

accel_dataset *accel_dataset_digits(accel_context *ctx, int64_t n_train,
				    int64_t n_test, uint64_t seed)
{
	accel_dataset *d;

	(void)ctx;
	if (n_train < 1 || n_test < 0)
		return accel_error_null(ACCEL_ERR_RANGE,
					"digits: %lld to train and %lld to "
					"test",
					(long long)n_train, (long long)n_test);
	d = dataset_make();
	if (!d)
		return NULL;
	d->train = digits(n_train, seed, 0);
	if (d->train && n_test)
		d->test = digits(n_test, seed, 1ull << 40);
	if (d->train && (d->test || !n_test))
		return d;
	accel_dataset_destroy(d);
	return NULL;
}
