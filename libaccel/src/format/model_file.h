/* SPDX-License-Identifier: MIT */
/* What a model's file holds beside its weights. */
#ifndef ACCEL_FORMAT_MODEL_FILE_H
#define ACCEL_FORMAT_MODEL_FILE_H

#include <jansson.h>

#include "../nn/model.h"
#include "../nn/optimizer.h"

/*
 * What a model file's metadata holds beside the weights, each a JSON text:
 *
 * "format"        "accel-model 1"
 * "architecture"  {"input": [28, 28], "layers": [{"kind": "dense", "name":
 *                 "dense", "in": [0], "units": 10}, ...], "output": 1}; nodes
 *                 are numbered from the input, 0; options left out are default
 * "compile"       loss, metrics, optimizer and its options
 * "training"      history, counters and random state: what a resumed run needs
 * "preprocess"    accel_preprocess_to_json()
 * "notes"         texts by key, accel_model_set_note()
 * "classes"       ["empty", "occupied"]
 *
 * Weights are "dense/kernel"; an optimizer's slots "optimizer/m/dense/kernel";
 * weights of the best epoch, where it is not the last, "best/dense/kernel".
 */
#define MODEL_FORMAT "accel-model 1"

/* accel_model_load() of a file in memory. */
accel_model *model_parse(accel_context *ctx, const void *data, size_t size);

json_t *architecture_to_json(const accel_model *m);
/* Weights are laid out, not made. ERR_FORMAT. */
accel_model *architecture_from_json(accel_context *ctx, const json_t *j);

json_t *compile_to_json(const accel_model *m);
accel_status compile_from_json(accel_model *m, const json_t *j);

json_t *training_to_json(const accel_model *m);
accel_status training_from_json(accel_model *m, const json_t *j);

/* A whole number or a number by key, `otherwise` where it is not there; false
 * where something else is. */
bool json_get_int(const json_t *j, const char *key, int64_t low, int64_t high,
		  int64_t otherwise, int64_t *out);
bool json_get_number(const json_t *j, const char *key, double otherwise,
		     double *out);

#endif /* ACCEL_FORMAT_MODEL_FILE_H */
