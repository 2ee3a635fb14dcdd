/* SPDX-License-Identifier: MIT */
/* Columns of instants, and the series that they tell apart. */
#ifndef ACCEL_DATA_CLOCK_H
#define ACCEL_DATA_CLOCK_H

#include "table.h"

/* Unix time in s, ms, us or ns, rising or falling, with gaps or without. */
bool column_is_clock(const struct table *t, int column);

/* Seconds of each row, of a column that is not understood yet. ERR_FORMAT: a
 * cell is no instant. */
accel_status clock_of_texts(const struct table *t, int column, double *at);

/*
 * Marks in t->breaks where the time column has a gap or goes back, after
 * turning a table round whose newest rows come first.
 *
 * ERR_INVALID: no such time column. Without any, breaks stay as they are.
 */
accel_status table_series(struct table *t, const accel_csv_options *o);

#endif /* ACCEL_DATA_CLOCK_H */
