/* SPDX-License-Identifier: MIT */
/*
 * What kind of loss is one? A row each, so that no other file has to know the
 * order of the enum.
 */
#ifndef ACCEL_NN_LOSS_H
#define ACCEL_NN_LOSS_H

#include <stdbool.h>

#include <accel/loss.h>

enum loss_target {
	TARGET_NONE, /* no loss */
	TARGET_CLASS, /* i32 [...] against [..., K] */
	TARGET_CLASSES, /* probabilities [..., K] */
	TARGET_BINARY, /* 0 to 1, of the output's shape */
	TARGET_NUMBER, /* of the output's shape */
};

struct loss_desc {
	enum loss_target target;
	bool logits; /* applies softmax or sigmoid itself */
	accel_loss other; /* of probabilities where this is of logits, and the
			   * other way round; ACCEL_NO_LOSS: there is none */
	const char *constant; /* "ACCEL_MSE" */
};

/* A row without a target where it is no loss. */
const struct loss_desc *loss_desc_of(accel_loss loss);

static inline enum loss_target loss_target(accel_loss loss)
{
	return loss_desc_of(loss)->target;
}

/* Is each row of the output about one of several classes? */
static inline bool loss_of_classes(accel_loss loss)
{
	enum loss_target t = loss_target(loss);

	return t == TARGET_CLASS || t == TARGET_CLASSES;
}

static inline bool loss_is_binary(accel_loss loss)
{
	return loss_target(loss) == TARGET_BINARY;
}

/* accel_loss_weighted() of targets that are known to be classes. */
accel_tensor *loss_of_known(accel_loss loss, accel_tensor *target,
			    accel_tensor *output, accel_tensor *weight);

#endif /* ACCEL_NN_LOSS_H */
