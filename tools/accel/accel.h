/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_ACCEL_H
#define TOOLS_ACCEL_H

#include <accel/accel.h>

#include "../common/exit.h"
#include "../common/json.h"
#include "../common/options.h"

/* Subcommands: argv[0] is the command; return the exit status (0, 1 failed, 2
 * used wrongly). */
int cmd_devices(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_tune(int argc, char **argv);
int cmd_bench_train(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_predict(int argc, char **argv);
int cmd_summary(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_record(int argc, char **argv);

/* accel_open() with so many threads of the cpu, or of a Vulkan device that is
 * lavapipe; 0: as many as there are. */
accel_context *open_device(const char *device, uint64_t seed, int threads);

/* ---- data ---- */

/* What --data and what belongs to it say. */
struct data_args {
	const char *data, *test, *label, *columns, *task;
	bool dates;
	int window;
	uint64_t seed;
};
#define DATA_SPECS(a)                                                          \
	{ "--data", OPTION_TEXT, &(a).data,                                    \
	  "FILE.csv, X.npy, a directory of IDX files (MNIST), digits or "      \
	  "sensors\n"                                                          \
	  "                    (made up; digits is the default)" },            \
		{ "--label", OPTION_TEXT, &(a).label,                          \
		  "column to predict; with X.npy a file Y.npy" },              \
	{                                                                      \
		"--window", OPTION_COUNT, &(a).window,                         \
			"rows of a table that make one series"                 \
	}

/* Is there an option that has no meaning for such data? Says so; returns the
 * status to exit with, 0 to go on. */
int check_data(const struct data_args *a);
/* For training: train and test, which may be NULL. */
accel_dataset *data_for_training(accel_context *ctx, const struct data_args *a);
/* For a trained model: its test part where there are two. */
accel_samples *data_for_model(const accel_model *m, const struct data_args *a);

/* "Columns: a, b -> label". */
void print_columns(const accel_preprocess *p);

/* Loads a model on a device; the context in *ctx, to close after it. */
accel_model *load_model(const char *path, const char *device,
			accel_context **ctx);

/* The value of a metric by accel_metric bits, as "name": value pairs. */
void print_json_scores(const accel_scores *s, const char *prefix);

#endif /* TOOLS_ACCEL_H */
