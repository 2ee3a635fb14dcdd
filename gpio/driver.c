// SPDX-License-Identifier: MIT
#include <accel/driver.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/piaccel.h>

#include "../libaccel/src/base/error.h"

accel_status accel_driver_open(const char *path, int *fd)
{
	int f;

	if (!fd)
		return accel_error(ACCEL_ERR_INVALID,
				   "driver open: no place for the descriptor");
	*fd = -1;
	if (!path)
		path = ACCEL_DRIVER_PATH;
	f = open(path, O_RDWR | O_CLOEXEC);
	if (f >= 0) {
		*fd = f;
		return ACCEL_OK;
	}
	switch (errno) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return accel_error(ACCEL_ERR_NODEV,
				   "%s is not there: the module is not loaded; "
				   "load it with: sudo insmod piaccel.ko",
				   path);
	case EACCES:
	case EPERM:
		return accel_error(ACCEL_ERR_PERM,
				   "%s: permission denied for user %u; join its "
				   "group with: sudo usermod -aG gpio $USER, then "
				   "log in again",
				   path, (unsigned int)getuid());
	default:
		return accel_error(ACCEL_ERR_IO, "%s: %s", path,
				   strerror(errno));
	}
}
