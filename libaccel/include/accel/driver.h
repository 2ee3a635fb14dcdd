/* SPDX-License-Identifier: MIT */
/*
 * The kernel module, seen from user space: is it there, and what can it do?
 */
#ifndef ACCEL_DRIVER_H
#define ACCEL_DRIVER_H

#include <stdint.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ACCEL_DRIVER_PATH "/dev/piaccel"

/*
 * Opens the module's device.
 *
 * @path: NULL for ACCEL_DRIVER_PATH.
 * @fd: receives a file descriptor; the caller closes it.
 *
 * ERR_NODEV: the module is not loaded (the text says how to load it).
 * ERR_PERM: the caller is not in the group that may use it.
 * Any thread.
 */
ACCEL_API accel_status accel_driver_open(const char *path, int *fd);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_DRIVER_H */
