// SPDX-License-Identifier: MIT
/* Outputs of accel run on lines that do not always take what they are told. */
#include <stdarg.h>
#include <string.h>

#include <accel/accel.h>
#include <accel/lines.h>

#include "tap.h"

/* The kernel's side: what it was told, and what it answers. */
static accel_status set_status;
static accel_lines_state state;
static uint64_t fed, tries, values;
static char said[1000]; /* by the journal, a line each */

static accel_status fake_set(accel_lines *l, uint64_t mask, uint64_t bits)
{
	(void)l;
	tries++;
	if (state.tripped)
		return ACCEL_ERR_TRIPPED;
	if (!set_status)
		values = bits & mask;
	return set_status;
}

static accel_status fake_keepalive(accel_lines *l, uint64_t deadline_ns)
{
	(void)l;
	(void)deadline_ns;
	fed++;
	return state.tripped ? ACCEL_ERR_TRIPPED : ACCEL_OK;
}

static accel_status fake_state(const accel_lines *l, accel_lines_state *s)
{
	(void)l;
	*s = state;
	return ACCEL_OK;
}

static accel_status fake_rearm(accel_lines *l, uint64_t trip_seq)
{
	(void)l;
	if (trip_seq != state.trip_seq)
		return ACCEL_ERR_INVALID;
	state.tripped = false;
	return ACCEL_OK;
}

#define accel_lines_set fake_set
#define accel_lines_keepalive fake_keepalive
#define accel_lines_state_get fake_state
#define accel_lines_rearm fake_rearm
#include "../../tools/accel/run_outputs.c"

void journal_say(struct journal *j, const char *fmt, ...)
{
	size_t n = strlen(said);
	va_list ap;

	(void)j;
	va_start(ap, fmt);
	vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
	strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

static const char text[] = "deadline: 3 s\nevery: 1 s\n"
			   "sensors: {door: x}\n"
			   "outputs: {fan: {line: P5, safe: off}}\n"
			   "rules:\n- {when: door, then: fan on}\n";

/* What the loop does each period. */
static void tick(struct run_output *k, accel_control *c, double door)
{
	static uint64_t now = 1000000000;

	now += 1000000000;
	*said = 0;
	fed = tries = 0;
	run_output_report(k, c, 0);
	accel_control_set(c, 0, door, now);
	accel_control_update(c, now, 0);
	accel_control_decide(c);
	run_output_drive(k, c, 0, NULL);
	run_output_feed(k, NULL);
}

static bool says(const char *what)
{
	return strstr(said, what);
}

int main(void)
{
	accel_control *c = accel_control_parse(text, sizeof(text) - 1, "x");
	struct run_output k = { .what = accel_control_output_get(c, 0) };

	accel_control_declare(c, "door", "open", "", 0, 1);
	if (accel_control_compile(c))
		printf("# %s\n", accel_last_error());
	tick(&k, c, 0);
	CHECK(tries == 1 && fed == 1 && says("fan off: no rule holds"),
	      "the first time it is driven, and fed");
	tick(&k, c, 1);
	CHECK(values == 1 && fed == 1 && says("fan on: door"), "as rules say");
	tick(&k, c, 1);
	CHECK(!tries && fed == 1 && !*said, "once, and then only fed");

	set_status = ACCEL_ERR_IO;
	tick(&k, c, 0);
	CHECK(tries == 1 && !fed && says("tried again, and safe after 3 s"),
	      "a line that does not take its value is not fed");
	tick(&k, c, 0);
	CHECK(tries == 1 && !fed && !*said, "is tried again, and told of once");
	tick(&k, c, 1);
	CHECK(tries == 1 && !fed,
	      "even for the old value: who knows what it took");
	set_status = ACCEL_OK;
	tick(&k, c, 1);
	CHECK(values == 1 && fed == 1 && says("fan on: door"),
	      "when it works again, it is fed again");

	set_status = ACCEL_ERR_IO;
	tick(&k, c, 0);
	state = (accel_lines_state){ .tripped = true,
				     .trip = ACCEL_TRIP_DEADLINE,
				     .trip_seq = 1,
				     .trip_ns = 1 };
	tick(&k, c, 1);
	CHECK(!fed && says("fan TRIPPED: keep-alive missed"),
	      "when it does not, the kernel's trip is noticed");
	tick(&k, c, 1);
	CHECK(!tries && !fed && !*said &&
		      accel_control_output_state(c, 0)->why ==
			      ACCEL_CONTROL_TRIPPED &&
		      !accel_control_output_state(c, 0)->on,
	      "and the rules know of it");
	set_status = ACCEL_OK;
	run_output_rearm(&k, NULL);
	tick(&k, c, 1);
	CHECK(values == 1 && fed == 1 && says("fan on: door"),
	      "rearmed, it does as rules say");
	accel_control_destroy(c);
	return tap_done();
}
