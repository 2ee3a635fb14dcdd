// SPDX-License-Identifier: MIT
/* Sensors on lines of ours: the module's edges, and the decoders. */
#include "sensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../gpio.h"

#define MS 1000000ull
#define EDGES_MAX 512

/* Reads what is queued, up to `max`; what else is there is thrown away. */
static accel_status drain(accel_lines *l, accel_edge *edges, uint32_t max,
			  uint32_t *n)
{
	accel_edge more[64];
	accel_status s;
	uint32_t got;

	*n = 0;
	while (!(s = accel_lines_read(l, more, 64, 0, &got))) {
		if (got > max - *n)
			got = max - *n;
		memcpy(edges + *n, more, got * sizeof(*edges));
		*n += got;
	}
	return s == ACCEL_ERR_TIMEOUT ? ACCEL_OK : s;
}

/* The next edges that wait; false when there are none, with the failure that
 * is more than that in *st. */
static bool more_edges(accel_sensor *s, accel_edge edges[64], uint32_t *n,
		       accel_status *st)
{
	/* less than asked for was the last of them */
	if (*n < 64)
		return false;
	*st = accel_lines_read(s->lines, edges, 64, 0, n);
	if (*st == ACCEL_ERR_TIMEOUT)
		*st = ACCEL_OK;
	return *n > 0;
}

static accel_status take_lines(accel_sensor *s, const struct sensor_args *a,
			       accel_lines_config c)
{
	char names[SENSOR_TEXT];
	size_t n = 0;

	for (uint32_t i = 0; i < a->num_where; i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
				      i ? "," : "", a->where[i]);
	c.names = names;
	c.consumer = s->kind->name;
	s->lines = accel_lines_request_with(&c);
	if (s->lines)
		return ACCEL_OK;
	/* the text is set; the status is for accel_sensor_open() to drop */
	return ACCEL_ERR_IO;
}

/* ---- DHT11, DHT22 --------------------------------------------------------- */

static accel_status dht_describe(accel_sensor *s, const struct sensor_args *a)
{
	const struct dht_limits *l;

	(void)a;
	s->model = strcmp(s->kind->name, "dht11") ? DHT22 : DHT11;
	s->rest_ns = s->model == DHT22 ? 2000 * MS : 1000 * MS;
	l = &dht_limits[s->model];
	sensor_add(s, "temperature", "°C", l->temperature_min,
		   l->temperature_max);
	sensor_add(s, "humidity", "%", l->humidity_min, l->humidity_max);
	return ACCEL_OK;
}

static accel_status dht_open(accel_sensor *s, const struct sensor_args *a)
{
	return take_lines(s, a,
			  (accel_lines_config){ .pull_up = 1,
						.event_buffer = EDGES_MAX });
}

static accel_status dht_read(accel_sensor *s)
{
	/* the host's low; the sensor then sends for 5 ms at most */
	uint64_t low_ns = s->model == DHT22 ? 1200000 : 20 * MS, released;
	accel_lines_config low = { .outputs = 1, .pull_up = 1 };
	accel_lines_config listen = { .pull_up = 1, .rising = 1, .falling = 1 };
	accel_edge edges[EDGES_MAX];
	uint32_t n, first = 0;
	struct dht_values v;
	accel_status st;

	st = accel_lines_reconfigure(s->lines, &low);
	if (st)
		return st;
	sensor_sleep(low_ns);
	released = accel_now_ns();
	st = accel_lines_reconfigure(s->lines, &listen);
	if (st)
		return st;
	sensor_sleep(8 * MS);
	st = drain(s->lines, edges, EDGES_MAX, &n);
	/* what still waits from before is no answer */
	while (first < n && edges[first].time_ns < released)
		first++;
	if (!st)
		st = dht_decode(s->model, edges + first, n - first, &v);
	if (st)
		return st;
	sensor_value(s, 0, v.temperature, edges[n - 1].time_ns);
	sensor_value(s, 1, v.humidity, edges[n - 1].time_ns);
	return ACCEL_OK;
}

/* ---- HC-SR04 -------------------------------------------------------------- */

static accel_status echo_describe(accel_sensor *s, const struct sensor_args *a)
{
	accel_status st = sensor_option(s, a, "temperature", -40, 80, 20,
					&s->temperature);

	if (st)
		return st;
	s->rest_ns = 60 * MS; /* until the last echo has died away */
	sensor_add(s, "distance", "cm", ECHO_MIN_CM, ECHO_MAX_CM);
	return ACCEL_OK;
}

static accel_status echo_open(accel_sensor *s, const struct sensor_args *a)
{
	return take_lines(s, a,
			  (accel_lines_config){
				  .outputs = 1, .rising = 2, .falling = 2 });
}

static accel_status echo_read(accel_sensor *s)
{
	accel_edge edges[EDGES_MAX];
	uint64_t until, bits;
	accel_status st;
	uint32_t n, got;
	double cm;

	st = drain(s->lines, edges, EDGES_MAX, &n);
	if (!st)
		st = accel_lines_get(s->lines, 2, &bits);
	if (!st && bits)
		return s->high ? accel_error(ACCEL_ERR_TIMEOUT,
					     "HC-SR04: nothing within %g cm "
					     "(the last echo has not ended)",
					     ECHO_MAX_CM)
			       : accel_error(ACCEL_ERR_FORMAT,
					     "HC-SR04: the echo line is high "
					     "before the trigger");
	if (!st)
		st = accel_lines_set(s->lines, 1, 1);
	if (st)
		return st;
	for (until = accel_now_ns() + 12000; accel_now_ns() < until;)
		;
	st = accel_lines_set(s->lines, 1, 0);
	until = accel_now_ns() + 60 * MS;
	for (n = 0; !st && n < 2; n += got) {
		uint64_t now = accel_now_ns();

		st = accel_lines_read(s->lines, edges + n, 2,
				      now < until ? until - now : 0, &got);
	}
	if (st && st != ACCEL_ERR_TIMEOUT)
		return st;
	s->high = n == 1 && edges[0].level;
	st = echo_decode(edges, n, s->temperature, &cm);
	if (!st)
		sensor_value(s, 0, cm, edges[0].time_ns);
	return st;
}

/* ---- pulses --------------------------------------------------------------- */

/* The queue of a read each PULSE_INTERVAL_NS holds 65 kHz. */
#define PULSE_QUEUE 16384
#define PULSE_INTERVAL_NS (250 * MS)

static accel_status pulse_config(accel_sensor *s, const struct sensor_args *a,
				 accel_lines_config *c)
{
	const char *pull = sensor_option_text(a, "pull");
	accel_status st;
	double ms;

	*c = (accel_lines_config){ .rising = 1, .event_buffer = PULSE_QUEUE };
	st = sensor_option(s, a, "debounce", 0, 1000, 0, &ms);
	if (st)
		return st;
	c->debounced = ms >= 0.001;
	c->debounce_us = (uint32_t)(ms * 1000);
	if (!pull)
		return ACCEL_OK;
	c->pull_up = !strcmp(pull, "up");
	c->pull_down = !strcmp(pull, "down");
	c->pull_none = !strcmp(pull, "none");
	if (c->pull_up | c->pull_down | c->pull_none)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_INVALID,
			   "sensor '%s': pull=%s is not up, down or none",
			   s->spec, pull);
}

static accel_status pulse_describe(accel_sensor *s, const struct sensor_args *a)
{
	const char *unit = sensor_option_text(a, "unit");
	char rate[12];
	double window;
	accel_lines_config c;
	accel_status st;

	st = pulse_config(s, a, &c);
	if (!st)
		st = sensor_option(s, a, "window", 0.01, 3600, 1, &window);
	if (!st)
		st = sensor_option(s, a, "per", 1e-6, 1e9, 1, &s->per);
	if (st)
		return st;
	s->window_ns = (uint64_t)(window * 1e9);
	s->start_ns = s->opened_ns;
	snprintf(rate, sizeof(rate), "%.8s/s", unit ? unit : "");
	sensor_add(s, "frequency", "Hz", 0, 1e6);
	sensor_add(s, "rate", unit ? rate : "Hz", 0, INFINITY);
	sensor_add(s, "total", unit ? unit : "", 0, INFINITY);
	return ACCEL_OK;
}

static accel_status pulse_open(accel_sensor *s, const struct sensor_args *a)
{
	accel_lines_config c;
	accel_status st = pulse_config(s, a, &c);

	return st ? st : take_lines(s, a, c);
}

static accel_status pulse_read(accel_sensor *s)
{
	static const char still[] =
		"no pulses: at a standstill, or not connected";
	accel_edge edges[64];
	uint64_t now = accel_now_ns();
	accel_status st = ACCEL_OK;
	uint32_t n = 64;

	if (!s->rated && now < s->start_ns + s->window_ns)
		sensor_sleep(s->start_ns + s->window_ns - now);
	while (more_edges(s, edges, &n, &st))
		pulse_feed(&s->pulse, edges, n);
	if (st)
		return st;
	now = accel_now_ns();
	if (now >= s->start_ns + s->window_ns) {
		s->hz = pulse_rate(&s->pulse);
		s->rated = true;
		s->start_ns = now;
	}
	sensor_value(s, 0, s->hz, s->start_ns);
	sensor_value(s, 1, s->hz / s->per, s->start_ns);
	sensor_value(s, 2, (double)s->pulse.count / s->per, now);
	for (uint32_t i = 0; i < 2; i++)
		if (s->hz <= 0)
			sensor_doubt(s, i, still);
	return ACCEL_OK;
}

/* ---- encoder, button, PIR ------------------------------------------------- */

static accel_status encoder_describe(accel_sensor *s,
				     const struct sensor_args *a)
{
	(void)a;
	sensor_add(s, "position", "steps", -INFINITY, INFINITY);
	return ACCEL_OK;
}

static accel_status encoder_open(accel_sensor *s, const struct sensor_args *a)
{
	uint64_t bits;
	accel_status st;

	st = take_lines(s, a,
			(accel_lines_config){ .pull_up = 3,
					      .rising = 3,
					      .falling = 3,
					      .event_buffer = 1024 });
	if (!st)
		st = accel_lines_get(s->lines, 3, &bits);
	if (!st)
		s->encoder.state = (uint8_t)((bits & 1) << 1 | bits >> 1);
	return st;
}

static accel_status encoder_read(accel_sensor *s)
{
	uint64_t errors = s->encoder.errors;
	accel_edge edges[64];
	accel_status st = ACCEL_OK;
	uint32_t n = 64;

	while (more_edges(s, edges, &n, &st))
		encoder_feed(&s->encoder, edges, n);
	if (st)
		return st;
	sensor_value(s, 0, (double)s->encoder.steps, s->measured_ns);
	if (s->encoder.errors > errors)
		sensor_doubt(s, 0, "steps were lost: bouncing, or too fast");
	return ACCEL_OK;
}

static accel_status button_describe(accel_sensor *s,
				    const struct sensor_args *a)
{
	double ms;

	sensor_add(s, "pressed", "", 0, 1);
	sensor_add(s, "presses", "", 0, INFINITY);
	return sensor_option(s, a, "debounce", 0, 1000, 5, &ms);
}

static accel_status button_open(accel_sensor *s, const struct sensor_args *a)
{
	accel_status st;
	uint64_t bits;
	double ms;

	sensor_option(s, a, "debounce", 0, 1000, 5, &ms);
	st = take_lines(s, a,
			(accel_lines_config){ .active_low = 1,
					      .pull_up = 1,
					      .rising = 1,
					      .falling = 1,
					      .debounced = ms >= 0.001,
					      .debounce_us =
						      (uint32_t)(ms * 1000) });
	if (!st)
		st = accel_lines_get(s->lines, 1, &bits);
	if (!st)
		s->button.pressed = bits;
	return st;
}

static accel_status button_read(accel_sensor *s)
{
	accel_edge edges[64];
	accel_status st = ACCEL_OK;
	uint32_t n = 64, lost = 0;

	while (more_edges(s, edges, &n, &st)) {
		button_feed(&s->button, edges, n, 0, s->measured_ns);
		for (uint32_t i = 0; i < n; i++)
			lost += edges[i].lost;
	}
	if (st)
		return st;
	sensor_value(s, 0, s->button.pressed, s->measured_ns);
	sensor_value(s, 1, s->button.presses, s->measured_ns);
	if (lost)
		sensor_doubt(s, 1, "edges were lost: there were more presses");
	return ACCEL_OK;
}

#define PIR_WARM_NS (30000 * MS)

static accel_status pir_describe(accel_sensor *s, const struct sensor_args *a)
{
	(void)a;
	sensor_add(s, "motion", "", 0, 1);
	sensor_add(s, "motions", "", 0, INFINITY);
	return ACCEL_OK;
}

static accel_status pir_open(accel_sensor *s, const struct sensor_args *a)
{
	return take_lines(s, a, (accel_lines_config){ .rising = 1 });
}

static accel_status pir_read(accel_sensor *s)
{
	accel_edge edges[64];
	uint64_t bits = 0;
	accel_status st = ACCEL_OK;
	uint32_t n = 64;

	/* a motion between two readings counts for the second one */
	while (more_edges(s, edges, &n, &st)) {
		for (uint32_t i = 0; i < n; i++)
			s->motions += 1 + edges[i].lost;
		bits = 1;
	}
	if (st)
		return st;
	if (!bits) {
		st = accel_lines_get(s->lines, 1, &bits);
		if (st)
			return st;
	}
	sensor_value(s, 0, (double)bits, s->measured_ns);
	sensor_value(s, 1, s->motions, s->measured_ns);
	if (s->measured_ns - s->opened_ns < PIR_WARM_NS)
		sensor_doubt(s, 0, "may still be warming up (30 s)");
	return ACCEL_OK;
}

const struct sensor_kind sensor_line_kinds[] = {
	{ "dht11", "LINE", 1, 1, "", dht_describe, dht_open, dht_read, false,
	  0 },
	{ "dht22", "LINE", 1, 1, "", dht_describe, dht_open, dht_read, false,
	  0 },
	{ "am2302", "LINE", 1, 1, "", dht_describe, dht_open, dht_read, false,
	  0 },
	{ "hcsr04", "TRIGGER,ECHO[,temperature=CELSIUS]", 2, 2, "|temperature|",
	  echo_describe, echo_open, echo_read, false, 0 },
	{ "pulse",
	  "LINE[,window=SECONDS][,per=PULSES][,unit=UNIT]"
	  "[,debounce=MILLISECONDS][,pull=up|down|none]",
	  1, 1, "|window|per|unit|debounce|pull|", pulse_describe, pulse_open,
	  pulse_read, false, PULSE_INTERVAL_NS },
	{ "encoder", "A,B", 2, 2, "", encoder_describe, encoder_open,
	  encoder_read, true, 0 },
	{ "button", "LINE[,debounce=MILLISECONDS]", 1, 1, "|debounce|",
	  button_describe, button_open, button_read, true, 0 },
	{ "pir", "LINE", 1, 1, "", pir_describe, pir_open, pir_read, true, 0 },
};

const uint32_t sensor_num_line_kinds =
	sizeof(sensor_line_kinds) / sizeof(sensor_line_kinds[0]);
