// SPDX-License-Identifier: MIT
/* What all sensors have in common: their specs, values, age and quality. */
#include "sensor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/number.h"
#include "../gpio.h"

const char *accel_quality_name(accel_quality quality)
{
	static const char *const names[] = { "good", "suspect", "stale",
					     "dead" };

	return (unsigned int)quality < 4 ? names[quality] : "unknown";
}

uint64_t accel_reading_age_ns(const accel_reading *r, uint64_t now_ns)
{
	if (!r || !r->time_ns)
		return UINT64_MAX;
	return now_ns > r->time_ns ? now_ns - r->time_ns : 0;
}

void accel_reading_expire(accel_reading *r, uint64_t now_ns,
			  uint64_t max_age_ns)
{
	uint64_t age = accel_reading_age_ns(r, now_ns);

	if (!r || r->quality >= ACCEL_QUALITY_STALE || age <= max_age_ns)
		return;
	r->value = NAN;
	r->quality = ACCEL_QUALITY_STALE;
	snprintf(r->note, sizeof(r->note), "%.1f s old, at most %.1f s wanted",
		 (double)age / 1e9, (double)max_age_ns / 1e9);
}

void sensor_sleep(uint64_t ns)
{
	uint64_t until = accel_now_ns() + ns;
	struct timespec t = { .tv_sec = (time_t)(until / 1000000000u),
			      .tv_nsec = (long)(until % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

/* ---- for the kinds -------------------------------------------------------- */

void sensor_add(accel_sensor *s, const char *name, const char *unit, double min,
		double max)
{
	accel_reading *r = &s->readings[s->count];

	if (s->count == ACCEL_READINGS_MAX)
		return;
	s->count++;
	*r = (accel_reading){ .value = NAN,
			      .min = min,
			      .max = max,
			      .quality = ACCEL_QUALITY_DEAD };
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->unit, sizeof(r->unit), "%s", unit);
	snprintf(r->note, sizeof(r->note), "not measured yet");
}

void sensor_value(accel_sensor *s, uint32_t i, double value, uint64_t time_ns)
{
	accel_reading *r = &s->readings[i];
	char note[sizeof(r->note)];

	if (!(value >= r->min && value <= r->max)) {
		snprintf(note, sizeof(note), "%g %s is beyond %g to %g", value,
			 r->unit, r->min, r->max);
		sensor_dead(s, i, note);
		return;
	}
	r->value = value;
	r->time_ns = time_ns;
	r->quality = ACCEL_QUALITY_GOOD;
	r->note[0] = 0;
}

void sensor_doubt(accel_sensor *s, uint32_t i, const char *note)
{
	accel_reading *r = &s->readings[i];

	if (r->quality != ACCEL_QUALITY_GOOD)
		return;
	r->quality = ACCEL_QUALITY_SUSPECT;
	snprintf(r->note, sizeof(r->note), "%s", note);
}

void sensor_dead(accel_sensor *s, uint32_t i, const char *note)
{
	accel_reading *r = &s->readings[i];

	r->value = NAN;
	r->quality = ACCEL_QUALITY_DEAD;
	snprintf(r->note, sizeof(r->note), "%.95s", note);
}

const char *sensor_option_text(const struct sensor_args *a, const char *key)
{
	for (uint32_t i = 0; i < a->num_options; i++)
		if (!strcmp(a->key[i], key))
			return a->value[i];
	return NULL;
}

accel_status sensor_option(const accel_sensor *s, const struct sensor_args *a,
			   const char *key, double min, double max,
			   double missing, double *value)
{
	const char *text = sensor_option_text(a, key);
	char *end;

	*value = missing;
	if (!text)
		return ACCEL_OK;
	*value = number_read(text, &end);
	if (end == text || *end || !(*value >= min && *value <= max))
		return accel_error(ACCEL_ERR_INVALID,
				   "sensor '%s': %s=%s is not a number from "
				   "%g to %g",
				   s->spec, key, text, min, max);
	return ACCEL_OK;
}

/* ---- specs ---------------------------------------------------------------- */

static const struct sensor_kind *kind_of(const char *spec, size_t len)
{
	const struct sensor_kind *k = sensor_line_kinds;
	uint32_t n = sensor_num_line_kinds;

	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < n; i++)
			if (strlen(k[i].name) == len &&
			    !strncmp(k[i].name, spec, len))
				return &k[i];
		k = sensor_kernel_kinds;
		n = sensor_num_kernel_kinds;
	}
	return NULL;
}

static accel_status unknown_kind(const char *spec)
{
	char known[SENSOR_TEXT];
	size_t n = 0;

	for (uint32_t i = 0; i < sensor_num_line_kinds; i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s, ",
				      sensor_line_kinds[i].name);
	for (uint32_t i = 0; i < sensor_num_kernel_kinds; i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "",
				      sensor_kernel_kinds[i].name);
	return accel_error(ACCEL_ERR_INVALID,
			   "sensor '%s': a sensor is KIND:WHERE, and the kinds "
			   "are %s",
			   spec, known);
}

static accel_status parse_args(accel_sensor *s, const char *text,
			       struct sensor_args *a)
{
	const struct sensor_kind *k = s->kind;
	char key[SENSOR_TEXT + 2], *p, *save, *eq;

	memset(a, 0, sizeof(*a));
	snprintf(a->text, sizeof(a->text), "%s", text);
	for (p = strtok_r(a->text, ",", &save); p;
	     p = strtok_r(NULL, ",", &save)) {
		eq = strchr(p, '=');
		if (!eq && a->num_where < k->where_max) {
			a->where[a->num_where++] = p;
			continue;
		}
		if (eq)
			*eq = 0;
		snprintf(key, sizeof(key), "|%s|", p);
		if (!eq || a->num_options == SENSOR_OPTIONS ||
		    !strstr(k->options, key))
			return accel_error(ACCEL_ERR_INVALID,
					   "sensor '%s': '%s' is one too many; "
					   "it is %s:%s",
					   s->spec, p, k->name, k->usage);
		a->key[a->num_options] = p;
		a->value[a->num_options++] = eq + 1;
	}
	if (a->num_where < k->where_min)
		return accel_error(ACCEL_ERR_INVALID,
				   "sensor '%s': it is %s:%s", s->spec, k->name,
				   k->usage);
	return ACCEL_OK;
}

static accel_status describe_spec(accel_sensor *s, const char *spec,
				  struct sensor_args *args)
{
	size_t len = strcspn(spec, ":");
	accel_status st;

	if (strlen(spec) >= sizeof(s->spec))
		return accel_error(ACCEL_ERR_INVALID,
				   "a sensor's spec of %zu characters",
				   strlen(spec));
	snprintf(s->spec, sizeof(s->spec), "%s", spec);
	s->kind = kind_of(spec, len);
	if (!s->kind || !spec[len])
		return unknown_kind(spec);
	st = parse_args(s, spec + len + 1, args);
	s->opened_ns = accel_now_ns();
	return st ? st : s->kind->describe(s, args);
}

static accel_status open_spec(accel_sensor *s, const char *spec)
{
	struct sensor_args args;
	accel_status st = describe_spec(s, spec, &args);

	return st || !s->kind->open ? st : s->kind->open(s, &args);
}

accel_sensor *accel_sensor_open(const char *spec)
{
	accel_sensor *s;

	if (!spec)
		return accel_error_null(ACCEL_ERR_INVALID, "sensor: no spec");
	s = mem_zalloc(sizeof(*s));
	if (s && open_spec(s, spec)) {
		accel_sensor_close(s);
		return NULL;
	}
	return s;
}

accel_status accel_sensor_describe(const char *spec, accel_reading *readings,
				   uint32_t max, uint32_t *count)
{
	struct sensor_args args;
	accel_sensor *s;
	accel_status st;

	if (!spec || !count || (max && !readings))
		return accel_error(ACCEL_ERR_INVALID,
				   "sensor: no spec, or no place for its "
				   "readings");
	*count = 0;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return ACCEL_ERR_NOMEM;
	st = describe_spec(s, spec, &args);
	if (!st)
		*count = s->count;
	for (uint32_t i = 0; i < *count && i < max; i++)
		readings[i] = s->readings[i];
	accel_sensor_close(s);
	return st;
}

accel_status accel_sensor_pins(const char *spec, accel_pin *pins, uint32_t max,
			       uint32_t *count)
{
	struct sensor_args args;
	accel_sensor *s;
	accel_status st;

	if (!spec || !count || (max && !pins))
		return accel_error(ACCEL_ERR_INVALID,
				   "sensor: no spec, or no place for its pins");
	*count = 0;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return ACCEL_ERR_NOMEM;
	st = describe_spec(s, spec, &args);
	for (uint32_t i = 0; !st && s->kind->open && i < args.num_where; i++) {
		accel_pin pin;

		st = accel_pin_find(args.where[i], &pin);
		if (!st && *count < max)
			pins[*count] = pin;
		*count += !st;
	}
	accel_sensor_close(s);
	return st;
}

void accel_sensor_close(accel_sensor *s)
{
	if (!s)
		return;
	accel_lines_release(s->lines);
	mem_free(s->channels);
	mem_free(s);
}

const char *accel_sensor_spec(const accel_sensor *s)
{
	return s ? s->spec : "";
}

uint64_t accel_sensor_interval_ns(const accel_sensor *s)
{
	return s ? s->kind->interval_ns : 0;
}

int accel_sensor_fd(const accel_sensor *s)
{
	return s && s->kind->announces ? accel_lines_fd(s->lines) : -1;
}

/* ---- measuring ------------------------------------------------------------ */

static void measure(accel_sensor *s)
{
	s->measured_ns = accel_now_ns();
	s->status = s->kind->read(s);
	if (!s->status)
		return;
	snprintf(s->error, sizeof(s->error), "%.255s", accel_last_error());
	for (uint32_t i = 0; i < s->count; i++)
		sensor_dead(s, i, s->error);
}

/* May it measure again? One that asks every 2 s is early by a little each
 * second time: that is waited for. */
static bool rested(const accel_sensor *s)
{
	uint64_t ready = s->measured_ns + s->rest_ns, now;

	if (!s->measured_ns || !s->rest_ns)
		return true;
	now = accel_now_ns();
	if (now >= ready)
		return true;
	if (ready - now > s->rest_ns / 20)
		return false;
	sensor_sleep(ready - now);
	return true;
}

accel_status accel_sensor_read(accel_sensor *s, accel_reading *readings,
			       uint32_t max, uint32_t *count)
{
	if (!s || !count || (max && !readings))
		return accel_error(
			ACCEL_ERR_INVALID,
			"sensor: none, or no place for its readings");
	if (rested(s))
		measure(s);
	*count = s->count;
	for (uint32_t i = 0; i < s->count && i < max; i++)
		readings[i] = s->readings[i];
	return s->status ? accel_error(s->status, "%s", s->error) : ACCEL_OK;
}
