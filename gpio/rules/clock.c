// SPDX-License-Identifier: MIT
/*
 * Times of the day and days of the week, in local time.
 *
 * What lasts ("between 08:00 and 18:00") goes by what a clock on the wall shows.
 * What happens ("at 02:30 for 5 min") begins once a day, at the moment when that
 * clock first shows this time or a later one, and lasts so long: where summer
 * time begins it is not left out, and where it ends it does not come twice. Cron
 * has it so.
 */
#include <time.h>

#include "rules.h"

#define DAY 86400

/* Seconds that local time is ahead of UTC. */
static int64_t ahead(int64_t wall_s)
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

void clock_set(struct accel_control *c, int64_t wall_s)
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	/* once a second is enough: an edge in between does not wait for it */
	if ((c->started && wall_s == c->wall_s) || !localtime_r(&t, &tm))
		return;
	c->wall_s = wall_s;
	c->weekday = (tm.tm_wday + 6) % 7;
	c->second = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	c->ahead = tm.tm_gmtoff;
	c->steady = ahead(wall_s - 3 * DAY) == c->ahead &&
		    ahead(wall_s + 3 * DAY) == c->ahead;
}

/*
 * When the clock first shows `local` or later, a day away at most. `local` is
 * what it shows, counted as seconds since 1970 as if that were UTC.
 */
static int64_t first_shown(const struct accel_control *c, int64_t local)
{
	int64_t before, after, early, late, middle;

	if (c->steady)
		return local - c->ahead;
	before = ahead(local - c->ahead - DAY);
	after = ahead(local - c->ahead + DAY);
	late = local - before;
	if (ahead(late) == before)
		return late;
	early = local - after;
	if (ahead(early) == after)
		return early;
	/* it is never shown: the clock is put forward over it */
	while (late - early > 1) {
		middle = early + (late - early) / 2;
		if (ahead(middle) == before)
			early = middle;
		else
			late = middle;
	}
	return late;
}

/* Today's midnight, or of so many days before, as first_shown() counts. */
static int64_t midnight(const struct accel_control *c, int days_ago)
{
	return c->wall_s + c->ahead - c->second - (int64_t)days_ago * DAY;
}

static bool on_day(const struct accel_control *c, const struct expr *e,
		   int days_ago)
{
	return e->days >> ((c->weekday + 7 - days_ago) % 7) & 1;
}

static bool began(const struct accel_control *c, int64_t local, int length)
{
	int64_t start = first_shown(c, local);

	return start <= c->wall_s && c->wall_s - start < length;
}

/* It may have begun yesterday; or tomorrow, where that was shown before. */
static bool at(const struct accel_control *c, const struct expr *e)
{
	for (int ago = -1; ago <= 1; ago++)
		if (on_day(c, e, ago) &&
		    began(c, midnight(c, ago) + e->from, e->to))
			return true;
	return false;
}

/* A night belongs to the day on which it began. */
static bool between(const struct accel_control *c, const struct expr *e)
{
	int t = c->second;

	if (e->from < e->to)
		return t >= e->from && t < e->to && on_day(c, e, 0);
	return t >= e->from ? on_day(c, e, 0) : t < e->to && on_day(c, e, 1);
}

static bool every(const struct accel_control *c, const struct expr *e)
{
	int last = c->second - c->second % e->from;

	/* an hour more or less is nothing to what comes each hour */
	return e->from <= 3600 ? c->second - last < e->to
			       : began(c, midnight(c, 0) + last, e->to);
}

bool clock_holds(const struct accel_control *c, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_AT:
		return at(c, e);
	case EXPR_CLOCK:
		return between(c, e);
	case EXPR_EVERY:
		return every(c, e);
	default:
		return on_day(c, e, 0);
	}
}
