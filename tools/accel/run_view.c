// SPDX-License-Identifier: MIT
/* The dashboard: values with their recent course, rules, outputs, last events. */
#include "run.h"

#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define COURSE 40
#define DRAW_MS 250
#define SECTIONS 4

struct view {
	struct journal *journal;
	pthread_t thread;
	pthread_mutex_t lock; /* of `next` and `closing` */
	struct snapshot next;
	bool closing;
	struct snapshot now; /* the drawer's own */
	double course[VIEW_VALUES][COURSE];
	int width, height; /* of the terminal */
	int drawn; /* lines */
	bool colors, ascii;
	struct termios before;
	bool raw;
};

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define GREEN "\033[32m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

/* Writes as much of a text as there are columns: colours have no width, and are
 * left out where they are not wanted. */
static void put(const struct view *v, const char *text)
{
	int room = v->width;

	for (const char *p = text; *p; p++) {
		if (*p == '\033') {
			const char *end = strchr(p, 'm');

			if (!end) /* cut off, or none of ours */
				break;
			if (v->colors)
				fwrite(p, 1, (size_t)(end + 1 - p), stdout);
			p = end;
			continue;
		}
		/* a character's further bytes go with its first */
		if (((unsigned char)*p & 0xc0) != 0x80 && !room--)
			break;
		putchar(*p);
	}
	fputs(v->colors ? PLAIN "\033[K\n" : "\033[K\n", stdout);
}

static void line(struct view *v, const char *fmt, ...) ACCEL_PRINTF(2, 3);

static void line(struct view *v, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(v, text);
	v->drawn++;
}

/* A new size is a new screen: what was drawn has been wrapped by the terminal. */
static void measure(struct view *v)
{
	struct winsize size = { .ws_col = 80, .ws_row = 24 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ||
	    !size.ws_row)
		size = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	if (v->width == size.ws_col && v->height == size.ws_row)
		return;
	if (v->width)
		fputs("\033[2J\033[H", stdout);
	v->width = size.ws_col;
	v->height = size.ws_row;
	v->drawn = 0;
}

/* How many lines each section gets, so that all of it fits: the longest give
 * way first. */
static void share(const struct view *v, int want[SECTIONS])
{
	/* the title, a heading each, and where the cursor stands */
	int room = v->height - SECTIONS - 2, all = 0, most;

	for (int i = 0; i < SECTIONS; i++)
		all += want[i];
	for (; all > room && all > SECTIONS; all--) {
		most = 0;
		for (int i = 1; i < SECTIONS; i++)
			if (want[i] > want[most])
				most = i;
		want[most]--;
	}
}

static void heading(struct view *v, const char *name, int shown, int all)
{
	if (shown < all)
		line(v, DIM "%s (%d of %d)", name, shown, all);
	else
		line(v, DIM "%s", name);
}

static void draw_values(struct view *v, int n)
{
	char text[3 * COURSE + 1];

	for (uint32_t i = 0; i < v->now.n_values; i++) {
		memmove(v->course[i], v->course[i] + 1,
			(COURSE - 1) * sizeof(double));
		v->course[i][COURSE - 1] = v->now.values[i].value;
	}
	for (int i = 0; i < n; i++) {
		const struct view_value *x = &v->now.values[i];

		accel_sparkline(v->course[i], COURSE, 0, 0, COURSE, v->ascii,
				text);
		if (isnan(x->value))
			line(v, "  %-24s " RED "%10s" PLAIN " %-6s %s", x->name,
			     "unknown", x->unit, text);
		else
			line(v, "  %-24s %10.5g %-6s %s", x->name, x->value,
			     x->unit, text);
	}
}

static void draw_rules(struct view *v, int n)
{
	static const char *const words[] = {
		[ACCEL_CONTROL_NO] = DIM "no     ",
		[ACCEL_CONTROL_YES] = GREEN "yes    ",
		[ACCEL_CONTROL_UNKNOWN] = RED "unknown",
		[ACCEL_CONTROL_WAIT] = YELLOW "waits  ",
	};

	for (int i = 0; i < n; i++)
		line(v, "  %s" PLAIN " %s", words[v->now.rules[i].truth],
		     v->now.rules[i].when);
}

static void draw_outputs(struct view *v, int n)
{
	static const char *const why[] = {
		[ACCEL_CONTROL_REST] = "",
		[ACCEL_CONTROL_RULE] = "",
		[ACCEL_CONTROL_SAFE] = YELLOW "  safe: a sensor is unknown",
		[ACCEL_CONTROL_MIN_TIME] = DIM "  its minimum time",
		[ACCEL_CONTROL_TRIPPED] = "",
	};

	for (int i = 0; i < n; i++) {
		const char *name = v->now.outputs[i].name;

		if (v->now.outputs[i].tripped)
			line(v,
			     "  " RED BOLD "TRIPPED" PLAIN " %s, %s" RED
			     "  r rearms it",
			     name, v->now.outputs[i].safe ? "on" : "off");
		else
			line(v, "  %s" PLAIN " %s%s",
			     v->now.outputs[i].on ? GREEN BOLD "ON     "
						  : DIM "off    ",
			     name, why[v->now.outputs[i].why]);
	}
}

static void draw(struct view *v)
{
	char last[JOURNAL_LINES][JOURNAL_TEXT];
	int n = journal_last(v->journal, last);
	int have[SECTIONS] = { (int)v->now.n_values, (int)v->now.n_rules,
			       (int)v->now.n_outputs, JOURNAL_LINES };
	int show[SECTIONS];

	measure(v);
	memcpy(show, have, sizeof(show));
	share(v, show);
	if (v->drawn)
		printf("\033[%dA", v->drawn);
	v->drawn = 0;
	line(v,
	     BOLD "%s" PLAIN DIM "  q ends, r rearms; tick %llu, %llu late, "
		  "%.1f %% of its time",
	     v->now.title, (unsigned long long)v->now.ticks,
	     (unsigned long long)v->now.late, v->now.busy * 100);
	heading(v, "values", show[0], have[0]);
	draw_values(v, show[0]);
	heading(v, "rules", show[1], have[1]);
	draw_rules(v, show[1]);
	heading(v, "outputs", show[2], have[2]);
	draw_outputs(v, show[2]);
	line(v, DIM "events");
	for (int i = 0; i < show[3]; i++) {
		int k = n > show[3] ? n - show[3] + i : i;

		line(v, "  %s", k < n ? last[k] : "");
	}
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
		run_ask(&run_stopped);
	else if (c == 'r')
		run_ask(&run_rearm);
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
	v->ascii = !accel_terminal_utf8();
	v->colors = !getenv("NO_COLOR") || !*getenv("NO_COLOR");
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
