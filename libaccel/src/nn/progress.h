/* SPDX-License-Identifier: MIT */
/* Training as a reader sees it: a bar on a terminal, else a line an epoch. */
#ifndef ACCEL_NN_PROGRESS_H
#define ACCEL_NN_PROGRESS_H

#include <stdio.h>

#include <accel/model.h>

/* Training as a reader sees it: a bar on a terminal, else a line an epoch. */
struct progress {
	FILE *out; /* NULL: nothing is shown */
	bool bar;
	double epoch_began, drawn; /* seconds */
	const accel_model *m;
};

void progress_init(struct progress *p, const accel_model *m,
		   const accel_fit_options *o);
void progress_epoch(struct progress *p, int epoch, int epochs);
/* Redraws the bar, a few times a second. */
void progress_batch(struct progress *p, const accel_progress *now);
void progress_done(struct progress *p, const accel_progress *now);

/*
 * Epochs from @first on as lines of a log of comma-separated values. Where
 * @first is 0 the file is begun anew, with the columns' names; else they are
 * added to it.
 */
accel_status csv_log(const char *path, const accel_model *m, bool validation,
		     uint32_t first);

double seconds_now(void);

#endif /* ACCEL_NN_PROGRESS_H */
