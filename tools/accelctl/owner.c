// SPDX-License-Identifier: MIT
/* Who has a line and how its fail-safe stands, in words and as JSON. */
#include <inttypes.h>
#include <unistd.h>

#include <accel/accel.h>

#include "accelctl.h"

/* What keeps a line at work, or not. */
static const char *state_of(const accel_line_info *l)
{
	if (l->owed)
		return ", tripped, its safe value not taken yet";
	if (l->tripped)
		return ", tripped";
	if (l->armed)
		return ", armed";
	return l->safe < 0 && !l->interlock ? "" : ", disarmed";
}

static const char *keeper_of(const accel_line_info *l)
{
	if (!l->held)
		return l->node   ? ", of the device tree"
		       : l->hold ? ", held when its owner ends"
				 : "";
	if (l->node)
		return ", held for the device tree";
	return l->hold ? ", held" : ", kept until it is safe";
}

void owner_words(FILE *f, const accel_line_info *l)
{
	if (!l->used)
		return;
	fputs(l->consumer[0] ? l->consumer : "?", f);
	if (!l->module)
		return;
	if (l->pid)
		fprintf(f, "[%" PRIu32 "]", l->pid);
	if (l->uid != ACCEL_UID_NONE)
		fprintf(f, " uid %" PRIu32, l->uid);
	if (l->safe >= 0)
		fprintf(f, ", safe %d", l->safe);
	if (l->interlock)
		fputs(", interlock", f);
	fputs(state_of(l), f);
	if (l->tripped)
		fprintf(f, " (%s)", accel_trip_text(l->trip));
	fputs(keeper_of(l), f);
}

bool owner_is_another(const accel_line_info *l)
{
	return l->held && !l->node && l->uid != getuid() && geteuid();
}

static void flag(FILE *f, const char *name, bool value)
{
	fprintf(f, ",\"%s\":%s", name, value ? "true" : "false");
}

/* Null for what there is none of. */
static void number(FILE *f, const char *name, bool is, uint64_t value)
{
	if (is)
		fprintf(f, ",\"%s\":%" PRIu64, name, value);
	else
		fprintf(f, ",\"%s\":null", name);
}

void owner_json(FILE *f, const accel_line_info *l)
{
	flag(f, "module", l->module);
	number(f, "pid", l->pid, l->pid);
	number(f, "uid", l->uid != ACCEL_UID_NONE, l->uid);
	number(f, "safe", l->safe >= 0, l->safe > 0);
	flag(f, "interlock", l->interlock);
	flag(f, "armed", l->armed);
	flag(f, "tripped", l->tripped);
	flag(f, "owed", l->owed);
	flag(f, "hold", l->hold);
	flag(f, "held", l->held);
	flag(f, "node", l->node);
	number(f, "trips", l->module, l->trips);
	fprintf(f, ",\"trip_cause\":");
	if (l->trips)
		json_text(f, accel_trip_text(l->trip));
	else
		fputs("null", f);
	number(f, "keepalive_ns", l->keepalive_ns, l->keepalive_ns);
	number(f, "deadline_ns", l->deadline_ns, l->deadline_ns);
}
