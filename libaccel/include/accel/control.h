/* SPDX-License-Identifier: MIT */
/*
 * Rules: what outputs should do, from what sensors say. A file in YAML:
 *
 *	every: 200 ms				# the loop's period
 *	sensors:
 *	  room: {spec: "dht22:GPIO4", max_age: 10 s}
 *	  door: button:GPIO27			# short for {spec: ...}
 *	values:
 *	  warm: mean(temperature, 5 min)
 *	models:
 *	  occupied: {file: room.safetensors, class: "1",
 *	             inputs: {Temperature: temperature, Humidity: humidity}}
 *	outputs:
 *	  fan: {line: GPIO23, safe: off, deadline: 1 s, min_off: 30 s}
 *	rules:
 *	- when: warm > 30 °C with hysteresis 2 °C for 10 s
 *	  then: fan on
 *	- when: occupied > 0.8 and on weekdays between 08:00 and 18:00
 *	  until: occupied < 0.2
 *	  then: fan on for 10 min
 *
 * docs/control.md has the language. Every number carries its unit, and units
 * are checked before anything runs.
 *
 * For each output, the first rule in the file that holds decides; where none
 * does, the output rests (off, unless `rest: on`). A rule whose answer is
 * unknown, because a sensor is dead or too old, decides its outputs' safe state.
 *
 * This is the language and the engine alone: no hardware, no clock, no thread
 * of its own. The same inputs at the same times give the same outputs.
 *
 *	c = accel_control_load("control.yaml");
 *	for each sensor: accel_control_declare(c, "room", "temperature", ...);
 *	accel_control_compile(c);
 *	each period:
 *		accel_control_set(c, input, value, measured_ns);
 *		accel_control_update(c, now_ns, wall_s);
 *		for each model: accel_control_model_set(c, m, result, now_ns);
 *		accel_control_decide(c);
 *		accel_control_output_state(c, i)...
 *
 * Messages name the place: "control.yaml:12:9: ...", line and column (in
 * characters) from 1.
 */
#ifndef ACCEL_CONTROL_H
#define ACCEL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct accel_control accel_control;

/* A place in the file. */
typedef struct accel_control_place {
	int line, column;
} accel_control_place;

/* ---- what the file says: owned by the control, 0 to count - 1 ---- */

typedef struct accel_control_settings {
	const char *path;
	uint64_t every_ns; /* period of the loop; 200 ms unless said */
	const char *history; /* file, or NULL */
	accel_control_place history_place;
	uint32_t sensors, models, outputs, rules;
} accel_control_settings;

typedef struct accel_control_sensor {
	const char *name;
	const char *spec; /* for accel_sensor_open() */
	uint64_t every_ns; /* between measurements; the loop's unless said */
	uint64_t max_age_ns; /* older values are unknown; unless said 5 times
			      * every_ns, at least 10 s */
	accel_control_place place;
} accel_control_sensor;

typedef struct accel_control_model {
	const char *name;
	const char *file;
	const char *output_class; /* whose probability is the value; NULL: the
				   * last class, or the number of a regression */
	const char *unit; /* of a regression's number; "" for a probability */
	uint64_t every_ns; /* between runs; the loop's unless said */
	uint64_t max_age_ns; /* older results are unknown; as of a sensor */
	int n_inputs;
	const char *const *columns; /* what the model calls its inputs */
	accel_control_place place;
} accel_control_model;

typedef struct accel_control_output {
	const char *name;
	const char *line; /* for accel_pin_find() */
	bool safe; /* what the kernel drives when nobody is in charge */
	bool rest; /* when no rule holds */
	bool active_low; /* on is the low level */
	uint64_t deadline_ns; /* of the keep-alive */
	uint64_t min_on_ns, min_off_ns;
	accel_control_place place;
} accel_control_output;

typedef enum accel_control_truth {
	ACCEL_CONTROL_NO,
	ACCEL_CONTROL_YES,
	ACCEL_CONTROL_UNKNOWN, /* an input is */
	ACCEL_CONTROL_WAIT, /* its "for" has not run out: does not hold yet */
} accel_control_truth;

typedef struct accel_control_rule {
	const char *name; /* or its number: "rule 2" */
	const char *when; /* as it is written */
	accel_control_place place;
	accel_control_truth truth; /* of the last decision; WAIT counts as no */
	uint64_t since_ns; /* when that began */
} accel_control_rule;

typedef enum accel_control_why {
	ACCEL_CONTROL_REST, /* no rule holds */
	ACCEL_CONTROL_RULE, /* one does */
	ACCEL_CONTROL_SAFE, /* one is unknown */
	ACCEL_CONTROL_MIN_TIME, /* it may not change yet */
	ACCEL_CONTROL_TRIPPED, /* nobody is asked: the kernel has it safe */
} accel_control_why;

typedef struct accel_control_state {
	bool on; /* logical: active_low is the line's affair */
	accel_control_why why;
	int rule; /* that decided; -1: none did */
	uint64_t since_ns; /* when `on` changed last */
	uint64_t changes; /* since the start */
} accel_control_state;

/* Any value that rules can name. */
typedef struct accel_control_value {
	const char *name; /* "room.temperature", "warm", "occupied", "fan" */
	const char *unit; /* that value, min and max are in */
	double value; /* NAN: unknown */
	double min, max; /* it can have; infinite where nothing is known */
} accel_control_value;

/*
 * Reads a file, or a text in memory.
 *
 * NULL: ERR_IO; ERR_FORMAT: no YAML, an unknown key, a name or a line twice, or
 * an invalid value; the text has its place. The expressions are only read here.
 */
ACCEL_API accel_control *accel_control_load(const char *path);
ACCEL_API accel_control *accel_control_parse(const char *text, size_t size,
					     const char *name);
/* NULL is allowed. */
ACCEL_API void accel_control_destroy(accel_control *c);

ACCEL_API const accel_control_settings *
accel_control_settings_get(const accel_control *c);
/* NULL past the last. */
ACCEL_API const accel_control_sensor *
accel_control_sensor_get(const accel_control *c, uint32_t i);
ACCEL_API const accel_control_model *
accel_control_model_get(const accel_control *c, uint32_t i);
ACCEL_API const accel_control_output *
accel_control_output_get(const accel_control *c, uint32_t i);
ACCEL_API const accel_control_rule *
accel_control_rule_get(const accel_control *c, uint32_t i);

/* ---- names and units ---- */

/*
 * Says that a sensor of the file gives a quantity: the value "SENSOR.QUANTITY",
 * or QUANTITY alone where only one sensor has it, or SENSOR alone where it has
 * only one. All of them, before accel_control_compile().
 *
 * @unit: of what accel_control_set() gets: "°C", "%", "l/min", ""; one that is
 *   unknown here is good for comparing with itself.
 * @min, @max: what the sensor can say; -INFINITY and INFINITY if unknown.
 *
 * Returns the input's number; ERR_INVALID (negative): no such sensor.
 */
ACCEL_API int accel_control_declare(accel_control *c, const char *sensor,
				    const char *quantity, const char *unit,
				    double min, double max);

/*
 * Resolves names, checks units, and looks for rules that can never hold.
 *
 * ERR_FORMAT: the first thing that is wrong, with its place: an unknown name
 * (the text lists those there are), °C against %, a rule that no value of its
 * sensors can make true or that one before it always overrules.
 */
ACCEL_API accel_status accel_control_compile(accel_control *c);

/* ---- running; after compile; one thread at a time; allocates nothing ---- */

/* A measurement: NAN where the sensor has none. @time_ns: when it was made. */
ACCEL_API void accel_control_set(accel_control *c, int input, double value,
				 uint64_t time_ns);

/*
 * Works out everything that does not depend on a model.
 *
 * @now_ns: monotonic, never less than before. @wall_s: seconds since 1970, for
 * clock times and weekdays, in the time zone of the process.
 */
ACCEL_API void accel_control_update(accel_control *c, uint64_t now_ns,
				    int64_t wall_s);

/* A model's inputs, in the order and units of its columns' values; NAN is
 * unknown: then it cannot run. */
ACCEL_API void accel_control_model_inputs(const accel_control *c, uint32_t m,
					  double *x);
/* What it said: a probability, or a number in its unit; NAN: nothing. */
ACCEL_API void accel_control_model_set(accel_control *c, uint32_t m,
				       double value, uint64_t time_ns);

/*
 * Before an update: the fail-safe has, or no longer has, driven an output to its
 * safe state. It is in that, for the rules, too, whatever they want of it.
 *
 * @time_ns: when it tripped; from then on its minimum time counts. No such
 * output: nothing happens.
 */
ACCEL_API void accel_control_output_trip(accel_control *c, uint32_t i,
					 bool tripped, uint64_t time_ns);

/* Works out the rest, the rules and the outputs, at the update's time. */
ACCEL_API void accel_control_decide(accel_control *c);

/* What an output should be. Valid until the next decision. */
ACCEL_API const accel_control_state *
accel_control_output_state(const accel_control *c, uint32_t i);

/* The i-th value: inputs first, by their numbers, then derived ones, models
 * and outputs. False past the last. */
ACCEL_API bool accel_control_value_get(const accel_control *c, uint32_t i,
				       accel_control_value *value);

/*
 * Runs a recorded session through the rules: a CSV file with a column `time`
 * (seconds, or 2026-11-23 08:00:00.5 in local time), and columns named as
 * inputs and models are; an empty field is unknown, other columns are ignored.
 * Each change of an output becomes a line on `out`: time, output, state, why.
 *
 * ERR_IO; ERR_FORMAT: with line and column; ERR_INVALID: a column that a rule
 * needs is missing (named).
 */
ACCEL_API accel_status accel_control_replay(accel_control *c, const char *path,
					    FILE *out);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_CONTROL_H */
