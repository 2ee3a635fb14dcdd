/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_ACCEL_H
#define TOOLS_ACCEL_H

#include <accel/accel.h>

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

/* Prints the last error, with what kind it is where the status is known, which
 * it is not (ACCEL_OK) after a call that returned NULL; returns 1. */
int fail(accel_status s);

/* accel_open() with so many threads of the cpu, or of a Vulkan device that is
 * lavapipe; 0: as many as there are. */
accel_context *open_device(const char *device, uint64_t seed, int threads);

/* A JSON string with its quotes. */
void print_json_string(const char *s);
/* A JSON number, or null for what JSON has none for. */
void print_json_number(double v);

/* ---- options ---- */

struct option_spec {
	const char *name; /* "--epochs"; without "--" what stands alone */
	enum { OPT_TEXT, OPT_FLAG, OPT_COUNT, OPT_NUMBER, OPT_SEED } type;
	void *value; /* const char *, bool, int (1 on), double (above 0),
		      * uint64_t */
	const char *help; /* a line of --help */
};

/*
 * Reads a command's arguments; specs end with a NULL name.
 * Returns -1 to go on, or the status to exit with: 0 after --help, 2 after an
 * error, which was printed.
 */
int parse_options(int argc, char **argv, const char *usage,
		  const struct option_spec *specs);

/* ---- data ---- */

/* What --data and what belongs to it say. */
struct data_args {
	const char *data, *test, *label, *columns, *task;
	bool dates;
	int window;
	uint64_t seed;
};
#define DATA_SPECS(a)                                                          \
	{ "--data", OPT_TEXT, &(a).data,                                       \
	  "FILE.csv, X.npy, a directory of IDX files (MNIST), digits or "      \
	  "sensors\n"                                                          \
	  "                    (made up; digits is the default)" },            \
		{ "--label", OPT_TEXT, &(a).label,                             \
		  "column to predict; with X.npy a file Y.npy" },              \
	{                                                                      \
		"--window", OPT_COUNT, &(a).window,                            \
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
