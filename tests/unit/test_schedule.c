// SPDX-License-Identifier: MIT
/* Rules by the clock: days, nights that begin on one, and summer time. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <accel/accel.h>

#include "tap.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define HAVANA "CST5CDT,M3.2.0/0,M11.1.0/1" /* at midnight */
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0" /* half an hour */

static accel_control *rule(const char *when)
{
	char text[400];
	accel_control *c;

	snprintf(text, sizeof(text),
		 "deadline: 5 s\noutputs: {o: {line: P3, safe: off}}\n"
		 "rules:\n- {when: \"%s\", then: o on}\n",
		 when);
	c = accel_control_parse(text, strlen(text), "c.yaml");
	if (c && !accel_control_compile(c))
		return c;
	printf("# %s\n", accel_last_error());
	accel_control_destroy(c);
	return NULL;
}

static bool on_at(accel_control *c, int64_t wall)
{
	accel_control_update(c, (uint64_t)wall * 1000000000u, wall);
	accel_control_decide(c);
	return accel_control_output_state(c, 0)->on;
}

/* UTC of 2026: "03-29 01:00:00" */
static int64_t utc(const char *text)
{
	struct tm tm = { .tm_year = 126 };

	if (sscanf(text, "%d-%d %d:%d:%d", &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec) != 5)
		return -1;
	tm.tm_mon--;
	return timegm(&tm);
}

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

/* A rule at some times, each of which begins with what it should be then. */
static void check(const char *tz, const char *when, const char *const *times)
{
	accel_control *c;

	zone(tz);
	c = rule(when);
	for (; c && *times; times++) {
		bool want = **times == '+';

		CHECK(on_at(c, utc(*times + 1)) == want, "%s: %s at %s UTC",
		      when, want ? "yes" : "no", *times + 1);
	}
	CHECK(c, "%s is understood", when);
	accel_control_destroy(c);
}

#define TIMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* 27 November 2026 is a Friday. */
static void test_days(void)
{
	check("UTC", "on fri between 22:00 and 06:00",
	      TIMES("-11-27 05:00:00", "-11-27 21:59:59", "+11-27 22:00:00",
		    "+11-28 00:00:00", "+11-28 05:59:59", "-11-28 06:00:00",
		    "-11-28 22:00:00"));
	check("UTC", "on fri at 23:30 for 1 h",
	      TIMES("-11-27 00:10:00", "+11-27 23:30:00", "+11-28 00:29:59",
		    "-11-28 00:30:00", "-11-28 23:30:00"));
	check("UTC", "on fri and between 22:00 and 06:00",
	      TIMES("+11-27 05:00:00", "+11-27 22:00:00", "-11-28 05:00:00"));
	check("UTC", "on fri between 08:00 and 24:00",
	      TIMES("-11-27 00:00:00", "+11-27 08:00:00", "+11-27 23:59:59",
		    "-11-28 00:00:00"));
	check("UTC", "not on fri between 22:00 and 06:00",
	      TIMES("+11-27 21:00:00", "-11-28 05:00:00"));
	check("UTC", "on thu, fri",
	      TIMES("+11-26 00:00:00", "-11-28 00:00:00"));
}

/* As cron has it: what is skipped comes at once, what is twice comes once. */
static void test_spring(void)
{
	check(BERLIN, "at 02:30 for 5 min",
	      TIMES("-03-29 00:59:59", "+03-29 01:00:00", "+03-29 01:04:59",
		    "-03-29 01:05:00", "-03-29 01:30:00"));
	check(BERLIN, "at 03:30 for 5 min",
	      TIMES("-03-29 01:00:00", "+03-29 01:30:00", "-03-29 01:35:00"));
	check(BERLIN, "on sun at 02:30 for 5 min",
	      TIMES("+03-29 01:00:00", "-03-29 01:05:00"));
	check(BERLIN, "on mon at 02:30 for 5 min", TIMES("-03-29 01:00:00"));
	check(BERLIN, "between 02:15 and 02:45",
	      TIMES("-03-29 00:30:00", "-03-29 01:00:00", "-03-29 01:30:00",
		    "+03-30 00:15:00"));
	check(BERLIN, "every 2 h for 10 min",
	      TIMES("+03-28 23:00:00", "+03-29 01:00:00", "-03-29 01:10:00",
		    "+03-29 02:00:00"));
	check(HAVANA, "on sun at 00:30 for 5 min",
	      TIMES("-03-08 04:59:59", "+03-08 05:00:00", "-03-08 05:05:00",
		    "-03-08 05:30:00"));
	check(LORD_HOWE, "at 02:15 for 5 min",
	      TIMES("-10-03 15:29:59", "+10-03 15:30:00", "-10-03 15:35:00"));
}

static void test_autumn(void)
{
	check(BERLIN, "at 02:30 for 5 min",
	      TIMES("+10-25 00:30:00", "-10-25 00:35:00", "-10-25 01:30:00",
		    "+10-26 01:30:00"));
	check(BERLIN, "at 01:50 for 2 h",
	      TIMES("+10-24 23:50:00", "+10-25 01:49:59", "-10-25 01:50:00"));
	check(BERLIN, "between 02:15 and 02:45",
	      TIMES("+10-25 00:15:00", "-10-25 00:45:00", "+10-25 01:15:00",
		    "-10-25 01:45:00"));
	check(BERLIN, "every 2 h for 10 min",
	      TIMES("+10-25 00:00:00", "-10-25 00:10:00", "-10-25 01:00:00",
		    "+10-25 03:00:00"));
	check(BERLIN, "every 30 min for 10 s",
	      TIMES("+10-25 00:30:00", "+10-25 01:00:00", "+10-25 01:30:00"));
	check(HAVANA, "at 00:30 for 5 min",
	      TIMES("+11-01 04:30:00", "-11-01 04:35:00", "-11-01 05:30:00"));
	check(HAVANA, "at 23:50 for 30 min",
	      TIMES("+11-01 03:50:00", "-11-01 04:20:00", "-11-01 05:05:00"));
}

/* Each minute of the months with a change: so often does the rule begin. */
#define DAYS 61
static int begins(const char *tz, const char *when, const char *first)
{
	accel_control *c;
	bool before = false, now;
	int64_t t = utc(first);
	int n = 0;

	zone(tz);
	c = rule(when);
	for (int i = 0; c && i < DAYS * 24 * 60; i++, before = now) {
		now = on_at(c, t + i * 60);
		n += now && !before;
	}
	accel_control_destroy(c);
	return n;
}

static void test_once_a_day(void)
{
	static const char *const zones[] = { "UTC", BERLIN, HAVANA, LORD_HOWE };
	static const char *const times[] = {
		"at 00:00 for 1 min",  "at 00:30 for 1 min",
		"at 02:00 for 90 min", "at 02:15 for 1 min",
		"at 03:00 for 1 min",  "at 23:59 for 2 min"
	};

	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++)
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			int n = begins(zones[z], times[i], "03-01 12:00:00") +
				begins(zones[z], times[i], "10-01 12:00:00");

			CHECK(n == 2 * DAYS, "%s comes once a day (TZ=%s): %d",
			      times[i], zones[z], n);
		}
}

int main(void)
{
	test_days();
	test_spring();
	test_autumn();
	test_once_a_day();
	return tap_done();
}
