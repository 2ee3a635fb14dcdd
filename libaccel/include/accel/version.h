/* SPDX-License-Identifier: MIT */
/* The library's version. */
#ifndef ACCEL_VERSION_H
#define ACCEL_VERSION_H

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "MAJOR.MINOR.PATCH" of the library in use. Static. */
ACCEL_API const char *accel_version(void);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_VERSION_H */
