/* SPDX-License-Identifier: MIT */
/*
 * accel run: sensors, models, rules and outputs in one loop.
 *
 * The loop's thread alone decides, drives and feeds the keep-alives; it waits
 * for nobody but the next period or an edge. Sensors that take their time are
 * read by a thread each, models are loaded by one, the log and the history are
 * written by one, the dashboard is drawn by one: any of them may hang, and the
 * loop goes on with values that grow too old and are then unknown.
 */
#ifndef TOOLS_ACCEL_RUN_H
#define TOOLS_ACCEL_RUN_H

#include <pthread.h>
#include <signal.h>

#include "accel.h"

extern volatile sig_atomic_t run_stopped; /* SIGINT, SIGTERM, q */
extern volatile sig_atomic_t run_rearm; /* SIGUSR1, r */

/* Sets one of them, and the loop sees it at once. A signal handler may call it. */
void run_ask(volatile sig_atomic_t *what);

/* Wakes at `ns` (CLOCK_MONOTONIC), or when run_stopped is set and signals end
 * the wait. */
void run_wait(uint64_t ns);
/* So many nanoseconds from now; for ever for 0. */
uint64_t run_end(uint64_t ns);
/* Seconds since 1970. */
double run_wall(void);
/* A thread that no signal reaches. ERR_NOMEM. */
accel_status run_thread(pthread_t *t, void *(*f)(void *), void *arg);

/* Is every pin a line, and none of them taken twice? 1 if not, and says so. On a
 * board that has no header that is known here a file for another board can still
 * be checked, but for this. */
int run_check_pins(const accel_control *c);

/* ---- the journal: log lines, and rows of the history ------------------------ */

struct journal;

/* @log: NULL for none. @history: a SQLite file, or NULL. */
struct journal *journal_open(FILE *log, const char *history);
/* Never waits: what does not fit the queue is dropped, and counted. */
void journal_say(struct journal *j, const char *fmt, ...) ACCEL_PRINTF(2, 3);
void journal_value(struct journal *j, const char *name, double value);
/* The last lines, newest last, as the dashboard shows them. */
#define JOURNAL_LINES 6
#define JOURNAL_TEXT 200
int journal_last(struct journal *j, char lines[JOURNAL_LINES][JOURNAL_TEXT]);
void journal_close(struct journal *j); /* writes what is queued */

/* ---- sensors ---------------------------------------------------------------- */

struct run_sensor {
	const accel_control_sensor *what;
	struct journal *journal;
	accel_sensor *sensor;
	int input[ACCEL_READINGS_MAX]; /* numbers in the control */
	uint32_t n;
	pthread_t thread;
	bool threaded;
	pthread_mutex_t lock; /* of what follows */
	accel_reading readings[ACCEL_READINGS_MAX];
	/* the loop's own */
	uint64_t tried_ns; /* when one that was gone was opened again */
	accel_quality told[ACCEL_READINGS_MAX];
};

/* Declares what a sensor reads. Messages name the file's place. */
accel_status run_sensor_declare(struct run_sensor *s, accel_control *c,
				uint32_t i);
accel_status run_sensor_start(struct run_sensor *s, struct journal *j);
/* The newest readings into the control; tells the journal of changes. A sensor
 * that announces itself is read here. */
void run_sensor_take(struct run_sensor *s, accel_control *c, uint64_t now);
/* What tells that there is something new, or -1. */
int run_sensor_fd(const struct run_sensor *s);
void run_sensor_stop(struct run_sensor *s);

/* ---- models ------------------------------------------------------------------ */

struct run_model;

/* Loads the model's file; a thread then watches it for a newer one. */
struct run_model *run_model_open(const accel_control *c, uint32_t i,
				 const char *device, struct journal *j);
/* Could it be used? 1 if not, and says why. */
int run_model_check(const accel_control *c, uint32_t i);
/* The model's value for these inputs; NAN when it cannot say. */
double run_model_ask(struct run_model *b, const double *x);
void run_model_close(struct run_model *b);

/* ---- outputs ----------------------------------------------------------------- */

struct run_output {
	const accel_control_output *what;
	accel_lines *lines;
	bool driven, on; /* what it was driven to, if it was */
	bool failed; /* to be driven, the last time */
	bool tripped;
	uint64_t trips, trip_ns;
};

accel_status run_output_open(struct run_output *k, const accel_control *c,
			     uint32_t i);
/* Drives what the rules want. */
void run_output_drive(struct run_output *k, const accel_control *c, uint32_t i,
		      struct journal *j);
/* Tells the rules what the kernel did; before an update. */
void run_output_report(const struct run_output *k, accel_control *c,
		       uint32_t i);
/* We are alive, and drive it. One that cannot be driven is not fed, so that the
 * kernel drives it safe. */
void run_output_feed(struct run_output *k, struct journal *j);
void run_output_rearm(struct run_output *k, struct journal *j);
/* Safe, disarmed, and held by the kernel. */
void run_output_close(struct run_output *k);

/* ---- the dashboard ----------------------------------------------------------- */

#define VIEW_VALUES 64
#define VIEW_RULES 32
#define VIEW_OUTPUTS 32

struct view_value {
	char name[48], unit[12];
	double value, min, max;
};

/* What the loop has just decided. */
struct snapshot {
	char title[128];
	uint32_t n_values, n_rules, n_outputs;
	struct view_value values[VIEW_VALUES];
	struct {
		char when[96];
		accel_control_truth truth;
	} rules[VIEW_RULES];
	struct {
		char name[48];
		bool on, tripped, safe;
		accel_control_why why;
		int rule;
	} outputs[VIEW_OUTPUTS];
	uint64_t ticks, late;
	double busy; /* part of the period that the loop worked */
};

struct view;

struct view *view_open(struct journal *j);
void view_show(struct view *v, const struct snapshot *s); /* copies it */
void view_close(struct view *v); /* gives the terminal back */

#endif /* TOOLS_ACCEL_RUN_H */
