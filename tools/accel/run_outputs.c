// SPDX-License-Identifier: MIT
/* Outputs of a controller: lines with safe values, deadlines and HOLD. */
#include "run.h"

#include <stdio.h>

accel_status run_output_open(struct run_output *k, const accel_control *c,
			     uint32_t i)
{
	const accel_control_settings *set = accel_control_settings_get(c);
	const accel_control_output *o = accel_control_output_get(c, i);
	accel_lines_config config = {
		.names = o->line,
		.consumer = "accel run",
		.outputs = 1,
		.initial = o->safe,
		.active_low = o->active_low,
		.safe = 1,
		.safe_values = o->safe,
		.keepalive_ns = o->deadline_ns,
		.hold = true,
	};
	const char *why;

	k->what = o;
	/* an earlier controller, or the device tree, left it with the kernel */
	config.adopt = true;
	k->lines = accel_lines_request_with(&config);
	config.adopt = false;
	if (!k->lines)
		k->lines = accel_lines_request_with(&config);
	if (!k->lines) {
		fprintf(stderr, "accel: %s:%d:%d: %s: %s\n", set->path,
			o->place.line, o->place.column, o->name,
			accel_last_error());
		return ACCEL_ERR_BUSY;
	}
	why = accel_pin_relay_warning(accel_lines_pin(k->lines, 0));
	if (why)
		fprintf(stderr,
			"accel: %s:%d:%d: warning: %s on %s: it is unfit for a "
			"relay: %s\n",
			set->path, o->place.line, o->place.column, o->name,
			accel_lines_pin(k->lines, 0)->name, why);
	return ACCEL_OK;
}

/* Tells of a trip once. */
static void look(struct run_output *k, struct journal *j)
{
	accel_lines_state s;

	if (accel_lines_state_get(k->lines, &s))
		return;
	if (s.tripped && !k->tripped)
		journal_say(j,
			    "output %s TRIPPED: %s; it is %s and stays so "
			    "until it is rearmed (r, or SIGUSR1)",
			    k->what->name, accel_trip_text(s.trip),
			    k->what->safe ? "on" : "off");
	k->tripped = s.tripped;
	k->trips = s.trip_seq;
	k->trip_ns = s.trip_ns;
}

static const char *reason(const accel_control *c, const accel_control_state *s)
{
	const accel_control_rule *r;

	switch (s->why) {
	case ACCEL_CONTROL_REST:
		return "no rule holds";
	case ACCEL_CONTROL_SAFE:
		return "a sensor is unknown: safe state";
	case ACCEL_CONTROL_MIN_TIME:
		return "its minimum time";
	case ACCEL_CONTROL_TRIPPED:
		return "tripped";
	case ACCEL_CONTROL_RULE:
		break;
	}
	r = accel_control_rule_get(c, (uint32_t)s->rule);
	return r ? r->when : "a rule";
}

/* It tripped, or its chip does not take what it is told. */
static void cannot_drive(struct run_output *k, struct journal *j)
{
	char why[300];

	snprintf(why, sizeof(why), "%s", accel_last_error());
	look(k, j);
	if (k->tripped)
		return;
	if (!k->failed)
		journal_say(j,
			    "output %s: %s; it is tried again, and safe after "
			    "%g s without success",
			    k->what->name, why,
			    (double)k->what->deadline_ns / 1e9);
	k->failed = true;
	k->driven = false; /* who knows */
}

void run_output_drive(struct run_output *k, const accel_control *c, uint32_t i,
		      struct journal *j)
{
	const accel_control_state *want = accel_control_output_state(c, i);

	if (k->tripped || (k->driven && k->on == want->on))
		return;
	if (accel_lines_set(k->lines, 1, want->on)) {
		cannot_drive(k, j);
		return;
	}
	journal_say(j, "output %s %s: %s", k->what->name,
		    want->on ? "on" : "off", reason(c, want));
	k->driven = true;
	k->failed = false;
	k->on = want->on;
}

void run_output_feed(struct run_output *k, struct journal *j)
{
	if (k->tripped)
		return;
	if (k->failed || accel_lines_keepalive(k->lines, 0))
		look(k, j);
}

void run_output_report(const struct run_output *k, accel_control *c, uint32_t i)
{
	accel_control_output_trip(c, i, k->tripped, k->trip_ns);
}

void run_output_rearm(struct run_output *k, struct journal *j)
{
	if (!k->tripped)
		return;
	if (accel_lines_rearm(k->lines, k->trips)) {
		journal_say(j, "output %s: %s", k->what->name,
			    accel_last_error());
		look(k, j);
		return;
	}
	k->tripped = false;
	k->driven = false;
	k->failed = false;
	k->on = k->what->safe;
	journal_say(j, "output %s rearmed", k->what->name);
}

void run_output_close(struct run_output *k)
{
	if (!k->lines)
		return;
	accel_lines_set(k->lines, 1, k->what->safe);
	accel_lines_disarm(k->lines);
	accel_lines_release(k->lines);
	k->lines = NULL;
}
