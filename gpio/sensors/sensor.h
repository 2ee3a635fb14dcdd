/* SPDX-License-Identifier: MIT */
/* The table of sensors: what each kind has beside its name. */
#ifndef ACCEL_SENSORS_SENSOR_H
#define ACCEL_SENSORS_SENSOR_H

#include <accel/sensor.h>

#include "decode.h"

#define SENSOR_TEXT 256
#define SENSOR_OPTIONS 6 /* of one sensor */

/* "KIND:WHERE[,OPTION=VALUE]...", cut at its commas. */
struct sensor_args {
	char text[SENSOR_TEXT];
	char *where[4]; /* what has no '=' */
	uint32_t num_where;
	char *key[SENSOR_OPTIONS], *value[SENSOR_OPTIONS];
	uint32_t num_options;
};

struct sensor_kind {
	const char *name; /* before the colon */
	const char *usage; /* behind it */
	uint32_t where_min, where_max;
	const char *options; /* known keys, "|a|b|" */
	/* Adds its readings; touches nothing that must be wired. */
	accel_status (*describe)(accel_sensor *s, const struct sensor_args *a);
	/* Takes its lines; NULL: it has none. After describe. */
	accel_status (*open)(accel_sensor *s, const struct sensor_args *a);
	/* Fills s->readings by sensor_value() and sensor_doubt(). */
	accel_status (*read)(accel_sensor *s);
	bool announces; /* read never waits, and edges say when to */
	uint64_t interval_ns; /* reads further apart lose edges; 0: any */
};

/* How the kernel's driver offers a quantity. */
struct channel {
	char path[256]; /* of the value */
	char fault[256]; /* of a file that says 1 when it is broken, or "" */
	double scale, offset; /* value = (raw + offset) * scale */
};

struct accel_sensor {
	const struct sensor_kind *kind;
	char spec[SENSOR_TEXT];
	accel_reading readings[ACCEL_READINGS_MAX];
	uint32_t count;
	uint64_t rest_ns; /* between two measurements */
	uint64_t measured_ns; /* the last try */
	accel_status status; /* its result */
	char error[SENSOR_TEXT];
	accel_lines *lines;
	struct channel *channels; /* one a reading */
	uint64_t opened_ns;
	union {
		enum dht_model model;
		struct { /* hcsr04 */
			double temperature;
			bool high; /* the last echo had not ended */
		};
		struct encoder encoder;
		struct button button;
		uint32_t motions; /* pir */
		struct {
			struct pulse pulse;
			uint64_t window_ns, start_ns;
			double hz, per;
			bool rated;
		};
	};
};

extern const struct sensor_kind sensor_line_kinds[], sensor_kernel_kinds[];
extern const uint32_t sensor_num_line_kinds, sensor_num_kernel_kinds;

/* Adds a quantity to a sensor that is being opened. */
void sensor_add(accel_sensor *s, const char *name, const char *unit, double min,
		double max);

/* A measured value; beyond the range it is dead. */
void sensor_value(accel_sensor *s, uint32_t i, double value, uint64_t time_ns);

/* The value is there, but ... */
void sensor_doubt(accel_sensor *s, uint32_t i, const char *note);

/* There is no value, because ... */
void sensor_dead(accel_sensor *s, uint32_t i, const char *note);

/* An option's number; `missing` where it is not given. ERR_INVALID. */
accel_status sensor_option(const accel_sensor *s, const struct sensor_args *a,
			   const char *key, double min, double max,
			   double missing, double *value);

/* Signals do not shorten it. */
void sensor_sleep(uint64_t ns);

/* An option's text, or NULL. */
const char *sensor_option_text(const struct sensor_args *a, const char *key);

#endif /* ACCEL_SENSORS_SENSOR_H */
