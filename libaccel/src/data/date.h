/* SPDX-License-Identifier: MIT */
/* Dates and times of day, as tables write them. */
#ifndef ACCEL_DATA_DATE_H
#define ACCEL_DATA_DATE_H

#include <stdbool.h>

#include <accel/table.h>

struct date {
	int year, month, day; /* month 0: a time without a day */
	double second; /* of the day, as written there; 0 without a time */
	bool timed; /* a time is there */
	int zone; /* minutes east of UTC; 0 where none is written */
};

/* Of a column: 10.12.06 is a time of day, not the tenth of December. */
#define DATE_TIME_ONLY 3

/*
 * 2015-02-04 17:51:00, 2015-02-04T17:51Z, 2015/02/04, 20150204T175100,
 * 04.02.2015 17.51, 4/2/2015 5:51 PM, 4 Feb 2015, Feb 4, 2015, 17:51, 18.00.00,
 * Wed, 4 Feb 2015 17:51:00 +0000, Wed Feb  4 17:51:00 2015.
 *
 * @order: an accel_date_order, or DATE_TIME_ONLY. Which of two numbers before a year is the day; dots always have it
 *   first, ACCEL_DATE_AUTO is month first elsewhere.
 */
bool date_parse(const char *text, int order, struct date *d);

/* 0 is Monday; -1: a time without a day. */
int date_weekday(const struct date *d);
/* Seconds since 1970 (UTC where a zone is written); of the day without one. */
double date_seconds(const struct date *d);

#endif /* ACCEL_DATA_DATE_H */
