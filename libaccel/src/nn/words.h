/* SPDX-License-Identifier: MIT */
/* Samples of words against the tables of embeddings. */
#ifndef ACCEL_NN_WORDS_H
#define ACCEL_NN_WORDS_H

#include "model.h"

/*
 * Are the numbers that embeddings look up words of their tables, all of them?
 * ERR_RANGE: the text names sample, number and layer. @m is built.
 */
accel_status model_check_words(const accel_model *m, const accel_samples *all);

#endif /* ACCEL_NN_WORDS_H */
