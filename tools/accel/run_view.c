// SPDX-License-Identifier: MIT
/* The dashboard: values with their recent course, rules, outputs, last events. */
#include "run.h"

#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define COURSE 40
#define DRAW_MS 250

struct view {
	struct journal *journal;
	pthread_t thread;
	pthread_mutex_t lock; /* of `next` and `closing` */
	struct snapshot next;
	bool closing;
	struct snapshot now; /* the drawer's own */
	double course[VIEW_VALUES][COURSE];
	int drawn; /* lines */
	struct termios before;
	bool raw;
};

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define GREEN "\033[32m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

static void line(struct view *v, const char *fmt, ...) ACCEL_PRINTF(2, 3);

static void line(struct view *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fputs(PLAIN "\033[K\n", stdout);
	v->drawn++;
}

static void draw_values(struct view *v)
{
	char text[3 * COURSE + 1];

	for (uint32_t i = 0; i < v->now.n_values; i++) {
		const struct view_value *x = &v->now.values[i];

		memmove(v->course[i], v->course[i] + 1,
			(COURSE - 1) * sizeof(double));
		v->course[i][COURSE - 1] = x->value;
		accel_sparkline(v->course[i], COURSE, 0, 0, COURSE,
				!accel_terminal_utf8(), text);
		if (isnan(x->value))
			line(v, "  %-24s " RED "%10s" PLAIN " %-6s %s", x->name,
			     "unknown", x->unit, text);
		else
			line(v, "  %-24s %10.5g %-6s %s", x->name, x->value,
			     x->unit, text);
	}
}

static void draw_rules(struct view *v)
{
	static const char *const words[] = {
		[ACCEL_CONTROL_NO] = DIM "no     ",
		[ACCEL_CONTROL_YES] = GREEN "yes    ",
		[ACCEL_CONTROL_UNKNOWN] = RED "unknown",
		[ACCEL_CONTROL_WAIT] = YELLOW "waits  ",
	};

	for (uint32_t i = 0; i < v->now.n_rules; i++)
		line(v, "  %s" PLAIN " %s", words[v->now.rules[i].truth],
		     v->now.rules[i].when);
}

static void draw_outputs(struct view *v)
{
	for (uint32_t i = 0; i < v->now.n_outputs; i++) {
		bool on = v->now.outputs[i].tripped ? v->now.outputs[i].safe
						    : v->now.outputs[i].on;

		line(v, "  %-24s %s%s" PLAIN "%s", v->now.outputs[i].name,
		     on ? GREEN BOLD : DIM, on ? "ON " : "off",
		     v->now.outputs[i].tripped ? RED BOLD
			     "  TRIPPED: r rearms it"
		     : v->now.outputs[i].why == ACCEL_CONTROL_SAFE ? YELLOW
			     "  safe: a sensor is unknown"
		     : v->now.outputs[i].why == ACCEL_CONTROL_MIN_TIME ? DIM
			     "  its minimum time"
								       : "");
	}
}

static void draw(struct view *v)
{
	char last[JOURNAL_LINES][JOURNAL_TEXT];
	int n = journal_last(v->journal, last);

	if (v->drawn)
		printf("\033[%dA", v->drawn);
	v->drawn = 0;
	line(v,
	     BOLD "%s" PLAIN DIM "  q ends, r rearms; tick %llu, %llu late, "
		  "%.1f %% of its time",
	     v->now.title, (unsigned long long)v->now.ticks,
	     (unsigned long long)v->now.late, v->now.busy * 100);
	line(v, DIM "values");
	draw_values(v);
	line(v, DIM "rules");
	draw_rules(v);
	line(v, DIM "outputs");
	draw_outputs(v);
	line(v, DIM "events");
	for (int i = 0; i < JOURNAL_LINES; i++)
		line(v, "  %.100s", i < n ? last[i] : "");
	fflush(stdout);
}

static void keys(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char c;

	if (poll(&p, 1, DRAW_MS) != 1)
		return;
	if (read(STDIN_FILENO, &c, 1) != 1)
		run_wait(accel_now_ns() + DRAW_MS * 1000000ull);
	else if (c == 'q')
		run_stopped = 1;
	else if (c == 'r')
		run_rearm = 1;
}

static void *drawer(void *arg)
{
	struct view *v = arg;
	bool end = false;

	while (!end) {
		keys();
		pthread_mutex_lock(&v->lock);
		v->now = v->next;
		end = v->closing;
		pthread_mutex_unlock(&v->lock);
		draw(v);
	}
	return NULL;
}

struct view *view_open(struct journal *j)
{
	struct view *v = calloc(1, sizeof(*v));
	struct termios t;

	if (!v)
		return NULL;
	v->journal = j;
	for (int i = 0; i < VIEW_VALUES; i++)
		for (int k = 0; k < COURSE; k++)
			v->course[i][k] = NAN;
	pthread_mutex_init(&v->lock, NULL);
	v->raw = !tcgetattr(STDIN_FILENO, &v->before);
	if (v->raw) {
		t = v->before;
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &t);
	}
	if (run_thread(&v->thread, drawer, v)) {
		free(v);
		return NULL;
	}
	return v;
}

void view_show(struct view *v, const struct snapshot *s)
{
	/* the drawer holds the lock for a copy only, but the loop need not
	 * wait even for that */
	if (pthread_mutex_trylock(&v->lock))
		return;
	v->next = *s;
	pthread_mutex_unlock(&v->lock);
}

void view_close(struct view *v)
{
	if (!v)
		return;
	pthread_mutex_lock(&v->lock);
	v->closing = true;
	pthread_mutex_unlock(&v->lock);
	pthread_join(v->thread, NULL);
	if (v->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &v->before);
	free(v);
}
