// SPDX-License-Identifier: MIT
/* accel record: the sensors of a control file as a table to learn from. */
#include "run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recorder {
	accel_control *control;
	const accel_control_settings *set;
	struct run_sensor *sensors;
	struct journal *journal;
	FILE *out;
	uint32_t inputs;
	const char *label; /* column's name, or NULL */
	char value[64]; /* of the label, now; "" writes no row */
	pthread_mutex_t lock; /* of `value` */
	uint64_t rows;
};

/* Each line of standard input is the label's value from then on. */
static void *labels(void *arg)
{
	struct recorder *r = arg;
	char text[64] = "";
	int c;

	while (!run_stopped && fgets(text, sizeof(text), stdin)) {
		/* the rest of a long one is no value of its own */
		for (c = 0; !strchr(text, '\n') && c != '\n' && c != EOF;)
			c = getc(stdin);
		text[strcspn(text, "\r\n")] = 0;
		pthread_mutex_lock(&r->lock);
		memcpy(r->value, text, sizeof(text));
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

/* As a field of a table: quoted where it must be. */
static void field(FILE *f, const char *text)
{
	if (!strpbrk(text, ",\"\n")) {
		fputs(text, f);
		return;
	}
	putc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', f);
		putc(*text, f);
	}
	putc('"', f);
}

static void header(struct recorder *r)
{
	accel_control_value v;

	fputs("time", r->out);
	for (uint32_t i = 0; i < r->inputs; i++) {
		accel_control_value_get(r->control, i, &v);
		putc(',', r->out);
		field(r->out, v.name);
	}
	if (r->label) {
		putc(',', r->out);
		field(r->out, r->label);
	}
	putc('\n', r->out);
}

/* A row without a label teaches nothing, and is not written. */
static void row(struct recorder *r)
{
	accel_control_value v;
	char value[64];

	pthread_mutex_lock(&r->lock);
	memcpy(value, r->value, sizeof(value));
	pthread_mutex_unlock(&r->lock);
	if (r->label && !value[0])
		return;
	fprintf(r->out, "%.3f", run_wall());
	for (uint32_t i = 0; i < r->inputs; i++) {
		accel_control_value_get(r->control, i, &v);
		putc(',', r->out);
		if (!isnan(v.value))
			fprintf(r->out, "%.7g", v.value);
	}
	if (r->label) {
		putc(',', r->out);
		field(r->out, value);
	}
	putc('\n', r->out);
	r->rows++;
}

static int loop(struct recorder *r, const char *path, uint64_t end)
{
	uint64_t next = accel_now_ns() + r->set->every_ns;

	while (!run_stopped && accel_now_ns() < end) {
		run_wait(next < end ? next : end);
		if (run_stopped || accel_now_ns() < next)
			break;
		next += r->set->every_ns;
		for (uint32_t i = 0; i < r->set->sensors; i++)
			run_sensor_take(&r->sensors[i], r->control,
					accel_now_ns());
		accel_control_update(r->control, accel_now_ns(),
				     (int64_t)run_wall());
		row(r);
		if (fflush(r->out)) {
			fprintf(stderr, "accel: %s: %s after %llu rows\n", path,
				strerror(errno), (unsigned long long)r->rows);
			return 1;
		}
	}
	return 0;
}

static int open_all(struct recorder *r, const char *path)
{
	r->control = accel_control_load(path);
	if (!r->control) {
		fprintf(stderr, "accel: %s\n", accel_last_error());
		return 1;
	}
	r->set = accel_control_settings_get(r->control);
	r->sensors = calloc(r->set->sensors + 1, sizeof(*r->sensors));
	r->journal = journal_open(stderr, NULL);
	if (!r->sensors || !r->journal)
		return 1;
	for (uint32_t i = 0; i < r->set->sensors; i++) {
		if (run_sensor_declare(&r->sensors[i], r->control, i))
			return 1;
		r->inputs += r->sensors[i].n;
	}
	if (accel_control_compile(r->control)) {
		fprintf(stderr, "accel: %s\n", accel_last_error());
		return 1;
	}
	for (uint32_t i = 0; i < r->set->sensors; i++)
		if (run_sensor_start(&r->sensors[i], r->journal))
			return 1;
	return 0;
}

static void close_all(struct recorder *r)
{
	run_stopped = 1;
	for (uint32_t i = 0; r->sensors && i < r->set->sensors; i++)
		run_sensor_stop(&r->sensors[i]);
	journal_close(r->journal);
	accel_control_destroy(r->control);
	free(r->sensors);
}

static void on_signal(int sig)
{
	(void)sig;
	run_stopped = 1;
}

int cmd_record(int argc, char **argv)
{
	struct sigaction stop = { .sa_handler = on_signal };
	struct recorder r = { 0 };
	const char *path = NULL, *out = NULL, *first = NULL;
	uint64_t time = 0;
	const struct option specs[] = {
		{ "FILE", OPTION_TEXT, &path, "" },
		{ "--out", OPTION_TEXT, &out, "the table (CSV)" },
		{ "--label", OPTION_TEXT, &r.label,
		  "one column more; each line of standard input is its\n"
		  "value from then on" },
		{ "--value", OPTION_TEXT, &first, "its first value" },
		{ "--for", OPTION_TIME, &time, "end after that time" },
		OPTIONS_END,
	};
	pthread_t thread;
	int rc;

	rc = options_parse(
		argc, argv,
		&(const struct usage){ .text = "record control.yaml --out "
					       "data.csv [OPTIONS]" },
		specs, NULL);
	if (rc)
		return rc;
	if (!out) {
		fprintf(stderr, "accel: record: --out FILE.csv is missing\n");
		return 2;
	}
	if (first)
		snprintf(r.value, sizeof(r.value), "%s", first);
	pthread_mutex_init(&r.lock, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	rc = open_all(&r, path);
	r.out = rc ? NULL : fopen(out, "we");
	if (!rc && !r.out) {
		fprintf(stderr, "accel: %s: %s\n", out, strerror(errno));
		rc = 1;
	}
	if (!rc) {
		header(&r);
		if (r.label && !run_thread(&thread, labels, &r))
			pthread_detach(thread);
		rc = loop(&r, out, run_end(time));
		if (fclose(r.out)) {
			fprintf(stderr, "accel: %s: %s\n", out,
				strerror(errno));
			rc = 1;
		}
		fprintf(stderr, "%llu rows in %s\n", (unsigned long long)r.rows,
			out);
	}
	close_all(&r);
	return rc;
}
