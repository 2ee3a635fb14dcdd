/* SPDX-License-Identifier: MIT */
/* libaccel: everything. Include this, or just the subject you need. */
#ifndef ACCEL_ACCEL_H
#define ACCEL_ACCEL_H

#include <accel/driver.h>
#include <accel/status.h>
#include <accel/version.h>

#endif /* ACCEL_ACCEL_H */
