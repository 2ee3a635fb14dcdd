/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_NN_PROGRESS_H
#define ACCEL_NN_PROGRESS_H

#include <stdio.h>

#include <accel/model.h>

/* Training as a reader sees it: a bar on a terminal, else a line an epoch. */
struct progress {
	FILE *out; /* NULL: nothing is shown */
	bool bar;
	double epoch_began, drawn; /* seconds */
};

void progress_init(struct progress *p, const accel_fit_options *o);
void progress_epoch(struct progress *p, int epoch, int epochs);
/* Redraws the bar, a few times a second. */
void progress_batch(struct progress *p, const accel_progress *now);
void progress_done(struct progress *p, const accel_progress *now);

/* One line for an epoch in a log of comma-separated values; the first one
 * with the columns' names, and a resumed one after those there are. */
accel_status csv_log(const char *path, int epoch, const accel_epoch *e);

double seconds_now(void);

#endif /* ACCEL_NN_PROGRESS_H */
