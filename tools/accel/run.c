// SPDX-License-Identifier: MIT
/* accel run: the loop that reads, decides and acts; see run.h. */
#include "run.h"

#include "../common/core.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

volatile sig_atomic_t run_stopped, run_rearm;
static int asked = -1; /* readable once somebody asked for something */

struct run {
	accel_control *control;
	const accel_control_settings *set;
	struct journal *journal;
	struct view *view;
	struct run_sensor *sensors;
	struct run_model **models;
	uint64_t *model_due;
	uint64_t again_ns; /* when the first model that was not due is */
	struct run_output *outputs;
	uint64_t ticks, late, recorded_ns, busy_ns, started_ns;
	double wall_offset; /* from CLOCK_MONOTONIC, of the last tick */
	uint64_t feed_ns; /* between keep-alives, at most */
	struct pollfd *edges; /* of each sensor that announces itself; asked */
};

/* ---- time and threads ----------------------------------------------------- */

void run_wait(uint64_t ns)
{
	struct timespec t;
	uint64_t now;

	/* threads that no signal reaches look up now and then */
	while (!run_stopped && (now = accel_now_ns()) < ns) {
		uint64_t until = ns - now > 200000000 ? now + 200000000 : ns;

		t.tv_sec = (time_t)(until / 1000000000u);
		t.tv_nsec = (long)(until % 1000000000u);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	}
}

uint64_t run_end(uint64_t ns)
{
	return ns ? accel_now_ns() + ns : UINT64_MAX;
}

double run_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

accel_status run_thread(pthread_t *t, void *(*f)(void *), void *arg)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(t, NULL, f, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		return ACCEL_OK;
	fprintf(stderr, "accel: no thread: %s\n", strerror(rc));
	return ACCEL_ERR_NOMEM;
}

void run_ask(volatile sig_atomic_t *what)
{
	uint64_t one = 1;
	int e = errno;
	ssize_t n;

	*what = 1;
	/* what comes right before a wait ends it, too */
	n = write(asked, &one, sizeof(one));
	(void)n;
	errno = e;
}

static void on_signal(int sig)
{
	run_ask(sig == SIGUSR1 ? &run_rearm : &run_stopped);
}

static void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
	sigaction(SIGUSR1, &a, NULL);
}

/* ---- setting up ----------------------------------------------------------- */

/* Reads, declares and compiles. No line is touched. */
static int prepare(struct run *r, const char *path)
{
	r->control = accel_control_load(path);
	if (!r->control) {
		fprintf(stderr, "accel: %s\n", accel_last_error());
		return 1;
	}
	r->set = accel_control_settings_get(r->control);
	r->sensors = calloc(r->set->sensors + 1, sizeof(*r->sensors));
	r->models = calloc(r->set->models + 1, sizeof(*r->models));
	r->model_due = calloc(r->set->models + 1, sizeof(*r->model_due));
	r->outputs = calloc(r->set->outputs + 1, sizeof(*r->outputs));
	r->edges = calloc(r->set->sensors + 1, sizeof(*r->edges));
	if (!r->sensors || !r->edges || !r->models || !r->model_due ||
	    !r->outputs)
		return 1;
	for (uint32_t i = 0; i < r->set->sensors; i++)
		if (run_sensor_declare(&r->sensors[i], r->control, i))
			return 1;
	if (accel_control_compile(r->control)) {
		fprintf(stderr, "accel: %s\n", accel_last_error());
		return 1;
	}
	if (!r->set->rules) {
		fprintf(stderr, "accel: %s:1:1: there are no rules\n", path);
		return 1;
	}
	return run_check_pins(r->control);
}

/* Outputs last: nothing is driven by a controller that cannot start. */
static int start(struct run *r, const char *device)
{
	for (uint32_t i = 0; i < r->set->models; i++) {
		r->models[i] =
			run_model_open(r->control, i, device, r->journal);
		if (!r->models[i])
			return 1;
	}
	for (uint32_t i = 0; i < r->set->sensors; i++)
		if (run_sensor_start(&r->sensors[i], r->journal))
			return 1;
	r->feed_ns = r->set->every_ns;
	for (uint32_t i = 0; i < r->set->outputs; i++) {
		uint64_t third;

		if (run_output_open(&r->outputs[i], r->control, i))
			return 1;
		third = r->outputs[i].what->deadline_ns / 3;
		if (third && third < r->feed_ns)
			r->feed_ns = third;
	}
	return 0;
}

static void finish(struct run *r)
{
	run_stopped = 1;
	/* the outputs first: everything else can wait */
	for (uint32_t i = 0; r->outputs && i < r->set->outputs; i++)
		run_output_close(&r->outputs[i]);
	for (uint32_t i = 0; r->sensors && i < r->set->sensors; i++)
		run_sensor_stop(&r->sensors[i]);
	for (uint32_t i = 0; r->models && i < r->set->models; i++)
		run_model_close(r->models[i]);
	view_close(r->view);
	journal_close(r->journal);
	accel_control_destroy(r->control);
	free(r->sensors);
	free(r->models);
	free(r->model_due);
	free(r->outputs);
	free(r->edges);
}

/* ---- the loop ------------------------------------------------------------- */

static void ask_models(struct run *r, uint64_t now)
{
	r->again_ns = UINT64_MAX;
	for (uint32_t i = 0; i < r->set->models; i++) {
		double x[256];
		const accel_control_model *m =
			accel_control_model_get(r->control, i);

		if (m->n_inputs > 256)
			continue;
		/* a tick comes a little sooner or later: that is on time */
		if (now + m->every_ns / 8 < r->model_due[i]) {
			if (r->model_due[i] < r->again_ns)
				r->again_ns = r->model_due[i];
			continue;
		}
		r->model_due[i] = now + m->every_ns;
		accel_control_model_inputs(r->control, i, x);
		accel_control_model_set(r->control, i,
					run_model_ask(r->models[i], x), now);
	}
}

static void record(struct run *r, uint64_t now)
{
	accel_control_value v;

	if (now < r->recorded_ns)
		return;
	r->recorded_ns = now + 1000000000;
	for (uint32_t i = 0; accel_control_value_get(r->control, i, &v); i++)
		journal_value(r->journal, v.name, v.value);
}

static void show(struct run *r, uint64_t now)
{
	static struct snapshot s;
	accel_control_value v;
	uint32_t i;

	snprintf(s.title, sizeof(s.title), "%s", r->set->path);
	for (i = 0;
	     i < VIEW_VALUES && accel_control_value_get(r->control, i, &v);
	     i++) {
		snprintf(s.values[i].name, sizeof(s.values[i].name), "%s",
			 v.name);
		snprintf(s.values[i].unit, sizeof(s.values[i].unit), "%s",
			 v.unit);
		s.values[i].value = v.value;
	}
	s.n_values = i;
	for (i = 0; i < VIEW_RULES && i < r->set->rules; i++) {
		const accel_control_rule *rule =
			accel_control_rule_get(r->control, i);

		snprintf(s.rules[i].when, sizeof(s.rules[i].when), "%s",
			 rule->when);
		s.rules[i].truth = rule->truth;
	}
	s.n_rules = i;
	for (i = 0; i < VIEW_OUTPUTS && i < r->set->outputs; i++) {
		const struct run_output *k = &r->outputs[i];

		snprintf(s.outputs[i].name, sizeof(s.outputs[i].name), "%s",
			 k->what->name);
		s.outputs[i].on = k->on;
		s.outputs[i].safe = k->what->safe;
		s.outputs[i].tripped = k->tripped;
		s.outputs[i].why =
			accel_control_output_state(r->control, i)->why;
	}
	s.n_outputs = i;
	s.ticks = r->ticks;
	s.late = r->late;
	s.busy = (double)r->busy_ns / (double)(now - r->started_ns + 1);
	view_show(r->view, &s);
}

static void set_clock(struct run *r)
{
	r->wall_offset = run_wall() - (double)accel_now_ns() / 1e9;
}

static void tick(struct run *r, uint64_t now)
{
	for (uint32_t i = 0; i < r->set->outputs; i++)
		run_output_report(&r->outputs[i], r->control, i);
	for (uint32_t i = 0; i < r->set->sensors; i++)
		run_sensor_take(&r->sensors[i], r->control, now);
	accel_control_update(r->control, now,
			     (int64_t)((double)now / 1e9 + r->wall_offset));
	ask_models(r, now);
	accel_control_decide(r->control);
	for (uint32_t i = 0; i < r->set->outputs; i++)
		run_output_drive(&r->outputs[i], r->control, i, r->journal);
	/* what an edge need not wait for */
	set_clock(r);
	record(r, now);
	if (r->view)
		show(r, now);
	r->ticks++;
	r->busy_ns += accel_now_ns() - now;
}

/* Until then, an edge, or what somebody asks for; true for an edge. */
static bool wait_for_edge(struct run *r, uint64_t until)
{
	uint64_t now = accel_now_ns(), ns = until > now ? until - now : 0, n;
	uint32_t sensors = r->set->sensors;
	struct timespec t = { .tv_sec = (time_t)(ns / 1000000000u),
			      .tv_nsec = (long)(ns % 1000000000u) };
	int ready;

	for (uint32_t i = 0; i < sensors; i++)
		r->edges[i] =
			(struct pollfd){ .fd = run_sensor_fd(&r->sensors[i]),
					 .events = POLLIN };
	r->edges[sensors] = (struct pollfd){ .fd = asked, .events = POLLIN };
	ready = ppoll(r->edges, sensors + 1, &t, NULL);
	if (ready > 0 && r->edges[sensors].revents)
		ready -= read(asked, &n, sizeof(n)) > 0;
	return ready > 0;
}

/* The same thread decides and feeds: if one hangs, the other stops. */
static void loop(struct run *r, uint64_t end)
{
	uint64_t next = accel_now_ns(), now;
	bool edge = false;

	r->started_ns = next;
	set_clock(r);
	while (!run_stopped && (now = accel_now_ns()) < end) {
		if (run_rearm) {
			run_rearm = 0;
			for (uint32_t i = 0; i < r->set->outputs; i++)
				run_output_rearm(&r->outputs[i], r->journal);
		}
		if (edge || now >= next || now >= r->again_ns)
			tick(r, now);
		if (now >= next) {
			next += r->set->every_ns;
			if (next <= accel_now_ns()) {
				next = accel_now_ns() + r->set->every_ns;
				r->late++;
			}
		}
		for (uint32_t i = 0; i < r->set->outputs; i++)
			run_output_feed(&r->outputs[i], r->journal);
		now += r->feed_ns;
		if (next < now)
			now = next;
		edge = wait_for_edge(r, r->again_ns < now ? r->again_ns : now);
	}
}

/* ---- the command ---------------------------------------------------------- */

static int replay(struct run *r, const char *path)
{
	if (!accel_control_replay(r->control, path, stdout))
		return 0;
	fprintf(stderr, "accel: %s\n", accel_last_error());
	return 1;
}

static int check(const struct run *r)
{
	accel_control_value v;
	uint32_t n = 0;
	int bad = 0;

	for (uint32_t i = 0; i < r->set->models; i++)
		bad |= run_model_check(r->control, i);
	if (bad)
		return 1;
	while (accel_control_value_get(r->control, n, &v))
		n++;
	printf("%s: %u sensors, %u models, %u outputs, %u rules, %u values: "
	       "nothing is wrong\n",
	       r->set->path, r->set->sensors, r->set->models, r->set->outputs,
	       r->set->rules, n);
	for (uint32_t i = 0; i < r->set->outputs; i++) {
		const accel_control_output *o =
			accel_control_output_get(r->control, i);

		printf("  output %s: %s, safe: %s (level %d), within %g s\n",
		       o->name, o->line, o->safe ? "on" : "off",
		       o->safe != o->active_low, (double)o->deadline_ns / 1e9);
	}
	return 0;
}

static int go(struct run *r, const char *device, bool log, uint64_t time)
{
	const char *term = getenv("TERM");
	bool dashboard = isatty(STDOUT_FILENO) && !log && term && *term &&
			 strcmp(term, "dumb") != 0;

	no_core_dump();
	/*
	 * The time zone is read now. The first line of the journal would read
	 * it otherwise, from a slow card perhaps, while keep-alives run.
	 */
	tzset();
	asked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	catch_signals();
	r->journal = journal_open(dashboard ? NULL : stdout, r->set->history);
	if (!r->journal || start(r, device))
		return 1;
	if (dashboard)
		r->view = view_open(r->journal);
	journal_say(r->journal,
		    "%s: %u sensors, %u models, %u outputs, %u "
		    "rules, every %g s",
		    r->set->path, r->set->sensors, r->set->models,
		    r->set->outputs, r->set->rules,
		    (double)r->set->every_ns / 1e9);
	loop(r, run_end(time));
	journal_say(r->journal,
		    "ends: outputs are driven to their safe "
		    "states; %llu ticks, %llu late",
		    (unsigned long long)r->ticks, (unsigned long long)r->late);
	return 0;
}

int cmd_run(int argc, char **argv)
{
	const char *path = NULL, *session = NULL, *device = NULL;
	bool only_check = false, log = false;
	uint64_t time = 0;
	const struct option specs[] = {
		{ "FILE", OPTION_TEXT, &path, "" },
		{ "--check", OPTION_FLAG, &only_check,
		  "look for mistakes in the file; touch nothing" },
		{ "--replay", OPTION_TEXT, &session,
		  "run a recorded session (CSV) through the rules" },
		{ "--log", OPTION_FLAG, &log,
		  "lines instead of the dashboard (the default where\n"
		  "standard output is no terminal, or a\n"
		  "dumb one)" },
		{ "--for", OPTION_TIME, &time, "end after that time" },
		{ "--device", OPTION_TEXT, &device,
		  "of the models: cpu, vulkan, an index or a name" },
		OPTIONS_END,
	};
	struct run r = { 0 };
	int rc;

	rc = options_parse(
		argc, argv,
		&(const struct usage){ .text = "run control.yaml [OPTIONS]" },
		specs, NULL);
	if (rc)
		return rc;
	rc = prepare(&r, path);
	if (!rc)
		rc = only_check ? check(&r)
		     : session  ? replay(&r, session)
				: go(&r, device, log, time);
	finish(&r);
	return rc;
}
