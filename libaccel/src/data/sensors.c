// SPDX-License-Identifier: MIT
/* A room's sensors, simulated minute by minute. */
#include <math.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "random.h"
#include "samples.h"

#define SENSORS 4
#define WARM_UP 90 /* minutes before the first that is kept */

enum { EMPTY, OCCUPIED, AIRING, FAULT, CLASSES };

static char *const class_names[] = { "empty", "occupied", "airing", "fault" };
static char *const x_names[] = { "temperature", "humidity", "light", "co2" };
static const double mean[SENSORS] = { 20.8, 40.5, 290, 725 };
static const double deviation[SENSORS] = { 1.7, 11, 190, 375 };

/* The room, and what happens in it; times in minutes of the simulation. */
struct room {
	double t, outside; /* degrees Celsius */
	double vapour, vapour_outside; /* g/m3 */
	double co2; /* ppm */
	double daylight; /* lx */
	int people, arrive, leave;
	bool lamp; /* burns, where people are or not */
	int open, close; /* the window */
};

/* Saturation density of water vapour in g/m3 (Magnus formula, WMO-No. 8,
 * annex 4.B, and the gas law). */
static double saturation(double t)
{
	double hpa = 6.112 * exp(17.62 * t / (243.12 + t));

	return 216.7 * hpa / (273.15 + t);
}

static bool between(int minute, int from, int to)
{
	return minute >= from && minute < to;
}

static struct room furnish(struct rng *r, int class, int steps)
{
	bool people = class == OCCUPIED || (class == AIRING && rng_below(r, 2));
	struct room room = {
		.t = rng_uniform(r, 19, 22),
		.outside = rng_uniform(r, -2, 14),
		.co2 = rng_uniform(r, 420, 600),
		.daylight = rng_uniform(r, 0, 250),
		.leave = WARM_UP + steps,
	};

	room.vapour_outside =
		saturation(room.outside) * rng_uniform(r, 0.6, 0.95);
	room.vapour = room.vapour_outside + rng_uniform(r, 0.5, 2.5);
	if (people) {
		room.people = 1 + (int)rng_below(r, 4);
		room.arrive = (int)rng_below(r, (uint32_t)(WARM_UP));
	}
	/* neither a lamp nor its lack proves anything */
	room.lamp = rng_below(r, 100) < (people ? 80 : 15);
	if (class == AIRING) {
		room.open =
			WARM_UP + (int)rng_below(r, (uint32_t)steps / 2 + 1);
		room.close = room.open + 6 + (int)rng_below(r, 20);
	}
	return room;
}

/* One minute of balances in 60 m3, explicit Euler. */
static void live(struct room *m, int minute, struct rng *r)
{
	bool airing = between(minute, m->open, m->close);
	int people = between(minute, m->arrive, m->leave) ? m->people : 0;
	double change = airing ? 0.09 : 0.008; /* of the air */
	double heater = m->t < 21 ? 0.05 : 0.01; /* degrees a minute */

	m->t += (m->outside - m->t) * (airing ? 0.012 : 0.0012) + heater +
		people * 0.008;
	/* 18 l CO2 and 50 g water an hour and person, sitting (ISO 8996) */
	m->co2 += people * 5.0 - (m->co2 - 420) * change;
	m->vapour += people * 0.014 - (m->vapour - m->vapour_outside) * change;
	m->daylight += rng_normal(r) * 4;
	if (m->daylight < 0)
		m->daylight = 0;
}

/* What sensors of this accuracy show. */
static void look(const struct room *m, struct rng *r, double *x)
{
	double wet = 100 * m->vapour / saturation(m->t);

	x[0] = m->t + rng_normal(r) * 0.05;
	x[1] = (wet > 100 ? 100 : wet) + rng_normal(r) * 0.3;
	x[2] = m->daylight + (m->lamp ? 350 : 0) + rng_normal(r) * 5;
	x[3] = m->co2 + rng_normal(r) * 8;
}

/* Breaks one sensor from some minute on: x [steps, SENSORS]. */
static void damage(struct rng *r, double *x, int steps)
{
	int which = (int)rng_below(r, SENSORS), way = (int)rng_below(r, 4);
	int from = (int)rng_below(r, (uint32_t)steps / 2 + 1), i;
	double size = deviation[which] * rng_uniform(r, 1.5, 3);
	double sign = rng_below(r, 2) ? 1 : -1;

	for (i = from; i < steps; i++) {
		double *v = &x[i * SENSORS + which];

		if (way == 0) /* sticks at the end of its range */
			*v = mean[which] + sign * 2 * size;
		else if (way == 1) /* drifts */
			*v += sign * size * (i - from) / steps * 2;
		else if (way == 2) /* jumps now and then */
			*v += rng_below(r, 4) ? 0 : sign * size;
		else /* is noisy */
			*v += rng_normal(r) * size * 0.5;
	}
}

static void series(struct rng *r, int class, int steps, double *x)
{
	struct room room;
	int i;

	room = furnish(r, class == FAULT ? (int)rng_below(r, FAULT) : class,
		       steps);
	for (i = 0; i < WARM_UP + steps; i++) {
		live(&room, i, r);
		if (i >= WARM_UP)
			look(&room, r, x + (i - WARM_UP) * SENSORS);
	}
	if (class == FAULT)
		damage(r, x, steps);
}

static accel_status fill(accel_samples *s, int64_t n, int steps, double faults,
			 uint64_t seed, uint64_t first)
{
	int64_t shape[3] = { n, steps, SENSORS }, i, k;
	int64_t size = (int64_t)steps * SENSORS;
	accel_status status = array_make(&s->x, ACCEL_F32, 3, shape);
	double *x = mem_alloc((size_t)size * sizeof(*x));
	struct rng r;
	int class;

	if (!status && x)
		status = array_make(&s->y, ACCEL_I32, 1, shape);
	for (i = 0; i < n && !status && x; i++) {
		float *to = (float *)s->x.data + i * size;

		rng_init(&r, seed, first + (uint64_t)i);
		class = rng_uniform(&r, 0, 1) < faults
				? FAULT
				: (int)rng_below(&r, FAULT);
		series(&r, class, steps, x);
		for (k = 0; k < size; k++)
			to[k] = (float)((x[k] - mean[k % SENSORS]) /
					deviation[k % SENSORS]);
		((int32_t *)s->y.data)[i] = class;
	}
	mem_free(x);
	s->count = n;
	s->n_classes = CLASSES;
	s->class_names = names_copy(CLASSES, class_names);
	s->x_names = names_copy(SENSORS, x_names);
	return !status && (!x || !s->class_names || !s->x_names)
		       ? ACCEL_ERR_NOMEM
		       : status;
}

static accel_samples *part(int64_t n, int steps, double faults, uint64_t seed,
			   uint64_t first)
{
	accel_samples *s = samples_make("sensors");

	if (s && fill(s, n, steps, faults, seed, first)) {
		accel_samples_destroy(s);
		return NULL;
	}
	return s;
}

accel_dataset *accel_dataset_sensors_with(accel_context *ctx,
					  const accel_sensors_options *o)
{
	int64_t n_train = o->train ? o->train : 2000;
	int64_t n_test = o->test ? o->test : 500;
	int64_t steps = o->steps ? o->steps : 48;
	accel_dataset *d;

	(void)ctx;
	if (n_train < 1 || n_test < 1 || steps < 2 || steps > 100000 ||
	    !(o->faults_train >= 0 && o->faults_train <= 1) ||
	    !(o->faults_test >= 0 && o->faults_test <= 1))
		return accel_error_null(ACCEL_ERR_RANGE,
					"sensors: %lld and %lld series of %lld "
					"steps, faults %g and %g",
					(long long)n_train, (long long)n_test,
					(long long)steps, o->faults_train,
					o->faults_test);
	d = dataset_make();
	if (!d)
		return NULL;
	d->train = part(n_train, (int)steps, o->faults_train, o->seed, 0);
	if (d->train)
		d->test = part(n_test, (int)steps, o->faults_test, o->seed,
			       1ull << 40);
	if (d->test)
		return d;
	accel_dataset_destroy(d);
	return NULL;
}
