/* SPDX-License-Identifier: MIT */
/* What the subcommands of accel share. */
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
int cmd_plan(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_record(int argc, char **argv);

/* accel_open() with so many threads of the cpu, or of a Vulkan device that is
 * lavapipe; 0: as many as there are. */
accel_context *open_device(const char *device, uint64_t seed, int threads);

/* ---- data ---- */

/* What --data and what belongs to it say. */
struct data_args {
	struct words files; /* of --data; none: digits */
	const char *test, *label, *weight, *columns, *task;
	/* how a table is written */
	const char *separator, *header, *missing, *comment, *decimal;
	const char *date_order, *pivot, *time, *skip;
	uint64_t gap; /* ns */
	bool dates;
	int window, stride, ahead;
	double validation; /* fraction of a table to judge by */
	bool last; /* its end */
	uint64_t seed;
};
#define DATA_SPEC(a, name_)                                                    \
	{                                                                      \
		name_, OPTION_LIST, &(a).files,                                \
			"FILE.csv (or .gz), a folder of tables, both any "     \
			"number of times;\n"                                   \
			"X.npy, a directory of IDX files (MNIST), digits or "  \
			"sensors\n"                                            \
			"(made up; digits is the default)"                     \
	}
#define TABLE_SPECS(a)                                                         \
	{ "--separator", OPTION_TEXT, &(a).separator,                          \
	  "of a table: , ; | tab or blank (found out)" },                      \
		{ "--header", OPTION_TEXT, &(a).header,                        \
		  "yes or no: does the first line name columns? (found "       \
		  "out)" },                                                    \
		{ "--skip", OPTION_TEXT, &(a).skip,                            \
		  "lines before the header to leave out" },                    \
		{ "--comment", OPTION_TEXT, &(a).comment,                      \
		  "lines that begin with X are left out" },                    \
		{ "--decimal", OPTION_TEXT, &(a).decimal,                      \
		  ". or , where 1,234 can be read in two ways" },              \
		{ "--date-order", OPTION_TEXT, &(a).date_order,                \
		  "dmy or mdy, where 4/2/2015 can be read in two ways" },      \
		{ "--pivot", OPTION_TEXT, &(a).pivot,                          \
		  "ENTITY,STATE,TIME: a line each becomes a column each" },    \
		{ "--time", OPTION_TEXT, &(a).time,                            \
		  "the column whose gaps end a series (found out)" },          \
	{                                                                      \
		"--gap", OPTION_TIME, &(a).gap,                                \
			"time between rows that ends a series (3 medians)"     \
	}

/* The first of --data; NULL: none. */
static inline const char *first_data(const struct data_args *a)
{
	return a->files.n ? a->files.word[0] : NULL;
}

/* Is the data a table? */
bool data_is_table(const struct data_args *a);
/* The options of a table; EXIT_DONE, or EXIT_USAGE with a message printed. */
int table_options(const struct data_args *a, accel_csv_options *o);
/* Prints what was understood of the files, a line each. */
void print_notes(const accel_samples *s);
void print_json_notes(const accel_samples *s);

/* Is there an option that has no meaning for such data? Says so; returns the
 * status to exit with, 0 to go on. */
int check_data(const struct data_args *a);
/* Can a model read such data? Says why not; returns the status to exit with. */
int check_model_data(const accel_model *m, const struct data_args *a);
/* For training: train and test, which may be NULL. */
accel_dataset *data_for_training(accel_context *ctx, const struct data_args *a);
/* For a trained model: its test part where there are two. */
accel_samples *data_for_model(const accel_model *m, const struct data_args *a);

/* "Columns: a, b -> label". */
void print_columns(const accel_preprocess *p);

/* ---- forecasts ---- */

/* The error (or accuracy) of saying that the label stays as it is; false: these
 * samples are no forecast. */
bool persistence_score(const accel_samples *s, double *score, bool *accuracy);
/* The same as a line, or as a key of an object. */
void print_persistence(const accel_samples *s, bool json);
/* The mean absolute error of a label's column of numbers in its own unit: what
 * was trained, and is scored, is standardised. */
bool error_in_units(const accel_model *m, const accel_scores *s, double *error,
		    const char **label);

/* ---- answers ---- */

enum answer {
	ANSWER_NUMBERS,
	ANSWER_CLASSES, /* an output says how probable each class is */
	ANSWER_BINARY, /* one output, class 1 against 0; several: each by itself */
};
/* @logits: receives whether the outputs are no probabilities yet. */
enum answer answer_of(const accel_model *m, bool *logits);
/* How probable the n outputs of a model of classes make one of them. */
double probability_of(const accel_model *m, const float *x, int64_t n,
		      int64_t class);

/* ---- autoencoders ---- */

/* How unlike its reconstruction each sample is, the mean squared error: count
 * numbers, to free(); NULL: fail(). */
double *anomaly_errors(accel_model *m, const accel_samples *s);
/* The class of most samples: what is not unusual; -1: there are none. */
int normal_class(const accel_samples *s);
/* Those samples alone. */
accel_samples *normal_samples(const accel_samples *s, int normal);
/* Keeps in the model the error that `quantile` of the samples do not reach. */
accel_status keep_threshold(accel_model *m, const accel_samples *normal,
			    double quantile);
/* The model's threshold; NaN: none. */
double threshold_of(const accel_model *m);
/* AUC and, with a threshold, precision and recall of the samples that are not
 * of the normal class. */
accel_status judge_anomalies(accel_model *m, const accel_samples *s, bool json);

/* Loads a model on a device; the context in *ctx, to close after it. */
accel_model *load_model(const char *path, const char *device,
			accel_context **ctx);

/* The value of a metric by accel_metric bits, as "name": value pairs. */
void print_json_scores(const accel_scores *s, const char *prefix);

#endif /* TOOLS_ACCEL_H */
