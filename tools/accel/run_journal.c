// SPDX-License-Identifier: MIT
/* The log and the history: written by a thread of their own. */
#include "run.h"

#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE 2048
#define BUSY_MS 2000

struct entry {
	double time; /* wall clock */
	char text[JOURNAL_TEXT]; /* of an event, or a value's name */
	double value;
	bool is_value;
};

struct journal {
	FILE *log;
	char path[512];
	sqlite3 *db;
	sqlite3_stmt *insert_event, *insert_value;
	bool sick; /* the history could not be written, and that was said */
	uint64_t lost; /* entries that it does not have since then */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t more;
	struct entry queue[QUEUE];
	uint64_t head, tail, dropped;
	char last[JOURNAL_LINES][JOURNAL_TEXT];
	uint64_t lines;
	bool closing;
};

static void write_log(FILE *f, const struct entry *e)
{
	time_t t = (time_t)e->time;
	struct tm tm;
	char when[32];

	if (!f || e->is_value)
		return;
	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	fprintf(f, "%s.%03d %s\n", when, (int)((e->time - (double)t) * 1000),
		e->text);
	fflush(f);
}

/* ---- the history ---------------------------------------------------------- */

/* For the dashboard; with the lock. */
static void remember(struct journal *j, const struct entry *e)
{
	memcpy(j->last[j->lines++ % JOURNAL_LINES], e->text, JOURNAL_TEXT);
}

/* Says once what is wrong, and once that it is over; recording goes on trying,
 * and the loop hears nothing of it. */
static void history_health(struct journal *j, bool ok)
{
	struct entry e = { .time = run_wall() };

	if (ok != j->sick)
		return;
	j->sick = !ok;
	if (ok)
		snprintf(e.text, sizeof(e.text),
			 "history %.80s: is written again; it lacks %llu "
			 "entries",
			 j->path, (unsigned long long)j->lost);
	else
		snprintf(e.text, sizeof(e.text), "history %.80s: %s", j->path,
			 sqlite3_errmsg(j->db));
	j->lost = 0;
	write_log(j->log, &e);
	pthread_mutex_lock(&j->lock);
	remember(j, &e);
	pthread_mutex_unlock(&j->lock);
}

static bool insert(struct journal *j, const struct entry *e)
{
	sqlite3_stmt *s = e->is_value ? j->insert_value : j->insert_event;
	int rc;

	sqlite3_bind_double(s, 1, e->time);
	sqlite3_bind_text(s, 2, e->text, -1, SQLITE_STATIC);
	if (e->is_value && isfinite(e->value))
		sqlite3_bind_double(s, 3, e->value);
	else if (e->is_value)
		sqlite3_bind_null(s, 3);
	rc = sqlite3_step(s);
	sqlite3_reset(s);
	return rc == SQLITE_DONE;
}

static void write_history(struct journal *j, const struct entry *e, size_t n)
{
	bool ok;

	if (!j->db || !n)
		return;
	ok = !sqlite3_exec(j->db, "BEGIN", NULL, NULL, NULL);
	for (size_t i = 0; ok && i < n; i++)
		ok = insert(j, &e[i]);
	ok = ok && !sqlite3_exec(j->db, "COMMIT", NULL, NULL, NULL);
	history_health(j, ok);
	if (ok)
		return;
	j->lost += n;
	sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
}

static accel_status history_open(struct journal *j, const char *path)
{
	static const char schema[] =
		"PRAGMA journal_mode=WAL;"
		"PRAGMA synchronous=NORMAL;"
		"CREATE TABLE IF NOT EXISTS event(time REAL, text TEXT);"
		"CREATE TABLE IF NOT EXISTS value(time REAL, name TEXT, "
		"value REAL);"
		"CREATE INDEX IF NOT EXISTS value_name ON value(name, time);";

	snprintf(j->path, sizeof(j->path), "%s", path);
	/* who looks at it, or thins it out, has it for a moment: the writer's
	 * thread waits, and the queue takes what comes meanwhile */
	if (sqlite3_open(path, &j->db) ||
	    sqlite3_busy_timeout(j->db, BUSY_MS) ||
	    sqlite3_exec(j->db, schema, NULL, NULL, NULL) ||
	    sqlite3_prepare_v2(j->db, "INSERT INTO event VALUES(?,?)", -1,
			       &j->insert_event, NULL) ||
	    sqlite3_prepare_v2(j->db, "INSERT INTO value VALUES(?,?,?)", -1,
			       &j->insert_value, NULL)) {
		fprintf(stderr, "accel: history %s: %s\n", path,
			sqlite3_errmsg(j->db));
		return ACCEL_ERR_IO;
	}
	return ACCEL_OK;
}

/* ---- the queue ------------------------------------------------------------ */

static void *writer(void *arg)
{
	struct journal *j = arg;
	static struct entry batch[256];
	size_t n;
	bool end = false;

	while (!end) {
		pthread_mutex_lock(&j->lock);
		while (j->head == j->tail && !j->closing)
			pthread_cond_wait(&j->more, &j->lock);
		for (n = 0; n < 256 && j->tail != j->head; n++)
			batch[n] = j->queue[j->tail++ % QUEUE];
		end = j->closing && j->tail == j->head;
		pthread_mutex_unlock(&j->lock);
		for (size_t i = 0; i < n; i++)
			write_log(j->log, &batch[i]);
		write_history(j, batch, n);
	}
	return NULL;
}

static void push(struct journal *j, const struct entry *e)
{
	pthread_mutex_lock(&j->lock);
	if (j->head - j->tail == QUEUE)
		j->dropped++;
	else
		j->queue[j->head++ % QUEUE] = *e;
	if (!e->is_value)
		remember(j, e);
	pthread_cond_signal(&j->more);
	pthread_mutex_unlock(&j->lock);
}

void journal_say(struct journal *j, const char *fmt, ...)
{
	struct entry e = { .time = run_wall() };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	/* names of files and what stands in them: one line, no orders to the
	 * terminal */
	for (char *p = e.text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	push(j, &e);
}

void journal_value(struct journal *j, const char *name, double value)
{
	struct entry e = { .time = run_wall(),
			   .value = value,
			   .is_value = true };

	if (!j->db)
		return;
	snprintf(e.text, sizeof(e.text), "%s", name);
	push(j, &e);
}

int journal_last(struct journal *j, char lines[JOURNAL_LINES][JOURNAL_TEXT])
{
	int n = 0;

	pthread_mutex_lock(&j->lock);
	for (uint64_t i = j->lines > JOURNAL_LINES ? j->lines - JOURNAL_LINES
						   : 0;
	     i < j->lines; i++)
		memcpy(lines[n++], j->last[i % JOURNAL_LINES], JOURNAL_TEXT);
	pthread_mutex_unlock(&j->lock);
	return n;
}

struct journal *journal_open(FILE *log, const char *history)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j) {
		fprintf(stderr, "accel: no memory for the journal\n");
		return NULL;
	}
	j->log = log;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->more, NULL);
	if ((history && history_open(j, history)) ||
	    run_thread(&j->thread, writer, j)) {
		sqlite3_close(j->db);
		free(j);
		return NULL;
	}
	return j;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->closing = true;
	pthread_cond_signal(&j->more);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->thread, NULL);
	if (j->dropped)
		fprintf(stderr,
			"accel: %llu entries of the journal came too "
			"fast to be written\n",
			(unsigned long long)j->dropped);
	sqlite3_finalize(j->insert_event);
	sqlite3_finalize(j->insert_value);
	sqlite3_close(j->db);
	free(j);
}
