/* SPDX-License-Identifier: MIT */
/* libaccel: everything. Include this, or just the subject you need. */
#ifndef ACCEL_ACCEL_H
#define ACCEL_ACCEL_H

#include <accel/bench.h>
#include <accel/context.h>
#include <accel/control.h>
#include <accel/data.h>
#include <accel/device.h>
#include <accel/driver.h>
#include <accel/dtype.h>
#include <accel/graph.h>
#include <accel/layer.h>
#include <accel/lines.h>
#include <accel/loss.h>
#include <accel/model.h>
#include <accel/ops.h>
#include <accel/optimizer.h>
#include <accel/plot.h>
#include <accel/sensor.h>
#include <accel/status.h>
#include <accel/stream.h>
#include <accel/table.h>
#include <accel/tape.h>
#include <accel/tensor.h>
#include <accel/version.h>

#endif /* ACCEL_ACCEL_H */
