// SPDX-License-Identifier: MIT
/*
 * The module from user space: opened, asked for its version, its calls
 * explained when they fail.
 */
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
		return accel_error(
			ACCEL_ERR_PERM,
			"%s: permission denied for user %u; join its "
			"group with: sudo usermod -aG gpio $USER, then "
			"log in again",
			path, (unsigned int)getuid());
	default:
		return accel_error(ACCEL_ERR_IO, "%s: %s", path,
				   strerror(errno));
	}
}

/* The library's bits are the kernel's. */
#define ACCEL_X(name, bit, key, text)                                          \
	_Static_assert(PIACCEL_FEATURE_##name == 1 << (bit), key);
ACCEL_DRIVER_FEATURE_MAP(ACCEL_X)
#undef ACCEL_X

accel_status accel_driver_get_info(int fd, accel_driver_info *info)
{
	struct piaccel_info k = { 0 };

	if (!info)
		return accel_error(ACCEL_ERR_INVALID,
				   "driver info: no place for the answer");
	memset(info, 0, sizeof(*info));
	if (ioctl(fd, PIACCEL_GET_INFO, &k))
		return accel_error(ACCEL_ERR_INVALID,
				   "driver info: descriptor %d is not the "
				   "module's device: %s",
				   fd, strerror(errno));
	if (k.abi != PIACCEL_ABI)
		return accel_error(ACCEL_ERR_NOSYS,
				   "the module speaks ABI %u, this library %u: "
				   "build both from one source",
				   k.abi, PIACCEL_ABI);
	*info = (accel_driver_info){
		.abi = k.abi,
		.page_size = k.page_size,
		.features = k.features,
		.buf_limit = k.buf_limit,
		.buf_used = k.buf_used,
		.lines_max = k.lines_max,
		.events_max = k.events_max,
		.stream_floor_ns = k.stream_floor_ns,
		.timer_ns = k.timer_ns,
	};
	return ACCEL_OK;
}
