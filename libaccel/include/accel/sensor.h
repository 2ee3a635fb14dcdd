/* SPDX-License-Identifier: MIT */
/*
 * Sensors, with units, ranges, age and quality.
 *
 *	accel_sensor *s = accel_sensor_open("dht22:GPIO4");
 *	accel_reading r[ACCEL_READINGS_MAX];
 *	uint32_t n;
 *
 *	if (!accel_sensor_read(s, r, ACCEL_READINGS_MAX, &n))
 *		printf("%s %.1f %s\n", r[0].name, r[0].value, r[0].unit);
 *
 * A sensor that does not answer has no value: NAN, never the last number and
 * never a zero. docs/sensors.md has every kind with its wiring and overlay.
 */
#ifndef ACCEL_SENSOR_H
#define ACCEL_SENSOR_H

#include <accel/lines.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ACCEL_READINGS_MAX 32 /* quantities that one sensor can have */

typedef enum accel_quality {
	ACCEL_QUALITY_GOOD,
	ACCEL_QUALITY_SUSPECT, /* a value, but the note says why to doubt it */
	ACCEL_QUALITY_STALE, /* too old: no value any more */
	ACCEL_QUALITY_DEAD, /* no answer, or nonsense: no value */
} accel_quality;

/* "good", "suspect", "stale", "dead". Static. */
ACCEL_API const char *accel_quality_name(accel_quality quality);

typedef struct accel_reading {
	char name[32]; /* "temperature" */
	char unit[12]; /* "°C", "%", "cm", "Hz", ...; "" for a bare number */
	double value; /* NAN unless good or suspect */
	double min, max; /* what the sensor can measure */
	uint64_t time_ns; /* CLOCK_MONOTONIC of the measurement; 0: never */
	accel_quality quality;
	char note[96]; /* why it is not good, else "" */
} accel_reading;

/* Nanoseconds since the measurement; UINT64_MAX when there was none. */
ACCEL_API uint64_t accel_reading_age_ns(const accel_reading *reading,
					uint64_t now_ns);

/* Takes the value away, and makes it stale, when it is older than that. */
ACCEL_API void accel_reading_expire(accel_reading *reading, uint64_t now_ns,
				    uint64_t max_age_ns);

typedef struct accel_sensor accel_sensor;

/*
 * Opens a sensor by KIND:WHERE[,OPTION=VALUE]...
 *
 *	dht11:LINE  dht22:LINE  am2302:LINE
 *	hcsr04:TRIGGER,ECHO[,temperature=°C]
 *	pulse:LINE[,window=S][,per=PULSES][,unit=UNIT][,debounce=MS][,pull=up]
 *	encoder:A,B  button:LINE[,debounce=MS]  pir:LINE
 *	iio:DEVICE  ds18b20:ID  hwmon:CHIP  thermal:ZONE
 *
 * The kernel's sensors (the last line) are named as accel_sensor_list() names
 * them; nothing is claimed. The others take their lines until closed. A button
 * or contact that closes to ground: active-low and pull-up are set by the kind.
 *
 * Returns NULL on failure: ERR_INVALID: the text says what a spec looks like.
 * Else as accel_lines_request(). One sensor is for one thread at a time.
 */
ACCEL_API accel_sensor *accel_sensor_open(const char *spec);

/*
 * What a sensor would read: names, units and ranges, without opening it. No
 * line is claimed; a sensor of a kernel driver must be there.
 *
 * Errors as accel_sensor_open(), without those of lines.
 */
ACCEL_API accel_status accel_sensor_describe(const char *spec,
					     accel_reading *readings,
					     uint32_t max, uint32_t *count);

/*
 * The lines that a sensor would take, without taking them: none for those of
 * kernel drivers.
 *
 * `pins` receives up to `max`, `count` how many there are. Errors as
 * accel_sensor_describe() and accel_pin_find().
 */
ACCEL_API accel_status accel_sensor_pins(const char *spec, accel_pin *pins,
					 uint32_t max, uint32_t *count);

/* NULL is allowed. */
ACCEL_API void accel_sensor_close(accel_sensor *sensor);

/* What it was opened as. Owned by the sensor. */
ACCEL_API const char *accel_sensor_spec(const accel_sensor *sensor);

/*
 * Measures. Blocks as long as the sensor takes: dht 30 ms, hcsr04 60 ms,
 * pulse its window, ds18b20 750 ms. A sensor that must rest between
 * measurements (dht 2 s) gives the last one again, with its time.
 *
 * @readings: receives up to `max`; names and units even when it fails, with
 *   quality dead, no value, and the reason as note.
 *
 * ERR_IO, ERR_FORMAT, ERR_TIMEOUT, ERR_LOST: the text says what was wrong.
 */
ACCEL_API accel_status accel_sensor_read(accel_sensor *sensor,
					 accel_reading *readings, uint32_t max,
					 uint32_t *count);

/*
 * The longest time in nanoseconds from one read to the next in which a fast
 * sensor's queue does not fill (pulse: 250 ms holds 65 kHz); 0: any time will do.
 * A reading in between costs little: it only takes what is queued. Pulses that a
 * full queue drops are counted all the same, as long as it is read at all.
 */
ACCEL_API uint64_t accel_sensor_interval_ns(const accel_sensor *sensor);

/*
 * For poll(): POLLIN when a reading may have changed. Only sensors that are
 * read without waiting and announce themselves by edges have one (button, pir,
 * encoder); -1 for the others. Owned by the sensor.
 */
ACCEL_API int accel_sensor_fd(const accel_sensor *sensor);

typedef struct accel_sensor_info {
	char spec[96]; /* for accel_sensor_open() */
	char text[96]; /* what it measures */
} accel_sensor_info;

/*
 * Lists the sensors that kernel drivers offer. Those on lines cannot be found:
 * nobody but the user knows what is wired.
 *
 * `list` receives up to `max`, `count` how many there are.
 */
ACCEL_API accel_status accel_sensor_list(accel_sensor_info *list, uint32_t max,
					 uint32_t *count);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_SENSOR_H */
