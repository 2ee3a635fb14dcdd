// SPDX-License-Identifier: MIT
/* accel: the command-line face of the library. One file a subcommand. */
#include "accel.h"

const char program[] = "accel";

const struct command commands[] = {
	{ "train", cmd_train, "train a model on data" },
	{ "eval", cmd_eval, "how good a model is on data" },
	{ "predict", cmd_predict, "what a model says of each row" },
	{ "summary", cmd_summary, "what is in a model file" },
	{ "plan", cmd_plan, "which kernels a model takes, and why" },
	{ "plot", cmd_plot, "training curves, in the terminal or as SVG" },
	{ "run", cmd_run, "sensors, models, rules and outputs in one loop" },
	{ "record", cmd_record, "sensors as a table to learn from" },
	{ "devices", cmd_devices, "list the Vulkan devices" },
	{ "bench", cmd_bench, "measure a device's kernels, or training" },
	{ "tune", cmd_tune, "choose the fastest kernels by measuring them" },
	{ NULL, NULL, NULL },
};

const char commands_note[] = "accel COMMAND --help says more, and so does man "
			     "accel.\n";
