/* SPDX-License-Identifier: MIT */
/* Columns of instants, and the series that they tell apart. */
#ifndef ACCEL_DATA_CLOCK_H
#define ACCEL_DATA_CLOCK_H

#include "table.h"

/*
 * Unix time in s, ms, us or ns, the digits of dates, a sheet's days; under a
 * name of time also what counts one way. Rising or falling, with gaps or
 * without. @counting: not what only counts.
 */
bool column_is_clock(const struct table *t, int column, bool counting);

/* Seconds of each row, of a column that is not understood yet. ERR_FORMAT: a
 * cell is no instant. */
accel_status clock_of_texts(const struct table *t, int column, double *at);

/*
 * Marks in t->breaks where the time column has a gap or goes back, after
 * turning a table round whose newest rows come first. Notes say how many series
 * there are.
 *
 * ERR_INVALID: no such time column, or none where a gap is asked for. Without
 * any, breaks stay as they are.
 */
accel_status table_series(struct table *t, const accel_csv_options *o);

#endif /* ACCEL_DATA_CLOCK_H */
