// SPDX-License-Identifier: MIT
/* Sensors of a controller, each read by a thread of its own. */
#include "run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Prefixes the last error with the file's place. */
static accel_status at_place(const accel_control *c, accel_control_place p,
			     const char *name)
{
	fprintf(stderr, "accel: %s:%d:%d: %s: %s\n",
		accel_control_settings_get(c)->path, p.line, p.column, name,
		accel_last_error());
	return ACCEL_ERR_INVALID;
}

accel_status run_sensor_declare(struct run_sensor *s, accel_control *c,
				uint32_t i)
{
	accel_status st;

	s->what = accel_control_sensor_get(c, i);
	st = accel_sensor_describe(s->what->spec, s->readings,
				   ACCEL_READINGS_MAX, &s->n);
	if (st)
		return at_place(c, s->what->place, s->what->name);
	if (s->n > ACCEL_READINGS_MAX)
		s->n = ACCEL_READINGS_MAX;
	for (uint32_t k = 0; k < s->n; k++) {
		const accel_reading *r = &s->readings[k];

		s->input[k] = accel_control_declare(c, s->what->name, r->name,
						    r->unit, r->min, r->max);
		if (s->input[k] < 0)
			return at_place(c, s->what->place, s->what->name);
	}
	return ACCEL_OK;
}

/* One that was opened again may have other quantities than were declared. */
static bool same_readings(const struct run_sensor *s, const accel_reading *r,
			  uint32_t n)
{
	for (uint32_t k = 0; k < s->n && n == s->n; k++)
		if (strcmp(s->readings[k].name, r[k].name) ||
		    strcmp(s->readings[k].unit, r[k].unit))
			return false;
	return n == s->n;
}

/* A queue that fills before the next reading is emptied in between. */
static uint64_t reader_pause(const struct run_sensor *s)
{
	uint64_t most = accel_sensor_interval_ns(s->sensor);

	return most && most < s->what->every_ns ? most : s->what->every_ns;
}

static void *reader(void *arg)
{
	struct run_sensor *s = arg;
	accel_reading r[ACCEL_READINGS_MAX];
	uint64_t next = accel_now_ns();
	accel_status st = ACCEL_OK;
	uint32_t n;

	while (!run_stopped) {
		/* one that is gone may come back */
		if (st == ACCEL_ERR_LOST || !s->sensor) {
			accel_sensor_close(s->sensor);
			s->sensor = accel_sensor_open(s->what->spec);
		}
		if (s->sensor) {
			st = accel_sensor_read(s->sensor, r, ACCEL_READINGS_MAX,
					       &n);
			pthread_mutex_lock(&s->lock);
			if (same_readings(s, r, n))
				memcpy(s->readings, r, s->n * sizeof(*r));
			else /* what there is grows old; and try again */
				st = ACCEL_ERR_LOST;
			pthread_mutex_unlock(&s->lock);
		}
		next += reader_pause(s);
		if (next < accel_now_ns())
			next = accel_now_ns();
		run_wait(next);
	}
	return NULL;
}

accel_status run_sensor_start(struct run_sensor *s, struct journal *j)
{
	accel_status st;

	s->journal = j;
	pthread_mutex_init(&s->lock, NULL);
	for (uint32_t k = 0; k < s->n; k++)
		s->told[k] = ACCEL_QUALITY_GOOD;
	s->sensor = accel_sensor_open(s->what->spec);
	if (!s->sensor) {
		fprintf(stderr, "accel: sensor %s: %s\n", s->what->name,
			accel_last_error());
		return ACCEL_ERR_IO;
	}
	if (accel_sensor_fd(s->sensor) >= 0)
		return ACCEL_OK;
	st = run_thread(&s->thread, reader, s);
	s->threaded = !st;
	return st;
}

int run_sensor_fd(const struct run_sensor *s)
{
	/* a thread's sensor is its own: it closes and opens it as it likes */
	return s->threaded ? -1 : accel_sensor_fd(s->sensor);
}

/* Reads a sensor that announces itself; one that is gone may come back. */
static void read_here(struct run_sensor *s, uint64_t now)
{
	uint32_t n;

	if (!s->sensor && now - s->tried_ns >= s->what->every_ns) {
		s->tried_ns = now;
		s->sensor = accel_sensor_open(s->what->spec);
	}
	if (s->sensor &&
	    accel_sensor_read(s->sensor, s->readings, ACCEL_READINGS_MAX, &n) ==
		    ACCEL_ERR_LOST) {
		accel_sensor_close(s->sensor);
		s->sensor = NULL;
	}
}

void run_sensor_take(struct run_sensor *s, accel_control *c, uint64_t now)
{
	accel_reading r[ACCEL_READINGS_MAX];

	if (!s->threaded)
		read_here(s, now);
	pthread_mutex_lock(&s->lock);
	memcpy(r, s->readings, s->n * sizeof(*r));
	pthread_mutex_unlock(&s->lock);
	for (uint32_t k = 0; k < s->n; k++) {
		/* the control knows max_age itself; this is for the journal */
		accel_reading_expire(&r[k], now, s->what->max_age_ns);
		accel_control_set(c, s->input[k], r[k].value, r[k].time_ns);
		if (r[k].quality == s->told[k] ||
		    !strcmp(r[k].note, "not measured yet"))
			continue;
		s->told[k] = r[k].quality;
		journal_say(s->journal, "sensor %s: %s is %s%s%s",
			    s->what->name, r[k].name,
			    accel_quality_name(r[k].quality),
			    r[k].note[0] ? ": " : "", r[k].note);
	}
}

void run_sensor_stop(struct run_sensor *s)
{
	if (s->threaded)
		pthread_join(s->thread, NULL);
	accel_sensor_close(s->sensor);
}
