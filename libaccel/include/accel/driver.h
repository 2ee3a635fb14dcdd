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

/* Parts of the module, in accel_driver_info.features. */
#define ACCEL_DRIVER_FEATURE_MAP(X)                                            \
	X(BUF, 0, "buf", "DMA-BUF compute buffers")                            \
	X(LINE, 1, "line", "GPIO lines")                                       \
	X(EDGE, 2, "edge", "edges with hard-irq timestamps")                   \
	X(DEBOUNCE, 3, "debounce", "debounced inputs")                         \
	X(CAPTURE, 4, "capture", "timed samples from lines into buffers")      \
	X(PLAYBACK, 5, "playback", "timed samples from buffers to lines")      \
	X(FAILSAFE, 6, "failsafe", "safe values when the owner dies")          \
	X(HOLD, 7, "hold", "lines held safe after close, and adopted")         \
	X(FENCE, 8, "fence", "a fence at a capture's end")

typedef enum accel_driver_feature {
#define ACCEL_X(name, bit, key, text) ACCEL_DRIVER_##name = 1 << (bit),
	ACCEL_DRIVER_FEATURE_MAP(ACCEL_X)
#undef ACCEL_X
} accel_driver_feature;

/* What the loaded module is and can do. */
typedef struct accel_driver_info {
	uint32_t abi; /* version of its interface */
	uint32_t page_size; /* bytes; buffers are whole pages */
	uint64_t features; /* accel_driver_feature bits */
	uint64_t buf_limit; /* bytes all buffers together may take */
	uint64_t buf_used; /* bytes they take now */
	uint32_t lines_max; /* lines in one request */
	uint32_t events_max; /* edges one request can queue */
	uint64_t stream_floor_ns; /* shortest sample period, nanoseconds */
	uint64_t timer_ns; /* resolution of the kernel's timers, nanoseconds */
} accel_driver_info;

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

/*
 * Asks the module what it is and can do.
 *
 * @fd: from accel_driver_open().
 * @info: filled on success, zeroed on failure.
 *
 * ERR_INVALID: NULL, or a descriptor of something else. ERR_NOSYS: the module
 * speaks another ABI than this library was built for. Any thread.
 */
ACCEL_API accel_status accel_driver_get_info(int fd, accel_driver_info *info);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_DRIVER_H */
