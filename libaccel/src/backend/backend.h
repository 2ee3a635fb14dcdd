/* SPDX-License-Identifier: MIT */
#ifndef ACCEL_BACKEND_BACKEND_H
#define ACCEL_BACKEND_BACKEND_H

#include "../graph/plan.h"
#include "../tensor/buffer.h"

/* Opens the cpu backend. NULL with the error set. */
struct device *cpu_open(const accel_open_options *options);

#endif /* ACCEL_BACKEND_BACKEND_H */
